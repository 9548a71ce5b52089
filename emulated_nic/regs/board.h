/*
 * Memory map, interrupt numbers and small devices of the `sockbench` board.
 *
 * Included by the QEMU board (after "hw/registerfields.h") and by the firmware
 * (after "regs.h"), both of which provide REG32() and FIELD().  This file holds
 * nothing but register definitions, so that there is one definition of each.
 * Described in docs/board.md.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_REGS_BOARD_H
#define SOCKBENCH_REGS_BOARD_H

/* Memory. */
#define SB_FLASH_BASE      0x00000000u
#define SB_FLASH_BYTES     0x00400000u /* 4 MiB, read only to the guest */
#define SB_RAM_BASE        0x20000000u
#define SB_RAM_BYTES       0x00600000u /* 6 MiB, zero after every reset */

/* Devices; a window has 4 KiB, but wifi's 8 (wifi.h) and CAN's 24 (can.h). */
#define SB_TIMER_BASE      0x40000000u
#define SB_SYSCTL_BASE     0x40001000u
#define SB_MAILBOX_BASE    0x40002000u
#define SB_ETH_BASE        0x40010000u
#define SB_WIFI_BASE       0x40020000u
#define SB_CAN_BASE        0x40030000u
#define SB_LAN9118_BASE    0x40040000u /* with -M nic=lan9118 */

/* External interrupt numbers (NVIC). */
#define SB_TIMER_IRQ       0
#define SB_MAILBOX_IRQ     1
#define SB_ETH_IRQ         2
#define SB_WIFI_IRQ        3
#define SB_CAN_IRQ         4
#define SB_LAN9118_IRQ     5
#define SB_NUM_IRQ         32

/*
 * Timer: nanoseconds since the last reset, 64 bits, and one compare value.
 * Reading NOW_LO latches the upper half, which NOW_HI then returns.  Writing
 * CMP_HI loads the pair (write CMP_LO first).  While CTRL.ENABLE is set and
 * NOW >= CMP, STATUS.MATCH is set and the interrupt is raised; it stays so
 * until a later CMP is loaded or ENABLE is cleared (level, from state).
 */
REG32(TIMER_NOW_LO, 0x00)
REG32(TIMER_NOW_HI, 0x04)
REG32(TIMER_CMP_LO, 0x08)
REG32(TIMER_CMP_HI, 0x0c)
REG32(TIMER_CTRL, 0x10)
    FIELD(TIMER_CTRL, ENABLE, 0, 1)
REG32(TIMER_STATUS, 0x14)
    FIELD(TIMER_STATUS, MATCH, 0, 1)

/*
 * System control: identity, CPU clock, seed, console and panic.
 */
REG32(SYSCTL_ID, 0x00)           /* reads SB_SYSCTL_ID_VALUE */
REG32(SYSCTL_CLOCK_HZ, 0x04)     /* CPU clock, derived from the icount shift */
REG32(SYSCTL_SEED_LO, 0x08)      /* seed of this run, constant until reset */
REG32(SYSCTL_SEED_HI, 0x0c)
REG32(SYSCTL_RANDOM, 0x10)       /* next 32 bits of a generator seeded by it */
REG32(SYSCTL_CONSOLE, 0x14)      /* write: one byte of console output */
/*
 * Panic: write the guest address of a NUL-terminated ASCII report (at most
 * SB_PANIC_BYTES_MAX bytes), which ends the run as "target died".  The CPU
 * does not execute another instruction afterwards.
 */
REG32(SYSCTL_PANIC, 0x18)
REG32(SYSCTL_EXIT, 0x1c)         /* write: orderly end with this status */
#define SB_SYSCTL_ID_VALUE  0x53424e43u /* "SBNC" */
#define SB_PANIC_BYTES_MAX  1024u

/*
 * Mailbox: messages (at most SB_MAILBOX_BYTES_MAX bytes) between the firmware
 * and the harness, by DMA.  To send: TX_ADDR, TX_LEN, then any write to
 * TX_SEND; the message has left when the write completes.  To receive: when
 * STATUS.RX_PENDING, RX_LEN is the size of the oldest waiting message; set
 * RX_ADDR to a buffer of at least that size and write 1 to RX_TAKE, which
 * copies it and removes it.  TX/RX_ERROR are set by a bad address or length
 * (nothing is sent; a message that can't be stored stays); write 1 to clear.
 */
REG32(MAILBOX_STATUS, 0x00)
    FIELD(MAILBOX_STATUS, RX_PENDING, 0, 1)
    FIELD(MAILBOX_STATUS, TX_ERROR, 1, 1)
    FIELD(MAILBOX_STATUS, RX_ERROR, 2, 1)
REG32(MAILBOX_CTRL, 0x04)
    FIELD(MAILBOX_CTRL, RX_IRQ_ENABLE, 0, 1)
REG32(MAILBOX_TX_ADDR, 0x08)
REG32(MAILBOX_TX_LEN, 0x0c)
REG32(MAILBOX_TX_SEND, 0x10)
REG32(MAILBOX_RX_LEN, 0x14)
REG32(MAILBOX_RX_ADDR, 0x18)
REG32(MAILBOX_RX_TAKE, 0x1c)
#define SB_MAILBOX_BYTES_MAX 131072u

#endif

/*
 * Registers of the board's CAN FD controller, as far as driver and bench use them.
 *
 * The controller is QEMU's `xlnx.versal-canfd`; the register names are those of
 * AMD's AM011 and PG223, with the device's short prefix.  Included like board.h.
 * Described in docs/board.md.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_REGS_CAN_H
#define SOCKBENCH_REGS_CAN_H

REG32(CAN_SRR, 0x00)                 /* software reset */
    FIELD(CAN_SRR, SRST, 0, 1)
    FIELD(CAN_SRR, CEN, 1, 1)        /* leave configuration mode */
REG32(CAN_MSR, 0x04)                 /* mode select: 0 is normal */
REG32(CAN_BRPR, 0x08)                /* arbitration phase: prescaler, bit timing */
REG32(CAN_BTR, 0x0c)
REG32(CAN_ECR, 0x10)                 /* error counters */
    FIELD(CAN_ECR, TEC, 0, 8)
    FIELD(CAN_ECR, REC, 8, 8)
REG32(CAN_ESR, 0x14)                 /* error status, write 1 to clear */
    FIELD(CAN_ESR, CRCER, 0, 1)
    FIELD(CAN_ESR, FMER, 1, 1)
    FIELD(CAN_ESR, STER, 2, 1)
    FIELD(CAN_ESR, BERR, 3, 1)
    FIELD(CAN_ESR, ACKER, 4, 1)
REG32(CAN_SR, 0x18)                  /* status */
    FIELD(CAN_SR, CONFIG, 0, 1)
    FIELD(CAN_SR, NORMAL, 3, 1)
    FIELD(CAN_SR, ERRWRN, 6, 1)      /* an error counter is at 96 or above */
    FIELD(CAN_SR, ESTAT, 7, 2)       /* 0 bus-off, 1 error active, 3 error passive */
REG32(CAN_ISR, 0x1c)                 /* interrupt status, enable, clear: same bits */
    FIELD(CAN_ISR, TXOK, 1, 1)
    FIELD(CAN_ISR, BSFRD, 3, 1)      /* bus-off recovery is done */
    FIELD(CAN_ISR, RXOK, 4, 1)
    FIELD(CAN_ISR, RXFOFLW, 6, 1)
    FIELD(CAN_ISR, ERROR, 8, 1)
    FIELD(CAN_ISR, BSOFF, 9, 1)
REG32(CAN_IER, 0x20)
REG32(CAN_ICR, 0x24)
REG32(CAN_DP_BRPR, 0x88)             /* data phase: prescaler, bit timing */
REG32(CAN_DP_BTR, 0x8c)
REG32(CAN_TRR, 0x90)                 /* transmit buffer ready: one bit per buffer */
REG32(CAN_TCR, 0x98)                 /* transmit buffer cancel */
REG32(CAN_AFR, 0xe0)                 /* acceptance filters in use: one bit each */
REG32(CAN_FSR, 0xe8)                 /* receive FIFO status */
    FIELD(CAN_FSR, RI, 0, 6)         /* place of the oldest message */
    FIELD(CAN_FSR, IRI, 7, 1)        /* write 1: done with it */
    FIELD(CAN_FSR, FL, 8, 7)         /* messages in the FIFO */
REG32(CAN_AFMR0, 0xa00)              /* first acceptance filter: mask, id */
REG32(CAN_AFIR0, 0xa04)

/* Messages: id, length and flags, 16 words of data, the first byte uppermost. */
REG32(CAN_TB0, 0x100)                /* the first of SB_CAN_TX_BUFFERS */
REG32(CAN_RB0, 0x2100)               /* the first of SB_CAN_RX_FIFO */
#define SB_CAN_MESSAGE_BYTES 72u
#define SB_CAN_TX_BUFFERS    32u
#define SB_CAN_RX_FIFO       64u
REG32(CAN_MESSAGE_ID, 0x00)
    FIELD(CAN_MESSAGE_ID, RTR, 0, 1)     /* of an extended frame */
    FIELD(CAN_MESSAGE_ID, ID_EXT, 1, 18)
    FIELD(CAN_MESSAGE_ID, IDE, 19, 1)
    FIELD(CAN_MESSAGE_ID, SRR, 20, 1)    /* RTR of a standard frame */
    FIELD(CAN_MESSAGE_ID, ID, 21, 11)
REG32(CAN_MESSAGE_DLC, 0x04)
    FIELD(CAN_MESSAGE_DLC, ESI, 25, 1)
    FIELD(CAN_MESSAGE_DLC, BRS, 26, 1)
    FIELD(CAN_MESSAGE_DLC, FDF, 27, 1)
    FIELD(CAN_MESSAGE_DLC, DLC, 28, 4)
REG32(CAN_MESSAGE_DATA, 0x08)

/* The size of its window, rounded up to pages. */
#define SB_CAN_BYTES         0x6000u

#endif

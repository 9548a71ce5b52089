/*
 * Bare-metal firmware that returns every frame through an SMSC LAN9118, as it
 * came.  Shows that a NIC of QEMU's own works on the link.
 *
 * Register names and bits are those of SMSC's LAN9118 datasheet, revision 1.5,
 * sections 3.12 (transmit commands), 3.13 (receive status) and 5.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bare.h"

#define LAN(offset)      (*(volatile uint32_t *)(SB_LAN9118_BASE + (offset)))
#define RX_DATA_FIFO     LAN(0x00)
#define TX_DATA_FIFO     LAN(0x20)
#define RX_STATUS_FIFO   LAN(0x40)
#define INT_CFG          LAN(0x54)
#define INT_EN           LAN(0x5c)
#define INT_STS          LAN(0x58)
#define FIFO_INT         LAN(0x68)
#define TX_CFG           LAN(0x70)
#define RX_FIFO_INF      LAN(0x7c)
#define MAC_CSR_CMD      LAN(0xa4)
#define MAC_CSR_DATA     LAN(0xa8)

#define INT_RSFL         (1u << 3)  /* receive status FIFO above its level */
#define INT_CFG_ON       0x111u     /* enabled, active high, push-pull */
#define TX_ON            (1u << 1)
#define TX_WHOLE_FRAME   0x3000u    /* first and last segment */
#define MAC_CSR_BUSY     (1u << 31)
#define MAC_CR           1u
#define MAC_CR_ON        (1u << 18 | 1u << 3 | 1u << 2) /* PRMS, TXEN, RXEN */
#define FCS_BYTES        4

static uint32_t frame[512];

static void on_lan9118(void)
{
    while (RX_FIFO_INF >> 16) {
        uint32_t bytes = (RX_STATUS_FIFO >> 16) & 0x3fff;
        uint32_t i;

        for (i = 0; i < (bytes + 3) / 4; i++) {
            frame[i] = RX_DATA_FIFO;
        }
        bytes -= FCS_BYTES;
        TX_DATA_FIFO = TX_WHOLE_FRAME | bytes;
        TX_DATA_FIFO = bytes;
        for (i = 0; i < (bytes + 3) / 4; i++) {
            TX_DATA_FIFO = frame[i];
        }
    }
    INT_STS = INT_RSFL;
}

static void fault(void)
{
    static const char report[] = "fault";

    SYSCTL(PANIC) = (uint32_t)report;
}

void reset(void)
{
    MAC_CSR_DATA = MAC_CR_ON;
    MAC_CSR_CMD = MAC_CSR_BUSY | MAC_CR;
    TX_CFG = TX_ON;
    FIFO_INT = 0;
    INT_EN = INT_RSFL;
    INT_CFG = INT_CFG_ON;
    NVIC_ENABLE = 1u << SB_LAN9118_IRQ;
    MAILBOX(TX_LEN) = 0;
    MAILBOX(TX_SEND) = 1;
    for (;;) {
        __asm__ volatile("wfi");
    }
}

VECTORS = {
    STACK, reset, fault, fault, fault, fault, fault,
    [16 + SB_LAN9118_IRQ] = on_lan9118,
};

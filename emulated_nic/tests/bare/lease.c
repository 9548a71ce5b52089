/*
 * Bare-metal firmware that asks for a DHCP lease and exits with the last byte
 * of the address it was offered, or with 255 if the NIC did not find the
 * offer's checksum right.  Shows that the NIC works with QEMU's user-mode
 * network, checksum offload included.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bare.h"

/* Offsets in a frame: Ethernet 0, IPv4 14, UDP 34, BOOTP 42 (RFC 2131). */
#define IP       14
#define UDP      34
#define BOOTP    42
#define YIADDR   (BOOTP + 16)
#define OPTIONS  (BOOTP + 236)
#define BYTES    (OPTIONS + 4 + 3 + 1)

static volatile struct descriptor rx_ring[RING] __attribute__((aligned(16)));
static volatile struct descriptor tx_ring[2] __attribute__((aligned(16)));
static uint8_t buffers[RING][BUFFER_BYTES];
static uint8_t frame[BYTES];

static void put16(uint32_t at, uint32_t value)
{
    frame[at] = (uint8_t)(value >> 8);
    frame[at + 1] = (uint8_t)value;
}

static void discover(void)
{
    static const uint8_t options[] = { 99, 130, 83, 99, 53, 1, 1, 255 };
    uint32_t i;

    for (i = 0; i < 6; i++) {
        uint32_t half = i < 4 ? ETH(MAC_LO) >> (8 * i)
                              : ETH(MAC_HI) >> (8 * (i - 4));

        frame[i] = 0xff;
        frame[6 + i] = (uint8_t)half;
        frame[BOOTP + 28 + i] = (uint8_t)half;
    }
    put16(12, 0x0800);
    frame[IP] = 0x45;
    put16(IP + 2, BYTES - IP);
    frame[IP + 8] = 64;
    frame[IP + 9] = 17;
    put16(IP + 16, 0xffff);
    put16(IP + 18, 0xffff);
    put16(UDP, 68);
    put16(UDP + 2, 67);
    put16(UDP + 4, BYTES - UDP);
    frame[BOOTP] = 1;
    frame[BOOTP + 1] = 1;
    frame[BOOTP + 2] = 6;
    frame[BOOTP + 10] = 0x80;
    for (i = 0; i < sizeof(options); i++) {
        frame[OPTIONS + i] = options[i];
    }
    tx_ring[0].address = (uint32_t)frame;
    tx_ring[0].request = BYTES | SB_ETH_TX_LAST | SB_ETH_TX_CSUM_IP |
                         SB_ETH_TX_CSUM_L4;
    ETH(TX_TAIL) = 1;
}

static void on_eth(void)
{
    uint32_t head = ETH(RX_HEAD);
    uint32_t i;

    ETH(INT_STATUS) = 0xff;
    for (i = 0; i != head; i++) {
        const uint8_t *f = buffers[i];
        int offer = f[IP + 9] == 17 && f[UDP + 3] == 68;
        int good = (rx_ring[i].result & SB_ETH_RX_CSUM_IP_OK) != 0;

        if (offer) {
            SYSCTL(EXIT) = good ? f[YIADDR + 3] : 255;
        }
    }
}

static void fault(void)
{
    SYSCTL(EXIT) = 254;
}

void reset(void)
{
    uint32_t i;

    for (i = 0; i < RING; i++) {
        rx_ring[i].address = (uint32_t)buffers[i];
        rx_ring[i].request = BUFFER_BYTES;
    }
    ETH(RX_BASE) = (uint32_t)rx_ring;
    ETH(RX_SIZE) = RING;
    ETH(RX_TAIL) = RING - 1;
    ETH(TX_BASE) = (uint32_t)tx_ring;
    ETH(TX_SIZE) = 2;
    ETH(INT_MASK) = R_ETH_INT_STATUS_RX_DONE_MASK;
    ETH(CTRL) = R_ETH_CTRL_TX_ENABLE_MASK | R_ETH_CTRL_RX_ENABLE_MASK |
                R_ETH_CTRL_RX_CSUM_MASK;
    NVIC_ENABLE = 1u << SB_ETH_IRQ;
    discover();
    for (;;) {
        __asm__ volatile("wfi");
    }
}

VECTORS = {
    STACK, reset, fault, fault, fault, fault, fault,
    [16 + SB_ETH_IRQ] = on_eth,
};

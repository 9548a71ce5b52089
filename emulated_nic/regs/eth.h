/*
 * Registers and descriptors of the sockbench Ethernet MAC.
 *
 * Included by the QEMU model and by the firmware driver, see board.h.  The
 * meaning of every bit is in docs/nic-datasheet.md.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_REGS_ETH_H
#define SOCKBENCH_REGS_ETH_H

REG32(ETH_ID, 0x000)
#define SB_ETH_ID_VALUE 0x53424531u /* "SBE1" */
REG32(ETH_CAPS, 0x004)
    FIELD(ETH_CAPS, RX_CSUM, 0, 1)      /* can check IPv4, TCP, UDP checksums */
    FIELD(ETH_CAPS, TX_CSUM, 1, 1)      /* can insert them */
    FIELD(ETH_CAPS, SCATTER, 2, 1)      /* a frame may span descriptors */
    FIELD(ETH_CAPS, MCAST_HASH, 3, 1)
    FIELD(ETH_CAPS, NO_PHY, 4, 1)       /* no MDIO either; carrier: the owner */
    FIELD(ETH_CAPS, RING_LOG2_MAX, 8, 4)    /* largest ring: 2^n */
REG32(ETH_CTRL, 0x008)
    FIELD(ETH_CTRL, TX_ENABLE, 0, 1)
    FIELD(ETH_CTRL, RX_ENABLE, 1, 1)
    FIELD(ETH_CTRL, PROMISC, 2, 1)
    FIELD(ETH_CTRL, ALLMULTI, 3, 1)
    FIELD(ETH_CTRL, RX_CSUM, 4, 1)      /* report checksum results in RX */
    FIELD(ETH_CTRL, NO_BROADCAST, 5, 1)
    FIELD(ETH_CTRL, RESET, 31, 1)       /* write 1: as power-on; reads 0 */
REG32(ETH_STATUS, 0x00c)
    FIELD(ETH_STATUS, LINK_UP, 0, 1)    /* from the PHY */
    FIELD(ETH_STATUS, TX_IDLE, 1, 1)    /* TX_HEAD == TX_TAIL */
    FIELD(ETH_STATUS, RX_FULL, 2, 1)    /* no free descriptor */
REG32(ETH_MAC_LO, 0x010)                /* bytes 0..3, byte 0 in bits 7:0 */
REG32(ETH_MAC_HI, 0x014)                /* bytes 4..5 */
REG32(ETH_MCAST_LO, 0x018)              /* hash bits 0..31 */
REG32(ETH_MCAST_HI, 0x01c)              /* hash bits 32..63 */
REG32(ETH_INT_STATUS, 0x020)            /* write 1 to clear */
    FIELD(ETH_INT_STATUS, TX_DONE, 0, 1)
    FIELD(ETH_INT_STATUS, RX_DONE, 1, 1)
    FIELD(ETH_INT_STATUS, RX_NOBUF, 2, 1)   /* frame lost: no descriptor */
    FIELD(ETH_INT_STATUS, TX_ERROR, 3, 1)   /* descriptor refused */
    FIELD(ETH_INT_STATUS, RX_ERROR, 4, 1)   /* frame lost: runt, oversize */
    FIELD(ETH_INT_STATUS, LINK_CHANGE, 5, 1)
    FIELD(ETH_INT_STATUS, DMA_ERROR, 6, 1)  /* ring unreadable: engine stops */
    FIELD(ETH_INT_STATUS, MDIO_DONE, 7, 1)
REG32(ETH_INT_MASK, 0x024)              /* 1 = may interrupt; same bits */
REG32(ETH_INT_MOD, 0x028)               /* moderation of RX_DONE and TX_DONE */
    FIELD(ETH_INT_MOD, DELAY_US, 0, 16) /* 0 = at once */
    FIELD(ETH_INT_MOD, FRAMES, 16, 8)   /* or after so many; 0 = no count */
REG32(ETH_MAX_FRAME, 0x02c)             /* bytes without FCS; reset 1514 */
REG32(ETH_TX_BASE, 0x030)               /* 16-byte aligned */
REG32(ETH_TX_SIZE, 0x034)               /* descriptors: power of two, 2..1024 */
REG32(ETH_TX_HEAD, 0x038)               /* RO: next one the MAC takes */
REG32(ETH_TX_TAIL, 0x03c)               /* first it must not take; doorbell */
REG32(ETH_RX_BASE, 0x040)
REG32(ETH_RX_SIZE, 0x044)
REG32(ETH_RX_HEAD, 0x048)
REG32(ETH_RX_TAIL, 0x04c)
REG32(ETH_MDIO_CTRL, 0x050)
    FIELD(ETH_MDIO_CTRL, REG, 0, 5)
    FIELD(ETH_MDIO_CTRL, PHY, 5, 5)     /* the board's PHY is at address 1 */
    FIELD(ETH_MDIO_CTRL, WRITE, 10, 1)
    FIELD(ETH_MDIO_CTRL, START, 31, 1)  /* write 1: start; reads 1 while busy */
REG32(ETH_MDIO_DATA, 0x054)

/* Statistics, 32 bits, wrap silently, cleared by CTRL.RESET; read only. */
REG32(ETH_STAT_TX_FRAMES, 0x100)
REG32(ETH_STAT_TX_BYTES, 0x104)
REG32(ETH_STAT_TX_ERRORS, 0x108)
REG32(ETH_STAT_TX_NOLINK, 0x10c)        /* taken and lost: link down */
REG32(ETH_STAT_RX_FRAMES, 0x110)
REG32(ETH_STAT_RX_BYTES, 0x114)
REG32(ETH_STAT_RX_NOBUF, 0x118)
REG32(ETH_STAT_RX_RUNT, 0x11c)          /* shorter than 60 bytes */
REG32(ETH_STAT_RX_OVERSIZE, 0x120)
REG32(ETH_STAT_RX_FILTERED, 0x124)
REG32(ETH_STAT_RX_MULTICAST, 0x128)
REG32(ETH_STAT_RX_BROADCAST, 0x12c)
REG32(ETH_STAT_RX_CSUM_BAD, 0x130)
REG32(ETH_STAT_RX_DMA, 0x134)           /* buffer address was bad */

/*
 * Descriptor: four little-endian words, the same for both rings.
 *   word 0  address of the buffer
 *   word 1  length and requests, written by the driver (TX_*, RX: length only)
 *   word 2  result, written by the MAC; DONE is written last
 *   word 3  never touched by the MAC
 */
#define SB_ETH_DESC_BYTES        16u
#define SB_ETH_DESC_LEN_MASK     0x0000ffffu
#define SB_ETH_TX_LAST           (1u << 16) /* last buffer of the frame */
#define SB_ETH_TX_CSUM_IP        (1u << 17) /* insert IPv4 header checksum */
#define SB_ETH_TX_CSUM_L4        (1u << 18) /* insert TCP/UDP checksum */
#define SB_ETH_TX_IRQ            (1u << 19) /* set TX_DONE when finished */
#define SB_ETH_DONE              (1u << 31)
#define SB_ETH_TX_RES_ERROR      (1u << 0)  /* frame not sent: bad address,  */
                                            /* length 0, or too long          */
#define SB_ETH_TX_RES_NOLINK     (1u << 1)
#define SB_ETH_RX_FIRST          (1u << 30)
#define SB_ETH_RX_LAST           (1u << 29)
#define SB_ETH_RX_RES_ERROR      (1u << 28) /* frame lost: bad buffer */
#define SB_ETH_RX_CSUM_IP_OK     (1u << 20) /* checked and right */
#define SB_ETH_RX_CSUM_IP_BAD    (1u << 21)
#define SB_ETH_RX_CSUM_L4_OK     (1u << 22)
#define SB_ETH_RX_CSUM_L4_BAD    (1u << 23)
#define SB_ETH_RX_BROADCAST      (1u << 24)
#define SB_ETH_RX_MULTICAST      (1u << 25)
/* word 2 bits 15:0 of an RX descriptor: bytes stored in this buffer. */

/* PHY: clause 22 registers 0-6, plus these. */
#define SB_ETH_PHY_ADDR          1
#define SB_ETH_FRAME_BYTES_MIN   60u        /* without FCS */

#endif

/*
 * Ethernet MAC of the sockbench board: descriptor rings and frames.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Both rings work alike: the MAC owns the descriptors from HEAD up to, not
 * including, TAIL.  Transmission happens within the write to TX_TAIL, so a
 * frame is on the wire when the doorbell's store has completed.
 */

#include "qemu/osdep.h"
#include <zlib.h>
#include "qemu/log.h"
#include "net/eth.h"
#include "sockbench-csum.h"
#include "sockbench-eth.h"
#include "trace.h"

typedef struct Descriptor {
    uint32_t address;
    uint32_t request;
} Descriptor;

/* The DMA engine reaches memory only, no device registers. */
static const MemTxAttrs eth_dma_attrs = { .memory = true };

static bool ring_read(SockbenchEthState *s, uint32_t base, uint32_t index,
                      Descriptor *d)
{
    uint8_t raw[8];

    if (address_space_read(&s->as, base + index * SB_ETH_DESC_BYTES,
                           eth_dma_attrs, raw, sizeof(raw)) != MEMTX_OK) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: descriptor %" PRIu32
                      " of the ring at 0x%" PRIx32 " can't be read\n",
                      index, base);
        return false;
    }
    d->address = ldl_le_p(raw);
    d->request = ldl_le_p(raw + 4);
    return true;
}

static bool ring_finish(SockbenchEthState *s, uint32_t base, uint32_t index,
                        uint32_t result)
{
    uint8_t raw[4];

    stl_le_p(raw, result);
    return address_space_write(&s->as, base + index * SB_ETH_DESC_BYTES + 8,
                               eth_dma_attrs, raw, sizeof(raw)) == MEMTX_OK;
}

static uint32_t ring_after(uint32_t size, uint32_t index)
{
    return (index + 1) & (size - 1);
}

/* Transmission */

static void tx_stop(SockbenchEthState *s)
{
    s->regs[R_ETH_CTRL] &= ~R_ETH_CTRL_TX_ENABLE_MASK;
    sockbench_eth_raise(s, R_ETH_INT_STATUS_DMA_ERROR_MASK);
}

/*
 * Find the last descriptor of the frame that begins at HEAD, and collect what
 * its descriptors ask for.  False if there is no whole frame.
 */
static bool tx_find_last(SockbenchEthState *s, uint32_t *last,
                         uint32_t *request)
{
    uint32_t size = s->regs[R_ETH_TX_SIZE];
    uint32_t index = s->regs[R_ETH_TX_HEAD];
    Descriptor d;

    *request = 0;
    while (index != s->regs[R_ETH_TX_TAIL]) {
        if (sockbench_eth_fault_takes_arg(s, ETH_FAULT_TX_DMA,
                                          ETH_FAULT_DMA_DESCRIPTOR) ||
            !ring_read(s, s->regs[R_ETH_TX_BASE], index, &d)) {
            tx_stop(s);
            return false;
        }
        *request |= d.request;
        if (d.request & SB_ETH_TX_LAST) {
            *last = index;
            return true;
        }
        index = ring_after(size, index);
    }
    return false;
}

/* Put the frame together; its length, or 0 if it can't be sent. */
static uint32_t tx_gather(SockbenchEthState *s, uint32_t last)
{
    uint32_t size = s->regs[R_ETH_TX_SIZE];
    uint32_t index = s->regs[R_ETH_TX_HEAD];
    uint32_t length = 0;
    Descriptor d;

    for (;; index = ring_after(size, index)) {
        uint32_t part;

        if (!ring_read(s, s->regs[R_ETH_TX_BASE], index, &d)) {
            return 0;
        }
        part = d.request & SB_ETH_DESC_LEN_MASK;
        if (part == 0 || length + part > s->regs[R_ETH_MAX_FRAME]) {
            qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: frame to send is "
                          "empty or longer than MAX_FRAME\n");
            return 0;
        }
        if (address_space_read(&s->as, d.address, eth_dma_attrs,
                               s->frame + length, part) != MEMTX_OK) {
            qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: buffer at 0x%"
                          PRIx32 " can't be read\n", d.address);
            return 0;
        }
        length += part;
        if (index == last) {
            break;
        }
    }
    if (!s->has_phy && length < sockbench_eth_frame_min(s)) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: frame to send is "
                      "shorter than its header\n");
        return 0;
    }
    if (sockbench_eth_fault_takes_arg(s, ETH_FAULT_TX_DMA,
                                      ETH_FAULT_DMA_BUFFER)) {
        return 0;
    }
    return length;
}

static void tx_checksums(SockbenchEthState *s, uint32_t request,
                         uint32_t length)
{
    bool ip = request & SB_ETH_TX_CSUM_IP;
    bool l4 = request & SB_ETH_TX_CSUM_L4;

    if (!ip && !l4) {
        return;
    }
    sockbench_csum_insert(s->frame, length, ip, l4);
    if (sockbench_eth_fault_takes(s, ETH_FAULT_TX_CSUM)) {
        /* The unit loses the frame's last byte, so the sums are of another. */
        s->frame[length - 1] ^= 0xff;
        sockbench_csum_insert(s->frame, length, ip, l4);
        s->frame[length - 1] ^= 0xff;
    }
}

/* Send what tx_gather() put together; the result bits for its descriptors. */
static uint32_t tx_send(SockbenchEthState *s, uint32_t request,
                        uint32_t length)
{
    bool loopback = s->has_phy && sockbench_phy_loopback(&s->phy);
    uint32_t least = sockbench_eth_frame_min(s);

    if (!s->carrier && !loopback) {
        s->regs[R_ETH_STAT_TX_NOLINK]++;
        return SB_ETH_TX_RES_NOLINK;
    }
    tx_checksums(s, request, length);
    if (length < least) {
        memset(s->frame + length, 0, least - length);
        length = least;
    }
    s->regs[R_ETH_STAT_TX_FRAMES]++;
    s->regs[R_ETH_STAT_TX_BYTES] += length;
    trace_sockbench_eth_tx(length);
    if (loopback) {
        sockbench_eth_receive(s, s->frame, length);
    } else {
        qemu_send_packet(qemu_get_queue(s->nic), s->frame, length);
    }
    return 0;
}

static void tx_one(SockbenchEthState *s, uint32_t last, uint32_t request)
{
    uint32_t size = s->regs[R_ETH_TX_SIZE];
    uint32_t index = s->regs[R_ETH_TX_HEAD];
    uint32_t after = ring_after(size, last);
    uint32_t length = tx_gather(s, last);
    uint32_t result;

    if (length) {
        result = tx_send(s, request, length);
    } else {
        result = SB_ETH_TX_RES_ERROR;
        s->regs[R_ETH_STAT_TX_ERRORS]++;
    }
    for (; index != after; index = ring_after(size, index)) {
        if (!ring_finish(s, s->regs[R_ETH_TX_BASE], index,
                         SB_ETH_DONE | result)) {
            tx_stop(s);
            return;
        }
    }
    s->regs[R_ETH_TX_HEAD] = after;
    if (result & SB_ETH_TX_RES_ERROR) {
        sockbench_eth_raise(s, R_ETH_INT_STATUS_TX_ERROR_MASK);
    }
    if (request & SB_ETH_TX_IRQ) {
        sockbench_eth_raise_moderated(s, R_ETH_INT_STATUS_TX_DONE_MASK);
    }
}

/* Send all whole frames between HEAD and TAIL. */
void sockbench_eth_transmit(SockbenchEthState *s)
{
    uint32_t last, request;

    while ((s->regs[R_ETH_CTRL] & R_ETH_CTRL_TX_ENABLE_MASK) && !s->tx_stuck &&
           tx_find_last(s, &last, &request)) {
        if (sockbench_eth_fault_takes(s, ETH_FAULT_TX_STUCK)) {
            /* Until transmission is disabled and enabled again. */
            s->tx_stuck = true;
            return;
        }
        tx_one(s, last, request);
    }
}

/* Reception */

/* The six most significant bits of the address's CRC-32 (IEEE 802.3). */
static bool rx_hash_matches(SockbenchEthState *s, const uint8_t *address)
{
    uint32_t bit = crc32(0, address, ETH_ALEN) >> 26;

    return extract32(s->regs[bit < 32 ? R_ETH_MCAST_LO : R_ETH_MCAST_HI],
                     bit & 31, 1);
}

static bool rx_wanted(SockbenchEthState *s, const uint8_t *frame)
{
    uint32_t ctrl = s->regs[R_ETH_CTRL];
    uint8_t mac[ETH_ALEN];

    if (ctrl & R_ETH_CTRL_PROMISC_MASK) {
        return true;
    }
    if (is_broadcast_ether_addr(frame)) {
        return !(ctrl & R_ETH_CTRL_NO_BROADCAST_MASK);
    }
    if (is_multicast_ether_addr(frame)) {
        return (ctrl & R_ETH_CTRL_ALLMULTI_MASK) || rx_hash_matches(s, frame);
    }
    stl_le_p(mac, s->regs[R_ETH_MAC_LO]);
    stw_le_p(mac + 4, s->regs[R_ETH_MAC_HI]);
    return memcmp(frame, mac, ETH_ALEN) == 0;
}

static void rx_lost(SockbenchEthState *s, unsigned int counter, uint32_t bit)
{
    trace_sockbench_eth_rx_lost(counter * 4);
    s->regs[counter]++;
    sockbench_eth_raise(s, bit);
}

static uint32_t rx_checksum_bits(SockbenchEthState *s, const uint8_t *frame,
                                 size_t size)
{
    static const uint32_t ip_bits[] = {
        [SOCKBENCH_CSUM_NONE] = 0,
        [SOCKBENCH_CSUM_OK] = SB_ETH_RX_CSUM_IP_OK,
        [SOCKBENCH_CSUM_BAD] = SB_ETH_RX_CSUM_IP_BAD,
    };
    static const uint32_t l4_bits[] = {
        [SOCKBENCH_CSUM_NONE] = 0,
        [SOCKBENCH_CSUM_OK] = SB_ETH_RX_CSUM_L4_OK,
        [SOCKBENCH_CSUM_BAD] = SB_ETH_RX_CSUM_L4_BAD,
    };
    static const SockbenchCsum flipped[] = {
        [SOCKBENCH_CSUM_NONE] = SOCKBENCH_CSUM_NONE,
        [SOCKBENCH_CSUM_OK] = SOCKBENCH_CSUM_BAD,
        [SOCKBENCH_CSUM_BAD] = SOCKBENCH_CSUM_OK,
    };
    SockbenchCsum ip, l4;

    if (!(s->regs[R_ETH_CTRL] & R_ETH_CTRL_RX_CSUM_MASK)) {
        return 0;
    }
    sockbench_csum_check(frame, size, &ip, &l4);
    if ((ip || l4) && sockbench_eth_fault_takes(s, ETH_FAULT_RX_CSUM)) {
        ip = flipped[ip];
        l4 = flipped[l4];
    }
    if (ip == SOCKBENCH_CSUM_BAD || l4 == SOCKBENCH_CSUM_BAD) {
        s->regs[R_ETH_STAT_RX_CSUM_BAD]++;
    }
    return ip_bits[ip] | l4_bits[l4];
}

/* What the last descriptor of the frame tells about it; counts it, too. */
static uint32_t rx_frame_bits(SockbenchEthState *s, const uint8_t *frame,
                              size_t size)
{
    uint32_t bits = rx_checksum_bits(s, frame, size);

    if (is_broadcast_ether_addr(frame)) {
        s->regs[R_ETH_STAT_RX_BROADCAST]++;
        bits |= SB_ETH_RX_BROADCAST;
    } else if (is_multicast_ether_addr(frame)) {
        s->regs[R_ETH_STAT_RX_MULTICAST]++;
        bits |= SB_ETH_RX_MULTICAST;
    }
    s->regs[R_ETH_STAT_RX_FRAMES]++;
    s->regs[R_ETH_STAT_RX_BYTES] += size;
    return bits;
}

static void rx_stop(SockbenchEthState *s)
{
    s->regs[R_ETH_CTRL] &= ~R_ETH_CTRL_RX_ENABLE_MASK;
    sockbench_eth_raise(s, R_ETH_INT_STATUS_DMA_ERROR_MASK);
}

/*
 * Find the free descriptor that ends a frame of this size.  False if the
 * frame is lost: the ring is too full, or unreadable.
 */
static bool rx_find_last(SockbenchEthState *s, size_t size, uint32_t *last)
{
    uint32_t index = s->regs[R_ETH_RX_HEAD];
    Descriptor d;

    while (index != s->regs[R_ETH_RX_TAIL]) {
        uint32_t room;

        if (sockbench_eth_fault_takes_arg(s, ETH_FAULT_RX_DMA,
                                          ETH_FAULT_DMA_DESCRIPTOR) ||
            !ring_read(s, s->regs[R_ETH_RX_BASE], index, &d)) {
            rx_stop(s);
            return false;
        }
        room = d.request & SB_ETH_DESC_LEN_MASK;
        if (room >= size || room == 0) {
            *last = index;
            return true;
        }
        size -= room;
        index = ring_after(s->regs[R_ETH_RX_SIZE], index);
    }
    rx_lost(s, R_ETH_STAT_RX_NOBUF, R_ETH_INT_STATUS_RX_NOBUF_MASK);
    return false;
}

/* Store one descriptor's part; how many bytes, or 0 if it can't be stored. */
static uint32_t rx_store(SockbenchEthState *s, const Descriptor *d,
                         const uint8_t *data, size_t size)
{
    uint32_t part = MIN(size, d->request & SB_ETH_DESC_LEN_MASK);

    if (part == 0 ||
        sockbench_eth_fault_takes_arg(s, ETH_FAULT_RX_DMA,
                                      ETH_FAULT_DMA_BUFFER) ||
        address_space_write(&s->as, d->address, eth_dma_attrs, data, part) !=
        MEMTX_OK) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: buffer at 0x%" PRIx32
                      " is empty or can't be written\n", d->address);
        return 0;
    }
    return part;
}

/*
 * Fill the descriptors from HEAD to `last`.  A bad buffer ends the frame: its
 * descriptor goes back with RES_ERROR, so that the driver gets all of them.
 */
static void rx_fill(SockbenchEthState *s, const uint8_t *frame, size_t size,
                    uint32_t last)
{
    uint32_t first = s->regs[R_ETH_RX_HEAD];
    uint32_t index = first;
    size_t done = 0;
    bool end = false;

    while (!end) {
        uint32_t result = index == first ? SB_ETH_RX_FIRST : 0;
        Descriptor d;
        uint32_t part;

        if (!ring_read(s, s->regs[R_ETH_RX_BASE], index, &d)) {
            rx_stop(s);
            return;
        }
        part = rx_store(s, &d, frame + done, size - done);
        done += part;
        end = index == last || part == 0;
        if (part == 0) {
            result |= SB_ETH_RX_LAST | SB_ETH_RX_RES_ERROR;
        } else if (end) {
            result |= SB_ETH_RX_LAST | rx_frame_bits(s, frame, size);
        }
        if (!ring_finish(s, s->regs[R_ETH_RX_BASE], index,
                         SB_ETH_DONE | result | part)) {
            rx_stop(s);
            return;
        }
        index = ring_after(s->regs[R_ETH_RX_SIZE], index);
        s->regs[R_ETH_RX_HEAD] = index;
        if (part == 0) {
            rx_lost(s, R_ETH_STAT_RX_DMA, R_ETH_INT_STATUS_RX_ERROR_MASK);
        }
    }
    trace_sockbench_eth_rx(size);
    sockbench_eth_raise_moderated(s, R_ETH_INT_STATUS_RX_DONE_MASK);
}

/* Returns -1 if nobody listens, else the size, whatever became of it. */
ssize_t sockbench_eth_receive(SockbenchEthState *s, const uint8_t *frame,
                              size_t size)
{
    uint32_t last;

    if (!(s->regs[R_ETH_CTRL] & R_ETH_CTRL_RX_ENABLE_MASK)) {
        return -1;
    }
    if (size < sockbench_eth_frame_min(s)) {
        rx_lost(s, R_ETH_STAT_RX_RUNT, R_ETH_INT_STATUS_RX_ERROR_MASK);
    } else if (size > s->regs[R_ETH_MAX_FRAME]) {
        rx_lost(s, R_ETH_STAT_RX_OVERSIZE, R_ETH_INT_STATUS_RX_ERROR_MASK);
    } else if (!rx_wanted(s, frame)) {
        s->regs[R_ETH_STAT_RX_FILTERED]++;
    } else if (sockbench_eth_fault_takes(s, ETH_FAULT_RX_OVERRUN)) {
        rx_lost(s, R_ETH_STAT_RX_NOBUF, R_ETH_INT_STATUS_RX_NOBUF_MASK);
    } else if (rx_find_last(s, size, &last)) {
        rx_fill(s, frame, size, last);
    }
    return size;
}

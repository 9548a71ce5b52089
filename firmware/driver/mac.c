/*
 * The MAC's rings, interrupts, filters and counters (driver/mac.h).
 *
 * Interrupts: the handler only masks the MAC and tells the thread, which works until there is
 * nothing left and then unmasks. There are none for transmission, since that happens within the
 * write of the doorbell (datasheet 4): frames still there afterwards mean a stuck engine, which is
 * restarted.
 *
 * Checksums: frames that the MAC finds wrong go up like the unchecked ones, for the stack to judge
 * and count.
 *
 * Locking: ring indices and the pool of receive buffers change with interrupts masked (port/os.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/mac.h"

#include <assert.h>
#include <errno.h>

#include "board/regs.h"
#include "driver/mac_ring.h"
#include "emulated_nic/regs/eth.h"
#include "port/os.h"

#define FRAME_BYTES_MAX 1514u
/* In one go: the engine may stick again at once, but no frame is worth a loop without end. */
#define TX_RESTARTS_MAX 16u
/* The frame starts two bytes into a word, so that the IP header behind the 14 bytes of Ethernet
 * header is aligned. */
#define RX_HEADROOM 2u
#define RX_DATA_BYTES 1520u
/* What the thread is wanted for. RX_NOBUF: the refill found no buffer, a release() comes. */
#define CAUSES                                                                                     \
    (FIELD_MASK(ETH_INT_STATUS, RX_DONE) | FIELD_MASK(ETH_INT_STATUS, LINK_CHANGE) |               \
     FIELD_MASK(ETH_INT_STATUS, DMA_ERROR))

static_assert(RX_DATA_BYTES >= FRAME_BYTES_MAX + RX_HEADROOM, "one buffer per received frame");
static_assert(MAC_TX_RING > NET_PARTS_MAX, "a frame fits the ring");
static_assert(sizeof(struct mac_descriptor) == SB_ETH_DESC_BYTES, "as in the datasheet");

struct mac_buffer {
    struct net_buffer frame; /* first: release() gets this */
    uint8_t data[RX_DATA_BYTES];
};

static const char *const counter_names[MAC_COUNTERS] = {
    "tx_ring_full", "tx_refused",  "tx_lost",      "tx_restarts", "rx_bad_frame",
    "rx_no_buffer", "dma_stopped", "link_changes", "interrupts",
};

static uint32_t mac_read(const struct mac *mac, uint32_t offset)
{
    return reg_read(mac->base, offset);
}

static void mac_write(const struct mac *mac, uint32_t offset, uint32_t value)
{
    reg_write(mac->base, offset, value);
}

void mac_interrupt(struct mac *mac)
{
    mac_write(mac, A_ETH_INT_MASK, 0);
    mac->counters[MAC_INTERRUPTS]++;
    mac->callbacks.interrupt(mac->callbacks.context);
}

/* Receive. */

/* Give the MAC a buffer for every free place in the ring. With interrupts masked. */
static void rx_refill(struct mac *mac)
{
    uint32_t start = mac->rx_next;

    while (mac_ring_room(mac->rx_first, mac->rx_next, MAC_RX_RING) > 0) {
        struct mac_buffer *buffer = (struct mac_buffer *)mac->rx_free;
        if (buffer != NULL) {
            mac->rx_free = buffer->frame.next;
        } else if (mac->rx_memory < mac->rx_memory_end) {
            buffer = mac->rx_memory++;
        } else {
            mac->counters[MAC_RX_NO_BUFFER]++;
            break;
        }
        struct mac_descriptor *descriptor = &mac->rx_ring[mac->rx_next];
        mac->rx_in_ring[mac->rx_next] = buffer;
        descriptor->address = (uint32_t)(uintptr_t)&buffer->data[RX_HEADROOM];
        descriptor->control = RX_DATA_BYTES - RX_HEADROOM;
        descriptor->result = 0;
        mac->rx_next = mac_ring_after(mac->rx_next, 1, MAC_RX_RING);
    }
    if (mac->rx_next != start) {
        reg_barrier();
        mac_write(mac, A_ETH_RX_TAIL, mac->rx_next);
    }
}

void mac_release(struct mac *mac, struct net_buffer *buffer)
{
    os_mask();
    buffer->next = mac->rx_free;
    mac->rx_free = buffer;
    if (mac->running)
        rx_refill(mac);
    os_unmask();
}

struct net_buffer *mac_receive(struct mac *mac)
{
    for (;;) {
        os_mask();
        uint32_t index = mac->rx_first;
        uint32_t result = index != mac->rx_next ? mac->rx_ring[index].result : 0;
        if ((result & SB_ETH_DONE) == 0) {
            os_unmask();
            return NULL;
        }
        struct net_buffer *frame = &mac->rx_in_ring[index]->frame;
        mac->rx_first = mac_ring_after(index, 1, MAC_RX_RING);
        os_unmask();
        reg_barrier();

        frame->data = &((struct mac_buffer *)frame)->data[RX_HEADROOM];
        frame->bytes = (uint16_t)(result & SB_ETH_DESC_LEN_MASK);
        frame->ip_checksum_good = (result & SB_ETH_RX_CSUM_IP_OK) != 0;
        frame->l4_checksum_good = (result & SB_ETH_RX_CSUM_L4_OK) != 0;
        bool whole = (result & SB_ETH_RX_FIRST) != 0 && (result & SB_ETH_RX_LAST) != 0;
        if (whole && (result & SB_ETH_RX_RES_ERROR) == 0 && frame->bytes != 0 &&
            frame->bytes <= RX_DATA_BYTES - RX_HEADROOM)
            return frame;
        mac->counters[MAC_RX_BAD_FRAME]++;
        mac_release(mac, frame);
    }
}

/* Transmit. */

/* Give back the frames that were sent. Returns whether any are left. */
static bool tx_finish(struct mac *mac)
{
    for (;;) {
        os_mask();
        uint32_t index = mac->tx_first;
        bool left = index != mac->tx_next;
        uint32_t result = left ? mac->tx_ring[index].result : 0;
        if ((result & SB_ETH_DONE) == 0) {
            os_unmask();
            return left;
        }
        bool last = (mac->tx_ring[index].control & SB_ETH_TX_LAST) != 0;
        void *token = mac->tx_tokens[index];
        mac->tx_first = mac_ring_after(index, 1, MAC_TX_RING);
        if (last && (result & (SB_ETH_TX_RES_ERROR | SB_ETH_TX_RES_NOLINK)) != 0)
            mac->counters[MAC_TX_LOST]++;
        os_unmask();
        if (last)
            mac->callbacks.sent(mac->callbacks.context, token);
    }
}

/* A stuck engine goes on from where it is when it is disabled and enabled (datasheet 9). */
static void tx_restart(struct mac *mac)
{
    os_mask();
    uint32_t control = mac_read(mac, A_ETH_CTRL);
    if ((control & FIELD_MASK(ETH_CTRL, TX_ENABLE)) != 0) {
        mac->counters[MAC_TX_RESTARTS]++;
        mac_write(mac, A_ETH_CTRL, control & ~FIELD_MASK(ETH_CTRL, TX_ENABLE));
        mac_write(mac, A_ETH_CTRL, control);
    }
    os_unmask();
}

int mac_send(struct mac *mac, const struct net_part *parts, size_t count, uint32_t flags,
             void *token)
{
    size_t bytes = 0;
    uint32_t requests = SB_ETH_TX_LAST;

    for (size_t i = 0; i < count; i++)
        bytes += parts[i].bytes;
    if (count == 0 || count > NET_PARTS_MAX || bytes == 0 || bytes > FRAME_BYTES_MAX) {
        mac->counters[MAC_TX_REFUSED]++;
        return -EMSGSIZE;
    }
    if ((flags & NET_SEND_IP_CHECKSUM) != 0)
        requests |= SB_ETH_TX_CSUM_IP;
    if ((flags & NET_SEND_TCP_CHECKSUM) != 0)
        requests |= SB_ETH_TX_CSUM_L4;

    os_mask();
    if (!mac->running || !mac->link_up) {
        os_unmask();
        return -ENETDOWN;
    }
    if (mac_ring_room(mac->tx_first, mac->tx_next, MAC_TX_RING) < count) {
        mac->counters[MAC_TX_RING_FULL]++;
        os_unmask();
        return -EWOULDBLOCK;
    }
    for (size_t i = 0; i < count; i++) {
        struct mac_descriptor *descriptor = &mac->tx_ring[mac->tx_next];
        descriptor->address = (uint32_t)(uintptr_t)parts[i].data;
        descriptor->control = parts[i].bytes | (i == count - 1 ? requests : 0);
        descriptor->result = 0;
        mac->tx_tokens[mac->tx_next] = token;
        mac->tx_next = mac_ring_after(mac->tx_next, 1, MAC_TX_RING);
    }
    reg_barrier();
    mac_write(mac, A_ETH_TX_TAIL, mac->tx_next);
    os_unmask();

    /* A frame that is still there when the engine will not start leaves with the next one. */
    for (unsigned tries = 0; tx_finish(mac) && tries < TX_RESTARTS_MAX; tries++)
        tx_restart(mac);
    return 0;
}

/* Set-up. */

static void rings_start(struct mac *mac)
{
    mac->tx_first = mac->tx_next = 0;
    mac->rx_first = mac->rx_next = 0;
    mac_write(mac, A_ETH_TX_BASE, (uint32_t)(uintptr_t)mac->tx_ring);
    mac_write(mac, A_ETH_TX_SIZE, MAC_TX_RING);
    mac_write(mac, A_ETH_RX_BASE, (uint32_t)(uintptr_t)mac->rx_ring);
    mac_write(mac, A_ETH_RX_SIZE, MAC_RX_RING);
}

/* Take back every buffer the MAC holds, after it was reset. */
static void rings_empty(struct mac *mac)
{
    while (mac->tx_first != mac->tx_next) {
        uint32_t index = mac->tx_first;
        mac->tx_first = mac_ring_after(index, 1, MAC_TX_RING);
        if ((mac->tx_ring[index].control & SB_ETH_TX_LAST) != 0) {
            mac->counters[MAC_TX_LOST]++;
            mac->callbacks.sent(mac->callbacks.context, mac->tx_tokens[index]);
        }
    }
    os_mask();
    while (mac->rx_first != mac->rx_next) {
        struct net_buffer *frame = &mac->rx_in_ring[mac->rx_first]->frame;
        mac->rx_first = mac_ring_after(mac->rx_first, 1, MAC_RX_RING);
        frame->next = mac->rx_free;
        mac->rx_free = frame;
    }
    os_unmask();
}

static void multicast_write(struct mac *mac)
{
    uint32_t low = 0;
    uint32_t high = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        low |= mac->multicast_users[bit] != 0 ? 1u << bit : 0;
        high |= mac->multicast_users[32 + bit] != 0 ? 1u << bit : 0;
    }
    mac_write(mac, A_ETH_MCAST_LO, low);
    mac_write(mac, A_ETH_MCAST_HI, high);
}

void mac_start(struct mac *mac)
{
    rings_start(mac);
    multicast_write(mac);
    mac_write(mac, A_ETH_MAX_FRAME, FRAME_BYTES_MAX);
    uint32_t control = FIELD_MASK(ETH_CTRL, TX_ENABLE) | FIELD_MASK(ETH_CTRL, RX_ENABLE);
    if (mac->capabilities.rx_checksum)
        control |= FIELD_MASK(ETH_CTRL, RX_CSUM);
    mac_write(mac, A_ETH_CTRL, control);
    os_mask();
    rx_refill(mac);
    mac->running = true;
    os_unmask();
}

void mac_stop(struct mac *mac)
{
    os_mask();
    mac->running = false;
    mac_write(mac, A_ETH_INT_MASK, 0);
    mac_write(mac, A_ETH_CTRL, 0);
    os_unmask();
    rings_empty(mac);
}

int mac_init(struct mac *mac, const struct net_callbacks *callbacks, uint8_t *rx_memory,
             size_t rx_bytes)
{
    if (mac_read(mac, A_ETH_ID) != SB_ETH_ID_VALUE)
        return -ENODEV;
    mac_write(mac, A_ETH_CTRL, FIELD_MASK(ETH_CTRL, RESET));
    uint32_t caps = mac_read(mac, A_ETH_CAPS);
    if (FIELD_GET(caps, ETH_CAPS, SCATTER) == 0)
        return -ENODEV;
    mac->callbacks = *callbacks;
    mac->capabilities.rx_checksum = FIELD_GET(caps, ETH_CAPS, RX_CSUM) != 0;
    mac->capabilities.tx_checksum_ip = FIELD_GET(caps, ETH_CAPS, TX_CSUM) != 0;
    mac->capabilities.tx_checksum_tcp = FIELD_GET(caps, ETH_CAPS, TX_CSUM) != 0;
    mac->rx_memory = (struct mac_buffer *)(void *)rx_memory;
    mac->rx_memory_end = mac->rx_memory + rx_bytes / sizeof(struct mac_buffer);
    interrupt_enable(mac->irq, mac->interrupt);
    return 0;
}

void mac_reset(struct mac *mac)
{
    mac_write(mac, A_ETH_CTRL, FIELD_MASK(ETH_CTRL, RESET));
}

/* Interrupt work. */

bool mac_service(struct mac *mac)
{
    uint32_t causes = mac_read(mac, A_ETH_INT_STATUS);
    mac_write(mac, A_ETH_INT_STATUS, causes);

    if ((causes & FIELD_MASK(ETH_INT_STATUS, DMA_ERROR)) != 0 && mac->running) {
        mac->counters[MAC_DMA_STOPPED]++;
        mac_stop(mac);
        mac_start(mac);
    }
    return (causes & FIELD_MASK(ETH_INT_STATUS, LINK_CHANGE)) != 0;
}

void mac_acknowledge_all(struct mac *mac)
{
    mac_write(mac, A_ETH_INT_STATUS, UINT32_MAX);
}

bool mac_link_up(const struct mac *mac)
{
    return (mac_read(mac, A_ETH_STATUS) & FIELD_MASK(ETH_STATUS, LINK_UP)) != 0;
}

void mac_set_link(struct mac *mac, bool up)
{
    if (up != mac->link_up) {
        mac->link_up = up;
        mac->counters[MAC_LINK_CHANGES]++;
        mac->callbacks.link_changed(mac->callbacks.context, up);
    }
}

/*
 * What came after service() acknowledged the causes is in the status register again and interrupts
 * as soon as the mask lets it (datasheet 10), so nothing can be missed here.
 */
bool mac_rearm(struct mac *mac)
{
    os_mask();
    if (mac->running)
        mac_write(mac, A_ETH_INT_MASK, CAUSES);
    os_unmask();
    return false;
}

/* Filters, address, counters. */

/* The hash filter's bit: the upper six bits of the address's reflected CRC-32 (datasheet 5). */
static unsigned multicast_bit(const uint8_t address[6])
{
    uint32_t crc = UINT32_MAX;
    for (int i = 0; i < 6; i++) {
        crc ^= address[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc >> 26;
}

void mac_multicast(struct mac *mac, const uint8_t address[6], bool join)
{
    uint8_t *users = &mac->multicast_users[multicast_bit(address)];
    if (join && *users < UINT8_MAX)
        (*users)++;
    else if (!join && *users > 0)
        (*users)--;
    multicast_write(mac);
}

void mac_address(const struct mac *mac, uint8_t address[6])
{
    uint32_t low = mac_read(mac, A_ETH_MAC_LO);
    uint32_t high = mac_read(mac, A_ETH_MAC_HI);
    for (int i = 0; i < 4; i++)
        address[i] = (uint8_t)(low >> (8 * i));
    address[4] = (uint8_t)high;
    address[5] = (uint8_t)(high >> 8);
}

void mac_statistics(const struct mac *mac,
                    void (*visit)(void *context, const char *name, uint32_t value), void *context)
{
    static const struct {
        const char *name;
        uint32_t offset;
    } registers[] = {
        {"tx_frames", A_ETH_STAT_TX_FRAMES},       {"tx_bytes", A_ETH_STAT_TX_BYTES},
        {"tx_errors", A_ETH_STAT_TX_ERRORS},       {"tx_nolink", A_ETH_STAT_TX_NOLINK},
        {"rx_frames", A_ETH_STAT_RX_FRAMES},       {"rx_bytes", A_ETH_STAT_RX_BYTES},
        {"rx_nobuf", A_ETH_STAT_RX_NOBUF},         {"rx_runt", A_ETH_STAT_RX_RUNT},
        {"rx_oversize", A_ETH_STAT_RX_OVERSIZE},   {"rx_filtered", A_ETH_STAT_RX_FILTERED},
        {"rx_multicast", A_ETH_STAT_RX_MULTICAST}, {"rx_broadcast", A_ETH_STAT_RX_BROADCAST},
        {"rx_csum_bad", A_ETH_STAT_RX_CSUM_BAD},   {"rx_dma", A_ETH_STAT_RX_DMA},
    };
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        visit(context, registers[i].name, mac_read(mac, registers[i].offset));
    for (size_t i = 0; i < MAC_COUNTERS; i++)
        visit(context, counter_names[i], mac->counters[i]);
}

/*
 * Driver of the sockbench Ethernet MAC: rings, interrupts, filters, counters.
 *
 * Nothing is copied. A frame to send is scattered over descriptors that point at the caller's
 * memory and is given back when the MAC has set DONE on its last one. Received frames lie in
 * buffers of this driver, which travel up the stack and come back by release().
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
#include "driver/eth.h"

#include <assert.h>
#include <errno.h>

#include "board/interrupt.h"
#include "board/regs.h"
#include "driver/eth_phy.h"
#include "driver/eth_ring.h"
#include "emulated_nic/regs/board.h"
#include "emulated_nic/regs/eth.h"
#include "port/os.h"

#define TX_RING 128u
#define RX_RING 256u
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
static_assert(TX_RING > NET_PARTS_MAX, "a frame fits the ring");

struct descriptor {
    volatile uint32_t address;
    volatile uint32_t control;
    volatile uint32_t result;
    uint32_t unused;
};
static_assert(sizeof(struct descriptor) == SB_ETH_DESC_BYTES, "as in the datasheet");

struct rx_buffer {
    struct net_buffer frame; /* first: release() gets this */
    uint8_t data[RX_DATA_BYTES];
};

/* Counters the MAC does not have. */
enum counter {
    TX_RING_FULL, /* send() refused: ring full */
    TX_REFUSED,   /* send() refused: parts or size */
    TX_LOST,      /* frames the MAC reported as not sent */
    TX_RESTARTS,  /* times the transmit engine was stuck */
    RX_BAD_FRAME, /* frames dropped: the MAC could not store them in one buffer */
    RX_NO_BUFFER, /* refills that found the pool empty */
    DMA_STOPPED,  /* times the engine stopped and was set up again */
    LINK_CHANGES,
    INTERRUPTS,
    COUNTERS,
};
static const char *const counter_names[COUNTERS] = {
    "tx_ring_full", "tx_refused",  "tx_lost",      "tx_restarts", "rx_bad_frame",
    "rx_no_buffer", "dma_stopped", "link_changes", "interrupts",
};

static struct {
    struct net_callbacks callbacks;
    struct net_capabilities capabilities;
    uint32_t counters[COUNTERS];
    bool linked;  /* between link() and unlink() */
    bool running; /* the engines are on and the rings are in use */
    bool link_up;

    uint32_t tx_first; /* oldest descriptor in use */
    uint32_t tx_next;  /* first unused one */
    void *tx_tokens[TX_RING];

    uint32_t rx_first; /* next one the MAC fills */
    uint32_t rx_next;  /* first one without a buffer */
    struct rx_buffer *rx_in_ring[RX_RING];
    struct net_buffer *rx_free;
    struct rx_buffer *rx_memory; /* buffers not yet used once */
    struct rx_buffer *rx_memory_end;

    uint8_t multicast_users[64]; /* listeners per bit of the hash filter */
} eth;

static struct descriptor tx_ring[TX_RING] __attribute__((aligned(16)));
static struct descriptor rx_ring[RX_RING] __attribute__((aligned(16)));

static uint32_t mac_read(uint32_t offset)
{
    return reg_read(SB_ETH_BASE, offset);
}

static void mac_write(uint32_t offset, uint32_t value)
{
    reg_write(SB_ETH_BASE, offset, value);
}

static void eth_interrupt(void)
{
    mac_write(A_ETH_INT_MASK, 0);
    eth.counters[INTERRUPTS]++;
    eth.callbacks.interrupt(eth.callbacks.context);
}

/* Receive. */

/* Give the MAC a buffer for every free place in the ring. With interrupts masked. */
static void rx_refill(void)
{
    uint32_t start = eth.rx_next;

    while (eth_ring_room(eth.rx_first, eth.rx_next, RX_RING) > 0) {
        struct rx_buffer *buffer = (struct rx_buffer *)eth.rx_free;
        if (buffer != NULL) {
            eth.rx_free = buffer->frame.next;
        } else if (eth.rx_memory < eth.rx_memory_end) {
            buffer = eth.rx_memory++;
        } else {
            eth.counters[RX_NO_BUFFER]++;
            break;
        }
        struct descriptor *descriptor = &rx_ring[eth.rx_next];
        eth.rx_in_ring[eth.rx_next] = buffer;
        descriptor->address = (uint32_t)(uintptr_t)&buffer->data[RX_HEADROOM];
        descriptor->control = RX_DATA_BYTES - RX_HEADROOM;
        descriptor->result = 0;
        eth.rx_next = eth_ring_after(eth.rx_next, 1, RX_RING);
    }
    if (eth.rx_next != start) {
        reg_barrier();
        mac_write(A_ETH_RX_TAIL, eth.rx_next);
    }
}

static void eth_release(struct net_buffer *buffer)
{
    os_mask();
    buffer->next = eth.rx_free;
    eth.rx_free = buffer;
    if (eth.running)
        rx_refill();
    os_unmask();
}

static struct net_buffer *eth_receive(void)
{
    for (;;) {
        os_mask();
        uint32_t index = eth.rx_first;
        uint32_t result = index != eth.rx_next ? rx_ring[index].result : 0;
        if ((result & SB_ETH_DONE) == 0) {
            os_unmask();
            return NULL;
        }
        struct net_buffer *frame = &eth.rx_in_ring[index]->frame;
        eth.rx_first = eth_ring_after(index, 1, RX_RING);
        os_unmask();
        reg_barrier();

        frame->data = &((struct rx_buffer *)frame)->data[RX_HEADROOM];
        frame->bytes = (uint16_t)(result & SB_ETH_DESC_LEN_MASK);
        frame->ip_checksum_good = (result & SB_ETH_RX_CSUM_IP_OK) != 0;
        frame->l4_checksum_good = (result & SB_ETH_RX_CSUM_L4_OK) != 0;
        bool whole = (result & SB_ETH_RX_FIRST) != 0 && (result & SB_ETH_RX_LAST) != 0;
        if (whole && (result & SB_ETH_RX_RES_ERROR) == 0 && frame->bytes != 0 &&
            frame->bytes <= RX_DATA_BYTES - RX_HEADROOM)
            return frame;
        eth.counters[RX_BAD_FRAME]++;
        eth_release(frame);
    }
}

/* Transmit. */

/* Give back the frames that were sent. Returns whether any are left. */
static bool tx_finish(void)
{
    for (;;) {
        os_mask();
        uint32_t index = eth.tx_first;
        bool left = index != eth.tx_next;
        uint32_t result = left ? tx_ring[index].result : 0;
        if ((result & SB_ETH_DONE) == 0) {
            os_unmask();
            return left;
        }
        bool last = (tx_ring[index].control & SB_ETH_TX_LAST) != 0;
        void *token = eth.tx_tokens[index];
        eth.tx_first = eth_ring_after(index, 1, TX_RING);
        if (last && (result & (SB_ETH_TX_RES_ERROR | SB_ETH_TX_RES_NOLINK)) != 0)
            eth.counters[TX_LOST]++;
        os_unmask();
        if (last)
            eth.callbacks.sent(eth.callbacks.context, token);
    }
}

/* A stuck engine goes on from where it is when it is disabled and enabled (datasheet 9). */
static void tx_restart(void)
{
    os_mask();
    uint32_t control = mac_read(A_ETH_CTRL);
    if ((control & FIELD_MASK(ETH_CTRL, TX_ENABLE)) != 0) {
        eth.counters[TX_RESTARTS]++;
        mac_write(A_ETH_CTRL, control & ~FIELD_MASK(ETH_CTRL, TX_ENABLE));
        mac_write(A_ETH_CTRL, control);
    }
    os_unmask();
}

static int eth_send(const struct net_part *parts, size_t count, uint32_t flags, void *token)
{
    size_t bytes = 0;
    uint32_t requests = SB_ETH_TX_LAST;

    for (size_t i = 0; i < count; i++)
        bytes += parts[i].bytes;
    if (count == 0 || count > NET_PARTS_MAX || bytes == 0 || bytes > FRAME_BYTES_MAX) {
        eth.counters[TX_REFUSED]++;
        return -EMSGSIZE;
    }
    if ((flags & NET_SEND_IP_CHECKSUM) != 0)
        requests |= SB_ETH_TX_CSUM_IP;
    if ((flags & NET_SEND_TCP_CHECKSUM) != 0)
        requests |= SB_ETH_TX_CSUM_L4;

    os_mask();
    if (!eth.running || !eth.link_up) {
        os_unmask();
        return -ENETDOWN;
    }
    if (eth_ring_room(eth.tx_first, eth.tx_next, TX_RING) < count) {
        eth.counters[TX_RING_FULL]++;
        os_unmask();
        return -EWOULDBLOCK;
    }
    for (size_t i = 0; i < count; i++) {
        struct descriptor *descriptor = &tx_ring[eth.tx_next];
        descriptor->address = (uint32_t)(uintptr_t)parts[i].data;
        descriptor->control = parts[i].bytes | (i == count - 1 ? requests : 0);
        descriptor->result = 0;
        eth.tx_tokens[eth.tx_next] = token;
        eth.tx_next = eth_ring_after(eth.tx_next, 1, TX_RING);
    }
    reg_barrier();
    mac_write(A_ETH_TX_TAIL, eth.tx_next);
    os_unmask();

    /* A frame that is still there when the engine will not start leaves with the next one. */
    for (unsigned tries = 0; tx_finish() && tries < TX_RESTARTS_MAX; tries++)
        tx_restart();
    return 0;
}

/* Set-up. */

static void rings_start(void)
{
    eth.tx_first = eth.tx_next = 0;
    eth.rx_first = eth.rx_next = 0;
    mac_write(A_ETH_TX_BASE, (uint32_t)(uintptr_t)tx_ring);
    mac_write(A_ETH_TX_SIZE, TX_RING);
    mac_write(A_ETH_RX_BASE, (uint32_t)(uintptr_t)rx_ring);
    mac_write(A_ETH_RX_SIZE, RX_RING);
}

/* Take back every buffer the MAC holds, after it was reset. */
static void rings_empty(void)
{
    while (eth.tx_first != eth.tx_next) {
        uint32_t index = eth.tx_first;
        eth.tx_first = eth_ring_after(index, 1, TX_RING);
        if ((tx_ring[index].control & SB_ETH_TX_LAST) != 0) {
            eth.counters[TX_LOST]++;
            eth.callbacks.sent(eth.callbacks.context, eth.tx_tokens[index]);
        }
    }
    os_mask();
    while (eth.rx_first != eth.rx_next) {
        struct net_buffer *frame = &eth.rx_in_ring[eth.rx_first]->frame;
        eth.rx_first = eth_ring_after(eth.rx_first, 1, RX_RING);
        frame->next = eth.rx_free;
        eth.rx_free = frame;
    }
    os_unmask();
}

static void multicast_write(void)
{
    uint32_t low = 0;
    uint32_t high = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        low |= eth.multicast_users[bit] != 0 ? 1u << bit : 0;
        high |= eth.multicast_users[32 + bit] != 0 ? 1u << bit : 0;
    }
    mac_write(A_ETH_MCAST_LO, low);
    mac_write(A_ETH_MCAST_HI, high);
}

/* Enable both engines with empty rings. */
static void mac_start(void)
{
    rings_start();
    multicast_write();
    mac_write(A_ETH_MAX_FRAME, FRAME_BYTES_MAX);
    uint32_t control = FIELD_MASK(ETH_CTRL, TX_ENABLE) | FIELD_MASK(ETH_CTRL, RX_ENABLE);
    if (eth.capabilities.rx_checksum)
        control |= FIELD_MASK(ETH_CTRL, RX_CSUM);
    mac_write(A_ETH_CTRL, control);
    os_mask();
    rx_refill();
    eth.running = true;
    os_unmask();
}

/* Disable both engines and take everything back. */
static void mac_stop(void)
{
    os_mask();
    eth.running = false;
    mac_write(A_ETH_INT_MASK, 0);
    mac_write(A_ETH_CTRL, 0);
    os_unmask();
    rings_empty();
}

static int eth_init(const struct net_callbacks *callbacks, uint8_t *rx_memory, size_t rx_bytes)
{
    if (mac_read(A_ETH_ID) != SB_ETH_ID_VALUE)
        return -ENODEV;
    mac_write(A_ETH_CTRL, FIELD_MASK(ETH_CTRL, RESET));
    uint32_t caps = mac_read(A_ETH_CAPS);
    if (FIELD_GET(caps, ETH_CAPS, SCATTER) == 0)
        return -ENODEV;
    eth.callbacks = *callbacks;
    eth.capabilities.rx_checksum = FIELD_GET(caps, ETH_CAPS, RX_CSUM) != 0;
    eth.capabilities.tx_checksum_ip = FIELD_GET(caps, ETH_CAPS, TX_CSUM) != 0;
    eth.capabilities.tx_checksum_tcp = FIELD_GET(caps, ETH_CAPS, TX_CSUM) != 0;
    eth.rx_memory = (struct rx_buffer *)(void *)rx_memory;
    eth.rx_memory_end = eth.rx_memory + rx_bytes / sizeof(struct rx_buffer);
    interrupt_enable(SB_ETH_IRQ, eth_interrupt);
    return 0;
}

static void link_notice(void)
{
    bool up = eth_phy_link_up();
    if (up != eth.link_up) {
        eth.link_up = up;
        eth.counters[LINK_CHANGES]++;
        eth.callbacks.link_changed(eth.callbacks.context, up);
    }
}

static int eth_link(void)
{
    if (eth.linked)
        return 0;
    if (!eth_phy_start()) {
        /* Only a reset ends a stuck MDIO access (datasheet 9); it costs the MAC its counters. */
        mac_write(A_ETH_CTRL, FIELD_MASK(ETH_CTRL, RESET));
        if (!eth_phy_start())
            return -ENODEV;
    }
    mac_start();
    eth.linked = true;
    mac_write(A_ETH_INT_STATUS, UINT32_MAX);
    link_notice();
    mac_write(A_ETH_INT_MASK, CAUSES);
    return 0;
}

static int eth_unlink(void)
{
    if (!eth.linked)
        return 0;
    eth.linked = false;
    mac_stop();
    eth_phy_stop();
    link_notice();
    return 0;
}

/* Interrupt work. */

static void eth_service(void)
{
    uint32_t causes = mac_read(A_ETH_INT_STATUS);
    mac_write(A_ETH_INT_STATUS, causes);

    if ((causes & FIELD_MASK(ETH_INT_STATUS, LINK_CHANGE)) != 0 && eth.linked)
        link_notice();
    if ((causes & FIELD_MASK(ETH_INT_STATUS, DMA_ERROR)) != 0 && eth.linked) {
        eth.counters[DMA_STOPPED]++;
        mac_stop();
        mac_start();
    }
}

/*
 * What came after service() acknowledged the causes is in the status register again and interrupts
 * as soon as the mask lets it (datasheet 10), so nothing can be missed here.
 */
static bool eth_rearm(void)
{
    os_mask();
    if (eth.running)
        mac_write(A_ETH_INT_MASK, CAUSES);
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

static void eth_multicast(const uint8_t address[6], bool join)
{
    uint8_t *users = &eth.multicast_users[multicast_bit(address)];
    if (join && *users < UINT8_MAX)
        (*users)++;
    else if (!join && *users > 0)
        (*users)--;
    multicast_write();
}

static void eth_address(uint8_t mac[6])
{
    uint32_t low = mac_read(A_ETH_MAC_LO);
    uint32_t high = mac_read(A_ETH_MAC_HI);
    for (int i = 0; i < 4; i++)
        mac[i] = (uint8_t)(low >> (8 * i));
    mac[4] = (uint8_t)high;
    mac[5] = (uint8_t)(high >> 8);
}

static struct net_capabilities eth_capabilities(void)
{
    return eth.capabilities;
}

static void eth_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                           void *context)
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
        visit(context, registers[i].name, mac_read(registers[i].offset));
    for (size_t i = 0; i < COUNTERS; i++)
        visit(context, counter_names[i], eth.counters[i]);
}

const struct net_driver eth_driver = {
    .name = "eth",
    .init = eth_init,
    .link = eth_link,
    .unlink = eth_unlink,
    .send = eth_send,
    .service = eth_service,
    .receive = eth_receive,
    .release = eth_release,
    .rearm = eth_rearm,
    .multicast = eth_multicast,
    .address = eth_address,
    .capabilities = eth_capabilities,
    .statistics = eth_statistics,
};

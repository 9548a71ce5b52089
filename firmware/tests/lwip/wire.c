/*
 * The test's network interface (wire.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_port.h"
#include "lwip/inet_chksum.h"
#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/memp.h"
#include "lwip/netif.h"
#include "lwip/stats.h"
#include "lwip/timeouts.h"

#define PACKETS_MAX 512
#define PACKET_BYTES 1500
#define IP_BYTES 20
#define TCP_BYTES 20
#define UDP_BYTES 8

static struct netif wire;
static uint8_t packets[PACKETS_MAX][PACKET_BYTES];
static size_t lengths[PACKETS_MAX];
static size_t packet_count;
static int lock_depth;

u32_t sys_now(void)
{
    return (u32_t)(fake_port.now_ns() / MS);
}

static void fail(const char *why)
{
    fprintf(stderr, "wire: %s\n", why);
    abort();
}

void wire_lock(void)
{
    if (lock_depth != 0)
        fail("lwIP's lock is not recursive");
    lock_depth++;
}

void wire_unlock(void)
{
    lock_depth--;
}

bool wire_is_locked(void)
{
    return lock_depth != 0;
}

static err_t keep(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    (void)netif;
    (void)to;
    if (packet_count == PACKETS_MAX)
        fail("too many packets");
    lengths[packet_count] = pbuf_copy_partial(p, packets[packet_count], PACKET_BYTES, 0);
    packet_count++;
    return ERR_OK;
}

static err_t start_interface(struct netif *netif)
{
    netif->name[0] = 'w';
    netif->name[1] = 'i';
    netif->mtu = PACKET_BYTES;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_LINK_UP;
    netif->output = keep;
    /* What the test injects has checksums only where a test is about them. */
    NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_CHECK_TCP &
                                       ~NETIF_CHECKSUM_CHECK_UDP & ~NETIF_CHECKSUM_CHECK_IP);
    return ERR_OK;
}

void wire_start(void)
{
    static bool started;
    ip4_addr_t ip;
    ip4_addr_t mask;
    ip4_addr_t none;
    if (!started) {
        started = true;
        lwip_init();
        IP4_ADDR(&ip, 10, 0, 0, 1);
        IP4_ADDR(&mask, 255, 255, 255, 0);
        ip4_addr_set_zero(&none);
        netif_add(&wire, &ip, &mask, &none, NULL, start_interface, ip_input);
        netif_set_default(&wire);
        netif_set_up(&wire);
    }
    wire_set_address(1);
    wire_set_link(true);
    wire_clear();
}

void wire_set_address(uint8_t last_octet)
{
    ip4_addr_t ip;
    IP4_ADDR(&ip, 10, 0, 0, last_octet);
    netif_set_ipaddr(&wire, &ip);
}

void wire_set_link(bool up)
{
    if (up)
        netif_set_link_up(&wire);
    else
        netif_set_link_down(&wire);
}

void wire_clear(void)
{
    packet_count = 0;
}

size_t wire_count(void)
{
    return packet_count;
}

static uint32_t read32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write32(uint8_t *bytes, uint32_t number)
{
    bytes[0] = (uint8_t)(number >> 24);
    bytes[1] = (uint8_t)(number >> 16);
    bytes[2] = (uint8_t)(number >> 8);
    bytes[3] = (uint8_t)number;
}

static void write16(uint8_t *bytes, uint16_t number)
{
    bytes[0] = (uint8_t)(number >> 8);
    bytes[1] = (uint8_t)number;
}

struct wire_packet wire_at(size_t i)
{
    if (i >= packet_count)
        fail("no such packet");
    const uint8_t *bytes = packets[i];
    const uint8_t *inner = bytes + IP_BYTES;
    struct wire_packet packet = {
        .from = read32(bytes + 12),
        .to = read32(bytes + 16),
        .protocol = bytes[9],
        .from_port = read16(inner),
        .to_port = read16(inner + 2),
    };
    size_t header = UDP_BYTES;
    if (packet.protocol == IP_PROTO_TCP) {
        packet.sequence = read32(inner + 4);
        packet.acknowledgement = read32(inner + 8);
        packet.flags = inner[13] & 0x3f;
        packet.window = read16(inner + 14);
        header = (size_t)(inner[12] >> 4) * 4;
    }
    packet.data = inner + header;
    packet.bytes = lengths[i] - IP_BYTES - header;
    return packet;
}

bool wire_saw(uint8_t flags)
{
    for (size_t i = 0; i < packet_count; i++) {
        struct wire_packet packet = wire_at(i);
        if (packet.protocol == IP_PROTO_TCP && (packet.flags & flags) == flags)
            return true;
    }
    return false;
}

struct wire_packet wire_last(uint8_t flags)
{
    for (size_t i = packet_count; i > 0; i--) {
        struct wire_packet packet = wire_at(i - 1);
        if (packet.protocol == IP_PROTO_TCP && (packet.flags & flags) == flags)
            return packet;
    }
    fail("no packet with these flags was sent");
    return wire_at(0);
}

static void inject(uint32_t from, uint32_t to, uint8_t protocol, const uint8_t *content,
                   size_t bytes)
{
    uint8_t header[IP_BYTES] = {0x45, [8] = 64, [9] = protocol};
    write16(header + 2, (uint16_t)(IP_BYTES + bytes));
    write32(header + 12, from);
    write32(header + 16, to);
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)(IP_BYTES + bytes), PBUF_RAM);
    if (p == NULL)
        fail("no memory for a packet");
    pbuf_take(p, header, IP_BYTES);
    pbuf_take_at(p, content, (u16_t)bytes, IP_BYTES);
    if (wire.input(p, &wire) != ERR_OK)
        pbuf_free(p);
}

void wire_tcp(uint16_t from_port, uint16_t to_port, uint32_t sequence, uint32_t acknowledgement,
              uint8_t flags, uint16_t window, const void *data, size_t bytes)
{
    uint8_t segment[PACKET_BYTES] = {[12] = TCP_BYTES / 4 << 4, [13] = flags};
    write16(segment, from_port);
    write16(segment + 2, to_port);
    write32(segment + 4, sequence);
    write32(segment + 8, acknowledgement);
    write16(segment + 14, window);
    if (bytes > 0)
        memcpy(segment + TCP_BYTES, data, bytes);
    inject(WIRE_PEER, WIRE_DEVICE, IP_PROTO_TCP, segment, TCP_BYTES + bytes);
}

static void inject_udp(uint32_t from, uint32_t to, uint16_t from_port, uint16_t to_port,
                       const void *data, size_t bytes)
{
    uint8_t datagram[PACKET_BYTES] = {0};
    write16(datagram, from_port);
    write16(datagram + 2, to_port);
    write16(datagram + 4, (uint16_t)(UDP_BYTES + bytes));
    if (bytes > 0)
        memcpy(datagram + UDP_BYTES, data, bytes);
    inject(from, to, IP_PROTO_UDP, datagram, UDP_BYTES + bytes);
}

void wire_udp(uint32_t from, uint16_t from_port, uint16_t to_port, const void *data, size_t bytes)
{
    inject_udp(from, WIRE_DEVICE, from_port, to_port, data, bytes);
}

void wire_broadcast(uint16_t from_port, uint16_t to_port, const void *data, size_t bytes)
{
    inject_udp(WIRE_PEER, WIRE_BROADCAST, from_port, to_port, data, bytes);
}

void wire_unreachable(size_t i, uint8_t code, uint32_t skew)
{
    uint8_t message[8 + IP_BYTES + 8] = {3, code};
    memcpy(message + 8, packets[i], IP_BYTES + 8);
    write32(message + 8 + IP_BYTES + 4, read32(packets[i] + IP_BYTES + 4) + skew);
    uint16_t sum = inet_chksum(message, sizeof message);
    memcpy(message + 2, &sum, sizeof sum);
    inject(WIRE_PEER, WIRE_DEVICE, IP_PROTO_ICMP, message, sizeof message);
}

int64_t wire_due_ns(void)
{
    struct netif *netif;
    NETIF_FOREACH (netif) {
        if (netif->loop_first != NULL)
            return fake_port.now_ns();
    }
    u32_t sleep_ms = sys_timeouts_sleeptime();
    if (sleep_ms == SYS_TIMEOUTS_SLEEPTIME_INFINITE)
        return SOCK_DEADLINE_NEVER;
    return (fake_port.now_ns() / MS + sleep_ms) * MS;
}

void wire_run(void)
{
    netif_poll_all();
    sys_check_timeouts();
}

size_t wire_heap_used(void)
{
    return lwip_stats.mem.used;
}

size_t wire_tcp_blocks(void)
{
    return lwip_stats.memp[MEMP_TCP_PCB]->used;
}

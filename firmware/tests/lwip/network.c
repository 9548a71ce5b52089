/*
 * The module on the real lwIP (network.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "network.h"

#include "port/lwip_provider.h"

/* Long enough for every connection to leave TIME_WAIT and every timer to stop. */
#define DRAIN_NS (300000 * MS)

static size_t heap_at_start;
static int64_t clock_ns = 1000 * MS; /* lwIP's timers run on from test to test */

void run_for(int64_t ns)
{
    fake_sleep_until(fake_port.now_ns() + ns);
}

struct sock *connect_to(struct peer *peer)
{
    struct sock *self = new_tcp();
    CALL("settimeout", self, INT(0));
    CALL("connect", self, TUPLE(STR("10.0.0.2"), INT(80)));
    expect_io_error(SOCK_EINPROGRESS);
    struct wire_packet syn = wire_last(WIRE_SYN);
    *peer = (struct peer){80, syn.from_port, 1000, syn.sequence + 1};
    wire_tcp(80, peer->device_port, peer->sequence++, peer->acknowledgement, WIRE_SYN | WIRE_ACK,
             PEER_WINDOW, NULL, 0);
    CALL("settimeout", self, NONE);
    wire_clear();
    return self;
}

void client_connects(struct peer *peer, uint16_t port, uint16_t device_port)
{
    *peer = (struct peer){port, device_port, 5000, 0};
    wire_clear();
    wire_tcp(port, device_port, peer->sequence++, 0, WIRE_SYN, PEER_WINDOW, NULL, 0);
    if (!wire_saw(WIRE_SYN | WIRE_ACK))
        return;
    peer->acknowledgement = wire_last(WIRE_SYN | WIRE_ACK).sequence + 1;
    peer_acknowledges(peer, PEER_WINDOW);
}

void peer_sends(struct peer *peer, const char *text)
{
    wire_tcp(peer->port, peer->device_port, peer->sequence, peer->acknowledgement,
             WIRE_ACK | WIRE_PSH, PEER_WINDOW, text, strlen(text));
    peer->sequence += (uint32_t)strlen(text);
}

void peer_acknowledges(struct peer *peer, uint16_t window)
{
    for (size_t i = 0; i < wire_count(); i++) {
        struct wire_packet packet = wire_at(i);
        if (packet.protocol == 6 && packet.to_port == peer->port &&
            packet.sequence == peer->acknowledgement)
            peer->acknowledgement +=
                (uint32_t)packet.bytes + ((packet.flags & WIRE_FIN) != 0 ? 1 : 0);
    }
    wire_tcp(peer->port, peer->device_port, peer->sequence, peer->acknowledgement, WIRE_ACK, window,
             NULL, 0);
}

void peer_finishes(struct peer *peer)
{
    wire_tcp(peer->port, peer->device_port, peer->sequence++, peer->acknowledgement,
             WIRE_FIN | WIRE_ACK, PEER_WINDOW, NULL, 0);
}

void peer_resets(struct peer *peer)
{
    wire_tcp(peer->port, peer->device_port, peer->sequence, peer->acknowledgement,
             WIRE_RST | WIRE_ACK, 0, NULL, 0);
}

int network_setup(void **state)
{
    (void)state;
    memset(&result, 0, sizeof result);
    fake_port_reset(clock_ns);
    wire_start();
    fake_set_pump(wire_due_ns, wire_run);
    sock_module_init(&fake_port, &lwip_provider);
    release(new_udp()); /* lwIP's provider makes its own sockets with the first */
    heap_at_start = wire_heap_used();
    assert_int_equal(wire_tcp_blocks(), 0);
    return 0;
}

int network_teardown(void **state)
{
    (void)state;
    sock_result_release(&result);
    assert_int_equal(fake_blocks(), 0);
    assert_false(wire_is_locked());
    wire_clear();
    fake_sleep_until(fake_port.now_ns() + DRAIN_NS);
    assert_int_equal(wire_heap_used(), heap_at_start);
    assert_int_equal(wire_tcp_blocks(), 0);
    clock_ns = fake_port.now_ns();
    return 0;
}

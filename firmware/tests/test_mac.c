/*
 * The MAC's driver on fake registers: two instances beside each other, frames in and out, a stuck
 * engine, a ring that broke, buffers that come back late.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The size of its buffers is its own. */
#include "driver/mac.c" // NOLINT

#define MACS 2
#define BASE(number) (0x1000u * ((number) + 1))
#define BUFFERS (MAC_RX_RING + 3)

static struct mac macs[MACS];
static uint32_t registers[MACS][0x200 / 4];
static uint8_t *memory[MACS];
static bool stuck; /* the transmitter takes nothing until it is enabled anew */
static unsigned sent[MACS], interrupts[MACS], link_calls[MACS];
static void *last_token;
static bool last_link;

#define REGISTER(number, offset) registers[number][(offset) / 4]

uint32_t reg_read(uint32_t base, uint32_t offset)
{
    return REGISTER(base / 0x1000 - 1, offset);
}

/* The controller sends within the write of the doorbell, or of the bit that enables it. */
static void transmit(unsigned number)
{
    uint32_t head = REGISTER(number, A_ETH_TX_HEAD);
    while (!stuck && head != REGISTER(number, A_ETH_TX_TAIL)) {
        macs[number].tx_ring[head].result = SB_ETH_DONE;
        head = mac_ring_after(head, 1, MAC_TX_RING);
    }
    REGISTER(number, A_ETH_TX_HEAD) = head;
}

void reg_write(uint32_t base, uint32_t offset, uint32_t value)
{
    unsigned number = base / 0x1000 - 1;
    if (offset == A_ETH_INT_STATUS) {
        REGISTER(number, offset) &= ~value;
        return;
    }
    if (offset == A_ETH_CTRL && (value & FIELD_MASK(ETH_CTRL, RESET)) != 0)
        value = 0;
    REGISTER(number, offset) = value;
    if (offset == A_ETH_TX_SIZE)
        REGISTER(number, A_ETH_TX_HEAD) = REGISTER(number, A_ETH_TX_TAIL) = 0;
    if (offset == A_ETH_CTRL && (value & FIELD_MASK(ETH_CTRL, TX_ENABLE)) == 0)
        stuck = false;
    if (offset == A_ETH_TX_TAIL || offset == A_ETH_CTRL)
        transmit(number);
}

void interrupt_enable(unsigned number, interrupt_handler handler)
{
    (void)number, (void)handler;
}

void os_mask(void)
{
}

void os_unmask(void)
{
}

static unsigned number_of(void *context)
{
    return (unsigned)((struct mac *)context - macs);
}

static void on_interrupt(void *context)
{
    interrupts[number_of(context)]++;
}

static void on_sent(void *context, void *token)
{
    sent[number_of(context)]++;
    last_token = token;
}

static void on_link(void *context, bool up)
{
    link_calls[number_of(context)]++;
    last_link = up;
}

/* A frame of that many bytes arrives in the next descriptor. */
static void arrive(unsigned number, uint32_t bits)
{
    struct mac *mac = &macs[number];
    assert_true(mac->rx_first != mac->rx_next);
    uint32_t head = REGISTER(number, A_ETH_RX_HEAD);
    mac->rx_ring[head].result = SB_ETH_DONE | bits;
    REGISTER(number, A_ETH_RX_HEAD) = mac_ring_after(head, 1, MAC_RX_RING);
}

static uint32_t given(unsigned number)
{
    return mac_ring_distance(REGISTER(number, A_ETH_RX_HEAD), REGISTER(number, A_ETH_RX_TAIL),
                             MAC_RX_RING);
}

static int setup(void **state)
{
    (void)state;
    memset(macs, 0, sizeof macs);
    memset(registers, 0, sizeof registers);
    memset(sent, 0, sizeof sent);
    memset(interrupts, 0, sizeof interrupts);
    memset(link_calls, 0, sizeof link_calls);
    stuck = false;
    for (unsigned i = 0; i < MACS; i++) {
        const struct net_callbacks callbacks = {&macs[i], on_interrupt, on_sent, on_link};
        size_t bytes = BUFFERS * sizeof(struct mac_buffer);
        memory[i] = malloc(bytes);
        REGISTER(i, A_ETH_ID) = SB_ETH_ID_VALUE;
        REGISTER(i, A_ETH_CAPS) = FIELD_MASK(ETH_CAPS, SCATTER) | FIELD_MASK(ETH_CAPS, RX_CSUM);
        macs[i].base = BASE(i);
        assert_int_equal(mac_init(&macs[i], &callbacks, memory[i], bytes), 0);
        mac_start(&macs[i]);
        mac_set_link(&macs[i], true);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACS; i++)
        free(memory[i]);
    return 0;
}

static const uint32_t whole = SB_ETH_RX_FIRST | SB_ETH_RX_LAST;
static const struct net_part part = {"frame", 60};

static void test_what_is_no_mac_is_refused(void **state)
{
    (void)state;
    REGISTER(0, A_ETH_ID) = 0;
    assert_int_equal(mac_init(&macs[0], &macs[0].callbacks, memory[0], 0), -ENODEV);
    REGISTER(0, A_ETH_ID) = SB_ETH_ID_VALUE;
    REGISTER(0, A_ETH_CAPS) = 0;
    assert_int_equal(mac_init(&macs[0], &macs[0].callbacks, memory[0], 0), -ENODEV);
}

static void test_one_instance_leaves_the_other_alone(void **state)
{
    int token;
    (void)state;
    assert_int_equal(mac_send(&macs[0], &part, 1, 0, &token), 0);
    assert_int_equal(sent[0], 1);
    assert_ptr_equal(last_token, &token);
    assert_int_equal(sent[1], 0);
    arrive(1, whole | 100);
    assert_null(mac_receive(&macs[0]));
    struct net_buffer *frame = mac_receive(&macs[1]);
    assert_non_null(frame);
    assert_int_equal(frame->bytes, 100);
    mac_release(&macs[1], frame);
    mac_set_link(&macs[0], false);
    assert_int_equal(mac_send(&macs[0], &part, 1, 0, &token), -ENETDOWN);
    assert_int_equal(mac_send(&macs[1], &part, 1, 0, &token), 0);
    mac_stop(&macs[0]);
    assert_int_equal(given(1), MAC_RX_RING - 1);
    mac_interrupt(&macs[1]);
    assert_int_equal(interrupts[0], 0);
    assert_int_equal(interrupts[1], 1);
}

static void test_a_frame_of_parts_is_ended_by_its_last(void **state)
{
    const struct net_part parts[] = {{"a", 14}, {"b", 20}, {"c", 1000}};
    (void)state;
    assert_int_equal(mac_send(&macs[0], parts, 3, NET_SEND_IP_CHECKSUM, NULL), 0);
    assert_int_equal(macs[0].tx_ring[0].control, 14);
    assert_int_equal(macs[0].tx_ring[1].control, 20);
    assert_int_equal(macs[0].tx_ring[2].control, 1000 | SB_ETH_TX_LAST | SB_ETH_TX_CSUM_IP);
    assert_int_equal(sent[0], 1);
    assert_int_equal(mac_send(&macs[0], parts, 0, 0, NULL), -EMSGSIZE);
    const struct net_part long_one = {"d", FRAME_BYTES_MAX + 1};
    assert_int_equal(mac_send(&macs[0], &long_one, 1, 0, NULL), -EMSGSIZE);
    const struct net_part longest = {"d", FRAME_BYTES_MAX};
    assert_int_equal(mac_send(&macs[0], &longest, 1, 0, NULL), 0);
}

static void test_a_stuck_transmitter_is_restarted(void **state)
{
    (void)state;
    stuck = true;
    assert_int_equal(mac_send(&macs[0], &part, 1, 0, NULL), 0);
    assert_int_equal(sent[0], 1);
    assert_int_equal(macs[0].counters[MAC_TX_RESTARTS], 1);
}

static void test_frames_not_sent_come_back_when_it_stops(void **state)
{
    (void)state;
    /* Nothing enables it: the frames stay. */
    REGISTER(0, A_ETH_CTRL) = 0;
    stuck = true;
    for (unsigned i = 0; i < MAC_TX_RING - 1; i++) {
        assert_int_equal(mac_send(&macs[0], &part, 1, 0, NULL), 0);
        assert_int_equal(sent[0], 0);
    }
    assert_int_equal(mac_send(&macs[0], &part, 1, 0, NULL), -EWOULDBLOCK);
    assert_int_equal(macs[0].counters[MAC_TX_RING_FULL], 1);
    mac_stop(&macs[0]);
    assert_int_equal(sent[0], MAC_TX_RING - 1);
    assert_int_equal(macs[0].counters[MAC_TX_LOST], MAC_TX_RING - 1);
    assert_int_equal(mac_send(&macs[0], &part, 1, 0, NULL), -ENETDOWN);
}

static void test_what_is_no_whole_frame_is_dropped_and_its_buffer_used_again(void **state)
{
    static const uint32_t bad[] = {
        SB_ETH_RX_FIRST | 100, SB_ETH_RX_LAST | 100, SB_ETH_RX_FIRST | SB_ETH_RX_LAST,
        SB_ETH_RX_FIRST | SB_ETH_RX_LAST | SB_ETH_RX_RES_ERROR | 100,
        SB_ETH_RX_FIRST | SB_ETH_RX_LAST | (RX_DATA_BYTES - RX_HEADROOM + 1)};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        arrive(0, bad[i]);
    arrive(0, whole | (RX_DATA_BYTES - RX_HEADROOM));
    struct net_buffer *frame = mac_receive(&macs[0]);
    assert_non_null(frame);
    mac_release(&macs[0], frame);
    assert_int_equal(macs[0].counters[MAC_RX_BAD_FRAME], 5);
    assert_int_equal(given(0), MAC_RX_RING - 1);
}

static void test_an_empty_pool_is_refilled_by_release(void **state)
{
    struct net_buffer *held[BUFFERS];
    (void)state;
    for (unsigned i = 0; i < BUFFERS; i++) {
        arrive(0, whole | 60);
        held[i] = mac_receive(&macs[0]);
        assert_non_null(held[i]);
        /* What the thread would do after each: nothing refills but a release. */
        os_mask();
        rx_refill(&macs[0]);
        os_unmask();
    }
    assert_int_equal(given(0), 0);
    assert_true(macs[0].counters[MAC_RX_NO_BUFFER] > 0);
    for (unsigned i = 0; i < BUFFERS; i++)
        mac_release(&macs[0], held[i]);
    assert_int_equal(given(0), MAC_RX_RING - 1);
}

static void test_buffers_given_back_while_it_stands_are_not_lost(void **state)
{
    (void)state;
    arrive(0, whole | 60);
    struct net_buffer *frame = mac_receive(&macs[0]);
    mac_stop(&macs[0]);
    mac_release(&macs[0], frame);
    REGISTER(0, A_ETH_RX_HEAD) = 0;
    mac_start(&macs[0]);
    assert_int_equal(given(0), MAC_RX_RING - 1);
}

static void test_a_broken_ring_is_set_up_anew(void **state)
{
    (void)state;
    REGISTER(0, A_ETH_INT_STATUS) =
        FIELD_MASK(ETH_INT_STATUS, DMA_ERROR) | FIELD_MASK(ETH_INT_STATUS, LINK_CHANGE);
    REGISTER(0, A_ETH_CTRL) = 0;
    assert_true(mac_service(&macs[0]));
    assert_int_equal(REGISTER(0, A_ETH_INT_STATUS), 0);
    assert_int_equal(macs[0].counters[MAC_DMA_STOPPED], 1);
    assert_true((REGISTER(0, A_ETH_CTRL) & FIELD_MASK(ETH_CTRL, TX_ENABLE)) != 0);
    assert_false(mac_service(&macs[0]));
    mac_stop(&macs[0]);
    REGISTER(0, A_ETH_INT_STATUS) = FIELD_MASK(ETH_INT_STATUS, DMA_ERROR);
    mac_service(&macs[0]);
    assert_int_equal(REGISTER(0, A_ETH_CTRL), 0); /* nothing starts what was stopped */
}

static void test_only_a_change_of_the_link_is_told(void **state)
{
    (void)state;
    assert_int_equal(link_calls[0], 1);
    mac_set_link(&macs[0], true);
    assert_int_equal(link_calls[0], 1);
    mac_set_link(&macs[0], false);
    assert_int_equal(link_calls[0], 2);
    assert_false(last_link);
    REGISTER(0, A_ETH_STATUS) = FIELD_MASK(ETH_STATUS, LINK_UP);
    assert_true(mac_link_up(&macs[0]));
}

static void test_interrupts_are_masked_until_the_work_is_done(void **state)
{
    (void)state;
    assert_false(mac_rearm(&macs[0]));
    assert_int_not_equal(REGISTER(0, A_ETH_INT_MASK), 0);
    mac_interrupt(&macs[0]);
    assert_int_equal(REGISTER(0, A_ETH_INT_MASK), 0);
    mac_stop(&macs[0]);
    mac_rearm(&macs[0]);
    assert_int_equal(REGISTER(0, A_ETH_INT_MASK), 0);
}

static void test_a_group_is_heard_as_long_as_anybody_wants_it(void **state)
{
    static const uint8_t all_systems[] = {0x01, 0x00, 0x5e, 0, 0, 1}; /* bit 9 (datasheet 5) */
    static const uint8_t all_nodes[] = {0x33, 0x33, 0, 0, 0, 1};      /* bit 40 */
    (void)state;
    mac_multicast(&macs[0], all_systems, true);
    mac_multicast(&macs[0], all_systems, true);
    mac_multicast(&macs[0], all_nodes, true);
    assert_int_equal(REGISTER(0, A_ETH_MCAST_LO), 1u << 9);
    assert_int_equal(REGISTER(0, A_ETH_MCAST_HI), 1u << (40 - 32));
    mac_multicast(&macs[0], all_systems, false);
    assert_int_equal(REGISTER(0, A_ETH_MCAST_LO), 1u << 9);
    mac_multicast(&macs[0], all_systems, false);
    mac_multicast(&macs[0], all_systems, false);
    assert_int_equal(REGISTER(0, A_ETH_MCAST_LO), 0);
    assert_int_equal(REGISTER(1, A_ETH_MCAST_HI), 0);
}

#define MAC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAC_TEST(test_what_is_no_mac_is_refused),
        MAC_TEST(test_one_instance_leaves_the_other_alone),
        MAC_TEST(test_a_frame_of_parts_is_ended_by_its_last),
        MAC_TEST(test_a_stuck_transmitter_is_restarted),
        MAC_TEST(test_frames_not_sent_come_back_when_it_stops),
        MAC_TEST(test_what_is_no_whole_frame_is_dropped_and_its_buffer_used_again),
        MAC_TEST(test_an_empty_pool_is_refilled_by_release),
        MAC_TEST(test_buffers_given_back_while_it_stands_are_not_lost),
        MAC_TEST(test_a_broken_ring_is_set_up_anew),
        MAC_TEST(test_only_a_change_of_the_link_is_told),
        MAC_TEST(test_interrupts_are_masked_until_the_work_is_done),
        MAC_TEST(test_a_group_is_heard_as_long_as_anybody_wants_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

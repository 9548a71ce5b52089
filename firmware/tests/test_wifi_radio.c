/*
 * The wifi controller's radio on fake registers: commands, their deadline, the ring of events.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* The memory that the controller writes to is the driver's own. */
#include "driver/wifi_radio.c" // NOLINT

static uint32_t registers[0x200 / 4];
static unsigned doorbells;

#define REGISTER(offset) registers[(offset) / 4]

uint32_t reg_read(uint32_t base, uint32_t offset)
{
    assert_int_equal(base, SB_WIFI_BASE + SB_WIFI_RADIO);
    assert_true(offset < sizeof registers && offset % 4 == 0);
    return REGISTER(offset);
}

/* A ring that is described anew is empty; a command makes the radio busy. */
void reg_write(uint32_t base, uint32_t offset, uint32_t value)
{
    assert_int_equal(base, SB_WIFI_BASE + SB_WIFI_RADIO);
    assert_true(offset < sizeof registers && offset % 4 == 0);
    if (offset == A_WIFI_INT_STATUS) {
        REGISTER(offset) &= ~value;
        return;
    }
    REGISTER(offset) = value;
    if (offset == A_WIFI_EVT_SIZE)
        REGISTER(A_WIFI_EVT_HEAD) = REGISTER(A_WIFI_EVT_TAIL) = 0;
    if (offset == A_WIFI_CMD) {
        doorbells++;
        REGISTER(A_WIFI_STATUS) |= FIELD_MASK(WIFI_STATUS, BUSY);
    }
}

static void end_command(uint32_t result, uint32_t response)
{
    REGISTER(A_WIFI_STATUS) = 0;
    REGISTER(A_WIFI_RESULT) = result | FIELD_GET(REGISTER(A_WIFI_CMD), WIFI_CMD, SEQUENCE)
                                           << R_WIFI_RESULT_SEQUENCE_SHIFT;
    REGISTER(A_WIFI_RSP_BYTES) = response;
}

static int setup(void **state)
{
    (void)state;
    memset(registers, 0, sizeof registers);
    memset(&radio, 0, sizeof radio);
    doorbells = 0;
    wifi_radio_reset();
    return 0;
}

static void test_it_is_known_by_its_id(void **state)
{
    (void)state;
    assert_false(wifi_radio_is_there());
    REGISTER(A_WIFI_ID) = SB_WIFI_ID_VALUE;
    assert_true(wifi_radio_is_there());
}

static void test_a_command_ends_once(void **state)
{
    const uint8_t parameters[] = {1, 2, 3, 4};
    uint32_t result = 99;
    size_t bytes;
    (void)state;
    assert_int_equal(wifi_radio_poll(0, &result), WIFI_RADIO_IDLE);
    wifi_radio_command(WIFI_CMD_SCAN, parameters, sizeof parameters, 1000);
    assert_int_equal(doorbells, 1);
    assert_int_equal(FIELD_GET(REGISTER(A_WIFI_CMD), WIFI_CMD, OPCODE), WIFI_CMD_SCAN);
    assert_int_equal(REGISTER(A_WIFI_CMD_BYTES), 4);
    assert_int_equal(REGISTER(A_WIFI_RSP_ROOM), WIFI_RADIO_RESPONSE_BYTES);
    assert_memory_equal(parameter_memory, parameters, 4);
    assert_false(wifi_radio_is_free());
    assert_int_equal(wifi_radio_poll(1000, &result), WIFI_RADIO_BUSY);
    end_command(WIFI_RESULT_BAD_STATE, 12);
    assert_int_equal(wifi_radio_poll(1000, &result), WIFI_RADIO_ENDED);
    assert_int_equal(result, WIFI_RESULT_BAD_STATE);
    (void)wifi_radio_response(&bytes);
    assert_int_equal(bytes, 12);
    assert_true(wifi_radio_is_free());
    assert_int_equal(wifi_radio_poll(1000, &result), WIFI_RADIO_IDLE);
    assert_int_equal(wifi_radio_due_ns(), INT64_MAX);
    for (size_t i = 0; i < sizeof parameter_memory; i++)
        assert_int_equal(parameter_memory[i], 0); /* no password stays behind */
}

static void test_the_result_of_another_command_is_none(void **state)
{
    uint32_t result;
    (void)state;
    wifi_radio_command(WIFI_CMD_GET_LINK, NULL, 0, 0);
    end_command(WIFI_RESULT_OK, 0);
    REGISTER(A_WIFI_RESULT) ^= 1u << R_WIFI_RESULT_SEQUENCE_SHIFT;
    assert_int_equal(wifi_radio_poll(0, &result), WIFI_RADIO_BUSY);
}

static void test_sequence_numbers_differ_and_wrap(void **state)
{
    uint32_t result;
    (void)state;
    uint32_t last = 0;
    for (unsigned i = 0; i < 65540; i++) {
        wifi_radio_command(WIFI_CMD_GET_LINK, NULL, 0, 0);
        uint32_t sequence = FIELD_GET(REGISTER(A_WIFI_CMD), WIFI_CMD, SEQUENCE);
        assert_int_equal(sequence, (last + 1) & 0xffff);
        last = sequence;
        end_command(WIFI_RESULT_OK, 0);
        assert_int_equal(wifi_radio_poll(0, &result), WIFI_RADIO_ENDED);
    }
}

static void test_a_command_is_stuck_after_100_ms_and_not_before(void **state)
{
    uint32_t result;
    (void)state;
    wifi_radio_command(WIFI_CMD_GET_LINK, NULL, 0, 5);
    assert_int_equal(wifi_radio_due_ns(), 5 + 100000000);
    assert_int_equal(wifi_radio_poll(5 + 100000000 - 1, &result), WIFI_RADIO_BUSY);
    assert_int_equal(wifi_radio_poll(5 + 100000000, &result), WIFI_RADIO_STUCK);
    wifi_radio_reset();
    assert_true(wifi_radio_is_free());
    wifi_radio_command(WIFI_CMD_GET_LINK, NULL, 0, 0);
    end_command(WIFI_RESULT_OK, 0);
    /* It had ended, but its interrupt was lost. */
    assert_int_equal(wifi_radio_poll(100000000, &result), WIFI_RADIO_ENDED);
    assert_int_equal(radio.counters[INTERRUPTS_LOST], 1);
    assert_int_equal(radio.counters[COMMANDS_STUCK], 1);
}

static void test_a_response_is_never_longer_than_its_room(void **state)
{
    uint32_t result;
    size_t bytes;
    (void)state;
    wifi_radio_command(WIFI_CMD_AP_STATIONS, NULL, 0, 0);
    end_command(WIFI_RESULT_OK, 0xffffffff);
    wifi_radio_poll(0, &result);
    (void)wifi_radio_response(&bytes);
    assert_int_equal(bytes, WIFI_RADIO_RESPONSE_BYTES);
}

static void test_events_come_in_order_and_across_the_end_of_the_ring(void **state)
{
    struct wifi_event event;
    uint32_t head = 0;
    (void)state;
    assert_false(wifi_radio_event(&event));
    for (unsigned round = 0; round < 3 * WIFI_RADIO_EVENTS; round++) {
        for (unsigned i = 0; i < 2; i++) {
            events[head] =
                (struct wifi_event){.type = WIFI_EVENT_LINK, .reason = (uint16_t)(2 * round + i)};
            head = (head + 1) % WIFI_RADIO_EVENTS;
        }
        REGISTER(A_WIFI_EVT_HEAD) = head;
        for (unsigned i = 0; i < 2; i++) {
            assert_true(wifi_radio_event(&event));
            assert_int_equal(event.reason, 2 * round + i);
        }
        assert_false(wifi_radio_event(&event));
        assert_int_equal(REGISTER(A_WIFI_EVT_TAIL), head);
    }
}

static void test_a_head_outside_the_ring_is_not_followed(void **state)
{
    struct wifi_event event;
    (void)state;
    REGISTER(A_WIFI_EVT_HEAD) = WIFI_RADIO_EVENTS;
    assert_false(wifi_radio_event(&event));
}

static void test_reset_sets_the_ring_up_and_masks(void **state)
{
    struct wifi_event event;
    (void)state;
    REGISTER(A_WIFI_EVT_HEAD) = 5;
    assert_true(wifi_radio_event(&event));
    wifi_radio_unmask();
    assert_int_equal(REGISTER(A_WIFI_INT_MASK), 0xf);
    wifi_radio_reset();
    assert_int_equal(REGISTER(A_WIFI_INT_MASK), 0);
    assert_int_equal(REGISTER(A_WIFI_EVT_SIZE), WIFI_RADIO_EVENTS);
    assert_int_equal(REGISTER(A_WIFI_EVT_MASK), (1u << WIFI_EVENT_TYPES) - 1);
    assert_false(wifi_radio_event(&event));
    REGISTER(A_WIFI_INT_STATUS) = 0x6;
    assert_int_equal(wifi_radio_causes(), 0x6);
    assert_int_equal(wifi_radio_causes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_is_known_by_its_id, setup),
        cmocka_unit_test_setup(test_a_command_ends_once, setup),
        cmocka_unit_test_setup(test_the_result_of_another_command_is_none, setup),
        cmocka_unit_test_setup(test_sequence_numbers_differ_and_wrap, setup),
        cmocka_unit_test_setup(test_a_command_is_stuck_after_100_ms_and_not_before, setup),
        cmocka_unit_test_setup(test_a_response_is_never_longer_than_its_room, setup),
        cmocka_unit_test_setup(test_events_come_in_order_and_across_the_end_of_the_ring, setup),
        cmocka_unit_test_setup(test_a_head_outside_the_ring_is_not_followed, setup),
        cmocka_unit_test_setup(test_reset_sets_the_ring_up_and_masks, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The CAN driver against a fake register file: what it writes to send, what it makes of messages
 * and of error registers, in which order it acknowledges.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "board/interrupt.h"
#include "board/regs.h"
#include "driver/can.h"
#include "emulated_nic/regs/board.h"
#include "emulated_nic/regs/can.h"

static uint32_t registers[SB_CAN_BYTES / 4];
static interrupt_handler handler;
static unsigned interrupts;
static unsigned sent;

#define REGISTER(offset) registers[(offset) / 4]

uint32_t reg_read(uint32_t base, uint32_t offset)
{
    assert_int_equal(base, SB_CAN_BASE);
    assert_true(offset < SB_CAN_BYTES && offset % 4 == 0);
    return REGISTER(offset);
}

/* The registers that act: those of the interrupt, of the FIFO, and the one that sends. */
void reg_write(uint32_t base, uint32_t offset, uint32_t value)
{
    assert_int_equal(base, SB_CAN_BASE);
    assert_true(offset < SB_CAN_BYTES && offset % 4 == 0);
    if (offset == A_CAN_ICR) {
        REGISTER(A_CAN_ISR) &= ~value;
    } else if (offset == A_CAN_ESR) {
        REGISTER(A_CAN_ESR) &= ~value;
    } else if (offset == A_CAN_FSR) {
        assert_true((value & FIELD_MASK(CAN_FSR, IRI)) != 0);
        uint32_t place = FIELD_GET(value, CAN_FSR, RI);
        uint32_t level = FIELD_GET(value, CAN_FSR, FL);
        assert_true(level > 0);
        REGISTER(offset) = (place + 1) % SB_CAN_RX_FIFO | (level - 1) << R_CAN_FSR_FL_SHIFT;
    } else {
        REGISTER(offset) = value;
        sent += offset == A_CAN_TRR;
    }
}

void interrupt_enable(unsigned number, interrupt_handler taken)
{
    assert_int_equal(number, SB_CAN_IRQ);
    handler = taken;
}

static void on_interrupt(void)
{
    interrupts++;
}

/* Raise causes, as the controller does, and let the driver take them. */
static void raise_causes(uint32_t causes)
{
    REGISTER(A_CAN_ISR) |= causes;
    can_service();
    assert_int_equal(REGISTER(A_CAN_ISR) & causes, 0);
}

/* The states of one test begin where the last one's end, but for these. */
static int clean(void **state)
{
    (void)state;
    struct can_message message;
    can_start(on_interrupt);
    REGISTER(A_CAN_SR) = 1u << R_CAN_SR_ESTAT_SHIFT;
    REGISTER(A_CAN_ECR) = 0;
    REGISTER(A_CAN_ESR) = 0;
    REGISTER(A_CAN_TRR) = 0;
    REGISTER(A_CAN_FSR) = 0;
    raise_causes(FIELD_MASK(CAN_ISR, BSFRD));
    while (can_receive(&message))
        ;
    interrupts = 0;
    sent = 0;
    return 0;
}

static void test_the_interrupt_masks_and_tells(void **state)
{
    (void)state;
    can_rearm();
    assert_int_not_equal(REGISTER(A_CAN_IER), 0);
    handler();
    assert_int_equal(REGISTER(A_CAN_IER), 0);
    assert_int_equal(interrupts, 1);
}

static void test_ids_go_where_the_controller_has_them(void **state)
{
    (void)state;
    const struct {
        uint32_t id;
        uint32_t word;
    } cases[] = {
        {0, 0},
        {0x7ff, 0x7ffu << 21},
        {0x123 | CAN_ID_REMOTE, 0x123u << 21 | 1u << 20},
        {CAN_ID_EXTENDED | 0x1fffffff, 0xfffffffe},
        {CAN_ID_EXTENDED | 1, 1u << 20 | 1u << 19 | 1u << 1},
        {CAN_ID_EXTENDED | 0x40000 | CAN_ID_REMOTE, 1u << 21 | 1u << 20 | 1u << 19 | 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct can_message message = {.id = cases[i].id};
        REGISTER(A_CAN_TRR) = 0;
        assert_int_equal(can_send(&message), 0);
        assert_int_equal(REGISTER(A_CAN_TB0), cases[i].word);

        struct can_message back;
        REGISTER(A_CAN_RB0) = cases[i].word;
        REGISTER(A_CAN_RB0 + 4) = 0;
        REGISTER(A_CAN_FSR) = 1u << R_CAN_FSR_FL_SHIFT;
        assert_true(can_receive(&back));
        assert_int_equal(back.id, cases[i].id);
        assert_false(can_receive(&back));
    }
}

static void test_data_is_big_endian_in_words(void **state)
{
    (void)state;
    struct can_message message = {.length = 12, .flags = CAN_FLAG_FD | CAN_FLAG_BRS};
    memcpy(message.data, "abcdefghijkl", 12);
    assert_int_equal(can_send(&message), 0);
    assert_int_equal(REGISTER(A_CAN_TB0 + 4) >> 25, 9u << 3 | 4u | 2u);
    assert_int_equal(REGISTER(A_CAN_TB0 + 8), 0x61626364);
    assert_int_equal(REGISTER(A_CAN_TB0 + 16), 0x696a6b6c);

    struct can_message back;
    memcpy(&REGISTER(A_CAN_RB0), &REGISTER(A_CAN_TB0), SB_CAN_MESSAGE_BYTES);
    REGISTER(A_CAN_FSR) = 1u << R_CAN_FSR_FL_SHIFT;
    assert_true(can_receive(&back));
    assert_memory_equal(&back, &message, sizeof back);
}

static void test_bytes_behind_the_length_are_zero(void **state)
{
    (void)state;
    struct can_message back;
    memset(&REGISTER(A_CAN_RB0), 0xff, SB_CAN_MESSAGE_BYTES);
    REGISTER(A_CAN_RB0) = 0;
    REGISTER(A_CAN_RB0 + 4) = 3u << 28;
    REGISTER(A_CAN_FSR) = 1u << R_CAN_FSR_FL_SHIFT;
    assert_true(can_receive(&back));
    assert_int_equal(back.length, 3);
    assert_memory_equal(back.data, "\xff\xff\xff\0\0\0\0\0", 8);

    /* Codes 9 to 15 mean 8 bytes in a classic frame (ISO 11898-1). */
    REGISTER(A_CAN_RB0 + 4) = 15u << 28;
    REGISTER(A_CAN_FSR) = 1u << R_CAN_FSR_FL_SHIFT;
    assert_true(can_receive(&back));
    assert_int_equal(back.length, 8);
}

static void test_the_fifo_is_read_across_its_end(void **state)
{
    (void)state;
    struct can_message back;
    for (uint32_t i = 0; i < SB_CAN_RX_FIFO; i++) {
        REGISTER(A_CAN_RB0 + i * SB_CAN_MESSAGE_BYTES) = i << 21;
        REGISTER(A_CAN_RB0 + i * SB_CAN_MESSAGE_BYTES + 4) = 0;
    }
    REGISTER(A_CAN_FSR) = SB_CAN_RX_FIFO << R_CAN_FSR_FL_SHIFT | 60;
    for (uint32_t i = 0; i < SB_CAN_RX_FIFO; i++) {
        assert_true(can_receive(&back));
        assert_int_equal(back.id, (60 + i) % SB_CAN_RX_FIFO);
    }
    assert_false(can_receive(&back));
}

static void test_a_busy_buffer_is_not_overwritten(void **state)
{
    (void)state;
    struct can_message message = {.id = 1};
    REGISTER(A_CAN_TRR) = 1;
    REGISTER(A_CAN_TB0) = 0x12345678;
    assert_int_equal(can_send(&message), -ENOBUFS);
    assert_int_equal(REGISTER(A_CAN_TB0), 0x12345678);
    assert_int_equal(sent, 0);
}

static void test_nothing_is_sent_during_bus_off(void **state)
{
    (void)state;
    struct can_message message = {.id = 1};
    struct can_message error;
    REGISTER(A_CAN_SR) = 0;
    raise_causes(FIELD_MASK(CAN_ISR, BSOFF));
    assert_int_equal(can_send(&message), -ENETDOWN);
    assert_int_equal(sent, 0);
    assert_true(can_receive(&error));
    assert_int_equal(error.id, CAN_ID_ERROR | CAN_ERROR_BUS_OFF);

    REGISTER(A_CAN_SR) = 1u << R_CAN_SR_ESTAT_SHIFT;
    raise_causes(FIELD_MASK(CAN_ISR, BSFRD));
    assert_true(can_receive(&error));
    assert_int_equal(error.id, CAN_ID_ERROR | CAN_ERROR_RESTARTED);
    assert_int_equal(can_send(&message), 0);
    assert_int_equal(sent, 1);
}

/* Off and on again before anybody looked: both are told, and the state is the later one. */
static void test_a_short_bus_off_is_told_whole(void **state)
{
    (void)state;
    struct can_message message = {.id = 1};
    raise_causes(FIELD_MASK(CAN_ISR, BSOFF) | FIELD_MASK(CAN_ISR, BSFRD));
    assert_int_equal(can_send(&message), 0);
    assert_true(can_receive(&message));
    assert_int_equal(message.id, CAN_ID_ERROR | CAN_ERROR_BUS_OFF | CAN_ERROR_RESTARTED);
}

static void test_error_registers_become_one_error_frame(void **state)
{
    (void)state;
    struct can_message error;
    REGISTER(A_CAN_ESR) = 0x1f;
    REGISTER(A_CAN_ECR) = 128u << 8 | 96u;
    raise_causes(FIELD_MASK(CAN_ISR, ERROR) | FIELD_MASK(CAN_ISR, RXFOFLW));
    assert_int_equal(REGISTER(A_CAN_ESR), 0);
    assert_true(can_receive(&error));
    assert_int_equal(error.id, CAN_ID_ERROR | CAN_ERROR_CONTROLLER | CAN_ERROR_PROTOCOL |
                                   CAN_ERROR_NO_ACK | CAN_ERROR_BUS_ERROR | CAN_ERROR_COUNTERS);
    assert_int_equal(error.length, 8);
    /* Overflow, send warning, receive passive; bit, form, stuff; CRC; the counters. */
    assert_memory_equal(error.data, "\0\x19\x07\x08\0\0\x60\x80", 8);
    assert_false(can_receive(&error));
}

static void test_lengths_that_fit(void **state)
{
    (void)state;
    const uint8_t edges[][2] = {{0, 0},   {8, 8},   {9, 12},  {12, 12}, {13, 16}, {24, 24},
                                {25, 32}, {33, 48}, {48, 48}, {49, 64}, {64, 64}, {255, 64}};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        assert_int_equal(can_length_fit(edges[i][0]), edges[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_interrupt_masks_and_tells, clean),
        cmocka_unit_test_setup(test_ids_go_where_the_controller_has_them, clean),
        cmocka_unit_test_setup(test_data_is_big_endian_in_words, clean),
        cmocka_unit_test_setup(test_bytes_behind_the_length_are_zero, clean),
        cmocka_unit_test_setup(test_the_fifo_is_read_across_its_end, clean),
        cmocka_unit_test_setup(test_a_busy_buffer_is_not_overwritten, clean),
        cmocka_unit_test_setup(test_nothing_is_sent_during_bus_off, clean),
        cmocka_unit_test_setup(test_a_short_bus_off_is_told_whole, clean),
        cmocka_unit_test_setup(test_error_registers_become_one_error_frame, clean),
        cmocka_unit_test_setup(test_lengths_that_fit, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

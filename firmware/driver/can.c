/*
 * Driver of the board's CAN FD controller (can.h).
 *
 * One transmit buffer is used: of several the controller sends the one with the lowest id first,
 * which would change the order of a program's frames.
 *
 * One acceptance filter lets everything pass, since sockets filter for themselves.
 *
 * Bus-off: the controller recovers by itself (128 times 11 recessive bits, ISO 11898-1) and says
 * so. What it reports of errors becomes error frames as Linux's drivers make them.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/can.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "board/interrupt.h"
#include "board/regs.h"
#include "emulated_nic/regs/board.h"
#include "emulated_nic/regs/can.h"

#define CAUSES                                                                                     \
    (FIELD_MASK(CAN_ISR, RXOK) | FIELD_MASK(CAN_ISR, RXFOFLW) | FIELD_MASK(CAN_ISR, ERROR) |       \
     FIELD_MASK(CAN_ISR, BSOFF) | FIELD_MASK(CAN_ISR, BSFRD))
#define TX_BUFFER 0u
#define ERROR_FRAME_BYTES 8u

/* Places in an error frame's data, and values there (linux/can/error.h). */
#define AT_CONTROLLER 1
#define AT_PROTOCOL 2
#define AT_LOCATION 3
#define AT_TEC 6
#define AT_REC 7
#define CONTROLLER_RX_OVERFLOW 0x01u
#define CONTROLLER_RX_WARNING 0x04u
#define CONTROLLER_TX_WARNING 0x08u
#define CONTROLLER_RX_PASSIVE 0x10u
#define CONTROLLER_TX_PASSIVE 0x20u
#define PROTOCOL_BIT 0x01u
#define PROTOCOL_FORM 0x02u
#define PROTOCOL_STUFF 0x04u
#define LOCATION_CRC 0x08u
/* ISO 11898-1: where warning and error passive begin. */
#define COUNTER_WARNING 96u
#define COUNTER_PASSIVE 128u

static struct {
    void (*interrupt)(void);
    bool started;
    bool bus_off;
    bool error_waits;
    struct can_message error;
} can;

static uint32_t can_read(uint32_t offset)
{
    return reg_read(SB_CAN_BASE, offset);
}

static void can_write(uint32_t offset, uint32_t value)
{
    reg_write(SB_CAN_BASE, offset, value);
}

static void on_interrupt(void)
{
    can_write(A_CAN_IER, 0);
    can.interrupt();
}

void can_start(void (*interrupt)(void))
{
    if (can.started)
        return;
    can = (typeof(can)){.started = true, .interrupt = interrupt};
    can_write(A_CAN_SRR, FIELD_MASK(CAN_SRR, SRST));
    can_write(A_CAN_SRR, 0);
    /* 500 kbit/s and 2 Mbit/s of an 80 MHz clock; the emulated bus has no bit rate. */
    can_write(A_CAN_BRPR, 0);
    can_write(A_CAN_BTR, 31u << 16 | 31u << 8 | 126u);
    can_write(A_CAN_DP_BRPR, 0);
    can_write(A_CAN_DP_BTR, 7u << 16 | 7u << 8 | 30u);
    can_write(A_CAN_AFR, 0);
    can_write(A_CAN_AFMR0, 0);
    can_write(A_CAN_AFIR0, 0);
    can_write(A_CAN_AFR, 1);
    can_write(A_CAN_MSR, 0);
    can_write(A_CAN_SRR, FIELD_MASK(CAN_SRR, CEN));
    can_write(A_CAN_ICR, UINT32_MAX);
    interrupt_enable(SB_CAN_IRQ, on_interrupt);
    can_write(A_CAN_IER, CAUSES);
}

/* Send. */

static uint32_t id_to_register(uint32_t id)
{
    if ((id & CAN_ID_EXTENDED) == 0) {
        return (id & CAN_ID_STANDARD_MASK) << R_CAN_MESSAGE_ID_ID_SHIFT |
               ((id & CAN_ID_REMOTE) != 0 ? FIELD_MASK(CAN_MESSAGE_ID, SRR) : 0);
    }
    uint32_t number = id & CAN_ID_EXTENDED_MASK;
    return number >> R_CAN_MESSAGE_ID_ID_EXT_BITS << R_CAN_MESSAGE_ID_ID_SHIFT |
           (number << R_CAN_MESSAGE_ID_ID_EXT_SHIFT & FIELD_MASK(CAN_MESSAGE_ID, ID_EXT)) |
           FIELD_MASK(CAN_MESSAGE_ID, IDE) | FIELD_MASK(CAN_MESSAGE_ID, SRR) |
           ((id & CAN_ID_REMOTE) != 0 ? FIELD_MASK(CAN_MESSAGE_ID, RTR) : 0);
}

int can_send(const struct can_message *message)
{
    const uint32_t buffer = A_CAN_TB0 + TX_BUFFER * SB_CAN_MESSAGE_BYTES;
    if (can.bus_off)
        return -ENETDOWN;
    if ((can_read(A_CAN_TRR) & 1u << TX_BUFFER) != 0)
        return -ENOBUFS;

    uint32_t control = (uint32_t)can_length_code(message->length) << R_CAN_MESSAGE_DLC_DLC_SHIFT;
    if ((message->flags & CAN_FLAG_FD) != 0)
        control |= FIELD_MASK(CAN_MESSAGE_DLC, FDF);
    if ((message->flags & CAN_FLAG_BRS) != 0)
        control |= FIELD_MASK(CAN_MESSAGE_DLC, BRS);
    can_write(buffer + A_CAN_MESSAGE_ID, id_to_register(message->id));
    can_write(buffer + A_CAN_MESSAGE_DLC, control);
    for (uint32_t at = 0; at < message->length; at += 4) {
        const uint8_t *d = message->data + at;
        can_write(buffer + A_CAN_MESSAGE_DATA + at,
                  (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3]);
    }
    can_write(A_CAN_TRR, 1u << TX_BUFFER);
    return 0;
}

/* Errors. */

/* More about the error frame that waits, or about a new one. */
static struct can_message *error_frame(uint32_t classes)
{
    if (!can.error_waits) {
        memset(&can.error, 0, sizeof can.error);
        can.error.id = CAN_ID_ERROR;
        can.error.length = ERROR_FRAME_BYTES;
        can.error_waits = true;
    }
    can.error.id |= classes;
    return &can.error;
}

static void take_error_status(void)
{
    uint32_t status = can_read(A_CAN_ESR);
    can_write(A_CAN_ESR, status);
    if ((status & FIELD_MASK(CAN_ESR, ACKER)) != 0)
        error_frame(CAN_ERROR_NO_ACK);
    uint8_t kinds = (uint8_t)(((status & FIELD_MASK(CAN_ESR, BERR)) != 0 ? PROTOCOL_BIT : 0) |
                              ((status & FIELD_MASK(CAN_ESR, FMER)) != 0 ? PROTOCOL_FORM : 0) |
                              ((status & FIELD_MASK(CAN_ESR, STER)) != 0 ? PROTOCOL_STUFF : 0));
    if (kinds != 0)
        error_frame(CAN_ERROR_PROTOCOL | CAN_ERROR_BUS_ERROR)->data[AT_PROTOCOL] |= kinds;
    if ((status & FIELD_MASK(CAN_ESR, CRCER)) != 0)
        error_frame(CAN_ERROR_PROTOCOL | CAN_ERROR_BUS_ERROR)->data[AT_LOCATION] = LOCATION_CRC;
}

static void take_counters(void)
{
    uint32_t counters = can_read(A_CAN_ECR);
    uint8_t sent = (uint8_t)FIELD_GET(counters, CAN_ECR, TEC);
    uint8_t received = (uint8_t)FIELD_GET(counters, CAN_ECR, REC);
    uint8_t state = 0;
    if (sent >= COUNTER_PASSIVE)
        state |= CONTROLLER_TX_PASSIVE;
    else if (sent >= COUNTER_WARNING)
        state |= CONTROLLER_TX_WARNING;
    if (received >= COUNTER_PASSIVE)
        state |= CONTROLLER_RX_PASSIVE;
    else if (received >= COUNTER_WARNING)
        state |= CONTROLLER_RX_WARNING;
    if (state != 0)
        error_frame(CAN_ERROR_CONTROLLER)->data[AT_CONTROLLER] |= state;
    if (can.error_waits) {
        can.error.id |= CAN_ERROR_COUNTERS;
        can.error.data[AT_TEC] = sent;
        can.error.data[AT_REC] = received;
    }
}

void can_service(void)
{
    uint32_t causes = can_read(A_CAN_ISR) & CAUSES;
    can_write(A_CAN_ICR, causes);

    if ((causes & FIELD_MASK(CAN_ISR, RXFOFLW)) != 0)
        error_frame(CAN_ERROR_CONTROLLER)->data[AT_CONTROLLER] |= CONTROLLER_RX_OVERFLOW;
    if ((causes & FIELD_MASK(CAN_ISR, ERROR)) != 0) {
        take_error_status();
        take_counters();
    }
    if ((causes & (FIELD_MASK(CAN_ISR, BSOFF) | FIELD_MASK(CAN_ISR, BSFRD))) != 0) {
        /* The state decides: both may have happened since we last looked. */
        can.bus_off = FIELD_GET(can_read(A_CAN_SR), CAN_SR, ESTAT) == 0;
        if ((causes & FIELD_MASK(CAN_ISR, BSOFF)) != 0)
            error_frame(CAN_ERROR_BUS_OFF);
        if (!can.bus_off)
            error_frame(CAN_ERROR_RESTARTED);
    }
}

/* Receive. */

static uint32_t id_from_register(uint32_t value)
{
    uint32_t standard = FIELD_GET(value, CAN_MESSAGE_ID, ID);
    if ((value & FIELD_MASK(CAN_MESSAGE_ID, IDE)) == 0)
        return standard | ((value & FIELD_MASK(CAN_MESSAGE_ID, SRR)) != 0 ? CAN_ID_REMOTE : 0);
    return CAN_ID_EXTENDED | standard << R_CAN_MESSAGE_ID_ID_EXT_BITS |
           FIELD_GET(value, CAN_MESSAGE_ID, ID_EXT) |
           ((value & FIELD_MASK(CAN_MESSAGE_ID, RTR)) != 0 ? CAN_ID_REMOTE : 0);
}

static void read_message(uint32_t buffer, struct can_message *message)
{
    uint32_t control = can_read(buffer + A_CAN_MESSAGE_DLC);
    memset(message, 0, sizeof *message);
    message->id = id_from_register(can_read(buffer + A_CAN_MESSAGE_ID));
    message->length = can_length_of((uint8_t)FIELD_GET(control, CAN_MESSAGE_DLC, DLC));
    if ((control & FIELD_MASK(CAN_MESSAGE_DLC, FDF)) != 0) {
        message->flags = CAN_FLAG_FD;
        if ((control & FIELD_MASK(CAN_MESSAGE_DLC, BRS)) != 0)
            message->flags |= CAN_FLAG_BRS;
        if ((control & FIELD_MASK(CAN_MESSAGE_DLC, ESI)) != 0)
            message->flags |= CAN_FLAG_ESI;
    } else if (message->length > CAN_CLASSIC_BYTES) {
        message->length = CAN_CLASSIC_BYTES; /* codes 9 to 15 mean 8 in a classic frame */
    }
    if ((message->id & CAN_ID_REMOTE) != 0)
        return;
    for (uint32_t at = 0; at < message->length; at += 4) {
        uint32_t word = can_read(buffer + A_CAN_MESSAGE_DATA + at);
        for (uint32_t i = 0; i < 4 && at + i < message->length; i++)
            message->data[at + i] = (uint8_t)(word >> (24 - 8 * i));
    }
}

bool can_receive(struct can_message *message)
{
    if (can.error_waits) {
        *message = can.error;
        can.error_waits = false;
        return true;
    }
    uint32_t fifo = can_read(A_CAN_FSR);
    if (FIELD_GET(fifo, CAN_FSR, FL) == 0)
        return false;
    read_message(A_CAN_RB0 + FIELD_GET(fifo, CAN_FSR, RI) * SB_CAN_MESSAGE_BYTES, message);
    /* The model takes the index and the level from what is written, so they are written back. */
    can_write(A_CAN_FSR, fifo | FIELD_MASK(CAN_FSR, IRI));
    return true;
}

void can_rearm(void)
{
    can_write(A_CAN_IER, CAUSES);
}

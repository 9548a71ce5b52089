/*
 * Driver of the board's CAN FD controller (docs/board.md).
 *
 * It has no thread and knows no sockets. The interrupt handler masks the controller and calls the
 * function given to can_start(); somebody's thread then calls can_service(), takes everything by
 * can_receive(), and unmasks by can_rearm().
 *
 * Threads: one call at a time; the CAN provider (port/can_provider.c) sees to it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_CAN_H
#define SOCKBENCH_DRIVER_CAN_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of an id, and of flags: those of linux/can.h, which programs know. */
#define CAN_ID_EXTENDED 0x80000000u
#define CAN_ID_REMOTE 0x40000000u
#define CAN_ID_ERROR 0x20000000u
#define CAN_ID_STANDARD_MASK 0x7ffu
#define CAN_ID_EXTENDED_MASK 0x1fffffffu
#define CAN_FLAG_BRS 1u
#define CAN_FLAG_ESI 2u
#define CAN_FLAG_FD 4u

#define CAN_CLASSIC_BYTES 8u
#define CAN_FD_BYTES 64u

/* Classes of error frames, bits of their id, and what their data says: linux/can/error.h. */
#define CAN_ERROR_CONTROLLER 0x004u
#define CAN_ERROR_PROTOCOL 0x008u
#define CAN_ERROR_NO_ACK 0x020u
#define CAN_ERROR_BUS_OFF 0x040u
#define CAN_ERROR_BUS_ERROR 0x080u
#define CAN_ERROR_RESTARTED 0x100u
#define CAN_ERROR_COUNTERS 0x200u

/* A frame. Data behind its length is zero. */
struct can_message {
    uint32_t id;    /* with its flags */
    uint8_t length; /* bytes; of a remote frame: bytes asked for */
    uint8_t flags;
    uint8_t data[CAN_FD_BYTES];
};

/* Length codes (ISO 11898-1): 0 to 8 are themselves, 9 to 15 stand for 12, 16, 20, 24, 32, 48, 64.
 */
uint8_t can_length_of(uint8_t code);

/* The lowest code for so many bytes, and its length. */
uint8_t can_length_code(uint8_t bytes);
uint8_t can_length_fit(uint8_t bytes);

/* Set the controller up and join the bus; again is without effect. */
void can_start(void (*interrupt)(void));

/* Send now. 0, -ENETDOWN during bus-off, -ENOBUFS while the frame before has not left. */
int can_send(const struct can_message *message);

/* Take over what the interrupt reported. */
void can_service(void);

/* The next error frame or received frame; false if there is none. */
bool can_receive(struct can_message *message);

/* Interrupt again; at once if there is work already. */
void can_rearm(void);

#endif

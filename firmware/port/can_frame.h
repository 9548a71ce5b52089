/*
 * CAN frames as programs see them, and the filters of a socket.
 *
 * The bytes are those of struct can_frame (16) and struct canfd_frame (72) in linux/can.h, with a
 * little-endian id, so that what was written for SocketCAN works here:
 *
 *     u32 id, u8 length, u8 flags (FD only), u16 zero, data[8 or 64]
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_CAN_FRAME_H
#define SOCKBENCH_PORT_CAN_FRAME_H

#include <stddef.h>

#include "driver/can.h"

#define CAN_FRAME_BYTES 16u
#define CAN_FD_FRAME_BYTES 72u

/* A filter lets a frame pass if (frame's id & mask) == (id & mask); inverted with this bit in id.
 */
#define CAN_FILTER_INVERTED 0x20000000u
#define CAN_FILTER_BYTES 8u
struct can_filter {
    uint32_t id;
    uint32_t mask;
};

/* Read a frame to send; false for what no bus could carry. An FD frame only where `fd` allows it.
 */
bool can_frame_read(const uint8_t *bytes, size_t size, bool fd, struct can_message *message);

/* Bytes of the frame for programs. */
size_t can_frame_size(const struct can_message *message);

void can_frame_write(const struct can_message *message, uint8_t bytes[CAN_FD_FRAME_BYTES]);

/* Read an array of struct can_filter. */
void can_filters_read(const uint8_t *bytes, size_t count, struct can_filter *filters);

/* Whether any of them lets a data or remote frame pass. */
bool can_filters_pass(const struct can_filter *filters, size_t count, uint32_t id);

#endif

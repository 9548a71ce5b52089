/*
 * The bytes of CAN frames, and filters (can_frame.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/can_frame.h"

#include <string.h>

#define AT_LENGTH 4
#define AT_FLAGS 5
#define AT_DATA 8

static uint32_t word_read(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void word_write(uint32_t word, uint8_t *bytes)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
}

bool can_frame_read(const uint8_t *bytes, size_t size, bool fd, struct can_message *message)
{
    bool is_fd = size == CAN_FD_FRAME_BYTES;
    if (is_fd ? !fd : size != CAN_FRAME_BYTES)
        return false;

    memset(message, 0, sizeof *message);
    message->id = word_read(bytes);
    message->length = bytes[AT_LENGTH];
    bool extended = (message->id & CAN_ID_EXTENDED) != 0;
    bool remote = (message->id & CAN_ID_REMOTE) != 0;

    /* Linux cuts a long id down; here it is refused, as another id would be sent than was given. */
    if (!extended && (message->id & CAN_ID_EXTENDED_MASK) > CAN_ID_STANDARD_MASK)
        return false;
    if ((message->id & CAN_ID_ERROR) != 0 || (is_fd && remote))
        return false;
    if (message->length > (is_fd ? CAN_FD_BYTES : CAN_CLASSIC_BYTES) ||
        can_length_fit(message->length) != message->length)
        return false;
    if (is_fd)
        message->flags = CAN_FLAG_FD | (bytes[AT_FLAGS] & CAN_FLAG_BRS);
    if (!remote)
        memcpy(message->data, bytes + AT_DATA, message->length);
    return true;
}

size_t can_frame_size(const struct can_message *message)
{
    return (message->flags & CAN_FLAG_FD) != 0 ? CAN_FD_FRAME_BYTES : CAN_FRAME_BYTES;
}

void can_frame_write(const struct can_message *message, uint8_t bytes[CAN_FD_FRAME_BYTES])
{
    memset(bytes, 0, CAN_FD_FRAME_BYTES);
    word_write(message->id, bytes);
    bytes[AT_LENGTH] = message->length;
    bytes[AT_FLAGS] = message->flags;
    memcpy(bytes + AT_DATA, message->data, CAN_FD_BYTES);
}

void can_filters_read(const uint8_t *bytes, size_t count, struct can_filter *filters)
{
    for (size_t i = 0; i < count; i++) {
        filters[i].id = word_read(bytes + i * CAN_FILTER_BYTES);
        filters[i].mask = word_read(bytes + i * CAN_FILTER_BYTES + 4);
    }
}

bool can_filters_pass(const struct can_filter *filters, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t mask = filters[i].mask & ~CAN_ID_ERROR;
        /* As Linux does (af_can.c): a mask that asks for a standard id looks at its 11 bits only.
         */
        if ((mask & CAN_ID_EXTENDED) != 0 && (filters[i].id & CAN_ID_EXTENDED) == 0)
            mask &= CAN_ID_STANDARD_MASK | CAN_ID_EXTENDED | CAN_ID_REMOTE;
        bool equal = (id & mask) == (filters[i].id & mask);
        if (equal != ((filters[i].id & CAN_FILTER_INVERTED) != 0))
            return true;
    }
    return false;
}

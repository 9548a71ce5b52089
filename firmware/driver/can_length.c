/*
 * Length codes of CAN frames (can.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/can.h"

static const uint8_t lengths[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};

uint8_t can_length_of(uint8_t code)
{
    return lengths[code & 15u];
}

uint8_t can_length_code(uint8_t bytes)
{
    uint8_t code = 0;
    while (code < sizeof lengths - 1 && lengths[code] < bytes)
        code++;
    return code;
}

uint8_t can_length_fit(uint8_t bytes)
{
    return can_length_of(can_length_code(bytes));
}

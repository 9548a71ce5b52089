/*
 * Internet checksums of Ethernet frames, for the offload of a NIC.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_SOCKBENCH_CSUM_H
#define HW_SOCKBENCH_CSUM_H

typedef enum SockbenchCsum {
    SOCKBENCH_CSUM_NONE, /* there is none, or it can't be checked */
    SOCKBENCH_CSUM_OK,
    SOCKBENCH_CSUM_BAD,
} SockbenchCsum;

/*
 * Look at the IPv4 header and at the TCP or UDP segment of a frame.  Frames
 * with one VLAN tag are understood, and IPv6 extension headers; fragments are
 * not, nor is anything whose length fields disagree with the frame.
 */
void sockbench_csum_check(const uint8_t *frame, size_t size, SockbenchCsum *ip,
                          SockbenchCsum *l4);

/* Put right checksums into the frame, where there is a place for them. */
void sockbench_csum_insert(uint8_t *frame, size_t size, bool ip, bool l4);

#endif

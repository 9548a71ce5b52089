/*
 * Initial sequence numbers as RFC 6528 3 has them: a clock of 4 us steps plus a keyed hash of the
 * connection's addresses and ports, so that they are unpredictable from outside and still grow for
 * one pair of addresses and ports.
 *
 * The hash is SipHash-2-4 (Aumasson and Bernstein 2012) under a key drawn from the board's random
 * register at first use, so a run's seed determines every number.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/isn.h"

#include <stdbool.h>
#include <string.h>

#include "board/sysctl.h"
#include "board/timer.h"

#define ISN_CLOCK_NS 4000u

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

/* SipHash-2-4 of whole 64-bit words. */
static uint64_t sip_hash(const uint64_t key[2], const uint64_t *words, size_t count)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                     key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    for (size_t i = 0; i <= count; i++) {
        uint64_t word = i < count ? words[i] : (uint64_t)(count * 8) << 56;
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void put_address(uint64_t words[2], const ip_addr_t *address)
{
    if (IP_IS_V6(address)) {
        memcpy(words, ip_2_ip6(address)->addr, 16);
    } else {
        words[0] = ip4_addr_get_u32(ip_2_ip4(address));
        words[1] = 0;
    }
}

u32_t isn_next(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
               u16_t remote_port)
{
    static bool have_key;
    static uint64_t key[2];
    uint64_t words[5];

    if (!have_key) {
        for (int i = 0; i < 2; i++) {
            key[i] = (uint64_t)sysctl_random() << 32;
            key[i] |= sysctl_random();
        }
        have_key = true;
    }
    put_address(&words[0], local_ip);
    put_address(&words[2], remote_ip);
    words[4] = (uint64_t)local_port << 16 | remote_port;
    return (u32_t)(timer_now_ns() / ISN_CLOCK_NS) + (u32_t)sip_hash(key, words, 5);
}

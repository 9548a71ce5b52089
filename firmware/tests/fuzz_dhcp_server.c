/*
 * libFuzzer target: the soft AP's DHCP server under arbitrary conversations.
 *
 * The input is a sequence of messages, each behind two bytes of length; the clock moves on between
 * them. Whatever is said, a reply is whole and gives an address of the subnet.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "port/dhcp_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const struct dhcp_server_network network = {{10, 0, 0, 1}, {255, 255, 255, 240}, {10, 0, 0, 1}};
    struct dhcp_server server;
    uint8_t reply[DHCP_SERVER_REPLY_BYTES];
    uint8_t destination[4];
    int64_t now_s = 0;

    dhcp_server_init(&server, &network);
    while (bytes >= 2) {
        size_t length = (size_t)data[0] << 8 | data[1];
        data += 2;
        bytes -= 2;
        if (length > bytes)
            length = bytes;
        size_t made = dhcp_server_answer(&server, data, length, now_s, reply, destination);
        assert(made == 0 || made == DHCP_SERVER_REPLY_BYTES);
        if (made > 0 && reply[16] != 0)
            assert(reply[16] == 10 && reply[19] > 1 && reply[19] < 15);
        data += length;
        bytes -= length;
        now_s += 30;
    }
    return 0;
}

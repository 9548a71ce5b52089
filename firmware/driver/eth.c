/*
 * The Ethernet controller: a MAC (driver/mac.h) whose link comes from a PHY (driver/eth_phy.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/eth.h"

#include <errno.h>

#include "board/regs.h"
#include "driver/eth_phy.h"
#include "driver/mac.h"
#include "emulated_nic/regs/board.h"

static void eth_interrupt(void);

static struct mac mac = {.base = SB_ETH_BASE, .irq = SB_ETH_IRQ, .interrupt = eth_interrupt};
static bool linked; /* between link() and unlink() */

static void eth_interrupt(void)
{
    mac_interrupt(&mac);
}

static int eth_init(const struct net_callbacks *callbacks, uint8_t *rx_memory, size_t rx_bytes)
{
    return mac_init(&mac, callbacks, rx_memory, rx_bytes);
}

static int eth_link(void)
{
    if (linked)
        return 0;
    if (!eth_phy_start()) {
        /* Only a reset ends a stuck MDIO access (datasheet 9); it costs the MAC its counters. */
        mac_reset(&mac);
        if (!eth_phy_start())
            return -ENODEV;
    }
    mac_start(&mac);
    linked = true;
    mac_acknowledge_all(&mac);
    mac_set_link(&mac, eth_phy_link_up());
    mac_rearm(&mac);
    return 0;
}

static int eth_unlink(void)
{
    if (!linked)
        return 0;
    linked = false;
    mac_stop(&mac);
    eth_phy_stop();
    mac_set_link(&mac, eth_phy_link_up());
    return 0;
}

static int eth_send(const struct net_part *parts, size_t count, uint32_t flags, void *token)
{
    return mac_send(&mac, parts, count, flags, token);
}

/* Ask the PHY; an access that hangs would look like a missing cable for ever. */
static bool is_link_up(void)
{
    bool up = eth_phy_link_up();
    if (!up && eth_phy_is_stuck()) {
        mac_stop(&mac);
        mac_reset(&mac);
        (void)eth_phy_start();
        mac_start(&mac);
        up = eth_phy_link_up();
    }
    return up;
}

static void eth_service(void)
{
    if (mac_service(&mac) && linked)
        mac_set_link(&mac, is_link_up());
}

static struct net_buffer *eth_receive(void)
{
    return mac_receive(&mac);
}

static void eth_release(struct net_buffer *buffer)
{
    mac_release(&mac, buffer);
}

static bool eth_rearm(void)
{
    return mac_rearm(&mac);
}

static void eth_multicast(const uint8_t address[6], bool join)
{
    mac_multicast(&mac, address, join);
}

static void eth_address(uint8_t address[6])
{
    mac_address(&mac, address);
}

static struct net_capabilities eth_capabilities(void)
{
    return mac.capabilities;
}

static void eth_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                           void *context)
{
    mac_statistics(&mac, visit, context);
}

const struct net_driver eth_driver = {
    .name = "eth",
    .init = eth_init,
    .link = eth_link,
    .unlink = eth_unlink,
    .send = eth_send,
    .service = eth_service,
    .receive = eth_receive,
    .release = eth_release,
    .rearm = eth_rearm,
    .multicast = eth_multicast,
    .address = eth_address,
    .capabilities = eth_capabilities,
    .statistics = eth_statistics,
};

/*
 * The wifi controller: a MAC (driver/mac.h) whose link is made by a radio (driver/wifi_control.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/wifi.h"

#include <errno.h>

#include "board/regs.h"
#include "board/timer.h"
#include "driver/mac.h"
#include "driver/wifi_control.h"
#include "driver/wifi_radio.h"
#include "emulated_nic/regs/board.h"

static void wifi_interrupt(void);

static struct mac mac = {.base = SB_WIFI_BASE, .irq = SB_WIFI_IRQ, .interrupt = wifi_interrupt};
static bool linked; /* between link() and unlink() */

static void wifi_interrupt(void)
{
    wifi_radio_mask();
    mac_interrupt(&mac);
}

static int wifi_init(const struct net_callbacks *callbacks, uint8_t *rx_memory, size_t rx_bytes)
{
    int status = wifi_control_init();
    return status != 0 ? status : mac_init(&mac, callbacks, rx_memory, rx_bytes);
}

static int wifi_link(void)
{
    if (!linked) {
        linked = true;
        mac_start(&mac);
        mac_acknowledge_all(&mac);
    }
    return 0;
}

static int wifi_unlink(void)
{
    if (linked) {
        linked = false;
        mac_stop(&mac);
        mac_set_link(&mac, false);
    }
    return 0;
}

static int wifi_send(const struct net_part *parts, size_t count, uint32_t flags, void *token)
{
    return mac_send(&mac, parts, count, flags, token);
}

/*
 * The link is looked at each time, not only when its change interrupted: it changes together with
 * events of the radio, and so one lost interrupt can't hide it.
 */
static void wifi_service(void)
{
    mac_service(&mac);
    wifi_control_service((int64_t)timer_now_ns());
    mac_set_link(&mac, linked && mac_link_up(&mac));
}

static struct net_buffer *wifi_receive(void)
{
    return mac_receive(&mac);
}

static void wifi_release(struct net_buffer *buffer)
{
    mac_release(&mac, buffer);
}

static bool wifi_rearm(void)
{
    wifi_radio_unmask();
    return mac_rearm(&mac);
}

static void wifi_multicast(const uint8_t address[6], bool join)
{
    mac_multicast(&mac, address, join);
}

static void wifi_address(uint8_t address[6])
{
    mac_address(&mac, address);
}

static struct net_capabilities wifi_capabilities(void)
{
    return mac.capabilities;
}

static void wifi_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                            void *context)
{
    mac_statistics(&mac, visit, context);
    wifi_radio_statistics(visit, context);
    wifi_control_statistics(visit, context);
}

const struct net_driver wifi_net_driver = {
    .name = "wifi",
    .init = wifi_init,
    .link = wifi_link,
    .unlink = wifi_unlink,
    .send = wifi_send,
    .service = wifi_service,
    .due_ns = wifi_control_due_ns,
    .receive = wifi_receive,
    .release = wifi_release,
    .rearm = wifi_rearm,
    .multicast = wifi_multicast,
    .address = wifi_address,
    .capabilities = wifi_capabilities,
    .statistics = wifi_statistics,
};

const struct wifi_driver wifi_driver = {
    .net = &wifi_net_driver,
    .submit = wifi_control_submit,
    .limits = wifi_control_limits,
};

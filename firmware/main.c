/*
 * The sockbench firmware: puts the parts together and hands over to the scheduler.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/agent.h"
#include "port/can_provider.h"
#include "port/network.h"
#include "port/network_eth.h"
#include "port/network_wifi.h"
#include "port/os.h"
#include "port/providers.h"
#include "port/sock_port.h"
#include "port/version.h"
#include "socket/eth.h"
#include "socket/module.h"
#include "socket/wifi.h"

int main(void)
{
    network_init();
    sock_port_init();
    can_provider_init();
    sock_module_init(&sock_port_freertos, &providers);
    eth_init(&network_eth);
    wifi_module_init(&network_wifi);
    agent_start(version_text());
    os_run();
}

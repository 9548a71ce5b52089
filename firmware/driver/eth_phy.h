/*
 * The Ethernet PHY behind the MAC's MDIO port: clause-22 registers 0 to 6.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_ETH_PHY_H
#define SOCKBENCH_DRIVER_ETH_PHY_H

#include <stdbool.h>

/* Unless there is a link already, reset the PHY and start to negotiate. False: no PHY answers. */
bool eth_phy_start(void);

/* Isolate the PHY from the medium: the link goes down. */
void eth_phy_stop(void);

/* Whether there is a link with a common mode now. */
bool eth_phy_link_up(void);

/* Whether an access to the PHY has hung, which only a reset of the MAC ends (datasheet 9). */
bool eth_phy_is_stuck(void);

#endif

/*
 * PHY bring-up by MDIO (IEEE 802.3 clause 22; register numbers and bits from 22.2.4).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/eth_phy.h"

#include "board/regs.h"
#include "emulated_nic/regs/board.h"
#include "emulated_nic/regs/eth.h"

#define PHY_BMCR 0
#define BMCR_RESET 0x8000u
#define BMCR_ANENABLE 0x1000u
#define BMCR_PDOWN 0x0800u
#define BMCR_ANRESTART 0x0200u
#define PHY_BMSR 1
#define BMSR_ANEGCOMPLETE 0x0020u
#define BMSR_LINK 0x0004u
#define PHY_ID1 2
#define PHY_ANAR 4
#define ANAR_SELECTOR_802_3 0x0001u
#define ANAR_MODES 0x01e0u /* 10 and 100 Mbit/s, half and full duplex */
#define PHY_ANLPAR 5
/* What a line that nobody drives reads. */
#define UNDRIVEN 0xffffu

/* An access takes 2 us (datasheet 7), and a look at the register a few instructions: this is at
 * least 100 us on any clock the board can have. */
#define MDIO_POLLS_MAX 5000

static bool mdio_wait(void)
{
    for (int i = 0; i < MDIO_POLLS_MAX; i++) {
        uint32_t control = reg_read(SB_ETH_BASE, A_ETH_MDIO_CTRL);
        if ((control & FIELD_MASK(ETH_MDIO_CTRL, START)) == 0)
            return true;
    }
    return false;
}

bool eth_phy_is_stuck(void)
{
    return FIELD_GET(reg_read(SB_ETH_BASE, A_ETH_MDIO_CTRL), ETH_MDIO_CTRL, START) != 0;
}

static uint32_t mdio_command(unsigned phy_register)
{
    return FIELD_MASK(ETH_MDIO_CTRL, START) | SB_ETH_PHY_ADDR << R_ETH_MDIO_CTRL_PHY_SHIFT |
           phy_register << R_ETH_MDIO_CTRL_REG_SHIFT;
}

static bool phy_read(unsigned phy_register, uint32_t *value)
{
    reg_write(SB_ETH_BASE, A_ETH_MDIO_CTRL, mdio_command(phy_register));
    if (!mdio_wait())
        return false;
    *value = reg_read(SB_ETH_BASE, A_ETH_MDIO_DATA);
    return *value != UNDRIVEN;
}

static bool phy_write(unsigned phy_register, uint32_t value)
{
    reg_write(SB_ETH_BASE, A_ETH_MDIO_DATA, value);
    reg_write(SB_ETH_BASE, A_ETH_MDIO_CTRL,
              mdio_command(phy_register) | FIELD_MASK(ETH_MDIO_CTRL, WRITE));
    return mdio_wait();
}

bool eth_phy_start(void)
{
    uint32_t id;
    if (!phy_read(PHY_ID1, &id))
        return false;
    /* A PHY that came out of power-on by itself has negotiated already; doing it again would take
     * the link down for milliseconds. */
    if (eth_phy_link_up())
        return true;
    return phy_write(PHY_BMCR, BMCR_RESET) &&
           phy_write(PHY_ANAR, ANAR_SELECTOR_802_3 | ANAR_MODES) &&
           phy_write(PHY_BMCR, BMCR_ANENABLE | BMCR_ANRESTART);
}

void eth_phy_stop(void)
{
    phy_write(PHY_BMCR, BMCR_PDOWN);
}

bool eth_phy_link_up(void)
{
    uint32_t status;
    uint32_t ours;
    uint32_t theirs;

    /* The link bit latches low, so the first read tells of the past (22.2.4.2.13). */
    if (!phy_read(PHY_BMSR, &status))
        return false;
    if (!phy_read(PHY_BMSR, &status))
        return false;
    if ((status & BMSR_LINK) == 0 || (status & BMSR_ANEGCOMPLETE) == 0)
        return false;
    return phy_read(PHY_ANAR, &ours) && phy_read(PHY_ANLPAR, &theirs) &&
           (ours & theirs & ANAR_MODES) != 0;
}

/*
 * Mailbox device (emulated_nic/regs/board.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "board/mailbox.h"

#include <assert.h>

#include "board/interrupt.h"
#include "board/regs.h"
#include "emulated_nic/regs/board.h"

static_assert(MAILBOX_MESSAGE_BYTES_MAX == SB_MAILBOX_BYTES_MAX, "one limit on both sides");

static void (*arrived_callback)(void);

static void mailbox_interrupt(void)
{
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_CTRL, 0);
    arrived_callback();
}

void mailbox_init(void (*arrived)(void))
{
    arrived_callback = arrived;
    interrupt_enable(SB_MAILBOX_IRQ, mailbox_interrupt);
}

void mailbox_listen(void)
{
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_CTRL, FIELD_MASK(MAILBOX_CTRL, RX_IRQ_ENABLE));
}

bool mailbox_pending(size_t *bytes)
{
    uint32_t status = reg_read(SB_MAILBOX_BASE, A_MAILBOX_STATUS);
    if ((status & FIELD_MASK(MAILBOX_STATUS, RX_PENDING)) == 0)
        return false;
    *bytes = reg_read(SB_MAILBOX_BASE, A_MAILBOX_RX_LEN);
    return true;
}

bool mailbox_take(uint8_t *buffer)
{
    const uint32_t error = FIELD_MASK(MAILBOX_STATUS, RX_ERROR);
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_RX_ADDR, (uint32_t)(uintptr_t)buffer);
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_RX_TAKE, 1);
    reg_barrier();
    if ((reg_read(SB_MAILBOX_BASE, A_MAILBOX_STATUS) & error) == 0)
        return true;
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_STATUS, error);
    return false;
}

bool mailbox_send(const uint8_t *message, size_t bytes)
{
    const uint32_t error = FIELD_MASK(MAILBOX_STATUS, TX_ERROR);
    uint32_t primask;
    reg_barrier();
    /* Three writes belong together; another thread must not get between them. */
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_TX_ADDR, (uint32_t)(uintptr_t)message);
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_TX_LEN, (uint32_t)bytes);
    reg_write(SB_MAILBOX_BASE, A_MAILBOX_TX_SEND, 1);
    bool sent = (reg_read(SB_MAILBOX_BASE, A_MAILBOX_STATUS) & error) == 0;
    if (!sent)
        reg_write(SB_MAILBOX_BASE, A_MAILBOX_STATUS, error);
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
    return sent;
}

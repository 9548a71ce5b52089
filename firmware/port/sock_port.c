/*
 * The socket module's clock, waiting and memory on FreeRTOS.
 *
 * A wait ends at the first tick at or after its deadline, neither earlier nor a tick later: the
 * number of ticks to wait is worked out while the scheduler is suspended, so that no tick can pass
 * between the calculation and the wait. Only the kernel's list functions allow that (queues and
 * notifications count from the tick at which they happen to be called), so a wait is built from
 * them in the way in which the kernel's event groups are (event_groups.c).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/sock_port.h"

#include "FreeRTOS.h"
#include "board/sysctl.h"
#include "board/timer.h"
#include "port/memory.h"
#include "port/os.h"
#include "port/tick.h"
#include "task.h"

/* One wait of the kernel is below half the range of its 32-bit tick; farther deadlines wait again.
 */
#define WAIT_TICKS_MAX 0x7fffffffu

/* waiter->context[0]: a wake-up has come that no wait has reported yet. */
#define WOKEN 0

static struct os_lock *module_lock;

void sock_port_init(void)
{
    module_lock = os_lock_new();
}

static int64_t port_now_ns(void)
{
    return (int64_t)timer_now_ns();
}

static void port_waiter_init(struct sock_waiter *waiter)
{
    waiter->handle = NULL;
    waiter->next = NULL;
    waiter->context[WOKEN] = 0;
}

/* The kernel's present tick may lag behind the clock. */
uint32_t sock_port_ticks_until(int64_t deadline_ns)
{
    if (deadline_ns == SOCK_DEADLINE_NEVER)
        return portMAX_DELAY;
    uint64_t now_tick = timer_now_ns() / TICK_NS;
    uint32_t lag = (uint32_t)now_tick - xTaskGetTickCount();
    uint64_t target = deadline_ns <= 0 ? 0 : ((uint64_t)deadline_ns - 1) / TICK_NS + 1;
    uint64_t kernel_tick = now_tick - lag;

    if (target <= kernel_tick)
        return 0;
    uint64_t ticks = target - kernel_tick;
    return ticks < WAIT_TICKS_MAX ? (TickType_t)ticks : WAIT_TICKS_MAX;
}

static bool port_waiter_wait(struct sock_waiter *waiter, int64_t deadline_ns)
{
    List_t place;
    vListInitialise(&place);

    for (;;) {
        bool blocked = false;
        vTaskSuspendAll();
        if (waiter->context[WOKEN] != 0) {
            waiter->context[WOKEN] = 0;
            xTaskResumeAll();
            return true;
        }
        TickType_t ticks = sock_port_ticks_until(deadline_ns);
        if (ticks > 0) {
            waiter->handle = &place;
            vTaskPlaceOnUnorderedEventList(&place, 0, ticks);
            blocked = true;
        }
        if (xTaskResumeAll() == pdFALSE && blocked)
            taskYIELD();

        if (blocked) {
            uxTaskResetEventItemValue();
            vTaskSuspendAll();
            waiter->handle = NULL;
            xTaskResumeAll();
        }
        if (waiter->context[WOKEN] == 0 && port_now_ns() >= deadline_ns)
            return false;
    }
}

static void port_waiter_wake(struct sock_waiter *waiter)
{
    vTaskSuspendAll();
    waiter->context[WOKEN] = 1;
    List_t *place = waiter->handle;
    if (place != NULL && !listLIST_IS_EMPTY(place))
        xTaskRemoveFromUnorderedEventList(listGET_HEAD_ENTRY(place), 0);
    xTaskResumeAll();
}

static void port_lock(void)
{
    os_lock_take(module_lock);
}

static void port_unlock(void)
{
    os_lock_give(module_lock);
}

const struct sock_port sock_port_freertos = {
    .now_ns = port_now_ns,
    .waiter_init = port_waiter_init,
    .waiter_wait = port_waiter_wait,
    .waiter_wake = port_waiter_wake,
    .lock = port_lock,
    .unlock = port_unlock,
    .alloc = memory_alloc,
    .release = memory_release,
    .random = sysctl_random,
};

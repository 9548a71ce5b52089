/*
 * lwIP's operating system layer on FreeRTOS: the core lock, the message box of lwIP's thread, time.
 *
 * Times are exact to the tick: lwIP's clock is the kernel's tick (1 ms), and lwIP's thread sleeps
 * until an absolute tick. Under core locking any thread may start a lwIP timer that is due before
 * the one lwIP's thread sleeps for, which lwIP itself does not notice (api/tcpip.c computes its
 * sleep once); giving the core lock back looks for that and wakes the thread.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "FreeRTOS.h"
#include "board/panic.h"
#include "board/timer.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"
#include "lwip/timeouts.h"
#include "port/memory.h"
#include "port/os.h"
#include "port/sock_port.h"
#include "port/tick.h"
#include "semphr.h"
#include "task.h"

/* A message box: a ring of pointers with one reader, lwIP's thread. */
struct mbox {
    struct sock_waiter reader;
    uint16_t first;
    uint16_t used;
    uint16_t size;
    bool ring; /* the reader is to look at its timers */
    void *messages[];
};

static struct {
    TaskHandle_t owner; /* of the core lock */
    struct mbox *mbox;  /* lwIP's thread sleeps on this one, NULL while it runs */
    u32_t due_ms;       /* when the earliest timer is due, if there is one */
    bool has_due;
} core;

void sys_init(void)
{
}

u32_t sys_now(void)
{
    return xTaskGetTickCount();
}

/* The board's time of a tick near the present one. */
static int64_t tick_to_ns(u32_t tick)
{
    int64_t now_tick = (int64_t)(timer_now_ns() / TICK_NS);
    return (now_tick + (int32_t)(tick - (u32_t)now_tick)) * TICK_NS;
}

/* Core lock. */

void sys_arch_lock_core(void)
{
    sys_mutex_lock(&lock_tcpip_core);
    core.owner = xTaskGetCurrentTaskHandle();
}

void sys_arch_unlock_core(void)
{
    /* The clock is read first: a tick in between makes the result early, and an early thread
     * goes back to sleep, while a late one would fire its timers late. */
    u32_t now_ms = sys_now();
    u32_t sleep_ms = sys_timeouts_sleeptime();
    u32_t due_ms = now_ms + sleep_ms;
    bool has_due = sleep_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE;
    struct mbox *mbox = core.mbox;

    if (mbox != NULL && has_due && (!core.has_due || (int32_t)(due_ms - core.due_ms) < 0)) {
        mbox->ring = true;
        sock_port_freertos.waiter_wake(&mbox->reader);
    }
    core.due_ms = due_ms;
    core.has_due = has_due;
    core.owner = NULL;
    sys_mutex_unlock(&lock_tcpip_core);
}

void sys_arch_assert_core_locked(const char *file, int line)
{
    if (xTaskGetSchedulerState() != taskSCHEDULER_NOT_STARTED &&
        core.owner != xTaskGetCurrentTaskHandle())
        panic_at(file, line, "lwIP was called without its core lock");
}

sys_prot_t sys_arch_protect(void)
{
    taskENTER_CRITICAL();
    return 0;
}

void sys_arch_unprotect(sys_prot_t level)
{
    (void)level;
    taskEXIT_CRITICAL();
}

/* Mutexes. */

err_t sys_mutex_new(sys_mutex_t *mutex)
{
    mutex->handle = xSemaphoreCreateMutex();
    return mutex->handle != NULL ? ERR_OK : ERR_MEM;
}

void sys_mutex_lock(sys_mutex_t *mutex)
{
    xSemaphoreTake(mutex->handle, portMAX_DELAY);
}

void sys_mutex_unlock(sys_mutex_t *mutex)
{
    xSemaphoreGive(mutex->handle);
}

/* Message boxes. */

err_t sys_mbox_new(sys_mbox_t *mbox, int size)
{
    struct mbox *box = memory_alloc(sizeof *box + (size_t)size * sizeof box->messages[0]);
    mbox->handle = box;
    if (box == NULL)
        return ERR_MEM;
    sock_port_freertos.waiter_init(&box->reader);
    box->first = 0;
    box->used = 0;
    box->size = (uint16_t)size;
    box->ring = false;
    return ERR_OK;
}

int sys_mbox_valid(sys_mbox_t *mbox)
{
    return mbox->handle != NULL;
}

err_t sys_mbox_trypost(sys_mbox_t *mbox, void *message)
{
    struct mbox *box = mbox->handle;
    err_t result = ERR_MEM;

    taskENTER_CRITICAL();
    if (box->used < box->size) {
        box->messages[(box->first + box->used) % box->size] = message;
        box->used++;
        result = ERR_OK;
    }
    taskEXIT_CRITICAL();
    if (result == ERR_OK)
        sock_port_freertos.waiter_wake(&box->reader);
    return result;
}

void sys_mbox_post(sys_mbox_t *mbox, void *message)
{
    while (sys_mbox_trypost(mbox, message) != ERR_OK)
        vTaskDelay(1);
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mbox, void **message)
{
    struct mbox *box = mbox->handle;
    u32_t result = SYS_MBOX_EMPTY;

    taskENTER_CRITICAL();
    if (box->used > 0) {
        *message = box->messages[box->first];
        box->first = (uint16_t)((box->first + 1) % box->size);
        box->used--;
        result = 0;
    }
    taskEXIT_CRITICAL();
    return result;
}

/*
 * Only lwIP's thread fetches, and always with the time to its next timer (0 and UINT32_MAX mean
 * "none"). The absolute time that sys_arch_unlock_core() noted just before is the exact one.
 */
u32_t sys_arch_mbox_fetch(sys_mbox_t *mbox, void **message, u32_t timeout_ms)
{
    struct mbox *box = mbox->handle;
    bool endless = timeout_ms == 0 || timeout_ms == UINT32_MAX;

    for (;;) {
        if (sys_arch_mbox_tryfetch(mbox, message) == 0)
            return 0;
        taskENTER_CRITICAL();
        core.mbox = box;
        int64_t deadline_ns =
            endless && !core.has_due ? SOCK_DEADLINE_NEVER : tick_to_ns(core.due_ms);
        taskEXIT_CRITICAL();
        bool woken = sock_port_freertos.waiter_wait(&box->reader, deadline_ns);
        taskENTER_CRITICAL();
        bool look_at_timers = !woken || box->ring;
        box->ring = false;
        core.mbox = NULL;
        taskEXIT_CRITICAL();
        if (look_at_timers && box->used == 0)
            return SYS_ARCH_TIMEOUT;
    }
}

/* Threads. */

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn run, void *argument, int stack_bytes,
                            int priority)
{
    struct os_thread *thread =
        os_thread_start(name, run, argument, (size_t)stack_bytes, (enum os_priority)priority);
    LWIP_ASSERT("no memory for a lwIP thread", thread != NULL);
    return thread;
}

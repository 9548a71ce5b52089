/*
 * Threads on FreeRTOS (port/os.h), and the kernel's hooks.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/os.h"

#include "FreeRTOS.h"
#include "board/panic.h"
#include "port/sock_port.h"
#include "semphr.h"
#include "task.h"

static TaskHandle_t threads[OS_THREADS_MAX];
static size_t thread_count;

void vApplicationStackOverflowHook(TaskHandle_t task, char *name);

static const char *current_task_name(void)
{
    if (xTaskGetSchedulerState() == taskSCHEDULER_NOT_STARTED)
        return NULL;
    return pcTaskGetName(NULL);
}

struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument,
                                  size_t stack_bytes, enum os_priority priority)
{
    TaskHandle_t task = NULL;
    struct os_thread *thread = NULL;

    panic_set_task_name(current_task_name);
    vTaskSuspendAll();
    if (thread_count < OS_THREADS_MAX &&
        xTaskCreate(run, name, (uint16_t)(stack_bytes / sizeof(StackType_t)), argument, priority,
                    &task) == pdPASS) {
        threads[thread_count++] = task;
        thread = (struct os_thread *)task;
    }
    xTaskResumeAll();
    return thread;
}

void os_run(void)
{
    vTaskStartScheduler();
    panic_at(__FILE__, __LINE__, "the scheduler did not start");
}

void os_wait(void)
{
    ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
}

void os_wait_until(int64_t deadline_ns)
{
    ulTaskNotifyTake(pdTRUE, sock_port_ticks_until(deadline_ns));
}

void os_ring(struct os_thread *thread)
{
    xTaskNotifyGive((TaskHandle_t)thread);
}

void os_ring_from_interrupt(struct os_thread *thread)
{
    BaseType_t switch_needed = pdFALSE;
    vTaskNotifyGiveFromISR((TaskHandle_t)thread, &switch_needed);
    portYIELD_FROM_ISR(switch_needed);
}

struct os_lock *os_lock_new(void)
{
    return (struct os_lock *)xSemaphoreCreateMutex();
}

void os_lock_take(struct os_lock *lock)
{
    xSemaphoreTake((SemaphoreHandle_t)lock, portMAX_DELAY);
}

void os_lock_give(struct os_lock *lock)
{
    xSemaphoreGive((SemaphoreHandle_t)lock);
}

void os_mask(void)
{
    taskENTER_CRITICAL();
}

void os_unmask(void)
{
    taskEXIT_CRITICAL();
}

void os_threads(void (*visit)(void *context, const char *name, size_t unused_bytes), void *context)
{
    for (size_t i = 0; i < thread_count; i++)
        visit(context, pcTaskGetName(threads[i]),
              uxTaskGetStackHighWaterMark(threads[i]) * sizeof(StackType_t));
}

uint32_t os_tick(void)
{
    return xTaskGetTickCount();
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
    static char report[96];
    struct panic_text text = {report, sizeof report, 0};
    (void)task;
    panic_add(&text, "stack overflow (task ");
    panic_add(&text, name);
    panic_add(&text, ")");
    panic(report);
}

/*
 * Memory regions (port/memory.h) and what happens when the kernel's heap is exhausted.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/memory.h"

#include <stdbool.h>

#include "FreeRTOS.h"
#include "board/panic.h"
#include "task.h"

uint8_t ucHeap[MEMORY_KERNEL_HEAP_BYTES] __attribute__((section(".noinit"), aligned(8)));
uint8_t memory_lwip_heap[MEMORY_LWIP_HEAP_BYTES] __attribute__((section(".noinit"), aligned(8)));
uint8_t memory_rx_eth[MEMORY_RX_BYTES] __attribute__((section(".noinit"), aligned(8)));
uint8_t memory_rx_wifi[MEMORY_RX_BYTES] __attribute__((section(".noinit"), aligned(8)));

/* Set, with the scheduler suspended, while an allocation may fail without harm. */
static bool failure_is_answered;

void vApplicationMallocFailedHook(void);

void *memory_alloc(size_t bytes)
{
    vTaskSuspendAll();
    failure_is_answered = true;
    void *memory = pvPortMalloc(bytes);
    failure_is_answered = false;
    xTaskResumeAll();
    return memory;
}

void memory_release(void *memory)
{
    vPortFree(memory);
}

size_t memory_free_bytes(void)
{
    return xPortGetFreeHeapSize();
}

size_t memory_free_bytes_min(void)
{
    return xPortGetMinimumEverFreeHeapSize();
}

void vApplicationMallocFailedHook(void)
{
    if (!failure_is_answered)
        panic_at(__FILE__, __LINE__, "the kernel's heap is exhausted");
}

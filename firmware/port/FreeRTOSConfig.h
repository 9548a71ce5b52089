/*
 * The kernel's configuration: 1000 Hz, tickless over the board's 64-bit timer
 * (port/tick.c), no software timers, everything from one heap.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_FREERTOSCONFIG_H
#define SOCKBENCH_PORT_FREERTOSCONFIG_H

#include "board/interrupt.h"
#include "board/panic.h"
#include "port/memory.h"

#define configUSE_PREEMPTION 1
#define configUSE_TIME_SLICING 0 /* equals run in the order in which they became ready */
#define configUSE_PORT_OPTIMISED_TASK_SELECTION 0
#define configUSE_TICKLESS_IDLE 2 /* port/tick.c replaces the port's own */
#define configEXPECTED_IDLE_TIME_BEFORE_SLEEP 2
#define configTICK_RATE_HZ 1000
#define configUSE_16_BIT_TICKS 0
/* Only the SysTick set-up that port/tick.c replaces would use it. */
#define configCPU_CLOCK_HZ 125000000
#define configMAX_PRIORITIES 8
#define configMINIMAL_STACK_SIZE 192 /* words */
#define configSTACK_DEPTH_TYPE uint16_t
#define configMAX_TASK_NAME_LEN 16
#define configIDLE_SHOULD_YIELD 1
#define configUSE_TASK_NOTIFICATIONS 1
#define configUSE_MUTEXES 1
#define configUSE_RECURSIVE_MUTEXES 0
#define configUSE_COUNTING_SEMAPHORES 1
#define configQUEUE_REGISTRY_SIZE 0
#define configUSE_TRACE_FACILITY 0
#define configUSE_CO_ROUTINES 0
#define configUSE_TIMERS 0
#define configUSE_IDLE_HOOK 0
#define configUSE_TICK_HOOK 0
#define configSUPPORT_STATIC_ALLOCATION 0
#define configSUPPORT_DYNAMIC_ALLOCATION 1
#define configAPPLICATION_ALLOCATED_HEAP 1 /* in .noinit, port/memory.c */
#define configTOTAL_HEAP_SIZE MEMORY_KERNEL_HEAP_BYTES

/* Method 2: the last words of the stack must still hold their pattern at each switch. */
#define configCHECK_FOR_STACK_OVERFLOW 2
#define configUSE_MALLOC_FAILED_HOOK 1
#define configASSERT(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic_at(__FILE__, __LINE__, "kernel: " #condition);                                   \
    } while (0)

#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1 /* makes portMAX_DELAY mean "without end" */
#define INCLUDE_xTaskGetCurrentTaskHandle 1
#define INCLUDE_xTaskGetSchedulerState 1
#define INCLUDE_xSemaphoreGetMutexHolder 1
#define INCLUDE_xQueueGetMutexHolder 1
#define INCLUDE_uxTaskGetStackHighWaterMark 1
#define INCLUDE_vTaskDelete 1

/* The kernel's own exceptions are the least urgent; every device's may call it. */
#define configKERNEL_INTERRUPT_PRIORITY 255
#define configMAX_SYSCALL_INTERRUPT_PRIORITY INTERRUPT_PRIORITY

#endif

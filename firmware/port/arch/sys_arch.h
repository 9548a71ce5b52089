/*
 * lwIP's operating system types on FreeRTOS; implemented in port/sys_arch.c.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_ARCH_SYS_ARCH_H
#define SOCKBENCH_PORT_ARCH_SYS_ARCH_H

/* A kernel object; NULL is "invalid". */
typedef struct {
    void *handle;
} sys_mutex_t;
typedef struct {
    void *handle;
} sys_sem_t;
typedef struct {
    void *handle;
} sys_mbox_t;
typedef void *sys_thread_t;

#define SYS_MBOX_NULL ((sys_mbox_t){0})
#define SYS_SEM_NULL ((sys_sem_t){0})

/* Taking and giving lwIP's core lock, see port/sys_arch.c. */
void sys_arch_lock_core(void);
void sys_arch_unlock_core(void);
void sys_arch_assert_core_locked(const char *file, int line);

#endif

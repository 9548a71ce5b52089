/*
 * The fake port (fake_port.h), on POSIX threads that hand a baton around.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fake_port.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASKS_MAX 16
#define EVENTS_MAX 256
#define END_OF_TIME_NS (1000000000LL * MS) /* 11 days */

enum task_state { TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_DONE };

struct fake_task {
    pthread_t thread;
    pthread_cond_t turn;
    enum task_state state;
    uint64_t ready_order;
    int64_t deadline_ns;
    bool timed_out;
    struct fake_task *joined_by;
    void (*run)(void *argument);
    void *argument;
};

struct event {
    int64_t at_ns;
    void (*run)(void *argument);
    void *argument;
};

static pthread_mutex_t baton = PTHREAD_MUTEX_INITIALIZER;
static struct fake_task tasks[TASKS_MAX];
static size_t task_count;
static struct fake_task *current;
static uint64_t ready_counter;
static struct event events[EVENTS_MAX];
static size_t event_count;
static size_t event_next;
static int64_t now;
static bool locked;
static size_t blocks;
static size_t largest;
static size_t allocations_left;
static size_t waits;
static int64_t (*pump_due_ns)(void);
static void (*pump_run)(void);

static void fail(const char *why)
{
    fprintf(stderr, "fake port: %s\n", why);
    abort();
}

void fake_port_reset(int64_t now_ns)
{
    for (size_t i = 1; i < task_count; i++) {
        if (tasks[i].state != TASK_DONE)
            fail("a task of the last test did not end");
        pthread_join(tasks[i].thread, NULL);
        pthread_cond_destroy(&tasks[i].turn);
    }
    if (task_count == 0)
        pthread_mutex_lock(&baton); /* held by whichever task runs, from here on */
    else
        pthread_cond_destroy(&tasks[0].turn);
    memset(tasks, 0, sizeof tasks);
    task_count = 1;
    pthread_cond_init(&tasks[0].turn, NULL);
    tasks[0].state = TASK_RUNNING;
    current = &tasks[0];
    event_count = event_next = 0;
    now = now_ns;
    locked = false;
    blocks = 0;
    largest = 0;
    allocations_left = FAKE_NO_LIMIT;
    waits = 0;
    fake_set_pump(NULL, NULL);
}

void fake_set_pump(int64_t (*due_ns)(void), void (*run)(void))
{
    pump_due_ns = due_ns;
    pump_run = run;
}

void fake_at(int64_t at_ns, void (*run)(void *argument), void *argument)
{
    if (event_count == EVENTS_MAX)
        fail("too many events");
    size_t i = event_count++;
    while (i > event_next && events[i - 1].at_ns > at_ns) {
        events[i] = events[i - 1];
        i--;
    }
    events[i] = (struct event){at_ns, run, argument};
}

static void make_ready(struct fake_task *task, bool timed_out)
{
    task->state = TASK_READY;
    task->timed_out = timed_out;
    task->ready_order = ++ready_counter;
}

static struct fake_task *first_ready(void)
{
    struct fake_task *first = NULL;
    for (size_t i = 0; i < task_count; i++) {
        if (tasks[i].state == TASK_READY &&
            (first == NULL || tasks[i].ready_order < first->ready_order))
            first = &tasks[i];
    }
    return first;
}

/* Move the clock to whatever comes next and let it happen. */
static void advance(void)
{
    struct fake_task *next = NULL;
    for (size_t i = 0; i < task_count; i++) {
        if (tasks[i].state == TASK_WAITING && tasks[i].deadline_ns != SOCK_DEADLINE_NEVER &&
            (next == NULL || tasks[i].deadline_ns < next->deadline_ns))
            next = &tasks[i];
    }
    int64_t pump_ns = pump_due_ns != NULL ? pump_due_ns() : SOCK_DEADLINE_NEVER;
    if (pump_ns > END_OF_TIME_NS && pump_ns != SOCK_DEADLINE_NEVER)
        fail("only timers are left that lead nowhere");
    if (pump_ns != SOCK_DEADLINE_NEVER && (next == NULL || pump_ns <= next->deadline_ns) &&
        (event_next == event_count || pump_ns < events[event_next].at_ns)) {
        if (pump_ns > now)
            now = pump_ns;
        pump_run();
        return;
    }
    if (event_next < event_count &&
        (next == NULL || events[event_next].at_ns <= next->deadline_ns)) {
        struct event event = events[event_next++];
        if (event.at_ns > now)
            now = event.at_ns;
        event.run(event.argument);
        return;
    }
    if (next == NULL)
        fail("every task waits for ever");
    if (next->deadline_ns > now)
        now = next->deadline_ns;
    make_ready(next, true);
}

/* The running task has stopped running: run others until it is its turn again. */
static void switch_away(struct fake_task *self)
{
    struct fake_task *next;
    while ((next = first_ready()) == NULL)
        advance();
    next->state = TASK_RUNNING;
    current = next;
    if (next == self)
        return;
    pthread_cond_signal(&next->turn);
    while (self->state != TASK_DONE && current != self)
        pthread_cond_wait(&self->turn, &baton);
}

static void *task_main(void *argument)
{
    struct fake_task *self = argument;
    pthread_mutex_lock(&baton);
    while (current != self)
        pthread_cond_wait(&self->turn, &baton);
    self->run(self->argument);
    self->state = TASK_DONE;
    if (self->joined_by != NULL)
        make_ready(self->joined_by, false);
    switch_away(self);
    pthread_mutex_unlock(&baton);
    return NULL;
}

struct fake_task *fake_start(void (*run)(void *argument), void *argument)
{
    if (task_count == TASKS_MAX)
        fail("too many tasks");
    struct fake_task *task = &tasks[task_count++];
    pthread_cond_init(&task->turn, NULL);
    task->run = run;
    task->argument = argument;
    make_ready(task, false);
    pthread_create(&task->thread, NULL, task_main, task);
    return task;
}

void fake_join(struct fake_task *task)
{
    if (task->state == TASK_DONE)
        return;
    task->joined_by = current;
    current->state = TASK_WAITING;
    current->deadline_ns = SOCK_DEADLINE_NEVER;
    switch_away(current);
}

void fake_sleep_until(int64_t at_ns)
{
    current->state = TASK_WAITING;
    current->deadline_ns = at_ns;
    switch_away(current);
}

void fake_settle(void)
{
    make_ready(current, false);
    switch_away(current);
}

static int64_t port_now_ns(void)
{
    return now;
}

static void port_waiter_init(struct sock_waiter *waiter)
{
    memset(waiter, 0, sizeof *waiter);
}

static bool port_waiter_wait(struct sock_waiter *waiter, int64_t deadline_ns)
{
    if (locked)
        fail("waiting with the lock held");
    waits++;
    if (waiter->context[0] == 0) {
        struct fake_task *self = current;
        waiter->handle = self;
        self->state = TASK_WAITING;
        self->deadline_ns = deadline_ns == SOCK_DEADLINE_NEVER
                                ? deadline_ns
                                : (deadline_ns + FAKE_TICK_NS - 1) / FAKE_TICK_NS * FAKE_TICK_NS;
        switch_away(self);
        waiter->handle = NULL;
    }
    bool woken = waiter->context[0] != 0;
    waiter->context[0] = 0;
    return woken;
}

static void port_waiter_wake(struct sock_waiter *waiter)
{
    struct fake_task *task = waiter->handle;
    waiter->context[0] = 1;
    if (task != NULL && task->state == TASK_WAITING)
        make_ready(task, false);
}

static void port_lock(void)
{
    if (locked)
        fail("the lock is not recursive");
    locked = true;
}

static void port_unlock(void)
{
    if (!locked)
        fail("unlocked twice");
    locked = false;
}

static void *port_alloc(size_t bytes)
{
    if (locked)
        fail("allocating with the lock held");
    if (bytes > largest)
        largest = bytes;
    if (allocations_left == 0)
        return NULL;
    if (allocations_left != FAKE_NO_LIMIT)
        allocations_left--;
    void *block = malloc(bytes);
    if (block != NULL)
        blocks++;
    return block;
}

static void port_release(void *memory)
{
    if (memory != NULL)
        blocks--;
    free(memory);
}

static uint32_t port_random(void)
{
    return 4;
}

size_t fake_blocks(void)
{
    return blocks;
}

size_t fake_largest_block(void)
{
    return largest;
}

void fake_limit_allocations(size_t successes)
{
    allocations_left = successes;
}

size_t fake_waits(void)
{
    return waits;
}

const struct sock_port fake_port = {
    .now_ns = port_now_ns,
    .waiter_init = port_waiter_init,
    .waiter_wait = port_waiter_wait,
    .waiter_wake = port_waiter_wake,
    .lock = port_lock,
    .unlock = port_unlock,
    .alloc = port_alloc,
    .release = port_release,
    .random = port_random,
};

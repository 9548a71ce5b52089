/*
 * The agent's threads: one that takes messages out of the mailbox and sorts them, and one worker
 * per thread name, made when the name is first used.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/agent.h"

#include <assert.h>
#include <string.h>

#include "agent/answer.h"
#include "agent/objects.h"
#include "agent/operations.h"
#include "agent/request.h"
#include "board/mailbox.h"
#include "port/memory.h"
#include "port/os.h"
#include "port/tick.h"

#define THREAD_NAME_BYTES 16
#define AGENT_STACK_BYTES 4096
#define WORKER_STACK_BYTES 6144
#define READY_BYTES 2048

/* A request on its way: the message, and what was found in it. */
struct job {
    struct job *next;
    operation run;
    struct request request;
    uint8_t message[];
};

struct worker {
    char name[THREAD_NAME_BYTES];
    struct os_thread *thread;
    struct job *first; /* with interrupts masked */
    struct job **last;
};

static struct {
    const char *firmware;
    struct os_thread *thread;
    size_t worker_count;
    struct worker workers[AGENT_THREADS_MAX];
} agent;

/* Where a message goes for which there is no memory: it must be taken to make way for the next. */
static uint8_t overflow[MAILBOX_MESSAGE_BYTES_MAX] __attribute__((section(".noinit"), aligned(4)));

static struct job *next_job(struct worker *worker)
{
    os_mask();
    struct job *job = worker->first;
    if (job != NULL) {
        worker->first = job->next;
        if (worker->first == NULL)
            worker->last = &worker->first;
    }
    os_unmask();
    return job;
}

static void run_worker(void *argument)
{
    struct worker *worker = argument;
    for (;;) {
        struct job *job;
        while ((job = next_job(worker)) != NULL) {
            job->run(&job->request);
            memory_release(job);
        }
        os_wait();
    }
}

/* Names come back in statistics, so they must be text that every reader takes. */
static bool is_printable(const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name < ' ' || *name > '~')
            return false;
    }
    return true;
}

/* The worker of that name, made if need be; NULL with the reason in *wrong. */
static struct worker *find_worker(const struct span *name, const char **wrong)
{
    char copy[THREAD_NAME_BYTES];
    if (name->bytes == 0 || !request_copy_text(name, copy, sizeof copy) || !is_printable(copy)) {
        *wrong = "th is not a name of 1 to 15 printable ASCII characters";
        return NULL;
    }
    for (size_t i = 0; i < agent.worker_count; i++) {
        if (strcmp(agent.workers[i].name, copy) == 0)
            return &agent.workers[i];
    }
    if (agent.worker_count == AGENT_THREADS_MAX) {
        *wrong = "too many threads";
        return NULL;
    }
    struct worker *worker = &agent.workers[agent.worker_count];
    memcpy(worker->name, copy, sizeof copy);
    worker->first = NULL;
    worker->last = &worker->first;
    worker->thread =
        os_thread_start(worker->name, run_worker, worker, WORKER_STACK_BYTES, OS_PRIORITY_WORKER);
    if (worker->thread == NULL) {
        *wrong = "no memory for the thread";
        return NULL;
    }
    agent.worker_count++;
    return worker;
}

/* Find what the request asks for and who shall do it; NULL or what is wrong. */
static const char *sort(struct job *job, size_t bytes, struct worker **worker)
{
    struct span name;
    const char *wrong = request_parse(&job->request, job->message, bytes);
    if (wrong != NULL)
        return wrong;
    if (!request_text(&job->request, "op", &name))
        return "op is missing";
    job->run = operation_find(&name);
    if (job->run == NULL)
        return "unknown op";
    if (!request_text(&job->request, "th", &name))
        return "th is missing";
    *worker = find_worker(&name, &wrong);
    return wrong;
}

static void take_message(size_t bytes)
{
    struct job *job = NULL;
    if (bytes <= MAILBOX_MESSAGE_BYTES_MAX)
        job = memory_alloc(sizeof *job + bytes);
    if (job == NULL) {
        struct request request;
        if (mailbox_take(overflow)) {
            request_parse(&request, overflow, bytes);
            answer_bad(&request, "no memory for the request");
        }
        return;
    }
    if (!mailbox_take(job->message)) {
        memory_release(job);
        return;
    }
    struct worker *worker = NULL;
    const char *wrong = sort(job, bytes, &worker);
    if (wrong != NULL) {
        answer_bad(&job->request, wrong);
        memory_release(job);
        return;
    }
    job->next = NULL;
    os_mask();
    *worker->last = job;
    worker->last = &job->next;
    os_unmask();
    os_ring(worker->thread);
}

/* The ready event. */

struct listing {
    zcbor_state_t *state;
    bool good;
};

static void put_function(void *context, const char *prefix, const char *name)
{
    struct listing *listing = context;
    char text[64];
    size_t bytes = 0;
    for (; *prefix != '\0' && bytes < sizeof text; prefix++)
        text[bytes++] = *prefix;
    for (; *name != '\0' && bytes < sizeof text; name++)
        text[bytes++] = *name;
    listing->good = listing->good && zcbor_tstr_encode_ptr(listing->state, text, bytes);
}

static bool put_number(zcbor_state_t *state, const char *key, uint32_t value)
{
    return zcbor_tstr_put_term(state, key, 32) && zcbor_uint32_put(state, value);
}

static void announce(void)
{
    struct answer answer;
    bool good = answer_open_event(&answer, READY_BYTES);
    assert(good);
    zcbor_state_t *state = answer.state;
    struct listing listing = {state, true};

    good =
        zcbor_tstr_put_lit(state, "ev") && zcbor_tstr_put_lit(state, "ready") &&
        put_number(state, "version", AGENT_PROTOCOL_VERSION) &&
        zcbor_tstr_put_lit(state, "firmware") && zcbor_tstr_put_term(state, agent.firmware, 64) &&
        put_number(state, "tick_ns", TICK_NS) && put_number(state, "threads", AGENT_THREADS_MAX) &&
        put_number(state, "message_max", MAILBOX_MESSAGE_BYTES_MAX) &&
        zcbor_tstr_put_lit(state, "functions") && zcbor_list_start_encode(state, 64);
    operation_functions(put_function, &listing);
    answer_send(&answer, good && listing.good && zcbor_list_end_encode(state, 64));
}

static void on_message(void)
{
    os_ring_from_interrupt(agent.thread);
}

static void run_agent(void *argument)
{
    (void)argument;
    announce();
    for (;;) {
        size_t bytes;
        while (mailbox_pending(&bytes))
            take_message(bytes);
        mailbox_listen();
        os_wait();
    }
}

void agent_start(const char *firmware)
{
    agent.firmware = firmware;
    objects_init();
    agent.thread = os_thread_start("agent", run_agent, NULL, AGENT_STACK_BYTES, OS_PRIORITY_AGENT);
    assert(agent.thread != NULL);
    mailbox_init(on_message);
}

/*
 * Descriptors: the table, life and death, waiting and waking (descriptor.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/descriptor.h"

#include <string.h>

#include "socket/errors.h"

const struct sock_port *sock_port;
const struct sock_provider *sock_provider;

static struct descriptor *descriptors[DESCRIPTORS_MAX];

void descriptor_init(const struct sock_port *port, const struct sock_provider *provider)
{
    sock_port = port;
    sock_provider = provider;
    memset(descriptors, 0, sizeof descriptors);
}

int descriptor_new(enum sock_family family, enum sock_type type, int protocol,
                   struct descriptor **made)
{
    struct descriptor *self = sock_port->alloc(sizeof *self);
    if (self == NULL)
        return -SOCK_ENOMEM;
    memset(self, 0, sizeof *self);
    self->family = family;
    self->type = type;
    self->protocol = protocol;
    self->needs_no_bind = type == SOCK_TYPE_RAW && family != SOCK_AF_CAN;
    self->bound = self->needs_no_bind;
    self->handles = 1;

    sock_port->lock();
    int number = 0;
    while (number < DESCRIPTORS_MAX && descriptors[number] != NULL)
        number++;
    if (number < DESCRIPTORS_MAX) {
        self->number = number;
        descriptors[number] = self;
    }
    sock_port->unlock();

    if (number == DESCRIPTORS_MAX) {
        sock_port->release(self);
        return -SOCK_EMFILE;
    }
    *made = self;
    return 0;
}

static void notify_locked(struct descriptor *self, unsigned events)
{
    for (struct waiting *each = self->waiting; each != NULL; each = each->next) {
        if ((each->interest & events) != 0)
            sock_port->waiter_wake(each->waiter);
    }
}

void descriptor_notify(struct descriptor *self, unsigned events)
{
    sock_port->lock();
    notify_locked(self, events);
    sock_port->unlock();
}

static void on_provider_event(void *owner, unsigned events)
{
    descriptor_notify(owner, events);
}

void descriptor_attach(struct descriptor *self, struct provider_socket *provider_socket)
{
    sock_port->lock();
    self->provider_socket = provider_socket;
    sock_port->unlock();
    sock_provider->attach(provider_socket, on_provider_event, self);
}

void descriptor_discard(struct descriptor *self)
{
    sock_port->lock();
    descriptors[self->number] = NULL;
    sock_port->unlock();
    sock_port->release(self);
}

struct descriptor *descriptor_adopt(int64_t number)
{
    struct descriptor *found = NULL;
    if (number < 0 || number >= DESCRIPTORS_MAX)
        return NULL;
    sock_port->lock();
    found = descriptors[number];
    /* One without a provider socket is still being made. */
    if (found != NULL && found->provider_socket == NULL)
        found = NULL;
    if (found != NULL)
        found->handles++;
    sock_port->unlock();
    return found;
}

/*
 * Free what nobody can reach any more: the provider's side once a closed socket has
 * no running call, the rest once it has no handle either. Gives up the lock.
 */
static void settle_and_unlock(struct descriptor *self)
{
    struct provider_socket *released = NULL;
    uint8_t *block = NULL;
    bool gone = false;

    if (self->closed && self->calls == 0) {
        released = self->provider_socket;
        self->provider_socket = NULL;
        block = self->held.block;
        self->held.block = NULL;
        self->held.bytes = 0;
        gone = self->handles == 0;
    }
    sock_port->unlock();

    if (released != NULL)
        sock_provider->release(released);
    if (block != NULL)
        sock_port->release(block);
    if (gone)
        sock_port->release(self);
}

bool descriptor_enter(struct descriptor *self, struct waiting *waiting, unsigned interest)
{
    sock_port->waiter_init(&waiting->own);
    return descriptor_enter_with(self, waiting, interest, &waiting->own);
}

bool descriptor_enter_with(struct descriptor *self, struct waiting *waiting, unsigned interest,
                           struct sock_waiter *waiter)
{
    waiting->waiter = waiter;
    waiting->interest = interest | EVENT_CLOSED;

    sock_port->lock();
    bool open = !self->closed;
    if (open) {
        self->calls++;
        waiting->next = self->waiting;
        self->waiting = waiting;
    }
    sock_port->unlock();
    return open;
}

void descriptor_leave(struct descriptor *self, struct waiting *waiting)
{
    sock_port->lock();
    struct waiting **link = &self->waiting;
    while (*link != waiting)
        link = &(*link)->next;
    *link = waiting->next;
    self->calls--;
    settle_and_unlock(self);
}

void descriptor_close(struct descriptor *self)
{
    sock_port->lock();
    if (self->closed) {
        sock_port->unlock();
        return;
    }
    self->closed = true;
    self->calls++; /* ours: keeps the provider socket until its close() has returned */
    descriptors[self->number] = NULL;
    notify_locked(self, EVENT_CLOSED);
    bool unread = self->held.bytes + self->unreturned > 0;
    sock_port->unlock();

    sock_provider->close(self->provider_socket, unread);

    sock_port->lock();
    self->calls--;
    settle_and_unlock(self);
}

void descriptor_drop(struct descriptor *self)
{
    sock_port->lock();
    bool last = self->handles == 1;
    bool open = !self->closed;
    sock_port->unlock();

    if (last && open)
        descriptor_close(self);

    sock_port->lock();
    self->handles--;
    settle_and_unlock(self);
}

int descriptor_wait(struct descriptor *self, struct waiting *waiting, int64_t deadline_ns)
{
    bool woken = sock_port->waiter_wait(waiting->waiter, deadline_ns);

    sock_port->lock();
    bool closed = self->closed;
    sock_port->unlock();
    if (closed)
        return -SOCK_EBADF;
    return woken ? 0 : -SOCK_ETIMEDOUT;
}

bool descriptor_take_turn(struct descriptor *self, enum turn turn)
{
    sock_port->lock();
    bool taken = !self->turn_taken[turn];
    if (taken)
        self->turn_taken[turn] = true;
    sock_port->unlock();
    return taken;
}

void descriptor_give_turn(struct descriptor *self, enum turn turn)
{
    sock_port->lock();
    self->turn_taken[turn] = false;
    notify_locked(self, turn == TURN_RECEIVE ? EVENT_TURN_RECEIVE : EVENT_TURN_SEND);
    sock_port->unlock();
}

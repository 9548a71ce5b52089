/*
 * The module's side of an open socket: its number, its state, who waits for it,
 * and received bytes that no call has returned yet.
 *
 * Several socket objects may share a descriptor (socket(fileno=...)). A number is
 * free again as soon as its socket is closed; the descriptor itself lives on,
 * marked closed, until the last object and the last running call have let go of
 * it, so that an old object can never reach a new socket of the same number.
 *
 * Locking: fields are guarded by sock_port->lock unless said otherwise. The
 * provider is never called with that lock held.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_DESCRIPTOR_H
#define SOCKBENCH_SOCKET_DESCRIPTOR_H

#include "socket/port.h"
#include "socket/provider.h"

/* Sockets open at once, accepted connections included. */
#define DESCRIPTORS_MAX 96

enum descriptor_state {
    STATE_OPEN, /* also: bound */
    STATE_CONNECTING,
    STATE_CONNECTED,
    STATE_LISTENING,
};

/*
 * One call at a time receives from a socket and one sends, so that the bytes of
 * two calls are never mixed; the others wait for their turn within their own
 * timeouts.
 */
enum turn { TURN_RECEIVE, TURN_SEND, TURN_COUNT };

/* Events of the module's own, beside those of enum provider_event. */
#define EVENT_TURN_RECEIVE 0x100u
#define EVENT_TURN_SEND 0x200u
#define EVENT_CLOSED 0x400u
#define EVENT_STATE 0x800u /* a connect() that waited has ended */

/* A call in progress that may wait. It belongs to the calling thread. */
struct waiting {
    struct sock_waiter own;
    struct sock_waiter *waiter; /* its own, or one that several sockets wake (select) */
    unsigned interest;          /* the events that wake it; EVENT_CLOSED always does */
    struct waiting *next;
};

struct descriptor {
    int number;
    enum sock_family family;
    enum sock_type type;
    int protocol;
    enum descriptor_state state;
    bool bound;          /* has a local port or interface, or needs none (needs_no_bind) */
    bool needs_no_bind;  /* a raw IP socket: it may be bound, any number of times */
    bool connect_waits;  /* a thread is in a blocking connect() and gets its outcome */
    int connect_failure; /* negated: of an attempt in the background, for the next call to raise */
    bool closed;
    bool turn_taken[TURN_COUNT];
    unsigned handles; /* socket objects */
    unsigned calls;   /* running calls */
    struct waiting *waiting;
    size_t unreturned; /* bytes the running receive call has taken from the provider */

    /* Written once, before the descriptor has a number. NULL once released. */
    struct provider_socket *provider_socket;

    /* Owned by whoever has TURN_RECEIVE. */
    bool ended; /* end of stream was seen */
    struct {
        uint8_t *block; /* from sock_port->alloc */
        size_t start;
        size_t bytes; /* also read with the lock held, by close */
    } held;
};

void descriptor_init(const struct sock_port *port, const struct sock_provider *provider);

extern const struct sock_port *sock_port;
extern const struct sock_provider *sock_provider;

/*
 * Make a descriptor with one handle and a free number, without a provider socket.
 * Returns 0, -SOCK_ENOMEM or -SOCK_EMFILE.
 */
int descriptor_new(enum sock_family family, enum sock_type type, int protocol,
                   struct descriptor **made);

/* Give it its provider socket; from then on events reach it. */
void descriptor_attach(struct descriptor *self, struct provider_socket *provider_socket);

/* Take back a new descriptor that got no provider socket. */
void descriptor_discard(struct descriptor *self);

/* One more handle on the open descriptor of this number; NULL if there is none. */
struct descriptor *descriptor_adopt(int64_t number);

/* Let go of a handle; the last one closes the socket if it is still open. */
void descriptor_drop(struct descriptor *self);

/* Start of a call: false if the descriptor is closed. */
bool descriptor_enter(struct descriptor *self, struct waiting *waiting, unsigned interest);
void descriptor_leave(struct descriptor *self, struct waiting *waiting);

/* As descriptor_enter, but wakes a waiter that the caller has set up for several sockets. */
bool descriptor_enter_with(struct descriptor *self, struct waiting *waiting, unsigned interest,
                           struct sock_waiter *waiter);

/* Close, waking every waiting call. Nothing happens if it is closed already. */
void descriptor_close(struct descriptor *self);

/*
 * Sleep until one of the events of interest or the deadline: 0, -SOCK_ETIMEDOUT,
 * or -SOCK_EBADF once the socket is closed.
 */
int descriptor_wait(struct descriptor *self, struct waiting *waiting, int64_t deadline_ns);

/* True if the turn was free and is taken now. */
bool descriptor_take_turn(struct descriptor *self, enum turn turn);
void descriptor_give_turn(struct descriptor *self, enum turn turn);

/* Wake the calls that wait for one of these events. */
void descriptor_notify(struct descriptor *self, unsigned events);

#endif

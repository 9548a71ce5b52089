/*
 * CAN sockets (can_provider.h).
 *
 * A thread takes what the controller received and gives a copy to every socket that wants it. As
 * on Linux, what one socket sends the other sockets of the device hear, too (CAN_RAW_LOOPBACK), and
 * the sender itself if it asks for it (CAN_RAW_RECV_OWN_MSGS).
 *
 * Locking: one lock over all sockets and the driver. Events are told with it held; the module
 * allows that.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/can_provider.h"

#include <errno.h>
#include <string.h>

#include "driver/can.h"
#include "port/can_frame.h"
#include "port/memory.h"
#include "port/os.h"
#include "socket/errors.h"

#define THREAD_STACK_BYTES 2048

struct provider_socket {
    const struct sock_provider *provider; /* first: port/providers.c */
    struct provider_socket *next;         /* of the open ones */
    provider_event_fn event;
    void *owner;
    bool closed;
    bool bound;
    bool fd_frames;
    bool loopback;
    bool receive_own;
    uint32_t errors; /* classes of error frames that it wants */
    size_t filter_count;
    struct can_filter filters[CAN_PROVIDER_FILTERS_MAX];
    size_t first;
    size_t count;
    struct can_message queue[CAN_PROVIDER_FRAMES_MAX];
};

static struct os_lock *lock;
static struct os_thread *thread;
static struct provider_socket *sockets;

/* Delivery. */

static bool wants(const struct provider_socket *self, const struct can_message *message)
{
    if (!self->bound || self->event == NULL)
        return false;
    if ((message->id & CAN_ID_ERROR) != 0)
        return (message->id & self->errors) != 0;
    if ((message->flags & CAN_FLAG_FD) != 0 && !self->fd_frames)
        return false;
    return can_filters_pass(self->filters, self->filter_count, message->id);
}

static void deliver(struct provider_socket *self, const struct can_message *message)
{
    if (!wants(self, message) || self->count == CAN_PROVIDER_FRAMES_MAX)
        return;
    self->queue[(self->first + self->count) % CAN_PROVIDER_FRAMES_MAX] = *message;
    self->count++;
    self->event(self->owner, PROVIDER_READABLE);
}

static void ring(void)
{
    os_ring_from_interrupt(thread);
}

static void serve(void *argument)
{
    (void)argument;
    for (;;) {
        os_wait();
        os_lock_take(lock);
        struct can_message message;
        can_service();
        while (can_receive(&message)) {
            for (struct provider_socket *each = sockets; each != NULL; each = each->next)
                deliver(each, &message);
        }
        can_rearm();
        os_lock_give(lock);
    }
}

void can_provider_init(void)
{
    lock = os_lock_new();
    thread = os_thread_start("can", serve, NULL, THREAD_STACK_BYTES, OS_PRIORITY_DRIVER);
}

/* Operations. */

static int can_open(int family, int type, int protocol, struct provider_socket **opened)
{
    (void)protocol; /* the module has checked it */
    if (family != SOCK_AF_CAN)
        return -SOCK_EAFNOSUPPORT;
    if (type != SOCK_TYPE_RAW)
        return -SOCK_ESOCKTNOSUPPORT;
    struct provider_socket *self = memory_alloc(sizeof *self);
    if (self == NULL)
        return -SOCK_ENOBUFS;
    memset(self, 0, sizeof *self);
    self->provider = &can_provider;
    self->loopback = true;
    self->filter_count = 1; /* all zero: everything passes */
    os_lock_take(lock);
    self->next = sockets;
    sockets = self;
    os_lock_give(lock);
    *opened = self;
    return 0;
}

static void can_attach(struct provider_socket *self, provider_event_fn event, void *owner)
{
    os_lock_take(lock);
    self->event = event;
    self->owner = owner;
    os_lock_give(lock);
}

static int check_interface(const struct sock_address *address)
{
    return strcmp(address->interface, CAN_PROVIDER_INTERFACE) == 0 ? 0 : -SOCK_ENODEV;
}

static int can_bind(struct provider_socket *self, const struct sock_address *local)
{
    int error = check_interface(local);
    if (error != 0)
        return error;
    os_lock_take(lock);
    if (self->closed) {
        error = -SOCK_EBADF;
    } else {
        can_start(ring);
        self->bound = true;
    }
    os_lock_give(lock);
    return error;
}

static int can_connect(struct provider_socket *self, const struct sock_address *peer)
{
    (void)self;
    (void)peer;
    return -SOCK_EOPNOTSUPP;
}

static int can_connected(struct provider_socket *self)
{
    (void)self;
    return -SOCK_EOPNOTSUPP;
}

static void can_cancel(struct provider_socket *self)
{
    (void)self; /* no attempt can be under way */
}

static int can_listen(struct provider_socket *self, int backlog)
{
    (void)self;
    (void)backlog;
    return -SOCK_EOPNOTSUPP;
}

static int can_accept(struct provider_socket *self, struct provider_socket **accepted,
                      struct sock_address *peer)
{
    (void)self;
    (void)accepted;
    (void)peer;
    return -SOCK_EOPNOTSUPP;
}

static ptrdiff_t can_pending(struct provider_socket *self)
{
    ptrdiff_t pending = -SOCK_EAGAIN;
    os_lock_take(lock);
    if (self->closed)
        pending = -SOCK_EBADF;
    else if (self->count > 0)
        pending = (ptrdiff_t)can_frame_size(&self->queue[self->first]);
    os_lock_give(lock);
    return pending;
}

static void name_write(struct sock_address *name)
{
    memset(name, 0, sizeof *name);
    name->family = SOCK_AF_CAN;
    memcpy(name->interface, CAN_PROVIDER_INTERFACE, sizeof CAN_PROVIDER_INTERFACE);
}

static ptrdiff_t can_take(struct provider_socket *self, uint8_t *data, size_t bytes,
                          struct sock_address *from)
{
    uint8_t frame[CAN_FD_FRAME_BYTES];
    ptrdiff_t got = -SOCK_EAGAIN;
    os_lock_take(lock);
    if (self->closed) {
        got = -SOCK_EBADF;
    } else if (self->count > 0) {
        const struct can_message *message = &self->queue[self->first];
        size_t size = can_frame_size(message);
        can_frame_write(message, frame);
        self->first = (self->first + 1) % CAN_PROVIDER_FRAMES_MAX;
        self->count--;
        if (bytes > size)
            bytes = size;
        if (bytes > 0)
            memcpy(data, frame, bytes);
        got = (ptrdiff_t)bytes;
    }
    os_lock_give(lock);
    if (got >= 0 && from != NULL)
        name_write(from);
    return got;
}

/* With the lock. */
static int send_locked(struct provider_socket *self, const struct can_message *message)
{
    int error = can_send(message);
    if (error != 0) {
        /* The C library's numbers are not Linux's. */
        return error == -ENETDOWN ? -SOCK_ENETDOWN : -SOCK_ENOBUFS;
    }
    if (self->receive_own && self->loopback)
        deliver(self, message);
    for (struct provider_socket *each = sockets; each != NULL; each = each->next) {
        if (each != self && self->loopback)
            deliver(each, message);
    }
    return 0;
}

static ptrdiff_t can_put(struct provider_socket *self, const uint8_t *data, size_t bytes,
                         const struct sock_address *to)
{
    struct can_message message;
    int error = to == NULL ? 0 : check_interface(to);
    if (error != 0)
        return error;
    os_lock_take(lock);
    if (self->closed)
        error = -SOCK_EBADF;
    else if (!self->bound || !can_frame_read(data, bytes, self->fd_frames, &message))
        error = -SOCK_EINVAL;
    else
        error = send_locked(self, &message);
    os_lock_give(lock);
    return error != 0 ? error : (ptrdiff_t)bytes;
}

static int can_name_of(struct provider_socket *self, bool peer, struct sock_address *name)
{
    os_lock_take(lock);
    int error = 0;
    if (self->closed)
        error = -SOCK_EBADF;
    else if (peer)
        error = -SOCK_ENOTCONN;
    else if (!self->bound)
        error = -SOCK_EINVAL;
    os_lock_give(lock);
    if (error == 0)
        name_write(name);
    return error;
}

/* The flag behind an option, or NULL. */
static bool *flag_of(struct provider_socket *self, enum provider_option option)
{
    switch (option) {
    case PROVIDER_CAN_LOOPBACK:
        return &self->loopback;
    case PROVIDER_CAN_RECEIVE_OWN:
        return &self->receive_own;
    case PROVIDER_CAN_FD_FRAMES:
        return &self->fd_frames;
    default:
        return NULL;
    }
}

static int can_option_set(struct provider_socket *self, enum provider_option option, int64_t value)
{
    int error = 0;
    os_lock_take(lock);
    bool *flag = flag_of(self, option);
    if (self->closed)
        error = -SOCK_EBADF;
    else if (flag != NULL)
        *flag = value != 0;
    else if (option != PROVIDER_CAN_ERRORS)
        error = -SOCK_ENOPROTOOPT;
    else if (value < 0 || value > CAN_ID_EXTENDED_MASK)
        error = -SOCK_EINVAL;
    else
        self->errors = (uint32_t)value;
    os_lock_give(lock);
    return error;
}

static int can_option_get(struct provider_socket *self, enum provider_option option, int64_t *value)
{
    int error = 0;
    os_lock_take(lock);
    const bool *flag = flag_of(self, option);
    if (self->closed)
        error = -SOCK_EBADF;
    else if (flag != NULL)
        *value = *flag;
    else if (option == PROVIDER_CAN_ERRORS)
        *value = self->errors;
    else
        error = -SOCK_ENOPROTOOPT;
    os_lock_give(lock);
    return error;
}

/* CAN_RAW_FILTER, the only one: an array of filters; none at all lets nothing pass. */
static int can_option_set_bytes(struct provider_socket *self, enum provider_option option,
                                const uint8_t *data, size_t bytes)
{
    if (option != PROVIDER_CAN_FILTER)
        return -SOCK_ENOPROTOOPT;
    if (bytes % CAN_FILTER_BYTES != 0 || bytes / CAN_FILTER_BYTES > CAN_PROVIDER_FILTERS_MAX)
        return -SOCK_EINVAL;
    int error = 0;
    os_lock_take(lock);
    if (self->closed) {
        error = -SOCK_EBADF;
    } else {
        self->filter_count = bytes / CAN_FILTER_BYTES;
        can_filters_read(data, self->filter_count, self->filters);
    }
    os_lock_give(lock);
    return error;
}

static void can_close(struct provider_socket *self, bool unread)
{
    (void)unread;
    os_lock_take(lock);
    self->closed = true;
    self->event = NULL;
    struct provider_socket **link = &sockets;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    os_lock_give(lock);
}

static void can_release(struct provider_socket *self)
{
    memory_release(self);
}

const struct sock_provider can_provider = {
    .name = "can",
    .open = can_open,
    .attach = can_attach,
    .bind = can_bind,
    .connect = can_connect,
    .connected = can_connected,
    .cancel = can_cancel,
    .listen = can_listen,
    .accept = can_accept,
    .pending = can_pending,
    .receive = can_take,
    .send = can_put,
    .name_of = can_name_of,
    .option_set = can_option_set,
    .option_get = can_option_get,
    .option_set_bytes = can_option_set_bytes,
    .close = can_close,
    .release = can_release,
};

/*
 * The fake provider (fake_provider.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "fake_provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct provider_socket *last;
static struct provider_socket *all;
static size_t live;
static size_t operations;
static int open_error;

static void fail(const char *why)
{
    fprintf(stderr, "fake provider: %s\n", why);
    abort();
}

void fake_provider_reset(void)
{
    while (all != NULL) {
        struct provider_socket *next = all->next;
        free(all->incoming);
        free(all->sent);
        free(all);
        all = next;
    }
    last = NULL;
    live = 0;
    operations = 0;
    open_error = 0;
}

struct provider_socket *fake_last(void)
{
    return last;
}

size_t fake_sockets(void)
{
    return live;
}

void fake_refuse_open(int error)
{
    open_error = error;
}

size_t fake_operations(void)
{
    return operations;
}

static struct provider_socket *create(int family, int type, int protocol)
{
    struct provider_socket *self = calloc(1, sizeof *self);
    self->family = family;
    self->type = type;
    self->protocol = protocol;
    self->incoming = malloc(FAKE_BYTES_MAX);
    self->sent = malloc(FAKE_BYTES_MAX);
    self->room = FAKE_BYTES_MAX;
    self->connect_outcome = -SOCK_EINPROGRESS;
    self->next = all;
    all = self;
    last = self;
    live++;
    return self;
}

static void used(struct provider_socket *self)
{
    operations++;
    if (self == NULL || self->released)
        fail("an operation on a released socket");
}

static void tell(struct provider_socket *self, unsigned events)
{
    if (self->event != NULL && !self->closed)
        self->event(self->owner, events);
}

void fake_deliver(struct provider_socket *self, const void *data, size_t bytes)
{
    memcpy(self->incoming + self->incoming_start + self->incoming_bytes, data, bytes);
    self->incoming_bytes += bytes;
    tell(self, PROVIDER_READABLE);
}

void fake_finish(struct provider_socket *self)
{
    self->finished = true;
    tell(self, PROVIDER_READABLE);
}

void fake_break(struct provider_socket *self, int error)
{
    self->broken = -error;
    tell(self, PROVIDER_FAILED | PROVIDER_READABLE | PROVIDER_WRITABLE);
}

void fake_make_room(struct provider_socket *self, size_t bytes)
{
    self->room += bytes;
    tell(self, PROVIDER_WRITABLE);
}

void fake_connect_ends(struct provider_socket *self, int outcome)
{
    self->connect_outcome = outcome;
    tell(self, outcome > 0 ? PROVIDER_CONNECTED : PROVIDER_FAILED);
}

void fake_datagram(struct provider_socket *self, const void *data, size_t bytes, uint16_t port)
{
    struct fake_datagram *datagram =
        &self->datagrams[(self->datagram_start + self->datagram_count++) % FAKE_DATAGRAMS_MAX];
    if (bytes > 0)
        memcpy(datagram->data, data, bytes);
    datagram->bytes = bytes;
    datagram->address = (struct sock_address){
        .family = (enum sock_family)self->family, .ip = {10, 0, 0, 2}, .port = port};
    tell(self, PROVIDER_READABLE);
}

void fake_connection(struct provider_socket *self)
{
    self->connections++;
    tell(self, PROVIDER_READABLE);
}

static int fake_open(int family, int type, int protocol, struct provider_socket **opened)
{
    operations++;
    if (open_error != 0)
        return open_error;
    if (family == SOCK_AF_CAN)
        return -SOCK_EAFNOSUPPORT;
    *opened = create(family, type, protocol);
    return 0;
}

static void fake_attach(struct provider_socket *self, provider_event_fn event, void *owner)
{
    used(self);
    if (self->event != NULL)
        fail("attached twice");
    self->event = event;
    self->owner = owner;
}

static int fake_bind(struct provider_socket *self, const struct sock_address *local)
{
    used(self);
    self->binds++;
    if (local->ip[0] == 99)
        return -SOCK_EADDRNOTAVAIL;
    self->bound_to = *local;
    return 0;
}

static int fake_connect(struct provider_socket *self, const struct sock_address *peer)
{
    used(self);
    self->connects++;
    self->peer = *peer;
    if (self->type != SOCK_TYPE_STREAM || self->connect_error != 0)
        return self->connect_error;
    return -SOCK_EINPROGRESS;
}

static int fake_connected(struct provider_socket *self)
{
    used(self);
    int outcome = self->connect_outcome;
    if (outcome < 0 && outcome != -SOCK_EINPROGRESS)
        self->connect_outcome = -SOCK_EINPROGRESS;
    return outcome;
}

static void fake_cancel(struct provider_socket *self)
{
    used(self);
    self->cancels++;
}

static int fake_listen(struct provider_socket *self, int backlog)
{
    used(self);
    self->backlog = backlog;
    return 0;
}

static int fake_accept(struct provider_socket *self, struct provider_socket **accepted,
                       struct sock_address *peer)
{
    used(self);
    if (self->connections == 0)
        return -SOCK_EAGAIN;
    self->connections--;
    *accepted = create(self->family, self->type, self->protocol);
    (*accepted)->connect_outcome = 1;
    *peer = (struct sock_address){
        .family = (enum sock_family)self->family, .ip = {10, 0, 0, 2}, .port = 50000};
    return 0;
}

static ptrdiff_t fake_pending(struct provider_socket *self)
{
    used(self);
    if (self->backlog > 0)
        return self->connections > 0 ? (ptrdiff_t)self->connections : -SOCK_EAGAIN;
    if (self->datagram_count > 0)
        return (ptrdiff_t)self->datagrams[self->datagram_start].bytes;
    if (self->incoming_bytes > 0 || (self->finished && !self->end_told))
        return (ptrdiff_t)self->incoming_bytes;
    if (self->finished)
        return -SOCK_ENOTCONN;
    return self->broken != 0 ? self->broken : -SOCK_EAGAIN;
}

static int fake_writable(struct provider_socket *self)
{
    used(self);
    return self->type != SOCK_TYPE_STREAM || self->broken != 0 || self->room > 0 ? 0 : -SOCK_EAGAIN;
}

static ptrdiff_t receive_stream(struct provider_socket *self, uint8_t *data, size_t bytes)
{
    if (self->incoming_bytes == 0) {
        if (self->finished && !self->end_told) {
            self->end_told = true; /* a stack may forget it: the module must not */
            return 0;
        }
        if (self->finished)
            return -SOCK_ENOTCONN;
        return self->broken != 0 ? self->broken : -SOCK_EAGAIN;
    }
    if (bytes > self->incoming_bytes)
        bytes = self->incoming_bytes;
    if (self->segment_bytes != 0 && bytes > self->segment_bytes)
        bytes = self->segment_bytes;
    memcpy(data, self->incoming + self->incoming_start, bytes);
    self->incoming_start += bytes;
    self->incoming_bytes -= bytes;
    return (ptrdiff_t)bytes;
}

static ptrdiff_t fake_receive(struct provider_socket *self, uint8_t *data, size_t bytes,
                              struct sock_address *from)
{
    used(self);
    if (self->closed)
        return -SOCK_EBADF;
    if (self->type == SOCK_TYPE_STREAM)
        return receive_stream(self, data, bytes);
    if (self->datagram_count == 0)
        return -SOCK_EAGAIN;
    struct fake_datagram *datagram = &self->datagrams[self->datagram_start];
    self->datagram_start = (self->datagram_start + 1) % FAKE_DATAGRAMS_MAX;
    self->datagram_count--;
    if (bytes > datagram->bytes)
        bytes = datagram->bytes;
    if (bytes > 0)
        memcpy(data, datagram->data, bytes);
    if (from != NULL)
        *from = datagram->address;
    return (ptrdiff_t)bytes;
}

static ptrdiff_t fake_send(struct provider_socket *self, const uint8_t *data, size_t bytes,
                           const struct sock_address *to)
{
    used(self);
    if (self->closed)
        return -SOCK_EBADF;
    if (self->type == SOCK_TYPE_STREAM) {
        if (self->broken != 0)
            return self->broken;
        if (self->room == 0)
            return -SOCK_EAGAIN;
        if (bytes > self->room)
            bytes = self->room;
        memcpy(self->sent + self->sent_bytes, data, bytes);
        self->sent_bytes += bytes;
        self->room -= bytes;
        return (ptrdiff_t)bytes;
    }
    if (bytes > sizeof self->sent_datagrams[0].data)
        return -SOCK_EMSGSIZE;
    if (self->sent_datagram_count == FAKE_DATAGRAMS_MAX)
        self->sent_datagram_count = 0;
    struct fake_datagram *datagram = &self->sent_datagrams[self->sent_datagram_count++];
    if (bytes > 0)
        memcpy(datagram->data, data, bytes);
    datagram->bytes = bytes;
    datagram->address = to != NULL ? *to : self->peer;
    return (ptrdiff_t)bytes;
}

static int fake_name_of(struct provider_socket *self, bool peer, struct sock_address *name)
{
    used(self);
    *name = peer ? self->peer : self->bound_to;
    name->family = (enum sock_family)self->family;
    return 0;
}

static int fake_option_set(struct provider_socket *self, enum provider_option option, int64_t value)
{
    used(self);
    self->options[option] = value;
    return 0;
}

static int fake_option_get(struct provider_socket *self, enum provider_option option,
                           int64_t *value)
{
    used(self);
    *value = self->options[option];
    return 0;
}

static void fake_close(struct provider_socket *self, bool unread)
{
    used(self);
    if (self->closed)
        fail("closed twice");
    self->closed = true;
    self->closed_unread = unread;
}

static void fake_release(struct provider_socket *self)
{
    used(self);
    if (!self->closed)
        fail("released before it was closed");
    live--;
    /* The memory stays, as a tombstone that shows what happened to the socket. */
    self->released = true;
    self->event = NULL;
    free(self->incoming);
    free(self->sent);
    self->incoming = NULL;
    self->sent = NULL;
}

const struct sock_provider fake_provider = {
    .name = "fake",
    .open = fake_open,
    .attach = fake_attach,
    .bind = fake_bind,
    .connect = fake_connect,
    .connected = fake_connected,
    .cancel = fake_cancel,
    .listen = fake_listen,
    .accept = fake_accept,
    .pending = fake_pending,
    .receive = fake_receive,
    .send = fake_send,
    .writable = fake_writable,
    .name_of = fake_name_of,
    .option_set = fake_option_set,
    .option_get = fake_option_get,
    .close = fake_close,
    .release = fake_release,
};

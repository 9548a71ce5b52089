/*
 * lwIP's provider: the table. Each operation takes the core lock, refuses closed
 * sockets, translates addresses, and hands on to the stream or datagram half.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/lwip_provider_internal.h"

#include <string.h>

#include "lwip/mem.h"
#include "lwip/tcpip.h"

void provider_event(struct provider_socket *self, unsigned events)
{
    if (self->event != NULL)
        self->event(self->owner, events);
}

struct provider_socket *provider_socket_new(int family, int type, int protocol)
{
    struct provider_socket *self = mem_calloc(1, sizeof *self);
    if (self != NULL) {
        self->provider = &lwip_provider;
        self->family = family;
        self->type = type;
        self->protocol = protocol;
    }
    return self;
}

void provider_socket_free(struct provider_socket *self)
{
    mem_free(self);
}

static bool is_stream(const struct provider_socket *self)
{
    return self->type == SOCK_TYPE_STREAM;
}

static int open_locked(int family, int type, int protocol, struct provider_socket **opened)
{
    int error = icmp_watch();
    if (error != 0)
        return error;
    struct provider_socket *self = provider_socket_new(family, type, protocol);
    if (self == NULL)
        return -SOCK_ENOBUFS;
    error = is_stream(self) ? lwip_stream_open(self) : lwip_datagrams_open(self);
    if (error != 0) {
        provider_socket_free(self);
        return error;
    }
    *opened = self;
    return 0;
}

static int provider_open(int family, int type, int protocol, struct provider_socket **opened)
{
    if (family != SOCK_AF_INET && (family != SOCK_AF_INET6 || !LWIP_IPV6))
        return -SOCK_EAFNOSUPPORT;
    LOCK_TCPIP_CORE();
    int error = open_locked(family, type, protocol, opened);
    UNLOCK_TCPIP_CORE();
    return error;
}

static void provider_attach(struct provider_socket *self, provider_event_fn event, void *owner)
{
    LOCK_TCPIP_CORE();
    self->event = event;
    self->owner = owner;
    UNLOCK_TCPIP_CORE();
}

static int provider_bind(struct provider_socket *self, const struct sock_address *local)
{
    ip_addr_t ip;
    LOCK_TCPIP_CORE();
    int error = self->closed ? -SOCK_EBADF : provider_address_to_lwip(local, &ip);
    if (error == 0)
        error = provider_check_local(&ip);
    if (error == 0)
        error = is_stream(self) ? lwip_stream_bind(self, &ip, local->port)
                                : lwip_datagrams_bind(self, &ip, local->port);
    UNLOCK_TCPIP_CORE();
    return error;
}

static int provider_connect(struct provider_socket *self, const struct sock_address *peer)
{
    ip_addr_t ip;
    LOCK_TCPIP_CORE();
    int error = self->closed ? -SOCK_EBADF : provider_address_to_lwip(peer, &ip);
    if (error == 0)
        error = is_stream(self) ? lwip_stream_connect(self, &ip, peer->port)
                                : lwip_datagrams_connect(self, &ip, peer->port);
    UNLOCK_TCPIP_CORE();
    return error;
}

static int provider_connected(struct provider_socket *self)
{
    LOCK_TCPIP_CORE();
    int outcome = self->closed ? -SOCK_EBADF : lwip_stream_connected(self);
    UNLOCK_TCPIP_CORE();
    return outcome;
}

static void provider_cancel(struct provider_socket *self)
{
    LOCK_TCPIP_CORE();
    if (!self->closed)
        lwip_stream_cancel(self);
    UNLOCK_TCPIP_CORE();
}

static int provider_listen(struct provider_socket *self, int backlog)
{
    LOCK_TCPIP_CORE();
    int error = self->closed ? -SOCK_EBADF : lwip_listener_listen(self, backlog);
    UNLOCK_TCPIP_CORE();
    return error;
}

static int provider_accept(struct provider_socket *self, struct provider_socket **accepted,
                           struct sock_address *peer)
{
    ip_addr_t ip;
    u16_t port;
    LOCK_TCPIP_CORE();
    int error = self->closed ? -SOCK_EBADF : lwip_listener_accept(self, accepted, &ip, &port);
    UNLOCK_TCPIP_CORE();
    if (error == 0)
        provider_address_from_lwip(self->family, &ip, port, peer);
    return error;
}

static ptrdiff_t provider_pending(struct provider_socket *self)
{
    ptrdiff_t pending = -SOCK_EBADF;
    LOCK_TCPIP_CORE();
    if (!self->closed)
        pending = is_stream(self) ? lwip_stream_pending(self) : lwip_datagrams_pending(self);
    UNLOCK_TCPIP_CORE();
    return pending;
}

static ptrdiff_t provider_receive(struct provider_socket *self, uint8_t *data, size_t bytes,
                                  struct sock_address *from)
{
    ip_addr_t ip;
    u16_t port = 0;
    ptrdiff_t got = -SOCK_EBADF;
    LOCK_TCPIP_CORE();
    if (!self->closed)
        got = is_stream(self) ? lwip_stream_receive(self, data, bytes)
                              : lwip_datagrams_receive(self, data, bytes, &ip, &port);
    UNLOCK_TCPIP_CORE();
    if (got >= 0 && from != NULL && !is_stream(self))
        provider_address_from_lwip(self->family, &ip, port, from);
    return got;
}

static ptrdiff_t provider_send(struct provider_socket *self, const uint8_t *data, size_t bytes,
                               const struct sock_address *to)
{
    ip_addr_t ip;
    ptrdiff_t sent = -SOCK_EBADF;
    LOCK_TCPIP_CORE();
    if (!self->closed) {
        sent = to == NULL ? 0 : provider_address_to_lwip(to, &ip);
        if (sent == 0)
            sent = is_stream(self) ? lwip_stream_send(self, data, bytes)
                                   : lwip_datagrams_send(self, data, bytes, to == NULL ? NULL : &ip,
                                                         to == NULL ? 0 : to->port);
    }
    UNLOCK_TCPIP_CORE();
    return sent;
}

static int provider_writable(struct provider_socket *self)
{
    LOCK_TCPIP_CORE();
    int outcome = self->closed ? -SOCK_EBADF : is_stream(self) ? lwip_stream_writable(self) : 0;
    UNLOCK_TCPIP_CORE();
    return outcome;
}

static int provider_name_of(struct provider_socket *self, bool peer, struct sock_address *name)
{
    ip_addr_t ip;
    u16_t port = 0;
    LOCK_TCPIP_CORE();
    int error = -SOCK_EBADF;
    if (!self->closed)
        error = is_stream(self) ? lwip_stream_name(self, peer, &ip, &port)
                                : lwip_datagrams_name(self, peer, &ip, &port);
    UNLOCK_TCPIP_CORE();
    if (error == 0)
        provider_address_from_lwip(self->family, &ip, port, name);
    return error;
}

static int provider_option_set(struct provider_socket *self, enum provider_option option,
                               int64_t value)
{
    LOCK_TCPIP_CORE();
    int error = -SOCK_EBADF;
    if (!self->closed)
        error = is_stream(self) ? lwip_stream_option_set(self, option, value)
                                : lwip_datagrams_option_set(self, option, value);
    UNLOCK_TCPIP_CORE();
    return error;
}

static int provider_option_get(struct provider_socket *self, enum provider_option option,
                               int64_t *value)
{
    LOCK_TCPIP_CORE();
    int error = -SOCK_EBADF;
    if (!self->closed)
        error = is_stream(self) ? lwip_stream_option_get(self, option, value)
                                : lwip_datagrams_option_get(self, option, value);
    UNLOCK_TCPIP_CORE();
    return error;
}

static void provider_close(struct provider_socket *self, bool unread)
{
    LOCK_TCPIP_CORE();
    self->closed = true;
    self->event = NULL;
    if (!is_stream(self))
        lwip_datagrams_close(self);
    else if (self->stream.state == STREAM_LISTENING)
        lwip_listener_close(self);
    else
        lwip_stream_close(self, unread);
    UNLOCK_TCPIP_CORE();
}

static void provider_release(struct provider_socket *self)
{
    LOCK_TCPIP_CORE();
    provider_socket_free(self);
    UNLOCK_TCPIP_CORE();
}

const struct sock_provider lwip_provider = {
    .name = "lwip",
    .open = provider_open,
    .attach = provider_attach,
    .bind = provider_bind,
    .connect = provider_connect,
    .connected = provider_connected,
    .cancel = provider_cancel,
    .listen = provider_listen,
    .accept = provider_accept,
    .pending = provider_pending,
    .receive = provider_receive,
    .send = provider_send,
    .writable = provider_writable,
    .name_of = provider_name_of,
    .option_set = provider_option_set,
    .option_get = provider_option_get,
    .close = provider_close,
    .release = provider_release,
};

/*
 * One table for several providers: the family decides when a socket is made, the socket itself
 * afterwards.
 *
 * For this the first member of every provider's struct provider_socket is the address of its
 * provider's table.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/providers.h"

#include "port/can_provider.h"
#include "port/lwip_provider.h"
#include "socket/errors.h"

struct provider_socket {
    const struct sock_provider *provider;
};

static int providers_open(int family, int type, int protocol, struct provider_socket **opened)
{
    const struct sock_provider *chosen = family == SOCK_AF_CAN ? &can_provider : &lwip_provider;
    return chosen->open(family, type, protocol, opened);
}

static void providers_attach(struct provider_socket *self, provider_event_fn event, void *owner)
{
    self->provider->attach(self, event, owner);
}

static int providers_bind(struct provider_socket *self, const struct sock_address *local)
{
    return self->provider->bind(self, local);
}

static int providers_connect(struct provider_socket *self, const struct sock_address *peer)
{
    return self->provider->connect(self, peer);
}

static int providers_connected(struct provider_socket *self)
{
    return self->provider->connected(self);
}

static void providers_cancel(struct provider_socket *self)
{
    self->provider->cancel(self);
}

static int providers_listen(struct provider_socket *self, int backlog)
{
    return self->provider->listen(self, backlog);
}

static int providers_accept(struct provider_socket *self, struct provider_socket **accepted,
                            struct sock_address *peer)
{
    return self->provider->accept(self, accepted, peer);
}

static ptrdiff_t providers_pending(struct provider_socket *self)
{
    return self->provider->pending(self);
}

static ptrdiff_t providers_receive(struct provider_socket *self, uint8_t *data, size_t bytes,
                                   struct sock_address *from)
{
    return self->provider->receive(self, data, bytes, from);
}

static ptrdiff_t providers_send(struct provider_socket *self, const uint8_t *data, size_t bytes,
                                const struct sock_address *to)
{
    return self->provider->send(self, data, bytes, to);
}

static int providers_writable(struct provider_socket *self)
{
    return self->provider->writable == NULL ? 0 : self->provider->writable(self);
}

static int providers_name_of(struct provider_socket *self, bool peer, struct sock_address *name)
{
    return self->provider->name_of(self, peer, name);
}

static int providers_option_set(struct provider_socket *self, enum provider_option option,
                                int64_t value)
{
    return self->provider->option_set(self, option, value);
}

static int providers_option_get(struct provider_socket *self, enum provider_option option,
                                int64_t *value)
{
    return self->provider->option_get(self, option, value);
}

static int providers_option_set_bytes(struct provider_socket *self, enum provider_option option,
                                      const uint8_t *data, size_t bytes)
{
    if (self->provider->option_set_bytes == NULL)
        return -SOCK_ENOPROTOOPT;
    return self->provider->option_set_bytes(self, option, data, bytes);
}

static void providers_close(struct provider_socket *self, bool unread)
{
    self->provider->close(self, unread);
}

static void providers_release(struct provider_socket *self)
{
    self->provider->release(self);
}

const struct sock_provider providers = {
    .name = "lwip+can",
    .open = providers_open,
    .attach = providers_attach,
    .bind = providers_bind,
    .connect = providers_connect,
    .connected = providers_connected,
    .cancel = providers_cancel,
    .listen = providers_listen,
    .accept = providers_accept,
    .pending = providers_pending,
    .receive = providers_receive,
    .send = providers_send,
    .writable = providers_writable,
    .name_of = providers_name_of,
    .option_set = providers_option_set,
    .option_get = providers_option_get,
    .option_set_bytes = providers_option_set_bytes,
    .close = providers_close,
    .release = providers_release,
};

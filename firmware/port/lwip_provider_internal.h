/*
 * Shared by the files of lwIP's provider only.
 *
 * Everything here is used with lwIP's core lock held.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIP_PROVIDER_INTERNAL_H
#define SOCKBENCH_PORT_LWIP_PROVIDER_INTERNAL_H

#include "lwip/ip_addr.h"
#include "lwip/raw.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "port/lwip_provider.h"
#include "socket/errors.h"

/* Bytes received in sequence that were not read yet; see lwip_provider_tcp.c. */
struct chunk;

enum stream_state {
    STREAM_IDLE, /* no connection, or none any more before it was made */
    STREAM_CONNECTING,
    STREAM_CONNECTED,
    STREAM_BROKEN,
    STREAM_LISTENING,
};

struct stream {
    enum stream_state state;
    struct tcp_pcb *pcb; /* NULL once lwIP has freed it */
    int error;           /* negated; STREAM_BROKEN: for ever, STREAM_IDLE: until connected() */

    struct chunk *first;
    struct chunk *last;
    size_t queued;  /* bytes in the chunks */
    bool finished;  /* FIN came after them */
    bool starved;   /* a send found no memory: look again from time to time */
    bool exhausted; /* lwIP has tried all it will try */

    /* A listener's connections that wait for accept(), and a waiting one's listener. */
    struct provider_socket *waiting_first;
    struct provider_socket *waiting_last;
    size_t waiting_count;
    struct provider_socket *listener;
    struct provider_socket *next;

    /* What a new control block must be given when the old one is gone. */
    bool bound;
    ip_addr_t local_ip;
    u16_t local_port;
    bool reuse_address;
    bool keepalive;
    bool no_delay;
    u32_t keep_idle_s;
    u32_t keep_interval_s;
    u32_t keep_count;

    /* Both ends of the connection, which names keep when its control block is gone. */
    ip_addr_t own_ip;
    u16_t own_port;
    ip_addr_t peer_ip;
    u16_t peer_port;
};

/* A datagram that was not read yet; see lwip_provider_datagram.c. */
struct datagram;

struct datagrams {
    struct udp_pcb *udp; /* one of the two, by the socket's type */
    struct raw_pcb *raw;
    bool connected;
    struct datagram *first;
    struct datagram *last;
    size_t count;
    size_t bytes;
};

struct provider_socket {
    const struct sock_provider *provider; /* first: port/providers.c */
    int family;
    int type;
    int protocol;
    provider_event_fn event;
    void *owner;
    bool closed;
    union {
        struct stream stream;
        struct datagrams datagrams;
    };
};

/* Tell the owner, if there is one yet. */
void provider_event(struct provider_socket *self, unsigned events);

struct provider_socket *provider_socket_new(int family, int type, int protocol);
void provider_socket_free(struct provider_socket *self);

/* lwip_provider_address.c */
int provider_error(err_t error);
u8_t provider_ip_type(int family);
int provider_address_to_lwip(const struct sock_address *address, ip_addr_t *ip);
void provider_address_from_lwip(int family, const ip_addr_t *ip, u16_t port,
                                struct sock_address *address);
/* 0 if a socket may be bound to it: the wildcard, or an address of an interface. */
int provider_check_local(const ip_addr_t *ip);
/* 0 if packets to it can leave the device (or stay in it), else why not. */
int provider_check_route(const ip_addr_t *local, const ip_addr_t *remote);
/* True for what cannot be one host: unspecified, broadcast, multicast. */
bool provider_is_group(const ip_addr_t *ip);

/* lwip_provider_tcp.c */
int lwip_stream_open(struct provider_socket *self);
int lwip_stream_bind(struct provider_socket *self, const ip_addr_t *ip, u16_t port);
int lwip_stream_connect(struct provider_socket *self, const ip_addr_t *ip, u16_t port);
int lwip_stream_connected(struct provider_socket *self);
void lwip_stream_cancel(struct provider_socket *self);
ptrdiff_t lwip_stream_pending(struct provider_socket *self);
ptrdiff_t lwip_stream_receive(struct provider_socket *self, uint8_t *data, size_t bytes);
ptrdiff_t lwip_stream_send(struct provider_socket *self, const uint8_t *data, size_t bytes);
int lwip_stream_writable(const struct provider_socket *self);
int lwip_stream_name(struct provider_socket *self, bool peer, ip_addr_t *ip, u16_t *port);
/* The peer's device or a router said that nobody serves this connection attempt. */
void lwip_stream_refused(struct tcp_pcb *pcb);

/* lwip_provider_tcp_close.c */
void lwip_stream_close(struct provider_socket *self, bool unread);

/* lwip_provider_tcp_options.c */
int lwip_stream_option_set(struct provider_socket *self, enum provider_option option,
                           int64_t value);
int lwip_stream_option_get(struct provider_socket *self, enum provider_option option,
                           int64_t *value);
void lwip_stream_apply_options(struct provider_socket *self);

/* lwip_provider_listen.c */
int lwip_listener_listen(struct provider_socket *self, int backlog);
int lwip_listener_accept(struct provider_socket *self, struct provider_socket **accepted,
                         ip_addr_t *ip, u16_t *port);
void lwip_listener_close(struct provider_socket *self);
/* A connection died before it was accepted. */
void lwip_listener_remove(struct provider_socket *waiting);

/* Of lwip_provider_tcp.c, for the listener: the callbacks of a connection; a silent pcb. */
void lwip_stream_adopt(struct provider_socket *self, struct tcp_pcb *pcb);
void lwip_stream_detach(struct tcp_pcb *pcb);
void lwip_stream_free_received(struct provider_socket *self);

/* lwip_provider_datagram.c */
int lwip_datagrams_open(struct provider_socket *self);
int lwip_datagrams_bind(struct provider_socket *self, const ip_addr_t *ip, u16_t port);
int lwip_datagrams_connect(struct provider_socket *self, const ip_addr_t *ip, u16_t port);
ptrdiff_t lwip_datagrams_pending(struct provider_socket *self);
ptrdiff_t lwip_datagrams_receive(struct provider_socket *self, uint8_t *data, size_t bytes,
                                 ip_addr_t *from, u16_t *port);
ptrdiff_t lwip_datagrams_send(struct provider_socket *self, const uint8_t *data, size_t bytes,
                              const ip_addr_t *ip, u16_t port);
int lwip_datagrams_name(struct provider_socket *self, bool peer, ip_addr_t *ip, u16_t *port);
int lwip_datagrams_option_set(struct provider_socket *self, enum provider_option option,
                              int64_t value);
int lwip_datagrams_option_get(struct provider_socket *self, enum provider_option option,
                              int64_t *value);
void lwip_datagrams_close(struct provider_socket *self);

/* lwip_provider_icmp.c: start to listen for "unreachable"; 0 or an error. */
int icmp_watch(void);

#endif

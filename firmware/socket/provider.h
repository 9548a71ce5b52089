/*
 * What the socket module needs of the TCP/IP stack below it: sockets in the BSD
 * shape, every operation of which returns at once.
 *
 * A provider knows protocols: handshakes, queues, ports, routes. The module knows
 * the documented interface: arguments, states, timeouts, waiting, partial data.
 * lwIP's provider is firmware/port/lwip_provider.c; a NIC with a TCP/IP stack of
 * its own takes its place by implementing this table.
 *
 * Results: 0 or a count on success, a negated number of socket/errors.h otherwise.
 * "Would block" is always -SOCK_EAGAIN.
 *
 * Threads: the module may call any operation from any thread, two at once on one
 * socket included; it holds no lock of its own while it does. It never uses a
 * socket after release(). The event function takes only the module's short lock,
 * so a provider may call it with its own lock held.
 *
 * Ownership: a provider socket belongs to the module from open() or accept()
 * until release(). Data and addresses passed in are copied before the call returns.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_PROVIDER_H
#define SOCKBENCH_SOCKET_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The numbers behind the documented constants. They are those of the original
 * implementation, for programs that were compiled with numbers in them; they
 * differ from lwIP's and from Linux's, so providers must translate.
 */
enum sock_family { SOCK_AF_INET = 0, SOCK_AF_INET6 = 1, SOCK_AF_CAN = 2 };
enum sock_type { SOCK_TYPE_STREAM = 0, SOCK_TYPE_DGRAM = 1, SOCK_TYPE_RAW = 2 };

/* IANA's numbers; 0 stands for the type's usual protocol. */
enum sock_protocol {
    SOCK_PROTO_DEFAULT = 0,
    SOCK_PROTO_CAN_RAW = 1, /* AF_CAN: Linux's number */
    SOCK_PROTO_ICMP = 1,
    SOCK_PROTO_TCP = 6,
    SOCK_PROTO_UDP = 17,
    SOCK_PROTO_ICMPV6 = 58,
};

#define SOCK_CAN_NAME_BYTES 16

/* A decoded address. Only the fields of its family have a meaning. */
struct sock_address {
    enum sock_family family;
    uint8_t ip[16];                      /* network order; AF_INET uses the first four bytes */
    uint16_t port;                       /* host order */
    uint32_t flowinfo;                   /* AF_INET6 */
    uint32_t scope_id;                   /* AF_INET6: index of the interface, 0 if not given */
    char interface[SOCK_CAN_NAME_BYTES]; /* AF_CAN, NUL-terminated */
};

/* Why a waiting call may want to look again; several bits at once are possible. */
enum provider_event {
    PROVIDER_READABLE = 1, /* data, a datagram, a connection to accept, or end of stream */
    PROVIDER_WRITABLE = 2, /* room in the send buffer */
    PROVIDER_CONNECTED = 4,
    PROVIDER_FAILED = 8,
};

typedef void (*provider_event_fn)(void *owner, unsigned events);

enum provider_option {
    PROVIDER_REUSEADDR,
    PROVIDER_KEEPALIVE,
    PROVIDER_KEEPIDLE_S,
    PROVIDER_KEEPINTVL_S,
    PROVIDER_KEEPCNT,
    PROVIDER_NODELAY,
    PROVIDER_HEADER_INCLUDED, /* SOCK_RAW, AF_INET: what is sent begins with an IP header */
    PROVIDER_CAN_FILTER,      /* bytes: see port/can_frame.h */
    PROVIDER_CAN_ERRORS,      /* classes of error frames that are received */
    PROVIDER_CAN_LOOPBACK,    /* other sockets of the device hear what is sent */
    PROVIDER_CAN_RECEIVE_OWN, /* so does the sender */
    PROVIDER_CAN_FD_FRAMES,
};

/* The stack's side of a socket; only the provider knows what is in it. */
struct provider_socket;

struct sock_provider {
    const char *name;

    /* A combination that the provider does not have is an error, never something else. */
    int (*open)(int family, int type, int protocol, struct provider_socket **opened);

    /*
     * Say who is told of events. Called once, before any other operation on the
     * socket. What happened to an accepted socket before that is not told: its
     * operations show it.
     */
    void (*attach)(struct provider_socket *self, provider_event_fn event, void *owner);

    /* Port 0 takes a free port. Only addresses of this device, or the wildcard. */
    int (*bind)(struct provider_socket *self, const struct sock_address *local);

    /*
     * SOCK_STREAM: start a connection attempt and return -SOCK_EINPROGRESS (0 if it
     * succeeded at once). Other types: set the peer, 0; queued datagrams of others
     * are dropped.
     */
    int (*connect)(struct provider_socket *self, const struct sock_address *peer);

    /*
     * How the attempt goes: 1 connected, -SOCK_EINPROGRESS, or why it failed. The
     * failure is reported once; the socket is then as before connect().
     */
    int (*connected)(struct provider_socket *self);

    /* Forget the attempt without a word to the peer; the socket is as before connect(). */
    void (*cancel)(struct provider_socket *self);

    /* Again on a listener: change the limit. */
    int (*listen)(struct provider_socket *self, int backlog);

    /*
     * Hand over the connection that has waited longest. Connections that were reset
     * while they waited are not handed over. The module attach()es the new socket.
     */
    int (*accept)(struct provider_socket *self, struct provider_socket **accepted,
                  struct sock_address *peer);

    /*
     * What the next receive() or accept() would take: a listener's waiting
     * connections (> 0), the bytes of the next datagram (>= 0), queued bytes of a
     * stream (0 at its end); -SOCK_EAGAIN if it would block.
     */
    ptrdiff_t (*pending)(struct provider_socket *self);

    /*
     * Stream: 1..bytes, 0 at its end (the module does not ask again). A connection that
     * broke delivers what had arrived, then its error, for ever. Datagram: the next one, cut to
     * `bytes`, the rest discarded. `from` may be NULL.
     */
    ptrdiff_t (*receive)(struct provider_socket *self, uint8_t *data, size_t bytes,
                         struct sock_address *from);

    /*
     * Stream: how many bytes were taken over, 1..bytes. Datagram: all or an error;
     * `to` is NULL for the connected peer.
     */
    ptrdiff_t (*send)(struct provider_socket *self, const uint8_t *data, size_t bytes,
                      const struct sock_address *to);

    /*
     * Stream, not listening and not connecting: 0 if send() would not block, which it also does not
     * when it would fail; else -SOCK_EAGAIN. NULL: send() of this provider never blocks.
     */
    int (*writable)(struct provider_socket *self);

    /* The local or the peer's address. */
    int (*name_of)(struct provider_socket *self, bool peer, struct sock_address *name);

    int (*option_set)(struct provider_socket *self, enum provider_option option, int64_t value);
    int (*option_get)(struct provider_socket *self, enum provider_option option, int64_t *value);

    /* An option whose value is not a number. NULL: there is none. */
    int (*option_set_bytes)(struct provider_socket *self, enum provider_option option,
                            const uint8_t *data, size_t bytes);

    /*
     * End all traffic, without waiting: data that was taken over is sent first, then
     * FIN, or RST if received data was never read (RFC 1122, 4.2.2.13). `unread`: the
     * module itself holds such data. No event comes after this returns; every other
     * operation but release() then returns -SOCK_EBADF.
     */
    void (*close)(struct provider_socket *self, bool unread);

    /* Free the closed socket. */
    void (*release)(struct provider_socket *self);
};

#endif

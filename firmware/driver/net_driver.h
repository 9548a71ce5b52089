/*
 * The net driver: what a MAC-level network driver implements, and all it has to
 * know of the stack above it.
 *
 * A driver owns its hardware and its receive buffers; it has no thread and
 * includes neither lwIP nor kernel headers. The port (port/netif_thread.c) owns
 * one thread per driver that calls it:
 *
 *     interrupt -> callbacks.interrupt -> thread: service(), receive()..., rearm()
 *
 * Threads: init, link, unlink, service, due_ns, receive and rearm are called by one
 * thread at a time (the port sees to it). send() is called by any thread, one
 * at a time. release() and statistics() are called by any thread at any time.
 *
 * Ownership: the parts of a frame belong to the driver from a successful send()
 * until callbacks.sent() with the same token. A received buffer belongs to the
 * caller of receive() until release().
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_NET_DRIVER_H
#define SOCKBENCH_DRIVER_NET_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One piece of a frame to send. */
struct net_part {
    const void *data;
    uint16_t bytes;
};

#define NET_PARTS_MAX 16    /* pieces in one frame */
#define NET_NEVER INT64_MAX /* a time that does not come */

/* A received frame, without FCS. */
struct net_buffer {
    uint32_t owner_context[8]; /* the receiver's, any content */
    struct net_buffer *next;   /* the driver's */
    uint8_t *data;
    uint16_t bytes;
    bool ip_checksum_good; /* checked by the hardware and right */
    bool l4_checksum_good;
};

/* What a driver can do for the stack. */
struct net_capabilities {
    bool rx_checksum;     /* reports checksum results per frame */
    bool tx_checksum_ip;  /* inserts IPv4 header checksums */
    bool tx_checksum_tcp; /* inserts TCP checksums of frames sent with NET_SEND_TCP_CHECKSUM */
};

#define NET_SEND_IP_CHECKSUM (1u << 0)  /* insert the IPv4 header checksum */
#define NET_SEND_TCP_CHECKSUM (1u << 1) /* insert the TCP checksum */

/* What a driver calls. All but interrupt() from within a call of the table below. */
struct net_callbacks {
    void *context;
    void (*interrupt)(void *context);         /* from the interrupt: call service() soon */
    void (*sent)(void *context, void *token); /* the frame's parts are free again */
    void (*link_changed)(void *context, bool up);
};

struct net_driver {
    const char *name;

    /* Find and set up the hardware, link down, interrupts off. Once. 0 or negative errno. */
    int (*init)(const struct net_callbacks *callbacks, uint8_t *rx_memory, size_t rx_bytes);

    /* Join the medium: enable the MAC, start to negotiate. link_changed() tells the outcome. */
    int (*link)(void);

    /* Leave the medium. Frames not yet sent are given back by sent(). */
    int (*unlink)(void);

    /*
     * Send a frame made of `count` parts. 0, or without any effect: -EWOULDBLOCK when the ring is
     * full (counted), -EMSGSIZE when it has too many parts or bytes, -ENETDOWN without link.
     */
    int (*send)(const struct net_part *parts, size_t count, uint32_t flags, void *token);

    /* Handle what the interrupt reported: finish sent frames, notice a link change. */
    void (*service)(void);

    /* When service() has to be called even without an interrupt: nanoseconds of the board's clock,
     * or NET_NEVER. NULL: never. */
    int64_t (*due_ns)(void);

    /* The next received frame, or NULL. */
    struct net_buffer *(*receive)(void);

    /* Give a received frame's buffer back. */
    void (*release)(struct net_buffer *buffer);

    /* Interrupt again; true if there is work already, then call service() first. */
    bool (*rearm)(void);

    /* Hear this multicast address; count says how many listeners there are now for it. */
    void (*multicast)(const uint8_t address[6], bool join);

    void (*address)(uint8_t mac[6]);
    struct net_capabilities (*capabilities)(void);

    /* Visit every counter. Counters go down only when a broken device had to be reset. */
    void (*statistics)(void (*visit)(void *context, const char *name, uint32_t value),
                       void *context);
};

#endif

/*
 * The MAC that the board's network controllers have in common (docs/nic-datasheet.md): rings,
 * interrupts, filters, counters. What makes a link, a PHY or a radio, is its user's: driver/eth.c
 * and driver/wifi.c each have one instance and offer it as a struct net_driver.
 *
 * Nothing is copied. A frame to send is scattered over descriptors that point at the caller's
 * memory and is given back when the MAC has set DONE on its last one. Received frames lie in
 * buffers of this driver, which travel up the stack and come back by mac_release().
 *
 * Threads are those of net_driver.h. An instance lives for ever and belongs to mac.c but for the
 * first fields, which its user sets before mac_init().
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_MAC_H
#define SOCKBENCH_DRIVER_MAC_H

#include "board/interrupt.h"
#include "driver/net_driver.h"

#define MAC_TX_RING 128u
#define MAC_RX_RING 256u

struct mac_descriptor {
    volatile uint32_t address;
    volatile uint32_t control;
    volatile uint32_t result;
    uint32_t unused;
};

struct mac_buffer;

/* Counters the MAC does not have. */
enum mac_counter {
    MAC_TX_RING_FULL, /* send() refused: ring full */
    MAC_TX_REFUSED,   /* send() refused: parts or size */
    MAC_TX_LOST,      /* frames the MAC reported as not sent */
    MAC_TX_RESTARTS,  /* times the transmit engine was stuck */
    MAC_RX_BAD_FRAME, /* frames dropped: the MAC could not store them in one buffer */
    MAC_RX_NO_BUFFER, /* refills that found the pool empty */
    MAC_DMA_STOPPED,  /* times the engine stopped and was set up again */
    MAC_LINK_CHANGES,
    MAC_INTERRUPTS,
    MAC_COUNTERS,
};

struct mac {
    /* Its user's. */
    uint32_t base;               /* of the registers */
    unsigned irq;                /* its interrupt, */
    interrupt_handler interrupt; /* which calls mac_interrupt() */

    /* Below: mac.c's. */
    struct net_callbacks callbacks;
    struct net_capabilities capabilities;
    uint32_t counters[MAC_COUNTERS];
    bool running; /* the engines are on and the rings are in use */
    bool link_up;

    uint32_t tx_first; /* oldest descriptor in use */
    uint32_t tx_next;  /* first unused one */
    void *tx_tokens[MAC_TX_RING];

    uint32_t rx_first; /* next one the MAC fills */
    uint32_t rx_next;  /* first one without a buffer */
    struct mac_buffer *rx_in_ring[MAC_RX_RING];
    struct net_buffer *rx_free;
    struct mac_buffer *rx_memory; /* buffers not yet used once */
    struct mac_buffer *rx_memory_end;

    uint8_t multicast_users[64]; /* listeners per bit of the hash filter */

    struct mac_descriptor tx_ring[MAC_TX_RING] __attribute__((aligned(16)));
    struct mac_descriptor rx_ring[MAC_RX_RING] __attribute__((aligned(16)));
};

/* Find the MAC, reset it, take the interrupt. 0, or -ENODEV. */
int mac_init(struct mac *mac, const struct net_callbacks *callbacks, uint8_t *rx_memory,
             size_t rx_bytes);

/* Enable both engines with empty rings; interrupts stay masked until mac_rearm(). */
void mac_start(struct mac *mac);

/* Disable both engines and the interrupts, and take every buffer back. */
void mac_stop(struct mac *mac);

/* Back to its state after power-on, for a part of it that only that cures; while stopped. */
void mac_reset(struct mac *mac);

/* Forget the causes of interrupts there were. */
void mac_acknowledge_all(struct mac *mac);

/* From the handler: mask the interrupts and tell the thread. */
void mac_interrupt(struct mac *mac);

/*
 * Acknowledge what the interrupt reported and, if the MAC runs, set an engine up again that has
 * stopped. Returns whether the link may have changed.
 */
bool mac_service(struct mac *mac);

/* Take note of the link and pass on a change. */
void mac_set_link(struct mac *mac, bool up);

/* STATUS.LINK_UP as it is. */
bool mac_link_up(const struct mac *mac);

/* The functions of struct net_driver of the same names. */
int mac_send(struct mac *mac, const struct net_part *parts, size_t count, uint32_t flags,
             void *token);
struct net_buffer *mac_receive(struct mac *mac);
void mac_release(struct mac *mac, struct net_buffer *buffer);
bool mac_rearm(struct mac *mac);
void mac_multicast(struct mac *mac, const uint8_t address[6], bool join);
void mac_address(const struct mac *mac, uint8_t address[6]);
void mac_statistics(const struct mac *mac,
                    void (*visit)(void *context, const char *name, uint32_t value), void *context);

#endif

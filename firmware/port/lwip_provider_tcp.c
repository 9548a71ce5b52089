/*
 * lwIP's provider: TCP connections.
 *
 * Received bytes are copied out of lwIP's packets at once: a packet buffer belongs
 * to the driver's receive ring, and a peer that sends single bytes could otherwise
 * take all of them with one connection. The window reopens as the module reads.
 *
 * lwIP frees the control block itself when a connection breaks (tcp_err); `pcb` is
 * NULL from then on, and the socket remembers what it needs.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>

#include "lwip/mem.h"
#include "lwip/priv/tcp_priv.h"
#include "port/lwip_provider_internal.h"

/* Slow timer ticks (500 ms each) between looks at a socket that found no memory. */
#define POLL_INTERVAL 1

/* A chunk has room for a full segment, so that small ones share it. */
#define CHUNK_BYTES TCP_MSS

struct chunk {
    struct chunk *next;
    u16_t start; /* first byte that was not read */
    u16_t end;
    u8_t data[CHUNK_BYTES];
};

void lwip_stream_free_received(struct provider_socket *self)
{
    struct stream *stream = &self->stream;
    while (stream->first != NULL) {
        struct chunk *chunk = stream->first;
        stream->first = chunk->next;
        mem_free(chunk);
    }
    stream->last = NULL;
    stream->queued = 0;
}

/* Chain enough chunks for `bytes` more; false without memory, with nothing changed. */
static bool make_room(struct stream *stream, size_t bytes, struct chunk **added)
{
    size_t room = stream->last == NULL ? 0 : (size_t)(CHUNK_BYTES - stream->last->end);
    struct chunk **link = added;
    *added = NULL;
    while (room < bytes) {
        struct chunk *chunk = mem_malloc(sizeof *chunk);
        if (chunk == NULL) {
            while (*added != NULL) {
                chunk = *added;
                *added = chunk->next;
                mem_free(chunk);
            }
            return false;
        }
        chunk->next = NULL;
        chunk->start = 0;
        chunk->end = 0;
        *link = chunk;
        link = &chunk->next;
        room += CHUNK_BYTES;
    }
    return true;
}

static void store(struct stream *stream, const struct pbuf *p, struct chunk *added)
{
    u16_t offset = 0;
    while (offset < p->tot_len) {
        if (stream->last == NULL || stream->last->end == CHUNK_BYTES) {
            struct chunk *chunk = added;
            LWIP_ASSERT("make_room() made room", chunk != NULL);
            added = chunk->next;
            chunk->next = NULL;
            if (stream->last == NULL)
                stream->first = chunk;
            else
                stream->last->next = chunk;
            stream->last = chunk;
        }
        struct chunk *chunk = stream->last;
        u16_t room = (u16_t)(CHUNK_BYTES - chunk->end);
        u16_t copied = pbuf_copy_partial(p, chunk->data + chunk->end, room, offset);
        chunk->end = (u16_t)(chunk->end + copied);
        offset = (u16_t)(offset + copied);
    }
    stream->queued += p->tot_len;
}

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct provider_socket *self = arg;
    struct chunk *added;
    (void)pcb;
    (void)error;

    if (p == NULL) {
        self->stream.finished = true;
    } else {
        /* Refused data is kept by lwIP and offered again at its next fast timer. */
        if (!make_room(&self->stream, p->tot_len, &added))
            return ERR_MEM;
        store(&self->stream, p, added);
        pbuf_free(p);
    }
    provider_event(self, PROVIDER_READABLE);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    (void)pcb;
    (void)bytes;
    provider_event(arg, PROVIDER_WRITABLE);
    return ERR_OK;
}

/* Nothing more will be tried at the next slow timer: what tcp_slowtmr() looks at there. */
static bool is_exhausted(const struct tcp_pcb *pcb)
{
    if (pcb->state == SYN_SENT)
        return pcb->nrtx >= TCP_SYNMAXRTX;
    return pcb->nrtx >= TCP_MAXRTX || pcb->persist_probe >= TCP_MAXRTX ||
           (ip_get_option(pcb, SOF_KEEPALIVE) && pcb->keep_cnt_sent >= pcb->keep_cnt);
}

/* lwIP calls this at each slow timer, after its own work on the connection. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct provider_socket *self = arg;
    self->stream.exhausted = is_exhausted(pcb);
    if (self->stream.starved) {
        self->stream.starved = false;
        provider_event(self, PROVIDER_WRITABLE);
    }
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct provider_socket *self = arg;
    (void)error;
    self->stream.state = STREAM_CONNECTED;
    ip_addr_copy(self->stream.own_ip, pcb->local_ip);
    self->stream.own_port = pcb->local_port;
    provider_event(self, PROVIDER_CONNECTED | PROVIDER_WRITABLE);
    return ERR_OK;
}

/*
 * lwIP ends a connection with ERR_RST when the peer reset it. It says ERR_ABRT both when
 * its retransmission or keepalive limit is reached (tcp_slowtmr) and when the address of
 * the connection is gone (tcp_netif_ip_addr_changed); the former shows beforehand.
 */
static int ending(const struct stream *stream, err_t error)
{
    if (error == ERR_RST)
        return stream->state == STREAM_CONNECTING ? -SOCK_ECONNREFUSED : -SOCK_ECONNRESET;
    return stream->exhausted ? -SOCK_ETIMEDOUT : -SOCK_ECONNABORTED;
}

static void on_error(void *arg, err_t error)
{
    struct provider_socket *self = arg;
    struct stream *stream = &self->stream;

    stream->pcb = NULL;
    if (stream->listener != NULL) {
        lwip_listener_remove(self);
        lwip_stream_free_received(self);
        provider_socket_free(self);
        return;
    }
    stream->error = ending(stream, error);
    stream->state = stream->state == STREAM_CONNECTING ? STREAM_IDLE : STREAM_BROKEN;
    provider_event(self, PROVIDER_FAILED | PROVIDER_READABLE | PROVIDER_WRITABLE);
}

void lwip_stream_adopt(struct provider_socket *self, struct tcp_pcb *pcb)
{
    self->stream.pcb = pcb;
    tcp_arg(pcb, self);
    tcp_recv(pcb, on_receive);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, POLL_INTERVAL);
}

void lwip_stream_detach(struct tcp_pcb *pcb)
{
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
}

/* A fresh control block, bound as the socket was; -SOCK_ENOBUFS or -SOCK_EADDRINUSE. */
static int renew(struct provider_socket *self)
{
    struct stream *stream = &self->stream;
    struct tcp_pcb *pcb = tcp_new_ip_type(provider_ip_type(self->family));
    if (pcb == NULL)
        return -SOCK_ENOBUFS;
    lwip_stream_adopt(self, pcb);
    lwip_stream_apply_options(self);
    if (!stream->bound)
        return 0;
    int error = provider_error(tcp_bind(pcb, &stream->local_ip, stream->local_port));
    if (error != 0) {
        stream->pcb = NULL;
        lwip_stream_detach(pcb);
        tcp_close(pcb);
    }
    return error;
}

static int need_pcb(struct provider_socket *self)
{
    return self->stream.pcb != NULL ? 0 : renew(self);
}

int lwip_stream_open(struct provider_socket *self)
{
    self->stream.keep_idle_s = TCP_KEEPIDLE_DEFAULT / 1000;
    self->stream.keep_interval_s = TCP_KEEPINTVL_DEFAULT / 1000;
    self->stream.keep_count = TCP_KEEPCNT_DEFAULT;
    return renew(self);
}

int lwip_stream_bind(struct provider_socket *self, const ip_addr_t *ip, u16_t port)
{
    struct stream *stream = &self->stream;
    /* A second tcp_bind() would chain the block twice and hang lwIP's lists. */
    if (stream->bound || stream->state != STREAM_IDLE)
        return -SOCK_EINVAL;
    int error = need_pcb(self);
    if (error == 0)
        error = provider_error(tcp_bind(stream->pcb, ip, port));
    if (error == 0) {
        stream->bound = true;
        ip_addr_copy(stream->local_ip, *ip);
        stream->local_port = stream->pcb->local_port;
    }
    return error;
}

int lwip_stream_connect(struct provider_socket *self, const ip_addr_t *ip, u16_t port)
{
    struct stream *stream = &self->stream;
    /* RFC 9293, MUST-46: such an address is never the peer of a connection. */
    if (provider_is_group(ip))
        return ip_addr_isany(ip) || ip_addr_ismulticast(ip) ? -SOCK_ENETUNREACH : -SOCK_EACCES;
    int error = need_pcb(self);
    if (error == 0)
        error = provider_check_route(&stream->pcb->local_ip, ip);
    if (error != 0)
        return error;

    ip_addr_copy(stream->peer_ip, *ip);
    stream->peer_port = port;
    stream->error = 0;
    stream->exhausted = false;
    stream->state = STREAM_CONNECTING;
    error = provider_error(tcp_connect(stream->pcb, ip, port, on_connected));
    if (error == 0)
        return -SOCK_EINPROGRESS;

    /* tcp_connect() leaves traces in the block when it fails. */
    lwip_stream_cancel(self);
    return error;
}

int lwip_stream_connected(struct provider_socket *self)
{
    struct stream *stream = &self->stream;
    switch (stream->state) {
    case STREAM_CONNECTED:
    case STREAM_BROKEN: /* it was; the next operation says what happened then */
        return 1;
    case STREAM_CONNECTING:
        return -SOCK_EINPROGRESS;
    default:
        break;
    }
    int error = stream->error;
    stream->error = 0;
    /* Take the bound port back at once. Without memory the next connect() tries again. */
    (void)need_pcb(self);
    return error != 0 ? error : -SOCK_ENOTCONN;
}

void lwip_stream_cancel(struct provider_socket *self)
{
    struct stream *stream = &self->stream;
    struct tcp_pcb *pcb = stream->pcb;
    if (stream->state == STREAM_CONNECTED || stream->state == STREAM_BROKEN) {
        /* The answer came while the module gave up: end what it does not want any more. */
        if (pcb != NULL) {
            lwip_stream_detach(pcb);
            tcp_abort(pcb);
        }
        lwip_stream_free_received(self);
        stream->finished = false;
    } else if (pcb != NULL) {
        lwip_stream_detach(pcb);
        if (pcb->state == CLOSED && !stream->bound)
            pcb->local_port = 0; /* taken by a tcp_connect() that failed; on no list */
        tcp_close(pcb);          /* frees it without a word, in CLOSED and in SYN_SENT */
    }
    stream->pcb = NULL;
    stream->state = STREAM_IDLE;
    stream->error = 0;
    (void)renew(self);
}

void lwip_stream_refused(struct tcp_pcb *pcb)
{
    if (pcb->errf != on_error)
        return; /* not one of ours */
    struct provider_socket *self = pcb->callback_arg;
    lwip_stream_detach(pcb);
    tcp_close(pcb);
    on_error(self, ERR_RST);
}

ptrdiff_t lwip_stream_pending(struct provider_socket *self)
{
    const struct stream *stream = &self->stream;
    if (stream->state == STREAM_LISTENING)
        return stream->waiting_count > 0 ? (ptrdiff_t)stream->waiting_count : -SOCK_EAGAIN;
    if (stream->queued > 0 || stream->finished)
        return (ptrdiff_t)stream->queued;
    if (stream->state == STREAM_BROKEN)
        return stream->error;
    return stream->state == STREAM_CONNECTED ? -SOCK_EAGAIN : -SOCK_ENOTCONN;
}

ptrdiff_t lwip_stream_receive(struct provider_socket *self, uint8_t *data, size_t bytes)
{
    struct stream *stream = &self->stream;
    size_t copied = 0;

    if (stream->queued == 0)
        return lwip_stream_pending(self); /* 0 at the end, or why there is nothing */
    while (copied < bytes && stream->first != NULL) {
        struct chunk *chunk = stream->first;
        size_t part = (size_t)(chunk->end - chunk->start);
        if (part > bytes - copied)
            part = bytes - copied;
        memcpy(data + copied, chunk->data + chunk->start, part);
        copied += part;
        chunk->start = (u16_t)(chunk->start + part);
        if (chunk->start == chunk->end) {
            stream->first = chunk->next;
            if (stream->first == NULL)
                stream->last = NULL;
            mem_free(chunk);
        }
    }
    stream->queued -= copied;
    if (stream->pcb != NULL)
        tcp_recved(stream->pcb, (u16_t)copied); /* never more than TCP_WND is queued */
    return (ptrdiff_t)copied;
}

/*
 * tcp_write() cuts segments to half of the largest window the peer has offered (of the
 * MSS while it has offered none) and asserts that no queued one is longer. A peer whose
 * first window is 0 and whose next is tiny would end the firmware by that: let lwIP
 * believe in a window that the segments already queued were right for.
 */
static void allow_queued_segments(struct tcp_pcb *pcb)
{
    const struct tcp_seg *last = pcb->unsent;
    if (last == NULL)
        return;
    while (last->next != NULL)
        last = last->next;
    u16_t segment_bytes = (u16_t)(last->len + LWIP_TCP_OPT_LEN_TS_OUT);
#if TCP_OVERSIZE
    segment_bytes = (u16_t)(segment_bytes + pcb->unsent_oversize); /* room it was made with */
#endif
    if (pcb->snd_wnd_max / 2 != 0 && pcb->snd_wnd_max / 2 < segment_bytes)
        pcb->snd_wnd_max = (tcpwnd_size_t)(2 * segment_bytes);
}

ptrdiff_t lwip_stream_send(struct provider_socket *self, const uint8_t *data, size_t bytes)
{
    struct stream *stream = &self->stream;
    size_t sent = 0;

    if (stream->state == STREAM_BROKEN)
        return stream->error;
    if (stream->state != STREAM_CONNECTED)
        return -SOCK_ENOTCONN;

    while (sent < bytes && tcp_sndbuf(stream->pcb) > 0) {
        size_t part = bytes - sent;
        if (part > tcp_sndbuf(stream->pcb))
            part = tcp_sndbuf(stream->pcb);
        err_t error = ERR_MEM;
        while (part > 0 && error == ERR_MEM) {
            u8_t flags = TCP_WRITE_FLAG_COPY;
            if (sent + part < bytes)
                flags |= TCP_WRITE_FLAG_MORE;
            allow_queued_segments(stream->pcb);
            error = tcp_write(stream->pcb, data + sent, (u16_t)part, flags);
            if (error == ERR_MEM)
                part /= 2; /* less may fit: fewer segments, smaller blocks */
        }
        if (error != ERR_OK) {
            if (error != ERR_MEM && sent == 0)
                return provider_error(error);
            break;
        }
        sent += part;
    }
    if (sent == 0) {
        /* With nothing under way no acknowledgement will ever wake the sender. */
        stream->starved = tcp_sndbuf(stream->pcb) > 0;
        return -SOCK_EAGAIN;
    }
    /* What cannot leave now leaves by lwIP's own timers. */
    (void)tcp_output(stream->pcb);
    return (ptrdiff_t)sent;
}

int lwip_stream_writable(const struct provider_socket *self)
{
    const struct stream *stream = &self->stream;
    if (stream->state != STREAM_CONNECTED)
        return 0;
    bool full = tcp_sndbuf(stream->pcb) == 0 || tcp_sndqueuelen(stream->pcb) >= TCP_SND_QUEUELEN;
    return full ? -SOCK_EAGAIN : 0;
}

int lwip_stream_name(struct provider_socket *self, bool peer, ip_addr_t *ip, u16_t *port)
{
    const struct stream *stream = &self->stream;
    if (peer) {
        ip_addr_copy(*ip, stream->peer_ip);
        *port = stream->peer_port;
    } else if (stream->pcb != NULL) {
        ip_addr_copy(*ip, stream->pcb->local_ip);
        *port = stream->pcb->local_port;
    } else if (stream->state == STREAM_BROKEN) {
        ip_addr_copy(*ip, stream->own_ip);
        *port = stream->own_port;
    } else {
        ip_addr_copy(*ip, stream->local_ip);
        *port = stream->local_port;
    }
    return 0;
}

/*
 * lwIP's provider: listeners and the connections that wait in them.
 *
 * lwIP counts a connection against the backlog from its SYN on; it stays counted
 * until it is accepted (tcp_backlog_delayed), so that maxlog clients can be
 * connected and waiting, and the SYN of one more is dropped.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/priv/tcp_priv.h"
#include "port/lwip_provider_internal.h"

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct provider_socket *self = arg;
    struct stream *stream = &self->stream;
    if (pcb == NULL || error != ERR_OK)
        return ERR_OK; /* no control block was left: the client will try again */

    struct provider_socket *waiting = provider_socket_new(self->family, self->type, self->protocol);
    if (waiting == NULL)
        return ERR_MEM; /* lwIP resets the connection */

    waiting->stream.state = STREAM_CONNECTED;
    waiting->stream.listener = self;
    waiting->stream.reuse_address = stream->reuse_address;
    waiting->stream.keepalive = stream->keepalive;
    waiting->stream.no_delay = stream->no_delay;
    waiting->stream.keep_idle_s = stream->keep_idle_s;
    waiting->stream.keep_interval_s = stream->keep_interval_s;
    waiting->stream.keep_count = stream->keep_count;
    ip_addr_copy(waiting->stream.own_ip, pcb->local_ip);
    waiting->stream.own_port = pcb->local_port;
    ip_addr_copy(waiting->stream.peer_ip, pcb->remote_ip);
    waiting->stream.peer_port = pcb->remote_port;
    lwip_stream_adopt(waiting, pcb);
    lwip_stream_apply_options(waiting);
    tcp_backlog_delayed(pcb);

    if (stream->waiting_last == NULL)
        stream->waiting_first = waiting;
    else
        stream->waiting_last->stream.next = waiting;
    stream->waiting_last = waiting;
    stream->waiting_count++;
    provider_event(self, PROVIDER_READABLE);
    return ERR_OK;
}

int lwip_listener_listen(struct provider_socket *self, int backlog)
{
    struct stream *stream = &self->stream;
    if (stream->state == STREAM_LISTENING) {
        tcp_backlog_set(stream->pcb, (u8_t)backlog);
        return 0;
    }
    if (stream->state != STREAM_IDLE || !stream->bound || stream->pcb == NULL)
        return -SOCK_EINVAL;

    /* The callbacks of a connection have no place in a listening block. */
    struct tcp_pcb *pcb = stream->pcb;
    err_t error;
    struct tcp_pcb *listening = tcp_listen_with_backlog_and_err(pcb, (u8_t)backlog, &error);
    if (listening == NULL)
        return provider_error(error);
    stream->pcb = listening;
    stream->state = STREAM_LISTENING;
    tcp_arg(listening, self);
    tcp_accept(listening, on_accept);
    return 0;
}

void lwip_listener_remove(struct provider_socket *waiting)
{
    struct stream *stream = &waiting->stream.listener->stream;
    struct provider_socket *before = NULL;
    struct provider_socket *each = stream->waiting_first;
    while (each != waiting) {
        before = each;
        each = each->stream.next;
    }
    if (before == NULL)
        stream->waiting_first = waiting->stream.next;
    else
        before->stream.next = waiting->stream.next;
    if (stream->waiting_last == waiting)
        stream->waiting_last = before;
    stream->waiting_count--;
    waiting->stream.listener = NULL;
    waiting->stream.next = NULL;
}

int lwip_listener_accept(struct provider_socket *self, struct provider_socket **accepted,
                         ip_addr_t *ip, u16_t *port)
{
    struct provider_socket *waiting = self->stream.waiting_first;
    if (self->stream.state != STREAM_LISTENING)
        return -SOCK_EINVAL;
    if (waiting == NULL)
        return -SOCK_EAGAIN;
    lwip_listener_remove(waiting);
    tcp_backlog_accepted(waiting->stream.pcb);
    ip_addr_copy(*ip, waiting->stream.peer_ip);
    *port = waiting->stream.peer_port;
    *accepted = waiting;
    return 0;
}

void lwip_listener_close(struct provider_socket *self)
{
    while (self->stream.waiting_first != NULL) {
        struct provider_socket *waiting = self->stream.waiting_first;
        struct tcp_pcb *pcb = waiting->stream.pcb;
        lwip_listener_remove(waiting);
        lwip_stream_detach(pcb);
        tcp_abort(pcb); /* its client learns by RST that nobody will serve it */
        lwip_stream_free_received(waiting);
        provider_socket_free(waiting);
    }
    tcp_close(self->stream.pcb);
    self->stream.pcb = NULL;
}

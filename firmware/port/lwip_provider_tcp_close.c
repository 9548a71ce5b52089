/*
 * lwIP's provider: how TCP connections end.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/priv/tcp_priv.h"
#include "port/lwip_provider_internal.h"

/* How long a closed connection with unread data may take to get rid of its last bytes. */
#define DRAIN_POLLS_MAX 40 /* 20 s, as lwIP's LWIP_TCP_CLOSE_TIMEOUT_MS_DEFAULT */

/*
 * After close() with unread data: the peer is to get what was accepted for sending,
 * then RST. lwIP's tcp_close() would throw the unsent part away (tcp_close_shutdown).
 * The callback argument counts the polls.
 */
static err_t drain(struct tcp_pcb *pcb)
{
    if (pcb->unsent != NULL)
        return ERR_OK;
    lwip_stream_detach(pcb);
    tcp_abort(pcb);
    return ERR_ABRT;
}

static err_t on_drain_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
    (void)arg;
    (void)bytes;
    return drain(pcb);
}

static err_t on_drain_poll(void *arg, struct tcp_pcb *pcb)
{
    uintptr_t polls = (uintptr_t)arg + 1;
    tcp_arg(pcb, (void *)polls);
    if (polls < DRAIN_POLLS_MAX)
        return drain(pcb);
    lwip_stream_detach(pcb);
    tcp_abort(pcb);
    return ERR_ABRT;
}

static err_t on_drain_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)arg;
    (void)pcb;
    (void)error;
    if (p != NULL)
        pbuf_free(p);
    return ERR_OK;
}

static void close_unread(struct tcp_pcb *pcb)
{
    tcp_nagle_disable(pcb); /* a short last segment must not wait for an ACK */
    (void)tcp_output(pcb);
    if (pcb->unsent == NULL) {
        tcp_abort(pcb);
        return;
    }
    tcp_recv(pcb, on_drain_receive);
    tcp_sent(pcb, on_drain_sent);
    tcp_poll(pcb, on_drain_poll, 1);
}

void lwip_stream_close(struct provider_socket *self, bool unread)
{
    struct stream *stream = &self->stream;
    struct tcp_pcb *pcb = stream->pcb;

    unread = unread || stream->queued > 0;
    lwip_stream_free_received(self);
    if (pcb == NULL)
        return;
    stream->pcb = NULL;
    lwip_stream_detach(pcb);
    if (stream->state == STREAM_CONNECTED && (unread || pcb->refused_data != NULL))
        close_unread(pcb);
    else
        tcp_close(pcb); /* without memory for a FIN lwIP repeats it (TF_CLOSEPEND) */
}

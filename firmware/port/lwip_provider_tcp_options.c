/*
 * lwIP's provider: options of TCP sockets. The socket keeps them, so that a control
 * block that replaces a broken one gets them as well.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/ip.h"
#include "port/lwip_provider_internal.h"

void lwip_stream_apply_options(struct provider_socket *self)
{
    struct stream *stream = &self->stream;
    struct tcp_pcb *pcb = stream->pcb;
    if (pcb == NULL)
        return;
    if (stream->reuse_address)
        ip_set_option(pcb, SOF_REUSEADDR);
    else
        ip_reset_option(pcb, SOF_REUSEADDR);
    if (stream->keepalive)
        ip_set_option(pcb, SOF_KEEPALIVE);
    else
        ip_reset_option(pcb, SOF_KEEPALIVE);
    if (stream->state == STREAM_LISTENING)
        return; /* struct tcp_pcb_listen has no more than these */
    if (stream->no_delay)
        tcp_nagle_disable(pcb);
    else
        tcp_nagle_enable(pcb);
    pcb->keep_idle = stream->keep_idle_s * 1000;
    pcb->keep_intvl = stream->keep_interval_s * 1000;
    pcb->keep_cnt = stream->keep_count;
}

int lwip_stream_option_set(struct provider_socket *self, enum provider_option option, int64_t value)
{
    struct stream *stream = &self->stream;
    /* Milliseconds in lwIP's 32 bits; 255 is enough probes for anyone. */
    bool seconds_fit = value > 0 && value <= UINT32_MAX / 1000;

    switch (option) {
    case PROVIDER_REUSEADDR:
        stream->reuse_address = value != 0;
        break;
    case PROVIDER_KEEPALIVE:
        stream->keepalive = value != 0;
        break;
    case PROVIDER_NODELAY:
        stream->no_delay = value != 0;
        break;
    case PROVIDER_KEEPIDLE_S:
        if (!seconds_fit)
            return -SOCK_EINVAL;
        stream->keep_idle_s = (u32_t)value;
        break;
    case PROVIDER_KEEPINTVL_S:
        if (!seconds_fit)
            return -SOCK_EINVAL;
        stream->keep_interval_s = (u32_t)value;
        break;
    case PROVIDER_KEEPCNT:
        if (value <= 0 || value > UINT8_MAX)
            return -SOCK_EINVAL;
        stream->keep_count = (u32_t)value;
        break;
    default:
        return -SOCK_ENOPROTOOPT;
    }
    lwip_stream_apply_options(self);
    return 0;
}

int lwip_stream_option_get(struct provider_socket *self, enum provider_option option,
                           int64_t *value)
{
    const struct stream *stream = &self->stream;
    switch (option) {
    case PROVIDER_REUSEADDR:
        *value = stream->reuse_address;
        return 0;
    case PROVIDER_KEEPALIVE:
        *value = stream->keepalive;
        return 0;
    case PROVIDER_NODELAY:
        *value = stream->no_delay;
        return 0;
    case PROVIDER_KEEPIDLE_S:
        *value = stream->keep_idle_s;
        return 0;
    case PROVIDER_KEEPINTVL_S:
        *value = stream->keep_interval_s;
        return 0;
    case PROVIDER_KEEPCNT:
        *value = stream->keep_count;
        return 0;
    default:
        return -SOCK_ENOPROTOOPT;
    }
}

/*
 * The table behind errors.h.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/errors.h"

#include <stddef.h>

static const struct {
    int error;
    enum value_exception exception;
    const char *message;
} errors[] = {
    {SOCK_ENOENT, EXC_IO_ERROR, "no server knows this name"},
    {SOCK_EIO, EXC_IO_ERROR, "input/output error"},
    {SOCK_EBADF, EXC_IO_ERROR, "the socket is closed"},
    {SOCK_EAGAIN, EXC_IO_ERROR, "the operation would block"},
    {SOCK_ENOMEM, EXC_IO_ERROR, "out of memory"},
    {SOCK_EACCES, EXC_IO_ERROR, "a TCP socket cannot be connected to a broadcast address"},
    {SOCK_EBUSY, EXC_IO_ERROR, "the interface is busy"},
    {SOCK_ENODEV, EXC_IO_ERROR, "no such interface, or its hardware does not answer"},
    {SOCK_EINVAL, EXC_IO_ERROR, "not possible in this state of the socket"},
    {SOCK_EMFILE, EXC_IO_ERROR, "too many open sockets"},
    {SOCK_EPIPE, EXC_CONNECTION_RESET_ERROR, "the connection is closed for sending"},
    {SOCK_EPROTO, EXC_IO_ERROR, "security: not one that this device speaks"},
    {SOCK_EDESTADDRREQ, EXC_IO_ERROR, "the socket has no address for this operation"},
    {SOCK_EMSGSIZE, EXC_IO_ERROR, "the datagram is too long"},
    {SOCK_ENOPROTOOPT, EXC_IO_ERROR, "unknown socket option"},
    {SOCK_EPROTONOSUPPORT, EXC_IO_ERROR, "this protocol does not go with this type of socket"},
    {SOCK_ESOCKTNOSUPPORT, EXC_IO_ERROR, "unknown type of socket"},
    {SOCK_EOPNOTSUPP, EXC_IO_ERROR, "not supported by this type of socket"},
    {SOCK_EAFNOSUPPORT, EXC_IO_ERROR, "unknown address family"},
    {SOCK_EADDRINUSE, EXC_IO_ERROR, "the address is in use"},
    {SOCK_EADDRNOTAVAIL, EXC_IO_ERROR, "not an address of this device"},
    {SOCK_ENETDOWN, EXC_IO_ERROR, "the network is down"},
    {SOCK_ENETUNREACH, EXC_IO_ERROR, "the network cannot be reached"},
    {SOCK_ECONNABORTED, EXC_CONNECTION_ABORTED_ERROR, "the connection was aborted"},
    {SOCK_ECONNRESET, EXC_CONNECTION_RESET_ERROR, "the connection was reset by the peer"},
    {SOCK_ENOBUFS, EXC_IO_ERROR, "the network stack has no memory or sockets left"},
    {SOCK_EISCONN, EXC_IO_ERROR, "the socket is connected"},
    {SOCK_ENOTCONN, EXC_IO_ERROR, "the socket is not connected"},
    {SOCK_ETIMEDOUT, EXC_TIMEOUT_ERROR, "timed out"},
    {SOCK_ECONNREFUSED, EXC_CONNECTION_REFUSED_ERROR, "the connection was refused"},
    {SOCK_EHOSTUNREACH, EXC_IO_ERROR, "no route to the host"},
    {SOCK_EALREADY, EXC_IO_ERROR, "a connection attempt is under way already"},
    {SOCK_EINPROGRESS, EXC_IO_ERROR, "the connection attempt goes on in the background"},
};

#define ERROR_COUNT (sizeof errors / sizeof errors[0])

enum value_exception sock_error_class(int error)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        if (errors[i].error == error)
            return errors[i].exception;
    }
    return EXC_IO_ERROR;
}

const char *sock_error_message(int error)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        if (errors[i].error == error)
            return errors[i].message;
    }
    return "unknown error";
}

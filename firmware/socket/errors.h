/*
 * Error numbers of the module and the exception class each one belongs to.
 *
 * The numbers are Linux's, whatever the C library or the TCP/IP stack uses, so
 * that a program sees the same ones over every provider. Functions of the module
 * and of providers return them negated.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_ERRORS_H
#define SOCKBENCH_SOCKET_ERRORS_H

#include "socket/value.h"

enum sock_errno {
    SOCK_ENOENT = 2,
    SOCK_EIO = 5,
    SOCK_EBADF = 9,
    SOCK_EAGAIN = 11,
    SOCK_ENOMEM = 12,
    SOCK_EACCES = 13,
    SOCK_EBUSY = 16,
    SOCK_ENODEV = 19,
    SOCK_EINVAL = 22,
    SOCK_EMFILE = 24,
    SOCK_EPIPE = 32,
    SOCK_EPROTO = 71,
    SOCK_EDESTADDRREQ = 89,
    SOCK_EMSGSIZE = 90,
    SOCK_ENOPROTOOPT = 92,
    SOCK_EPROTONOSUPPORT = 93,
    SOCK_ESOCKTNOSUPPORT = 94,
    SOCK_EOPNOTSUPP = 95,
    SOCK_EAFNOSUPPORT = 97,
    SOCK_EADDRINUSE = 98,
    SOCK_EADDRNOTAVAIL = 99,
    SOCK_ENETDOWN = 100,
    SOCK_ENETUNREACH = 101,
    SOCK_ECONNABORTED = 103,
    SOCK_ECONNRESET = 104,
    SOCK_ENOBUFS = 105,
    SOCK_EISCONN = 106,
    SOCK_ENOTCONN = 107,
    SOCK_ETIMEDOUT = 110,
    SOCK_ECONNREFUSED = 111,
    SOCK_EHOSTUNREACH = 113,
    SOCK_EALREADY = 114,
    SOCK_EINPROGRESS = 115,
};

/* The class that documents the error number: IOError for all but a few. */
enum value_exception sock_error_class(int error);

/* One line in plain words, in static storage. */
const char *sock_error_message(int error);

#endif

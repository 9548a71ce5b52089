/*
 * The functions of `eth` (socket/eth.h): arguments, settings, text.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/eth.h"

#include <assert.h>
#include <string.h>

#include "socket/call.h"

/* RFC 1035 2.3.4: 255 bytes on the wire are at most 253 characters. */
#define NAME_CHARACTERS_MAX 253
#define LABEL_CHARACTERS_MAX 63
#define SETTINGS 4

static const struct eth_provider *eth_provider;
static struct eth_settings next_settings; /* of the next link(); guarded by sock_port->lock */

void eth_init(const struct eth_provider *provider)
{
    eth_provider = provider;
    memset(&next_settings, 0, sizeof next_settings);
}

static bool is_zero(const uint8_t ip[4])
{
    return (ip[0] | ip[1] | ip[2] | ip[3]) == 0;
}

static void function_link(struct call *call)
{
    sock_port->lock();
    struct eth_settings settings = next_settings;
    sock_port->unlock();
    int error = eth_provider->link(&settings);
    if (error != 0)
        call_fail(call, error);
}

static void function_unlink(struct call *call)
{
    int error = eth_provider->unlink();
    if (error != 0)
        call_fail(call, error);
}

static void function_is_linked(struct call *call)
{
    call->result->value = (struct value){.kind = VALUE_BOOL, .integer = eth_provider->is_linked()};
}

static size_t write_mac(const uint8_t mac[6], char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = 0;
    for (size_t i = 0; i < 6; i++) {
        if (i > 0)
            text[length++] = ':';
        text[length++] = digits[mac[i] >> 4];
        text[length++] = digits[mac[i] & 15];
    }
    return length;
}

static void function_link_info(struct call *call)
{
    struct value_result *result = call->result;
    struct eth_settings now;
    uint8_t mac[6];
    eth_provider->info(&now, mac);

    const uint8_t *const addresses[SETTINGS] = {now.ip, now.mask, now.gateway, now.dns};
    char *text = result->text;
    for (size_t i = 0; i <= SETTINGS; i++) {
        char written[ADDRESS_TEXT_BYTES];
        size_t length =
            i < SETTINGS ? address_ipv4_write(addresses[i], written) : write_mac(mac, written);
        memcpy(text, written, length);
        result->address[i] =
            (struct value){.kind = VALUE_STR, .data = (uint8_t *)text, .bytes = length};
        text += length;
    }
    result->value =
        (struct value){.kind = VALUE_TUPLE, .items = result->address, .count = SETTINGS + 1};
}
/* Four addresses of at most 15 characters, and a MAC address of 17. */
static_assert(sizeof(((struct value_result *)0)->text) >= SETTINGS * 15 + 17,
              "the texts of link_info() fit");

/* Ones, then zeros, and at least one of each (RFC 950); /32 leaves no neighbour to talk to. */
static bool is_mask(const uint8_t mask[4])
{
    uint32_t bits =
        (uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 | mask[3];
    uint32_t hosts = ~bits;
    return bits != 0 && hosts != 0 && (hosts & (hosts + 1)) == 0;
}

/* set_link_info(ip, mask, gw, dns) */
static void function_set_link_info(struct call *call)
{
    struct eth_settings settings;
    uint8_t *const fields[SETTINGS] = {settings.ip, settings.mask, settings.gateway, settings.dns};

    for (size_t i = 0; i < SETTINGS; i++) {
        const struct value *text = call_argument(call, i);
        if (text->kind != VALUE_STR) {
            call_raise(call, EXC_TYPE_ERROR, "addresses must be strings");
            return;
        }
        if (!address_ipv4_read(text->data, text->bytes, fields[i])) {
            call_raise(call, EXC_VALUE_ERROR, "an IPv4 address must have the form x.y.z.w");
            return;
        }
    }
    if (!is_zero(settings.ip)) {
        if (!is_mask(settings.mask)) {
            call_raise(call, EXC_VALUE_ERROR, "the mask is none");
            return;
        }
        /* RFC 1122 3.2.1.3: neither "this network", nor loopback, nor a group, is a host. */
        if (settings.ip[0] == 0 || settings.ip[0] == 127 || settings.ip[0] >= 224) {
            call_raise(call, EXC_VALUE_ERROR, "not an address that a device can have");
            return;
        }
    }
    sock_port->lock();
    next_settings = settings;
    sock_port->unlock();
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123 2.1, and the underscore that is in use; the last label is not a number. */
static bool is_host_name(const uint8_t *text, size_t bytes)
{
    size_t label = 0;
    bool number = true;
    if (bytes == 0 || bytes > NAME_CHARACTERS_MAX)
        return false;
    for (size_t i = 0; i < bytes; i++) {
        uint8_t c = text[i];
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            number = true;
            continue;
        }
        if (!is_letter_or_digit(c) && c != '-' && c != '_')
            return false;
        if (++label > LABEL_CHARACTERS_MAX)
            return false;
        number = number && c >= '0' && c <= '9';
    }
    return label > 0 && !number;
}

/* gethostbyname(hostname) */
static void function_gethostbyname(struct call *call)
{
    const struct value *hostname = call_argument(call, 0);
    uint8_t ip[4];
    if (hostname->kind != VALUE_STR) {
        call_raise(call, EXC_TYPE_ERROR, "a host name must be a string");
        return;
    }
    if (!address_ipv4_read(hostname->data, hostname->bytes, ip)) {
        char name[NAME_CHARACTERS_MAX + 1];
        if (!is_host_name(hostname->data, hostname->bytes)) {
            call_raise(call, EXC_VALUE_ERROR, "not a host name");
            return;
        }
        memcpy(name, hostname->data, hostname->bytes);
        name[hostname->bytes] = '\0';
        int error = eth_provider->resolve(name, ip);
        if (error != 0) {
            call_fail(call, error);
            return;
        }
    }
    size_t length = address_ipv4_write(ip, call->result->text);
    call->result->value =
        (struct value){.kind = VALUE_STR, .data = (uint8_t *)call->result->text, .bytes = length};
}

static const char *const function_names[] = {
    "link", "unlink", "is_linked", "link_info", "set_link_info", "gethostbyname", NULL,
};

/* In the order of function_names. */
static const struct {
    void (*run)(struct call *call);
    struct signature signature;
} functions[] = {
    {function_link, {{NULL}, 0, 0}},
    {function_unlink, {{NULL}, 0, 0}},
    {function_is_linked, {{NULL}, 0, 0}},
    {function_link_info, {{NULL}, 0, 0}},
    {function_set_link_info, {{"ip", "mask", "gw", "dns"}, 4, 4}},
    {function_gethostbyname, {{"hostname"}, 1, 1}},
};

#define FUNCTION_COUNT (sizeof functions / sizeof functions[0])

static_assert(sizeof function_names / sizeof function_names[0] == FUNCTION_COUNT + 1,
              "each function has a name");

const char *const *eth_functions(void)
{
    return function_names;
}

void eth_call(const char *name, const struct value_args *args, struct value_result *result)
{
    static const struct value_args no_arguments;
    memset(result, 0, sizeof *result); /* EXC_NONE and None */
    struct call call = {.result = result};

    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (strcmp(function_names[i], name) != 0)
            continue;
        const char *fault = arguments_bind(&functions[i].signature,
                                           args != NULL ? args : &no_arguments, &call.arguments);
        if (fault != NULL)
            call_raise(&call, EXC_TYPE_ERROR, fault);
        else
            functions[i].run(&call);
        return;
    }
    call_raise(&call, EXC_ATTRIBUTE_ERROR, "eth has no such function");
}

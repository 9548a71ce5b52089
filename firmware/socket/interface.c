/*
 * What `eth` and `wifi` have in common (interface.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/interface.h"

#include <assert.h>
#include <string.h>

#include "socket/call.h"

/* RFC 1035 2.3.4: 255 bytes on the wire are at most 253 characters. */
#define NAME_CHARACTERS_MAX 253
#define LABEL_CHARACTERS_MAX 63
#define SETTINGS 4
#define MAC_BYTES 6

void interface_call(const struct interface_module *module, const char *name,
                    const struct value_args *args, struct value_result *result)
{
    static const struct value_args no_arguments;
    memset(result, 0, sizeof *result); /* EXC_NONE and None */
    struct call call = {.result = result};

    for (size_t i = 0; module->names[i] != NULL; i++) {
        if (strcmp(module->names[i], name) != 0)
            continue;
        const struct interface_function *function = &module->functions[i];
        const char *fault = arguments_bind(&function->signature,
                                           args != NULL ? args : &no_arguments, &call.arguments);
        if (fault != NULL)
            call_raise(&call, EXC_TYPE_ERROR, fault);
        else
            function->run(&call);
        return;
    }
    call_raise(&call, EXC_ATTRIBUTE_ERROR, module->unknown);
}

bool interface_read_addresses(struct call *call, size_t first, size_t count,
                              uint8_t *const fields[])
{
    for (size_t i = 0; i < count; i++) {
        const struct value *text = call_argument(call, first + i);
        if (text == NULL)
            continue;
        if (text->kind != VALUE_STR)
            return call_raise(call, EXC_TYPE_ERROR, "addresses must be strings");
        if (!address_ipv4_read(text->data, text->bytes, fields[i]))
            return call_raise(call, EXC_VALUE_ERROR, "an IPv4 address must have the form x.y.z.w");
    }
    return true;
}

/* Ones, then zeros, and at least one of each (RFC 950); /32 leaves no neighbour to talk to. */
static bool is_mask(const uint8_t mask[4])
{
    uint32_t bits =
        (uint32_t)mask[0] << 24 | (uint32_t)mask[1] << 16 | (uint32_t)mask[2] << 8 | mask[3];
    uint32_t hosts = ~bits;
    return bits != 0 && hosts != 0 && (hosts & (hosts + 1)) == 0;
}

bool interface_check_address(struct call *call, const uint8_t ip[4], const uint8_t mask[4])
{
    if (!is_mask(mask))
        return call_raise(call, EXC_VALUE_ERROR, "the mask is none");
    /* RFC 1122 3.2.1.3: neither "this network", nor loopback, nor a group, is a host. */
    if (ip[0] == 0 || ip[0] == 127 || ip[0] >= 224)
        return call_raise(call, EXC_VALUE_ERROR, "not an address that a device can have");
    return true;
}

bool interface_has_address(const struct interface_settings *settings)
{
    return (settings->ip[0] | settings->ip[1] | settings->ip[2] | settings->ip[3]) != 0;
}

bool interface_read_settings(struct call *call, struct interface_settings *settings)
{
    uint8_t *const fields[SETTINGS] = {settings->ip, settings->mask, settings->gateway,
                                       settings->dns};
    if (!interface_read_addresses(call, 0, SETTINGS, fields))
        return false;
    return !interface_has_address(settings) ||
           interface_check_address(call, settings->ip, settings->mask);
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

void interface_return_info(struct call *call, const struct interface_settings *settings,
                           const uint8_t mac[6], bool mac_is_text)
{
    struct value_result *result = call->result;
    const uint8_t *const addresses[SETTINGS] = {settings->ip, settings->mask, settings->gateway,
                                                settings->dns};
    char *text = result->text;
    for (size_t i = 0; i < SETTINGS; i++) {
        char written[ADDRESS_TEXT_BYTES];
        size_t length = address_ipv4_write(addresses[i], written);
        memcpy(text, written, length);
        result->address[i] =
            (struct value){.kind = VALUE_STR, .data = (uint8_t *)text, .bytes = length};
        text += length;
    }
    size_t length = MAC_BYTES;
    if (mac_is_text)
        length = write_mac(mac, text);
    else
        memcpy(text, mac, MAC_BYTES);
    result->address[SETTINGS] = (struct value){
        .kind = mac_is_text ? VALUE_STR : VALUE_BYTES, .data = (uint8_t *)text, .bytes = length};
    result->value =
        (struct value){.kind = VALUE_TUPLE, .items = result->address, .count = SETTINGS + 1};
}
/* Four addresses of at most 15 characters, and a MAC address of 17. */
static_assert(sizeof(((struct value_result *)0)->text) >= SETTINGS * 15 + 17,
              "the texts of link_info() fit");

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

void interface_gethostbyname(struct call *call, int (*resolve)(const char *name, uint8_t ip[4]))
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
        int error = resolve(name, ip);
        if (error != 0) {
            call_fail(call, error);
            return;
        }
    }
    size_t length = address_ipv4_write(ip, call->result->text);
    call->result->value =
        (struct value){.kind = VALUE_STR, .data = (uint8_t *)call->result->text, .bytes = length};
}

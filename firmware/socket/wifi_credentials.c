/*
 * SSID, security and password as programs give them (socket/wifi.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>

#include "socket/call.h"
#include "socket/wifi.h"

#define PASSPHRASE_MIN 8
#define PSK_DIGITS (2 * WIFI_PSK_LENGTH)

static const struct wifi_fault no_fault = {EXC_NONE, NULL};

static struct wifi_fault fault(enum value_exception exception, const char *message)
{
    return (struct wifi_fault){exception, message};
}

static bool is_text(const struct value *value)
{
    return value->kind == VALUE_STR || value->kind == VALUE_BYTES;
}

static struct wifi_fault read_ssid(const struct value *ssid, struct wifi_credentials *network)
{
    if (!is_text(ssid))
        return fault(EXC_TYPE_ERROR, "ssid must be str or bytes");
    if (ssid->bytes == 0 || ssid->bytes > WIFI_NAME_BYTES)
        return fault(EXC_VALUE_ERROR, "an SSID has 1 to 32 bytes");
    memcpy(network->ssid, ssid->data, ssid->bytes);
    network->ssid_bytes = (uint8_t)ssid->bytes;
    return no_fault;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_psk(const uint8_t *text, uint8_t psk[WIFI_PSK_LENGTH])
{
    for (size_t i = 0; i < WIFI_PSK_LENGTH; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        psk[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* IEEE 802.11-2020 J.4.1: a passphrase has 8 to 63 characters of 0x20 to 0x7e; 64 digits are the
 * key itself. */
static struct wifi_fault read_password(const struct value *password,
                                       struct wifi_credentials *network)
{
    if (password->bytes == PSK_DIGITS) {
        network->is_psk = true;
        network->key_bytes = WIFI_PSK_LENGTH;
        return read_psk(password->data, network->key)
                   ? no_fault
                   : fault(EXC_VALUE_ERROR, "64 characters must be hexadecimal digits");
    }
    if (password->bytes < PASSPHRASE_MIN || password->bytes > WIFI_PASSPHRASE_BYTES)
        return fault(EXC_VALUE_ERROR, "a password has 8 to 63 characters, or 64 digits");
    for (size_t i = 0; i < password->bytes; i++) {
        if (password->data[i] < 0x20 || password->data[i] > 0x7e)
            return fault(EXC_VALUE_ERROR, "a password has printable ASCII characters only");
    }
    memcpy(network->key, password->data, password->bytes);
    network->key_bytes = (uint8_t)password->bytes;
    return no_fault;
}

struct wifi_fault wifi_read_credentials(const struct value *ssid, const struct value *security,
                                        const struct value *password,
                                        struct wifi_credentials *network)
{
    static const struct value nothing = {.kind = VALUE_STR};
    memset(network, 0, sizeof *network);
    struct wifi_fault wrong = read_ssid(ssid, network);
    if (wrong.exception != EXC_NONE)
        return wrong;
    if (!argument_is_integer(security))
        return fault(EXC_TYPE_ERROR, "security must be an int");
    int64_t number = argument_integer(security);
    if (number < WIFI_IS_OPEN || number > WIFI_IS_WPA2)
        return fault(EXC_VALUE_ERROR, "security is none of WIFI_OPEN to WIFI_WPA2");
    if (password == NULL)
        password = &nothing;
    if (!is_text(password))
        return fault(EXC_TYPE_ERROR, "password must be str or bytes");

    network->protection = (enum wifi_protection)number;
    if (number == WIFI_IS_WEP || number == WIFI_IS_WPA)
        return fault(EXC_IO_ERROR, "security: this device speaks neither WEP nor WPA");
    if (number == WIFI_IS_WPA2)
        return read_password(password, network);
    return password->bytes == 0 ? no_fault
                                : fault(EXC_VALUE_ERROR, "an open network has no password");
}

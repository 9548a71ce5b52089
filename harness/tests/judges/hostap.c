/*
 * hostapd's authenticator and wpa_supplicant's supplicant, without anything around them, as a
 * process that a test talks to.
 *
 *     hostap authenticator OWN STATION PASSPHRASE SSID STATION_RSN
 *     hostap supplicant    OWN AP      PASSPHRASE SSID OWN_RSN AP_RSN
 *
 * Arguments are hexadecimal. Each line on stdin is a command: `start`, `hear EAPOL`, `advance MS`,
 * and of an authenticator `rekey group`, `rekey pairwise`. Each is answered by what it led to, one
 * event a line, and `end NEXT`, where NEXT is the time in ms until something is due (or -1). Time is
 * what the test says it is; random numbers come from a counter, so that runs are equal.
 *
 * Compiled with hostap's own sources, which are not part of this project: see hostap.py.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* These two come first: the others rely on their types. */
#include "utils/includes.h"

#include "utils/common.h"

#include "ap/ap_config.h"
#include "ap/wpa_auth.h"
#include "ap/wpa_auth_i.h"
#include "ap/wpa_auth_ie.h"
#include "common/eapol_common.h"
#include "crypto/sha1.h"
#include "rsn_supp/wpa.h"
#include "rsn_supp/wpa_ie.h"
#include "utils/eloop.h"

#define ROUNDS 4096
#define TIMEOUTS 16
#define LINE_BYTES 16384
#define REKEY_S 1000000 /* that is, only when the test asks for it */

static uint8_t own[ETH_ALEN], peer[ETH_ALEN];
static uint8_t pmk[PMK_LEN];
static struct wpa_authenticator *authenticator;
static struct wpa_state_machine *station;
static struct wpa_sm *supplicant;
static enum wpa_states supplicant_state;

/* What is said to the test */

static void print_hex(const char *word, const uint8_t *data, size_t bytes)
{
    printf("%s ", word);
    for (size_t i = 0; i < bytes; i++) {
        printf("%02x", data[i]);
    }
    printf("\n");
}

static size_t hex(const char *text, uint8_t *data, size_t room)
{
    size_t bytes = strlen(text) / 2;

    if (bytes > room || hexstr2bin(text, data, bytes)) {
        fprintf(stderr, "not hexadecimal, or too long: %s\n", text);
        exit(2);
    }
    return bytes;
}

/* hostap's environment: random numbers, and time */

int os_get_random(unsigned char *buffer, size_t bytes)
{
    static uint32_t counter;
    uint8_t mac[SHA1_MAC_LEN];

    for (size_t at = 0; at < bytes; at += sizeof(mac)) {
        counter++;
        hmac_sha1(own, sizeof(own), (const uint8_t *)&counter, sizeof(counter), mac);
        memcpy(buffer + at, mac, bytes - at < sizeof(mac) ? bytes - at : sizeof(mac));
    }
    return 0;
}

static struct {
    eloop_timeout_handler handler;
    void *eloop, *user;
    int64_t at_us;
} timeouts[TIMEOUTS];
static int64_t now_us;

int eloop_register_timeout(unsigned int secs, unsigned int usecs, eloop_timeout_handler handler,
                           void *eloop, void *user)
{
    for (int i = 0; i < TIMEOUTS; i++) {
        if (!timeouts[i].handler) {
            timeouts[i].handler = handler;
            timeouts[i].eloop = eloop;
            timeouts[i].user = user;
            timeouts[i].at_us = now_us + secs * INT64_C(1000000) + usecs;
            return 0;
        }
    }
    abort();
}

static bool is_timeout(int i, eloop_timeout_handler handler, void *eloop, void *user)
{
    return timeouts[i].handler == handler &&
           (eloop == ELOOP_ALL_CTX || timeouts[i].eloop == eloop) &&
           (user == ELOOP_ALL_CTX || timeouts[i].user == user);
}

int eloop_cancel_timeout(eloop_timeout_handler handler, void *eloop, void *user)
{
    int cancelled = 0;

    for (int i = 0; i < TIMEOUTS; i++) {
        if (is_timeout(i, handler, eloop, user)) {
            timeouts[i].handler = NULL;
            cancelled++;
        }
    }
    return cancelled;
}

int eloop_is_timeout_registered(eloop_timeout_handler handler, void *eloop, void *user)
{
    for (int i = 0; i < TIMEOUTS; i++) {
        if (is_timeout(i, handler, eloop, user)) {
            return 1;
        }
    }
    return 0;
}

/* Let it happen earlier, if it is not due by then anyhow. */
int eloop_deplete_timeout(unsigned int secs, unsigned int usecs, eloop_timeout_handler handler,
                          void *eloop, void *user)
{
    int64_t at_us = now_us + secs * INT64_C(1000000) + usecs;

    for (int i = 0; i < TIMEOUTS; i++) {
        if (is_timeout(i, handler, eloop, user)) {
            bool later = timeouts[i].at_us > at_us;

            timeouts[i].at_us = later ? at_us : timeouts[i].at_us;
            return later;
        }
    }
    return -1;
}

static int next_timeout(void)
{
    int next = -1;

    for (int i = 0; i < TIMEOUTS; i++) {
        if (timeouts[i].handler && (next < 0 || timeouts[i].at_us < timeouts[next].at_us)) {
            next = i;
        }
    }
    return next;
}

/* Let what is due by now happen, in its order. */
static void run_timeouts(void)
{
    int i;

    while ((i = next_timeout()) >= 0 && timeouts[i].at_us <= now_us) {
        eloop_timeout_handler handler = timeouts[i].handler;

        timeouts[i].handler = NULL;
        handler(timeouts[i].eloop, timeouts[i].user);
    }
}

/* The authenticator's surroundings */

static void auth_disconnect(void *ctx, const u8 *addr, u16 reason)
{
    printf("leave %u\n", reason);
}

static int auth_mic_failure(void *ctx, const u8 *addr)
{
    return 0;
}

static void auth_psk_failure(void *ctx, const u8 *addr)
{
    printf("wrong-mic\n");
}

static void auth_set_eapol(void *ctx, const u8 *addr, wpa_eapol_variable var, int value)
{
    if (var == WPA_EAPOL_authorized && value) {
        printf("authorized\n");
    }
}

static int auth_get_eapol(void *ctx, const u8 *addr, wpa_eapol_variable var)
{
    return -1;
}

static const u8 *auth_get_psk(void *ctx, const u8 *addr, const u8 *p2p, const u8 *prev,
                              size_t *bytes, int *vlan)
{
    if (bytes) {
        *bytes = PMK_LEN;
    }
    if (vlan) {
        *vlan = 0;
    }
    return prev ? NULL : pmk;
}

static int auth_get_msk(void *ctx, const u8 *addr, u8 *msk, size_t *len)
{
    return -1;
}

static int auth_set_key(void *ctx, int vlan, enum wpa_alg alg, const u8 *addr, int idx, u8 *key,
                        size_t bytes, enum key_flag flag)
{
    if (alg == WPA_ALG_NONE) {
        return 0;
    }
    if (flag & KEY_FLAG_PAIRWISE) {
        print_hex("pairwise", key, bytes);
    } else {
        printf("group %d ", idx);
        print_hex("0", key, bytes);
    }
    return 0;
}

static int auth_get_seqnum(void *ctx, const u8 *addr, int idx, u8 *seq)
{
    memset(seq, 0, WPA_KEY_RSC_LEN);
    return 0;
}

static int auth_send_eapol(void *ctx, const u8 *addr, const u8 *data, size_t bytes, int encrypt)
{
    printf("say %d ", encrypt);
    print_hex("eapol", data, bytes);
    return 0;
}

static int auth_for_each_sta(void *ctx, int (*cb)(struct wpa_state_machine *, void *), void *arg)
{
    return station ? cb(station, arg) : 0;
}

static int auth_for_each_auth(void *ctx, int (*cb)(struct wpa_authenticator *, void *), void *arg)
{
    return cb(authenticator, arg);
}

static const struct wpa_auth_callbacks auth_callbacks = {
    .disconnect = auth_disconnect,
    .mic_failure_report = auth_mic_failure,
    .psk_failure_report = auth_psk_failure,
    .set_eapol = auth_set_eapol,
    .get_eapol = auth_get_eapol,
    .get_psk = auth_get_psk,
    .get_msk = auth_get_msk,
    .set_key = auth_set_key,
    .get_seqnum = auth_get_seqnum,
    .send_eapol = auth_send_eapol,
    .for_each_sta = auth_for_each_sta,
    .for_each_auth = auth_for_each_auth,
};

static void make_authenticator(const char *station_rsn)
{
    static struct wpa_auth_config config = {
        .wpa = WPA_PROTO_RSN,
        .wpa_key_mgmt = WPA_KEY_MGMT_PSK,
        .wpa_pairwise = WPA_CIPHER_CCMP,
        .wpa_group = WPA_CIPHER_CCMP,
        .rsn_pairwise = WPA_CIPHER_CCMP,
        .wpa_ptk_rekey = REKEY_S,
        .wpa_group_rekey = REKEY_S,
        .wpa_group_update_count = 4,
        .wpa_pairwise_update_count = 4,
        .eapol_version = 2,
        .tx_status = 1, /* as with a driver that tells of acknowledgements: first retry after 100 ms */
    };
    uint8_t rsn[257];
    size_t bytes = hex(station_rsn, rsn, sizeof(rsn));
    const u8 *ie;
    size_t ie_bytes;

    authenticator = wpa_init(own, &config, &auth_callbacks, NULL);
    wpa_init_keys(authenticator);
    station = wpa_auth_sta_init(authenticator, peer, NULL);
    if (wpa_validate_wpa_ie(authenticator, station, 2437, rsn, bytes, NULL, 0, NULL, 0, NULL, 0) !=
        WPA_IE_OK) {
        fprintf(stderr, "hostapd does not accept this RSN element\n");
        exit(2);
    }
    ie = wpa_auth_get_wpa_ie(authenticator, &ie_bytes);
    print_hex("rsn", ie, ie_bytes);
}

/* The supplicant's surroundings */

static void supp_set_state(void *ctx, enum wpa_states state)
{
    supplicant_state = state;
    if (state == WPA_COMPLETED) {
        printf("authorized\n");
    }
}

static enum wpa_states supp_get_state(void *ctx)
{
    return supplicant_state;
}

static void supp_deauthenticate(void *ctx, u16 reason)
{
    printf("leave %u\n", reason);
}

static void supp_reconnect(void *ctx)
{
}

static int supp_set_key(void *ctx, enum wpa_alg alg, const u8 *addr, int idx, int set_tx,
                        const u8 *seq, size_t seq_bytes, const u8 *key, size_t bytes,
                        enum key_flag flag)
{
    uint64_t heard = 0;

    if (alg == WPA_ALG_NONE) {
        return 0;
    }
    if (flag & KEY_FLAG_PAIRWISE) {
        print_hex("pairwise", key, bytes);
        return 0;
    }
    for (size_t i = seq_bytes; i > 0; i--) {
        heard = heard << 8 | seq[i - 1];
    }
    printf("group %d %llu ", idx, (unsigned long long)heard);
    for (size_t i = 0; i < bytes; i++) {
        printf("%02x", key[i]);
    }
    printf("\n");
    return 0;
}

static void *supp_get_network_ctx(void *ctx)
{
    return supplicant;
}

static int supp_get_bssid(void *ctx, u8 *bssid)
{
    memcpy(bssid, peer, ETH_ALEN);
    return 0;
}

static int supp_ether_send(void *ctx, const u8 *dest, u16 proto, const u8 *data, size_t bytes)
{
    print_hex("say 0 eapol", data, bytes);
    return 0;
}

static int supp_get_beacon_ie(void *ctx)
{
    return -1;
}

static void supp_cancel_auth_timeout(void *ctx)
{
}

static u8 *supp_alloc_eapol(void *ctx, u8 type, const void *data, u16 bytes, size_t *message_bytes,
                            void **at)
{
    struct ieee802_1x_hdr *header;

    *message_bytes = sizeof(*header) + bytes;
    header = os_zalloc(*message_bytes);
    header->version = 2;
    header->type = type;
    header->length = host_to_be16(bytes);
    if (data) {
        memcpy(header + 1, data, bytes);
    }
    *at = header + 1;
    return (u8 *)header;
}

static int supp_mlme_setprotection(void *ctx, const u8 *addr, int type, int key_type)
{
    return 0;
}

static void make_supplicant(const char *own_rsn, const char *ap_rsn)
{
    static struct wpa_sm_ctx context = {
        .set_state = supp_set_state,
        .get_state = supp_get_state,
        .deauthenticate = supp_deauthenticate,
        .reconnect = supp_reconnect,
        .set_key = supp_set_key,
        .get_network_ctx = supp_get_network_ctx,
        .get_bssid = supp_get_bssid,
        .ether_send = supp_ether_send,
        .get_beacon_ie = supp_get_beacon_ie,
        .cancel_auth_timeout = supp_cancel_auth_timeout,
        .alloc_eapol = supp_alloc_eapol,
        .mlme_setprotection = supp_mlme_setprotection,
    };
    static struct rsn_supp_config config = { .allowed_pairwise_cipher = WPA_CIPHER_CCMP };
    struct wpa_sm_ctx *copy = os_memdup(&context, sizeof(context)); /* hostap frees it */
    uint8_t rsn[257];
    size_t bytes;

    supplicant = wpa_sm_init(copy);
    wpa_sm_set_config(supplicant, &config);
    wpa_sm_set_own_addr(supplicant, own);
    wpa_sm_set_param(supplicant, WPA_PARAM_RSN_ENABLED, 1);
    wpa_sm_set_param(supplicant, WPA_PARAM_PROTO, WPA_PROTO_RSN);
    wpa_sm_set_param(supplicant, WPA_PARAM_PAIRWISE, WPA_CIPHER_CCMP);
    wpa_sm_set_param(supplicant, WPA_PARAM_GROUP, WPA_CIPHER_CCMP);
    wpa_sm_set_param(supplicant, WPA_PARAM_KEY_MGMT, WPA_KEY_MGMT_PSK);
    wpa_sm_set_pmk(supplicant, pmk, sizeof(pmk), NULL, NULL);
    bytes = hex(ap_rsn, rsn, sizeof(rsn));
    wpa_sm_set_ap_rsn_ie(supplicant, rsn, bytes);
    bytes = hex(own_rsn, rsn, sizeof(rsn));
    wpa_sm_set_assoc_wpa_ie(supplicant, rsn, bytes);
}

/* Commands */

static void start(void)
{
    if (supplicant) {
        wpa_sm_notify_assoc(supplicant, peer);
    } else {
        wpa_auth_sm_event(station, WPA_ASSOC);
        wpa_auth_sta_associated(authenticator, station);
    }
}

static void hear(const char *text)
{
    static uint8_t data[LINE_BYTES];
    size_t bytes = hex(text, data, sizeof(data));

    if (supplicant) {
        /* Its answer says whether this was for it; the events say the rest. */
        wpa_sm_rx_eapol(supplicant, peer, data, bytes);
    } else {
        wpa_receive(authenticator, station, data, bytes);
    }
}

/* The authenticator's own timeout for it, now: the function that it calls is not to be had otherwise. */
static void rekey_group(void)
{
    for (int i = 0; i < TIMEOUTS; i++) {
        if (timeouts[i].handler && timeouts[i].eloop == authenticator && !timeouts[i].user) {
            timeouts[i].at_us = now_us;
        }
    }
}

static void command(char *line)
{
    if (strcmp(line, "start") == 0) {
        start();
    } else if (strncmp(line, "hear ", 5) == 0) {
        hear(line + 5);
    } else if (strncmp(line, "advance ", 8) == 0) {
        now_us += atoll(line + 8) * 1000;
    } else if (strcmp(line, "rekey group") == 0) {
        rekey_group();
    } else if (strcmp(line, "rekey pairwise") == 0) {
        wpa_auth_sm_event(station, WPA_REAUTH_EAPOL);
    } else {
        fprintf(stderr, "unknown command: %s\n", line);
        exit(2);
    }
    run_timeouts();
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES];
    uint8_t passphrase[64] = { 0 }, ssid[32];
    size_t ssid_bytes;

    if (argc < 7) {
        return 2;
    }
    hex(argv[2], own, sizeof(own));
    hex(argv[3], peer, sizeof(peer));
    hex(argv[4], passphrase, sizeof(passphrase) - 1);
    ssid_bytes = hex(argv[5], ssid, sizeof(ssid));
    pbkdf2_sha1((const char *)passphrase, ssid, ssid_bytes, ROUNDS, pmk, sizeof(pmk));
    print_hex("pmk", pmk, sizeof(pmk));
    wpa_debug_level = MSG_ERROR + 1;
    if (strcmp(argv[1], "supplicant") == 0) {
        make_supplicant(argv[6], argv[7]);
    } else {
        make_authenticator(argv[6]);
    }
    printf("end -1\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        int next;

        line[strcspn(line, "\n")] = 0;
        command(line);
        next = next_timeout();
        printf("end %lld\n", next < 0 ? -1 : (long long)(timeouts[next].at_us - now_us + 999) / 1000);
        fflush(stdout);
    }
    return 0;
}

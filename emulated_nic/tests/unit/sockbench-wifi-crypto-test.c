/*
 * Unit test: the cryptography of WPA2-PSK against published vectors.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi-crypto.h"
#include "sockbench-unit.h"

/* RFC 2202, section 3 (cases 5 and 6 differ in nothing that matters here) */
static void test_hmac(void)
{
    static const struct {
        const char *key, *data, *mac;
    } vectors[] = {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
          "b617318655057264e28bc0b6fb378c8ef146be00" },
        { "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
        { "0102030405060708090a0b0c0d0e0f10111213141516171819",
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
          "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
          "4c9007f4026250c6bc8414f9bf50c86c2d7235da" },
    };
    uint8_t long_key[80];
    const char *text = "Test Using Larger Than Block-Size Key and Larger "
                       "Than One Block-Size Data";
    uint8_t mac[WIFI_SHA1_BYTES];
    int i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        BYTES key = bytes_from_hex(vectors[i].key);
        BYTES data = bytes_from_hex(vectors[i].data);

        wifi_hmac_sha1(mac, key.at, key.size, data.at, data.size);
        assert_hex(mac, sizeof(mac), vectors[i].mac);
    }
    memset(long_key, 0xaa, sizeof(long_key));
    wifi_hmac_sha1(mac, long_key, sizeof(long_key), (const uint8_t *)text,
                   strlen(text));
    assert_hex(mac, sizeof(mac), "e8e99d0f45237d786d6bbaa7965c7808bbff1a91");
}

/* RFC 6070, all but the case of 16,777,216 rounds */
static void test_pbkdf2(void)
{
    static const struct {
        const char *password;
        uint32_t password_bytes;
        const char *salt;
        uint32_t salt_bytes, rounds;
        const char *key;
    } vectors[] = {
        { "password", 8, "salt", 4, 1,
          "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
        { "password", 8, "salt", 4, 2,
          "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
        { "password", 8, "salt", 4, 4096,
          "4b007901b765489abead49d926f721d065a429c1" },
        { "passwordPASSWORDpassword", 24,
          "saltSALTsaltSALTsaltSALTsaltSALTsalt", 36, 4096,
          "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
        { "pass\0word", 9, "sa\0lt", 5, 4096,
          "56fa6aa75548099dcc37d7f03425e0c3" },
    };
    uint8_t key[32];
    int i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        uint32_t bytes = strlen(vectors[i].key) / 2;

        wifi_pbkdf2(key, bytes, (const uint8_t *)vectors[i].password,
                    vectors[i].password_bytes,
                    (const uint8_t *)vectors[i].salt, vectors[i].salt_bytes,
                    vectors[i].rounds);
        assert_hex(key, bytes, vectors[i].key);
    }
}

static void assert_pmk(const char *passphrase, const char *ssid,
                       const char *hex)
{
    uint8_t pmk[WIFI_PMK_BYTES];

    wifi_pmk(pmk, (const uint8_t *)passphrase, strlen(passphrase),
             (const uint8_t *)ssid, strlen(ssid));
    assert_hex(pmk, sizeof(pmk), hex);
}

/* 802.11 J.4.2 */
static void test_pmk(void)
{
    assert_pmk("password", "IEEE",
               "f42c6fc52df0ebef9ebb4b90b38a5f90"
               "2e83fe1b135a70e23aed762e9710a12e");
    assert_pmk("ThisIsAPassword", "ThisIsASSID",
               "0dc0d6eb90555ed6419756b9a15ec3e3"
               "209b63df707dd508d14581f8982721af");
    assert_pmk("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
               "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ",
               "becb93866bb8c3832cb777c2f559807c"
               "8c59afcb6eae734885001300a981cc62");
}

/* More names than are remembered: each gets what PBKDF2 says, and again. */
static void test_pmk_remembers_right(void)
{
    uint8_t pmk[WIFI_PMK_BYTES], right[WIFI_PMK_BYTES];
    uint8_t ssid[2] = { 'n', 0 };
    int i, again;

    for (i = 0; i < 20; i++) {
        ssid[1] = i % 10;
        wifi_pbkdf2(right, sizeof(right), (const uint8_t *)"passphrase", 10,
                    ssid, sizeof(ssid), 4096);
        for (again = 0; again < 2; again++) {
            memset(pmk, 0, sizeof(pmk));
            wifi_pmk(pmk, (const uint8_t *)"passphrase", 10, ssid,
                     sizeof(ssid));
            g_assert_cmpmem(pmk, sizeof(pmk), right, sizeof(right));
        }
    }
    /* The same bytes, cut elsewhere, are another name and passphrase. */
    wifi_pmk(pmk, (const uint8_t *)"passphras", 9,
             (const uint8_t *)"en", 2);
    wifi_pmk(right, (const uint8_t *)"passphrase", 10,
             (const uint8_t *)"n", 1);
    g_assert(memcmp(pmk, right, sizeof(pmk)) != 0);
}

/* 802.11 J.3.2 */
static void test_prf(void)
{
    static const struct {
        const char *key, *data, *out;
    } vectors[] = {
        { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
          "bcd4c650b30b9684951829e0d75f9d54b862175ed9f00606e17d8da35402ffee"
          "75df78c3d31e0f889f012120c0862beb67753e7439ae242edb8373698356cf5a"
        },
        { "4a656665",
          "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
          "51f4de5b33f249adf81aeb713a3c20f4fe631446fabdfa58244759ae58ef9009"
          "a99abf4eac2ca5fa87e692c440eb40023e7babb206d61de7b92f41529092b8fc"
        },
    };
    uint8_t out[64];
    uint32_t bytes;
    int i;

    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        BYTES key = bytes_from_hex(vectors[i].key);
        BYTES data = bytes_from_hex(vectors[i].data);
        BYTES right = bytes_from_hex(vectors[i].out);

        for (bytes = 1; bytes <= sizeof(out); bytes++) {
            wifi_prf(out, bytes, key.at, key.size, "prefix", data.at,
                     data.size);
            g_assert_cmpmem(out, bytes, right.at, bytes);
        }
    }
}

/* 802.11 J.7.1 */
static void test_ptk(void)
{
    BYTES pmk = bytes_from_hex("0dc0d6eb90555ed6419756b9a15ec3e3"
                               "209b63df707dd508d14581f8982721af");
    BYTES aa = bytes_from_hex("a0a1a1a3a4a5");
    BYTES spa = bytes_from_hex("b0b1b2b3b4b5");
    BYTES snonce = bytes_from_hex("c0c1c2c3c4c5c6c7c8c9d0d1d2d3d4d5"
                                  "d6d7d8d9dadbdcdddedfe0e1e2e3e4e5");
    BYTES anonce = bytes_from_hex("e0e1e2e3e4e5e6e7e8e9f0f1f2f3f4f5"
                                  "f6f7f8f9fafbfcfdfeff000102030405");
    WifiPtk one, other;

    wifi_ptk_derive(&one, pmk.at, aa.at, spa.at, anonce.at, snonce.at);
    assert_hex(one.kck, 16, "379f9852d0199236b94e407ce4c00ec8");
    assert_hex(one.kek, 16, "47c9edc01c2c6e5b4910caddfb3e51a7");
    assert_hex(one.tk, 16, "b2360c79e9710fdd58bea93deaf06599");
    wifi_ptk_derive(&other, pmk.at, spa.at, aa.at, snonce.at, anonce.at);
    g_assert_cmpmem(&one, sizeof(one), &other, sizeof(other));
}

/* RFC 3394 4.1 */
static void test_key_wrap(void)
{
    const char *hex = "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5";
    BYTES kek = bytes_from_hex("000102030405060708090a0b0c0d0e0f");
    BYTES plain = bytes_from_hex("00112233445566778899aabbccddeeff");
    BYTES wrapped = bytes_from_hex(hex);
    uint8_t out[24];
    int bit;

    wifi_key_wrap(out, kek.at, plain.at, plain.size);
    assert_hex(out, sizeof(out), hex);
    g_assert(wifi_key_unwrap(out, kek.at, wrapped.at, wrapped.size));
    g_assert_cmpmem(out, 16, plain.at, plain.size);

    for (bit = 0; bit < wrapped.size * 8; bit++) {
        wrapped.at[bit / 8] ^= 1 << bit % 8;
        g_assert(!wifi_key_unwrap(out, kek.at, wrapped.at, wrapped.size));
        wrapped.at[bit / 8] ^= 1 << bit % 8;
    }
}

static void test_key_wrap_of_every_size(void)
{
    const uint8_t kek[16] = { 7 };
    uint8_t plain[256], wrapped[264], out[256];
    uint32_t bytes;

    memset(plain, 0x5c, sizeof(plain));
    for (bytes = 16; bytes <= sizeof(plain); bytes += 8) {
        wifi_key_wrap(wrapped, kek, plain, bytes);
        g_assert(wifi_key_unwrap(out, kek, wrapped, bytes + 8));
        g_assert_cmpmem(out, bytes, plain, bytes);
    }
    /* In place, as well. */
    g_assert(wifi_key_unwrap(wrapped, kek, wrapped, sizeof(wrapped)));
    g_assert_cmpmem(wrapped, sizeof(plain), plain, sizeof(plain));
}

static void test_unwrap_refuses_sizes(void)
{
    const uint8_t kek[16] = { 7 };
    uint32_t bytes;

    for (bytes = 0; bytes < 41; bytes++) {
        BYTES wrapped = { g_malloc0(bytes), bytes };
        BYTES plain = { g_malloc(bytes), bytes };

        g_assert(!wifi_key_unwrap(plain.at, kek, wrapped.at, bytes));
    }
}

/* RFC 3610, section 8, packet vectors 1 to 6: those with M = 8. */
static void test_ccm(void)
{
    static const struct {
        const char *nonce;
        uint32_t aad_bytes, bytes;
        const char *sealed;
    } vectors[] = {
        { "00000003020100a0a1a2a3a4a5", 8, 31,
          "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0" },
        { "00000004030201a0a1a2a3a4a5", 8, 32,
          "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"
        },
        { "00000005040302a0a1a2a3a4a5", 8, 33,
          "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0"
          "c5" },
        { "00000006050403a0a1a2a3a4a5", 12, 31,
          "a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1" },
        { "00000007060504a0a1a2a3a4a5", 12, 32,
          "dcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e51e83f077d9c2d93" },
        { "00000008070605a0a1a2a3a4a5", 12, 33,
          "6fc1b011f006568b5171a42d953d469b2570a4bd87405a0443ac91cb94" },
    };
    BYTES key = bytes_from_hex("c0c1c2c3c4c5c6c7c8c9cacbcccdcecf");
    uint8_t packet[33], out[33 + WIFI_CCM_MIC_BYTES];
    int i;

    for (i = 0; i < sizeof(packet); i++) {
        packet[i] = i;
    }
    for (i = 0; i < ARRAY_SIZE(vectors); i++) {
        BYTES nonce = bytes_from_hex(vectors[i].nonce);
        uint32_t aad_bytes = vectors[i].aad_bytes;
        uint32_t bytes = vectors[i].bytes - aad_bytes;

        wifi_ccm_seal(out, out + bytes, key.at, nonce.at, packet, aad_bytes,
                      packet + aad_bytes, bytes);
        assert_hex(out, bytes + WIFI_CCM_MIC_BYTES, vectors[i].sealed);
        g_assert(wifi_ccm_open(out, out + bytes, key.at, nonce.at, packet,
                               aad_bytes, out, bytes));
        g_assert_cmpmem(out, bytes, packet + aad_bytes, bytes);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wifi/crypto/hmac", test_hmac);
    g_test_add_func("/wifi/crypto/pbkdf2", test_pbkdf2);
    g_test_add_func("/wifi/crypto/pmk", test_pmk);
    g_test_add_func("/wifi/crypto/pmk-remembers-right",
                    test_pmk_remembers_right);
    g_test_add_func("/wifi/crypto/prf", test_prf);
    g_test_add_func("/wifi/crypto/ptk", test_ptk);
    g_test_add_func("/wifi/crypto/key-wrap", test_key_wrap);
    g_test_add_func("/wifi/crypto/key-wrap-of-every-size",
                    test_key_wrap_of_every_size);
    g_test_add_func("/wifi/crypto/unwrap-refuses-sizes",
                    test_unwrap_refuses_sizes);
    g_test_add_func("/wifi/crypto/ccm", test_ccm);
    return g_test_run();
}

/* Goal: answers name the certificate whose key signs, and merchants see it before and after (TP-7).
 * Method: certificates of our own, and times around the turn. */
#include "api/platform_keys.h"
#include "base/expect.h"
#include "base/time.h"
#include "crypto/certificate.h"

enum { RSA_1, RSA_2, SM2_1, SHOWN };

static PlatformKeys keys;
static uint8_t der[SHOWN][CERTIFICATE_DER_BYTES_MAX];
static WirePublicKey shown[SHOWN];
static const int64_t turn_us = (int64_t)1795000000 * 1000000;

static Status make(int at, const char *name, uint32_t version, KeyAlgorithm algorithm)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *certificate = NULL;
    const uint8_t serial[] = { 0x41, (uint8_t)at };
    const CertificateSubject subject = { .serial = SPAN_OF(serial),
        .common_name = SPAN("platform"),
        .not_before_us = turn_us - 9 * TIME_DAY_US,
        .not_after_us = turn_us + (9 + at) * TIME_DAY_US };
    Buffer b = BUFFER_OF(der[at]);
    TRY(private_key_generate(algorithm, &key));
    TRY(certificate_make_self_signed(key, &subject, &certificate));
    TRY(certificate_to_der(certificate, &b));
    shown[at] = (WirePublicKey) { .name = span_of_text(name),
        .version = version,
        .from_us = version == 1 ? 0 : turn_us,
        .der = span_of_buffer(&b) };
    return OK;
}

static Status open_keys(void)
{
    platform_keys_open(&keys);
    TRY(make(RSA_1, "platform-rsa", 1, KEY_RSA));
    TRY(make(RSA_2, "platform-rsa", 2, KEY_RSA));
    return make(SM2_1, "platform-sm2", 1, KEY_SM2);
}

static uint32_t signer_at(WireSignKey sign_key, int64_t now_us, const char *serial)
{
    PlatformSigner signer = { 0 };
    if (!status_ok(platform_keys_signer(&keys, sign_key, now_us, &signer))) return 0;
    return strcmp(signer.serial, serial) == 0 ? signer.version : 0;
}

static uint32_t version_at(WireSignKey sign_key, int64_t now_us, size_t index)
{
    static PlatformKey key;
    return platform_keys_at(&keys, sign_key, now_us, index, &key) ? key.version : 0;
}

static void test_the_turn(void)
{
    EXPECT_OK(open_keys());
    EXPECT(signer_at(WIRE_SIGN_RSA, turn_us, "4101") == 0); /* nothing was shown yet */
    EXPECT_OK(platform_keys_take(&keys, shown, SHOWN));
    EXPECT(signer_at(WIRE_SIGN_RSA, turn_us - 1, "4100") == 1);
    EXPECT(signer_at(WIRE_SIGN_RSA, turn_us, "4101") == 2);
    EXPECT(signer_at(WIRE_SIGN_SM2, turn_us, "4102") == 1);
    EXPECT(version_at(WIRE_SIGN_RSA, turn_us - 1, 0) == 1);
    EXPECT(version_at(WIRE_SIGN_RSA, turn_us - 1, 1) == 2);
    EXPECT(version_at(WIRE_SIGN_RSA, turn_us, 0) == 2);
    EXPECT(version_at(WIRE_SIGN_RSA, turn_us, 1) == 1);
    EXPECT(version_at(WIRE_SIGN_RSA, turn_us, 2) == 0);
    EXPECT(version_at(WIRE_SIGN_SM2, turn_us, 1) == 0);
    static PlatformKey newest;
    EXPECT(platform_keys_newest(&keys, WIRE_SIGN_RSA, &newest));
    EXPECT(newest.version == 2 && newest.not_after_us == turn_us + 10 * TIME_DAY_US);
    platform_keys_close(&keys);
}

static void test_what_makes_no_sense_changes_nothing(void)
{
    EXPECT_OK(open_keys());
    EXPECT_OK(platform_keys_take(&keys, shown, SHOWN));
    EXPECT_REFUSED(platform_keys_take(&keys, shown, SM2_1), REFUSED_KEY_UNKNOWN);
    EXPECT_REFUSED(platform_keys_take(&keys, &shown[SM2_1], 1), REFUSED_KEY_UNKNOWN);
    shown[RSA_2].der.size--;
    EXPECT_REFUSED(platform_keys_take(&keys, shown, SHOWN), REFUSED_CERTIFICATE_INVALID);
    EXPECT(signer_at(WIRE_SIGN_RSA, turn_us, "4101") == 2);
    WirePublicKey many[PLATFORM_KEYS_MAX + 1];
    for (size_t i = 0; i <= PLATFORM_KEYS_MAX; i++)
        many[i] = shown[RSA_1];
    EXPECT_REFUSED(platform_keys_take(&keys, many, PLATFORM_KEYS_MAX + 1), REFUSED_BUFFER_FULL);
    platform_keys_close(&keys);
}

TESTS(TEST(test_the_turn), TEST(test_what_makes_no_sense_changes_nothing))

/* Goal: a request is believed to be a device's only as it signed it, once and now (TP-17). Method:
 * every part changed in turn, the clock moved, other keys; both kinds of key. */
#include "message/device_signature.h"

#include "base/expect.h"
#include "base/time.h"

#include <stdio.h>

enum { NOW_S = 1767225600 };
static const uint8_t token[DEVICE_SESSION_BYTES] = { 1, 2, 3, 0xff };

static PrivateKey *key_of(KeyAlgorithm algorithm)
{
    PrivateKey *key = NULL;
    ASSERT(status_ok(private_key_generate(algorithm, &key)));
    return key;
}

typedef struct Sent {
    uint8_t header_bytes[DEVICE_HEADER_BYTES_MAX];
    Buffer header;
    DeviceRequest request;
} Sent;

static void send(const PrivateKey *key, bool with_session, Sent *ret)
{
    ret->header = BUFFER_OF(ret->header_bytes);
    const DeviceSign sign = { key, SPAN("POST"), SPAN("/payer/v1/codes?x=1"), SPAN("{\"a\":1}"),
        { token, with_session ? sizeof(token) : 0 }, SPAN("n-1"), NOW_S };
    ASSERT(status_ok(device_sign(&sign, &ret->header)));
    ret->request = (DeviceRequest) { sign.method, sign.target, sign.body,
        span_of_buffer(&ret->header), 1 };
}

static Status verify(const Sent *sent, int64_t now_s, DeviceSender *ret)
{
    return device_verify(&sent->request, now_s * TIME_SECOND_US, ret);
}

static void goes_through(KeyAlgorithm algorithm)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of(algorithm);
    uint8_t name[DEVICE_KEY_NAME_BYTES];
    Sent sent;
    DeviceSender sender = { 0 };
    send(key, true, &sent);
    EXPECT_OK(verify(&sent, NOW_S, &sender));
    public_key_fingerprint(private_key_public(key), name);
    EXPECT(sender.algorithm == algorithm && bytes_equal_ct(sender.name, name, sizeof(name)));
    EXPECT(sender.has_session && bytes_equal_ct(sender.session, token, sizeof(token)));
    EXPECT(sender.expires_s == NOW_S + MESSAGE_SKEW_S);
    send(key, false, &sent);
    EXPECT_OK(verify(&sent, NOW_S, &sender));
    EXPECT(!sender.has_session);
}

static void test_what_a_device_signed(void)
{
    goes_through(KEY_P256);
    goes_through(KEY_ED25519);
}

static void test_other_keys_are_no_devices(void)
{
    static const KeyAlgorithm others[] = { KEY_RSA, KEY_SM2 };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(private_key_free) PrivateKey *key = key_of(others[i]);
        uint8_t memory[4096];
        Buffer header = BUFFER_OF(memory);
        DeviceSender sender = { 0 };
        const DeviceSign sign = { key, SPAN("GET"), SPAN("/"), SPAN(""), SPAN(""), SPAN("n"),
            NOW_S };
        EXPECT_OK(device_sign(&sign, &header));
        const DeviceRequest request = { sign.method, sign.target, sign.body,
            span_of_buffer(&header), 1 };
        const Status s = device_verify(&request, NOW_S * TIME_SECOND_US, &sender);
        EXPECT(status_is(s, REFUSED_KEY_FORMAT) || status_is(s, REFUSED_AUTHORIZATION_FORMAT));
    }
}

static void test_whatever_is_changed_is_refused(void)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of(KEY_P256);
    Sent sent;
    DeviceSender sender = { 0 };
    send(key, true, &sent);
    const DeviceRequest whole = sent.request;
    sent.request.method = SPAN("GET");
    EXPECT_REFUSED(verify(&sent, NOW_S, &sender), REFUSED_PAYER_SIGNATURE);
    sent.request = whole;
    sent.request.target = SPAN("/payer/v1/codes?x=2");
    EXPECT_REFUSED(verify(&sent, NOW_S, &sender), REFUSED_PAYER_SIGNATURE);
    sent.request = whole;
    sent.request.body = SPAN("{\"a\":2}");
    EXPECT_REFUSED(verify(&sent, NOW_S, &sender), REFUSED_PAYER_SIGNATURE);
    sent.request = whole;
    sent.request.authorization_count = 2;
    EXPECT_REFUSED(verify(&sent, NOW_S, &sender), REFUSED_AUTHORIZATION_FORMAT);
    sent.request = whole;
    for (size_t i = 0; i < sent.header.size; i++) { /* each byte of the header counts */
        sent.header_bytes[i] ^= 1;
        EXPECT(!status_ok(verify(&sent, NOW_S, &sender)));
        sent.header_bytes[i] ^= 1;
    }
    for (size_t size = 0; size < sent.header.size; size++) {
        sent.request.authorization.size = size;
        EXPECT(!status_ok(verify(&sent, NOW_S, &sender)));
    }
    sent.request = whole;
    EXPECT_OK(verify(&sent, NOW_S, &sender));
}

static void test_the_clock(void)
{
    CLEANUP(private_key_free) PrivateKey *key = key_of(KEY_ED25519);
    Sent sent;
    DeviceSender sender = { 0 };
    send(key, true, &sent);
    EXPECT_OK(verify(&sent, NOW_S + MESSAGE_SKEW_S, &sender));
    EXPECT_OK(verify(&sent, NOW_S - MESSAGE_SKEW_S, &sender));
    EXPECT_REFUSED(verify(&sent, NOW_S + MESSAGE_SKEW_S + 1, &sender), REFUSED_TIMESTAMP_SKEWED);
    EXPECT_REFUSED(verify(&sent, NOW_S - MESSAGE_SKEW_S - 1, &sender), REFUSED_TIMESTAMP_SKEWED);
}

/* Replay: the same nonce of the same device is known, another device's is not. */
static void test_a_nonce_is_its_devices(void)
{
    CLEANUP(private_key_free) PrivateKey *one = key_of(KEY_ED25519);
    CLEANUP(private_key_free) PrivateKey *other = key_of(KEY_ED25519);
    const Random random = random_system();
    NonceSet *set = NULL;
    Sent sent;
    DeviceSender sender = { 0 };
    ASSERT(status_ok(nonce_open(64, &random, &set)));
    send(one, true, &sent);
    EXPECT_OK(verify(&sent, NOW_S, &sender));
    EXPECT_OK(nonce_remember(set, sender.nonce_digest, sender.expires_s, NOW_S));
    EXPECT_OK(verify(&sent, NOW_S, &sender));
    EXPECT_REFUSED(nonce_remember(set, sender.nonce_digest, sender.expires_s, NOW_S),
            REFUSED_NONCE_REPLAYED);
    send(other, true, &sent);
    EXPECT_OK(verify(&sent, NOW_S, &sender));
    EXPECT_OK(nonce_remember(set, sender.nonce_digest, sender.expires_s, NOW_S));
    nonce_close(set);
}

static void test_headers_of_others(void)
{
    static const struct {
        const char *header;
        StatusCode refusal;
    } rows[] = {
        { "", REFUSED_AUTHORIZATION_MISSING },
        { "Bearer abc", REFUSED_AUTHORIZATION_SCHEME },
        { "HUFU-DEVICE", REFUSED_AUTHORIZATION_FORMAT },
        { "HUFU-DEVICE key=\"AAAA\",nonce=\"n\",session=\"-\",signature=\"AAAA\"",
                REFUSED_AUTHORIZATION_FORMAT },
        { "HUFU-DEVICE key=\"AAAA\",nonce=\"n\",session=\"-\",signature=\"AAAA\","
          "timestamp=\"1767225600\"",
                REFUSED_KEY_FORMAT },
        { "HUFU-DEVICE key=\"AAAA\",nonce=\"n\",session=\"0102\",signature=\"AAAA\","
          "timestamp=\"1767225600\"",
                REFUSED_AUTHORIZATION_FORMAT },
        { "HUFU-DEVICE key=\"AAAA\",nonce=\"\",session=\"-\",signature=\"AAAA\","
          "timestamp=\"1767225600\"",
                REFUSED_NONCE_FORMAT },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        DeviceSender sender = { 0 };
        const DeviceRequest request = { SPAN("GET"), SPAN("/"), SPAN(""),
            span_of_text(rows[i].header), 1 };
        EXPECT_REFUSED(device_verify(&request, NOW_S * TIME_SECOND_US, &sender), rows[i].refusal);
    }
}

TESTS(TEST(test_what_a_device_signed), TEST(test_other_keys_are_no_devices),
        TEST(test_whatever_is_changed_is_refused), TEST(test_the_clock),
        TEST(test_a_nonce_is_its_devices), TEST(test_headers_of_others))

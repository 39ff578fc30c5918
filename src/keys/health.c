#include "keys/health.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/derive.h"
#include "crypto/sign.h"

enum { ANSWER_BYTES_MAX = 64 };

/* --- the source --- */

static bool is_stuck(Span sample)
{
    size_t run = 1;
    for (size_t i = 1; i < sample.size; i++) {
        run = sample.data[i] == sample.data[i - 1] ? run + 1 : 1;
        if (run >= HEALTH_REPETITION_CUTOFF) return true;
    }
    return false;
}

static bool is_skewed(Span sample)
{
    for (size_t at = 0; at + HEALTH_PROPORTION_WINDOW <= sample.size;
            at += HEALTH_PROPORTION_WINDOW) {
        size_t same = 0;
        for (size_t i = 0; i < HEALTH_PROPORTION_WINDOW; i++)
            same += sample.data[at + i] == sample.data[at] ? 1 : 0;
        if (same >= HEALTH_PROPORTION_CUTOFF) return true;
    }
    return false;
}

Status health_check_sample(Span sample)
{
    CHECK(sample.size >= HEALTH_PROPORTION_WINDOW, FAULT_RANDOM);
    CHECK(!is_stuck(sample) && !is_skewed(sample), FAULT_RANDOM);
    return OK;
}

Status health_check_source(const Random *random)
{
    uint8_t sample[HEALTH_SAMPLE_BYTES];
    Status s = random_fill(random, sample, sizeof(sample));
    if (status_ok(s)) s = health_check_sample(SPAN_OF(sample));
    bytes_wipe(sample, sizeof(sample));
    return s;
}

/* --- the algorithms --- */

static bool answers(const char *expected_hex, const uint8_t *bytes)
{
    uint8_t memory[ANSWER_BYTES_MAX];
    Buffer expected = BUFFER_OF(memory);
    if (!status_ok(hex_decode(span_of_text(expected_hex), &expected))) return false;
    return bytes_equal_ct(memory, bytes, expected.size);
}

/* FIPS 180-4, GB/T 32905-2016: "abc". RFC 4231 case 2 and the same text under SM3. RFC 5869 A.1. */
static Status check_digests(void)
{
    uint8_t out[ANSWER_BYTES_MAX];
    const Span abc = SPAN("abc");
    const Span text = SPAN("what do ya want for nothing?");
    sha256(abc, out);
    CHECK(answers("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", out),
            FAULT_SELF_TEST);
    sha512(abc, out);
    CHECK(answers("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                  out),
            FAULT_SELF_TEST);
    sm3(abc, out);
    CHECK(answers("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", out),
            FAULT_SELF_TEST);
    mac_once(MAC_HMAC_SHA256, SPAN("Jefe"), text, out);
    CHECK(answers("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", out),
            FAULT_SELF_TEST);
    mac_once(MAC_HMAC_SHA512, SPAN("Jefe"), text, out);
    CHECK(answers("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                  "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
                  out),
            FAULT_SELF_TEST);
    mac_once(MAC_HMAC_SM3, SPAN("Jefe"), text, out);
    CHECK(answers("2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882", out),
            FAULT_SELF_TEST);
    derive_hkdf(MAC_HMAC_SHA256, SPAN("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"),
            SPAN("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
                 "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
            SPAN("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9"), out, 42);
    CHECK(answers("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                  "34007208d5b887185865",
                  out),
            FAULT_SELF_TEST);
    return OK;
}

typedef struct AeadAnswer {
    AeadSuite suite;
    const char *key, *nonce, *aad, *plain, *sealed; /* hexadecimal */
} AeadAnswer;

/* NIST CAVP gcmEncryptExtIV256.rsp (PT 128, AAD 0, count 0), with its tag; RFC 8998 A.1. */
static const AeadAnswer aead_answers[] = {
    { AEAD_AES_256_GCM, "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
            "0d18e06c7c725ac9e362e1ce", "", "2db5168e932556f8089a0622981d017d",
            "fa4362189661d163fcd6a56d8bf0405ad636ac1bbedd5cc3ee727dc2ab4a9489" },
    { AEAD_SM4_GCM, "0123456789abcdeffedcba9876543210", "00001234567800000000abcd",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
            "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
            "83de3541e4c2b58177e065a9bf7b62ec" },
};

static Status check_aead(const AeadAnswer *a)
{
    uint8_t memory[5][96];
    Buffer b[5] = { BUFFER_OF(memory[0]), BUFFER_OF(memory[1]), BUFFER_OF(memory[2]),
        BUFFER_OF(memory[3]), BUFFER_OF(memory[4]) };
    const char *const texts[5] = { a->key, a->nonce, a->aad, a->plain, a->sealed };
    for (size_t i = 0; i < 5; i++)
        TRY(hex_decode(span_of_text(texts[i]), &b[i]));
    uint8_t out_memory[96];
    Buffer out = BUFFER_OF(out_memory);
    TRY(aead_close(a->suite, span_of_buffer(&b[0]), memory[1], span_of_buffer(&b[2]),
            span_of_buffer(&b[3]), &out));
    CHECK(span_equal(span_of_buffer(&out), span_of_buffer(&b[4])), FAULT_SELF_TEST);
    out.size = 0;
    memory[4][0] ^= 1;
    const Status forged = aead_open(a->suite, span_of_buffer(&b[0]), memory[1],
            span_of_buffer(&b[2]), span_of_buffer(&b[4]), &out);
    CHECK(status_is(forged, REFUSED_AEAD_TAMPERED), FAULT_SELF_TEST);
    return OK;
}

/* Pairwise consistency: what one half signs the other half accepts, and nothing else. */
static Status check_pair(KeyAlgorithm algorithm)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    TRY(private_key_generate(algorithm, &key));
    TRY(sign_make(key, SPAN("self test"), &signature));
    const PublicKey *public_half = private_key_public(key);
    const Span made = span_of_buffer(&signature);
    CHECK(status_ok(sign_verify(public_half, SPAN("self test"), made)), FAULT_SELF_TEST);
    CHECK(!status_ok(sign_verify(public_half, SPAN("self tesT"), made)), FAULT_SELF_TEST);
    return OK;
}

Status health_check_algorithms(void)
{
    static const KeyAlgorithm pairs[] = { KEY_ED25519, KEY_SM2, KEY_P256 };
    Status s = check_digests();
    for (size_t i = 0; status_ok(s) && i < sizeof(aead_answers) / sizeof(aead_answers[0]); i++)
        s = check_aead(&aead_answers[i]);
    for (size_t i = 0; status_ok(s) && i < sizeof(pairs) / sizeof(pairs[0]); i++)
        s = check_pair(pairs[i]);
    CHECK(status_ok(s), FAULT_SELF_TEST);
    return OK;
}

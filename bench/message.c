/*
 * message: how many requests a core verifies and how many answers it signs, through the whole
 * message room (header, canonical string, key lookup, signature, replay set) and, in the same run,
 * by libcrypto alone on the same bytes.
 *
 * One JSON line: per algorithm `verify_per_s`, `verify_libcrypto_per_s`, `verify_ratio` (room /
 * libcrypto), and the same for sign. Time is the thread's own CPU time, so other work on the
 * machine does not count.
 */
#include "base/time.h"
#include "message/answer.h"
#include "message/client.h"
#include "message/request.h"
#include "processor.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    REQUESTS = 1000, /* signed before; each pass has a replay set of its own */
    HEADER_BYTES = CLIENT_AUTHORIZATION_BYTES_MAX,
    MEASURE_MS = 1000,
};

#define BODY                                                                              \
    "{\"appid\":\"wxd678efh567hg6787\",\"mchid\":\"1900000001\",\"description\":\"Image " \
    "shop: one coffee, large\",\"out_trade_no\":\"1217752501201407033233368018\","        \
    "\"notify_url\":\"https://merchant.example/notify\",\"amount\":{\"total\":100,"       \
    "\"currency\":\"CNY\"},\"payer\":{\"auth_code\":\"134567890123456789\"},"             \
    "\"scene_info\":{\"store_info\":{\"id\":\"0001\"}}}"
#define TARGET "/v3/pay/transactions/codepay"

static const Span serial = { (const uint8_t *)"5157F09EFDC096DE15EBE81A47057A7232F1B8E1", 40 };
static const int64_t now_s = 1767225600;

static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
static Buffer scratch = BUFFER_OF(scratch_bytes);
static uint8_t header_bytes[REQUESTS][HEADER_BYTES];
static Span headers[REQUESTS];

typedef struct Side { /* one algorithm */
    const SigningProfile *profile;
    PrivateKey *key;
    EVP_PKEY *raw;
    MessageVerifier *verifier;
    NonceSet *nonces;
} Side;

static void must(Status s)
{
    if (status_ok(s)) return;
    fprintf(stderr, "bench/message: %s: %s\n", status_name(s), status_advice(s));
    exit(EXIT_FAILURE);
}

static void must_be(int one)
{
    if (one == 1) return;
    fprintf(stderr, "bench/message: libcrypto refused\n");
    exit(EXIT_FAILURE);
}

/* --- the room --- */

static Status find_key(
        void *context, Span mchid, Span number, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    const Side *side = context;
    *ret_key = private_key_public(side->key);
    return OK;
}

static void sign_requests(const Side *side)
{
    const MessageSigner signer = { side->profile, side->key, SPAN("1900000001"), serial };
    const Random random = random_system();
    for (size_t i = 0; i < REQUESTS; i++) {
        char nonce[CLIENT_NONCE_BYTES];
        Buffer header = BUFFER_OF(header_bytes[i]);
        must(client_nonce(&random, nonce));
        must(client_sign(&signer, SPAN("POST"), SPAN(TARGET), SPAN(BODY), now_s, SPAN_OF(nonce),
                &scratch, &header));
        headers[i] = span_of_buffer(&header);
    }
}

static void verify_pass(Side *side)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        const MessageRequest request = { SPAN("POST"), SPAN(TARGET), SPAN(BODY), headers[i], 1 };
        MessageSender sender;
        must(message_verify(side->verifier, &request, now_s * TIME_SECOND_US, &scratch, &sender));
    }
}

static double room_verifies_per_s(Side *side)
{
    const Random random = random_system();
    const MessageKeys keys = { side, find_key, NULL };
    double spent_s = 0;
    size_t done = 0;
    while (spent_s * 1000 < MEASURE_MS) {
        must(nonce_open(4 * REQUESTS, &random, &side->nonces));
        must(message_verifier_open(&keys, side->nonces, &side->verifier));
        const double start_s = processor_thread_s();
        verify_pass(side);
        spent_s += processor_thread_s() - start_s;
        done += REQUESTS;
        message_verifier_close(side->verifier);
        nonce_close(side->nonces);
    }
    return (double)done / spent_s;
}

static double room_signs_per_s(const Side *side)
{
    const Random random = random_system();
    const double start_s = processor_thread_s();
    double spent_s = 0;
    size_t done = 0;
    for (; spent_s * 1000 < MEASURE_MS; spent_s = processor_thread_s() - start_s, done++) {
        Answer answer;
        uint8_t signature_bytes[SIGN_BYTES_MAX];
        Buffer signature = BUFFER_OF(signature_bytes);
        scratch.size = 0;
        must(answer_prepare(side->profile, serial, now_s * TIME_SECOND_US, &random, SPAN(BODY),
                &scratch, &answer));
        must(profile_sign(side->profile, side->key, answer.canonical, &signature));
        must(answer_seal(&answer, span_of_buffer(&signature)));
    }
    return (double)done / spent_s;
}

/* --- libcrypto alone: the same canonical string, a context a message --- */

static EVP_MD_CTX *raw_context(const Side *side, bool verify)
{
    const bool sm2 = side->profile->algorithm == KEY_SM2;
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = EVP_PKEY_CTX_new(side->raw, NULL);
    if (sm2) must_be(EVP_PKEY_CTX_set1_id(key, "1234567812345678", 16));
    EVP_MD_CTX_set_pkey_ctx(digest, key);
    const EVP_MD *md = sm2 ? EVP_sm3() : EVP_sha256();
    must_be(verify ? EVP_DigestVerifyInit(digest, NULL, md, NULL, side->raw)
                   : EVP_DigestSignInit(digest, NULL, md, NULL, side->raw));
    return digest;
}

static void raw_context_free(EVP_MD_CTX *digest)
{
    EVP_PKEY_CTX_free(EVP_MD_CTX_get_pkey_ctx(digest));
    EVP_MD_CTX_free(digest);
}

static size_t raw_sign(const Side *side, Span message, uint8_t ret_signature[SIGN_BYTES_MAX])
{
    EVP_MD_CTX *digest = raw_context(side, false);
    size_t size = SIGN_BYTES_MAX;
    must_be(EVP_DigestSign(digest, ret_signature, &size, message.data, message.size));
    raw_context_free(digest);
    return size;
}

static double raw_signs_per_s(const Side *side, Span message)
{
    const double start_s = processor_thread_s();
    double spent_s = 0;
    size_t done = 0;
    for (; spent_s * 1000 < MEASURE_MS; spent_s = processor_thread_s() - start_s, done++) {
        uint8_t signature[SIGN_BYTES_MAX];
        ASSERT(raw_sign(side, message, signature) > 0);
    }
    return (double)done / spent_s;
}

static double raw_verifies_per_s(const Side *side, Span message)
{
    uint8_t signature[SIGN_BYTES_MAX];
    const size_t size = raw_sign(side, message, signature);
    const double start_s = processor_thread_s();
    double spent_s = 0;
    size_t done = 0;
    for (; spent_s * 1000 < MEASURE_MS; spent_s = processor_thread_s() - start_s, done++) {
        EVP_MD_CTX *digest = raw_context(side, true);
        must_be(EVP_DigestVerify(digest, signature, size, message.data, message.size));
        raw_context_free(digest);
    }
    return (double)done / spent_s;
}

/* libcrypto's own key from the same bytes. */
static EVP_PKEY *raw_key(const PrivateKey *key)
{
    uint8_t der[SIGN_PKCS8_BYTES_MAX];
    Buffer pkcs8 = BUFFER_OF(der);
    must(private_key_to_pkcs8(key, &pkcs8));
    const unsigned char *at = der;
    EVP_PKEY *raw = d2i_AutoPrivateKey(NULL, &at, (long)pkcs8.size);
    ASSERT(raw != NULL);
    return raw;
}

static void measure(const SigningProfile *profile, const char *name)
{
    Side side = { .profile = profile };
    must(private_key_generate(profile->algorithm, &side.key));
    side.raw = raw_key(side.key);
    sign_requests(&side);
    uint8_t canonical_bytes[2048];
    Buffer canonical = BUFFER_OF(canonical_bytes);
    must(buffer_put(&canonical, span_of_buffer(&scratch)));
    const Span message = span_of_buffer(&canonical);

    const double verify = room_verifies_per_s(&side);
    const double verify_raw = raw_verifies_per_s(&side, message);
    const double sign = room_signs_per_s(&side);
    const double sign_raw = raw_signs_per_s(&side, message);
    printf("\"%s\":{\"verify_per_s\":%.0f,\"verify_libcrypto_per_s\":%.0f,\"verify_ratio\":%.2f,"
           "\"sign_per_s\":%.0f,\"sign_libcrypto_per_s\":%.0f,\"sign_ratio\":%.2f}",
            name, verify, verify_raw, verify / verify_raw, sign, sign_raw, sign / sign_raw);
    EVP_PKEY_free(side.raw);
    private_key_free(&side.key);
}

int main(void)
{
    printf("{\"bench\":\"message\",");
    measure(&profile_v3_rsa, "rsa");
    printf(",");
    measure(&profile_v3_sm2, "sm2");
    printf("}\n");
    return EXIT_SUCCESS;
}

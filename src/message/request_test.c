/* Requests signed outside our crypto library (make_vectors.py), and everything that may be wrong
 * with them (LL-4.3.9). */
#include "message/request.h"

#include "base/expect.h"
#include "base/time.h"
#include "message/client.h"
#include "message/test_vectors.h"

enum { NOW_S = 1767225600 };

static PublicKey *rsa_key;
static PublicKey *sm2_key;
static PublicKey *other_key;
static int held; /* keys found and not yet released */

static Status find_key(
        void *context, Span mchid, Span serial, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    (void)context;
    REQUIRE(span_equal(mchid, SPAN("1900000001")), REFUSED_MERCHANT_UNKNOWN);
    const PublicKey *key = NULL;
    if (span_equal(serial, SPAN("RSA1"))) key = rsa_key;
    if (span_equal(serial, SPAN("SM21"))) key = sm2_key;
    if (span_equal(serial, SPAN("OTHER"))) key = other_key;
    REQUIRE(key != NULL, REFUSED_MERCHANT_KEY_UNKNOWN);
    held++;
    *ret_key = key;
    return OK;
}

static void release_key(void *context, const PublicKey *key)
{
    (void)context;
    (void)key;
    held--;
}

static const MessageKeys keys = { NULL, find_key, release_key };

static Span key_span(const char *text) { return span_of_text(text); }

static void load_keys(void)
{
    if (rsa_key != NULL) return;
    EXPECT_OK(public_key_from_pem(key_span(vector_rsa_public), &rsa_key));
    EXPECT_OK(public_key_from_pem(key_span(vector_sm2_public), &sm2_key));
    CLEANUP(private_key_free) PrivateKey *other = NULL;
    EXPECT_OK(private_key_generate(KEY_SM2, &other));
    uint8_t der[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(der);
    EXPECT_OK(public_key_to_spki(private_key_public(other), &spki));
    EXPECT_OK(public_key_from_spki(span_of_buffer(&spki), &other_key));
}

/* A request as one may send it: the vector, unless a test changes a part. */
typedef struct Case {
    const char *scheme;
    const char *mchid;
    const char *nonce;
    const char *timestamp;
    const char *serial;
    const char *signature;
    const char *method;
    const char *target;
    const char *body;
    int64_t now_s;
} Case;

static Case rsa_case(void)
{
    return (Case) { "WECHATPAY2-SHA256-RSA2048", "1900000001", vector_nonce, vector_timestamp,
        "RSA1", vector_rsa_request, "POST", vector_target, vector_body, NOW_S };
}

static Case sm2_case(void)
{
    Case c = rsa_case();
    c.scheme = "WECHATPAY2-SM2-WITH-SM3";
    c.serial = "SM21";
    c.signature = vector_sm2_request;
    return c;
}

static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
static Buffer scratch = BUFFER_OF(scratch_bytes);

static Status verify_with(NonceSet *nonces, const Case *c, MessageSender *ret_sender)
{
    MessageVerifier *verifier = NULL;
    TRY(message_verifier_open(&keys, nonces, &verifier));
    static char header_bytes[AUTHORIZATION_BYTES_MAX];
    Buffer header = BUFFER_OF(header_bytes);
    TRY(buffer_print(&header,
            "%s mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%s\",serial_no=\"%s\",signature=\"%s\"",
            c->scheme, c->mchid, c->nonce, c->timestamp, c->serial, c->signature));
    const MessageRequest request = {
        .method = span_of_text(c->method),
        .target = span_of_text(c->target),
        .body = span_of_text(c->body),
        .authorization = span_of_buffer(&header),
        .authorization_count = 1,
    };
    const Status s =
            message_verify(verifier, &request, c->now_s * TIME_SECOND_US, &scratch, ret_sender);
    message_verifier_close(verifier);
    return s;
}

static Status verify(const Case *c)
{
    MessageSender sender = { 0 };
    return verify_with(NULL, c, &sender);
}

static void vectors_verify(void)
{
    load_keys();
    const Case cases[] = { rsa_case(), sm2_case() };
    for (size_t i = 0; i < 2; i++) {
        MessageSender sender = { 0 };
        EXPECT_OK(verify_with(NULL, &cases[i], &sender));
        EXPECT(span_equal(sender.mchid, SPAN("1900000001")));
        EXPECT(sender.profile == (i == 0 ? &profile_v3_rsa : &profile_v3_sm2));
        EXPECT(sender.expires_s == NOW_S + 300);
        EXPECT(span_equal(span_of_buffer(&scratch), span_of_text(vector_request)));
    }
    EXPECT(held == 0);
}

/* Each byte of each signed part counts. */
static void every_changed_byte_is_noticed(void)
{
    load_keys();
    char changed[1024];
    const size_t parts[] = { offsetof(Case, method), offsetof(Case, target), offsetof(Case, nonce),
        offsetof(Case, body) };
    for (size_t p = 0; p < 4; p++) {
        Case c = rsa_case();
        const char **part = (const char **)((char *)&c + parts[p]);
        const char *original = *part;
        const size_t size = strlen(original);
        for (size_t i = 0; i < size; i++) {
            memcpy(changed, original, size + 1);
            changed[i] = (char)(changed[i] == 'a' ? 'b' : 'a');
            *part = changed;
            EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
        }
        memcpy(changed, original, size + 1);
        changed[size - 1] = '\0';
        *part = changed;
        EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    }
    Case c = rsa_case();
    c.timestamp = "1767225601";
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    c = rsa_case();
    c.body = "";
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
}

/* The raw target counts: neither decoded, nor encoded otherwise, nor without its query. */
static void the_target_is_raw(void)
{
    load_keys();
    static const char *const others[] = {
        "/v3/pay/transactions/out-trade-no/A/B_1?mchid=1900000001&x=\xE4\xBA\xBA b",
        "/v3/pay/transactions/out-trade-no/A%2fB_1?mchid=1900000001&x=%e4%ba%ba+b",
        "/v3/pay/transactions/out-trade-no/A%2FB_1?mchid=1900000001&x=%E4%BA%BA%20b",
        "/v3/pay/transactions/out-trade-no/A%2FB_1?x=%E4%BA%BA+b&mchid=1900000001",
        "/v3/pay/transactions/out-trade-no/A%2FB_1",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        Case c = rsa_case();
        c.target = others[i];
        EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    }
}

static void the_clock_window(void)
{
    load_keys();
    for (int64_t apart = 299; apart <= 302; apart++) {
        Case c = rsa_case();
        c.now_s = NOW_S + apart;
        EXPECT_STATUS(verify(&c), apart <= 300 ? 0 : REFUSED_TIMESTAMP_SKEWED);
        c.now_s = NOW_S - apart;
        EXPECT_STATUS(verify(&c), apart <= 300 ? 0 : REFUSED_TIMESTAMP_SKEWED);
    }
    Case c = rsa_case();
    c.timestamp = "1767225600000"; /* milliseconds */
    EXPECT_REFUSED(verify(&c), REFUSED_TIMESTAMP_SKEWED);
    EXPECT(scratch.size > 0); /* so that the answer can show the string */
}

static void wrong_keys_and_signatures(void)
{
    load_keys();
    Case c = rsa_case();
    c.mchid = "1900000002";
    EXPECT_REFUSED(verify(&c), REFUSED_MERCHANT_UNKNOWN);
    c = rsa_case();
    c.serial = "NONE";
    EXPECT_REFUSED(verify(&c), REFUSED_MERCHANT_KEY_UNKNOWN);
    c.serial = "SM21"; /* a key of this merchant, but not for this scheme */
    EXPECT_REFUSED(verify(&c), REFUSED_MERCHANT_KEY_UNKNOWN);
    c = sm2_case();
    c.serial = "OTHER";
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    c = rsa_case();
    c.signature = "AAAA";
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_FORMAT);
    c.signature = "not*base64";
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_FORMAT);
    c.signature = vector_rsa_answer;
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    c = sm2_case();
    c.signature = vector_rsa_request;
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_FORMAT);
    EXPECT(held == 0);
}

/* OpenSSL's own default is an empty ID (reference/message.md section 4); the profile's is
 * 1234567812345678. */
static void sm2_with_another_id(void)
{
    load_keys();
    Case c = sm2_case();
    c.signature = vector_sm2_request_no_id;
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
    c.signature = vector_sm2_request_other_id;
    EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_INVALID);
}

/* The same r and s in other encodings: bytes behind, long-form lengths, needless zeros, raw r || s.
 */
static void sm2_der_is_strict(void)
{
    load_keys();
    for (size_t i = 0; i < sizeof(vector_sm2_loose) / sizeof(vector_sm2_loose[0]); i++) {
        Case c = sm2_case();
        c.signature = vector_sm2_loose[i];
        EXPECT_REFUSED(verify(&c), REFUSED_SIGNATURE_FORMAT);
    }
}

static void weak_keys_are_not_taken(void)
{
    PublicKey *key = NULL;
    EXPECT_REFUSED(public_key_from_pem(key_span(vector_weak_public), &key), REFUSED_KEY_WEAK);
}

static void a_replay_is_refused_but_a_wrong_signature_uses_nothing_up(void)
{
    load_keys();
    const Random random = random_system();
    NonceSet *nonces = NULL;
    EXPECT_OK(nonce_open(100, &random, &nonces));
    MessageSender sender = { 0 };
    Case wrong = rsa_case();
    wrong.body = "{}";
    EXPECT_REFUSED(verify_with(nonces, &wrong, &sender), REFUSED_SIGNATURE_INVALID);
    EXPECT(nonce_count(nonces) == 0);

    const Case right = rsa_case();
    EXPECT_OK(verify_with(nonces, &right, &sender));
    EXPECT_REFUSED(verify_with(nonces, &right, &sender), REFUSED_NONCE_REPLAYED);
    const Case same_nonce_other_key = sm2_case();
    EXPECT_REFUSED(verify_with(nonces, &same_nonce_other_key, &sender), REFUSED_NONCE_REPLAYED);
    nonce_close(nonces);
}

static void headers_twice_or_never(void)
{
    load_keys();
    MessageVerifier *verifier = NULL;
    EXPECT_OK(message_verifier_open(&keys, NULL, &verifier));
    MessageRequest request = { .method = SPAN("GET"), .target = SPAN("/") };
    MessageSender sender = { 0 };
    EXPECT_REFUSED(message_verify(verifier, &request, 0, &scratch, &sender),
            REFUSED_AUTHORIZATION_MISSING);
    EXPECT(scratch.size == 0);
    request.authorization_count = 2;
    request.authorization = SPAN("WECHATPAY2-SHA256-RSA2048 mchid=\"1\"");
    EXPECT_REFUSED(
            message_verify(verifier, &request, 0, &scratch, &sender), REFUSED_AUTHORIZATION_FORMAT);
    message_verifier_close(verifier);
}

static void what_the_client_signs_is_verified(void)
{
    load_keys();
    static const char *const private_pems[] = { vector_rsa_private, vector_sm2_private };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        EXPECT_OK(private_key_from_pem(span_of_text(private_pems[i]), &key));
        const MessageSigner signer = {
            .profile = i == 0 ? &profile_v3_rsa : &profile_v3_sm2,
            .key = key,
            .mchid = SPAN("1900000001"),
            .serial = i == 0 ? SPAN("RSA1") : SPAN("SM21"),
        };
        uint8_t header_bytes[CLIENT_AUTHORIZATION_BYTES_MAX];
        Buffer header = BUFFER_OF(header_bytes);
        char nonce[CLIENT_NONCE_BYTES];
        const Random random = random_system();
        EXPECT_OK(client_nonce(&random, nonce));
        EXPECT_OK(client_sign(&signer, SPAN("GET"), SPAN("/v3/certificates?algorithm_type=ALL"),
                (Span) { NULL, 0 }, NOW_S, SPAN_OF(nonce), &scratch, &header));
        EXPECT(scratch.data[scratch.size - 1] == '\n' && scratch.data[scratch.size - 2] == '\n');

        MessageVerifier *verifier = NULL;
        EXPECT_OK(message_verifier_open(&keys, NULL, &verifier));
        const MessageRequest request = { .method = SPAN("GET"),
            .target = SPAN("/v3/certificates?algorithm_type=ALL"),
            .authorization = span_of_buffer(&header),
            .authorization_count = 1 };
        MessageSender sender = { 0 };
        EXPECT_OK(message_verify(verifier, &request, NOW_S * TIME_SECOND_US, &scratch, &sender));
        EXPECT(span_equal(sender.nonce, SPAN_OF(nonce)));
        message_verifier_close(verifier);
    }
}

TESTS(TEST(vectors_verify), TEST(every_changed_byte_is_noticed), TEST(the_target_is_raw),
        TEST(the_clock_window), TEST(wrong_keys_and_signatures), TEST(sm2_with_another_id),
        TEST(sm2_der_is_strict), TEST(weak_keys_are_not_taken),
        TEST(a_replay_is_refused_but_a_wrong_signature_uses_nothing_up),
        TEST(headers_twice_or_never), TEST(what_the_client_signs_is_verified))

/* Answers: the signed string, the headers, and the client that reads them (LL-4.3.9). */
#include "message/answer.h"

#include "base/encoding.h"
#include "base/expect.h"
#include "base/time.h"
#include "message/client.h"
#include "message/test_vectors.h"

#include <strings.h>

enum { NOW_S = 1767225600 };

static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
static Buffer scratch = BUFFER_OF(scratch_bytes);

static Span header_of(const Answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (strcasecmp(answer->headers[i].name, name) == 0) return answer->headers[i].value;
    }
    return (Span) { NULL, 0 };
}

static AnswerParts parts_of(const Answer *answer, Span body)
{
    return (AnswerParts) {
        .timestamp = header_of(answer, "Wechatpay-Timestamp"),
        .nonce = header_of(answer, "Wechatpay-Nonce"),
        .signature = header_of(answer, "Wechatpay-Signature"),
        .serial = header_of(answer, "Wechatpay-Serial"),
        .body = body,
    };
}

static void sealed_answers_verify(void)
{
    static const char *const private_pems[] = { vector_rsa_private, vector_sm2_private };
    const Random random = random_system();
    for (size_t i = 0; i < 4; i++) {
        const SigningProfile *profile = i % 2 == 0 ? &profile_v3_rsa : &profile_v3_sm2;
        const Span body = i < 2 ? SPAN("{\"code_url\":\"hufu://p/1\"}") : (Span) { NULL, 0 };
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        EXPECT_OK(private_key_from_pem(span_of_text(private_pems[i % 2]), &key));
        Answer answer;
        scratch.size = 0;
        EXPECT_OK(answer_prepare(profile, SPAN("PUB_KEY_ID_01"), NOW_S * TIME_SECOND_US, &random,
                body, &scratch, &answer));
        uint8_t signature_bytes[SIGN_BYTES_MAX];
        Buffer signature = BUFFER_OF(signature_bytes);
        EXPECT_OK(profile_sign(profile, key, answer.canonical, &signature));
        EXPECT_OK(answer_seal(&answer, span_of_buffer(&signature)));
        EXPECT(answer.header_count == 7);
        EXPECT(span_equal(header_of(&answer, "Content-Type"), SPAN("application/json")));
        EXPECT(header_of(&answer, "Request-ID").size == 32);
        EXPECT(span_equal(
                header_of(&answer, "Wechatpay-Signature-Type"), span_of_text(profile->scheme)));

        AnswerParts parts = parts_of(&answer, body);
        const PublicKey *platform = private_key_public(key);
        const Span serial = SPAN("PUB_KEY_ID_01");
        const int64_t now_us = NOW_S * TIME_SECOND_US;
        EXPECT_OK(client_verify_parts(profile, platform, serial, &parts, now_us, &scratch));
        EXPECT_REFUSED(client_verify_parts(profile, platform, SPAN("X"), &parts, now_us, &scratch),
                REFUSED_MERCHANT_KEY_UNKNOWN);
        EXPECT_OK(client_verify_parts(
                profile, platform, serial, &parts, now_us + 300 * TIME_SECOND_US, &scratch));
        EXPECT_REFUSED(client_verify_parts(profile, platform, serial, &parts,
                               now_us + 301 * TIME_SECOND_US, &scratch),
                REFUSED_TIMESTAMP_SKEWED);
        parts.body = SPAN("{}");
        EXPECT_REFUSED(client_verify_parts(profile, platform, serial, &parts, now_us, &scratch),
                REFUSED_SIGNATURE_INVALID);
        parts.signature = (Span) { NULL, 0 };
        EXPECT_REFUSED(client_verify_parts(profile, platform, serial, &parts, now_us, &scratch),
                REFUSED_AUTHORIZATION_MISSING);
    }
}

/* Signed outside our crypto library (make_vectors.py); 204 signs `ts\nnonce\n\n`. */
static void vectors_verify(void)
{
    const struct {
        const SigningProfile *profile;
        const char *key;
        const char *signature;
        const char *body;
    } vectors[] = {
        { &profile_v3_rsa, vector_rsa_public, vector_rsa_answer, vector_body },
        { &profile_v3_rsa, vector_rsa_public, vector_rsa_empty_answer, "" },
        { &profile_v3_sm2, vector_sm2_public, vector_sm2_answer, vector_body },
    };
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(public_key_free) PublicKey *key = NULL;
        EXPECT_OK(public_key_from_pem(span_of_text(vectors[i].key), &key));
        const AnswerParts parts = {
            .timestamp = span_of_text(vector_timestamp),
            .nonce = span_of_text(vector_nonce),
            .signature = span_of_text(vectors[i].signature),
            .serial = SPAN("S"),
            .body = span_of_text(vectors[i].body),
        };
        EXPECT_OK(client_verify_parts(
                vectors[i].profile, key, SPAN("S"), &parts, NOW_S * TIME_SECOND_US, &scratch));
    }
}

static void unsigned_answers_say_so(void)
{
    const Random random = random_system();
    Answer answer;
    EXPECT_OK(answer_unsigned(&random, &answer));
    EXPECT(answer.header_count == 2);
    EXPECT(header_of(&answer, "Wechatpay-Signature").data == NULL);
}

static void an_answer_bears_the_number_of_its_request(void)
{
    static const uint8_t digest[ANSWER_REQUEST_ID_BYTES / 2] = { 0x01, 0xab, [15] = 0xfe };
    const Random random = random_system();
    Answer answer;
    EXPECT_OK(answer_unsigned(&random, &answer));
    answer_number(&answer, digest);
    EXPECT(span_equal(header_of(&answer, "Request-ID"), SPAN("01AB00000000000000000000000000FE")));
}

static void sizes_are_bounded(void)
{
    const Random random = random_system();
    Answer answer;
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    memset(serial, 'A', sizeof(serial));
    scratch.size = 0;
    EXPECT_REFUSED(answer_prepare(&profile_v3_rsa, SPAN_OF(serial), 0, &random, SPAN(""), &scratch,
                           &answer),
            REFUSED_BUFFER_FULL);
    uint8_t small[10];
    Buffer tight = BUFFER_OF(small);
    EXPECT_REFUSED(
            answer_prepare(&profile_v3_rsa, SPAN("S"), 0, &random, SPAN("{}"), &tight, &answer),
            REFUSED_BUFFER_FULL);
    EXPECT(tight.size == 0);
}

TESTS(TEST(sealed_answers_verify), TEST(vectors_verify), TEST(unsigned_answers_say_so),
        TEST(an_answer_bears_the_number_of_its_request), TEST(sizes_are_bounded))

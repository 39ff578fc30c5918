/* Every profile of the table has vectors that our code did not make (make_vectors.py), and is what
 * they say: an entry without vectors fails here (LL-4.3.9). */
#include "message/profile.h"

#include "base/encoding.h"
#include "base/expect.h"
#include "base/time.h"
#include "message/client.h"
#include "message/request.h"
#include "message/signed_body.h"
#include "message/test_vectors.h"

enum { NOW_S = 1767225600, CANONICAL_BYTES = 4096 };

static const ProfileVector *vector_of(const SigningProfile *profile)
{
    for (size_t i = 0; i < sizeof(vector_profiles) / sizeof(vector_profiles[0]); i++) {
        if (span_equal(span_of_text(vector_profiles[i].profile), span_of_text(profile->name)))
            return &vector_profiles[i];
    }
    return NULL;
}

static PublicKey *key_of(KeyAlgorithm algorithm)
{
    PublicKey *key = NULL;
    const char *pem = algorithm == KEY_SM2 ? vector_sm2_public : vector_rsa_public;
    ASSERT(status_ok(public_key_from_pem(span_of_text(pem), &key)));
    return key;
}

static Status find_key(
        void *context, Span mchid, Span serial, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    (void)context;
    REQUIRE(span_equal(mchid, SPAN("1900000001")), REFUSED_MERCHANT_UNKNOWN);
    REQUIRE(span_equal(serial, algorithm == KEY_SM2 ? SPAN("SM21") : SPAN("RSA1")),
            REFUSED_MERCHANT_KEY_UNKNOWN);
    *ret_key = key_of(algorithm);
    return OK;
}

static void release_key(void *context, const PublicKey *key)
{
    PublicKey *mine = (PublicKey *)(uintptr_t)key;
    (void)context;
    public_key_free(&mine);
}

static Status verify_text(const SigningProfile *profile, const char *canonical, const char *text)
{
    uint8_t bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(bytes);
    CLEANUP(public_key_free) PublicKey *key = key_of(profile->algorithm);
    TRY(base64_decode(span_of_text(text), &signature));
    return profile_verify(profile, key, span_of_text(canonical), span_of_buffer(&signature));
}

static void test_every_profile_has_vectors(void)
{
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        const ProfileVector *vector = vector_of(profile);
        EXPECT(vector != NULL);
        EXPECT_OK(verify_text(profile, vector->request, vector->request_signature));
        const SigningProfile *answers = profile_of_answers(profile);
        EXPECT(!answers->legacy);
        EXPECT_OK(verify_text(answers, vector->answer, vector->answer_signature));
        EXPECT_REFUSED(verify_text(profile, vector->answer, vector->request_signature),
                REFUSED_SIGNATURE_INVALID);
    }
}

static void test_numbers_and_names_are_their_own(void)
{
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        EXPECT(profile->number >= 1 && profile->number <= PROFILE_NUMBER_MAX);
        EXPECT(profile_by_name(span_of_text(profile->name)) == profile);
        EXPECT(profile_by_scheme(profile->carrier, span_of_text(profile->scheme)) == profile);
        for (size_t k = 0; k < i; k++)
            EXPECT(profile_at(k)->number != profile->number);
    }
}

/* The answer's string is made of what its headers and body say. */
static void test_answers_are_made_as_the_vectors_say(void)
{
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        uint8_t bytes[CANONICAL_BYTES];
        Buffer text = BUFFER_OF(bytes);
        const MessageParts parts = { .timestamp = span_of_text(vector_timestamp),
            .nonce = span_of_text(vector_nonce),
            .body = span_of_text(vector_body),
            .serial = SPAN("PLATFORM1") };
        EXPECT_OK(message_answer(profile, &parts, &text));
        EXPECT(span_equal(span_of_buffer(&text), span_of_text(vector_of(profile)->answer)));
        uint8_t short_bytes[63];
        Buffer small = BUFFER_OF(short_bytes);
        EXPECT_REFUSED(message_answer(profile, &parts, &small), REFUSED_BUFFER_FULL);
        EXPECT(small.size == 0);
    }
}

static Status parse(
        const SigningProfile *profile, const char *body, Buffer *memory, Envelope *ret_envelope)
{
    const SignedBody request = { .body = span_of_text(body),
        .scheme = span_of_text(profile->scheme),
        .signature = span_of_text(vector_of(profile)->request_signature),
        .scheme_count = 1,
        .signature_count = 1 };
    if (profile->carrier == CARRIER_FORM)
        return envelope_parse(span_of_text(body), memory, ret_envelope);
    return signed_body_parse(&request, memory, ret_envelope);
}

static Status verify_body(
        const SigningProfile *profile, const char *body, Buffer *scratch, MessageSender *ret)
{
    static uint8_t memory_bytes[ENVELOPE_BYTES_MAX];
    const MessageKeys keys = { NULL, find_key, release_key };
    Buffer memory = BUFFER_OF(memory_bytes);
    Envelope envelope = { 0 };
    MessageVerifier *verifier = NULL;
    TRY(parse(profile, body, &memory, &envelope));
    TRY(message_verifier_open(&keys, NULL, &verifier));
    const Status s =
            message_verify_envelope(verifier, &envelope, NOW_S * TIME_SECOND_US, scratch, ret);
    message_verifier_close(verifier);
    return s;
}

static void test_bodies_verify_as_they_came(void)
{
    static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        const ProfileVector *vector = vector_of(profile);
        if (vector->body[0] == 0) continue;
        Buffer scratch = BUFFER_OF(scratch_bytes);
        MessageSender sender = { 0 };
        EXPECT_OK(verify_body(profile, vector->body, &scratch, &sender));
        EXPECT(span_equal(span_of_buffer(&scratch), span_of_text(vector->request)));
        EXPECT(sender.profile == profile && span_equal(sender.mchid, SPAN("1900000001")));
    }
}

/* Each field is covered: another value of any of them is another message. */
static void test_no_field_can_be_changed(void)
{
    static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    static const char *const values[] = { "biz_content=%7B", "method=POST", "nonce_str=k3j9",
        "timestamp=1767225", "serial_no=", "mchid=1900000" };
    static char form[CANONICAL_BYTES];
    for (size_t i = 0; i < profile_count(); i++) {
        const ProfileVector *vector = vector_of(profile_at(i));
        const bool is_form = profile_at(i)->carrier == CARRIER_FORM;
        for (size_t k = 0; is_form && k < sizeof(values) / sizeof(values[0]); k++) {
            Buffer scratch = BUFFER_OF(scratch_bytes);
            MessageSender sender = { 0 };
            snprintf(form, sizeof(form), "%s", vector->body);
            char *at = strstr(form, values[k]);
            EXPECT(at != NULL);
            char *last = strchr(at, '&') == NULL ? form + strlen(form) - 1 : strchr(at, '&') - 1;
            *last = *last == '1' ? '2' : '1';
            EXPECT(!status_ok(verify_body(profile_at(i), form, &scratch, &sender)));
        }
    }
}

/* ... and each byte of a signed body, white space too. */
static void test_no_byte_can_be_changed(void)
{
    static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    static char body[CANONICAL_BYTES];
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        if (profile->carrier != CARRIER_BODY) continue;
        const size_t size = strlen(vector_of(profile)->body);
        for (size_t k = 0; k <= size; k += k + 3 < size ? 3 : 1) {
            Buffer scratch = BUFFER_OF(scratch_bytes);
            MessageSender sender = { 0 };
            snprintf(body, sizeof(body), "%s%c", vector_of(profile)->body, k == size ? ' ' : 0);
            if (k < size) body[k] ^= 1;
            EXPECT(!status_ok(verify_body(profile, body, &scratch, &sender)));
        }
    }
}

/* A digest of another profile under the same key is another message. */
static void test_no_profile_takes_another_ones_signature(void)
{
    for (size_t i = 0; i < profile_count(); i++) {
        for (size_t k = 0; k < profile_count(); k++) {
            const ProfileVector *vector = vector_of(profile_at(k));
            const bool same = strcmp(vector->request, vector_of(profile_at(i))->request) == 0;
            if (i == k || same || profile_at(i)->algorithm != profile_at(k)->algorithm) continue;
            EXPECT_REFUSED(verify_text(profile_at(i), vector_of(profile_at(i))->request,
                                   vector->request_signature),
                    REFUSED_SIGNATURE_INVALID);
        }
    }
    /* MD5's signature over the text that SHA-256 signs is refused, and the other way round. */
    const SigningProfile *md5 = profile_by_name(SPAN("lianlian-md5"));
    const SigningProfile *rsa = profile_by_name(SPAN("lianlian-rsa"));
    EXPECT_REFUSED(verify_text(rsa, vector_of(md5)->request, vector_of(md5)->request_signature),
            REFUSED_SIGNATURE_INVALID);
    EXPECT_REFUSED(verify_text(md5, vector_of(rsa)->request, vector_of(rsa)->request_signature),
            REFUSED_SIGNATURE_INVALID);
}

TESTS(TEST(test_every_profile_has_vectors), TEST(test_numbers_and_names_are_their_own),
        TEST(test_answers_are_made_as_the_vectors_say), TEST(test_bodies_verify_as_they_came),
        TEST(test_no_field_can_be_changed), TEST(test_no_byte_can_be_changed),
        TEST(test_no_profile_takes_another_ones_signature))

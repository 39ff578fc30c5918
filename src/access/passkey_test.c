/* Goal: a passkey opens for its own challenge, site, origin and key, with its user present, and for
 * nothing else; a copied authenticator is noticed (LL-4.5.2). Method: the test vectors of W3C Web
 * Authentication Level 3, sections 16.2, 16.4 and 16.11; then an authenticator of our own whose
 * every part is wrong in turn, and every single byte of a good answer changed. */
#include "access/passkey.h"
#include "access/passkey_challenge.h"

#include "base/encoding.h"
#include "base/expect.h"
#include "crypto/digest.h"

static const PasskeySite w3c = { SPAN("example.org"), SPAN("https://example.org"), false };

/* 16.2: ES256, attestation "none" */
#define ES256_REGISTER_CHALLENGE "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130"
#define ES256_REGISTER_DATA                                                                        \
    "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d50743455" \
    "78"                                                                                           \
    "78475453746e63647134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a" \
    "22"                                                                                           \
    "68747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c2265787472" \
    "61"                                                                                           \
    "44617461223a22636c69656e74446174614a534f4e206d617920626520657874656e646564207769746820616464" \
    "6"                                                                                            \
    "974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b5" \
    "1"                                                                                            \
    "65446a646354427258426941774a544c453551227d"
#define ES256_ATTESTATION                                                                          \
    "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4" \
    "73"                                                                                           \
    "5ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fd" \
    "e0"                                                                                           \
    "ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb6" \
    "40"                                                                                           \
    "98d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af" \
    "2e"                                                                                           \
    "2664796b9220"
#define ES256_LOGIN_CHALLENGE "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408"
#define ES256_LOGIN_DATA                                                                           \
    "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c" \
    "54"                                                                                           \
    "55506f334a5558543049393770767a7a59425039745a63685879617630314167222c226f726967696e223a226874" \
    "74"                                                                                           \
    "70733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d"
#define ES256_LOGIN_AUTH \
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000"
#define ES256_LOGIN_SIGNATURE                                                                      \
    "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93" \
    "53"                                                                                           \
    "8174f575bf11a1dd5d78c6e486013f937295ea13653e331e87"

/* 16.11: EdDSA; its attestation is "packed", so the authenticator data is boxed here as "none" */
#define EDDSA_REGISTER_CHALLENGE "a8abf9dabdc6b0df63466b39bda9e8a34a34e185337a59f1c579990676d3b3bd"
#define EDDSA_REGISTER_DATA                                                                        \
    "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22714b7635327233" \
    "47"                                                                                           \
    "734e396a526d733576616e6f6f306f303459557a656c6e7878586d5a426e6254733730222c226f726967696e223a" \
    "22"                                                                                           \
    "68747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c2265787472" \
    "61"                                                                                           \
    "44617461223a22636c69656e74446174614a534f4e206d617920626520657874656e646564207769746820616464" \
    "6"                                                                                            \
    "974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20425f4" \
    "4"                                                                                            \
    "543567375a445f2d394f544c59583549764551227d"
#define EDDSA_AUTH                                                                                 \
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b54100000000d5aa33581e8ca478e2" \
    "0f"                                                                                           \
    "e713f5d32ff20020ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71caa8a2bda40101032720" \
    "06"                                                                                           \
    "21582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832"
#define EDDSA_LOGIN_CHALLENGE "895957e01c633a698348a2d8a31a54b7db27e8c1c43b2080d79ae2190267bfd2"
#define EDDSA_LOGIN_DATA                                                                           \
    "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2269566c583442786a4f6d" \
    "6d"                                                                                           \
    "44534b4c596f7870557439736e364d48454f7943413135726947514a6e763949222c226f726967696e223a226874" \
    "74"                                                                                           \
    "70733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d"
#define EDDSA_LOGIN_AUTH \
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000"
#define EDDSA_LOGIN_SIGNATURE                                                                      \
    "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0d40b011f0d6fec" \
    "b0"                                                                                           \
    "97d6607525713223a0dc0d453993dae00b"

typedef struct Bytes {
    uint8_t memory[1024];
    size_t size;
} Bytes;

static Bytes bytes_of(const char *hex)
{
    Bytes bytes;
    Buffer b = BUFFER_OF(bytes.memory);
    ASSERT(status_ok(hex_decode(span_of_text(hex), &b)));
    bytes.size = b.size;
    return bytes;
}

static Span span_of(const Bytes *bytes) { return (Span) { bytes->memory, bytes->size }; }

/* {"fmt": "none", "attStmt": {}, "authData": ...} */
static Bytes attestation_of(Span auth, const char *format)
{
    Bytes made;
    Buffer b = BUFFER_OF(made.memory);
    const uint8_t short_head[] = { 0x58, (uint8_t)auth.size };
    const uint8_t long_head[] = { 0x59, (uint8_t)(auth.size >> 8), (uint8_t)auth.size };
    const bool fits = status_ok(buffer_put(&b,
                              SPAN("\xa3\x63"
                                   "fmt")))
            && status_ok(buffer_put_u8(&b, (uint8_t)(0x60 + strlen(format))))
            && status_ok(buffer_put(&b, span_of_text(format)))
            && status_ok(buffer_put(&b,
                    SPAN("\x67"
                         "attStmt\xa0\x68"
                         "authData")))
            && status_ok(buffer_put(&b, auth.size < 256 ? SPAN_OF(short_head) : SPAN_OF(long_head)))
            && status_ok(buffer_put(&b, auth));
    ASSERT(fits);
    made.size = b.size;
    return made;
}

static void test_the_vectors_of_es256(void)
{
    PasskeyKey key;
    uint32_t count = 7;
    const Bytes challenge = bytes_of(ES256_REGISTER_CHALLENGE);
    const Bytes data = bytes_of(ES256_REGISTER_DATA);
    const Bytes attestation = bytes_of(ES256_ATTESTATION);
    uint8_t read[PASSKEY_CHALLENGE_BYTES];
    EXPECT_OK(passkey_challenge_of(span_of(&data), read));
    EXPECT(bytes_equal_ct(read, challenge.memory, sizeof(read)));
    EXPECT_OK(
            passkey_register(&w3c, challenge.memory, span_of(&data), span_of(&attestation), &key));
    EXPECT(key.algorithm == KEY_P256 && key.id_size == 32 && key.may_be_copied && key.count == 0);
    const Bytes login = bytes_of(ES256_LOGIN_CHALLENGE);
    const Bytes said = bytes_of(ES256_LOGIN_DATA);
    const Bytes auth = bytes_of(ES256_LOGIN_AUTH);
    const Bytes signature = bytes_of(ES256_LOGIN_SIGNATURE);
    const PasskeyAnswer answer = { span_of(&said), span_of(&auth), span_of(&signature) };
    EXPECT_OK(passkey_verify(&w3c, login.memory, &answer, &key, &count));
    EXPECT(count == 0);
    EXPECT_REFUSED(passkey_verify(&w3c, challenge.memory, &answer, &key, &count),
            REFUSED_PASSKEY_CHALLENGE);
    PasskeySite strict = w3c;
    strict.verify_user = true; /* this authenticator did not */
    EXPECT_REFUSED(
            passkey_verify(&strict, login.memory, &answer, &key, &count), REFUSED_PASSKEY_PRESENCE);
}

static void test_the_vectors_of_eddsa(void)
{
    PasskeyKey key;
    uint32_t count = 7;
    const Bytes challenge = bytes_of(EDDSA_REGISTER_CHALLENGE);
    const Bytes data = bytes_of(EDDSA_REGISTER_DATA);
    const Bytes made = bytes_of(EDDSA_AUTH);
    const Bytes none = attestation_of(span_of(&made), "none");
    const Bytes packed = attestation_of(span_of(&made), "packed");
    EXPECT_REFUSED(passkey_register(&w3c, challenge.memory, span_of(&data), span_of(&packed), &key),
            REFUSED_PASSKEY_ATTESTATION);
    EXPECT_OK(passkey_register(&w3c, challenge.memory, span_of(&data), span_of(&none), &key));
    EXPECT(key.algorithm == KEY_ED25519 && !key.may_be_copied);
    const Bytes login = bytes_of(EDDSA_LOGIN_CHALLENGE);
    const Bytes said = bytes_of(EDDSA_LOGIN_DATA);
    const Bytes auth = bytes_of(EDDSA_LOGIN_AUTH);
    const Bytes signature = bytes_of(EDDSA_LOGIN_SIGNATURE);
    const PasskeyAnswer answer = { span_of(&said), span_of(&auth), span_of(&signature) };
    EXPECT_OK(passkey_verify(&w3c, login.memory, &answer, &key, &count));
}

/* Any bit of what was signed, and of the signature. */
static void test_every_changed_byte_is_refused(void)
{
    PasskeyKey key;
    uint32_t count = 0;
    const Bytes challenge = bytes_of(ES256_REGISTER_CHALLENGE);
    const Bytes data = bytes_of(ES256_REGISTER_DATA);
    const Bytes attestation = bytes_of(ES256_ATTESTATION);
    EXPECT_OK(
            passkey_register(&w3c, challenge.memory, span_of(&data), span_of(&attestation), &key));
    const Bytes login = bytes_of(ES256_LOGIN_CHALLENGE);
    Bytes parts[] = { bytes_of(ES256_LOGIN_DATA), bytes_of(ES256_LOGIN_AUTH),
        bytes_of(ES256_LOGIN_SIGNATURE) };
    const PasskeyAnswer answer = { span_of(&parts[0]), span_of(&parts[1]), span_of(&parts[2]) };
    for (size_t part = 0; part < 3; part++) {
        for (size_t i = 0; i < parts[part].size; i++) {
            parts[part].memory[i] ^= 1;
            EXPECT(status_refused(passkey_verify(&w3c, login.memory, &answer, &key, &count)));
            parts[part].memory[i] ^= 1;
        }
    }
    EXPECT_OK(passkey_verify(&w3c, login.memory, &answer, &key, &count));
    for (size_t size = 0; size < attestation.size; size++)
        EXPECT(status_refused(passkey_register(&w3c, challenge.memory, span_of(&data),
                (Span) { attestation.memory, size }, &key)));
}

/* --- an authenticator of our own --- */

typedef struct Wish {
    const char *type;
    const char *origin;
    const char *rest; /* of the client data */
    const char *rp_id;
    uint8_t flags;
    uint32_t count;
    const char *behind; /* the authenticator data */
    const char *key; /* head of the COSE key, hex; NULL: a right one */
    size_t id_size; /* 0: 16 */
} Wish;

static const Wish right_login = { "webauthn.get", "https://example.org", ",\"crossOrigin\":false",
    "example.org", 0x05, 9, "", NULL, 0 };
static const Wish right_register = { "webauthn.create", "https://example.org", "", "example.org",
    0x45, 8, "", NULL, 0 };

static const uint8_t challenge_bytes[PASSKEY_CHALLENGE_BYTES] = { 1, 2, 3 };
static const PasskeySite site = { SPAN("example.org"), SPAN("https://example.org"), true };
static PrivateKey *authenticator;

static Span say(const Wish *wish, Bytes *ret)
{
    uint8_t memory[64];
    Buffer text = BUFFER_OF(memory);
    Buffer b = BUFFER_OF(ret->memory);
    ASSERT(status_ok(base64url_encode(SPAN_OF(challenge_bytes), &text)));
    ASSERT(status_ok(
            buffer_print(&b, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"%s}",
                    wish->type, (int)text.size, (const char *)memory, wish->origin, wish->rest)));
    ret->size = b.size;
    return span_of(ret);
}

static void put_point(const Wish *wish, Buffer *b)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    const Bytes head = bytes_of(wish->key != NULL ? wish->key : "a501020326200121");
    ASSERT(status_ok(public_key_to_spki(private_key_public(authenticator), &spki)));
    const uint8_t *point = spki.data + spki.size - 64; /* its end: x | y */
    const bool fits = status_ok(buffer_put(b, span_of(&head)))
            && status_ok(buffer_put(b, SPAN("\x58\x20")))
            && status_ok(buffer_put(b, (Span) { point, 32 }))
            && status_ok(buffer_put(b, SPAN("\x22\x58\x20")))
            && status_ok(buffer_put(b, (Span) { point + 32, 32 }));
    ASSERT(fits);
}

static Span data_of(const Wish *wish, Bytes *ret)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t zeros[512] = { 0 };
    Buffer b = BUFFER_OF(ret->memory);
    const size_t id_size = wish->id_size > 0 ? wish->id_size : 16;
    sha256(span_of_text(wish->rp_id), digest);
    const bool fits = status_ok(buffer_put(&b, SPAN_OF(digest)))
            && status_ok(buffer_put_u8(&b, wish->flags))
            && status_ok(buffer_put_u32(&b, wish->count));
    ASSERT(fits);
    if ((wish->flags & 0x40) != 0) {
        ASSERT(status_ok(buffer_put(&b, (Span) { zeros, 16 }))); /* no model */
        ASSERT(status_ok(buffer_put_u16(&b, (uint16_t)id_size)));
        ASSERT(status_ok(buffer_put(&b, (Span) { zeros, id_size })));
        put_point(wish, &b);
    }
    ASSERT(status_ok(buffer_put(&b, span_of_text(wish->behind))));
    ret->size = b.size;
    return span_of(ret);
}

static Status make(const Wish *wish, PasskeyKey *ret_key)
{
    Bytes said;
    Bytes data;
    if (authenticator == NULL) TRY(private_key_generate(KEY_P256, &authenticator));
    const Bytes attestation = attestation_of(data_of(wish, &data), "none");
    return passkey_register(
            &site, challenge_bytes, say(wish, &said), span_of(&attestation), ret_key);
}

static Status login(const Wish *wish, const PasskeyKey *key, uint32_t *ret_count)
{
    Bytes said;
    Bytes data;
    uint8_t memory[2048];
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    Buffer signature = BUFFER_OF(signature_memory);
    PasskeyAnswer answer = { .client_data = say(wish, &said),
        .authenticator_data = data_of(wish, &data) };
    sha256(answer.client_data, digest);
    TRY(buffer_put(&message, answer.authenticator_data));
    TRY(buffer_put(&message, SPAN_OF(digest)));
    TRY(sign_make(authenticator, span_of_buffer(&message), &signature));
    answer.signature = span_of_buffer(&signature);
    return passkey_verify(&site, challenge_bytes, &answer, key, ret_count);
}

#define WISH(base, member, value) (wished = (base), wished.member = (value), &wished)

static void test_an_answer_for_another_page_is_refused(void)
{
    Wish wished;
    PasskeyKey key;
    uint32_t count = 0;
    EXPECT_OK(make(&right_register, &key));
    EXPECT_OK(login(&right_login, &key, &count));
    EXPECT(count == 9);
    static const char *const origins[] = { "https://example.org.evil.net", "http://example.org",
        "https://example.org:8443", "https://EXAMPLE.org", "https://www.example.org", "null" };
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
        EXPECT_REFUSED(
                login(WISH(right_login, origin, origins[i]), &key, &count), REFUSED_PASSKEY_ORIGIN);
    EXPECT_REFUSED(login(WISH(right_login, rest, ",\"crossOrigin\":true"), &key, &count),
            REFUSED_PASSKEY_ORIGIN);
    EXPECT_REFUSED(
            login(WISH(right_login, rest, ",\"topOrigin\":\"https://evil.net\""), &key, &count),
            REFUSED_PASSKEY_ORIGIN);
    EXPECT_REFUSED(
            login(WISH(right_login, rp_id, "evil.net"), &key, &count), REFUSED_PASSKEY_ORIGIN);
    EXPECT_OK(login(WISH(right_login, rest, ",\"future\":[1,{\"a\":2}]"), &key, &count));
}

static void test_client_data_is_strict(void)
{
    Wish wished;
    PasskeyKey key;
    uint32_t count = 0;
    EXPECT_OK(make(&right_register, &key));
    static const char *const rests[] = { ",\"origin\":\"https://example.org\"", ",", "}{",
        ",\"crossOrigin\":\"false\"", ",\"topOrigin\":1", ",\"a\":NaN", "\xff" };
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
        EXPECT_REFUSED(
                login(WISH(right_login, rest, rests[i]), &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(login(WISH(right_login, type, "webauthn.create"), &key, &count),
            REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(make(WISH(right_register, type, "webauthn.get"), &key), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(make(WISH(right_register, type, "payment.get"), &key), REFUSED_PASSKEY_FORMAT);
}

static void test_flags(void)
{
    Wish wished;
    PasskeyKey key;
    uint32_t count = 0;
    EXPECT_OK(make(&right_register, &key));
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x04), &key, &count), REFUSED_PASSKEY_PRESENCE);
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x01), &key, &count), REFUSED_PASSKEY_PRESENCE);
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x15), &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x0d), &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x45), &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(login(WISH(right_login, flags, 0x85), &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(login(WISH(right_login, behind, "x"), &key, &count), REFUSED_PASSKEY_FORMAT);
    wished = right_login;
    wished.flags = 0x85;
    wished.behind = "\xa1\x61x\x01"; /* {"x": 1} */
    EXPECT_OK(login(&wished, &key, &count));
    wished.behind = "\x01";
    EXPECT_REFUSED(login(&wished, &key, &count), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(make(WISH(right_register, flags, 0x05), &key), REFUSED_PASSKEY_FORMAT);
    EXPECT_REFUSED(make(WISH(right_register, flags, 0x41), &key), REFUSED_PASSKEY_PRESENCE);
}

/* A copy of the authenticator counts on its own: sooner or later one of the two goes back. */
static void test_a_counter_that_goes_back(void)
{
    Wish wished;
    PasskeyKey key;
    uint32_t count = 0;
    EXPECT_OK(make(&right_register, &key));
    EXPECT(key.count == 8);
    EXPECT_OK(login(&right_login, &key, &count));
    key.count = count;
    EXPECT_REFUSED(login(&right_login, &key, &count), REFUSED_PASSKEY_COUNT);
    EXPECT_REFUSED(login(WISH(right_login, count, 0), &key, &count), REFUSED_PASSKEY_COUNT);
    EXPECT_OK(login(WISH(right_login, count, UINT32_MAX), &key, &count));
    EXPECT_OK(make(WISH(right_register, count, 0), &key));
    EXPECT_OK(login(WISH(right_login, count, 0), &key, &count)); /* it does not count */
    EXPECT_OK(login(WISH(right_login, count, 1), &key, &count));
}

static void test_other_keys_are_refused(void)
{
    Wish wished;
    PasskeyKey key;
    static const char *const heads[] = { "a50102033822200121", /* alg ES384 */
        "a501020326200221", /* curve P-384 */
        "a501010326200121", /* an OKP of two coordinates */
        "a501030326200121", /* RSA */
        "a501020326010221", /* a label twice */
        "a501020326050121", /* an unknown label */
        "a401020326200121" }; /* one too few */
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        EXPECT(status_refused(make(WISH(right_register, key, heads[i]), &key)));
    EXPECT_OK(make(WISH(right_register, id_size, PASSKEY_ID_BYTES_MAX), &key));
    EXPECT_REFUSED(make(WISH(right_register, id_size, PASSKEY_ID_BYTES_MAX + 1), &key),
            REFUSED_PASSKEY_KEY);
    uint32_t count = 0;
    EXPECT_OK(make(&right_register, &key));
    private_key_free(&authenticator);
    EXPECT_OK(private_key_generate(KEY_P256, &authenticator));
    EXPECT_REFUSED(login(&right_login, &key, &count), REFUSED_PASSKEY_SIGNATURE);
}

/* --- challenges --- */

static int64_t now_us = (int64_t)1795000000 * 1000000;
static int64_t tell(void *context) { return now_us; }

static void test_a_challenge_is_good_once(void)
{
    const Clock clock = { .now_us = tell };
    const Random random = random_system();
    PasskeyChallenges *challenges = NULL;
    PasskeyChallenges *others = NULL;
    uint8_t first[PASSKEY_CHALLENGE_BYTES];
    uint8_t second[PASSKEY_CHALLENGE_BYTES];
    EXPECT_OK(passkey_challenges_open(&clock, &random, &challenges));
    EXPECT_OK(passkey_challenges_open(&clock, &random, &others));
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), first));
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), second));
    EXPECT(!bytes_equal_ct(first, second, sizeof(first)));
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("bob"), first),
            REFUSED_PASSKEY_CHALLENGE);
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_REGISTER, SPAN("alice"), first),
            REFUSED_PASSKEY_CHALLENGE);
    EXPECT_REFUSED(passkey_challenge_spend(others, PASSKEY_ACT_LOGIN, SPAN("alice"), first),
            REFUSED_PASSKEY_CHALLENGE); /* after a restart */
    first[0] ^= 1; /* a longer life */
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), first),
            REFUSED_PASSKEY_CHALLENGE);
    first[0] ^= 1;
    EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), first));
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), first),
            REFUSED_PASSKEY_CHALLENGE);
    now_us += (int64_t)PASSKEY_CHALLENGE_LIFE_S * 1000000;
    EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), second));
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), second));
    now_us += (int64_t)(PASSKEY_CHALLENGE_LIFE_S + 1) * 1000000;
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN("alice"), second),
            REFUSED_PASSKEY_CHALLENGE);
    passkey_challenges_close(&challenges);
    passkey_challenges_close(&others);
}

/* A clock that went forward lets spent ones be forgotten; set back, it brings none of them back. */
static void test_a_clock_set_back_revives_no_challenge(void)
{
    const int64_t later_us = (int64_t)(PASSKEY_CHALLENGE_LIFE_S + 1) * 1000000;
    const Clock clock = { .now_us = tell };
    const Random random = random_system();
    PasskeyChallenges *challenges = NULL;
    uint8_t first[PASSKEY_CHALLENGE_BYTES];
    uint8_t second[PASSKEY_CHALLENGE_BYTES];
    EXPECT_OK(passkey_challenges_open(&clock, &random, &challenges));
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN(""), first));
    EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), first));
    now_us += later_us;
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN(""), second));
    EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), second));
    now_us -= later_us;
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), first),
            REFUSED_PASSKEY_CHALLENGE);
    now_us += later_us;
    passkey_challenges_close(&challenges);
}

/* Many given out fill nothing; many spent within their life do, and room comes back with time. */
static void test_spent_challenges_are_bounded(void)
{
    const Clock clock = { .now_us = tell };
    const Random random = random_system();
    PasskeyChallenges *challenges = NULL;
    uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
    EXPECT_OK(passkey_challenges_open(&clock, &random, &challenges));
    for (int i = 0; i < PASSKEY_SPENT_MAX; i++) {
        EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge));
        EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge));
    }
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge));
    EXPECT_REFUSED(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge),
            REFUSED_PASSKEYS_FULL);
    now_us += (int64_t)(PASSKEY_CHALLENGE_LIFE_S + 1) * 1000000;
    EXPECT_OK(passkey_challenge_make(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge));
    EXPECT_OK(passkey_challenge_spend(challenges, PASSKEY_ACT_LOGIN, SPAN(""), challenge));
    passkey_challenges_close(&challenges);
}

TESTS(TEST(test_the_vectors_of_es256), TEST(test_the_vectors_of_eddsa),
        TEST(test_every_changed_byte_is_refused), TEST(test_an_answer_for_another_page_is_refused),
        TEST(test_client_data_is_strict), TEST(test_flags), TEST(test_a_counter_that_goes_back),
        TEST(test_other_keys_are_refused), TEST(test_a_challenge_is_good_once),
        TEST(test_a_clock_set_back_revives_no_challenge), TEST(test_spent_challenges_are_bounded))

/* Input is encrypted where it is typed, for one purpose, and no changed bit opens (TP-4). */
#include "crypto/box.h"

#include "crypto/box_vector.h"
#include "crypto/hpke.h"
#include "crypto/vector_test.h"

#include <openssl/evp.h>
#include <stdlib.h>

/* RFC 9180 appendix A.3.1: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode. */
static const HpkeSuite rfc_suite = { KEY_P256, MAC_HMAC_SHA256, AEAD_AES_128_GCM, 0x0010, 0x0001,
    0x0001 };

static void rfc_9180_a_3_1(void)
{
    const Vector ikm_e = vector("4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e");
    const Vector ikm_r = vector("668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
    const Vector info = vector("4f6465206f6e2061204772656369616e2055726e");
    uint8_t sk_e[32], sk_r[32], pk_r[65], enc[65], secret[32], same[32];
    EXPECT_OK(hpke_derive_scalar(&rfc_suite, vector_span(&ikm_e), sk_e));
    EXPECT(vector_is("4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb", sk_e, 32));
    EXPECT_OK(hpke_derive_scalar(&rfc_suite, vector_span(&ikm_r), sk_r));
    EXPECT(vector_is("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2", sk_r, 32));
    EXPECT_OK(hpke_public(KEY_P256, sk_r, pk_r));
    EXPECT(vector_is("04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
                     "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
            pk_r, 65));
    EXPECT_OK(hpke_encapsulate(&rfc_suite, sk_e, pk_r, enc, secret));
    EXPECT(vector_is("04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
                     "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
            enc, 65));
    EXPECT(vector_is(
            "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8", secret, 32));
    EXPECT_OK(hpke_decapsulate(&rfc_suite, sk_r, pk_r, enc, same));
    EXPECT(bytes_equal_ct(secret, same, 32));

    HpkeKeys keys;
    hpke_schedule(&rfc_suite, secret, vector_span(&info), &keys);
    EXPECT(vector_is("868c066ef58aae6dc589b6cfdd18f97e", keys.key, 16));
    EXPECT(vector_is("4e0bc5018beba4bf004cca59", keys.nonce, 12));
    const Vector aad = vector("436f756e742d30");
    const Vector plain = vector("4265617574792069732074727574682c20747275746820626561757479");
    uint8_t bytes[64];
    Buffer out = BUFFER_OF(bytes);
    EXPECT_OK(aead_close(AEAD_AES_128_GCM, (Span) { keys.key, 16 }, keys.nonce, vector_span(&aad),
            vector_span(&plain), &out));
    EXPECT(vector_is("5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f"
                     "9076ac232e3ab2523f39513434",
            bytes, out.size));
}

/*
 * The CFRG vectors as accumulated by Go (src/crypto/hpke/testdata/rfc9180.json): 1000 messages
 * whose lengths, aad and plaintext come from one SHAKE128 stream, their ciphertexts absorbed by
 * another, of which the first 16 bytes are published. Ours is the AES-256-GCM one; AES-128-GCM
 * checks this code.
 */
enum { MESSAGES = 1000, STREAM_BYTES = MESSAGES * 2 * 256 };

static bool shake128(const uint8_t *bytes, size_t size, uint8_t *ret, size_t ret_size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool worked = EVP_DigestInit_ex(context, EVP_shake128(), NULL) == 1
            && EVP_DigestUpdate(context, bytes, size) == 1
            && EVP_DigestFinalXOF(context, ret, ret_size) == 1;
    EVP_MD_CTX_free(context);
    return worked;
}

static Span draw(Cursor *stream)
{
    uint8_t size = 0;
    Span drawn = { 0 };
    ASSERT(status_ok(cursor_u8(stream, &size)));
    ASSERT(status_ok(cursor_take(stream, size, &drawn)));
    return drawn;
}

static bool accumulate(const HpkeSuite *suite, const HpkeKeys *keys, const char *wanted)
{
    static uint8_t source[STREAM_BYTES], sealed[MESSAGES * (256 + AEAD_TAG_BYTES)];
    Buffer out = BUFFER_OF(sealed);
    if (!shake128(NULL, 0, source, sizeof(source))) return false;
    Cursor stream = cursor_of(SPAN_OF(source));
    for (uint32_t i = 0; i < MESSAGES; i++) {
        const Span aad = draw(&stream);
        const Span plain = draw(&stream);
        uint8_t nonce[AEAD_NONCE_BYTES];
        memcpy(nonce, keys->nonce, sizeof(nonce));
        nonce[10] ^= (uint8_t)(i >> 8), nonce[11] ^= (uint8_t)i;
        const Span key = { keys->key, aead_key_bytes(suite->aead) };
        if (!status_ok(aead_close(suite->aead, key, nonce, aad, plain, &out))) return false;
    }
    uint8_t digest[16];
    return shake128(sealed, out.size, digest, sizeof(digest)) && vector_is(wanted, digest, 16);
}

static void cfrg_accumulated(void)
{
    static const struct {
        AeadSuite aead;
        uint16_t aead_id;
        const char *ikm_e, *ikm_r, *enc, *encryptions;
    } rows[] = {
        { AEAD_AES_128_GCM, 1, "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
                "668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550",
                "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
                "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
                "fcb852ae6a1e19e874fbd18a199df3e4" },
        { AEAD_AES_256_GCM, 2, "a90d3417c3da9cb6c6ae19b4b5dd6cc9529a4cc24efb7ae0ace1f31887a8cd6c",
                "a0ce15d49e28bd47a18a97e147582d814b08cbe00109fed5ec27d1b4e9f6f5e3",
                "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
                "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
                "8d3263541fc1695b6e88ff3a1208577c" },
    };
    const Vector info = vector("4f6465206f6e2061204772656369616e2055726e");
    for (size_t i = 0; i < 2; i++) {
        HpkeSuite suite = rfc_suite;
        suite.aead = rows[i].aead;
        suite.aead_id = rows[i].aead_id;
        const Vector ikm_e = vector(rows[i].ikm_e), ikm_r = vector(rows[i].ikm_r);
        uint8_t sk_e[32], sk_r[32], pk_r[65], enc[65], secret[32];
        EXPECT_OK(hpke_derive_scalar(&suite, vector_span(&ikm_e), sk_e));
        EXPECT_OK(hpke_derive_scalar(&suite, vector_span(&ikm_r), sk_r));
        EXPECT_OK(hpke_public(KEY_P256, sk_r, pk_r));
        EXPECT_OK(hpke_encapsulate(&suite, sk_e, pk_r, enc, secret));
        EXPECT(vector_is(rows[i].enc, enc, 65));
        HpkeKeys keys;
        hpke_schedule(&suite, secret, vector_span(&info), &keys);
        EXPECT(accumulate(&suite, &keys, rows[i].encryptions));
    }
}

/*
 * Suite 2 has no published vectors: these are from an independent implementation of the same text
 * in Python (affine integers, hashlib's SM3), with the private keys of GM/T 0003.5's examples. A
 * client in another language can check itself against them.
 */
static void suite_2_of_another_implementation(void)
{
    const HpkeSuite suite = { KEY_SM2, MAC_HMAC_SM3, AEAD_SM4_GCM, 0xFF02, 0xFF02, 0xFF02 };
    const Vector sk_r = vector("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    const Vector sk_e = vector("59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21");
    uint8_t pk_r[65], enc[65], secret[32], same[32];
    EXPECT_OK(hpke_public(KEY_SM2, sk_r.bytes, pk_r));
    EXPECT_OK(hpke_encapsulate(&suite, sk_e.bytes, pk_r, enc, secret));
    EXPECT(vector_is("0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
                     "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0",
            enc, 65));
    EXPECT(vector_is(
            "10d4e45136b58c95346cee769a224c40bd5a24c3fb1db5e5a355a1f5f6e497a7", secret, 32));
    EXPECT_OK(hpke_decapsulate(&suite, sk_r.bytes, pk_r, enc, same));
    EXPECT(bytes_equal_ct(secret, same, 32));
    HpkeKeys keys;
    const Span info = SPAN("hufu box 1\x01\x02\0\0\0\x4d"); /* key id 77 */
    hpke_schedule(&suite, secret, info, &keys);
    EXPECT(vector_is("5c1f5f70d2747cd8e7bd9bb32c76eece", keys.key, 16));
    EXPECT(vector_is("adfc9b3a544a42540166aa2f", keys.nonce, 12));
}

/* Points off the curve, infinity, another form: the invalid-curve attack finds no door. */
static void bad_points_are_refused(void)
{
    uint8_t sk[32] = { 5 }, pk[65], enc[65], secret[32];
    for (int c = 0; c < 2; c++) {
        HpkeSuite suite = rfc_suite;
        suite.curve = c == 0 ? KEY_P256 : KEY_SM2;
        EXPECT_OK(hpke_public(suite.curve, sk, pk));
        memcpy(enc, pk, sizeof(enc));
        EXPECT_OK(hpke_decapsulate(&suite, sk, pk, enc, secret));
        enc[64] ^= 1;
        EXPECT_REFUSED(hpke_decapsulate(&suite, sk, pk, enc, secret), REFUSED_BOX_TAMPERED);
        enc[64] ^= 1, enc[0] = 0x02;
        EXPECT_REFUSED(hpke_decapsulate(&suite, sk, pk, enc, secret), REFUSED_BOX_TAMPERED);
        memset(enc, 0, sizeof(enc));
        EXPECT_REFUSED(hpke_decapsulate(&suite, sk, pk, enc, secret), REFUSED_BOX_TAMPERED);
        memset(enc + 1, 0xFF, 64), enc[0] = 0x04;
        EXPECT_REFUSED(hpke_decapsulate(&suite, sk, pk, enc, secret), REFUSED_BOX_TAMPERED);
        const uint8_t zero[32] = { 0 };
        uint8_t large[32];
        memset(large, 0xFF, sizeof(large));
        EXPECT_REFUSED(hpke_public(suite.curve, zero, pk), REFUSED_KEY_FORMAT);
        EXPECT_REFUSED(hpke_public(suite.curve, large, pk), REFUSED_KEY_FORMAT);
    }
}

/* --- boxes --- */

static BoxContext pin_context(void)
{
    return (BoxContext) { .data_class = 11,
        .purpose = 2,
        .amount = 1999,
        .currency = { 'C', 'N', 'Y' },
        .expiry_us = 1767225600000000,
        .server_nonce = { 1, 2, 3 },
        .tenant = SPAN("1900000109"),
        .order = SPAN("order-17"),
        .payee = SPAN("merchant-9") };
}

static void boxes_open_for_their_recipient_only(void)
{
    const Random random = random_system();
    const BoxContext context = pin_context();
    for (int a = 0; a < 2; a++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(private_key_free) PrivateKey *other = NULL;
        EXPECT_OK(private_key_generate(a == 0 ? KEY_P256 : KEY_SM2, &key));
        EXPECT_OK(private_key_generate(a == 0 ? KEY_P256 : KEY_SM2, &other));
        uint8_t bytes[BOX_BYTES_MAX], back[BOX_PLAIN_BYTES_MAX];
        Buffer out = BUFFER_OF(bytes), plain = BUFFER_OF(back);
        EXPECT_OK(box_seal(private_key_public(key), 77, &random, &context, SPAN("135790"), &out));
        Box box = { 0 };
        EXPECT_OK(box_parse(span_of_buffer(&out), &box));
        EXPECT(box.key_id == 77 && box.suite == (a == 0 ? BOX_P256_AES_256_GCM : BOX_SM2_SM4_GCM));
        EXPECT(box.context.amount == 1999 && span_equal(box.context.order, context.order));
        EXPECT_REFUSED(box_open(other, &box, &plain), REFUSED_BOX_TAMPERED);
        EXPECT_OK(box_open(key, &box, &plain));
        EXPECT(span_equal(span_of_buffer(&plain), SPAN("135790")));
    }
}

/* Every bit of a box, every cut, one byte more: refused at parsing or at opening. */
static void every_flipped_bit_is_refused(void)
{
    const Random random = random_system();
    const BoxContext context = pin_context();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    uint8_t bytes[BOX_BYTES_MAX], back[BOX_PLAIN_BYTES_MAX];
    Buffer out = BUFFER_OF(bytes), plain = BUFFER_OF(back);
    EXPECT_OK(box_seal(private_key_public(key), 77, &random, &context, SPAN("135790"), &out));
    Box box = { 0 };
    for (size_t bit = 0; bit < out.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        EXPECT(!status_ok(box_parse(span_of_buffer(&out), &box))
                || status_refused(box_open(key, &box, &plain)));
        EXPECT(plain.size == 0);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t size = 0; size < out.size; size++)
        EXPECT_REFUSED(box_parse((Span) { bytes, size }, &box), REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(box_parse((Span) { bytes, out.size + 1 }, &box), REFUSED_BOX_FORMAT);
}

/* A captured hufud puts the PIN's box under a dearer order: the context is what was sealed. */
static void another_context_does_not_open(void)
{
    const Random random = random_system();
    BoxContext context = pin_context();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    EXPECT_OK(private_key_generate(KEY_SM2, &key));
    uint8_t bytes[BOX_BYTES_MAX], other[BOX_CONTEXT_BYTES_MAX], back[BOX_PLAIN_BYTES_MAX];
    Buffer out = BUFFER_OF(bytes), changed = BUFFER_OF(other), plain = BUFFER_OF(back);
    EXPECT_OK(box_seal(private_key_public(key), 77, &random, &context, SPAN("135790"), &out));
    Box box = { 0 };
    EXPECT_OK(box_parse(span_of_buffer(&out), &box));
    context.amount = 199900;
    EXPECT_OK(box_context_put(&context, &changed));
    box.context_bytes = span_of_buffer(&changed);
    EXPECT_REFUSED(box_open(key, &box, &plain), REFUSED_BOX_TAMPERED);
}

static void contexts_have_one_encoding(void)
{
    const BoxContext context = pin_context();
    uint8_t a[BOX_CONTEXT_BYTES_MAX], b[BOX_CONTEXT_BYTES_MAX];
    Buffer first = BUFFER_OF(a), second = BUFFER_OF(b);
    BoxContext back = { 0 };
    EXPECT_OK(box_context_put(&context, &first));
    EXPECT_OK(box_context_parse(span_of_buffer(&first), &back));
    EXPECT_OK(box_context_put(&back, &second));
    EXPECT(span_equal(span_of_buffer(&first), span_of_buffer(&second)));
    /* "ab" + "c" is not "a" + "bc". */
    BoxContext left = context, right = context;
    left.tenant = SPAN("ab"), left.order = SPAN("c");
    right.tenant = SPAN("a"), right.order = SPAN("bc");
    first.size = second.size = 0;
    EXPECT_OK(box_context_put(&left, &first));
    EXPECT_OK(box_context_put(&right, &second));
    EXPECT(!span_equal(span_of_buffer(&first), span_of_buffer(&second)));
    uint8_t large[BOX_NAME_BYTES_MAX + 1] = { 0 };
    left.payee = SPAN_OF(large);
    first.size = 0;
    EXPECT_REFUSED(box_context_put(&left, &first), REFUSED_BOX_FORMAT);
    EXPECT(first.size == 0);
}

static void sizes_have_limits(void)
{
    const Random random = random_system();
    const BoxContext context = pin_context();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(private_key_free) PrivateKey *wrong_kind = NULL;
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    EXPECT_OK(private_key_generate(KEY_ED25519, &wrong_kind));
    static uint8_t large[BOX_PLAIN_BYTES_MAX + 1], bytes[BOX_BYTES_MAX];
    Buffer out = BUFFER_OF(bytes);
    const Span whole = { large, BOX_PLAIN_BYTES_MAX };
    EXPECT_OK(box_seal(private_key_public(key), 1, &random, &context, whole, &out));
    const size_t needed = out.size;
    Buffer small = { bytes, 0, needed - 1 };
    EXPECT_REFUSED(box_seal(private_key_public(key), 1, &random, &context, whole, &small),
            REFUSED_BUFFER_FULL);
    EXPECT(small.size == 0);
    out.size = 0;
    EXPECT_REFUSED(box_seal(private_key_public(key), 1, &random, &context, SPAN_OF(large), &out),
            REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(box_seal(private_key_public(wrong_kind), 1, &random, &context, SPAN("x"), &out),
            REFUSED_BOX_FORMAT);
}

/* The messages of the published vectors, of which number 0 is a box, through the session's door:
 * encryptions of RFC 9180 A.3.1 with number 1, 2, 4 (their nonces are base_nonce XOR number). */
static void sessions_count_as_rfc_9180_does(void)
{
    static const struct {
        uint64_t number;
        const char *aad, *sealed;
    } messages[] = {
        { 1, "436f756e742d31",
                "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06"
                "646e0329cbdf3c3cd655b28e82" },
        { 2, "436f756e742d32",
                "895cabfac50ce6c6eb02ffe6c048bf53b7f7be9a91fc559402cbc5b8dcaeb52b"
                "2ccc93e466c28fb55fed7a7fec" },
        { 4, "436f756e742d34",
                "8787491ee8df99bc99a246c4b3216d3d57ab5076e18fa27133f520703bc70ec9"
                "99dd36ce042e44f0c3169a6a8f" },
    };
    const Vector key = vector("868c066ef58aae6dc589b6cfdd18f97e");
    const Vector nonce = vector("4e0bc5018beba4bf004cca59");
    const Vector plain = vector("4265617574792069732074727574682c20747275746820626561757479");
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        uint8_t with[AEAD_NONCE_BYTES];
        uint8_t bytes[64];
        Buffer out = BUFFER_OF(bytes);
        const Vector aad = vector(messages[i].aad);
        memcpy(with, nonce.bytes, sizeof(with));
        hpke_message_nonce(messages[i].number, with);
        EXPECT_OK(aead_close(AEAD_AES_128_GCM, vector_span(&key), with, vector_span(&aad),
                vector_span(&plain), &out));
        EXPECT(vector_is(messages[i].sealed, bytes, out.size));
    }
}

static void sessions_of(KeyAlgorithm curve)
{
    const Random random = random_system();
    BoxContext context = pin_context();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(private_key_free) PrivateKey *other = NULL;
    EXPECT_OK(private_key_generate(curve, &key));
    EXPECT_OK(private_key_generate(curve, &other));
    static uint8_t opening[BOX_BYTES_MAX], sealed[256], opened[256];
    Buffer box_bytes = BUFFER_OF(opening);
    BoxSession mine;
    BoxSession theirs;
    Box box;
    EXPECT_OK(box_session_begin(private_key_public(key), 7, &random, &context, &box_bytes, &mine));
    EXPECT_OK(box_parse(span_of_buffer(&box_bytes), &box));
    EXPECT_REFUSED(box_session_accept(other, &box, &theirs), REFUSED_BOX_TAMPERED);
    EXPECT_OK(box_session_accept(key, &box, &theirs));
    Buffer out = BUFFER_OF(sealed);
    EXPECT_OK(box_session_seal(&mine, 5, SPAN("aad"), SPAN("value"), &out));
    const Span message = span_of_buffer(&out);
    Buffer plain = BUFFER_OF(opened);
    EXPECT_REFUSED(box_session_open(&theirs, 6, SPAN("aad"), message, &plain),
            REFUSED_BOX_TAMPERED); /* another number */
    EXPECT_REFUSED(
            box_session_open(&theirs, 5, SPAN("bad"), message, &plain), REFUSED_BOX_TAMPERED);
    EXPECT_REFUSED(box_session_open(&theirs, 0, SPAN("aad"), message, &plain), REFUSED_BOX_FORMAT);
    EXPECT_REFUSED(box_session_seal(&mine, 0, SPAN("aad"), SPAN("v"), &out), REFUSED_BOX_FORMAT);
    for (size_t bit = 0; bit < 8 * message.size; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(
                box_session_open(&theirs, 5, SPAN("aad"), message, &plain), REFUSED_BOX_TAMPERED);
        sealed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    EXPECT(plain.size == 0);
    EXPECT_OK(box_session_open(&theirs, 5, SPAN("aad"), message, &plain));
    EXPECT(span_equal(span_of_buffer(&plain), SPAN("value")));
    /* A box with something inside is no opening, and an opening of another box is another's. */
    box_bytes.size = 0;
    EXPECT_OK(box_seal(private_key_public(key), 7, &random, &context, SPAN("x"), &box_bytes));
    EXPECT_OK(box_parse(span_of_buffer(&box_bytes), &box));
    EXPECT_REFUSED(box_session_accept(key, &box, &theirs), REFUSED_BOX_FORMAT);
}

static void sessions_open_for_both_suites(void)
{
    sessions_of(KEY_P256);
    sessions_of(KEY_SM2);
}

/* PKCS#8 of a P-256 key, up to its scalar. */
#define PKCS8_HEAD "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"

/* Another implementation, for browsers: what it makes, we open. */
static void a_box_of_the_consoles_page(void)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    const Vector pkcs8 = vector(PKCS8_HEAD BOX_VECTOR_RECIPIENT);
    const Vector bytes = vector(BOX_VECTOR_BOX);
    const Vector nonce = vector(BOX_VECTOR_NONCE);
    uint8_t plain_bytes[64];
    Buffer plain = BUFFER_OF(plain_bytes);
    Box box;
    EXPECT_OK(private_key_from_pkcs8(vector_span(&pkcs8), &key));
    EXPECT_OK(box_parse(vector_span(&bytes), &box));
    EXPECT_OK(box_open(key, &box, &plain));
    EXPECT(vector_is(BOX_VECTOR_PLAIN, plain_bytes, plain.size));
    EXPECT(box.key_id == 20261128 && box.context.data_class == 103 && box.context.purpose == 60);
    EXPECT(box.context.amount == -1 && span_equal(SPAN_OF(box.context.currency), SPAN("CNY")));
    EXPECT(box.context.expiry_us == 1790000000123456);
    EXPECT(span_equal(SPAN_OF(box.context.server_nonce), vector_span(&nonce)));
    EXPECT(span_equal(box.context.tenant, SPAN(BOX_VECTOR_TENANT)));
    EXPECT(span_equal(box.context.order, SPAN(BOX_VECTOR_ORDER)));
    EXPECT(span_equal(box.context.payee, SPAN(BOX_VECTOR_PAYEE)));
}

TESTS(TEST(rfc_9180_a_3_1), TEST(cfrg_accumulated), TEST(suite_2_of_another_implementation),
        TEST(bad_points_are_refused), TEST(boxes_open_for_their_recipient_only),
        TEST(every_flipped_bit_is_refused), TEST(another_context_does_not_open),
        TEST(contexts_have_one_encoding), TEST(sizes_have_limits),
        TEST(sessions_count_as_rfc_9180_does), TEST(sessions_open_for_both_suites),
        TEST(a_box_of_the_consoles_page))

/* Goal: what vaultd hands out verifies with public keys alone; a merchant's key goes in by a box
 * and never comes out (TP-7). Method: parse each answer as a stranger would. Sources:
 * c2sp.org/signed-note; reference/message.md section 1. */
#include "base/encoding.h"
#include "crypto/aead.h"
#include "policy/purposes.h"
#include "vault/checkpoint.h"
#include "vault/vault_test_house.h"

/* The next framed field of the answer. */
static Span framed(Cursor *c)
{
    Span field = { NULL, 0 };
    ASSERT(status_ok(cursor_framed(c, 65536, &field)));
    return field;
}

static void test_signatures(void)
{
    CLEANUP(house_done) House *h = house_open();
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u32(&b, 2));
    EXPECT_OK(wire_put_sign_item(&b, &(WireSignItem) { WIRE_SIGN_RSA, 0, SPAN("first") }));
    EXPECT_OK(wire_put_sign_item(&b, &(WireSignItem) { WIRE_SIGN_SM2, 0, SPAN("second") }));
    EXPECT_OK(house_ask(h, VAULT_SIGN, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t count = 0;
    EXPECT_OK(cursor_u32(&c, &count));
    EXPECT(count == 2);
    const Certificate *rsa = keys_certificate(house_keys(), KEY_PLATFORM_RSA);
    const Certificate *sm2 = keys_certificate(house_keys(), KEY_PLATFORM_SM2);
    EXPECT_OK(sign_verify(certificate_key(rsa), SPAN("first"), framed(&c)));
    EXPECT_OK(sign_verify(certificate_key(sm2), SPAN("second"), framed(&c)));
    memory[4] = 3; /* no such key */
    EXPECT_REFUSED(house_ask(h, VAULT_SIGN, span_of_buffer(&b)), REFUSED_KEY_UNKNOWN);
}

/* A captured hufud would name a box key of its own, or make itself a certificate. */
static void test_nothing_of_ours_is_signed_for_others(void)
{
    static const char *const forged[] = { "hufu-box-key\0\0\0\1", "hufu-", "\x30\x82\x01" };
    CLEANUP(house_done) House *h = house_open();
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        for (uint8_t key = WIRE_SIGN_RSA; key <= WIRE_SIGN_SM2; key++) {
            uint8_t memory[64];
            Buffer b = BUFFER_OF(memory);
            EXPECT_OK(buffer_put_u32(&b, 1));
            EXPECT_OK(wire_put_sign_item(&b, &(WireSignItem) { key, 0, span_of_text(forged[i]) }));
            EXPECT_REFUSED(house_ask(h, VAULT_SIGN, span_of_buffer(&b)), REFUSED_VAULT_FORBIDDEN);
        }
    }
    uint8_t memory[64]; /* an answer's time, also one that begins like DER */
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u32(&b, 1));
    EXPECT_OK(wire_put_sign_item(&b, &(WireSignItem) { WIRE_SIGN_RSA, 0, SPAN("0123\nn\n\n") }));
    EXPECT_OK(house_ask(h, VAULT_SIGN, span_of_buffer(&b)));
}

static void test_box_key_is_certified(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_ask(h, VAULT_BOX_KEY, SPAN("")));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    WireBoxKey key;
    EXPECT_OK(wire_take_box_key(&c, &key));
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put(&b, SPAN("hufu-box-key")));
    EXPECT_OK(buffer_put_u32(&b, key.key_id));
    EXPECT_OK(buffer_put_u8(&b, key.suite));
    EXPECT_OK(buffer_put_i64(&b, key.expires_us));
    EXPECT_OK(buffer_put(&b, key.public_key));
    const Certificate *rsa = keys_certificate(house_keys(), KEY_PLATFORM_RSA);
    EXPECT_OK(sign_verify(certificate_key(rsa), span_of_buffer(&b), key.signature));
    EXPECT(key.expires_us > h->now_us);
}

/* "— name base64": the signature behind the key hash. */
static Status take_line(Cursor *c, Span origin, Buffer *ret_line)
{
    Span line;
    TRY(cursor_until(c, '\n', &line));
    Cursor parts = cursor_of(line);
    Span dash;
    Span name;
    TRY(cursor_until(&parts, ' ', &dash));
    TRY(cursor_until(&parts, ' ', &name));
    REQUIRE(span_equal(dash, SPAN("\u2014")) && span_equal(name, origin),
            REFUSED_CHECKPOINT_FORMAT);
    return base64_decode(parts.rest, ret_line);
}

static void test_checkpoint_is_a_signed_note(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    EXPECT_OK(house_ask(h, VAULT_CHECKPOINT, SPAN("")));
    const Span note = span_of_buffer(&h->answer);
    Cursor c = cursor_of(note);
    Span origin, size, root, empty;
    EXPECT_OK(cursor_until(&c, '\n', &origin));
    EXPECT_OK(cursor_until(&c, '\n', &size));
    EXPECT_OK(cursor_until(&c, '\n', &root));
    const Span text = { note.data, note.size - c.rest.size };
    EXPECT_OK(cursor_until(&c, '\n', &empty));
    EXPECT(span_equal(size, SPAN("1")) && empty.size == 0);
    uint8_t root_memory[32];
    Buffer root_bytes = BUFFER_OF(root_memory);
    EXPECT_OK(base64_decode(root, &root_bytes));
    EXPECT(bytes_equal_ct(root_memory, h->root, 32));
    static const KeyRole roles[] = { KEY_CHECKPOINT_ED25519, KEY_CHECKPOINT_SM2 };
    for (int i = 0; i < 2; i++) {
        uint8_t memory[SIGN_BYTES_MAX + 4];
        Buffer line = BUFFER_OF(memory);
        EXPECT_OK(take_line(&c, origin, &line));
        const Span signature = { line.data + 4, line.size - 4 };
        const PublicKey *key = private_key_public(keys_private(house_keys(), roles[i]));
        EXPECT_OK(sign_verify(key, text, signature));
    }
    EXPECT(c.rest.size == 0);
}

/* --- a merchant's certificate --- */

static Status ask_leaf(House *h, Span mchid, Span pem, int64_t ends_us)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(wire_put_merchant_leaf(&b, &(WireMerchantLeaf) { mchid, pem, ends_us }));
    return house_ask(h, VAULT_MERCHANT_LEAF, span_of_buffer(&b));
}

/* It is of the merchants' authority, for this very key, and names the merchant. */
static void check_leaf(KeyAlgorithm algorithm)
{
    CLEANUP(house_done) House *h = house_open();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(certificate_free) Certificate *authority = NULL;
    uint8_t pem_memory[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t name_memory[CERTIFICATE_NAME_BYTES_MAX];
    uint8_t prints[2][DIGEST_SHA256_BYTES];
    Buffer pem = BUFFER_OF(pem_memory);
    Buffer name = BUFFER_OF(name_memory);
    const int64_t ends_us = h->now_us + (int64_t)86400 * 1000000;
    EXPECT_OK(private_key_generate(algorithm, &key));
    EXPECT_OK(certificate_request(key, SPAN("another name"), &pem));
    EXPECT_OK(ask_leaf(h, SPAN("1900000109"), span_of_buffer(&pem), ends_us));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    EXPECT_OK(certificate_from_der(framed(&c), &leaf));
    EXPECT_OK(certificate_from_der(framed(&c), &authority));
    EXPECT_OK(certificate_verify(leaf, authority, h->now_us));
    EXPECT_REFUSED(certificate_verify(leaf, keys_certificate(house_keys(), KEY_TLS_CA), h->now_us),
            REFUSED_CERTIFICATE_INVALID);
    EXPECT_OK(certificate_common_name(leaf, &name));
    EXPECT(span_equal(span_of_buffer(&name), SPAN("1900000109")));
    public_key_fingerprint(private_key_public(key), prints[0]);
    public_key_fingerprint(certificate_key(leaf), prints[1]);
    EXPECT(span_equal(SPAN_OF(prints[0]), SPAN_OF(prints[1])));
    EXPECT(certificate_not_after_us(leaf) == ends_us);

    EXPECT_REFUSED(ask_leaf(h, SPAN("1900000109"), span_of_buffer(&pem), h->now_us),
            REFUSED_CERTIFICATE_INVALID);
    /* A bare key proves nothing; nor does a request whose signature is of another. */
    Buffer bare = BUFFER_OF(pem_memory);
    EXPECT_OK(public_key_to_pem(private_key_public(key), &bare));
    EXPECT_REFUSED(
            ask_leaf(h, SPAN("1900000109"), span_of_buffer(&bare), ends_us), REFUSED_KEY_FORMAT);
}

static void test_a_merchants_certificate_of_rsa(void) { check_leaf(KEY_RSA); }
static void test_a_merchants_certificate_of_sm2(void) { check_leaf(KEY_SM2); }

/* Each byte of a request changed in turn: never a certificate. */
static void test_a_changed_request_is_refused(void)
{
    CLEANUP(house_done) House *h = house_open();
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t pem_memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_memory);
    const int64_t ends_us = h->now_us + (int64_t)86400 * 1000000;
    EXPECT_OK(private_key_generate(KEY_SM2, &key));
    EXPECT_OK(certificate_request(key, SPAN("1900000109"), &pem));
    const int64_t over[] = { INT64_MIN, 0, h->now_us };
    for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
        EXPECT_REFUSED(ask_leaf(h, SPAN("1900000109"), span_of_buffer(&pem), over[i]),
                REFUSED_CERTIFICATE_INVALID);
    const size_t head = sizeof("-----BEGIN CERTIFICATE REQUEST-----\n") - 1;
    for (size_t i = head; i + 40 < pem.size; i++) {
        const uint8_t was = pem_memory[i];
        if (was == '\n') continue;
        pem_memory[i] = was == 'A' ? 'B' : 'A';
        EXPECT(status_refused(ask_leaf(h, SPAN("1900000109"), span_of_buffer(&pem), ends_us)));
        pem_memory[i] = was;
    }
    CLEANUP(private_key_free) PrivateKey *p256 = NULL;
    pem.size = 0;
    EXPECT_OK(private_key_generate(KEY_P256, &p256));
    EXPECT_OK(certificate_request(p256, SPAN("1900000109"), &pem));
    EXPECT_REFUSED(
            ask_leaf(h, SPAN("1900000109"), span_of_buffer(&pem), ends_us), REFUSED_KEY_FORMAT);
}

/* --- a merchant's key --- */

static const char *const api_key = "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb"; /* Tencent's own example */

static Status protect(House *h, const char *key, Span tenant, Span asked_tenant, Buffer *ret_field)
{
    uint8_t memory[2 * BOX_BYTES_MAX];
    uint8_t box_memory[BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Buffer box = BUFFER_OF(box_memory);
    const Random random = random_system();
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *recipient = NULL;
    TRY(keys_box_today(house_keys(), &today));
    TRY(public_key_from_point(KEY_P256, SPAN_OF(today.point), &recipient));
    const BoxContext context = { .data_class = CLASS_SIGNING_KEY,
        .purpose = BOX_PURPOSE_SIGNING_KEY,
        .expiry_us = h->now_us + 1000000,
        .tenant = tenant,
        .payee = tenant };
    TRY(box_seal(recipient, today.key_id, &random, &context, span_of_text(key), &box));
    TRY(buffer_put_framed(&b, span_of_buffer(&box)));
    TRY(buffer_put_framed(&b, asked_tenant));
    TRY(house_ask(h, VAULT_PROTECT, span_of_buffer(&b)));
    ret_field->size = 0;
    return buffer_put(ret_field, span_of_buffer(&h->answer));
}

static Status encrypt(House *h, Span tenant, Span field, uint8_t suite)
{
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, tenant));
    TRY(buffer_put_framed(&b, field));
    TRY(buffer_put_u8(&b, suite));
    TRY(buffer_put_framed(&b, SPAN("certificate")));
    TRY(buffer_put_framed(&b, SPAN("what the merchant reads")));
    return house_ask(h, VAULT_ENCRYPT_DOWNLINK, span_of_buffer(&b));
}

static void test_downlink(void)
{
    CLEANUP(house_done) House *h = house_open();
    uint8_t field_memory[512];
    Buffer field = BUFFER_OF(field_memory);
    EXPECT_REFUSED(protect(h, "too short", SPAN("m1"), SPAN("m1"), &field), REFUSED_SEAL_SIZE);
    EXPECT_REFUSED(protect(h, api_key, SPAN("m1"), SPAN("m2"), &field), REFUSED_BOX_CONTEXT);
    EXPECT_OK(protect(h, api_key, SPAN("m1"), SPAN("m1"), &field));
    EXPECT_REFUSED(encrypt(h, SPAN("m2"), span_of_buffer(&field), AEAD_AES_256_GCM),
            REFUSED_SEAL_TAMPERED);
    EXPECT_REFUSED(
            encrypt(h, SPAN("m1"), span_of_buffer(&field), AEAD_AES_128_GCM), REFUSED_KEY_UNKNOWN);

    /* reference/message.md: the SM4 key of this example. */
    static const uint8_t sm4_key[16] = { 0xfa, 0x20, 0x28, 0x80, 0x1e, 0x86, 0xd4, 0x5f, 0x56, 0x38,
        0xca, 0xda, 0xfb, 0x5d, 0xb2, 0xe9 };
    const Span keys[] = { span_of_text(api_key), SPAN_OF(sm4_key) };
    static const AeadSuite suites[] = { AEAD_AES_256_GCM, AEAD_SM4_GCM };
    for (int i = 0; i < 2; i++) {
        uint8_t plain_memory[64];
        Buffer plain = BUFFER_OF(plain_memory);
        EXPECT_OK(encrypt(h, SPAN("m1"), span_of_buffer(&field), (uint8_t)suites[i]));
        Cursor c = cursor_of(span_of_buffer(&h->answer));
        const Span nonce = framed(&c);
        EXPECT(nonce.size == AEAD_NONCE_BYTES && span_is_utf8(nonce));
        EXPECT_OK(
                aead_open(suites[i], keys[i], nonce.data, SPAN("certificate"), framed(&c), &plain));
        EXPECT(span_equal(span_of_buffer(&plain), SPAN("what the merchant reads")));
    }
}

TESTS(TEST(test_a_merchants_certificate_of_rsa), TEST(test_a_merchants_certificate_of_sm2),
        TEST(test_a_changed_request_is_refused), TEST(test_signatures),
        TEST(test_nothing_of_ours_is_signed_for_others), TEST(test_box_key_is_certified),
        TEST(test_checkpoint_is_a_signed_note), TEST(test_downlink))

/*
 * Why suite 2 is not SM2's own public-key encryption (GB/T 32918.4): that hides a message and a
 * hash of it, but has no room for associated data. HPKE's construction has proofs for any group in
 * which Diffie-Hellman is hard, and one code path for both suites means one set of tests. A client
 * needs only point multiplication on the SM2 curve, HMAC-SM3 and SM4-GCM, which every library of
 * them has. Its ids come from no registry: 0xFF02 lies in no assigned range and names "our second
 * suite".
 */
#include "crypto/box.h"

#include "base/secret.h"
#include "crypto/box_inside.h"
#include "crypto/hpke.h"
#include "crypto/key_inside.h"

_Static_assert((int)BOX_POINT_BYTES == (int)HPKE_POINT_BYTES, "one size of point");
_Static_assert(sizeof(((BoxSession *)0)->key) == AEAD_KEY_BYTES_MAX
                && sizeof(((BoxSession *)0)->nonce) == AEAD_NONCE_BYTES,
        "a session holds what HPKE made");

enum {
    BOX_VERSION = 1,
    SPELLED_VERSION = 2,
    CONTEXT_VERSION = 1,
    SCALAR_TRIES_MAX = 8,
    INFO_BYTES_MAX = 32
};

static const HpkeSuite international = { KEY_P256, MAC_HMAC_SHA256, AEAD_AES_256_GCM, 0x0010,
    0x0001, 0x0002 };
static const HpkeSuite chinese = { KEY_SM2, MAC_HMAC_SM3, AEAD_SM4_GCM, 0xFF02, 0xFF02, 0xFF02 };

static const HpkeSuite *hpke_of(BoxSuite suite)
{
    return suite == BOX_SM2_SM4_GCM ? &chinese : &international;
}

/* --- the context --- */

static bool fits(Span name) { return name.size <= BOX_NAME_BYTES_MAX; }

static Status put_context(const BoxContext *context, Buffer *out)
{
    TRY(buffer_put_u8(out, CONTEXT_VERSION));
    TRY(buffer_put_u16(out, context->data_class));
    TRY(buffer_put_u16(out, context->purpose));
    TRY(buffer_put_i64(out, context->amount));
    TRY(buffer_put(out, SPAN_OF(context->currency)));
    TRY(buffer_put_i64(out, context->expiry_us));
    TRY(buffer_put(out, SPAN_OF(context->server_nonce)));
    TRY(buffer_put_framed(out, context->tenant));
    TRY(buffer_put_framed(out, context->order));
    return buffer_put_framed(out, context->payee);
}

Status box_context_put(const BoxContext *context, Buffer *ret_bytes)
{
    REQUIRE(fits(context->tenant) && fits(context->order) && fits(context->payee),
            REFUSED_BOX_FORMAT);
    Buffer out = *ret_bytes;
    TRY(put_context(context, &out));
    ret_bytes->size = out.size;
    return OK;
}

static Status take_context(Cursor *c, BoxContext *context)
{
    uint8_t version = 0;
    TRY(cursor_u8(c, &version));
    REQUIRE(version == CONTEXT_VERSION, REFUSED_BOX_FORMAT);
    TRY(cursor_u16(c, &context->data_class));
    TRY(cursor_u16(c, &context->purpose));
    TRY(cursor_i64(c, &context->amount));
    TRY(cursor_copy(c, sizeof(context->currency), context->currency));
    TRY(cursor_i64(c, &context->expiry_us));
    TRY(cursor_copy(c, BOX_NONCE_BYTES, context->server_nonce));
    TRY(cursor_framed(c, BOX_NAME_BYTES_MAX, &context->tenant));
    TRY(cursor_framed(c, BOX_NAME_BYTES_MAX, &context->order));
    TRY(cursor_framed(c, BOX_NAME_BYTES_MAX, &context->payee));
    return cursor_end(c);
}

Status box_context_parse(Span bytes, BoxContext *ret_context)
{
    Cursor c = cursor_of(bytes);
    BoxContext context = { 0 };
    REQUIRE(status_ok(take_context(&c, &context)), REFUSED_BOX_FORMAT);
    *ret_context = context;
    return OK;
}

/* --- the box --- */

static Status take_box(Cursor *c, Box *box)
{
    uint8_t version = 0;
    uint8_t suite = 0;
    TRY(cursor_u8(c, &version));
    TRY(cursor_u8(c, &suite));
    REQUIRE(version == BOX_VERSION || version == SPELLED_VERSION, REFUSED_BOX_FORMAT);
    box->is_spelled = version == SPELLED_VERSION;
    REQUIRE(suite == BOX_P256_AES_256_GCM || suite == BOX_SM2_SM4_GCM, REFUSED_BOX_FORMAT);
    box->suite = (BoxSuite)suite;
    TRY(cursor_u32(c, &box->key_id));
    TRY(cursor_framed(c, BOX_POINT_BYTES, &box->encapsulated));
    REQUIRE(box->encapsulated.size == BOX_POINT_BYTES, REFUSED_BOX_FORMAT);
    TRY(cursor_framed(c, BOX_CONTEXT_BYTES_MAX, &box->context_bytes));
    TRY(box_context_parse(box->context_bytes, &box->context));
    TRY(cursor_framed(c, BOX_PLAIN_BYTES_MAX + AEAD_TAG_BYTES, &box->sealed));
    REQUIRE(box->sealed.size >= AEAD_TAG_BYTES, REFUSED_BOX_FORMAT);
    if (box->is_spelled) {
        REQUIRE(box->sealed.size == AEAD_TAG_BYTES, REFUSED_BOX_FORMAT);
        TRY(cursor_framed(c, BOX_PLAIN_BYTES_MAX, &box->strokes));
        TRY(cursor_framed(c, BOX_END_BYTES, &box->end));
        REQUIRE(box->end.size == BOX_END_BYTES, REFUSED_BOX_FORMAT);
    }
    return cursor_end(c);
}

Status box_parse(Span bytes, Box *ret_box)
{
    Cursor c = cursor_of(bytes);
    Box box = { 0 };
    REQUIRE(status_ok(take_box(&c, &box)), REFUSED_BOX_FORMAT);
    *ret_box = box;
    return OK;
}

/* info: whatever the header says is part of the key. */
static void schedule(const Box *box, const uint8_t secret[HPKE_SECRET_BYTES], HpkeKeys *ret_keys)
{
    const uint8_t version = box->is_spelled ? SPELLED_VERSION : BOX_VERSION;
    uint8_t bytes[INFO_BYTES_MAX];
    Buffer info = BUFFER_OF(bytes);
    ASSERT(status_ok(buffer_put(&info, SPAN("hufu box 1"))));
    ASSERT(status_ok(buffer_put_u8(&info, version)));
    ASSERT(status_ok(buffer_put_u8(&info, (uint8_t)box->suite)));
    ASSERT(status_ok(buffer_put_u32(&info, box->key_id)));
    hpke_schedule(hpke_of(box->suite), secret, span_of_buffer(&info), ret_keys);
}

/* A random scalar is out of range once in 2^32 times: draw again. */
static Status encapsulate(const HpkeSuite *suite, const uint8_t recipient[BOX_POINT_BYTES],
        const Random *random, uint8_t ret_encapsulated[BOX_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES])
{
    uint8_t scalar[HPKE_SCALAR_BYTES];
    Status s = REFUSE(REFUSED_KEY_FORMAT);
    for (int i = 0; i < SCALAR_TRIES_MAX && status_is(s, REFUSED_KEY_FORMAT); i++) {
        s = random_fill(random, scalar, sizeof(scalar));
        if (status_ok(s))
            s = hpke_encapsulate(suite, scalar, recipient, ret_encapsulated, ret_secret);
    }
    bytes_wipe(scalar, sizeof(scalar));
    return s;
}

static Status put_box(const Box *box, const HpkeKeys *keys, Span plain, Buffer *out)
{
    const HpkeSuite *suite = hpke_of(box->suite);
    TRY(buffer_put_u8(out, BOX_VERSION));
    TRY(buffer_put_u8(out, (uint8_t)box->suite));
    TRY(buffer_put_u32(out, box->key_id));
    TRY(buffer_put_framed(out, box->encapsulated));
    TRY(buffer_put_framed(out, box->context_bytes));
    TRY(buffer_put_u32(out, (uint32_t)(plain.size + AEAD_TAG_BYTES)));
    return aead_close(suite->aead, (Span) { keys->key, aead_key_bytes(suite->aead) }, keys->nonce,
            box->context_bytes, plain, out);
}

/* Both kinds of beginning: a box, and a box whose keys are kept for more. */
static Status begin(const PublicKey *recipient, uint32_t key_id, const Random *random,
        const BoxContext *context, Span plain, Buffer *ret_box, HpkeKeys *ret_keys)
{
    REQUIRE(recipient->algorithm == KEY_P256 || recipient->algorithm == KEY_SM2,
            REFUSED_BOX_FORMAT);
    REQUIRE(plain.size <= BOX_PLAIN_BYTES_MAX, REFUSED_BOX_FORMAT);
    uint8_t context_bytes[BOX_CONTEXT_BYTES_MAX];
    Buffer aad = BUFFER_OF(context_bytes);
    TRY(box_context_put(context, &aad));

    uint8_t point[BOX_POINT_BYTES];
    const Box box = {
        .suite = recipient->algorithm == KEY_SM2 ? BOX_SM2_SM4_GCM : BOX_P256_AES_256_GCM,
        .key_id = key_id,
        .encapsulated = SPAN_OF(point),
        .context_bytes = span_of_buffer(&aad),
    };
    uint8_t secret[HPKE_SECRET_BYTES];
    TRY(encapsulate(hpke_of(box.suite), recipient->point, random, point, secret));
    schedule(&box, secret, ret_keys);
    bytes_wipe(secret, sizeof(secret));

    Buffer out = *ret_box; /* the caller's size moves only at the end */
    TRY(put_box(&box, ret_keys, plain, &out));
    ret_box->size = out.size;
    return OK;
}

Status box_seal(const PublicKey *recipient, uint32_t key_id, const Random *random,
        const BoxContext *context, Span plain, Buffer *ret_box)
{
    CLEANUP(hpke_keys_wipe) HpkeKeys keys;
    return begin(recipient, key_id, random, context, plain, ret_box, &keys);
}

static Status recover(const PrivateKey *recipient, const Box *box, HpkeKeys *ret_keys)
{
    const HpkeSuite *suite = hpke_of(box->suite);
    REQUIRE(recipient->algorithm == suite->curve, REFUSED_BOX_FORMAT);
    ASSERT(box->encapsulated.size == BOX_POINT_BYTES);
    uint8_t secret[HPKE_SECRET_BYTES];
    TRY(hpke_decapsulate(suite, recipient->scalar, recipient->public_half->point,
            box->encapsulated.data, secret));
    schedule(box, secret, ret_keys);
    bytes_wipe(secret, sizeof(secret));
    return OK;
}

static Status open_with(const HpkeSuite *suite, const uint8_t *key,
        const uint8_t nonce[AEAD_NONCE_BYTES], Span aad, Span sealed, Buffer *ret_plain)
{
    const Span key_bytes = { key, aead_key_bytes(suite->aead) };
    const Status s = aead_open(suite->aead, key_bytes, nonce, aad, sealed, ret_plain);
    if (status_is(s, REFUSED_AEAD_TAMPERED)) return REFUSE(REFUSED_BOX_TAMPERED);
    return s;
}

Status box_open(const PrivateKey *recipient, const Box *box, Buffer *ret_plain)
{
    if (box->is_spelled) return box_spelled_open(recipient, box, ret_plain);
    CLEANUP(hpke_keys_wipe) HpkeKeys keys;
    TRY(recover(recipient, box, &keys));
    return open_with(
            hpke_of(box->suite), keys.key, keys.nonce, box->context_bytes, box->sealed, ret_plain);
}

/* --- sessions --- */

void box_session_wipe(BoxSession *session) { bytes_wipe(session, sizeof(*session)); }

static void keep(BoxSuite suite, const HpkeKeys *keys, BoxSession *ret_session)
{
    ret_session->suite = (uint8_t)suite;
    memcpy(ret_session->key, keys->key, sizeof(ret_session->key));
    memcpy(ret_session->nonce, keys->nonce, sizeof(ret_session->nonce));
}

Status box_session_begin(const PublicKey *recipient, uint32_t key_id, const Random *random,
        const BoxContext *context, Buffer *ret_box, BoxSession *ret_session)
{
    CLEANUP(hpke_keys_wipe) HpkeKeys keys = { 0 };
    TRY(begin(recipient, key_id, random, context, (Span) { NULL, 0 }, ret_box, &keys));
    keep(recipient->algorithm == KEY_SM2 ? BOX_SM2_SM4_GCM : BOX_P256_AES_256_GCM, &keys,
            ret_session);
    return OK;
}

Status box_accept(const PrivateKey *recipient, const Box *box, BoxSession *ret_session)
{
    REQUIRE(box->sealed.size == AEAD_TAG_BYTES, REFUSED_BOX_FORMAT);
    uint8_t nothing[1];
    Buffer plain = { nothing, 0, 0 };
    CLEANUP(hpke_keys_wipe) HpkeKeys keys = { 0 };
    TRY(recover(recipient, box, &keys));
    TRY(open_with(
            hpke_of(box->suite), keys.key, keys.nonce, box->context_bytes, box->sealed, &plain));
    keep(box->suite, &keys, ret_session);
    return OK;
}

Status box_session_accept(const PrivateKey *recipient, const Box *box, BoxSession *ret_session)
{
    REQUIRE(!box->is_spelled, REFUSED_BOX_FORMAT);
    return box_accept(recipient, box, ret_session);
}

Status box_session_seal(
        const BoxSession *session, uint64_t number, Span aad, Span plain, Buffer *ret_sealed)
{
    REQUIRE(number > 0 && plain.size <= BOX_PLAIN_BYTES_MAX, REFUSED_BOX_FORMAT);
    const HpkeSuite *suite = hpke_of((BoxSuite)session->suite);
    uint8_t nonce[AEAD_NONCE_BYTES];
    memcpy(nonce, session->nonce, sizeof(nonce));
    hpke_message_nonce(number, nonce);
    const Span key = { session->key, aead_key_bytes(suite->aead) };
    return aead_close(suite->aead, key, nonce, aad, plain, ret_sealed);
}

Status box_session_open(
        const BoxSession *session, uint64_t number, Span aad, Span sealed, Buffer *ret_plain)
{
    REQUIRE(number > 0, REFUSED_BOX_FORMAT);
    uint8_t nonce[AEAD_NONCE_BYTES];
    memcpy(nonce, session->nonce, sizeof(nonce));
    hpke_message_nonce(number, nonce);
    return open_with(
            hpke_of((BoxSuite)session->suite), session->key, nonce, aad, sealed, ret_plain);
}

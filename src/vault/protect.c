#include "vault/protect.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "ipc/vault_wire.h"
#include "policy/purposes.h"
#include "vault/approval.h"

enum {
    RECORD_WITH_OWNER = 2, /* a sealed field alone begins with its own version, 1 */
    WRAPPED_BYTES_MAX = 256,
    PLACE_BYTES_MAX = 16 + PROTECT_TENANT_BYTES_MAX + 1 + 2 * PROTECT_OWNER_BYTES,
};

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* `owner`: PROTECT_OWNER_BYTES, or empty. */
static Status put_place(Span tenant, Span owner, Buffer *b)
{
    REQUIRE(tenant.size > 0 && tenant.size <= PROTECT_TENANT_BYTES_MAX, REFUSED_SEAL_SIZE);
    TRY(buffer_put(b, SPAN("signing-key/")));
    TRY(buffer_put(b, tenant));
    if (owner.size == 0) return OK;
    TRY(buffer_put_u8(b, '/'));
    return hex_encode(owner, b);
}

static Status check_context(const BoxContext *context, Span tenant, int64_t now_us)
{
    const bool same = context->data_class == CLASS_SIGNING_KEY
            && context->purpose == BOX_PURPOSE_SIGNING_KEY && span_equal(context->tenant, tenant)
            && span_equal(context->payee, tenant) && context->amount == 0;
    REQUIRE(same, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= now_us, REFUSED_BOX_EXPIRED);
    return OK;
}

/* The v3 profile's key is 32 letters and digits. Anything else was typed into the wrong field. */
static bool is_api_key(Span key)
{
    if (key.size != PROTECT_KEY_BYTES) return false;
    for (size_t i = 0; i < key.size; i++) {
        const uint8_t c = key.data[i];
        const bool fits =
                (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!fits) return false;
    }
    return true;
}

static Status take_owner(Span text, Buffer *ret_owner)
{
    REQUIRE(text.size == 0 || text.size == 2 * PROTECT_OWNER_BYTES, REFUSED_BOX_CONTEXT);
    REQUIRE(status_ok(hex_decode(text, ret_owner)), REFUSED_BOX_CONTEXT);
    return OK;
}

Status protect_signing_key(const Protect *protect, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span bytes;
    Span tenant;
    Box box;
    TRY(cursor_framed(&c, BOX_BYTES_MAX, &bytes));
    TRY(cursor_framed(&c, PROTECT_TENANT_BYTES_MAX, &tenant));
    TRY(cursor_end(&c));
    TRY(box_parse(bytes, &box));
    TRY(check_context(&box.context, tenant, clock_now_us(&protect->clock)));

    uint8_t owner_memory[PROTECT_OWNER_BYTES];
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer owner = BUFFER_OF(owner_memory);
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(take_owner(box.context.order, &owner));
    TRY(put_place(tenant, span_of_buffer(&owner), &place));
    TRY(keys_box_open(protect->keys, &box, &plain));
    REQUIRE(is_api_key(span_of_buffer(&plain)), REFUSED_SEAL_SIZE);
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    TRY(keys_seal_copy(protect->keys, KEY_FIELD, 0, &key));
    if (owner.size > 0) TRY(buffer_put_u8(ret_answer, RECORD_WITH_OWNER));
    TRY(buffer_put(ret_answer, span_of_buffer(&owner)));
    return seal_close(
            &key, &protect->random, span_of_buffer(&place), span_of_buffer(&plain), ret_answer);
}

void protected_key_wipe(ProtectedKey *key) { bytes_wipe(key, sizeof(*key)); }

Status protect_open(const Protect *protect, Span tenant, Span record, ProtectedKey *ret_key)
{
    Span field = record;
    Span owner = { NULL, 0 };
    if (record.size > 1 + PROTECT_OWNER_BYTES && record.data[0] == RECORD_WITH_OWNER) {
        owner = (Span) { record.data + 1, PROTECT_OWNER_BYTES };
        field = (Span) { owner.data + owner.size, record.size - 1 - owner.size };
    }
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t key_memory[PROTECT_KEY_BYTES];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer key = BUFFER_OF(key_memory);
    CLEANUP(seal_key_wipe) SealKey field_key = { 0 };
    TRY(put_place(tenant, owner, &place));
    TRY(keys_seal_copy_for(protect->keys, KEY_FIELD, field, &field_key));
    TRY(seal_open(&field_key, span_of_buffer(&place), field, &key));
    REQUIRE(key.size == PROTECT_KEY_BYTES, REFUSED_SEAL_SIZE);
    memcpy(ret_key->bytes, key.data, key.size);
    ret_key->has_owner = owner.size > 0;
    if (owner.size > 0) memcpy(ret_key->owner, owner.data, owner.size);
    return OK;
}

/* --- downlink --- */

typedef struct Downlink {
    Span tenant;
    Span field;
    uint8_t suite;
    Span aad;
    Span plain;
} Downlink;

static Status take_downlink(Span request, Downlink *ret)
{
    Cursor c = cursor_of(request);
    TRY(cursor_framed(&c, PROTECT_TENANT_BYTES_MAX, &ret->tenant));
    TRY(cursor_framed(&c, SEAL_PLAIN_BYTES_MAX, &ret->field));
    TRY(cursor_u8(&c, &ret->suite));
    TRY(cursor_framed(&c, WIRE_TEXT_BYTES_MAX, &ret->aad));
    TRY(cursor_framed(&c, PROTECT_PLAIN_BYTES_MAX, &ret->plain));
    return cursor_end(&c);
}

/* The nonce travels as text in the v3 profile: 12 characters of 64 are 72 random bits. */
static Status make_nonce(const Random *random, uint8_t ret_nonce[AEAD_NONCE_BYTES])
{
    static const char letters[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    TRY(random_fill(random, ret_nonce, AEAD_NONCE_BYTES));
    for (size_t i = 0; i < AEAD_NONCE_BYTES; i++)
        ret_nonce[i] = (uint8_t)letters[ret_nonce[i] & 63];
    return OK;
}

/* AES takes the key as it is; SM4 the first half of its SM3. */
static Status derive_downlink_key(AeadSuite suite, Span api_key, Secret *ret_key)
{
    uint8_t digest[DIGEST_SM3_BYTES];
    if (suite == AEAD_AES_256_GCM) return secret_set(ret_key, api_key);
    REQUIRE(suite == AEAD_SM4_GCM, REFUSED_KEY_UNKNOWN);
    sm3(api_key, digest);
    const Status s = secret_set(ret_key, (Span) { digest, aead_key_bytes(AEAD_SM4_GCM) });
    bytes_wipe(digest, sizeof(digest));
    return s;
}

static Status encrypt(const Downlink *downlink, Span key, const uint8_t nonce[AEAD_NONCE_BYTES],
        Buffer *ret_answer)
{
    uint8_t *at = NULL;
    TRY(buffer_put_framed(ret_answer, (Span) { nonce, AEAD_NONCE_BYTES }));
    const size_t size = downlink->plain.size + AEAD_TAG_BYTES;
    TRY(buffer_put_u32(ret_answer, (uint32_t)size));
    TRY(buffer_reserve(ret_answer, size, &at));
    Buffer cipher = { at, 0, size };
    return aead_close(
            (AeadSuite)downlink->suite, key, nonce, downlink->aad, downlink->plain, &cipher);
}

Status protect_encrypt_downlink(const Protect *protect, Span request, Buffer *ret_answer)
{
    Downlink downlink;
    TRY(take_downlink(request, &downlink));
    uint8_t nonce[AEAD_NONCE_BYTES];
    CLEANUP(protected_key_wipe) ProtectedKey api_key = { 0 };
    CLEANUP(secret_wipe) Secret key = { 0 };
    TRY(protect_open(protect, downlink.tenant, downlink.field, &api_key));
    TRY(derive_downlink_key((AeadSuite)downlink.suite, SPAN_OF(api_key.bytes), &key));
    TRY(make_nonce(&protect->random, nonce));
    return encrypt(&downlink, secret_span(&key), nonce, ret_answer);
}

/* --- the key of a backup --- */

Status protect_wrap_key(const Protect *protect, Buffer *ret_answer)
{
    CLEANUP(secret_wipe) Secret key = { .size = PROTECT_KEY_BYTES };
    uint8_t memory[WRAPPED_BYTES_MAX];
    Buffer wrapped = BUFFER_OF(memory);
    TRY(random_fill(&protect->random, key.bytes, PROTECT_KEY_BYTES));
    CLEANUP(seal_key_wipe) SealKey backup = { 0 };
    TRY(keys_seal_copy(protect->keys, KEY_BACKUP, 0, &backup));
    TRY(seal_close(
            &backup, &protect->random, SPAN("backup-data-key"), secret_span(&key), &wrapped));
    TRY(buffer_put_framed(ret_answer, span_of_buffer(&wrapped)));
    return buffer_put_framed(ret_answer, secret_span(&key));
}

Status protect_unwrap_key(const Protect *protect, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span subject;
    Span wrapped;
    MemoryApprovals approvals;
    TRY(approval_take(protect->memory, &c, SPAN("unwrap-backup"), clock_now_us(&protect->clock),
            &subject, &approvals));
    TRY(cursor_framed(&c, WRAPPED_BYTES_MAX, &wrapped));
    TRY(cursor_end(&c));
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(wrapped, digest);
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);

    uint8_t key_memory[PROTECT_KEY_BYTES];
    CLEANUP(wipe_buffer) Buffer key = BUFFER_OF(key_memory);
    CLEANUP(seal_key_wipe) SealKey backup = { 0 };
    TRY(keys_seal_copy_for(protect->keys, KEY_BACKUP, wrapped, &backup));
    TRY(seal_open(&backup, SPAN("backup-data-key"), wrapped, &key));
    TRY(memory_spend_approvals(protect->memory, &approvals));
    return buffer_put(ret_answer, span_of_buffer(&key));
}

/* Migration of columns that were encrypted before Hufu (TP-13): the old key comes in a box, with
 * two approvals, only where vaultd was started for it, lives for an hour, and only opens. */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "crypto/legacy_cipher.h"
#include "policy/classes.h"
#include "policy/purposes.h"
#include "vault/approval.h"

_Static_assert((int)LEGACY_3DES_CBC == (int)LEGACY_CIPHER_3DES_CBC
                && (int)LEGACY_AES_128_ECB == (int)LEGACY_CIPHER_AES_128_ECB,
        "one numbering");
_Static_assert((int)FIELD_LEGACY_KEY_BYTES == (int)LEGACY_KEY_BYTES_MAX, "a slot holds a key");

static Status open_key(FieldBatch *b, const WireLegacyKey *wire, Buffer *ret_key)
{
    Box box;
    TRY(box_parse(wire->box, &box));
    const BoxContext *context = &box.context;
    const bool fits = context->purpose == BOX_PURPOSE_CIPHER_KEY
            && context->data_class == CLASS_SIGNING_KEY && context->amount == 0
            && span_equal(context->tenant, wire->tenant) && context->order.size == 0
            && span_equal(context->payee, wire->tenant);
    REQUIRE(fits, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= b->now_us, REFUSED_BOX_EXPIRED);
    TRY(keys_box_open(b->field->config.keys, &box, ret_key));
    return legacy_cipher_check_key((LegacyCipher)wire->profile, span_of_buffer(ret_key));
}

static Status keep_key(
        FieldBatch *b, const WireLegacyKey *wire, Span key, uint8_t ret_id[WIRE_SESSION_BYTES])
{
    Field *field = b->field;
    KeyedHash tenant;
    TRY(random_fill(&b->random, ret_id, WIRE_SESSION_BYTES));
    field_name(field, "tenant", wire->tenant, (Span) { NULL, 0 }, &tenant);
    FIELD_HOLD(field);
    FieldSession *session = field_session_slot(field, &tenant, b->now_us);
    REQUIRE(session != NULL, REFUSED_VAULT_BUSY);
    session->tenant = tenant;
    session->purpose = BOX_PURPOSE_CIPHER_KEY;
    session->profile = wire->profile;
    session->expires_us = b->now_us + FIELD_SESSION_LIFE_MAX_US;
    memcpy(session->legacy_key, key.data, key.size);
    memcpy(session->id, ret_id, WIRE_SESSION_BYTES);
    return OK;
}

Status field_legacy_key(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    Span subject;
    MemoryApprovals approvals;
    WireLegacyKey wire;
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t id[WIRE_SESSION_BYTES];
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer key = BUFFER_OF(memory);
    REQUIRE(field->config.legacy_import, REFUSED_LEGACY_OFF);
    TRY(field_batch_take(field, &b));
    TRY(approval_take(
            field->config.memory, &c, SPAN("import-legacy"), b->now_us, &subject, &approvals));
    sha256(c.rest, digest);
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    TRY(wire_take_legacy_key(&c, &wire));
    TRY(cursor_end(&c));
    TRY(open_key(b, &wire, &key));
    TRY(memory_spend_approvals(field->config.memory, &approvals));
    TRY(keep_key(b, &wire, span_of_buffer(&key), id));
    return buffer_put(ret_answer, SPAN_OF(id));
}

static Status open_item(FieldBatch *b, const WireLegacyItem *item, Buffer *ret_value)
{
    REQUIRE(item->subject < b->subject_count, REFUSED_IPC_FORMAT);
    const uint32_t subject = b->subjects[item->subject].status;
    if (subject != 0) return REFUSE(subject);
    const LegacyCipher cipher = (LegacyCipher)b->opened.profile;
    const Span key = { b->opened.legacy_key, legacy_cipher_key_bytes(cipher) };
    return legacy_cipher_open(cipher, key, item->iv, item->cipher, ret_value);
}

static Status import_items(FieldBatch *b, Cursor *c, Buffer *ret_answer)
{
    uint32_t count = 0;
    uint8_t memory[LEGACY_PLAIN_BYTES_MAX];
    TRY(wire_take_count(c, WIRE_BATCH_ITEMS_MAX, &count));
    TRY(field_use_protects(b, count)); /* it shows blind indexes, too */
    TRY(keys_count_uses(b->field->config.keys, b->role, count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireLegacyItem item;
        Buffer value = BUFFER_OF(memory);
        TRY(wire_take_legacy_item(c, &item));
        const Status opened = open_item(b, &item, &value);
        const Status s = field_put_protected(b, opened, item.subject, item.reference,
                FIELD_ORDINARY, span_of_buffer(&value), ret_answer);
        bytes_wipe(memory, value.size);
        TRY(s);
    }
    return cursor_end(c);
}

Status field_import(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    REQUIRE(field->config.legacy_import, REFUSED_LEGACY_OFF);
    TRY(field_batch_begin(field, &c, &b));
    TRY(field_session_find(b, BOX_PURPOSE_CIPHER_KEY));
    REQUIRE(b->has_session, REFUSED_SESSION_UNKNOWN);
    TRY(field_index_keys(b));
    TRY(field_subjects_take(b, &c, ret_answer));
    return import_items(b, &c, ret_answer);
}

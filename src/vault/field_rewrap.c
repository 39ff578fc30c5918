/* A field moves to the current key of its class, and its index to the current index key; its place
 * stays, so a field that was moved elsewhere is not made good by it (TP-13). */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "crypto/sign.h"

static Status is_current(FieldBatch *b, const WireSealedField *field, bool *ret_current)
{
    SealHeader header;
    TRY(seal_parse(field->sealed, &header));
    *ret_current = header.key_version == b->class_key.key_version && header.suite == b->field->suite
            && header.key_id == (uint32_t)b->role;
    return OK;
}

static Status reseal(FieldBatch *b, const WireSealedField *field, Span plain, Buffer *ret_sealed)
{
    uint8_t place_memory[FIELD_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    TRY(field_place(&b->head, field->row_key, &place));
    return seal_close(field_batch_key(b, field->subject), &b->random, span_of_buffer(&place), plain,
            ret_sealed);
}

static Status rewrap_one(
        FieldBatch *b, const WireSealedField *field, Buffer *sealed, WireRewrapped *ret)
{
    REQUIRE(field->subject < b->subject_count, REFUSED_IPC_FORMAT);
    const uint32_t subject = b->subjects[field->subject].status;
    if (subject != 0) return REFUSE(subject);
    bool current = false;
    TRY(is_current(b, field, &current));
    const bool reindex = field->index_version > 0 && field->index_version != b->index_version;
    if (current && !reindex) return OK;
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(memory);
    Status s = field_open_sealed(b, field->subject, field->row_key, field->sealed, &plain);
    if (status_ok(s) && reindex)
        field_indexes(b, (Span) { plain.data + 1, plain.size - 1 }, &ret->indexes);
    if (status_ok(s) && !current) s = reseal(b, field, span_of_buffer(&plain), sealed);
    bytes_wipe(memory, plain.size);
    ret->sealed = span_of_buffer(sealed);
    return s;
}

Status field_rewrap(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    uint32_t count = 0;
    TRY(field_batch_begin(field, &c, &b));
    TRY(field_index_keys(b));
    TRY(field_subjects_take(b, &c, ret_answer));
    TRY(wire_take_count(&c, WIRE_BATCH_ITEMS_MAX, &count));
    TRY(keys_count_uses(field->config.keys, b->role, count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireSealedField stored;
        WireRewrapped moved = { 0 };
        uint8_t memory[WIRE_FIELD_BYTES_MAX];
        Buffer sealed = BUFFER_OF(memory);
        TRY(wire_take_sealed_field(&c, &stored));
        const Status s = rewrap_one(b, &stored, &sealed, &moved);
        if (status_broken(s)) return s;
        TRY(buffer_put_u32(ret_answer, (uint32_t)s.code));
        if (status_ok(s)) TRY(wire_put_rewrapped(ret_answer, &moved));
    }
    return cursor_end(&c);
}

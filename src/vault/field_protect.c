#include "vault/field_inside.h"

#include "base/secret.h"
#include "policy/classes.h"
#include "policy/purposes.h"
#include "policy/tables.h"

typedef struct Made { /* of one value */
    uint8_t sealed_memory[WIRE_FIELD_BYTES_MAX];
    uint8_t token_memory[WIRE_TOKEN_BYTES_MAX];
    uint8_t mask_memory[WIRE_MASK_BYTES_MAX];
    WireProtected wire;
} Made;

static Status seal(
        FieldBatch *b, size_t subject, Span row_key, FieldKind kind, Span value, Made *ret_made)
{
    uint8_t place_memory[FIELD_PLACE_BYTES_MAX];
    uint8_t plain_memory[FIELD_PLAIN_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    Buffer plain = BUFFER_OF(plain_memory);
    Buffer sealed = BUFFER_OF(ret_made->sealed_memory);
    TRY(field_place(&b->head, row_key, &place));
    TRY(buffer_put_u8(&plain, (uint8_t)kind));
    TRY(buffer_put(&plain, value));
    const Status s = seal_close(field_batch_key(b, subject), &b->random, span_of_buffer(&place),
            span_of_buffer(&plain), &sealed);
    bytes_wipe(plain_memory, plain.size);
    ret_made->wire.sealed = span_of_buffer(&sealed);
    return s;
}

static Status make(
        FieldBatch *b, size_t subject, Span reference, FieldKind kind, Span value, Made *ret_made)
{
    Buffer token = BUFFER_OF(ret_made->token_memory);
    Buffer mask = BUFFER_OF(ret_made->mask_memory);
    const bool is_card = b->head.data_class == CLASS_CARD;
    ret_made->wire = (WireProtected) { 0 };
    TRY(field_may_rest(b, subject));
    TRY(field_value_check(b->head.data_class, value));
    if (is_card) TRY(field_token(&b->random, value.size, &token));
    TRY(field_mask(b, value, &mask));
    ret_made->wire.token = span_of_buffer(&token);
    ret_made->wire.mask = span_of_buffer(&mask);
    /* Of a few hundred expiry dates an index hides none, and nobody looks for one. */
    if (b->head.data_class != CLASS_CARD_EXPIRY) field_indexes(b, value, &ret_made->wire.indexes);
    /* A card's own row is found by its token, so that is the place of its number. */
    const bool by_token = is_card && b->head.table == TABLE_CARD;
    return seal(b, subject, by_token ? ret_made->wire.token : reference, kind, value, ret_made);
}

Status field_put_protected(FieldBatch *b, Status opened, size_t subject, Span reference,
        FieldKind kind, Span value, Buffer *ret_answer)
{
    Made made;
    Status s = opened;
    if (status_ok(s)) s = make(b, subject, reference, kind, value, &made);
    if (status_broken(s)) return s;
    TRY(buffer_put_u32(ret_answer, (uint32_t)s.code));
    return status_ok(s) ? wire_put_protected(ret_answer, &made.wire) : OK;
}

static Status open_item(FieldBatch *b, const WireFieldItem *item, bool fresh, Buffer *ret_value)
{
    REQUIRE(item->subject < b->subject_count, REFUSED_IPC_FORMAT);
    const uint32_t subject = b->subjects[item->subject].status;
    if (subject != 0) return REFUSE(subject);
    REQUIRE(fresh, REFUSED_BOX_SPENT);
    return field_item_open(b, item, BOX_PURPOSE_FIELD, ret_value);
}

static Status protect_items(
        FieldBatch *b, const WireFieldItem *items, uint32_t count, Buffer *ret_answer)
{
    bool fresh[WIRE_BATCH_ITEMS_MAX];
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    TRY(field_spend_boxes(b, items, count, fresh));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        Buffer value = BUFFER_OF(memory);
        const Status opened = open_item(b, &items[i], fresh[i], &value);
        const Status s = field_put_protected(b, opened, items[i].subject, items[i].reference,
                FIELD_ORDINARY, span_of_buffer(&value), ret_answer);
        bytes_wipe(memory, value.size);
        TRY(s);
    }
    return OK;
}

Status field_protect(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    WireFieldItem items[WIRE_BATCH_ITEMS_MAX];
    uint32_t count = 0;
    TRY(field_batch_begin(field, &c, &b));
    TRY(field_session_find(b, BOX_PURPOSE_SESSION));
    TRY(field_index_keys(b));
    TRY(field_subjects_take(b, &c, ret_answer));
    TRY(wire_take_count(&c, WIRE_BATCH_ITEMS_MAX, &count));
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_take_field_item(&c, &items[i]));
    TRY(cursor_end(&c));
    TRY(field_use_protects(b, count));
    TRY(keys_count_uses(field->config.keys, b->role, count));
    return protect_items(b, items, count, ret_answer);
}

Status field_open_sealed(
        FieldBatch *b, size_t subject, Span row_key, Span sealed, Buffer *ret_plain)
{
    uint8_t place_memory[FIELD_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    SealHeader header;
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    if (b->head.data_class == CLASS_CARD_EXPIRY) TRY(field_may_rest(b, subject));
    TRY(seal_parse(sealed, &header));
    TRY(field_batch_old_key(b, subject, &header, &key));
    TRY(field_place(&b->head, row_key, &place));
    TRY(seal_open(&key, span_of_buffer(&place), sealed, ret_plain));
    REQUIRE(ret_plain->size > 1, REFUSED_SEAL_FORMAT);
    return OK;
}

#include "ipc/vault_wire.h"

/*
 * Each shape is one table that reads like its layout; two functions walk it. A field is thus
 * bounded in the same way when it is written and when it is read, and no shape has code of its own
 * to be wrong in.
 */
typedef enum FieldType {
    FIELD_BOOL, /* u8, 0 or 1 */
    FIELD_U8,
    FIELD_U32,
    FIELD_U64,
    FIELD_I64,
    FIELD_FIXED, /* `max` bytes inside the struct */
    FIELD_SPAN, /* framed, min..max bytes */
    FIELD_SEAL, /* framed, WIRE_SEAL_BYTES or empty */
} FieldType;

typedef struct Field {
    FieldType type;
    size_t offset;
    size_t min;
    size_t max;
} Field;

enum { SHAPE_BYTES_MAX = 192 };

typedef struct Shape {
    const Field *fields;
    size_t count;
    size_t size; /* of the struct */
} Shape;

#define SHAPE(type, name, ...)                                                                   \
    static const Field name##_fields[] = { __VA_ARGS__ };                                        \
    static const Shape name = { name##_fields, sizeof(name##_fields) / sizeof(name##_fields[0]), \
        sizeof(type) };                                                                          \
    _Static_assert(sizeof(type) <= SHAPE_BYTES_MAX, #type " needs a larger SHAPE_BYTES_MAX")

static Status put_field(Buffer *b, const Field *field, const uint8_t *at)
{
    switch (field->type) {
    case FIELD_BOOL: return buffer_put_u8(b, *(const bool *)at ? 1 : 0);
    case FIELD_U8: return buffer_put_u8(b, *at);
    case FIELD_U32: return buffer_put_u32(b, *(const uint32_t *)(const void *)at);
    case FIELD_U64: return buffer_put_u64(b, *(const uint64_t *)(const void *)at);
    case FIELD_I64: return buffer_put_i64(b, *(const int64_t *)(const void *)at);
    case FIELD_FIXED: return buffer_put(b, (Span) { at, field->max });
    case FIELD_SPAN:
    case FIELD_SEAL: break;
    }
    const Span *bytes = (const Span *)(const void *)at;
    REQUIRE(bytes->size >= field->min && bytes->size <= field->max, REFUSED_IPC_TOO_LARGE);
    if (field->type == FIELD_SEAL)
        REQUIRE(bytes->size == 0 || bytes->size == field->max, REFUSED_IPC_TOO_LARGE);
    return buffer_put_framed(b, *bytes);
}

static Status put(Buffer *b, const Shape *shape, const void *value)
{
    const size_t before = b->size;
    Status s = OK;
    for (size_t i = 0; i < shape->count && status_ok(s); i++)
        s = put_field(b, &shape->fields[i], (const uint8_t *)value + shape->fields[i].offset);
    if (!status_ok(s)) b->size = before;
    return s;
}

static Status take_field(Cursor *c, const Field *field, uint8_t *at)
{
    uint8_t flag = 0;
    switch (field->type) {
    case FIELD_BOOL:
        TRY(cursor_u8(c, &flag));
        REQUIRE(flag <= 1, REFUSED_IPC_FORMAT);
        *(bool *)at = flag == 1;
        return OK;
    case FIELD_U8: return cursor_u8(c, at);
    case FIELD_U32: return cursor_u32(c, (uint32_t *)(void *)at);
    case FIELD_U64: return cursor_u64(c, (uint64_t *)(void *)at);
    case FIELD_I64: return cursor_i64(c, (int64_t *)(void *)at);
    case FIELD_FIXED: return cursor_copy(c, field->max, at);
    case FIELD_SPAN:
    case FIELD_SEAL: break;
    }
    Span *bytes = (Span *)(void *)at;
    TRY(cursor_framed(c, field->max, bytes));
    REQUIRE(bytes->size >= field->min, REFUSED_IPC_FORMAT);
    if (field->type == FIELD_SEAL)
        REQUIRE(bytes->size == 0 || bytes->size == field->max, REFUSED_IPC_FORMAT);
    return OK;
}

static Status take(Cursor *c, const Shape *shape, void *ret)
{
    _Alignas(max_align_t) uint8_t value[SHAPE_BYTES_MAX] = { 0 };
    Cursor at = *c;
    for (size_t i = 0; i < shape->count; i++) {
        const Field *field = &shape->fields[i];
        REQUIRE(status_ok(take_field(&at, field, value + field->offset)), REFUSED_IPC_FORMAT);
    }
    *c = at;
    memcpy(ret, value, shape->size);
    return OK;
}

Status wire_put_count(Buffer *b, size_t count, uint32_t max)
{
    REQUIRE(count <= max, REFUSED_IPC_TOO_LARGE);
    return buffer_put_u32(b, (uint32_t)count);
}

Status wire_take_count(Cursor *c, uint32_t max, uint32_t *ret_count)
{
    Cursor at = *c;
    uint32_t count = 0;
    REQUIRE(status_ok(cursor_u32(&at, &count)), REFUSED_IPC_FORMAT);
    REQUIRE(count <= max && count <= at.rest.size, REFUSED_IPC_FORMAT); /* an element has a byte */
    *c = at;
    *ret_count = count;
    return OK;
}

/* --- the shapes, in the order of vault_wire.h --- */

#define AT(type, field) offsetof(type, field)

SHAPE(WireClaim, claim_shape, { FIELD_BOOL, AT(WireClaim, absent), 0, 0 },
        { FIELD_SPAN, AT(WireClaim, image), 1, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireClaim, seal), 0, WIRE_SEAL_BYTES });

SHAPE(WireChange, change_shape, { FIELD_SPAN, AT(WireChange, old_image), 0, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireChange, old_seal), 0, WIRE_SEAL_BYTES },
        { FIELD_SPAN, AT(WireChange, new_image), 1, ROW_IMAGE_BYTES_MAX });

SHAPE(WireDraftHead, draft_head_shape, { FIELD_U64, AT(WireDraftHead, epoch), 0, 0 },
        { FIELD_I64, AT(WireDraftHead, batch), 0, 0 },
        { FIELD_I64, AT(WireDraftHead, time_us), 0, 0 },
        { FIELD_SPAN, AT(WireDraftHead, events), 0, WIRE_EVENTS_BYTES_MAX });

SHAPE(WireSealed, sealed_shape, { FIELD_FIXED, AT(WireSealed, salt), 0, WIRE_SALT_BYTES },
        { FIELD_FIXED, AT(WireSealed, leaf_hash), 0, WIRE_HASH_BYTES },
        { FIELD_FIXED, AT(WireSealed, root), 0, WIRE_HASH_BYTES },
        { FIELD_SPAN, AT(WireSealed, leaf), 1, WIRE_LEAF_BYTES_MAX });

SHAPE(WireSignItem, sign_item_shape, { FIELD_U8, AT(WireSignItem, key), 0, 0 },
        { FIELD_SPAN, AT(WireSignItem, message), 0, WIRE_MESSAGE_BYTES_MAX });

SHAPE(WireScanRow, scan_row_shape, { FIELD_SPAN, AT(WireScanRow, image), 1, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireScanRow, seal), 0, WIRE_SEAL_BYTES });

SHAPE(WireRoll, roll_shape, { FIELD_U64, AT(WireRoll, number), 0, 0 },
        { FIELD_I64, AT(WireRoll, below), 0, 0 });

SHAPE(WireRollPage, roll_page_shape, { FIELD_U64, AT(WireRollPage, number), 0, 0 },
        { FIELD_U64, AT(WireRollPage, seen), 0, 0 }, { FIELD_BOOL, AT(WireRollPage, last), 0, 0 });

SHAPE(WirePinCheck, pin_check_shape, { FIELD_SPAN, AT(WirePinCheck, box), 0, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinCheck, purpose), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinCheck, tenant), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinCheck, order), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_I64, AT(WirePinCheck, minor), 0, 0 },
        { FIELD_SPAN, AT(WirePinCheck, payer), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinCheck, nonce), 0, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinCheck, verifier), 0, WIRE_VERIFIER_BYTES_MAX },
        { FIELD_I64, AT(WirePinCheck, now_us), 0, 0 });

SHAPE(WirePinSet, pin_set_shape, { FIELD_SPAN, AT(WirePinSet, box), 0, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinSet, payer), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePinSet, nonce), 0, WIRE_NONCE_BYTES_MAX },
        { FIELD_I64, AT(WirePinSet, now_us), 0, 0 },
        { FIELD_SPAN, AT(WirePinSet, verifier), 0, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WireBoxKey, box_key_shape, { FIELD_U32, AT(WireBoxKey, key_id), 0, 0 },
        { FIELD_U8, AT(WireBoxKey, suite), 0, 0 }, { FIELD_I64, AT(WireBoxKey, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireBoxKey, public_key), 0, WIRE_KEY_BYTES_MAX },
        { FIELD_SPAN, AT(WireBoxKey, signature), 0, WIRE_SIGNATURE_BYTES_MAX });

SHAPE(WireKeyFacts, key_facts_shape, { FIELD_SPAN, AT(WireKeyFacts, name), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyFacts, algorithm), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_U32, AT(WireKeyFacts, version), 0, 0 },
        { FIELD_I64, AT(WireKeyFacts, created_us), 0, 0 },
        { FIELD_I64, AT(WireKeyFacts, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireKeyFacts, serial), 0, WIRE_NAME_BYTES_MAX });

SHAPE(WireApproval, approval_shape, { FIELD_SPAN, AT(WireApproval, name), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, operation), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, subject), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, reason), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_I64, AT(WireApproval, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireApproval, nonce), 0, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, signature), 0, WIRE_SIGNATURE_BYTES_MAX });

/* What a person signs is the approval without name and signature. */
SHAPE(WireApproval, approval_message_shape,
        { FIELD_SPAN, AT(WireApproval, operation), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, subject), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, reason), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_I64, AT(WireApproval, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireApproval, nonce), 0, WIRE_NONCE_BYTES_MAX });

SHAPE(WireStatus, status_shape, { FIELD_SPAN, AT(WireStatus, custody), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_BOOL, AT(WireStatus, ready), 0, 0 },
        { FIELD_BOOL, AT(WireStatus, sandboxed), 0, 0 }, { FIELD_U64, AT(WireStatus, epoch), 0, 0 },
        { FIELD_I64, AT(WireStatus, tree_size), 0, 0 },
        { FIELD_I64, AT(WireStatus, next_batch), 0, 0 },
        { FIELD_FIXED, AT(WireStatus, root), 0, WIRE_HASH_BYTES },
        { FIELD_U32, AT(WireStatus, frozen_rows), 0, 0 },
        { FIELD_U64, AT(WireStatus, tracked_rows), 0, 0 });

/* --- the pairs --- */

#define PAIR(name, Type)                                                                          \
    Status wire_put_##name(Buffer *b, const Type *value) { return put(b, &name##_shape, value); } \
    Status wire_take_##name(Cursor *c, Type *ret) { return take(c, &name##_shape, ret); }

PAIR(draft_head, WireDraftHead)
PAIR(sealed, WireSealed)
PAIR(sign_item, WireSignItem)
PAIR(scan_row, WireScanRow)
PAIR(roll, WireRoll)
PAIR(roll_page, WireRollPage)
PAIR(pin_check, WirePinCheck)
PAIR(pin_set, WirePinSet)
PAIR(box_key, WireBoxKey)
PAIR(key_facts, WireKeyFacts)
PAIR(approval, WireApproval)
PAIR(status, WireStatus)

/* An absent row has a key and no seal; a present one has an image, sealed or not. */
static bool claim_fits(const WireClaim *claim)
{
    if (!claim->absent) return true;
    return claim->seal.size == 0 && claim->image.size <= ROW_KEY_BYTES_MAX;
}

Status wire_put_claim(Buffer *b, const WireClaim *claim)
{
    REQUIRE(claim_fits(claim), REFUSED_IPC_TOO_LARGE);
    return put(b, &claim_shape, claim);
}

Status wire_take_claim(Cursor *c, WireClaim *ret)
{
    Cursor at = *c;
    WireClaim claim = { 0 };
    TRY(take(&at, &claim_shape, &claim));
    REQUIRE(claim_fits(&claim), REFUSED_IPC_FORMAT);
    *c = at;
    *ret = claim;
    return OK;
}

/* An insert replaces nothing, so nothing is sealed. */
static bool change_fits(const WireChange *change)
{
    return change->old_image.size > 0 || change->old_seal.size == 0;
}

Status wire_put_change(Buffer *b, const WireChange *change)
{
    REQUIRE(change_fits(change), REFUSED_IPC_TOO_LARGE);
    return put(b, &change_shape, change);
}

Status wire_take_change(Cursor *c, WireChange *ret)
{
    Cursor at = *c;
    WireChange change = { 0 };
    TRY(take(&at, &change_shape, &change));
    REQUIRE(change_fits(&change), REFUSED_IPC_FORMAT);
    *c = at;
    *ret = change;
    return OK;
}

Status wire_approval_message(const WireApproval *approval, Buffer *ret_message)
{
    const size_t before = ret_message->size;
    TRY(buffer_put_framed(ret_message, SPAN("hufu-approval")));
    const Status s = put(ret_message, &approval_message_shape, approval);
    if (!status_ok(s)) ret_message->size = before;
    return s;
}

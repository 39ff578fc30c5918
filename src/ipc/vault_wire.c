#include "ipc/vault_wire.h"

#include "ipc/wire_shape.h"

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
        { FIELD_U32, AT(WireSignItem, version), 0, 0 },
        { FIELD_SPAN, AT(WireSignItem, message), 0, WIRE_MESSAGE_BYTES_MAX });

SHAPE(WirePublicKey, public_key_shape,
        { FIELD_SPAN, AT(WirePublicKey, name), 1, WIRE_NAME_BYTES_MAX },
        { FIELD_U32, AT(WirePublicKey, version), 0, 0 },
        { FIELD_U8, AT(WirePublicKey, state), 0, 0 },
        { FIELD_I64, AT(WirePublicKey, from_us), 0, 0 },
        { FIELD_I64, AT(WirePublicKey, ends_us), 0, 0 },
        { FIELD_SPAN, AT(WirePublicKey, der), 1, WIRE_PUBLIC_DER_BYTES_MAX },
        { FIELD_SPAN, AT(WirePublicKey, note), 0, WIRE_CHANGE_BYTES_MAX });

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
        { FIELD_SPAN, AT(WireBoxKey, signature), 0, WIRE_SIGNATURE_BYTES_MAX },
        { FIELD_SPAN, AT(WireBoxKey, signature_before), 0, WIRE_SIGNATURE_BYTES_MAX });

SHAPE(WireUnseal, unseal_shape, { FIELD_U8, AT(WireUnseal, held), 0, 0 },
        { FIELD_U8, AT(WireUnseal, needed), 0, 0 }, { FIELD_U8, AT(WireUnseal, count), 0, 0 },
        { FIELD_SPAN, AT(WireUnseal, nonce), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireUnseal, public_key), 0, WIRE_KEY_BYTES_MAX });

SHAPE(WireKeyFacts, key_facts_shape, { FIELD_SPAN, AT(WireKeyFacts, name), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyFacts, algorithm), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_U32, AT(WireKeyFacts, version), 0, 0 },
        { FIELD_I64, AT(WireKeyFacts, created_us), 0, 0 },
        { FIELD_I64, AT(WireKeyFacts, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireKeyFacts, serial), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_U8, AT(WireKeyFacts, state), 0, 0 }, { FIELD_U64, AT(WireKeyFacts, uses), 0, 0 },
        { FIELD_U64, AT(WireKeyFacts, uses_max), 0, 0 });

SHAPE(WireApproval, approval_shape, { FIELD_SPAN, AT(WireApproval, name), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, operation), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, subject), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, reason), 0, WIRE_TEXT_BYTES_MAX },
        { FIELD_I64, AT(WireApproval, expires_us), 0, 0 },
        { FIELD_SPAN, AT(WireApproval, nonce), 0, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireApproval, signature), 0, WIRE_SIGNATURE_BYTES_MAX },
        { FIELD_U8, AT(WireApproval, encoding), 0, 0 });

/* What a person signs is the approval without its name, signature and encoding. */
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

WIRE_PAIR(draft_head, WireDraftHead)
WIRE_PAIR(sealed, WireSealed)
WIRE_PAIR(sign_item, WireSignItem)
WIRE_PAIR(public_key, WirePublicKey)
WIRE_PAIR(scan_row, WireScanRow)
WIRE_PAIR(roll, WireRoll)
WIRE_PAIR(roll_page, WireRollPage)
WIRE_PAIR(pin_check, WirePinCheck)
WIRE_PAIR(pin_set, WirePinSet)
WIRE_PAIR(box_key, WireBoxKey)
WIRE_PAIR(unseal, WireUnseal)
WIRE_PAIR(key_facts, WireKeyFacts)
WIRE_PAIR(approval, WireApproval)
WIRE_PAIR(status, WireStatus)

/* An absent row has a key and no seal; a present one has an image, sealed or not. */
static bool claim_fits(const WireClaim *claim)
{
    if (!claim->absent) return true;
    return claim->seal.size == 0 && claim->image.size <= ROW_KEY_BYTES_MAX;
}

Status wire_put_claim(Buffer *b, const WireClaim *claim)
{
    REQUIRE(claim_fits(claim), REFUSED_IPC_TOO_LARGE);
    return wire_shape_put(b, &claim_shape, claim);
}

Status wire_take_claim(Cursor *c, WireClaim *ret)
{
    Cursor at = *c;
    WireClaim claim = { 0 };
    TRY(wire_shape_take(&at, &claim_shape, &claim));
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
    return wire_shape_put(b, &change_shape, change);
}

Status wire_take_change(Cursor *c, WireChange *ret)
{
    Cursor at = *c;
    WireChange change = { 0 };
    TRY(wire_shape_take(&at, &change_shape, &change));
    REQUIRE(change_fits(&change), REFUSED_IPC_FORMAT);
    *c = at;
    *ret = change;
    return OK;
}

Status wire_approval_message(const WireApproval *approval, Buffer *ret_message)
{
    const size_t before = ret_message->size;
    TRY(buffer_put_framed(ret_message, SPAN("hufu-approval")));
    const Status s = wire_shape_put(ret_message, &approval_message_shape, approval);
    if (!status_ok(s)) ret_message->size = before;
    return s;
}

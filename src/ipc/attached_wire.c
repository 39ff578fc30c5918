#include "ipc/attached_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireAttachedColumn, attached_column_shape, { FIELD_U8, AT(WireAttachedColumn, kind), 0, 0 },
        { FIELD_BOOL, AT(WireAttachedColumn, is_key), 0, 0 },
        { FIELD_SPAN, AT(WireAttachedColumn, name), 1, 63 });

SHAPE(WireAttachedTable, attached_table_shape,
        { FIELD_SPAN, AT(WireAttachedTable, database), 1, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireAttachedTable, name), 1, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireAttachedTable, core_key), 1, WIRE_KEY_BYTES_MAX });

SHAPE(WireAttachedStatus, attached_status_shape, { FIELD_U16, AT(WireAttachedStatus, table), 0, 0 },
        { FIELD_U8, AT(WireAttachedStatus, phase), 0, 0 },
        { FIELD_U64, AT(WireAttachedStatus, rows), 0, 0 },
        { FIELD_U64, AT(WireAttachedStatus, frozen), 0, 0 },
        { FIELD_U64, AT(WireAttachedStatus, pending), 0, 0 },
        { FIELD_SPAN, AT(WireAttachedStatus, definition), 1, WIRE_ATTACHED_DEFINITION_BYTES_MAX });

SHAPE(WireAttachedHead, attached_head_shape,
        { FIELD_FIXED, AT(WireAttachedHead, session), 0, WIRE_ATTACHED_SESSION_BYTES },
        { FIELD_U64, AT(WireAttachedHead, sequence), 0, 0 },
        { FIELD_U64, AT(WireAttachedHead, transaction), 0, 0 },
        { FIELD_U16, AT(WireAttachedHead, table), 0, 0 });

SHAPE(WireAttachedSigned, attached_signed_shape,
        { FIELD_SPAN, AT(WireAttachedSigned, message), 1, WIRE_ATTACHED_MESSAGE_BYTES_MAX },
        { FIELD_SPAN, AT(WireAttachedSigned, signature), 1, WIRE_SIGNATURE_BYTES_MAX });

SHAPE(WireAttachedChange, attached_change_shape,
        { FIELD_SPAN, AT(WireAttachedChange, old_image), 0, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireAttachedChange, old_seal), 0, WIRE_SEAL_BYTES },
        { FIELD_SPAN, AT(WireAttachedChange, new_image), 0, ROW_IMAGE_BYTES_MAX });

SHAPE(WireAttachedClaim, attached_claim_shape, { FIELD_BOOL, AT(WireAttachedClaim, absent), 0, 0 },
        { FIELD_BOOL, AT(WireAttachedClaim, locked), 0, 0 },
        { FIELD_BOOL, AT(WireAttachedClaim, doubled), 0, 0 },
        { FIELD_U64, AT(WireAttachedClaim, stamp), 0, 0 },
        { FIELD_SPAN, AT(WireAttachedClaim, image), 1, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireAttachedClaim, seal), 0, WIRE_SEAL_BYTES });

SHAPE(WireAttachedVerdict, attached_verdict_shape,
        { FIELD_U32, AT(WireAttachedVerdict, status), 0, 0 },
        { FIELD_BOOL, AT(WireAttachedVerdict, frozen), 0, 0 },
        { FIELD_U64, AT(WireAttachedVerdict, stamp), 0, 0 });

WIRE_PAIR(attached_column, WireAttachedColumn)
WIRE_PAIR(attached_table, WireAttachedTable)
WIRE_PAIR(attached_status, WireAttachedStatus)
WIRE_PAIR(attached_head, WireAttachedHead)
WIRE_PAIR(attached_signed, WireAttachedSigned)
WIRE_PAIR(attached_change, WireAttachedChange)
WIRE_PAIR(attached_claim, WireAttachedClaim)
WIRE_PAIR(attached_verdict, WireAttachedVerdict)

Status wire_attached_signed_bytes(uint8_t operation, Span message, Buffer *ret_bytes)
{
    const size_t before = ret_bytes->size;
    Status s = buffer_put(ret_bytes, SPAN("hufu-attached"));
    if (status_ok(s)) s = buffer_put_u8(ret_bytes, operation);
    if (status_ok(s)) s = buffer_put(ret_bytes, message);
    if (!status_ok(s)) ret_bytes->size = before;
    return s;
}

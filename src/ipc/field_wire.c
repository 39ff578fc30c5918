#include "ipc/field_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WireBatchHead, batch_head_shape,
        { FIELD_SPAN, AT(WireBatchHead, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_FIXED, AT(WireBatchHead, session), 0, WIRE_SESSION_BYTES },
        { FIELD_U16, AT(WireBatchHead, data_class), 0, 0 },
        { FIELD_U16, AT(WireBatchHead, table), 0, 0 },
        { FIELD_U16, AT(WireBatchHead, column), 0, 0 });

SHAPE(WireSession, session_shape, { FIELD_FIXED, AT(WireSession, id), 0, WIRE_SESSION_BYTES },
        { FIELD_I64, AT(WireSession, expires_us), 0, 0 },
        { FIELD_U64, AT(WireSession, numbers), 0, 0 });

SHAPE(WireSubject, subject_shape,
        { FIELD_SPAN, AT(WireSubject, subject), 1, WIRE_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireSubject, wrapped), 0, WIRE_WRAPPED_BYTES_MAX });

SHAPE(WireSubjectAnswer, subject_answer_shape, { FIELD_U32, AT(WireSubjectAnswer, status), 0, 0 },
        { FIELD_SPAN, AT(WireSubjectAnswer, wrapped), 0, WIRE_WRAPPED_BYTES_MAX });

SHAPE(WireFieldItem, field_item_shape, { FIELD_U32, AT(WireFieldItem, subject), 0, 0 },
        { FIELD_U64, AT(WireFieldItem, number), 0, 0 },
        { FIELD_SPAN, AT(WireFieldItem, secret), 1, WIRE_SECRET_BYTES_MAX },
        { FIELD_SPAN, AT(WireFieldItem, reference), 0, FIELD_REFERENCE_BYTES_MAX });

SHAPE(WireIndexes, indexes_shape, { FIELD_U32, AT(WireIndexes, version), 0, 0 },
        { FIELD_FIXED, AT(WireIndexes, index), 0, WIRE_INDEX_BYTES },
        { FIELD_U32, AT(WireIndexes, old_version), 0, 0 },
        { FIELD_FIXED, AT(WireIndexes, old_index), 0, WIRE_INDEX_BYTES });

SHAPE(WireProtected, protected_shape,
        { FIELD_SPAN, AT(WireProtected, sealed), 1, WIRE_FIELD_BYTES_MAX },
        { FIELD_SPAN, AT(WireProtected, token), 0, WIRE_TOKEN_BYTES_MAX },
        { FIELD_SPAN, AT(WireProtected, mask), 0, WIRE_MASK_BYTES_MAX },
        { FIELD_U32, AT(WireProtected, indexes.version), 0, 0 },
        { FIELD_FIXED, AT(WireProtected, indexes.index), 0, WIRE_INDEX_BYTES },
        { FIELD_U32, AT(WireProtected, indexes.old_version), 0, 0 },
        { FIELD_FIXED, AT(WireProtected, indexes.old_index), 0, WIRE_INDEX_BYTES });

SHAPE(WireSealedField, sealed_field_shape, { FIELD_U32, AT(WireSealedField, subject), 0, 0 },
        { FIELD_SPAN, AT(WireSealedField, row_key), 1, FIELD_REFERENCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireSealedField, sealed), 1, WIRE_FIELD_BYTES_MAX },
        { FIELD_U32, AT(WireSealedField, index_version), 0, 0 });

SHAPE(WireRewrapped, rewrapped_shape,
        { FIELD_SPAN, AT(WireRewrapped, sealed), 0, WIRE_FIELD_BYTES_MAX },
        { FIELD_U32, AT(WireRewrapped, indexes.version), 0, 0 },
        { FIELD_FIXED, AT(WireRewrapped, indexes.index), 0, WIRE_INDEX_BYTES },
        { FIELD_U32, AT(WireRewrapped, indexes.old_version), 0, 0 },
        { FIELD_FIXED, AT(WireRewrapped, indexes.old_index), 0, WIRE_INDEX_BYTES });

SHAPE(WireSubjectName, subject_name_shape,
        { FIELD_SPAN, AT(WireSubjectName, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireSubjectName, subject), 1, WIRE_SUBJECT_BYTES_MAX });

SHAPE(WireTurn, turn_shape, { FIELD_SPAN, AT(WireTurn, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireTurn, subject), 1, WIRE_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireTurn, wrapped), 1, WIRE_WRAPPED_BYTES_MAX });

SHAPE(WireReveal, reveal_shape, { FIELD_SPAN, AT(WireReveal, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_U16, AT(WireReveal, data_class), 0, 0 }, { FIELD_U16, AT(WireReveal, table), 0, 0 },
        { FIELD_U16, AT(WireReveal, column), 0, 0 },
        { FIELD_SPAN, AT(WireReveal, row_key), 1, FIELD_REFERENCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireReveal, subject), 1, WIRE_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireReveal, wrapped), 1, WIRE_WRAPPED_BYTES_MAX },
        { FIELD_SPAN, AT(WireReveal, sealed), 1, WIRE_FIELD_BYTES_MAX },
        { FIELD_SPAN, AT(WireReveal, receiver), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_U8, AT(WireReveal, purpose), 0, 0 },
        { FIELD_SPAN, AT(WireReveal, reason), 1, WIRE_REASON_BYTES_MAX });

SHAPE(WireReceiver, receiver_shape,
        { FIELD_SPAN, AT(WireReceiver, name), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_SPAN, AT(WireReceiver, spki), 1, WIRE_KEY_BYTES_MAX },
        { FIELD_U8, AT(WireReceiver, purposes), 0, 0 },
        { FIELD_U32, AT(WireReceiver, per_day), 0, 0 },
        { FIELD_U32, AT(WireReceiver, per_subject_day), 0, 0 });

SHAPE(WireCardPass, card_pass_shape, { FIELD_SPAN, AT(WireCardPass, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardPass, number), 1, WIRE_CARD_NUMBER_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardPass, receiver), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_I64, AT(WireCardPass, minor), 0, 0 },
        { FIELD_SPAN, AT(WireCardPass, nonce), WIRE_CARD_NONCE_BYTES, WIRE_CARD_NONCE_BYTES });

#define CARD_BOX(member)                                            \
    {                                                               \
        FIELD_SPAN, AT(WireCardBind, member), 1, WIRE_BOX_BYTES_MAX \
    }
SHAPE(WireCardBind, card_bind_shape,
        { FIELD_SPAN, AT(WireCardBind, payer), 1, WIRE_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardBind, wrapped), 0, WIRE_WRAPPED_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardBind, number), 1, WIRE_CARD_NUMBER_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardBind, receiver), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardBind, nonce), WIRE_CARD_NONCE_BYTES, WIRE_CARD_NONCE_BYTES },
        CARD_BOX(name_box), CARD_BOX(identity_box), CARD_BOX(card_box), CARD_BOX(phone_box),
        { FIELD_SPAN, AT(WireCardBind, known_name), 0, WIRE_FIELD_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardBind, known_identity), 0, WIRE_FIELD_BYTES_MAX });

SHAPE(WireCardCode, card_code_shape,
        { FIELD_SPAN, AT(WireCardCode, payer), 1, WIRE_SUBJECT_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardCode, number), 1, WIRE_CARD_NUMBER_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardCode, receiver), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_SPAN, AT(WireCardCode, nonce), WIRE_CARD_NONCE_BYTES, WIRE_CARD_NONCE_BYTES },
        { FIELD_SPAN, AT(WireCardCode, box), 1, WIRE_BOX_BYTES_MAX });

SHAPE(WireRevealRecord, reveal_record_shape, { FIELD_U64, AT(WireRevealRecord, number), 0, 0 },
        { FIELD_I64, AT(WireRevealRecord, time_us), 0, 0 },
        { FIELD_U32, AT(WireRevealRecord, status), 0, 0 },
        { FIELD_SPAN, AT(WireRevealRecord, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_U16, AT(WireRevealRecord, data_class), 0, 0 },
        { FIELD_U16, AT(WireRevealRecord, table), 0, 0 },
        { FIELD_U16, AT(WireRevealRecord, column), 0, 0 },
        { FIELD_SPAN, AT(WireRevealRecord, row_key), 1, FIELD_REFERENCE_BYTES_MAX },
        { FIELD_FIXED, AT(WireRevealRecord, subject), 0, WIRE_PSEUDONYM_BYTES },
        { FIELD_SPAN, AT(WireRevealRecord, receiver), 1, WIRE_RECEIVER_BYTES_MAX },
        { FIELD_U8, AT(WireRevealRecord, purpose), 0, 0 },
        { FIELD_SPAN, AT(WireRevealRecord, reason), 1, WIRE_REASON_BYTES_MAX },
        { FIELD_SPAN, AT(WireRevealRecord, first_approver), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireRevealRecord, second_approver), 0, WIRE_NAME_BYTES_MAX });

SHAPE(WireRevealHead, reveal_head_shape, { FIELD_U64, AT(WireRevealHead, count), 0, 0 },
        { FIELD_U64, AT(WireRevealHead, kept), 0, 0 },
        { FIELD_FIXED, AT(WireRevealHead, chain), 0, WIRE_HASH_BYTES });

SHAPE(WireLegacyKey, legacy_key_shape,
        { FIELD_SPAN, AT(WireLegacyKey, tenant), 1, FIELD_TENANT_BYTES_MAX },
        { FIELD_U8, AT(WireLegacyKey, profile), 0, 0 },
        { FIELD_SPAN, AT(WireLegacyKey, box), 1, WIRE_BOX_BYTES_MAX });

SHAPE(WireLegacyItem, legacy_item_shape, { FIELD_U32, AT(WireLegacyItem, subject), 0, 0 },
        { FIELD_SPAN, AT(WireLegacyItem, iv), 0, 16 },
        { FIELD_SPAN, AT(WireLegacyItem, cipher), 1, WIRE_FIELD_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegacyItem, reference), 0, FIELD_REFERENCE_BYTES_MAX });

WIRE_PAIR(batch_head, WireBatchHead)
WIRE_PAIR(session, WireSession)
WIRE_PAIR(subject, WireSubject)
WIRE_PAIR(subject_answer, WireSubjectAnswer)
WIRE_PAIR(field_item, WireFieldItem)
WIRE_PAIR(indexes, WireIndexes)
WIRE_PAIR(protected, WireProtected)
WIRE_PAIR(sealed_field, WireSealedField)
WIRE_PAIR(rewrapped, WireRewrapped)
WIRE_PAIR(subject_name, WireSubjectName)
WIRE_PAIR(turn, WireTurn)
WIRE_PAIR(reveal, WireReveal)
WIRE_PAIR(receiver, WireReceiver)
WIRE_PAIR(card_bind, WireCardBind)
WIRE_PAIR(card_code, WireCardCode)
WIRE_PAIR(card_pass, WireCardPass)
WIRE_PAIR(reveal_record, WireRevealRecord)
WIRE_PAIR(reveal_head, WireRevealHead)
WIRE_PAIR(legacy_key, WireLegacyKey)
WIRE_PAIR(legacy_item, WireLegacyItem)

Status field_item_aad(uint16_t data_class, Span subject, Span reference, Buffer *ret_aad)
{
    REQUIRE(subject.size <= WIRE_SUBJECT_BYTES_MAX && reference.size <= FIELD_REFERENCE_BYTES_MAX,
            REFUSED_IPC_TOO_LARGE);
    TRY(buffer_put_u16(ret_aad, data_class));
    TRY(buffer_put_framed(ret_aad, subject));
    return buffer_put_framed(ret_aad, reference);
}

static const char *const reveal_purposes[] = { [REVEAL_BANK_CHANNEL] = "bank-channel",
    [REVEAL_LEGAL_ORDER] = "legal-order",
    [REVEAL_FULL_DISPLAY] = "full-display" };
enum { REVEAL_PURPOSES = sizeof(reveal_purposes) / sizeof(reveal_purposes[0]) };

const char *reveal_purpose_name(uint8_t purpose)
{
    const bool known = purpose > 0 && purpose < REVEAL_PURPOSES;
    return known ? reveal_purposes[purpose] : "unknown";
}

uint8_t reveal_purpose_of(Span name)
{
    for (uint8_t i = 1; i < REVEAL_PURPOSES; i++) {
        if (span_equal(name, span_of_text(reveal_purposes[i]))) return i;
    }
    return 0;
}

Status wire_reveal_message(
        const WireReveal *reveal, const uint8_t sealed_digest[WIRE_HASH_BYTES], Buffer *ret_message)
{
    TRY(buffer_put_framed(ret_message, SPAN("hufu reveal 2")));
    TRY(buffer_put_framed(ret_message, reveal->tenant));
    TRY(buffer_put_u16(ret_message, reveal->data_class));
    TRY(buffer_put_u16(ret_message, reveal->table));
    TRY(buffer_put_u16(ret_message, reveal->column));
    TRY(buffer_put_framed(ret_message, reveal->row_key));
    TRY(buffer_put_framed(ret_message, reveal->subject));
    TRY(buffer_put_framed(ret_message, (Span) { sealed_digest, WIRE_HASH_BYTES }));
    TRY(buffer_put_framed(ret_message, reveal->receiver));
    return buffer_put_u8(ret_message, reveal->purpose);
}

#include "ipc/policy_wire.h"

#include "ipc/wire_shape.h"

SHAPE(WirePolicyBook, policy_book_shape, { FIELD_I64, AT(WirePolicyBook, now_us), 0, 0 },
        { FIELD_U32, AT(WirePolicyBook, sets), 0, 0 });

SHAPE(WirePolicySet, policy_set_shape, { FIELD_U64, AT(WirePolicySet, version), 0, 0 },
        { FIELD_I64, AT(WirePolicySet, set_us), 0, 0 },
        { FIELD_SPAN, AT(WirePolicySet, first), 1, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePolicySet, second), 1, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WirePolicySet, reason), 1, WIRE_POLICY_REASON_BYTES_MAX },
        { FIELD_SPAN, AT(WirePolicySet, blob), 1, WIRE_POLICY_BYTES_MAX });

SHAPE(WireExpiryName, expiry_name_shape,
        { FIELD_SPAN, AT(WireExpiryName, user), 1, WIRE_EXPIRY_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryName, institution), 1, WIRE_EXPIRY_NAME_BYTES_MAX });

SHAPE(WireExpiryGrant, expiry_grant_shape,
        { FIELD_SPAN, AT(WireExpiryGrant, user), 1, WIRE_EXPIRY_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryGrant, institution), 1, WIRE_EXPIRY_NAME_BYTES_MAX },
        { FIELD_FIXED, AT(WireExpiryGrant, user_evidence), 0, WIRE_EVIDENCE_BYTES },
        { FIELD_FIXED, AT(WireExpiryGrant, institution_evidence), 0, WIRE_EVIDENCE_BYTES },
        { FIELD_I64, AT(WireExpiryGrant, until_us), 0, 0 });

SHAPE(WireExpiryLook, expiry_look_shape, { FIELD_BOOL, AT(WireExpiryLook, lives), 0, 0 },
        { FIELD_I64, AT(WireExpiryLook, until_us), 0, 0 },
        { FIELD_FIXED, AT(WireExpiryLook, user_evidence), 0, WIRE_EVIDENCE_BYTES },
        { FIELD_FIXED, AT(WireExpiryLook, institution_evidence), 0, WIRE_EVIDENCE_BYTES },
        { FIELD_SPAN, AT(WireExpiryLook, first), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryLook, second), 0, WIRE_NAME_BYTES_MAX });

SHAPE(WireExpiryPage, expiry_page_shape, { FIELD_U32, AT(WireExpiryPage, grants), 0, 0 },
        { FIELD_U32, AT(WireExpiryPage, next), 0, 0 },
        { FIELD_BOOL, AT(WireExpiryPage, last), 0, 0 });

SHAPE(WireExpiryListed, expiry_listed_shape, { FIELD_BOOL, AT(WireExpiryListed, lives), 0, 0 },
        { FIELD_BOOL, AT(WireExpiryListed, withdrawn), 0, 0 },
        { FIELD_I64, AT(WireExpiryListed, until_us), 0, 0 },
        { FIELD_SPAN, AT(WireExpiryListed, user), 0, WIRE_EXPIRY_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryListed, institution), 0, WIRE_EXPIRY_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryListed, first), 0, WIRE_NAME_BYTES_MAX },
        { FIELD_SPAN, AT(WireExpiryListed, second), 0, WIRE_NAME_BYTES_MAX });

WIRE_PAIR(policy_book, WirePolicyBook)
WIRE_PAIR(policy_set, WirePolicySet)
WIRE_PAIR(expiry_name, WireExpiryName)
WIRE_PAIR(expiry_grant, WireExpiryGrant)
WIRE_PAIR(expiry_look, WireExpiryLook)
WIRE_PAIR(expiry_page, WireExpiryPage)
WIRE_PAIR(expiry_listed, WireExpiryListed)

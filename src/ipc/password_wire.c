#include "ipc/password_wire.h"

#include "ipc/wire_shape.h"
#include "policy/classes.h"

#define OWNER(type)                                                           \
    { FIELD_U16, AT(type, owner.data_class), 0, 0 },                          \
            { FIELD_SPAN, AT(type, owner.tenant), 1, WIRE_TENANT_BYTES_MAX }, \
            { FIELD_SPAN, AT(type, owner.realm), 1, WIRE_REALM_BYTES_MAX },   \
    {                                                                         \
        FIELD_SPAN, AT(type, owner.user), 1, WIRE_USER_BYTES_MAX              \
    }

SHAPE(WirePasswordOwner, password_owner_shape, OWNER(WirePasswordOwner));

SHAPE(WirePasswordSet, password_set_shape, OWNER(WirePasswordSet),
        { FIELD_SPAN, AT(WirePasswordSet, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordSet, nonce), 1, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordSet, verifier), 0, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WirePasswordCheck, password_check_shape, OWNER(WirePasswordCheck),
        { FIELD_SPAN, AT(WirePasswordCheck, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordCheck, nonce), 1, WIRE_NONCE_BYTES_MAX },
        { FIELD_U16, AT(WirePasswordCheck, purpose), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordCheck, reference), 0, WIRE_REFERENCE_BYTES_MAX },
        { FIELD_I64, AT(WirePasswordCheck, minor), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordCheck, verifier), 0, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WirePasswordRight, password_right_shape,
        { FIELD_FIXED, AT(WirePasswordRight, grant), 0, WIRE_GRANT_BYTES },
        { FIELD_SPAN, AT(WirePasswordRight, verifier), 0, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WirePasswordSpend, password_spend_shape, OWNER(WirePasswordSpend),
        { FIELD_U16, AT(WirePasswordSpend, purpose), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordSpend, reference), 0, WIRE_REFERENCE_BYTES_MAX },
        { FIELD_I64, AT(WirePasswordSpend, minor), 0, 0 },
        { FIELD_U32, AT(WirePasswordSpend, currency), 0, 0 },
        { FIELD_FIXED, AT(WirePasswordSpend, grant), 0, WIRE_GRANT_BYTES });

SHAPE(WirePasswordReset, password_reset_shape, OWNER(WirePasswordReset),
        { FIELD_SPAN, AT(WirePasswordReset, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordReset, nonce), 1, WIRE_NONCE_BYTES_MAX });

SHAPE(WireSecondLogin, second_login_shape, OWNER(WireSecondLogin),
        { FIELD_SPAN, AT(WireSecondLogin, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WireSecondLogin, nonce), 1, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireSecondLogin, verifier), 0, WIRE_VERIFIER_BYTES_MAX },
        { FIELD_SPAN, AT(WireSecondLogin, second), 0, WIRE_VERIFIER_BYTES_MAX });
SHAPE(WireSealedFact, sealed_fact_shape, { FIELD_U16, AT(WireSealedFact, data_class), 0, 0 },
        { FIELD_SPAN, AT(WireSealedFact, sealed), 1, WIRE_FIELD_BYTES_MAX });

SHAPE(WirePasswordRecover, password_recover_shape, OWNER(WirePasswordRecover),
        { FIELD_SPAN, AT(WirePasswordRecover, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordRecover, nonce), 1, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordRecover, verifier), 0, WIRE_VERIFIER_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordRecover, wrapped), 0, WIRE_WRAPPED_BYTES_MAX });

SHAPE(WireClaimedFact, claimed_fact_shape, { FIELD_U16, AT(WireClaimedFact, data_class), 0, 0 },
        { FIELD_SPAN, AT(WireClaimedFact, value), 1, WIRE_FACT_BYTES_MAX });

SHAPE(WirePasswordShown, password_shown_shape, OWNER(WirePasswordShown),
        { FIELD_SPAN, AT(WirePasswordShown, verifier), 1, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WirePasswordKept, password_kept_shape, { FIELD_U32, AT(WirePasswordKept, status), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordKept, verifier), 0, WIRE_VERIFIER_BYTES_MAX });

SHAPE(WirePasswordImport, password_import_shape,
        { FIELD_U16, AT(WirePasswordImport, data_class), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordImport, tenant), 1, WIRE_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordImport, realm), 1, WIRE_REALM_BYTES_MAX },
        { FIELD_BOOL, AT(WirePasswordImport, wrap), 0, 0 },
        { FIELD_SPAN, AT(WirePasswordImport, box), 1, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WirePasswordImport, nonce), 1, WIRE_NONCE_BYTES_MAX });

SHAPE(WireLegacyRecord, legacy_record_shape,
        { FIELD_SPAN, AT(WireLegacyRecord, user), 1, WIRE_USER_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegacyRecord, data), 0, WIRE_LEGACY_DATA_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegacyRecord, digest), 1, WIRE_LEGACY_DIGEST_BYTES_MAX });

SHAPE(WireLegacyEnable, legacy_enable_shape, { FIELD_U16, AT(WireLegacyEnable, data_class), 0, 0 },
        { FIELD_SPAN, AT(WireLegacyEnable, tenant), 1, WIRE_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegacyEnable, realm), 1, WIRE_REALM_BYTES_MAX },
        { FIELD_U8, AT(WireLegacyEnable, formula), 0, 0 },
        { FIELD_U8, AT(WireLegacyEnable, inner), 0, 0 },
        { FIELD_SPAN, AT(WireLegacyEnable, box), 0, WIRE_BOX_BYTES_MAX },
        { FIELD_SPAN, AT(WireLegacyEnable, nonce), 0, WIRE_NONCE_BYTES_MAX });

SHAPE(WirePasswordCounts, password_counts_shape,
        { FIELD_U64, AT(WirePasswordCounts, modern), 0, 0 },
        { FIELD_U64, AT(WirePasswordCounts, legacy), 0, 0 },
        { FIELD_U64, AT(WirePasswordCounts, wrapped), 0, 0 },
        { FIELD_U64, AT(WirePasswordCounts, locked), 0, 0 });

SHAPE(WireKeyReveal, key_reveal_shape,
        { FIELD_SPAN, AT(WireKeyReveal, image), 1, ROW_IMAGE_BYTES_MAX },
        { FIELD_SEAL, AT(WireKeyReveal, seal), 0, WIRE_SEAL_BYTES },
        { FIELD_SPAN, AT(WireKeyReveal, record), 1, WIRE_KEY_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyReveal, timestamp), 1, WIRE_STAMP_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyReveal, nonce), 1, WIRE_NONCE_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyReveal, signature), 1, WIRE_SIGNATURE_BYTES_MAX });

SHAPE(WireKeyRevealed, key_revealed_shape, { FIELD_U8, AT(WireKeyRevealed, algorithm), 0, 0 },
        { FIELD_SPAN, AT(WireKeyRevealed, cipher), 1, WIRE_KEY_BYTES_MAX });

SHAPE(WireMerchantLeaf, merchant_leaf_shape,
        { FIELD_SPAN, AT(WireMerchantLeaf, mchid), 1, WIRE_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireMerchantLeaf, request), 1, WIRE_REQUEST_PEM_BYTES_MAX },
        { FIELD_I64, AT(WireMerchantLeaf, ends_us), 0, 0 });

SHAPE(WireMacKeySet, mac_key_set_shape,
        { FIELD_SPAN, AT(WireMacKeySet, tenant), 1, WIRE_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireMacKeySet, name), 1, WIRE_USER_BYTES_MAX },
        { FIELD_SPAN, AT(WireMacKeySet, box), 1, WIRE_BOX_BYTES_MAX });

SHAPE(WireKeyMac, key_mac_shape, { FIELD_SPAN, AT(WireKeyMac, tenant), 1, WIRE_TENANT_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyMac, name), 1, WIRE_USER_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyMac, record), 1, WIRE_VERIFIER_BYTES_MAX },
        { FIELD_U8, AT(WireKeyMac, algorithm), 0, 0 }, { FIELD_U8, AT(WireKeyMac, form), 0, 0 },
        { FIELD_SPAN, AT(WireKeyMac, message), 0, WIRE_MAC_MESSAGE_BYTES_MAX },
        { FIELD_SPAN, AT(WireKeyMac, mac), 0, WIRE_MAC_BYTES });

WIRE_PAIR(merchant_leaf, WireMerchantLeaf)
WIRE_PAIR(mac_key_set, WireMacKeySet)
WIRE_PAIR(key_mac, WireKeyMac)
WIRE_PAIR(password_owner, WirePasswordOwner)
WIRE_PAIR(password_set, WirePasswordSet)
WIRE_PAIR(password_check, WirePasswordCheck)
WIRE_PAIR(password_right, WirePasswordRight)
WIRE_PAIR(password_spend, WirePasswordSpend)
WIRE_PAIR(password_reset, WirePasswordReset)
WIRE_PAIR(second_login, WireSecondLogin)
WIRE_PAIR(sealed_fact, WireSealedFact)
WIRE_PAIR(password_recover, WirePasswordRecover)
WIRE_PAIR(claimed_fact, WireClaimedFact)
WIRE_PAIR(password_shown, WirePasswordShown)
WIRE_PAIR(password_kept, WirePasswordKept)
WIRE_PAIR(password_import, WirePasswordImport)
WIRE_PAIR(legacy_record, WireLegacyRecord)
WIRE_PAIR(legacy_enable, WireLegacyEnable)
WIRE_PAIR(password_counts, WirePasswordCounts)
WIRE_PAIR(key_reveal, WireKeyReveal)
WIRE_PAIR(key_revealed, WireKeyRevealed)

WireOwner wire_owner_of_payer(Span payer)
{
    return (WireOwner) { CLASS_PIN, SPAN("hufu"), SPAN("payer"), payer };
}

bool wire_owner_is_payer(const WireOwner *owner)
{
    const WireOwner payer = wire_owner_of_payer(owner->user);
    return owner->data_class == payer.data_class && span_equal(owner->tenant, payer.tenant)
            && span_equal(owner->realm, payer.realm);
}

static Status put_known(Buffer *b, const WireKnown *known)
{
    TRY(buffer_put_u8(b, WIRE_KNOWN_VERSION));
    REQUIRE(known->wrapped.size <= WIRE_WRAPPED_BYTES_MAX, REFUSED_IPC_TOO_LARGE);
    TRY(buffer_put_framed(b, known->wrapped));
    TRY(wire_put_count(b, known->count, WIRE_FACTS_MAX));
    for (size_t i = 0; i < known->count; i++)
        TRY(wire_put_sealed_fact(b, &known->of[i]));
    return OK;
}

Status wire_put_known(Buffer *b, const WireKnown *known)
{
    const size_t before = b->size;
    if (known->count == 0) return OK;
    const Status s = put_known(b, known);
    if (!status_ok(s)) b->size = before;
    return s;
}

Status wire_take_known(Cursor *c, WireKnown *ret)
{
    Cursor at = *c;
    WireKnown known = { .count = 0 };
    uint8_t version = 0;
    uint32_t count = 0;
    if (at.rest.size > 0) {
        REQUIRE(status_ok(cursor_u8(&at, &version)), REFUSED_IPC_FORMAT);
        REQUIRE(version == WIRE_KNOWN_VERSION, REFUSED_IPC_FORMAT);
        REQUIRE(status_ok(cursor_framed(&at, WIRE_WRAPPED_BYTES_MAX, &known.wrapped)),
                REFUSED_IPC_FORMAT);
        TRY(wire_take_count(&at, WIRE_FACTS_MAX, &count));
        REQUIRE(count > 0, REFUSED_IPC_FORMAT); /* none is nothing at all */
        for (uint32_t i = 0; i < count; i++)
            TRY(wire_take_sealed_fact(&at, &known.of[i]));
    }
    known.count = count;
    *c = at;
    *ret = known;
    return OK;
}

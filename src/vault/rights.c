#include "vault/rights.h"

#include "vault/field.h"

typedef struct Right {
    bool hufud;
    bool operator_; /* people on the operators' socket */
    bool needs_ready;
    VaultLane lane;
    bool known;
    bool core;
} Right;

/* PREPARE, CONFIRM and ABORT look at the phase themselves: a fenced instance must hear EPOCH_FENCED
 * first. */
static const Right rights[VAULT_OPERATION_COUNT] = {
    /*                        hufud  operator ready  lane */
    [VAULT_STATUS] = { true, true, false, LANE_SEAL, true },
    [VAULT_SCAN_BEGIN] = { true, false, false, LANE_SEAL, true },
    [VAULT_SCAN_ROWS] = { true, false, false, LANE_SEAL, true },
    [VAULT_SCAN_LEAVES] = { true, false, false, LANE_SEAL, true },
    [VAULT_SCAN_END] = { true, false, false, LANE_SEAL, true },
    [VAULT_VERIFY] = { true, false, true, LANE_SEAL, true },
    [VAULT_PREPARE] = { true, false, false, LANE_SEAL, true },
    [VAULT_CONFIRM] = { true, false, false, LANE_SEAL, true },
    [VAULT_ABORT] = { true, false, false, LANE_SEAL, true },
    [VAULT_SIGN] = { true, false, true, LANE_SIGN, true },
    [VAULT_CHECKPOINT] = { true, false, true, LANE_SEAL, true },
    [VAULT_CHECK_PIN] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_SET_PIN] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_BOX_KEY] = { true, false, true, LANE_ADMIN, true },
    [VAULT_BOX_PAD] = { true, false, true, LANE_ADMIN, true },
    [VAULT_PUBLIC_KEYS] = { true, true, false, LANE_ADMIN, true },
    [VAULT_PSEUDONYM_KEY] = { true, false, true, LANE_ADMIN, true },
    [VAULT_TLS_LEAF] = { true, false, false, LANE_ADMIN, true },
    [VAULT_KEY_LIST] = { true, true, false, LANE_ADMIN, true },
    [VAULT_RELEASE_ROW] = { false, true, true, LANE_SEAL, true },
    [VAULT_ACCEPT_RESTORE] = { false, true, false, LANE_SEAL, true },
    [VAULT_WRAP_KEY] = { true, true, true, LANE_ADMIN, true },
    [VAULT_UNWRAP_KEY] = { false, true, false, LANE_ADMIN, true },
    [VAULT_ENROLL] = { false, true, false, LANE_ADMIN, true },
    [VAULT_OPERATOR_ADD] = { false, true, false, LANE_ADMIN, true },
    [VAULT_OPERATOR_CHANGE] = { false, true, false, LANE_ADMIN, true },
    [VAULT_OPERATOR_REMOVE] = { false, true, false, LANE_ADMIN, true },
    [VAULT_OPERATORS] = { true, true, false, LANE_ADMIN, true },
    [VAULT_PROTECT] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_ENCRYPT_DOWNLINK] = { true, false, true, LANE_SIGN, true },
    [VAULT_STOP] = { false, true, false, LANE_ADMIN, true },
    [VAULT_ROLL_BEGIN] = { true, false, true, LANE_SEAL, true },
    [VAULT_SIGN_REPORT] = { false, true, true, LANE_SEAL, true },
    [VAULT_CLOSE_INCIDENT] = { false, true, true, LANE_SEAL, true },
    [VAULT_REVIEW_REPORT] = { false, true, true, LANE_SEAL, true },
    [VAULT_ROLL_ROWS] = { true, false, true, LANE_SEAL, true },
    [VAULT_EVENTS] = { true, false, true, LANE_ADMIN, true },
    [VAULT_RECEIVERS] = { true, true, true, LANE_ADMIN, true },
    [VAULT_EXPIRY_COUNT] = { true, true, true, LANE_ADMIN, true },
    [VAULT_HOLD_SUBJECT] = { true, false, true, LANE_ADMIN, true },
    [VAULT_RELEASE_HOLD] = { true, false, true, LANE_ADMIN, true },
    [VAULT_HELD_UNTIL] = { true, false, true, LANE_ADMIN, true },
    [VAULT_CALLER_LEAF] = { true, false, true, LANE_ADMIN, true },
    [VAULT_MERCHANT_LEAF] = { true, false, true, LANE_ADMIN, true },
    [VAULT_SESSION] = { true, false, true, LANE_FIELD, true },
    [VAULT_PROTECT_FIELDS] = { true, false, true, LANE_FIELD, true },
    [VAULT_LOOKUP_FIELDS] = { true, false, true, LANE_FIELD, true },
    [VAULT_REVEAL_FIELD] = { true, false, true, LANE_FIELD, true },
    [VAULT_RECEIVER_ADD] = { false, true, true, LANE_ADMIN, true },
    [VAULT_RECEIVER_REMOVE] = { false, true, true, LANE_ADMIN, true },
    [VAULT_REVEAL_LOG] = { true, true, true, LANE_ADMIN, true },
    [VAULT_REVEAL_KEPT] = { true, false, true, LANE_ADMIN, true },
    [VAULT_REWRAP_FIELDS] = { true, false, true, LANE_FIELD, true },
    [VAULT_TURN_SUBJECTS] = { true, false, true, LANE_FIELD, true },
    [VAULT_DESTROY_SUBJECTS] = { true, true, true, LANE_ADMIN, true },
    [VAULT_PLANT_HONEY] = { false, true, true, LANE_ADMIN, true },
    [VAULT_LEGACY_KEY] = { true, true, true, LANE_ADMIN, true },
    [VAULT_IMPORT_FIELDS] = { true, false, true, LANE_FIELD, true },
    [VAULT_PASSWORD_SET] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_CHECK] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_SPEND] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_LOCKED] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_RESET] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_RECOVER] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_SHOW] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_PASSWORD_IMPORT] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_LEGACY_ENABLE] = { false, true, true, LANE_ADMIN, true },
    [VAULT_PASSWORD_COUNTS] = { true, true, true, LANE_ADMIN, true },
    [VAULT_KEY_REVEAL] = { true, false, true, LANE_SEAL, true },
    [VAULT_KEY_MAC] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_CARD_BIND] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_CARD_CODE] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_CARD_PASS] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_IDENTITY_SAID] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_IDENTITY_KNOWN] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_MAC_KEY_SET] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_SECOND_SET] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_SECOND_CHECK] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_SECOND_RESET] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_SECOND_LOGIN] = { true, false, true, LANE_PASSWORD, true },
    [VAULT_POLICY_SET] = { false, true, false, LANE_ADMIN, true },
    [VAULT_POLICY_GET] = { true, true, false, LANE_ADMIN, true },
    [VAULT_EXPIRY_GRANT] = { false, true, false, LANE_ADMIN, true },
    [VAULT_EXPIRY_END] = { true, true, false, LANE_ADMIN, true },
    [VAULT_EXPIRY_LOOK] = { true, true, false, LANE_ADMIN, true },
    [VAULT_EXPIRY_LIST] = { false, true, false, LANE_ADMIN, true },
    [VAULT_KEY_ROTATE] = { false, true, true, LANE_SEAL, true },
    [VAULT_KEY_DESTROY] = { false, true, true, LANE_SEAL, true },
    /* attached tables; what must be the core's alone is signed by it */
    [VAULT_ATTACHED_TABLE] = { false, true, false, LANE_ATTACHED, true, false },
    [VAULT_ATTACHED_STATUS] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_SESSION] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_ANNOUNCE] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_RESOLVE] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_CHECK] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_SCAN_BEGIN] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_SCAN_ROWS] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_SCAN_END] = { true, true, false, LANE_ATTACHED, true, true },
    [VAULT_ATTACHED_RELEASE] = { false, true, false, LANE_ATTACHED, true, false },
};

static const ServiceLane lanes[LANE_COUNT] = {
    [LANE_SEAL] = { "seal", 1, 32 },
    [LANE_SIGN] = { "sign", 2, 64 },
    [LANE_PASSWORD] = { "password", FIELD_PASSWORD_WORKERS, 64 },
    [LANE_ADMIN] = { "admin", 1, 16 },
    [LANE_ATTACHED] = { "attached", 4, 64 }, /* signatures and syncs overlap */
    [LANE_FIELD] = { "field", FIELD_WORKERS, 64 },
};

static const Right *right_of(uint8_t operation)
{
    if (operation >= VAULT_OPERATION_COUNT || !rights[operation].known) return NULL;
    return &rights[operation];
}

VaultRole rights_role(const VaultUsers *users, const ServicePeer *peer)
{
    if (peer->listener == VAULT_LISTENER_HUFUD && peer->uid == users->hufud_uid) return ROLE_HUFUD;
    if (peer->listener == VAULT_LISTENER_OPERATOR && peer->uid == users->operator_uid)
        return ROLE_OPERATOR;
    for (size_t i = 0; peer->listener == VAULT_LISTENER_CORE && i < users->core_count; i++) {
        if (peer->uid == users->core_uids[i]) return ROLE_CORE;
    }
    return ROLE_NONE;
}

bool rights_allow(VaultRole role, uint8_t operation)
{
    const Right *right = right_of(operation);
    if (right == NULL) return false;
    switch (role) {
    case ROLE_HUFUD: return right->hufud;
    case ROLE_OPERATOR: return right->operator_;
    case ROLE_CORE: return right->core;
    case ROLE_NONE: return false;
    }
    return false;
}

bool rights_needs_ready(uint8_t operation)
{
    const Right *right = right_of(operation);
    return right == NULL || right->needs_ready;
}

int rights_lane(uint8_t operation)
{
    const Right *right = right_of(operation);
    return right == NULL ? -1 : (int)right->lane;
}

const ServiceLane *rights_lanes(void) { return lanes; }

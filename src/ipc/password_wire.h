#pragma once
/*
 * password_wire: payloads of VAULT_PASSWORD_*, VAULT_SECOND_* and VAULT_KEY_*: passwords and second
 * factors of any institution's people, and merchants' symmetric keys (TP-6, TP-7). Rules of put and
 * take: ipc/vault_wire.h.
 *
 * No shape here carries a password, a key or a digest of one, but inside a box.
 */
#include "ipc/field_wire.h"

enum {
    WIRE_FACTS_MAX = 4, /* of one person */
    WIRE_FACT_BYTES_MAX = 256, /* as its owner types it */
    WIRE_STAMP_BYTES_MAX = 18,
    WIRE_TENANT_BYTES_MAX = 32,
    WIRE_REALM_BYTES_MAX = 32,
    WIRE_USER_BYTES_MAX = 64,
    WIRE_REFERENCE_BYTES_MAX = 64,
    WIRE_SHOWN_MAX = 64, /* records of one VAULT_PASSWORD_SHOW */
    WIRE_LEGACY_MAX = 32, /* records of one VAULT_PASSWORD_IMPORT */
    WIRE_LEGACY_DATA_BYTES_MAX = 64,
    WIRE_LEGACY_DIGEST_BYTES_MAX = 32,
    WIRE_REQUEST_PEM_BYTES_MAX = 16384,
    WIRE_KNOWN_VERSION = 1,
    WIRE_MAC_BYTES = 32,
    WIRE_MAC_MESSAGE_BYTES_MAX = 64 * 1024,
};

/* Whose password: a person of a realm ("users", "admins") of a tenant (an institution, a
 * merchant). */
typedef struct WireOwner {
    uint16_t data_class; /* CLASS_PIN, CLASS_PASSWORD or CLASS_SECOND_FACTOR */
    Span tenant;
    Span realm;
    Span user;
} WireOwner;

/* The house's own payers are owners like any others: their PINs, tenant "hufu", realm "payer". */
WireOwner wire_owner_of_payer(Span payer);
bool wire_owner_is_payer(const WireOwner *owner);

/* One fact of a person as it stands sealed in the domain store: TABLE_FIELD, the column is the
 * class, tenant, row key and subject are the owner's. */
typedef struct WireSealedFact {
    uint16_t data_class;
    Span sealed;
} WireSealedFact;
MUST_USE Status wire_put_sealed_fact(Buffer *b, const WireSealedFact *fact);
MUST_USE Status wire_take_sealed_fact(Cursor *c, WireSealedFact *ret);

/*
 * What is known of the owner, for a new password to be compared with (vault/password_facts.h). It
 * stands behind a WirePasswordSet, WirePasswordReset or WirePinSet:
 *   version u8 (WIRE_KNOWN_VERSION) | wrapped subject key framed | list of WireSealedFact
 * or nothing, as before there was any. Put of none writes nothing; another version is
 * REFUSED_IPC_FORMAT.
 */
typedef struct WireKnown {
    Span wrapped;
    size_t count;
    WireSealedFact of[WIRE_FACTS_MAX];
} WireKnown;
MUST_USE Status wire_put_known(Buffer *b, const WireKnown *known);
MUST_USE Status wire_take_known(Cursor *c, WireKnown *ret);

typedef struct WirePasswordOwner {
    WireOwner owner;
} WirePasswordOwner;
MUST_USE Status wire_put_password_owner(Buffer *b, const WirePasswordOwner *owner);
MUST_USE Status wire_take_password_owner(Cursor *c, WirePasswordOwner *ret);

typedef struct WirePasswordSet {
    WireOwner owner;
    Span box; /* "set-password" */
    Span nonce;
    Span verifier; /* the present record from the domain store; empty for the first password */
} WirePasswordSet;
MUST_USE Status wire_put_password_set(Buffer *b, const WirePasswordSet *set);
MUST_USE Status wire_take_password_set(Cursor *c, WirePasswordSet *ret);

typedef struct WirePasswordCheck {
    WireOwner owner;
    Span box;
    Span nonce;
    uint16_t purpose; /* BOX_PURPOSE_LOGIN or BOX_PURPOSE_AUTHORIZE */
    Span reference; /* AUTHORIZE: what is agreed to, in the tenant's words; LOGIN: empty */
    int64_t minor; /* AUTHORIZE: its amount, may be 0; the box names the currency */
    Span verifier; /* empty: the tenant knows no such user */
} WirePasswordCheck;
MUST_USE Status wire_put_password_check(Buffer *b, const WirePasswordCheck *check);
MUST_USE Status wire_take_password_check(Cursor *c, WirePasswordCheck *ret);

/* It was right. */
typedef struct WirePasswordRight {
    uint8_t grant[WIRE_GRANT_BYTES]; /* good once, for these very facts: VAULT_PASSWORD_SPEND */
    Span verifier; /* not empty: store it instead, then VAULT_PASSWORD_SHOW it */
} WirePasswordRight;
MUST_USE Status wire_put_password_right(Buffer *b, const WirePasswordRight *right);
MUST_USE Status wire_take_password_right(Cursor *c, WirePasswordRight *ret);

typedef struct WirePasswordSpend {
    WireOwner owner;
    uint16_t purpose;
    Span reference;
    int64_t minor;
    uint32_t currency; /* ISO 4217 number; 0 when there is no amount */
    uint8_t grant[WIRE_GRANT_BYTES];
} WirePasswordSpend;
MUST_USE Status wire_put_password_spend(Buffer *b, const WirePasswordSpend *spend);
MUST_USE Status wire_take_password_spend(Cursor *c, WirePasswordSpend *ret);

/* Behind two approvals of "reset-password" over
 * "<class>/<tenant>/<realm>/<user>/<SHA-256 of the box, hex>". */
typedef struct WirePasswordReset {
    WireOwner owner;
    Span box; /* "reset-password": the new one alone */
    Span nonce;
} WirePasswordReset;
MUST_USE Status wire_put_password_reset(Buffer *b, const WirePasswordReset *reset);
MUST_USE Status wire_take_password_reset(Cursor *c, WirePasswordReset *ret);

/* A password and a one-time code, in one box (BOX_PURPOSE_LOGIN_CODE), judged together. */
typedef struct WireSecondLogin {
    WireOwner owner; /* of the password */
    Span box;
    Span nonce;
    Span verifier; /* of the password; empty: the tenant knows no such user */
    Span second; /* the same user's record of VAULT_SECOND_SET; empty: none */
} WireSecondLogin;
MUST_USE Status wire_put_second_login(Buffer *b, const WireSecondLogin *login);
MUST_USE Status wire_take_second_login(Cursor *c, WireSecondLogin *ret);
/* The owner forgot it, and says who he is instead: followed by a list of WireSealedFact. Inside
 * the box: a list of WireClaimedFact, then the new password. */
typedef struct WirePasswordRecover {
    WireOwner owner;
    Span box; /* "recover-password" */
    Span nonce;
    Span verifier; /* the present record; empty: there is none */
    Span wrapped; /* the owner's subject key; empty: there is none */
} WirePasswordRecover;
MUST_USE Status wire_put_password_recover(Buffer *b, const WirePasswordRecover *recover);
MUST_USE Status wire_take_password_recover(Cursor *c, WirePasswordRecover *ret);

typedef struct WireClaimedFact {
    uint16_t data_class;
    Span value; /* secret */
} WireClaimedFact;
MUST_USE Status wire_put_claimed_fact(Buffer *b, const WireClaimedFact *fact);
MUST_USE Status wire_take_claimed_fact(Cursor *c, WireClaimedFact *ret);

/* A certificate for a merchant's own key, for whoever shows that he has its private half. */
typedef struct WireMerchantLeaf {
    Span mchid;
    Span request; /* PEM: PKCS#10, signed by that key */
    int64_t ends_us;
} WireMerchantLeaf;
MUST_USE Status wire_put_merchant_leaf(Buffer *b, const WireMerchantLeaf *leaf);
MUST_USE Status wire_take_merchant_leaf(Cursor *c, WireMerchantLeaf *ret);

/* A symmetric key that signs messages for a tenant's merchant (vault/mac_key.h). */
typedef struct WireMacKeySet {
    Span tenant;
    Span name; /* the tenant's own: a merchant's number */
    Span box; /* "mac-key" */
} WireMacKeySet;
MUST_USE Status wire_put_mac_key_set(Buffer *b, const WireMacKeySet *set);
MUST_USE Status wire_take_mac_key_set(Cursor *c, WireMacKeySet *ret);

typedef enum WireMacAlgorithm { WIRE_MAC_HMAC_SHA256 = 1, WIRE_MAC_HMAC_SM3 = 2 } WireMacAlgorithm;
typedef enum WireMacForm {
    WIRE_MAC_PLAIN = 1, /* the message */
    WIRE_MAC_KEY_BEHIND = 2, /* the message, "&key=", the key */
} WireMacForm;

typedef struct WireKeyMac {
    Span tenant;
    Span name;
    Span record; /* from the domain store */
    uint8_t algorithm; /* WireMacAlgorithm */
    uint8_t form; /* WireMacForm */
    Span message;
    Span mac; /* empty: make one; else WIRE_MAC_BYTES: is it right? */
} WireKeyMac;
MUST_USE Status wire_put_key_mac(Buffer *b, const WireKeyMac *wanted);
MUST_USE Status wire_take_key_mac(Cursor *c, WireKeyMac *ret);

/* A record as it stands in the domain store now. */
typedef struct WirePasswordShown {
    WireOwner owner;
    Span verifier;
} WirePasswordShown;
MUST_USE Status wire_put_password_shown(Buffer *b, const WirePasswordShown *shown);
MUST_USE Status wire_take_password_shown(Cursor *c, WirePasswordShown *ret);

/* Answer to one record that was shown or imported. */
typedef struct WirePasswordKept {
    uint32_t status; /* a StatusCode */
    Span verifier; /* store it; empty: keep what is there */
} WirePasswordKept;
MUST_USE Status wire_put_password_kept(Buffer *b, const WirePasswordKept *kept);
MUST_USE Status wire_take_password_kept(Cursor *c, WirePasswordKept *ret);

typedef struct WirePasswordImport {
    uint16_t data_class;
    Span tenant;
    Span realm;
    bool wrap; /* argon2id(legacy digest) now: the weak digest never rests */
    Span box; /* "import": a list of WireLegacyRecord */
    Span nonce;
} WirePasswordImport;
MUST_USE Status wire_put_password_import(Buffer *b, const WirePasswordImport *import);
MUST_USE Status wire_take_password_import(Cursor *c, WirePasswordImport *ret);

/* Inside an import's box. */
typedef struct WireLegacyRecord {
    Span user;
    Span data; /* the salt, or TP-10's original data */
    Span digest; /* bytes, whatever their text was */
} WireLegacyRecord;
MUST_USE Status wire_put_legacy_record(Buffer *b, const WireLegacyRecord *record);
MUST_USE Status wire_take_legacy_record(Cursor *c, WireLegacyRecord *ret);

/* Behind two approvals of "enable-legacy" over
 * "<class>/<tenant>/<realm>/<formula>/<inner>/<SHA-256 of the box, hex>". */
typedef struct WireLegacyEnable {
    uint16_t data_class;
    Span tenant;
    Span realm;
    uint8_t formula; /* LegacyFormula; LEGACY_NONE ends it */
    uint8_t inner; /* LegacyInner */
    Span box; /* "legacy-key": the formula's key; empty where it has none */
    Span nonce;
} WireLegacyEnable;
MUST_USE Status wire_put_legacy_enable(Buffer *b, const WireLegacyEnable *enable);
MUST_USE Status wire_take_legacy_enable(Cursor *c, WireLegacyEnable *ret);

typedef struct WirePasswordCounts {
    uint64_t modern;
    uint64_t legacy;
    uint64_t wrapped;
    uint64_t locked;
} WirePasswordCounts;
MUST_USE Status wire_put_password_counts(Buffer *b, const WirePasswordCounts *counts);
MUST_USE Status wire_take_password_counts(Cursor *c, WirePasswordCounts *ret);

/* A merchant's own request for its APIv3 key, as it signed it (vault/key_owner.h). */
typedef struct WireKeyReveal {
    Span image; /* the merchant_key row of the key that signed, and its seal */
    Span seal;
    Span record; /* the sealed APIv3 key */
    Span timestamp; /* of the signature, as text */
    Span nonce;
    Span signature; /* raw */
} WireKeyReveal;
MUST_USE Status wire_put_key_reveal(Buffer *b, const WireKeyReveal *reveal);
MUST_USE Status wire_take_key_reveal(Cursor *c, WireKeyReveal *ret);

typedef struct WireKeyRevealed {
    uint8_t algorithm; /* KeyAlgorithm of the key that it is encrypted to */
    Span cipher; /* crypto/key_transport.h */
} WireKeyRevealed;
MUST_USE Status wire_put_key_revealed(Buffer *b, const WireKeyRevealed *revealed);
MUST_USE Status wire_take_key_revealed(Cursor *c, WireKeyRevealed *ret);

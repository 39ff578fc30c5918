#pragma once
/*
 * policy_wire: payloads of the policy's operations (VAULT_POLICY_SET to VAULT_EXPIRY_LIST), in the
 * manner of vault_wire.h.
 *
 *   VAULT_POLICY_SET    approval x2 of "set-policy" over SHA-256 of the blob, blob framed
 *   VAULT_POLICY_GET    index u32, 0 is the newest -> WirePolicyBook, and when there are more than
 *                       `index` sets WirePolicySet
 *   VAULT_EXPIRY_GRANT  approval x2 of "grant-expiry" over SHA-256 of the WireExpiryGrant,
 *                       WireExpiryGrant -> nothing
 *   VAULT_EXPIRY_END    WireExpiryName -> nothing
 *   VAULT_EXPIRY_LOOK   WireExpiryName -> WireExpiryLook
 *   VAULT_EXPIRY_LIST   position u32, 0 at first -> WireExpiryPage, list of WireExpiryListed
 */
#include "ipc/vault_wire.h"

enum {
    WIRE_POLICY_BYTES_MAX = 3072, /* POLICY_BLOB_BYTES_MAX */
    WIRE_POLICY_REASON_BYTES_MAX = 100,
    WIRE_EXPIRY_NAME_BYTES_MAX = 64,
    WIRE_EXPIRY_PAGE_MAX = 128,
    WIRE_EVIDENCE_BYTES = 32, /* SHA-256 of the document that somebody signed */
};

typedef struct WirePolicyBook {
    int64_t now_us; /* vaultd's own clock, which ends overrides */
    uint32_t sets; /* remembered, the newest included */
} WirePolicyBook;
MUST_USE Status wire_put_policy_book(Buffer *b, const WirePolicyBook *book);
MUST_USE Status wire_take_policy_book(Cursor *c, WirePolicyBook *ret);

/* What two people set. */
typedef struct WirePolicySet {
    uint64_t version;
    int64_t set_us;
    Span first; /* operators */
    Span second;
    Span reason;
    Span blob; /* policy/amend.h */
} WirePolicySet;
MUST_USE Status wire_put_policy_set(Buffer *b, const WirePolicySet *set);
MUST_USE Status wire_take_policy_set(Cursor *c, WirePolicySet *ret);

/* Whose card's expiry: the user, and the institution that keeps the card's account (TP-5). */
typedef struct WireExpiryName {
    Span user;
    Span institution;
} WireExpiryName;
MUST_USE Status wire_put_expiry_name(Buffer *b, const WireExpiryName *name);
MUST_USE Status wire_take_expiry_name(Cursor *c, WireExpiryName *ret);

typedef struct WireExpiryGrant {
    Span user;
    Span institution;
    uint8_t user_evidence[WIRE_EVIDENCE_BYTES]; /* what the user signed */
    uint8_t institution_evidence[WIRE_EVIDENCE_BYTES];
    int64_t until_us;
} WireExpiryGrant;
MUST_USE Status wire_put_expiry_grant(Buffer *b, const WireExpiryGrant *grant);
MUST_USE Status wire_take_expiry_grant(Cursor *c, WireExpiryGrant *ret);

typedef struct WireExpiryLook {
    bool lives;
    int64_t until_us; /* 0: there is none */
    uint8_t user_evidence[WIRE_EVIDENCE_BYTES];
    uint8_t institution_evidence[WIRE_EVIDENCE_BYTES];
    Span first; /* who recorded it */
    Span second;
} WireExpiryLook;
MUST_USE Status wire_put_expiry_look(Buffer *b, const WireExpiryLook *look);
MUST_USE Status wire_take_expiry_look(Cursor *c, WireExpiryLook *ret);

/* Where the next page begins; and how many grants there are in all, so that who reads notices that
 * one came or went meanwhile. */
typedef struct WireExpiryPage {
    uint32_t grants;
    uint32_t next;
    bool last;
} WireExpiryPage;
MUST_USE Status wire_put_expiry_page(Buffer *b, const WireExpiryPage *page);
MUST_USE Status wire_take_expiry_page(Cursor *c, WireExpiryPage *ret);

typedef struct WireExpiryListed {
    bool lives;
    bool withdrawn; /* before its time */
    int64_t until_us;
    Span user; /* both empty: recorded before names were, or their key was destroyed */
    Span institution;
    Span first; /* who recorded it */
    Span second;
} WireExpiryListed;
MUST_USE Status wire_put_expiry_listed(Buffer *b, const WireExpiryListed *listed);
MUST_USE Status wire_take_expiry_listed(Cursor *c, WireExpiryListed *ret);

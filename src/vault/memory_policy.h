#pragma once
/*
 * memory_policy: what two people set as policy, and the grants for card expiry: in the journal, so
 * that no restart forgets an end and no older policy comes back (DESIGN section 5.2, TP-5, TP-15).
 *
 * The last MEMORY_POLICY_SETS_MAX sets are remembered, the audit report's list of overrides; each
 * has its version, and the next one is its successor.
 */
#include "policy/amend.h"
#include "vault/memory_people.h"

enum {
    MEMORY_POLICY_SETS_MAX = 64,
    MEMORY_EXPIRY_GRANTS_MAX = 32 * 1024, /* ended ones go when there is no room */
    MEMORY_EVIDENCE_BYTES = 32,
    MEMORY_EXPIRY_NAMES_BYTES_MAX = 216, /* user and institution, 64 bytes each, sealed */
};

typedef struct MemoryPolicySet {
    uint64_t version; /* 0: none was ever set */
    int64_t set_us;
    uint8_t people[2]; /* positions among the operators, which never change */
    uint8_t reason_bytes;
    uint16_t blob_bytes;
    uint8_t reason[POLICY_REASON_BYTES_MAX];
    uint8_t blob[POLICY_BLOB_BYTES_MAX];
} MemoryPolicySet;

typedef struct MemoryExpiry {
    KeyedHash name; /* of user and institution */
    int64_t until_us;
    uint8_t evidence[2][MEMORY_EVIDENCE_BYTES]; /* the user's, the institution's */
    uint8_t people[2];
    uint8_t withdrawn; /* 1: ended before its time */
    uint8_t spare;
    uint16_t names_bytes; /* 0: of before names were kept */
    uint8_t names[MEMORY_EXPIRY_NAMES_BYTES_MAX]; /* sealed by policy_book.c */
    uint8_t filler[2];
} MemoryExpiry;
_Static_assert(sizeof(MemoryExpiry) % 8 == 0, "no bytes that nobody set");

/* Two people's act: who, and what spends their approvals. */
typedef struct MemoryAct {
    Span people[2];
    Span reason;
    MemoryApprovals approvals;
} MemoryAct;

MUST_USE Status memory_policies_open(Memory *memory);
void memory_policies_close(Memory *memory);

/*
 * Put this policy in force. Durable before it counts.
 * Refuses REFUSED_POLICY_VERSION (not the successor of the last), REFUSED_POLICY_BLOB,
 * REFUSED_APPROVAL_REPLAYED, REFUSED_APPROVAL_INVALID (no such people).
 */
MUST_USE Status memory_policy_set(Memory *memory, int64_t now_us, const MemoryAct *act, Span blob);
/* How many sets are remembered; `index` 0 is the newest. False: there are not so many. */
uint32_t memory_policy_count(Memory *memory);
bool memory_policy_at(Memory *memory, uint32_t index, MemoryPolicySet *ret_set);
/* What is in force. It lives as long as the memory. */
const Policy *memory_policy(const Memory *memory);

/* Record a grant, in place of an older one. Durable. Refuses REFUSED_APPROVAL_REPLAYED,
 * REFUSED_VAULT_BUSY (too many live ones). */
MUST_USE Status memory_expiry_grant(
        Memory *memory, int64_t now_us, const MemoryAct *act, const MemoryExpiry *grant);
/* End it now, before its time; it stays on the list. Durable. Refuses REFUSED_EXPIRY_GRANT (there
 * is none that lives). */
MUST_USE Status memory_expiry_end(Memory *memory, int64_t now_us, const KeyedHash *name);
/* It was never there; OK also when that is so. Durable. */
MUST_USE Status memory_expiry_forget(Memory *memory, const KeyedHash *name);
/* Copies of up to `capacity` grants from *position (0 at first) on; *position then is where to go
 * on. ret_total: of all. */
size_t memory_expiry_page(Memory *memory, size_t *position, MemoryExpiry *ret_grants,
        size_t capacity, size_t *ret_total);
/* A copy; false when there is none, dead or alive. */
bool memory_expiry(Memory *memory, const KeyedHash *name, MemoryExpiry *ret_grant);
/* How many live at this moment, and how many are over and not yet forgotten. */
void memory_expiry_count(Memory *memory, int64_t now_us, uint32_t *ret_live, uint32_t *ret_over);
/* The operator at this position, for showing. */
Span memory_person(const Memory *memory, uint8_t position);

/* --- inside the room --- */
MUST_USE Status memory_apply_policy(Memory *memory, Cursor *c);
MUST_USE Status memory_apply_expiry(Memory *memory, Cursor *c);
MUST_USE Status memory_apply_expiry_named(Memory *memory, Cursor *c);
MUST_USE Status memory_apply_expiry_end(Memory *memory, Cursor *c);
MUST_USE Status memory_snapshot_policies(const Memory *memory, Journal *journal);

#pragma once
/*
 * approval: two different enrolled people agree to one act (TP-15, LL-4.5.2, DESIGN section
 * 5.6).
 *
 * Each signs (Ed25519, P-256 or SM2) operation, subject, reason, expiry and a nonce of 16 bytes:
 * wire_approval_message(). vaultd believes these signatures, not who hands them over. An operation
 * must stand in duties.c, and its duty among those of both.
 */
#include "vault/memory_people.h"

#include "ipc/vault_wire.h"

/* An approval cannot be kept for later years. */
#define APPROVAL_LIFE_MAX_US ((int64_t)24 * 3600 * 1000000)

/*
 * As approval_take(), and says who the two are and what they gave as reason; borrowed from the
 * message.
 */
MUST_USE Status approval_take_people(Memory *memory, Cursor *message, Span operation,
        int64_t now_us, WireApproval ret_people[2], MemoryApprovals *ret_approvals);

/*
 * Take two approvals from the message and check them against each other and `operation`. They are
 * not spent yet.
 *
 * ret_subject  borrowed from the message
 * Refuses REFUSED_APPROVAL_INVALID (no such operator, or gone; signature, operation, subject, no
 * reason, expiry), REFUSED_APPROVAL_DUTY, REFUSED_APPROVAL_QUORUM (one person twice, also under two
 * names), REFUSED_APPROVAL_REPLAYED.
 */
MUST_USE Status approval_take(Memory *memory, Cursor *message, Span operation, int64_t now_us,
        Span *ret_subject, MemoryApprovals *ret_approvals);

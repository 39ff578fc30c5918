#pragma once
/*
 * legal_hold: two people have a subject's data kept for an authority, or let it go again (LL-4.5.4,
 * TP-15). vaultd does not delete anything; what it does is refuse to destroy the key of a subject
 * that is held. ipc/hold_wire.h has the messages.
 */
#include "vault/memory_hold.h"

typedef struct LegalHolds {
    Memory *memory;
    Clock clock;
} LegalHolds;

/* Refuses APPROVAL_* (vault/approval.h; APPROVAL_INVALID also for another subject than signed, and
 * a date that is over), HOLD_FULL. */
MUST_USE Status legal_hold_place(const LegalHolds *holds, Span request);
/* Refuses APPROVAL_*, HOLD_UNKNOWN. */
MUST_USE Status legal_hold_release(const LegalHolds *holds, Span request);
MUST_USE Status legal_hold_until(const LegalHolds *holds, Span request, Buffer *ret_answer);

/* For the door that destroys. Refuses SUBJECT_HELD. */
MUST_USE Status legal_hold_must_not_be(const LegalHolds *holds, Span tenant, Span subject);

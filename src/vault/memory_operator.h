#pragma once
/*
 * memory_operator: the people whose signatures count, in the journal (operators.h decides).
 *
 * Nobody is ever taken off the list: who left stays on it as gone, so that a name, a key and a
 * place on the list (memory_policy.h keeps places) always mean the same person. Of a key that its
 * owner changed the fingerprint stays, for the same end.
 */
#include "ipc/operator_wire.h"
#include "vault/memory_batch.h"

/* Whoever was enrolled before duties were kept may approve everything, as then. */
#define MEMORY_DUTIES_EVERY UINT32_MAX

/* What an act sets; spans borrowed. */
typedef struct MemoryOperatorWork {
    Span name;
    Span key; /* SPKI; of a change: empty, as it is */
    const uint8_t *person; /* [MEMORY_PERSON_BYTES]; NULL: nobody says; of a change: as it is */
    uint32_t duties; /* of a change: 0, as they are */
    int64_t now_us;
    const MemoryApprovals *approvals; /* NULL: the ceremony */
} MemoryOperatorWork;

/*
 * Enrol. Durable.
 * Refuses REFUSED_CEREMONY_CLOSED (no approvals after the first batch), REFUSED_APPROVAL_REPLAYED,
 * REFUSED_OPERATOR_EXISTS (a name or key that somebody has or had), REFUSED_OPERATOR_PERSON_KNOWN
 * (enrolled under another name), REFUSED_OPERATOR_PERSON_MISSING (nobody says whose name it is, or
 * it is not known of all others), REFUSED_OPERATORS_FULL. At the ceremony a person may be missing.
 */
MUST_USE Status memory_operator_add(Memory *memory, const MemoryOperatorWork *work);
/* Refuses as memory_operator_add(), REFUSED_OPERATORS_FULL (too many keys were changed already),
 * REFUSED_OPERATOR_UNKNOWN, REFUSED_OPERATORS_TOO_FEW (fewer than
 * two would be left who may approve people), REFUSED_OPERATOR_PERSON_KNOWN also for somebody whose
 * person stands already. Durable. */
MUST_USE Status memory_operator_change(Memory *memory, const MemoryOperatorWork *work);
/* Of `work` name, time and approvals. Refuses as memory_operator_change(). Durable. */
MUST_USE Status memory_operator_remove(Memory *memory, const MemoryOperatorWork *work);

/* Copies; false when there is no such operator, or it is gone. */
bool memory_operator(Memory *memory, Span name, MemoryOperator *ret_operator);
/* The one at this place, gone or not; false: there are not so many. */
bool memory_operator_at(Memory *memory, size_t place, MemoryOperator *ret_operator);
Span memory_operator_name(const MemoryOperator *operator_);
/* Nobody stated whose name it is. */
bool memory_operator_has_person(const MemoryOperator *operator_);

/* --- for memory_apply.c and memory_snapshot.c --- */
MUST_USE Status memory_apply_operator(Memory *memory, Cursor *c); /* MEMORY_OPERATOR */
MUST_USE Status memory_apply_operator_state(Memory *memory, Cursor *c);
MUST_USE Status memory_apply_replaced_key(Memory *memory, Cursor *c);
MUST_USE Status memory_snapshot_operators(const Memory *memory, Journal *journal);

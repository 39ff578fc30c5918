#pragma once
/*
 * memory_field: what must not be forgotten of sensitive fields: boxes and sessions that were
 * opened, budgets of the day, receivers, the log of reveals, destroyed subjects, honey records
 * (DESIGN section 2).
 *
 * A reveal's record is durable before its answer. Records stay here until hufud says that they are
 * kept elsewhere (the domain store); what vaultd never gives up is their count and the end of their
 * chain, so that a record that is missing there is noticed (docs/decisions/0016). Names are keyed
 * hashes, as everywhere in this journal.
 */
#include "ipc/field_wire.h"
#include "vault/memory_batch.h"

enum {
    MEMORY_FIELD_BOXES_MAX = 256 * 1024, /* that are not past their expiry */
    MEMORY_BUDGETS_MAX = 256 * 1024,
    MEMORY_DEAD_MAX = 512 * 1024,
    MEMORY_HONEY_MAX = 16 * 1024,
    MEMORY_RECEIVERS_MAX = 64,
    MEMORY_RECEIVER_KEY_BYTES_MAX = 160,
    MEMORY_RECORDS_MAX = 1024, /* that nobody reported kept */
    MEMORY_RECORD_BYTES_MAX = 1024,
    MEMORY_BUDGETS_PER_REVEAL = 2,
};

typedef struct MemoryExpiring { /* an opened box or session */
    KeyedHash name;
    int64_t expires_us;
} MemoryExpiring;

typedef struct MemoryBudget {
    KeyedHash name; /* of what is counted, for which day */
    int64_t expires_us;
    uint32_t used;
    uint32_t spare;
} MemoryBudget;

typedef struct MemoryDead {
    KeyedHash subject;
    uint32_t shred_version; /* current when it died: once destroyed, nothing of before opens */
} MemoryDead;

typedef struct MemoryReceiver {
    uint8_t name[WIRE_RECEIVER_BYTES_MAX];
    uint8_t key[MEMORY_RECEIVER_KEY_BYTES_MAX];
    uint8_t name_bytes;
    uint8_t key_bytes;
    uint8_t purposes;
    uint32_t per_day;
    uint32_t per_subject_day;
} MemoryReceiver;

typedef struct MemoryRecord {
    uint16_t size;
    uint8_t bytes[MEMORY_RECORD_BYTES_MAX];
} MemoryRecord;

struct MemoryFields { /* the lock is Memory's */
    HashTable boxes, budgets, dead, honey;
    MemoryReceiver receivers[MEMORY_RECEIVERS_MAX];
    size_t receiver_count;
    uint64_t reveal_count;
    uint64_t reveal_kept;
    uint8_t reveal_chain[WIRE_HASH_BYTES];
    MemoryRecord reveals[MEMORY_RECORDS_MAX]; /* number % MAX; those after `kept` */
};

/* Each of these is opened now, once for all times. Durable.
 * ret_fresh  false for each that was opened before (or stands twice in the list)
 * Refuses REFUSED_VAULT_BUSY (too many live ones). */
MUST_USE Status memory_spend_boxes(
        Memory *memory, const MemoryExpiring *boxes, size_t count, int64_t now_us, bool *ret_fresh);

/* Count `amount` more under this name. Durable. Refuses `refusal` when it would go over `max`,
 * REFUSED_VAULT_BUSY. */
MUST_USE Status memory_budget_use(Memory *memory, const MemoryExpiring *name, uint32_t amount,
        uint32_t max, StatusCode refusal, int64_t now_us);

/* Enrol / remove, with the approvals that are spent by it. Durable. Refuse
 * REFUSED_RECEIVER_EXISTS / _UNKNOWN, REFUSED_BUFFER_FULL, REFUSED_APPROVAL_REPLAYED. */
MUST_USE Status memory_receiver_add(
        Memory *memory, const WireReceiver *receiver, const MemoryApprovals *approvals);
MUST_USE Status memory_receiver_remove(Memory *memory, Span name, const MemoryApprovals *approvals);
/* Copies; false when there is none. */
bool memory_receiver(Memory *memory, Span name, MemoryReceiver *ret_receiver);
/* Append the list of them all, as they were enrolled. */
MUST_USE Status memory_receivers(Memory *memory, Buffer *ret_answer);

typedef struct RevealBudget {
    MemoryExpiring name;
    uint32_t max;
} RevealBudget;

/*
 * Write down a reveal (or its denial) before it happens. Durable.
 *
 * record     its number is set here
 * budgets    each is counted up by one, unless the record is a denial
 * approvals  spent, or NULL
 *
 * Refuses REFUSED_REVEAL_BUDGET, REFUSED_APPROVAL_REPLAYED (nothing was written: write the denial),
 * REFUSED_REVEAL_LOG_FULL, REFUSED_VAULT_BUSY.
 */
MUST_USE Status memory_log_reveal(Memory *memory, WireRevealRecord *record,
        const RevealBudget *budgets, size_t budget_count, const MemoryApprovals *approvals,
        int64_t now_us);
/* Append WireRevealHead and the list of records from `first` on that are still here. */
MUST_USE Status memory_reveal_log(Memory *memory, uint64_t first, Buffer *ret_answer);
/* Durable. Refuses REFUSED_IPC_FORMAT for a number that was never given out. */
MUST_USE Status memory_reveal_kept(Memory *memory, uint64_t number);

/* Subjects whose data cannot be read again, from here on. Durable. Refuses
 * REFUSED_APPROVAL_REPLAYED, REFUSED_VAULT_BUSY. */
MUST_USE Status memory_destroy_subjects(Memory *memory, const KeyedHash *subjects, size_t count,
        uint32_t shred_version, const MemoryApprovals *approvals);
void memory_subjects_dead(Memory *memory, const KeyedHash *subjects, size_t count, bool *ret_dead);
/* There is room to remember so many more. */
bool memory_dead_fit(Memory *memory, size_t count);
/* Forget those who died under versions up to this one: their keys cannot be unwrapped any more. */
void memory_bury(Memory *memory, uint32_t destroyed_version);

/* Durable. Refuses REFUSED_VAULT_BUSY. */
MUST_USE Status memory_honey_add(Memory *memory, const KeyedHash *values, size_t count);
bool memory_is_honey(Memory *memory, const KeyedHash *value);

/* --- for memory.c --- */
MUST_USE Status memory_fields_open(Memory *memory);
void memory_fields_close(Memory *memory);
MUST_USE Status memory_fields_apply(Memory *memory, uint16_t kind, Cursor *c);
MUST_USE Status memory_fields_snapshot(const Memory *memory, Journal *journal);

#pragma once
/*
 * verify: re-check rows, sums and log from outside, with public keys alone (DESIGN
 * section 5.4, 5.5; TP-12).
 *
 *   1 every leaf hashes to its stored hash, and the tree of all leaves passes through every signed
 * checkpoint 2 every row of every sealed table stands in the leaf of its batch, each leaf entry is
 * used once 3 per table, revisions of rows add up to leaf entries: a deleted or rolled-back row
 * leaves some over 4 postings sum to zero per batch, transaction and currency; balances are the
 * sums of their postings 5 a seal names the revision and the schema of its row
 * 6 what each payment's state says has moved is what its postings moved: once, or not at all
 *
 * Reads only, in one read transaction: a live database may go on. Knows no room's code: tables are
 * found in the database by the names of the registry. Memory: about 12 bytes a leaf entry. Floor 3.
 * One thread.
 */
#include "audit/checkpoint.h"
#include "audit/log.h"
#include "store/store.h"

enum { AUDIT_TEXT_BYTES_MAX = 256 };

typedef enum AuditFindingKind {
    FINDING_CHECKPOINT_MISSING = 1,
    FINDING_CHECKPOINT_INVALID, /* format or signature */
    FINDING_CHECKPOINT_SPLIT, /* the two places tell different stories */
    FINDING_LOG_TRUNCATED, /* shorter than what was signed */
    FINDING_LOG_DIFFERS, /* another root than what was signed */
    FINDING_LEAF_CHANGED, /* a leaf is not what its hash says */
    FINDING_LEAF_MISSING,
    FINDING_ROW_CHANGED, /* not what its batch wrote */
    FINDING_ROW_DUPLICATED,
    FINDING_ROW_LOST, /* deleted or rolled back: a leaf entry without a row */
    FINDING_ROW_UNREADABLE,
    FINDING_SEAL_DIFFERS, /* the seal names another revision or schema */
    FINDING_SUM_NOT_ZERO,
    FINDING_BALANCE_DIFFERS,
    FINDING_TABLE_MISSING,
    FINDING_COUNT_DIFFERS, /* leaf entries and revisions of a table do not add up */
    FINDING_PAYMENT_DIFFERS, /* its state says other things than its postings */
    FINDING_REPORT_MISSING, /* a kept report that the log names is gone */
    FINDING_REPORT_CHANGED, /* ... or is not what was kept */
    FINDING_APPROVAL_INVALID, /* an approval is not signed by the key that stands in it */
    FINDING_APPROVAL_MISSING, /* something was run that too few people had signed */
    FINDING_KIND_COUNT,
} AuditFindingKind;

typedef struct AuditFinding {
    AuditFindingKind kind;
    const char *table; /* "" when it is about the log */
    const char *key; /* the row's key, the account, the transaction, the leaf entry; "" */
    int64_t batch; /* -1: none */
} AuditFinding;

/* "row.changed"; and what to do. Static storage. */
const char *audit_finding_name(AuditFindingKind kind);
const char *audit_finding_advice(AuditFindingKind kind);

typedef struct AuditVerifyConfig {
    const char *database;
    const AuditKeys *keys;
    const char *dir; /* of checkpoints */
    const char *second; /* or NULL */
    void (*found)(void *context, const AuditFinding *finding); /* texts valid during the call */
    void *context;
    const char *reports; /* where kept reports lie (audit/report_note.h), or NULL: not looked at */
    /*
     * For who tells what the evidence says (room `report`): every leaf and every row that verified
     * and lies below the newest checkpoint, in order of the log, then of the tables. May be NULL.
     * Whether the log as a whole is what was signed is known at the end: audit_log_is_sound().
     */
    void (*leaf)(void *context, const AuditLeaf *leaf);
    void (*row)(void *context, const RowView *row, int64_t leaf_time_us);
} AuditVerifyConfig;

typedef struct AuditReport {
    uint64_t leaves;
    uint64_t signed_leaves; /* covered by the newest checkpoint */
    uint64_t checkpoints;
    uint64_t tables;
    uint64_t rows;
    uint64_t accounts;
    uint64_t postings;
    uint64_t findings;
    uint64_t log_findings; /* of these, those about checkpoints, log and leaves */
    uint64_t reports; /* kept ones that were compared with the log */
    MerkleHash root;
    MerkleHash signed_root; /* of the newest checkpoint, at signed_leaves */
    char origin[AUDIT_ORIGIN_BYTES_MAX + 1]; /* of the newest checkpoint; "" without one */
} AuditReport;

/* Signed, and nothing missing or altered below the newest checkpoint: only then do leaves prove
 * anything. */
bool audit_log_is_sound(const AuditReport *report);

/* OK also when there are findings. Faults only when the check could not be made (FAULT_STORE,
 * FAULT_MEMORY, FAULT_DISK). */
MUST_USE Status audit_verify(const AuditVerifyConfig *config, AuditReport *ret_report);

#pragma once
/*
 * verify_inside: what the steps of one verification share. verify.c runs them in order:
 *
 *   verify_marks.c  checkpoints of both places, before the database is looked at
 *   verify_log.c    leaves: hashes, tree, entries a table
 *   verify_rows.c   rows: each in the leaf of its batch; what is left over
 *   verify_sums.c   postings and balances
 *   verify_payments.c, verify_channel.c, verify_transfers.c  what rows say has moved, and postings
 *   verify_deductions.c  what was taken by each contract
 *   verify_reports.c  kept reports
 *   verify_approvals.c  signatures of who approved what, and whether enough did
 */
#include "audit/discover.h"
#include "audit/log.h"
#include "audit/verify.h"

enum {
    VERIFY_CACHE_SLOTS = 1024, /* leaves kept at hand, by batch */
    VERIFY_GAP_MAX = 100000, /* missing leaves in a row; more, and the log is another */
    VERIFY_NAMED_MAX = 16, /* candidates for a lost row that are told one by one */
    VERIFY_TRANSACTION_BYTES_MAX = 128,
    VERIFY_REQUEST_BYTES_MAX = 32,
};

typedef struct Mark {
    uint64_t size;
    MerkleHash root;
    bool seen; /* the tree had this size on its way */
} Mark;

/* What the log says of a table, and what the rows say: index r counts revision r. */
typedef struct Tally {
    uint16_t table;
    uint64_t *written; /* leaf entries of this revision */
    uint64_t *present; /* rows whose revision this is */
    size_t capacity;
} Tally;

typedef struct CachedLeaf {
    int64_t batch; /* -1: empty */
    uint8_t salt[AUDIT_SALT_BYTES];
    uint8_t *bytes;
    size_t capacity;
    AuditLeaf leaf; /* borrows from bytes */
} CachedLeaf;

typedef struct SumEntry {
    int64_t account;
    int64_t currency;
    __int128 balance;
    __int128 frozen;
    bool taken;
    bool compared;
} SumEntry;

typedef struct BatchSum {
    uint8_t transaction[VERIFY_TRANSACTION_BYTES_MAX];
    size_t size;
    int64_t currency;
    __int128 sum;
} BatchSum;

/* Who signed what: rows of TABLE_APPROVAL in key order, which is that of TABLE_REQUEST. */
typedef struct ApprovalSeen {
    char request[VERIFY_REQUEST_BYTES_MAX + 1];
    uint8_t subject[MERKLE_HASH_BYTES]; /* SHA-256 of what was signed for */
    uint8_t person[MERKLE_HASH_BYTES];
} ApprovalSeen;

/* What was asked: rows of TABLE_REQUEST_PART, in the same order. */
typedef struct RequestSeen {
    char request[VERIFY_REQUEST_BYTES_MAX + 1];
    DigestState running; /* of its bytes so far */
} RequestSeen;

typedef struct Verify {
    const AuditVerifyConfig *config;
    AuditReport report;
    Discovered tables;
    Store *store;

    char origin[AUDIT_ORIGIN_BYTES_MAX + 1];
    Mark *marks;
    size_t mark_count;
    size_t mark_capacity;

    MerkleFrontier tree;
    bool tree_broken;
    uint64_t *first_entry; /* by leaf: number of entries before it; one more at the end */
    size_t leaf_count;
    size_t leaf_capacity;
    uint8_t *used; /* a bit an entry */
    Tally tallies[DISCOVER_TABLES_MAX];
    size_t tally_count;

    CachedLeaf cache[VERIFY_CACHE_SLOTS];
    const Table *table; /* being scanned */
    uint8_t last_key[ROW_KEY_BYTES_MAX];
    size_t last_key_size;

    SumEntry *sums;
    size_t sum_count;
    size_t sum_capacity;
    BatchSum in_batch[AUDIT_LEAF_ROWS_MAX];
    size_t in_batch_count;
    int64_t sum_batch;

    ApprovalSeen *approvals;
    size_t approval_count;
    size_t approval_capacity;
    size_t approval_at; /* those before it are of requests that were looked at */
    RequestSeen *requests;
    size_t request_count;
    size_t request_capacity;
    size_t request_at; /* likewise */
} Verify;

/* Tell the caller, and count. `key` is printed into by the other. */
void verify_found(
        Verify *v, AuditFindingKind kind, const char *table, const char *key, int64_t batch);
__attribute__((format(printf, 5, 6))) void verify_found_print(Verify *v, AuditFindingKind kind,
        const char *table, int64_t batch, const char *format, ...);
/* About a row: its key as text. */
void verify_found_row(Verify *v, AuditFindingKind kind, const RowView *row);

/* Room for one more element; *capacity doubles. Faults FAULT_MEMORY. New memory is zero. */
MUST_USE Status verify_grow(void **array, size_t element, size_t needed, size_t *capacity);
/* The table's tally with room for `revision`, which is at most the number of leaves. */
MUST_USE Status verify_tally(Verify *v, uint16_t table, uint64_t revision, Tally **ret_tally);

MUST_USE Status verify_marks(Verify *v);
MUST_USE Status verify_log(Verify *v);
MUST_USE Status verify_rows(Verify *v);
bool verify_has_table(const Verify *v, uint16_t table);
MUST_USE Status verify_left_over(Verify *v);
/* One row of TABLE_POSTING or TABLE_ACCOUNT, in key order, postings first. */
MUST_USE Status verify_sum_row(Verify *v, const RowView *row);
void verify_sums_end(Verify *v);
MUST_USE Status verify_payments(Verify *v);
MUST_USE Status verify_channel_orders(Verify *v);
MUST_USE Status verify_deductions(Verify *v);
MUST_USE Status verify_transfers(Verify *v);
/* One row of TABLE_APPROVAL, TABLE_REQUEST_PART or TABLE_REQUEST; tables in this order. */
MUST_USE Status verify_approval_row(Verify *v, const RowView *row);
/* The kept report that a verified row of TABLE_AUDIT_REPORT names; nothing without
 * config->reports. */
MUST_USE Status verify_report_row(Verify *v, const RowView *row);

#pragma once
/*
 * rolling: the check that walks past every append-only row, round after round (TP-12; DESIGN
 * section 5.4).
 *
 * A mutable row is verified whenever it is read. A posting, once written, is hardly ever read
 * again: changed or deleted in the database, it would be noticed only at the next start or by the
 * auditor. So each step reads the next ROLLING_ROWS_MAX rows in key order, between two batches, and
 * shows them to vaultd in one message while batches go on: an append-only row does not change
 * meanwhile. vaultd verifies each of them, and behind a table's last row it says whether all that
 * were confirmed when the table's walk began have come by (vault/roll.h). A row that does not
 * verify is frozen by vaultd and told once, ROW_FROZEN is no news; rows that are gone are told
 * once, by their table.
 *
 * The period: a round takes (rows / ROLLING_ROWS_MAX) steps and begins at most once in
 * ROLLING_ROUND_US. At five steps a second that is 1280 rows a second: a million rows in 13
 * minutes, 110 million a day. Rows that come meanwhile wait for the next round, so that a round
 * ends also when they come faster than it walks.
 *
 * What it does not see: a row deleted and put back between two rounds; the copy of a row in a table
 * that lost its primary key, where the copy begins a page (the start-up scan and the auditor do).
 *
 * One thread at a time, never the batch thread.
 */
#include "vaultclient/claims.h"

enum {
    /* Of one step. Reading them holds a batch up by about 0.1 ms; showing them to vaultd holds up a
     * PREPARE that comes at the same time by 0.45 ms (HMAC-SHA256; roll_row_us of bench/seal). */
    ROLLING_ROWS_MAX = 256,
    ROLLING_BYTES_MAX = 256 * 1024, /* of their images and seals */
    ROLLING_UNREADABLE_MAX = 1024, /* rows in a row without a key; then the next table */
    ROLLING_TABLES_MAX = 32,
};
#define ROLLING_ROUND_US (10 * (int64_t)1000000)

typedef struct RollingTable {
    const Table *table; /* append-only */
    bool by_batch; /* its key begins with the number of the batch that wrote the row */
} RollingTable;

typedef struct RollingConfig {
    Batcher *batcher;
    const RollingTable *tables; /* borrowed */
    size_t table_count; /* at most ROLLING_TABLES_MAX */
    /* As vaultclient_roll_begin() and vaultclient_roll_rows(). */
    MUST_USE Status (*begin)(void *context, const Table *table, VaultRoll *ret_roll);
    MUST_USE Status (*show)(void *context, VaultRoll *roll, const RowClaim *claims, size_t count,
            bool last, Status *ret_verdicts, VaultRollFinding *ret_finding);
    /* A row did not verify. Its key is empty when the stored values make no row (ROW_INVALID; told
     * once a table and round), and when the table as a whole differs: rows are gone (ROW_DELETED),
     * or there are others (ROW_DUPLICATED). */
    void (*alarm)(void *context, const Table *table, Span key, Status verdict);
    void *context;
} RollingConfig;

typedef struct Rolling Rolling;

typedef struct RollingCounts {
    uint64_t rounds; /* finished */
    uint64_t rows; /* verified */
    uint64_t bad; /* told: of these, and tables */
    int64_t round_us; /* how long the last finished round took */
} RollingCounts;

/* Takes all its memory. Faults FAULT_MEMORY. */
MUST_USE Status rolling_open(const RollingConfig *config, Rolling **ret_rolling);
void rolling_close(Rolling *rolling); /* NULL is fine */

/*
 * The next step, or nothing while the next round is not due.
 *
 * Refuses or faults as the batcher, `begin` and `show` do; then the same rows come again in the
 * next step. When vaultd lost its place (BATCH_OUT_OF_ORDER), the table comes again from its first
 * row.
 */
MUST_USE Status rolling_step(Rolling *rolling, int64_t now_us);

RollingCounts rolling_counts(const Rolling *rolling);

/*
 * audit: how fast the log grows and is checked. append: leaves of 64 payments' rows (256 entries)
 * hashed into the tree and written durably, 16 a transaction as the batches of a busy second would.
 * verify: a whole database (rows, leaves, sums, checkpoints) through the engine of `auditor`.
 *
 * Prints one JSON line: leaves per second; rows and payments verified per second.
 */
#define _GNU_SOURCE
#include "audit/sample.h"
#include "audit/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LEAVES = 2000, ENTRIES = 256, TRANSFERS = 60000, ACCOUNTS = 60 };

#define MUST_OK(expression)                                                      \
    do {                                                                         \
        const Status must_ = (expression);                                       \
        if (!status_ok(must_)) {                                                 \
            fprintf(stderr, "audit: %s: %s\n", #expression, status_name(must_)); \
            exit(1);                                                             \
        }                                                                        \
    } while (0)

static double now_s(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct Append {
    double per_s;
} Append;

/* Into a log of its own, numbered far behind the sample's. */
static Status append_leaves(void *context, Store *store)
{
    static uint8_t leaf[AUDIT_LEAF_BYTES_MAX];
    MerkleFrontier tree = { 0 };
    Append *append = context;
    const double start = now_s();
    for (int64_t i = 0; i < LEAVES; i++) {
        BatchSealed sealed = { .leaf = { leaf, 29 + ENTRIES * AUDIT_LEAF_ROW_BYTES } };
        const BatchDraft draft = { .batch = 1000000000 + i, .time_us = i };
        MerkleHash hash;
        memcpy(leaf, &i, sizeof(i));
        merkle_leaf(sealed.leaf, &hash);
        merkle_append(&tree, &hash);
        memcpy(sealed.leaf_hash, hash.bytes, sizeof(hash.bytes));
        if (i % 16 == 0) TRY(store_execute(store, "BEGIN IMMEDIATE", NULL, 0));
        TRY(audit_append(NULL, store, &draft, &sealed));
        if (i % 16 == 15) TRY(store_execute(store, "COMMIT", NULL, 0));
    }
    append->per_s = LEAVES / (now_s() - start);
    return store_execute(store, "DELETE FROM audit_leaf WHERE batch >= 1000000000", NULL, 0);
}

static void no_finding(void *context, const AuditFinding *finding)
{
    fprintf(stderr, "audit: %s %s %s\n", audit_finding_name(finding->kind), finding->table,
            finding->key);
}

int main(void)
{
    static Sample sample;
    Append append = { 0 };
    AuditReport report;
    MUST_OK(sample_open(&sample, ACCOUNTS));
    MUST_OK(batcher_between(sample.batcher, append_leaves, &append));
    MUST_OK(sample_transfers(&sample, TRANSFERS));
    MUST_OK(sample_checkpoint(&sample));
    const AuditVerifyConfig config = { sample.path, &sample.keys, sample.dir, sample.second,
        no_finding, NULL };
    const double start = now_s();
    MUST_OK(audit_verify(&config, &report));
    const double took = now_s() - start;
    printf("{\"append_per_s\":%.0f,\"verify_per_s\":%.0f,\"verify_rows_per_s\":%.0f,\"leaves\":%"
           "llu,\"rows\":%llu,"
           "\"findings\":%llu}\n",
            append.per_s, TRANSFERS / took, (double)report.rows / took,
            (unsigned long long)report.leaves, (unsigned long long)report.rows,
            (unsigned long long)report.findings);
    sample_close(&sample);
    return report.findings == 0 ? 0 : 1;
}

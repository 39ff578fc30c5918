#pragma once
/*
 * sample: a small audited database, for this room's tests and benchmark: accounts and postings
 * under their registered numbers, leaves and seals laid out as vaultd's, checkpoints signed with
 * keys of its own. In no program.
 */
#include "audit/checkpoint.h"
#include "audit/log.h"
#include "store/unit_wait.h"

enum { SAMPLE_SYSTEM_ACCOUNT = 1, SAMPLE_ROWS_MAX = 1024 };

typedef struct Sample {
    char folder[64];
    char path[96];
    char dir[96];
    char second[96];
    Store *store;
    Batcher *batcher;
    Clock clock;
    MerkleFrontier tree;
    MerkleHash pending;
    uint8_t leaf[AUDIT_LEAF_BYTES_MAX];
    PrivateKey *ed25519;
    PrivateKey *sm2;
    AuditKeys keys;
    uint64_t transactions;
    const char *origin;
} Sample;

/* A folder under /tmp with a database, a system account and `accounts` more (2, 3, ...) of 1000
 * each. */
MUST_USE Status sample_open(Sample *ret_sample, int64_t accounts);
/* The same with the tables of one more schema; NULL: none. */
MUST_USE Status sample_open_with(Sample *ret_sample, int64_t accounts, const StoreSchema *more);
void sample_close(Sample *sample);
/* One transfer between two accounts: a batch of its own. */
MUST_USE Status sample_transfer(Sample *sample, int64_t from, int64_t to, int64_t minor);
/* `count` transfers given to the batcher at once: batches of up to 64. */
MUST_USE Status sample_transfers(Sample *sample, size_t count);
/* Any text as a note under the sample's keys, appended. */
MUST_USE Status sample_sign(const Sample *sample, Span name, Span text, Buffer *ret_note);
/* The signed note of the tree as it stands, appended. */
MUST_USE Status sample_note(Sample *sample, Buffer *ret_note);
/* ... kept in both places. */
MUST_USE Status sample_checkpoint(Sample *sample);
/* Any SQL, between batches. */
MUST_USE Status sample_execute(Sample *sample, const char *sql);

#pragma once
/*
 * trail_inside: what the files of the index share.
 *
 *   trail.c         open, catch up, compare, make anew
 *   trail_file.c    the SQLite file: blocks, subtree hashes, the tree's right edge
 *   trail_search.c  candidates, their leaves, their proofs
 */
#include "audit/trail.h"

#include <pthread.h>

enum {
    TRAIL_NODE_LEVEL = 4, /* hashes of subtrees of 2^4 leaves and more are kept */
    TRAIL_CATCH_UP_MS = 1000, /* before a question */
    TRAIL_NODES_MAX = 4096, /* waiting for the block to be written; more, and it is */
};

typedef struct TrailNode {
    unsigned level;
    uint64_t position;
    MerkleHash hash;
} TrailNode;

typedef struct TrailKept {
    TrailSummary summary;
    TrailFilters *filters;
} TrailKept;

struct Trail {
    pthread_mutex_t lock;
    char database[TRAIL_PATH_BYTES_MAX];
    char path[TRAIL_PATH_BYTES_MAX];
    Random random;
    Store *log; /* read-only */
    Store *index;
    uint8_t key[TRAIL_KEY_BYTES]; /* of the marks; with the file */
    TrailKept *blocks; /* those in the file */
    size_t block_count;
    size_t block_capacity;
    TrailBlock tail; /* behind them */
    TrailBlock loaded; /* of the file, while it is looked at */
    TrailBlock one; /* a leaf that is looked at, or a block made anew */
    MerkleFrontier tree; /* of all indexed leaves, unless some are missing: then of those before */
    MerkleHash last_hash; /* of the last indexed leaf */
    TrailNode nodes[TRAIL_NODES_MAX];
    size_t node_count;
    size_t recheck_next;
    int64_t catch_up_ms; /* TRAIL_CATCH_UP_MS */
    uint64_t made_anew;
};

/* --- trail_file.c: each refuses REFUSED_TRAIL_DAMAGED when the file is not what we wrote --- */
/* Open, or make, and take over key, blocks and tree. */
MUST_USE Status trail_file_open(Trail *trail);
/* Forget the blocks, not the file. */
void trail_file_forget(Trail *trail);
/* Close and remove the file. */
void trail_file_remove(Trail *trail);
/* Write the tail as a block, with the nodes and the tree; durable enough for what can be made anew.
 */
MUST_USE Status trail_file_write(Trail *trail);
/* Columns (bits) of block `number` into `ret_block`, checked against their digests. */
MUST_USE Status trail_file_read(
        Trail *trail, size_t number, uint32_t columns, TrailBlock *ret_block);
MUST_USE Status trail_file_node(
        Trail *trail, unsigned level, uint64_t position, MerkleHash *ret_hash);
/* The hash of the last leaf of block `number`. */
MUST_USE Status trail_file_last_hash(Trail *trail, size_t number, MerkleHash *ret_hash);

/* --- trail.c --- */
/* Empty, in a new file. */
MUST_USE Status trail_make_anew(Trail *trail);
/* One step, the lock being held. */
MUST_USE Status trail_catch_up(Trail *trail, bool *ret_more);
int64_t trail_next_leaf(const Trail *trail);

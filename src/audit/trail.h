#pragma once
/*
 * trail: find in the audit log who did what, on whom, when (LL-4.5.3), in under a second over ten
 * million entries, and prove each find.
 *
 * The index is an own SQLite file made of the leaves: columns in blocks (trail_block.h), the
 * newest entries in memory alone, and the hashes of complete subtrees of 16 leaves, for proofs. It
 * is never believed: what it finds is read from its leaf, and that is shown with whether its bytes
 * are those that were hashed, and with a proof that a signed checkpoint covers them. What an index
 * could do is leave something out: its blocks carry digests, follow one another without a gap, and
 * trail_recheck() makes one after another of them anew from the leaves. An index that differs is
 * thrown away and made anew. docs/trail.md, docs/decisions/0051.
 *
 * It reads the database over a read-only connection of its own and writes nothing there: payments
 * do not wait for it. Floor 3. Any thread; one at a time is inside.
 */
#include "audit/checkpoint.h"
#include "audit/trail_block.h"
#include "base/seams.h"

enum {
    TRAIL_FORMAT = 3, /* of the file, and of what a category means */
    TRAIL_STEP_LEAVES = 1024, /* indexed in one step */
    TRAIL_HITS_MAX = 200, /* of one search */
    TRAIL_PATH_BYTES_MAX = 512,
};

typedef struct Trail Trail;

typedef struct TrailConfig {
    const char *database; /* with the leaves; only read */
    const char *index; /* made when it is not there */
    Random random;
} TrailConfig;

/* Refuses REFUSED_TRAIL_PATH (too long). Faults as store_open(), for the database alone: an index
 * that cannot be used is made anew. */
MUST_USE Status trail_open(const TrailConfig *config, Trail **ret_trail);
void trail_close(Trail *trail); /* NULL is fine */

/* Index the next TRAIL_STEP_LEAVES leaves; *ret_more: there may be others. Faults of the database
 * and of the index (FAULT_STORE_FULL: it stays where it is). */
MUST_USE Status trail_step(Trail *trail, bool *ret_more);

/* At most `count_max` leaves as they are, over the index's own connection. */
MUST_USE Status trail_read(
        Trail *trail, int64_t first, int64_t count_max, AuditEntryVisit visit, void *context);

typedef enum TrailFinding {
    TRAIL_AGREES = 0, /* with the leaves; or there was no block to look at */
    TRAIL_INDEX_DIFFERED, /* it is being made anew from here on */
    TRAIL_LOG_CHANGED, /* leaves are no longer what they were when they were indexed */
} TrailFinding;
/* Make the next block anew and compare. `ret_leaf` is the first of it. */
MUST_USE Status trail_recheck(Trail *trail, TrailFinding *ret_finding, int64_t *ret_leaf);

typedef struct TrailState {
    int64_t leaves; /* the index is complete below this leaf */
    int64_t entries;
    int64_t unreadable; /* entries that stand for leaves which are not what was hashed */
    uint64_t made_anew; /* since it was opened */
} TrailState;
TrailState trail_state(Trail *trail);

/* --- search --- */
typedef struct TrailQuery {
    Span person; /* "alice" (in whatever role) or "operator/alice"; also as the second person */
    Span subject; /* "1900000001/N42", or "N42": what stands behind the first '/' */
    Span request; /* digest of its nonce [AUDIT_NONCE_BYTES]; empty: any */
    bool by_kind;
    uint8_t kinds[TRAIL_KINDS_BYTES]; /* a bit each */
    uint32_t categories; /* bits; 0: all */
    uint32_t results; /* bits of TrailResult; 0: all */
    int64_t from_us; /* included */
    int64_t to_us; /* not included; 0: no end */
    uint32_t limit; /* 1..TRAIL_HITS_MAX */
    int64_t below_leaf; /* a further page: only what stands before it; 0: from the newest */
    uint8_t below_ordinal;
    const AuditCheckpoint *checkpoint; /* verified; hits are proved to be under it; NULL: none is */
} TrailQuery;

typedef enum TrailVerdict {
    TRAIL_PROVEN = 1, /* the checkpoint covers exactly these bytes */
    TRAIL_NOT_YET, /* newer than the checkpoint (or none was given) */
    TRAIL_CHANGED, /* the leaf is not what was hashed */
    TRAIL_MISSING, /* the leaf is gone */
    TRAIL_NOT_PROVEN, /* the leaves do not lead to the root that was signed */
    TRAIL_NOT_INDEXED, /* the index has not come to the checkpoint; no whole log is read for it */
} TrailVerdict;
const char *trail_verdict_name(TrailVerdict verdict);

typedef struct TrailHit {
    int64_t leaf;
    uint8_t ordinal;
    int64_t time_us;
    AuditEvent event; /* empty when the leaf cannot be read; borrowed, as all spans */
    Span bytes; /* of the leaf */
    MerkleHash hash; /* of these bytes */
    TrailVerdict verdict;
    MerkleProof proof; /* when PROVEN: from the hash to the checkpoint's root */
} TrailHit;
/* Newest first; the hit is valid during the call. What it returns ends the search unless OK. */
typedef Status (*TrailVisit)(void *context, const TrailHit *hit);

typedef struct TrailFound {
    uint32_t hits;
    bool more; /* ask again below the last hit */
    int64_t last_leaf;
    uint8_t last_ordinal;
    int64_t complete_to; /* nothing below this leaf was left out */
    int64_t leaves; /* that the database had when the search began */
} TrailFound;

/*
 * Catch up (for a second at most; `complete_to` says how far), then search.
 * Refuses REFUSED_TRAIL_QUERY (limit, times), REFUSED_TRAIL_DAMAGED (the index was not what the
 * leaves say: it is made anew, ask again).
 */
MUST_USE Status trail_search(Trail *trail, const TrailQuery *query, TrailVisit visit, void *context,
        TrailFound *ret_found);
/* One leaf, with its proof, as a hit without an event. Refuses REFUSED_TRAIL_LEAF (no such). */
MUST_USE Status trail_prove(Trail *trail, int64_t leaf, const AuditCheckpoint *checkpoint,
        TrailVisit visit, void *context);

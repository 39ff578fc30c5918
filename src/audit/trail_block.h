#pragma once
/*
 * trail_block: sixteen thousand entries of the log as columns of fixed width, so that a search
 * reads only the columns it asks about, one after another. Ten million entries are some six hundred
 * blocks.
 *
 * A text is in no column, only 32 bits of its keyed digest: a match is a candidate until its leaf
 * was read (trail.h). Columns are kept as they are written: big-endian, entry after entry. Floor 3.
 * No shared state.
 */
#include "audit/kind.h"
#include "audit/log.h"

enum {
    TRAIL_BLOCK_ENTRIES = 16384,
    TRAIL_KEY_BYTES = 16,
    TRAIL_MARK_BYTES = 4, /* of a text */
    TRAIL_KINDS_BYTES = AUDIT_KINDS_MAX / 8,
    TRAIL_FILTER_BYTES = 8192, /* a bit for each beginning of a mark */
};

typedef enum TrailColumn {
    TRAIL_ACTOR = 0, /* mark of the whole actor: "operator/alice" */
    TRAIL_PERSON, /* ... of what stands behind the first '/': "alice" */
    TRAIL_SECOND, /* ... of the second person that the event names, or zeros */
    TRAIL_SUBJECT, /* ... of the whole subject */
    TRAIL_OBJECT, /* ... of what stands behind its first '/' */
    TRAIL_REQUEST, /* ... of the nonce's digest, or zeros */
    TRAIL_TIME, /* i64, us */
    TRAIL_LEAF, /* u32, from the block's first */
    TRAIL_ORDINAL, /* u8, of the event in its leaf */
    TRAIL_KIND, /* u8; 0: larger than we know, or unreadable */
    TRAIL_CATEGORY, /* u8, AuditCategory */
    TRAIL_RESULT, /* u8, TrailResult */
    TRAIL_COLUMNS,
} TrailColumn;

typedef enum TrailResult {
    TRAIL_DONE = 0,
    TRAIL_REFUSED = 1,
    TRAIL_BROKEN = 2, /* a fault */
    TRAIL_UNREADABLE = 3, /* the leaf is gone, or is not what was hashed: matches every question */
} TrailResult;

/* What a block holds, in short: most questions pass it over by this. */
typedef struct TrailSummary {
    int64_t first_leaf;
    int64_t end_leaf; /* the first that is not in it */
    int64_t time_min;
    int64_t time_max;
    uint32_t count;
    uint32_t unreadable;
    uint32_t seconds; /* entries with a second person */
    uint32_t categories; /* a bit each */
    uint8_t kinds[TRAIL_KINDS_BYTES]; /* a bit each */
} TrailSummary;

/* Which persons (second ones too) and which objects are in a block: a mark whose first 16 bits are
 * not among those of the filter is not there. A rare one passes most blocks over. */
typedef struct TrailFilters {
    uint8_t persons[TRAIL_FILTER_BYTES];
    uint8_t objects[TRAIL_FILTER_BYTES];
} TrailFilters;

typedef struct TrailBlock {
    TrailSummary summary;
    TrailFilters filters;
    uint8_t *columns[TRAIL_COLUMNS]; /* TRAIL_BLOCK_ENTRIES of trail_column_width() each */
    uint8_t *memory;
} TrailBlock;

size_t trail_column_width(TrailColumn column);

/* Faults FAULT_MEMORY. */
MUST_USE Status trail_block_open(TrailBlock *ret_block);
void trail_block_close(TrailBlock *block);
/* Empty, to begin with this leaf. */
void trail_block_begin(TrailBlock *block, int64_t first_leaf);
/* Would this leaf fit, whatever is in it, and a gap before it? */
bool trail_block_has_room(const TrailBlock *block, int64_t leaf);

/* Is the leaf what its hash says, and this number? */
bool trail_leaf_is_whole(const AuditEntry *entry);
/* The entries of one leaf, which fits (asserted). One that is not whole is one unreadable entry. */
void trail_block_add(
        TrailBlock *block, const uint8_t key[TRAIL_KEY_BYTES], const AuditEntry *entry);
/* One event alone, for comparing it with what the index says. */
void trail_block_add_event(TrailBlock *block, const uint8_t key[TRAIL_KEY_BYTES], int64_t time_us,
        const AuditEvent *event);
/* One unreadable entry for the leaves `first` to `end` (not included), which are not there. */
void trail_block_add_missing(TrailBlock *block, int64_t first, int64_t end, int64_t time_us);

/* --- questions --- */
typedef struct TrailMark {
    uint8_t bytes[TRAIL_MARK_BYTES]; /* never zeros */
} TrailMark;
void trail_mark(const uint8_t key[TRAIL_KEY_BYTES], Span text, TrailMark *ret_mark);

typedef struct TrailMatch {
    bool by_person;
    bool by_second; /* the second person counts, too */
    bool by_subject;
    TrailColumn person_column; /* TRAIL_ACTOR or TRAIL_PERSON, */
    TrailMark person; /* and the mark there */
    TrailMark name; /* of the name alone */
    TrailColumn subject_column; /* TRAIL_SUBJECT or TRAIL_OBJECT, */
    TrailMark subject;
    TrailMark object;
    bool by_request;
    TrailMark request;
    bool by_kind;
    uint8_t kinds[TRAIL_KINDS_BYTES];
    uint32_t categories; /* bits; 0: all */
    uint32_t results; /* bits; 0: all */
    int64_t from_us; /* included */
    int64_t to_us; /* not included */
} TrailMatch;

/* By whom and on whom: "operator/alice" means the whole text, "alice" what stands behind the first
 * '/'. Empty: anybody, anything. */
void trail_match_texts(
        const uint8_t key[TRAIL_KEY_BYTES], Span person, Span subject, TrailMatch *match);
/* By the nonce's digest [AUDIT_NONCE_BYTES], told to merchants as Request-ID; empty: any. */
void trail_match_request(const uint8_t key[TRAIL_KEY_BYTES], Span digest, TrailMatch *match);
/* Is the event's person and subject the one that was asked for? A mark is only 32 bits of it. */
bool trail_texts_match(Span person, Span subject, const AuditEvent *event);
/* Can something in such a block match? */
bool trail_block_may_match(
        const TrailSummary *summary, const TrailFilters *filters, const TrailMatch *match);
/* Bits of the columns that trail_block_match() looks at in such a block. */
uint32_t trail_match_columns(const TrailSummary *summary, const TrailMatch *match);
/* The last matching entry below `below`, or -1. */
int32_t trail_block_match(const TrailBlock *block, const TrailMatch *match, uint32_t below);

int64_t trail_block_leaf(const TrailBlock *block, uint32_t entry);
uint8_t trail_block_ordinal(const TrailBlock *block, uint32_t entry);

/* Who stands in an event: the actor, and the second person, or empty. Borrowed from it. */
typedef struct TrailPeople {
    Span actor;
    Span second; /* the name alone */
} TrailPeople;
TrailPeople trail_people(const AuditEvent *event);
/* What stands behind the first '/', or the whole. */
Span trail_name(Span text);

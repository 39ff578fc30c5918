#pragma once
/*
 * walk_inside: what the walks share: the stream, the place that is said with each finding, and the
 * budget of the file that is open.
 */
#include "scan/walk.h"

struct Walk {
    const Scanner *scanner;
    const WalkSink *sink;
    ScanStream *stream;
    uint64_t archive_bytes_max;
    char place[WALK_PLACE_BYTES_MAX];
    uint64_t bytes_in; /* of the file that is open */
    uint64_t bytes_out; /* unpacked from it */
    uint64_t entries;
};

/* Put "!name" behind the place; returns the size to go back to. */
size_t walk_place_add(Walk *walk, const char *mark, const char *name);
void walk_place_cut(Walk *walk, size_t size);
void walk_skipped(Walk *walk, Status why);
/* The name of a place is text, too: what it holds is found there. */
void walk_judge_name(Walk *walk);

/* --- archive.c --- */

/* More bytes of what is open: at least one, 0 at the end. */
typedef struct WalkSource {
    MUST_USE Status (*read)(void *context, Span *ret_bytes);
    void *context;
} WalkSource;

enum { WALK_HEAD_BYTES = 512 }; /* enough to know an archive */

typedef enum ArchiveKind {
    ARCHIVE_NONE,
    ARCHIVE_PACKED, /* one compressed text */
    ARCHIVE_FILES, /* names and contents */
} ArchiveKind;

/* What begins with these bytes. */
ArchiveKind archive_kind(Span head);
/* Judge everything in it; what cannot be judged is said to the sink. `head` was read already and
 * comes first. Faults FAULT_SCAN, FAULT_MEMORY. */
MUST_USE Status archive_walk(Walk *walk, Span head, const WalkSource *source, unsigned depth);
/* A text, or an archive at this depth. */
MUST_USE Status walk_source(Walk *walk, const WalkSource *source, unsigned depth);

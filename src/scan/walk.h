#pragma once
/*
 * walk: brings texts to a scan stream: files and folders, archives and what is in them, the history
 * of a git repository, single values.
 *
 * Archives (tar, zip, cpio) and compressed files (gzip, bzip2, xz, zstd, lz4) are opened by
 * libarchive while they are read: nothing is unpacked to disk or memory. An archive in an archive
 * is opened up to WALK_DEPTH_MAX deep. What is too large, too deep, encrypted or damaged is not
 * judged, and is named: a scan that left something out never looks clean.
 *
 * git's objects come from the `git` program, started with a fixed list of arguments and a fixed
 * environment that lets a hostile repository run or fetch nothing: every blob and every message of
 * every commit once.
 *
 * A place is how people find it again: "logs/a.tar.gz!b/c.log", "path (blob 1234567890ab)".
 */
#include "scan/scan.h"

enum {
    WALK_DEPTH_MAX = 8, /* archives in archives; a .tar.gz counts as two */
    WALK_FOLDERS_MAX = 64, /* folders in folders */
    WALK_ENTRIES_MAX = 200000, /* in one file, all its archives together */
    WALK_PLACE_BYTES_MAX = 1024, /* longer ones are cut */
    WALK_RATIO_MAX = 400, /* bytes out of one byte in ... */
    WALK_RATIO_FREE_BYTES = 64 << 20, /* ... beyond these */
};

typedef struct WalkSink {
    void (*found)(void *context, const char *place, const ScanFinding *finding);
    /* Not judged: a refusal or fault says why. */
    void (*skipped)(void *context, const char *place, Status why);
    /* Bytes that were read from the disk or the pipe since the last call. */
    void (*read)(void *context, uint64_t bytes);
    void *context;
} WalkSink;

typedef struct Walk Walk;

/* `scanner` and `sink` outlive it. archive_bytes_max: what one file may hold when it is unpacked.
 * Faults: FAULT_MEMORY, FAULT_SCAN. */
MUST_USE Status walk_new(
        const Scanner *scanner, const WalkSink *sink, uint64_t archive_bytes_max, Walk **ret_walk);
/* For CLEANUP. */
void walk_free(Walk **walk);

/*
 * A file, or a folder with all below it; symbolic links, devices and .git folders are passed over.
 * Faults FAULT_SCAN; everything else is said to the sink.
 */
MUST_USE Status walk_path(Walk *walk, const char *path);
/* An open file or pipe. */
MUST_USE Status walk_fd(Walk *walk, int fd, const char *place);
/* One value. */
MUST_USE Status walk_text(Walk *walk, Span text, const char *place);

/* Refuses REFUSED_SCAN_GIT: `git` is not there, or says that this is no repository. */
MUST_USE Status walk_git(Walk *walk, const char *repository);

/* The sizes of all files below, for a progress bar. */
uint64_t walk_size(const char *path);

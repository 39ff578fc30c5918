#pragma once
/*
 * scan: finds what must not be in logs, files, archives and dumps, gigabytes of it (TP-5, TP-8,
 * TP-14).
 *
 * Three prefilters mark the places that may hold something: Hyperscan for words and forms
 * (scan/patterns.h), a sweep for digits and escapes (scan/sweep.h). Only there the detector of the
 * house (policy/detect.h) looks, so what is found in a file is what is refused at a door.
 *
 * A Scanner is compiled once (about 0.2 s) and may be used by any number of threads; each thread
 * has its own ScanStream. A stream takes a text of any size in pieces of any size; findings that
 * lie over the edges are found. Floor 1: base and policy; owns Hyperscan; never in vaultd.
 */
#include "policy/detect.h"

enum {
    SCAN_BLOCK_BYTES = 256 << 10, /* looked at in one piece: all passes find it in the cache */
    SCAN_CARRY_BYTES = 4096, /* of them seen again with what follows */
};

typedef struct ScanFinding {
    DetectKind kind;
    uint64_t at; /* bytes from the beginning of the text */
    uint64_t size;
    uint64_t line; /* from 1 */
    uint64_t column; /* from 1, in bytes */
    Span value; /* secret, borrowed: for a mask or a keyed fingerprint alone */
} ScanFinding;

typedef void (*ScanFound)(void *context, const ScanFinding *finding);

typedef struct Scanner Scanner;
typedef struct ScanStream ScanStream;

/* Faults: FAULT_MEMORY, FAULT_SCAN (the processor lacks SSSE3, or a pattern does not compile). */
MUST_USE Status scanner_new(Scanner **ret_scanner);
/* For CLEANUP; wipes nothing: there is no secret in it. After all its streams. */
void scanner_free(Scanner **scanner);

/* `scanner` outlives the stream. Faults: FAULT_MEMORY, FAULT_SCAN. */
MUST_USE Status scan_stream_new(
        const Scanner *scanner, ScanFound found, void *context, ScanStream **ret_stream);
/* For CLEANUP; wipes what it read. */
void scan_stream_free(ScanStream **stream);

/* Begin another text. */
void scan_stream_begin(ScanStream *stream);
/* The next bytes of the text; calls `found`. Faults: FAULT_SCAN. */
MUST_USE Status scan_stream_feed(ScanStream *stream, Span bytes);
/* The same without a copy: ask for space (never none), put bytes there, say how many. */
void scan_stream_space(ScanStream *stream, uint8_t **ret_bytes, size_t *ret_size);
MUST_USE Status scan_stream_filled(ScanStream *stream, size_t size);
/* The text is over: what is left is looked at. */
MUST_USE Status scan_stream_end(ScanStream *stream);

/* One whole text. */
MUST_USE Status scan_text(ScanStream *stream, Span text);

/*
 * The guard of a program's log (base/log.h): as detect_guard() of policy, and faster on the lines
 * that are clean. scan_guard_open() once, before any thread; faults as scanner_new().
 */
MUST_USE Status scan_guard_open(void);
const char *scan_guard(const Span *parts, size_t count, size_t *ret_first, size_t *ret_last);

#define _GNU_SOURCE
#include "scan/scan.h"

#include "base/secret.h"
#include "scan/patterns.h"
#include "scan/sweep.h"

#include <stdlib.h>

struct Scanner {
    Patterns *patterns;
};

struct ScanStream {
    const Scanner *scanner;
    PatternScratch *scratch;
    ScanFound found;
    void *context;
    uint8_t *bytes; /* SCAN_BLOCK_BYTES and 64 zeros */
    size_t size;
    uint64_t base; /* of the block in the text */
    uint64_t reported; /* findings that begin before it were reported */
    uint64_t line; /* of the block's first byte, from 1 */
    uint64_t line_at; /* where that line begins in the text */
    Hot hot;
};

Status scanner_new(Scanner **ret_scanner)
{
    CLEANUP(scanner_free) Scanner *scanner = calloc(1, sizeof(*scanner));
    CHECK(scanner != NULL, FAULT_MEMORY);
    TRY(patterns_new(&scanner->patterns));
    *ret_scanner = scanner;
    scanner = NULL; /* transferred */
    return OK;
}

void scanner_free(Scanner **scanner)
{
    if (*scanner == NULL) return;
    patterns_free(&(*scanner)->patterns);
    free(*scanner);
    *scanner = NULL;
}

Status scan_stream_new(
        const Scanner *scanner, ScanFound found, void *context, ScanStream **ret_stream)
{
    CLEANUP(scan_stream_free) ScanStream *stream = calloc(1, sizeof(*stream));
    CHECK(stream != NULL, FAULT_MEMORY);
    stream->scanner = scanner;
    stream->found = found;
    stream->context = context;
    stream->bytes = calloc(1, SCAN_BLOCK_BYTES + HOT_CELL_BYTES);
    CHECK(stream->bytes != NULL, FAULT_MEMORY);
    TRY(pattern_scratch_new(scanner->patterns, &stream->scratch));
    scan_stream_begin(stream);
    *ret_stream = stream;
    stream = NULL; /* transferred */
    return OK;
}

void scan_stream_free(ScanStream **stream)
{
    if (*stream == NULL) return;
    if ((*stream)->bytes != NULL) bytes_wipe((*stream)->bytes, SCAN_BLOCK_BYTES);
    free((*stream)->bytes);
    pattern_scratch_free(&(*stream)->scratch);
    free(*stream);
    *stream = NULL;
}

void scan_stream_begin(ScanStream *stream)
{
    stream->size = 0;
    stream->base = 0;
    stream->reported = 0;
    stream->line = 1;
    stream->line_at = 0;
}

/* --- one block --- */

typedef struct Region {
    ScanStream *stream;
    size_t from; /* in the block */
    size_t limit; /* findings that begin there or later belong to the next block */
    uint64_t line; /* of `from` */
    uint64_t line_at;
} Region;

static void on_detection(void *context, const Detection *d)
{
    const Region *region = context;
    const ScanStream *stream = region->stream;
    const size_t at = region->from + d->at;
    if (at >= region->limit || stream->base + at < stream->reported) return;
    ScanFinding finding = { d->kind, stream->base + at, d->size, region->line, 1, d->value };
    uint64_t line_at = region->line_at;
    for (size_t i = region->from; i < at; i++) {
        if (stream->bytes[i] != '\n') continue;
        finding.line++;
        line_at = stream->base + i + 1;
    }
    finding.column = finding.at - line_at + 1;
    stream->found(stream->context, &finding);
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* An edge must not cut a word, or a long number would end there as a shorter one. */
static size_t begin_of(const ScanStream *stream, size_t at)
{
    enum { WORD_MAX = 64 };
    size_t begin = at;
    while (begin > 0 && at - begin < WORD_MAX && is_word(stream->bytes[begin - 1]))
        begin--;
    while (begin > 0 && begin < stream->size && is_digit(stream->bytes[begin - 1])
            && is_digit(stream->bytes[begin]))
        begin++;
    return begin;
}

static size_t end_of(const ScanStream *stream, size_t at)
{
    enum { WORD_MAX = 64 };
    size_t end = at;
    while (end < stream->size && end - at < WORD_MAX && is_word(stream->bytes[end]))
        end++;
    while (end > 0 && end < stream->size && is_digit(stream->bytes[end - 1])
            && is_digit(stream->bytes[end]))
        end--;
    return end;
}

/* The next stretch of marked cells with room around it, stretches that touch taken together.
 * *cell goes behind it. */
static bool next_region(const ScanStream *stream, size_t *cell, size_t *ret_from, size_t *ret_to)
{
    enum { GAP_CELLS = (HOT_BEFORE_BYTES + HOT_AFTER_BYTES) / HOT_CELL_BYTES + 2 };
    const size_t cells = (stream->size + HOT_CELL_BYTES - 1) / HOT_CELL_BYTES;
    while (*cell < cells && !hot_is(&stream->hot, *cell)) {
        const uint64_t rest = stream->hot.words[*cell / 64] >> (*cell % 64);
        *cell += rest == 0 ? 64 - *cell % 64 : (size_t)__builtin_ctzll(rest);
    }
    if (*cell >= cells) return false;
    const size_t first = *cell * HOT_CELL_BYTES;
    size_t last = *cell;
    for (; *cell < cells && *cell - last <= GAP_CELLS; (*cell)++)
        if (hot_is(&stream->hot, *cell)) last = *cell;
    *cell = last + GAP_CELLS + 1;
    const size_t to = (last + 1) * HOT_CELL_BYTES + HOT_AFTER_BYTES;
    *ret_from = begin_of(stream, first > HOT_BEFORE_BYTES ? first - HOT_BEFORE_BYTES : 0);
    *ret_to = end_of(stream, to < stream->size ? to : stream->size);
    return *ret_from < *ret_to;
}

static void look_at_regions(ScanStream *stream, size_t limit)
{
    Region region = { .stream = stream, .limit = limit, .line = stream->line };
    region.line_at = stream->line_at;
    size_t cell = 0;
    size_t from = 0;
    size_t to = 0;
    while (next_region(stream, &cell, &from, &to)) {
        const Span between = { stream->bytes + region.from, from - region.from };
        region.line += sweep_count(between, '\n');
        const uint8_t *last = memrchr(between.data, '\n', between.size);
        if (last != NULL) region.line_at = stream->base + (size_t)(last + 1 - stream->bytes);
        region.from = from;
        detect_each((Span) { stream->bytes + from, to - from }, DETECT_ALL, on_detection, &region);
    }
}

static Status mark_block(ScanStream *stream)
{
    memset(&stream->hot, 0, sizeof(stream->hot));
    memset(stream->bytes + stream->size, 0, HOT_CELL_BYTES);
    const Span block = { stream->bytes, stream->size };
    sweep_block(block, &stream->hot);
    return patterns_mark(stream->scanner->patterns, stream->scratch, block, &stream->hot);
}

/* Look at the block and keep its end, which the next bytes may complete. */
static Status look_at_block(ScanStream *stream, bool last)
{
    TRY(mark_block(stream));
    const size_t kept = last ? 0 : SCAN_CARRY_BYTES;
    const size_t limit = stream->size - kept / 2;
    if (stream->hot.any) look_at_regions(stream, limit);
    stream->reported = stream->base + limit;
    const Span gone = { stream->bytes, stream->size - kept };
    stream->line += sweep_count(gone, '\n');
    const uint8_t *line = gone.size > 0 ? memrchr(gone.data, '\n', gone.size) : NULL;
    if (line != NULL) stream->line_at = stream->base + (size_t)(line + 1 - stream->bytes);
    memmove(stream->bytes, stream->bytes + gone.size, kept);
    stream->base += gone.size;
    stream->size = kept;
    return OK;
}

void scan_stream_space(ScanStream *stream, uint8_t **ret_bytes, size_t *ret_size)
{
    *ret_bytes = stream->bytes + stream->size;
    *ret_size = SCAN_BLOCK_BYTES - stream->size;
}

Status scan_stream_filled(ScanStream *stream, size_t size)
{
    ASSERT(size <= SCAN_BLOCK_BYTES - stream->size);
    stream->size += size;
    return stream->size == SCAN_BLOCK_BYTES ? look_at_block(stream, false) : OK;
}

Status scan_stream_feed(ScanStream *stream, Span bytes)
{
    Cursor c = cursor_of(bytes);
    while (c.rest.size > 0) {
        uint8_t *space = NULL;
        size_t size = 0;
        scan_stream_space(stream, &space, &size);
        if (size > c.rest.size) size = c.rest.size;
        TRY(cursor_copy(&c, size, space));
        TRY(scan_stream_filled(stream, size));
    }
    return OK;
}

Status scan_stream_end(ScanStream *stream)
{
    return stream->size > 0 ? look_at_block(stream, true) : OK;
}

Status scan_text(ScanStream *stream, Span text)
{
    scan_stream_begin(stream);
    TRY(scan_stream_feed(stream, text));
    return scan_stream_end(stream);
}

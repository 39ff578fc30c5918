/* Goal: TP-5, TP-8, TP-14: the scanner loses no finding that the detector would make, wherever it
 * lies, and invents none. Method: values of every kind and spelling hidden in a log, over the edges
 * of blocks too, fed in pieces of every size. */
#include "scan/scan.h"

#include "base/expect.h"
#include "scan/planted_test.h"

#include <stdlib.h>

enum { TEXT_BYTES = 8 << 20, VALUES = 1500 };

static uint8_t text_memory[TEXT_BYTES];
static Planted planted[VALUES];

typedef struct Tally {
    size_t found;
    size_t strange; /* where nothing was planted */
    uint64_t line;
    uint64_t column;
    bool told; /* say what is strange */
} Tally;

static void on_found(void *context, const ScanFinding *f)
{
    Tally *tally = context;
    tally->found++;
    tally->line = f->line;
    tally->column = f->column;
    if (planted_found(planted, VALUES, f->kind, f->at, f->size)) return;
    tally->strange++;
    if (!tally->told) return;
    printf("strange: %s at %llu: %.*s\n", detect_kind_name(f->kind), (unsigned long long)f->at,
            (int)f->value.size, (const char *)f->value.data);
}

static Status feed(Span text, size_t piece_max, Tally *ret_tally)
{
    SeededRandom random;
    random_seeded(&random, piece_max);
    CLEANUP(scanner_free) Scanner *scanner = NULL;
    CLEANUP(scan_stream_free) ScanStream *stream = NULL;
    TRY(scanner_new(&scanner));
    TRY(scan_stream_new(scanner, on_found, ret_tally, &stream));
    Cursor c = cursor_of(text);
    while (c.rest.size > 0) {
        const size_t size = 1 + seeded_next(&random) % piece_max;
        Span piece;
        TRY(cursor_take(&c, size < c.rest.size ? size : c.rest.size, &piece));
        TRY(scan_stream_feed(stream, piece));
    }
    return scan_stream_end(stream);
}

static void test_nothing_is_lost(void)
{
    static const size_t pieces[] = { 100, 65536, 3 << 20 };
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        Buffer text = BUFFER_OF(text_memory);
        EXPECT(planted_make(i, VALUES, SCAN_BLOCK_BYTES - SCAN_CARRY_BYTES, &text, planted) > 0);
        Tally tally = { .told = true };
        EXPECT_OK(feed(span_of_buffer(&text), pieces[i], &tally));
        for (size_t k = 0; k < VALUES; k++) {
            if (planted[k].found) continue;
            printf("lost: %s %s at %llu: %.*s\n", detect_kind_name(planted[k].kind),
                    canary_encoding_name(planted[k].encoding), (unsigned long long)planted[k].at,
                    (int)planted[k].size + 80, (const char *)text_memory + planted[k].at - 40);
        }
        EXPECT(planted_lost(planted, VALUES) == 0);
        EXPECT(tally.strange == 0);
    }
}

/* Every offset around every edge of the first blocks. */
static void test_every_offset_at_an_edge(void)
{
    CLEANUP(scanner_free) Scanner *scanner = NULL;
    CLEANUP(scan_stream_free) ScanStream *stream = NULL;
    Tally tally = { .found = 0 };
    EXPECT_OK(scanner_new(&scanner));
    EXPECT_OK(scan_stream_new(scanner, on_found, &tally, &stream));
    memset(text_memory, 'x', 2 * SCAN_BLOCK_BYTES);
    for (size_t i = 0; i < VALUES; i++)
        planted[i] = (Planted) { DETECT_NOTHING, CANARY_PLAIN, UINT64_MAX / 2, 0, false };
    static const char value[] = " 4111 1111 1111 1111 ";
    static const size_t edges[] = { SCAN_BLOCK_BYTES, SCAN_BLOCK_BYTES - SCAN_CARRY_BYTES,
        SCAN_BLOCK_BYTES - SCAN_CARRY_BYTES / 2, 64, 4096 };
    for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++) {
        for (size_t back = 0; back < 30; back++) {
            uint8_t *at = text_memory + edges[e] - back;
            planted[0] = (Planted) { DETECT_CARD, CANARY_SPACED, edges[e] - back, 21, false };
            memcpy(at, value, sizeof(value) - 1);
            tally.found = 0;
            EXPECT_OK(scan_text(stream, (Span) { text_memory, 2 * SCAN_BLOCK_BYTES }));
            memset(at, 'x', sizeof(value) - 1);
            EXPECT(tally.found == 1 && planted[0].found);
        }
    }
}

static void test_lines_and_columns(void)
{
    static const char lines[] = "one\ntwo\n  4111111111111111\n";
    CLEANUP(scanner_free) Scanner *scanner = NULL;
    CLEANUP(scan_stream_free) ScanStream *stream = NULL;
    Tally tally = { .found = 0 };
    EXPECT_OK(scanner_new(&scanner));
    EXPECT_OK(scan_stream_new(scanner, on_found, &tally, &stream));
    EXPECT_OK(scan_text(stream, SPAN("one\ntwo\n  4111111111111111\n")));
    EXPECT(tally.line == 3 && tally.column == 3);
    /* The same far behind: lines are counted over blocks. */
    uint64_t newlines = 0;
    for (size_t i = 0; i < 3 * SCAN_BLOCK_BYTES; i++) {
        text_memory[i] = i % 77 == 5 ? '\n' : 'y';
        newlines += text_memory[i] == '\n';
    }
    memcpy(text_memory + 3 * SCAN_BLOCK_BYTES, lines, sizeof(lines) - 1);
    const Span text = { text_memory, 3 * SCAN_BLOCK_BYTES + sizeof(lines) - 1 };
    EXPECT_OK(scan_text(stream, text));
    EXPECT(tally.line == newlines + 3 && tally.column == 3);
}

/* False findings on logs of our own making: none in eight megabytes. */
static void test_a_clean_log_is_clean(void)
{
    Buffer text = BUFFER_OF(text_memory);
    EXPECT(planted_make(77, 0, 0, &text, planted) == 0);
    Tally tally = { .found = 0 };
    memset(planted, 0, sizeof(planted));
    EXPECT_OK(feed(span_of_buffer(&text), 1 << 20, &tally));
    EXPECT(tally.found == 0);
}

TESTS(TEST(test_nothing_is_lost), TEST(test_every_offset_at_an_edge), TEST(test_lines_and_columns),
        TEST(test_a_clean_log_is_clean))

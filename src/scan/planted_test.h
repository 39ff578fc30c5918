#pragma once
/*
 * planted_test: a log in which values of every kind and spelling are hidden, and where.
 * For the tests and the benchmark of the scanner.
 */
#include "base/seams.h"
#include "policy/detect_test_canaries.h"

typedef struct Planted {
    DetectKind kind;
    CanaryEncoding encoding;
    uint64_t at;
    uint64_t size;
    bool found;
} Planted;

/* One line of a payment log: times, order numbers of 20 and 28 digits, digests, addresses. */
void planted_log_line(SeededRandom *random, Buffer *text);

/*
 * Fill the text with log lines and plant `count` values in it, at most one in each equal share of
 * the text; every sixteenth lies over a multiple of `edge` bytes (0: none). All kinds and spellings
 * take turns. Returns how many were planted, in order.
 */
size_t planted_make(
        uint64_t seed, size_t count, size_t edge, Buffer *ret_text, Planted *ret_planted);

/* Mark what this finding is; false: nothing was planted there. */
bool planted_found(Planted *planted, size_t count, DetectKind kind, uint64_t at, uint64_t size);
/* How many were not found. */
size_t planted_lost(const Planted *planted, size_t count);

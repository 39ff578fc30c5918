#pragma once
/*
 * scan_inside: what the prefilters and the stream share: the map of places that may hold a finding,
 * one bit for 64 bytes of a block.
 */
#include "scan/scan.h"

enum {
    HOT_CELL_BYTES = 64,
    HOT_CELLS = SCAN_BLOCK_BYTES / HOT_CELL_BYTES,
    HOT_BEFORE_BYTES = 384, /* how far a finding may begin before the place that was marked */
    HOT_AFTER_BYTES = 512,
};

typedef struct Hot {
    uint64_t words[HOT_CELLS / 64];
    bool any;
} Hot;

static inline void hot_mark(Hot *hot, size_t at)
{
    const size_t cell = at / HOT_CELL_BYTES;
    if (cell >= HOT_CELLS) return;
    hot->words[cell / 64] |= 1ull << (cell % 64);
    hot->any = true;
}
static inline bool hot_is(const Hot *hot, size_t cell)
{
    return (hot->words[cell / 64] >> (cell % 64) & 1) != 0;
}

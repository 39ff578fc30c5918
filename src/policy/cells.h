#pragma once
/*
 * cells: how one amended cell is packed into a word that is read and written at once. Inside this
 * room only.
 *
 *   rule  63: amended | 16..62 until, seconds (0: never ends) | 8..15 usual form | 0..7 forms
 *   mask  63: amended | 24..62 until, seconds | 16..23 last | 8..15 first | 0..7 shape
 */
#include "policy/policy.h"

#define CELL_AMENDED (UINT64_C(1) << 63)
enum { CELL_RULE_UNTIL = 16, CELL_MASK_UNTIL = 24, CELL_SECOND_US = 1000000 };
/* The last end that both kinds can hold: far beyond any override. */
#define CELL_UNTIL_MAX_S ((INT64_C(1) << 39) - 1)

static inline int64_t cell_until_us(uint64_t cell, int shift)
{
    return (int64_t)((cell & ~CELL_AMENDED) >> shift) * CELL_SECOND_US;
}
/* Amended, and not over. */
static inline bool cell_lives(uint64_t cell, int shift, int64_t now_us)
{
    if ((cell & CELL_AMENDED) == 0) return false;
    const int64_t until_us = cell_until_us(cell, shift);
    return until_us == 0 || now_us < until_us;
}

#include "scan/sweep.h"

#include "policy/detect_number.h"

enum { RUN_MIN = 13, PHONE_DIGITS = 11, CHIP_BYTES_MAX = 64, STRIPE_CELLS = 64 };

static int byte_at(Span block, size_t at) { return at < block.size ? block.data[at] : -1; }

static bool is_digit(int c) { return c >= '0' && c <= '9'; }

static int nibble(int c)
{
    if (is_digit(c)) return c - '0';
    const int lower = c | 32;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* --- numbers --- */

/* The chip's tags are found from the digits behind them: 5A ends before the run; 57 lies in it, or
 * before it, and the run ends with the D. */
static bool has_chip(Span block, size_t from, size_t to)
{
    if (from >= 2 && block.data[from - 2] == '5' && detect_number_at(block, from - 2)) return true;
    if ((byte_at(block, to) | 32) != 'd') return false;
    size_t at = to - from > CHIP_BYTES_MAX ? to - CHIP_BYTES_MAX : from;
    for (; at < to; at++)
        if (block.data[at] == '5' && detect_number_at(block, at)) return true;
    return false;
}

static size_t digits_from(Span block, size_t at)
{
    size_t end = at;
    while (is_digit(byte_at(block, end)))
        end++;
    return end - at;
}

/* The hexadecimal of digits has a 3 at every second place. */
static bool may_be_hex(Span block, size_t at)
{
    for (size_t skip = 0; skip < 2; skip++)
        if (byte_at(block, at + skip + 12) == '3' && byte_at(block, at + skip + 14) == '3'
                && byte_at(block, at + skip + 16) == '3')
            return true;
    return false;
}

/* 138-0013-8000: the one number of fewer than thirteen digits that needs no word beside it. */
static bool may_be_phone(Span block, size_t from, size_t to)
{
    for (size_t at = from; at + 13 <= to; at++) {
        const uint8_t joint = block.data[at + 3];
        if (block.data[at] == '1' && (joint == ' ' || joint == '-') && block.data[at + 8] == joint)
            return true;
    }
    return false;
}

/* Most runs end here: dates, addresses, versions. */
static bool is_number(Span block, size_t from, size_t to, size_t digits)
{
    return digits >= DETECT_DIGITS_MIN || (digits >= PHONE_DIGITS && may_be_phone(block, from, to));
}

static void look_at_run(Span block, size_t from, size_t to, Hot *hot)
{
    if (has_chip(block, from, to)) hot_mark(hot, from);
    for (size_t at = from; at < to;) {
        const size_t size = digits_from(block, at);
        const bool longer = size > DETECT_DIGITS_MAX && !may_be_hex(block, at);
        const bool begins = size > 0 && (at == 0 || !is_digit(block.data[at - 1]));
        /* A long number hides none behind its separators; the next group is looked at itself. */
        if (begins && !longer && detect_number_at(block, at)) hot_mark(hot, at);
        at += size + 1;
    }
}

/* Where a run of numerals that holds `at` ends. */
static size_t run_end(const SweepMask *masks, size_t cells, size_t at)
{
    size_t cell = at / 64;
    uint64_t others = ~masks[cell].numerals >> (at % 64) << (at % 64);
    while (others == 0) {
        if (++cell == cells) return cells * 64;
        others = ~masks[cell].numerals;
    }
    return cell * 64 + (size_t)__builtin_ctzll(others);
}

/* How many of the at most 64 bytes from `at` on are digits. */
static size_t run_digits(const SweepMask *masks, size_t at, size_t size)
{
    const unsigned shift = (unsigned)(at % 64);
    uint64_t digits = masks[at / 64].digits >> shift;
    if (shift > 0) digits |= masks[at / 64 + 1].digits << (64 - shift);
    if (size < 64) digits &= (1ull << size) - 1;
    return (size_t)__builtin_popcountll(digits);
}

/* Bit i: thirteen numerals begin at byte i of the cell. */
static uint64_t long_runs(uint64_t cell, uint64_t next)
{
    unsigned __int128 t = (unsigned __int128)next << 64 | cell;
    t &= t >> 1;
    t &= t >> 2;
    t &= t >> 4;
    return (uint64_t)(t & t >> 5);
}

/* --- escapes --- */

/* "%34", "%2534": the value of two hexadecimal digits, 25s skipped; -1. */
static int percent_value(Span block, size_t *at)
{
    size_t next = *at + 1;
    while (byte_at(block, next) == '2' && byte_at(block, next + 1) == '5')
        next += 2;
    const int high = nibble(byte_at(block, next));
    const int low = nibble(byte_at(block, next + 1));
    *at = next + 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* 0: nothing; 1: a letter, telling beside another; 2: a digit or a full-width form. */
static int telling(int value)
{
    if (is_digit(value) || value == 0xEF) return 2;
    const int lower = value | 32;
    return lower >= 'a' && lower <= 'z' ? 1 : 0;
}

/* A web address writes %2F and %3A all day, but never a digit, two letters, or "@10". */
static bool is_telling_percent(Span block, size_t at)
{
    size_t next = at;
    const int value = percent_value(block, &next);
    if (value == '@' || value == '+') return is_digit(byte_at(block, next));
    const int told = telling(value);
    if (told != 1) return told == 2;
    return byte_at(block, next) == '%' && telling(percent_value(block, &next)) > 0;
}

static int hex_value(Span block, size_t at, size_t size)
{
    int value = 0;
    for (size_t i = 0; i < size; i++) {
        const int digit = nibble(byte_at(block, at + i));
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

static bool is_telling_backslash(Span block, size_t at)
{
    size_t next = at + 1;
    while (byte_at(block, next) == '\\')
        next++;
    const int c = byte_at(block, next);
    if (c != 'u' && c != 'x') return false;
    const size_t size = c == 'u' ? 4 : 2;
    const int value = hex_value(block, next + 1, size);
    if (value >= 0xFF10 && value <= 0xFF5A) return true;
    if (value > 0xFF) return value >= 0x660 && value <= 0x6F9; /* other digits of Unicode */
    const int told = value == 0xEF && c == 'u' ? 0 : telling(value);
    return told == 2 || (told == 1 && byte_at(block, next + 1 + size) == '\\');
}

static bool is_telling_entity(Span block, size_t at)
{
    return byte_at(block, at + 1) == '#'
            && (is_digit(byte_at(block, at + 2)) || (byte_at(block, at + 2) | 32) == 'x');
}

static bool is_telling_escape(Span block, size_t at)
{
    switch (byte_at(block, at)) {
    case '%': return is_telling_percent(block, at);
    case '\\': return is_telling_backslash(block, at);
    case '&': return is_telling_entity(block, at);
    default: return false;
    }
}

void sweep_block(Span block, Hot *hot)
{
    SweepMask masks[STRIPE_CELLS + 4];
    const size_t cells = (block.size + 63) / 64;
    size_t seen = 0; /* runs that begin before it were looked at */
    for (size_t first = 0; first < cells; first += STRIPE_CELLS) {
        const size_t left = cells - first;
        const size_t count = left > STRIPE_CELLS + 3 ? STRIPE_CELLS + 3 : left;
        sweep_masks(block.data + first * 64, count, masks);
        masks[count] = (SweepMask) { 0, 0, 0 };
        for (size_t i = 0; i < count && i < STRIPE_CELLS; i++) {
            const size_t base = (first + i) * 64;
            uint64_t runs = long_runs(masks[i].numerals, masks[i + 1].numerals);
            while (runs != 0) {
                const size_t from = base + (size_t)__builtin_ctzll(runs);
                runs &= runs - 1;
                if (from < seen) continue;
                seen = first * 64 + run_end(masks, count, from - first * 64);
                if (seen > block.size) seen = block.size;
                const size_t size = seen - from;
                const size_t digits = run_digits(masks, from - first * 64, size > 64 ? 64 : size);
                if (size <= 64 && !is_number(block, from, seen, digits)) continue;
                look_at_run(block, from, seen, hot);
            }
            for (uint64_t e = masks[i].escapes; e != 0; e &= e - 1) {
                const size_t at = base + (size_t)__builtin_ctzll(e);
                if (is_telling_escape(block, at)) hot_mark(hot, at);
            }
        }
    }
}

size_t sweep_count(Span text, uint8_t byte)
{
    size_t count = 0;
    const uint8_t *at = text.data;
    size_t left = text.size;
    while (left > 0) {
        const uint8_t *hit = memchr(at, byte, left);
        if (hit == NULL) break;
        count++;
        left -= (size_t)(hit - at) + 1;
        at = hit + 1;
    }
    return count;
}

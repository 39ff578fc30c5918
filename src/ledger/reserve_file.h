#pragma once
/*
 * reserve_file: the bank's statement of the reserve account, as CSV:
 *
 *     date,currency,balance
 *     2026-11-27,CNY,12345.67
 *
 * The heading word for word, lines that end with LF or CR LF, a day and currency once, days
 * ascending; the balance is the closing one, never negative.
 */
#include "base/money.h"

enum { RESERVE_FILE_BYTES_MAX = 16 * 1024, RESERVE_LINES_MAX = 366 };

typedef struct ReserveLine {
    int32_t day;
    Currency currency;
    int64_t minor;
} ReserveLine;

/* Refuses RESERVE_FORMAT; then *ret_count is as it was. */
MUST_USE Status reserve_file_parse(
        Span csv, ReserveLine ret_lines[RESERVE_LINES_MAX], size_t *ret_count);

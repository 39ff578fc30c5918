#pragma once
/*
 * day_end: close one business day: every account has its balance of that evening, and they sum to
 * zero.
 *
 *   list   account keys in groups (a plain read: keys only)
 *   roll   a unit a group: verify, roll what nothing has touched since, add the evening balances up
 *   close  a unit a currency: write the day_end row and our side of the reserve (reserve.h), or an
 *          alert and no row when the sum is not zero
 *
 * The evening balance of an account does not move during the next day, so the groups need no common
 * moment and payments go on meanwhile. Only the last finished day can be closed. Closing twice is
 * refused DAY_CLOSED.
 */
#include "ledger/account.h"

enum {
    DAY_END_GROUP_MAX = 64,
    DAY_END_CURRENCIES_MAX = 8,
};

enum DayEndColumn {
    DAY_END_DAY = 1, /* INT, key: business day */
    DAY_END_CURRENCY = 2, /* INT, key */
    DAY_END_ACCOUNTS = 3, /* INT: how many were summed */
    DAY_END_SUM = 4, /* INT: of their evening balances: zero */
    DAY_END_TIME = 5, /* INT, us */
};

typedef struct DayEndTotal {
    Currency currency;
    int64_t accounts;
    int64_t sum_minor;
    int64_t customers_minor; /* of it: payers and merchants, and likewise (reserve.h) */
    int64_t payables_minor;
    int64_t fees_minor;
} DayEndTotal;

typedef struct DayEndTotals {
    DayEndTotal of[DAY_END_CURRENCIES_MAX];
    size_t count;
} DayEndTotals;

/* Up to DAY_END_GROUP_MAX account ids after `after_id`, ascending. A plain read. */
MUST_USE Status day_end_list(
        Store *store, int64_t after_id, int64_t ret_ids[DAY_END_GROUP_MAX], size_t *ret_count);

typedef struct DayEndRoll {
    Unit unit;
    int64_t day; /* in */
    int64_t ids[DAY_END_GROUP_MAX];
    size_t count;
    DayEndTotals totals; /* out: of this group, once `done` with OK */
} DayEndRoll;

/* Refuses DAY_NOT_OVER, DAY_TOO_OLD, ACCOUNT_UNKNOWN. */
void day_end_roll_unit(DayEndRoll *work, void (*done)(Unit *unit, Status outcome));
/* Refuses MONEY_OVERFLOW, BUFFER_FULL (too many currencies). */
MUST_USE Status day_end_totals_add(DayEndTotals *totals, const DayEndTotals *more);

typedef struct DayEndClose {
    Unit unit;
    int64_t day; /* in */
    DayEndTotal total;
    bool zero; /* out: false = an alert was written instead of the row */
} DayEndClose;

void day_end_close_unit(DayEndClose *work, void (*done)(Unit *unit, Status outcome));

/* All of it, waiting: for a timer thread, never the batch thread. What an interrupted run left open
 * is closed. Refuses DAY_NOT_ZERO, DAY_CLOSED (nothing was left) and what the units refuse. */
MUST_USE Status day_end_run(Batcher *batcher, int64_t day, DayEndTotals *ret_totals);

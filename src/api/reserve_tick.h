#pragma once
/*
 * reserve_tick: a day for which nobody imported the bank's statement of the reserve account
 * (ledger/reserve.h) is an alert, once each, when more working days of the banks than
 * house->reserve_wait_days have begun since (0: never). Looks once an hour by a plain read, as a
 * reminder decides nothing; a day on which nobody was owed anything needs no statement.
 */
#include "api/house.h"

enum { RESERVE_TICK_DAYS_MAX = 64, RESERVE_TICK_BACK_DAYS = 60 };

typedef struct ReserveTick {
    int64_t next_us;
} ReserveTick;

/* Refuses what the batch refuses. */
MUST_USE Status reserve_tick(ReserveTick *tick, House *house, int64_t now_us);

/* The last day whose statement should be there: more than `wait_days` working days have begun since
 * it ended. */
int32_t reserve_tick_due_day(const Holidays *holidays, int32_t today, int64_t wait_days);

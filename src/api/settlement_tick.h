#pragma once
/*
 * settlement_tick: on the first working day behind a business day's end, what each merchant with
 * terms had on the last evening becomes a settlement (payment/settlement.h). A group of merchants a
 * tick, so that nothing else of the clockwork waits; who failed comes again after a while, and who
 * is done is found by his row, also after a restart.
 */
#include "api/house.h"
#include "payment/settlement.h"

#define SETTLEMENT_RETRY_US ((int64_t)600 * 1000000)

typedef struct SettlementTick {
    int32_t done_day; /* on which all were looked at */
    int64_t next_us;
    char behind[MERCHANT_ID_BYTES_MAX + 1]; /* the last of the group before */
    bool failed; /* one of this day's */
} SettlementTick;

/* Refuses what was refused to the first merchant who was, and what the batch refuses. */
MUST_USE Status settlement_tick(SettlementTick *tick, House *house, int64_t now_us);

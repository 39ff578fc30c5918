#pragma once
/*
 * settlement_tick: on the first working day behind a business day's end, what each merchant with
 * terms had on the last evening becomes a settlement (payment/settlement.h). A group of merchants a
 * tick, so that nothing else of the clockwork waits. All are asked, and who is done is told by his
 * verified row, also after a restart; who failed comes again after a while, alone, and his refusal
 * is an event once a day (and once more after a restart).
 */
#include "api/house.h"
#include "payment/settlement.h"

#define SETTLEMENT_RETRY_US ((int64_t)600 * 1000000)

typedef struct SettlementTick {
    int32_t day; /* that all below is of */
    bool done;
    bool told; /* all were asked once */
    bool retry; /* those who failed, alone */
    int64_t next_us;
    char behind[MERCHANT_ID_BYTES_MAX + 1]; /* the last of the group before */
    SettlementMchid failed[SETTLEMENT_FOUND_MAX]; /* of this round */
    size_t failed_count;
    bool over; /* more failed than that: all are asked again */
} SettlementTick;

/* Refuses what was refused to the first merchant who was, and what the batch refuses. */
MUST_USE Status settlement_tick(SettlementTick *tick, House *house, int64_t now_us);

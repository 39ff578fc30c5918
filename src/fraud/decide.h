#pragma once
/*
 * decide: facts of one payment in, an outcome with its reasons out. Pure: no I/O, no clock, no
 * memory of its own.
 *
 * Every rule is asked; the sternest outcome wins and all reasons are kept; but a challenge goes
 * before a delay, which ends in a payment without the PIN. A fault inside (nonsense facts, a sum
 * that overflows, a strategy that was never compiled) is a review, never an allow (DESIGN
 * section 4.5).
 */
#include "fraud/strategy.h"

/* Bits, stored in PAYMENT_RISK_REASONS: append only. */
typedef enum RiskReason {
    REASON_AMOUNT_NEEDS_PIN = 1 << 0,
    REASON_AMOUNT_DELAY = 1 << 1,
    REASON_AMOUNT_REVIEW = 1 << 2,
    REASON_AMOUNT_MAX = 1 << 3,
    REASON_COUNT_NEEDS_PIN = 1 << 4,
    REASON_SUM_NEEDS_PIN = 1 << 5,
    REASON_COUNT_MAX = 1 << 6,
    REASON_SUM_MAX = 1 << 7,
    REASON_FAULT = 1 << 8,
    REASON_FACTORS = 1 << 9, /* so few factors may pay no more today: not decide()'s own */
    REASON_SIGNED = 1 << 10, /* no reason to hold: the payer's own device signed this payment */
} RiskReason;

typedef struct DecideFacts {
    int64_t minor; /* this payment */
    bool authenticated; /* the payer gave a right PIN for exactly this payment */
    int64_t count_today; /* the payer's, without this payment */
    int64_t minor_today;
} DecideFacts;

typedef struct Decision {
    RiskOutcome outcome;
    uint32_t reasons; /* RiskReason bits */
    int64_t wait_us; /* how long a held payment waits; 0 unless challenge, delay, review */
} Decision;

void decide(const DecideFacts *facts, const Strategy *strategy, Decision *ret_decision);

/* "AMOUNT_NEEDS_PIN" of one bit; "UNKNOWN". Static storage. */
const char *risk_reason_name(RiskReason reason);

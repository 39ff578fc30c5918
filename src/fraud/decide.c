#include "fraud/decide.h"

#include "base/money.h"
#include "base/time.h"

static void raise(Decision *decision, RiskOutcome outcome, RiskReason reason)
{
    if (outcome > decision->outcome)
        decision->outcome = outcome; /* the enum is in order of sternness */
    decision->reasons |= (uint32_t)reason;
}

static bool over(int64_t value, int64_t threshold) { return threshold > 0 && value > threshold; }

static void decide_amount(const DecideFacts *facts, const Strategy *s, Decision *d)
{
    const int64_t minor = facts->minor;
    if (over(minor, s->amount.challenge_over) && !facts->authenticated)
        raise(d, RISK_CHALLENGE, REASON_AMOUNT_NEEDS_PIN);
    if (over(minor, s->amount.delay_over)) raise(d, RISK_DELAY, REASON_AMOUNT_DELAY);
    if (over(minor, s->amount.review_over)) raise(d, RISK_REVIEW, REASON_AMOUNT_REVIEW);
    if (over(minor, s->amount.refuse_over)) raise(d, RISK_REFUSE, REASON_AMOUNT_MAX);
}

static void decide_velocity(
        const DecideFacts *facts, const Strategy *s, int64_t count, int64_t sum, Decision *d)
{
    if (!facts->authenticated && over(count, s->velocity.challenge_count_over))
        raise(d, RISK_CHALLENGE, REASON_COUNT_NEEDS_PIN);
    if (!facts->authenticated && over(sum, s->velocity.challenge_sum_over))
        raise(d, RISK_CHALLENGE, REASON_SUM_NEEDS_PIN);
    if (over(count, s->velocity.refuse_count_over)) raise(d, RISK_REFUSE, REASON_COUNT_MAX);
    if (over(sum, s->velocity.refuse_sum_over)) raise(d, RISK_REFUSE, REASON_SUM_MAX);
}

/* A delay ends in the merchant's favour by itself. A payment that needs the PIN shall not do
 * without it for being larger still: the PIN comes first, the delay after it (payment/pay.c). */
static void pin_before_delay(Decision *d)
{
    const uint32_t needs_pin =
            REASON_AMOUNT_NEEDS_PIN | REASON_COUNT_NEEDS_PIN | REASON_SUM_NEEDS_PIN;
    if (d->outcome == RISK_DELAY && (d->reasons & needs_pin) != 0) d->outcome = RISK_CHALLENGE;
}

static int64_t wait_us(const Strategy *s, RiskOutcome outcome)
{
    switch (outcome) {
    case RISK_CHALLENGE: return s->wait.challenge_s * TIME_SECOND_US;
    case RISK_DELAY: return s->wait.delay_s * TIME_SECOND_US;
    case RISK_REVIEW: return s->wait.review_s * TIME_SECOND_US;
    case RISK_NONE:
    case RISK_ALLOW:
    case RISK_REFUSE: break;
    }
    return 0;
}

static Status decide_all(const DecideFacts *facts, const Strategy *s, Decision *d)
{
    REQUIRE(s->magic == STRATEGY_MAGIC, REFUSED_STRATEGY_INVALID);
    REQUIRE(facts->minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(facts->count_today >= 0 && facts->minor_today >= 0, REFUSED_NUMBER_INVALID);
    int64_t count = 0;
    int64_t sum = 0;
    TRY(minor_add(facts->count_today, 1, &count));
    TRY(minor_add(facts->minor_today, facts->minor, &sum));
    decide_amount(facts, s, d);
    decide_velocity(facts, s, count, sum, d);
    return OK;
}

void decide(const DecideFacts *facts, const Strategy *strategy, Decision *ret_decision)
{
    /* How long a review waits when the strategy itself is what broke. */
    const int64_t fault_wait_us = STRATEGY_FAULT_WAIT_S * TIME_SECOND_US;
    Decision d = { RISK_ALLOW, 0, 0 };
    if (!status_ok(decide_all(facts, strategy, &d))) {
        *ret_decision = (Decision) { RISK_REVIEW, REASON_FAULT, fault_wait_us };
        return;
    }
    pin_before_delay(&d);
    d.wait_us = wait_us(strategy, d.outcome);
    *ret_decision = d;
}

const char *risk_reason_name(RiskReason reason)
{
    switch (reason) {
    case REASON_AMOUNT_NEEDS_PIN: return "AMOUNT_NEEDS_PIN";
    case REASON_AMOUNT_DELAY: return "AMOUNT_DELAY";
    case REASON_AMOUNT_REVIEW: return "AMOUNT_REVIEW";
    case REASON_AMOUNT_MAX: return "AMOUNT_MAX";
    case REASON_COUNT_NEEDS_PIN: return "COUNT_NEEDS_PIN";
    case REASON_SUM_NEEDS_PIN: return "SUM_NEEDS_PIN";
    case REASON_COUNT_MAX: return "COUNT_MAX";
    case REASON_SUM_MAX: return "SUM_MAX";
    case REASON_FAULT: return "FAULT";
    case REASON_FACTORS: return "FACTORS";
    case REASON_SIGNED: return "SIGNED";
    }
    return "UNKNOWN";
}

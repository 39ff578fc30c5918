/* money: the steps of a payment that touch money. */
#include "payment/payment_rows.h"

#include "base/time.h"

bool refusal_is_business(Status s)
{
    switch (s.code) {
    case REFUSED_RISK_REFUSED:
    case REFUSED_PAYER_CLOSED:
    case REFUSED_PAYER_COOLS_DOWN:
    case REFUSED_BALANCE_NOT_ENOUGH:
    case REFUSED_ACCOUNT_CLOSED:
    case REFUSED_ACCOUNT_CURRENCY:
    case REFUSED_ACCOUNT_SAME:
    case REFUSED_MONEY_OVERFLOW: return true;
    default: return false;
    }
}

/* Every refusal comes before the first row is written: payment_begin() may end in a stored
 * PAYERROR, with which nothing may have moved. */
static Status check_counters(Rows *rows, const Payment *payment, const Payer *payer)
{
    Payer today = *payer;
    payer_roll(&today, time_business_day(rows_now_us(rows)));
    return minor_add(today.minor, payment->money.minor, &today.minor);
}

static void decide_payment(Rows *rows, Payment *payment, const Payer *payer, bool authenticated,
        const Strategy *strategy, Decision *ret_decision)
{
    Payer today = *payer;
    payer_roll(&today, time_business_day(rows_now_us(rows)));
    const DecideFacts facts = { payment->money.minor, authenticated, today.count, today.minor };
    decide(&facts, strategy, ret_decision);
    payment->risk = ret_decision->outcome;
    payment->risk_reasons = ret_decision->reasons;
}

Status payment_begin(Rows *rows, Payment *payment, const Payer *payer, bool authenticated,
        const Strategy *strategy)
{
    const int64_t now_us = rows_now_us(rows);
    const char *transaction = payment->transaction_id;
    Decision decision;
    REQUIRE(payer->status == STATUS_LIVE, REFUSED_PAYER_CLOSED);
    TRY(payer_may_pay(rows, payer->id));
    decide_payment(rows, payment, payer, authenticated, strategy, &decision);
    REQUIRE(decision.outcome != RISK_REFUSE, REFUSED_RISK_REFUSED);

    TRY(check_counters(rows, payment, payer));

    const bool held = decision.outcome != RISK_ALLOW;
    TRY(held ? ledger_hold(rows, transaction, payer->account, payment->money)
             : ledger_pay(
                     rows, transaction, payer->account, payment->payee_account, payment->money));
    TRY(payer_count(rows, payer->id, time_business_day(now_us), payment->money.minor));
    memcpy(payment->payer, payer->id, sizeof(payment->payer));
    payment->payer_account = payer->account;
    payment->begun_us = now_us;
    payment->state = held ? TRADE_USERPAYING : TRADE_SUCCESS;
    payment->decide_by_us = held ? now_us + decision.wait_us : 0;
    payment->success_time_us = held ? 0 : now_us;
    return OK;
}

Status payment_capture(Rows *rows, Payment *payment)
{
    TRY(ledger_capture(rows, payment->transaction_id, payment->payer_account,
            payment->payee_account, payment->money));
    payment->state = TRADE_SUCCESS;
    payment->success_time_us = rows_now_us(rows);
    payment->decide_by_us = 0;
    return OK;
}

Status payment_give_back(Rows *rows, Payment *payment, int32_t reason)
{
    const int64_t day = time_business_day(payment->begun_us);
    TRY(ledger_release(rows, payment->transaction_id, payment->payer_account, payment->money));
    TRY(payer_uncount(rows, payment->payer, day, payment->money.minor));
    payment->state = TRADE_PAYERROR;
    payment->reason = reason;
    payment->decide_by_us = 0;
    return OK;
}

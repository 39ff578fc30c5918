/* money: the steps of a payment that touch money. */
#include "payment/allowance.h"
#include "payment/deduction.h"
#include "payment/fee.h"
#include "payment/notification.h"
#include "payment/payer_barcode.h"
#include "payment/payment_rows.h"

#include "base/time.h"

bool refusal_is_business(Status s)
{
    switch (s.code) {
    case REFUSED_RISK_REFUSED:
    case REFUSED_IDENTITY_OTHER:
    case REFUSED_IDENTITY_NONE:
    case REFUSED_PAYER_CLOSED:
    case REFUSED_PAYER_COOLS_DOWN:
    case REFUSED_BALANCE_NOT_ENOUGH:
    case REFUSED_ACCOUNT_CLOSED:
    case REFUSED_ACCOUNT_CURRENCY:
    case REFUSED_ACCOUNT_SAME:
    case REFUSED_ALLOWANCE_GRADE:
    case REFUSED_ALLOWANCE_FACTORS:
    case REFUSED_ACCOUNT_STOPPED:
    case REFUSED_ACCOUNT_DORMANT:
    case REFUSED_CONTRACT_OVER:
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
}

Status payment_payer_gather(Rows *rows, const char *payer, int64_t *ret_account)
{
    TRY(payer_gather(rows, payer, ret_account));
    TRY(payer_barcode_gather(rows, payer));
    return allowance_gather(rows, payer);
}

/* What a payment will have been confirmed with once it is paid: a scanned code and the PIN that
 * answers a challenge are two kinds. */
static AuthStrength strength_of(const Payment *payment)
{
    if ((payment->risk_reasons & (uint32_t)REASON_SIGNED) != 0) return AUTH_SIGNED;
    const bool pin = payment->has_grant || payment->risk == RISK_CHALLENGE;
    return pin && payment->trade_type == TRADE_MICROPAY ? AUTH_TWO : AUTH_ONE;
}

static bool is_barcode(TradeType type)
{
    return type == TRADE_MICROPAY || type == TRADE_NATIVE || type == TRADE_PAYEE_CODE;
}

/* Does the account allow it with what was shown, or once a challenge is answered? */
static Status judge_allowance(const Allowance *allowance, const PaymentRules *rules,
        PayerProof proof, int64_t now_us, Payment *payment, Decision *decision)
{
    const int64_t minor = payment->money.minor;
    const AccountRules accounts = is_barcode(payment->trade_type)
            ? barcode_account_rules(&rules->barcode, &rules->accounts)
            : rules->accounts;
    payment->risk = decision->outcome;
    payment->risk_reasons = decision->reasons;
    if (proof.strength == AUTH_SIGNED) payment->risk_reasons |= (uint32_t)REASON_SIGNED;
    const Status s = allowance_judge(allowance, &accounts, minor, strength_of(payment), now_us);
    const bool could =
            !proof.pin && (decision->outcome == RISK_ALLOW || decision->outcome == RISK_DELAY);
    if (!status_is(s, REFUSED_ALLOWANCE_FACTORS) || !could) return s;

    decision->outcome = RISK_CHALLENGE;
    decision->wait_us = rules->strategy.wait.challenge_s * TIME_SECOND_US;
    payment->risk = RISK_CHALLENGE;
    payment->risk_reasons |= (uint32_t)REASON_FACTORS;
    return allowance_judge(allowance, &accounts, minor, strength_of(payment), now_us);
}

/* What static codes took today, with this payment where it is one. Nothing is written. */
static Status count_static(Rows *rows, const Payment *payment, const char *payer,
        const PaymentRules *rules, PayerBarcode *ret_barcode)
{
    if (payment->trade_type != TRADE_PAYEE_CODE) return OK;
    TRY(payer_barcode_get(rows, payer, ret_barcode));
    return payer_barcode_count(
            ret_barcode, &rules->barcode, payment->money.minor, rows_now_us(rows));
}

static Status count_payment(Rows *rows, const Payment *payment, const Payer *payer,
        Allowance *allowance, const PayerBarcode *barcode)
{
    const int64_t now_us = rows_now_us(rows);
    TRY(payer_count(rows, payer->id, time_business_day(now_us), payment->money.minor));
    if (payment->trade_type == TRADE_PAYEE_CODE) TRY(payer_barcode_put(rows, barcode));
    return allowance_put(rows, allowance);
}

Status payment_begin(Rows *rows, Payment *payment, const Payer *payer, PayerProof proof,
        const PaymentRules *rules)
{
    const int64_t now_us = rows_now_us(rows);
    const char *transaction = payment->transaction_id;
    Decision decision;
    Allowance allowance;
    PayerBarcode barcode = { 0 };
    REQUIRE(payer->status == STATUS_LIVE, REFUSED_PAYER_CLOSED);
    TRY(payer_may_pay(rows, payer->id));
    TRY(allowance_of(rows, payer, &allowance));
    decide_payment(rows, payment, payer, proof.pin, &rules->strategy, &decision);
    const Status allowed = judge_allowance(&allowance, rules, proof, now_us, payment, &decision);
    /* Nobody is there to answer what a deduction would be asked. */
    const bool unanswered =
            payment->trade_type == TRADE_DEDUCTION && decision.outcome == RISK_CHALLENGE;
    REQUIRE(decision.outcome != RISK_REFUSE, REFUSED_RISK_REFUSED);
    TRY(allowed);
    REQUIRE(!unanswered, REFUSED_RISK_REFUSED);
    TRY(count_static(rows, payment, payer->id, rules, &barcode));
    TRY(allowance_count(&allowance, payment->money.minor, strength_of(payment), now_us));
    TRY(check_counters(rows, payment, payer));

    const bool held = decision.outcome != RISK_ALLOW;
    TRY(held ? ledger_hold(rows, transaction, payer->account, payment->money)
             : ledger_pay(
                     rows, transaction, payer->account, payment->payee_account, payment->money));
    if (!held) TRY(fee_take(rows, payment));
    TRY(count_payment(rows, payment, payer, &allowance, &barcode));
    memcpy(payment->payer, payer->id, sizeof(payment->payer));
    payment->payer_account = payer->account;
    payment->begun_us = now_us;
    payment->state = held ? TRADE_USERPAYING : TRADE_SUCCESS;
    payment->decide_by_us = held ? now_us + decision.wait_us : 0;
    payment->success_time_us = held ? 0 : now_us;
    return held ? OK : notification_of_payment(rows, payment);
}

/* An emergency stop counts for what was held before it, too. */
static Status check_not_stopped(Rows *rows, const Payment *payment)
{
    Allowance allowance;
    TRY(allowance_get(rows, payment->payer, payment->begun_us, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    return OK;
}

Status payment_capture(Rows *rows, Payment *payment)
{
    TRY(check_not_stopped(rows, payment));
    TRY(deduction_admit(rows, payment));
    TRY(ledger_capture(rows, payment->transaction_id, payment->payer_account,
            payment->payee_account, payment->money));
    TRY(fee_take(rows, payment));
    payment->state = TRADE_SUCCESS;
    payment->success_time_us = rows_now_us(rows);
    payment->decide_by_us = 0;
    return notification_of_payment(rows, payment);
}

static Status uncount_static(Rows *rows, const Payment *payment)
{
    PayerBarcode barcode;
    if (payment->trade_type != TRADE_PAYEE_CODE) return OK;
    TRY(payer_barcode_get(rows, payment->payer, &barcode));
    payer_barcode_uncount(&barcode, payment->money.minor, payment->begun_us);
    return payer_barcode_put(rows, &barcode);
}

Status payment_give_back(Rows *rows, Payment *payment, int32_t reason)
{
    const int64_t day = time_business_day(payment->begun_us);
    TRY(ledger_release(rows, payment->transaction_id, payment->payer_account, payment->money));
    TRY(payer_uncount(rows, payment->payer, day, payment->money.minor));
    Allowance allowance;
    TRY(allowance_get(rows, payment->payer, payment->begun_us, &allowance));
    allowance_uncount(&allowance, payment->money.minor, strength_of(payment), payment->begun_us);
    if (allowance.stored) TRY(allowance_put(rows, &allowance)); /* else it was never counted */
    TRY(uncount_static(rows, payment));
    payment->state = TRADE_PAYERROR;
    payment->reason = reason;
    payment->decide_by_us = 0;
    return OK;
}

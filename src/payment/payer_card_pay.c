#include "payment/payer_card_pay.h"

#include "base/time.h"
#include "payment/allowance.h"
#include "payment/fee.h"
#include "payment/notification.h"
#include "payment/order_claim.h"
#include "payment/order_identity.h"
#include "payment/order_payer.h"
#include "payment/payment_rows.h"
#include "store/unit_wait.h"

#include <stdio.h>

/* "P<transaction id>": a payment's one bank order. */
static const char number_before = 'P';

static void begin_of(PayerCardPay *work, const Payment *payment)
{
    ChannelBegin *begin = &work->begin;
    *begin = (ChannelBegin) {
        .kind = CHANNEL_CARD, .money = payment->money, .lease_us = work->lease_us
    };
    channel_begin_unit(begin, NULL);
    snprintf(begin->number, sizeof(begin->number), "%c%s", number_before, payment->transaction_id);
    snprintf(begin->holder, sizeof(begin->holder), "payer/%s", work->payer);
}

static Status pay_gather(Unit *unit, Rows *rows)
{
    PayerCardPay *work = (PayerCardPay *)unit;
    const Row *row = NULL;
    Payment payment;
    int64_t account = 0;
    TRY(payment_payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(payer_cards_get(rows, work->payer, &work->cards));
    TRY(payment_row_by(rows, PAYMENT_BY_PREPAY_ID, work->prepay_id, &row));
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    TRY(order_payer_gather(rows, &payment));
    TRY(order_identity_pay_gather(rows, &payment, work->payer));
    begin_of(work, &payment);
    return work->begin.unit.gather(&work->begin.unit, rows);
}

/* The PIN is there; what else risk control would wait for, a card does not wait. */
static Status judge(PayerCardPay *work, Rows *rows, const Payment *payment, const Payer *payer)
{
    Payer today = *payer;
    Allowance allowance;
    Decision decision;
    payer_roll(&today, time_business_day(rows_now_us(rows)));
    const DecideFacts facts = { payment->money.minor, true, today.count, today.minor };
    TRY(payer_may_pay(rows, payer->id));
    TRY(allowance_of(rows, payer, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    decide(&facts, &work->rules->strategy, &decision);
    REQUIRE(decision.outcome == RISK_ALLOW, REFUSED_RISK_REFUSED);
    return OK;
}

static Status begin_pay(PayerCardPay *work, Rows *rows, Payment *payment, const Payer *payer)
{
    const int64_t now_us = rows_now_us(rows);
    PayerCard *card = NULL;
    REQUIRE(now_us < payment->expires_us, REFUSED_ORDER_EXPIRED);
    TRY(payer_cards_get(rows, work->payer, &work->cards));
    TRY(payer_cards_find(&work->cards, work->card, &card));
    REQUIRE(card->state == PAYER_CARD_LIVE, REFUSED_CARD_STATE);
    TRY(judge(work, rows, payment, payer));
    TRY(payer_count(rows, payer->id, time_business_day(now_us), payment->money.minor));
    memcpy(payment->payer, payer->id, sizeof(payment->payer));
    memcpy(payment->grant, work->grant, sizeof(payment->grant));
    payment->has_grant = true; /* his account is named when money moves (money_rules.h, 7) */
    payment->begun_us = now_us;
    payment->state = TRADE_USERPAYING;
    payment->risk = RISK_ALLOW;
    payment->decide_by_us = PAYMENT_AT_BANK_US;
    TRY(payment_update(rows, payment));
    begin_of(work, payment);
    memcpy(work->begin.target, card->agreement, sizeof(card->agreement));
    return work->begin.unit.run(&work->begin.unit, rows);
}

static Status pay_by_state(PayerCardPay *work, Rows *rows, Payment *payment, const Payer *payer)
{
    switch (payment->state) {
    case TRADE_NOTPAY: return begin_pay(work, rows, payment, payer);
    case TRADE_USERPAYING:
    case TRADE_SUCCESS: work->repeated = true; return OK;
    case TRADE_CLOSED: return REFUSE(REFUSED_ORDER_CLOSED);
    case TRADE_REFUND:
    case TRADE_REVOKED:
    case TRADE_PAYERROR: return REFUSE(REFUSED_ORDER_STATE);
    }
    return REFUSE(REFUSED_ORDER_STATE);
}

static Status pay_decide(PayerCardPay *work, Rows *rows)
{
    const OrderClaim claim = { .payer = work->payer,
        .door = &work->door,
        .prepay_id = work->prepay_id,
        .openid = work->openid,
        .confirmed = &work->confirmed,
        .confirmed_minor = work->confirmed_minor };
    Payer payer;
    Payment payment;
    work->repeated = false;
    TRY(order_claim(rows, &claim, &payer, &payment));
    TRY(pay_by_state(work, rows, &payment, &payer));
    work->payment = payment;
    return OK;
}

static Status pay_run(Unit *unit, Rows *rows)
{
    PayerCardPay *work = (PayerCardPay *)unit;
    const Status s = pay_decide(work, rows);
    const Record record = { .kind = AUDIT_ORDER_PAY,
        .role = "payer",
        .actor = work->payer,
        .mchid = "",
        .payment = &work->payment,
        .subject = work->prepay_id,
        .nonce_digest = work->nonce_digest,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void payer_card_pay_unit(PayerCardPay *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = pay_gather, .run = pay_run, .done = done };
}

/* --- settle --- */

typedef struct Settling {
    Unit unit;
    ChannelSettle *settle;
} Settling;

static bool is_payments(const char *number)
{
    return number[0] == number_before && payment_transaction_id_is_valid(span_of_text(number + 1));
}

static Status payment_of_number(Rows *rows, const char *number, const Row **ret_row)
{
    return payment_row_by(rows, PAYMENT_BY_TRANSACTION_ID, number + 1, ret_row);
}

static Status settle_gather(Unit *unit, Rows *rows)
{
    ChannelSettle *settle = ((Settling *)unit)->settle;
    const Row *row = NULL;
    Payment payment;
    int64_t account = 0;
    TRY(settle->unit.gather(&settle->unit, rows));
    TRY(payment_of_number(rows, settle->number, &row));
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK; /* run() will hear */
    if (payment.payer[0] == 0) return OK;
    TRY(payment_payer_gather(rows, payment.payer, &account));
    TRY(fee_gather(rows, payment.mchid, payment.money.currency));
    TRY(account_gather(rows, account));
    return account_gather(rows, payment.payee_account);
}

/* Of this payment's payer, for its amount, by an agreement. */
static bool is_of(const ChannelOrder *order, const Payment *payment)
{
    char holder[CHANNEL_HOLDER_BYTES_MAX + 1];
    snprintf(holder, sizeof(holder), "payer/%s", payment->payer);
    return order->kind == CHANNEL_CARD && order->target[0] != 0
            && strcmp(order->holder, holder) == 0 && order->money.minor == payment->money.minor
            && order->money.currency == payment->money.currency && payment_is_at_bank(payment);
}

static Status end_unpaid(Rows *rows, Payment *payment, int32_t reason)
{
    const int64_t day = time_business_day(payment->begun_us);
    TRY(payer_uncount(rows, payment->payer, day, payment->money.minor));
    payment->state = TRADE_PAYERROR;
    payment->reason = reason;
    payment->decide_by_us = 0;
    return OK;
}

/* The credit stands in this very batch. */
static Status end_paid(Rows *rows, Payment *payment)
{
    Payer payer;
    Allowance allowance;
    TRY(payer_admit(rows, payment->payer, &payer));
    TRY(allowance_of(rows, &payer, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    TRY(ledger_pay(
            rows, payment->transaction_id, payer.account, payment->payee_account, payment->money));
    payment->payer_account = payer.account;
    TRY(fee_take(rows, payment));
    payment->state = TRADE_SUCCESS;
    payment->success_time_us = rows_now_us(rows);
    payment->decide_by_us = 0;
    return notification_of_payment(rows, payment);
}

static Status finish(Rows *rows, const ChannelOrder *order, Payment *payment)
{
    if (order->state == CHANNEL_FAILED) return end_unpaid(rows, payment, order->result);
    const Status s = end_paid(rows, payment);
    return refusal_is_business(s) ? end_unpaid(rows, payment, s.code) : s;
}

static Status settle_run(Unit *unit, Rows *rows)
{
    ChannelSettle *settle = ((Settling *)unit)->settle;
    const Row *row = NULL;
    Payment payment;
    TRY(settle->unit.run(&settle->unit, rows));
    const ChannelState state = settle->order.state;
    if (!settle->changed || (state != CHANNEL_SUCCESS && state != CHANNEL_FAILED)) return OK;
    TRY(payment_of_number(rows, settle->number, &row));
    if (row == NULL) return OK;
    TRY(payment_of_row(row, &payment));
    if (!is_of(&settle->order, &payment)) return OK; /* a credit, and nothing more */
    TRY(finish(rows, &settle->order, &payment));
    TRY(payment_update(rows, &payment));
    const Record record = { .kind = AUDIT_ORDER_PAY,
        .role = "channel",
        .actor = "",
        .mchid = payment.mchid,
        .payment = &payment,
        .subject = payment.out_trade_no };
    return record_end(rows, &record, OK);
}

Status payer_card_settle(Batcher *batcher, ChannelSettle *settle)
{
    Settling work = { .unit = { .gather = settle_gather, .run = settle_run }, .settle = settle };
    channel_settle_unit(settle, NULL);
    return unit_wait(batcher, is_payments(settle->number) ? &work.unit : &settle->unit);
}

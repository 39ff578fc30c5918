#include "payment/transfer.h"

#include <stdio.h>

#include "base/time.h"
#include "payment/allowance.h"
#include "payment/payment_rows.h"
#include "payment/transfer_rows.h"

/* --- steps --- */

Status transfer_step(TransferState state, TransferAct act, TransferStep *ret_step)
{
    const bool begins = act == TRANSFER_BEGIN;
    *ret_step = TRANSFER_SAME;
    if ((int)state == 0) {
        REQUIRE(begins, REFUSED_TRANSFER_UNKNOWN);
        *ret_step = TRANSFER_GOES_ON;
        return OK;
    }
    if (begins) return OK;
    if (state == TRANSFER_WAITING) *ret_step = TRANSFER_GOES_ON;
    const bool too_late = state == TRANSFER_DONE || state == TRANSFER_FAILED;
    REQUIRE(act != TRANSFER_REVOKE || !too_late, REFUSED_TRANSFER_STATE);
    return OK;
}

/* --- who is given money --- */

Status transfer_receiver_gather(Rows *rows, const char *receiver)
{
    int64_t account = 0;
    TRY(payer_gather(rows, receiver, &account));
    TRY(allowance_gather(rows, receiver));
    return account_gather(rows, account);
}

/* Who may not use his account may not be paid into it either: a stopped one, and one that was
 * opened and never used, which 银发 [2016] 261 suspends as a whole. */
Status transfer_receiver_admit(Rows *rows, const char *receiver, Currency currency,
        const AccountRules *rules, int64_t *ret_account)
{
    Payer payer;
    Allowance allowance;
    Account account;
    const Status s = payer_get(rows, receiver, &payer);
    REQUIRE(!status_is(s, REFUSED_PAYER_UNKNOWN), REFUSED_TRANSFER_RECEIVER);
    TRY(s);
    TRY(allowance_of(rows, &payer, &allowance));
    TRY(account_get(rows, payer.account, &account));
    const bool open = payer.status == STATUS_LIVE && account.status == STATUS_LIVE
            && account.currency == currency && allowance.state == ALLOWANCE_LIVE
            && !allowance_is_dormant(&allowance, rules, rows_now_us(rows));
    REQUIRE(open, REFUSED_TRANSFER_RECEIVER);
    *ret_account = payer.account;
    return OK;
}

/* Something was transferred to him, and so long ago that whoever was made to do it has noticed. */
static Status is_known(Rows *rows, const char *id, const char *payer, const char *receiver,
        const TransferRules *rules, bool *ret_known)
{
    const Row *row = NULL;
    Transfer before;
    *ret_known = false;
    if (id[0] == 0) return OK;
    TRY(transfer_row(rows, id, &row));
    if (row == NULL) return OK;
    TRY(transfer_of_row(row, &before));
    const int64_t wait_us = transfer_wait_us(rules, TRANSFER_NEXT_DAY);
    *ret_known = before.state == TRANSFER_DONE && strcmp(before.payer, payer) == 0
            && strcmp(before.receiver, receiver) == 0
            && rows_now_us(rows) - before.ended_us >= wait_us;
    return OK;
}

static Status known_gather(Rows *rows, const char *id)
{
    const Row *row = NULL;
    return id[0] != 0 ? transfer_row(rows, id, &row) : OK;
}

/* --- before the PIN --- */

static Status look_gather(Unit *unit, Rows *rows)
{
    const TransferLook *work = (const TransferLook *)unit;
    TRY(transfer_receiver_gather(rows, work->receiver));
    return known_gather(rows, work->known);
}

static Status look_run(Unit *unit, Rows *rows)
{
    TransferLook *work = (TransferLook *)unit;
    const TransferRules *rules = &work->rules->transfers;
    int64_t account = 0;
    bool known = false;
    REQUIRE(strcmp(work->payer, work->receiver) != 0, REFUSED_TRANSFER_SELF);
    TRY(transfer_receiver_admit(
            rows, work->receiver, work->money.currency, &work->rules->accounts, &account));
    TRY(is_known(rows, work->known, work->payer, work->receiver, rules, &known));
    work->fastest = transfer_fastest(rules, work->money.minor, known);
    return OK;
}

void transfer_look_unit(TransferLook *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = look_gather, .run = look_run, .done = done };
}

/* --- the log --- */

Status transfer_tell(Rows *rows, const Transfer *t, const char *actor, const uint8_t *nonce_digest,
        bool quiet, Status s)
{
    char detail[AUDIT_DETAIL_BYTES_MAX];
    snprintf(detail, sizeof(detail), "%s %s %lld%s%s", transfer_state_name(t->state),
            transfer_speed_name((int64_t)t->speed), (long long)t->money.minor,
            t->reason != 0 ? " " : "", t->reason != 0 ? status_name((Status) { t->reason }) : "");
    const Record record = { .kind = AUDIT_TRANSFER,
        .role = actor[0] != 0 ? "payer" : "timer",
        .actor = actor,
        .mchid = "",
        .subject = t->id,
        .nonce_digest = nonce_digest,
        .detail = status_ok(s) ? detail : NULL,
        .quiet = quiet };
    return record_end(rows, &record, s);
}

/* --- begun --- */

static Status begin_gather(Unit *unit, Rows *rows)
{
    const TransferBegin *work = (const TransferBegin *)unit;
    const Transfer *t = &work->wish;
    const Row *row = NULL;
    TransferId id;
    int64_t account = 0;
    transfer_name(t->payer, t->number, id);
    TRY(transfer_row(rows, id, &row));
    TRY(payer_gather(rows, t->payer, &account));
    TRY(payer_door_gather(rows, t->payer, &work->door));
    TRY(allowance_gather(rows, t->payer));
    TRY(transfer_day_gather(rows, t->payer));
    TRY(account_gather(rows, account));
    TRY(transfer_receiver_gather(rows, t->receiver));
    return known_gather(rows, work->known);
}

static Status check_terms(const Transfer *t)
{
    const bool right = transfer_number_is_valid(span_of_text(t->number))
            && transfer_speed_name((int64_t)t->speed)[0] != 0
            && payer_id_is_valid(span_of_text(t->receiver))
            && span_is_utf8(span_of_text(t->remark));
    REQUIRE(right, REFUSED_TRANSFER_FIELD);
    REQUIRE(t->money.minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(t->money.minor <= LEDGER_MINOR_MAX, REFUSED_TRANSFER_FIELD);
    REQUIRE(strcmp(t->payer, t->receiver) != 0, REFUSED_TRANSFER_SELF);
    return OK;
}

/* The same number: the same transfer, or another one under a name that is taken. */
static Status begin_again(TransferBegin *work, const Transfer *before)
{
    const Transfer *wish = &work->wish;
    const bool same = strcmp(wish->payer, before->payer) == 0
            && strcmp(wish->number, before->number) == 0
            && strcmp(wish->receiver, before->receiver) == 0
            && strcmp(wish->remark, before->remark) == 0 && wish->speed == before->speed
            && wish->money.minor == before->money.minor
            && wish->money.currency == before->money.currency;
    REQUIRE(same, REFUSED_TRANSFER_CONFLICT);
    work->transfer = *before;
    work->repeated = true;
    return OK;
}

/* What risk control says, the PIN being there; who would be looked at waits for nobody here. */
static Status screen(const TransferBegin *work, Rows *rows, const Payer *payer)
{
    const Transfer *t = &work->transfer;
    Payer today = *payer;
    Decision decision;
    payer_roll(&today, time_business_day(rows_now_us(rows)));
    const DecideFacts facts = { t->money.minor, true, today.count, today.minor };
    decide(&facts, &work->rules->strategy, &decision);
    const bool waits = decision.outcome == RISK_DELAY && t->speed != TRANSFER_REAL_TIME;
    REQUIRE(waits || decision.outcome == RISK_ALLOW, REFUSED_RISK_REFUSED);
    return OK;
}

/* Everything that is counted, judged and then counted. */
static Status judge(const TransferBegin *work, Rows *rows, const Payer *payer,
        Allowance *ret_allowance, TransferDay *ret_day)
{
    const Transfer *t = &work->transfer;
    const int64_t now_us = rows_now_us(rows);
    bool known = false;
    TRY(payer_may_pay(rows, payer->id));
    TRY(screen(work, rows, payer));
    TRY(allowance_of(rows, payer, ret_allowance));
    TRY(allowance_judge(
            ret_allowance, &work->rules->accounts, t->money.minor, t->strength, now_us));
    TRY(transfer_day_get(rows, payer->id, now_us, ret_day));
    const TransferFacts facts = { .grade = ret_allowance->grade,
        .strength = t->strength,
        .minor = t->money.minor,
        .day_minor = ret_day->minor,
        .day_count = ret_day->count,
        .limit_minor = ret_day->limit_minor,
        .limit_count = ret_day->limit_count };
    TRY(transfer_allows(&work->rules->transfers, &facts));
    TRY(is_known(rows, work->known, t->payer, t->receiver, &work->rules->transfers, &known));
    REQUIRE(t->speed >= transfer_fastest(&work->rules->transfers, t->money.minor, known),
            REFUSED_TRANSFER_FIELD);
    TRY(allowance_count(ret_allowance, t->money.minor, t->strength, now_us));
    return transfer_day_add(ret_day, t->money.minor);
}

static Status begin_new(TransferBegin *work, Rows *rows, const Payer *payer)
{
    Transfer *t = &work->transfer;
    const int64_t now_us = rows_now_us(rows);
    const bool at_once = t->speed == TRANSFER_REAL_TIME;
    Allowance allowance;
    TransferDay day;
    /* The password is known; a session's device signs, and that is a signature (公告[2015]43). */
    t->strength = work->door.by_device ? AUTH_SIGNED : AUTH_ONE;
    TRY(check_terms(t));
    TRY(transfer_receiver_admit(
            rows, t->receiver, t->money.currency, &work->rules->accounts, &t->receiver_account));
    TRY(judge(work, rows, payer, &allowance, &day));
    t->account = payer->account;
    t->created_us = now_us;
    t->due_us = now_us + transfer_wait_us(&work->rules->transfers, t->speed);
    t->state = at_once ? TRANSFER_DONE : TRANSFER_WAITING;
    t->ended_us = at_once ? now_us : 0;
    t->reason = 0;
    TRY(at_once ? ledger_pay(rows, t->id, t->account, t->receiver_account, t->money)
                : ledger_hold(rows, t->id, t->account, t->money));
    TRY(payer_count(rows, payer->id, time_business_day(now_us), t->money.minor));
    TRY(allowance_put(rows, &allowance));
    TRY(transfer_day_put(rows, &day));
    return transfer_put(rows, t, true);
}

static Status begin_decide(TransferBegin *work, Rows *rows)
{
    Transfer *t = &work->transfer;
    Transfer before = { 0 };
    const Row *row = NULL;
    TransferStep step;
    Payer payer;
    work->repeated = false;
    *t = work->wish;
    transfer_name(t->payer, t->number, t->id);
    TRY(payer_admit(rows, t->payer, &payer));
    TRY(payer_door_admit(rows, t->payer, &work->door));
    TRY(transfer_row(rows, t->id, &row));
    if (row != NULL) TRY(transfer_of_row(row, &before));
    TRY(transfer_step(before.state, TRANSFER_BEGIN, &step));
    return step == TRANSFER_SAME ? begin_again(work, &before) : begin_new(work, rows, &payer);
}

static Status begin_run(Unit *unit, Rows *rows)
{
    TransferBegin *work = (TransferBegin *)unit;
    const Status s = begin_decide(work, rows);
    return transfer_tell(
            rows, &work->transfer, work->wish.payer, work->nonce_digest, work->repeated, s);
}

void transfer_begin_unit(TransferBegin *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = begin_gather, .run = begin_run, .done = done };
}

/* transfer_end: how a transfer that waits ends: carried out when its time has come, or given back.
 */
#include "payment/transfer.h"

#include "base/time.h"
#include "payment/allowance.h"
#include "payment/payment_rows.h"
#include "payment/transfer_rows.h"

static Status end_gather(Unit *unit, Rows *rows)
{
    const TransferEnd *work = (const TransferEnd *)unit;
    const Row *row = NULL;
    Transfer t;
    int64_t account = 0;
    TRY(transfer_row(rows, work->id, &row));
    if (work->act == TRANSFER_REVOKE) TRY(payer_door_gather(rows, work->payer, &work->door));
    if (row == NULL || !status_ok(transfer_of_row(row, &t))) return OK; /* run() will hear */
    TRY(payer_gather(rows, t.payer, &account));
    TRY(allowance_gather(rows, t.payer));
    TRY(transfer_day_gather(rows, t.payer));
    TRY(account_gather(rows, t.account));
    TRY(account_gather(rows, t.receiver_account));
    return transfer_receiver_gather(rows, t.receiver);
}

/* --- carried out --- */

/* An emergency stop counts for what was held before it, too. */
static Status payer_is_free(Rows *rows, const Transfer *t)
{
    Allowance allowance;
    Payer payer;
    TRY(payer_admit(rows, t->payer, &payer));
    TRY(allowance_get(rows, t->payer, t->created_us, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    return OK;
}

static Status carry_out(Rows *rows, const Transfer *t, const AccountRules *rules)
{
    int64_t account = 0;
    TRY(payer_is_free(rows, t));
    TRY(transfer_receiver_admit(rows, t->receiver, t->money.currency, rules, &account));
    REQUIRE(account == t->receiver_account, REFUSED_TRANSFER_RECEIVER);
    return ledger_capture(rows, t->id, t->account, t->receiver_account, t->money);
}

static Status give_back(Rows *rows, Transfer *t, TransferState state, int32_t reason)
{
    Allowance allowance;
    TransferDay day;
    TRY(ledger_release(rows, t->id, t->account, t->money));
    TRY(allowance_get(rows, t->payer, t->created_us, &allowance));
    allowance_uncount(&allowance, t->money.minor, t->strength, t->created_us);
    if (allowance.stored) TRY(allowance_put(rows, &allowance));
    TRY(payer_uncount(rows, t->payer, time_business_day(t->created_us), t->money.minor));
    TRY(transfer_day_get(rows, t->payer, rows_now_us(rows), &day));
    transfer_day_take_out(&day, t->money.minor, t->created_us);
    TRY(transfer_day_put(rows, &day));
    t->state = state;
    t->reason = reason;
    return OK;
}

/* Nothing of a refused carrying out was written: what stands between payer and receiver is found
 * before the first row. */
static Status come_due(Rows *rows, Transfer *t, const AccountRules *rules)
{
    const Status s = carry_out(rows, t, rules);
    if (status_ok(s)) t->state = TRANSFER_DONE;
    if (status_ok(s)) return OK;
    const bool business = refusal_is_business(s) || status_is(s, REFUSED_TRANSFER_RECEIVER)
            || status_is(s, REFUSED_PAYER_CLOSED);
    return business ? give_back(rows, t, TRANSFER_FAILED, s.code) : s;
}

/* --- both --- */

/* What comes back does not leave, so nobody who waits for his new device waits for this. */
static Status may_revoke(const TransferEnd *work, Rows *rows)
{
    const Status s = payer_door_admit(rows, work->payer, &work->door);
    return status_is(s, REFUSED_PAYER_COOLS_DOWN) ? OK : s;
}

static Status end_waiting(TransferEnd *work, Rows *rows, Transfer *t)
{
    const int64_t now_us = rows_now_us(rows);
    const bool revoked = work->act == TRANSFER_REVOKE;
    if (!revoked && now_us < t->due_us) return OK;
    TRY(revoked ? give_back(rows, t, TRANSFER_REVOKED, 0)
                : come_due(rows, t, &work->rules->accounts));
    t->ended_us = now_us;
    work->changed = true;
    return transfer_put(rows, t, false);
}

static Status end_decide(TransferEnd *work, Rows *rows)
{
    Transfer *t = &work->transfer;
    const Row *row = NULL;
    TransferStep step;
    work->changed = false;
    *t = (Transfer) { 0 };
    memcpy(t->id, work->id, sizeof(t->id));
    if (work->act == TRANSFER_REVOKE) TRY(may_revoke(work, rows));
    TRY(transfer_row(rows, work->id, &row));
    if (row != NULL) TRY(transfer_of_row(row, t));
    const bool others = work->act == TRANSFER_REVOKE && strcmp(t->payer, work->payer) != 0;
    REQUIRE(!others, REFUSED_TRANSFER_UNKNOWN);
    TRY(transfer_step(t->state, work->act, &step));
    return step == TRANSFER_SAME ? OK : end_waiting(work, rows, t);
}

static Status end_run(Unit *unit, Rows *rows)
{
    TransferEnd *work = (TransferEnd *)unit;
    const bool revokes = work->act == TRANSFER_REVOKE;
    const Status s = end_decide(work, rows);
    return transfer_tell(rows, &work->transfer, revokes ? work->payer : "",
            revokes ? work->nonce_digest : NULL, !work->changed, s);
}

void transfer_end_unit(TransferEnd *work, void (*done)(Unit *unit, Status outcome))
{
    ASSERT(work->act != TRANSFER_BEGIN);
    work->unit = (Unit) { .gather = end_gather, .run = end_run, .done = done };
}

/* --- read --- */

static Status read_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return transfer_row(rows, ((const TransferRead *)unit)->id, &row);
}

static Status read_run(Unit *unit, Rows *rows)
{
    TransferRead *work = (TransferRead *)unit;
    const Row *row = NULL;
    TRY(transfer_row(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_TRANSFER_UNKNOWN);
    TRY(transfer_of_row(row, &work->transfer));
    const bool his = work->payer[0] == 0 || strcmp(work->transfer.payer, work->payer) == 0;
    REQUIRE(his, REFUSED_TRANSFER_UNKNOWN);
    return OK;
}

void transfer_read_unit(TransferRead *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = read_gather, .run = read_run, .done = done };
}

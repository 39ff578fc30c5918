#include "payment/settlement.h"

#include <stdio.h>

#include "base/time.h"
#include "payment/payment_rows.h"
#include "payment/settlement_rows.h"

static Status tell(Rows *rows, const char *actor, const char *id, const Settlement *settlement,
        bool quiet, Status s)
{
    char detail[AUDIT_DETAIL_BYTES_MAX];
    snprintf(detail, sizeof(detail), "%s %lld", settlement_state_name(settlement->state),
            (long long)settlement->money.minor);
    const Record record = { .kind = AUDIT_SETTLEMENT,
        .role = actor[0] != 0 ? "operator" : "timer",
        .actor = actor,
        .mchid = "",
        .subject = id,
        .detail = status_ok(s) ? detail : NULL,
        .quiet = quiet };
    return record_end(rows, &record, s);
}

/* --- made --- */

/* The merchant's, and the payables of its currency; where it is none, run() will hear. */
static Status gather_accounts(Rows *rows, int64_t id)
{
    Account account;
    TRY(account_gather(rows, id));
    if (!status_ok(account_get(rows, id, &account))) return OK;
    return account_gather(rows, account_id_of_payables(account.currency));
}

static Status make_gather(Unit *unit, Rows *rows)
{
    const SettlementMake *work = (const SettlementMake *)unit;
    char id[SETTLEMENT_ID_BYTES_MAX + 1];
    MerchantTerms terms;
    const Row *row = NULL;
    int64_t account = 0;
    settlement_name(work->mchid, work->day, work->number, id);
    TRY(settlement_row(rows, id, &row));
    TRY(merchant_gather(rows, work->mchid, NULL, &account));
    TRY(gather_accounts(rows, account));
    const Status s = merchant_terms_get(rows, work->mchid, &terms);
    return status_is(s, REFUSED_TERMS_NONE) ? OK : s; /* run() will hear */
}

/* The last evening's, as far as it is still there; refunds since have gone first. */
static int64_t settleable(const SettlementMake *work, const Account *account)
{
    const bool less = work->number == 0 && account->previous < account->balance;
    return less ? account->previous : account->balance;
}

static Status make_new(SettlementMake *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    const int32_t today = time_business_day(now_us);
    Settlement *s = &work->settlement;
    Merchant merchant;
    MerchantTerms terms;
    Account account;
    REQUIRE(work->day == (work->number == 0 ? today - 1 : today), REFUSED_SETTLEMENT_STATE);
    TRY(merchant_get(rows, work->mchid, &merchant));
    TRY(merchant_terms_get(rows, work->mchid, &terms));
    REQUIRE(work->number == 0 || terms.settlement == SETTLE_SAME_DAY, REFUSED_SETTLEMENT_CYCLE);
    TRY(account_get(rows, merchant.account, &account));
    account_roll(&account, now_us);
    *s = (Settlement) { .day = work->day,
        .number = work->number,
        .money = { settleable(work, &account), account.currency },
        .account = merchant.account,
        .created_us = now_us,
        .state = SETTLEMENT_DUE };
    REQUIRE(s->money.minor > 0, REFUSED_SETTLEMENT_NONE);
    memcpy(s->mchid, merchant.mchid, sizeof(s->mchid));
    memcpy(s->target, terms.account_token, sizeof(s->target));
    memcpy(s->mask, terms.account_mask, sizeof(s->mask));
    settlement_name(s->mchid, s->day, s->number, s->id);
    TRY(ledger_settle(rows, s->id, s->account, s->money));
    return settlement_put(rows, s, true);
}

static Status make(SettlementMake *work, Rows *rows)
{
    char id[SETTLEMENT_ID_BYTES_MAX + 1];
    const Row *row = NULL;
    settlement_name(work->mchid, work->day, work->number, id);
    TRY(settlement_row(rows, id, &row));
    work->repeated = row != NULL;
    return row != NULL ? settlement_of_row(row, &work->settlement) : make_new(work, rows);
}

static Status make_run(Unit *unit, Rows *rows)
{
    SettlementMake *work = (SettlementMake *)unit;
    char id[SETTLEMENT_ID_BYTES_MAX + 1];
    const Status s = make(work, rows);
    const bool by_timer = work->actor[0] == 0;
    if (by_timer && status_is(s, REFUSED_SETTLEMENT_NONE)) return s; /* no event: every evening */
    if (work->told && !status_ok(s)) return s;
    settlement_name(work->mchid, work->day, work->number, id);
    return tell(rows, work->actor, id, &work->settlement, work->repeated, s);
}

void settlement_make_unit(SettlementMake *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = make_gather, .run = make_run, .done = done };
}

/* --- the account, as people know it --- */

static Status gather_mask(Rows *rows, const Row *row)
{
    Settlement s;
    MerchantTerms terms;
    if (row == NULL || !status_ok(settlement_of_row(row, &s))) return OK; /* run() will hear */
    const Status found = merchant_terms_get(rows, s.mchid, &terms);
    return status_is(found, REFUSED_TERMS_NONE) ? OK : found;
}

/* Terms that are gone, or that nobody vouches for, name nothing; the row's own account stands. */
static Status take_mask(Rows *rows, Settlement *s)
{
    MerchantTerms terms;
    const Status found = merchant_terms_get(rows, s->mchid, &terms);
    s->mask[0] = 0;
    if (status_broken(found) || status_is(found, REFUSED_ROW_NOT_GATHERED)) return found;
    if (status_ok(found) && strcmp(terms.account_token, s->target) == 0)
        memcpy(s->mask, terms.account_mask, sizeof(s->mask));
    return OK;
}

/* --- moved on --- */

static Status move_gather(Unit *unit, Rows *rows)
{
    const SettlementMove *work = (const SettlementMove *)unit;
    const Row *row = NULL;
    Settlement s;
    TRY(settlement_row(rows, work->id, &row));
    if (row == NULL || !status_ok(settlement_of_row(row, &s))) return OK; /* run() will hear */
    TRY(gather_mask(rows, row));
    TRY(account_gather(rows, s.account));
    TRY(account_gather(rows, account_id_of_payables(s.money.currency)));
    return account_gather(rows, account_id_of_funding(s.money.currency));
}

static Status submit(Settlement *s, int64_t now_us)
{
    REQUIRE(s->state == SETTLEMENT_DUE, REFUSED_SETTLEMENT_STATE);
    s->submitted_us = now_us;
    return OK;
}

static Status end(Rows *rows, Settlement *s, SettlementState to)
{
    REQUIRE(s->state == SETTLEMENT_SUBMITTED_TO_BANK, REFUSED_SETTLEMENT_STATE);
    s->ended_us = rows_now_us(rows);
    return to == SETTLEMENT_PAID ? ledger_settle_paid(rows, s->id, s->money)
                                 : ledger_settle_back(rows, s->id, s->account, s->money);
}

static Status move_on(SettlementMove *work, Rows *rows)
{
    const Row *row = NULL;
    Settlement *s = &work->settlement;
    TRY(settlement_row(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_SETTLEMENT_UNKNOWN);
    TRY(settlement_of_row(row, s));
    TRY(take_mask(rows, s));
    work->repeated = s->state == work->to;
    if (work->repeated) return OK;
    TRY(work->to == SETTLEMENT_SUBMITTED_TO_BANK ? submit(s, rows_now_us(rows))
                                                 : end(rows, s, work->to));
    s->state = work->to;
    return settlement_put(rows, s, false);
}

static Status move_run(Unit *unit, Rows *rows)
{
    SettlementMove *work = (SettlementMove *)unit;
    const Status s = move_on(work, rows);
    return tell(rows, work->actor, work->id, &work->settlement, work->repeated, s);
}

void settlement_move_unit(SettlementMove *work, void (*done)(Unit *unit, Status outcome))
{
    ASSERT(work->to != SETTLEMENT_DUE);
    work->unit = (Unit) { .gather = move_gather, .run = move_run, .done = done };
}

/* --- read --- */

static Status read_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    TRY(settlement_row(rows, ((const SettlementRead *)unit)->id, &row));
    return gather_mask(rows, row);
}

static Status read_run(Unit *unit, Rows *rows)
{
    SettlementRead *work = (SettlementRead *)unit;
    const Row *row = NULL;
    TRY(settlement_row(rows, work->id, &row));
    REQUIRE(row != NULL, REFUSED_SETTLEMENT_UNKNOWN);
    TRY(settlement_of_row(row, &work->settlement));
    return take_mask(rows, &work->settlement);
}

void settlement_read_unit(SettlementRead *work)
{
    work->unit = (Unit) { .gather = read_gather, .run = read_run };
}

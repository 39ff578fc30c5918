/* channel_units: a bank order's steps. */
#include "bank/channel_rows.h"

#include "access/merchant_terms.h"
#include "audit/event.h"

#include <stdio.h>

static const char merchant_before[] = "merchant/";
static const char payer_before[] = "payer/";
enum { QUERY_DOUBLINGS_MAX = 6 };

/* --- who it is for --- */

/* What stands behind the text, or NULL. */
static const char *behind(const char *holder, const char *before)
{
    const size_t size = strlen(before);
    return strncmp(holder, before, size) == 0 ? holder + size : NULL;
}

static Status holder_gather(Rows *rows, const char *holder, int64_t *ret_account)
{
    const char *mchid = behind(holder, merchant_before);
    const char *payer = behind(holder, payer_before);
    *ret_account = 0;
    if (mchid != NULL && merchant_id_is_valid(span_of_text(mchid)))
        return merchant_gather(rows, mchid, NULL, ret_account);
    if (payer != NULL && payer_id_is_valid(span_of_text(payer)))
        return payer_gather(rows, payer, ret_account);
    return OK;
}

static Status merchant_account(Rows *rows, const char *mchid, int64_t *ret_account)
{
    Merchant merchant;
    REQUIRE(merchant_id_is_valid(span_of_text(mchid)), REFUSED_BANK_FIELD);
    TRY(merchant_get(rows, mchid, &merchant));
    REQUIRE(merchant.status == STATUS_LIVE, REFUSED_ACCOUNT_CLOSED);
    *ret_account = merchant.account;
    return OK;
}

static Status holder_account(Rows *rows, const char *holder, int64_t *ret_account)
{
    Payer payer;
    const char *mchid = behind(holder, merchant_before);
    const char *id = behind(holder, payer_before);
    if (mchid != NULL) return merchant_account(rows, mchid, ret_account);
    REQUIRE(id != NULL && payer_id_is_valid(span_of_text(id)), REFUSED_BANK_FIELD);
    TRY(payer_admit(rows, id, &payer));
    *ret_account = payer.account;
    return OK;
}

/* --- money --- */

static void transaction_of(const ChannelOrder *order, char ret[CHANNEL_TRANSACTION_BYTES_MAX + 1])
{
    snprintf(ret, CHANNEL_TRANSACTION_BYTES_MAX + 1, "bank/%s", order->number);
}

static Status money_gather(Rows *rows, int64_t account, Currency currency)
{
    TRY(account_gather(rows, account));
    return account_gather(rows, account_id_of_funding(currency));
}

/* What an end moves. */
static Status money_end(Rows *rows, const ChannelOrder *order, bool success)
{
    char transaction[CHANNEL_TRANSACTION_BYTES_MAX + 1];
    const int64_t bank = account_id_of_funding(order->money.currency);
    transaction_of(order, transaction);
    if (order->kind != CHANNEL_WITHDRAWAL)
        return success ? ledger_fund(rows, transaction, order->account, order->money) : OK;
    return success ? ledger_capture(rows, transaction, order->account, bank, order->money)
                   : ledger_release(rows, transaction, order->account, order->money);
}

/* --- what the log hears --- */

static Status tell(Rows *rows, const char *actor, const ChannelOrder *order, Status s)
{
    uint8_t actor_bytes[AUDIT_ACTOR_BYTES_MAX];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer who = BUFFER_OF(actor_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    if (status_broken(s) || status_is(s, REFUSED_ROW_NOT_GATHERED)
            || status_is(s, REFUSED_BATCH_FULL))
        return s;
    TRY(buffer_print(&who, "%s%s", actor[0] == 0 ? "channel" : "operator/", actor));
    if (order->kind != 0)
        TRY(buffer_print(&detail, "%s %s %s", channel_kind_name(order->kind), order->holder,
                channel_state_name(order->state)));
    if (order->result != 0)
        TRY(buffer_print(&detail, " %s", status_name((Status) { order->result })));
    const AuditEvent event = { .kind = AUDIT_CHANNEL_ORDER,
        .outcome = s.code,
        .actor = span_of_buffer(&who),
        .subject = span_of_text(order->number),
        .detail = span_of_buffer(&detail) };
    TRY(audit_event_tell(rows, &event));
    return s;
}

/* --- begin --- */

static Status begin_gather(Unit *unit, Rows *rows)
{
    const ChannelBegin *work = (const ChannelBegin *)unit;
    const char *mchid = behind(work->holder, merchant_before);
    const Row *row = NULL;
    int64_t account = 0;
    MerchantTerms terms;
    TRY(channel_row(rows, work->number, &row));
    TRY(holder_gather(rows, work->holder, &account));
    TRY(money_gather(rows, account, work->money.currency));
    if (work->kind != CHANNEL_WITHDRAWAL || mchid == NULL) return OK;
    const Status s = merchant_terms_get(rows, mchid, &terms);
    return status_is(s, REFUSED_TERMS_NONE) ? OK : s;
}

static Status begin_again(ChannelBegin *work, const Row *row)
{
    ChannelOrder before;
    TRY(channel_of_row(row, &before));
    const bool same = before.kind == work->kind && strcmp(before.holder, work->holder) == 0
            && before.money.minor == work->money.minor
            && before.money.currency == work->money.currency;
    REQUIRE(same, REFUSED_BANK_ORDER_CONFLICT);
    work->order = before;
    work->repeated = true;
    return OK;
}

static Status begin_check(const ChannelBegin *work)
{
    REQUIRE(channel_number_is_valid(span_of_text(work->number)), REFUSED_BANK_FIELD);
    REQUIRE(work->kind >= CHANNEL_FUNDING && work->kind <= CHANNEL_CARD, REFUSED_BANK_FIELD);
    REQUIRE(work->money.currency == CURRENCY_CNY, REFUSED_BANK_FIELD);
    REQUIRE(work->money.minor > 0 && work->money.minor <= LEDGER_MINOR_MAX, REFUSED_BANK_FIELD);
    return OK;
}

/* The holder's own bank account, and no other: no order says where to pay. */
static Status withdraw(Rows *rows, ChannelOrder *order)
{
    char transaction[CHANNEL_TRANSACTION_BYTES_MAX + 1];
    const char *mchid = behind(order->holder, merchant_before);
    MerchantTerms terms;
    REQUIRE(mchid != NULL, REFUSED_BANK_FIELD);
    TRY(merchant_terms_get(rows, mchid, &terms));
    TRY(value_copy_text(&VALUE_OF_TEXT(span_of_text(terms.account_token)), order->target,
            sizeof(order->target)));
    transaction_of(order, transaction);
    return ledger_hold(rows, transaction, order->account, order->money);
}

static Status begin_decide(ChannelBegin *work, Rows *rows)
{
    const Row *row = NULL;
    Account account;
    work->repeated = false;
    work->order = (ChannelOrder) { 0 };
    TRY(begin_check(work));
    TRY(channel_row(rows, work->number, &row));
    if (row != NULL) return begin_again(work, row);
    ChannelOrder order = { .kind = work->kind,
        .money = work->money,
        .state = CHANNEL_CREATED,
        .created_us = rows_now_us(rows),
        .due_us = rows_now_us(rows) + work->lease_us };
    memcpy(order.number, work->number, sizeof(order.number));
    memcpy(order.holder, work->holder, sizeof(order.holder));
    TRY(holder_account(rows, order.holder, &order.account));
    TRY(account_get(rows, order.account, &account));
    REQUIRE(account.status == STATUS_LIVE, REFUSED_ACCOUNT_CLOSED);
    REQUIRE(account.currency == order.money.currency, REFUSED_ACCOUNT_CURRENCY);
    if (order.kind == CHANNEL_WITHDRAWAL) TRY(withdraw(rows, &order));
    if (order.kind == CHANNEL_CARD) memcpy(order.target, work->target, sizeof(order.target));
    TRY(channel_insert(rows, &order));
    work->order = order;
    return OK;
}

static Status begin_run(Unit *unit, Rows *rows)
{
    ChannelBegin *work = (ChannelBegin *)unit;
    const Status s = begin_decide(work, rows);
    if (status_ok(s) && work->repeated) return OK;
    ChannelOrder told = work->order;
    memcpy(told.number, work->number, sizeof(told.number));
    return tell(rows, work->actor, &told, s);
}

void channel_begin_unit(ChannelBegin *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = begin_gather, .run = begin_run, .done = done };
}

/* --- send --- */

static Status send_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return channel_row(rows, ((const ChannelSend *)unit)->number, &row);
}

static Status send_run(Unit *unit, Rows *rows)
{
    ChannelSend *work = (ChannelSend *)unit;
    ChannelOrder order;
    TRY(channel_get(rows, work->number, &order));
    REQUIRE(order.state == CHANNEL_CREATED, REFUSED_BANK_STATE);
    order.state = CHANNEL_SENT;
    order.sent_us = rows_now_us(rows);
    order.due_us = order.sent_us + work->lease_us;
    TRY(channel_update(rows, &order));
    work->order = order;
    return tell(rows, "", &order, OK);
}

void channel_send_unit(ChannelSend *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = send_gather, .run = send_run, .done = done };
}

/* --- settle --- */

static Status settle_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    ChannelOrder order;
    TRY(channel_row(rows, ((const ChannelSettle *)unit)->number, &row));
    if (row == NULL || !status_ok(channel_of_row(row, &order))) return OK;
    return money_gather(rows, order.account, order.money.currency);
}

/* Later and later, and for ever: only the bank ends it. */
static void ask_later(ChannelOrder *order, bool asked, int64_t now_us)
{
    const int64_t doublings =
            order->queries < QUERY_DOUBLINGS_MAX ? order->queries : QUERY_DOUBLINGS_MAX;
    const int64_t wait_us = CHANNEL_QUERY_FIRST_US << doublings;
    order->state = CHANNEL_UNKNOWN;
    order->due_us = asked
            ? now_us + (wait_us < CHANNEL_QUERY_MAX_US ? wait_us : CHANNEL_QUERY_MAX_US)
            : now_us;
    if (asked) order->queries++;
}

static Status end(Rows *rows, ChannelOrder *order, const ChannelSettle *work)
{
    const bool success = work->known && work->outcome == CHANNEL_IS_DONE;
    TRY(money_end(rows, order, success));
    order->state = success ? CHANNEL_SUCCESS : CHANNEL_FAILED;
    order->result = success ? 0 : work->known ? (int32_t)REFUSED_BANK_REFUSED : work->result;
    order->ended_us = rows_now_us(rows);
    return OK;
}

static bool has_ended(const ChannelOrder *order)
{
    return order->state == CHANNEL_SUCCESS || order->state == CHANNEL_FAILED;
}

static Status settle_decide(ChannelSettle *work, Rows *rows)
{
    ChannelOrder order;
    TRY(channel_get(rows, work->number, &order));
    work->order = order;
    work->changed = false;
    const bool says_end = work->known
            && (work->outcome == CHANNEL_IS_DONE || work->outcome == CHANNEL_IS_NOT_DONE);
    if (has_ended(&order)) {
        const bool same = (order.state == CHANNEL_SUCCESS) == (work->outcome == CHANNEL_IS_DONE);
        REQUIRE(!says_end || same, REFUSED_BANK_STATE);
        return OK;
    }
    const bool never_sent = order.state == CHANNEL_CREATED;
    REQUIRE(!never_sent || !work->known, REFUSED_BANK_STATE);
    if (says_end || never_sent)
        TRY(end(rows, &order, work));
    else
        ask_later(&order, work->asked, rows_now_us(rows));
    TRY(channel_update(rows, &order));
    work->changed = order.state != work->order.state;
    work->order = order;
    return OK;
}

static Status settle_run(Unit *unit, Rows *rows)
{
    ChannelSettle *work = (ChannelSettle *)unit;
    const Status s = settle_decide(work, rows);
    if (status_ok(s) && !work->changed) return OK;
    return tell(rows, "", &work->order, s);
}

void channel_settle_unit(ChannelSettle *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = settle_gather, .run = settle_run, .done = done };
}

/* --- look --- */

static Status look_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return channel_row(rows, ((const ChannelLook *)unit)->number, &row);
}

static Status look_run(Unit *unit, Rows *rows)
{
    ChannelLook *work = (ChannelLook *)unit;
    return channel_get(rows, work->number, &work->order);
}

void channel_look_unit(ChannelLook *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = look_gather, .run = look_run, .done = done };
}

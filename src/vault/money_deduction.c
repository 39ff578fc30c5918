/* money_deduction: what is taken from a payer without asking him: within what he signed, and
 * counted. */
#include "vault/money_inside.h"

#include "base/money.h"
#include "base/time.h"
#include "policy/contract_terms.h"
#include "policy/tables.h"

/* hufud's clock may be so far from ours, and its batch so old. */
#define CLOCK_SLACK_US (300 * TIME_SECOND_US)

static bool is_null(const RowView *row, uint16_t column) { return !is_set(row_value(row, column)); }

static bool is_about_now(int64_t time_us, int64_t now_us)
{
    return time_us >= now_us - CLOCK_SLACK_US && time_us <= now_us + CLOCK_SLACK_US;
}

/* Among the purposes; no payment, refund or other name of a posting begins so. */
static Sum *contract_of(MoneyScratch *s, const KeyedHashKey *key, Span mchid, Span code)
{
    uint8_t memory[2 * ROW_VALUE_BYTES_MAX + 16];
    Buffer b = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put(&b, SPAN("contract/")))
            && status_ok(buffer_put_framed(&b, mchid)) && status_ok(buffer_put_framed(&b, code));
    ASSERT(fits); /* columns of a parsed row */
    return purpose_of(s, key, span_of_buffer(&b));
}

void contract_row_terms(const RowView *row, ContractTerms *ret)
{
    *ret = (ContractTerms) { .mchid = row_bytes(row, CONTRACT_MCHID),
        .code = row_bytes(row, CONTRACT_CODE),
        .title = row_bytes(row, CONTRACT_TITLE),
        .account = row_bytes(row, CONTRACT_ACCOUNT),
        .plan = row_int(row, CONTRACT_PLAN, 0),
        .one_minor = row_int(row, CONTRACT_ONE_MINOR, 0),
        .period = row_int(row, CONTRACT_PERIOD, 0),
        .period_minor = row_int(row, CONTRACT_PERIOD_MINOR, 0),
        .period_count = row_int(row, CONTRACT_PERIOD_COUNT, 0),
        .notice_hours = row_int(row, CONTRACT_NOTICE_HOURS, -1),
        .currency = row_int(row, CONTRACT_CURRENCY, 0),
        .until_us = row_int(row, CONTRACT_UNTIL, 0) };
}

static bool begins_rightly(const RowView *row)
{
    ContractTerms terms;
    contract_row_terms(row, &terms);
    const bool terms_are_some = terms.one_minor > 0 && terms.period_minor >= terms.one_minor
            && contract_period_is_valid(terms.period) && terms.period_count > 0
            && terms.notice_hours >= 0 && terms.notice_hours <= CONTRACT_NOTICE_HOURS_MAX
            && terms.currency > 0;
    return terms_are_some && row_int(row, CONTRACT_STATE, 0) == CONTRACT_WAITING
            && is_null(row, CONTRACT_PAYER) && is_null(row, CONTRACT_GRANT)
            && row_int(row, CONTRACT_AT, -1) == 0 && row_int(row, CONTRACT_MINOR, -1) == 0
            && row_int(row, CONTRACT_COUNT, -1) == 0
            && row_int(row, CONTRACT_ANNOUNCED_MINOR, -1) == 0;
}

/* Signed once, ended once; who signed has done so with a grant (prepare.c spends it). */
static bool goes_on_rightly(const RowChange *change)
{
    const RowView *now = &change->new_row;
    const int64_t before = row_int(&change->old_row, CONTRACT_STATE, 0);
    const int64_t after = row_int(now, CONTRACT_STATE, 0);
    const bool was_signed = before == CONTRACT_IN_FORCE;
    if (before != CONTRACT_WAITING && !was_signed) return false;
    if (after != before && after != CONTRACT_IN_FORCE && after != CONTRACT_TERMINATED) return false;
    if (was_signed && after == CONTRACT_WAITING) return false;
    if (is_null(now, CONTRACT_GRANT) != is_null(now, CONTRACT_PAYER)) return false;
    if (was_signed)
        return column_stays(change, CONTRACT_PAYER) && column_stays(change, CONTRACT_GRANT)
                && column_stays(change, CONTRACT_SIGNED);
    const bool is_signed = !is_null(now, CONTRACT_GRANT);
    return after == CONTRACT_WAITING ? !is_signed : is_signed || after == CONTRACT_TERMINATED;
}

Status add_contract(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    static const uint16_t fixed[] = { CONTRACT_ID, CONTRACT_PLAN, CONTRACT_TITLE, CONTRACT_ACCOUNT,
        CONTRACT_ONE_MINOR, CONTRACT_PERIOD, CONTRACT_PERIOD_MINOR, CONTRACT_PERIOD_COUNT,
        CONTRACT_NOTICE_HOURS, CONTRACT_CURRENCY, CONTRACT_UNTIL, CONTRACT_ASKED };
    const RowView *row = &change->new_row;
    for (size_t i = 0; !change->is_insert && i < sizeof(fixed) / sizeof(fixed[0]); i++)
        REQUIRE(column_stays(change, fixed[i]), REFUSED_DEDUCTION_NOT_LAWFUL);
    REQUIRE(change->is_insert ? begins_rightly(row) : goes_on_rightly(change),
            REFUSED_DEDUCTION_NOT_LAWFUL);
    Sum *sum = contract_of(s, key, row_bytes(row, CONTRACT_MCHID), row_bytes(row, CONTRACT_CODE));
    REQUIRE(sum->contract == NULL, REFUSED_ROW_DUPLICATED);
    sum->contract = change;
    return OK;
}

/* The payment is new in this batch, has its payer, and is what the contract is about. */
static bool is_of_contract(const RowView *row, const RowChange *payment, const RowChange *contract)
{
    const RowView *paid = &payment->new_row;
    const RowView *terms = &contract->new_row;
    return payment->is_insert && paid->head.table == TABLE_PAYMENT
            && row_int(paid, PAYMENT_TRADE_TYPE, 0) == TRADE_DEDUCTION
            && !is_null(paid, PAYMENT_PAYER_ACCOUNT)
            && same_value(row, DEDUCTION_MCHID, paid, PAYMENT_MCHID)
            && same_value(row, DEDUCTION_OUT_TRADE_NO, paid, PAYMENT_OUT_TRADE_NO)
            && same_value(row, DEDUCTION_AT, terms, CONTRACT_AT)
            && same_value(paid, PAYMENT_PAYER, terms, CONTRACT_PAYER)
            && same_value(paid, PAYMENT_CURRENCY, terms, CONTRACT_CURRENCY)
            && row_int(paid, PAYMENT_MINOR, -1) > 0
            && row_int(paid, PAYMENT_MINOR, -1) <= row_int(terms, CONTRACT_ONE_MINOR, -1);
}

Status add_deduction(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const RowView *row = &change->new_row;
    REQUIRE(change->is_insert, REFUSED_DEDUCTION_NOT_LAWFUL);
    Sum *payment = purpose_of(s, key, row_bytes(row, DEDUCTION_TRANSACTION_ID));
    Sum *sum = contract_of(
            s, key, row_bytes(row, DEDUCTION_MCHID), row_bytes(row, DEDUCTION_CONTRACT));
    REQUIRE(payment->change != NULL && payment->deduction == NULL, REFUSED_DEDUCTION_NOT_LAWFUL);
    REQUIRE(sum->contract != NULL && !sum->contract->is_insert, REFUSED_DEDUCTION_NOT_LAWFUL);
    REQUIRE(is_of_contract(row, payment->change, sum->contract), REFUSED_DEDUCTION_NOT_LAWFUL);
    payment->deduction = change;
    sum->given_count++;
    return minor_add(sum->given_minor, row_int(&payment->change->new_row, PAYMENT_MINOR, 0),
            &sum->given_minor);
}

/* What becomes paid goes to the merchant's own account: the payer signed for nobody else. */
static bool goes_to_merchant(MoneyScratch *s, const KeyedHashKey *key, const RowChange *change)
{
    const RowView *now = &change->new_row;
    const int64_t before = change->is_insert ? 0 : row_int(&change->old_row, PAYMENT_STATE, 0);
    if (row_int(now, PAYMENT_STATE, 0) != TRADE_SUCCESS || before == TRADE_SUCCESS) return true;
    const RowView *account = account_row(s, key, row_int(now, PAYMENT_PAYEE_ACCOUNT, 0));
    return account != NULL && row_int(account, ACCOUNT_CLASS, 0) == ACCOUNT_CLASS_MERCHANT
            && same_value(account, ACCOUNT_OWNER, now, PAYMENT_MCHID);
}

Status check_deducted(MoneyScratch *s, const KeyedHashKey *key, const Sum *payment)
{
    const RowChange *change = payment->change;
    const RowView *now = &change->new_row;
    const bool deducts = row_int(now, PAYMENT_TRADE_TYPE, 0) == TRADE_DEDUCTION;
    REQUIRE(!deducts || goes_to_merchant(s, key, change), REFUSED_DEDUCTION_NOT_LAWFUL);
    if (change->is_insert) {
        const bool takes = deducts && !is_null(now, PAYMENT_PAYER_ACCOUNT);
        REQUIRE(takes == (payment->deduction != NULL), REFUSED_DEDUCTION_NOT_LAWFUL);
        return OK;
    }
    const bool deducted = row_int(&change->old_row, PAYMENT_TRADE_TYPE, 0) == TRADE_DEDUCTION;
    REQUIRE(deducts == deducted, REFUSED_DEDUCTION_NOT_LAWFUL);
    const bool begins_late = deducts && is_null(&change->old_row, PAYMENT_PAYER_ACCOUNT)
            && !is_null(now, PAYMENT_PAYER_ACCOUNT);
    REQUIRE(!begins_late, REFUSED_DEDUCTION_NOT_LAWFUL);
    return OK;
}

static bool is_period_of(const RowView *row, int64_t now_us)
{
    const int64_t period = row_int(row, CONTRACT_PERIOD, 0);
    const int64_t at = row_int(row, CONTRACT_AT, -1);
    return at >= contract_period_at(period, now_us - CLOCK_SLACK_US)
            && at <= contract_period_at(period, now_us + CLOCK_SLACK_US);
}

static bool announcement_changes(const RowChange *change)
{
    const RowView *old = &change->old_row;
    const RowView *now = &change->new_row;
    return row_int(old, CONTRACT_ANNOUNCED_MINOR, 0) != row_int(now, CONTRACT_ANNOUNCED_MINOR, 0)
            || row_int(old, CONTRACT_ANNOUNCED, 0) != row_int(now, CONTRACT_ANNOUNCED, 0);
}

/* Of the announcement before: long enough ago and not lapsed, of as much, and used up. */
static bool was_announced(const Sum *sum, int64_t now_us)
{
    const RowView *old = &sum->contract->old_row;
    const int64_t hours = row_int(old, CONTRACT_NOTICE_HOURS, -1);
    if (hours == 0) return true;
    const int64_t announced = row_int(old, CONTRACT_ANNOUNCED, 0);
    if (hours < 0 || hours > CONTRACT_NOTICE_HOURS_MAX || announced <= 0) return false;
    return sum->given_count == 1 && sum->given_minor <= row_int(old, CONTRACT_ANNOUNCED_MINOR, -1)
            && contract_announced_from(announced, hours) <= now_us + CLOCK_SLACK_US
            && contract_announced_until(announced, hours) > now_us - CLOCK_SLACK_US
            && announcement_changes(sum->contract);
}

static bool is_counted(const Sum *sum)
{
    const RowView *old = &sum->contract->old_row;
    const RowView *now = &sum->contract->new_row;
    const int64_t at = row_int(now, CONTRACT_AT, -1);
    const int64_t at_before = row_int(old, CONTRACT_AT, INT64_MAX);
    const bool goes_on = at == at_before;
    const int64_t count = row_int(now, CONTRACT_COUNT, -1);
    const int64_t count_before = goes_on ? row_int(old, CONTRACT_COUNT, -1) : 0;
    const int64_t minor = row_int(now, CONTRACT_MINOR, -1);
    int64_t after = 0;
    if (!status_ok(minor_add(
                goes_on ? row_int(old, CONTRACT_MINOR, -1) : 0, sum->given_minor, &after)))
        return false;
    return at >= at_before && minor == after && count == count_before + sum->given_count
            && minor <= row_int(now, CONTRACT_PERIOD_MINOR, -1)
            && count <= row_int(now, CONTRACT_PERIOD_COUNT, -1);
}

Status check_contract(const Sum *sum, int64_t now_us)
{
    static const uint16_t counters[] = { CONTRACT_AT, CONTRACT_MINOR, CONTRACT_COUNT };
    const RowChange *change = sum->contract;
    const RowView *now = &change->new_row;
    if (change->is_insert) return OK;
    const bool fresh = row_int(now, CONTRACT_ANNOUNCED_MINOR, -1) == 0
            || is_about_now(row_int(now, CONTRACT_ANNOUNCED, 0), now_us);
    REQUIRE(fresh || !announcement_changes(change), REFUSED_DEDUCTION_NOT_LAWFUL);
    if (sum->given_count == 0) {
        for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
            REQUIRE(column_stays(change, counters[i]), REFUSED_DEDUCTION_NOT_LAWFUL);
        return OK;
    }
    const bool lasts = row_int(now, CONTRACT_UNTIL, 0) > now_us - CLOCK_SLACK_US;
    const bool lawful =
            lasts && is_period_of(now, now_us) && is_counted(sum) && was_announced(sum, now_us);
    REQUIRE(lawful, REFUSED_DEDUCTION_NOT_LAWFUL);
    return OK;
}

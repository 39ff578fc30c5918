#include "audit/verify_inside.h"

#include "base/time.h"
#include "policy/contract_terms.h"

/*
 * What was taken by each contract, counted anew from the payments (TP-9): no deduction without a
 * contract that its own payer signed, that allows as much and was not over when it was made or
 * paid, none counted in another period than its own, no period over what was agreed, and the period
 * that the contract counts is what its deductions sum to. 17 is TRADE_DEDUCTION.
 */

/* A clock that was set back opens no period again; vaultd lets it differ by so much. */
#define CLOCK_SLACK_US (300 * TIME_SECOND_US)

static Status tell(Verify *v, const char *table, const Value *values, size_t count)
{
    const bool texts = count == 3 && values[0].type == VALUE_TEXT && values[1].type == VALUE_TEXT;
    const Span mchid = texts ? values[0].bytes : (Span) { NULL, 0 };
    const Span name = texts ? values[1].bytes : (Span) { NULL, 0 };
    const int64_t batch = count == 3 && values[2].type == VALUE_INT ? values[2].integer : -1;
    char key[AUDIT_TEXT_BYTES_MAX];
    Buffer b = { (uint8_t *)key, 0, sizeof(key) - 1 };
    const bool fits = status_ok(buffer_put(&b, mchid)) && status_ok(buffer_put_u8(&b, '/'))
            && status_ok(buffer_put(&b, name));
    key[fits ? b.size : 0] = 0;
    for (char *c = key; *c != 0; c++)
        if (*c < 0x20 || *c >= 0x7F) *c = '?';
    verify_found(v, FINDING_PAYMENT_DIFFERS, table, key, batch);
    return OK;
}

static Status tell_deduction(void *context, const Value *values, size_t count)
{
    return tell(context, "deduction", values, count);
}

static Status tell_contract(void *context, const Value *values, size_t count)
{
    return tell(context, "contract", values, count);
}

static Status verify_each(Verify *v)
{
    static const char sql[] =
            "SELECT p.mchid, p.out_trade_no, p.batch FROM payment p"
            " LEFT JOIN deduction d ON d.mchid = p.mchid AND d.out_trade_no = p.out_trade_no"
            " AND d.transaction_id = p.transaction_id"
            " LEFT JOIN contract c ON c.mchid = d.mchid AND c.code = d.contract"
            " AND c.payer = p.payer AND c.currency = p.currency AND p.minor <= c.one_minor"
            " AND p.created >= c.signed AND p.created < c.until"
            " AND (c.ended IS NULL OR p.created <= c.ended)"
            " AND (p.success_time IS NULL OR (p.success_time < c.until"
            " AND (c.ended IS NULL OR p.success_time <= c.ended)))"
            " WHERE p.trade_type = 17 AND p.payer_account IS NOT NULL AND c.mchid IS NULL"
            " UNION ALL SELECT d.mchid, d.out_trade_no, d.batch FROM deduction d"
            " LEFT JOIN payment p ON p.mchid = d.mchid AND p.out_trade_no = d.out_trade_no"
            " AND p.transaction_id = d.transaction_id AND p.trade_type = 17"
            " AND p.payer_account IS NOT NULL WHERE p.mchid IS NULL";
    return store_query(v->store, sql, NULL, 0, tell_deduction, v);
}

static bool is_period_of(const Value *period, const Value *created, const Value *at)
{
    const int64_t most_us = INT64_C(200000) * TIME_DAY_US; /* a later day is none of ours */
    if (period->type != VALUE_INT || created->type != VALUE_INT || at->type != VALUE_INT)
        return false;
    if (!contract_period_is_valid(period->integer)) return false;
    if (created->integer < 0 || created->integer > most_us) return false;
    return at->integer >= contract_period_at(period->integer, created->integer)
            && at->integer
            <= contract_period_at(period->integer, created->integer + CLOCK_SLACK_US);
}

static Status tell_other_period(void *context, const Value *values, size_t count)
{
    const bool right = count == 6 && is_period_of(&values[3], &values[4], &values[5]);
    return right ? OK : tell(context, "deduction", values, 3);
}

/* The period that a deduction says it counts in follows from when it was made. */
static Status verify_moments(Verify *v)
{
    static const char sql[] =
            "SELECT d.mchid, d.out_trade_no, d.batch, c.period, p.created, d.at_period"
            " FROM deduction d"
            " JOIN payment p ON p.mchid = d.mchid AND p.out_trade_no = d.out_trade_no"
            " JOIN contract c ON c.mchid = d.mchid AND c.code = d.contract";
    return store_query(v->store, sql, NULL, 0, tell_other_period, v);
}

static Status verify_periods(Verify *v)
{
    static const char sql[] =
            "WITH t AS MATERIALIZED (SELECT d.mchid, d.contract, d.at_period,"
            " SUM(p.minor) AS minor, COUNT(*) AS deductions FROM deduction d"
            " JOIN payment p ON p.mchid = d.mchid AND p.out_trade_no = d.out_trade_no"
            " GROUP BY d.mchid, d.contract, d.at_period)"
            " SELECT c.mchid, c.code, c.batch FROM contract c"
            " JOIN t ON t.mchid = c.mchid AND t.contract = c.code"
            " WHERE t.minor > c.period_minor OR t.deductions > c.period_count"
            " OR t.at_period > c.at_period"
            " UNION ALL SELECT c.mchid, c.code, c.batch FROM contract c"
            " LEFT JOIN t ON t.mchid = c.mchid AND t.contract = c.code"
            " AND t.at_period = c.at_period"
            " WHERE COALESCE(t.minor, 0) <> c.minor OR COALESCE(t.deductions, 0) <> c.deductions"
            " OR (c.payer IS NULL) <> (c.pin_grant IS NULL)";
    return store_query(v->store, sql, NULL, 0, tell_contract, v);
}

Status verify_deductions(Verify *v)
{
    const bool has_all = verify_has_table(v, TABLE_PAYMENT) && verify_has_table(v, TABLE_CONTRACT)
            && verify_has_table(v, TABLE_DEDUCTION);
    if (!has_all) return OK; /* that was told */
    TRY(verify_each(v));
    TRY(verify_moments(v));
    return verify_periods(v);
}

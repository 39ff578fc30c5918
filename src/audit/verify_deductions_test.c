/*
 * Goal: what was taken by a contract that does not allow it is found, whoever sealed it (TP-9).
 * Method: a sound database; one contract, one deduction and its payment put beside its postings by
 * plain SQL, right ones and each kind of wrong one.
 */
#include "audit/verify_for_tests.h"
#include "base/time.h"
#include "policy/contract_terms.h"

/* Noon of 2026-11-27, a Friday; everything below is told from there, in hours. */
#define NOON_US (INT64_C(1795752000) * TIME_SECOND_US)
#define HOUR_US (3600 * TIME_SECOND_US)

static const int64_t none = INT64_MIN;

typedef struct Case {
    const char *what;
    int64_t made; /* hours; of the payment */
    int64_t paid; /* none: it is held */
    int64_t ended; /* none: the contract is not */
    int64_t days; /* at_period, from the day of noon on */
    int64_t count_days; /* that of the contract */
    const char *found_in; /* the first; NULL: nothing */
} Case;

static void put_time(char ret_text[32], int64_t hours)
{
    if (hours == none)
        snprintf(ret_text, 32, "NULL");
    else
        snprintf(ret_text, 32, "%lld", (long long)(NOON_US + hours * HOUR_US));
}

/* T4 moved 10 from account 2 to account 3. */
static void put_case(const Case *c)
{
    char made[32];
    char paid[32];
    char ended[32];
    char sql[640];
    const int64_t day = contract_period_at(CONTRACT_EACH_DAY, NOON_US);
    put_time(made, c->made);
    put_time(paid, c->paid);
    put_time(ended, c->ended);
    snprintf(sql, sizeof(sql),
            "INSERT OR REPLACE INTO payment VALUES('m1', 'N1', 'T4', 1, 10, 156, 2, 3, 17, 'p',"
            " %s, %s, 1, 4, zeroblob(48))",
            made, paid);
    ASSERT(status_ok(sample_execute(&sample, sql)));
    snprintf(sql, sizeof(sql),
            "INSERT OR REPLACE INTO deduction VALUES('m1', 'N1', 'T4', 'C-1', %lld, 4,"
            " zeroblob(48))",
            (long long)(day + c->days));
    ASSERT(status_ok(sample_execute(&sample, sql)));
    snprintf(sql, sizeof(sql),
            "INSERT OR REPLACE INTO contract VALUES('m1', 'C-1', 10, 1, 20, 2, 156, %lld, 'p',"
            " zeroblob(16), %lld, %s, %lld, 10, 1, 2, 4, zeroblob(48))",
            (long long)(NOON_US + 240 * HOUR_US), (long long)(NOON_US - 240 * HOUR_US), ended,
            (long long)(day + c->count_days));
    ASSERT(status_ok(sample_execute(&sample, sql)));
}

static const char *const tables[] = {
    "CREATE TABLE payment(mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT,"
    "state BIGINT, minor BIGINT, currency BIGINT, payer_account BIGINT, payee_account BIGINT,"
    "trade_type BIGINT, payer TEXT, created BIGINT, success_time BIGINT, revision BIGINT,"
    "batch BIGINT, seal BYTEA, PRIMARY KEY(mchid, out_trade_no))",
    "CREATE TABLE deduction(mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT,"
    "contract TEXT, at_period BIGINT, batch BIGINT, seal BYTEA, PRIMARY KEY(mchid, out_trade_no))",
    "CREATE TABLE contract(mchid TEXT NOT NULL, code TEXT NOT NULL, one_minor BIGINT,"
    "period BIGINT, period_minor BIGINT, period_count BIGINT, currency BIGINT, until BIGINT,"
    "payer TEXT, pin_grant BYTEA, signed BIGINT, ended BIGINT, at_period BIGINT, minor BIGINT,"
    "deductions BIGINT, revision BIGINT, batch BIGINT, seal BYTEA, PRIMARY KEY(mchid, code))",
};

static void test_deductions_are_what_contracts_allow(void)
{
    SAMPLE;
    static const Case cases[] = {
        { "paid at once", 0, 0, none, 0, 0, NULL },
        { "paid at its end", 239, 239, none, 10, 10, NULL },
        { "held, then paid", 0, 48, none, 0, 0, NULL },
        { "ended behind it", 0, 1, 2, 0, 0, NULL },
        { "made behind the end", 2, 2, 1, 0, 0, "deduction" },
        { "paid behind the end", 0, 2, 1, 0, 0, "deduction" },
        { "paid when it had run out", 239, 241, none, 10, 10, "deduction" },
        { "counted in the next day", 0, 0, none, 1, 1, "deduction" },
        { "counted in the day before", 0, 0, none, -1, 0, "deduction" },
        { "another day of the contract", 0, 0, none, 0, 1, "contract" },
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        EXPECT_OK(sample_execute(&sample, tables[i]));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *in = cases[i].found_in;
        put_case(&cases[i]);
        const Found found = verify_now();
        const bool right = in == NULL ? found.counts[FINDING_PAYMENT_DIFFERS] == 0
                                      : strcmp(found.tables[FINDING_PAYMENT_DIFFERS], in) == 0;
        if (!right)
            fprintf(stderr, "%s: %s\n", cases[i].what, found.tables[FINDING_PAYMENT_DIFFERS]);
        EXPECT(right);
    }
}

TESTS(TEST(test_deductions_are_what_contracts_allow))

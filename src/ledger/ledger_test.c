/* Goal: every movement does exactly what its line in account.h says, or nothing; evenings are kept,
 * and a day closes once. */
#include "base/time.h"
#include "cases/alert.h"
#include "ledger/day_end.h"
#include "store/store_for_tests.h"

enum { PAYER = 5000, SHOP = 6000, DOLLARS = 7000, CROWD = 8000 };

static void books_open(TestStore *b)
{
    static const StoreSchema *const schemas[] = { &ledger_schema, &cases_schema };
    test_store_open(b, schemas, 2, INT64_C(1769832000000000));
}

/* One thing done to the books, as a unit. */
typedef struct Act {
    Unit unit;
    char what; /* 'p'ay 'h'old 'c'apture 'r'elease 'f'und 'o'pen 's'top 'a'lerts and pays */
    int64_t from;
    int64_t to;
    Money money;
} Act;

static Status act_gather(Unit *unit, Rows *rows)
{
    const Act *a = (const Act *)unit;
    TRY(account_gather(rows, a->from));
    TRY(account_gather(rows, a->to));
    return account_gather(rows, account_id_of_funding(a->money.currency));
}

static Status stop_account(Rows *rows, int64_t id)
{
    const Row *row = NULL;
    Value values[ROW_COLUMNS_MAX];
    TRY(rows_get(rows, &account_table, &VALUE_OF_INT(id), &row));
    memcpy(values, row->values, sizeof(values));
    values[COLUMN_AT(ACCOUNT_STATUS)] = VALUE_OF_INT(STATUS_STOPPED);
    return rows_update(rows, &account_table, values);
}

static Status alert_then_pay(Rows *rows, const Act *a)
{
    const Alert alert = alert_of(ALERT_ROW, TABLE_ACCOUNT, SPAN("k"), REFUSE(REFUSED_ROW_DELETED));
    TRY(alert_append(rows, &alert));
    TRY(alert_append(rows, &alert));
    return ledger_pay(rows, "t1", a->from, a->to, a->money);
}

static Status act_run(Unit *unit, Rows *rows)
{
    const Act *a = (const Act *)unit;
    switch (a->what) {
    case 'p': return ledger_pay(rows, "t1", a->from, a->to, a->money);
    case 'h': return ledger_hold(rows, "t1", a->from, a->money);
    case 'c': return ledger_capture(rows, "t1", a->from, a->to, a->money);
    case 'r': return ledger_release(rows, "t1", a->from, a->money);
    case 'f': return ledger_fund(rows, "t1", a->from, a->money);
    case 'o': return account_open(rows, a->from, ACCOUNT_CLASS_PAYER, "x", a->money.currency);
    case 'a': return alert_then_pay(rows, a);
    default: return stop_account(rows, a->from);
    }
}

static Status act(
        TestStore *b, char what, int64_t from, int64_t to, int64_t minor, Currency currency)
{
    Act work = { .unit = { .gather = act_gather, .run = act_run },
        .what = what,
        .from = from,
        .to = to,
        .money = { minor, currency } };
    return unit_wait(b->batcher, &work.unit);
}

static Status cny(TestStore *b, char what, int64_t from, int64_t to, int64_t minor)
{
    return act(b, what, from, to, minor, CURRENCY_CNY);
}

typedef struct Question {
    const char *sql;
    int64_t answer;
} Question;

static Status ask(void *context, Store *store)
{
    Question *q = context;
    q->answer = practice_number(store, q->sql);
    return OK;
}

static int64_t number(TestStore *b, const char *sql)
{
    Question q = { sql, 0 };
    ASSERT(status_ok(batcher_between(b->batcher, ask, &q)));
    return q.answer;
}

static int64_t account_number(TestStore *b, const char *column, int64_t id)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT %s FROM account WHERE id = %lld", column, (long long)id);
    return number(b, sql);
}

static void with_people(TestStore *b)
{
    books_open(b);
    ASSERT(status_ok(cny(b, 'o', PAYER, 0, 0)) && status_ok(cny(b, 'o', SHOP, 0, 0)));
    ASSERT(status_ok(act(b, 'o', DOLLARS, 0, 0, CURRENCY_USD)));
    ASSERT(status_ok(cny(b, 'f', PAYER, 0, 1000)));
}

static bool stands(TestStore *b, int64_t id, int64_t balance, int64_t frozen)
{
    return account_number(b, "balance", id) == balance && account_number(b, "frozen", id) == frozen;
}

static void test_each_movement_moves_what_it_says(void)
{
    TestStore b;
    with_people(&b);
    EXPECT(stands(&b, PAYER, 1000, 0) && stands(&b, account_id_of_funding(CURRENCY_CNY), -1000, 0));
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 100));
    EXPECT(stands(&b, PAYER, 900, 0) && stands(&b, SHOP, 100, 0));
    EXPECT_OK(cny(&b, 'h', PAYER, 0, 300));
    EXPECT(stands(&b, PAYER, 600, 300));
    EXPECT_OK(cny(&b, 'c', PAYER, SHOP, 200));
    EXPECT(stands(&b, PAYER, 600, 100) && stands(&b, SHOP, 300, 0));
    EXPECT_OK(cny(&b, 'r', PAYER, 0, 100));
    EXPECT(stands(&b, PAYER, 700, 0));
    EXPECT(number(&b, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(number(&b, "SELECT count(*) FROM posting") == 10);
    EXPECT(number(&b, "SELECT count(DISTINCT kind) FROM posting") == 5);
    EXPECT(number(&b,
                   "SELECT max(c) FROM (SELECT abs(sum(minor)) AS c FROM posting GROUP BY "
                   "in_batch)")
            == 0);
    test_store_close(&b);
}

static void test_what_may_not_move_does_not(void)
{
    TestStore b;
    with_people(&b);
    EXPECT_OK(cny(&b, 'h', PAYER, 0, 400));
    const int64_t postings = number(&b, "SELECT count(*) FROM posting");
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, 601), REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT_REFUSED(cny(&b, 'h', PAYER, 0, 601), REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT_REFUSED(cny(&b, 'c', PAYER, SHOP, 401), REFUSED_HOLD_NOT_ENOUGH);
    EXPECT_REFUSED(cny(&b, 'r', PAYER, 0, 401), REFUSED_HOLD_NOT_ENOUGH);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, 0), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, -1), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, INT64_MIN), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, INT64_MAX), REFUSED_MONEY_OVERFLOW);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, PAYER, 1), REFUSED_ACCOUNT_SAME);
    EXPECT_REFUSED(cny(&b, 'c', PAYER, PAYER, 1), REFUSED_ACCOUNT_SAME);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, 4242, 1), REFUSED_ACCOUNT_UNKNOWN);
    EXPECT_REFUSED(cny(&b, 'p', PAYER, DOLLARS, 1), REFUSED_ACCOUNT_CURRENCY);
    EXPECT_REFUSED(act(&b, 'p', PAYER, SHOP, 1, CURRENCY_USD), REFUSED_ACCOUNT_CURRENCY);
    EXPECT_REFUSED(cny(&b, 'o', PAYER, 0, 0), REFUSED_ACCOUNT_EXISTS);
    EXPECT_OK(cny(&b, 's', PAYER, 0, 0));
    EXPECT_REFUSED(cny(&b, 'p', PAYER, SHOP, 1), REFUSED_ACCOUNT_CLOSED);
    EXPECT_REFUSED(cny(&b, 'p', SHOP, PAYER, 1), REFUSED_ACCOUNT_CLOSED);
    EXPECT_REFUSED(cny(&b, 'c', PAYER, SHOP, 1), REFUSED_ACCOUNT_CLOSED);
    EXPECT(number(&b, "SELECT count(*) FROM posting") == postings);
    EXPECT(stands(&b, PAYER, 600, 400) && stands(&b, SHOP, 0, 0));
    EXPECT_OK(cny(&b, 'r', PAYER, 0, 400)); /* its own money comes back all the same */
    EXPECT(stands(&b, PAYER, 1000, 0));
    test_store_close(&b);
}

static void test_a_fault_of_the_funding_account_is_not_hidden(void)
{
    TestStore b;
    with_people(&b);
    for (int i = 0; i < 3; i++) /* SYSTEM goes as far below as is lawful, and says so beyond */
        EXPECT_OK(cny(&b, 'f', SHOP, 0, LEDGER_MINOR_MAX));
    EXPECT_REFUSED(cny(&b, 'f', SHOP, 0, LEDGER_MINOR_MAX + 1), REFUSED_MONEY_OVERFLOW);
    EXPECT(account_number(&b, "balance", account_id_of_funding(CURRENCY_CNY))
            == -1000 - 3 * LEDGER_MINOR_MAX);
    test_store_close(&b);
}

/* RULE: TP-12 - yesterday's balance. */
static void test_the_first_touch_of_a_day_keeps_the_evening(void)
{
    TestStore b;
    with_people(&b);
    const int64_t today = time_business_day(b.now_us);
    EXPECT_OK(cny(&b, 'h', PAYER, 0, 300));
    EXPECT(account_number(&b, "previous", PAYER) == 0);
    EXPECT(account_number(&b, "previous_day", PAYER) == today - 1);
    b.now_us = time_business_day_start_us((int32_t)today + 1) - 1;
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 50));
    EXPECT(account_number(&b, "previous", PAYER) == 0);
    b.now_us += 1;
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 70));
    EXPECT(account_number(&b, "previous", PAYER) == 950); /* balance 650 and held 300 */
    EXPECT(account_number(&b, "previous_day", PAYER) == today);
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 80));
    EXPECT(account_number(&b, "previous", PAYER) == 950);
    EXPECT(account_number(&b, "balance_time", PAYER) == b.now_us);
    b.now_us -= 2 * TIME_DAY_US; /* a clock that steps back changes no evening */
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 1));
    EXPECT(account_number(&b, "previous_day", PAYER) == today);
    test_store_close(&b);
}

static void test_a_day_closes_once_with_everybody_in_it(void)
{
    TestStore b;
    DayEndTotals totals = { 0 };
    with_people(&b);
    for (int i = 0; i < 2 * DAY_END_GROUP_MAX; i++) {
        EXPECT_OK(cny(&b, 'o', CROWD + i, 0, 0));
        if (i % 3 == 0) EXPECT_OK(cny(&b, 'f', CROWD + i, 0, 10 + i));
    }
    const int64_t day = time_business_day(b.now_us);
    EXPECT_REFUSED(day_end_run(b.batcher, day, &totals), REFUSED_DAY_NOT_OVER);
    b.now_us = time_business_day_start_us((int32_t)day + 1) + 5;
    EXPECT_OK(cny(&b, 'p', PAYER, SHOP, 100)); /* the new day's business goes on meanwhile */
    EXPECT_REFUSED(day_end_run(b.batcher, day - 1, &totals), REFUSED_DAY_TOO_OLD);
    EXPECT_OK(day_end_run(b.batcher, day, &totals));
    EXPECT(totals.count == 2);
    EXPECT(totals.of[0].currency == CURRENCY_CNY && totals.of[0].sum_minor == 0);
    EXPECT(totals.of[0].accounts == 2 * DAY_END_GROUP_MAX + 3 && totals.of[1].accounts == 1);
    EXPECT(number(&b, "SELECT count(*) FROM day_end WHERE sum_minor = 0") == 2);
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM account WHERE previous_day <> %lld",
            (long long)day);
    EXPECT(number(&b, sql) == 0);
    EXPECT(number(&b, "SELECT sum(previous) FROM account") == 0);
    EXPECT(account_number(&b, "previous", PAYER) == 1000);
    EXPECT_REFUSED(day_end_run(b.batcher, day, &totals), REFUSED_DAY_CLOSED);
    test_store_close(&b);
}

/* Killed between two currencies: the next run closes the other one. */
static void test_a_day_that_is_half_closed_is_closed_by_the_next_run(void)
{
    TestStore b;
    DayEndTotals totals = { 0 };
    with_people(&b);
    const int64_t day = time_business_day(b.now_us);
    b.now_us = time_business_day_start_us((int32_t)day + 1) + 5;
    DayEndClose first = { .day = day, .total = { CURRENCY_CNY, 3, 0 } };
    day_end_close_unit(&first, NULL);
    EXPECT_OK(unit_wait(b.batcher, &first.unit));
    EXPECT(number(&b, "SELECT count(*) FROM day_end") == 1);
    EXPECT_OK(day_end_run(b.batcher, day, &totals));
    EXPECT(totals.count == 2 && number(&b, "SELECT count(*) FROM day_end") == 2);
    EXPECT_REFUSED(day_end_run(b.batcher, day, &totals), REFUSED_DAY_CLOSED);
    test_store_close(&b);
}

static void test_a_day_that_is_not_zero_raises_an_alert(void)
{
    TestStore b;
    with_people(&b);
    DayEndClose close = { .day = time_business_day(b.now_us) - 1,
        .total = { CURRENCY_CNY, 3, -7 } };
    day_end_close_unit(&close, NULL);
    EXPECT_OK(unit_wait(b.batcher, &close.unit));
    EXPECT(!close.zero);
    EXPECT(number(&b, "SELECT count(*) FROM day_end") == 0);
    EXPECT(number(&b, "SELECT verdict FROM alert WHERE kind = 2") == REFUSED_DAY_NOT_ZERO);
    EXPECT(b.practice.events == 1);
    test_store_close(&b);
}

static void test_an_alert_keeps_the_key_that_it_is_about(void)
{
    TestStore b;
    books_open(&b);
    uint8_t key[ALERT_KEY_BYTES_MAX + 9];
    memset(key, 0xAB, sizeof(key));
    AlertAdd work = { .alert = alert_of(ALERT_ROW, TABLE_ACCOUNT, SPAN_OF(key),
                              REFUSE(REFUSED_ROW_DELETED)) };
    alert_add_unit(&work, NULL);
    EXPECT_OK(unit_wait(b.batcher, &work.unit));
    EXPECT_OK(unit_wait(b.batcher, &work.unit)); /* each is a row of its own */
    EXPECT(number(&b, "SELECT count(*) FROM alert WHERE about_table = 4") == 2);
    EXPECT(number(&b, "SELECT length(about_key) FROM alert") == ALERT_KEY_TEXT_MAX);
    EXPECT(table_is_dense(&alert_table) && table_is_dense(&account_table));
    EXPECT(table_is_dense(&posting_table) && table_is_dense(&day_end_table));
    test_store_close(&b);
}

/* vaultd refuses a batch whose postings are not numbered 1, 2, 3... (vault/prepare.c). */
static void test_alerts_take_no_numbers_of_postings(void)
{
    TestStore b;
    with_people(&b);
    EXPECT_OK(cny(&b, 'a', PAYER, SHOP, 1));
    EXPECT(number(&b, "SELECT count(*) FROM alert") == 2);
    EXPECT(number(&b, "SELECT max(number) FROM alert") == 2);
    EXPECT(number(&b, "SELECT max(number) FROM posting") == 2);
    EXPECT(number(&b, "SELECT min(number) FROM posting") == 1);
    test_store_close(&b);
}

static void test_ids_are_drawn_above_the_institutions_own(void)
{
    SeededRandom seed;
    const Random random = random_seeded(&seed, 3);
    for (int i = 0; i < 1000; i++) {
        int64_t id = 0;
        EXPECT_OK(account_id_draw(&random, &id));
        EXPECT(id >= LEDGER_SYSTEM_ID_MAX && id < INT64_C(1) << 62);
    }
    EXPECT(account_id_of_funding(CURRENCY_CNY) < LEDGER_SYSTEM_ID_MAX);
}

TESTS(TEST(test_each_movement_moves_what_it_says), TEST(test_what_may_not_move_does_not),
        TEST(test_a_fault_of_the_funding_account_is_not_hidden),
        TEST(test_the_first_touch_of_a_day_keeps_the_evening),
        TEST(test_a_day_closes_once_with_everybody_in_it),
        TEST(test_a_day_that_is_half_closed_is_closed_by_the_next_run),
        TEST(test_a_day_that_is_not_zero_raises_an_alert),
        TEST(test_an_alert_keeps_the_key_that_it_is_about),
        TEST(test_alerts_take_no_numbers_of_postings),
        TEST(test_ids_are_drawn_above_the_institutions_own))

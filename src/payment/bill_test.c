/* Goal: a bill's lines are exactly what moved that day, its sums are the ledger's, and it is the
 * same whenever it is made. Method: two days of thousands of payments and refunds in an order drawn
 * from a seed, on a real ledger; what the bill says is counted again from its text and compared
 * with sums that the database makes of the postings. */
#include "payment/bill.h"

#include <stdlib.h>

#include "base/expect.h"
#include "base/time.h"
#include "payment/practice_house.h"

enum { PAYMENTS = 1500, REFUNDS = 900, TEXT_MAX = 2 * 1024 * 1024 };

static uint8_t text_bytes[TEXT_MAX];
static uint8_t again_bytes[TEXT_MAX];
static Payment paid[PAYMENTS];

static void openid_of(
        void *context, const Payment *payment, char ret_openid[BILL_OPENID_BYTES_MAX + 1])
{
    snprintf(ret_openid, BILL_OPENID_BYTES_MAX + 1, "o-%.40s", (const char *)context);
}

static BillForm form_of(const char *mchid, BillKind kind, int32_t day)
{
    BillForm form = { .kind = kind, .day = day };
    snprintf(form.mchid, sizeof(form.mchid), "%s", mchid);
    snprintf(form.serial, sizeof(form.serial), "5E1F");
    return form;
}

static Status make(House *h, const BillForm *form, Buffer *ret_text, BillSums *ret_sums)
{
    static char pseudonym[] = "pseudonym";
    const BillMaker maker = { h->batcher, openid_of, pseudonym, NULL };
    ret_text->size = 0;
    return bill_make(&maker, form, ret_text, ret_sums);
}

static void pay(House *h, size_t i)
{
    char number[32];
    char payer[8];
    snprintf(number, sizeof(number), "bill-%06zu", i);
    snprintf(payer, sizeof(payer), "p%zu", i % HOUSE_PAYERS);
    const int64_t minor = 1 + (int64_t)(i * 7919 % 300);
    PaymentCodepay work = house_codepay(h, i % 5 == 0 ? "m2" : "m1", number, minor, payer);
    ASSERT(status_ok(house_run(h, &work.unit)) && work.payment.state == TRADE_SUCCESS);
    paid[i] = work.payment;
}

static void pay_at(House *h, const char *number, int64_t minor)
{
    PaymentCodepay work = house_codepay(h, "m2", number, minor, "p1");
    ASSERT(status_ok(house_run(h, &work.unit)) && work.payment.state == TRADE_SUCCESS);
}

static void give_back(House *h, size_t i, size_t from)
{
    char number[32];
    const Payment *order = &paid[from];
    snprintf(number, sizeof(number), "back-%06zu", i);
    PaymentRefund work = house_refund(h, order, number, 1 + order->money.minor / 3);
    const Status s = house_run(h, &work.unit);
    EXPECT(status_ok(s) || status_is(s, REFUSED_REFUND_OVER_PAID)
            || status_is(s, REFUSED_REFUND_NOT_PAID));
}

static void undo(House *h, size_t from)
{
    PaymentReverse work = house_reverse(h, &paid[from]);
    const Status s = house_run(h, &work.unit);
    EXPECT(status_ok(s) || status_is(s, REFUSED_ORDER_STATE));
}

/* Two days; refunds of the second day are also of payments of the first. */
static void live_two_days(House *h)
{
    house_agree(h, "m1", 733, 2, 15); /* "m2" has no terms */
    for (size_t i = 0; i < PAYMENTS; i++) {
        if (i == PAYMENTS / 2) h->now_us += TIME_DAY_US;
        h->now_us += 1000000;
        pay(h, i);
        if (i < REFUNDS) give_back(h, i, i * 31 % (i + 1));
        if (i % 97 == 96) undo(h, i - 5);
    }
    h->now_us += TIME_DAY_US;
}

/* --- what a bill's text says --- */

typedef struct Said {
    int64_t lines;
    int64_t in;
    int64_t out;
    int64_t fee;
    int64_t first_balance; /* before the first line */
    int64_t last_balance;
    bool balances_agree;
} Said;

/* The value of a column, without its backquote. */
static Span column(Span line, size_t at)
{
    Cursor c = cursor_of(line);
    Span value = { 0 };
    for (size_t i = 0; i <= at; i++)
        if (!status_ok(cursor_until(&c, ',', &value))) value = c.rest;
    ASSERT(value.size > 0 && value.data[0] == '`');
    return (Span) { value.data + 1, value.size - 1 };
}

static int64_t yuan(Span line, size_t at)
{
    int64_t minor = -1;
    ASSERT(status_ok(minor_parse_decimal(column(line, at), &minor)));
    return minor;
}

static int64_t signed_yuan(Span line, size_t at)
{
    int64_t minor = 0;
    const Span text = column(line, at);
    if (text.data[0] != '-') return yuan(line, at);
    ASSERT(status_ok(minor_parse_decimal((Span) { text.data + 1, text.size - 1 }, &minor)));
    return -minor;
}

static void add_fund_line(Span line, Said *said)
{
    const bool out = span_equal(column(line, 5), SPAN("支出"));
    const int64_t minor = out ? -yuan(line, 6) : yuan(line, 6);
    *(out ? &said->out : &said->in) += out ? -minor : minor;
    if (said->lines == 0) said->first_balance = yuan(line, 7) - minor;
    const int64_t before = said->lines == 0 ? said->first_balance : said->last_balance;
    said->balances_agree = said->balances_agree && before + minor == yuan(line, 7);
    said->last_balance = yuan(line, 7);
    said->lines++;
}

static void add_trade_line(Span line, Said *said)
{
    said->in += yuan(line, 12);
    said->out += yuan(line, 16);
    said->fee += signed_yuan(line, 22);
    said->lines++;
}

static Said read_bill(Span text, BillKind kind)
{
    Said said = { .balances_agree = true };
    Cursor c = cursor_of(text);
    Span line = { 0 };
    ASSERT(status_ok(cursor_until(&c, '\n', &line))); /* the names */
    while (status_ok(cursor_until(&c, '\n', &line)) && line.data[0] == '`') {
        line.size--; /* CR */
        kind == BILL_FUND_BASIC ? add_fund_line(line, &said) : add_trade_line(line, &said);
    }
    return said;
}

static int64_t ledger_sum(House *h, const char *mchid, int32_t day, const char *which)
{
    char sql[384];
    snprintf(sql, sizeof(sql),
            "SELECT coalesce(sum(minor), 0) FROM posting WHERE account ="
            " (SELECT id FROM account WHERE owner = '%s') AND posted >= %lld AND posted < %lld"
            " AND %s",
            mchid, (long long)time_business_day_start_us(day),
            (long long)time_business_day_start_us(day + 1), which);
    return house_number(h, sql);
}

static int64_t ledger_balance_before(House *h, const char *mchid, int32_t day)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
            "SELECT coalesce(sum(minor), 0) FROM posting WHERE account ="
            " (SELECT id FROM account WHERE owner = '%s') AND posted < %lld",
            mchid, (long long)time_business_day_start_us(day));
    return house_number(h, sql);
}

static void check_day(House *h, const char *mchid, int32_t day)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const int64_t in = ledger_sum(h, mchid, day, "minor > 0 AND kind <> 7");
    const int64_t out = -ledger_sum(h, mchid, day, "minor < 0 AND kind <> 7");
    const int64_t cost = -ledger_sum(h, mchid, day, "minor < 0 AND kind = 7");
    const int64_t back = ledger_sum(h, mchid, day, "minor > 0 AND kind = 7");
    EXPECT((cost > 0 && back > 0) == (strcmp(mchid, "m1") == 0));

    const BillForm all = form_of(mchid, BILL_TRADE_ALL, day);
    EXPECT_OK(make(h, &all, &text, &sums));
    Said said = read_bill(span_of_buffer(&text), all.kind);
    EXPECT(said.lines == sums.lines && said.lines == sums.paid + sums.refunds);
    EXPECT(said.in == in && said.out == out);
    EXPECT(sums.paid_minor == in && sums.refunded_minor == out);
    EXPECT(said.fee == cost - back && sums.fee_minor == cost - back);

    const BillForm fund = form_of(mchid, BILL_FUND_BASIC, day);
    EXPECT_OK(make(h, &fund, &text, &sums));
    said = read_bill(span_of_buffer(&text), fund.kind);
    EXPECT(said.in == in + back && said.out == out + cost && said.lines == sums.lines);
    EXPECT(said.balances_agree);
    EXPECT(said.first_balance == ledger_balance_before(h, mchid, day));
    EXPECT(said.last_balance == ledger_balance_before(h, mchid, day + 1));
}

static void check_parts(House *h, const char *mchid, int32_t day)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums all = { 0 };
    BillSums paid_only = { 0 };
    BillSums refunds_only = { 0 };
    BillForm form = form_of(mchid, BILL_TRADE_ALL, day);
    EXPECT_OK(make(h, &form, &text, &all));
    form.kind = BILL_TRADE_SUCCESS;
    EXPECT_OK(make(h, &form, &text, &paid_only));
    EXPECT(memchr(text_bytes, '`', text.size) != NULL);
    form.kind = BILL_TRADE_REFUND;
    EXPECT_OK(make(h, &form, &text, &refunds_only));
    EXPECT(paid_only.lines == all.paid && refunds_only.lines == all.refunds);
    EXPECT(paid_only.refunds == 0 && refunds_only.paid == 0);
    EXPECT(all.refunds > 100 && all.paid > 100);
}

static void check_sums_are_the_ledgers(House *h, int32_t first)
{
    for (int32_t day = first; day < first + 2; day++) {
        check_day(h, "m1", day);
        check_day(h, "m2", day);
    }
    check_parts(h, "m1", first + 1);
}

/* The first day's payments are refunded and reversed afterwards; nothing of it shows. */
static void check_made_again_it_is_the_same(House *h, int32_t first)
{
    Buffer text = BUFFER_OF(text_bytes);
    Buffer again = BUFFER_OF(again_bytes);
    BillSums sums = { 0 };
    for (int kind = BILL_TRADE_ALL; kind <= BILL_FUND_BASIC; kind++) {
        const BillForm form = form_of("m1", (BillKind)kind, first);
        EXPECT_OK(make(h, &form, &text, &sums));
        for (size_t i = 0; i < 20; i++)
            give_back(h, 100000 * (size_t)kind + i, i * 17);
        h->now_us += TIME_DAY_US;
        EXPECT_OK(make(h, &form, &again, &sums));
        EXPECT(span_equal(span_of_buffer(&text), span_of_buffer(&again)));
    }
    EXPECT(house_number(h, "SELECT count(*) FROM bill WHERE mchid = 'm1'") >= 4);
}

static void check_refusals(House *h, int32_t first)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const int32_t today = time_business_day(h->now_us);
    BillForm form = form_of("m1", BILL_TRADE_ALL, today);
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_NOT_YET);
    form.day = today + 1;
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_NOT_YET);
    form.day = today - BILL_DAYS_MAX - 1;
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_NONE);
    form.day = first - 1; /* nothing had moved yet */
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_NONE);
    form = form_of("nobody", BILL_TRADE_ALL, first);
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_MERCHANT_UNKNOWN);
    Buffer small = { again_bytes, 0, 4096 };
    form = form_of("m1", BILL_TRADE_ALL, first);
    EXPECT_REFUSED(make(h, &form, &small, &sums), REFUSED_BILL_TOO_LARGE);
    EXPECT(small.size == 0);
}

/* A clock that is an hour ahead and set right again leaves nothing out; what a clock may still
 * bring back is waited for. */
static void check_a_clock_that_errs(House *h)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const int32_t day = time_business_day(h->now_us) + 1;
    const int64_t over_us = time_business_day_start_us(day + 1);
    h->now_us = over_us - 5 * TIME_SECOND_US;
    pay_at(h, "errs-01", 17);
    h->now_us = over_us + 2 * 3600 * TIME_SECOND_US; /* ahead by two hours */
    pay_at(h, "errs-02", 19);
    h->now_us = over_us - 3 * TIME_SECOND_US;
    pay_at(h, "errs-03", 23);
    h->now_us = over_us + 3599 * TIME_SECOND_US;
    for (int kind = BILL_TRADE_ALL; kind <= BILL_FUND_BASIC; kind++) {
        const BillForm form = form_of("m2", (BillKind)kind, day);
        EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_NOT_YET);
    }
    h->now_us = over_us + 3 * 3600 * TIME_SECOND_US;
    const BillForm form = form_of("m2", BILL_FUND_BASIC, day);
    EXPECT_OK(make(h, &form, &text, &sums));
    EXPECT(sums.lines == 2 && sums.in_minor == 17 + 23);
}

static atomic_bool stop;

static void stopping_openid(
        void *context, const Payment *payment, char ret_openid[BILL_OPENID_BYTES_MAX + 1])
{
    atomic_store(&stop, true); /* as a signal would, while the first page is written */
    openid_of(context, payment, ret_openid);
}

static void check_it_stops(House *h, int32_t first)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    char pseudonym[] = "pseudonym";
    const BillMaker maker = { h->batcher, stopping_openid, pseudonym, &stop };
    const BillForm form = form_of("m1", BILL_TRADE_ALL, first);
    text.size = 0;
    EXPECT_REFUSED(bill_make(&maker, &form, &text, &sums), REFUSED_BILL_STOPPED);
    EXPECT(text.size == 0 && sums.lines == 0);
}

typedef struct Statement {
    const char *sql;
} Statement;

static Status execute(void *context, Store *store)
{
    return store_execute(store, ((const Statement *)context)->sql, NULL, 0);
}

static void change_behind_our_back(House *h, const char *sql)
{
    Statement statement = { sql };
    EXPECT_OK(batcher_between(h->batcher, execute, &statement));
}

/* Somebody with the database in his hands: a row changed, a posting taken away. */
static void check_tampered_rows_make_no_bill(House *h, int32_t first)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const BillForm form = form_of("m1", BILL_TRADE_ALL, first);
    change_behind_our_back(h,
            "UPDATE payment SET minor = minor + 1 WHERE out_trade_no ="
            " 'bill-000007'");
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_ROW_SEAL_MISMATCH);
    change_behind_our_back(h,
            "UPDATE payment SET minor = minor - 1 WHERE out_trade_no ="
            " 'bill-000007'");
    EXPECT_OK(make(h, &form, &text, &sums));
    change_behind_our_back(h,
            "DELETE FROM posting WHERE transaction_id = (SELECT transaction_id"
            " FROM payment WHERE out_trade_no = 'bill-000007')");
    EXPECT_REFUSED(make(h, &form, &text, &sums), REFUSED_BILL_CHANGED);
}

static bool says(Span text, Span words)
{
    for (size_t i = 0; i + words.size <= text.size; i++)
        if (span_equal((Span) { text.data + i, words.size }, words)) return true;
    return false;
}

/* Nothing of the payer's but the name that the merchant knows; nothing opens a column. */
static void check_text_is_tame(House *h)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const int32_t day = time_business_day(h->now_us);
    PaymentCodepay work = house_codepay(h, "m2", "tame-000001", 100, "p3");
    snprintf(work.order.description, sizeof(work.order.description), "=1+1,`x`\n茶,杯");
    EXPECT_OK(house_run(h, &work.unit));
    h->now_us += TIME_DAY_US;
    const BillForm form = form_of("m2", BILL_TRADE_SUCCESS, day);
    EXPECT_OK(make(h, &form, &text, &sums));
    EXPECT(sums.lines == 1);
    EXPECT(says(span_of_buffer(&text), SPAN("`=1+1，'x' 茶，杯,")));
    EXPECT(says(span_of_buffer(&text), SPAN("`o-pseudonym,")));
    EXPECT(!says(span_of_buffer(&text), SPAN("p3")));
}

/* The last microsecond of a day, and the first of the next. */
static void check_the_border(House *h)
{
    Buffer text = BUFFER_OF(text_bytes);
    BillSums sums = { 0 };
    const int32_t day = time_business_day(h->now_us) + 1;
    h->now_us = time_business_day_start_us(day + 1) - 1;
    pay_at(h, "border-01", 11);
    h->now_us += 1;
    pay_at(h, "border-02", 13);
    h->now_us += TIME_DAY_US + 3600 * TIME_SECOND_US;
    for (int kind = BILL_TRADE_ALL; kind <= BILL_FUND_BASIC; kind++) {
        if (kind == BILL_TRADE_REFUND) continue;
        for (int32_t of = day; of <= day + 1; of++) {
            const BillForm form = form_of("m2", (BillKind)kind, of);
            EXPECT_OK(make(h, &form, &text, &sums));
            EXPECT(sums.lines == 1 && sums.in_minor == (of == day ? 11 : 13));
        }
    }
}

static void test_two_days_of_bills(void)
{
    static House h;
    house_open(&h, 20261128);
    const int32_t first = time_business_day(h.now_us);
    live_two_days(&h);
    EXPECT(house_is_sound(&h));
    check_sums_are_the_ledgers(&h, first);
    check_made_again_it_is_the_same(&h, first);
    check_refusals(&h, first);
    check_text_is_tame(&h);
    check_the_border(&h);
    check_a_clock_that_errs(&h);
    check_it_stops(&h, first);
    check_tampered_rows_make_no_bill(&h, first);
    house_close(&h);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&bill_table)); }

TESTS(TEST(test_two_days_of_bills), TEST(test_the_table_is_dense))

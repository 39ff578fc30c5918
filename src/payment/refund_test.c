/* Goal: every state of an order meets refund and reverse, and ends where refund.h's table says;
 * never more goes back than was paid, however it is asked for. Method: one table, each cell on a
 * fresh order; then the limits one by one; the books after each. */
#include "base/expect.h"
#include "base/time.h"
#include "payment/practice_house.h"

typedef enum Setup {
    S_NOTPAY,
    S_NOTPAY_LATE,
    S_CHALLENGED, /* held */
    S_SUCCESS,
    S_SUCCESS_OLD, /* paid longer ago than any period */
    S_PARTLY, /* 40 of 100 given back */
    S_WHOLLY,
    S_REVOKED, /* before it was paid */
    S_REVERSED, /* after */
    S_PAYERROR,
    S_CLOSED,
    SETUPS,
} Setup;

typedef enum Action {
    A_REFUND_PART, /* 30 of 100 */
    A_REFUND_WHOLE,
    A_REFUND_MORE,
    A_REVERSE,
    A_PAY,
    A_CLOSE,
    A_REPEAT, /* the order again */
    A_EXPIRE,
    ACTIONS,
} Action;

typedef struct Cell {
    int outcome;
    TradeState after;
} Cell;

#define NOT_PAID REFUSED_REFUND_NOT_PAID
#define OVER REFUSED_REFUND_OVER_PAID
#define LATE REFUSED_REFUND_TOO_LATE
#define STATE REFUSED_ORDER_STATE
#define CONFLICT REFUSED_ORDER_CONFLICT
#define PAID REFUSED_ORDER_PAID
#define NEVER(state) \
    { NOT_PAID, state }, { NOT_PAID, state }, { NOT_PAID, state }

static const Cell table[SETUPS][ACTIONS] = {
    /* refund part, whole, more; reverse, pay, close, order again, timer */
    [S_NOTPAY] = { NEVER(TRADE_NOTPAY), { 0, TRADE_REVOKED }, { 0, TRADE_SUCCESS },
            { 0, TRADE_CLOSED }, { 0, TRADE_NOTPAY }, { 0, TRADE_NOTPAY } },
    [S_NOTPAY_LATE] = { NEVER(TRADE_NOTPAY), { 0, TRADE_REVOKED },
            { REFUSED_ORDER_EXPIRED, TRADE_NOTPAY }, { 0, TRADE_CLOSED },
            { CONFLICT, TRADE_NOTPAY }, { 0, TRADE_CLOSED } },
    [S_CHALLENGED] = { NEVER(TRADE_USERPAYING), { 0, TRADE_REVOKED }, { 0, TRADE_SUCCESS },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING } },
    [S_SUCCESS] = { { 0, TRADE_REFUND }, { 0, TRADE_REFUND }, { OVER, TRADE_SUCCESS },
            { 0, TRADE_REVOKED }, { 0, TRADE_SUCCESS }, { PAID, TRADE_SUCCESS },
            { 0, TRADE_SUCCESS }, { 0, TRADE_SUCCESS } },
    [S_SUCCESS_OLD] = { { LATE, TRADE_SUCCESS }, { LATE, TRADE_SUCCESS }, { LATE, TRADE_SUCCESS },
            { REFUSED_REVERSE_TOO_LATE, TRADE_SUCCESS }, { 0, TRADE_SUCCESS },
            { PAID, TRADE_SUCCESS }, { 0, TRADE_SUCCESS }, { 0, TRADE_SUCCESS } },
    [S_PARTLY] = { { 0, TRADE_REFUND }, { OVER, TRADE_REFUND }, { OVER, TRADE_REFUND },
            { STATE, TRADE_REFUND }, { STATE, TRADE_REFUND }, { PAID, TRADE_REFUND },
            { 0, TRADE_REFUND }, { 0, TRADE_REFUND } },
    [S_WHOLLY] = { { OVER, TRADE_REFUND }, { OVER, TRADE_REFUND }, { OVER, TRADE_REFUND },
            { STATE, TRADE_REFUND }, { STATE, TRADE_REFUND }, { PAID, TRADE_REFUND },
            { 0, TRADE_REFUND }, { 0, TRADE_REFUND } },
    [S_REVOKED] = { NEVER(TRADE_REVOKED), { 0, TRADE_REVOKED }, { STATE, TRADE_REVOKED },
            { 0, TRADE_REVOKED }, { CONFLICT, TRADE_REVOKED }, { 0, TRADE_REVOKED } },
    [S_REVERSED] = { NEVER(TRADE_REVOKED), { 0, TRADE_REVOKED }, { STATE, TRADE_REVOKED },
            { 0, TRADE_REVOKED }, { CONFLICT, TRADE_REVOKED }, { 0, TRADE_REVOKED } },
    [S_PAYERROR] = { NEVER(TRADE_PAYERROR), { 0, TRADE_PAYERROR }, { STATE, TRADE_PAYERROR },
            { 0, TRADE_PAYERROR }, { 0, TRADE_PAYERROR }, { 0, TRADE_PAYERROR } },
    [S_CLOSED] = { NEVER(TRADE_CLOSED), { 0, TRADE_CLOSED }, { REFUSED_ORDER_CLOSED, TRADE_CLOSED },
            { 0, TRADE_CLOSED }, { CONFLICT, TRADE_CLOSED }, { 0, TRADE_CLOSED } },
};

typedef struct Order {
    bool native;
    PaymentNative made;
    PaymentCodepay charged;
    Payment payment;
} Order;

static int64_t minor_of(Setup setup)
{
    if (setup == S_CHALLENGED) return 15000;
    return setup == S_PAYERROR ? 60000 : 100;
}

static Status refund(House *h, const Payment *order, const char *number, int64_t minor)
{
    PaymentRefund work = house_refund(h, order, number, minor);
    return house_run(h, &work.unit);
}

static Status reverse(House *h, const Payment *order)
{
    PaymentReverse work = house_reverse(h, order);
    return house_run(h, &work.unit);
}

/* Ordered by code and paid at once. */
static Payment paid(House *h, const char *number, int64_t minor, const char *payer)
{
    PaymentCodepay work = house_codepay(h, "m1", number, minor, payer);
    ASSERT(status_ok(house_run(h, &work.unit)) && work.payment.state == TRADE_SUCCESS);
    return work.payment;
}

static void set_up(House *h, Setup setup, int serial, Order *o)
{
    char number[32];
    snprintf(number, sizeof(number), "order-%06d", serial);
    memset(o, 0, sizeof(*o));
    o->native = setup <= S_NOTPAY_LATE || setup == S_CLOSED || setup == S_REVOKED;
    if (o->native) {
        o->made = house_native(h, "m1", number, minor_of(setup));
        ASSERT(status_ok(house_run(h, &o->made.unit)));
        o->payment = o->made.payment;
    } else {
        o->charged = house_codepay(h, "m1", number, minor_of(setup), "p0");
        ASSERT(status_ok(house_run(h, &o->charged.unit)));
        o->payment = o->charged.payment;
    }
    PaymentClose close = house_close_order("m1", number);
    if (setup == S_CLOSED) ASSERT(status_ok(house_run(h, &close.unit)));
    if (setup == S_PARTLY) ASSERT(status_ok(refund(h, &o->payment, "first", 40)));
    if (setup == S_WHOLLY) ASSERT(status_ok(refund(h, &o->payment, "first", 100)));
    if (setup == S_REVOKED || setup == S_REVERSED) ASSERT(status_ok(reverse(h, &o->payment)));
    if (setup == S_NOTPAY_LATE) h->now_us += 3 * 3600 * TIME_SECOND_US;
    if (setup == S_SUCCESS_OLD) h->now_us += 8 * TIME_DAY_US;
}

static Status order_again(House *h, Order *o)
{
    if (o->native) return house_run(h, &o->made.unit);
    return house_run(h, &o->charged.unit);
}

static Status act(House *h, Order *o, Action action, int serial)
{
    char number[32];
    snprintf(number, sizeof(number), "back-%06d", serial);
    const int64_t total = o->payment.money.minor;
    PaymentPay pay = house_pay(h, &o->payment, "p0");
    PaymentClose close = house_close_order("m1", o->payment.out_trade_no);
    PaymentExpire expire = house_expire("m1", o->payment.out_trade_no);
    switch (action) {
    case A_REFUND_PART: return refund(h, &o->payment, number, 30);
    case A_REFUND_WHOLE: return refund(h, &o->payment, number, total);
    case A_REFUND_MORE: return refund(h, &o->payment, number, total + 1);
    case A_REVERSE: return reverse(h, &o->payment);
    case A_PAY: return house_run(h, &pay.unit);
    case A_CLOSE: return house_run(h, &close.unit);
    case A_REPEAT: return order_again(h, o);
    case A_EXPIRE: return house_run(h, &expire.unit);
    case ACTIONS: break;
    }
    return BROKEN(FAULT_SYSTEM);
}

static TradeState stored_state(House *h, const char *number)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT state FROM payment WHERE out_trade_no = '%s'", number);
    return (TradeState)house_number(h, sql);
}

/* The numbers of earlier setups' refunds are free again: each cell has a house of its own. */
static void test_every_state_meets_refund_and_reverse(void)
{
    for (int setup = 0; setup < SETUPS; setup++) {
        for (int action = 0; action < ACTIONS; action++) {
            House h;
            Order order;
            house_open(&h, 1);
            set_up(&h, (Setup)setup, setup, &order);
            const Status s = act(&h, &order, (Action)action, action);
            const TradeState after = stored_state(&h, order.payment.out_trade_no);
            const Cell *cell = &table[setup][action];
            if (s.code != cell->outcome || after != cell->after)
                fprintf(stderr, "setup %d action %d: %s, %s\n", setup, action, status_name(s),
                        trade_state_name(after));
            EXPECT_STATUS(s, cell->outcome);
            EXPECT(after == cell->after);
            EXPECT(house_is_sound(&h));
            if (setup == S_REVERSED || setup == S_REVOKED) EXPECT(house_balance(&h, "m1") == 0);
            house_close(&h);
        }
    }
}

static void test_parts_sum_to_what_was_paid_and_no_more(void)
{
    House h;
    house_open(&h, 2);
    const Payment order = paid(&h, "parts-0001", 100, "p1");
    EXPECT_OK(refund(&h, &order, "a", 33));
    EXPECT_OK(refund(&h, &order, "b", 33));
    EXPECT_REFUSED(refund(&h, &order, "c", 35), REFUSED_REFUND_OVER_PAID);
    EXPECT_OK(refund(&h, &order, "c", 34)); /* the refused number is free still */
    EXPECT_REFUSED(refund(&h, &order, "d", 1), REFUSED_REFUND_OVER_PAID);
    EXPECT(house_balance(&h, "p1") == HOUSE_OPENING && house_balance(&h, "m1") == 0);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_repeat_is_the_same_refund_and_another_is_refused(void)
{
    House h;
    house_open(&h, 3);
    const Payment order = paid(&h, "again-0001", 100, "p1");
    const Payment other = paid(&h, "again-0002", 100, "p1");
    PaymentRefund first = house_refund(&h, &order, "R1", 30);
    EXPECT_OK(house_run(&h, &first.unit));
    EXPECT(!first.repeated && first.refund.state == REFUND_SUCCESS);
    const BatchCounters before = batcher_counters(h.batcher);
    PaymentRefund again = house_refund(&h, &order, "R1", 30);
    memcpy(again.request.transaction_id, order.transaction_id, sizeof(order.transaction_id));
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && strcmp(again.refund.refund_id, first.refund.refund_id) == 0);
    EXPECT(batcher_counters(h.batcher).rows_written == before.rows_written);

    EXPECT_REFUSED(refund(&h, &order, "R1", 31), REFUSED_REFUND_CONFLICT);
    EXPECT_REFUSED(refund(&h, &other, "R1", 30), REFUSED_REFUND_CONFLICT);
    again = house_refund(&h, &order, "R1", 30);
    snprintf(again.request.reason, sizeof(again.request.reason), "broken cup");
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_REFUND_CONFLICT);
    again = house_refund(&h, &order, "R1", 30);
    again.request.total_minor = 101;
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_REFUND_CONFLICT);
    EXPECT(house_balance(&h, "m1") == 170 && house_is_sound(&h));
    house_close(&h);
}

static void test_the_order_is_the_merchants_own_and_its_terms_are_said(void)
{
    House h;
    house_open(&h, 4);
    const Payment order = paid(&h, "terms-0001", 100, "p1");
    const Payment other = paid(&h, "terms-0002", 100, "p1");
    PaymentRefund work = house_refund(&h, &order, "R1", 30);
    snprintf(work.request.mchid, sizeof(work.request.mchid), "m2");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_NOT_EXIST);
    memcpy(work.request.transaction_id, order.transaction_id, sizeof(order.transaction_id));
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_NOT_EXIST);
    work.request.out_trade_no[0] = 0;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_NOT_EXIST);
    work = house_refund(&h, &order, "R1", 30); /* two names of two orders */
    memcpy(work.request.transaction_id, other.transaction_id, sizeof(other.transaction_id));
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_NOT_EXIST);
    work = house_refund(&h, &order, "R1", 30);
    work.request.total_minor = 99;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_REFUND_TOTAL_OTHER);
    work = house_refund(&h, &order, "R1", 30);
    work.request.money.currency = CURRENCY_USD;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_REFUND_TOTAL_OTHER);
    EXPECT_REFUSED(refund(&h, &order, "R1", 0), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_REFUSED(refund(&h, &order, "R/1", 1), REFUSED_ORDER_FIELD);
    work = house_refund(&h, &order, "R1", 30);
    snprintf(work.request.serial, sizeof(work.request.serial), "OTHER");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_MERCHANT_KEY_UNKNOWN);
    EXPECT(house_balance(&h, "m1") == 200 && house_is_sound(&h));
    house_close(&h);
}

static void test_at_most_fifty(void)
{
    House h;
    house_open(&h, 5);
    const Payment order = paid(&h, "fifty-0001", 100, "p1");
    for (int i = 0; i < REFUND_COUNT_MAX; i++) {
        char number[16];
        snprintf(number, sizeof(number), "R%d", i);
        EXPECT_OK(refund(&h, &order, number, 1));
    }
    EXPECT_REFUSED(refund(&h, &order, "last", 1), REFUSED_REFUND_TOO_MANY);
    EXPECT(house_balance(&h, "m1") == 50 && house_is_sound(&h));
    house_close(&h);
}

static void test_the_period_ends_to_the_microsecond(void)
{
    House h;
    house_open(&h, 6);
    const Payment order = paid(&h, "late-00001", 100, "p1");
    const Payment other = paid(&h, "late-00002", 100, "p1");
    h.now_us = order.success_time_us + 7 * TIME_DAY_US;
    EXPECT_OK(refund(&h, &order, "R1", 1));
    h.now_us += 1;
    EXPECT_REFUSED(refund(&h, &order, "R2", 1), REFUSED_REFUND_TOO_LATE);
    EXPECT_OK(refund(&h, &order, "R1", 1)); /* a repeat is answered for ever */
    EXPECT_REFUSED(reverse(&h, &other), REFUSED_REVERSE_TOO_LATE);
    house_close(&h);
}

/* An operator's hand in the ledger: an account is closed, or a merchant's money goes elsewhere. */
typedef struct Hand {
    Unit unit;
    int64_t close;
    int64_t from;
    int64_t to;
    int64_t minor;
} Hand;

static Status hand_gather(Unit *unit, Rows *rows)
{
    const Hand *hand = (const Hand *)unit;
    TRY(account_gather(rows, hand->close));
    TRY(account_gather(rows, hand->from));
    return account_gather(rows, hand->to);
}

static Status hand_run(Unit *unit, Rows *rows)
{
    const Hand *hand = (const Hand *)unit;
    const Row *row = NULL;
    Value values[ROW_COLUMNS_MAX];
    if (hand->minor > 0)
        return ledger_pay(
                rows, "elsewhere", hand->from, hand->to, (Money) { hand->minor, CURRENCY_CNY });
    TRY(rows_get(rows, &account_table, &VALUE_OF_INT(hand->close), &row));
    memcpy(values, row->values, sizeof(values));
    values[COLUMN_AT(ACCOUNT_STATUS)] = VALUE_OF_INT(STATUS_CLOSED);
    return rows_update(rows, &account_table, values);
}

static void test_a_closed_payer_gets_it_back_and_a_closed_merchant_gives_nothing(void)
{
    House h;
    house_open(&h, 7);
    const Payment order = paid(&h, "closed-001", 100, "p1");
    Hand hand = { .unit = { .gather = hand_gather, .run = hand_run },
        .close = order.payer_account };
    EXPECT_OK(house_run(&h, &hand.unit));
    EXPECT_OK(refund(&h, &order, "R1", 60));
    EXPECT(house_balance(&h, "p1") == HOUSE_OPENING - 40);
    hand.close = order.payee_account;
    EXPECT_OK(house_run(&h, &hand.unit));
    EXPECT_REFUSED(refund(&h, &order, "R2", 1), REFUSED_ACCOUNT_CLOSED);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_merchant_without_money_is_told_so_and_may_repeat(void)
{
    House h;
    house_open(&h, 8);
    const Payment order = paid(&h, "poor-00001", 100, "p1");
    const Payment other = paid(&h, "poor-00002", 100, "p2");
    Hand hand = { .unit = { .gather = hand_gather, .run = hand_run },
        .from = order.payee_account,
        .to = other.payer_account,
        .minor = 150 };
    EXPECT_OK(house_run(&h, &hand.unit));
    EXPECT_REFUSED(refund(&h, &order, "R1", 51), REFUSED_REFUND_NOT_ENOUGH);
    EXPECT_REFUSED(reverse(&h, &order), REFUSED_REFUND_NOT_ENOUGH);
    EXPECT(stored_state(&h, "poor-00001") == TRADE_SUCCESS);
    EXPECT(house_number(&h, "SELECT count(*) FROM refund") == 0);
    paid(&h, "poor-00003", 1, "p3");
    EXPECT_OK(refund(&h, &order, "R1", 51));
    EXPECT(house_balance(&h, "m1") == 0);
    house_close(&h);
}

/* All in one batch: the row of what was given back decides, each unit after the other. */
static void test_refunds_of_one_batch_race_for_the_rest(void)
{
    House h;
    house_open(&h, 9);
    const Payment order = paid(&h, "race-00001", 100, "p1");
    PaymentRefund works[12];
    PaymentReverse undo = house_reverse(&h, &order);
    Unit *units[13];
    Status s[13];
    int done = 0;
    for (int i = 0; i < 12; i++) { /* six numbers, each twice */
        char number[16];
        snprintf(number, sizeof(number), "R%d", i / 2);
        works[i] = house_refund(&h, &order, number, 30);
        units[i] = &works[i].unit;
    }
    units[12] = &undo.unit;
    house_together(&h, units, 13, s);
    for (int i = 0; i < 12; i++) {
        done += status_ok(s[i]) && !works[i].repeated;
        EXPECT(status_ok(s[i]) || status_is(s[i], REFUSED_REFUND_OVER_PAID));
    }
    EXPECT(done == 3 && house_balance(&h, "m1") == 10);
    EXPECT_REFUSED(s[12], REFUSED_ORDER_STATE);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_query_finds_the_merchants_own(void)
{
    House h;
    house_open(&h, 10);
    const Payment order = paid(&h, "query-0001", 100, "p1");
    EXPECT_OK(refund(&h, &order, "R1", 30));
    PaymentRefundQuery query = { .mchid = "m1", .serial = "5E1F", .number = "R1" };
    payment_refund_query_unit(&query, NULL);
    EXPECT_OK(house_run(&h, &query.unit));
    EXPECT(query.refund.money.minor == 30 && query.refund.total_minor == 100);
    EXPECT(strcmp(query.refund.out_trade_no, "query-0001") == 0);
    snprintf(query.mchid, sizeof(query.mchid), "m2");
    EXPECT_REFUSED(house_run(&h, &query.unit), REFUSED_REFUND_UNKNOWN);
    snprintf(query.mchid, sizeof(query.mchid), "m1");
    snprintf(query.number, sizeof(query.number), "R2");
    EXPECT_REFUSED(house_run(&h, &query.unit), REFUSED_REFUND_UNKNOWN);
    house_close(&h);
}

static void test_numbers(void)
{
    EXPECT(refund_number_is_valid(SPAN("a")) && refund_number_is_valid(SPAN("R_1-2|3*4@5")));
    EXPECT(!refund_number_is_valid(SPAN("")) && !refund_number_is_valid(SPAN("reverse/1")));
    EXPECT(!refund_number_is_valid(SPAN("a\0b")) && !refund_number_is_valid(SPAN("退")));
    char longest[REFUND_NUMBER_BYTES_MAX + 2];
    memset(longest, 'x', sizeof(longest));
    EXPECT(refund_number_is_valid((Span) { (const uint8_t *)longest, REFUND_NUMBER_BYTES_MAX }));
    EXPECT(!refund_number_is_valid(
            (Span) { (const uint8_t *)longest, REFUND_NUMBER_BYTES_MAX + 1 }));
    EXPECT(table_is_dense(&refund_table) && table_is_dense(&refunded_table));
}

TESTS(TEST(test_every_state_meets_refund_and_reverse),
        TEST(test_parts_sum_to_what_was_paid_and_no_more),
        TEST(test_a_repeat_is_the_same_refund_and_another_is_refused),
        TEST(test_the_order_is_the_merchants_own_and_its_terms_are_said), TEST(test_at_most_fifty),
        TEST(test_the_period_ends_to_the_microsecond),
        TEST(test_a_closed_payer_gets_it_back_and_a_closed_merchant_gives_nothing),
        TEST(test_a_merchant_without_money_is_told_so_and_may_repeat),
        TEST(test_refunds_of_one_batch_race_for_the_rest),
        TEST(test_a_query_finds_the_merchants_own), TEST(test_numbers))

/* Goal: every state of a payment meets every action, and ends where payment.h's table says; money
 * follows the state exactly. Method: one table, each cell on a fresh order. */
#include "base/expect.h"
#include "base/time.h"
#include "payment/practice_house.h"

typedef enum Setup {
    S_NOTPAY, /* native order */
    S_NOTPAY_LATE, /* past time_expire, the timer has not come by */
    S_CHALLENGED, /* codepay over the PIN limit: held */
    S_CHALLENGED_LATE,
    S_DELAYED,
    S_DELAYED_LATE,
    S_REVIEWED,
    S_REVIEWED_LATE,
    S_SUCCESS,
    S_PAYERROR, /* over the single maximum */
    S_CLOSED,
    SETUPS,
} Setup;

typedef enum Action {
    A_REPEAT,
    A_OTHER_TERMS,
    A_PAY,
    A_PAY_OTHER,
    A_QUERY,
    A_CLOSE,
    A_EXPIRE,
    ACTIONS
} Action;

typedef struct Cell {
    int outcome;
    TradeState after; /* as stored */
} Cell;

#define CONFLICT REFUSED_ORDER_CONFLICT
#define OTHER REFUSED_ORDER_PAYER_OTHER

static const Cell table[SETUPS][ACTIONS] = {
    /* repeat, other terms, pay, pay by another, query, close, timer */
    [S_NOTPAY] = { { 0, TRADE_NOTPAY }, { CONFLICT, TRADE_NOTPAY }, { 0, TRADE_SUCCESS },
            { 0, TRADE_SUCCESS }, { 0, TRADE_NOTPAY }, { 0, TRADE_CLOSED }, { 0, TRADE_NOTPAY } },
    [S_NOTPAY_LATE] = { { CONFLICT, TRADE_NOTPAY }, { CONFLICT, TRADE_NOTPAY },
            { REFUSED_ORDER_EXPIRED, TRADE_NOTPAY }, { REFUSED_ORDER_EXPIRED, TRADE_NOTPAY },
            { 0, TRADE_NOTPAY }, { 0, TRADE_CLOSED }, { 0, TRADE_CLOSED } },
    [S_CHALLENGED] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { 0, TRADE_SUCCESS }, { OTHER, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_USERPAYING } },
    [S_CHALLENGED_LATE] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { REFUSED_ORDER_EXPIRED, TRADE_USERPAYING }, { OTHER, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING }, { REFUSED_ORDER_PAYING, TRADE_USERPAYING },
            { 0, TRADE_PAYERROR } },
    [S_DELAYED] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING }, { OTHER, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_USERPAYING } },
    [S_DELAYED_LATE] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING }, { OTHER, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_SUCCESS } },
    [S_REVIEWED] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING }, { OTHER, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_USERPAYING } },
    [S_REVIEWED_LATE] = { { 0, TRADE_USERPAYING }, { CONFLICT, TRADE_USERPAYING },
            { 0, TRADE_USERPAYING }, { OTHER, TRADE_USERPAYING }, { 0, TRADE_USERPAYING },
            { REFUSED_ORDER_PAYING, TRADE_USERPAYING }, { 0, TRADE_PAYERROR } },
    [S_SUCCESS] = { { 0, TRADE_SUCCESS }, { CONFLICT, TRADE_SUCCESS }, { 0, TRADE_SUCCESS },
            { OTHER, TRADE_SUCCESS }, { 0, TRADE_SUCCESS }, { REFUSED_ORDER_PAID, TRADE_SUCCESS },
            { 0, TRADE_SUCCESS } },
    [S_PAYERROR] = { { 0, TRADE_PAYERROR }, { CONFLICT, TRADE_PAYERROR },
            { REFUSED_ORDER_STATE, TRADE_PAYERROR }, { OTHER, TRADE_PAYERROR },
            { 0, TRADE_PAYERROR }, { 0, TRADE_PAYERROR }, { 0, TRADE_PAYERROR } },
    [S_CLOSED] = { { CONFLICT, TRADE_CLOSED }, { CONFLICT, TRADE_CLOSED },
            { REFUSED_ORDER_CLOSED, TRADE_CLOSED }, { REFUSED_ORDER_CLOSED, TRADE_CLOSED },
            { 0, TRADE_CLOSED }, { 0, TRADE_CLOSED }, { 0, TRADE_CLOSED } },
};

/* An order as it stands, with the request that made it. */
typedef struct Order {
    bool native;
    PaymentNative made;
    PaymentCodepay charged;
    Payment payment;
    char number[PAYMENT_OUT_TRADE_NO_MAX + 1];
} Order;

static int64_t minor_of(Setup setup)
{
    switch (setup) {
    case S_CHALLENGED:
    case S_CHALLENGED_LATE: return 15000;
    case S_DELAYED:
    case S_DELAYED_LATE: return 25000;
    case S_REVIEWED:
    case S_REVIEWED_LATE: return 35000;
    case S_PAYERROR: return 60000;
    default: return 100;
    }
}

static bool is_late(Setup setup)
{
    return setup == S_NOTPAY_LATE || setup == S_CHALLENGED_LATE || setup == S_DELAYED_LATE
            || setup == S_REVIEWED_LATE;
}

/* The same words again; `minor` may differ. */
static Status send_again(House *h, Order *order, int64_t minor, Payment *ret)
{
    if (order->native) {
        PaymentNative again = order->made;
        again.order.money.minor = minor;
        payment_native_unit(&again, NULL);
        const Status s = house_run(h, &again.unit);
        *ret = again.payment;
        return s;
    }
    PaymentCodepay again = order->charged; /* its code is wiped; the digests remain */
    again.payment = (Payment) { 0 };
    if (minor != again.order.money.minor) again.request_hash[0] ^= 1;
    const Status s = house_run(h, &again.unit);
    *ret = again.payment;
    return s;
}

static void set_up(House *h, Setup setup, int serial, Order *ret)
{
    Order *o = ret;
    *o = (Order) { .native = setup <= S_NOTPAY_LATE || setup == S_CLOSED };
    snprintf(o->number, sizeof(o->number), "order-%06d", serial);
    if (o->native) {
        o->made = house_native(h, "m1", o->number, minor_of(setup));
        ASSERT(status_ok(house_run(h, &o->made.unit)));
        o->payment = o->made.payment;
    }
    if (!o->native) {
        o->charged = house_codepay(h, "m1", o->number, minor_of(setup), "p0");
        ASSERT(status_ok(house_run(h, &o->charged.unit)));
        o->payment = o->charged.payment;
    }
    if (setup == S_DELAYED || setup == S_DELAYED_LATE) { /* the PIN comes before the delay */
        PaymentPay pay = house_pay(h, &o->payment, "p0");
        ASSERT(status_ok(house_run(h, &pay.unit)));
        o->payment = pay.payment;
    }
    if (setup == S_CLOSED) {
        PaymentClose close = house_close_order("m1", o->number);
        ASSERT(status_ok(house_run(h, &close.unit)));
    }
    if (is_late(setup)) h->now_us += 3 * 3600 * INT64_C(1000000);
}

static Status act(House *h, Order *o, Action action)
{
    Payment ignored;
    PaymentPay pay = house_pay(h, &o->payment, action == A_PAY_OTHER ? "p1" : "p0");
    PaymentQuery query = house_query("m1", PAYMENT_BY_OUT_TRADE_NO, o->number);
    PaymentClose close = house_close_order("m1", o->number);
    PaymentExpire expire = house_expire("m1", o->number);
    switch (action) {
    case A_REPEAT: return send_again(h, o, o->payment.money.minor, &ignored);
    case A_OTHER_TERMS: return send_again(h, o, o->payment.money.minor + 1, &ignored);
    case A_PAY:
    case A_PAY_OTHER: return house_run(h, &pay.unit);
    case A_QUERY: return house_run(h, &query.unit);
    case A_CLOSE: return house_run(h, &close.unit);
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

static void test_every_state_meets_every_action(void)
{
    House h;
    house_open(&h, 1);
    int serial = 0;
    for (int setup = 0; setup < SETUPS; setup++) {
        for (int action = 0; action < ACTIONS; action++) {
            Order order;
            set_up(&h, (Setup)setup, ++serial, &order);
            const Status s = act(&h, &order, (Action)action);
            const TradeState after = stored_state(&h, order.number);
            const Cell *cell = &table[setup][action];
            if (s.code != cell->outcome || after != cell->after)
                fprintf(stderr, "setup %d action %d: %s, %s\n", setup, action, status_name(s),
                        trade_state_name(after));
            EXPECT_STATUS(s, cell->outcome);
            EXPECT(after == cell->after);
            EXPECT(house_is_sound(&h));
            PaymentExpire clean =
                    house_expire("m1", order.number); /* free what is held for the next cell */
            h.now_us += 3 * 3600 * INT64_C(1000000);
            EXPECT_OK(house_run(&h, &clean.unit));
            EXPECT(house_frozen(&h, "p0") == 0);
        }
    }
    house_close(&h);
}

static void test_a_repeat_is_the_same_answer(void)
{
    House h;
    house_open(&h, 2);
    for (int setup = 0; setup < SETUPS; setup++) {
        if (setup == S_CLOSED || setup == S_NOTPAY_LATE) continue;
        Order order;
        set_up(&h, (Setup)setup, setup + 1, &order);
        Payment again;
        const BatchCounters before = batcher_counters(h.batcher);
        EXPECT_OK(send_again(&h, &order, order.payment.money.minor, &again));
        EXPECT(strcmp(again.prepay_id, order.payment.prepay_id) == 0);
        EXPECT(strcmp(again.transaction_id, order.payment.transaction_id) == 0);
        EXPECT(again.state == order.payment.state && again.reason == order.payment.reason);
        EXPECT(again.success_time_us == order.payment.success_time_us);
        EXPECT(batcher_counters(h.batcher).rows_written == before.rows_written);
    }
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_hold_that_expires_gives_back_exactly(void)
{
    House h;
    house_open(&h, 3);
    PaymentCodepay pay = house_codepay(&h, "m1", "hold-000001", 15000, "p2");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_USERPAYING && pay.payment.risk == RISK_CHALLENGE);
    EXPECT(pay.payment.decide_by_us == h.now_us + 300 * INT64_C(1000000));
    EXPECT(house_balance(&h, "p2") == HOUSE_OPENING - 15000 && house_frozen(&h, "p2") == 15000);
    EXPECT(house_balance(&h, "m1") == 0);
    EXPECT(house_number(&h, "SELECT day_minor FROM payer WHERE id = 'p2'") == 15000);

    PaymentExpire expire = house_expire("m1", "hold-000001");
    h.now_us = pay.payment.decide_by_us - 1;
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(!expire.changed && expire.payment.state == TRADE_USERPAYING);
    h.now_us += 1;
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.changed && expire.payment.state == TRADE_PAYERROR);
    EXPECT(expire.payment.reason == REFUSED_ORDER_REFUSED_BY_DEFAULT);
    EXPECT(house_balance(&h, "p2") == HOUSE_OPENING && house_frozen(&h, "p2") == 0);
    EXPECT(house_number(&h, "SELECT day_minor + day_count FROM payer WHERE id = 'p2'") == 0);

    PaymentPay late = house_pay(&h, &pay.payment, "p2"); /* the PIN comes after the end */
    EXPECT_REFUSED(house_run(&h, &late.unit), REFUSED_ORDER_STATE);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* An operator's hand in the ledger: close the merchant's account. There is no such unit yet. */
typedef struct CloseAccount {
    Unit unit;
    int64_t id;
} CloseAccount;

static Status close_account_gather(Unit *unit, Rows *rows)
{
    return account_gather(rows, ((const CloseAccount *)unit)->id);
}

static Status close_account_run(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    Value values[ROW_COLUMNS_MAX];
    TRY(rows_get(rows, &account_table, &VALUE_OF_INT(((const CloseAccount *)unit)->id), &row));
    memcpy(values, row->values, sizeof(values));
    values[COLUMN_AT(ACCOUNT_STATUS)] = VALUE_OF_INT(STATUS_CLOSED);
    return rows_update(rows, &account_table, values);
}

/* Ordered, confirmed with the PIN, and held for the delay. */
static PaymentPay delayed(House *h, const char *number, const char *payer)
{
    PaymentNative order = house_native(h, "m1", number, 25000);
    ASSERT(status_ok(house_run(h, &order.unit)));
    PaymentPay pay = house_pay(h, &order.payment, payer);
    ASSERT(status_ok(house_run(h, &pay.unit)));
    ASSERT(pay.payment.state == TRADE_USERPAYING && pay.payment.risk == RISK_DELAY);
    return pay;
}

/* 25,000 is over the limit for a code alone and over that for a delay: being larger must not save
 * it the PIN. */
static void test_a_delay_does_not_stand_for_the_pin(void)
{
    House h;
    house_open(&h, 6);
    PaymentCodepay thief = house_codepay(&h, "m1", "large-00001", 25000, "p3");
    EXPECT_OK(house_run(&h, &thief.unit));
    EXPECT(thief.payment.state == TRADE_USERPAYING && thief.payment.risk == RISK_CHALLENGE);
    PaymentExpire expire = house_expire("m1", "large-00001");
    h.now_us = thief.payment.decide_by_us;
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.payment.state == TRADE_PAYERROR && house_balance(&h, "m1") == 0);
    EXPECT(house_balance(&h, "p3") == HOUSE_OPENING);

    PaymentCodepay owner = house_codepay(&h, "m1", "large-00002", 25000, "p3");
    EXPECT_OK(house_run(&h, &owner.unit));
    PaymentPay pay = house_pay(&h, &owner.payment, "p3");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_USERPAYING && pay.payment.risk == RISK_DELAY);
    EXPECT(pay.payment.decide_by_us == h.now_us + 60 * INT64_C(1000000));
    EXPECT(house_frozen(&h, "p3") == 25000 && house_balance(&h, "m1") == 0);
    expire = house_expire("m1", "large-00002");
    h.now_us = pay.payment.decide_by_us;
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.payment.state == TRADE_SUCCESS && house_balance(&h, "m1") == 25000);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_delay_pays_by_itself_unless_the_merchant_cannot_be_paid(void)
{
    House h;
    house_open(&h, 4);
    const PaymentPay pay = delayed(&h, "delay-00001", "p3");
    const PaymentPay lost = delayed(&h, "delay-00002", "p4");
    PaymentExpire expire = house_expire("m1", "delay-00001");
    h.now_us = pay.payment.decide_by_us;
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.payment.state == TRADE_SUCCESS && house_balance(&h, "m1") == 25000);
    EXPECT(house_frozen(&h, "p3") == 0 && house_balance(&h, "p3") == HOUSE_OPENING - 25000);

    CloseAccount closing = { .unit = { .gather = close_account_gather, .run = close_account_run },
        .id = lost.payment.payee_account };
    EXPECT_OK(house_run(&h, &closing.unit));
    expire = house_expire("m1", "delay-00002");
    EXPECT_OK(house_run(&h, &expire.unit));
    EXPECT(expire.payment.state == TRADE_PAYERROR);
    EXPECT(expire.payment.reason == REFUSED_ACCOUNT_CLOSED);
    EXPECT(house_frozen(&h, "p4") == 0 && house_balance(&h, "p4") == HOUSE_OPENING);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* So much was paid today that a further payment overflows the counter. */
typedef struct FillDay {
    Unit unit;
    int64_t day;
} FillDay;

static Status fill_day_gather(Unit *unit, Rows *rows)
{
    int64_t account = 0;
    return payer_gather(rows, "p5", &account);
}

static Status fill_day_run(Unit *unit, Rows *rows)
{
    return payer_count(rows, "p5", ((const FillDay *)unit)->day, INT64_MAX - 50);
}

static void test_a_payment_that_ends_in_payerror_moved_nothing(void)
{
    House h;
    house_open(&h, 7);
    FillDay fill = { .unit = { .gather = fill_day_gather, .run = fill_day_run },
        .day = time_business_day(h.now_us) };
    EXPECT_OK(house_run(&h, &fill.unit));
    PaymentCodepay pay = house_codepay(&h, "m1", "full-000001", 100, "p5");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_PAYERROR && pay.payment.reason == REFUSED_MONEY_OVERFLOW);
    EXPECT(house_balance(&h, "p5") == HOUSE_OPENING && house_frozen(&h, "p5") == 0);
    EXPECT(house_balance(&h, "m1") == 0);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static PaymentKey due_keys[PAYMENT_DUE_MAX];
static size_t due_count;
static int64_t due_at_us;

static Status ask_due(void *context, Store *store)
{
    return payment_due(store, due_at_us, due_keys, &due_count);
}

static void test_the_timer_finds_what_is_due_and_nothing_else(void)
{
    House h;
    house_open(&h, 5);
    PaymentNative order = house_native(&h, "m1", "due-0000001", 100);
    PaymentCodepay held = house_codepay(&h, "m1", "due-0000002", 15000, "p0");
    PaymentCodepay paid = house_codepay(&h, "m1", "due-0000003", 100, "p0");
    EXPECT_OK(house_run(&h, &order.unit));
    EXPECT_OK(house_run(&h, &held.unit));
    EXPECT_OK(house_run(&h, &paid.unit));
    due_at_us = held.payment.decide_by_us - 1;
    EXPECT_OK(batcher_between(h.batcher, ask_due, NULL));
    EXPECT(due_count == 0);
    due_at_us += 1;
    EXPECT_OK(batcher_between(h.batcher, ask_due, NULL));
    EXPECT(due_count == 1 && strcmp(due_keys[0].out_trade_no, "due-0000002") == 0);
    due_at_us = order.payment.expires_us;
    EXPECT_OK(batcher_between(h.batcher, ask_due, NULL));
    EXPECT(due_count == 2 && strcmp(due_keys[1].out_trade_no, "due-0000001") == 0);
    house_close(&h);
}

TESTS(TEST(test_every_state_meets_every_action), TEST(test_a_repeat_is_the_same_answer),
        TEST(test_a_hold_that_expires_gives_back_exactly),
        TEST(test_a_delay_does_not_stand_for_the_pin),
        TEST(test_a_payment_that_ends_in_payerror_moved_nothing),
        TEST(test_a_delay_pays_by_itself_unless_the_merchant_cannot_be_paid),
        TEST(test_the_timer_finds_what_is_due_and_nothing_else))

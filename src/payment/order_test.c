/* Goal: one number is one order, whoever repeats, races or mixes it up; limits are decided on what
 * the batch has already done; nobody sees or spends what is not theirs. */
#include "base/expect.h"
#include "payment/practice_house.h"

static void test_two_same_orders_in_one_batch_are_one(void)
{
    House h;
    house_open(&h, 11);
    PaymentNative first = house_native(&h, "m1", "twin-00001", 100);
    PaymentNative second = house_native(&h, "m1", "twin-00001", 100);
    PaymentNative third = house_native(&h, "m1", "twin-00001", 101);
    Status s[3];
    const uint64_t batches = batcher_counters(h.batcher).batches;
    house_together(&h, (Unit *[]) { &first.unit, &second.unit, &third.unit }, 3, s);
    EXPECT(batcher_counters(h.batcher).batches == batches + 1);
    EXPECT_OK(s[0]);
    EXPECT_OK(s[1]);
    EXPECT_REFUSED(s[2], REFUSED_ORDER_CONFLICT);
    EXPECT(!first.repeated && second.repeated);
    EXPECT(strcmp(first.payment.prepay_id, second.payment.prepay_id) == 0);
    EXPECT(strcmp(first.ids.prepay_id, second.ids.prepay_id) != 0);
    EXPECT(house_number(&h, "SELECT count(*) FROM payment") == 1);
    house_close(&h);
}

/* An app order is an order of its own type; a native one of the same words is another request. */
static void test_an_app_order_is_no_native_one(void)
{
    House h;
    house_open(&h, 15);
    PaymentNative app = house_native(&h, "m1", "apps-00001", 100);
    PaymentNative native = app;
    app.type = TRADE_APP;
    payment_native_unit(&app, app.unit.done);
    PaymentNative again = app;
    EXPECT_OK(house_run(&h, &app.unit));
    EXPECT(app.payment.trade_type == TRADE_APP && app.payment.state == TRADE_NOTPAY);
    EXPECT(strcmp(trade_type_name(app.payment.trade_type), "APP") == 0);
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && again.payment.trade_type == TRADE_APP);
    EXPECT_REFUSED(house_run(&h, &native.unit), REFUSED_ORDER_CONFLICT);
    EXPECT(house_number(&h, "SELECT count(*) FROM payment WHERE trade_type = 3") == 1);
    PaymentPay pay = house_pay(&h, &app.payment, "p0");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_SUCCESS && pay.payment.trade_type == TRADE_APP);
    EXPECT(house_balance(&h, "m1") == 100 && house_balance(&h, "p0") == HOUSE_OPENING - 100);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* A jsapi order is its one payer's; whom it names is part of what makes a repeat the same. */
static void test_a_jsapi_order_is_one_payers(void)
{
    House h;
    house_open(&h, 16);
    PaymentNative order = house_native(&h, "m1", "jsapi-0001", 100);
    order.type = TRADE_JSAPI;
    snprintf(order.order.openid, sizeof(order.order.openid), "oH70c1330ea9d658092a91f47fb5");
    payment_native_unit(&order, order.unit.done);
    PaymentNative again = order;
    PaymentNative other = order;
    other.order.openid[27] = '6';
    payment_native_unit(&other, order.unit.done);
    EXPECT_OK(house_run(&h, &order.unit));
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && again.payment.trade_type == TRADE_JSAPI);
    EXPECT_REFUSED(house_run(&h, &other.unit), REFUSED_ORDER_CONFLICT);
    PaymentPay theirs = house_pay(&h, &order.payment, "p1");
    snprintf(theirs.openid, sizeof(theirs.openid), "oH67dad0f7800eeb8e19fcfc10b6");
    EXPECT_REFUSED(house_run(&h, &theirs.unit), REFUSED_ORDER_PAYER_OTHER);
    PaymentPay pay = house_pay(&h, &order.payment, "p0");
    snprintf(pay.openid, sizeof(pay.openid), "oH70c1330ea9d658092a91f47fb5");
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_SUCCESS && house_balance(&h, "m1") == 100);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_code_pays_once_even_within_one_batch(void)
{
    House h;
    house_open(&h, 12);
    PaymentCodepay first = house_codepay(&h, "m1", "once-00001", 100, "p0");
    PaymentCodepay thief = house_codepay(&h, "m2", "once-00001", 100, "p1");
    memcpy(thief.code_digest, first.code_digest, sizeof(thief.code_digest)); /* saw the same code */
    Status s[2];
    house_together(&h, (Unit *[]) { &first.unit, &thief.unit }, 2, s);
    EXPECT_OK(s[0]);
    EXPECT_REFUSED(s[1], REFUSED_PAY_CODE_INVALID);
    EXPECT(first.payment.state == TRADE_SUCCESS);
    EXPECT(house_balance(&h, "m2") == 0 && house_balance(&h, "p0") == HOUSE_OPENING - 100);
    EXPECT_REFUSED(house_run(&h, &thief.unit), REFUSED_PAY_CODE_INVALID);
    EXPECT(house_number(&h, "SELECT count(*) FROM payment WHERE mchid = 'm2'") == 0);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_code_dies_with_its_time_and_is_wiped(void)
{
    House h;
    house_open(&h, 13);
    PaymentCodepay late = house_codepay(&h, "m1", "late-00001", 100, "p0");
    for (size_t i = 0; i < sizeof(late.auth_code); i++)
        EXPECT(late.auth_code[i] == 0);
    h.now_us += PAY_CODE_LIFE_DEFAULT_S * INT64_C(1000000) - 1;
    PaymentCodepay in_time = late;
    h.now_us += 1;
    EXPECT_REFUSED(house_run(&h, &late.unit), REFUSED_PAY_CODE_INVALID);
    h.now_us -= 1;
    EXPECT_OK(house_run(&h, &in_time.unit));
    PaymentCodepay unknown = in_time;
    unknown.code_digest[0] ^= 1;
    snprintf(unknown.order.out_trade_no, sizeof(unknown.order.out_trade_no), "late-00002");
    EXPECT_REFUSED(house_run(&h, &unknown.unit), REFUSED_PAY_CODE_INVALID);
    house_close(&h);
}

static void test_velocity_counts_what_the_same_batch_did(void)
{
    House h;
    house_open(&h, 14);
    h.rules.strategy.velocity.refuse_count_over = 2;
    PaymentCodepay pays[4];
    Unit *units[4];
    Status s[4];
    for (int i = 0; i < 4; i++) {
        char number[16];
        snprintf(number, sizeof(number), "velo-%05d", i);
        pays[i] = house_codepay(&h, "m1", number, 100, i < 3 ? "p0" : "p1");
        units[i] = &pays[i].unit;
    }
    house_together(&h, units, 4, s);
    for (int i = 0; i < 4; i++)
        EXPECT_OK(s[i]); /* a business refusal is a committed outcome */
    EXPECT(pays[0].payment.state == TRADE_SUCCESS && pays[1].payment.state == TRADE_SUCCESS);
    EXPECT(pays[2].payment.state == TRADE_PAYERROR && pays[3].payment.state == TRADE_SUCCESS);
    EXPECT(pays[2].payment.reason == REFUSED_RISK_REFUSED);
    EXPECT(pays[2].payment.risk_reasons == REASON_COUNT_MAX);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 200);

    h.now_us += INT64_C(86400000000); /* tomorrow */
    PaymentCodepay fresh = house_codepay(&h, "m1", "velo-00009", 100, "p0");
    EXPECT_OK(house_run(&h, &fresh.unit));
    EXPECT(fresh.payment.state == TRADE_SUCCESS);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_the_sum_of_a_day_needs_the_pin(void)
{
    House h;
    house_open(&h, 15);
    h.rules.strategy.velocity.challenge_sum_over = 9000;
    PaymentCodepay first = house_codepay(&h, "m1", "sums-00001", 9000, "p0");
    PaymentCodepay second = house_codepay(&h, "m1", "sums-00002", 1, "p0");
    Status s[2];
    house_together(&h, (Unit *[]) { &first.unit, &second.unit }, 2, s);
    EXPECT_OK(s[0]);
    EXPECT_OK(s[1]);
    EXPECT(first.payment.state == TRADE_SUCCESS && second.payment.state == TRADE_USERPAYING);
    EXPECT(second.payment.risk_reasons == REASON_SUM_NEEDS_PIN);
    PaymentPay pin = house_pay(&h, &second.payment, "p0");
    EXPECT_OK(house_run(&h, &pin.unit));
    EXPECT(pin.payment.state == TRADE_SUCCESS && pin.payment.has_grant);
    PaymentPay again = pin;
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && again.payment.success_time_us == pin.payment.success_time_us);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_a_balance_is_spent_once_within_one_batch(void)
{
    House h;
    house_open(&h, 16);
    h.rules.strategy = (Strategy) { .magic = STRATEGY_MAGIC, .wait = { 1, 1, 1 } };
    PaymentCodepay first = house_codepay(&h, "m1", "all-000001", HOUSE_OPENING, "p0");
    PaymentCodepay second = house_codepay(&h, "m2", "all-000001", 1, "p0");
    Status s[2];
    house_together(&h, (Unit *[]) { &first.unit, &second.unit }, 2, s);
    EXPECT(first.payment.state == TRADE_SUCCESS && second.payment.state == TRADE_PAYERROR);
    EXPECT(second.payment.reason == REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT(house_balance(&h, "p0") == 0);
    PaymentCodepay again = second; /* the stored outcome, not a second try */
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && again.payment.reason == REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_who_may_not_act_changes_nothing(void)
{
    House h;
    house_open(&h, 17);
    PaymentNative good = house_native(&h, "m1", "mine-00001", 100);
    EXPECT_OK(house_run(&h, &good.unit));
    const uint64_t written = batcher_counters(h.batcher).rows_written;

    PaymentNative work = house_native(&h, "m9", "mine-00002", 100);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_MERCHANT_UNKNOWN);
    work = house_native(&h, "m1", "mine-00002", 100);
    snprintf(work.order.serial, sizeof(work.order.serial), "FFFF");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_MERCHANT_KEY_UNKNOWN);
    work = house_native(&h, "m1", "mine-00002", HOUSE_LIMIT + 1);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_MERCHANT_LIMIT);
    work = house_native(&h, "m1", "mine-00002", 0);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_AMOUNT_NOT_POSITIVE);
    work = house_native(&h, "m1", "mine-00002", -1);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_AMOUNT_NOT_POSITIVE);
    work = house_native(&h, "m1", "short", 1);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_FIELD);
    work = house_native(&h, "m1", "mine-00002", 1);
    work.order.money.currency = CURRENCY_USD;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ACCOUNT_CURRENCY);
    work = house_native(&h, "m1", "mine-00002", 1);
    work.order.time_expire_us = h.now_us;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_FIELD);
    work = house_native(&h, "m1", "mine-00002", 1);
    snprintf(work.order.description, sizeof(work.order.description), "\xC3\x28");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_ORDER_FIELD);
    EXPECT(batcher_counters(h.batcher).rows_written == written);

    PaymentPay pay = house_pay(&h, &good.payment, "p99");
    EXPECT_REFUSED(house_run(&h, &pay.unit), REFUSED_PAYER_UNKNOWN);
    pay = house_pay(&h, &good.payment, "p0");
    pay.prepay_id[5] = pay.prepay_id[5] == 'a' ? 'b' : 'a';
    EXPECT_REFUSED(house_run(&h, &pay.unit), REFUSED_ORDER_NOT_EXIST);
    pay = house_pay(&h, &good.payment, "p0");
    pay.confirmed_minor -= 1;
    EXPECT_REFUSED(house_run(&h, &pay.unit), REFUSED_BOX_CONTEXT);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_the_key_is_checked_inside_the_batch(void)
{
    House h;
    house_open(&h, 18);
    MerchantKeyAdd revoke = { .actor = "test", .revoke = true };
    snprintf(revoke.key.mchid, sizeof(revoke.key.mchid), "m1");
    snprintf(revoke.key.serial, sizeof(revoke.key.serial), "5E1F");
    merchant_key_add_unit(&revoke, NULL);
    PaymentNative before = house_native(&h, "m1", "keys-00001", 100);
    PaymentNative after = house_native(&h, "m1", "keys-00002", 100);
    Status s[3];
    house_together(&h, (Unit *[]) { &before.unit, &revoke.unit, &after.unit }, 3, s);
    EXPECT_OK(s[0]);
    EXPECT_OK(s[1]);
    EXPECT_REFUSED(s[2], REFUSED_MERCHANT_KEY_EXPIRED);
    PaymentNative other =
            house_native(&h, "m2", "keys-00003", 100); /* same serial, another's key */
    EXPECT_OK(house_run(&h, &other.unit));
    h.now_us += INT64_C(6) * 365 * 86400 * 1000000; /* over the default life */
    PaymentNative old = house_native(&h, "m2", "keys-00004", 100);
    EXPECT_REFUSED(house_run(&h, &old.unit), REFUSED_MERCHANT_KEY_EXPIRED);
    house_close(&h);
}

static void test_another_merchants_order_does_not_exist(void)
{
    House h;
    house_open(&h, 19);
    PaymentNative order = house_native(&h, "m1", "hide-00001", 100);
    EXPECT_OK(house_run(&h, &order.unit));
    PaymentQuery q = house_query("m1", PAYMENT_BY_TRANSACTION_ID, order.payment.transaction_id);
    EXPECT_OK(house_run(&h, &q.unit));
    EXPECT(strcmp(q.payment.out_trade_no, "hide-00001") == 0);
    q = house_query("m2", PAYMENT_BY_TRANSACTION_ID, order.payment.transaction_id);
    EXPECT_REFUSED(house_run(&h, &q.unit), REFUSED_ORDER_NOT_EXIST);
    EXPECT(q.payment.out_trade_no[0] == 0);
    q = house_query("m2", PAYMENT_BY_OUT_TRADE_NO, "hide-00001");
    EXPECT_REFUSED(house_run(&h, &q.unit), REFUSED_ORDER_NOT_EXIST);
    PaymentClose close = house_close_order("m2", "hide-00001");
    EXPECT_REFUSED(house_run(&h, &close.unit), REFUSED_ORDER_NOT_EXIST);
    PaymentQuery app = { .by = PAYMENT_BY_PREPAY_ID };
    memcpy(app.name, order.payment.prepay_id, sizeof(order.payment.prepay_id));
    payment_query_unit(&app, NULL);
    EXPECT_OK(house_run(&h, &app.unit));
    h.now_us = order.payment.expires_us;
    EXPECT_OK(house_run(&h, &app.unit));
    EXPECT(app.payment.state == TRADE_CLOSED); /* without any timer */
    house_close(&h);
}

static void test_queries_and_repeats_commit_nothing(void)
{
    House h;
    house_open(&h, 20);
    PaymentNative order = house_native(&h, "m1", "read-00001", 100);
    EXPECT_OK(house_run(&h, &order.unit));
    const int prepared = h.practice.prepare_calls;
    PaymentQuery q = house_query("m1", PAYMENT_BY_OUT_TRADE_NO, "read-00001");
    EXPECT_OK(house_run(&h, &q.unit));
    EXPECT_OK(house_run(&h, &order.unit));
    EXPECT(order.repeated && h.practice.prepare_calls == prepared);
    q = house_query("m1", PAYMENT_BY_OUT_TRADE_NO, "read-00002");
    EXPECT_REFUSED(house_run(&h, &q.unit), REFUSED_ORDER_NOT_EXIST);
    EXPECT(h.practice.prepare_calls == prepared);
    PaymentNative refused = house_native(&h, "m1", "read-00003", HOUSE_LIMIT + 1);
    EXPECT_REFUSED(house_run(&h, &refused.unit), REFUSED_MERCHANT_LIMIT);
    EXPECT(h.practice.prepare_calls == prepared + 1
            && h.practice.events == 1); /* refusals are told */
    house_close(&h);
}

/* --- pure parts --- */

static void test_each_parameter_makes_another_order(void)
{
    House h;
    house_open(&h, 21);
    const PaymentNative base = house_native(&h, "m1", "hash-00001", 100);
    PaymentNative n;
    int different = 0;
#define DIFFERS(change)            \
    n = base;                      \
    change;                        \
    payment_native_unit(&n, NULL); \
    different += !bytes_equal_ct(n.request_hash, base.request_hash, PAYMENT_HASH_BYTES)
    DIFFERS(n.order.mchid[1] = '2');
    DIFFERS(n.order.out_trade_no[9] = '2');
    DIFFERS(n.order.appid[3] = '2');
    DIFFERS(n.order.description[0] = 'T');
    DIFFERS(n.order.attach[0] = 'a');
    DIFFERS(n.order.notify_url[0] = 'h');
    DIFFERS(n.order.store_id[0] = '1');
    DIFFERS(n.order.money.minor = 101);
    DIFFERS(n.order.money.currency = CURRENCY_USD);
    DIFFERS(n.order.time_expire_us = 1);
    /* no byte slides into its neighbour */
    DIFFERS(n.order.description[3] = 'x'; n.order.attach[0] = 0);
    EXPECT(different == 11);
    n = base;
    n.order.serial[0] = '9';
    n.order.nonce_digest[0] = 9;
    EXPECT_OK(payment_ids_draw(&h.random, h.now_us, &n.ids));
    payment_native_unit(&n, NULL);
    EXPECT(bytes_equal_ct(n.request_hash, base.request_hash, PAYMENT_HASH_BYTES));
    PaymentCodepay code = { .order = base.order };
    payment_codepay_unit(&code, NULL);
    EXPECT(!bytes_equal_ct(code.request_hash, base.request_hash, PAYMENT_HASH_BYTES));
    house_close(&h);
}

static void test_names_have_their_grammar(void)
{
    SeededRandom seed;
    const Random random = random_seeded(&seed, 7);
    PaymentIds ids;
    const int64_t night_us =
            INT64_C(1769875200000000); /* 2026-01-31T16:00Z is 2026-02-01 in Shanghai */
    EXPECT_OK(payment_ids_draw(&random, night_us, &ids));
    EXPECT(payment_transaction_id_is_valid(span_of_text(ids.transaction_id)));
    EXPECT(strncmp(ids.transaction_id, "422026020100000000", 18) == 0); /* midnight */
    EXPECT(payment_prepay_id_is_valid(span_of_text(ids.prepay_id)));
    PaymentIds later; /* what is drawn later sorts later, and is not the same but for the time */
    EXPECT_OK(payment_ids_draw(&random, night_us + 1000, &later));
    EXPECT(strcmp(ids.transaction_id, later.transaction_id) < 0);
    EXPECT(strcmp(ids.prepay_id, later.prepay_id) < 0);
    EXPECT(strcmp(ids.prepay_id + 11, later.prepay_id + 11) != 0);
    EXPECT(strcmp(ids.transaction_id + 18, later.transaction_id + 18) != 0);

    size_t digit[10] = { 0 };
    size_t prefix[5] = { 0 };
    PayCodeIssue issue = { .count = PAY_CODE_COUNT_MAX };
    for (int i = 0; i < 200; i++) {
        EXPECT_OK(pay_codes_draw(&random, &issue));
        for (size_t k = 0; k < issue.count; k++) {
            EXPECT(pay_code_is_valid(span_of_text(issue.codes[k])));
            prefix[issue.codes[k][1] - '0']++;
            for (size_t d = 2; d < PAY_CODE_DIGITS; d++)
                digit[issue.codes[k][d] - '0']++;
        }
    }
    for (size_t i = 0; i < 10; i++)
        EXPECT(digit[i] > 4800 - 400 && digit[i] < 4800 + 400); /* 48,000 drawn, six sigma */
    for (size_t i = 0; i < 5; i++)
        EXPECT(prefix[i] > 600 - 135 && prefix[i] < 600 + 135);
    issue.count = PAY_CODE_COUNT_MAX + 1;
    EXPECT_REFUSED(pay_codes_draw(&random, &issue), REFUSED_PAY_CODE_COUNT);
    issue.count = 0;
    EXPECT_REFUSED(pay_codes_draw(&random, &issue), REFUSED_PAY_CODE_COUNT);

    EXPECT(!pay_code_is_valid(SPAN("150000000000000000")));
    EXPECT(!pay_code_is_valid(SPAN("10000000000000000")));
    EXPECT(!pay_code_is_valid(SPAN("10000000000000000x")));
    EXPECT(payment_out_trade_no_is_valid(SPAN("aZ09_-*|")));
    EXPECT(!payment_out_trade_no_is_valid(SPAN("12345")));
    EXPECT(!payment_out_trade_no_is_valid(SPAN("123456789012345678901234567890123")));
    EXPECT(!payment_out_trade_no_is_valid(SPAN("12345 ")));
    EXPECT(!payment_out_trade_no_is_valid(SPAN("12345\0")));
}

/* RULE: TP-18 - what the barcodes show says nothing about payer or account. */
static void test_barcodes_hold_nothing_about_the_payer(void)
{
    Payment payment = { .payer = "p77", .payer_account = 4711, .payee_account = 4712 };
    SeededRandom seed;
    const Random random = random_seeded(&seed, 8);
    PaymentIds ids;
    char url[PAYMENT_CODE_URL_BYTES + 1];
    EXPECT_OK(payment_ids_draw(&random, 0, &ids));
    memcpy(payment.prepay_id, ids.prepay_id, sizeof(ids.prepay_id));
    payment_code_url(&payment, url);
    EXPECT(strlen(url) == PAYMENT_CODE_URL_BYTES);
    EXPECT(strncmp(url, "hufu://pay/", 11) == 0 && strcmp(url + 11, ids.prepay_id) == 0);
    EXPECT(table_is_dense(&payment_table) && table_is_dense(&pay_code_table));
    for (size_t i = 0; i < pay_code_table.column_count; i++)
        EXPECT(strcmp(pay_code_table.columns[i].name, "code") != 0); /* only its digest is kept */
}

TESTS(TEST(test_two_same_orders_in_one_batch_are_one), TEST(test_an_app_order_is_no_native_one),
        TEST(test_a_jsapi_order_is_one_payers), TEST(test_a_code_pays_once_even_within_one_batch),
        TEST(test_a_code_dies_with_its_time_and_is_wiped),
        TEST(test_velocity_counts_what_the_same_batch_did),
        TEST(test_the_sum_of_a_day_needs_the_pin),
        TEST(test_a_balance_is_spent_once_within_one_batch),
        TEST(test_who_may_not_act_changes_nothing), TEST(test_the_key_is_checked_inside_the_batch),
        TEST(test_another_merchants_order_does_not_exist),
        TEST(test_queries_and_repeats_commit_nothing),
        TEST(test_each_parameter_makes_another_order), TEST(test_names_have_their_grammar),
        TEST(test_barcodes_hold_nothing_about_the_payer))

/*
 * Goal: a static code pays exactly the merchant that it was made for, what was confirmed and no
 * more than a day's 500 CNY of one payer, whatever was shown; a revoked one pays nobody (TP-18; 银发
 * [2017] 296). Fresh payment codes void those before. Method: a whole ledger (practice_house.h).
 */
#include "base/expect.h"
#include "base/time.h"
#include "payment/payee_code.h"
#include "payment/practice_house.h"

#include <stdio.h>

static House h;

static void begin(void)
{
    house_open(&h, 11);
    h.rules.strategy.amount.challenge_over = 0;
    h.rules.strategy.amount.delay_over = 0;
    h.rules.strategy.amount.review_over = 0;
    h.rules.strategy.amount.refuse_over = 0;
}

static void end(void)
{
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static PayeeCodeMake code_of(const char *mchid, int64_t limit_minor)
{
    PayeeCodeMake work = { .serial = "5E1F", .code = { .limit_minor = limit_minor } };
    snprintf(work.code.mchid, sizeof(work.code.mchid), "%s", mchid);
    snprintf(work.code.appid, sizeof(work.code.appid), "wx8888888888888888");
    snprintf(work.code.description, sizeof(work.code.description), "Stall 7");
    ASSERT(status_ok(payee_code_draw(&h.random, work.code.reference)));
    payee_code_make_unit(&work, NULL);
    return work;
}

static PayeeCode made(const char *mchid, int64_t limit_minor)
{
    PayeeCodeMake work = code_of(mchid, limit_minor);
    ASSERT(status_ok(house_run(&h, &work.unit)));
    return work.code;
}

/* What the payer's app sends after it showed who is paid. */
static PayeeCodePay confirmed(const PayeeCode *code, const char *payer, int64_t minor)
{
    PayeeCodePay work = { .rules = &h.rules, .money = { minor, CURRENCY_CNY } };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    memcpy(work.reference, code->reference, sizeof(work.reference));
    memcpy(work.confirmed.mchid, code->mchid, sizeof(work.confirmed.mchid));
    ASSERT(status_ok(payee_code_number_draw(&h.random, work.confirmed.out_trade_no)));
    ASSERT(status_ok(payment_ids_draw(&h.random, h.now_us, &work.ids)));
    h.grant_next++;
    memcpy(work.grant, &h.grant_next, sizeof(h.grant_next));
    payee_code_pay_unit(&work, NULL);
    return work;
}

static Status pays(const PayeeCode *code, const char *payer, int64_t minor)
{
    PayeeCodePay work = confirmed(code, payer, minor);
    return house_run(&h, &work.unit);
}

static void test_who_is_paid_is_shown_and_paid(void)
{
    begin();
    const PayeeCode code = made("m1", 30000);
    PayeeCodeLook look = { 0 };
    memcpy(look.reference, code.reference, sizeof(look.reference));
    payee_code_look_unit(&look, NULL);
    EXPECT_OK(house_run(&h, &look.unit));
    EXPECT(strcmp(look.payee, "Shop m1") == 0 && strcmp(look.code.mchid, "m1") == 0);
    EXPECT(look.code.limit_minor == 30000 && strcmp(look.code.description, "Stall 7") == 0);
    PayeeCodePay pay = confirmed(&code, "p0", 1234);
    EXPECT_OK(house_run(&h, &pay.unit));
    EXPECT(pay.payment.state == TRADE_SUCCESS && house_balance(&h, "m1") == 1234);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 1234);
    char url[PAYEE_CODE_URL_BYTES + 1];
    payee_code_url(code.reference, url);
    EXPECT(strlen(url) == PAYEE_CODE_URL_BYTES && strstr(url, "m1") == NULL);
    end();
}

static void test_the_same_confirmation_pays_once(void)
{
    begin();
    const PayeeCode code = made("m1", 30000);
    PayeeCodePay first = confirmed(&code, "p0", 100);
    PayeeCodePay second = first;
    PayeeCodePay more = first;
    PayeeCodePay other = first;
    more.money.minor = 101;
    snprintf(other.payer, sizeof(other.payer), "p1");
    Unit *const together[] = { &first.unit, &second.unit };
    Status outcomes[2];
    house_together(&h, together, 2, outcomes);
    EXPECT_OK(outcomes[0]);
    EXPECT_OK(outcomes[1]);
    EXPECT(first.repeated != second.repeated && house_balance(&h, "m1") == 100);
    EXPECT_REFUSED(house_run(&h, &more.unit), REFUSED_ORDER_CONFLICT);
    EXPECT_REFUSED(house_run(&h, &other.unit), REFUSED_ORDER_CONFLICT);
    EXPECT(house_balance(&h, "m1") == 100);
    end();
}

static void test_another_merchant_than_was_shown_is_refused(void)
{
    begin();
    const PayeeCode code = made("m1", 30000);
    PayeeCodePay pay = confirmed(&code, "p0", 100);
    snprintf(pay.confirmed.mchid, sizeof(pay.confirmed.mchid), "m2");
    EXPECT_REFUSED(house_run(&h, &pay.unit), REFUSED_BOX_CONTEXT);
    EXPECT(house_balance(&h, "m1") == 0 && house_balance(&h, "m2") == 0);
    end();
}

static void test_limits_of_the_code(void)
{
    begin();
    const PayeeCode code = made("m1", 300);
    EXPECT_REFUSED(pays(&code, "p0", 301), REFUSED_PAYEE_CODE_LIMIT);
    EXPECT_REFUSED(pays(&code, "p0", 0), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_OK(pays(&code, "p0", 300));
    PayeeCodeMake nothing = code_of("m1", 0);
    EXPECT_REFUSED(house_run(&h, &nothing.unit), REFUSED_PAYEE_CODE_FIELD);
    PayeeCodeMake nameless = code_of("m1", 1);
    nameless.code.description[0] = 0;
    EXPECT_REFUSED(house_run(&h, &nameless.unit), REFUSED_PAYEE_CODE_FIELD);
    end();
}

static PayeeCodeEnd end_of(const PayeeCode *code, const char *mchid)
{
    PayeeCodeEnd work = { .serial = "5E1F" };
    memcpy(work.reference, code->reference, sizeof(work.reference));
    snprintf(work.mchid, sizeof(work.mchid), "%s", mchid);
    payee_code_end_unit(&work, NULL);
    return work;
}

static void test_a_revoked_code_pays_nobody(void)
{
    begin();
    const PayeeCode code = made("m1", 300);
    PayeeCodeEnd theirs = end_of(&code, "m2");
    PayeeCodeEnd own = end_of(&code, "m1");
    PayeeCodeEnd again = end_of(&code, "m1");
    EXPECT_REFUSED(house_run(&h, &theirs.unit), REFUSED_PAYEE_CODE_UNKNOWN);
    EXPECT_OK(pays(&code, "p0", 1));
    EXPECT_OK(house_run(&h, &own.unit));
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT_REFUSED(pays(&code, "p0", 1), REFUSED_PAYEE_CODE_UNKNOWN);
    PayeeCodeLook look = { 0 };
    memcpy(look.reference, code.reference, sizeof(look.reference));
    payee_code_look_unit(&look, NULL);
    EXPECT_REFUSED(house_run(&h, &look.unit), REFUSED_PAYEE_CODE_UNKNOWN);
    look.reference[0] = look.reference[0] == 'a' ? 'b' : 'a'; /* guessed */
    EXPECT_REFUSED(house_run(&h, &look.unit), REFUSED_PAYEE_CODE_UNKNOWN);
    end();
}

/* Level D: over all static codes; a day later again. */
static void test_static_codes_have_five_hundred_a_day(void)
{
    begin();
    const PayeeCode one = made("m1", 50000);
    const PayeeCode two = made("m2", 50000);
    EXPECT_OK(pays(&one, "p0", 30000));
    EXPECT_REFUSED(pays(&two, "p0", 20001), REFUSED_BARCODE_STATIC);
    PayeeCodePay last = confirmed(&two, "p0", 20000);
    PayeeCodePay over = confirmed(&one, "p0", 1);
    Unit *const together[] = { &last.unit, &over.unit };
    Status outcomes[2];
    house_together(&h, together, 2, outcomes);
    EXPECT_OK(outcomes[0]);
    EXPECT_REFUSED(outcomes[1], REFUSED_BARCODE_STATIC);
    EXPECT_OK(pays(&one, "p1", 50000)); /* another payer's day */
    PaymentNative order = house_native(&h, "m1", "ORDER-1", 20000);
    EXPECT_OK(house_run(&h, &order.unit));
    PaymentPay dynamic = house_pay(&h, &order.payment, "p0"); /* a code of one order has no D */
    EXPECT_OK(house_run(&h, &dynamic.unit));
    h.now_us += TIME_DAY_US;
    EXPECT_OK(pays(&one, "p0", 50000));
    end();
}

/* Held for a delay, then reversed before it was paid: the day has it again. */
static void test_what_is_not_paid_is_given_back(void)
{
    begin();
    h.rules.strategy.amount.delay_over = 10000;
    const PayeeCode code = made("m1", 50000);
    PayeeCodePay held = confirmed(&code, "p0", 40000);
    EXPECT_OK(house_run(&h, &held.unit));
    EXPECT(held.payment.state == TRADE_USERPAYING);
    EXPECT_REFUSED(pays(&code, "p0", 20000), REFUSED_BARCODE_STATIC);
    PaymentReverse reverse = house_reverse(&h, &held.payment);
    EXPECT_OK(house_run(&h, &reverse.unit));
    EXPECT(house_frozen(&h, "p0") == 0 && house_balance(&h, "p0") == HOUSE_OPENING);
    EXPECT_OK(pays(&code, "p0", 50000));
    end();
}

static void test_what_the_account_refuses_is_not_counted(void)
{
    begin();
    h.rules.accounts.day[AUTH_ONE] = 1000;
    const PayeeCode code = made("m1", 50000);
    EXPECT_REFUSED(pays(&code, "p0", 1001), REFUSED_ALLOWANCE_FACTORS);
    EXPECT(house_number(&h, "SELECT count(*) FROM payment") == 0);
    EXPECT(house_number(&h, "SELECT coalesce(sum(static_minor), 0) FROM payer_barcode") == 0);
    h.rules.accounts.day[AUTH_ONE] = 0;
    h.rules.barcode.dynamic[AUTH_ONE] = 900; /* level C is below the account's own */
    EXPECT_REFUSED(pays(&code, "p0", 901), REFUSED_ALLOWANCE_FACTORS);
    EXPECT_OK(pays(&code, "p0", 900));
    end();
}

static PaymentCodepay scanned(const PayCodeIssue *issue, const char *number)
{
    PaymentCodepay work = house_codepay(&h, "m1", number, 100, "p5");
    memcpy(work.auth_code, issue->codes[0], sizeof(work.auth_code));
    payment_codepay_unit(&work, NULL);
    return work;
}

static PayCodeIssue issued(const char *payer)
{
    PayCodeIssue issue = { .count = 1 };
    snprintf(issue.payer, sizeof(issue.payer), "%s", payer);
    ASSERT(status_ok(pay_codes_draw(&h.random, &issue)));
    pay_code_issue_unit(&issue, NULL);
    ASSERT(status_ok(house_run(&h, &issue.unit)));
    return issue;
}

static void test_fresh_payment_codes_void_those_before(void)
{
    begin();
    const PayCodeIssue old = issued("p0");
    const PayCodeIssue others = issued("p1");
    const PayCodeIssue fresh = issued("p0"); /* at the same moment */
    PaymentCodepay by_old = scanned(&old, "ORDER-1");
    PaymentCodepay by_fresh = scanned(&fresh, "ORDER-2");
    PaymentCodepay by_others = scanned(&others, "ORDER-3");
    EXPECT_REFUSED(house_run(&h, &by_old.unit), REFUSED_PAY_CODE_INVALID);
    EXPECT_OK(house_run(&h, &by_fresh.unit));
    EXPECT_OK(house_run(&h, &by_others.unit));
    EXPECT(house_balance(&h, "m1") == 200 && house_balance(&h, "p1") == HOUSE_OPENING - 100);
    end();
}

static void test_names_that_we_draw(void)
{
    char number[PAYMENT_OUT_TRADE_NO_MAX + 1];
    Random random = random_system();
    EXPECT_OK(payee_code_number_draw(&random, number));
    EXPECT(payee_code_number_is_valid(span_of_text(number)));
    EXPECT(payment_out_trade_no_is_valid(span_of_text(number)));
    EXPECT(!payee_code_number_is_valid(SPAN("payee")));
    EXPECT(!payee_code_number_is_valid(SPAN("ORDER000000000000000000000000001")));
    EXPECT(!payee_code_number_is_valid(SPAN("order000000000000000000000000001")));
    EXPECT(!payee_code_is_valid(SPAN("")) && !payee_code_is_valid(span_of_text("../a")));
}

TESTS(TEST(test_who_is_paid_is_shown_and_paid), TEST(test_the_same_confirmation_pays_once),
        TEST(test_another_merchant_than_was_shown_is_refused), TEST(test_limits_of_the_code),
        TEST(test_a_revoked_code_pays_nobody), TEST(test_static_codes_have_five_hundred_a_day),
        TEST(test_what_is_not_paid_is_given_back),
        TEST(test_what_the_account_refuses_is_not_counted),
        TEST(test_fresh_payment_codes_void_those_before), TEST(test_names_that_we_draw))

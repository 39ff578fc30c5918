/*
 * Goal: a merchant takes from a payer by contract what the payer signed, on real programs, and no
 * fen more: whoever asks at the same time, whatever dies, whoever changes the row (TP-9). Method:
 * two people make a plan; the payer reads who may take what, in both languages, makes the order of
 * his box from what he read, and signs; then deductions up to each limit and over it, 32
 * connections at once at the border with hufud killed amid them, the next month, notice, refunds,
 * an end by each side, a contract changed in the database; at last the auditor counts.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "base/time.h"
#include "contract_steps.h"
#include "merchant_steps.h"
#include "moved_clock.h"
#include "operator.h"
#include "payer_phone.h"
#include "policy/contract_terms.h"
#include "request_client.h"
#include "terms_file.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#define SHOP "1900000001"

enum { RACERS = 32, TRIES_MAX = 400, DAY_S = 86400, ID_BYTES = 64, LOOKED_BYTES = 256 };

static const char password[] = "correct-horse-battery-42";

static Stand stand;
static MerchantApp shop, other;
static PayerApp payer, stranger;
static PayerPhone phone, strangers_phone;
static HttpClient *http;

static void test_house_opens(void)
{
    static const PayerPerson wang = { "王小明", "11010519491231002X", "13912345678" };
    static const PayerPerson li = { "李小红", "44052418800101001X", "13812345678" };
    const StandOptions options = { .tls_life_s = 30 * DAY_S };
    PayerAnswer answer = { 0 };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, SHOP, KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-wang", "271828", 10000000, &payer));
    EXPECT_OK(stand_payer(&stand, "payer-li", "284617", 10000000, &stranger));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(payer_phone_make(KEY_P256, "phone", &phone));
    EXPECT_OK(payer_phone_make(KEY_P256, "tablet", &strangers_phone));
    payer.phone = &phone;
    stranger.phone = &strangers_phone;
    const PayerTalk talk = { &payer, http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_register(&talk, &wang, password));
    const PayerTalk hers = { &stranger, http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_register(&hers, &li, password));
}

static bool is(const Answered *answered, int status, const char *code)
{
    if (answered->status == status && strcmp(answered->code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s' field '%s', state '%s'\n", answered->status,
            answered->code, answered->field, answered->trade_state);
    return false;
}

static int64_t balance(const char *owner)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE owner = '%s'", owner);
    return stand_number(&stand, sql);
}

/* --- plans --- */

static int add_plan(const char *number, const char *notice)
{
    return OPERATOR(&stand, "merchant", "plan", "add", "--mchid", SHOP, "--plan", number, "--title",
            "Member 会员", "--one", "3000", "--sum", "5000", "--count", "4", "--notice", notice);
}

static void test_a_plan_takes_two_people_and_terms(void)
{
    EXPECT(operator_ended(add_plan("7", "0"), 1));
    EXPECT(operator_says("MERCHANT_NOT_ONBOARDED"));
    terms_file_write(&stand, NULL, 0);
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")),
            0));
    unsetenv(APPROVE_VARIABLE);
    add_plan("7", "0");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM plan") == 0);
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(add_plan("7", "0"), 0));
    EXPECT(operator_ended(add_plan("8", "24"), 0));
    EXPECT(operator_ended(add_plan("9", "0"), 0));
    EXPECT(operator_ended(add_plan("7", "24"), 1));
    EXPECT(operator_says("PLAN_EXISTS"));
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "plan", "list", "--mchid", SHOP), 0));
    EXPECT(operator_says("Member 会员"));
}

/* --- contracts --- */

static bool asks(const char *code, int plan, char ret_id[ID_BYTES])
{
    char body[512];
    Answered a = { 0 };
    char sql[128];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxhufu0000000001\",\"mchid\":\"" SHOP "\",\"plan_id\":%d,"
            "\"out_contract_code\":\"%s\",\"contract_display_account\":\"reader 17\"}",
            plan, code);
    const Status s =
            step_call(&shop, http, "POST", "/v3/papay/contracts/pre-entrust-sign", body, &a);
    if (!status_ok(s) || !is(&a, 200, "")) return false;
    snprintf(sql, sizeof(sql), "SELECT id FROM contract WHERE code = '%s'", code);
    stand_text(&stand, sql, ret_id, ID_BYTES);
    return true;
}

static bool refused(const PayerAnswer *answer, int status, const char *code)
{
    if (answer->status == status && strcmp(answer->code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s'\n", answer->status, answer->code);
    return false;
}

static char first[ID_BYTES];

/* Nobody calls it, so nobody is let believe that it is called. */
static void test_an_address_that_is_not_used_is_refused(void)
{
    Answered a = { 0 };
    EXPECT_OK(step_call(&shop, http, "POST", "/v3/papay/contracts/pre-entrust-sign",
            "{\"appid\":\"wxhufu0000000001\",\"mchid\":\"" SHOP "\",\"plan_id\":7,"
            "\"out_contract_code\":\"C-0\",\"contract_display_account\":\"reader 17\","
            "\"contract_notify_url\":\"https://shop.example/told\"}",
            &a));
    EXPECT(is(&a, 400, "PARAM_ERROR"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM contract") == 0);
}

static void test_a_payer_signs_what_he_read(void)
{
    char again[ID_BYTES];
    PayerAnswer answer = { 0 };
    Span body = { 0 };
    EXPECT(asks("C-1", 7, first));
    EXPECT(asks("C-1", 7, again) && strcmp(first, again) == 0);
    EXPECT(status_refused(contract_sign(&stand, http, &payer, first, 2999, &answer)));
    EXPECT(refused(&answer, 400, "PARAM_ERROR"));
    EXPECT_OK(contract_sign(&stand, http, &payer, first, 0, &answer));
    EXPECT(stand_number(&stand, "SELECT state FROM contract") == CONTRACT_IN_FORCE);
    EXPECT(status_refused(
            contract_asked(http, &stranger, "GET", first, "", SPAN(""), &answer, &body)));
    EXPECT(refused(&answer, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(payer_ask(
            payer.phone, http, "GET", SPAN("/payer/v1/contracts"), SPAN(""), &answer, &body));
    EXPECT(contract_says(body, first) && contract_says(body, "\"contract_state\":\"SIGNED\""));
    EXPECT_OK(payer_ask(
            stranger.phone, http, "GET", SPAN("/payer/v1/contracts"), SPAN(""), &answer, &body));
    EXPECT(contract_says(body, "[]"));
    EXPECT(stand_logged(&stand, "contract signed: one 3000, 5000 and 4 times a month"));
}

static void test_a_merchant_sees_his_own_and_no_payer(void)
{
    char target[128];
    Answered a = { 0 };
    snprintf(target, sizeof(target), "/v3/papay/contracts/id/%s", first);
    EXPECT_OK(step_call(&shop, http, "GET", target, "", &a));
    EXPECT(is(&a, 200, ""));
    EXPECT_OK(step_call(&other, http, "GET", target, "", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(step_call(&shop, http, "GET", "/v3/papay/contracts/out-contract-code/C-1", "", &a));
    EXPECT(is(&a, 200, ""));
    EXPECT_OK(step_call(&other, http, "GET", "/v3/papay/contracts/out-contract-code/C-1", "", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
}

/* What may not be kept is in no contract, and what is no field is refused by name (TP-5, TP-8). */
static void test_requests_that_are_none(void)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } wrong[] = {
        { "{}", 400, "PARAM_ERROR" },
        { "{\"appid\":\"wx1\",\"mchid\":\"1900000002\",\"plan_id\":7,\"out_contract_code\":"
          "\"W-1\",\"contract_display_account\":\"a\"}",
                400, "PARAM_ERROR" },
        { "{\"appid\":\"wx1\",\"mchid\":\"" SHOP "\",\"plan_id\":7,\"out_contract_code\":"
          "\"W/1\",\"contract_display_account\":\"a\"}",
                400, "PARAM_ERROR" },
        { "{\"appid\":\"wx1\",\"mchid\":\"" SHOP "\",\"plan_id\":7,\"out_contract_code\":"
          "\"W-1\",\"contract_display_account\":\"4111111111111111\"}",
                400, "PARAM_ERROR" },
        { "{\"appid\":\"wx1\",\"mchid\":\"" SHOP "\",\"plan_id\":99,\"out_contract_code\":"
          "\"W-1\",\"contract_display_account\":\"a\"}",
                404, "RESOURCE_NOT_EXISTS" },
        { "{\"appid\":\"wx1\",\"mchid\":\"" SHOP "\",\"plan_id\":7,\"out_contract_code\":"
          "\"W-1\",\"contract_display_account\":\"a\",\"one_minor\":1}",
                400, "PARAM_ERROR" },
    };
    const int64_t before = stand_number(&stand, "SELECT count(*) FROM contract");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        Answered a = { 0 };
        EXPECT_OK(step_call(
                &shop, http, "POST", "/v3/papay/contracts/pre-entrust-sign", wrong[i].body, &a));
        EXPECT(is(&a, wrong[i].status, wrong[i].code));
    }
    EXPECT(stand_number(&stand, "SELECT count(*) FROM contract") == before);
    EXPECT(!stand_holds(&stand, SPAN("4111111111111111")));
}

static void test_the_trail_says_who_agreed_to_what(void)
{
    EXPECT(operator_ended(
            OPERATOR(&stand, "trail", "search", "--kind", "binding.make", "--json"), 0));
    EXPECT(operator_says("contract signed: one 3000, 5000 and 4 times a month"));
    EXPECT(operator_says("payer/payer-wang"));
}

/* --- deductions --- */

static Status deduct_by(const MerchantApp *app, HttpClient *own, const char *id, const char *number,
        int64_t minor, Answered *ret)
{
    char body[512];
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxhufu0000000001\",\"mchid\":\"%s\",\"description\":\"November\","
            "\"out_trade_no\":\"%s\",\"contract_id\":\"%s\",\"amount\":{\"total\":%lld,"
            "\"currency\":\"CNY\"}}",
            app->mchid, number, id, (long long)minor);
    return step_call(app, own, "POST", "/v3/papay/pay/transactions/apply", body, ret);
}

static bool deducts(const char *id, const char *number, int64_t minor, int status, const char *code)
{
    Answered a = { 0 };
    const Status s = deduct_by(&shop, http, id, number, minor, &a);
    return status_ok(s) && is(&a, status, code)
            && (status != 200 || strcmp(a.trade_state, "SUCCESS") == 0);
}

static void test_within_the_terms_it_pays_without_asking(void)
{
    const int64_t before = balance("payer-wang");
    Answered a = { 0 };
    EXPECT(deducts(first, "TAKE-0", 3001, 403, "RULE_LIMIT"));
    EXPECT(deducts(first, "TAKE-1", 3000, 200, ""));
    EXPECT(deducts(first, "TAKE-1", 3000, 200, ""));
    EXPECT(balance("payer-wang") == before - 3000 && balance(SHOP) > 0);
    EXPECT(deducts(first, "TAKE-2", 2001, 403, "RULE_LIMIT"));
    EXPECT_OK(deduct_by(&other, http, first, "TAKE-9", 1, &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(step_query(&shop, http, "TAKE-1", &a));
    EXPECT(is(&a, 200, "") && a.total == 3000);
    EXPECT_OK(step_refund(&shop, http, "TAKE-1", "BACK-1", 1000, 3000, &a));
    EXPECT(is(&a, 200, ""));
    EXPECT(balance("payer-wang") == before - 2000);
    EXPECT(deducts(first, "TAKE-2", 2001, 403, "RULE_LIMIT")); /* what was taken stays counted */
}

/* --- at the border, at once, and killed --- */

typedef struct Racer {
    pthread_t thread;
    pthread_barrier_t *start;
    const char *id;
    int number;
    Answered answered;
} Racer;

/* The same number until there is an answer, as a merchant does. */
static void *race(void *context)
{
    Racer *r = context;
    HttpClient *own = NULL;
    char number[32];
    snprintf(number, sizeof(number), "RACE-%d", r->number);
    pthread_barrier_wait(r->start);
    for (int i = 0; i < TRIES_MAX; i++) {
        if (own == NULL && !status_ok(stand_connect(&stand, &own))) {
            const struct timespec pause = { 0, 50000000 };
            nanosleep(&pause, NULL);
            continue;
        }
        const Status s = deduct_by(&shop, own, r->id, number, 700, &r->answered);
        if (status_ok(s) && (r->answered.status == 200 || r->answered.status == 403)) break;
        http_client_close(&own);
    }
    http_client_close(&own);
    return NULL;
}

static void run_race(const char *id, int from, bool kill)
{
    static Racer racers[RACERS];
    pthread_barrier_t start;
    EXPECT(pthread_barrier_init(&start, NULL, RACERS + 1) == 0);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (Racer) { .start = &start, .id = id, .number = from + i };
        EXPECT(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    pthread_barrier_wait(&start);
    if (kill) {
        EXPECT(stand_comes_true(&stand, "SELECT count(*) FROM payment WHERE trade_type = 17"));
        stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
        EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    }
    int paid = 0;
    for (int i = 0; i < RACERS; i++) {
        EXPECT(pthread_join(racers[i].thread, NULL) == 0);
        if (racers[i].answered.status == 200)
            paid++;
        else
            EXPECT(is(&racers[i].answered, 403, "RULE_LIMIT"));
    }
    pthread_barrier_destroy(&start);
    EXPECT(paid == 4);
}

/* After a kill or a moved clock: the certificate may be on its way to its next. */
static void connect_again(void)
{
    http_client_close(&http);
    Status s = stand_connect(&stand, &http);
    for (int i = 0; i < TRIES_MAX && !status_ok(s); i++) {
        const struct timespec pause = { 0, 50000000 };
        nanosleep(&pause, NULL);
        s = stand_connect(&stand, &http);
    }
    EXPECT_OK(s);
}

/* Seconds until a day of the next month, whatever today is. */
static int64_t to_next_month_s(void)
{
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock);
    const int64_t month = contract_period_at(CONTRACT_EACH_MONTH, now_us);
    int64_t days = 2;
    while (contract_period_at(CONTRACT_EACH_MONTH, now_us + days * TIME_DAY_US) == month)
        days++;
    return days * DAY_S;
}

static void test_32_at_once_never_take_more(void)
{
    for (int round = 0; round < 2; round++) {
        char code[16];
        char id[ID_BYTES];
        PayerAnswer answer = { 0 };
        const int64_t before = balance("payer-li");
        snprintf(code, sizeof(code), "RACE-C%d", round);
        EXPECT(asks(code, 7 + 2 * round, id)); /* one of a plan */
        EXPECT_OK(contract_sign(&stand, http, &stranger, id, 0, &answer));
        run_race(id, round * RACERS, round == 1);
        connect_again();
        EXPECT(balance("payer-li") == before - 4 * 700);
    }
    EXPECT(stand_number(&stand, "SELECT count(*) FROM deduction WHERE contract LIKE 'RACE-C%'")
            == 8);
}

/* --- time --- */

static bool announces(const char *id, int64_t minor, int status, const char *code)
{
    char target[128];
    char body[256];
    Answered a = { 0 };
    snprintf(target, sizeof(target), "/v3/papay/contracts/%s/notify", id);
    snprintf(body, sizeof(body),
            "{\"mchid\":\"" SHOP "\",\"estimated_amount\":{\"amount\":%lld,\"currency\":\"CNY\"}}",
            (long long)minor);
    const Status s = step_call(&shop, http, "POST", target, body, &a);
    return status_ok(s) && is(&a, status, code);
}

static char noticed[ID_BYTES];

static void test_an_end_by_either_side(void)
{
    char mine[ID_BYTES];
    char target[128];
    PayerAnswer answer = { 0 };
    Answered a = { 0 };
    Span body = { 0 };
    const PayerTalk talk = { &payer, http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_login(&talk, password, false)); /* sessions ended with hufud */
    const PayerTalk hers = { &stranger, http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_login(&hers, password, false));
    EXPECT(asks("C-7", 7, mine));
    EXPECT(status_refused(contract_sign(&stand, http, &payer, mine, 0, &answer)));
    EXPECT(refused(&answer, 400, "INVALID_REQUEST")); /* C-1 is of this plan */
    EXPECT(asks("C-2", 9, mine) && asks("C-3", 8, noticed));
    EXPECT_OK(contract_sign(&stand, http, &payer, mine, 0, &answer));
    EXPECT_OK(contract_sign(&stand, http, &payer, noticed, 0, &answer));
    EXPECT(status_refused(
            contract_asked(http, &stranger, "POST", mine, "/end", SPAN("{}"), &answer, &body)));
    EXPECT(refused(&answer, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT(deducts(mine, "ENDED-1", 100, 200, ""));
    EXPECT_OK(contract_asked(http, &payer, "POST", mine, "/end", SPAN("{}"), &answer, &body));
    EXPECT(contract_says(body, "\"contract_terminated_by\":\"PAYER\""));
    EXPECT(deducts(mine, "ENDED-2", 100, 403, "RULE_LIMIT"));
    EXPECT(asks("C-4", 9, mine));
    EXPECT_OK(contract_sign(&stand, http, &payer, mine, 0, &answer));
    snprintf(target, sizeof(target), "/v3/papay/contracts/%s/terminate", mine);
    EXPECT_OK(step_call(&other, http, "POST", target, "{\"mchid\":\"1900000002\"}", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(step_call(&shop, http, "POST", target, "{\"mchid\":\"" SHOP "\"}", &a));
    EXPECT(is(&a, 204, ""));
    EXPECT(deducts(mine, "ENDED-3", 100, 403, "RULE_LIMIT"));
}

static void test_notice_and_the_next_month(void)
{
    EXPECT(announces(first, 100, 400, "PARAM_ERROR")); /* none was agreed */
    EXPECT(announces(noticed, 3001, 403, "RULE_LIMIT"));
    EXPECT(deducts(noticed, "NOTED-1", 100, 403, "RULE_LIMIT"));
    EXPECT(announces(noticed, 100, 204, ""));
    PayerAnswer answer = { 0 };
    Span body = { 0 };
    EXPECT_OK(payer_ask(
            payer.phone, http, "GET", SPAN("/payer/v1/contracts"), SPAN(""), &answer, &body));
    EXPECT(contract_says(body, "\"announced_minor\":100"));
    EXPECT(contract_says(body, "\"announced_until_time\":"));
    EXPECT(contract_says(body, "lapses when it is not made within 7 days"));
    EXPECT(contract_says(body, "7 日内未扣款即失效"));
    EXPECT(deducts(noticed, "NOTED-1", 100, 403, "RULE_LIMIT"));
    moved_clock_set_wall(to_next_month_s());
    connect_again();
    EXPECT(deducts(noticed, "NOTED-1", 101, 403, "RULE_LIMIT"));
    EXPECT(deducts(noticed, "NOTED-1", 100, 200, ""));
    EXPECT(deducts(noticed, "NOTED-2", 100, 403, "RULE_LIMIT"));
    EXPECT(deducts(first, "NEXT-1", 3000, 200, ""));
    EXPECT(deducts(first, "NEXT-2", 2001, 403, "RULE_LIMIT"));
}

/* --- the wrong hand --- */

static void test_a_changed_contract_moves_no_money(void)
{
    const int64_t before = balance("payer-wang");
    stand_tamper(&stand,
            "UPDATE contract SET one_minor = 900000, period_minor = 900000"
            " WHERE code = 'C-1'");
    Answered a = { 0 };
    EXPECT_OK(deduct_by(&shop, http, first, "WRONG-1", 500000, &a));
    EXPECT(a.status >= 400 && balance("payer-wang") == before);
    EXPECT(stand_comes_true(&stand, "SELECT count(*) FROM alert WHERE about_table = 84"));
    stand_tamper(&stand,
            "UPDATE contract SET one_minor = 3000, period_minor = 5000"
            " WHERE code = 'C-1'");
    EXPECT_OK(deduct_by(&shop, http, first, "WRONG-2", 100, &a));
    EXPECT(a.status >= 400 && balance("payer-wang") == before); /* frozen until two release it */
}

static bool auditor_says(const char *text)
{
    static char said[64 * 1024];
    FILE *file = fopen(stand_path(&stand, "log/auditor.log"), "r");
    ASSERT(file != NULL);
    const size_t size = fread(said, 1, sizeof(said) - 1, file);
    said[size] = 0;
    fclose(file);
    if (strstr(said, text) != NULL) return true;
    fprintf(stderr, "  the auditor says:\n%s\n", said);
    return false;
}

static void test_the_auditor_counts(void)
{
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
    stand_tamper(&stand, "DELETE FROM deduction WHERE out_trade_no = 'NEXT-1'");
    EXPECT(stand_audit(&stand) == 1);
    EXPECT(auditor_says("deduction      " SHOP "/NEXT-1"));
    EXPECT(auditor_says("contract       " SHOP "/C-1"));
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_plan_takes_two_people_and_terms),
        TEST(test_an_address_that_is_not_used_is_refused), TEST(test_a_payer_signs_what_he_read),
        TEST(test_a_merchant_sees_his_own_and_no_payer), TEST(test_requests_that_are_none),
        TEST(test_the_trail_says_who_agreed_to_what),
        TEST(test_within_the_terms_it_pays_without_asking), TEST(test_32_at_once_never_take_more),
        TEST(test_an_end_by_either_side), TEST(test_notice_and_the_next_month),
        TEST(test_a_changed_contract_moves_no_money), TEST(test_the_auditor_counts),
        TEST(test_house_closes))

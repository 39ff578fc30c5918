/*
 * Goal: never more goes back than was paid, and each refund that was acknowledged is there exactly
 * once, whoever asks at the same time and whatever dies. Method: the real programs, the v3 wire
 * over TLS 1.3. First one order through all it can be; then 64 connections that send doubled and
 * competing refunds of a few orders, twice over with hufud killed by SIGKILL amid them and started
 * again; then the list of what was acknowledged is held against API, rows, postings and auditor.
 */
#include "base/expect.h"
#include "merchant_steps.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

enum {
    RACERS = 64,
    ORDERS = 8, /* the last half is also reversed */
    NUMBERS = 24, /* refund numbers of each order; each is asked for by several racers */
    REQUESTS = 16, /* of each racer in a round */
    ROUNDS = 3, /* amid the middle one hufud is killed, twice */
    KILLS = 2,
    PAID = 1000,
    PART = 90, /* eleven of them fit, and no twelfth */
    TRIES_MAX = 400,
};

static Stand stand;
static MerchantApp shop;
static MerchantApp other;
static PayerApp payer;
static HttpClient *http;

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
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

static bool pay(const MerchantApp *app, const char *number, int64_t minor, Answered *ret)
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    if (status_ok(s)) s = step_codepay(app, http, number, minor, code, ret);
    if (status_ok(s) && strcmp(ret->trade_state, "SUCCESS") == 0) return true;
    fprintf(stderr, "  %s: %s, %s\n", number, status_name(s), answer.code);
    return is(ret, 0, "SUCCESS");
}

static bool state_is(const MerchantApp *app, const char *number, const char *state)
{
    Answered answered = { 0 };
    if (!status_ok(step_query(app, http, number, &answered))) return false;
    if (strcmp(answered.trade_state, state) == 0) return true;
    return is(&answered, 0, state);
}

/* One order: parts, the same again, others, too much, not theirs; queries say what there is. */
static void test_an_order_goes_back_in_parts(void)
{
    const int64_t before = balance("payer-1");
    Answered order = { 0 };
    Answered a = { 0 };
    Answered b = { 0 };
    EXPECT(pay(&shop, "PARTS-1", 100, &order));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1/0", 30, 100, &a));
    EXPECT(is(&a, 400, "PARAM_ERROR") && strcmp(a.field, "/out_refund_no") == 0);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 30, 100, &a));
    EXPECT(is(&a, 200, "") && strcmp(a.refund_status, "SUCCESS") == 0 && a.refund == 30);
    EXPECT(a.total == 100 && strcmp(a.transaction_id, order.transaction_id) == 0);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 30, 100, &b));
    EXPECT(is(&b, 200, "") && strcmp(a.refund_id, b.refund_id) == 0);
    EXPECT_OK(step_refund_query(&shop, http, "P1-A", &b));
    EXPECT(is(&b, 200, "") && strcmp(a.refund_id, b.refund_id) == 0 && b.refund == 30);
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-A", 31, 100, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 30, 101, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 71, 100, &b));
    EXPECT(is(&b, 400, "INVALID_REQUEST"));
    EXPECT(balance("payer-1") == before - 70 && state_is(&shop, "PARTS-1", "REFUND"));
    EXPECT_OK(step_refund(&shop, http, "PARTS-1", "P1-B", 70, 100, &b));
    EXPECT(is(&b, 200, "") && balance("payer-1") == before);
    EXPECT(state_is(&shop, "PARTS-1", "REFUND"));

    EXPECT_OK(step_refund(&other, http, "PARTS-1", "P1-C", 1, 100, &a));
    EXPECT(is(&a, 404, "ORDER_NOT_EXIST"));
    EXPECT_OK(step_refund(&other, http, "NOSUCH-1", "P1-C", 1, 100, &b));
    EXPECT(is(&b, 404, a.code));
    EXPECT_OK(step_refund_query(&other, http, "P1-A", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    EXPECT_OK(step_refund_query(&shop, http, "P1-Z", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
}

static void test_an_order_is_reversed_whatever_became_of_it(void)
{
    const int64_t before = balance("payer-1");
    Answered a = { 0 };
    EXPECT_OK(step_native(&shop, http, "REV-NATIVE", 100, &a));
    EXPECT_OK(step_reverse(&shop, http, "REV-NATIVE", &a));
    EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "REVOKED") == 0);
    EXPECT(pay(&shop, "REV-PAID", 100, &a));
    EXPECT(balance("payer-1") == before - 100);
    for (int again = 0; again < 2; again++) {
        EXPECT_OK(step_reverse(&shop, http, "REV-PAID", &a));
        EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "REVOKED") == 0);
        EXPECT(balance("payer-1") == before);
    }
    EXPECT(state_is(&shop, "REV-PAID", "REVOKED"));
    EXPECT_OK(step_refund(&shop, http, "REV-PAID", "RP-1", 100, 100, &a));
    EXPECT(is(&a, 400, "INVALID_REQUEST"));
    EXPECT_OK(step_reverse(&other, http, "REV-PAID", &a));
    EXPECT(is(&a, 404, "ORDER_NOT_EXIST"));
    EXPECT_OK(step_reverse(&shop, http, "PARTS-1", &a)); /* some went back already */
    EXPECT(is(&a, 400, "INVALID_REQUEST"));
}

/* --- many at once --- */

/* What was acknowledged, by whomever; and what was said that cannot be. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char acknowledged[ORDERS][NUMBERS][64]; /* refund_id, "": not yet */
static bool reversed[ORDERS];
static unsigned answers;
static unsigned lost; /* requests whose answer did not come */
static unsigned wrong;
/* hufud has another port after each start: whoever connects reads it, whoever starts writes it. */
static pthread_rwlock_t port_lock = PTHREAD_RWLOCK_INITIALIZER;

typedef struct Racer {
    pthread_t thread;
    unsigned number;
    unsigned round;
    HttpClient *http;
} Racer;

static void pause_a_little(void)
{
    const struct timespec wait = { 0, 20000000 };
    nanosleep(&wait, NULL);
}

static bool connect_again(Racer *r)
{
    http_client_close(&r->http);
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        pthread_rwlock_rdlock(&port_lock);
        const Status s = stand_connect(&stand, &r->http);
        pthread_rwlock_unlock(&port_lock);
        if (status_ok(s)) return true;
        pause_a_little();
    }
    return false;
}

static Status ask(const Racer *r, const MerchantApp *app, unsigned order, unsigned number,
        bool reverse, Answered *ret)
{
    char order_text[32];
    char number_text[32];
    snprintf(order_text, sizeof(order_text), "RACE-%u", order);
    snprintf(number_text, sizeof(number_text), "RACE-%u-%u", order, number);
    if (reverse) return step_reverse(app, r->http, order_text, ret);
    return step_refund(app, r->http, order_text, number_text, PART, PAID, ret);
}

/* The same number is one refund for ever; a refusal is one of those that a race can end in. */
static void note(unsigned order, unsigned number, bool reverse, const Answered *answered)
{
    pthread_mutex_lock(&lock);
    char *known = acknowledged[order][number];
    const bool done = answered->status == 200;
    answers++;
    if (done && reverse) reversed[order] = true;
    if (done && !reverse && known[0] == 0)
        snprintf(known, sizeof(acknowledged[0][0]), "%s", answered->refund_id);
    const bool same = !done || reverse || strcmp(known, answered->refund_id) == 0;
    const bool refused = answered->status == 400 && strcmp(answered->code, "INVALID_REQUEST") == 0;
    if (!same || (!done && !refused)) {
        fprintf(stderr, "  order %u number %u: HTTP %d %s\n", order, number, answered->status,
                answered->code);
        wrong++;
    }
    pthread_mutex_unlock(&lock);
}

/* Until something is said: a lost answer is asked for again, in the same words. */
static void ask_until_answered(
        Racer *r, const MerchantApp *app, unsigned order, unsigned number, bool reverse)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        Answered answered = { 0 };
        const Status s = ask(r, app, order, number, reverse, &answered);
        const bool later = answered.status == 429 || answered.status >= 500;
        if (status_ok(s) && !later) {
            note(order, number, reverse, &answered);
            return;
        }
        pthread_mutex_lock(&lock);
        lost++;
        pthread_mutex_unlock(&lock);
        if (later) pause_a_little();
        if (!status_ok(s) && !connect_again(r)) break;
    }
    pthread_mutex_lock(&lock);
    wrong++;
    pthread_mutex_unlock(&lock);
}

/* Neighbours ask for the same thing at about the same time. */
static void *race(void *context)
{
    Racer *r = context;
    MerchantApp app = shop;
    app.tries_max = 1;
    if (r->http == NULL && !connect_again(r)) return NULL;
    for (unsigned i = 0; i < REQUESTS; i++) {
        const unsigned draw = (r->round * REQUESTS + i) * 7 + r->number / 4;
        const unsigned order = draw % ORDERS;
        const bool rarely = (r->number + i) % 5 == 0;
        const bool reverse = order == ORDERS - 1 ? !rarely : order >= ORDERS / 2 && rarely;
        ask_until_answered(r, &app, order, draw / ORDERS % NUMBERS, reverse);
    }
    return NULL;
}

static unsigned answers_so_far(void)
{
    pthread_mutex_lock(&lock);
    const unsigned now = answers;
    pthread_mutex_unlock(&lock);
    return now;
}

/* Not before some more were answered, so that it is amid them. */
static void kill_amid(unsigned more)
{
    const unsigned until = answers_so_far() + more;
    for (int tries = 0; tries < TRIES_MAX && answers_so_far() < until; tries++)
        pause_a_little();
    pthread_rwlock_wrlock(&port_lock);
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    const Status s = stand_start(&stand, STAND_HUFUD);
    pthread_rwlock_unlock(&port_lock);
    EXPECT_OK(s);
}

static void test_refunds_of_64_connections_race_and_hufud_dies(void)
{
    static Racer racers[RACERS];
    Answered a = { 0 };
    for (unsigned order = 0; order < ORDERS; order++) {
        char number[32];
        snprintf(number, sizeof(number), "RACE-%u", order);
        EXPECT(pay(&shop, number, PAID, &a));
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < RACERS; i++) {
            racers[i].number = i;
            racers[i].round = round;
            EXPECT(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
        }
        for (int kill = 0; kill < KILLS && round == 1; kill++)
            kill_amid(RACERS * REQUESTS / 4);
        for (unsigned i = 0; i < RACERS; i++)
            EXPECT(pthread_join(racers[i].thread, NULL) == 0);
    }
    for (unsigned i = 0; i < RACERS; i++)
        http_client_close(&racers[i].http);
    unsigned whole = 0;
    for (unsigned order = 0; order < ORDERS; order++)
        whole += reversed[order];
    printf("%u answers, %u asked again, %u orders reversed\n", answers, lost, whole);
    EXPECT(wrong == 0 && lost > 0);
    EXPECT(answers == RACERS * REQUESTS * ROUNDS);
    http_client_close(&http); /* to a hufud that is gone */
    EXPECT_OK(stand_connect(&stand, &http));
}

static int64_t of_order(const char *what, unsigned order)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT %s FROM refund WHERE out_trade_no = 'RACE-%u'", what, order);
    return stand_number(&stand, sql);
}

/* A reversed order gave all back at once; any other gave as many parts as fit. */
static void check_order(unsigned order)
{
    int known = 0;
    for (unsigned number = 0; number < NUMBERS; number++) {
        char text[32];
        Answered answered = { 0 };
        const bool is_known = acknowledged[order][number][0] != 0;
        snprintf(text, sizeof(text), "RACE-%u-%u", order, number);
        EXPECT_OK(step_refund_query(&shop, http, text, &answered));
        EXPECT(answered.status == (is_known ? 200 : 404));
        EXPECT(strcmp(answered.refund_id, acknowledged[order][number]) == 0);
        known += is_known;
    }
    const int64_t wanted = reversed[order] ? PAID : PAID / PART * PART;
    EXPECT(of_order("sum(minor)", order) == wanted);
    EXPECT(of_order("count(*)", order) == (reversed[order] ? 1 : known));
    EXPECT(of_order("count(DISTINCT refund_id)", order) == of_order("count(*)", order));
    EXPECT(!reversed[order] || known == 0);
}

static void test_each_is_there_once_and_never_more_than_was_paid(void)
{
    for (unsigned order = 0; order < ORDERS; order++)
        check_order(order);
    EXPECT(stand_number(&stand, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(stand_number(&stand, "SELECT sum(balance + frozen) FROM account") == 0);
    EXPECT(stand_number(&stand,
                   "SELECT count(*) FROM refund f WHERE (SELECT count(*) FROM posting p"
                   " WHERE p.transaction_id = f.refund_id) <> 2")
            == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM refunded WHERE minor > total") == 0);
}

static void test_the_log_tells_and_the_auditor_agrees(void)
{
    EXPECT(stand_logged(&stand, "P1-A"));
    EXPECT(stand_logged(&stand, "30 of 100"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

/* Whoever writes into the database gets no second refund out of it: neither by a smaller sum, nor
 * by none, nor by a payment that says it gave nothing back. RULE: TP-12. */
static void test_a_changed_sum_gives_nothing(void)
{
    static const char *const attacks[] = {
        "UPDATE refunded SET minor = 0, refunds = 0 WHERE out_trade_no = 'SUMS-0'",
        "DELETE FROM refunded WHERE out_trade_no = 'SUMS-1'",
        "UPDATE payment SET state = 1 WHERE out_trade_no = 'SUMS-2'",
        "DELETE FROM refund WHERE out_refund_no = 'SUMS-3'",
    };
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        char number[16];
        char another[16];
        Answered a = { 0 };
        snprintf(number, sizeof(number), "SUMS-%zu", i);
        snprintf(another, sizeof(another), "SUMS-%zu%s", i, i == 3 ? "" : "-B");
        EXPECT(pay(&shop, number, 100, &a));
        EXPECT_OK(step_refund(&shop, http, number, number, 60, 100, &a));
        EXPECT(is(&a, 200, ""));
        const int64_t before = balance("payer-1");
        stand_tamper(&stand, attacks[i]);
        EXPECT_OK(step_refund(&shop, http, number, another, 60, 100, &a));
        EXPECT(is(&a, 403, "ACCOUNT_ERROR"));
        EXPECT(balance("payer-1") == before);
    }
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_an_order_goes_back_in_parts),
        TEST(test_an_order_is_reversed_whatever_became_of_it),
        TEST(test_refunds_of_64_connections_race_and_hufud_dies),
        TEST(test_each_is_there_once_and_never_more_than_was_paid),
        TEST(test_the_log_tells_and_the_auditor_agrees), TEST(test_a_changed_sum_gives_nothing),
        TEST(test_house_closes))

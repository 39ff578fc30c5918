/*
 * Goal: a payer gives another payer money at once, in two hours or tomorrow, sees before his PIN
 * who that is, and has it again as long as he revokes before it is carried out (银发 [2016] 261;
 * 反电信网络诈骗法 article 18; TP-4, TP-11, TP-12); whoever is killed or asks at once, it moves
 * once. Method: the real programs, telephones that sign as an app does, a clock that the test
 * moves; each attack with one thing wrong; thirty-two revoke what the clock carries out; then the
 * books, the auditor, and somebody who changes a row.
 */
#include "base/expect.h"
#include "base/time.h"
#include "command.h"
#include "moved_clock.h"
#include "operator.h"
#include "transfers.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#define PASSWORD "violet Kettle, 9 hills"

enum { PEOPLE = 4, OPENING = 50000000, REVOKERS = 32, RACES = 6, DAY_S = 86400 };

typedef struct Person {
    PayerApp app;
    PayerPhone phone;
} Person;

static const PayerPerson who[PEOPLE] = {
    { "\xe5\xbc\xa0\xe4\xb8\x89", "11010519491231002X", "13912345678" },
    { "\xe6\x9d\x8e\xe5\x9b\x9b", "110105194912310038", "13812345678" },
    { "\xe7\x8e\x8b\xe4\xba\x94", "110105194912310046", "13712345678" },
    { "\xe8\xb5\xb5\xe5\x85\xad", "110105194912310054", "13612345678" },
};

static Stand stand;
static HttpClient *http;
static Person people[PEOPLE];
static PayerAnswer said;

static bool code_is(const char *code)
{
    if (strcmp(said.code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s'\n", said.status, said.code);
    return false;
}

/* A refusal with this code. */
#define EXPECT_SAID(expression, code_text)                       \
    do {                                                         \
        EXPECT_REFUSED(expression, REFUSED_HTTP_ANSWER_INVALID); \
        EXPECT(code_is(code_text));                              \
    } while (0)

static PayerTalk talk_of(Person *person)
{
    said = (PayerAnswer) { 0 };
    return (PayerTalk) { &person->app, http, &stand.box_key, &said };
}

static void connect_again(void)
{
    http_client_close(&http);
    EXPECT_OK(stand_connect(&stand, &http));
    for (int i = 0; i < PEOPLE; i++) {
        PayerTalk talk = talk_of(&people[i]);
        EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
    }
}

static void test_house_opens(void)
{
    const StandOptions options = { .openers = 16, .tls_life_s = 30 * DAY_S };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_connect(&stand, &http));
    for (int i = 0; i < PEOPLE; i++) {
        char id[8];
        snprintf(id, sizeof(id), "p%d", i + 1);
        EXPECT_OK(stand_payer(&stand, id, "284617", OPENING, &people[i].app));
        EXPECT_OK(payer_phone_make(KEY_P256, "phone", &people[i].phone));
        people[i].app.phone = &people[i].phone;
        PayerTalk talk = talk_of(&people[i]);
        EXPECT_OK(payer_phone_register(&talk, &who[i], PASSWORD));
    }
}

/* --- what an app does --- */

typedef TransferWish Wish;
typedef TransferShown Shown;

static Status ask(Person *person, const Wish *wish, Shown *ret)
{
    const PayerTalk talk = talk_of(person);
    return transfer_ask(&talk, wish, ret);
}

/* The PIN in a box for `boxed`, sent for `wish`. */
static Status send_with(Person *person, const Wish *wish, const Wish *boxed, const Shown *shown)
{
    const PayerTalk talk = talk_of(person);
    return transfer_send(&talk, wish, boxed, shown);
}

static Status transfer(
        Person *person, const char *number, const char *receiver, int64_t minor, const char *speed)
{
    const Wish wish = { number, receiver, minor, speed, NULL };
    Shown shown;
    PayerAnswer answer = { 0 };
    TRY(payer_key_fetch(http, &stand.box_key, &answer));
    TRY(ask(person, &wish, &shown));
    return send_with(person, &wish, &wish, &shown);
}

static Status call(const Person *person, HttpClient *client, const char *method, const char *target,
        const char *body, PayerAnswer *ret_answer, Span *ret_body)
{
    *ret_answer = (PayerAnswer) { 0 };
    return payer_ask(&person->phone, client, method, span_of_text(target), span_of_text(body),
            ret_answer, ret_body);
}

static Status take_back(const Person *person, const char *number)
{
    char target[96];
    Span body = { 0 };
    snprintf(target, sizeof(target), "/payer/v1/transfers/%s/revoke", number);
    return call(person, http, "POST", target, "{}", &said, &body);
}

static bool answer_holds(Person *person, const char *target, const char *text)
{
    const PayerTalk talk = talk_of(person);
    return transfer_answer_holds(&talk, target, text);
}

/* `sql` and this text, quoted. */
static int64_t number_of(const char *sql_before, const char *text)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "%s'%s'", sql_before, text);
    return stand_number(&stand, sql);
}

static int64_t state_of(const char *number)
{
    return number_of("SELECT state FROM transfer WHERE out_number = ", number);
}

static int64_t balance(const char *owner)
{
    return number_of("SELECT balance FROM account WHERE owner = ", owner);
}

static int64_t held(const char *owner)
{
    return number_of("SELECT frozen FROM account WHERE owner = ", owner);
}

enum { WAITING = 1, DONE = 2, REVOKED = 3, FAILED = 4 };

static bool ends_as(const char *number, int state)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM transfer WHERE out_number = '%s' AND state = %d", number, state);
    return stand_comes_true(&stand, sql);
}

/* --- one after another --- */

static void test_who_it_is_is_seen_before_the_pin(void)
{
    const Wish little = { "SHOW-0001", "p2", 100, "REAL_TIME", NULL };
    const Wish much = { "SHOW-0001", "p2", 200000, "REAL_TIME", NULL };
    const Wish myself = { "SHOW-0001", "p1", 100, "REAL_TIME", NULL };
    const Wish nobody = { "SHOW-0001", "nobody", 100, "REAL_TIME", NULL };
    Shown shown;
    EXPECT_OK(ask(&people[0], &little, &shown));
    EXPECT(strstr(shown.mask, "*") != NULL && strcmp(shown.mask, who[1].name) != 0);
    EXPECT(strcmp(shown.fastest, "REAL_TIME") == 0);
    EXPECT_OK(ask(&people[0], &much, &shown)); /* a stranger, and so much */
    EXPECT(strcmp(shown.fastest, "NEXT_DAY") == 0);
    EXPECT_SAID(ask(&people[0], &myself, &shown), "INVALID_REQUEST");
    EXPECT_SAID(ask(&people[0], &nobody, &shown), "RULE_LIMIT");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM transfer") == 0);
}

static void test_at_once(void)
{
    EXPECT_OK(transfer(&people[0], "NOW-00001", "p2", 1000, "REAL_TIME"));
    EXPECT(balance("p1") == OPENING - 1000 && balance("p2") == OPENING + 1000 && held("p1") == 0);
    EXPECT_OK(transfer(&people[0], "NOW-00001", "p2", 1000, "REAL_TIME")); /* again */
    EXPECT(balance("p2") == OPENING + 1000);
    EXPECT_SAID(transfer(&people[0], "NOW-00001", "p3", 1000, "REAL_TIME"), "INVALID_REQUEST");
    EXPECT_SAID(transfer(&people[0], "NOW-00001", "p2", 1001, "REAL_TIME"), "INVALID_REQUEST");
    EXPECT_SAID(transfer(&people[0], "FAST-0001", "p2", 200000, "REAL_TIME"), "PARAM_ERROR");
    EXPECT_SAID(take_back(&people[0], "NOW-00001"), "INVALID_REQUEST");
    EXPECT(balance("p1") == OPENING - 1000);
}

static void test_normal_is_revoked(void)
{
    EXPECT_OK(transfer(&people[0], "SOON-0001", "p2", 5000, "NORMAL"));
    EXPECT(state_of("SOON-0001") == WAITING && held("p1") == 5000);
    EXPECT(answer_holds(&people[0], "/payer/v1/transfers/SOON-0001", "\"state\":\"WAITING\""));
    EXPECT_SAID(take_back(&people[1], "SOON-0001"), "RESOURCE_NOT_EXISTS"); /* its receiver */
    EXPECT_OK(take_back(&people[0], "SOON-0001"));
    EXPECT_OK(take_back(&people[0], "SOON-0001"));
    EXPECT(state_of("SOON-0001") == REVOKED && held("p1") == 0 && balance("p1") == OPENING - 1000);
    EXPECT(answer_holds(&people[0], "/payer/v1/transfers", "\"state\":\"REVOKED\""));
    EXPECT(stand_logged(&stand, "REVOKED NORMAL 5000"));
}

/* --- attacks --- */

static void test_a_pin_is_for_one_transfer_alone(void)
{
    const Wish wish = { "PIN-00001", "p2", 700, "NORMAL", NULL };
    Wish others[4] = { wish, wish, wish, wish };
    Shown shown;
    others[0].receiver = "p3";
    others[1].minor = 7000;
    others[2].speed = "REAL_TIME";
    others[3].number = "PIN-00002";
    EXPECT_OK(ask(&people[0], &wish, &shown));
    for (size_t i = 0; i < 4; i++)
        EXPECT_SAID(send_with(&people[0], &others[i], &wish, &shown), "PARAM_ERROR");
    Person wrong = people[0];
    snprintf(wrong.app.pin, sizeof(wrong.app.pin), "662607");
    EXPECT_SAID(send_with(&wrong, &wish, &wish, &shown), "PIN_WRONG");
    Person thief = people[1]; /* p2's session and telephone, p1's PIN */
    EXPECT(!status_ok(send_with(&thief, &wish, &wish, &shown)));
    EXPECT(number_of("SELECT count(*) FROM transfer WHERE out_number LIKE ", "PIN-%") == 0);
    EXPECT_OK(send_with(&people[0], &wish, &wish, &shown));
    EXPECT_OK(take_back(&people[0], "PIN-00001"));
}

static void test_what_is_no_transfer(void)
{
    Span body = { 0 };
    Shown shown = { 0 };
    const Wish card = { "CARD-0001", "p2", 100, "NORMAL", "card 6222600260001072444" };
    EXPECT_SAID(transfer(&people[0], "short-1", "p2", 1, "NORMAL"), "PARAM_ERROR");
    EXPECT_SAID(transfer(&people[0], "ZERO-0001", "p2", 0, "NORMAL"), "PARAM_ERROR");
    EXPECT_SAID(transfer(&people[0], "SPEED-001", "p2", 1, "YESTERDAY"), "PARAM_ERROR");
    EXPECT_SAID(transfer(&people[0], "MUCH-0001", "p2", OPENING + 1, "NEXT_DAY"), "RULE_LIMIT");
    EXPECT_OK(ask(&people[0], &card, &shown));
    EXPECT_SAID(send_with(&people[0], &card, &card, &shown), "PARAM_ERROR"); /* TP-5 */
    EXPECT_SAID(call(&people[0], http, "POST", "/payer/v1/transfers", "{}", &said, &body),
            "PARAM_ERROR");
    EXPECT_SAID(call(&people[0], http, "GET", "/payer/v1/transfers/NEVER-0001", "", &said, &body),
            "RESOURCE_NOT_EXISTS");
    EXPECT_SAID(payer_ask(NULL, http, "GET", SPAN("/payer/v1/transfers"), SPAN(""), &said, &body),
            "SIGN_ERROR");
}

/* --- limits --- */

static Status set_limits(Person *person, int64_t minor, int64_t count, bool with_pin)
{
    const PayerTalk talk = talk_of(person);
    return transfer_limits_set(&talk, minor, count, with_pin);
}

static void test_the_owners_own_limits(void)
{
    Person wrong = people[2];
    snprintf(wrong.app.pin, sizeof(wrong.app.pin), "662607");
    EXPECT(answer_holds(&people[2], "/payer/v1/transfer-limits", "\"day_limit_minor\":10000000"));
    EXPECT_OK(set_limits(&people[2], 500, 2, false));
    EXPECT_SAID(transfer(&people[2], "LIMIT-001", "p1", 501, "NORMAL"), "RULE_LIMIT");
    EXPECT_OK(transfer(&people[2], "LIMIT-001", "p1", 400, "NORMAL"));
    EXPECT_SAID(set_limits(&people[2], 501, 2, false), "NO_AUTH");
    EXPECT_SAID(set_limits(&wrong, 501, 2, true), "PIN_WRONG");
    EXPECT_SAID(set_limits(&people[2], 10000001, 2, true), "PARAM_ERROR");
    EXPECT_OK(set_limits(&people[2], 600, 3, true));
    EXPECT_OK(transfer(&people[2], "LIMIT-002", "p1", 200, "NORMAL"));
    EXPECT_SAID(transfer(&people[2], "LIMIT-003", "p1", 1, "NORMAL"), "RULE_LIMIT");
    EXPECT_OK(take_back(&people[2], "LIMIT-001"));
    EXPECT_OK(take_back(&people[2], "LIMIT-002"));
    EXPECT_OK(transfer(&people[2], "LIMIT-003", "p1", 600, "NORMAL")); /* the sum is free again */
    EXPECT_OK(take_back(&people[2], "LIMIT-003"));
    EXPECT_SAID(transfer(&people[2], "LIMIT-004", "p1", 1, "NORMAL"), "RULE_LIMIT"); /* not so */
    EXPECT_OK(set_limits(&people[2], 10000000, 50, true));
    EXPECT(stand_logged(&stand, "10000000 50 with the PIN"));
}

/* --- time --- */

static void test_next_day_is_carried_out_tomorrow(void)
{
    const int64_t before = balance("p2");
    EXPECT_OK(transfer(&people[0], "NEXT-0001", "p2", 300000, "NEXT_DAY"));
    EXPECT_OK(transfer(&people[0], "NEXT-0002", "p4", 100, "NEXT_DAY"));
    EXPECT_OK(transfer(&people[3], "NEXT-0003", "p2", 100, "NEXT_DAY"));
    EXPECT_OK(transfer(&people[0], "SOON-0002", "p2", 400, "NORMAL"));
    EXPECT(operator_ended(
            OPERATOR(&stand, "payer", "stop", "p4", "--reason", "reported by the police"), 0));
    moved_clock_set_wall(2 * 3600 + 60);
    EXPECT(ends_as("SOON-0002", DONE));
    EXPECT(state_of("NEXT-0001") == WAITING);
    moved_clock_set_wall(DAY_S + 60);
    EXPECT(ends_as("NEXT-0001", DONE));
    EXPECT(ends_as("NEXT-0002", FAILED)); /* its receiver was stopped meanwhile */
    EXPECT(ends_as("NEXT-0003", FAILED)); /* its payer was */
    EXPECT(balance("p2") == before + 300000 + 400 && balance("p4") == OPENING);
    EXPECT(held("p1") == 0 && held("p4") == 0);
    connect_again();
    EXPECT(answer_holds(&people[0], "/payer/v1/transfers/NEXT-0002", "TRANSFER_RECEIVER"));
    EXPECT_SAID(transfer(&people[0], "NEXT-0004", "p4", 100, "NEXT_DAY"), "RULE_LIMIT");
    EXPECT_SAID(transfer(&people[3], "NEXT-0004", "p2", 100, "NEXT_DAY"), "ACCOUNT_ERROR");
    EXPECT_OK(transfer(&people[0], "KNOWN-001", "p2", 200000, "REAL_TIME")); /* since yesterday */
}

/* --- rules that let the clock race --- */

static Status write_rules(int next_day_s)
{
    char text[512];
    char path[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "transfers.yaml"));
    snprintf(text, sizeof(text),
            "version: 1\nspeeds: { normal: 2, next_day: %d }\n"
            "first: { over: 100000, speed: next_day }\nsigned_over: 5000000\nday:\n"
            "  one: { sum: 1000, count: 500 }\n  two: { sum: 10000, count: 500 }\n"
            "  three: { sum: 10000000, count: 500 }\n",
            next_day_s);
    return file_write(path, 0644, span_of_text(text));
}

static void test_other_rules(void)
{
    int exit_status = 0;
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(write_rules(1)); /* tomorrow is sooner than in a while */
    EXPECT_OK(stand_launch(&stand, STAND_HUFUD));
    EXPECT(stand_log_says(&stand, "TRANSFER_RULES_INVALID"));
    while (!stand_ended(&stand, STAND_HUFUD, &exit_status))
        poll(NULL, 0, 20);
    EXPECT_OK(write_rules(DAY_S));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    connect_again();
}

typedef struct Revoker {
    HttpClient *http;
    const char *number;
    int64_t at_us;
    int32_t outcome; /* of HTTP; 0: none came */
} Revoker;

static void *run_revoker(void *context)
{
    Revoker *r = context;
    const Clock clock = clock_system();
    char target[96];
    snprintf(target, sizeof(target), "/payer/v1/transfers/%s/revoke", r->number);
    while (clock_now_us(&clock) < r->at_us)
        poll(NULL, 0, 1);
    for (int tries = 0; tries < 50; tries++) {
        PayerAnswer answer;
        Span body = { 0 };
        const Status s = call(&people[0], r->http, "POST", target, "{}", &answer, &body);
        r->outcome = status_ok(s) ? 200 : answer.status;
        if (r->outcome != 503) return NULL;
        poll(NULL, 0, 5);
    }
    return NULL;
}

/* All thirty-two are told the same: it is revoked, or it is too late. */
static void race(const char *number, int64_t at_us, bool last)
{
    static Revoker revokers[REVOKERS];
    pthread_t threads[REVOKERS];
    for (int i = 0; i < REVOKERS; i++) {
        revokers[i].number = number;
        revokers[i].at_us = at_us + i * 2000;
        revokers[i].outcome = 0;
        if (revokers[i].http == NULL) EXPECT_OK(stand_connect(&stand, &revokers[i].http));
        ASSERT(pthread_create(&threads[i], NULL, run_revoker, &revokers[i]) == 0);
    }
    for (int i = 0; i < REVOKERS; i++)
        pthread_join(threads[i], NULL);
    const int64_t state = state_of(number);
    EXPECT(state == DONE || state == REVOKED);
    for (int i = 0; i < REVOKERS; i++)
        EXPECT(revokers[i].outcome == (state == REVOKED ? 200 : 400));
    EXPECT(number_of("SELECT count(*) FROM posting p JOIN transfer t ON t.id = p.transaction_id"
                     " WHERE t.out_number = ",
                   number)
            == 4);
    for (int i = 0; last && i < REVOKERS; i++)
        http_client_close(&revokers[i].http);
}

static void test_thirty_two_revoke_what_is_carried_out(void)
{
    const int64_t sum = balance("p1") + balance("p2") + held("p1");
    for (int round = 0; round < RACES; round++) {
        char number[24];
        snprintf(number, sizeof(number), "RACE-%04d", round);
        EXPECT_OK(transfer(&people[0], number, "p2", 1000, "NORMAL"));
        const int64_t due_us = number_of("SELECT due FROM transfer WHERE out_number = ", number);
        race(number, due_us - 60000 + round * 30000, round == RACES - 1);
    }
    EXPECT(held("p1") == 0 && balance("p1") + balance("p2") == sum);
    printf("of %d races %lld were revoked\n", RACES,
            (long long)stand_number(&stand,
                    "SELECT count(*) FROM transfer WHERE out_number LIKE 'RACE-%' AND state = 3"));
}

/* --- killed --- */

static void kill_and_start(bool vaultd_too, int wait_ms)
{
    poll(NULL, 0, wait_ms);
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    if (vaultd_too) stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    if (vaultd_too) EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    connect_again();
}

/* Between holding and giving, and in the middle of giving. */
static void test_killed_between_holding_and_giving(void)
{
    static const int waits_ms[] = { 0, 1900, 2050, 2150, 2250 };
    const int64_t before = balance("p2");
    const int64_t own = balance("p1");
    const int count = (int)(sizeof(waits_ms) / sizeof(waits_ms[0]));
    for (int i = 0; i < count; i++) {
        char number[24];
        snprintf(number, sizeof(number), "KILL-%04d", i);
        EXPECT_OK(transfer(&people[0], number, "p2", 1000, "NORMAL"));
        kill_and_start(i % 2 == 0, waits_ms[i]);
        EXPECT(ends_as(number, DONE));
        EXPECT_OK(transfer(&people[0], number, "p2", 1000, "NORMAL")); /* again */
        EXPECT_SAID(take_back(&people[0], number), "INVALID_REQUEST");
    }
    EXPECT(balance("p2") == before + count * 1000 && balance("p1") == own - count * 1000);
    EXPECT(held("p1") == 0);
}

/* --- the house --- */

static void test_operators_see_them_and_the_house_is_sound(void)
{
    EXPECT(operator_ended(OPERATOR(&stand, "transfer", "list", "--payer", "p1"), 0));
    EXPECT(operator_says("KILL-0000"));
    EXPECT(operator_ended(OPERATOR(&stand, "transfer", "show", "NEXT-0002", "--payer", "p1"), 0));
    EXPECT(operator_says("FAILED"));
    EXPECT(operator_ended(OPERATOR(&stand, "transfer", "show", "NEXT-0002", "--payer", "p2"), 1));
    EXPECT(stand_number(&stand, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") == 0);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

/* Somebody with the database writes himself in as the receiver: nothing goes to him. */
static void test_a_changed_row_is_not_carried_out(void)
{
    const int64_t p2 = balance("p2");
    const int64_t p3 = balance("p3");
    EXPECT_OK(transfer(&people[0], "STEAL-001", "p2", 1000, "NORMAL"));
    EXPECT_OK(transfer(&people[0], "HONEST-01", "p2", 500, "NORMAL"));
    stand_tamper(&stand,
            "UPDATE transfer SET receiver = 'p3', receiver_account ="
            " (SELECT account FROM payer WHERE id = 'p3') WHERE out_number = 'STEAL-001'");
    EXPECT(ends_as("HONEST-01", DONE)); /* the others do not wait for it */
    EXPECT(state_of("STEAL-001") == WAITING);
    EXPECT(balance("p3") == p3 && balance("p2") == p2 + 500);
    EXPECT_SAID(take_back(&people[0], "STEAL-001"), "ACCOUNT_ERROR");
    stand_tamper(&stand, "UPDATE transfer SET state = 2 WHERE out_number = 'STEAL-001'");
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 1);
    EXPECT(stand_holds(&stand, SPAN("payment.differs"))); /* its postings say that it waits */
}

static void test_house_closes(void)
{
    http_client_close(&http);
    for (int i = 0; i < PEOPLE; i++)
        payer_phone_wipe(&people[i].phone);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_who_it_is_is_seen_before_the_pin), TEST(test_at_once),
        TEST(test_normal_is_revoked), TEST(test_a_pin_is_for_one_transfer_alone),
        TEST(test_what_is_no_transfer), TEST(test_the_owners_own_limits),
        TEST(test_next_day_is_carried_out_tomorrow), TEST(test_other_rules),
        TEST(test_thirty_two_revoke_what_is_carried_out),
        TEST(test_killed_between_holding_and_giving),
        TEST(test_operators_see_them_and_the_house_is_sound),
        TEST(test_a_changed_row_is_not_carried_out), TEST(test_house_closes))

/*
 * Goal: barcodes as TP-18 asks for them. A payment code pays once, whoever scans it how often at
 * the same time; fresh ones void those before, guessed ones find nothing; a static code pays whom
 * the payer was shown, no more than a day's 500 CNY, and nobody once it is revoked; no byte that a
 * merchant gets is the payer's. Method: the real programs, the public API over TLS 1.3, codes read
 * from their pictures by zbarimg; then the books, and the auditor.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "merchant_steps.h"
#include "operator.h"
#include "payer_phone.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { RACERS = 32, GUESSES = 64, PICTURE_CODE_BYTES = 64 };

static const char payer_name[] = "payer-wang";
static const char barcode_rules[] =
        "version: 1\nlevels: { a: 0, b: 500000, c: 100000, d: 50000 }\n";

static Stand stand;
static MerchantApp shop;
static MerchantApp other;
static PayerApp
        payer; /* on his own telephone: what he pays with it is level A, static codes apart */
static PayerPhone phone;
static const PayerPerson person = { "王小明", "11010519491231002X", "13912345678" };
static HttpClient *http;

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { .barcode = barcode_rules }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, payer_name, "271828", 8675309, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(payer_phone_make(KEY_P256, "phone", &phone));
    payer.phone = &phone;
    PayerAnswer answer = { 0 };
    const PayerTalk talk = { &payer, http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_register(&talk, &person, "correct-horse-battery-42"));
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

/* As the payer's app has it, which no later one of this payer voids yet. */
static bool fresh_code(char ret_code[PAYER_APP_CODE_BYTES_MAX])
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    if (!status_ok(s)) fprintf(stderr, "  no code: %s, %s\n", status_name(s), answer.code);
    if (status_ok(s)) snprintf(ret_code, PAYER_APP_CODE_BYTES_MAX, "%s", code);
    return status_ok(s);
}

/* --- payment codes --- */

static void test_a_code_pays_once(void)
{
    char code[PAYER_APP_CODE_BYTES_MAX];
    Answered a = { 0 };
    const int64_t before = balance(payer_name);
    EXPECT(fresh_code(code));
    EXPECT_OK(step_codepay(&shop, http, "CODES-1", 100, code, &a));
    EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "SUCCESS") == 0);
    EXPECT_OK(step_codepay(&shop, http, "CODES-2", 100, code, &a));
    EXPECT(is(&a, 400, "AUTH_CODE_INVALID"));
    EXPECT_OK(step_codepay(&other, http, "CODES-1", 100, code, &a));
    EXPECT(is(&a, 400, "AUTH_CODE_INVALID"));
    EXPECT(balance(payer_name) == before - 100);
}

static void test_fresh_codes_void_those_before(void)
{
    char code[PAYER_APP_CODE_BYTES_MAX];
    char fresh[PAYER_APP_CODE_BYTES_MAX];
    Answered a = { 0 };
    EXPECT(fresh_code(code));
    payer.codes_left = 0; /* the app was opened anew */
    EXPECT(fresh_code(fresh));
    EXPECT_OK(step_codepay(&shop, http, "VOID-1", 100, code, &a));
    EXPECT(is(&a, 400, "AUTH_CODE_INVALID"));
    EXPECT_OK(step_codepay(&shop, http, "VOID-2", 100, fresh, &a));
    EXPECT(is(&a, 200, ""));
}

static void test_guessed_codes_find_nothing(void)
{
    const int64_t before = balance(payer_name);
    const int64_t stored = stand_number(&stand, "SELECT count(*) FROM payment");
    for (int i = 0; i < GUESSES; i++) {
        char guess[PAYER_APP_CODE_BYTES_MAX];
        char number[32];
        Answered a = { 0 };
        snprintf(guess, sizeof(guess), "13%016d", 7919 * i);
        snprintf(number, sizeof(number), "GUESS-%d", i);
        EXPECT_OK(step_codepay(&shop, http, number, 1, guess, &a));
        EXPECT(is(&a, 400, "AUTH_CODE_INVALID"));
    }
    EXPECT(balance(payer_name) == before);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment") == stored);
}

/* One code, seen by two shops, sent from many connections. */
typedef struct Racer {
    pthread_t thread;
    pthread_barrier_t *start;
    const char *code;
    int number;
    Answered answered;
    Status outcome;
} Racer;

static void *race(void *context)
{
    Racer *r = context;
    HttpClient *own = NULL;
    char number[32];
    snprintf(number, sizeof(number), "RACE-%d", r->number);
    r->outcome = stand_connect(&stand, &own);
    pthread_barrier_wait(r->start);
    if (status_ok(r->outcome))
        r->outcome = step_codepay(
                r->number % 2 == 0 ? &shop : &other, own, number, 500, r->code, &r->answered);
    http_client_close(&own);
    return NULL;
}

static void test_two_shops_race_for_one_code(void)
{
    static Racer racers[RACERS];
    pthread_barrier_t start;
    char code[PAYER_APP_CODE_BYTES_MAX];
    int paid = 0;
    const int64_t before = balance(payer_name);
    const int64_t stored = stand_number(&stand, "SELECT count(*) FROM payment");
    EXPECT(fresh_code(code));
    EXPECT(pthread_barrier_init(&start, NULL, RACERS) == 0);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (Racer) { .start = &start, .code = code, .number = i };
        EXPECT(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    for (int i = 0; i < RACERS; i++)
        EXPECT(pthread_join(racers[i].thread, NULL) == 0);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < RACERS; i++) {
        EXPECT_OK(racers[i].outcome);
        if (racers[i].answered.status == 200)
            paid++;
        else
            EXPECT(is(&racers[i].answered, 400, "AUTH_CODE_INVALID"));
    }
    EXPECT(paid == 1 && balance(payer_name) == before - 500);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment") == stored + 1);
}

/* --- pictures --- */

/* What a program that reads standard input to nothing says; its exit status. */
static int run(char *const words[], const char *input, char *ret_said, size_t capacity)
{
    int in[2];
    int out[2];
    ASSERT(pipe(in) == 0 && pipe(out) == 0);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execvp(words[0], words);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    ASSERT(write(in[1], input, strlen(input)) == (ssize_t)strlen(input));
    close(in[1]);
    size_t size = 0;
    ssize_t n = 0;
    while ((n = read(out[0], ret_said + size, capacity - 1 - size)) > 0)
        size += (size_t)n;
    ret_said[size] = 0;
    close(out[0]);
    int status = 0;
    ASSERT(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The telephone of `hufu payer`, in the folder as `hufu up` lays it. */
static void test_the_command_line_has_the_phone(void)
{
    const char *phones = stand_path(&stand, "demo/payers");
    EXPECT(mkdir(phones, 0700) == 0);
    EXPECT_OK(payer_phone_save(&phone, phones, payer_name));
    EXPECT(symlink(stand_path(&stand, "run/hufud/ca.pem"), stand_path(&stand, "ca.pem")) == 0);
}

static void test_a_scanner_reads_the_code_and_is_paid(void)
{
    char hufu[STAND_PATH_BYTES_MAX + 8];
    char picture[STAND_PATH_BYTES_MAX];
    char folder[STAND_PATH_BYTES_MAX];
    char said[1024];
    char scanned[PICTURE_CODE_BYTES];
    Answered a = { 0 };
    snprintf(hufu, sizeof(hufu), "%s/hufu", stand.programs);
    snprintf(picture, sizeof(picture), "%s", stand_path(&stand, "code.png"));
    snprintf(folder, sizeof(folder), "%s", stand.folder);
    char *const take[] = { hufu, (char[]) { "payer" }, (char[]) { "code" }, (char[]) { "--id" },
        (char[]) { "payer-wang" }, (char[]) { "--picture" }, picture, (char[]) { "--directory" },
        folder, NULL };
    char *const scan[] = { (char[]) { "zbarimg" }, (char[]) { "-q" }, (char[]) { "--raw" },
        (char[]) { "--nodbus" }, picture, NULL };
    EXPECT(run(take, "271828\n", said, sizeof(said)) == 0);
    EXPECT(run(scan, "", scanned, sizeof(scanned)) == 0);
    scanned[strcspn(scanned, "\n")] = 0;
    EXPECT(strlen(scanned) == 18 && strstr(said, scanned) != NULL);
    EXPECT_OK(step_codepay(&shop, http, "PICTURE-1", 100, scanned, &a));
    EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "SUCCESS") == 0);
    payer.codes_left = 0; /* they are void now */
}

/* --- static codes --- */

static char payee_url[128];

static bool makes(const MerchantApp *app, int64_t limit_minor, char ret_url[128])
{
    char body[512];
    Answered a = { 0 };
    snprintf(body, sizeof(body),
            "{\"appid\":\"wxhufu0000000001\",\"mchid\":\"%s\",\"description\":\"Stall 7\","
            "\"limit_minor\":%lld}",
            app->mchid, (long long)limit_minor);
    const Status s = step_call(app, http, "POST", "/v3/pay/payee-codes", body, &a);
    snprintf(ret_url, 128, "%s", a.code_url);
    return status_ok(s) && is(&a, 200, "");
}

/* HTTP status of what the payer's app did at last. */
static int pays(const char *url, int64_t minor, PayerAnswer *ret_answer)
{
    PayeeShown shown = { 0 };
    *ret_answer = (PayerAnswer) { 0 };
    Status s = payer_app_payee(&payer, http, span_of_text(url), ret_answer, &shown);
    if (status_ok(s))
        s = payer_app_pay_payee(
                &payer, http, &stand.box_key, span_of_text(url), &shown, minor, ret_answer);
    return status_ok(s) ? 200 : ret_answer->status;
}

static void test_a_static_code_pays_whom_it_shows(void)
{
    PayeeShown shown = { 0 };
    PayerAnswer answer = { 0 };
    const int64_t before = balance("1900000001");
    EXPECT(makes(&shop, 40000, payee_url));
    EXPECT(strncmp(payee_url, "hufu://payee/", 13) == 0 && strlen(payee_url) == 13 + 32);
    EXPECT(strstr(payee_url, "1900000001") == NULL);
    EXPECT_OK(payer_app_payee(&payer, http, span_of_text(payee_url), &answer, &shown));
    EXPECT(strcmp(shown.mchid, "1900000001") == 0 && shown.payee[0] != 0);
    EXPECT(shown.limit_minor == 40000);
    const PayeeShown elsewhere = shown;
    EXPECT_OK(payer_app_pay_payee(
            &payer, http, &stand.box_key, span_of_text(payee_url), &shown, 30000, &answer));
    EXPECT(balance("1900000001") == before + 30000);
    /* The same number for another amount is another payment, and refused. */
    const Status again = payer_app_pay_payee(
            &payer, http, &stand.box_key, span_of_text(payee_url), &elsewhere, 1, &answer);
    EXPECT(!status_ok(again) && balance("1900000001") == before + 30000);
    Answered a = { 0 };
    EXPECT_OK(step_query(&shop, http, shown.out_trade_no, &a)); /* the merchant finds it */
    EXPECT(is(&a, 200, "") && strcmp(a.trade_state, "SUCCESS") == 0 && a.total == 30000);
}

/* By its picture, from the command line; who is paid is said before the PIN is taken. */
static void test_a_printed_code_is_scanned(void)
{
    char hufu[STAND_PATH_BYTES_MAX + 8];
    char picture[STAND_PATH_BYTES_MAX];
    char folder[STAND_PATH_BYTES_MAX];
    char said[1024];
    char scanned[128];
    const int64_t before = balance("1900000001");
    snprintf(hufu, sizeof(hufu), "%s/hufu", stand.programs);
    snprintf(picture, sizeof(picture), "%s", stand_path(&stand, "sticker.png"));
    snprintf(folder, sizeof(folder), "%s", stand.folder);
    char *const print[] = { hufu, (char[]) { "picture" }, payee_url, (char[]) { "--out" }, picture,
        NULL };
    char *const scan[] = { (char[]) { "zbarimg" }, (char[]) { "-q" }, (char[]) { "--raw" },
        (char[]) { "--nodbus" }, picture, NULL };
    EXPECT(run(print, "", said, sizeof(said)) == 0);
    EXPECT(run(scan, "", scanned, sizeof(scanned)) == 0);
    scanned[strcspn(scanned, "\n")] = 0;
    EXPECT(strcmp(scanned, payee_url) == 0);
    char *const pay[] = { hufu, (char[]) { "payer" }, (char[]) { "scan" }, scanned,
        (char[]) { "--id" }, (char[]) { "payer-wang" }, (char[]) { "--amount" }, (char[]) { "150" },
        (char[]) { "--directory" }, folder, NULL };
    EXPECT(run(pay, "271829\n", said, sizeof(said)) == 1);
    EXPECT(strstr(said, "(1900000001)") != NULL && balance("1900000001") == before);
    EXPECT(run(pay, "271828\n", said, sizeof(said)) == 0);
    EXPECT(strstr(said, "paid 1.50 CNY") != NULL && balance("1900000001") == before + 150);
}

/* A stolen sticker: the box was made for one merchant, the code is another's. */
static void test_a_box_for_one_merchant_pays_no_other(void)
{
    char url[128];
    PayeeShown shown = { 0 };
    PayerAnswer answer = { 0 };
    const int64_t before = balance(payer_name);
    EXPECT(makes(&other, 40000, url));
    EXPECT_OK(payer_app_payee(&payer, http, span_of_text(payee_url), &answer, &shown));
    const Status s = payer_app_pay_payee(
            &payer, http, &stand.box_key, span_of_text(url), &shown, 100, &answer);
    EXPECT(!status_ok(s) && balance(payer_name) == before);
}

static void test_static_codes_have_five_hundred_a_day(void)
{
    char url[128];
    PayerAnswer answer = { 0 };
    EXPECT(pays(payee_url, 40001, &answer) == 403 && strcmp(answer.code, "RULE_LIMIT") == 0);
    EXPECT(makes(&other, 50000, url));
    EXPECT(pays(url, 19851, &answer) == 403 && strcmp(answer.code, "RULE_LIMIT") == 0);
    EXPECT(pays(url, 19850, &answer) == 200);
    EXPECT(pays(payee_url, 1, &answer) == 403 && strcmp(answer.code, "RULE_LIMIT") == 0);
    Answered a = { 0 };
    /* A code of one order, confirmed by PIN and device: level A. */
    EXPECT_OK(step_native(&shop, http, "DYNAMIC-1", 200000, &a));
    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_text(a.code_url), &answer));
}

/* 银发 [2017] 296: the institution checks what its merchants let be printed. */
static bool is_listed(const char *mchid, const char *more)
{
    const int end = OPERATOR(&stand, "merchant", "codes", "--mchid", mchid, more);
    return operator_ended(end, 0) && operator_says(payee_url + 13) && operator_says("Stall 7");
}

static void test_a_revoked_code_pays_nobody(void)
{
    char target[160];
    Answered a = { 0 };
    PayerAnswer answer = { 0 };
    snprintf(target, sizeof(target), "/v3/pay/payee-codes/%s/revoke", payee_url + 13);
    EXPECT(is_listed("1900000001", NULL) && !is_listed("1900000002", NULL));
    EXPECT_OK(step_call(&other, http, "POST", target, "{\"mchid\":\"1900000002\"}", &a));
    EXPECT(is(&a, 404, "RESOURCE_NOT_EXISTS"));
    for (int again = 0; again < 2; again++) {
        EXPECT_OK(step_call(&shop, http, "POST", target, "{\"mchid\":\"1900000001\"}", &a));
        EXPECT(a.status == 204);
    }
    EXPECT(!is_listed("1900000001", NULL) && is_listed("1900000001", "--all"));
    EXPECT(pays(payee_url, 1, &answer) == 404);
    EXPECT_OK(step_call(&shop, http, "POST", "/v3/pay/payee-codes",
            "{\"appid\":\"wx1\",\"mchid\":\"1900000002\",\"description\":\"x\",\"limit_minor\":1}",
            &a));
    EXPECT(is(&a, 400, "PARAM_ERROR"));
}

/* --- what a merchant is told --- */

static bool tells_nothing(Span body)
{
    char account[32];
    char left[32];
    snprintf(account, sizeof(account), "%lld",
            (long long)stand_number(&stand, "SELECT id FROM account WHERE owner = 'payer-wang'"));
    snprintf(left, sizeof(left), "%lld", (long long)balance(payer_name));
    const char *const secrets[] = { payer_name, "271828", account, left, person.name,
        person.identity_number, person.phone };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        if (memmem(body.data, body.size, secrets[i], strlen(secrets[i])) == NULL) continue;
        fprintf(stderr, "  %s in %.*s\n", secrets[i], (int)body.size, (const char *)body.data);
        return false;
    }
    return body.size > 0;
}

static bool call_tells_nothing(const char *method, const char *target, const char *body, int status)
{
    MerchantAnswer answer = { 0 };
    const Status s = merchant_app_call(
            &shop, http, method, span_of_text(target), span_of_text(body), &answer);
    if (!status_ok(s) || answer.status != status)
        fprintf(stderr, "  %s: %s, HTTP %d\n", target, status_name(s), answer.status);
    return status_ok(s) && answer.status == status && tells_nothing(answer.body);
}

static void test_a_merchant_learns_nothing_of_the_payer(void)
{
    char code[PAYER_APP_CODE_BYTES_MAX];
    char body[512];
    static const char terms[] = "{\"appid\":\"wxhufu0000000001\",\"mchid\":\"1900000001\","
                                "\"description\":\"x\",\"out_trade_no\":\"%s\",\"amount\":{"
                                "\"total\":%d},\"payer\":{\"auth_code\":\"%s\"}}";
    EXPECT(fresh_code(code));
    snprintf(body, sizeof(body), terms, "TOLD-1", 100, code);
    EXPECT(call_tells_nothing("POST", "/v3/pay/transactions/codepay", body, 200));
    EXPECT(call_tells_nothing(
            "GET", "/v3/pay/transactions/out-trade-no/TOLD-1?mchid=1900000001", "", 200));
    snprintf(body, sizeof(body), terms, "TOLD-2", 100, code);
    EXPECT(call_tells_nothing("POST", "/v3/pay/transactions/codepay", body, 400));
    EXPECT(fresh_code(code));
    snprintf(body, sizeof(body), terms, "TOLD-3", 9999999, code); /* more than there is */
    EXPECT(call_tells_nothing("POST", "/v3/pay/transactions/codepay", body, 403));
}

/* What a payer writes into his box is his: none of it gets into the log, and hufud starts again. */
static void test_what_a_box_names_is_not_believed(void)
{
    static const char *const names[] = { "\xff", "4111111111111111", "1900000009" };
    char url[128];
    PayeeShown shown = { 0 };
    PayerAnswer answer = { 0 };
    EXPECT(makes(&shop, 40000, url));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EXPECT_OK(payer_app_payee(&payer, http, span_of_text(url), &answer, &shown));
        snprintf(shown.mchid, sizeof(shown.mchid), "%s", names[i]);
        EXPECT(!status_ok(payer_app_pay_payee(
                &payer, http, &stand.box_key, span_of_text(url), &shown, 100, &answer)));
        if (i > 0) EXPECT(stand_leaves_with(&stand, names[i]) == 0); /* bytes of hashes are any */
    }
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
}

static void test_the_books_are_right(void)
{
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
    http_client_close(&http);
    payer_phone_wipe(&phone);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_code_pays_once), TEST(test_fresh_codes_void_those_before),
        TEST(test_guessed_codes_find_nothing), TEST(test_two_shops_race_for_one_code),
        TEST(test_the_command_line_has_the_phone), TEST(test_a_scanner_reads_the_code_and_is_paid),
        TEST(test_a_static_code_pays_whom_it_shows), TEST(test_a_printed_code_is_scanned),
        TEST(test_a_box_for_one_merchant_pays_no_other),
        TEST(test_static_codes_have_five_hundred_a_day), TEST(test_a_revoked_code_pays_nobody),
        TEST(test_a_merchant_learns_nothing_of_the_payer),
        TEST(test_what_a_box_names_is_not_believed), TEST(test_the_books_are_right))

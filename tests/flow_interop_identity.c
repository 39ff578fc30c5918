/*
 * Goal: an order that names a person is paid by that person alone; what merchants' own clients
 * encrypt is opened in vaultd and nowhere else, and only what a merchant said comes back to it
 * (TP-8, TP-11, TP-17). Method: clients from the npm registry encrypt; payers register with who
 * they are; then hufud's memory and every file of the house are searched for digits and names.
 * Skipped where tests/interop/install was not run.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "merchant_steps.h"
#include "needles.h"
#include "payer_phone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, CLIENTS = 2 };

#define PASSWORD "violet Kettle, 9 hills"

static const PayerPerson zhang = { "\xe5\xbc\xa0\xe4\xb8\x89\xe4\xb8\xb0", "11010519491231002X",
    "13912345678" };
static const PayerPerson li = { "\xe6\x9d\x8e\xe5\x9b\x9b", "110105194912310038", "13812345678" };

static Stand stand;
static MerchantApp shops[CLIENTS];
static const char *const names[CLIENTS] = { "wechatpay-axios-plugin", "sm-crypto" };
static HttpClient *http;
static PayerApp payer; /* zhang */
static PayerApp other; /* li */
static PayerApp nobody; /* never said who he is */
static PayerPhone phones[2];

static void tell(const char *name, const char *value) { ASSERT(setenv(name, value, 1) == 0); }

static bool step(size_t client, const char *name, const char *number, const char *a, const char *b)
{
    char path[64];
    int state = 0;
    tell("HUFU_MCHID", shops[client].mchid);
    tell("HUFU_SERIAL", shops[client].serial);
    snprintf(path, sizeof(path), "demo/%s.key.pem", shops[client].mchid);
    tell("HUFU_KEY", stand_path(&stand, path));
    snprintf(path, sizeof(path), "demo/%s.apiv3", shops[client].mchid);
    tell("HUFU_APIV3", stand_path(&stand, path));
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execlp("node", "node", HUFU_INTEROP "/identity.mjs", names[client], name, number, a, b,
                (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static void registers(PayerApp *app, PayerPhone *phone, const PayerPerson *person)
{
    PayerAnswer said = { 0 };
    const PayerTalk talk = { app, http, &stand.box_key, &said };
    EXPECT_OK(payer_phone_make(KEY_P256, "phone", phone));
    app->phone = phone;
    EXPECT_OK(payer_phone_register(&talk, person, PASSWORD));
}

static void test_house_opens(void)
{
    char text[64];
    if (access(HUFU_INTEROP "/node_modules/.hufu-lock", R_OK) != 0) {
        printf("SKIPPED: tests/interop/install was not run\n");
        exit(SKIPPED);
    }
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shops[0]));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &shops[1]));
    EXPECT_OK(stand_payer(&stand, "zhang", "271828", 10000000, &payer));
    EXPECT_OK(stand_payer(&stand, "li", "284617", 10000000, &other));
    EXPECT_OK(stand_payer(&stand, "nobody", "662607", 10000000, &nobody));
    EXPECT_OK(stand_connect(&stand, &http));
    registers(&payer, &phones[0], &zhang);
    registers(&other, &phones[1], &li);
    snprintf(text, sizeof(text), "https://localhost:%u", stand.port);
    tell("HUFU_URL", text);
    tell("HUFU_FOLDER", stand.folder);
    tell("HUFU_NOTIFY", "https://localhost:1/none");
    tell("NODE_EXTRA_CA_CERTS", stand_path(&stand, "run/hufud/ca.pem"));
    snprintf(text, sizeof(text), "%s %s", zhang.identity_number, zhang.name);
    tell("HUFU_IDENTITY", text);
}

static void connect_anew(void)
{
    http_client_close(&http);
    EXPECT_OK(stand_connect(&stand, &http));
}

/* The answer's code to a payer who confirms what the last step left. */
static const char *pays(PayerApp *app)
{
    static PayerAnswer said;
    char url[128];
    Buffer text = { (uint8_t *)url, 0, sizeof(url) };
    connect_anew();
    said = (PayerAnswer) { 0 };
    ASSERT(status_ok(file_read(stand_path(&stand, "said"), &text)));
    const Status s = payer_app_pay(app, http, &stand.box_key, span_of_buffer(&text), &said);
    if (status_ok(s) && said.status == 200) return "OK";
    return said.code;
}

static const char *code_of(PayerApp *app)
{
    static char copy[32];
    PayerAnswer said = { 0 };
    const char *code = NULL;
    connect_anew();
    ASSERT(status_ok(payer_app_code(app, http, &stand.box_key, &said, &code)));
    snprintf(copy, sizeof(copy), "%s", code == NULL ? "" : code);
    return copy;
}

static void test_the_person_alone_pays(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        char number[16];
        snprintf(number, sizeof(number), "PERSON-%zu", i);
        const int64_t before = stand_number(&stand, "SELECT count(*) FROM posting");
        EXPECT(step(i, "order", number, NULL, NULL));
        EXPECT(strcmp(pays(&other), "NO_AUTH") == 0);
        EXPECT(strcmp(pays(&nobody), "NO_AUTH") == 0);
        EXPECT(stand_number(&stand, "SELECT count(*) FROM posting") == before);
        EXPECT(strcmp(pays(&payer), "OK") == 0);
        EXPECT(step(i, "paid", number, NULL, NULL));
    }
}

static void test_a_code_of_the_person_alone_is_charged(void)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        char number[16];
        snprintf(number, sizeof(number), "CODE-%zu", i);
        EXPECT(step(i, "charge", number, code_of(&payer), "SUCCESS"));
        EXPECT(step(i, "paid", number, NULL, NULL));
        snprintf(number, sizeof(number), "OTHER-%zu", i);
        EXPECT(step(i, "charge", number, code_of(&other), "REFUSED"));
        snprintf(number, sizeof(number), "NOBODY-%zu", i);
        EXPECT(step(i, "charge", number, code_of(&nobody), "REFUSED"));
    }
}

static void test_what_does_not_open_makes_no_order(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        EXPECT(step(i, "wrong", "WRONG-1", NULL, NULL));
}

/* Who deletes the row that names the person, or puts another's print there, opens nothing. */
static void test_a_row_that_is_gone_or_changed_stops_the_order(void)
{
    EXPECT(step(0, "order", "GONE-1", NULL, NULL));
    stand_tamper(&stand, "DELETE FROM order_identity WHERE out_trade_no = 'GONE-1'");
    EXPECT(strcmp(pays(&other), "OK") != 0);
    EXPECT(strcmp(pays(&payer), "OK") != 0);
    EXPECT(step(0, "order", "GONE-2", NULL, NULL));
    stand_tamper(&stand,
            "UPDATE payer_identity SET number_print = (SELECT number_print FROM payer_identity "
            "WHERE payer = 'zhang'), name_print = (SELECT name_print FROM payer_identity "
            "WHERE payer = 'zhang') WHERE payer = 'li'");
    EXPECT(strcmp(pays(&other), "OK") != 0);
    EXPECT(strcmp(pays(&payer), "OK") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") > 0);
}

/* TP-8: neither digits nor names are anywhere in hufud, nor in any file of the house. */
static void test_nothing_of_it_is_kept_in_clear(void)
{
    size_t read = 0;
    size_t files = 0;
    Needles *needles = needles_open();
    needles_add(needles, span_of_text(zhang.identity_number), "the number of who pays");
    needles_add(needles, span_of_text(li.identity_number), "the number of another");
    needles_add(needles, span_of_text(zhang.name), "the name of who pays");
    EXPECT(needles_search_process(needles, stand.pids[STAND_HUFUD], &read) == 0);
    EXPECT(read > 0);
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) == 0);
    EXPECT(files > 10);
    needles_close(needles);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    payer_phone_wipe(&phones[0]);
    payer_phone_wipe(&phones[1]);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_the_person_alone_pays),
        TEST(test_a_code_of_the_person_alone_is_charged),
        TEST(test_what_does_not_open_makes_no_order),
        TEST(test_a_row_that_is_gone_or_changed_stops_the_order),
        TEST(test_nothing_of_it_is_kept_in_clear), TEST(test_house_closes))

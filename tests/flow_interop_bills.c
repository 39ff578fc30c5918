/*
 * Goal: on the day after, the clients that merchants use already fetch a day's bills, find the
 * signed hash right and read the lines with their own code (LL-4.3.9). Method: clients from the
 * npm registry against a real house, with clocks that the test sets (moved_clock.h), the clients'
 * too. Skipped where tests/interop/install was not run.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "base/time.h"
#include "merchant_steps.h"
#include "moved_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, DAY_S = 86400, NEXT_S = 2 * DAY_S, ORDERS = 7, TOTAL = 1250, REFUND = 333 };

static Stand stand;
static MerchantApp shop;
static PayerApp payer;
static HttpClient *http;
static char date[16];

static void test_house_opens(void)
{
    if (access(HUFU_INTEROP "/node_modules/.hufu-lock", R_OK) != 0) {
        printf("SKIPPED: tests/interop/install was not run\n");
        exit(SKIPPED);
    }
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&(StandOptions) { .tls_life_s = 30 * DAY_S }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

static void test_a_day_of_payments(void)
{
    const Clock clock = clock_system();
    char day[9];
    moved_clock_set_wall(DAY_S); /* nothing of today's preparations stands in it */
    time_business_day_text(time_business_day(clock_now_us(&clock)), day);
    snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", day, day + 4, day + 6);
    for (int i = 0; i < ORDERS; i++) {
        PayerAnswer answer = { 0 };
        Answered a = { 0 };
        const char *code = NULL;
        char number[16];
        snprintf(number, sizeof(number), "BILLED-%d", i);
        EXPECT_OK(payer_app_code(&payer, http, &stand.box_key, &answer, &code));
        EXPECT_OK(step_codepay(&shop, http, number, TOTAL, code, &a));
        EXPECT(strcmp(a.trade_state, "SUCCESS") == 0);
    }
    Answered a = { 0 };
    EXPECT_OK(step_refund(&shop, http, "BILLED-0", "BACK-0", REFUND, TOTAL, &a));
    EXPECT(a.status == 200);
}

static void tell(const char *name, const char *value) { ASSERT(setenv(name, value, 1) == 0); }

static bool read_by(const char *client)
{
    char number[3][16];
    int state = 0;
    snprintf(number[0], sizeof(number[0]), "%d", ORDERS + 1);
    snprintf(number[1], sizeof(number[1]), "%d", ORDERS * TOTAL);
    snprintf(number[2], sizeof(number[2]), "%d", REFUND);
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execlp("node", "node", HUFU_INTEROP "/bills.mjs", client, date, number[0], number[1],
                number[2], (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static void test_the_next_day_each_client_reads_the_bills(void)
{
    char text[64];
    moved_clock_set_wall(NEXT_S + 2 * 3600); /* over by an hour, at whatever time this runs */
    snprintf(text, sizeof(text), "https://localhost:%u", stand.port);
    tell("HUFU_URL", text);
    tell("HUFU_FOLDER", stand.folder);
    tell("HUFU_NOTIFY", "https://localhost:1/none");
    tell("NODE_EXTRA_CA_CERTS", stand_path(&stand, "run/hufud/ca.pem"));
    tell("HUFU_MCHID", shop.mchid);
    tell("HUFU_SERIAL", shop.serial);
    tell("HUFU_KEY", stand_path(&stand, "demo/1900000001.key.pem"));
    tell("HUFU_APIV3", stand_path(&stand, "demo/1900000001.apiv3"));
    EXPECT(read_by("wechatpay-axios-plugin"));
    EXPECT(read_by("wechatpay-node-v3"));
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_day_of_payments),
        TEST(test_the_next_day_each_client_reads_the_bills), TEST(test_house_closes))

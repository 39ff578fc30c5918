/*
 * Goal: a merchant's engineer copies what docs/client-kit.md shows, and it works: curl, openssl and
 * the C library, which verifies and opens notifications, too, and believes nobody else. Method: the
 * real programs; the page is run as it stands (tests/kit_check.py); the library is called as the
 * header says.
 */
#include "base/expect.h"
#include "merchant_steps.h"
#include "receiver.h"

#include <errno.h>
#include <hufu/merchant.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static Stand stand;
static Receiver *receiver;
static MerchantApp shops[2];
static PayerApp payer;
static HttpClient *http;
static char settings[512];

static void test_house_opens(void)
{
    EXPECT_OK(receiver_open(&receiver));
    snprintf(settings, sizeof(settings), "notifiers: 4\nnotify_ca: %s", receiver_ca(receiver));
    EXPECT_OK(stand_open(&(StandOptions) { .notify = settings }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shops[0]));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &shops[1]));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

static void test_the_page_runs_as_it_stands(void)
{
    char port[64];
    char ca[STAND_PATH_BYTES_MAX + 16];
    char demo[STAND_PATH_BYTES_MAX + 16];
    char program[2 * STAND_PATH_BYTES_MAX];
    char run[STAND_PATH_BYTES_MAX + 16];
    int state = 0;
    snprintf(port, sizeof(port), "8443=%u", stand.port);
    snprintf(ca, sizeof(ca), "var/ca.pem=%s", stand_path(&stand, "run/hufud/ca.pem"));
    snprintf(demo, sizeof(demo), "var/demo=%s", stand_path(&stand, "demo"));
    snprintf(
            program, sizeof(program), "-o order=-o %s%s", stand_path(&stand, "order"), HUFU_CFLAGS);
    snprintf(run, sizeof(run), "./order =%s ", stand_path(&stand, "order"));
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execl("/usr/bin/python3", "/usr/bin/python3", HUFU_SOURCE "/tests/kit_check.py",
                HUFU_SOURCE "/docs/client-kit.md", HUFU_SOURCE, port, ca, demo, program, run,
                "build/src/sdk=" HUFU_LIBRARY, "$PWD/" HUFU_LIBRARY "=" HUFU_LIBRARY, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    EXPECT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static HufuMerchant *open_merchant(const MerchantApp *app, HufuError *error)
{
    char ca[STAND_PATH_BYTES_MAX];
    char key[STAND_PATH_BYTES_MAX];
    char apiv3[STAND_PATH_BYTES_MAX];
    char name[64];
    HufuMerchant *merchant = NULL;
    snprintf(ca, sizeof(ca), "%s", stand_path(&stand, "run/hufud/ca.pem"));
    snprintf(name, sizeof(name), "demo/%s.key.pem", app->mchid);
    snprintf(key, sizeof(key), "%s", stand_path(&stand, name));
    snprintf(name, sizeof(name), "demo/%s.apiv3", app->mchid);
    snprintf(apiv3, sizeof(apiv3), "%s", stand_path(&stand, name));
    const HufuMerchantSettings wanted = { .host = "localhost",
        .port = stand.port,
        .authority_file = ca,
        .mchid = app->mchid,
        .serial_no = app->serial,
        .key_file = key,
        .apiv3_file = apiv3 };
    return hufu_merchant_open(&wanted, &merchant, error) == 0 ? merchant : NULL;
}

/* Ordered by the library, paid, told to the merchant's server. */
static bool receive(HufuMerchant *merchant, const MerchantApp *app, Received *ret)
{
    char body[1024];
    char path[64];
    HufuAnswer answer;
    HufuError error;
    PayerAnswer paid = { 0 };
    Answered read = { 0 };
    snprintf(path, sizeof(path), "/ok/%s", app->mchid);
    snprintf(body, sizeof(body),
            "{\"appid\":\"wx1\",\"mchid\":\"%s\",\"description\":\"A book\",\"out_trade_no\":"
            "\"TOLD-001\",\"notify_url\":\"https://localhost:%u%s\",\"amount\":{\"total\":1250}}",
            app->mchid, receiver_port(receiver), path);
    if (hufu_merchant_call(merchant, "POST", "/v3/pay/transactions/native", body, &answer, &error)
            != 0)
        return false;
    step_read(answer.http_status, (Span) { (const uint8_t *)answer.body, answer.body_size }, &read);
    return status_ok(
                   payer_app_pay(&payer, http, &stand.box_key, span_of_text(read.code_url), &paid))
            && receiver_await(receiver, path, 1) && receiver_get(receiver, path, 0, ret);
}

static void test_the_library_opens_notifications(void)
{
    static Received r;
    char resource[8192];
    HufuError error;
    for (size_t i = 0; i < sizeof(shops) / sizeof(shops[0]); i++) {
        HufuMerchant *merchant = open_merchant(&shops[i], &error);
        EXPECT(merchant != NULL && receive(merchant, &shops[i], &r));
        HufuNotification told = { r.timestamp, r.nonce, r.serial, r.signature, r.body,
            r.body_size };
        EXPECT(hufu_merchant_notification(merchant, &told, resource, sizeof(resource), &error)
                == 0);
        EXPECT(strstr(resource, "\"out_trade_no\":\"TOLD-001\"") != NULL);
        EXPECT(strstr(resource, "\"trade_state\":\"SUCCESS\"") != NULL);
        told.timestamp = "1";
        EXPECT(hufu_merchant_notification(merchant, &told, resource, sizeof(resource), &error)
                != 0);
        EXPECT(strcmp(error.code, "TIMESTAMP_SKEWED") == 0 && resource[0] == 0);
        told.timestamp = r.timestamp;
        r.body[10] ^= 1;
        EXPECT(hufu_merchant_notification(merchant, &told, resource, sizeof(resource), &error)
                != 0);
        EXPECT(strcmp(error.code, "SIGNATURE_INVALID") == 0 && resource[0] == 0);
        r.body[10] ^= 1;
        EXPECT(hufu_merchant_notification(merchant, &told, resource, 8, &error) != 0);
        hufu_merchant_close(merchant);
    }
}

static void test_what_is_refused_is_said(void)
{
    HufuError error;
    HufuAnswer answer;
    MerchantApp stranger = shops[0];
    snprintf(stranger.serial, sizeof(stranger.serial), "%s", "NOSUCH");
    EXPECT(open_merchant(&stranger, &error) == NULL && error.code[0] != 0);
    HufuMerchant *merchant = open_merchant(&shops[0], &error);
    ASSERT(merchant != NULL);
    EXPECT(hufu_merchant_call(merchant, "GET",
                   "/v3/pay/transactions/out-trade-no/NOSUCH-1?mchid=1900000001", NULL, &answer,
                   &error)
            == -1);
    EXPECT(error.http_status == 404 && strcmp(error.code, "ORDER_NOT_EXIST") == 0);
    EXPECT(hufu_merchant_call(merchant, "GET", "/v3/nothing", NULL, &answer, NULL) == -1);
    EXPECT(hufu_merchant_call(
                   merchant, "GET", "/v3/billdownload/file?token=00", NULL, &answer, &error)
            == -1);
    EXPECT(error.http_status == 400 || error.http_status == 403);
    hufu_merchant_close(merchant);
    hufu_merchant_close(NULL);
}

/* An order that waits for the payer's PIN is not closed, and the library does not say it is. */
static void test_what_is_not_done_is_no_success(void)
{
    char body[1024];
    HufuError error;
    HufuAnswer answer;
    PayerAnswer ignored = { 0 };
    const char *code = "";
    HufuMerchant *merchant = open_merchant(&shops[0], &error);
    ASSERT(merchant != NULL);
    EXPECT_OK(payer_app_code(&payer, http, &stand.box_key, &ignored, &code));
    snprintf(body, sizeof(body),
            "{\"appid\":\"wx1\",\"mchid\":\"1900000001\",\"description\":\"A watch\","
            "\"out_trade_no\":\"WAITS-01\",\"amount\":{\"total\":300000,\"currency\":\"CNY\"},"
            "\"payer\":{\"auth_code\":\"%s\"},\"scene_info\":{\"store_info\":{\"id\":\"S1\"}}}",
            code);
    EXPECT(hufu_merchant_call(
                   merchant, "POST", "/v3/pay/transactions/codepay", body, &answer, &error)
            == 0);
    EXPECT(hufu_merchant_call(merchant, "POST", "/v3/pay/transactions/out-trade-no/WAITS-01/close",
                   "{\"mchid\":\"1900000001\"}", &answer, &error)
            == -1);
    EXPECT(error.http_status == 202 && strcmp(error.code, "USERPAYING") == 0);
    hufu_merchant_close(merchant);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
    receiver_close(receiver);
}

TESTS(TEST(test_house_opens), TEST(test_the_page_runs_as_it_stands),
        TEST(test_the_library_opens_notifications), TEST(test_what_is_refused_is_said),
        TEST(test_what_is_not_done_is_no_success), TEST(test_house_closes))

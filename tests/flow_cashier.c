/*
 * Goal: a payer pays an order at the cashier page of a real house; each digit of the PIN is sealed
 * when it is entered, by the keyboard or by places on a shuffled pad, and is nowhere in clear:
 * not in documents, heaps or workers of the browser, not in what it sent, not in the house's files;
 * no page around a field learns it (TP-4, TP-17, TP-18, TP-19). Method: the pages as they are
 * built, driven in Debian's Chromium by web/flow/cashier.ts. Skipped where web/build was not run
 * or there is no Chromium.
 */
#include "base/expect.h"
#include "chromium.h"
#include "merchant_steps.h"
#include "operator.h"
#include "terms_file.h"

#include <stdlib.h>

#define PIN "739158"

static const char dist[] = HUFU_WEB "/fields/dist";

static Stand stand;
static MerchantApp merchant;
static PayerApp payer;
static HttpClient *http;

/* An h5 order's prepay_id, from behind the '#' of where it sends the payer. */
static Status h5_order_for(const char *number, int64_t minor, const char *variable)
{
    Answered said = { 0 };
    TRY(step_h5(&merchant, http, number, minor, &said));
    char prefix[64];
    snprintf(prefix, sizeof(prefix), "https://127.0.0.1:%u/cashier/#", stand.port);
    REQUIRE(said.status == 200 && strncmp(said.h5_url, prefix, strlen(prefix)) == 0,
            REFUSED_ORDER_NOT_EXIST);
    ASSERT(setenv(variable, said.h5_url + strlen(prefix), 1) == 0);
    return OK;
}

/* The order's prepay_id, for the driver. */
static Status order_for(const char *number, int64_t minor, const char *variable)
{
    Answered said = { 0 };
    TRY(step_native(&merchant, http, number, minor, &said));
    REQUIRE(said.status == 200, REFUSED_ORDER_NOT_EXIST);
    const char *id = strrchr(said.code_url, '/');
    ASSERT(id != NULL && setenv(variable, id + 1, 1) == 0);
    return OK;
}

/* A merchant with a licence on file and an origin whose pages may frame fields. */
static bool origin_is_given(void)
{
    terms_file_write(&stand, NULL, 0);
    return OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")) == 0
            && OPERATOR(&stand, "merchant", "origin", "add", "--mchid", "1900000001", "--origin",
                       "https://shop.example")
            == 0;
}

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    chromium_skip_unless(HUFU_WEB "/fields/dist/index.html", "web/build makes it");
    chromium_skip_unless(CHROMIUM_DRIVER("cashier"), "web/build makes it");
    chromium_skip_unless(CHROMIUM, "Debian's package chromium");
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", PIN, 100000000, &payer));
    EXPECT_OK(chromium_serve(&stand, dist, "cashier", "field_files"));
    EXPECT(origin_is_given());
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(order_for("cashier-1", 31400, "HUFU_ORDER_TYPED"));
    EXPECT_OK(h5_order_for("cashier-2", 2650, "HUFU_ORDER_PRESSED"));
    EXPECT_OK(order_for("cashier-3", 100, "HUFU_ORDER_ATTACKED"));
}

static void test_payer_at_the_page(void)
{
    chromium_environment(&stand, stand.port);
    ASSERT(setenv("HUFU_PIN", PIN, 1) == 0);
    ASSERT(setenv("HUFU_SOURCE", HUFU_WEB "/..", 1) == 0);
    EXPECT(RUN("node", CHROMIUM_DRIVER("cashier")) == 0);
}

static void test_what_was_confirmed_is_paid(void)
{
    Answered said = { 0 };
    EXPECT_OK(step_query(&merchant, http, "cashier-1", &said));
    EXPECT(strcmp(said.trade_state, "SUCCESS") == 0 && said.total == 31400);
    EXPECT_OK(step_query(&merchant, http, "cashier-2", &said));
    EXPECT(strcmp(said.trade_state, "SUCCESS") == 0 && said.total == 2650);
    EXPECT_OK(step_query(&merchant, http, "cashier-3", &said));
    EXPECT(strcmp(said.trade_state, "NOTPAY") == 0);
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_payer_at_the_page), TEST(test_what_was_confirmed_is_paid),
        TEST(test_house_closes))

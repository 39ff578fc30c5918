/*
 * Goal: at the cashier page of a real house a payer binds his bank card, typing name, identity
 * number, card, phone and code into protected fields, and pays his order; none of it is in clear
 * anywhere in the browser, in what it sent, or in the files of house and bank (TP-4, TP-8, TP-19).
 * Method: the pages as they are built, in Debian's Chromium, by web/flow/cards.ts; the sandbox
 * bank. Skipped where web/build was not run or there is no Chromium.
 */
#include "bank_accounts.h"
#include "base/expect.h"
#include "chromium.h"
#include "merchant_steps.h"
#include "needles.h"
#include "operator.h"

#include <stdlib.h>

#define PIN "739158"

static const char dist[] = HUFU_WEB "/fields/dist";
static const char name[] = "\xe5\xbc\xa0\xe4\xb8\x89\xe4\xb8\xb0";
static const char identity[] = "11010519491231002X";
static const char pan[] = "6217003810098765434";
static const PayerPerson zhang = { name, identity, "13912345678" };

static Stand stand;
static SandboxBank bank;
static MerchantApp merchant;
static PayerApp payer;
static HttpClient *http;

static Status h5_order_for(const char *number, int64_t minor, const char *variable)
{
    Answered said = { 0 };
    TRY(step_h5(&merchant, http, number, minor, &said));
    REQUIRE(said.status == 200, REFUSED_ORDER_NOT_EXIST);
    const char *id = strchr(said.h5_url, '#');
    ASSERT(id != NULL && setenv(variable, id + 1, 1) == 0);
    return OK;
}

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    chromium_skip_unless(HUFU_WEB "/fields/dist/index.html", "web/build makes it");
    chromium_skip_unless(CHROMIUM_DRIVER("cards"), "web/build makes it");
    chromium_skip_unless(CHROMIUM, "Debian's package chromium");
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", PIN, 100000000, &payer));
    EXPECT_OK(chromium_serve(&stand, dist, "cashier", "field_files"));
    EXPECT_OK(sandbox_bank_open(&stand, "deadline_ms: 2000, close_s: 10", &bank));
    EXPECT(bank_is_receiver(&stand));
    EXPECT(payer_is_identified(&stand, "payer-1", &zhang));
    bank_account_add(&stand, &zhang, pan);
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(h5_order_for("cards-1", 31400, "HUFU_ORDER_CARD"));
}

/* TP-8: who a payer is, people say once. */
static void test_who_he_is_is_said_once(void)
{
    EXPECT(!payer_is_identified(&stand, "payer-1", &zhang));
    EXPECT(operator_says("PAYER_EXISTS"));
}

static void test_payer_at_the_page(void)
{
    chromium_environment(&stand, stand.port);
    ASSERT(setenv("HUFU_PIN", PIN, 1) == 0 && setenv("HUFU_NAME", name, 1) == 0);
    ASSERT(setenv("HUFU_IDENTITY", identity, 1) == 0 && setenv("HUFU_CARD", pan, 1) == 0);
    ASSERT(setenv("HUFU_PHONE", zhang.phone, 1) == 0);
    EXPECT(RUN("node", CHROMIUM_DRIVER("cards")) == 0);
}

static void test_the_card_is_bound_and_the_order_paid(void)
{
    Answered said = { 0 };
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payer_card WHERE state = 5") == 1);
    EXPECT(OPERATOR(&stand, "payer", "cards", "payer-1") == 0);
    EXPECT(operator_says("5434") && operator_says("LIVE"));
    EXPECT_OK(step_query(&merchant, http, "cards-1", &said));
    EXPECT(strcmp(said.trade_state, "SUCCESS") == 0 && said.total == 31400);
    EXPECT(sandbox_bank_number(&bank,
                   "SELECT count(*) FROM sandbank_order WHERE kind = 3"
                   " AND amount = 31400 AND state = 2")
            == 1);
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'")
            == 100000000);
    EXPECT(stand_audit(&stand) == 0);
}

static void test_nothing_of_it_rests(void)
{
    size_t files = 0;
    size_t bytes = 0;
    Needles *needles = needles_open();
    needles_add(needles, span_of_text(name), "name");
    needles_add(needles, span_of_text(identity), "identity number");
    needles_add(needles, span_of_text(pan), "card number");
    needles_add(needles, span_of_text(zhang.phone), "phone");
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) == 0 && files > 20);
    EXPECT(needles_search_process(needles, stand.pids[STAND_HUFUD], &bytes) == 0);
    EXPECT(bytes > 1000000);
    needles_close(needles);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    sandbox_bank_close(&bank);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_who_he_is_is_said_once), TEST(test_payer_at_the_page),
        TEST(test_the_card_is_bound_and_the_order_paid), TEST(test_nothing_of_it_rests),
        TEST(test_house_closes))

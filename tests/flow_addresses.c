/*
 * Goal: a merchant's key works from the addresses that he named and from nowhere else, for every
 * call of his; and what decides that is a row that nobody changes unseen (LL-4.1, TP-12). Method:
 * the real programs and the command line; clients at two addresses of this machine, before and
 * after each step.
 */
#include "base/expect.h"
#include "merchant_steps.h"
#include "operator.h"
#include "request_client.h"

#include <stdlib.h>

#define SHOP "1900000001"

static const char target_of_query[] = "/v3/pay/transactions/out-trade-no/no-such-order?mchid=" SHOP;

static Stand stand;
static MerchantApp shop, other;
static HttpClient *here, *there;

static HttpClient *client_at(const char *address)
{
    HttpClient *http = NULL;
    ASSERT(status_ok(stand_connect_from(&stand, address, &http)));
    return http;
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, SHOP, KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    here = client_at("127.0.0.2");
    there = client_at("127.0.0.3");
}

static bool is_refused(const MerchantApp *app, HttpClient *http, const char *method,
        const char *target, const char *body)
{
    Answered a = { 0 };
    const Status s = step_call(app, http, method, target, body, &a);
    const bool refused = status_ok(s) && a.status == 403 && strcmp(a.code, "NO_AUTH") == 0;
    if (!refused) fprintf(stderr, "%s %s: %d %s\n", method, target, a.status, a.code);
    return refused;
}

static bool is_served(const MerchantApp *app, HttpClient *http)
{
    Answered a = { 0 };
    return status_ok(step_query(app, http, "no-such-order", &a)) && a.status == 404;
}

static int change(const char *act, const char *address)
{
    return OPERATOR(&stand, "merchant", "address", act, "--mchid", SHOP, "--address", address);
}

static void test_without_a_list_from_anywhere(void)
{
    EXPECT(is_served(&shop, here) && is_served(&shop, there) && is_served(&other, there));
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "address", "list", "--mchid", SHOP), 0));
    EXPECT(operator_says("addresses") && !operator_says("127.0.0"));
}

static void test_it_takes_two_people(void)
{
    EXPECT(operator_ended(change("add", "127.0.0.2/8"), 1));
    EXPECT(operator_says("ADDRESS_FORMAT"));
    unsetenv(APPROVE_VARIABLE);
    change("add", "127.0.0.2");
    EXPECT(is_served(&shop, there));
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(change("add", "127.0.0.2"), 0));
    EXPECT(operator_ended(change("add", "127.0.0.2"), 1));
    EXPECT(operator_says("ADDRESS_KNOWN"));
    EXPECT(operator_ended(OPERATOR(&stand, "merchant", "address", "list", "--mchid", SHOP), 0));
    EXPECT(operator_says("127.0.0.2"));
    EXPECT(stand_logged(&stand, "address-added"));
}

static void test_every_call_of_his_is_judged(void)
{
    static const char *const gets[] = { "/v3/certificates", "/v3/merchant-service/apiv3-key",
        "/v3/merchant-service/keys", "/v3/papay/contracts/out-contract-code/none", target_of_query,
        "/v3/refund/domestic/refunds/no-such-refund", "/v3/merchant/fund/balance/BASIC",
        "/v3/bill/tradebill?bill_date=2026-01-01" };
    static const char order[] = "{\"appid\":\"wx\",\"mchid\":\"" SHOP
                                "\",\"description\":\"tea\",\"out_trade_no\":\"from-there\","
                                "\"notify_url\":\"https://shop.example/n\","
                                "\"amount\":{\"total\":100}}";
    for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
        EXPECT(is_refused(&shop, there, "GET", gets[i], ""));
    EXPECT(is_refused(&shop, there, "POST", "/v3/pay/transactions/native", order));
    EXPECT(is_refused(&shop, there, "POST", "/v3/merchant-service/apiv3-key/activate", "{}"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment") == 0);
    Answered a = { 0 };
    EXPECT_OK(step_native(&shop, here, "from-here", 100, &a));
    EXPECT(a.status == 200);
    EXPECT(is_served(&other, there)); /* somebody else's list */
}

static void test_the_last_one_opens_again_by_two(void)
{
    EXPECT(operator_ended(change("add", "127.0.0.3"), 0));
    EXPECT(is_served(&shop, there) && is_served(&shop, here));
    EXPECT(operator_ended(change("remove", "127.0.0.2"), 0));
    EXPECT(is_served(&shop, there));
    EXPECT(is_refused(&shop, here, "GET", "/v3/certificates", ""));
    unsetenv(APPROVE_VARIABLE);
    change("remove", "127.0.0.3");
    EXPECT(is_refused(&shop, here, "GET", "/v3/certificates", ""));
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(operator_ended(change("remove", "127.0.0.3"), 0));
    EXPECT(is_served(&shop, here) && is_served(&shop, there));
    EXPECT(operator_ended(change("add", "127.0.0.2"), 0));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_changed_row_is_not_believed(void)
{
    Answered a = { 0 };
    stand_tamper(&stand, "UPDATE merchant_address SET addresses = ' 127.0.0.3'");
    EXPECT_OK(step_query(&shop, there, "no-such-order", &a));
    EXPECT(a.status != 404 && a.status >= 400);
    EXPECT(is_served(&other, there));
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void)
{
    http_client_close(&here);
    http_client_close(&there);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_without_a_list_from_anywhere),
        TEST(test_it_takes_two_people), TEST(test_every_call_of_his_is_judged),
        TEST(test_the_last_one_opens_again_by_two), TEST(test_a_changed_row_is_not_believed),
        TEST(test_house_closes))

/*
 * Goal: a merchant sees of a payment exactly what the v3 profile shows, and of the payer nothing
 * but a name of his own (TP-17, TP-18). Method: the exact bytes for each state; pseudonyms from
 * Python's hmac.
 */
#include "api/transaction.h"

#include "base/expect.h"
#include "base/time.h"

#include <stdio.h>

static House *house_with_key(void)
{
    static House house;
    for (size_t i = 0; i < sizeof(house.pseudonym_key); i++)
        house.pseudonym_key[i] = (uint8_t)i;
    return &house;
}

static Payment payment_in(TradeState state)
{
    return (Payment) { .mchid = "1900000001",
        .out_trade_no = "NO-000001",
        .transaction_id = "4200000000202606081234567890",
        .prepay_id = "hf0123456789abcdefghijklmnopqrstuvwx",
        .trade_type = TRADE_NATIVE,
        .state = state,
        .appid = "wx8888888888888888",
        .description = "not shown",
        .attach = "a \"quoted\"\n附",
        .notify_url = "https://not.shown/",
        .money = { 1234, CURRENCY_CNY },
        .payer = "p1",
        .payer_account = 77,
        .payee_account = 88,
        .success_time_us = 1767225600 * TIME_SECOND_US };
}

static bool writes(const Payment *payment, const char *wanted)
{
    uint8_t bytes[4096];
    Buffer body = BUFFER_OF(bytes);
    if (!status_ok(transaction_write(house_with_key(), payment, NULL, &body))) return false;
    if (span_equal(span_of_buffer(&body), span_of_text(wanted))) return true;
    fprintf(stderr, "  wrote  %.*s\n", (int)body.size, (const char *)bytes);
    return false;
}

#define HEAD                                                                       \
    "{\"appid\":\"wx8888888888888888\",\"mchid\":\"1900000001\",\"out_trade_no\":" \
    "\"NO-000001\",\"trade_type\":\"NATIVE\",\"trade_state\":"
#define ATTACH "\"attach\":\"a \\\"quoted\\\"\\n附\","

#define PAID_TAIL                                                                          \
    ATTACH "\"transaction_id\":\"4200000000202606081234567890\",\"bank_type\":\"OTHERS\"," \
           "\"success_time\":\"2026-01-01T08:00:00+08:00\","                               \
           "\"payer\":{\"openid\":\"oH70c1330ea9d658092a91f47fb5\"},"                      \
           "\"amount\":{\"total\":1234,\"payer_total\":1234,\"payer_currency\":\"CNY\","   \
           "\"currency\":\"CNY\"}}"

static void test_paid_ones(void)
{
    Payment paid = payment_in(TRADE_SUCCESS);
    EXPECT(writes(&paid, HEAD "\"SUCCESS\",\"trade_state_desc\":\"支付成功\"," PAID_TAIL));
    paid.state = TRADE_REFUND; /* what was given back stays paid */
    EXPECT(writes(&paid, HEAD "\"REFUND\",\"trade_state_desc\":\"转入退款\"," PAID_TAIL));
    paid.state = TRADE_REVOKED;
    EXPECT(writes(&paid, HEAD "\"REVOKED\",\"trade_state_desc\":\"订单已撤销\"," PAID_TAIL));
    paid.success_time_us = 0; /* ... unless it never was */
    EXPECT(writes(&paid,
            HEAD "\"REVOKED\",\"trade_state_desc\":\"订单已撤销\"," ATTACH
                 "\"amount\":{\"total\":1234,\"currency\":\"CNY\"}}"));
}
/* Before it is paid: no transaction id, no time, no payer, whatever the row holds. */
static void test_the_others(void)
{
    static const struct {
        TradeState state;
        const char *name;
    } states[] = { { TRADE_NOTPAY, "\"NOTPAY\",\"trade_state_desc\":\"订单未支付\"," },
        { TRADE_CLOSED, "\"CLOSED\",\"trade_state_desc\":\"订单已关闭\"," },
        { TRADE_USERPAYING, "\"USERPAYING\",\"trade_state_desc\":\"用户支付中，需要输入密码\"," },
        { TRADE_PAYERROR, "\"PAYERROR\",\"trade_state_desc\":\"支付失败，请下单重新支付\"," } };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        char wanted[1024];
        const Payment payment = payment_in(states[i].state);
        snprintf(wanted, sizeof(wanted),
                HEAD "%s" ATTACH "\"amount\":{\"total\":1234,\"currency\":\"CNY\"}}",
                states[i].name);
        EXPECT(writes(&payment, wanted));
    }
}

static void test_an_empty_attach_is_left_out(void)
{
    Payment payment = payment_in(TRADE_NOTPAY);
    payment.attach[0] = 0;
    payment.money = (Money) { INT64_MAX, CURRENCY_USD };
    EXPECT(writes(&payment,
            HEAD "\"NOTPAY\",\"trade_state_desc\":\"订单未支付\","
                 "\"amount\":{\"total\":9223372036854775807,\"currency\":\"USD\"}}"));
}

/* "oH" + hmac.new(bytes(range(32)), b"<mchid>\n<payer>", "sha256").hexdigest()[:26] */
static void test_a_payer_has_another_name_at_each_merchant(void)
{
    static const struct {
        const char *mchid;
        const char *payer;
        const char *openid;
    } names[] = { { "1900000001", "p1", "oH70c1330ea9d658092a91f47fb5" },
        { "1900000002", "p1", "oHbe1d344ca2e8ad0ad8707ab338" },
        { "1900000001", "p2", "oH67dad0f7800eeb8e19fcfc10b6" } };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char openid[PAYMENT_OPENID_BYTES + 1];
        transaction_openid(house_with_key(), names[i].mchid, names[i].payer, openid);
        EXPECT(strcmp(openid, names[i].openid) == 0);
    }
}

static void test_no_room(void)
{
    uint8_t bytes[64];
    Buffer body = BUFFER_OF(bytes);
    const Payment paid = payment_in(TRADE_SUCCESS);
    EXPECT_REFUSED(transaction_write(house_with_key(), &paid, NULL, &body), REFUSED_BUFFER_FULL);
    EXPECT(body.size == 0);
}

TESTS(TEST(test_paid_ones), TEST(test_the_others), TEST(test_an_empty_attach_is_left_out),
        TEST(test_a_payer_has_another_name_at_each_merchant), TEST(test_no_room))

/*
 * Goal: a refund's JSON is taken only with every field inside its limits, and a refusal names the
 * field; prohibited data and card numbers do not come in by free text (TP-5, TP-8); what goes out
 * is what the v3 profile says, to the byte. Method: a good refund of which one field at a time is
 * replaced, left out, or put to its limit and one beyond. Card numbers are the schemes' published
 * test numbers.
 */
#include "api/refund_json.h"

#include "base/expect.h"
#include "base/time.h"

#include <stdio.h>

enum { TEXT_MAX = 8192, FIELDS_MAX = 10 };

typedef struct Member {
    const char *name;
    const char *json; /* NULL: left out */
} Member;

static const Member good[] = {
    { "out_trade_no", "\"1217752501201407033233368018\"" },
    { "transaction_id", "\"4200000000202606081234567890\"" },
    { "out_refund_no", "\"R_1-2|3*4@5\"" },
    { "reason", "\"the cup was broken 退货\"" },
    { "notify_url", "\"https://merchant.example/refunds\"" },
    { "funds_account", "\"AVAILABLE\"" },
    { "goods_detail", "[{\"merchant_goods_id\":\"7\",\"unit_price\":1}]" },
    { "amount", "{\"refund\":30,\"total\":100,\"currency\":\"CNY\"}" },
};
enum { GOOD = sizeof(good) / sizeof(good[0]) };

static RefundRequest request;
static JsonProblem problem;

static Status read_members(const Member *members, size_t count)
{
    static char text[TEXT_MAX];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (members[i].json == NULL) continue;
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\"%s\":%s",
                size == 0 ? "{" : ",", members[i].name, members[i].json);
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "}");
    ASSERT(size < sizeof(text));
    request = (RefundRequest) { .serial = "kept" };
    problem = (JsonProblem) { 0 };
    return refund_read(
            (Span) { (const uint8_t *)text, size }, SPAN("1900000001"), &request, &problem);
}

static Status with(const char *name, const char *json)
{
    Member members[FIELDS_MAX];
    size_t count = GOOD;
    bool found = false;
    memcpy(members, good, sizeof(good));
    for (size_t i = 0; i < GOOD; i++) {
        if (strcmp(members[i].name, name) != 0) continue;
        members[i].json = json;
        found = true;
    }
    if (!found) members[count++] = (Member) { name, json };
    return read_members(members, count);
}

static void test_a_good_one(void)
{
    EXPECT_OK(read_members(good, GOOD));
    EXPECT(strcmp(request.mchid, "1900000001") == 0 && strcmp(request.serial, "kept") == 0);
    EXPECT(strcmp(request.number, "R_1-2|3*4@5") == 0);
    EXPECT(strcmp(request.out_trade_no, "1217752501201407033233368018") == 0);
    EXPECT(strcmp(request.transaction_id, "4200000000202606081234567890") == 0);
    EXPECT(strcmp(request.notify_url, "https://merchant.example/refunds") == 0);
    EXPECT(request.money.minor == 30 && request.total_minor == 100);
    EXPECT(request.money.currency == CURRENCY_CNY);
    EXPECT_OK(with("transaction_id", NULL)); /* one name is enough */
    EXPECT_OK(with("out_trade_no", NULL));
    EXPECT_OK(with("reason", NULL));
    EXPECT_OK(with("amount", "{\"refund\":100,\"total\":100,\"currency\":\"CNY\"}"));
}

static void test_what_is_wrong_is_named(void)
{
    static const struct {
        const char *name;
        const char *json;
        int32_t refusal;
        const char *field;
    } cases[] = {
        { "out_refund_no", NULL, REFUSED_JSON_MISSING, "out_refund_no" },
        { "out_refund_no", "\"\"", REFUSED_JSON_RANGE, "out_refund_no" },
        { "out_refund_no", "\"reverse/1\"", REFUSED_ORDER_FIELD, "out_refund_no" },
        { "out_trade_no", "\"12345\"", REFUSED_JSON_RANGE, "out_trade_no" },
        { "out_trade_no", "\"a b c d\"", REFUSED_ORDER_FIELD, "out_trade_no" },
        { "transaction_id", "\"42\"", REFUSED_ORDER_FIELD, "transaction_id" },
        { "amount", NULL, REFUSED_JSON_MISSING, "amount" },
        { "amount", "{\"refund\":0,\"total\":100,\"currency\":\"CNY\"}",
                REFUSED_AMOUNT_NOT_POSITIVE, "amount.refund" },
        { "amount", "{\"refund\":-1,\"total\":100,\"currency\":\"CNY\"}",
                REFUSED_AMOUNT_NOT_POSITIVE, "amount.refund" },
        { "amount", "{\"refund\":101,\"total\":100,\"currency\":\"CNY\"}", REFUSED_REFUND_OVER_PAID,
                "amount.refund" },
        { "amount", "{\"refund\":1,\"total\":9223372036854775807,\"currency\":\"CNY\"}",
                REFUSED_ORDER_FIELD, "amount.total" },
        { "amount", "{\"refund\":1.0,\"total\":100,\"currency\":\"CNY\"}", REFUSED_JSON_TYPE,
                "amount.refund" },
        { "amount", "{\"refund\":1,\"total\":100}", REFUSED_JSON_MISSING, "amount.currency" },
        { "amount", "{\"refund\":1,\"total\":100,\"currency\":\"cny\"}", REFUSED_NUMBER_INVALID,
                "amount.currency" },
        { "notify_url", "\"http://merchant.example/\"", REFUSED_ORDER_FIELD, "notify_url" },
        { "goods_detail", "{}", REFUSED_JSON_TYPE, "goods_detail" },
        { "sub_mchid", "\"1\"", REFUSED_JSON_UNKNOWN_KEY, "sub_mchid" },
        { "reason", "\"6222021234567890128 x\"", REFUSED_DATA_CARD_NUMBER, "reason" },
        { "reason", "\"4111111111111111\"", REFUSED_DATA_CARD_NUMBER, "reason" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Status s = with(cases[i].name, cases[i].json);
        if (s.code != cases[i].refusal || strcmp(problem.field, cases[i].field) != 0)
            fprintf(stderr, "  %s: %s: %s in %s\n", cases[i].name, cases[i].json, status_name(s),
                    problem.field);
        EXPECT_STATUS(s, cases[i].refusal);
        EXPECT(strcmp(problem.field, cases[i].field) == 0);
        EXPECT(request.mchid[0] == 0 && request.money.minor == 0); /* untouched */
    }
    Member nameless[GOOD];
    memcpy(nameless, good, sizeof(good));
    nameless[0].json = NULL;
    nameless[1].json = NULL;
    EXPECT_REFUSED(read_members(nameless, GOOD), REFUSED_ORDER_FIELD);
    EXPECT(strcmp(problem.field, "transaction_id") == 0);
}

static void test_what_goes_out(void)
{
    uint8_t bytes[4096];
    Buffer body = BUFFER_OF(bytes);
    Refund refund = { .number = "R1",
        .refund_id = "5020260608000000001234567890",
        .out_trade_no = "NO-000001",
        .transaction_id = "4200000000202606081234567890",
        .state = REFUND_SUCCESS,
        .money = { 30, CURRENCY_CNY },
        .total_minor = 100,
        .payer_account = 77,
        .payee_account = 88,
        .reason = "not shown",
        .notify_url = "https://not.shown/",
        .created_us = 1767225600 * TIME_SECOND_US,
        .success_time_us = 1767225601 * TIME_SECOND_US };
    static const char wanted[] =
            "{\"refund_id\":\"5020260608000000001234567890\",\"out_refund_no\":\"R1\","
            "\"transaction_id\":\"4200000000202606081234567890\",\"out_trade_no\":\"NO-000001\","
            "\"channel\":\"ORIGINAL\",\"user_received_account\":\"支付用户零钱\","
            "\"success_time\":\"2026-01-01T08:00:01+08:00\","
            "\"create_time\":\"2026-01-01T08:00:00+08:00\",\"status\":\"SUCCESS\","
            "\"amount\":{\"total\":100,\"refund\":30,\"payer_total\":100,\"payer_refund\":30,"
            "\"settlement_total\":100,\"settlement_refund\":30,\"discount_refund\":0,"
            "\"currency\":\"CNY\"}}";
    EXPECT_OK(refund_write(&refund, &body));
    if (!span_equal(span_of_buffer(&body), span_of_text(wanted)))
        fprintf(stderr, "  wrote  %.*s\n", (int)body.size, (const char *)bytes);
    EXPECT(span_equal(span_of_buffer(&body), span_of_text(wanted)));
    uint8_t small[64];
    Buffer full = BUFFER_OF(small);
    EXPECT_REFUSED(refund_write(&refund, &full), REFUSED_BUFFER_FULL);
    EXPECT(full.size == 0);
}

TESTS(TEST(test_a_good_one), TEST(test_what_is_wrong_is_named), TEST(test_what_goes_out))

/*
 * Goal: an order's JSON is taken only with every field inside its limits, and a refusal names the
 * field; prohibited data and card numbers do not come in by free text (TP-5, TP-8).
 * Method: a good order of each kind, of which one field at a time is replaced, left out, or put to
 * its limit and one beyond. Card numbers are the schemes' published test numbers.
 */
#include "api/order_json.h"

#include "base/expect.h"

#include <stdio.h>

enum { TEXT_MAX = 8192, FIELDS_MAX = 12 };

typedef struct Member {
    const char *name;
    const char *json; /* NULL: left out */
} Member;

static const Member good_native[] = {
    { "appid", "\"wx8888888888888888\"" },
    { "mchid", "\"1900000001\"" },
    { "description", "\"One coffee 咖啡\"" },
    { "out_trade_no", "\"1217752501201407033233368018\"" },
    { "notify_url", "\"https://merchant.example/notify\"" },
    { "attach", "\"table 7\"" },
    { "time_expire", "\"2026-06-08T10:34:56+08:00\"" },
    { "amount", "{\"total\":100,\"currency\":\"CNY\"}" },
    { "scene_info",
            "{\"payer_client_ip\":\"14.23.150.211\",\"device_id\":\"013467007045764\","
            "\"store_info\":{\"id\":\"0001\",\"name\":\"A\",\"area_code\":\"440305\","
            "\"address\":\"B\"}}" },
};

static const Member good_codepay[] = {
    { "appid", "\"wx8888888888888888\"" },
    { "mchid", "\"1900000001\"" },
    { "description", "\"One coffee\"" },
    { "out_trade_no", "\"CODE-0001\"" },
    { "payer", "{\"auth_code\":\"130061098828009406\"}" },
    { "amount", "{\"total\":1}" },
    { "scene_info", "{\"store_info\":{\"id\":\"0001\"}}" },
};

static PaymentOrder order;
static PayCodeText code;
static OrderSealed sealed;
static JsonProblem problem;

static Status read_members(const Member *members, size_t count, TradeType type)
{
    static char text[TEXT_MAX];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (members[i].json == NULL) continue;
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\"%s\":%s",
                size == 0 ? "{" : ",", members[i].name, members[i].json);
    }
    size += (size_t)snprintf(text + size, sizeof(text) - size, "%s}", size == 0 ? "{" : "");
    ASSERT(size < sizeof(text));
    order = (PaymentOrder) { .serial = "kept" };
    problem = (JsonProblem) { 0 };
    memset(code, 0, sizeof(code));
    return order_read((Span) { (const uint8_t *)text, size }, SPAN("1900000001"), type, &order,
            type == TRADE_MICROPAY ? &code : NULL, &sealed, &problem);
}

static Status with(
        const Member *good, size_t count, TradeType type, const char *name, const char *json)
{
    Member members[FIELDS_MAX];
    bool found = false;
    memcpy(members, good, count * sizeof(Member));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) != 0) continue;
        members[i].json = json;
        found = true;
    }
    if (!found) members[count++] = (Member) { name, json };
    return read_members(members, count, type);
}

/* A native order (or a codepay one) with this member instead. */
static Status native_with(const char *name, const char *json)
{
    return with(good_native, sizeof(good_native) / sizeof(Member), TRADE_NATIVE, name, json);
}
static Status codepay_with(const char *name, const char *json)
{
    return with(good_codepay, sizeof(good_codepay) / sizeof(Member), TRADE_MICROPAY, name, json);
}

/* A JSON text of `size` letters; good until the next call. */
static const char *letters(size_t size)
{
    static char text[TEXT_MAX];
    ASSERT(size + 3 <= sizeof(text));
    text[0] = '"';
    memset(text + 1, 'a', size);
    text[size + 1] = '"';
    text[size + 2] = 0;
    return text;
}

static bool blames(const char *field)
{
    if (strcmp(problem.field, field) == 0) return true;
    fprintf(stderr, "  the refusal names '%s'\n", problem.field);
    return false;
}

static void test_good_orders_are_read(void)
{
    EXPECT_OK(native_with("attach", "\"table 7\""));
    EXPECT(strcmp(order.mchid, "1900000001") == 0 && strcmp(order.serial, "kept") == 0);
    EXPECT(strcmp(order.out_trade_no, "1217752501201407033233368018") == 0);
    EXPECT(strcmp(order.appid, "wx8888888888888888") == 0);
    EXPECT(strcmp(order.description, "One coffee 咖啡") == 0);
    EXPECT(strcmp(order.attach, "table 7") == 0 && strcmp(order.store_id, "0001") == 0);
    EXPECT(strcmp(order.notify_url, "https://merchant.example/notify") == 0);
    EXPECT(order.money.minor == 100 && order.money.currency == CURRENCY_CNY);
    EXPECT(order.time_expire_us == 1780886096000000); /* date -d 2026-06-08T10:34:56+08:00 +%s */
    EXPECT_OK(codepay_with("attach", NULL));
    EXPECT(strcmp(code, "130061098828009406") == 0 && order.attach[0] == 0);
    EXPECT(order.time_expire_us == 0 && order.notify_url[0] == 0);
    EXPECT(order.money.minor == 1 && order.money.currency == CURRENCY_CNY);
}

static void test_required_fields(void)
{
    static const char *const native[] = { "appid", "mchid", "description", "out_trade_no",
        "notify_url", "amount" };
    static const char *const codepay[] = { "appid", "mchid", "description", "out_trade_no", "payer",
        "amount" };
    for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
        EXPECT_REFUSED(native_with(native[i], NULL), REFUSED_JSON_MISSING);
        EXPECT(blames(native[i]));
        EXPECT_REFUSED(codepay_with(codepay[i], NULL), REFUSED_JSON_MISSING);
        EXPECT(blames(codepay[i]));
    }
    EXPECT_REFUSED(native_with("amount", "{\"currency\":\"CNY\"}"), REFUSED_JSON_MISSING);
    EXPECT(blames("amount.total"));
    EXPECT_REFUSED(codepay_with("payer", "{}"), REFUSED_JSON_MISSING);
    EXPECT(blames("payer.auth_code"));
    EXPECT_REFUSED(native_with("scene_info", "{\"store_info\":{}}"), REFUSED_JSON_MISSING);
    EXPECT(blames("scene_info.store_info.id"));
    static const char *const optional[] = { "attach", "time_expire", "scene_info" };
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
        EXPECT_OK(native_with(optional[i], NULL));
}

static void test_limits_of_texts(void)
{
    static const struct {
        const char *name;
        size_t least;
        size_t most;
    } limits[] = { { "appid", 1, PAYMENT_APPID_BYTES_MAX },
        { "description", 1, PAYMENT_DESCRIPTION_BYTES_MAX },
        { "out_trade_no", PAYMENT_OUT_TRADE_NO_MIN, PAYMENT_OUT_TRADE_NO_MAX },
        { "attach", 0, PAYMENT_ATTACH_BYTES_MAX }, { "goods_tag", 0, 32 } };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        EXPECT_OK(native_with(limits[i].name, letters(limits[i].least)));
        EXPECT_OK(native_with(limits[i].name, letters(limits[i].most)));
        EXPECT_REFUSED(
                native_with(limits[i].name, letters(limits[i].most + 1)), REFUSED_JSON_RANGE);
        EXPECT(blames(limits[i].name));
        if (limits[i].least == 0) continue;
        EXPECT_REFUSED(
                native_with(limits[i].name, letters(limits[i].least - 1)), REFUSED_JSON_RANGE);
        EXPECT(blames(limits[i].name));
    }
}

static void test_wrong_types_name_their_field(void)
{
    static const Member wrong[] = { { "appid", "1" }, { "mchid", "1900000001" },
        { "description", "null" }, { "out_trade_no", "[]" }, { "notify_url", "{}" },
        { "attach", "true" }, { "time_expire", "1780000000" }, { "amount", "100" },
        { "amount", "\"100\"" }, { "amount", "[]" }, { "scene_info", "\"x\"" },
        { "support_fapiao", "\"true\"" } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_REFUSED(native_with(wrong[i].name, wrong[i].json), REFUSED_JSON_TYPE);
        EXPECT(blames(wrong[i].name));
    }
    EXPECT_REFUSED(native_with("amount", "{\"total\":\"100\"}"), REFUSED_JSON_TYPE);
    EXPECT(blames("amount.total"));
    EXPECT_REFUSED(native_with("amount", "{\"total\":1.5}"), REFUSED_JSON_TYPE);
    EXPECT_REFUSED(native_with("amount", "{\"total\":1e2}"), REFUSED_JSON_TYPE);
    EXPECT_REFUSED(codepay_with("payer", "{\"auth_code\":130061098828009406}"), REFUSED_JSON_TYPE);
    EXPECT(blames("payer.auth_code"));
}

static void test_unknown_keys_are_named(void)
{
    EXPECT_REFUSED(native_with("discount", "1"), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT(blames("discount"));
    EXPECT_REFUSED(native_with("amount", "{\"total\":1,\"tip\":1}"), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT(blames("amount.tip"));
    /* A code is codepay's alone, an expiry native's. */
    EXPECT_REFUSED(native_with("payer", "{\"auth_code\":\"130061098828009406\"}"),
            REFUSED_JSON_UNKNOWN_KEY);
    EXPECT(blames("payer.auth_code"));
    EXPECT_REFUSED(
            codepay_with("time_expire", "\"2026-06-08T10:34:56+08:00\""), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT(blames("time_expire"));
}

/* A good order of another type with this member instead. */
static Status typed_with(TradeType type, const char *name, const char *json)
{
    return with(good_native, sizeof(good_native) / sizeof(Member), type, name, json);
}

static const char openid[] = "{\"openid\":\"oH70c1330ea9d658092a91f47fb5\"}";

static void test_a_jsapi_order_names_its_payer(void)
{
    EXPECT_OK(typed_with(TRADE_JSAPI, "payer", openid));
    EXPECT(strcmp(order.openid, "oH70c1330ea9d658092a91f47fb5") == 0);
    EXPECT_REFUSED(typed_with(TRADE_JSAPI, "payer", NULL), REFUSED_JSON_MISSING);
    EXPECT(blames("payer"));
    static const char *const wrong[] = { "oH70c1330ea9d658092a91f47fb",
        "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oH70c1330ea9d658092a91f47fB5",
        "oH70c1330ea9d658092a91f47fb55" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char payer[80];
        snprintf(payer, sizeof(payer), "{\"openid\":\"%s\"}", wrong[i]);
        EXPECT_REFUSED(typed_with(TRADE_JSAPI, "payer", payer), REFUSED_ORDER_FIELD);
        EXPECT(blames("payer.openid"));
    }
    EXPECT_REFUSED(typed_with(TRADE_APP, "payer", openid), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT_OK(typed_with(TRADE_APP, "attach", NULL));
    EXPECT(order.openid[0] == 0);
}

static void test_an_h5_order_tells_the_scene(void)
{
    static const char wap[] =
            "{\"payer_client_ip\":\"14.23.150.211\",\"h5_info\":{\"type\":\"Wap\"}}";
    EXPECT_OK(typed_with(TRADE_MWEB, "scene_info", wap));
    EXPECT_REFUSED(typed_with(TRADE_MWEB, "scene_info", NULL), REFUSED_JSON_MISSING);
    EXPECT_REFUSED(typed_with(TRADE_MWEB, "scene_info", "{\"h5_info\":{\"type\":\"Wap\"}}"),
            REFUSED_JSON_MISSING);
    EXPECT(blames("scene_info.payer_client_ip"));
    EXPECT_REFUSED(typed_with(TRADE_MWEB, "scene_info", "{\"payer_client_ip\":\"::1\"}"),
            REFUSED_JSON_MISSING);
    EXPECT(blames("scene_info.h5_info"));
    EXPECT_REFUSED(native_with("scene_info", wap), REFUSED_JSON_UNKNOWN_KEY);
}

static void test_goods_and_settlement(void)
{
    EXPECT_OK(native_with("detail",
            "{\"cost_price\":608800,\"invoice_id\":\"w123\",\"goods_detail\":[{"
            "\"merchant_goods_id\":\"1246464644\",\"wechatpay_goods_id\":\"1001\","
            "\"goods_name\":\"iPhone 茶\",\"quantity\":1,\"unit_price\":528800}]}"));
    EXPECT_REFUSED(native_with("detail",
                           "{\"goods_detail\":[{\"merchant_goods_id\":\"1\","
                           "\"quantity\":0,\"unit_price\":1}]}"),
            REFUSED_JSON_RANGE);
    EXPECT(blames("detail.goods_detail[0].quantity"));
    EXPECT_REFUSED(native_with("detail", "{\"goods_detail\":[1]}"), REFUSED_JSON_TYPE);
    EXPECT_OK(native_with("settle_info", "{\"profit_sharing\":false}"));
    EXPECT_REFUSED(native_with("settle_info", "{\"profit_sharing\":true}"), REFUSED_ORDER_FIELD);
    EXPECT(blames("settle_info.profit_sharing"));
}

static void test_absurd_amounts(void)
{
    static const struct {
        const char *amount;
        StatusCode refusal;
    } cases[] = { { "{\"total\":0}", REFUSED_AMOUNT_NOT_POSITIVE },
        { "{\"total\":-1}", REFUSED_AMOUNT_NOT_POSITIVE },
        { "{\"total\":-9223372036854775808}", REFUSED_AMOUNT_NOT_POSITIVE },
        { "{\"total\":9223372036854775807}", REFUSED_ORDER_FIELD },
        { "{\"total\":9223372036854775808}", REFUSED_JSON_RANGE } };
    char text[64];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT_REFUSED(native_with("amount", cases[i].amount), cases[i].refusal);
    snprintf(text, sizeof(text), "{\"total\":%lld}", (long long)LEDGER_MINOR_MAX);
    EXPECT_OK(native_with("amount", text));
    snprintf(text, sizeof(text), "{\"total\":%lld}", (long long)LEDGER_MINOR_MAX + 1);
    EXPECT_REFUSED(native_with("amount", text), REFUSED_ORDER_FIELD);
    EXPECT(blames("amount.total"));
    EXPECT_REFUSED(
            native_with("amount", "{\"total\":1,\"currency\":\"XXX\"}"), REFUSED_NUMBER_INVALID);
    EXPECT(blames("amount.currency"));
    EXPECT_REFUSED(
            native_with("amount", "{\"total\":1,\"currency\":\"cny\"}"), REFUSED_NUMBER_INVALID);
}

static void test_fields_with_a_grammar(void)
{
    EXPECT_REFUSED(native_with("mchid", "\"1900000002\""), REFUSED_ORDER_FIELD); /* another's */
    EXPECT(blames("mchid"));
    EXPECT_REFUSED(native_with("out_trade_no", "\"12345 6\""), REFUSED_ORDER_FIELD);
    EXPECT(blames("out_trade_no"));
    EXPECT_REFUSED(
            native_with("time_expire", "\"2026-13-08T10:34:56+08:00\""), REFUSED_TIME_INVALID);
    EXPECT(blames("time_expire"));
    static const char *const urls[] = { "\"http://merchant.example/notify\"", "\"https://\"",
        "\"https://merchant.example/a b\"", "\"https://商户.example/\"", "\"javascript:alert(1)\"",
        "\"https://merchant.example/notify?a=1\"", "\"https://user@merchant.example/\"" };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        EXPECT_REFUSED(native_with("notify_url", urls[i]), REFUSED_ORDER_FIELD);
        EXPECT(blames("notify_url"));
    }
    static const char *const codes[] = { "\"13006109882800940\"", "\"1300610988280094061\"",
        "\"190061098828009406\"", "\"13006109882800940x\"", "\"１３００６１098828009406\"" };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char payer[80];
        snprintf(payer, sizeof(payer), "{\"auth_code\":%s}", codes[i]);
        EXPECT_REFUSED(codepay_with("payer", payer), REFUSED_PAY_CODE_INVALID);
        EXPECT(blames("payer.auth_code"));
    }
}

/* TP-5 and TP-8: whatever is kept. */
static void test_card_numbers_and_prohibited_data(void)
{
    static const char *const kept[] = { "appid", "description", "attach" };
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        EXPECT_REFUSED(native_with(kept[i], "\"4111111111111111\""), REFUSED_DATA_CARD_NUMBER);
        EXPECT(blames(kept[i]));
        EXPECT_REFUSED(codepay_with(kept[i], "\"4111111111111111\""), REFUSED_DATA_CARD_NUMBER);
    }
    EXPECT_REFUSED(native_with("description", "\"card 5555 5555 5555 4444 ok\""),
            REFUSED_DATA_CARD_NUMBER);
    EXPECT_REFUSED(native_with("attach", "\"\\u0034111111111111111\""), REFUSED_DATA_CARD_NUMBER);
    EXPECT_REFUSED(native_with("notify_url", "\"https://m.example/4111111111111111\""),
            REFUSED_DATA_CARD_NUMBER);
    EXPECT(blames("notify_url"));
    EXPECT_REFUSED(native_with("scene_info", "{\"store_info\":{\"id\":\"4111111111111111\"}}"),
            REFUSED_DATA_CARD_NUMBER);
    EXPECT(blames("scene_info.store_info.id"));
    EXPECT_REFUSED(native_with("attach", "\"CVN2 123\""), REFUSED_DATA_PROHIBITED);
    EXPECT(blames("attach"));
    EXPECT_OK(native_with("attach", "\"4111111111111112\"")); /* Luhn says no */
}

/* TP-5 and TP-8: two fields that are clean alone and a card number together. */
static void test_a_number_split_over_neighbours(void)
{
    Member members[sizeof(good_native) / sizeof(good_native[0])];
    const size_t count = sizeof(members) / sizeof(members[0]);
    memcpy(members, good_native, sizeof(members));
    members[2].json = "\"refund to 4111 1111\"";
    EXPECT_OK(read_members(members, count, TRADE_NATIVE));
    members[5].json = "\"1111 1111\"";
    EXPECT_REFUSED(read_members(members, count, TRADE_NATIVE), REFUSED_DATA_CARD_NUMBER);
    EXPECT(blames("description"));
    members[5].json = "\"1111 1112\""; /* Luhn says no */
    EXPECT_OK(read_members(members, count, TRADE_NATIVE));
    members[2].json = "\"CVN2\"";
    members[5].json = "\"123\"";
    EXPECT_REFUSED(read_members(members, count, TRADE_NATIVE), REFUSED_DATA_PROHIBITED);
    EXPECT(blames("description"));
    memcpy(members, good_native, sizeof(members));
    members[8].json = "{\"store_info\":{\"id\":\"0001\",\"name\":\"shop 4111 1111\","
                      "\"address\":\"11111111\"}}";
    EXPECT_REFUSED(read_members(members, count, TRADE_NATIVE), REFUSED_DATA_CARD_NUMBER);
    EXPECT(blames("scene_info.store_info.name"));
}

static void test_bodies_that_are_no_order(void)
{
    static const struct {
        Span body;
        StatusCode refusal;
    } cases[] = { { SPAN(""), REFUSED_JSON_SYNTAX }, { SPAN("{"), REFUSED_JSON_SYNTAX },
        { SPAN("[]"), REFUSED_JSON_TYPE }, { SPAN("{}"), REFUSED_JSON_MISSING },
        { SPAN("{\"appid\":\"a\",\"appid\":\"b\"}"), REFUSED_JSON_DUPLICATE_KEY },
        { SPAN("{\"appid\":\"\xff\"}"), REFUSED_TEXT_NOT_UTF8 },
        { SPAN("{\"appid\":\"a\"} x"), REFUSED_JSON_SYNTAX } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        order = (PaymentOrder) { .mchid = "before" };
        EXPECT_REFUSED(order_read(cases[i].body, SPAN("1900000001"), TRADE_NATIVE, &order, NULL,
                               &sealed, &problem),
                cases[i].refusal);
        EXPECT(strcmp(order.mchid, "before") == 0); /* untouched */
    }
    EXPECT_REFUSED(codepay_with("amount", "{\"total\":0}"), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT(code[0] == 0 && order.out_trade_no[0] == 0);
}

static bool holds(const uint8_t *bytes, size_t size, Span wanted)
{
    return span_equal((Span) { bytes, size }, wanted);
}

/* Fields that a merchant encrypted are taken as bytes, which only vaultd can read. */
static void test_a_person_is_read_as_ciphertext(void)
{
    static const char good[] = "{\"identity\":{\"type\":\"IDCARD\",\"number\":\"AAEC\","
                               "\"name\":\"AwQ=\"}}";
    EXPECT_OK(native_with("attach", NULL));
    EXPECT(!sealed.there);
    EXPECT_OK(native_with("payer", good));
    EXPECT(sealed.there && holds(sealed.number, sealed.number_size, SPAN("\x00\x01\x02")));
    EXPECT(holds(sealed.name, sealed.name_size, SPAN("\x03\x04")));
    EXPECT_OK(codepay_with("payer",
            "{\"auth_code\":\"130061098828009406\",\"identity\":{\"type\":"
            "\"IDCARD\",\"number\":\"AAEC\",\"name\":\"AwQ=\"}}"));
    EXPECT(sealed.there);
    EXPECT_REFUSED(native_with("payer",
                           "{\"identity\":{\"type\":\"PASSPORT\",\"number\":\"AAEC\","
                           "\"name\":\"AwQ=\"}}"),
            REFUSED_FIELD_IDENTITY);
    EXPECT(blames("payer.identity.type"));
    EXPECT_REFUSED(native_with("payer",
                           "{\"identity\":{\"type\":\"IDCARD\",\"number\":\"AAEC\","
                           "\"name\":\"A\"}}"),
            REFUSED_FIELD_SEALED);
    EXPECT(blames("payer.identity.name"));
    EXPECT_REFUSED(native_with("payer", "{\"identity\":{\"type\":\"IDCARD\",\"number\":\"AAEC\"}}"),
            REFUSED_JSON_MISSING);
    EXPECT(blames("payer.identity.name"));
    EXPECT_REFUSED(native_with("payer", "{\"openid\":\"oH\"}"), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT_OK(typed_with(TRADE_APP, "payer", good));
    EXPECT(sealed.there);
    EXPECT_OK(typed_with(TRADE_JSAPI, "payer",
            "{\"openid\":\"oH70c1330ea9d658092a91f47fb5\",\"identity\":{\"type\":\"IDCARD\","
            "\"number\":\"AAEC\",\"name\":\"AwQ=\"}}"));
    EXPECT(sealed.there && order.openid[0] == 'o');
    EXPECT_REFUSED(typed_with(TRADE_JSAPI, "payer", good), REFUSED_JSON_MISSING);
}

TESTS(TEST(test_a_person_is_read_as_ciphertext), TEST(test_good_orders_are_read),
        TEST(test_required_fields), TEST(test_limits_of_texts),
        TEST(test_wrong_types_name_their_field), TEST(test_unknown_keys_are_named),
        TEST(test_a_jsapi_order_names_its_payer), TEST(test_an_h5_order_tells_the_scene),
        TEST(test_goods_and_settlement), TEST(test_absurd_amounts),
        TEST(test_fields_with_a_grammar), TEST(test_card_numbers_and_prohibited_data),
        TEST(test_a_number_split_over_neighbours), TEST(test_bodies_that_are_no_order))

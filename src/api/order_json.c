#include "api/order_json.h"

#include "api/passage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "http/outside_url.h"
#include "payment/contract.h"
#include "payment/order_payer.h"
#include "policy/detect.h"

typedef struct OrderJson {
    Span appid;
    Span mchid;
    Span description;
    Span out_trade_no;
    Span notify_url;
    Span attach;
    Span time_expire;
    Span goods_tag;
    bool support_fapiao;
    int64_t total;
    Span currency;
    Span auth_code;
    Span openid;
    Span contract;
    Span identity_type;
    Span identity_number;
    Span identity_name;
    bool profit_sharing;
    int64_t cost_price;
    Span invoice_id;
    const JsonValue *goods_detail;
    Span h5_type;
    Span h5_app_name;
    Span h5_app_url;
    Span h5_bundle_id;
    Span h5_package_name;
    Span payer_client_ip;
    Span device_id;
    Span store_id;
    Span store_name;
    Span store_area;
    Span store_address;
} OrderJson;

enum { GOODS_MAX = 6000, SEALED_TEXT_MAX = 4 * (SIGN_RSA_OAEP_BYTES_MAX + 2) / 3 };

#define PLACE(member) offsetof(OrderJson, member)

static const JsonField amount_fields[] = {
    { "total", JSON_INT, true, INT64_MIN, INT64_MAX, PLACE(total) },
    { "currency", JSON_TEXT, false, 3, 3, PLACE(currency) },
};

static const JsonField identity_fields[] = {
    { "type", JSON_TEXT, true, 1, 32, PLACE(identity_type) },
    { "number", JSON_TEXT, true, 1, SEALED_TEXT_MAX, PLACE(identity_number) },
    { "name", JSON_TEXT, true, 1, SEALED_TEXT_MAX, PLACE(identity_name) },
};
/* Its members are all required, so one of them says that it is there. */
#define IDENTITY                                                     \
    {                                                                \
        "identity", JSON_RECORD, false, 0, 0, 0, identity_fields,    \
                sizeof(identity_fields) / sizeof(identity_fields[0]) \
    }

static const JsonField payer_fields[] = { IDENTITY };

static const JsonField code_payer_fields[] = {
    IDENTITY,
    { "auth_code", JSON_TEXT, true, 1, 32, PLACE(auth_code) },
};

static const JsonField known_payer_fields[] = {
    IDENTITY,
    { "openid", JSON_TEXT, true, 1, 128, PLACE(openid) },
};

static const JsonField detail_fields[] = {
    { "cost_price", JSON_INT, false, 0, LEDGER_MINOR_MAX, PLACE(cost_price) },
    { "invoice_id", JSON_TEXT, false, 0, 32, PLACE(invoice_id) },
    { "goods_detail", JSON_LIST, false, 1, GOODS_MAX, PLACE(goods_detail) },
};

static const JsonField settle_fields[] = {
    { "profit_sharing", JSON_BOOL, false, 0, 0, PLACE(profit_sharing) },
};

static const JsonField h5_fields[] = {
    { "type", JSON_TEXT, true, 1, 32, PLACE(h5_type) },
    { "app_name", JSON_TEXT, false, 0, 64, PLACE(h5_app_name) },
    { "app_url", JSON_TEXT, false, 0, 128, PLACE(h5_app_url) },
    { "bundle_id", JSON_TEXT, false, 0, 128, PLACE(h5_bundle_id) },
    { "package_name", JSON_TEXT, false, 0, 128, PLACE(h5_package_name) },
};

static const JsonField store_fields[] = {
    { "id", JSON_TEXT, true, 1, PAYMENT_STORE_ID_BYTES_MAX, PLACE(store_id) },
    { "name", JSON_TEXT, false, 0, 256, PLACE(store_name) },
    { "area_code", JSON_TEXT, false, 0, 32, PLACE(store_area) },
    { "address", JSON_TEXT, false, 0, 512, PLACE(store_address) },
};

static const JsonField h5_scene_fields[] = {
    { "payer_client_ip", JSON_TEXT, true, 1, 45, PLACE(payer_client_ip) },
    { "device_id", JSON_TEXT, false, 1, 32, PLACE(device_id) },
    { "store_info", JSON_RECORD, false, 0, 0, 0, store_fields,
            sizeof(store_fields) / sizeof(store_fields[0]) },
    { "h5_info", JSON_RECORD, true, 0, 0, 0, h5_fields, sizeof(h5_fields) / sizeof(h5_fields[0]) },
};

static const JsonField scene_fields[] = {
    { "payer_client_ip", JSON_TEXT, false, 1, 45, PLACE(payer_client_ip) },
    { "device_id", JSON_TEXT, false, 1, 32, PLACE(device_id) },
    { "store_info", JSON_RECORD, false, 0, 0, 0, store_fields,
            sizeof(store_fields) / sizeof(store_fields[0]) },
};

#define RECORD(name, required, table)                                                 \
    {                                                                                 \
        name, JSON_RECORD, required, 0, 0, 0, table, sizeof(table) / sizeof(table[0]) \
    }
#define COMMON_FIELDS                                                                              \
    { "appid", JSON_TEXT, true, 1, PAYMENT_APPID_BYTES_MAX, PLACE(appid) },                        \
            { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },                  \
            { "description", JSON_TEXT, true, 1, PAYMENT_DESCRIPTION_BYTES_MAX,                    \
                PLACE(description) },                                                              \
            { "out_trade_no", JSON_TEXT, true, PAYMENT_OUT_TRADE_NO_MIN, PAYMENT_OUT_TRADE_NO_MAX, \
                PLACE(out_trade_no) },                                                             \
            { "attach", JSON_TEXT, false, 0, PAYMENT_ATTACH_BYTES_MAX, PLACE(attach) },            \
            { "goods_tag", JSON_TEXT, false, 0, 32, PLACE(goods_tag) },                            \
            { "support_fapiao", JSON_BOOL, false, 0, 0, PLACE(support_fapiao) },                   \
            RECORD("amount", true, amount_fields), RECORD("detail", false, detail_fields),         \
            RECORD("settle_info", false, settle_fields)
/* Paid later, by a person. */
#define LATER_FIELDS                                                                               \
    COMMON_FIELDS,                                                                                 \
            { "notify_url", JSON_TEXT, true, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) }, \
    {                                                                                              \
        "time_expire", JSON_TEXT, false, 20, 40, PLACE(time_expire)                                \
    }

static const JsonField native_fields[] = { LATER_FIELDS, RECORD("scene_info", false, scene_fields),
    RECORD("payer", false, payer_fields) };
static const JsonField jsapi_fields[] = { LATER_FIELDS, RECORD("scene_info", false, scene_fields),
    RECORD("payer", true, known_payer_fields) };
static const JsonField h5_order_fields[] = { LATER_FIELDS,
    RECORD("scene_info", true, h5_scene_fields), RECORD("payer", false, payer_fields) };
static const JsonField codepay_fields[] = {
    COMMON_FIELDS,
    RECORD("scene_info", false, scene_fields),
    { "notify_url", JSON_TEXT, false, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    RECORD("payer", true, code_payer_fields),
};

static const JsonField deduction_fields[] = {
    COMMON_FIELDS,
    RECORD("scene_info", false, scene_fields),
    { "notify_url", JSON_TEXT, false, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    { "contract_id", JSON_TEXT, true, 1, PAYMENT_CONTRACT_BYTES_MAX, PLACE(contract) },
};

typedef struct FieldTable {
    const JsonField *fields;
    size_t count;
} FieldTable;

#define TABLE_OF(table)                         \
    {                                           \
        table, sizeof(table) / sizeof(table[0]) \
    }
static const FieldTable tables[] = {
    [TRADE_NATIVE] = TABLE_OF(native_fields),
    [TRADE_MICROPAY] = TABLE_OF(codepay_fields),
    [TRADE_APP] = TABLE_OF(native_fields),
    [TRADE_JSAPI] = TABLE_OF(jsapi_fields),
    [TRADE_MWEB] = TABLE_OF(h5_order_fields),
    [TRADE_DEDUCTION] = TABLE_OF(deduction_fields),
};

/* Goods are not kept: only their form is judged. */
typedef struct GoodsJson {
    Span id;
    Span platform_id;
    Span name;
    int64_t quantity;
    int64_t price;
} GoodsJson;

static const JsonField goods_fields[] = {
    { "merchant_goods_id", JSON_TEXT, true, 1, 32, offsetof(GoodsJson, id) },
    { "wechatpay_goods_id", JSON_TEXT, false, 1, 32, offsetof(GoodsJson, platform_id) },
    { "goods_name", JSON_TEXT, false, 1, 256, offsetof(GoodsJson, name) },
    { "quantity", JSON_INT, true, 1, INT32_MAX, offsetof(GoodsJson, quantity) },
    { "unit_price", JSON_INT, true, 0, LEDGER_MINOR_MAX, offsetof(GoodsJson, price) },
};

static Status read_goods(const JsonDocument *document, const JsonValue *goods, JsonProblem *problem)
{
    const size_t count = goods == NULL ? 0 : json_list_size(goods);
    for (size_t i = 0; i < count; i++) {
        GoodsJson json = { 0 };
        const JsonValue *item = NULL;
        TRY(json_list_object(document, goods, i, &item, problem));
        TRY(json_read_request(document, item, goods_fields,
                sizeof(goods_fields) / sizeof(goods_fields[0]), &json, problem));
    }
    return OK;
}

bool order_notify_url_is_valid(Span url)
{
    OutsideUrl read;
    return status_ok(outside_url_read(url, &read));
}

/* What has no grammar of its own must hold nothing that may not be stored, nor may neighbours
 * together (TP-5, TP-8): a number can be split over them. In the order of the document. */
static Status check_content(const OrderJson *json, const char **ret_field)
{
    static const char *const names[] = { "appid", "description", "attach", "notify_url",
        "goods_tag", "scene_info.store_info.id", "scene_info.store_info.name",
        "scene_info.store_info.address" };
    const Span texts[] = { json->appid, json->description, json->attach, json->notify_url,
        json->goods_tag, json->store_id, json->store_name, json->store_address };
    size_t first = 0;
    const Status s = detect_fields(texts, sizeof(texts) / sizeof(texts[0]), &first);
    if (!status_ok(s)) *ret_field = names[first];
    TRY(s);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *ret_field = names[i];
        TRY(detect_kept_text(texts[i]));
    }
    return OK;
}

static Status check_money(const OrderJson *json, Money *ret_money, const char **ret_field)
{
    Money money = { json->total, CURRENCY_CNY };
    *ret_field = "amount.total";
    REQUIRE(money.minor > 0, REFUSED_AMOUNT_NOT_POSITIVE);
    REQUIRE(money.minor <= LEDGER_MINOR_MAX, REFUSED_ORDER_FIELD);
    *ret_field = "amount.currency";
    if (json->currency.size > 0) TRY(currency_parse(json->currency, &money.currency));
    *ret_money = money;
    return OK;
}

/* What the tables cannot say. `*ret_field` names what is wrong. */
static Status check_order(
        const OrderJson *json, Span mchid, PaymentOrder *order, const char **ret_field)
{
    *ret_field = "mchid";
    REQUIRE(span_equal(json->mchid, mchid), REFUSED_ORDER_FIELD);
    *ret_field = "out_trade_no";
    REQUIRE(payment_out_trade_no_is_valid(json->out_trade_no), REFUSED_ORDER_FIELD);
    TRY(check_money(json, &order->money, ret_field));
    *ret_field = "time_expire";
    order->time_expire_us = 0;
    if (json->time_expire.size > 0) TRY(time_parse(json->time_expire, &order->time_expire_us));
    if (json->notify_url.size > 0) {
        *ret_field = "notify_url";
        REQUIRE(order_notify_url_is_valid(json->notify_url), REFUSED_ORDER_FIELD);
    }
    return check_content(json, ret_field);
}

static void fill_order(const OrderJson *json, PaymentOrder *order)
{
    passage_text(order->mchid, sizeof(order->mchid), json->mchid);
    passage_text(order->out_trade_no, sizeof(order->out_trade_no), json->out_trade_no);
    passage_text(order->appid, sizeof(order->appid), json->appid);
    passage_text(order->description, sizeof(order->description), json->description);
    passage_text(order->attach, sizeof(order->attach), json->attach);
    passage_text(order->notify_url, sizeof(order->notify_url), json->notify_url);
    passage_text(order->store_id, sizeof(order->store_id), json->store_id);
    passage_text(order->openid, sizeof(order->openid), json->openid);
    passage_text(order->contract, sizeof(order->contract), json->contract);
}

static Status judge(const OrderJson *json, Span mchid, TradeType type, PaymentOrder *order,
        const char **ret_field)
{
    TRY(check_order(json, mchid, order, ret_field));
    *ret_field = "settle_info.profit_sharing";
    REQUIRE(!json->profit_sharing, REFUSED_ORDER_FIELD); /* not offered */
    *ret_field = "payer.openid";
    if (type == TRADE_JSAPI) REQUIRE(order_openid_is_valid(json->openid), REFUSED_ORDER_FIELD);
    *ret_field = "contract_id";
    if (type == TRADE_DEDUCTION)
        REQUIRE(contract_id_is_valid(json->contract), REFUSED_CONTRACT_UNKNOWN);
    *ret_field = "payer.auth_code";
    if (type == TRADE_MICROPAY)
        REQUIRE(pay_code_is_valid(json->auth_code), REFUSED_PAY_CODE_INVALID);
    return OK;
}

static Status decode(Span text, uint8_t *ret_bytes, size_t *ret_size)
{
    Buffer bytes = { ret_bytes, 0, SIGN_RSA_OAEP_BYTES_MAX };
    REQUIRE(status_ok(base64_decode(text, &bytes)), REFUSED_FIELD_SEALED);
    *ret_size = bytes.size;
    return OK;
}

/* Hufud cannot read more of it. */
static Status take_identity(const OrderJson *json, OrderSealed *ret_sealed, const char **ret_field)
{
    OrderSealed sealed = { .there = json->identity_type.size > 0 };
    *ret_field = "payer.identity.type";
    if (sealed.there)
        REQUIRE(span_equal(json->identity_type, SPAN("IDCARD")), REFUSED_FIELD_IDENTITY);
    *ret_field = "payer.identity.number";
    if (sealed.there) TRY(decode(json->identity_number, sealed.number, &sealed.number_size));
    *ret_field = "payer.identity.name";
    if (sealed.there) TRY(decode(json->identity_name, sealed.name, &sealed.name_size));
    *ret_sealed = sealed;
    return OK;
}

Status order_read(Span body, Span mchid, TradeType type, PaymentOrder *ret_order,
        PayCodeText *ret_auth_code, OrderSealed *ret_sealed, JsonProblem *problem)
{
    const FieldTable *table = &tables[type];
    OrderJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, problem));
    TRY(json_read_request(
            document, json_root(document), table->fields, table->count, &json, problem));
    TRY(read_goods(document, json.goods_detail, problem));

    PaymentOrder order = *ret_order;
    const char *field = "";
    OrderSealed sealed = { 0 };
    Status s = judge(&json, mchid, type, &order, &field);
    if (status_ok(s)) s = take_identity(&json, &sealed, &field);
    if (!status_ok(s)) {
        *problem = (JsonProblem) { 0 };
        passage_text(problem->field, sizeof(problem->field), span_of_text(field));
        return s;
    }
    fill_order(&json, &order);
    *ret_order = order;
    *ret_sealed = sealed;
    if (type == TRADE_MICROPAY)
        passage_text(*ret_auth_code, sizeof(*ret_auth_code), json.auth_code);
    return OK;
}

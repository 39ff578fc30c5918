#include "api/order_json.h"

/* Whatever bytes a merchant signs: an order that is read keeps every limit of its fields and reads
 * again to the same order; a refused one leaves the outputs alone. The input is tried as a whole
 * body, and (its first byte chooses where) as one member of an order that is otherwise good. */

enum { BODY_BYTES_MAX = 8192, MEMBERS = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[MEMBERS] = { "appid", "description", "out_trade_no", "amount",
    "notify_url", "payer", "scene_info", "time_expire" };
static const char *const values[MEMBERS] = { "\"wx1\"", "\"coffee\"", "\"NO-0001\"",
    "{\"total\":1,\"currency\":\"CNY\"}", "\"https://m.example/n\"",
    "{\"auth_code\":\"130061098828009406\"}", "{\"store_info\":{\"id\":\"1\"}}",
    "\"2026-06-08T10:34:56+08:00\"" };

static bool equal_orders(const PaymentOrder *a, const PaymentOrder *b)
{
    return span_equal(
            (Span) { (const uint8_t *)a, sizeof(*a) }, (Span) { (const uint8_t *)b, sizeof(*b) });
}

static void check_fields(const PaymentOrder *order)
{
    ASSERT(span_equal(span_of_text(order->mchid), SPAN("1900000001")));
    ASSERT(payment_out_trade_no_is_valid(span_of_text(order->out_trade_no)));
    ASSERT(order->money.minor > 0 && order->money.minor <= LEDGER_MINOR_MAX);
    ASSERT(order->money.currency != CURRENCY_NONE);
    ASSERT(order->appid[0] != 0 && order->description[0] != 0);
    ASSERT(span_is_utf8(span_of_text(order->description)));
    ASSERT(span_is_utf8(span_of_text(order->attach)));
}

static void check_order(Span body, TradeType type)
{
    PaymentOrder order;
    PaymentOrder again;
    memset(&order, 0, sizeof(order)); /* padding too: orders are compared as bytes */
    memset(&again, 0, sizeof(again));
    PayCodeText code = "";
    OrderSealed sealed = { 0 };
    JsonProblem problem = { 0 };
    const Span mchid = SPAN("1900000001");
    const Status s = order_read(body, mchid, type, &order, &code, &sealed, &problem);
    if (!status_ok(s)) {
        ASSERT(equal_orders(&order, &again) && code[0] == 0);
        return;
    }
    check_fields(&order);
    ASSERT(type != TRADE_MICROPAY || pay_code_is_valid(span_of_text(code)));
    ASSERT(status_ok(order_read(body, mchid, type, &again, &code, &sealed, &problem)));
    ASSERT(strcmp(order.description, again.description) == 0);
    ASSERT(order.money.minor == again.money.minor);
}

/* A good order but for one member. */
static void check_member(size_t chosen, Span bytes, TradeType type)
{
    const bool codepay = type == TRADE_MICROPAY;
    static uint8_t memory[BODY_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    Status s = buffer_put(&body, SPAN("{\"mchid\":\"1900000001\""));
    for (size_t i = 0; i < MEMBERS && status_ok(s); i++) {
        const bool of_other_kind = codepay ? i == 7 : i == 5;
        if (of_other_kind && i != chosen) continue;
        s = buffer_print(&body, ",\"%s\":", names[i]);
        if (status_ok(s)) s = buffer_put(&body, i == chosen ? bytes : span_of_text(values[i]));
    }
    if (status_ok(s)) s = buffer_put_u8(&body, '}');
    if (status_ok(s)) check_order(span_of_buffer(&body), type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (TradeType type = TRADE_NATIVE; type <= TRADE_MWEB; type++)
        check_order((Span) { data, size }, type);
    if (size == 0) return 0;
    const TradeType type = (data[0] & 0x80) != 0 ? TRADE_MICROPAY : TRADE_NATIVE;
    check_member(data[0] % MEMBERS, (Span) { data + 1, size - 1 }, type);
    return 0;
}

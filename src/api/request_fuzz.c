#include "api/order_json.h"

/* Whatever bytes a merchant signs: an order that is read keeps every limit of its fields and can be
 * read again to the same order; a refused one leaves the outputs alone and says where. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_order(Span body, bool codepay)
{
    PaymentOrder order = { .serial = "serial" };
    PaymentOrder again = { .serial = "serial" };
    PayCodeText code = "";
    PayCodeText same = "";
    JsonProblem problem = { 0 };
    const Span mchid = SPAN("1900000001");
    const Status s = order_read(body, mchid, &order, codepay ? &code : NULL, &problem);
    if (!status_ok(s)) {
        ASSERT(span_equal((Span) { (const uint8_t *)&order, sizeof(order) },
                       (Span) { (const uint8_t *)&again, sizeof(again) })
                && code[0] == 0);
        return;
    }
    check_fields(&order);
    ASSERT(!codepay || pay_code_is_valid(span_of_text(code)));
    ASSERT(status_ok(order_read(body, mchid, &again, codepay ? &same : NULL, &problem)));
    ASSERT(span_equal((Span) { (const uint8_t *)&order, sizeof(order) },
            (Span) { (const uint8_t *)&again, sizeof(again) }));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_order((Span) { data, size }, false);
    check_order((Span) { data, size }, true);
    return 0;
}

#include "api/refund_json.h"

/* Whatever bytes a merchant signs: a refund that is read keeps every limit of its fields; a refused
 * one leaves the output alone. The input is tried as a whole body, and (its first byte chooses
 * where) as one member of a refund that is otherwise good. */

enum { BODY_BYTES_MAX = 8192, MEMBERS = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[MEMBERS] = { "out_trade_no", "out_refund_no", "amount", "reason",
    "notify_url" };
static const char *const values[MEMBERS] = { "\"NO-0001\"", "\"R1\"",
    "{\"refund\":1,\"total\":2,\"currency\":\"CNY\"}", "\"broken\"", "\"https://m.example/n\"" };

static void check_refund(Span body)
{
    static const RefundRequest nothing;
    RefundRequest r = nothing;
    JsonProblem problem = { 0 };
    const Status s = refund_read(body, SPAN("1900000001"), &r, &problem);
    if (!status_ok(s)) {
        ASSERT(r.mchid[0] == 0 && r.number[0] == 0 && r.money.minor == 0 && r.total_minor == 0);
        return;
    }
    ASSERT(span_equal(span_of_text(r.mchid), SPAN("1900000001")));
    ASSERT(refund_number_is_valid(span_of_text(r.number)));
    ASSERT(r.out_trade_no[0] == 0 || payment_out_trade_no_is_valid(span_of_text(r.out_trade_no)));
    ASSERT(r.out_trade_no[0] != 0
            || payment_transaction_id_is_valid(span_of_text(r.transaction_id)));
    ASSERT(r.money.minor > 0 && r.money.minor <= r.total_minor);
    ASSERT(r.total_minor <= LEDGER_MINOR_MAX && r.money.currency != CURRENCY_NONE);
    ASSERT(span_is_utf8(span_of_text(r.reason)));
}

/* A good refund but for one member. */
static void check_member(size_t chosen, Span bytes)
{
    static uint8_t memory[BODY_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    Status s = buffer_put(&body, SPAN("{\"goods_detail\":[]"));
    for (size_t i = 0; i < MEMBERS && status_ok(s); i++) {
        s = buffer_print(&body, ",\"%s\":", names[i]);
        if (status_ok(s)) s = buffer_put(&body, i == chosen ? bytes : span_of_text(values[i]));
    }
    if (status_ok(s)) s = buffer_put_u8(&body, '}');
    if (status_ok(s)) check_refund(span_of_buffer(&body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_refund((Span) { data, size });
    if (size > 0) check_member(data[0] % MEMBERS, (Span) { data + 1, size - 1 });
    return 0;
}

#include "payment/order_payer.h"

#define COLUMN(id, name, class, level)                       \
    {                                                        \
        id, name, VALUE_TEXT, false, class, level, "payment" \
    }
static const Column columns[] = {
    COLUMN(ORDER_PAYER_MCHID, "mchid", CLASS_PUBLIC, LEVEL_C1),
    COLUMN(ORDER_PAYER_OUT_TRADE_NO, "out_trade_no", CLASS_PUBLIC, LEVEL_C1),
    COLUMN(ORDER_PAYER_OPENID, "openid", CLASS_IDENTITY, LEVEL_C2),
};

const Table order_payer_table = {
    TABLE_ORDER_PAYER,
    .schema = 1,
    .name = "order_payer",
    .append_only = true,
    .key_columns = 2,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .columns = columns,
};

bool order_openid_is_valid(Span text)
{
    if (text.size != PAYMENT_OPENID_BYTES || text.data[0] != 'o' || text.data[1] != 'H')
        return false;
    for (size_t i = 2; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
    }
    return true;
}

Status order_payer_insert(Rows *rows, const PaymentOrder *order)
{
    const Value values[] = { VALUE_OF_TEXT(span_of_text(order->mchid)),
        VALUE_OF_TEXT(span_of_text(order->out_trade_no)),
        VALUE_OF_TEXT(span_of_text(order->openid)) };
    return rows_insert(rows, &order_payer_table, values);
}

static Status row_of(Rows *rows, const Payment *payment, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(payment->mchid)),
        VALUE_OF_TEXT(span_of_text(payment->out_trade_no)) };
    return rows_get(rows, &order_payer_table, key, ret_row);
}

Status order_payer_gather(Rows *rows, const Payment *payment)
{
    const Row *row = NULL;
    return payment->trade_type == TRADE_JSAPI ? row_of(rows, payment, &row) : OK;
}

Status order_payer_admit(Rows *rows, const Payment *payment, const char *openid)
{
    if (payment->trade_type != TRADE_JSAPI) return OK;
    const Row *row = NULL;
    TRY(row_of(rows, payment, &row));
    REQUIRE(row != NULL, REFUSED_ROW_MISSING);
    const Span named = row->values[COLUMN_AT(ORDER_PAYER_OPENID)].bytes;
    REQUIRE(span_equal(named, span_of_text(openid)), REFUSED_ORDER_PAYER_OTHER);
    return OK;
}

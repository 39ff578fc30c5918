#include "payment/order_identity.h"

#include "payment/payment_rows.h"

#define COLUMN(id, name, kind, class, level)           \
    {                                                  \
        id, name, kind, false, class, level, "payment" \
    }
static const Column order_columns[] = {
    COLUMN(ORDER_IDENTITY_MCHID, "mchid", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(ORDER_IDENTITY_OUT_TRADE_NO, "out_trade_no", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(ORDER_IDENTITY_NUMBER, "number_print", VALUE_BYTES, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(ORDER_IDENTITY_NAME, "name_print", VALUE_BYTES, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(ORDER_IDENTITY_SHOWN, "shown", VALUE_BYTES, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(ORDER_IDENTITY_SERIAL, "serial", VALUE_TEXT, CLASS_PUBLIC, LEVEL_C1),
};

const Table order_identity_table = {
    TABLE_ORDER_IDENTITY,
    .schema = 1,
    .name = "order_identity",
    .append_only = false,
    .key_columns = 2,
    .column_count = sizeof(order_columns) / sizeof(order_columns[0]),
    .columns = order_columns,
};

static const Column payer_columns[] = {
    COLUMN(PAYER_IDENTITY_PAYER, "payer", VALUE_TEXT, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(PAYER_IDENTITY_NUMBER, "number_print", VALUE_BYTES, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(PAYER_IDENTITY_NAME, "name_print", VALUE_BYTES, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(PAYER_IDENTITY_CHANGED, "changed", VALUE_INT, CLASS_PUBLIC, LEVEL_C1),
};

const Table payer_identity_table = {
    TABLE_PAYER_IDENTITY,
    .schema = 1,
    .name = "payer_identity",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(payer_columns) / sizeof(payer_columns[0]),
    .columns = payer_columns,
};

static Status take_print(const Value *value, uint8_t ret_print[IDENTITY_PRINT_BYTES])
{
    CHECK(value->bytes.size == IDENTITY_PRINT_BYTES, FAULT_STORE);
    memcpy(ret_print, value->bytes.data, IDENTITY_PRINT_BYTES);
    return OK;
}

/* --- an order's --- */

static Status order_of_row(const Row *row, OrderIdentity *ret)
{
    const Value *values = row->values;
    const Span shown = values[COLUMN_AT(ORDER_IDENTITY_SHOWN)].bytes;
    CHECK(shown.size <= sizeof(ret->shown), FAULT_STORE);
    *ret = (OrderIdentity) { .named = true, .shown_size = shown.size };
    TRY(take_print(&values[COLUMN_AT(ORDER_IDENTITY_NUMBER)], ret->prints.number));
    TRY(take_print(&values[COLUMN_AT(ORDER_IDENTITY_NAME)], ret->prints.name));
    if (shown.size > 0) memcpy(ret->shown, shown.data, shown.size);
    return value_copy_text(
            &values[COLUMN_AT(ORDER_IDENTITY_SERIAL)], ret->serial, sizeof(ret->serial));
}

Status order_identity_get(
        Rows *rows, const char *mchid, const char *out_trade_no, OrderIdentity *ret_identity)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)),
        VALUE_OF_TEXT(span_of_text(out_trade_no)) };
    const Row *row = NULL;
    TRY(rows_get(rows, &order_identity_table, key, &row));
    if (row != NULL) return order_of_row(row, ret_identity);
    *ret_identity = (OrderIdentity) { .named = false };
    return OK;
}

Status order_identity_gather(Rows *rows, const PaymentOrder *order)
{
    OrderIdentity ignored;
    if (!order->identity.named) return OK;
    return order_identity_get(rows, order->mchid, order->out_trade_no, &ignored);
}

Status order_identity_insert(Rows *rows, const PaymentOrder *order)
{
    const OrderIdentity *identity = &order->identity;
    const Value values[] = { VALUE_OF_TEXT(span_of_text(order->mchid)),
        VALUE_OF_TEXT(span_of_text(order->out_trade_no)),
        VALUE_OF_BYTES(SPAN_OF(identity->prints.number)),
        VALUE_OF_BYTES(SPAN_OF(identity->prints.name)),
        VALUE_OF_BYTES(((Span) { identity->shown, identity->shown_size })),
        VALUE_OF_TEXT(span_of_text(identity->serial)) };
    return rows_insert(rows, &order_identity_table, values);
}

/* --- a payer's --- */

static Status payer_row(Rows *rows, const char *payer, const Row **ret_row)
{
    return rows_get(rows, &payer_identity_table, &VALUE_OF_TEXT(span_of_text(payer)), ret_row);
}

Status payer_identity_get(
        Rows *rows, const char *payer, IdentityPrints *ret_prints, bool *ret_there)
{
    const Row *row = NULL;
    TRY(payer_row(rows, payer, &row));
    *ret_there = row != NULL;
    if (row == NULL) return OK;
    TRY(take_print(&row->values[COLUMN_AT(PAYER_IDENTITY_NUMBER)], ret_prints->number));
    return take_print(&row->values[COLUMN_AT(PAYER_IDENTITY_NAME)], ret_prints->name);
}

Status payer_identity_put(Rows *rows, const char *payer, const IdentityPrints *prints)
{
    const Row *row = NULL;
    const Value values[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_BYTES(SPAN_OF(prints->number)), VALUE_OF_BYTES(SPAN_OF(prints->name)),
        VALUE_OF_INT(rows_now_us(rows)) };
    TRY(payer_row(rows, payer, &row));
    if (row == NULL) return rows_insert(rows, &payer_identity_table, values);
    return rows_update(rows, &payer_identity_table, values);
}

static Status identified_gather(Unit *unit, Rows *rows)
{
    const PayerIdentified *work = (const PayerIdentified *)unit;
    const Row *row = NULL;
    return payer_row(rows, work->payer, &row);
}

static Status identified_run(Unit *unit, Rows *rows)
{
    const PayerIdentified *work = (const PayerIdentified *)unit;
    const Status s = payer_identity_put(rows, work->payer, &work->prints);
    const Record record = { .kind = AUDIT_PAYER_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = "",
        .subject = work->payer,
        .detail = "identified" };
    return record_end(rows, &record, s);
}

void payer_identified_unit(PayerIdentified *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = identified_gather, .run = identified_run, .done = done };
}

Status order_identity_admit(Rows *rows, const OrderIdentity *identity, const char *payer)
{
    IdentityPrints own = { 0 };
    bool there = false;
    if (!identity->named) return OK;
    TRY(payer_identity_get(rows, payer, &own, &there));
    REQUIRE(there, REFUSED_IDENTITY_NONE);
    const bool number = bytes_equal_ct(own.number, identity->prints.number, IDENTITY_PRINT_BYTES);
    const bool name = bytes_equal_ct(own.name, identity->prints.name, IDENTITY_PRINT_BYTES);
    REQUIRE(number && name, REFUSED_IDENTITY_OTHER);
    return OK;
}

Status order_identity_pay_gather(Rows *rows, const Payment *payment, const char *payer)
{
    OrderIdentity identity;
    const Row *row = NULL;
    TRY(order_identity_get(rows, payment->mchid, payment->out_trade_no, &identity));
    return identity.named ? payer_row(rows, payer, &row) : OK;
}

Status order_identity_pay_admit(Rows *rows, const Payment *payment, const char *payer)
{
    OrderIdentity identity;
    TRY(order_identity_get(rows, payment->mchid, payment->out_trade_no, &identity));
    return order_identity_admit(rows, &identity, payer);
}

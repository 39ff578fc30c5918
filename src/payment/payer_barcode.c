#include "payment/payer_barcode.h"

#include "base/time.h"

static const Column columns[] = {
    { PAYER_BARCODE_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    { PAYER_BARCODE_CODES_FROM, "codes_from", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYER_BARCODE_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYER_BARCODE_STATIC, "static_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2,
            "payment" },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table payer_barcode_table = {
    TABLE_PAYER_BARCODE,
    .schema = 1,
    .name = "payer_barcode",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status find(Rows *rows, const char *payer, const Row **ret_row)
{
    return rows_get(rows, &payer_barcode_table, &VALUE_OF_TEXT(span_of_text(payer)), ret_row);
}

Status payer_barcode_gather(Rows *rows, const char *payer)
{
    const Row *row = NULL;
    return find(rows, payer, &row);
}

Status payer_barcode_get(Rows *rows, const char *payer, PayerBarcode *ret)
{
    const Row *row = NULL;
    const Value name = VALUE_OF_TEXT(span_of_text(payer));
    TRY(find(rows, payer, &row));
    PayerBarcode b = { .stored = row != NULL };
    TRY(value_copy_text(&name, b.payer, sizeof(b.payer)));
    if (row != NULL) {
        b.codes_from_us = row->values[COLUMN_AT(PAYER_BARCODE_CODES_FROM)].integer;
        b.day = row->values[COLUMN_AT(PAYER_BARCODE_DAY)].integer;
        b.static_minor = row->values[COLUMN_AT(PAYER_BARCODE_STATIC)].integer;
    }
    *ret = b;
    return OK;
}

Status payer_barcode_put(Rows *rows, const PayerBarcode *b)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(PAYER_BARCODE_PAYER)] = VALUE_OF_TEXT(span_of_text(b->payer)),
        [COLUMN_AT(PAYER_BARCODE_CODES_FROM)] = VALUE_OF_INT(b->codes_from_us),
        [COLUMN_AT(PAYER_BARCODE_DAY)] = VALUE_OF_INT(b->day),
        [COLUMN_AT(PAYER_BARCODE_STATIC)] = VALUE_OF_INT(b->static_minor),
    };
    return b->stored ? rows_update(rows, &payer_barcode_table, values)
                     : rows_insert(rows, &payer_barcode_table, values);
}

int64_t payer_barcode_renew(PayerBarcode *b, int64_t now_us)
{
    b->codes_from_us = now_us > b->codes_from_us ? now_us : b->codes_from_us + 1;
    return b->codes_from_us;
}

Status payer_barcode_count(
        PayerBarcode *barcode, const BarcodeRules *rules, int64_t minor, int64_t now_us)
{
    PayerBarcode b = *barcode;
    const int64_t today = time_business_day(now_us);
    if (today > b.day) {
        b.day = today;
        b.static_minor = 0;
    }
    TRY(barcode_allows_static(rules, b.static_minor, minor));
    b.static_minor += minor;
    *barcode = b;
    return OK;
}

void payer_barcode_uncount(PayerBarcode *b, int64_t minor, int64_t counted_us)
{
    if (b->day == time_business_day(counted_us))
        b->static_minor = b->static_minor > minor ? b->static_minor - minor : 0;
}

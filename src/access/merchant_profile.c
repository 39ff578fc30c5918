#include "access/merchant_profile.h"

static const Column profile_columns[] = {
    { MERCHANT_PROFILE_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_PROFILE_GIVEN, "given", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { MERCHANT_PROFILE_CHANGED, "changed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};

const Table merchant_profile_table = {
    TABLE_MERCHANT_PROFILE,
    .schema = 1,
    .name = "merchant_profile",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(profile_columns) / sizeof(profile_columns[0]),
    .columns = profile_columns,
};

static Status find(Rows *rows, const char *mchid, const Row **ret_row)
{
    return rows_get(rows, &merchant_profile_table, &VALUE_OF_TEXT(span_of_text(mchid)), ret_row);
}

Status merchant_profile_get(Rows *rows, const char *mchid, int64_t *ret_given)
{
    const Row *row = NULL;
    TRY(find(rows, mchid, &row));
    *ret_given = row == NULL ? 0 : row->values[COLUMN_AT(MERCHANT_PROFILE_GIVEN)].integer;
    return OK;
}

Status merchant_profile_put(Rows *rows, const char *mchid, int64_t given)
{
    const Row *row = NULL;
    const Value values[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_INT(given),
        VALUE_OF_INT(rows_now_us(rows)) };
    TRY(find(rows, mchid, &row));
    if (row == NULL) return rows_insert(rows, &merchant_profile_table, values);
    return rows_update(rows, &merchant_profile_table, values);
}

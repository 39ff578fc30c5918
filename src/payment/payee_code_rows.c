#include "payment/payee_code_rows.h"

static const Column columns[] = {
    { PAYEE_CODE_REFERENCE, "reference", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_MCHID, "mchid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_APPID, "appid", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_DESCRIPTION, "description", VALUE_TEXT, false, CLASS_FREE_TEXT, LEVEL_C2,
            "payment" },
    { PAYEE_CODE_NOTIFY_URL, "notify_url", VALUE_TEXT, true, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_LIMIT_MINOR, "limit_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2,
            "payment" },
    { PAYEE_CODE_STATE, "state", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAYEE_CODE_ENDED, "ended", VALUE_INT, true, CLASS_PUBLIC, LEVEL_C1, "payment" },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table payee_code_table = {
    TABLE_PAYEE_CODE,
    .schema = 1,
    .name = "payee_code",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status find(Rows *rows, const char *reference, const Row **ret_row)
{
    return rows_get(rows, &payee_code_table, &VALUE_OF_TEXT(span_of_text(reference)), ret_row);
}

static Status take(const Row *row, enum PayeeCodeColumn column, char *ret_text, size_t capacity)
{
    return value_copy_text(&row->values[COLUMN_AT(column)], ret_text, capacity);
}

Status payee_code_gather(
        Rows *rows, const char *reference, char ret_mchid[MERCHANT_ID_BYTES_MAX + 1])
{
    const Row *row = NULL;
    TRY(find(rows, reference, &row));
    ret_mchid[0] = 0;
    if (row == NULL) return OK;
    const Status s = take(row, PAYEE_CODE_MCHID, ret_mchid, MERCHANT_ID_BYTES_MAX + 1);
    if (!status_ok(s)) ret_mchid[0] = 0; /* not verified yet: run() will hear that it is broken */
    return OK;
}

Status payee_code_get(Rows *rows, const char *reference, PayeeCode *ret)
{
    const Row *row = NULL;
    TRY(find(rows, reference, &row));
    REQUIRE(row != NULL, REFUSED_PAYEE_CODE_UNKNOWN);
    const Value *v = row->values;
    PayeeCode code = { .limit_minor = v[COLUMN_AT(PAYEE_CODE_LIMIT_MINOR)].integer,
        .state = (PayeeCodeState)v[COLUMN_AT(PAYEE_CODE_STATE)].integer,
        .created_us = v[COLUMN_AT(PAYEE_CODE_CREATED)].integer };
    TRY(take(row, PAYEE_CODE_REFERENCE, code.reference, sizeof(code.reference)));
    TRY(take(row, PAYEE_CODE_MCHID, code.mchid, sizeof(code.mchid)));
    TRY(take(row, PAYEE_CODE_APPID, code.appid, sizeof(code.appid)));
    TRY(take(row, PAYEE_CODE_DESCRIPTION, code.description, sizeof(code.description)));
    const Value *notify = &v[COLUMN_AT(PAYEE_CODE_NOTIFY_URL)];
    if (notify->type != VALUE_NULL)
        TRY(value_copy_text(notify, code.notify_url, sizeof(code.notify_url)));
    const Value *ended = &v[COLUMN_AT(PAYEE_CODE_ENDED)];
    if (ended->type != VALUE_NULL) code.ended_us = ended->integer;
    *ret = code;
    return OK;
}

static void values_of(const PayeeCode *code, Value ret_values[COLUMNS])
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(PAYEE_CODE_REFERENCE)] = VALUE_OF_TEXT(span_of_text(code->reference)),
        [COLUMN_AT(PAYEE_CODE_MCHID)] = VALUE_OF_TEXT(span_of_text(code->mchid)),
        [COLUMN_AT(PAYEE_CODE_APPID)] = VALUE_OF_TEXT(span_of_text(code->appid)),
        [COLUMN_AT(PAYEE_CODE_DESCRIPTION)] = VALUE_OF_TEXT(span_of_text(code->description)),
        [COLUMN_AT(PAYEE_CODE_NOTIFY_URL)] = value_of_optional_text(code->notify_url),
        [COLUMN_AT(PAYEE_CODE_LIMIT_MINOR)] = VALUE_OF_INT(code->limit_minor),
        [COLUMN_AT(PAYEE_CODE_STATE)] = VALUE_OF_INT((int64_t)code->state),
        [COLUMN_AT(PAYEE_CODE_CREATED)] = VALUE_OF_INT(code->created_us),
        [COLUMN_AT(PAYEE_CODE_ENDED)] =
                code->ended_us != 0 ? VALUE_OF_INT(code->ended_us) : VALUE_OF_NULL,
    };
    memcpy(ret_values, values, sizeof(values));
}

Status payee_code_insert(Rows *rows, const PayeeCode *code)
{
    Value values[COLUMNS];
    values_of(code, values);
    return rows_insert(rows, &payee_code_table, values);
}

Status payee_code_update(Rows *rows, const PayeeCode *code)
{
    Value values[COLUMNS];
    values_of(code, values);
    return rows_update(rows, &payee_code_table, values);
}

/* --- what there is --- */

typedef struct CodeList {
    PayeeCodeFound *codes;
    size_t count;
} CodeList;

static Status take_code(void *context, const Value *values, size_t count)
{
    CodeList *list = context;
    if (list->count == PAYEE_CODES_FOUND_MAX) return OK;
    PayeeCodeFound *code = &list->codes[list->count];
    const bool fits =
            status_ok(value_copy_text(&values[0], code->reference, sizeof(code->reference)))
            && status_ok(value_copy_text(&values[1], code->mchid, sizeof(code->mchid)))
            && status_ok(value_copy_text(&values[2], code->description, sizeof(code->description)));
    if (!fits || !payee_code_is_valid(span_of_text(code->reference)))
        return OK; /* no row of ours */
    code->limit_minor = values[3].integer;
    code->state = (PayeeCodeState)values[4].integer;
    code->created_us = values[5].integer;
    list->count++;
    return OK;
}

Status payee_code_list(Store *store, const char *mchid, bool all, int64_t skip,
        PayeeCodeFound ret_codes[PAYEE_CODES_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT reference, mchid, description, limit_minor, state, created FROM payee_code"
            " WHERE mchid = ?1 AND (state = 1 OR ?2) ORDER BY created DESC, reference"
            " LIMIT ?3 OFFSET ?4";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_INT(all ? 1 : 0),
        VALUE_OF_INT(PAYEE_CODES_FOUND_MAX), VALUE_OF_INT(skip) };
    CodeList list = { ret_codes, 0 };
    TRY(store_query(store, sql, parameters, 4, take_code, &list));
    *ret_count = list.count;
    return OK;
}

#include "payment/code_rows.h"
#include "payment/payer_barcode.h"
#include "payment/payment_rows.h"

#include "base/time.h"
#include "crypto/digest.h"

static const Column code_columns[] = {
    { PAY_CODE_DIGEST, "digest", VALUE_BYTES, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAY_CODE_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    { PAY_CODE_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAY_CODE_EXPIRES, "expires", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAY_CODE_STATE, "state", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { PAY_CODE_USED_BY, "used_by", VALUE_TEXT, true, CLASS_PUBLIC, LEVEL_C1, "payment" },
};

const Table pay_code_table = {
    TABLE_PAY_CODE,
    .schema = 1,
    .name = "pay_code",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(code_columns) / sizeof(code_columns[0]),
    .columns = code_columns,
};

void pay_code_digest(Span code, uint8_t ret_digest[PAYMENT_HASH_BYTES])
{
    const Span parts[] = { SPAN("hufu-pay-code"), code };
    digest_parts(DIGEST_SHA256, parts, 2, ret_digest);
}

static Value digest_value(const uint8_t *digest)
{
    return VALUE_OF_BYTES(((Span) { digest, PAYMENT_HASH_BYTES }));
}

Status pay_code_gather(Rows *rows, const uint8_t digest[PAYMENT_HASH_BYTES],
        char ret_payer[PAYER_ID_BYTES_MAX + 1])
{
    const Row *row = NULL;
    const Value key = digest_value(digest);
    TRY(rows_get(rows, &pay_code_table, &key, &row));
    ret_payer[0] = 0;
    if (row == NULL) return OK;
    const Value *payer = &row->values[COLUMN_AT(PAY_CODE_PAYER)];
    const bool fits = status_ok(value_copy_text(payer, ret_payer, PAYER_ID_BYTES_MAX + 1));
    if (!fits) ret_payer[0] = 0; /* not verified yet: run() will hear that it is broken */
    return OK;
}

Status pay_code_get(Rows *rows, const uint8_t digest[PAYMENT_HASH_BYTES], PayCode *ret_code)
{
    const Row *row = NULL;
    const Value key = digest_value(digest);
    TRY(rows_get(rows, &pay_code_table, &key, &row));
    REQUIRE(row != NULL, REFUSED_PAY_CODE_INVALID);
    const Value *v = row->values;
    TRY(value_copy_text(&v[COLUMN_AT(PAY_CODE_PAYER)], ret_code->payer, sizeof(ret_code->payer)));
    memcpy(ret_code->digest, digest, sizeof(ret_code->digest));
    ret_code->created_us = v[COLUMN_AT(PAY_CODE_CREATED)].integer;
    ret_code->expires_us = v[COLUMN_AT(PAY_CODE_EXPIRES)].integer;
    ret_code->state = (PayCodeState)v[COLUMN_AT(PAY_CODE_STATE)].integer;
    return OK;
}

static void code_values(const PayCode *code, Value used_by, Value ret_values[])
{
    ret_values[COLUMN_AT(PAY_CODE_DIGEST)] = digest_value(code->digest);
    ret_values[COLUMN_AT(PAY_CODE_PAYER)] = VALUE_OF_TEXT(span_of_text(code->payer));
    ret_values[COLUMN_AT(PAY_CODE_CREATED)] = VALUE_OF_INT(code->created_us);
    ret_values[COLUMN_AT(PAY_CODE_EXPIRES)] = VALUE_OF_INT(code->expires_us);
    ret_values[COLUMN_AT(PAY_CODE_STATE)] = VALUE_OF_INT((int64_t)code->state);
    ret_values[COLUMN_AT(PAY_CODE_USED_BY)] = used_by;
}

Status pay_code_use(Rows *rows, const PayCode *code, const char *transaction_id)
{
    PayCode used = *code;
    used.state = PAY_CODE_USED;
    Value values[sizeof(code_columns) / sizeof(code_columns[0])];
    code_values(&used, VALUE_OF_TEXT(span_of_text(transaction_id)), values);
    return rows_update(rows, &pay_code_table, values);
}

/* --- issue --- */

static Status issue_gather(Unit *unit, Rows *rows)
{
    const PayCodeIssue *work = (const PayCodeIssue *)unit;
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t account = 0;
    TRY(payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(payer_barcode_gather(rows, work->payer));
    for (size_t i = 0; i < work->count && i < PAY_CODE_COUNT_MAX; i++) {
        uint8_t digest[PAYMENT_HASH_BYTES];
        pay_code_digest(span_of_text(work->codes[i]), digest);
        TRY(pay_code_gather(rows, digest, payer)); /* that it is new, proven */
    }
    return OK;
}

static Status issue_one(Rows *rows, const PayCodeIssue *work, const char *text, int64_t made_us)
{
    PayCode code = {
        .created_us = made_us, .expires_us = work->expires_us, .state = PAY_CODE_LIVE
    };
    REQUIRE(pay_code_is_valid(span_of_text(text)), REFUSED_PAY_CODE_INVALID);
    pay_code_digest(span_of_text(text), code.digest);
    memcpy(code.payer, work->payer, sizeof(code.payer));
    Value values[sizeof(code_columns) / sizeof(code_columns[0])];
    code_values(&code, VALUE_OF_NULL, values);
    return rows_insert(rows, &pay_code_table, values);
}

static Status issue_all(PayCodeIssue *work, Rows *rows)
{
    Payer payer;
    PayerBarcode barcode;
    REQUIRE(work->count >= 1 && work->count <= PAY_CODE_COUNT_MAX, REFUSED_PAY_CODE_COUNT);
    TRY(payer_admit(rows, work->payer, &payer));
    TRY(payer_door_admit(rows, work->payer, &work->door));
    const int64_t life_us =
            work->life_us > 0 ? work->life_us : PAY_CODE_LIFE_DEFAULT_S * TIME_SECOND_US;
    const int64_t most_us = PAY_CODE_LIFE_MAX_S * TIME_SECOND_US;
    const int64_t now_us = rows_now_us(rows);
    TRY(payer_barcode_get(rows, work->payer, &barcode));
    const int64_t made_us = payer_barcode_renew(&barcode, now_us);
    TRY(payer_barcode_put(rows, &barcode));
    work->expires_us = now_us + (life_us < most_us ? life_us : most_us);
    for (size_t i = 0; i < work->count; i++)
        TRY(issue_one(rows, work, work->codes[i], made_us));
    return OK;
}

static Status issue_run(Unit *unit, Rows *rows)
{
    PayCodeIssue *work = (PayCodeIssue *)unit;
    const Status s = issue_all(work, rows);
    const Record record = { .kind = AUDIT_CODE_ISSUE,
        .role = "payer",
        .actor = work->payer,
        .mchid = "",
        .subject = work->payer,
        .nonce_digest = work->nonce_digest };
    return record_end(rows, &record, s);
}

void pay_code_issue_unit(PayCodeIssue *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = issue_gather, .run = issue_run, .done = done };
}

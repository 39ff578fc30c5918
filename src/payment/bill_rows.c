/* bill_rows: who may have a bill, and the row that says what it was. */
#include "payment/bill_rows.h"

#include <stdio.h>

#include "base/encoding.h"
#include "payment/payment_rows.h"

#define PUBLIC(id, name, type)                                   \
    {                                                            \
        id, name, type, false, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define MONEY(id, name)                                                  \
    {                                                                    \
        id, name, VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" \
    }

static const Column columns[] = {
    PUBLIC(BILL_MCHID, "mchid", VALUE_TEXT),
    PUBLIC(BILL_DAY, "day", VALUE_INT),
    PUBLIC(BILL_KIND, "kind", VALUE_INT),
    PUBLIC(BILL_LINES, "lines", VALUE_INT),
    PUBLIC(BILL_SHA256, "digest", VALUE_BYTES),
    MONEY(BILL_IN_MINOR, "in_minor"),
    MONEY(BILL_OUT_MINOR, "out_minor"),
    PUBLIC(BILL_MADE, "made", VALUE_INT),
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table bill_table = {
    TABLE_BILL,
    .schema = 1,
    .name = "bill",
    .append_only = true,
    .key_columns = 3,
    .column_count = COLUMNS,
    .columns = columns,
};

static Status bill_row(Rows *rows, const BillForm *form, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(form->mchid)), VALUE_OF_INT(form->day),
        VALUE_OF_INT((int64_t)form->kind) };
    return rows_get(rows, &bill_table, key, ret_row);
}

static const char *kind_name(BillKind kind)
{
    switch (kind) {
    case BILL_TRADE_ALL: return "ALL";
    case BILL_TRADE_SUCCESS: return "SUCCESS";
    case BILL_TRADE_REFUND: return "REFUND";
    case BILL_FUND_BASIC: return "BASIC";
    }
    return "";
}

static Status tell(Rows *rows, const BillForm *form, const char *detail, bool quiet, Status s)
{
    char day[9];
    char subject[9 + 8 + 1];
    time_business_day_text(form->day, day);
    snprintf(subject, sizeof(subject), "%s %s", day, kind_name(form->kind));
    const Record record = { .kind = AUDIT_BILL,
        .role = "merchant",
        .actor = form->mchid,
        .mchid = form->mchid,
        .subject = subject,
        .detail = detail,
        .nonce_digest = form->nonce_digest,
        .quiet = quiet };
    return record_end(rows, &record, s);
}

/* --- open --- */

static Status open_gather(Unit *unit, Rows *rows)
{
    const BillOpen *work = (const BillOpen *)unit;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->form->mchid, work->form->serial, &account));
    return account_gather(rows, account);
}

static Status open_decide(BillOpen *work, Rows *rows)
{
    Merchant merchant;
    Account account;
    TRY(merchant_admit(rows, work->form->mchid, work->form->serial, &merchant));
    TRY(account_get(rows, merchant.account, &account));
    account_roll(&account, rows_now_us(rows));
    work->today = time_business_day(rows_now_us(rows));
    const int32_t safe_day = time_business_day(rows_now_us(rows) - BILL_SET_BACK_US_MAX);
    REQUIRE(work->form->day < safe_day, REFUSED_BILL_NOT_YET);
    REQUIRE(work->form->day >= work->today - BILL_DAYS_MAX, REFUSED_BILL_NONE);
    work->account = merchant.account;
    work->evening_minor = account.previous;
    return OK;
}

static Status open_run(Unit *unit, Rows *rows)
{
    BillOpen *work = (BillOpen *)unit;
    return tell(rows, work->form, NULL, true, open_decide(work, rows));
}

void bill_open_unit(BillOpen *work)
{
    work->unit = (Unit) { .gather = open_gather, .run = open_run };
}

/* --- keep --- */

static Status keep_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return bill_row(rows, ((const BillKeep *)unit)->form, &row);
}

static Status insert(const BillKeep *work, Rows *rows)
{
    const BillSums *sums = work->sums;
    const Span digest = { work->sha256, BILL_SHA256_BYTES };
    const Value values[COLUMNS] = {
        [COLUMN_AT(BILL_MCHID)] = VALUE_OF_TEXT(span_of_text(work->form->mchid)),
        [COLUMN_AT(BILL_DAY)] = VALUE_OF_INT(work->form->day),
        [COLUMN_AT(BILL_KIND)] = VALUE_OF_INT((int64_t)work->form->kind),
        [COLUMN_AT(BILL_LINES)] = VALUE_OF_INT(sums->lines),
        [COLUMN_AT(BILL_SHA256)] = VALUE_OF_BYTES(digest),
        [COLUMN_AT(BILL_IN_MINOR)] = VALUE_OF_INT(sums->in_minor),
        [COLUMN_AT(BILL_OUT_MINOR)] = VALUE_OF_INT(sums->out_minor),
        [COLUMN_AT(BILL_MADE)] = VALUE_OF_INT(rows_now_us(rows)),
    };
    return rows_insert(rows, &bill_table, values);
}

static Status keep(const BillKeep *work, Rows *rows)
{
    const Row *row = NULL;
    const Span digest = { work->sha256, BILL_SHA256_BYTES };
    TRY(bill_row(rows, work->form, &row));
    if (row == NULL) return insert(work, rows);
    const bool same = span_equal(row->values[COLUMN_AT(BILL_SHA256)].bytes, digest);
    return same ? OK : REFUSE(REFUSED_BILL_CHANGED);
}

static Status keep_run(Unit *unit, Rows *rows)
{
    const BillKeep *work = (const BillKeep *)unit;
    char detail[AUDIT_DETAIL_BYTES_MAX];
    uint8_t hex_bytes[2 * BILL_SHA256_BYTES];
    Buffer hex = BUFFER_OF(hex_bytes);
    TRY(hex_encode((Span) { work->sha256, BILL_SHA256_BYTES }, &hex));
    snprintf(detail, sizeof(detail), "%lld lines, sha256 %.*s", (long long)work->sums->lines,
            (int)hex.size, (const char *)hex_bytes);
    return tell(rows, work->form, detail, false, keep(work, rows));
}

void bill_keep_unit(BillKeep *work)
{
    work->unit = (Unit) { .gather = keep_gather, .run = keep_run };
}

/* settlement_rows: settlements as sealed rows, and the plain reads that find them. */
#include "payment/settlement_rows.h"

#include <stdio.h>

#include "base/time.h"

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }

static const Column columns[] = {
    PUBLIC(SETTLEMENT_ID, "id", VALUE_TEXT, false),
    PUBLIC(SETTLEMENT_MCHID, "mchid", VALUE_TEXT, false),
    PUBLIC(SETTLEMENT_DAY, "day", VALUE_INT, false),
    PUBLIC(SETTLEMENT_NUMBER, "number", VALUE_INT, false),
    { SETTLEMENT_MINOR, "minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" },
    PUBLIC(SETTLEMENT_CURRENCY, "currency", VALUE_INT, false),
    { SETTLEMENT_ACCOUNT, "merchant_account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2,
            "payment" },
    PUBLIC(SETTLEMENT_PAYABLE, "payable_account", VALUE_INT, false),
    PUBLIC(SETTLEMENT_TARGET, "target", VALUE_TEXT, false),
    PUBLIC(SETTLEMENT_CREATED, "created", VALUE_INT, false),
    PUBLIC(SETTLEMENT_STATE, "state", VALUE_INT, false),
    PUBLIC(SETTLEMENT_SUBMITTED, "submitted", VALUE_INT, true),
    PUBLIC(SETTLEMENT_ENDED, "ended", VALUE_INT, true),
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table settlement_table = {
    TABLE_SETTLEMENT,
    .schema = 1,
    .name = "settlement",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

const char *settlement_state_name(SettlementState state)
{
    switch (state) {
    case SETTLEMENT_DUE: return "DUE";
    case SETTLEMENT_SUBMITTED_TO_BANK: return "SUBMITTED";
    case SETTLEMENT_PAID: return "PAID";
    case SETTLEMENT_FAILED: return "FAILED";
    }
    return "";
}

void settlement_name(
        const char *mchid, int32_t day, int64_t number, char ret_id[SETTLEMENT_ID_BYTES_MAX + 1])
{
    char date[9];
    time_business_day_text(day, date);
    const int size = snprintf(ret_id, SETTLEMENT_ID_BYTES_MAX + 1,
            POSTING_SETTLE_PREFIX "%s/%s/%lld", mchid, date, (long long)number);
    ASSERT(size > 0 && size <= SETTLEMENT_ID_BYTES_MAX);
}

Status settlement_row(Rows *rows, const char *id, const Row **ret_row)
{
    return rows_get(rows, &settlement_table, &VALUE_OF_TEXT(span_of_text(id)), ret_row);
}

static int64_t int_of(const Row *row, uint16_t column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

Status settlement_of_row(const Row *row, Settlement *ret)
{
    const Value *v = row->values;
    TRY(value_copy_text(&v[COLUMN_AT(SETTLEMENT_ID)], ret->id, sizeof(ret->id)));
    TRY(value_copy_text(&v[COLUMN_AT(SETTLEMENT_MCHID)], ret->mchid, sizeof(ret->mchid)));
    TRY(value_copy_text(&v[COLUMN_AT(SETTLEMENT_TARGET)], ret->target, sizeof(ret->target)));
    ret->day = (int32_t)int_of(row, SETTLEMENT_DAY);
    ret->number = int_of(row, SETTLEMENT_NUMBER);
    ret->money.minor = int_of(row, SETTLEMENT_MINOR);
    ret->money.currency = (Currency)int_of(row, SETTLEMENT_CURRENCY);
    ret->account = int_of(row, SETTLEMENT_ACCOUNT);
    ret->created_us = int_of(row, SETTLEMENT_CREATED);
    ret->state = (SettlementState)int_of(row, SETTLEMENT_STATE);
    ret->submitted_us = int_of(row, SETTLEMENT_SUBMITTED);
    ret->ended_us = int_of(row, SETTLEMENT_ENDED);
    return OK;
}

static Value optional_time(int64_t time_us)
{
    return time_us != 0 ? VALUE_OF_INT(time_us) : (Value) { .type = VALUE_NULL };
}

Status settlement_put(Rows *rows, const Settlement *s, bool is_new)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(SETTLEMENT_ID)] = VALUE_OF_TEXT(span_of_text(s->id)),
        [COLUMN_AT(SETTLEMENT_MCHID)] = VALUE_OF_TEXT(span_of_text(s->mchid)),
        [COLUMN_AT(SETTLEMENT_DAY)] = VALUE_OF_INT(s->day),
        [COLUMN_AT(SETTLEMENT_NUMBER)] = VALUE_OF_INT(s->number),
        [COLUMN_AT(SETTLEMENT_MINOR)] = VALUE_OF_INT(s->money.minor),
        [COLUMN_AT(SETTLEMENT_CURRENCY)] = VALUE_OF_INT((int64_t)s->money.currency),
        [COLUMN_AT(SETTLEMENT_ACCOUNT)] = VALUE_OF_INT(s->account),
        [COLUMN_AT(SETTLEMENT_PAYABLE)] = VALUE_OF_INT(account_id_of_payables(s->money.currency)),
        [COLUMN_AT(SETTLEMENT_TARGET)] = VALUE_OF_TEXT(span_of_text(s->target)),
        [COLUMN_AT(SETTLEMENT_CREATED)] = VALUE_OF_INT(s->created_us),
        [COLUMN_AT(SETTLEMENT_STATE)] = VALUE_OF_INT((int64_t)s->state),
        [COLUMN_AT(SETTLEMENT_SUBMITTED)] = optional_time(s->submitted_us),
        [COLUMN_AT(SETTLEMENT_ENDED)] = optional_time(s->ended_us),
    };
    return is_new ? rows_insert(rows, &settlement_table, values)
                  : rows_update(rows, &settlement_table, values);
}

/* --- found --- */

typedef struct Texts {
    char *place;
    size_t size; /* of each */
    size_t count;
} Texts;

static Status take_text(void *context, const Value *values, size_t count)
{
    Texts *texts = context;
    CHECK(texts->count < SETTLEMENT_FOUND_MAX, FAULT_STORE);
    char *place = texts->place + texts->count * texts->size;
    texts->count++;
    return value_copy_text(&values[0], place, texts->size);
}

/* A key that we would never have written names no row of ours: left out before rows are counted,
 * so that a full page is one. What is left fits value_copy_text(): text, ASCII, no NUL. */
#define IS_OURS(key, size)                                                         \
    "typeof(" key ") = 'text' AND length(" key ") = length(CAST(" key " AS BLOB))" \
    " AND length(" key ") <= " size

/* Each walks its own index, as far as its page. */
#define LIST(of_state)                                   \
    "SELECT id FROM settlement WHERE " of_state IS_OURS( \
            "id", "?3") " ORDER BY created DESC, id DESC LIMIT ?1 OFFSET ?2"

Status settlement_list(Store *store, SettlementState state, int64_t skip,
        SettlementId ret_ids[SETTLEMENT_FOUND_MAX], size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_INT(SETTLEMENT_FOUND_MAX), VALUE_OF_INT(skip),
        VALUE_OF_INT(SETTLEMENT_ID_BYTES_MAX), VALUE_OF_INT((int64_t)state) };
    Texts texts = { ret_ids[0], sizeof(SettlementId), 0 };
    const bool all = (int)state == 0;
    TRY(store_query(store, all ? LIST("") : LIST("state = ?4 AND "), parameters, all ? 3 : 4,
            take_text, &texts));
    *ret_count = texts.count;
    return OK;
}

static Status take_number(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].integer;
    return OK;
}

Status settlement_next_number(Store *store, const char *mchid, int32_t day, int64_t *ret_number)
{
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_INT(day) };
    int64_t last = 0;
    TRY(store_query(store,
            "SELECT coalesce(max(number), 0) FROM settlement WHERE mchid = ?1 AND day = ?2",
            parameters, 2, take_number, &last));
    REQUIRE(last < SETTLEMENT_NUMBER_MAX, REFUSED_SETTLEMENT_STATE);
    *ret_number = last + 1;
    return OK;
}

Status settlement_merchants(Store *store, const char *behind,
        SettlementMchid ret_mchids[SETTLEMENT_FOUND_MAX], size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(behind)),
        VALUE_OF_INT(MERCHANT_ID_BYTES_MAX), VALUE_OF_INT(SETTLEMENT_FOUND_MAX) };
    Texts texts = { ret_mchids[0], sizeof(SettlementMchid), 0 };
    TRY(store_query(store,
            "SELECT mchid FROM merchant_terms WHERE mchid > ?1 AND " IS_OURS(
                    "mchid", "?2") " ORDER BY mchid LIMIT ?3",
            parameters, 3, take_text, &texts));
    *ret_count = texts.count;
    return OK;
}

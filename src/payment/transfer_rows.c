/* transfer_rows: transfers as sealed rows, and the plain reads that find them. */
#include "payment/transfer_rows.h"

#include "base/encoding.h"
#include "crypto/digest.h"

enum { NAME_DIGEST_BYTES = 20 };

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define PERSON(id, name, type)                                     \
    {                                                              \
        id, name, type, false, CLASS_IDENTITY, LEVEL_C2, "payment" \
    }

static const Column columns[] = {
    PUBLIC(TRANSFER_ID, "id", VALUE_TEXT, false),
    PERSON(TRANSFER_PAYER, "payer", VALUE_TEXT),
    PUBLIC(TRANSFER_NUMBER, "out_number", VALUE_TEXT, false),
    PERSON(TRANSFER_RECEIVER, "receiver", VALUE_TEXT),
    { TRANSFER_MINOR, "minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" },
    PUBLIC(TRANSFER_CURRENCY, "currency", VALUE_INT, false),
    PUBLIC(TRANSFER_SPEED, "speed", VALUE_INT, false),
    PERSON(TRANSFER_ACCOUNT, "payer_account", VALUE_INT),
    PERSON(TRANSFER_RECEIVER_ACCOUNT, "receiver_account", VALUE_INT),
    { TRANSFER_REMARK, "remark", VALUE_TEXT, true, CLASS_FREE_TEXT, LEVEL_C2, "payment" },
    PUBLIC(TRANSFER_GRANT, "pin_grant", VALUE_BYTES, false),
    PUBLIC(TRANSFER_STRENGTH, "strength", VALUE_INT, false),
    PUBLIC(TRANSFER_CREATED, "created", VALUE_INT, false),
    PUBLIC(TRANSFER_DUE, "due", VALUE_INT, false),
    PUBLIC(TRANSFER_STATE, "state", VALUE_INT, false),
    PUBLIC(TRANSFER_ENDED, "ended", VALUE_INT, true),
    PUBLIC(TRANSFER_REASON, "reason", VALUE_INT, false),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table transfer_table = {
    TABLE_TRANSFER,
    .schema = 1,
    .name = "transfer",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

const char *transfer_state_name(TransferState state)
{
    switch (state) {
    case TRANSFER_WAITING: return "WAITING";
    case TRANSFER_DONE: return "DONE";
    case TRANSFER_REVOKED: return "REVOKED";
    case TRANSFER_FAILED: return "FAILED";
    }
    return "";
}

bool transfer_number_is_valid(Span number)
{
    return number.size >= TRANSFER_NUMBER_MIN && payment_out_trade_no_is_valid(number);
}

/* No payer's id has a '/', so no two pairs are spelled alike. */
void transfer_name(const char *payer, const char *number, TransferId ret_id)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t bytes[TRANSFER_ID_BYTES];
    Buffer text = BUFFER_OF(bytes);
    const Span parts[] = { SPAN(POSTING_TRANSFER_PREFIX), span_of_text(payer), SPAN("/"),
        span_of_text(number) };
    digest_parts(DIGEST_SHA256, parts, 4, digest);
    ASSERT(status_ok(buffer_put(&text, SPAN(POSTING_TRANSFER_PREFIX))));
    ASSERT(status_ok(hex_encode((Span) { digest, NAME_DIGEST_BYTES }, &text)));
    memcpy(ret_id, bytes, TRANSFER_ID_BYTES);
    ret_id[TRANSFER_ID_BYTES] = 0;
}

/* --- rows --- */

Status transfer_row(Rows *rows, const char *id, const Row **ret_row)
{
    return rows_get(rows, &transfer_table, &VALUE_OF_TEXT(span_of_text(id)), ret_row);
}

static int64_t int_of(const Row *row, enum TransferColumn column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

#define COPY_TEXT(column, place) \
    TRY(value_copy_text(&row->values[COLUMN_AT(column)], place, sizeof(place)))

Status transfer_of_row(const Row *row, Transfer *ret)
{
    const Span grant = row->values[COLUMN_AT(TRANSFER_GRANT)].bytes;
    Transfer t = { .money = { int_of(row, TRANSFER_MINOR),
                           (Currency)int_of(row, TRANSFER_CURRENCY) },
        .speed = (TransferSpeed)int_of(row, TRANSFER_SPEED),
        .account = int_of(row, TRANSFER_ACCOUNT),
        .receiver_account = int_of(row, TRANSFER_RECEIVER_ACCOUNT),
        .strength = (AuthStrength)int_of(row, TRANSFER_STRENGTH),
        .created_us = int_of(row, TRANSFER_CREATED),
        .due_us = int_of(row, TRANSFER_DUE),
        .state = (TransferState)int_of(row, TRANSFER_STATE),
        .ended_us = int_of(row, TRANSFER_ENDED),
        .reason = (int32_t)int_of(row, TRANSFER_REASON) };
    const bool known = transfer_state_name(t.state)[0] != 0
            && transfer_speed_name((int64_t)t.speed)[0] != 0 && t.strength >= AUTH_ONE
            && t.strength <= AUTH_SIGNED && grant.size == sizeof(t.grant);
    REQUIRE(known, REFUSED_ROW_INVALID);
    memcpy(t.grant, grant.data, sizeof(t.grant));
    COPY_TEXT(TRANSFER_ID, t.id);
    COPY_TEXT(TRANSFER_PAYER, t.payer);
    COPY_TEXT(TRANSFER_NUMBER, t.number);
    COPY_TEXT(TRANSFER_RECEIVER, t.receiver);
    COPY_TEXT(TRANSFER_REMARK, t.remark);
    *ret = t;
    return OK;
}

Status transfer_put(Rows *rows, const Transfer *t, bool is_new)
{
    const Value ended = t->ended_us != 0 ? VALUE_OF_INT(t->ended_us) : VALUE_OF_NULL;
    const Value values[COLUMNS] = {
        [COLUMN_AT(TRANSFER_ID)] = VALUE_OF_TEXT(span_of_text(t->id)),
        [COLUMN_AT(TRANSFER_PAYER)] = VALUE_OF_TEXT(span_of_text(t->payer)),
        [COLUMN_AT(TRANSFER_NUMBER)] = VALUE_OF_TEXT(span_of_text(t->number)),
        [COLUMN_AT(TRANSFER_RECEIVER)] = VALUE_OF_TEXT(span_of_text(t->receiver)),
        [COLUMN_AT(TRANSFER_MINOR)] = VALUE_OF_INT(t->money.minor),
        [COLUMN_AT(TRANSFER_CURRENCY)] = VALUE_OF_INT((int64_t)t->money.currency),
        [COLUMN_AT(TRANSFER_SPEED)] = VALUE_OF_INT((int64_t)t->speed),
        [COLUMN_AT(TRANSFER_ACCOUNT)] = VALUE_OF_INT(t->account),
        [COLUMN_AT(TRANSFER_RECEIVER_ACCOUNT)] = VALUE_OF_INT(t->receiver_account),
        [COLUMN_AT(TRANSFER_REMARK)] = value_of_optional_text(t->remark),
        [COLUMN_AT(TRANSFER_GRANT)] = VALUE_OF_BYTES(SPAN_OF(t->grant)),
        [COLUMN_AT(TRANSFER_STRENGTH)] = VALUE_OF_INT((int64_t)t->strength),
        [COLUMN_AT(TRANSFER_CREATED)] = VALUE_OF_INT(t->created_us),
        [COLUMN_AT(TRANSFER_DUE)] = VALUE_OF_INT(t->due_us),
        [COLUMN_AT(TRANSFER_STATE)] = VALUE_OF_INT((int64_t)t->state),
        [COLUMN_AT(TRANSFER_ENDED)] = ended,
        [COLUMN_AT(TRANSFER_REASON)] = VALUE_OF_INT(t->reason),
    };
    return is_new ? rows_insert(rows, &transfer_table, values)
                  : rows_update(rows, &transfer_table, values);
}

/* --- found --- */

typedef struct Ids {
    TransferId *ids;
    size_t count;
} Ids;

/* A key that we would never have written names no row of ours. */
static Status take_id(void *context, const Value *values, size_t count)
{
    Ids *found = context;
    CHECK(found->count < TRANSFER_FOUND_MAX, FAULT_STORE);
    const Status s = value_copy_text(&values[0], found->ids[found->count], sizeof(TransferId));
    if (status_ok(s)) found->count++;
    return OK;
}

Status transfer_list(Store *store, const char *payer, int64_t skip,
        TransferId ret_ids[TRANSFER_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] = "SELECT id FROM transfer WHERE payer = ?1"
                              " ORDER BY created DESC, id DESC LIMIT ?2 OFFSET ?3";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_INT(TRANSFER_FOUND_MAX), VALUE_OF_INT(skip) };
    Ids found = { ret_ids, 0 };
    TRY(store_query(store, sql, parameters, 3, take_id, &found));
    *ret_count = found.count;
    return OK;
}

/* 1 = TRANSFER_WAITING, literally, for the planner to take the partial index. */
Status transfer_due(Store *store, int64_t now_us, size_t skip,
        TransferId ret_ids[TRANSFER_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] = "SELECT id FROM transfer WHERE state = 1 AND due <= ?1"
                              " ORDER BY due, id LIMIT ?2 OFFSET ?3";
    const Value parameters[] = { VALUE_OF_INT(now_us), VALUE_OF_INT(TRANSFER_FOUND_MAX),
        VALUE_OF_INT((int64_t)skip) };
    Ids found = { ret_ids, 0 };
    TRY(store_query(store, sql, parameters, 3, take_id, &found));
    *ret_count = found.count;
    return OK;
}

/* 2 = TRANSFER_DONE. The oldest: the first that is long enough ago to say anything. */
Status transfer_known(Store *store, const char *payer, const char *receiver, TransferId ret_id)
{
    static const char sql[] = "SELECT id FROM transfer WHERE payer = ?1 AND receiver = ?2"
                              " AND state = 2 ORDER BY ended LIMIT 1";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_TEXT(span_of_text(receiver)) };
    TransferId ids[TRANSFER_FOUND_MAX] = { { 0 } };
    Ids found = { ids, 0 };
    TRY(store_query(store, sql, parameters, 2, take_id, &found));
    memcpy(ret_id, ids[0], sizeof(ids[0]));
    return OK;
}

/* contract_rows: contracts as sealed rows, and the plain read that finds a payer's. */
#include "payment/contract_rows.h"

#include "payment/payment_rows.h"

#define PUBLIC(id, name, type, nullable)                            \
    {                                                               \
        id, name, type, nullable, CLASS_PUBLIC, LEVEL_C1, "payment" \
    }
#define AGREED(id, name, type, nullable)                             \
    {                                                                \
        id, name, type, nullable, CLASS_BINDING, LEVEL_C2, "payment" \
    }
static const Column columns[] = {
    PUBLIC(CONTRACT_MCHID, "mchid", VALUE_TEXT, false),
    AGREED(CONTRACT_CODE, "code", VALUE_TEXT, false),
    AGREED(CONTRACT_ID, "id", VALUE_TEXT, false),
    AGREED(CONTRACT_PLAN, "plan", VALUE_INT, false),
    PUBLIC(CONTRACT_TITLE, "title", VALUE_TEXT, false),
    { CONTRACT_ACCOUNT, "account", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    AGREED(CONTRACT_ONE_MINOR, "one_minor", VALUE_INT, false),
    AGREED(CONTRACT_PERIOD, "period", VALUE_INT, false),
    AGREED(CONTRACT_PERIOD_MINOR, "period_minor", VALUE_INT, false),
    AGREED(CONTRACT_PERIOD_COUNT, "period_count", VALUE_INT, false),
    AGREED(CONTRACT_NOTICE_HOURS, "notice_hours", VALUE_INT, false),
    PUBLIC(CONTRACT_CURRENCY, "currency", VALUE_INT, false),
    AGREED(CONTRACT_UNTIL, "until", VALUE_INT, false),
    PUBLIC(CONTRACT_ASKED, "asked", VALUE_INT, false),
    AGREED(CONTRACT_STATE, "state", VALUE_INT, false),
    { CONTRACT_PAYER, "payer", VALUE_TEXT, true, CLASS_IDENTITY, LEVEL_C2, "payment" },
    PUBLIC(CONTRACT_GRANT, "pin_grant", VALUE_BYTES, true),
    PUBLIC(CONTRACT_SIGNED, "signed", VALUE_INT, true),
    PUBLIC(CONTRACT_ENDED, "ended", VALUE_INT, true),
    PUBLIC(CONTRACT_ENDED_BY, "ended_by", VALUE_INT, false),
    PUBLIC(CONTRACT_AT, "at_period", VALUE_INT, false),
    { CONTRACT_MINOR, "minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "payment" },
    PUBLIC(CONTRACT_COUNT, "deductions", VALUE_INT, false),
    { CONTRACT_ANNOUNCED_MINOR, "announced_minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2,
            "payment" },
    PUBLIC(CONTRACT_ANNOUNCED, "announced", VALUE_INT, true),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table contract_table = {
    TABLE_CONTRACT,
    .schema = 1,
    .name = "contract",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

/* Given at creation, and never changed. */
static const Lookup by_id = { &contract_table, 1, { CONTRACT_ID } };

/* --- row to struct --- */

static int64_t int_of(const Row *row, enum ContractColumn column)
{
    const Value *value = &row->values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

static Status take_texts(const Value *v, Contract *c)
{
    TRY(value_copy_text(&v[COLUMN_AT(CONTRACT_MCHID)], c->mchid, sizeof(c->mchid)));
    TRY(value_copy_text(&v[COLUMN_AT(CONTRACT_CODE)], c->code, sizeof(c->code)));
    TRY(value_copy_text(&v[COLUMN_AT(CONTRACT_ID)], c->id, sizeof(c->id)));
    TRY(value_copy_text(&v[COLUMN_AT(CONTRACT_TITLE)], c->title, sizeof(c->title)));
    TRY(value_copy_text(&v[COLUMN_AT(CONTRACT_ACCOUNT)], c->account, sizeof(c->account)));
    return value_copy_text(&v[COLUMN_AT(CONTRACT_PAYER)], c->payer, sizeof(c->payer));
}

Status contract_of_row(const Row *row, Contract *ret)
{
    const Value *grant = &row->values[COLUMN_AT(CONTRACT_GRANT)];
    Contract c = { .plan = int_of(row, CONTRACT_PLAN),
        .one_minor = int_of(row, CONTRACT_ONE_MINOR),
        .period = (ContractPeriod)int_of(row, CONTRACT_PERIOD),
        .period_minor = int_of(row, CONTRACT_PERIOD_MINOR),
        .period_count = int_of(row, CONTRACT_PERIOD_COUNT),
        .notice_hours = int_of(row, CONTRACT_NOTICE_HOURS),
        .currency = (Currency)int_of(row, CONTRACT_CURRENCY),
        .until_us = int_of(row, CONTRACT_UNTIL),
        .asked_us = int_of(row, CONTRACT_ASKED),
        .state = (ContractState)int_of(row, CONTRACT_STATE),
        .signed_us = int_of(row, CONTRACT_SIGNED),
        .ended_us = int_of(row, CONTRACT_ENDED),
        .ended_by = (ContractEnder)int_of(row, CONTRACT_ENDED_BY),
        .at = int_of(row, CONTRACT_AT),
        .minor = int_of(row, CONTRACT_MINOR),
        .count = int_of(row, CONTRACT_COUNT),
        .announced_minor = int_of(row, CONTRACT_ANNOUNCED_MINOR),
        .announced_us = int_of(row, CONTRACT_ANNOUNCED) };
    REQUIRE(contract_period_is_valid(c.period), REFUSED_ROW_INVALID);
    TRY(take_texts(row->values, &c));
    if (grant->type == VALUE_BYTES && grant->bytes.size == sizeof(c.grant))
        memcpy(c.grant, grant->bytes.data, sizeof(c.grant));
    *ret = c;
    return OK;
}

/* --- struct to row --- */

static Value optional_time(int64_t time_us)
{
    return time_us == 0 ? VALUE_OF_NULL : VALUE_OF_INT(time_us);
}

Status contract_put(Rows *rows, const Contract *c, bool is_new)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(CONTRACT_MCHID)] = VALUE_OF_TEXT(span_of_text(c->mchid)),
        [COLUMN_AT(CONTRACT_CODE)] = VALUE_OF_TEXT(span_of_text(c->code)),
        [COLUMN_AT(CONTRACT_ID)] = VALUE_OF_TEXT(span_of_text(c->id)),
        [COLUMN_AT(CONTRACT_PLAN)] = VALUE_OF_INT(c->plan),
        [COLUMN_AT(CONTRACT_TITLE)] = VALUE_OF_TEXT(span_of_text(c->title)),
        [COLUMN_AT(CONTRACT_ACCOUNT)] = VALUE_OF_TEXT(span_of_text(c->account)),
        [COLUMN_AT(CONTRACT_ONE_MINOR)] = VALUE_OF_INT(c->one_minor),
        [COLUMN_AT(CONTRACT_PERIOD)] = VALUE_OF_INT((int64_t)c->period),
        [COLUMN_AT(CONTRACT_PERIOD_MINOR)] = VALUE_OF_INT(c->period_minor),
        [COLUMN_AT(CONTRACT_PERIOD_COUNT)] = VALUE_OF_INT(c->period_count),
        [COLUMN_AT(CONTRACT_NOTICE_HOURS)] = VALUE_OF_INT(c->notice_hours),
        [COLUMN_AT(CONTRACT_CURRENCY)] = VALUE_OF_INT((int64_t)c->currency),
        [COLUMN_AT(CONTRACT_UNTIL)] = VALUE_OF_INT(c->until_us),
        [COLUMN_AT(CONTRACT_ASKED)] = VALUE_OF_INT(c->asked_us),
        [COLUMN_AT(CONTRACT_STATE)] = VALUE_OF_INT((int64_t)c->state),
        [COLUMN_AT(CONTRACT_PAYER)] = value_of_optional_text(c->payer),
        [COLUMN_AT(CONTRACT_GRANT)] =
                c->payer[0] != 0 ? VALUE_OF_BYTES(SPAN_OF(c->grant)) : VALUE_OF_NULL,
        [COLUMN_AT(CONTRACT_SIGNED)] = optional_time(c->signed_us),
        [COLUMN_AT(CONTRACT_ENDED)] = optional_time(c->ended_us),
        [COLUMN_AT(CONTRACT_ENDED_BY)] = VALUE_OF_INT((int64_t)c->ended_by),
        [COLUMN_AT(CONTRACT_AT)] = VALUE_OF_INT(c->at),
        [COLUMN_AT(CONTRACT_MINOR)] = VALUE_OF_INT(c->minor),
        [COLUMN_AT(CONTRACT_COUNT)] = VALUE_OF_INT(c->count),
        [COLUMN_AT(CONTRACT_ANNOUNCED_MINOR)] = VALUE_OF_INT(c->announced_minor),
        [COLUMN_AT(CONTRACT_ANNOUNCED)] = optional_time(c->announced_us),
    };
    return is_new ? rows_insert(rows, &contract_table, values)
                  : rows_update(rows, &contract_table, values);
}

/* --- finding --- */

Status contract_row(
        Rows *rows, const char *mchid, const char *code, const char *id, const Row **ret_row)
{
    if (code[0] != 0) {
        const Value key[] = { VALUE_OF_TEXT(span_of_text(mchid)),
            VALUE_OF_TEXT(span_of_text(code)) };
        return rows_get(rows, &contract_table, key, ret_row);
    }
    const Row *row = NULL;
    const Value wanted = VALUE_OF_TEXT(span_of_text(id));
    TRY(rows_find(rows, &by_id, &wanted, 1, &row));
    /* An index is not sealed, the row is: it must say itself that it has this id. */
    const bool same = row != NULL && value_equal(&row->values[COLUMN_AT(CONTRACT_ID)], &wanted);
    *ret_row = same ? row : NULL;
    return OK;
}

Status contract_get(Rows *rows, const char *mchid, const char *code, const char *id, Contract *ret)
{
    const Row *row = NULL;
    TRY(contract_row(rows, mchid, code, id, &row));
    REQUIRE(row != NULL, REFUSED_CONTRACT_UNKNOWN);
    return contract_of_row(row, ret);
}

typedef struct Ids {
    char (*at)[CONTRACT_ID_BYTES + 1];
    size_t count;
} Ids;

static Status take_id(void *context, const Value *values, size_t count)
{
    Ids *ids = context;
    CHECK(count == 1 && ids->count < CONTRACTS_SHOWN_MAX, FAULT_STORE);
    if (status_ok(value_copy_text(&values[0], ids->at[ids->count], CONTRACT_ID_BYTES + 1)))
        ids->count++;
    return OK;
}

Status contract_ids(Store *store, const char *payer,
        char ret_ids[CONTRACTS_SHOWN_MAX][CONTRACT_ID_BYTES + 1], size_t *ret_count)
{
    static const char sql[] =
            "SELECT id FROM contract WHERE payer = ?1 ORDER BY signed DESC LIMIT ?2";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_INT(CONTRACTS_SHOWN_MAX) };
    Ids ids = { ret_ids, 0 };
    TRY(store_query(store, sql, parameters, 2, take_id, &ids));
    *ret_count = ids.count;
    return OK;
}

typedef struct One {
    char *id;
} One;

static Status take_one(void *context, const Value *values, size_t count)
{
    const One *one = context;
    CHECK(count == 1, FAULT_STORE);
    if (!status_ok(value_copy_text(&values[0], one->id, CONTRACT_ID_BYTES + 1))) one->id[0] = 0;
    return OK;
}

/* 2 is CONTRACT_IN_FORCE: said literally, as the partial index does. */
Status contract_signed_before(
        Store *store, const char *payer, const char *id, char ret_id[CONTRACT_ID_BYTES + 1])
{
    static const char sql[] =
            "SELECT o.id FROM contract c JOIN contract o ON o.payer = ?1 AND o.mchid = c.mchid"
            " AND o.plan = c.plan AND o.state = 2 AND o.id <> c.id WHERE c.id = ?2 LIMIT 1";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(payer)),
        VALUE_OF_TEXT(span_of_text(id)) };
    One one = { ret_id };
    ret_id[0] = 0;
    return store_query(store, sql, parameters, 2, take_one, &one);
}

/* channel_order: the rows, as SQL and as structs, and the plain reads that find them. */
#include "bank/channel_rows.h"

#include "bank/reconcile.h"

static const Migration migrations[] = {
    /* The partial index holds only what has no end: 1 to 3 are CREATED, SENT and UNKNOWN, which the
     * statements below must say literally for the planner to use it. */
    { 1,
            "CREATE TABLE channel_order("
            "number TEXT PRIMARY KEY NOT NULL, kind BIGINT NOT NULL, holder TEXT NOT NULL,"
            "account BIGINT NOT NULL, minor BIGINT NOT NULL, currency BIGINT NOT NULL,"
            "state BIGINT NOT NULL, result BIGINT NOT NULL, created BIGINT NOT NULL, sent BIGINT,"
            "ended BIGINT, due BIGINT NOT NULL, queries BIGINT NOT NULL, target TEXT,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE INDEX channel_order_due ON channel_order(due) WHERE state < 4;"
            "CREATE INDEX channel_order_created ON channel_order(created);"
            "CREATE INDEX channel_order_ended ON channel_order(ended) WHERE state = 4" },
    { 2,
            "CREATE TABLE channel_difference("
            "day BIGINT NOT NULL, number TEXT NOT NULL, verdict BIGINT NOT NULL, ours_minor BIGINT,"
            "theirs_minor BIGINT, file_digest BYTEA NOT NULL, found BIGINT NOT NULL, ended BIGINT,"
            "ended_by TEXT, reason TEXT, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(day, number)) WITHOUT ROWID" },
};
static const Table *const tables[] = { &channel_order_table, &channel_difference_table };
const StoreSchema bank_schema = { "bank", migrations, 2, tables, 2 };

#define COLUMN(id, name, type, nullable, class, level) \
    {                                                  \
        id, name, type, nullable, class, level, "bank" \
    }
static const Column columns[] = {
    COLUMN(CHANNEL_ORDER_NUMBER, "number", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_KIND, "kind", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_HOLDER, "holder", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(CHANNEL_ORDER_ACCOUNT, "account", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(CHANNEL_ORDER_MINOR, "minor", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2),
    COLUMN(CHANNEL_ORDER_CURRENCY, "currency", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_STATE, "state", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_RESULT, "result", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_SENT, "sent", VALUE_INT, true, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_ENDED, "ended", VALUE_INT, true, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_DUE, "due", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_QUERIES, "queries", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(CHANNEL_ORDER_TARGET, "target", VALUE_TEXT, true, CLASS_PUBLIC, LEVEL_C2),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table channel_order_table = {
    TABLE_CHANNEL_ORDER,
    .schema = 1,
    .name = "channel_order",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

/* --- rows --- */

Status channel_row(Rows *rows, const char *number, const Row **ret_row)
{
    return rows_get(rows, &channel_order_table, &VALUE_OF_TEXT(span_of_text(number)), ret_row);
}

static int64_t number_at(const Value *values, enum ChannelOrderColumn column)
{
    const Value *value = &values[COLUMN_AT(column)];
    return value->type == VALUE_INT ? value->integer : 0;
}

static Status of_values(const Value *v, ChannelOrder *ret)
{
    *ret = (ChannelOrder) { .kind = (ChannelKind)number_at(v, CHANNEL_ORDER_KIND),
        .account = number_at(v, CHANNEL_ORDER_ACCOUNT),
        .money = { number_at(v, CHANNEL_ORDER_MINOR),
                (Currency)number_at(v, CHANNEL_ORDER_CURRENCY) },
        .state = (ChannelState)number_at(v, CHANNEL_ORDER_STATE),
        .result = (int32_t)number_at(v, CHANNEL_ORDER_RESULT),
        .created_us = number_at(v, CHANNEL_ORDER_CREATED),
        .sent_us = number_at(v, CHANNEL_ORDER_SENT),
        .ended_us = number_at(v, CHANNEL_ORDER_ENDED),
        .due_us = number_at(v, CHANNEL_ORDER_DUE),
        .queries = number_at(v, CHANNEL_ORDER_QUERIES) };
#define TAKE_TEXT(column, place) \
    TRY(value_copy_text(&v[COLUMN_AT(column)], ret->place, sizeof(ret->place)))
    TAKE_TEXT(CHANNEL_ORDER_NUMBER, number);
    TAKE_TEXT(CHANNEL_ORDER_HOLDER, holder);
    TAKE_TEXT(CHANNEL_ORDER_TARGET, target);
#undef TAKE_TEXT
    return OK;
}

Status channel_of_row(const Row *row, ChannelOrder *ret_order)
{
    return of_values(row->values, ret_order);
}

Status channel_get(Rows *rows, const char *number, ChannelOrder *ret_order)
{
    const Row *row = NULL;
    TRY(channel_row(rows, number, &row));
    REQUIRE(row != NULL, REFUSED_BANK_ORDER_UNKNOWN);
    return channel_of_row(row, ret_order);
}

static Value time_or_null(int64_t time_us)
{
    return time_us != 0 ? VALUE_OF_INT(time_us) : VALUE_OF_NULL;
}

static void values_of(const ChannelOrder *order, Value ret_values[COLUMNS])
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(CHANNEL_ORDER_NUMBER)] = VALUE_OF_TEXT(span_of_text(order->number)),
        [COLUMN_AT(CHANNEL_ORDER_KIND)] = VALUE_OF_INT((int64_t)order->kind),
        [COLUMN_AT(CHANNEL_ORDER_HOLDER)] = VALUE_OF_TEXT(span_of_text(order->holder)),
        [COLUMN_AT(CHANNEL_ORDER_ACCOUNT)] = VALUE_OF_INT(order->account),
        [COLUMN_AT(CHANNEL_ORDER_MINOR)] = VALUE_OF_INT(order->money.minor),
        [COLUMN_AT(CHANNEL_ORDER_CURRENCY)] = VALUE_OF_INT((int64_t)order->money.currency),
        [COLUMN_AT(CHANNEL_ORDER_STATE)] = VALUE_OF_INT((int64_t)order->state),
        [COLUMN_AT(CHANNEL_ORDER_RESULT)] = VALUE_OF_INT(order->result),
        [COLUMN_AT(CHANNEL_ORDER_CREATED)] = VALUE_OF_INT(order->created_us),
        [COLUMN_AT(CHANNEL_ORDER_SENT)] = time_or_null(order->sent_us),
        [COLUMN_AT(CHANNEL_ORDER_ENDED)] = time_or_null(order->ended_us),
        [COLUMN_AT(CHANNEL_ORDER_DUE)] = VALUE_OF_INT(order->due_us),
        [COLUMN_AT(CHANNEL_ORDER_QUERIES)] = VALUE_OF_INT(order->queries),
        [COLUMN_AT(CHANNEL_ORDER_TARGET)] = value_of_optional_text(order->target),
    };
    memcpy(ret_values, values, sizeof(values));
}

Status channel_insert(Rows *rows, const ChannelOrder *order)
{
    Value values[COLUMNS];
    values_of(order, values);
    return rows_insert(rows, &channel_order_table, values);
}

Status channel_update(Rows *rows, const ChannelOrder *order)
{
    Value values[COLUMNS];
    values_of(order, values);
    return rows_update(rows, &channel_order_table, values);
}

/* --- plain reads --- */

typedef struct FoundList {
    ChannelFound *found;
    size_t count;
} FoundList;

static Status take_found(void *context, const Value *values, size_t count)
{
    FoundList *list = context;
    CHECK(count == 2, FAULT_STORE);
    if (list->count == CHANNEL_FOUND_MAX) return OK;
    ChannelFound *found = &list->found[list->count];
    found->state = (ChannelState)values[1].integer;
    if (status_ok(value_copy_text(&values[0], found->number, sizeof(found->number)))) list->count++;
    return OK; /* a number that we would never have written names no row of ours */
}

Status channel_due(Store *store, int64_t now_us, int64_t first_batch, int64_t skip,
        ChannelFound ret_found[CHANNEL_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] = "SELECT number, state FROM channel_order WHERE state < 4"
                              " AND (due <= ?1 OR batch < ?2) ORDER BY due LIMIT ?3 OFFSET ?4";
    const Value parameters[] = { VALUE_OF_INT(now_us), VALUE_OF_INT(first_batch),
        VALUE_OF_INT(CHANNEL_FOUND_MAX), VALUE_OF_INT(skip) };
    FoundList list = { ret_found, 0 };
    TRY(store_query(store, sql, parameters, 4, take_found, &list));
    *ret_count = list.count;
    return OK;
}

typedef struct OrderList {
    ChannelOrder *orders;
    size_t count;
} OrderList;

static Status take_order(void *context, const Value *values, size_t count)
{
    OrderList *list = context;
    CHECK(count == COLUMNS, FAULT_STORE);
    if (list->count == CHANNEL_FOUND_MAX) return OK;
    if (status_ok(of_values(values, &list->orders[list->count]))) list->count++;
    return OK;
}

#define ALL_COLUMNS                                                                               \
    "SELECT number, kind, holder, account, minor, currency, state, result, created, sent, ended," \
    " due, queries, target FROM channel_order"

Status channel_list(
        Store *store, bool open, ChannelOrder ret_orders[CHANNEL_FOUND_MAX], size_t *ret_count)
{
    static const char all[] = ALL_COLUMNS " ORDER BY created DESC LIMIT ?1";
    static const char without_end[] = ALL_COLUMNS " WHERE state < 4 ORDER BY created DESC LIMIT ?1";
    const Value limit = VALUE_OF_INT(CHANNEL_FOUND_MAX);
    OrderList list = { ret_orders, 0 };
    TRY(store_query(store, open ? without_end : all, &limit, 1, take_order, &list));
    *ret_count = list.count;
    return OK;
}

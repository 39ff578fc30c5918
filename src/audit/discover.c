#include "audit/discover.h"

typedef struct Known {
    uint16_t id;
    uint16_t schema;
    const char *name;
} Known;

/* Postings first: accounts are then compared with their sums. */
static const Known known[] = {
    { TABLE_POSTING, 1, "posting" },
    { TABLE_ACCOUNT, 1, "account" },
    { TABLE_MERCHANT, 1, "merchant" },
    { TABLE_MERCHANT_KEY, 1, "merchant_key" },
    { TABLE_MERCHANT_PROFILE, 1, "merchant_profile" },
    { TABLE_MERCHANT_ORIGIN, 1, "merchant_origin" },
    { TABLE_MERCHANT_ADDRESS, 1, "merchant_address" },
    { TABLE_PAYER, 1, "payer" },
    { TABLE_PAYMENT, 1, "payment" },
    { TABLE_PAY_CODE, 1, "pay_code" },
    { TABLE_DAY_END, 1, "day_end" },
    { TABLE_ALERT, 1, "alert" },
    { TABLE_CALLER, 1, "caller" },
    { TABLE_BINDING, 1, "binding" },
    { TABLE_PLAN, 1, "plan" },
    { TABLE_CONTRACT, 1, "contract" },
    { TABLE_DEDUCTION, 1, "deduction" },
    { TABLE_REFUND, 1, "refund" },
    { TABLE_REFUNDED, 1, "refunded" },
    { TABLE_PAYEE_CODE, 1, "payee_code" },
    { TABLE_PAYER_BARCODE, 1, "payer_barcode" },
    { TABLE_ALLOWANCE, 1, "allowance" },
    { TABLE_BILL, 1, "bill" },
    { TABLE_SETTLEMENT, 1, "settlement" },
    { TABLE_TRANSFER, 1, "transfer" },
    { TABLE_TRANSFER_DAY, 1, "transfer_day" },
    { TABLE_RESERVE, 1, "reserve" },
    { TABLE_CHANNEL_ORDER, 1, "channel_order" },
    { TABLE_CHANNEL_DIFFERENCE, 1, "channel_difference" },
    { TABLE_PAYMENT_FEE, 1, "payment_fee" },
    { TABLE_MERCHANT_TERMS, 1, "merchant_terms" },
    { TABLE_NOTIFICATION, 1, "notification" },
    { TABLE_ORDER_PAYER, 1, "order_payer" },
    { TABLE_PAYER_CARD, 1, "payer_card" },
    { TABLE_ORDER_IDENTITY, 1, "order_identity" },
    { TABLE_PAYER_IDENTITY, 1, "payer_identity" },
    { TABLE_PAYER_LOGIN, 1, "payer_login" },
    { TABLE_PAYER_DEVICE, 1, "payer_device" },
    { TABLE_AUDIT_REPORT, 1, "audit_report" },
    { TABLE_AUDIT_REVIEW, 1, "audit_review" },
    { TABLE_INCIDENT, 1, "incident" },
    { TABLE_INCIDENT_STEP, 1, "incident_step" },
    { TABLE_DATA_SUBJECT, 1, "data_subject" },
    { TABLE_DATA_CONSENT, 1, "data_consent" },
    { TABLE_DATA_HOLDING, 1, "data_holding" },
    { TABLE_DATA_HOLD, 1, "data_hold" },
    { TABLE_DATA_REQUEST, 1, "data_request" },
    { TABLE_DATA_ACT, 1, "data_act" },
    { TABLE_DATA_DESTROYED, 1, "data_destroyed" },
    { TABLE_DEVICE, 1, "device" },
    { TABLE_PASSKEY, 1, "passkey" },
    { TABLE_PRINCIPAL, 1, "principal" },
    { TABLE_ACCESS_GRANT, 1, "access_grant" },
    { TABLE_ACCESS_REVIEW, 1, "access_review" },
    { TABLE_ACCESS_TABLE, 1, "access_table" },
    { TABLE_APPROVAL, 1, "approval" }, /* before the requests that count them, as their parts */
    { TABLE_REQUEST_PART, 1, "request_part" },
    { TABLE_REQUEST, 1, "request" },
};
enum { KNOWN_COUNT = sizeof(known) / sizeof(known[0]) };
_Static_assert((int)KNOWN_COUNT <= (int)DISCOVER_TABLES_MAX, "fits");

const char *discover_name(uint16_t table)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (known[i].id == table) return known[i].name;
    }
    return "unknown";
}

typedef struct Reading {
    Discovered *all;
    Table *table;
    size_t at; /* which table */
    bool behind; /* past the columns of the row itself */
    bool revision;
} Reading;

static bool text_is(const Value *value, Span text)
{
    return value->type == VALUE_TEXT && span_equal(value->bytes, text);
}

/* name, pk */
static Status read_column(void *context, const Value *values, size_t count)
{
    Reading *r = context;
    if (text_is(&values[0], SPAN("revision"))) r->revision = true;
    r->behind = r->behind || r->revision || text_is(&values[0], SPAN("batch"));
    if (r->behind) return OK;
    const size_t i = r->table->column_count;
    CHECK(i < ROW_COLUMNS_MAX && values[0].type == VALUE_TEXT, FAULT_STORE_SCHEMA);
    CHECK(values[0].bytes.size <= DISCOVER_NAME_BYTES_MAX, FAULT_STORE_SCHEMA);
    char *name = r->all->names[r->at][i];
    memcpy(name, values[0].bytes.data, values[0].bytes.size);
    for (const char *c = name; *c != 0; c++) /* it goes into SQL */
        CHECK((*c >= 'a' && *c <= 'z') || *c == '_', FAULT_STORE_SCHEMA);
    r->all->columns[r->at][i] =
            (Column) { .id = (uint16_t)(i + 1), .name = name, .nullable = true };
    r->table->column_count++;
    if (values[1].type == VALUE_INT && values[1].integer > 0) {
        CHECK(values[1].integer == (int64_t)i + 1, FAULT_STORE_SCHEMA); /* the key comes first */
        r->table->key_columns++;
    }
    return OK;
}

static Status discover_one(Store *store, const Known *entry, Discovered *all)
{
    const size_t at = all->count;
    Table *table = &all->tables[at];
    *table = (Table) {
        .id = entry->id, .schema = entry->schema, .name = entry->name, .columns = all->columns[at]
    };
    Reading reading = { .all = all, .table = table, .at = at };
    const Value name = VALUE_OF_TEXT(span_of_text(entry->name));
    TRY(store_query(store, "SELECT name, pk FROM pragma_table_info(?1) ORDER BY cid", &name, 1,
            read_column, &reading));
    if (table->column_count == 0) return OK; /* no such table: its leaf entries will tell */
    CHECK(table->key_columns >= 1 && table->key_columns <= ROW_KEY_COLUMNS_MAX, FAULT_STORE_SCHEMA);
    table->append_only = !reading.revision;
    all->list[all->count++] = table;
    return OK;
}

static void store_drop(Store **store) { store_close(*store); }

Status discover_tables(const char *path, Discovered *ret)
{
    *ret = (Discovered) { .schema = { .room = "auditor" } };
    const StoreConfig config = { path, NULL, NULL, 0 };
    CLEANUP(store_drop) Store *store = NULL;
    TRY(store_open_readonly(&config, &store));
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        TRY(discover_one(store, &known[i], ret));
    ret->schema.tables = ret->list;
    ret->schema.table_count = ret->count;
    return OK;
}

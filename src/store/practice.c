#include "store/practice.h"

#include <unistd.h>

#define COLUMN(id, name, type)                                 \
    {                                                          \
        id, name, type, false, CLASS_PUBLIC, LEVEL_C1, "store" \
    }

static const Column account_columns[] = {
    COLUMN(ACCOUNT_PRACTICE_ID, "id", VALUE_INT),
    COLUMN(ACCOUNT_PRACTICE_OWNER, "owner", VALUE_TEXT),
    COLUMN(ACCOUNT_PRACTICE_BALANCE, "balance", VALUE_INT),
};
static const Column booking_columns[] = {
    COLUMN(BOOKING_BATCH, "in_batch", VALUE_INT),
    COLUMN(BOOKING_NUMBER, "number", VALUE_INT),
    COLUMN(BOOKING_ACCOUNT, "account", VALUE_INT),
    COLUMN(BOOKING_MINOR, "minor", VALUE_INT),
};
static const Column deal_columns[] = {
    COLUMN(DEAL_SHOP, "shop", VALUE_TEXT),
    COLUMN(DEAL_NUMBER, "number", VALUE_TEXT),
    COLUMN(DEAL_CODE, "code", VALUE_TEXT),
    COLUMN(DEAL_STATE, "state", VALUE_INT),
};

const Table practice_account = { 9001, 1, "account", false, 1, 3, account_columns };
const Table practice_booking = { 9002, 1, "booking", true, 2, 4, booking_columns };
const Table practice_deal = { 9003, 1, "deal", false, 2, 4, deal_columns };
const Lookup practice_deal_by_code = { &practice_deal, 1, { DEAL_CODE } };

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE account(id INTEGER PRIMARY KEY, owner TEXT NOT NULL, balance INTEGER NOT "
            "NULL,"
            " revision INTEGER NOT NULL, batch INTEGER NOT NULL, seal BLOB NOT NULL) STRICT;"
            "CREATE TABLE booking(in_batch INTEGER NOT NULL, number INTEGER NOT NULL,"
            " account INTEGER NOT NULL REFERENCES account(id), minor INTEGER NOT NULL,"
            " batch INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY(in_batch, number)) STRICT, "
            "WITHOUT ROWID;" },
    { 2,
            "CREATE TABLE deal(shop TEXT NOT NULL, number TEXT NOT NULL, code TEXT NOT NULL UNIQUE,"
            " state INTEGER NOT NULL CHECK(state >= 0), revision INTEGER NOT NULL, batch INTEGER "
            "NOT NULL,"
            " seal BLOB NOT NULL, PRIMARY KEY(shop, number)) STRICT, WITHOUT ROWID;"
            "CREATE TABLE leaf(batch INTEGER PRIMARY KEY, events BLOB NOT NULL, hash BLOB NOT "
            "NULL) STRICT;" },
};
static const Table *const tables[] = { &practice_account, &practice_booking, &practice_deal };
const StoreSchema practice_schema = { "practice", migrations, 2, tables, 3 };

/* --- the guard --- */

void practice_seal(Span image, uint8_t ret_seal[SEAL_BYTES])
{
    uint64_t hash = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < image.size; i++)
        hash = (hash ^ image.data[i]) * 0x100000001B3u;
    for (size_t i = 0; i < SEAL_BYTES; i++) {
        ret_seal[i] = (uint8_t)(hash >> (8 * (i % 8)));
        if (i % 8 == 7) hash = hash * 0x100000001B3u + 1;
    }
}

static bool seal_fits(Span image, Span seal)
{
    uint8_t wanted[SEAL_BYTES];
    practice_seal(image, wanted);
    return span_equal(SPAN_OF(wanted), seal);
}

static Status guard_verify(
        void *context, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    PracticeGuard *g = context;
    g->verify_calls++;
    TRY(g->verify_answer);
    for (size_t i = 0; i < count; i++) {
        g->claims++;
        g->absent_claims += claims[i].absent ? 1 : 0;
        const bool good = claims[i].absent || seal_fits(claims[i].image, claims[i].seal);
        ret_verdicts[i] = good ? OK : REFUSE(REFUSED_ROW_SEAL_MISMATCH);
    }
    return OK;
}

/* As strict as the real one about what a batch may do to a row. */
static Status check_change(const PracticeGuard *g, const BatchDraft *draft, const RowChange *change)
{
    RowView view;
    RowView old = { 0 };
    TRY(row_parse(change->new_image, &view));
    CHECK(view.head.batch == draft->batch, FAULT_VAULT);
    if (change->old_image.size > 0) {
        TRY(row_parse(change->old_image, &old));
        CHECK(seal_fits(change->old_image, change->old_seal), FAULT_VAULT);
        CHECK(span_equal(view.key, old.key), FAULT_VAULT);
    }
    CHECK(view.head.revision == old.head.revision + 1, FAULT_VAULT);
    const Value *last = &view.values[view.count - 1];
    const bool guilty = change->table == g->refuse_table && last->integer == g->refuse_number;
    if (guilty) TRY(g->refuse_answer);
    REQUIRE(!guilty, REFUSED_ROW_NOT_SUCCESSOR);
    return OK;
}

static Status guard_prepare(void *context, const BatchDraft *draft, BatchSealed *ret_sealed)
{
    PracticeGuard *g = context;
    g->prepare_calls++;
    TRY(g->prepare_answer);
    CHECK(g->prepared == -1 && draft->batch == g->confirmed, FAULT_VAULT);
    for (size_t i = 0; i < draft->change_count; i++)
        TRY(check_change(g, draft, &draft->changes[i]));
    for (size_t i = 0; i < draft->change_count; i++)
        practice_seal(draft->changes[i].new_image, ret_sealed->seals[i]);
    Cursor events = cursor_of(draft->events);
    TRY(cursor_u32(&events, &g->events));
    g->changes = draft->change_count;
    g->prepared = draft->batch;
    return OK;
}

static Status guard_confirm(void *context, int64_t batch)
{
    PracticeGuard *g = context;
    TRY(g->confirm_answer);
    CHECK(g->prepared == batch, FAULT_VAULT);
    g->prepared = -1;
    g->confirmed = batch + 1;
    return OK;
}

static Status guard_abort(void *context, int64_t batch)
{
    PracticeGuard *g = context;
    g->abort_calls++;
    TRY(g->abort_answer);
    g->prepared = -1;
    return OK;
}

static Status guard_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    const PracticeGuard *g = context;
    TRY(g->append_answer);
    const Value leaf[] = { VALUE_OF_INT(draft->batch), VALUE_OF_BYTES(draft->events),
        VALUE_OF_BYTES(SPAN_OF(sealed->leaf_hash)) };
    return store_execute(
            store, "INSERT INTO leaf(batch, events, hash) VALUES(?1, ?2, ?3)", leaf, 3);
}

static void guard_alarm(void *context, const Table *table, Span key, Status verdict)
{
    PracticeGuard *g = context;
    g->alarm_calls++;
}

void practice_guard_open(PracticeGuard *ret_guard)
{
    *ret_guard = (PracticeGuard) { .prepared = -1 };
    ret_guard->guard = (BatchGuard) { ret_guard, guard_verify, guard_prepare, guard_confirm,
        guard_abort, guard_append, guard_alarm, practice_batches, 0 };
}

/* --- looking at a database --- */

void practice_remove(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        uint8_t memory[512];
        Buffer name = BUFFER_OF(memory);
        ASSERT(status_ok(buffer_print(&name, "%s%s", path, ends[i])));
        ASSERT(status_ok(buffer_put_u8(&name, 0)));
        unlink((const char *)name.data);
    }
}

static Status take_number(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].integer;
    return OK;
}

int64_t practice_number(Store *store, const char *sql)
{
    int64_t number = INT64_MIN;
    return status_ok(store_query(store, sql, NULL, 0, take_number, &number)) ? number : INT64_MIN;
}

Status practice_batches(void *context, Store *store, int64_t *ret_batches)
{
    return store_query(store, "SELECT count(*) FROM leaf", NULL, 0, take_number, ret_batches);
}

static Status check_row(void *context, Span image, Span seal)
{
    CHECK(seal_fits(image, seal), FAULT_STORE);
    return OK;
}

bool practice_is_sound(Store *store)
{
    if (!status_ok(store_scan(store, &practice_account, check_row, NULL))) return false;
    if (!status_ok(store_scan(store, &practice_booking, check_row, NULL))) return false;
    if (!status_ok(store_scan(store, &practice_deal, check_row, NULL))) return false;
    return practice_number(store,
                   "SELECT count(*) FROM account a WHERE balance <>"
                   " (SELECT coalesce(sum(minor), 0) FROM booking WHERE account = a.id)")
            == 0;
}

/* --- the plain unit --- */

static Status get_account(Rows *rows, int64_t id, const Row **ret_row)
{
    return rows_get(rows, &practice_account, &VALUE_OF_INT(id), ret_row);
}

static Status gather_transfer(Unit *unit, Rows *rows)
{
    PracticeUnit *u = (PracticeUnit *)unit;
    const Row *row = NULL;
    if (u->from > 0) TRY(get_account(rows, u->from, &row));
    if (!u->forget_to) TRY(get_account(rows, u->to, &row));
    u->forget_to = false;
    if (u->shop == NULL) return OK;
    const Value key[] = { VALUE_OF_TEXT(span_of_text(u->shop)),
        VALUE_OF_TEXT(span_of_text(u->number)) };
    const Value code = VALUE_OF_TEXT(span_of_text(u->code));
    TRY(rows_get(rows, &practice_deal, key, &row));
    if (u->forget_code) return OK;
    return rows_find(rows, &practice_deal_by_code, &code, 1, &row);
}

static Status book(Rows *rows, int64_t account, int64_t minor)
{
    const Value booking[] = { VALUE_OF_INT(rows_batch(rows)), VALUE_OF_INT(rows_next_number(rows)),
        VALUE_OF_INT(account), VALUE_OF_INT(minor) };
    return rows_insert(rows, &practice_booking, booking);
}

static Status change_balance(Rows *rows, int64_t account, int64_t minor)
{
    const Row *row = NULL;
    TRY(get_account(rows, account, &row));
    REQUIRE(row != NULL, REFUSED_ACCOUNT_UNKNOWN);
    const int64_t balance = row->values[2].integer + minor;
    REQUIRE(balance >= 0, REFUSED_BALANCE_NOT_ENOUGH);
    const Value values[] = { row->values[0], row->values[1], VALUE_OF_INT(balance) };
    TRY(rows_update(rows, &practice_account, values));
    return book(rows, account, minor);
}

static Status make_deal(const PracticeUnit *u, Rows *rows)
{
    const Value values[] = { VALUE_OF_TEXT(span_of_text(u->shop)),
        VALUE_OF_TEXT(span_of_text(u->number)), VALUE_OF_TEXT(span_of_text(u->code)),
        VALUE_OF_INT(u->minor) };
    const Row *row = NULL;
    if (!u->forget_code) {
        TRY(rows_find(rows, &practice_deal_by_code, &values[2], 1, &row));
        REQUIRE(row == NULL, PRACTICE_CODE_TAKEN);
    }
    return rows_insert(rows, &practice_deal, values);
}

static Status run_transfer(Unit *unit, Rows *rows)
{
    PracticeUnit *u = (PracticeUnit *)unit;
    u->runs++;
    TRY(rows_event(rows, SPAN("transfer")));
    if (u->shop != NULL) TRY(make_deal(u, rows));
    TRY(change_balance(rows, u->from, -u->minor));
    TRY(change_balance(rows, u->to, u->minor));
    return u->refuse_after;
}

static Status run_opening(Unit *unit, Rows *rows)
{
    PracticeUnit *u = (PracticeUnit *)unit;
    u->runs++;
    const Value values[] = { VALUE_OF_INT(u->to), VALUE_OF_TEXT(SPAN("owner")),
        VALUE_OF_INT(u->minor) };
    TRY(rows_insert(rows, &practice_account, values));
    return book(rows, u->to, u->minor);
}

static void note_outcome(Unit *unit, Status outcome)
{
    PracticeUnit *u = (PracticeUnit *)unit;
    u->outcome = outcome;
    u->done++;
}

PracticeUnit practice_transfer(int64_t from, int64_t to, int64_t minor)
{
    return (PracticeUnit) {
        .unit = { .gather = gather_transfer, .run = run_transfer, .done = note_outcome },
        .from = from,
        .to = to,
        .minor = minor
    };
}

PracticeUnit practice_opening(int64_t id, int64_t minor)
{
    return (PracticeUnit) {
        .unit = { .gather = gather_transfer, .run = run_opening, .done = note_outcome },
        .to = id,
        .minor = minor
    };
}

/*
 * Two walks over the domain store, page by page: fields to the current class and index keys,
 * subject keys to the current month. What a page changed and where it ended are one transaction,
 * so a kill repeats at most one page, and repeating one changes nothing.
 */
#include "vaultclient/fields_inside.h"

#include "vaultclient/client_internal.h"

#include <stdlib.h>

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

enum { ROW_OVERHEAD_BYTES = 64 }; /* of an answer, beside the sealed field */

typedef struct WalkText {
    uint8_t bytes[FIELD_TENANT_BYTES_MAX];
    size_t size;
} WalkText;

typedef struct WalkRow {
    WalkText tenant;
    int64_t table, column;
    WalkText row_key; /* the subject, in the walk over subject keys */
    WalkText subject;
    uint16_t data_class;
    uint32_t index_version;
    uint8_t sealed[WIRE_FIELD_BYTES_MAX]; /* or the wrapped key */
    size_t sealed_bytes;
} WalkRow;

typedef struct Walk {
    const char *name;
    uint64_t total;
    uint64_t done;
    WalkRow at; /* its key: the last row that is done */
    bool found; /* a place was stored */
    size_t count;
    WalkRow rows[FIELDS_PAGE];
    /* what vaultd made of them */
    uint32_t statuses[FIELDS_PAGE];
    uint8_t moved[FIELDS_PAGE][WIRE_FIELD_BYTES_MAX];
    size_t moved_bytes[FIELDS_PAGE];
    WireIndexes indexes[FIELDS_PAGE];
} Walk;

static void walk_free(Walk **walk) { free(*walk); }

static Span text_of(const WalkText *text) { return (Span) { text->bytes, text->size }; }
static Span sealed_of(const WalkRow *row) { return (Span) { row->sealed, row->sealed_bytes }; }

static Status take_text(Span text, WalkText *ret)
{
    REQUIRE(text.size <= sizeof(ret->bytes), REFUSED_ROW_INVALID);
    if (text.size > 0) memcpy(ret->bytes, text.data, text.size);
    ret->size = text.size;
    return OK;
}

/* --- the place --- */

static const char get_walk[] =
        "SELECT total, done, tenant, table_id, column_id, row_key FROM walk WHERE name = ?1";
static const char put_walk[] =
        "INSERT INTO walk(name, total, done, tenant, table_id, column_id, row_key)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(name) DO UPDATE SET"
        " total = excluded.total, done = excluded.done, tenant = excluded.tenant,"
        " table_id = excluded.table_id, column_id = excluded.column_id,"
        " row_key = excluded.row_key";
static const char delete_walk[] = "DELETE FROM walk WHERE name = ?1";

static Status take_walk(void *context, const Value *values, size_t count)
{
    Walk *w = context;
    ASSERT(count == 6);
    w->found = true;
    w->total = (uint64_t)values[0].integer;
    w->done = (uint64_t)values[1].integer;
    w->at.table = values[3].integer;
    w->at.column = values[4].integer;
    TRY(take_text(values[2].bytes, &w->at.tenant));
    return take_text(values[5].bytes, &w->at.row_key);
}

static Status take_count(void *context, const Value *values, size_t count)
{
    ASSERT(count == 1);
    *(uint64_t *)context = (uint64_t)values[0].integer;
    return OK;
}

static Status begin(const Fields *fields, const char *name, const char *count_sql, Walk **ret_walk)
{
    Walk *w = calloc(1, sizeof(*w));
    CHECK(w != NULL, FAULT_MEMORY);
    *ret_walk = w;
    w->name = name;
    const Value key = VALUE_OF_TEXT(span_of_text(name));
    TRY(domain_query(fields->domain, get_walk, &key, 1, take_walk, w));
    if (w->found) return OK;
    return domain_query(fields->domain, count_sql, NULL, 0, take_count, &w->total);
}

/* Where this page ended; the end of the table forgets the place. */
static Status store_place(Walk *w, Store *store)
{
    const Value name = VALUE_OF_TEXT(span_of_text(w->name));
    if (w->count < FIELDS_PAGE) return store_execute(store, delete_walk, &name, 1);
    const WalkRow *last = &w->rows[w->count - 1];
    const Value values[] = { name, VALUE_OF_INT((int64_t)w->total),
        VALUE_OF_INT((int64_t)(w->done + w->count)), VALUE_OF_TEXT(text_of(&last->tenant)),
        VALUE_OF_INT(last->table), VALUE_OF_INT(last->column),
        VALUE_OF_TEXT(text_of(&last->row_key)) };
    return store_execute(store, put_walk, values, 7);
}

static void report(const Walk *w, FieldsProgress *ret)
{
    *ret = (FieldsProgress) {
        .total = w->total, .done = w->done + w->count, .finished = w->count < FIELDS_PAGE
    };
    for (size_t i = 0; i < w->count; i++) {
        if (w->statuses[i] != 0) ret->refused++;
        if (w->statuses[i] == 0 && (w->moved_bytes[i] > 0 || w->indexes[i].version > 0))
            ret->moved++;
    }
    if (ret->total < ret->done) ret->total = ret->done; /* rows came while it walked */
}

/* --- fields --- */

static const char count_fields[] = "SELECT COUNT(*) FROM field";
static const char next_fields[] =
        "SELECT tenant, table_id, column_id, row_key, data_class, subject, sealed, index_version"
        " FROM field WHERE (tenant, table_id, column_id, row_key) > (?1, ?2, ?3, ?4)"
        " ORDER BY tenant, table_id, column_id, row_key LIMIT 512";
static const char move_field[] =
        "UPDATE field SET sealed = ?1 WHERE tenant = ?2 AND table_id = ?3 AND column_id = ?4"
        " AND row_key = ?5 AND sealed = ?6";
static const char move_index[] =
        "UPDATE field SET index_version = ?1, blind = ?2, old_version = ?3, old_blind = ?4"
        " WHERE tenant = ?5 AND table_id = ?6 AND column_id = ?7 AND row_key = ?8"
        " AND index_version = ?9";

static Status take_field(void *context, const Value *values, size_t count)
{
    Walk *w = context;
    ASSERT(count == 8 && w->count < FIELDS_PAGE);
    WalkRow *row = &w->rows[w->count++];
    TRY(take_text(values[0].bytes, &row->tenant));
    TRY(take_text(values[3].bytes, &row->row_key));
    TRY(take_text(values[5].bytes, &row->subject));
    REQUIRE(values[6].bytes.size <= sizeof(row->sealed), REFUSED_ROW_INVALID);
    memcpy(row->sealed, values[6].bytes.data, values[6].bytes.size);
    row->sealed_bytes = values[6].bytes.size;
    row->table = values[1].integer;
    row->column = values[2].integer;
    row->data_class = (uint16_t)values[4].integer;
    row->index_version = (uint32_t)values[7].integer;
    return OK;
}

static Status read_page(const Fields *fields, const char *sql, StoreRow row, size_t keys, Walk *w)
{
    const Value after[] = { VALUE_OF_TEXT(text_of(&w->at.tenant)), VALUE_OF_INT(w->at.table),
        VALUE_OF_INT(w->at.column), VALUE_OF_TEXT(text_of(&w->at.row_key)) };
    const Value pair[] = { after[0], after[3] };
    return domain_query(fields->domain, sql, keys == 4 ? after : pair, keys, row, w);
}

static bool same_column(const WalkRow *a, const WalkRow *b)
{
    return span_equal(text_of(&a->tenant), text_of(&b->tenant)) && a->table == b->table
            && a->column == b->column && a->data_class == b->data_class;
}

static Status put_group(
        const Fields *fields, const Walk *w, size_t first, size_t count, Buffer *request)
{
    const WalkRow *head = &w->rows[first];
    const WireBatchHead wire = { .tenant = text_of(&head->tenant),
        .data_class = head->data_class,
        .table = (uint16_t)head->table,
        .column = (uint16_t)head->column };
    TRY(wire_put_batch_head(request, &wire));
    TRY(wire_put_count(request, count, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < count; i++) {
        uint8_t memory[WIRE_WRAPPED_BYTES_MAX];
        Buffer wrapped = BUFFER_OF(memory);
        const Span subject = text_of(&w->rows[first + i].subject);
        /* One whose key is gone was destroyed: a key that opens nothing is refused by its form. */
        const Status s = fields_subject_key_find(fields, wire.tenant, subject, &wrapped);
        if (status_is(s, REFUSED_ROW_MISSING))
            TRY(buffer_put_u8(&wrapped, 0));
        else
            TRY(s);
        TRY(wire_put_subject(request, &(WireSubject) { subject, span_of_buffer(&wrapped) }));
    }
    TRY(wire_put_count(request, count, WIRE_BATCH_ITEMS_MAX));
    for (size_t i = 0; i < count; i++) {
        const WalkRow *row = &w->rows[first + i];
        TRY(wire_put_sealed_field(request,
                &(WireSealedField) {
                        (uint32_t)i, text_of(&row->row_key), sealed_of(row), row->index_version }));
    }
    return OK;
}

static Status take_group(Span answer, Walk *w, size_t first, size_t count)
{
    Cursor c = cursor_of(answer);
    uint32_t number = 0;
    READ(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &number));
    for (uint32_t i = 0; i < number; i++) {
        WireSubjectAnswer unused;
        READ(wire_take_subject_answer(&c, &unused));
    }
    READ(wire_take_count(&c, WIRE_BATCH_ITEMS_MAX, &number));
    REQUIRE(number == count, REFUSED_IPC_FORMAT);
    for (size_t i = first; i < first + count; i++) {
        WireRewrapped moved = { 0 };
        READ(cursor_u32(&c, &w->statuses[i]));
        if (w->statuses[i] == 0) READ(wire_take_rewrapped(&c, &moved));
        if (moved.sealed.size > 0) memcpy(w->moved[i], moved.sealed.data, moved.sealed.size);
        w->moved_bytes[i] = moved.sealed.size;
        w->indexes[i] = moved.indexes;
    }
    READ(cursor_end(&c));
    return OK;
}

/* Neighbours of one column, as many as surely fit into one answer. */
static size_t group_size(const Walk *w, size_t first)
{
    size_t count = 1;
    size_t bytes = w->rows[first].sealed_bytes + ROW_OVERHEAD_BYTES;
    while (first + count < w->count && same_column(&w->rows[first], &w->rows[first + count])) {
        bytes += w->rows[first + count].sealed_bytes + ROW_OVERHEAD_BYTES;
        if (bytes > VAULTCLIENT_ANSWER_BYTES_MAX) break;
        count++;
    }
    return count;
}

static Status rewrap_page(const Fields *fields, Walk *w)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(fields->vault, &slot));
    for (size_t first = 0; first < w->count;) {
        const size_t count = group_size(w, first);
        slot->request.size = 0;
        slot->answer.size = 0;
        TRY(put_group(fields, w, first, count, &slot->request));
        TRY(slot_ask(slot, VAULT_REWRAP_FIELDS, &slot->answer));
        TRY(take_group(span_of_buffer(&slot->answer), w, first, count));
        first += count;
    }
    return OK;
}

static Status store_field(const Walk *w, size_t i, Store *store)
{
    const WalkRow *row = &w->rows[i];
    const WireIndexes *x = &w->indexes[i];
    const Value key[] = { VALUE_OF_TEXT(text_of(&row->tenant)), VALUE_OF_INT(row->table),
        VALUE_OF_INT(row->column), VALUE_OF_TEXT(text_of(&row->row_key)) };
    if (x->version > 0) {
        const Value values[] = { VALUE_OF_INT(x->version), VALUE_OF_BYTES(SPAN_OF(x->index)),
            VALUE_OF_INT(x->old_version), VALUE_OF_BYTES(SPAN_OF(x->old_index)), key[0], key[1],
            key[2], key[3], VALUE_OF_INT(row->index_version) };
        TRY(store_execute(store, move_index, values, 9));
    }
    if (w->moved_bytes[i] == 0) return OK;
    const Value values[] = { VALUE_OF_BYTES(((Span) { w->moved[i], w->moved_bytes[i] })), key[0],
        key[1], key[2], key[3], VALUE_OF_BYTES(sealed_of(row)) };
    return store_execute(store, move_field, values, 6); /* only what was read is replaced */
}

static Status store_fields(void *context, Store *store)
{
    Walk *w = context;
    for (size_t i = 0; i < w->count; i++) {
        if (w->statuses[i] == 0) TRY(store_field(w, i, store));
    }
    return store_place(w, store);
}

Status fields_rewrap(const Fields *fields, FieldsProgress *ret_progress)
{
    CLEANUP(walk_free) Walk *w = NULL;
    TRY(begin(fields, "rewrap", count_fields, &w));
    TRY(read_page(fields, next_fields, take_field, 4, w));
    TRY(rewrap_page(fields, w));
    TRY(domain_transaction(fields->domain, store_fields, w));
    report(w, ret_progress);
    return OK;
}

/* --- subject keys --- */

static const char count_keys[] = "SELECT COUNT(*) FROM subject_key";
static const char next_keys[] = "SELECT tenant, subject, wrapped FROM subject_key"
                                " WHERE (tenant, subject) > (?1, ?2)"
                                " ORDER BY tenant, subject LIMIT 512";
static const char move_key[] = "UPDATE subject_key SET wrapped = ?1 WHERE tenant = ?2"
                               " AND subject = ?3 AND wrapped = ?4";
static const char drop_key[] = "DELETE FROM subject_key WHERE tenant = ?1 AND subject = ?2";

static Status take_key(void *context, const Value *values, size_t count)
{
    Walk *w = context;
    ASSERT(count == 3 && w->count < FIELDS_PAGE);
    WalkRow *row = &w->rows[w->count++];
    TRY(take_text(values[0].bytes, &row->tenant));
    TRY(take_text(values[1].bytes, &row->row_key));
    REQUIRE(values[2].bytes.size <= WIRE_WRAPPED_BYTES_MAX, REFUSED_ROW_INVALID);
    memcpy(row->sealed, values[2].bytes.data, values[2].bytes.size);
    row->sealed_bytes = values[2].bytes.size;
    return OK;
}

static Status turn_page(const Fields *fields, Walk *w)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    uint32_t count = 0;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_count(&slot->request, w->count, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < w->count; i++) {
        const WalkRow *row = &w->rows[i];
        TRY(wire_put_turn(&slot->request,
                &(WireTurn) { text_of(&row->tenant), text_of(&row->row_key), sealed_of(row) }));
    }
    TRY(slot_ask(slot, VAULT_TURN_SUBJECTS, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &count));
    REQUIRE(count == w->count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < w->count; i++) {
        WireSubjectAnswer answer;
        READ(wire_take_subject_answer(&c, &answer));
        w->statuses[i] = answer.status;
        if (answer.wrapped.size > 0) memcpy(w->moved[i], answer.wrapped.data, answer.wrapped.size);
        w->moved_bytes[i] = answer.wrapped.size;
    }
    READ(cursor_end(&c));
    return OK;
}

static Status store_keys(void *context, Store *store)
{
    Walk *w = context;
    for (size_t i = 0; i < w->count; i++) {
        const WalkRow *row = &w->rows[i];
        const Value key[] = { VALUE_OF_TEXT(text_of(&row->tenant)),
            VALUE_OF_TEXT(text_of(&row->row_key)) };
        const Value values[] = { VALUE_OF_BYTES(((Span) { w->moved[i], w->moved_bytes[i] })),
            key[0], key[1], VALUE_OF_BYTES(sealed_of(row)) };
        if (w->statuses[i] == REFUSED_SUBJECT_DESTROYED)
            TRY(store_execute(store, drop_key, key, 2));
        else if (w->statuses[i] == 0 && w->moved_bytes[i] > 0)
            TRY(store_execute(store, move_key, values, 4));
    }
    return store_place(w, store);
}

Status fields_turn(const Fields *fields, FieldsProgress *ret_progress)
{
    CLEANUP(walk_free) Walk *w = NULL;
    TRY(begin(fields, "turn", count_keys, &w));
    TRY(read_page(fields, next_keys, take_key, 2, w));
    if (w->count > 0) TRY(turn_page(fields, w));
    TRY(domain_transaction(fields->domain, store_keys, w));
    report(w, ret_progress);
    return OK;
}

#include "api/export_rows.h"

#include <stdio.h>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/time.h"
#include "store/unit_wait.h"
#include "text/csv.h"

enum { UNIT_ROWS_MAX = 64, VALUE_BYTES_MAX = 1024, STEP_LEAVES = 1024 };

typedef struct Record {
    uint8_t memory[EXPORT_FIELDS_MAX][VALUE_BYTES_MAX];
    Span fields[EXPORT_FIELDS_MAX];
} Record;

static Status put_names(const ExportForm *form, Buffer *csv)
{
    Span names[EXPORT_FIELDS_MAX];
    for (size_t i = 0; i < form->column_count; i++)
        names[i] = span_of_text(export_column(form, i).name);
    return csv_put_record(csv, names, form->column_count);
}

static Status put_value(const Value *value, Record *record, size_t at)
{
    Buffer text = BUFFER_OF(record->memory[at]);
    switch (value->type) {
    case VALUE_NULL: break;
    case VALUE_INT: TRY(buffer_print(&text, "%lld", (long long)value->integer)); break;
    case VALUE_TEXT: TRY(buffer_put(&text, value->bytes)); break;
    case VALUE_BYTES: TRY(hex_encode(value->bytes, &text)); break;
    }
    record->fields[at] = span_of_buffer(&text);
    return OK;
}

static Status put_record(const ExportForm *form, const Value *values, Record *record, Buffer *csv)
{
    for (size_t i = 0; i < form->column_count; i++)
        TRY(put_value(&values[form->columns[i]], record, i));
    return csv_put_record(csv, record->fields, form->column_count);
}

/* What is full is the part, if there is anything in it already. */
static bool is_full(Status s, size_t rows) { return status_is(s, REFUSED_BUFFER_FULL) && rows > 0; }

static Status keep_place(ExportPart *part, Span place)
{
    Buffer text = BUFFER_OF(part->place_bytes);
    TRY(hex_encode(place, &text));
    part->place = span_of_buffer(&text);
    return OK;
}

/* --- a table: which rows there are is asked of the database, what they are of verified rows --- */

typedef char Key[ROW_KEY_COLUMNS_MAX][EXPORT_KEY_BYTES_MAX];

typedef struct Page {
    Unit unit;
    const ExportForm *form;
    Buffer *csv;
    size_t begin; /* of csv: where this page begins */
    Key after; /* the last row that was exported */
    bool is_first; /* there is none */
    Key keys[UNIT_ROWS_MAX];
    size_t count;
    size_t done; /* of them, exported */
    size_t rows; /* of them, that were still there */
    size_t rows_before;
    Record record;
} Page;

static Status take_key(void *context, const Value *values, size_t count)
{
    Page *page = context;
    REQUIRE(page->count < UNIT_ROWS_MAX, REFUSED_BUFFER_FULL);
    for (size_t i = 0; i < count; i++)
        TRY(value_copy_text(&values[i], page->keys[page->count][i], EXPORT_KEY_BYTES_MAX));
    page->count++;
    return OK;
}

/* "a, b", "?2, ?3" */
static void list_keys(const Table *table, char columns[128], char places[64])
{
    size_t at = 0;
    size_t place = 0;
    for (size_t i = 0; i < table->key_columns; i++) {
        const char *comma = i == 0 ? "" : ", ";
        at += (size_t)snprintf(columns + at, 128 - at, "%s%s", comma, table->columns[i].name);
        place += (size_t)snprintf(places + place, 64 - place, "%s?%zu", comma, i + 2);
    }
}

static Status find_keys(void *context, Store *store)
{
    Page *page = context;
    const Table *table = page->form->table;
    char sql[384];
    char columns[128] = "";
    char places[64] = "";
    Value parameters[1 + ROW_KEY_COLUMNS_MAX] = { VALUE_OF_INT(UNIT_ROWS_MAX) };
    const size_t keys = page->is_first ? 0 : table->key_columns;
    list_keys(table, columns, places);
    for (size_t i = 0; i < keys; i++)
        parameters[1 + i] = VALUE_OF_TEXT(span_of_text(page->after[i]));
    int size = snprintf(sql, sizeof(sql), "SELECT %s FROM %s", columns, table->name);
    if (keys > 0)
        size += snprintf(
                sql + size, sizeof(sql) - (size_t)size, " WHERE (%s) > (%s)", columns, places);
    snprintf(sql + size, sizeof(sql) - (size_t)size, " ORDER BY %s LIMIT ?1", columns);
    page->count = 0;
    return store_query(store, sql, parameters, 1 + keys, take_key, page);
}

static Status get_row(const Page *page, Rows *rows, size_t at, const Row **ret_row)
{
    const Table *table = page->form->table;
    Value key[ROW_KEY_COLUMNS_MAX];
    for (size_t i = 0; i < table->key_columns; i++)
        key[i] = VALUE_OF_TEXT(span_of_text(page->keys[at][i]));
    return rows_get(rows, table, key, ret_row);
}

static Status page_gather(Unit *unit, Rows *rows)
{
    const Page *page = (const Page *)unit;
    const Row *row = NULL;
    for (size_t i = 0; i < page->count; i++)
        TRY(get_row(page, rows, i, &row));
    return OK;
}

/* May run again: what it wrote is written over. */
static Status page_run(Unit *unit, Rows *rows)
{
    Page *page = (Page *)unit;
    page->csv->size = page->begin;
    page->rows = 0;
    for (page->done = 0; page->done < page->count; page->done++) {
        const Row *row = NULL;
        TRY(get_row(page, rows, page->done, &row));
        if (row == NULL) continue; /* gone since it was listed */
        const Status s = put_record(page->form, row->values, &page->record, page->csv);
        if (is_full(s, page->rows_before + page->rows)) return OK;
        TRY(s);
        page->rows++;
    }
    return OK;
}

/* u32 size | text, of each key */
static Status take_table_place(Span after, Page *page)
{
    uint8_t memory[EXPORT_PLACE_BYTES_MAX / 2];
    Buffer bytes = BUFFER_OF(memory);
    page->is_first = after.size == 0;
    if (page->is_first) return OK;
    REQUIRE(status_ok(hex_decode(after, &bytes)), REFUSED_EXPORT_FORM);
    Cursor c = cursor_of(span_of_buffer(&bytes));
    for (size_t i = 0; i < page->form->table->key_columns; i++) {
        Span key = { 0 };
        REQUIRE(status_ok(cursor_framed(&c, EXPORT_KEY_BYTES_MAX - 1, &key)), REFUSED_EXPORT_FORM);
        REQUIRE(memchr(key.data, 0, key.size) == NULL, REFUSED_EXPORT_FORM);
        memcpy(page->after[i], key.data, key.size);
        page->after[i][key.size] = '\0';
    }
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_EXPORT_FORM);
    return OK;
}

static Status keep_table_place(const Page *page, ExportPart *part)
{
    uint8_t memory[EXPORT_PLACE_BYTES_MAX / 2];
    Buffer bytes = BUFFER_OF(memory);
    for (size_t i = 0; i < page->form->table->key_columns; i++)
        TRY(buffer_put_framed(&bytes, span_of_text(page->after[i])));
    return keep_place(part, span_of_buffer(&bytes));
}

static Status put_table(House *house, const ExportForm *form, ExportPart *part)
{
    static _Thread_local Page page;
    page = (Page) { .form = form, .csv = part->csv };
    TRY(take_table_place(part->after, &page));
    do {
        TRY(batcher_between(house->batcher, find_keys, &page));
        part->last = page.count == 0;
        if (part->last) return OK;
        page.begin = part->csv->size;
        page.rows_before = part->rows;
        page.unit = (Unit) { .gather = page_gather, .run = page_run };
        TRY(unit_wait(house->batcher, &page.unit));
        part->rows += page.rows;
        if (page.done > 0) memcpy(page.after, page.keys[page.done - 1], sizeof(page.after));
        page.is_first = page.is_first && page.done == 0;
    } while (page.done == page.count);
    return keep_table_place(&page, part);
}

/* --- the trail --- */

typedef struct Trail {
    const ExportForm *form;
    Buffer *csv;
    size_t rows;
    int64_t leaf; /* the one that is looked at */
    uint32_t events; /* of it, exported */
    uint32_t skipped; /* of the first leaf, exported by the part before */
    bool any; /* leaf was in the last step */
    bool full;
    Record record;
} Trail;

static Status put_event(Trail *t, const AuditEntry *entry, const AuditEvent *event)
{
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    TRY(time_format(entry->time_us, &time));
    const Value values[] = {
        VALUE_OF_INT(entry->batch),
        VALUE_OF_TEXT(span_of_buffer(&time)),
        VALUE_OF_TEXT(span_of_text(audit_kind_name(event->kind))),
        VALUE_OF_TEXT(span_of_text(status_name((Status) { event->outcome }))),
        VALUE_OF_TEXT(event->actor),
        VALUE_OF_TEXT(event->subject),
        VALUE_OF_TEXT(event->detail),
    };
    return put_record(t->form, values, &t->record, t->csv);
}

static Status take_events(Trail *t, const AuditEntry *entry, Span bytes)
{
    AuditEvents events;
    AuditEvent event;
    bool more = false;
    TRY(audit_events_begin(bytes, &events));
    for (;;) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more) break;
        if (t->events++ < t->skipped) continue;
        const Status s = put_event(t, entry, &event);
        t->full = is_full(s, t->rows);
        if (t->full) t->events--;
        TRY(s);
        t->rows++;
    }
    t->skipped = 0;
    return OK;
}

static bool is_in_period(const ExportForm *form, int64_t time_us)
{
    return time_us >= form->from_us && (form->to_us == 0 || time_us < form->to_us);
}

static Status take_entry(void *context, const AuditEntry *entry)
{
    Trail *t = context;
    AuditLeaf leaf;
    t->any = true;
    t->leaf = entry->batch;
    t->events = 0;
    if (!is_in_period(t->form, entry->time_us)) return OK;
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    return take_events(t, entry, leaf.events);
}

static Status read_step(void *context, Store *store)
{
    Trail *t = context;
    t->any = false;
    const Status s = audit_some_entries(store, t->leaf, STEP_LEAVES, take_entry, t);
    if (t->full) return OK;
    TRY(s);
    if (t->any) t->leaf++;
    t->events = 0;
    return OK;
}

/* Leaf by leaf to the end of the log: a clock that was set back leaves nothing out. In steps, so
 * that batches do not wait. */
static Status read_trail(House *house, Trail *t)
{
    do
        TRY(batcher_between(house->batcher, read_step, t));
    while (t->any && !t->full);
    return OK;
}

/* i64 leaf | u32 events of it that were exported */
static Status take_trail_place(Span after, Trail *trail)
{
    uint8_t memory[16];
    Buffer bytes = BUFFER_OF(memory);
    if (after.size == 0) return OK;
    REQUIRE(status_ok(hex_decode(after, &bytes)), REFUSED_EXPORT_FORM);
    Cursor c = cursor_of(span_of_buffer(&bytes));
    const bool whole = status_ok(cursor_i64(&c, &trail->leaf))
            && status_ok(cursor_u32(&c, &trail->skipped)) && status_ok(cursor_end(&c));
    REQUIRE(whole && trail->leaf >= 0, REFUSED_EXPORT_FORM);
    return OK;
}

static Status put_trail(House *house, const ExportForm *form, ExportPart *part)
{
    static _Thread_local Trail trail;
    uint8_t memory[16];
    Buffer place = BUFFER_OF(memory);
    trail = (Trail) { .form = form, .csv = part->csv };
    TRY(take_trail_place(part->after, &trail));
    TRY(read_trail(house, &trail));
    part->rows = trail.rows;
    part->last = !trail.full;
    TRY(buffer_put_i64(&place, trail.leaf));
    TRY(buffer_put_u32(&place, trail.events));
    return keep_place(part, span_of_buffer(&place));
}

Status export_rows(House *house, const ExportForm *form, ExportPart *part)
{
    part->rows = 0;
    if (part->number == 1) TRY(put_names(form, part->csv));
    return form->table != NULL ? put_table(house, form, part) : put_trail(house, form, part);
}

#include "api/export_rows.h"

#include <stdio.h>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/time.h"
#include "store/unit_wait.h"
#include "text/csv.h"

enum { UNIT_ROWS_MAX = 64, VALUE_BYTES_MAX = 1024, KEY_BYTES_MAX = 128 };

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

/* --- a table: which rows there are is asked of the database, what they are of verified rows --- */

typedef struct Page {
    Unit unit;
    const ExportForm *form;
    char keys[UNIT_ROWS_MAX][ROW_KEY_COLUMNS_MAX][KEY_BYTES_MAX];
    size_t count;
    size_t skipped; /* rows of earlier pages */
    Buffer csv; /* of this page */
    uint8_t csv_bytes[EXPORT_BYTES_MAX];
    Record record;
} Page;

static Status take_key(void *context, const Value *values, size_t count)
{
    Page *page = context;
    REQUIRE(page->count < UNIT_ROWS_MAX, REFUSED_BUFFER_FULL);
    for (size_t i = 0; i < count; i++)
        TRY(value_copy_text(&values[i], page->keys[page->count][i], KEY_BYTES_MAX));
    page->count++;
    return OK;
}

static Status find_keys(void *context, Store *store)
{
    Page *page = context;
    const Table *table = page->form->table;
    char sql[256];
    char columns[128] = "";
    const Value parameters[] = { VALUE_OF_INT(UNIT_ROWS_MAX),
        VALUE_OF_INT((int64_t)page->skipped) };
    for (size_t i = 0, at = 0; i < table->key_columns; i++)
        at += (size_t)snprintf(columns + at, sizeof(columns) - at, "%s%s", i == 0 ? "" : ", ",
                table->columns[i].name);
    snprintf(sql, sizeof(sql), "SELECT %s FROM %s ORDER BY %s LIMIT ?1 OFFSET ?2", columns,
            table->name, columns);
    page->count = 0;
    return store_query(store, sql, parameters, 2, take_key, page);
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

static Status page_run(Unit *unit, Rows *rows)
{
    Page *page = (Page *)unit;
    const ExportForm *form = page->form;
    page->csv = BUFFER_OF(page->csv_bytes);
    for (size_t i = 0; i < page->count; i++) {
        const Row *row = NULL;
        TRY(get_row(page, rows, i, &row));
        if (row == NULL) continue; /* gone since it was listed */
        for (size_t n = 0; n < form->column_count; n++)
            TRY(put_value(&row->values[form->columns[n]], &page->record, n));
        TRY(csv_put_record(&page->csv, page->record.fields, form->column_count));
    }
    return OK;
}

static Status put_table(House *house, const ExportForm *form, Buffer *csv, size_t *ret_rows)
{
    static _Thread_local Page page;
    page = (Page) { .form = form };
    for (;;) {
        TRY(batcher_between(house->batcher, find_keys, &page));
        if (page.count == 0) return OK;
        page.unit = (Unit) { .gather = page_gather, .run = page_run };
        TRY(unit_wait(house->batcher, &page.unit));
        TRY(buffer_put(csv, span_of_buffer(&page.csv)));
        page.skipped += page.count;
        *ret_rows += page.count;
        REQUIRE(*ret_rows <= EXPORT_ROWS_MAX, REFUSED_BUFFER_FULL);
    }
}

/* --- the trail --- */

typedef struct Trail {
    const ExportForm *form;
    Buffer *csv;
    size_t rows;
    int64_t time_us; /* of the leaf that was looked at last */
    bool over; /* past the period */
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
    for (size_t i = 0; i < t->form->column_count; i++)
        TRY(put_value(&values[t->form->columns[i]], &t->record, i));
    t->rows++;
    return csv_put_record(t->csv, t->record.fields, t->form->column_count);
}

static Status take_entry(void *context, const AuditEntry *entry)
{
    Trail *t = context;
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent event;
    bool more = false;
    if (entry->time_us < t->form->from_us) return OK;
    t->over = t->form->to_us != 0 && entry->time_us >= t->form->to_us;
    REQUIRE(!t->over, REFUSED_EXPORT_NOT_PERMITTED); /* ends the walk */
    TRY(audit_leaf_parse(entry->leaf, &leaf));
    TRY(audit_events_begin(leaf.events, &events));
    for (;;) {
        TRY(audit_events_next(&events, &event, &more));
        if (!more) return OK;
        TRY(put_event(t, entry, &event));
    }
}

static Status take_time(void *context, const AuditEntry *entry)
{
    ((Trail *)context)->time_us = entry->time_us;
    return OK;
}

/* The first leaf of the period, by halves: their times ascend. */
static Status find_first(Trail *t, Store *store, int64_t *ret_first)
{
    int64_t low = 0;
    int64_t high = 0;
    TRY(audit_batches(NULL, store, &high));
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        bool found = false;
        TRY(audit_read_entry(store, middle, take_time, t, &found));
        if (found && t->time_us < t->form->from_us)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    return OK;
}

static Status read_trail(void *context, Store *store)
{
    Trail *t = context;
    int64_t first = 0;
    TRY(find_first(t, store, &first));
    const Status s = audit_each_entry(store, first, take_entry, t);
    return t->over ? OK : s;
}

Status export_rows(House *house, const ExportForm *form, Buffer *ret_csv, size_t *ret_rows)
{
    *ret_rows = 0;
    TRY(put_names(form, ret_csv));
    if (form->table != NULL) return put_table(house, form, ret_csv, ret_rows);
    Trail trail = { .form = form, .csv = ret_csv };
    TRY(batcher_between(house->batcher, read_trail, &trail));
    *ret_rows = trail.rows;
    return OK;
}

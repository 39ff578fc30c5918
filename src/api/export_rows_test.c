/*
 * Goal: an export of any size leaves in parts that together hold each row once, in order, verified,
 * and no part is larger than its buffer; nobody makes a part begin elsewhere with bytes that are no
 * place (TP-17, LL-4.5.2). Method: callers' rows through a real batch, read in parts while another
 * comes; a row changed behind the batch's back; a log whose clock was set back again and again.
 */
#define _GNU_SOURCE
#include "api/export_rows.h"

#include "access/caller.h"
#include "access/merchant.h"
#include "audit/trail_sample.h"
#include "store/store_for_tests.h"

enum { CALLERS = 2000, EACH = 40, PARTS_MIN = 3 };

static TestStore rows;
static House house;
static uint8_t csv_bytes[EXPORT_PART_BYTES_MAX];
static uint8_t place_bytes[EXPORT_PLACE_BYTES_MAX];
static uint8_t all_bytes[8 * EXPORT_PART_BYTES_MAX];

typedef struct Entry {
    Unit unit;
    int first;
    int count;
} Entry;

static void name_of(int number, char *ret_name, size_t capacity)
{
    snprintf(ret_name, capacity, "caller-%04d", number);
}

static Status entry_gather(Unit *unit, Rows *r)
{
    const Entry *e = (const Entry *)unit;
    Caller before;
    bool found = false;
    char name[CALLER_NAME_BYTES_MAX + 1];
    for (int i = 0; i < e->count; i++) {
        name_of(e->first + 2 * i, name, sizeof(name));
        TRY(caller_get(r, name, &before, &found));
    }
    return OK;
}

static Status entry_run(Unit *unit, Rows *r)
{
    const Entry *e = (const Entry *)unit;
    for (int i = 0; i < e->count; i++) {
        Caller caller = { .tenant = "a-tenant-with-a-long-name", .rights = 1, .status = 1 };
        name_of(e->first + 2 * i, caller.name, sizeof(caller.name));
        TRY(caller_insert(r, &caller));
    }
    return OK;
}

/* Every second number, so that others fit between. */
static void enter(int first, int count)
{
    Entry e = {
        .unit = { .gather = entry_gather, .run = entry_run }, .first = first, .count = count
    };
    ASSERT(status_ok(unit_wait(rows.batcher, &e.unit)));
}

static void test_opens(void)
{
    static const StoreSchema *const schemas[] = { &access_schema, &audit_schema };
    test_store_open(&rows, schemas, 2, 1000);
    house.batcher = rows.batcher;
    for (int i = 0; i < CALLERS; i += EACH)
        enter(2 * i, EACH);
}

static ExportForm form_of_callers(void)
{
    ExportForm form = { .list = EXPORT_CALLERS, .table = &caller_table, .column_count = 3 };
    form.columns[0] = COLUMN_AT(CALLER_NAME);
    form.columns[1] = COLUMN_AT(CALLER_TENANT);
    form.columns[2] = COLUMN_AT(CALLER_CREATED);
    return form;
}

/* One part behind the place of the last one; keeps its place. */
static Status read_part_of(const ExportForm *form, int64_t number, ExportPart *ret_part,
        Buffer *csv, size_t *place_size)
{
    csv->size = 0;
    *ret_part = (ExportPart) {
        .number = number, .after = { place_bytes, number == 1 ? 0 : *place_size }, .csv = csv
    };
    TRY(export_rows(&house, form, ret_part));
    if (ret_part->place.size > 0) memcpy(place_bytes, ret_part->place.data, ret_part->place.size);
    *place_size = ret_part->place.size;
    return OK;
}

static Status read_part(int64_t number, ExportPart *ret_part, Buffer *csv, size_t *place_size)
{
    const ExportForm form = form_of_callers();
    return read_part_of(&form, number, ret_part, csv, place_size);
}

static bool holds(const Buffer *all, int number)
{
    char line[64];
    snprintf(line, sizeof(line), "\r\ncaller-%04d,", number);
    const uint8_t *at = memmem(all->data, all->size, line, strlen(line));
    if (at == NULL) return false;
    const size_t rest = all->size - (size_t)(at + 1 - all->data);
    return memmem(at + 1, rest, line, strlen(line)) == NULL; /* once */
}

static void test_all_rows_come_once(void)
{
    Buffer csv = BUFFER_OF(csv_bytes);
    Buffer all = BUFFER_OF(all_bytes);
    ExportPart part = { .last = false };
    size_t place_size = 0;
    size_t count = 0;
    int64_t number = 0;
    while (!part.last && number < 9) {
        EXPECT_OK(read_part(++number, &part, &csv, &place_size));
        EXPECT_OK(buffer_put(&all, span_of_buffer(&csv)));
        count += part.rows;
        if (number > 1) continue;
        enter(1, 1); /* stands in the first part, which is gone: left out, and nothing twice */
        enter(2 * CALLERS + 2, 1); /* stands behind: comes */
    }
    EXPECT(number >= PARTS_MIN && part.last && count == CALLERS + 1);
    EXPECT(memmem(all.data, all.size, "name,tenant,created\r\n", 21) == all.data);
    EXPECT(memmem(all.data + 1, all.size - 1, "name,tenant", 11) == NULL);
    for (int i = 0; i < CALLERS; i++)
        EXPECT(holds(&all, 2 * i));
    EXPECT(!holds(&all, 1) && holds(&all, 2 * CALLERS + 2));
}

static void test_what_is_no_place_is_refused(void)
{
    static const char *const places[] = { "zz", "00", "00000005", "0000000141ff", "0000000100",
        "ffffffff" };
    const ExportForm form = form_of_callers();
    ExportForm trail = form;
    trail.table = NULL;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        Buffer csv = BUFFER_OF(csv_bytes);
        ExportPart part = { .number = 2, .after = span_of_text(places[i]), .csv = &csv };
        EXPECT_REFUSED(export_rows(&house, &form, &part), REFUSED_EXPORT_FORM);
        EXPECT_REFUSED(export_rows(&house, &trail, &part), REFUSED_EXPORT_FORM);
    }
}

/* --- the trail --- */

enum { LEAVES = 2400, PERIOD_FROM = 100, PERIOD_TO = 200 };

/* Before, in, behind and at the end of the period, in and out of order. */
static int64_t time_of_leaf(int leaf)
{
    static const int64_t times[] = { 90, 150, 250, 120, 50, 199, 200, 100 };
    return times[leaf % 8];
}

static bool is_meant(int leaf)
{
    return time_of_leaf(leaf) >= PERIOD_FROM && time_of_leaf(leaf) < PERIOD_TO;
}

static bool write_log(void)
{
    TrailSample log = { .store = rows.store };
    if (!status_ok(store_execute(rows.store, "BEGIN", NULL, 0))) return false;
    for (int i = 0; i < LEAVES; i++) {
        const AuditEvent events[] = {
            { .kind = AUDIT_READ, .actor = SPAN("operator/one"), .subject = SPAN("a") },
            { .kind = AUDIT_READ, .actor = SPAN("operator/two"), .subject = SPAN("b") },
        };
        log.time_us = time_of_leaf(i);
        if (!status_ok(trail_sample_add(&log, events, 2))) return false;
    }
    return status_ok(store_execute(rows.store, "COMMIT", NULL, 0));
}

static bool holds_event(const Buffer *all, int leaf, const char *actor)
{
    char line[64];
    snprintf(line, sizeof(line), "\r\n%d,operator/%s,", leaf, actor);
    const uint8_t *at = memmem(all->data, all->size, line, strlen(line));
    if (at == NULL) return false;
    const size_t rest = all->size - (size_t)(at + 1 - all->data);
    return memmem(at + 1, rest, line, strlen(line)) == NULL; /* once */
}

static void test_a_clock_set_back_leaves_no_event_out(void)
{
    enum { LEAF, TIME, KIND, OUTCOME, ACTOR }; /* columns of the trail */
    Buffer csv = BUFFER_OF(csv_bytes);
    Buffer all = BUFFER_OF(all_bytes);
    ExportPart part = { .last = false };
    ExportForm form = { .list = EXPORT_TRAIL, .column_count = 3, .columns = { LEAF, ACTOR, KIND } };
    form.from_us = PERIOD_FROM;
    form.to_us = PERIOD_TO;
    size_t place_size = 0;
    size_t count = 0;
    size_t meant = 0;
    int64_t number = 0;
    EXPECT(write_log());
    while (!part.last && number < 9) {
        EXPECT_OK(read_part_of(&form, ++number, &part, &csv, &place_size));
        EXPECT_OK(buffer_put(&all, span_of_buffer(&csv)));
        count += part.rows;
    }
    for (int i = 0; i < LEAVES; i++) {
        EXPECT(holds_event(&all, i, "one") == is_meant(i));
        EXPECT(holds_event(&all, i, "two") == is_meant(i));
        meant += is_meant(i) ? 2 : 0;
    }
    EXPECT(number > 1 && part.last && count == meant);
}

static void test_a_changed_row_leaves_with_nobody(void)
{
    Buffer csv = BUFFER_OF(csv_bytes);
    ExportPart part = { 0 };
    size_t place_size = 0;
    EXPECT_OK(store_execute(
            rows.store, "UPDATE caller SET tenant = 'other' WHERE name = 'caller-0004'", NULL, 0));
    EXPECT_REFUSED(read_part(1, &part, &csv, &place_size), REFUSED_ROW_SEAL_MISMATCH);
}

static void test_closes(void) { test_store_close(&rows); }

TESTS(TEST(test_opens), TEST(test_all_rows_come_once), TEST(test_what_is_no_place_is_refused),
        TEST(test_a_clock_set_back_leaves_no_event_out),
        TEST(test_a_changed_row_leaves_with_nobody), TEST(test_closes))

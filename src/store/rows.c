#include "store/rows.h"

#include <stdlib.h>

Status rows_open(Store *store, Rows **ret_rows)
{
    Rows *rows = calloc(1, sizeof(Rows));
    CHECK(rows != NULL, FAULT_MEMORY);
    const Status s = arena_open(&rows->arena, ROWS_ARENA_BYTES);
    if (!status_ok(s)) {
        free(rows);
        return s;
    }
    rows->store = store;
    *ret_rows = rows;
    return OK;
}

void rows_close(Rows *rows)
{
    if (rows == NULL) return;
    arena_close(&rows->arena);
    free(rows);
}

void rows_begin(Rows *rows, int64_t batch, int64_t now_us)
{
    arena_reset(&rows->arena);
    if (rows->entry_count > 0) memset(rows->slots, 0, sizeof(rows->slots));
    rows->now_us = now_us;
    rows->batch = batch;
    rows->running = false;
    rows->unit = ROWS_NOBODY;
    rows->entry_count = 0;
    rows->find_count = 0;
    rows->claim_bytes = 0;
    rows->at = (Mark) { .events_bytes = sizeof(uint32_t) };
}

/* --- entries by key --- */

/* FNV-1a over eight bytes at a time: the table holds at most BATCH_ROWS_MAX keys, so an attacker
 * who makes them collide gains nothing worth a keyed hash. */
static uint64_t hash_key(Span key)
{
    uint64_t hash = 0xCBF29CE484222325u;
    size_t i = 0;
    for (; i + 8 <= key.size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, key.data + i, 8);
        hash = (hash ^ word) * 0x100000001B3u;
        hash ^= hash >> 29;
    }
    for (; i < key.size; i++)
        hash = (hash ^ key.data[i]) * 0x100000001B3u;
    return hash ^ hash >> 32;
}

static Entry *entry_find(Rows *rows, Span key, uint64_t hash)
{
    for (size_t at = hash % ROWS_SLOTS;; at = (at + 1) % ROWS_SLOTS) {
        if (rows->slots[at] == 0) return NULL;
        Entry *entry = &rows->entries[rows->slots[at] - 1];
        if (entry->hash == hash && span_equal(entry->key, key)) return entry;
    }
}

static Status entry_add(Rows *rows, const Table *table, Span key, uint64_t hash, Entry **ret_entry)
{
    REQUIRE(rows->entry_count < BATCH_ROWS_MAX, REFUSED_BATCH_FULL);
    Entry *entry = &rows->entries[rows->entry_count];
    *entry = (Entry) { .table = table, .hash = hash, .owner = ROWS_NOBODY };
    entry->slot = store_slot(rows->store, table);
    REQUIRE(status_ok(arena_copy(&rows->arena, key, &entry->key)), REFUSED_BATCH_FULL);
    rows->entry_count++;
    size_t at = hash % ROWS_SLOTS;
    while (rows->slots[at] != 0)
        at = (at + 1) % ROWS_SLOTS;
    rows->slots[at] = (uint16_t)rows->entry_count;
    *ret_entry = entry;
    return OK;
}

typedef struct KeyName {
    uint8_t memory[ROW_KEY_BYTES_MAX];
    Span key;
    uint64_t hash;
} KeyName;

static Status name_key(const Table *table, const Value *values, KeyName *ret_name)
{
    uint16_t ids[ROW_KEY_COLUMNS_MAX];
    for (size_t i = 0; i < table->key_columns; i++)
        ids[i] = table->columns[i].id;
    Buffer key = BUFFER_OF(ret_name->memory);
    REQUIRE(status_ok(row_encode_key(table->id, ids, values, table->key_columns, &key)),
            REFUSED_ROW_INVALID);
    ret_name->key = span_of_buffer(&key);
    ret_name->hash = hash_key(ret_name->key);
    return OK;
}

/* --- gathering --- */

static void note_stored(Rows *rows, Entry *entry, StoredRow *stored)
{
    entry->gathered = true;
    entry->stored = stored;
    entry->current = stored != NULL ? &stored->row : NULL;
    rows->claim_bytes += entry->key.size + (stored != NULL ? stored->image.size + SEAL_BYTES : 0);
}

/* The row is there but no canonical image can be made of it: it differs from whatever was sealed.
 * Of what was sealed nothing is left: so it is claimed absent, and a guard who knows the key
 * freezes it. */
static void note_broken(Entry *entry)
{
    entry->gathered = true;
    entry->verdict = REFUSE(REFUSED_ROW_SEAL_MISMATCH);
}

static Status load(Rows *rows, Entry *entry, const Value *key)
{
    bool found = false;
    StoredRow *stored = arena_take(&rows->arena, sizeof(StoredRow));
    REQUIRE(stored != NULL, REFUSED_BATCH_FULL);
    const Status s = store_read(rows->store, entry->slot, key, &rows->arena, stored, &found);
    if (status_is(s, REFUSED_BUFFER_FULL)) return REFUSE(REFUSED_BATCH_FULL);
    if (status_is(s, REFUSED_ROW_INVALID)) {
        note_broken(entry);
        return OK;
    }
    TRY(s);
    note_stored(rows, entry, found ? stored : NULL);
    return OK;
}

/* What a unit may see of an entry. While gathering nothing is verified yet: the row serves to find
 * other rows. */
static Status show(Rows *rows, const Entry *entry, const Row **ret_row)
{
    if (rows->running && !status_ok(entry->verdict)) {
        rows->verdict = entry->verdict;
        return entry->verdict;
    }
    *ret_row = entry->current;
    return OK;
}

Status rows_get(Rows *rows, const Table *table, const Value *key, const Row **ret_row)
{
    KeyName name;
    TRY(name_key(table, key, &name));
    Entry *entry = entry_find(rows, name.key, name.hash);
    if (rows->running) {
        REQUIRE(entry != NULL, REFUSED_ROW_NOT_GATHERED);
        REQUIRE(entry->gathered || entry->current != NULL, REFUSED_ROW_NOT_GATHERED);
        return show(rows, entry, ret_row);
    }
    if (entry == NULL) TRY(entry_add(rows, table, name.key, name.hash, &entry));
    if (!entry->gathered) TRY(load(rows, entry, key));
    return show(rows, entry, ret_row);
}

Status rows_stored(
        Rows *rows, const Table *table, const Value *key, Span *ret_image, Span *ret_seal)
{
    KeyName name;
    const Row *row = NULL;
    ASSERT(rows->running);
    TRY(rows_get(rows, table, key, &row));
    REQUIRE(row != NULL, REFUSED_ROW_MISSING);
    TRY(name_key(table, key, &name));
    const Entry *entry = entry_find(rows, name.key, name.hash);
    REQUIRE(entry->stored != NULL && row == &entry->stored->row, REFUSED_STORE_BUSY);
    *ret_image = entry->stored->image;
    *ret_seal = entry->stored->seal;
    return OK;
}

/* --- lookups --- */

static Find *find_known(Rows *rows, const Lookup *lookup, const Value *parameters)
{
    for (size_t i = 0; i < rows->find_count; i++) {
        Find *find = &rows->finds[i];
        bool same = find->lookup == lookup;
        for (size_t k = 0; same && k < lookup->column_count; k++)
            same = value_equal(&find->parameters[k], &parameters[k]);
        if (same) return find;
    }
    return NULL;
}

static Status value_keep(Rows *rows, const Value *value, Value *ret_copy)
{
    *ret_copy = *value;
    if (value->type != VALUE_TEXT && value->type != VALUE_BYTES) return OK;
    const uint8_t *start = rows->arena.memory;
    const uint8_t *data = value->bytes.data;
    const bool ours = data != NULL && data >= start && data < start + rows->arena.size;
    if (ours) return OK; /* it lives as long as the batch: most columns of an update */
    return rows_keep(rows, value->bytes, &ret_copy->bytes);
}

/* Ask the database. The row that comes may have been gathered by key before. */
static Status find_load(Rows *rows, const Lookup *lookup, const Value *parameters, Find *find)
{
    bool found = false;
    KeyName name;
    StoredRow *stored = arena_take(&rows->arena, sizeof(StoredRow));
    REQUIRE(stored != NULL, REFUSED_BATCH_FULL);
    const Status s = store_read_lookup(
            rows->store, lookup, parameters, lookup->column_count, &rows->arena, stored, &found);
    if (status_is(s, REFUSED_BUFFER_FULL)) return REFUSE(REFUSED_BATCH_FULL);
    /* Its key may be what was changed, so there is no entry to freeze: the unit alone fails. */
    if (status_is(s, REFUSED_ROW_INVALID)) return REFUSE(REFUSED_ROW_SEAL_MISMATCH);
    TRY(s);
    if (!found) return OK;
    TRY(name_key(lookup->table, stored->row.values, &name));
    Entry *entry = entry_find(rows, name.key, name.hash);
    if (entry == NULL) TRY(entry_add(rows, lookup->table, name.key, name.hash, &entry));
    if (!entry->gathered) note_stored(rows, entry, stored);
    find->entry = entry;
    return OK;
}

/* A row that an earlier unit inserted: not in the database yet. */
static Entry *find_inserted(Rows *rows, const Lookup *lookup, const Value *parameters)
{
    for (size_t i = 0; i < rows->at.changed; i++) {
        Entry *entry = rows->changed[i];
        if (entry->table != lookup->table || entry->stored != NULL) continue;
        bool same = true;
        for (size_t k = 0; same && k < lookup->column_count; k++) {
            const size_t at = table_position(lookup->table, lookup->columns[k]);
            same = value_equal(&entry->current->values[at], &parameters[k]);
        }
        if (same) return entry;
    }
    return NULL;
}

Status rows_find(Rows *rows, const Lookup *lookup, const Value *parameters, size_t parameter_count,
        const Row **ret_row)
{
    ASSERT(parameter_count == lookup->column_count);
    Find *find = find_known(rows, lookup, parameters);
    if (find == NULL) {
        REQUIRE(!rows->running, REFUSED_ROW_NOT_GATHERED);
        REQUIRE(rows->find_count < ROWS_FINDS_MAX, REFUSED_BATCH_FULL);
        Find made = { .lookup = lookup };
        TRY(find_load(rows, lookup, parameters, &made));
        for (size_t k = 0; k < lookup->column_count; k++)
            TRY(value_keep(rows, &parameters[k], &made.parameters[k]));
        find = &rows->finds[rows->find_count++];
        *find = made;
    }
    const Entry *entry = find->entry;
    if (entry == NULL && rows->running) entry = find_inserted(rows, lookup, parameters);
    if (entry != NULL) return show(rows, entry, ret_row);
    *ret_row = NULL;
    return OK;
}

/* --- verification --- */

size_t rows_claims(Rows *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < rows->entry_count; i++) {
        Entry *entry = &rows->entries[i];
        if (!entry->gathered) continue;
        const bool absent = entry->stored == NULL;
        rows->claims[count] =
                (RowClaim) { entry->table, absent, absent ? entry->key : entry->stored->image,
                    absent ? (Span) { 0 } : entry->stored->seal };
        rows->claimed[count++] = entry;
    }
    return count;
}

void rows_judge(Rows *rows, size_t claim_count)
{
    for (size_t i = 0; i < claim_count; i++) {
        Entry *entry = rows->claimed[i];
        const bool broken = !status_ok(entry->verdict); /* and stays so: now frozen, or before */
        if (!broken || status_is(rows->verdicts[i], REFUSED_ROW_FROZEN))
            entry->verdict = rows->verdicts[i];
    }
}

/* --- running --- */

void rows_unit_begin(Rows *rows, int32_t index, const Unit *unit)
{
    rows->running = true;
    rows->unit = index;
    rows->asking = unit;
    rows->unit_start = rows->at;
    rows->verdict = OK;
}

static void undo_to(Rows *rows, const Mark *mark)
{
    for (size_t i = rows->at.changes; i > mark->changes; i--) {
        const Change *change = &rows->changes[i - 1];
        change->entry->current = change->before;
        change->entry->owner = change->owner_before;
    }
    rows->at.changes = mark->changes;
    rows->at.changed = mark->changed; /* first changes were pushed in the same order */
    rows->at.number = mark->number;
    rows->at.draft_bytes = mark->draft_bytes;
}

void rows_undo(Rows *rows, bool keep_event)
{
    undo_to(rows, &rows->unit_start);
    if (keep_event) return;
    rows->at.events_bytes = rows->unit_start.events_bytes;
    rows->at.event_count = rows->unit_start.event_count;
}

void rows_rewind(Rows *rows)
{
    undo_to(rows, &(Mark) { 0 });
    rows->at = (Mark) { .events_bytes = sizeof(uint32_t) };
}

/* What the table's description allows; the row's own meaning is its room's business. */
static Status check_values(const Table *table, const Value *values)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        TRY(column_allow(column)); /* the store writer's door */
        if (values[i].type == VALUE_NULL) {
            REQUIRE(column->nullable && i >= table->key_columns, REFUSED_ROW_INVALID);
            continue;
        }
        REQUIRE(values[i].type == column->type, REFUSED_ROW_INVALID);
        if (column->type == VALUE_TEXT) REQUIRE(span_is_utf8(values[i].bytes), REFUSED_ROW_INVALID);
    }
    return OK;
}

static Status make_row(
        Rows *rows, const Table *table, const Value *values, int64_t revision, Row **ret_row)
{
    TRY(check_values(table, values));
    const size_t image = row_image_bytes(values, table->column_count);
    REQUIRE(image <= ROW_IMAGE_BYTES_MAX, REFUSED_ROW_INVALID);
    Row *row = arena_take(&rows->arena, sizeof(Row));
    REQUIRE(row != NULL, REFUSED_BATCH_FULL);
    row->table = table;
    row->revision = revision;
    row->batch = rows->batch;
    for (size_t i = 0; i < table->column_count; i++) {
        REQUIRE(values[i].type < VALUE_TEXT || values[i].bytes.size <= ROW_VALUE_BYTES_MAX,
                REFUSED_ROW_INVALID);
        TRY(value_keep(rows, &values[i], &row->values[i]));
    }
    *ret_row = row;
    return OK;
}

static Status set_current(Rows *rows, Entry *entry, const Row *row)
{
    REQUIRE(rows->at.changes < ROWS_CHANGES_MAX, REFUSED_BATCH_FULL);
    const Row *loaded = entry->stored != NULL ? &entry->stored->row : NULL;
    rows->changes[rows->at.changes++] = (Change) { entry, entry->current, entry->owner };
    if (entry->current != loaded)
        rows->at.draft_bytes -= row_image_bytes(entry->current->values, row->table->column_count);
    rows->at.draft_bytes += row_image_bytes(row->values, row->table->column_count);
    if (entry->current == loaded) {
        rows->changed[rows->at.changed++] = entry;
        rows->at.draft_bytes += entry->stored != NULL ? entry->stored->image.size + SEAL_BYTES : 0;
    }
    entry->current = row;
    entry->owner = rows->unit;
    return OK;
}

Status rows_insert(Rows *rows, const Table *table, const Value *values)
{
    ASSERT(rows->running);
    KeyName name;
    Row *row = NULL;
    const Row *there = NULL;
    TRY(make_row(rows, table, values, 1, &row));
    TRY(name_key(table, values, &name));
    Entry *entry = entry_find(rows, name.key, name.hash);
    if (entry == NULL) TRY(entry_add(rows, table, name.key, name.hash, &entry));
    TRY(show(rows, entry, &there));
    REQUIRE(there == NULL, REFUSED_ROW_EXISTS);
    return set_current(rows, entry, row);
}

Status rows_insert_numbered(Rows *rows, const Table *table, Value *values, int64_t number_max)
{
    values[0] = VALUE_OF_INT(rows_batch(rows));
    for (int64_t number = 1; number <= number_max; number++) {
        values[1] = VALUE_OF_INT(number);
        const Status s = rows_insert(rows, table, values);
        if (!status_is(s, REFUSED_ROW_EXISTS)) return s;
    }
    return REFUSE(REFUSED_BATCH_FULL);
}

Status rows_update(Rows *rows, const Table *table, const Value *values)
{
    ASSERT(rows->running && !table->append_only);
    Row *row = NULL;
    const Row *there = NULL;
    TRY(rows_get(rows, table, values, &there));
    REQUIRE(there != NULL, REFUSED_ROW_MISSING);
    KeyName name;
    TRY(name_key(table, values, &name));
    Entry *entry = entry_find(rows, name.key, name.hash);
    ASSERT(entry != NULL);
    /* However often units change a row, the batch writes it once: one revision. */
    const bool stored = entry->stored != NULL && there == &entry->stored->row;
    TRY(make_row(rows, table, values, there->revision + (stored ? 1 : 0), &row));
    return set_current(rows, entry, row);
}

int64_t rows_now_us(const Rows *rows) { return rows->now_us; }
int64_t rows_batch(const Rows *rows) { return rows->batch; }
int64_t rows_next_number(Rows *rows) { return ++rows->at.number; }

static Span told(const char *text)
{
    return text == NULL ? (Span) { NULL, 0 } : span_of_text(text);
}

Span rows_from(const Rows *rows)
{
    ASSERT(rows->running);
    return told(rows->asking->from);
}

Span rows_reason(const Rows *rows)
{
    ASSERT(rows->running);
    return told(rows->asking->reason);
}

Status rows_keep(Rows *rows, Span bytes, Span *ret_copy)
{
    REQUIRE(status_ok(arena_copy(&rows->arena, bytes, ret_copy)), REFUSED_BATCH_FULL);
    return OK;
}

Status rows_event(Rows *rows, Span event)
{
    ASSERT(rows->running);
    REQUIRE(event.size <= BATCH_EVENT_BYTES_MAX, REFUSED_BUFFER_FULL);
    const size_t start = rows->unit_start.events_bytes;
    Buffer events = { rows->events, start, sizeof(rows->events) };
    TRY(buffer_put_framed(&events, event));
    rows->at.events_bytes = events.size;
    rows->at.event_count = rows->unit_start.event_count + 1;
    return OK;
}

/* --- the draft --- */

bool rows_unchanged(const Rows *rows) { return rows->at.changed == 0 && rows->at.event_count == 0; }

static Status encode_entry(Rows *rows, Entry *entry)
{
    const Row *row = entry->current;
    const Table *table = row->table;
    const RowHead head = { table->id, table->schema, table->key_columns, row->revision,
        row->batch };
    const size_t size = row_image_bytes(row->values, table->column_count);
    Buffer image = { arena_take(&rows->arena, size), 0, size };
    REQUIRE(image.data != NULL, REFUSED_BATCH_FULL);
    TRY(row_encode(&head, entry->slot->ids, row->values, table->column_count, &image));
    entry->image = span_of_buffer(&image);
    return OK;
}

Status rows_draft(Rows *rows, BatchDraft *ret_draft)
{
    for (size_t i = 0; i < rows->at.changed; i++) {
        Entry *entry = rows->changed[i];
        TRY(encode_entry(rows, entry));
        rows->drafts[i] = (RowChange) { .table = entry->table, .new_image = entry->image };
        if (entry->stored == NULL) continue;
        rows->drafts[i].old_image = entry->stored->image;
        rows->drafts[i].old_seal = entry->stored->seal;
    }
    Buffer count = { rows->events, 0, sizeof(uint32_t) };
    TRY(buffer_put_u32(&count, rows->at.event_count));
    *ret_draft = (BatchDraft) { rows->batch, rows->now_us, { rows->events, rows->at.events_bytes },
        rows->drafts, rows->at.changed };
    return OK;
}

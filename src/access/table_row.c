#include "access/table_row.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "store/unit_wait.h"

static const Column table_columns[] = {
    { ACCESS_TABLE_VERSION, "version", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { ACCESS_TABLE_PART, "part", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { ACCESS_TABLE_PARTS, "parts", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { ACCESS_TABLE_DIGEST, "digest", VALUE_BYTES, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { ACCESS_TABLE_TEXT, "content", VALUE_BYTES, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { ACCESS_TABLE_BY, "accepted_by", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { ACCESS_TABLE_TIME, "accepted", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(table_columns) / sizeof(table_columns[0]) };

const Table access_table_table = {
    TABLE_ACCESS_TABLE,
    .schema = 1,
    .name = "access_table",
    .append_only = false, /* written once; the revision map notices what is missing */
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = table_columns,
};

/* --- reading --- */

typedef struct PartLoad {
    Unit unit;
    int64_t version;
    int64_t part;
    int64_t parts;
    uint8_t digest[ACCESS_DIGEST_BYTES];
    Buffer *text;
} PartLoad;

static Status part_row(const PartLoad *work, Rows *rows, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_INT(work->version), VALUE_OF_INT(work->part) };
    return rows_get(rows, &access_table_table, key, ret_row);
}

static Status part_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return part_row((const PartLoad *)unit, rows, &row);
}

static Status part_run(Unit *unit, Rows *rows)
{
    PartLoad *work = (PartLoad *)unit;
    const Row *row = NULL;
    TRY(part_row(work, rows, &row));
    REQUIRE(row != NULL, REFUSED_ACCESS_TABLE_INVALID);
    const Span digest = row->values[COLUMN_AT(ACCESS_TABLE_DIGEST)].bytes;
    REQUIRE(digest.size == ACCESS_DIGEST_BYTES, REFUSED_ACCESS_TABLE_INVALID);
    memcpy(work->digest, digest.data, digest.size);
    work->parts = row->values[COLUMN_AT(ACCESS_TABLE_PARTS)].integer;
    return buffer_put(work->text, row->values[COLUMN_AT(ACCESS_TABLE_TEXT)].bytes);
}

static Status take_version(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].integer;
    return OK;
}

static Status newest(void *context, Store *store)
{
    return store_query(store, "SELECT coalesce(max(version), 0) FROM access_table", NULL, 0,
            take_version, context);
}

Status table_row_load(Batcher *batcher, Buffer *ret_text, int64_t *ret_version)
{
    int64_t version = 0;
    uint8_t digest[ACCESS_DIGEST_BYTES];
    const size_t before = ret_text->size;
    TRY(batcher_between(batcher, newest, &version));
    *ret_version = version;
    if (version == 0) return OK;
    PartLoad work = { .unit = { .gather = part_gather, .run = part_run },
        .version = version,
        .parts = 1,
        .text = ret_text };
    for (work.part = 1; work.part <= work.parts; work.part++) {
        REQUIRE(work.part <= TABLE_ROW_PARTS_MAX, REFUSED_ACCESS_TABLE_INVALID);
        TRY(unit_wait(batcher, &work.unit));
    }
    sha256((Span) { ret_text->data + before, ret_text->size - before }, digest);
    REQUIRE(bytes_equal_ct(digest, work.digest, sizeof(digest)), REFUSED_ACCESS_TABLE_INVALID);
    return OK;
}

/* --- accepting --- */

static Status accept_gather(Unit *unit, Rows *rows)
{
    const TableAccept *work = (const TableAccept *)unit;
    const PartLoad first = { .version = work->version, .part = 1 };
    const Row *row = NULL;
    return part_row(&first, rows, &row);
}

static Status insert_parts(const TableAccept *work, Rows *rows, const uint8_t *digest)
{
    const size_t most = TABLE_ROW_PART_BYTES_MAX;
    const size_t parts = (work->text.size + most - 1) / most;
    REQUIRE(parts >= 1 && parts <= TABLE_ROW_PARTS_MAX, REFUSED_ACCESS_TABLE_INVALID);
    for (size_t i = 0; i < parts; i++) {
        const size_t from = i * most;
        const size_t left = work->text.size - from;
        Value values[COLUMNS];
        values[COLUMN_AT(ACCESS_TABLE_VERSION)] = VALUE_OF_INT(work->version);
        values[COLUMN_AT(ACCESS_TABLE_PART)] = VALUE_OF_INT((int64_t)i + 1);
        values[COLUMN_AT(ACCESS_TABLE_PARTS)] = VALUE_OF_INT((int64_t)parts);
        values[COLUMN_AT(ACCESS_TABLE_DIGEST)] =
                VALUE_OF_BYTES(((Span) { digest, ACCESS_DIGEST_BYTES }));
        values[COLUMN_AT(ACCESS_TABLE_TEXT)] =
                VALUE_OF_BYTES(((Span) { work->text.data + from, left < most ? left : most }));
        values[COLUMN_AT(ACCESS_TABLE_BY)] = VALUE_OF_TEXT(span_of_text(work->by));
        values[COLUMN_AT(ACCESS_TABLE_TIME)] = VALUE_OF_INT(rows_now_us(rows));
        TRY(rows_insert(rows, &access_table_table, values));
    }
    return OK;
}

static Status tell(const TableAccept *work, Rows *rows, const uint8_t *digest, Status outcome)
{
    uint8_t actor_bytes[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_bytes);
    Buffer subject = BUFFER_OF(subject_bytes);
    TRY(buffer_print(&actor, "%s%s", work->by[0] == '\0' ? "first start" : "operator/", work->by));
    TRY(buffer_put(&subject, SPAN("access-table/")));
    TRY(hex_encode((Span) { digest, ACCESS_DIGEST_BYTES }, &subject));
    const AuditEvent event = { .kind = AUDIT_ACCESS_TABLE,
        .outcome = outcome.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject) };
    return audit_event_tell(rows, &event);
}

static Status accept_run(Unit *unit, Rows *rows)
{
    const TableAccept *work = (const TableAccept *)unit;
    uint8_t digest[ACCESS_DIGEST_BYTES];
    sha256(work->text, digest);
    const Status s = insert_parts(work, rows, digest);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    TRY(tell(work, rows, digest, s));
    return s;
}

void table_accept_unit(TableAccept *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = accept_gather;
    work->unit.run = accept_run;
    work->unit.done = done;
}

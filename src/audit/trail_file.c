#include "audit/trail_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SUMMARY_BYTES = 4 * 8 + 4 * 4 + TRAIL_KINDS_BYTES,
    DIGESTS_BYTES = (TRAIL_COLUMNS + 1) * DIGEST_SHA256_BYTES, /* the last: of all the others */
    FRONTIER_BYTES_MAX = 8 + MERKLE_LEVELS_MAX * MERKLE_HASH_BYTES,
};

/* Everything that is derived: nothing here needs to survive, and nothing is believed. */
static const Migration migrations[] = {
    { 1,
            "CREATE TABLE fact(name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE block(number INTEGER PRIMARY KEY NOT NULL, summary BLOB NOT NULL,"
            " last_hash BLOB NOT NULL, filters BLOB NOT NULL, digests BLOB NOT NULL);"
            "CREATE TABLE part(id INTEGER PRIMARY KEY NOT NULL, bytes BLOB NOT NULL);"
            "CREATE TABLE node(level INTEGER NOT NULL, position INTEGER NOT NULL,"
            " hash BLOB NOT NULL, PRIMARY KEY(level, position)) WITHOUT ROWID;" },
};
static const StoreSchema schema = { "trail", migrations, 1, NULL, 0 };

/* --- summaries --- */

static Status put_summary(Buffer *b, const TrailSummary *s)
{
    TRY(buffer_put_i64(b, s->first_leaf));
    TRY(buffer_put_i64(b, s->end_leaf));
    TRY(buffer_put_i64(b, s->time_min));
    TRY(buffer_put_i64(b, s->time_max));
    TRY(buffer_put_u32(b, s->count));
    TRY(buffer_put_u32(b, s->unreadable));
    TRY(buffer_put_u32(b, s->seconds));
    TRY(buffer_put_u32(b, s->categories));
    return buffer_put(b, SPAN_OF(s->kinds));
}

static Status take_summary(Span bytes, TrailSummary *s)
{
    Cursor c = cursor_of(bytes);
    TRY(cursor_i64(&c, &s->first_leaf));
    TRY(cursor_i64(&c, &s->end_leaf));
    TRY(cursor_i64(&c, &s->time_min));
    TRY(cursor_i64(&c, &s->time_max));
    TRY(cursor_u32(&c, &s->count));
    TRY(cursor_u32(&c, &s->unreadable));
    TRY(cursor_u32(&c, &s->seconds));
    TRY(cursor_u32(&c, &s->categories));
    TRY(cursor_copy(&c, sizeof(s->kinds), s->kinds));
    TRY(cursor_end(&c));
    REQUIRE(s->count <= TRAIL_BLOCK_ENTRIES, REFUSED_TRAIL_DAMAGED);
    return OK;
}

static Span column_bytes(const TrailBlock *block, size_t column)
{
    return (Span) { block->columns[column],
        (size_t)block->summary.count * trail_column_width((TrailColumn)column) };
}

/* Of a block's row and of the columns' digests together. */
typedef struct BlockRow {
    Span summary;
    Span last_hash;
    Span filters;
    Span digests; /* DIGESTS_BYTES */
} BlockRow;

static void digest_row(const BlockRow *row, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    const Span parts[] = { row->summary, row->last_hash, row->filters,
        { row->digests.data, TRAIL_COLUMNS * DIGEST_SHA256_BYTES } };
    digest_parts(DIGEST_SHA256, parts, 4, ret_digest);
}

/* --- writing --- */

static int64_t part_id(size_t number, size_t column) { return (int64_t)(number * 16 + column); }

static Status write_parts(Trail *t, uint8_t *ret_digests)
{
    for (size_t i = 0; i < TRAIL_COLUMNS; i++) {
        const Span bytes = column_bytes(&t->tail, i);
        sha256(bytes, ret_digests + i * DIGEST_SHA256_BYTES);
        const Value row[] = { VALUE_OF_INT(part_id(t->block_count, i)), VALUE_OF_BYTES(bytes) };
        TRY(store_execute(t->index, "INSERT INTO part(id, bytes) VALUES(?1, ?2)", row, 2));
    }
    return OK;
}

static Status write_nodes(Trail *t)
{
    for (size_t i = 0; i < t->node_count; i++) {
        const TrailNode *node = &t->nodes[i];
        const Value row[] = { VALUE_OF_INT(node->level), VALUE_OF_INT((int64_t)node->position),
            VALUE_OF_BYTES(SPAN_OF(node->hash.bytes)) };
        TRY(store_execute(
                t->index, "INSERT INTO node(level, position, hash) VALUES(?1, ?2, ?3)", row, 3));
    }
    return OK;
}

static Status write_fact(Trail *t, const char *name, Span value)
{
    const Value row[] = { VALUE_OF_TEXT(span_of_text(name)), VALUE_OF_BYTES(value) };
    return store_execute(t->index,
            "INSERT INTO fact(name, value) VALUES(?1, ?2) "
            "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            row, 2);
}

static Status write_tree(Trail *t)
{
    uint8_t memory[FRONTIER_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    TRY(buffer_put_u64(&bytes, t->tree.size));
    for (unsigned level = 0; level < MERKLE_LEVELS_MAX; level++)
        if ((t->tree.size >> level & 1) == 1)
            TRY(buffer_put(&bytes, SPAN_OF(t->tree.edge[level].bytes)));
    return write_fact(t, "tree", span_of_buffer(&bytes));
}

static Status write_block(Trail *t)
{
    uint8_t memory[SUMMARY_BYTES];
    uint8_t digests[DIGESTS_BYTES];
    Buffer summary = BUFFER_OF(memory);
    TRY(write_parts(t, digests));
    TRY(put_summary(&summary, &t->tail.summary));
    const BlockRow row = { span_of_buffer(&summary), SPAN_OF(t->last_hash.bytes),
        { (const uint8_t *)&t->tail.filters, sizeof(t->tail.filters) }, SPAN_OF(digests) };
    digest_row(&row, digests + TRAIL_COLUMNS * DIGEST_SHA256_BYTES);
    const Value values[] = { VALUE_OF_INT((int64_t)t->block_count), VALUE_OF_BYTES(row.summary),
        VALUE_OF_BYTES(row.last_hash), VALUE_OF_BYTES(row.filters), VALUE_OF_BYTES(row.digests) };
    return store_execute(t->index,
            "INSERT INTO block(number, summary, last_hash, filters, digests) "
            "VALUES(?1, ?2, ?3, ?4, ?5)",
            values, 5);
}

static Status write_all(Trail *t)
{
    TRY(write_block(t));
    TRY(write_nodes(t));
    return write_tree(t);
}

static Status keep_block(Trail *t, const TrailSummary *summary, const void *filters)
{
    if (t->block_count == t->block_capacity) {
        const size_t capacity = t->block_capacity == 0 ? 64 : 2 * t->block_capacity;
        TrailKept *blocks = realloc(t->blocks, capacity * sizeof(*blocks));
        CHECK(blocks != NULL, FAULT_MEMORY);
        t->blocks = blocks;
        t->block_capacity = capacity;
    }
    TrailFilters *kept = malloc(sizeof(*kept));
    CHECK(kept != NULL, FAULT_MEMORY);
    memcpy(kept, filters, sizeof(*kept));
    t->blocks[t->block_count++] = (TrailKept) { *summary, kept };
    return OK;
}

void trail_file_forget(Trail *t)
{
    for (size_t i = 0; i < t->block_count; i++)
        free(t->blocks[i].filters);
    t->block_count = 0;
    t->node_count = 0;
    t->tree = (MerkleFrontier) { 0 };
}

static void drop_last_block(Trail *t)
{
    t->block_count--;
    free(t->blocks[t->block_count].filters);
}

/* The store carries no WAL over by itself (store.c). */
Status trail_file_write(Trail *t)
{
    TRY(store_execute(t->index, "BEGIN IMMEDIATE", NULL, 0));
    const size_t before = t->block_count;
    Status s = write_all(t);
    if (status_ok(s)) s = keep_block(t, &t->tail.summary, &t->tail.filters);
    if (status_ok(s)) s = store_execute(t->index, "COMMIT", NULL, 0);
    if (!status_ok(s)) {
        IGNORE(store_execute(t->index, "ROLLBACK", NULL, 0), "nothing was committed either way");
        if (t->block_count > before) drop_last_block(t);
        return s;
    }
    t->node_count = 0;
    return store_query(t->index, "PRAGMA wal_checkpoint(PASSIVE)", NULL, 0, NULL, NULL);
}

/* --- reading --- */

typedef struct Found {
    uint8_t *bytes;
    size_t size; /* expected; */
    size_t most; /* or, of what has no size of its own, allowed */
    bool any;
} Found;

static Status take_bytes(void *context, const Value *values, size_t count)
{
    Found *f = context;
    REQUIRE(values[0].type == VALUE_BYTES, REFUSED_TRAIL_DAMAGED);
    const size_t size = values[0].bytes.size;
    REQUIRE(f->most > 0 ? size <= f->most : size == f->size, REFUSED_TRAIL_DAMAGED);
    if (size > 0) memcpy(f->bytes, values[0].bytes.data, size);
    f->size = size;
    f->any = true;
    return OK;
}

/* What the file itself cannot give is damage of it, whatever SQLite calls it. */
static Status read_bytes(
        Trail *t, const char *sql, const Value *keys, size_t key_count, Found *found)
{
    const Status s = store_query(t->index, sql, keys, key_count, take_bytes, found);
    REQUIRE(status_ok(s) && found->any, REFUSED_TRAIL_DAMAGED);
    return OK;
}

static Status read_fact(Trail *t, const char *name, Found *found)
{
    const Value key = VALUE_OF_TEXT(span_of_text(name));
    return read_bytes(t, "SELECT value FROM fact WHERE name = ?1", &key, 1, found);
}

static Status read_digests(Trail *t, size_t number, uint8_t ret_digests[DIGESTS_BYTES])
{
    const Value key = VALUE_OF_INT((int64_t)number);
    Found found = { .bytes = ret_digests, .size = DIGESTS_BYTES };
    return read_bytes(t, "SELECT digests FROM block WHERE number = ?1", &key, 1, &found);
}

Status trail_file_last_hash(Trail *t, size_t number, MerkleHash *ret_hash)
{
    const Value key = VALUE_OF_INT((int64_t)number);
    Found found = { .bytes = ret_hash->bytes, .size = MERKLE_HASH_BYTES };
    return read_bytes(t, "SELECT last_hash FROM block WHERE number = ?1", &key, 1, &found);
}

Status trail_file_read(Trail *t, size_t number, uint32_t columns, TrailBlock *ret_block)
{
    uint8_t digests[DIGESTS_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    ASSERT(number < t->block_count);
    ret_block->summary = t->blocks[number].summary;
    ret_block->filters = *t->blocks[number].filters;
    TRY(read_digests(t, number, digests));
    for (size_t i = 0; i < TRAIL_COLUMNS; i++) {
        if ((columns >> i & 1) == 0) continue;
        const Span bytes = column_bytes(ret_block, i);
        const Value key = VALUE_OF_INT(part_id(number, i));
        Found found = { .bytes = ret_block->columns[i], .size = bytes.size };
        TRY(read_bytes(t, "SELECT bytes FROM part WHERE id = ?1", &key, 1, &found));
        sha256(bytes, digest);
        REQUIRE(bytes_equal_ct(digest, digests + i * DIGEST_SHA256_BYTES, sizeof(digest)),
                REFUSED_TRAIL_DAMAGED);
    }
    return OK;
}

Status trail_file_node(Trail *t, unsigned level, uint64_t position, MerkleHash *ret_hash)
{
    const Value key[] = { VALUE_OF_INT(level), VALUE_OF_INT((int64_t)position) };
    Found found = { .bytes = ret_hash->bytes, .size = MERKLE_HASH_BYTES };
    return read_bytes(
            t, "SELECT hash FROM node WHERE level = ?1 AND position = ?2", key, 2, &found);
}

/* --- opening --- */

static Status read_row(const Value *values, BlockRow *ret_row)
{
    for (size_t i = 1; i <= 4; i++)
        REQUIRE(values[i].type == VALUE_BYTES, REFUSED_TRAIL_DAMAGED);
    *ret_row = (BlockRow) { values[1].bytes, values[2].bytes, values[3].bytes, values[4].bytes };
    REQUIRE(ret_row->filters.size == sizeof(TrailFilters), REFUSED_TRAIL_DAMAGED);
    REQUIRE(ret_row->digests.size == DIGESTS_BYTES, REFUSED_TRAIL_DAMAGED);
    return OK;
}

static int64_t end_of_blocks(const Trail *t)
{
    return t->block_count == 0 ? 0 : t->blocks[t->block_count - 1].summary.end_leaf;
}

static Status take_block(void *context, const Value *values, size_t count)
{
    Trail *t = context;
    BlockRow row;
    TrailSummary summary = { 0 };
    uint8_t digest[DIGEST_SHA256_BYTES];
    const int64_t follows = end_of_blocks(t);
    const bool next = values[0].type == VALUE_INT && values[0].integer == (int64_t)t->block_count;
    REQUIRE(next, REFUSED_TRAIL_DAMAGED);
    TRY(read_row(values, &row));
    REQUIRE(status_ok(take_summary(row.summary, &summary)), REFUSED_TRAIL_DAMAGED);
    digest_row(&row, digest);
    const uint8_t *said = row.digests.data + TRAIL_COLUMNS * DIGEST_SHA256_BYTES;
    REQUIRE(bytes_equal_ct(digest, said, sizeof(digest)), REFUSED_TRAIL_DAMAGED);
    REQUIRE(summary.first_leaf == follows && summary.end_leaf > follows, REFUSED_TRAIL_DAMAGED);
    return keep_block(t, &summary, row.filters.data);
}

static Status take_tree(Trail *t, Span bytes)
{
    Cursor c = cursor_of(bytes);
    TRY(cursor_u64(&c, &t->tree.size));
    for (unsigned level = 0; level < MERKLE_LEVELS_MAX; level++)
        if ((t->tree.size >> level & 1) == 1)
            TRY(cursor_copy(&c, MERKLE_HASH_BYTES, t->tree.edge[level].bytes));
    return cursor_end(&c);
}

static Status read_tree(Trail *t)
{
    uint8_t memory[FRONTIER_BYTES_MAX];
    Found found = { .bytes = memory, .most = sizeof(memory) };
    TRY(read_fact(t, "tree", &found));
    REQUIRE(status_ok(take_tree(t, (Span) { memory, found.size })), REFUSED_TRAIL_DAMAGED);
    return OK;
}

static Status begin_file(Trail *t)
{
    const uint8_t format = TRAIL_FORMAT;
    TRY(random_fill(&t->random, t->key, sizeof(t->key)));
    TRY(write_fact(t, "key", SPAN_OF(t->key)));
    return write_fact(t, "format", (Span) { &format, 1 });
}

static Status take_over(Trail *t)
{
    uint8_t format = 0;
    Found found = { .bytes = &format, .size = 1 };
    TRY(read_fact(t, "format", &found));
    REQUIRE(format == TRAIL_FORMAT, REFUSED_TRAIL_DAMAGED);
    found = (Found) { .bytes = t->key, .size = sizeof(t->key) };
    TRY(read_fact(t, "key", &found));
    TRY(store_query(t->index,
            "SELECT number, summary, last_hash, filters, digests FROM block ORDER BY number", NULL,
            0, take_block, t));
    if (t->block_count > 0) TRY(read_tree(t));
    REQUIRE(t->tree.size <= (uint64_t)end_of_blocks(t), REFUSED_TRAIL_DAMAGED);
    return OK;
}

static Status note_any(void *context, const Value *values, size_t count)
{
    *(bool *)context = true;
    return OK;
}

Status trail_file_open(Trail *t)
{
    static const StoreSchema *const schemas[] = { &schema };
    const StoreConfig config = { .path = t->path, .schemas = schemas, .schema_count = 1 };
    bool begun = false;
    trail_file_forget(t);
    TRY(store_open(&config, &t->index));
    TRY(store_execute(t->index, "PRAGMA synchronous=NORMAL", NULL, 0));
    TRY(store_query(
            t->index, "SELECT 1 FROM fact WHERE name = 'format'", NULL, 0, note_any, &begun));
    return begun ? take_over(t) : begin_file(t);
}

void trail_file_remove(Trail *t)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    if (t->index != NULL) store_close(t->index);
    t->index = NULL;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char path[TRAIL_PATH_BYTES_MAX + 8];
        snprintf(path, sizeof(path), "%s%s", t->path, ends[i]);
        unlink(path);
    }
}

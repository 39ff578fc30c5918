#include "attach/pages.h"

#include <stdlib.h>

enum {
    BLOCKS_A_PAGE = 4,
    TYPE_BYTEA = 17,
    ARRAY_BYTES_MAX = ATTACH_PAGE_ROWS_MAX * (ROW_KEY_BYTES_MAX + 4) + 32,
};

static Status count_blocks(AttachPages *p)
{
    static const char sql[] = "SELECT pg_catalog.pg_relation_size($1::pg_catalog.regclass) "
                              "/ pg_catalog.current_setting('block_size')::pg_catalog.int8";
    const char *values[] = { p->rows->quoted };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(
            p->rows->connection, &(AttachStatement) { sql, values, NULL, NULL, 1 }, &result));
    Cursor c = cursor_of((Span) {
            (const uint8_t *)PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0) });
    return cursor_u64(&c, &p->blocks);
}

Status attach_pages_open(AttachRows *rows, AttachPages **ret_pages)
{
    AttachPages *p = calloc(1, sizeof(*p));
    CHECK(p != NULL, FAULT_MEMORY);
    p->rows = rows;
    p->extra = "";
    p->lock = "";
    p->bytes = (Buffer) { malloc(ATTACH_PAGE_BYTES_MAX), 0, ATTACH_PAGE_BYTES_MAX };
    p->seals = (Buffer) { malloc(ARRAY_BYTES_MAX), 0, ARRAY_BYTES_MAX };
    const bool enough = p->bytes.data != NULL && p->seals.data != NULL;
    const Status s = enough ? count_blocks(p) : BROKEN(FAULT_MEMORY);
    if (!status_ok(s)) {
        attach_pages_close(p);
        return s;
    }
    *ret_pages = p;
    return OK;
}

void attach_pages_close(AttachPages *p)
{
    if (p == NULL) return;
    PQclear(p->result);
    free(p->bytes.data);
    free(p->seals.data);
    free(p);
}

static Status fetch(AttachPages *p)
{
    char sql[ATTACH_SQL_BYTES_MAX];
    char from[32];
    char to[32];
    PQclear(p->result);
    p->result = NULL;
    p->line = 0;
    const uint64_t next = p->next + BLOCKS_A_PAGE;
    const bool last = next >= p->blocks; /* with all that was added meanwhile */
    snprintf(from, sizeof(from), "(%llu,0)", (unsigned long long)p->next);
    snprintf(to, sizeof(to), "(%llu,0)", last ? 4294967295ULL : (unsigned long long)next);
    const int n = snprintf(sql, sizeof(sql),
            "SELECT %s%s FROM %s WHERE ctid >= $1::pg_catalog.tid AND ctid < $2::pg_catalog.tid%s",
            p->rows->list, p->extra, p->rows->quoted, p->lock);
    REQUIRE(n > 0 && (size_t)n < sizeof(sql), REFUSED_BUFFER_FULL);
    const char *values[] = { from, to };
    TRY(attach_run(
            p->rows->connection, &(AttachStatement) { sql, values, NULL, NULL, 2 }, &p->result));
    p->next = last ? p->blocks + 1 : next;
    return OK;
}

static Status take_lines(AttachPages *p)
{
    AttachRow row;
    p->count = 0;
    p->bytes.size = 0;
    for (; p->line < PQntuples(p->result) && p->count < ATTACH_PAGE_ROWS_MAX; p->line++) {
        TRY(attach_rows_take(p->rows, p->result, p->line, 0, &row));
        uint8_t *at = NULL;
        if (p->bytes.size + row.image_bytes > p->bytes.capacity) break;
        TRY(buffer_reserve(&p->bytes, row.image_bytes, &at));
        memcpy(at, row.image, row.image_bytes);
        RowView view;
        TRY(row_parse((Span) { at, row.image_bytes }, &view));
        p->lines[p->count] = p->line;
        p->row[p->count++] = (AttachPageRow) { .image = { at, row.image_bytes }, .key = view.key };
    }
    return OK;
}

/* A one-dimensional bytea[] in the server's binary form. */
static Status put_array(AttachPages *p)
{
    Buffer *b = &p->seals;
    b->size = 0;
    TRY(buffer_put_u32(b, 1));
    TRY(buffer_put_u32(b, 0));
    TRY(buffer_put_u32(b, TYPE_BYTEA));
    TRY(buffer_put_u32(b, (uint32_t)p->count));
    TRY(buffer_put_u32(b, 1));
    for (size_t i = 0; i < p->count; i++)
        TRY(buffer_put_framed(b, p->row[i].key));
    return OK;
}

static Span field(const PGresult *result, int line, int column)
{
    return (Span) { (const uint8_t *)PQgetvalue(result, line, column),
        (size_t)PQgetlength(result, line, column) };
}

static Status take_seals(AttachPages *p)
{
    static const char sql[] = "SELECT n::pg_catalog.int4, s.seal "
                              "FROM pg_catalog.unnest($2::pg_catalog.bytea[]) WITH ORDINALITY "
                              "AS wanted(key, n) JOIN hufu.seal s ON s.key = wanted.key "
                              "AND s.table_id = $1::pg_catalog.int4";
    char number[16];
    snprintf(number, sizeof(number), "%u", p->rows->table.number);
    TRY(put_array(p));
    const char *values[] = { number, (const char *)p->seals.data };
    const int lengths[] = { 0, (int)p->seals.size };
    const int formats[] = { 0, 1 };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(
            p->rows->connection, &(AttachStatement) { sql, values, lengths, formats, 2 }, &result));
    p->seals.size = 0;
    for (int line = 0; line < PQntuples(result); line++) {
        Cursor c = cursor_of(field(result, line, 0));
        const Span seal = field(result, line, 1);
        uint32_t at = 0;
        uint8_t *copy = NULL;
        TRY(cursor_u32(&c, &at));
        REQUIRE(at >= 1 && at <= p->count, REFUSED_ATTACH_TABLE);
        if (seal.size != WIRE_SEAL_BYTES || p->row[at - 1].seal.size > 0) continue;
        TRY(buffer_reserve(&p->seals, WIRE_SEAL_BYTES, &copy));
        memcpy(copy, seal.data, WIRE_SEAL_BYTES);
        p->row[at - 1].seal = (Span) { copy, WIRE_SEAL_BYTES };
    }
    return OK;
}

Status attach_pages_next(AttachPages *p)
{
    for (;;) {
        if (p->result == NULL || p->line >= PQntuples(p->result)) {
            p->count = 0;
            if (p->next > p->blocks) return OK;
            TRY(fetch(p));
        }
        TRY(take_lines(p));
        if (p->count > 0) return take_seals(p);
    }
}

#include "attach/fill.h"

#include "attach/legacy.h"
#include "attach/outcome.h"
#include "attach/pages.h"

#include <stdlib.h>

Status attach_side_table(PGconn *connection)
{
    TRY(attach_do(connection, "CREATE SCHEMA IF NOT EXISTS hufu"));
    return attach_do(connection,
            "CREATE TABLE IF NOT EXISTS hufu.seal (table_id pg_catalog.int4 NOT NULL, "
            "key pg_catalog.bytea NOT NULL, revision pg_catalog.int8 NOT NULL, "
            "seal pg_catalog.bytea NOT NULL, PRIMARY KEY (table_id, key))");
}

typedef struct Fill {
    AttachCore *core;
    AttachRows *rows;
    const AttachLegacyColumn *legacy;
    const AttachWatcher *watcher;
    AttachFilled *filled;
    uint32_t count;
    size_t at[ATTACH_PAGE_ROWS_MAX];
    WireAttachedChange changes[ATTACH_PAGE_ROWS_MAX];
    uint8_t seals[ATTACH_PAGE_ROWS_MAX * WIRE_SEAL_BYTES];
    char extra[ATTACH_SQL_BYTES_MAX];
} Fill;

/* The formula's parts as text, behind the sealed columns of each line. */
static Status put_extra(Fill *f)
{
    Buffer b = BUFFER_OF(f->extra);
    const AttachLegacyColumn *l = f->legacy;
    if (l->column != NULL) {
        PGconn *connection = f->rows->connection;
        char *column = PQescapeIdentifier(connection, l->column, strlen(l->column));
        char *user = PQescapeIdentifier(connection, l->user_column, strlen(l->user_column));
        Status s = column != NULL && user != NULL ? OK : BROKEN(FAULT_ATTACH_DATABASE);
        if (status_ok(s))
            s = buffer_print(&b, ", %s::pg_catalog.text, %s::pg_catalog.text", column, user);
        PQfreemem(column);
        PQfreemem(user);
        TRY(s);
        for (size_t i = 0; i < f->rows->table.columns; i++)
            TRY(buffer_print(&b, ", coalesce(%s::pg_catalog.text, '')", f->rows->column[i]));
    }
    TRY(buffer_print(&b, ", pg_catalog.pg_current_xact_id()"));
    return buffer_put_u8(&b, '\0');
}

static Span field(const PGresult *result, int line, size_t column)
{
    return (Span) { (const uint8_t *)PQgetvalue(result, line, (int)column),
        (size_t)PQgetlength(result, line, (int)column) };
}

static bool is_right(const Fill *f, const AttachPages *pages, size_t i)
{
    if (f->legacy->column == NULL) return true;
    const size_t columns = f->rows->table.columns;
    const int line = pages->lines[i];
    AttachLegacy legacy = { .password = span_of_text(f->legacy->password), .count = columns };
    legacy.user_id = field(pages->result, line, columns + 1);
    for (size_t k = 0; k < columns; k++)
        legacy.fields[k] = field(pages->result, line, columns + 2 + k);
    return attach_legacy_matches(&legacy, field(pages->result, line, columns));
}

static void choose(Fill *f, const AttachPages *pages)
{
    f->count = 0;
    for (size_t i = 0; i < pages->count; i++) {
        const AttachPageRow *row = &pages->row[i];
        if (row->seal.size > 0) {
            f->filled->had++;
            continue;
        }
        if (!is_right(f, pages, i)) {
            f->filled->refused++;
            const AttachFinding finding = { REFUSE(REFUSED_ATTACH_LEGACY), false, row->key };
            f->watcher->found(f->watcher->context, &finding);
            continue;
        }
        f->at[f->count] = i;
        f->changes[f->count++] =
                (WireAttachedChange) { .old_image = row->image, .new_image = row->image };
    }
}

static Status seal_page(Fill *f, const AttachPages *pages, uint64_t *ret_transaction)
{
    choose(f, pages);
    if (f->count == 0) return OK;
    const int last = PQnfields(pages->result) - 1;
    Cursor c = cursor_of(field(pages->result, 0, (size_t)last));
    uint64_t xid = 0;
    TRY(cursor_u64(&c, &xid));
    TRY(attach_transaction(xid, ret_transaction));
    TRY(attach_announce(
            f->core, f->rows->table.number, *ret_transaction, f->changes, f->count, f->seals));
    for (uint32_t i = 0; i < f->count; i++)
        TRY(attach_seal_write(
                f->rows, pages->row[f->at[i]].key, f->seals + (size_t)i * WIRE_SEAL_BYTES));
    return OK;
}

static Status fill_page(Fill *f, AttachPages *pages)
{
    PGconn *connection = f->rows->connection;
    uint64_t transaction = 0;
    TRY(attach_do(connection, "BEGIN"));
    Status s = attach_pages_next(pages);
    if (status_ok(s) && pages->count > 0) s = seal_page(f, pages, &transaction);
    const bool good = status_ok(s);
    TRY(attach_do(connection, good ? "COMMIT" : "ROLLBACK"));
    if (transaction != 0)
        TRY(attach_resolve(f->core, f->rows->table.number, transaction,
                good ? ATTACHED_COMMITTED : ATTACHED_ROLLED_BACK));
    TRY(s);
    f->filled->sealed += f->count;
    return OK;
}

static Status fill(Fill *f, AttachPages *pages)
{
    TRY(put_extra(f));
    TRY(attach_do(f->rows->connection, "SET datestyle = 'ISO, YMD'"));
    TRY(attach_tell_outcomes(f->core, f->rows, 0));
    pages->extra = f->extra;
    pages->lock = " FOR UPDATE";
    do {
        f->count = 0;
        TRY(fill_page(f, pages));
        if (f->watcher->progress != NULL)
            f->watcher->progress(f->watcher->context,
                    pages->next < pages->blocks ? pages->next : pages->blocks, pages->blocks);
    } while (pages->count > 0);
    return OK;
}

Status attach_fill(AttachCore *core, AttachRows *rows, const AttachLegacyColumn *legacy,
        const AttachWatcher *watcher, AttachFilled *ret_filled)
{
    *ret_filled = (AttachFilled) { .sealed = 0 };
    AttachPages *pages = NULL;
    Fill *f = calloc(1, sizeof(*f));
    CHECK(f != NULL, FAULT_MEMORY);
    f->core = core;
    f->rows = rows;
    f->legacy = legacy;
    f->watcher = watcher;
    f->filled = ret_filled;
    Status s = attach_pages_open(rows, &pages);
    if (status_ok(s)) s = fill(f, pages);
    attach_pages_close(pages);
    free(f);
    return s;
}

#include "attach/outcome.h"

static Span text_of(const PGresult *result)
{
    return (Span) { (const uint8_t *)PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0) };
}

/* A number that the database gives out now: all that it gave out before are lower. */
static Status newest(PGconn *connection, uint64_t *ret_xid)
{
    CLEANUP(attach_result_free) PGresult *result = NULL;
    const AttachStatement ask = { .sql = "SELECT pg_catalog.pg_current_xact_id()" };
    TRY(attach_run(connection, &ask, &result));
    Cursor c = cursor_of(text_of(result));
    return cursor_u64(&c, ret_xid);
}

/* The whole number of which a transaction keeps the lower half: the last such one up to `newest`;
 * 0: there is none. */
static uint64_t whole(uint64_t transaction, uint64_t newest)
{
    const uint64_t half = (uint64_t)UINT32_MAX + 1;
    const uint64_t xid = newest / half * half + transaction % half;
    if (xid <= newest) return xid;
    return xid >= half ? xid - half : 0;
}

/* A crash forgets numbers that were given out and never written, and they are given out again:
 * "committed" may be said of another transaction. Of one that did commit it is never unsaid. */
static Status outcome_of(
        PGconn *connection, uint64_t xid, bool *ret_runs, AttachedOutcome *ret_outcome)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)xid);
    const char *values[] = { text };
    const AttachStatement ask = { "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)", values,
        NULL, NULL, 1 };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(connection, &ask, &result));
    *ret_runs = span_equal(text_of(result), SPAN("in progress"));
    const bool aborted = span_equal(text_of(result), SPAN("aborted"));
    *ret_outcome = aborted ? ATTACHED_ROLLED_BACK : ATTACHED_OVER;
    return OK;
}

static Status tell(AttachCore *core, const AttachRows *rows, uint64_t transaction, uint64_t newest)
{
    AttachedOutcome outcome = ATTACHED_ROLLED_BACK; /* the database never wrote of it */
    bool runs = false;
    const uint64_t xid = whole(transaction, newest);
    if (xid > 2) TRY(outcome_of(rows->connection, xid, &runs, &outcome));
    if (runs) return OK;
    return attach_resolve(core, rows->table.number, transaction, outcome);
}

Status attach_tell_outcomes(AttachCore *core, const AttachRows *rows, uint64_t own)
{
    uint64_t open[WIRE_ATTACHED_TRANSACTIONS_MAX];
    uint32_t count = 0;
    uint64_t last = 0;
    if (core->key == NULL) return OK;
    TRY(attach_open_transactions(core, rows->table.number, open, &count));
    if (count > 0) TRY(newest(rows->connection, &last));
    for (uint32_t i = 0; i < count; i++) {
        /* Within a transaction of our own the newest number is ours; later ones are others'. */
        const bool later = own != 0 && (open[i] & UINT32_MAX) > (last & UINT32_MAX);
        if (open[i] != own && !later) TRY(tell(core, rows, open[i], last));
    }
    return OK;
}

/* The public calls, for one table: each is a Status inside and a code outside. */
#include "attach/hufu_seal.h"

#include "attach/legacy.h"
#include "attach/look.h"
#include "attach/outcome.h"
#include "base/encoding.h"
#include "base/secret.h"

#include <stdlib.h>

enum { LEGACY_TEXT_BYTES_MAX = 256 };

struct HufuSeal {
    AttachCore core;
    AttachRows rows;
    AttachRow row; /* the one checked last */
    uint64_t transaction; /* with something announced; 0: none */
    uint64_t xid; /* the database's number of it */
    bool undone; /* a part of it */
    char legacy_column[64];
    char legacy_user_column[64];
    char legacy_password[LEGACY_TEXT_BYTES_MAX];
};

static int code_of(Status s) { return s.code; }
const char *hufu_seal_name(int code) { return status_name((Status) { code }); }
const char *hufu_seal_advice(int code) { return status_advice((Status) { code }); }

static Status copy_text(const char *from, char *ret_to, size_t capacity)
{
    if (from == NULL) return OK;
    const int n = snprintf(ret_to, capacity, "%s", from);
    REQUIRE(n >= 0 && (size_t)n < capacity, REFUSED_BUFFER_FULL);
    return OK;
}

static Status open_table(HufuSeal *s, const HufuSealConfig *config, PGconn *connection)
{
    AttachTable table;
    TRY(copy_text(config->legacy_column, s->legacy_column, sizeof(s->legacy_column)));
    TRY(copy_text(
            config->legacy_user_column, s->legacy_user_column, sizeof(s->legacy_user_column)));
    TRY(copy_text(config->legacy_password, s->legacy_password, sizeof(s->legacy_password)));
    TRY(attach_table_find(&s->core, config->database, config->table, &table));
    return attach_rows_open(connection, &table, &s->rows);
}

int hufu_seal_open(const HufuSealConfig *config, PGconn *connection, HufuSeal **ret_seal)
{
    HufuSeal *s = calloc(1, sizeof(*s));
    if (s == NULL) return FAULT_MEMORY;
    const Span pem = config->key_pem != NULL ? span_of_text(config->key_pem) : (Span) { NULL, 0 };
    Status status = attach_core_open(config->socket, pem, &s->core);
    if (status_ok(status)) {
        status = open_table(s, config, connection);
        if (!status_ok(status)) attach_core_close(&s->core);
    }
    if (!status_ok(status)) {
        free(s);
        return code_of(status);
    }
    *ret_seal = s;
    return 0;
}

void hufu_seal_close(HufuSeal *s)
{
    if (s == NULL) return;
    attach_core_close(&s->core);
    bytes_wipe(s->legacy_password, sizeof(s->legacy_password));
    free(s);
}

/* --- checking --- */

static Status legacy_text(
        HufuSeal *s, const char *const *key, AttachLegacy *legacy, PGresult **ret_result)
{
    char memory[ATTACH_SQL_BYTES_MAX];
    Buffer sql = BUFFER_OF(memory);
    const AttachRows *r = &s->rows;
    char *column = PQescapeIdentifier(r->connection, s->legacy_column, strlen(s->legacy_column));
    char *user =
            PQescapeIdentifier(r->connection, s->legacy_user_column, strlen(s->legacy_user_column));
    Status status = column != NULL && user != NULL ? OK : BROKEN(FAULT_ATTACH_DATABASE);
    if (status_ok(status))
        status =
                buffer_print(&sql, "SELECT %s::pg_catalog.text, %s::pg_catalog.text", column, user);
    PQfreemem(column);
    PQfreemem(user);
    TRY(status);
    for (size_t i = 0; i < r->table.columns; i++)
        TRY(buffer_print(&sql, ", coalesce(%s::pg_catalog.text, '')", r->column[i]));
    TRY(buffer_print(&sql, " FROM %s WHERE %s", r->quoted, r->where));
    TRY(buffer_put_u8(&sql, '\0'));
    legacy->count = r->table.columns;
    return attach_run(r->connection,
            &(AttachStatement) { memory, key, NULL, NULL, r->table.key_columns }, ret_result);
}

static Span text_at(const PGresult *result, int column)
{
    return (Span) { (const uint8_t *)PQgetvalue(result, 0, column),
        (size_t)PQgetlength(result, 0, column) };
}

/* A row that has no seal yet: believed when its legacy hash is right, or none was asked for. */
static Status check_legacy(HufuSeal *s, const char *const *key)
{
    if (s->legacy_column[0] == '\0') return OK;
    AttachLegacy legacy = { .password = span_of_text(s->legacy_password) };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(legacy_text(s, key, &legacy, &result));
    REQUIRE(PQntuples(result) == 1, REFUSED_ATTACH_LEGACY);
    legacy.user_id = text_at(result, 1);
    for (size_t i = 0; i < legacy.count; i++)
        legacy.fields[i] = text_at(result, 2 + (int)i);
    REQUIRE(attach_legacy_matches(&legacy, text_at(result, 0)), REFUSED_ATTACH_LEGACY);
    return OK;
}

static Status judge(HufuSeal *s, const char *const *key, const WireAttachedVerdict *verdict)
{
    const Status status = attach_verdict(verdict);
    if (status_is(status, REFUSED_ATTACHED_ROW_UNSEALED)) return check_legacy(s, key);
    if (status_ok(status) && !s->row.present) return REFUSE(REFUSED_ROW_MISSING);
    return status;
}

static Status look(HufuSeal *s, const char *const *key)
{
    WireAttachedVerdict verdict;
    TRY(attach_look(&s->core, &s->rows, key, &s->row, &verdict));
    return judge(s, key, &verdict);
}

static bool in_transaction(const HufuSeal *s)
{
    return PQtransactionStatus(s->rows.connection) == PQTRANS_INTRANS;
}

static Status check(HufuSeal *s, const char *const *key)
{
    if (in_transaction(s)) return look(s, key);
    TRY(attach_do(s->rows.connection, "BEGIN"));
    const Status status = look(s, key);
    IGNORE(attach_do(s->rows.connection, "ROLLBACK"), "it only read");
    return status;
}

int hufu_seal_check(HufuSeal *s, const char *const *key) { return code_of(check(s, key)); }

/* --- writing --- */

static WireAttachedChange change_of(const HufuSeal *s, bool erase)
{
    return (WireAttachedChange) { .old_image = attach_row_image(&s->row),
        .old_seal = s->row.present ? attach_row_seal(&s->row) : (Span) { NULL, 0 },
        .new_image = erase ? (Span) { NULL, 0 } : (Span) { s->row.wanted, s->row.wanted_bytes } };
}

/* The first change of a transaction gives it its number. */
static Status number_transaction(HufuSeal *s)
{
    const bool is_new = s->transaction == 0 || s->xid != s->row.transaction;
    s->xid = s->row.transaction;
    return is_new ? attach_transaction(s->row.transaction, &s->transaction) : OK;
}

static Status announce(HufuSeal *s, bool erase, uint8_t ret_seal[WIRE_SEAL_BYTES])
{
    const WireAttachedChange change = change_of(s, erase);
    const uint16_t table = s->rows.table.number;
    TRY(number_transaction(s));
    Status status = attach_announce(&s->core, table, s->transaction, &change, 1, ret_seal);
    if (status_is(status, REFUSED_ATTACHED_UNRESOLVED)) {
        TRY(attach_tell_outcomes(&s->core, &s->rows, s->transaction));
        status = attach_announce(&s->core, table, s->transaction, &change, 1, ret_seal);
    }
    return status;
}

/* The row, locked and right. */
static Status lock(HufuSeal *s, const char *const *key, const AttachValues *values)
{
    WireAttachedVerdict verdict;
    REQUIRE(in_transaction(s), REFUSED_ATTACH_TRANSACTION);
    TRY(attach_rows_read(&s->rows, key, ATTACH_UPDATE, values, &s->row));
    if (!s->row.present) return look(s, key);
    const WireAttachedClaim claim = attach_claim(&s->row, true, 0);
    TRY(attach_claims(&s->core, 0, &claim, 1, &verdict));
    const Status status = judge(s, key, &verdict);
    return status_is(status, REFUSED_ATTACHED_SEAL_LOST) ? OK : status; /* a write heals it */
}

int hufu_seal_lock(HufuSeal *s, const char *const *key) { return code_of(lock(s, key, NULL)); }

static Status update(HufuSeal *s, const char *const *key, const AttachValues *values)
{
    uint8_t seal[WIRE_SEAL_BYTES];
    TRY(lock(s, key, values));
    TRY(announce(s, false, seal));
    TRY(attach_rows_update(&s->rows, key, values, &s->row));
    return attach_seal_write(&s->rows, attach_row_key(&s->row), seal);
}

int hufu_seal_update(HufuSeal *s, const char *const *key, const char *const *columns,
        const char *const *values, size_t count)
{
    return code_of(update(s, key, &(AttachValues) { columns, values, count }));
}

static Status insert(HufuSeal *s, const AttachValues *values)
{
    uint8_t seal[WIRE_SEAL_BYTES];
    REQUIRE(in_transaction(s), REFUSED_ATTACH_TRANSACTION);
    TRY(attach_rows_intend(&s->rows, values, &s->row));
    TRY(announce(s, false, seal));
    TRY(attach_rows_insert(&s->rows, values, &s->row));
    return attach_seal_write(&s->rows, attach_row_key(&s->row), seal);
}

int hufu_seal_insert(
        HufuSeal *s, const char *const *columns, const char *const *values, size_t count)
{
    return code_of(insert(s, &(AttachValues) { columns, values, count }));
}

static Status erase(HufuSeal *s, const char *const *key)
{
    uint8_t seal[WIRE_SEAL_BYTES];
    TRY(lock(s, key, NULL));
    TRY(announce(s, true, seal));
    TRY(attach_rows_delete(&s->rows, key));
    return attach_seal_delete(&s->rows, attach_row_key(&s->row));
}

int hufu_seal_delete(HufuSeal *s, const char *const *key) { return code_of(erase(s, key)); }

/* --- signed here, handed in by the database --- */

typedef struct SignedFor {
    uint8_t *memory;
    size_t capacity;
    size_t *ret_size;
} SignedFor;

static Status sign(HufuSeal *s, bool erase, const SignedFor *to)
{
    const WireAttachedChange change = change_of(s, erase);
    Buffer announcement = { to->memory, 0, to->capacity };
    TRY(number_transaction(s));
    TRY(attach_announcement(
            &s->core, s->rows.table.number, s->transaction, &change, 1, &announcement));
    *to->ret_size = announcement.size;
    return OK;
}

int hufu_seal_sign_update(HufuSeal *s, const char *const *key, const char *const *columns,
        const char *const *values, size_t count, uint8_t *ret_announcement, size_t capacity,
        size_t *ret_size)
{
    const Status status = lock(s, key, &(AttachValues) { columns, values, count });
    if (!status_ok(status)) return code_of(status);
    return code_of(sign(s, false, &(SignedFor) { ret_announcement, capacity, ret_size }));
}

int hufu_seal_sign_insert(HufuSeal *s, const char *const *columns, const char *const *values,
        size_t count, uint8_t *ret_announcement, size_t capacity, size_t *ret_size)
{
    if (!in_transaction(s)) return REFUSED_ATTACH_TRANSACTION;
    const Status status =
            attach_rows_intend(&s->rows, &(AttachValues) { columns, values, count }, &s->row);
    if (!status_ok(status)) return code_of(status);
    const Status told = attach_tell_outcomes(&s->core, &s->rows, s->transaction);
    if (!status_ok(told)) return code_of(told);
    return code_of(sign(s, false, &(SignedFor) { ret_announcement, capacity, ret_size }));
}

int hufu_seal_sign_delete(HufuSeal *s, const char *const *key, uint8_t *ret_announcement,
        size_t capacity, size_t *ret_size)
{
    const Status status = lock(s, key, NULL);
    if (!status_ok(status)) return code_of(status);
    return code_of(sign(s, true, &(SignedFor) { ret_announcement, capacity, ret_size }));
}

int hufu_seal_ended(HufuSeal *s, int committed)
{
    if (s->transaction == 0) return 0;
    const uint64_t transaction = s->transaction;
    const AttachedOutcome whole = s->undone ? ATTACHED_OVER : ATTACHED_COMMITTED;
    const AttachedOutcome outcome = committed != 0 ? whole : ATTACHED_ROLLED_BACK;
    s->transaction = 0;
    s->undone = false;
    return code_of(attach_resolve(&s->core, s->rows.table.number, transaction, outcome));
}

void hufu_seal_undone(HufuSeal *s) { s->undone = s->transaction != 0; }

/* What COMMIT answered decides, not that it was sent: a transaction that had failed answers
 * ROLLBACK. When no answer came nobody knows, and nothing is told. */
static Status commit(HufuSeal *s)
{
    CLEANUP(attach_result_free) PGresult *result = NULL;
    TRY(attach_run(s->rows.connection, &(AttachStatement) { .sql = "COMMIT" }, &result));
    const bool committed = span_equal(span_of_text(PQcmdStatus(result)), SPAN("COMMIT"));
    const int told = hufu_seal_ended(s, committed ? 1 : 0);
    (void)told; /* the transaction is over either way */
    REQUIRE(committed, REFUSED_ATTACH_RETRY);
    return OK;
}

int hufu_seal_commit(HufuSeal *s) { return code_of(commit(s)); }

int hufu_seal_rollback(HufuSeal *s)
{
    const Status status = attach_do(s->rows.connection, "ROLLBACK");
    if (!status_ok(status)) return code_of(status);
    return hufu_seal_ended(s, 0);
}

/* --- values --- */

static Status find(const HufuSeal *s, const char *column, RowView *view, const Value **ret)
{
    REQUIRE(s->row.present, REFUSED_ROW_MISSING);
    TRY(row_parse(attach_row_image(&s->row), view));
    for (size_t i = 0; i < s->rows.table.columns; i++) {
        if (strcmp(s->rows.table.column[i].name, column) != 0) continue;
        *ret = row_value(view, (uint16_t)(i + 1));
        return OK;
    }
    return REFUSE(REFUSED_ATTACH_TABLE);
}

static Status integer(const HufuSeal *s, const char *column, int64_t *ret)
{
    RowView view;
    const Value *value = NULL;
    TRY(find(s, column, &view, &value));
    REQUIRE(value != NULL && value->type == VALUE_INT, REFUSED_ATTACH_VALUE);
    *ret = value->integer;
    return OK;
}

int hufu_seal_int(const HufuSeal *s, const char *column, int64_t *ret_value)
{
    return code_of(integer(s, column, ret_value));
}

static Status text(const HufuSeal *s, const char *column, Buffer *ret)
{
    RowView view;
    const Value *value = NULL;
    TRY(find(s, column, &view, &value));
    if (value->type == VALUE_INT) TRY(buffer_print(ret, "%lld", (long long)value->integer));
    if (value->type == VALUE_TEXT) TRY(buffer_put(ret, value->bytes));
    if (value->type == VALUE_BYTES) TRY(hex_encode(value->bytes, ret));
    return buffer_put_u8(ret, '\0');
}

int hufu_seal_text(const HufuSeal *s, const char *column, char *ret_text, size_t capacity)
{
    Buffer b = { (uint8_t *)ret_text, 0, capacity };
    return code_of(text(s, column, &b));
}

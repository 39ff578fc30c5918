/* hufu seal attach */
#include "seal.h"

#include "attach/fill.h"
#include "attach/value.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "terminal.h"

#include <unistd.h>

typedef struct Attach {
    SealTarget target;
    const char *columns;
    const char *legacy_column;
    const char *legacy_user;
    const char *legacy_file;
    char legacy_password[256];
    Progress progress;
} Attach;

/* --- the core's key --- */

static Status make_core_key(const char *path)
{
    if (access(path, F_OK) == 0) return OK;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(private_key_to_pem(key, &pem));
    const Status s = file_write(path, 0600, span_of_buffer(&pem));
    bytes_wipe(memory, sizeof(memory));
    if (status_ok(s))
        printf("made the core's key: %s (mode 0600; give it to the core alone)\n", path);
    return s;
}

/* --- the definition --- */

typedef struct Definition {
    uint8_t memory[WIRE_ATTACHED_DEFINITION_BYTES_MAX];
    Buffer bytes;
    char names[ROW_COLUMNS_MAX][64];
    uint8_t kinds[ROW_COLUMNS_MAX];
    bool keys[ROW_COLUMNS_MAX];
    size_t count;
} Definition;

static Status split_columns(const char *list, Definition *d)
{
    for (const char *at = list; *at != '\0';) {
        const size_t size = strcspn(at, ",");
        REQUIRE(size > 0 && size < 64 && d->count < ROW_COLUMNS_MAX, REFUSED_ATTACHED_DEFINITION);
        memcpy(d->names[d->count], at, size);
        d->names[d->count++][size] = '\0';
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return OK;
}

/* Types, and which columns are the primary key. */
static Status look_up(Attach *a, Definition *d)
{
    static const char sql[] =
            "SELECT a.atttypid::pg_catalog.int4, coalesce(a.attnum = ANY (i.indkey), false)::"
            "pg_catalog.int4, c.relkind::pg_catalog.text FROM pg_catalog.pg_attribute a "
            "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid LEFT JOIN pg_catalog.pg_index i "
            "ON i.indrelid = c.oid AND i.indisprimary "
            "WHERE a.attrelid = $1::pg_catalog.regclass AND a.attname = $2 AND a.attnum > 0";
    for (size_t i = 0; i < d->count; i++) {
        const char *values[] = { a->target.table_name, d->names[i] };
        CLEANUP(attach_result_free) PGresult *result = NULL;
        TRY(attach_run(
                a->target.connection, &(AttachStatement) { sql, values, NULL, NULL, 2 }, &result));
        REQUIRE(PQntuples(result) == 1 && PQgetvalue(result, 0, 2)[0] == 'r', REFUSED_ATTACH_TABLE);
        uint32_t type = 0;
        uint32_t is_key = 0;
        Cursor c = cursor_of((Span) { (const uint8_t *)PQgetvalue(result, 0, 0), 4 });
        TRY(cursor_u32(&c, &type));
        c = cursor_of((Span) { (const uint8_t *)PQgetvalue(result, 0, 1), 4 });
        TRY(cursor_u32(&c, &is_key));
        d->kinds[i] = attach_kind(type);
        d->keys[i] = is_key != 0;
        const bool date_key = is_key != 0 && type != 20 && type != 21 && type != 23
                && d->kinds[i] == ATTACHED_INT;
        REQUIRE(d->kinds[i] != 0 && !date_key, REFUSED_ATTACH_COLUMN_TYPE);
        const bool no_key = d->kinds[i] == ATTACHED_NUMERIC || d->kinds[i] == ATTACHED_TIME;
        REQUIRE(is_key == 0 || !no_key, REFUSED_ATTACH_COLUMN_TYPE);
    }
    return OK;
}

static Status put_definition(Attach *a, Definition *d)
{
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(spki_memory);
    TRY(public_key_to_spki(private_key_public(a->target.core.key), &spki));
    d->bytes = BUFFER_OF(d->memory);
    TRY(wire_put_attached_table(&d->bytes,
            &(WireAttachedTable) { span_of_text(a->target.database),
                    span_of_text(a->target.table_name), span_of_buffer(&spki) }));
    TRY(wire_put_count(&d->bytes, d->count, WIRE_ATTACHED_COLUMNS_MAX));
    for (int key = 1; key >= 0; key--) {
        for (size_t i = 0; i < d->count; i++) {
            if (d->keys[i] != (key == 1)) continue;
            TRY(wire_put_attached_column(&d->bytes,
                    &(WireAttachedColumn) { d->kinds[i], d->keys[i], span_of_text(d->names[i]) }));
        }
    }
    return OK;
}

static Status register_table(Attach *a)
{
    Definition d = { .count = 0 };
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t subject_memory[512];
    uint8_t request_memory[WIRE_ATTACHED_DEFINITION_BYTES_MAX + 8192];
    uint8_t answer_memory[16];
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer request = BUFFER_OF(request_memory);
    Buffer answer = BUFFER_OF(answer_memory);
    REQUIRE(a->columns != NULL && a->target.core.key != NULL, REFUSED_ATTACHED_DEFINITION);
    TRY(split_columns(a->columns, &d));
    TRY(look_up(a, &d));
    TRY(put_definition(a, &d));
    sha256(span_of_buffer(&d.bytes), digest);
    TRY(buffer_print(&subject, "%s %s ", a->target.database, a->target.table_name));
    TRY(hex_encode(SPAN_OF(digest), &subject));
    TRY(buffer_put_u8(&request, ATTACHED_REGISTER));
    TRY(buffer_put_framed(&request, span_of_buffer(&d.bytes)));
    TRY(seal_approve(
            &a->target, SPAN(ATTACHED_OPERATION_REGISTER), span_of_buffer(&subject), &request));
    return attach_ask(&a->target.core, VAULT_ATTACHED_TABLE, span_of_buffer(&request), &answer);
}

/* --- filling --- */

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    Attach *a = context;
    if (a->progress.label == NULL) a->progress = progress_begin("sealing blocks", total);
    progress_show(&a->progress, done);
}

static void show_refused(void *context, const AttachFinding *finding)
{
    const Attach *a = context;
    seal_show_finding(&a->target.rows.table, finding);
}

static Status read_password(Attach *a)
{
    if (a->legacy_column == NULL) return OK;
    REQUIRE(a->legacy_file != NULL && a->legacy_user != NULL, REFUSED_ATTACH_LEGACY);
    Buffer b = { (uint8_t *)a->legacy_password, 0, sizeof(a->legacy_password) - 1 };
    TRY(file_read(a->legacy_file, &b));
    while (b.size > 0 && (b.data[b.size - 1] == '\n' || b.data[b.size - 1] == '\r'))
        b.size--;
    a->legacy_password[b.size] = '\0';
    return OK;
}

static Status complete(Attach *a)
{
    uint8_t request_memory[3];
    uint8_t answer_memory[16];
    Buffer request = BUFFER_OF(request_memory);
    Buffer answer = BUFFER_OF(answer_memory);
    TRY(buffer_put_u8(&request, ATTACHED_COMPLETE));
    TRY(buffer_put_u16(&request, a->target.rows.table.number));
    return attach_ask(&a->target.core, VAULT_ATTACHED_TABLE, span_of_buffer(&request), &answer);
}

static Status attach(Attach *a, AttachFilled *ret_filled)
{
    TRY(read_password(a));
    if (a->target.core_key != NULL) TRY(make_core_key(a->target.core_key));
    TRY(seal_connect(&a->target));
    TRY(attach_do(a->target.connection, "SET client_min_messages = warning"));
    TRY(attach_side_table(a->target.connection));
    Status s = seal_find(&a->target);
    if (status_is(s, REFUSED_ATTACHED_TABLE_UNKNOWN)) {
        TRY(register_table(a));
        s = seal_find(&a->target);
    }
    TRY(s);
    const AttachLegacyColumn legacy = { a->legacy_column, a->legacy_user, a->legacy_password };
    const AttachWatcher watcher = { show_refused, show_progress, a };
    TRY(attach_fill(&a->target.core, &a->target.rows, &legacy, &watcher, ret_filled));
    if (a->progress.label != NULL) progress_end(&a->progress, a->progress.total);
    return ret_filled->refused == 0 ? complete(a) : OK;
}

int command_seal_attach(int argc, char **argv)
{
    Attach a = { .target = { .together = { .directory = directory_default() } } };
    const Option options[] = { SEAL_OPTIONS(&a.target),
        { "--columns", OPTION_TEXT, "A,B,...", "what is sealed; with the primary key", &a.columns,
                0, 0 },
        TOGETHER_SIGN_OPTIONS(a.target.together),
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed", &a.target.together.reason, 0, 0 },
        { "--legacy-column", OPTION_TEXT, "NAME", "its sample hash must be right (TP-12)",
                &a.legacy_column, 0, 0 },
        { "--legacy-user-column", OPTION_TEXT, "NAME", "the userId of that formula", &a.legacy_user,
                0, 0 },
        { "--legacy-password-file", OPTION_TEXT, "FILE", "the password of that formula",
                &a.legacy_file, 0, 0 } };
    const Usage usage = { "hufu seal attach",
        "Keep seals for an existing PostgreSQL table: two operators approve, every row is sealed "
        "once, and\nfrom then on only what the core announces is right. Run it again to go on.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (a.target.url == NULL || a.target.table_name == NULL || a.target.core_key == NULL) {
        fprintf(stderr, "hufu seal attach: --db, --table and --core-key are needed\n");
        return EXIT_USAGE;
    }
    AttachFilled filled = { .sealed = 0 };
    const Status s = attach(&a, &filled);
    bytes_wipe(a.legacy_password, sizeof(a.legacy_password));
    if (!status_ok(s)) {
        exit_status = seal_failed(&a.target, s);
        seal_done(&a.target);
        return exit_status;
    }
    printf("%s of %s: %llu rows sealed now, %llu were, %llu refused\n", a.target.table_name,
            a.target.database, (unsigned long long)filled.sealed, (unsigned long long)filled.had,
            (unsigned long long)filled.refused);
    if (filled.refused > 0)
        printf("The table stays open for rows without a seal until the refused ones are "
               "settled.\n");
    seal_done(&a.target);
    return filled.refused > 0 ? EXIT_FINDINGS : EXIT_DONE;
}

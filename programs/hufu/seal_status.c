/* hufu seal status, detach */
#include "seal.h"

#include "layout.h"

static void core_done(AttachCore *core) { attach_core_close(core); }

static Status open_vault(const char *directory, const char *socket, AttachCore *ret_core)
{
    char path[PATH_BYTES_MAX];
    const char *where = socket != NULL ? socket : path_in(path, directory, PATH_OPERATOR_SOCKET);
    return attach_core_open(where, (Span) { NULL, 0 }, ret_core);
}

static Status show(AttachCore *core)
{
    static const char *const phases[] = { "", "filling", "sealed", "gone" };
    static uint8_t memory[WIRE_ATTACHED_STATUS_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    TRY(attach_ask(core, VAULT_ATTACHED_STATUS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_ATTACHED_TABLES_MAX, &count));
    printf("%-6s %-8s %12s %8s %8s  %s\n", "id", "phase", "rows", "frozen", "open", "table");
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedStatus status;
        AttachTable t;
        TRY(wire_take_attached_status(&c, &status));
        TRY(attach_table_take(&status, &t));
        printf("%-6u %-8s %12llu %8llu %8llu  %s of %s\n", t.number,
                t.phase <= ATTACHED_GONE ? phases[t.phase] : "?", (unsigned long long)t.rows,
                (unsigned long long)t.frozen, (unsigned long long)t.pending, t.name, t.database);
    }
    return OK;
}

int command_seal_status(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *socket = NULL;
    const Option options[] = { { "--socket", OPTION_TEXT, "PATH",
                                       "of vaultd [DIR's operator socket]", &socket, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 } };
    const Usage usage = { "hufu seal status", "The attached tables, and how their rows are.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    CLEANUP(core_done) AttachCore core = { .channel = NULL };
    Status s = open_vault(directory, socket, &core);
    if (status_ok(s)) s = show(&core);
    return status_ok(s) ? EXIT_DONE : command_failed("seal status", s);
}

static Status detach(SealTarget *t)
{
    uint8_t request_memory[8192];
    uint8_t answer_memory[16];
    char subject[16];
    Buffer request = BUFFER_OF(request_memory);
    Buffer answer = BUFFER_OF(answer_memory);
    TRY(seal_connect(t));
    TRY(seal_find(t));
    snprintf(subject, sizeof(subject), "%u", t->rows.table.number);
    TRY(buffer_put_u8(&request, ATTACHED_DETACH));
    TRY(buffer_put_u16(&request, t->rows.table.number));
    TRY(seal_approve(t, SPAN(ATTACHED_OPERATION_DETACH), span_of_text(subject), &request));
    TRY(attach_ask(&t->core, VAULT_ATTACHED_TABLE, span_of_buffer(&request), &answer));
    const char *values[] = { subject };
    CLEANUP(attach_result_free) PGresult *result = NULL;
    return attach_run(t->connection,
            &(AttachStatement) { "DELETE FROM hufu.seal WHERE table_id = $1::pg_catalog.int4",
                    values, NULL, NULL, 1 },
            &result);
}

int command_seal_detach(int argc, char **argv)
{
    SealTarget t = { .together = { .directory = directory_default() } };
    const Option options[] = { SEAL_OPTIONS(&t), TOGETHER_SIGN_OPTIONS(t.together),
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed", &t.together.reason, 0, 0 } };
    const Usage usage = { "hufu seal detach",
        "Forget a table and its seals: two operators approve. Nothing watches it afterwards.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (t.url == NULL || t.table_name == NULL) {
        fprintf(stderr, "hufu seal detach: --db and --table are needed\n");
        return EXIT_USAGE;
    }
    const Status s = detach(&t);
    const int status = status_ok(s) ? EXIT_DONE : seal_failed(&t, s);
    seal_done(&t);
    if (status_ok(s)) printf("detached: %s\n", t.table_name);
    return status;
}

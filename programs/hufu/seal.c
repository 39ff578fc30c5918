#include "seal.h"

#include "layout.h"

#include "base/secret.h"
#include "store/safe_address.h"

static Status name_database(SealTarget *t)
{
    if (t->database != NULL) return OK;
    const char *host = PQhost(t->connection);
    const int n = snprintf(t->database_memory, sizeof(t->database_memory), "%s@%s:%s",
            PQdb(t->connection), host != NULL && host[0] != '\0' ? host : "local",
            PQport(t->connection));
    REQUIRE(n > 0 && (size_t)n < sizeof(t->database_memory), REFUSED_BUFFER_FULL);
    t->database = t->database_memory;
    return OK;
}

Status seal_connect(SealTarget *t)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    if (t->core_key != NULL) TRY(file_read(t->core_key, &pem));
    const char *socket = t->socket != NULL
            ? t->socket
            : path_in(path, t->together.directory, PATH_OPERATOR_SOCKET);
    const Status s = attach_core_open(socket, span_of_buffer(&pem), &t->core);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    TRY(safe_address_postgres(t->url, t->development)); /* TP-17 */
    t->connection = PQconnectdb(t->url);
    CHECK(PQstatus(t->connection) == CONNECTION_OK, FAULT_ATTACH_DATABASE);
    return name_database(t);
}

Status seal_find(SealTarget *t)
{
    AttachTable table;
    TRY(attach_table_find(&t->core, t->database, t->table_name, &table));
    return attach_rows_open(t->connection, &table, &t->rows);
}

void seal_done(SealTarget *t)
{
    attach_core_close(&t->core);
    PQfinish(t->connection);
}

int seal_failed(const SealTarget *t, Status status)
{
    const bool database = status_is(status, FAULT_ATTACH_DATABASE) && t->connection != NULL;
    if (database) fprintf(stderr, "hufu: database: %s", PQerrorMessage(t->connection));
    return command_failed("seal", status);
}

Status seal_approve(SealTarget *t, Span operation, Span subject, Buffer *ret_message)
{
    TRY(together_prepare(&t->together, TOGETHER_REASON_BYTES_MAX));
    return together_approve(&t->together, operation, subject, ret_message);
}

void seal_show_finding(const AttachTable *table, const AttachFinding *finding)
{
    static const char prefix[] = "ATTACHED_ROW_";
    uint8_t memory[1024];
    Buffer key = BUFFER_OF(memory);
    const char *name = status_name(finding->what);
    if (strncmp(name, prefix, sizeof(prefix) - 1) == 0) name += sizeof(prefix) - 1;
    if (finding->key.size == 0 || !status_ok(attach_key_text(table, finding->key, &key)))
        IGNORE(buffer_print(&key, "a key of more than 32 bytes"), "it fits");
    printf("%-12s %s  %.*s%s\n    %s\n", name, table->name, (int)key.size, (const char *)key.data,
            finding->frozen ? "  (frozen)" : "", status_advice(finding->what));
}

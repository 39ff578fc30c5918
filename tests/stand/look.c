#define _GNU_SOURCE
#include "stand.h"

#include "admin_client.h"
#include "audit/log.h"
#include "base/money.h"
#include "command.h"
#include "text/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_MS = 10, LOGGED_MS_MAX = 20000 };

static void pause_ms(long ms)
{
    const struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&wait, NULL);
}

int stand_audit(const Stand *stand)
{
    char keys[STAND_PATH_BYTES_MAX];
    snprintf(keys, sizeof(keys), "%s", stand_path(stand, PATH_KEYS));
    return stand_audit_with(stand, keys, NULL);
}

int stand_audit_with(const Stand *stand, const char *keys, const char *changes)
{
    const pid_t pid = fork();
    if (pid == 0) {
        char program[STAND_PATH_BYTES_MAX + 16];
        snprintf(program, sizeof(program), "%s/auditor", stand->programs);
        const int log =
                open(stand_path(stand, "log/auditor.log"), O_WRONLY | O_CREAT | O_APPEND, 0644);
        dup2(log, 1);
        dup2(log, 2);
        execl(program, program, "--database", stand_path(stand, PATH_DATABASE), "--keys", keys,
                "--checkpoints", stand_path(stand, "checkpoints"), "--second",
                stand_path(stand, "second"), changes == NULL ? (char *)NULL : "--key-changes",
                changes, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The first column of so many rows, as the visitor wants it; how many there were. */
static int read_rows(const Stand *stand, const char *file, const char *sql, int rows_max,
        void (*take)(void *context, sqlite3_stmt *statement), void *context)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    int rows = 0;
    ASSERT(sqlite3_open_v2(stand_path(stand, file), &database, SQLITE_OPEN_READWRITE, NULL)
            == SQLITE_OK);
    ASSERT(sqlite3_busy_timeout(database, 10000) == SQLITE_OK);
    ASSERT(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK);
    for (; rows < rows_max && sqlite3_step(statement) == SQLITE_ROW; rows++)
        take(context, statement);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return rows;
}

static void take_number(void *context, sqlite3_stmt *statement)
{
    *(int64_t *)context = sqlite3_column_int64(statement, 0);
}

int64_t stand_number_in(const Stand *stand, const char *file, const char *sql)
{
    int64_t number = 0;
    ASSERT(read_rows(stand, file, sql, 1, take_number, &number) == 1);
    return number;
}

int64_t stand_number(const Stand *stand, const char *sql)
{
    return stand_number_in(stand, PATH_DATABASE, sql);
}

bool stand_comes_true(const Stand *stand, const char *sql)
{
    for (int waited = 0; waited < LOGGED_MS_MAX; waited += POLL_MS) {
        if (stand_number(stand, sql) > 0) return true;
        pause_ms(POLL_MS);
    }
    fprintf(stderr, "  still 0: %s\n", sql);
    return false;
}

static void take_text(void *context, sqlite3_stmt *statement)
{
    Buffer *text = context;
    const char *bytes = (const char *)sqlite3_column_text(statement, 0);
    ASSERT(bytes != NULL && status_ok(buffer_put(text, span_of_text(bytes))));
}

void stand_text(const Stand *stand, const char *sql, char *ret_text, size_t capacity)
{
    Buffer text = { (uint8_t *)ret_text, 0, capacity - 1 };
    ASSERT(read_rows(stand, PATH_DATABASE, sql, 1, take_text, &text) == 1);
    ret_text[text.size] = 0;
}

typedef struct TripsJson {
    int64_t units, trips_store, trips_guard, vault_calls;
} TripsJson;

StandTrips stand_trips(const Stand *stand)
{
    static const JsonField fields[] = {
        { "units", JSON_INT, true, 0, INT64_MAX, offsetof(TripsJson, units) },
        { "trips_store", JSON_INT, true, 0, INT64_MAX, offsetof(TripsJson, trips_store) },
        { "trips_guard", JSON_INT, true, 0, INT64_MAX, offsetof(TripsJson, trips_guard) },
        { "signed_groups", JSON_INT, true, 0, INT64_MAX, offsetof(TripsJson, vault_calls) },
    };
    uint8_t bytes[4096];
    Buffer answer = BUFFER_OF(bytes);
    TripsJson json = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    ASSERT(status_ok(admin_ask_plain(stand->folder, "status", &answer)));
    ASSERT(status_ok(json_parse(span_of_buffer(&answer), &document, &problem)));
    ASSERT(status_ok(json_read_some(document, json_root(document), fields, 4, &json, &problem)));
    return (StandTrips) { json.units, json.trips_store + json.trips_guard + json.vault_calls };
}

int64_t stand_leaves_with(const Stand *stand, const char *text)
{
    char sql[512];
    const int size = snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM audit_leaf WHERE instr(leaf, CAST('%s' AS BLOB)) > 0", text);
    ASSERT(size > 0 && (size_t)size < sizeof(sql));
    return stand_number(stand, sql);
}

typedef struct Visiting {
    void (*visit)(void *context, const AuditEvent *event);
    void *context;
} Visiting;

static void visit_leaf(void *context, sqlite3_stmt *statement)
{
    const Visiting *v = context;
    const Span bytes = { sqlite3_column_blob(statement, 0),
        (size_t)sqlite3_column_bytes(statement, 0) };
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent event;
    bool more = true;
    ASSERT(status_ok(audit_leaf_parse(bytes, &leaf)));
    ASSERT(status_ok(audit_events_begin(leaf.events, &events)));
    for (;;) {
        ASSERT(status_ok(audit_events_next(&events, &event, &more)));
        if (!more) return;
        v->visit(v->context, &event);
    }
}

void stand_each_event(
        const Stand *stand, void (*visit)(void *context, const AuditEvent *event), void *context)
{
    Visiting v = { visit, context };
    read_rows(stand, PATH_DATABASE, "SELECT leaf FROM audit_leaf ORDER BY batch", INT_MAX,
            visit_leaf, &v);
}

bool stand_logged(const Stand *stand, const char *text)
{
    for (int waited = 0; waited < LOGGED_MS_MAX; waited += POLL_MS) {
        if (stand_leaves_with(stand, text) > 0) return true;
        pause_ms(POLL_MS);
    }
    fprintf(stderr, "  no '%s' in the audit log\n", text);
    return false;
}

bool stand_log_says(const Stand *stand, const char *text)
{
    static uint8_t bytes[4 * 1024 * 1024];
    for (int waited = 0; waited < STAND_READY_MS_MAX; waited += POLL_MS) {
        Buffer log = BUFFER_OF(bytes);
        if (!status_ok(file_read(stand_path(stand, "log/hufud.log"), &log))) return false;
        if (memmem(log.data, log.size, text, strlen(text)) != NULL) return true;
        pause_ms(POLL_MS);
    }
    return false;
}

bool stand_await_checkpoint(const Stand *stand)
{
    const int64_t leaves = stand_number(stand, "SELECT count(*) FROM audit_leaf");
    for (int waited = 0; waited < STAND_READY_MS_MAX; waited += POLL_MS) {
        uint8_t bytes[4096];
        Buffer note = BUFFER_OF(bytes);
        Cursor c = { 0 };
        Span origin = { 0 };
        Span size = { 0 };
        int64_t number = 0;
        if (status_ok(file_read(stand_path(stand, "checkpoints/checkpoint"), &note))) {
            c = cursor_of(span_of_buffer(&note));
            const bool read = status_ok(cursor_until(&c, '\n', &origin))
                    && status_ok(cursor_until(&c, '\n', &size));
            if (read && status_ok(i64_parse(size, &number)) && number >= leaves) return true;
        }
        pause_ms(POLL_MS);
    }
    return false;
}

void stand_tamper(const Stand *stand, const char *sql)
{
    sqlite3 *database = NULL;
    char *problem = NULL;
    ASSERT(sqlite3_open_v2(stand_path(stand, PATH_DATABASE), &database, SQLITE_OPEN_READWRITE, NULL)
            == SQLITE_OK);
    sqlite3_busy_timeout(database, 10000); /* hufud may be writing */
    if (sqlite3_exec(database, sql, NULL, NULL, &problem) != SQLITE_OK) {
        fprintf(stderr, "stand_tamper: %s: %s\n", sql, problem);
        abort();
    }
    sqlite3_close(database);
}

#define _GNU_SOURCE
#include "store/store_internal.h"

#include <fcntl.h>
#include <unistd.h>

enum { COPY_BUSY_TRIES_MAX = 1000 };

static void connection_free(sqlite3 **db) { sqlite3_close(*db); }

static Status copy_result(int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE) return OK;
    return BROKEN(code == SQLITE_FULL ? FAULT_STORE_FULL : FAULT_STORE);
}

/* The name must be new: a backup never overwrites another. */
static Status claim_file(const char *path)
{
    const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_STORE);
    CHECK(close(fd) == 0, FAULT_STORE);
    return OK;
}

/* All pages in one step: one read transaction, so the copy is one state however long the writer
 * goes on. */
static Status copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup == NULL) return copy_result(sqlite3_errcode(to));
    int code = SQLITE_BUSY;
    for (int i = 0; i < COPY_BUSY_TRIES_MAX && (code == SQLITE_BUSY || code == SQLITE_LOCKED); i++)
        code = sqlite3_backup_step(backup, -1);
    const int end = sqlite3_backup_finish(backup);
    TRY(copy_result(code));
    return copy_result(end);
}

static Status sync_path(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, FAULT_STORE);
    const bool synced = fsync(fd) == 0;
    CHECK(close(fd) == 0 && synced, FAULT_STORE);
    return OK;
}

static Status copy_database(const char *path, const char *copy_path)
{
    CLEANUP(connection_free) sqlite3 *from = NULL;
    CLEANUP(connection_free) sqlite3 *to = NULL;
    TRY(copy_result(sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL)));
    TRY(copy_result(sqlite3_open_v2(copy_path, &to, SQLITE_OPEN_READWRITE, NULL)));
    sqlite3_busy_timeout(from, STORE_BUSY_MS_MAX);
    return copy_pages(from, to);
}

Status store_copy_to(const char *path, const char *copy_path)
{
    TRY(claim_file(copy_path));
    Status s = copy_database(path, copy_path);
    if (status_ok(s)) s = sync_path(copy_path);
    if (!status_ok(s)) unlink(copy_path); /* half a backup is none */
    return s;
}

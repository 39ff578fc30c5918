#include "store/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_VERSION = 1, GATE_TRIES_MAX = 8 };

static void file_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* --- names --- */

static Status path_with(const char *path, const char *tail, char ret_path[REPLACE_PATH_BYTES_MAX])
{
    const size_t size = strlen(path);
    const size_t more = strlen(tail);
    REQUIRE(size + more < REPLACE_PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    memcpy(ret_path, path, size);
    memcpy(ret_path + size, tail, more + 1);
    return OK;
}

static Status folder_of(const char *path, char ret_path[REPLACE_PATH_BYTES_MAX])
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return path_with(".", "", ret_path);
    TRY(path_with(path, "", ret_path));
    ret_path[slash == path ? 1 : slash - path] = '\0';
    return OK;
}

static Status folder_open(const char *path, int *ret_fd)
{
    char folder[REPLACE_PATH_BYTES_MAX];
    TRY(folder_of(path, folder));
    *ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(*ret_fd >= 0, FAULT_DISK);
    return OK;
}

/* --- hold --- */

Status store_hold(const char *database, int *ret_fd)
{
    int fd = -1;
    TRY(folder_open(database, &fd));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return REFUSE(REFUSED_STORE_BUSY);
    }
    *ret_fd = fd;
    return OK;
}

/* --- gate --- */

static Status gate_path(const char *database, char ret_path[REPLACE_PATH_BYTES_MAX])
{
    return path_with(database, ".restore", ret_path);
}

bool store_gate_is_closed(const char *database)
{
    char path[REPLACE_PATH_BYTES_MAX];
    if (!status_ok(gate_path(database, path))) return false;
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
}

/* The file that we locked may have lost its name to store_note_clear() in between. */
static bool still_named(int fd, const char *path)
{
    struct stat ours;
    struct stat named;
    return fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino
            && ours.st_dev == named.st_dev;
}

Status store_gate_close(const char *database, StoreGate *ret_gate)
{
    StoreGate gate = { .fd = -1 };
    TRY(gate_path(database, gate.path));
    for (int tries = 0; tries < GATE_TRIES_MAX; tries++) {
        gate.fd = open(gate.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        CHECK(gate.fd >= 0, FAULT_DISK);
        const bool locked = flock(gate.fd, LOCK_EX | LOCK_NB) == 0;
        const bool named = still_named(gate.fd, gate.path);
        if (locked && named) {
            *ret_gate = gate;
            return OK;
        }
        close(gate.fd);
        if (named) break;
    }
    return REFUSE(REFUSED_STORE_BUSY);
}

void store_gate_open(StoreGate *gate, bool keep_note)
{
    if (gate->fd < 0) return;
    if (!keep_note) unlink(gate->path);
    close(gate->fd);
    gate->fd = -1;
}

/* --- note --- */

static Status put_text(Buffer *b, const char *text, size_t size_max)
{
    REQUIRE(strlen(text) <= size_max, REFUSED_BUFFER_FULL);
    return buffer_put_framed(b, span_of_text(text));
}

static Status put_note(const RestoreNote *note, Buffer *b)
{
    TRY(buffer_put_u8(b, NOTE_VERSION));
    TRY(put_text(b, note->approvers[0], REPLACE_NAME_BYTES_MAX));
    TRY(put_text(b, note->approvers[1], REPLACE_NAME_BYTES_MAX));
    TRY(put_text(b, note->reason, REPLACE_REASON_BYTES_MAX));
    TRY(buffer_put(b, SPAN_OF(note->archive)));
    TRY(buffer_put_i64(b, note->old_size));
    TRY(buffer_put_i64(b, note->size));
    return buffer_put(b, SPAN_OF(note->root));
}

static Status take_text(Cursor *c, size_t size_max, char *ret_text)
{
    Span text = { 0 };
    TRY(cursor_framed(c, size_max, &text));
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = '\0';
    return OK;
}

static Status take_note(Span bytes, RestoreNote *note)
{
    Cursor c = cursor_of(bytes);
    uint8_t version = 0;
    TRY(cursor_u8(&c, &version));
    REQUIRE(version == NOTE_VERSION, REFUSED_BYTES_TRUNCATED);
    TRY(take_text(&c, REPLACE_NAME_BYTES_MAX, note->approvers[0]));
    TRY(take_text(&c, REPLACE_NAME_BYTES_MAX, note->approvers[1]));
    TRY(take_text(&c, REPLACE_REASON_BYTES_MAX, note->reason));
    TRY(cursor_copy(&c, sizeof(note->archive), note->archive));
    TRY(cursor_i64(&c, &note->old_size));
    TRY(cursor_i64(&c, &note->size));
    TRY(cursor_copy(&c, sizeof(note->root), note->root));
    return cursor_end(&c);
}

Status store_gate_note(const StoreGate *gate, const RestoreNote *note)
{
    uint8_t memory[REPLACE_NOTE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(put_note(note, &b));
    CHECK(ftruncate(gate->fd, 0) == 0, FAULT_DISK);
    CHECK(pwrite(gate->fd, b.data, b.size, 0) == (ssize_t)b.size, FAULT_DISK);
    CHECK(fsync(gate->fd) == 0, FAULT_DISK);
    CLEANUP(file_close) int folder = -1;
    TRY(folder_open(gate->path, &folder));
    CHECK(fsync(folder) == 0, FAULT_DISK);
    return OK;
}

Status store_note_read(const char *database, RestoreNote *ret_note, bool *ret_found)
{
    char path[REPLACE_PATH_BYTES_MAX];
    uint8_t memory[REPLACE_NOTE_BYTES_MAX];
    TRY(gate_path(database, path));
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) CHECK(errno == ENOENT, FAULT_DISK);
    const ssize_t size = fd < 0 ? 0 : pread(fd, memory, sizeof(memory), 0);
    CHECK(size >= 0, FAULT_DISK);
    RestoreNote note = { 0 };
    const Status s = take_note((Span) { memory, (size_t)size }, &note);
    *ret_found = status_ok(s);
    if (status_ok(s)) *ret_note = note;
    return OK;
}

void store_note_clear(const char *database)
{
    char path[REPLACE_PATH_BYTES_MAX];
    if (!status_ok(gate_path(database, path))) return;
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) return;
    if (still_named(fd, path)) unlink(path);
}

/* --- replace --- */

/* The log of the old file must never meet the fresh one: SQLite would play it over it. */
static Status move_log(const char *database, const char *kept)
{
    char from[REPLACE_PATH_BYTES_MAX];
    char to[REPLACE_PATH_BYTES_MAX];
    TRY(path_with(database, "-wal", from));
    TRY(path_with(kept, "-wal", to));
    CHECK(rename(from, to) == 0 || errno == ENOENT, FAULT_DISK);
    TRY(path_with(database, "-shm", from));
    CHECK(unlink(from) == 0 || errno == ENOENT, FAULT_DISK);
    TRY(path_with(database, "-journal", from));
    TRY(path_with(kept, "-journal", to));
    CHECK(rename(from, to) == 0 || errno == ENOENT, FAULT_DISK);
    return OK;
}

Status store_replace(const char *database, const char *fresh, const char *kept)
{
    CLEANUP(file_close) int folder = -1;
    TRY(folder_open(database, &folder));
    /* A second name first: at no moment is there no file. */
    CHECK(link(database, kept) == 0 || errno == ENOENT, FAULT_DISK);
    TRY(move_log(database, kept));
    CHECK(fsync(folder) == 0, FAULT_DISK);
    CHECK(rename(fresh, database) == 0, FAULT_DISK);
    CHECK(fsync(folder) == 0, FAULT_DISK);
    return OK;
}

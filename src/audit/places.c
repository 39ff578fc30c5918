#define _GNU_SOURCE
#include "audit/checkpoint.h"
#include "base/encoding.h"
#include "base/seams.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where checkpoints lie. A note becomes visible by rename, after its bytes are durable. */

typedef struct Path {
    char text[AUDIT_PATH_BYTES_MAX];
} Path;

__attribute__((format(printf, 2, 3))) MUST_USE static Status path_print(
        Path *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(path->text, sizeof(path->text), format, arguments);
    va_end(arguments);
    CHECK(size > 0 && (size_t)size < sizeof(path->text), FAULT_DISK);
    return OK;
}

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status sync_folder(const char *dir)
{
    CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && fsync(fd) == 0, FAULT_DISK);
    return OK;
}

static Status make_folder(const char *dir)
{
    CHECK(mkdir(dir, 0755) == 0 || errno == EEXIST, FAULT_DISK);
    return OK;
}

static Status write_whole(const char *path, Span bytes)
{
    CLEANUP(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0, FAULT_DISK);
    const Disk disk = disk_of_fd(fd);
    TRY(disk.write(disk.context, 0, bytes));
    return disk.sync(disk.context);
}

/* `name` inside `dir`, whole or not there. */
static Status replace_file(const char *dir, const char *name, Span bytes)
{
    Path fresh;
    Path path;
    TRY(path_print(&fresh, "%s/.%s.new", dir, name));
    TRY(path_print(&path, "%s/%s", dir, name));
    const Status s = write_whole(fresh.text, bytes);
    if (!status_ok(s)) {
        unlink(fresh.text);
        return s;
    }
    CHECK(rename(fresh.text, path.text) == 0, FAULT_DISK);
    return sync_folder(dir);
}

static Status read_file(const char *path, size_t size_max, Buffer *ret_bytes)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 || errno != ENOENT, REFUSED_BYTES_TRUNCATED);
    CHECK(fd >= 0, FAULT_DISK);
    uint64_t size = 0;
    uint8_t *to = NULL;
    const Disk disk = disk_of_fd(fd);
    TRY(disk.size(disk.context, &size));
    REQUIRE(size <= size_max, REFUSED_CHECKPOINT_FORMAT);
    TRY(buffer_reserve(ret_bytes, (size_t)size, &to));
    return disk.read(disk.context, 0, to, (size_t)size);
}

/* History files are named by origin too: after an accepted restore sizes come again under another
 * origin. */
static Status history_name(const AuditCheckpoint *checkpoint, Path *ret_name)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t memory[16];
    Buffer hex = BUFFER_OF(memory);
    sha256(span_of_text(checkpoint->origin), digest);
    TRY(hex_encode((Span) { digest, 4 }, &hex));
    return path_print(
            ret_name, "%.8s-%llu", (const char *)hex.data, (unsigned long long)checkpoint->size);
}

/* A note that is already there must say the same. */
static Status compare_kept(const char *path, const AuditCheckpoint *checkpoint, bool newest)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint kept;
    const Status s = read_file(path, AUDIT_NOTE_BYTES_MAX, &note);
    if (status_is(s, REFUSED_BYTES_TRUNCATED)) return OK;
    TRY(s);
    /* A broken file proves nothing; it is replaced. */
    if (!status_ok(audit_checkpoint_parse(span_of_buffer(&note), &kept))) return OK;
    if (!span_equal(span_of_text(kept.origin), span_of_text(checkpoint->origin))) return OK;
    REQUIRE(!newest || kept.size <= checkpoint->size, REFUSED_AUDIT_ROOT_DIFFERS);
    const bool same = kept.size != checkpoint->size || merkle_equal(&kept.root, &checkpoint->root);
    REQUIRE(same, REFUSED_AUDIT_ROOT_DIFFERS);
    return OK;
}

static Status keep_in(const char *dir, const AuditCheckpoint *checkpoint, Span note)
{
    Path history;
    Path name;
    Path path;
    TRY(path_print(&history, "%s/checkpoints", dir));
    TRY(history_name(checkpoint, &name));
    TRY(make_folder(dir));
    TRY(make_folder(history.text));
    TRY(path_print(&path, "%s/%s", history.text, name.text));
    TRY(compare_kept(path.text, checkpoint, false));
    TRY(path_print(&path, "%s/checkpoint", dir));
    TRY(compare_kept(path.text, checkpoint, true));
    TRY(replace_file(history.text, name.text, note));
    return replace_file(dir, "checkpoint", note);
}

Status audit_checkpoint_keep(const char *dir, const char *second, Span note)
{
    AuditCheckpoint checkpoint;
    TRY(audit_checkpoint_parse(note, &checkpoint));
    const Status first = keep_in(dir, &checkpoint, note);
    const Status other = second != NULL ? keep_in(second, &checkpoint, note) : OK;
    TRY(first);
    return other;
}

Status audit_checkpoint_newest(const char *dir, Buffer *ret_note)
{
    Path path;
    TRY(path_print(&path, "%s/checkpoint", dir));
    return read_file(path.text, AUDIT_NOTE_BYTES_MAX, ret_note);
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status audit_keys_load(const char *path, AuditKeys *ret_keys)
{
    CLEANUP(memory_free) uint8_t *memory = malloc(AUDIT_KEYS_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, AUDIT_KEYS_BYTES_MAX };
    TRY(read_file(path, AUDIT_KEYS_BYTES_MAX, &text));
    return audit_keys_parse(span_of_buffer(&text), ret_keys);
}

static void dir_close(DIR **dir)
{
    if (*dir != NULL) closedir(*dir);
}

Status audit_checkpoint_each(const char *dir, AuditNoteVisit visit, void *context)
{
    Path history;
    TRY(path_print(&history, "%s/checkpoints", dir));
    CLEANUP(dir_close) DIR *folder = opendir(history.text);
    if (folder == NULL && errno == ENOENT) return OK;
    CHECK(folder != NULL, FAULT_DISK);
    for (const struct dirent *file = readdir(folder); file != NULL; file = readdir(folder)) {
        if (file->d_name[0] == '.')
            continue; /* also one that was being written when power failed */
        uint8_t memory[AUDIT_NOTE_BYTES_MAX];
        Buffer note = BUFFER_OF(memory);
        Path path;
        TRY(path_print(&path, "%s/%s", history.text, file->d_name));
        const Status s = read_file(path.text, AUDIT_NOTE_BYTES_MAX, &note);
        if (status_broken(s)) return s;
        TRY(visit(context, file->d_name,
                span_of_buffer(&note))); /* unreadable: empty, and so invalid */
    }
    return OK;
}

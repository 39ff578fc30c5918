#define _GNU_SOURCE
#include "scan/walk.h"

#include "base/secret.h"
#include "scan/walk_inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 256 << 10 };

static void on_finding(void *context, const ScanFinding *finding)
{
    const Walk *walk = context;
    walk->sink->found(walk->sink->context, walk->place, finding);
}

Status walk_new(
        const Scanner *scanner, const WalkSink *sink, uint64_t archive_bytes_max, Walk **ret_walk)
{
    CLEANUP(walk_free) Walk *walk = calloc(1, sizeof(*walk));
    CHECK(walk != NULL, FAULT_MEMORY);
    walk->scanner = scanner;
    walk->sink = sink;
    walk->archive_bytes_max = archive_bytes_max;
    TRY(scan_stream_new(scanner, on_finding, walk, &walk->stream));
    *ret_walk = walk;
    walk = NULL; /* transferred */
    return OK;
}

void walk_free(Walk **walk)
{
    if (*walk == NULL) return;
    scan_stream_free(&(*walk)->stream);
    free(*walk);
    *walk = NULL;
}

/* --- places --- */

size_t walk_place_add(Walk *walk, const char *mark, const char *name)
{
    const size_t size = strlen(walk->place);
    snprintf(walk->place + size, sizeof(walk->place) - size, "%s%s", mark, name);
    return size;
}

void walk_place_cut(Walk *walk, size_t size) { walk->place[size] = 0; }

void walk_skipped(Walk *walk, Status why)
{
    walk->sink->skipped(walk->sink->context, walk->place, why);
}

static void on_name(void *context, const Detection *d)
{
    const Walk *walk = context;
    const ScanFinding finding = { d->kind, d->at, d->size, 0, d->at + 1, d->value };
    walk->sink->found(walk->sink->context, walk->place, &finding);
}

void walk_judge_name(Walk *walk)
{
    detect_each(span_of_text(walk->place), DETECT_ALL, on_name, walk);
}

/* --- texts and files --- */

/* A text in pieces; the first of them is here already. */
static Status judge_text(Walk *walk, Span first, const WalkSource *source)
{
    scan_stream_begin(walk->stream);
    TRY(scan_stream_feed(walk->stream, first));
    for (Span bytes = first; bytes.size > 0;) {
        const Status s = source->read(source->context, &bytes);
        if (status_refused(s)) walk_skipped(walk, s);
        if (status_refused(s)) break;
        TRY(s);
        TRY(scan_stream_feed(walk->stream, bytes));
    }
    return scan_stream_end(walk->stream);
}

/* Enough to know what it is, though it may come in small pieces. */
static Status read_head(const WalkSource *source, Buffer *head, Span *ret_rest)
{
    *ret_rest = (Span) { NULL, 0 };
    while (head->size < head->capacity) {
        Span bytes;
        TRY(source->read(source->context, &bytes));
        if (bytes.size == 0) return OK;
        Cursor c = cursor_of(bytes);
        const size_t room = head->capacity - head->size;
        Span part;
        TRY(cursor_take(&c, bytes.size < room ? bytes.size : room, &part));
        TRY(buffer_put(head, part));
        *ret_rest = c.rest;
    }
    return OK;
}

/* First what was left of the piece that the head was cut from, then the source itself. */
typedef struct Resumed {
    Span rest;
    const WalkSource *source;
} Resumed;

static Status read_resumed(void *context, Span *ret_bytes)
{
    Resumed *resumed = context;
    if (resumed->rest.size == 0) return resumed->source->read(resumed->source->context, ret_bytes);
    *ret_bytes = resumed->rest;
    resumed->rest.size = 0;
    return OK;
}

Status walk_source(Walk *walk, const WalkSource *source, unsigned depth)
{
    uint8_t memory[WALK_HEAD_BYTES];
    Buffer head = BUFFER_OF(memory);
    Resumed resumed = { .source = source };
    const Status s = read_head(source, &head, &resumed.rest);
    if (status_refused(s)) {
        walk_skipped(walk, s);
        return OK;
    }
    TRY(s);
    const WalkSource all = { read_resumed, &resumed };
    const Span first = span_of_buffer(&head);
    if (archive_kind(first) != ARCHIVE_NONE) return archive_walk(walk, first, &all, depth);
    return judge_text(walk, first, &all);
}

typedef struct FileSource {
    Walk *walk;
    int fd;
    uint8_t *bytes; /* READ_BYTES */
} FileSource;

static Status read_file(void *context, Span *ret_bytes)
{
    FileSource *file = context;
    const ssize_t n = read(file->fd, file->bytes, READ_BYTES);
    REQUIRE(n >= 0, REFUSED_SCAN_UNREADABLE);
    *ret_bytes = (Span) { file->bytes, (size_t)n };
    file->walk->bytes_in += (uint64_t)n;
    file->walk->sink->read(file->walk->sink->context, (uint64_t)n);
    return OK;
}

static void bytes_free(uint8_t **bytes)
{
    if (*bytes != NULL) bytes_wipe(*bytes, READ_BYTES);
    free(*bytes);
}

static Status judge_fd(Walk *walk, int fd)
{
    CLEANUP(bytes_free) uint8_t *bytes = malloc(READ_BYTES);
    CHECK(bytes != NULL, FAULT_MEMORY);
    FileSource file = { walk, fd, bytes };
    walk->bytes_in = 0;
    walk->bytes_out = 0;
    walk->entries = 0;
    walk_judge_name(walk);
    const WalkSource source = { read_file, &file };
    return walk_source(walk, &source, 0);
}

Status walk_fd(Walk *walk, int fd, const char *place)
{
    walk_place_cut(walk, 0);
    walk_place_add(walk, "", place);
    return judge_fd(walk, fd);
}

Status walk_text(Walk *walk, Span text, const char *place)
{
    walk_place_cut(walk, 0);
    walk_place_add(walk, "", place);
    walk->sink->read(walk->sink->context, text.size);
    return scan_text(walk->stream, text);
}

/* --- folders --- */

static void directory_close(DIR **directory)
{
    if (*directory != NULL) closedir(*directory);
}

static Status judge_entry(Walk *walk, int folder, const char *name, unsigned depth);

/* Takes fd. */
static Status judge_folder(Walk *walk, int fd, unsigned depth)
{
    CLEANUP(directory_close) DIR *directory = fdopendir(fd);
    if (directory == NULL || depth == WALK_FOLDERS_MAX) {
        walk_skipped(walk, REFUSE(REFUSED_SCAN_UNREADABLE));
        return OK;
    }
    for (const struct dirent *entry = readdir(directory); entry != NULL;
            entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (strcmp(entry->d_name, ".git") == 0) continue;
        const size_t kept = walk_place_add(walk, "/", entry->d_name);
        TRY(judge_entry(walk, dirfd(directory), entry->d_name, depth + 1));
        walk_place_cut(walk, kept);
    }
    return OK;
}

/* Never through a symbolic link, and never waiting for the other end of a pipe. */
static Status judge_entry(Walk *walk, int folder, const char *name, unsigned depth)
{
    struct stat what = { 0 };
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &what) != 0) {
        const bool link = fstatat(folder, name, &what, AT_SYMLINK_NOFOLLOW) == 0
                && !S_ISREG(what.st_mode) && !S_ISDIR(what.st_mode);
        if (!link) walk_skipped(walk, REFUSE(REFUSED_SCAN_UNREADABLE));
        if (fd >= 0) close(fd);
        return OK;
    }
    if (S_ISDIR(what.st_mode)) return judge_folder(walk, fd, depth);
    const Status s = S_ISREG(what.st_mode) ? judge_fd(walk, fd) : OK;
    close(fd);
    return s;
}

Status walk_path(Walk *walk, const char *path)
{
    walk_place_cut(walk, 0);
    walk_place_add(walk, "", path);
    return judge_entry(walk, AT_FDCWD, path, 0);
}

/* --- sizes --- */

static uint64_t size_of_entry(int folder, const char *name, unsigned depth)
{
    struct stat what = { 0 };
    if (fstatat(folder, name, &what, AT_SYMLINK_NOFOLLOW) != 0) return 0;
    if (S_ISREG(what.st_mode)) return (uint64_t)what.st_size;
    if (!S_ISDIR(what.st_mode) || depth == WALK_FOLDERS_MAX) return 0;
    const int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP(directory_close) DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    uint64_t size = 0;
    for (const struct dirent *entry = directory != NULL ? readdir(directory) : NULL; entry != NULL;
            entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (strcmp(entry->d_name, ".git") == 0) continue;
        size += size_of_entry(dirfd(directory), entry->d_name, depth + 1);
    }
    return size;
}

uint64_t walk_size(const char *path) { return size_of_entry(AT_FDCWD, path, 0); }

#define _GNU_SOURCE
#include "api/console_files.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "crypto/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASSETS "assets"
/* Its own files, and nothing written into the page: no script, no style, no frame around it. */
#define POLICY                                                                          \
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " \
    "object-src 'none'"

enum { ETAG_BYTES = 2 * DIGEST_SHA256_BYTES + 2, HEADERS_MAX = 9 };

typedef struct ConsoleFile {
    char path[CONSOLE_FILE_NAME_BYTES_MAX + sizeof("/" ASSETS "/")]; /* as it is asked for */
    const char *type;
    bool is_asset; /* never changes under this name */
    uint8_t etag[ETAG_BYTES];
    uint8_t *bytes; /* owned */
    size_t size;
} ConsoleFile;

struct ConsoleFiles {
    ConsoleFile files[CONSOLE_FILES_MAX];
    size_t count;
};

typedef struct FileType {
    const char *ending;
    const char *type;
} FileType;

static const FileType types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".woff2", "font/woff2" },
    { ".pem", "application/x-pem-file" },
    { ".txt", "text/plain; charset=utf-8" },
};

/* --- reading --- */

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(ending, types[i].ending) == 0) return types[i].type;
    }
    return NULL;
}

static bool is_plain(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t size = strlen(name);
    return size <= CONSOLE_FILE_NAME_BYTES_MAX && strspn(name, plain) == size && name[0] != '.';
}

static void fd_close(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

static void directory_close(DIR **directory)
{
    if (*directory != NULL) closedir(*directory);
}

static Status read_bytes(int fd, ConsoleFile *file)
{
    const Disk disk = disk_of_fd(fd);
    uint64_t size = 0;
    TRY(disk.size(disk.context, &size));
    REQUIRE(size <= CONSOLE_FILE_BYTES_MAX, REFUSED_CONSOLE_FILES);
    file->bytes = malloc(size + 1); /* an empty file, too, has bytes of its own */
    CHECK(file->bytes != NULL, FAULT_MEMORY);
    file->size = size;
    return disk.read(disk.context, 0, file->bytes, size);
}

static Status tag(ConsoleFile *file)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer etag = BUFFER_OF(file->etag);
    sha256((Span) { file->bytes, file->size }, digest);
    TRY(buffer_put_u8(&etag, '"'));
    TRY(hex_encode(SPAN_OF(digest), &etag));
    return buffer_put_u8(&etag, '"');
}

static Status read_file(ConsoleFiles *files, int folder, const char *name, bool is_asset)
{
    struct stat what = { 0 };
    const char *type = type_of(name);
    REQUIRE(is_plain(name) && type != NULL, REFUSED_CONSOLE_FILES);
    REQUIRE(files->count < CONSOLE_FILES_MAX, REFUSED_CONSOLE_FILES);
    CLEANUP(fd_close)
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    REQUIRE(fd >= 0 && fstat(fd, &what) == 0 && S_ISREG(what.st_mode), REFUSED_CONSOLE_FILES);
    ConsoleFile *file = &files->files[files->count];
    files->count++; /* from here on its bytes are ours to free */
    file->type = type;
    file->is_asset = is_asset;
    snprintf(file->path, sizeof(file->path), "%s%s", is_asset ? "/" ASSETS "/" : "/", name);
    TRY(read_bytes(fd, file));
    return tag(file);
}

/* Takes fd. `assets` in the folder itself is left to whoever calls. */
static Status read_folder(ConsoleFiles *files, int fd, bool is_assets)
{
    CLEANUP(directory_close) DIR *directory = fdopendir(fd);
    CHECK(directory != NULL, FAULT_DISK);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        CHECK(entry != NULL || errno == 0, FAULT_DISK);
        if (entry == NULL) return OK;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (!is_assets && strcmp(name, ASSETS) == 0) continue;
        TRY(read_file(files, dirfd(directory), name, is_assets));
    }
}

static const ConsoleFile *find(const ConsoleFiles *files, Span path)
{
    if (span_equal(path, SPAN("/"))) path = SPAN("/index.html");
    for (size_t i = 0; i < files->count; i++) {
        if (span_equal(path, span_of_text(files->files[i].path))) return &files->files[i];
    }
    return NULL;
}

static Status read_all(ConsoleFiles *files, const char *folder)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const int fd = open(folder, flags);
    REQUIRE(fd >= 0, REFUSED_CONSOLE_FILES);
    const int assets = openat(fd, ASSETS, flags | O_NOFOLLOW);
    const bool has_assets = assets >= 0;
    const bool is_broken = !has_assets && errno != ENOENT;
    Status s = read_folder(files, fd, false);
    if (has_assets && status_ok(s)) return read_folder(files, assets, true);
    if (has_assets) close(assets);
    if (status_ok(s) && is_broken) s = REFUSE(REFUSED_CONSOLE_FILES);
    return s;
}

Status console_files_open(const char *folder, ConsoleFiles **ret_files)
{
    ConsoleFiles *files = calloc(1, sizeof(*files));
    CHECK(files != NULL, FAULT_MEMORY);
    Status s = read_all(files, folder);
    if (status_ok(s) && find(files, SPAN("/")) == NULL) s = REFUSE(REFUSED_CONSOLE_FILES);
    if (!status_ok(s))
        console_files_close(&files);
    else
        *ret_files = files;
    return s;
}

void console_files_close(ConsoleFiles **files)
{
    if (*files == NULL) return;
    for (size_t i = 0; i < (*files)->count; i++)
        free((*files)->files[i].bytes);
    free(*files);
    *files = NULL;
}

/* --- answering --- */

static ConsoleFileSeen seen(const ConsoleFile *file)
{
    return (ConsoleFileSeen) { span_of_text(file->path), span_of_text(file->type),
        SPAN_OF(file->etag), { file->bytes, file->size }, file->is_asset };
}

size_t console_files_count(const ConsoleFiles *files) { return files->count; }

ConsoleFileSeen console_files_at(const ConsoleFiles *files, size_t index)
{
    ASSERT(index < files->count);
    return seen(&files->files[index]);
}

bool console_files_find(const ConsoleFiles *files, Span path, ConsoleFileSeen *ret_seen)
{
    const ConsoleFile *file = find(files, path);
    if (file == NULL) return false;
    *ret_seen = seen(file);
    return true;
}

bool console_files_answer(const ConsoleFiles *files, HttpRequest *request)
{
    if (files == NULL || http_request_method(request) != HTTP_GET) return false;
    ConsoleFileSeen file = { 0 };
    if (!console_files_find(files, http_request_path(request), &file)) return false;
    const HttpHeader headers[HEADERS_MAX] = {
        { "Content-Type", file.type },
        { "Cache-Control",
                file.is_asset ? SPAN("public, max-age=31536000, immutable") : SPAN("no-cache") },
        { "ETag", file.etag },
        { "Content-Security-Policy", SPAN(POLICY) },
        { "X-Frame-Options", SPAN("DENY") },
        { "Referrer-Policy", SPAN("no-referrer") },
        { "Cross-Origin-Resource-Policy", SPAN("same-origin") },
        { "Cross-Origin-Opener-Policy", SPAN("same-origin") },
        { "Permissions-Policy",
                SPAN("camera=(), microphone=(), geolocation=(), payment=(), usb=()") },
    };
    const bool has_it = span_equal(http_request_header(request, "If-None-Match"), file.etag);
    http_answer(request, has_it ? 304 : 200, headers, HEADERS_MAX,
            has_it ? (Span) { NULL, 0 } : file.bytes);
    return true;
}

#define _GNU_SOURCE
#include "admin_client.h"
#include "layout.h"
#include "terminal.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 16 };

typedef struct BackupAnswer {
    int64_t bytes;
    int64_t tree_size;
    Span manifest;
    Span backup;
} BackupAnswer;

static void file_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* hufud writes the encrypted file into a folder of its own; from there we take it. */
MUST_USE static Status ask(const char *directory, const char *made, Buffer *ret_answer)
{
    uint8_t memory[2 * PATH_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("backup"));
    json_key_text(&w, "path", span_of_text(made));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

MUST_USE static Status copy_bytes(int from, int to)
{
    uint8_t bytes[COPY_BYTES];
    for (;;) {
        const ssize_t n = read(from, bytes, sizeof(bytes));
        CHECK(n >= 0, FAULT_DISK);
        if (n == 0) break;
        CHECK(write(to, bytes, (size_t)n) == n, FAULT_DISK);
    }
    CHECK(fsync(to) == 0, FAULT_DISK);
    return OK;
}

/* Into our own file, which did not exist: a backup never overwrites another. */
MUST_USE static Status take(const char *made, const char *file)
{
    CLEANUP(file_close) int from = open(made, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    CHECK(from >= 0, FAULT_DISK);
    CLEANUP(file_close) int to = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    REQUIRE(to >= 0 || errno != EEXIST, REFUSED_ROW_EXISTS);
    CHECK(to >= 0, FAULT_DISK);
    const Status s = copy_bytes(from, to);
    if (!status_ok(s)) unlink(file);
    return s;
}

static void show(const char *file, Span answer)
{
    static const JsonField fields[] = {
        { "bytes", JSON_INT, true, 0, INT64_MAX, offsetof(BackupAnswer, bytes) },
        { "tree_size", JSON_INT, true, 0, INT64_MAX, offsetof(BackupAnswer, tree_size) },
        { "manifest", JSON_TEXT, true, 64, 64, offsetof(BackupAnswer, manifest) },
        { "backup", JSON_TEXT, true, 64, 64, offsetof(BackupAnswer, backup) },
    };
    BackupAnswer a = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    Status s = json_parse(answer, &document, &problem);
    if (status_ok(s)) s = json_read_some(document, json_root(document), fields, 4, &a, &problem);
    if (!status_ok(s)) return;
    char bytes[28];
    char leaves[28];
    printf("%s  %s bytes, encrypted\n", file, number_text(a.bytes, bytes));
    printf("  state     %s batches in the audit log\n", number_text(a.tree_size, leaves));
    printf("  manifest  %.*s\n", (int)a.manifest.size, (const char *)a.manifest.data);
    printf("  backup    %.*s\n", (int)a.backup.size, (const char *)a.backup.data);
    printf("The vault's own folder is not in it: keep DIR/vault/ safe by other means.\n");
}

MUST_USE static Status backup(const Layout *layout, const char *file)
{
    char name[64];
    char made[PATH_BYTES_MAX];
    uint8_t memory[2048];
    Buffer answer = BUFFER_OF(memory);
    snprintf(name, sizeof(name), "domain/backup-%ld", (long)getpid());
    path_in(made, layout->directory, name);
    Status s = ask(layout->directory, made, &answer);
    if (status_ok(s)) s = take(made, file);
    unlink(made);
    if (status_ok(s)) show(file, span_of_buffer(&answer));
    return s;
}

int command_backup(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *file = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "where to; must not exist", &file, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu backup",
        "Copy the ledger and the domain store into one encrypted file, while the system runs. The\n"
        "file's key is fresh, wrapped by the vault, and opened again only for two people (`hufu\n"
        "restore`). The copy stands in the audit log. The vault's own folder is not in it: keep\n"
        "DIR/vault/ safe by other means.",
        options, 2 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (access(file, F_OK) == 0) {
        fprintf(stderr, "hufu backup: %s exists; a backup never overwrites another\n", file);
        return EXIT_FAILED;
    }
    Layout layout = { .lock_fd = -1 };
    Status s = layout_find(directory, &layout);
    if (status_ok(s)) s = backup(&layout, file);
    if (status_is(s, REFUSED_IPC_CLOSED))
        fprintf(stderr, "hufu: nobody answers in %s; is `hufu up` running there?\n", directory);
    return status_ok(s) ? EXIT_DONE : command_failed("backup", s);
}

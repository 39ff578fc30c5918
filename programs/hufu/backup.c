#define _GNU_SOURCE
#include "backup_files.h"

#include "base/secret.h"
#include "store/store.h"
#include "terminal.h"
#include "vaultclient/client.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const backup_names[BACKUP_FILES] = { "ledger.db", "domain.db" };
const char *const backup_paths[BACKUP_FILES] = { PATH_DATABASE, PATH_DOMAIN };

static void client_done(VaultClient **client) { vaultclient_close(*client); }

/* The staging folder lies in hufud's own, so that a copy is never more readable than its original.
 */
static void staging_remove(const char *directory)
{
    char path[PATH_BYTES_MAX];
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        char name[64];
        snprintf(name, sizeof(name), "domain/backup/%s", backup_names[i]);
        unlink(path_in(path, directory, name));
    }
    rmdir(path_in(path, directory, "domain/backup"));
}

/* Copy both stores with SQLite's online backup, ledger first: then every payer in it has a PIN
 * record. */
MUST_USE static Status copy_stores(const char *directory)
{
    char folder[PATH_BYTES_MAX];
    char from[PATH_BYTES_MAX];
    char to[PATH_BYTES_MAX];
    CHECK(mkdir(path_in(folder, directory, "domain/backup"), 0700) == 0, FAULT_DISK);
    for (size_t i = 0; i < BACKUP_FILES; i++)
        TRY(store_copy_to(
                path_in(from, directory, backup_paths[i]), path_in(to, folder, backup_names[i])));
    return OK;
}

/* The copy is made as hufud's user: root must not leave files of its own beside a live database. */
MUST_USE static Status copy_as(const Users *users, const char *directory)
{
    const pid_t pid = fork();
    CHECK(pid >= 0, FAULT_SYSTEM);
    if (pid == 0) {
        if (users->separate) {
            if (setgroups(0, NULL) != 0) _exit(127);
            if (setresgid(users->web_group, users->web_group, users->web_group) != 0) _exit(127);
            if (setresuid(users->web, users->web, users->web) != 0) _exit(127);
        }
        _exit(status_ok(copy_stores(directory)) ? 0 : 1);
    }
    int state = 0;
    CHECK(waitpid(pid, &state, 0) == pid, FAULT_SYSTEM);
    CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0, FAULT_STORE);
    return OK;
}

/* A fresh data key from vaultd: wrapped for the file's head, in clear for writing it. */
MUST_USE static Status archive_begin(const char *directory, const char *file, Archive **ret_archive)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory_bytes[4096];
    Buffer memory = BUFFER_OF(memory_bytes);
    CLEANUP(client_done) VaultClient *vault = NULL;
    const VaultClientConfig config = {
        .socket_path = path_in(path, directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    Span wrapped = { 0 };
    Span key = { 0 };
    TRY(vaultclient_open(&config, &vault));
    TRY(vaultclient_wrap_key(vault, &memory, &wrapped, &key));
    const Status s = archive_create(file, wrapped, key, ret_archive);
    bytes_wipe(memory_bytes, sizeof(memory_bytes));
    return s;
}

MUST_USE static Status backup(const char *directory, const Users *users, const char *file)
{
    char path[PATH_BYTES_MAX];
    CLEANUP(archive_close) Archive *archive = NULL;
    TRY(archive_begin(directory, file, &archive));
    TRY(copy_as(users, directory));
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        char name[64];
        snprintf(name, sizeof(name), "domain/backup/%s", backup_names[i]);
        TRY(archive_add(archive, backup_names[i], path_in(path, directory, name)));
    }
    return archive_finish(archive);
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
        "Copy the ledger and the domain store into one encrypted file, while the system runs. The "
        "file's\n"
        "key is fresh, wrapped by the vault, and opened again only for two people (`hufu "
        "restore`). The\n"
        "vault's own folder is not in it: keep DIR/vault/ safe by other means.",
        options, 2 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Layout layout = { .lock_fd = -1 };
    Users users = { 0 };
    Status s = layout_find(directory, &layout);
    if (status_ok(s)) s = users_find(&users);
    if (!status_ok(s)) return command_failed(directory, s);
    char ready[PATH_BYTES_MAX];
    if (access(path_in(ready, layout.directory, PATH_READY), F_OK) != 0) {
        fprintf(stderr, "hufu backup: nothing runs in %s; start it with `hufu up`\n",
                layout.directory);
        return EXIT_FAILED;
    }
    if (access(file, F_OK) == 0) {
        fprintf(stderr, "hufu backup: %s exists; a backup never overwrites another\n", file);
        return EXIT_FAILED;
    }
    staging_remove(layout.directory); /* of a backup that was killed */
    s = backup(layout.directory, &users, file);
    staging_remove(layout.directory);
    if (!status_ok(s)) {
        unlink(file);
        return command_failed("backup", s);
    }
    struct stat about;
    char size[28];
    if (stat(file, &about) == 0) printf("%s  %s bytes\n", file, number_text(about.st_size, size));
    return EXIT_DONE;
}

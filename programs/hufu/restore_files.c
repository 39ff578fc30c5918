#define _GNU_SOURCE
#include "restore_files.h"

#include "audit/log.h"
#include "base/seams.h"
#include "store/replace.h"
#include "vaultclient/fields.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const archive_names[RESTORE_FILES] = { "ledger.db", "domain.db" };
static const char *const live_names[RESTORE_FILES] = { PATH_DATABASE, PATH_DOMAIN };

void restore_files_name(const Layout *layout, bool with_domain, RestoreFiles *files)
{
    const Clock clock = clock_system();
    const long long now_us = (long long)clock_now_us(&clock);
    for (size_t i = 0; i < RESTORE_FILES; i++) {
        char name[128];
        path_in(files->live[i], layout->directory, live_names[i]);
        snprintf(name, sizeof(name), "%s.fresh", live_names[i]);
        path_in(files->fresh[i], layout->directory, name);
        snprintf(name, sizeof(name), "%s.replaced-%lld", live_names[i], now_us);
        path_in(files->kept[i], layout->directory, name);
    }
    files->with_domain = with_domain || access(files->live[RESTORE_DOMAIN], F_OK) != 0;
}

static void file_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* Whoever owns the folder owns the database: hufud's user, and the auditors' group. */
MUST_USE static Status give_to_owner(const RestoreFiles *files, size_t index)
{
    char folder[PATH_BYTES_MAX];
    struct stat about;
    memcpy(folder, files->live[index], sizeof(folder));
    char *slash = strrchr(folder, '/');
    ASSERT(slash != NULL && slash != folder);
    *slash = '\0';
    CHECK(stat(folder, &about) == 0, FAULT_DISK);
    CHECK(chmod(files->fresh[index], index == RESTORE_LEDGER ? 0640 : 0600) == 0, FAULT_DISK);
    if (about.st_uid == geteuid() && about.st_gid == getegid()) return OK;
    CHECK(chown(files->fresh[index], about.st_uid, about.st_gid) == 0, FAULT_DISK);
    return OK;
}

MUST_USE static Status unpack_one(const RestoreFiles *files, size_t index, const Disk *archive,
        const ArchiveHeader *header, Span key)
{
    size_t at = 0;
    while (at < header->manifest.file_count
            && strcmp(header->manifest.files[at].name, archive_names[index]) != 0)
        at++;
    REQUIRE(at < header->manifest.file_count, REFUSED_ARCHIVE_FORMAT);
    CLEANUP(file_close)
    int fd = open(files->fresh[index], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    const Disk to = disk_of_fd(fd);
    TRY(archive_extract(archive, header, key, at, &to));
    return give_to_owner(files, index);
}

static void remove_tails(const char *path)
{
    static const char *const tails[] = { "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        char tail[PATH_BYTES_MAX + 16];
        snprintf(tail, sizeof(tail), "%s%s", path, tails[i]);
        unlink(tail);
    }
}

/* What the two people agree to is this log: it names every row's hash. */
MUST_USE static Status check_tree(const char *ledger, const ArchiveManifest *manifest)
{
    static const StoreSchema *const schemas[] = { &audit_schema };
    const StoreConfig config = { ledger, NULL, schemas, 1 };
    Store *store = NULL;
    MerkleFrontier tree = { 0 };
    MerkleHash root = { 0 };
    TRY(store_open_readonly(&config, &store));
    const Status s = audit_frontier(store, &tree);
    store_close(store);
    remove_tails(ledger);
    TRY(s);
    merkle_root(&tree, &root);
    REQUIRE(tree.size == (uint64_t)manifest->tree_size, REFUSED_AUDIT_ROOT_DIFFERS);
    REQUIRE(bytes_equal_ct(root.bytes, manifest->root, sizeof(manifest->root)),
            REFUSED_AUDIT_ROOT_DIFFERS);
    return OK;
}

Status restore_files_unpack(
        const RestoreFiles *files, const Disk *archive, const ArchiveHeader *header, Span key)
{
    restore_files_remove(files); /* of a restore that was killed */
    TRY(unpack_one(files, RESTORE_LEDGER, archive, header, key));
    if (files->with_domain) TRY(unpack_one(files, RESTORE_DOMAIN, archive, header, key));
    return check_tree(files->fresh[RESTORE_LEDGER], &header->manifest);
}

static void domain_drop(DomainStore **domain) { domain_close(*domain); }

/* vaultd has counted its lines for good: without those of the time since, the log would never prove
 * itself again. A store that cannot be read has none to give. */
MUST_USE static Status carry_reveals(const RestoreFiles *files)
{
    CLEANUP(domain_drop) DomainStore *live = NULL;
    CLEANUP(domain_drop) DomainStore *fresh = NULL;
    TRY(domain_open(files->live[RESTORE_DOMAIN], NULL, &live));
    TRY(domain_open(files->fresh[RESTORE_DOMAIN], NULL, &fresh));
    return fields_carry_reveals(live, fresh);
}

static void prepare_domain(const RestoreFiles *files)
{
    if (access(files->live[RESTORE_DOMAIN], F_OK) != 0) return;
    if (!status_ok(carry_reveals(files)))
        fprintf(stderr,
                "hufu restore: the present domain store cannot be read; reveals since the "
                "backup are missing in the log of reveals, and the audit report says so\n");
    remove_tails(files->fresh[RESTORE_DOMAIN]);
}

Status restore_files_replace(const RestoreFiles *files)
{
    if (files->with_domain) prepare_domain(files);
    for (size_t i = RESTORE_FILES; i-- > 0;) {
        if (i == RESTORE_DOMAIN && !files->with_domain) continue;
        TRY(store_replace(files->live[i], files->fresh[i], files->kept[i]));
    }
    return OK;
}

void restore_files_remove(const RestoreFiles *files)
{
    for (size_t i = 0; i < RESTORE_FILES; i++) {
        unlink(files->fresh[i]);
        remove_tails(files->fresh[i]);
    }
}

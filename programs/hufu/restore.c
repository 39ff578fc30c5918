#define _GNU_SOURCE
#include "backup_files.h"
#include "machine.h"
#include "people.h"

#include "audit/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "store/store.h"
#include "vaultclient/client.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ACCEPT_PAUSE_MS = 50, ACCEPT_TRIES_MAX = 12000, REASON_BYTES_MAX = 200 };

typedef struct Restore {
    const char *file;
    Span reason;
    Layout layout;
    Users users;
    Machine machine;
    Person people[2];
    VaultClient *vault;
    char staging[PATH_BYTES_MAX];
    int64_t leaves; /* of the restored log */
    uint8_t subject[DIGEST_SHA256_BYTES];
} Restore;

static void remove_staging(const Restore *r)
{
    char path[PATH_BYTES_MAX];
    static const char *const tails[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        for (size_t k = 0; k < 3; k++) {
            char name[64];
            snprintf(name, sizeof(name), "%s%s", backup_names[i], tails[k]);
            unlink(path_in(path, r->staging, name));
        }
    }
    rmdir(r->staging);
}

/* Both people open the backup's key; every byte is authentic before anything of it is used. */
MUST_USE static Status unpack(Restore *r)
{
    uint8_t wrapped_bytes[ARCHIVE_WRAPPED_BYTES_MAX];
    uint8_t key_bytes[128];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer wrapped = BUFFER_OF(wrapped_bytes);
    Buffer key = BUFFER_OF(key_bytes);
    CLEANUP(archive_close) Archive *archive = NULL;
    TRY(archive_open(r->file, &wrapped, &archive));
    sha256(span_of_buffer(&wrapped), digest);
    WireApproval approvals[2];
    for (size_t i = 0; i < 2; i++)
        TRY(person_approve(
                &r->people[i], SPAN("unwrap-backup"), SPAN_OF(digest), r->reason, &approvals[i]));
    TRY(vaultclient_unwrap_key(r->vault, approvals, span_of_buffer(&wrapped), &key));
    CHECK(mkdir(r->staging, 0700) == 0, FAULT_DISK);
    const Status s =
            archive_extract(archive, span_of_buffer(&key), r->staging, backup_names, BACKUP_FILES);
    bytes_wipe(key_bytes, sizeof(key_bytes));
    return s;
}

static Status grow(void *context, const uint8_t hash[MERKLE_HASH_BYTES])
{
    MerkleHash leaf;
    memcpy(leaf.bytes, hash, sizeof(leaf.bytes));
    merkle_append(context, &leaf);
    return OK;
}

/* What the two people agree to: the log of the restored ledger, which names every row's hash. */
MUST_USE static Status read_subject(Restore *r)
{
    static const StoreSchema *const schemas[] = { &audit_schema };
    char path[PATH_BYTES_MAX];
    const StoreConfig config = { path_in(path, r->staging, backup_names[0]), NULL, schemas, 1 };
    Store *store = NULL;
    MerkleFrontier tree = { 0 };
    MerkleHash root;
    TRY(store_open_readonly(&config, &store));
    const Status s = audit_each_hash(NULL, store, grow, &tree);
    store_close(store);
    TRY(s);
    merkle_root(&tree, &root);
    r->leaves = (int64_t)tree.size;
    uint8_t size_bytes[8];
    Buffer size = BUFFER_OF(size_bytes);
    TRY(buffer_put_i64(&size, r->leaves));
    const Span parts[] = { SPAN("hufu restored state"), span_of_buffer(&size),
        SPAN_OF(root.bytes) };
    digest_parts(DIGEST_SHA256, parts, 3, r->subject);
    return OK;
}

/* The present files stay beside the restored ones, under the time. */
MUST_USE static Status put_in_place(const Restore *r)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    const Clock clock = clock_system();
    const long long now_s = (long long)(clock_now_us(&clock) / TIME_SECOND_US);
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        char live[PATH_BYTES_MAX];
        char staged[PATH_BYTES_MAX];
        path_in(live, r->layout.directory, backup_paths[i]);
        for (size_t k = 0; k < 3; k++) {
            char old[PATH_BYTES_MAX + 8];
            char kept[PATH_BYTES_MAX + 64];
            snprintf(old, sizeof(old), "%s%s", live, tails[k]);
            snprintf(kept, sizeof(kept), "%s.before-restore-%lld%s", live, now_s, tails[k]);
            if (access(old, F_OK) == 0) CHECK(rename(old, kept) == 0, FAULT_DISK);
        }
        path_in(staged, r->staging, backup_names[i]);
        CHECK(rename(staged, live) == 0, FAULT_DISK);
        CHECK(chmod(live, 0640) == 0, FAULT_DISK);
        if (r->users.separate)
            CHECK(chown(live, r->users.web, i == 0 ? r->users.audit_group : r->users.web_group)
                            == 0,
                    FAULT_DISK);
    }
    return OK;
}

/*
 * hufud shows the restored store to vaultd, which refuses it; between two showings vaultd can be
 * told to accept it. A store that needs no acceptance (nothing happened since the backup) is served
 * at once.
 */
MUST_USE static Status accept(Restore *r)
{
    WireApproval approvals[2];
    for (size_t i = 0; i < 2; i++)
        TRY(person_approve(&r->people[i], SPAN("accept-restore"), SPAN_OF(r->subject), r->reason,
                &approvals[i]));
    machine_start_hufud(&r->machine);
    for (int tries = 0; tries < ACCEPT_TRIES_MAX && !machine_serves(&r->machine); tries++) {
        const Status s = vaultclient_accept_restore(r->vault, approvals);
        if (status_ok(s)) break;
        if (!status_is(s, REFUSED_VAULT_NOT_READY)) return s;
        REQUIRE(!machine_ended(&r->machine, ACCEPT_PAUSE_MS), REFUSED_IPC_CLOSED);
    }
    uint16_t port = 0;
    return machine_await_hufud(&r->machine, &port);
}

MUST_USE static Status restore(Restore *r)
{
    char socket[PATH_BYTES_MAX];
    printf("  starting vaultd\n");
    TRY(machine_start_vaultd(&r->machine));
    const VaultClientConfig config = {
        .socket_path = path_in(socket, r->layout.directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    TRY(vaultclient_open(&config, &r->vault));
    remove_staging(r); /* of a restore that was killed */
    TRY(unpack(r));
    TRY(read_subject(r));
    printf("  the backup is whole: %lld batches in its log\n", (long long)r->leaves);
    TRY(put_in_place(r));
    printf("  starting hufud; %s and %s accept the restored state\n", r->people[0].name,
            r->people[1].name);
    return accept(r);
}

MUST_USE static Status prepare(Restore *r, const char *directory, const OptionList *keys)
{
    TRY(layout_lock(directory, &r->layout));
    TRY(users_find(&r->users));
    path_in(r->staging, r->layout.directory, "domain/restore");
    for (size_t i = 0; i < 2; i++)
        TRY(person_load(r->layout.directory, keys->values[i], &r->people[i]));
    const int never = eventfd(0, EFD_CLOEXEC);
    CHECK(never >= 0, FAULT_SYSTEM);
    return machine_open(&r->layout, &r->users, NULL, never, &r->machine);
}

int command_restore(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *reason = NULL;
    OptionList keys = { 0 };
    Restore r = { .layout = { .lock_fd = -1 } };
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu backup` wrote", &r.file, 0, 0 },
        { "--key", OPTION_LIST, "OPERATOR",
                "twice: a name in DIR/operators/, or a path to NAME.key.pem", &keys, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it stands in the vault's journal (required)",
                &reason, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the stopped system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu restore",
        "Go back to a backup: the only way in which an older state is accepted. The system must "
        "be\n"
        "stopped. Two enrolled operators sign, with their own keys, that the backup is opened and "
        "that its\n"
        "state is accepted; the vault keeps both signatures. The present files are kept beside.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (keys.count != 2 || reason == NULL || strlen(reason) > REASON_BYTES_MAX) {
        fprintf(stderr,
                "hufu restore: --key twice and --reason are required\nSee `hufu restore "
                "--help`.\n");
        return EXIT_USAGE;
    }
    r.reason = span_of_text(reason);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    Status s = prepare(&r, directory, &keys);
    if (status_is(s, REFUSED_STORE_BUSY)) fprintf(stderr, "hufu restore: stop `hufu up` first\n");
    if (status_ok(s)) s = restore(&r);
    vaultclient_close(r.vault);
    machine_close(&r.machine);
    if (r.staging[0] != '\0') remove_staging(&r);
    for (size_t i = 0; i < 2; i++)
        person_free(&r.people[i]);
    layout_close(&r.layout);
    if (!status_ok(s)) return command_failed("restore", s);
    printf("restored; `hufu up` goes on from there\n");
    return EXIT_DONE;
}

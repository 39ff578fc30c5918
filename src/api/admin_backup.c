/*
 * An encrypted copy of both stores while they are used (api/admin.h, "backup").
 *
 * First the audit event, so that no backup exists of which the log says nothing; then the ledger,
 * in which that event already stands; then the domain store, so that every payer of the copied
 * ledger has a PIN record in it.
 */
#include "api/admin_inside.h"

#include "api/event.h"
#include "api/passage.h"
#include "audit/checkpoint.h"
#include "audit/log.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "policy/detect.h"
#include "store/archive.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 400, COPIES = 2, KEY_ANSWER_BYTES_MAX = 1024 };

static const char *const file_names[COPIES] = { "ledger.db", "domain.db" };

typedef struct Backup {
    Admin *admin;
    char path[PATH_BYTES_MAX + 1];
    char unfinished[PATH_BYTES_MAX + 16];
    char copies[COPIES][PATH_BYTES_MAX + 16];
    uint8_t key_memory[KEY_ANSWER_BYTES_MAX]; /* secret */
    Span wrapped;
    Span key;
    uint8_t key_digest[DIGEST_SHA256_BYTES]; /* of the wrapped key: what two people will sign */
    ArchiveManifest manifest;
    uint8_t digest[ARCHIVE_DIGEST_BYTES];
    uint64_t bytes;
} Backup;

/* --- the event --- */

/* The path is the operator's text: the log keeps the file's own name, as far as it fits. */
static Span name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const Span name = span_of_text(slash == NULL ? path : slash + 1);
    return (Span) { name.data,
        name.size < AUDIT_DETAIL_BYTES_MAX ? name.size : AUDIT_DETAIL_BYTES_MAX };
}

static Status write_event(Backup *b, const Asker *asker)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_memory[AUDIT_SUBJECT_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    TRY(buffer_print(&actor, "operator/%s", asker->principal));
    TRY(buffer_put(&subject, SPAN("backup/")));
    TRY(hex_encode(SPAN_OF(b->key_digest), &subject));
    const AuditEvent facts = { .kind = AUDIT_BACKUP,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = name_of(b->path) };
    return event_write(b->admin->config.house->batcher, &facts);
}

/* --- the copies --- */

static void remove_copies(const Backup *b)
{
    static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
    char path[PATH_BYTES_MAX + 32];
    for (size_t i = 0; i < COPIES; i++) {
        for (size_t k = 0; k < sizeof(tails) / sizeof(tails[0]); k++) {
            snprintf(path, sizeof(path), "%s%s", b->copies[i], tails[k]);
            unlink(path);
        }
    }
}

static Status name_files(Backup *b, Span path)
{
    passage_text(b->path, sizeof(b->path), path);
    REQUIRE(b->path[0] == '/' && strlen(b->path) == path.size, REFUSED_ORDER_FIELD);
    TRY(detect_free_text(path));
    snprintf(b->unfinished, sizeof(b->unfinished), "%s.unfinished", b->path);
    snprintf(b->copies[0], sizeof(b->copies[0]), "%s.copy-ledger", b->path);
    snprintf(b->copies[1], sizeof(b->copies[1]), "%s.copy-domain", b->path);
    return OK;
}

/* Size and root of the log inside the copy: what its restorers will agree to. */
static Status read_tree(Backup *b)
{
    static const StoreSchema *const schemas[] = { &audit_schema };
    const StoreConfig config = { b->copies[0], NULL, schemas, 1 };
    Store *store = NULL;
    MerkleFrontier tree = { 0 };
    MerkleHash root = { 0 };
    TRY(store_open_readonly(&config, &store));
    const Status s = audit_frontier(store, &tree);
    store_close(store);
    TRY(s);
    merkle_root(&tree, &root);
    b->manifest.tree_size = (int64_t)tree.size;
    memcpy(b->manifest.root, root.bytes, sizeof(b->manifest.root));
    return OK;
}

static Status read_origin(Backup *b)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    AuditCheckpoint checkpoint = { 0 };
    TRY(vaultclient_checkpoint(b->admin->config.house->vault, &note));
    TRY(audit_checkpoint_parse(span_of_buffer(&note), &checkpoint));
    passage_text(b->manifest.origin, sizeof(b->manifest.origin), span_of_text(checkpoint.origin));
    return OK;
}

static Status copy_stores(Backup *b)
{
    const AdminConfig *config = &b->admin->config;
    remove_copies(b); /* of a backup that was killed */
    TRY(store_copy_to(config->database_path, b->copies[0]));
    TRY(store_copy_to(config->domain_path, b->copies[1]));
    TRY(read_origin(b));
    TRY(read_tree(b));
    b->manifest.time_us = clock_now_us(&config->house->clock);
    return OK;
}

/* --- the archive --- */

static void file_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status open_copy(Backup *b, size_t index, int *ret_fd, Disk *ret_disk)
{
    *ret_fd = open(b->copies[index], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    CHECK(*ret_fd >= 0, FAULT_DISK);
    *ret_disk = disk_of_fd(*ret_fd);
    ArchiveFile *file = &b->manifest.files[index];
    passage_text(file->name, sizeof(file->name), span_of_text(file_names[index]));
    return ret_disk->size(ret_disk->context, &file->size);
}

static Status write_archive(Backup *b)
{
    CLEANUP(file_close) int ledger = -1;
    CLEANUP(file_close) int domain = -1;
    CLEANUP(file_close) int out = -1;
    Disk copies[COPIES];
    b->manifest.file_count = COPIES;
    TRY(open_copy(b, 0, &ledger, &copies[0]));
    TRY(open_copy(b, 1, &domain, &copies[1]));
    unlink(b->unfinished);
    out = open(b->unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    CHECK(out >= 0, FAULT_DISK);
    const Disk to = disk_of_fd(out);
    TRY(archive_write(&to, &b->manifest, b->wrapped, b->key, copies, b->digest));
    TRY(to.size(to.context, &b->bytes));
    /* link() refuses a name that exists: a backup never overwrites another. */
    CHECK(link(b->unfinished, b->path) == 0, FAULT_DISK);
    return OK;
}

static Status sync_folder(const Backup *b)
{
    char folder[PATH_BYTES_MAX + 1];
    memcpy(folder, b->path, sizeof(folder));
    char *slash = strrchr(folder, '/');
    slash[slash == folder ? 1 : 0] = '\0';
    CLEANUP(file_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(fd >= 0 && fsync(fd) == 0, FAULT_DISK);
    return OK;
}

/* --- the operation --- */

static Status make_backup(Backup *b, const Asker *asker)
{
    Buffer memory = BUFFER_OF(b->key_memory);
    TRY(vaultclient_wrap_key(b->admin->config.house->vault, &memory, &b->wrapped, &b->key));
    REQUIRE(b->key.size == ARCHIVE_KEY_BYTES, REFUSED_IPC_FORMAT);
    sha256(b->wrapped, b->key_digest);
    TRY(write_event(b, asker));
    Status s = copy_stores(b);
    if (status_ok(s)) s = write_archive(b);
    remove_copies(b);
    unlink(b->unfinished);
    TRY(s);
    return sync_folder(b);
}

static void answer_hex(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t memory[2 * DIGEST_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    ASSERT(status_ok(hex_encode(bytes, &text)));
    json_key_text(w, key, span_of_buffer(&text));
}

typedef struct BackupJson {
    Span operation;
    Span path;
} BackupJson;

static const JsonField backup_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(BackupJson, operation) },
    { "path", JSON_TEXT, true, 1, PATH_BYTES_MAX, offsetof(BackupJson, path) },
};

Status admin_backup(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    BackupJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), backup_fields, 2, &json, &problem));
    Backup b = { .admin = admin };
    TRY(name_files(&b, json.path));
    REQUIRE(access(b.path, F_OK) != 0, REFUSED_ROW_EXISTS);
    REQUIRE(!atomic_exchange(&admin->backup_runs, true), REFUSED_STORE_BUSY);
    const Status s = make_backup(&b, asker);
    atomic_store(&admin->backup_runs, false);
    bytes_wipe(b.key_memory, sizeof(b.key_memory));
    TRY(s);
    json_key_text(w, "path", span_of_text(b.path));
    json_key_int(w, "bytes", (int64_t)b.bytes);
    json_key_int(w, "tree_size", b.manifest.tree_size);
    answer_hex(w, "manifest", SPAN_OF(b.digest));
    answer_hex(w, "backup", SPAN_OF(b.key_digest));
    return OK;
}

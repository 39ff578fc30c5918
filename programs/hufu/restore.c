#define _GNU_SOURCE
#include "machine.h"
#include "restore_files.h"
#include "terminal.h"
#include "together.h"

#include "base/secret.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "policy/detect.h"
#include "store/replace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 50, LEAVE_MS_MAX = 60000, SERVE_MS_MAX = 1800000, KEY_BYTES_MAX = 128 };

typedef struct Restore {
    const char *file;
    Together together;
    bool with_domain;
    Layout layout;
    Users users;
    VaultCustody custody;
    Machine machine;
    bool own_machine; /* nothing ran: we start vaultd and hufud for the time */
    TogetherSigned both;
    VaultClient *vault;
    int file_fd;
    Disk archive;
    ArchiveHeader header;
    RestoreFiles files;
    StoreGate gate;
    int hold_fd;
    bool replaced;
    uint64_t epoch; /* vaultd's before */
    int64_t old_size;
} Restore;

/* Pause; false when a program that we started is given up. */
static bool pause_ms(const Restore *r, int ms)
{
    if (r->own_machine) return !machine_ended(&r->machine, ms);
    const struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&wait, NULL);
    return true;
}

MUST_USE static Status read_vault(Restore *r, WireStatus *ret_status)
{
    uint8_t bytes[1024];
    Buffer memory = BUFFER_OF(bytes);
    TRY(vaultclient_status(r->vault, &memory, ret_status));
    ret_status->custody = (Span) { NULL, 0 }; /* it borrowed from `bytes` */
    return OK;
}

/* --- before anything is touched --- */

MUST_USE static Status open_archive(Restore *r)
{
    r->file_fd = open(r->file, O_RDONLY | O_CLOEXEC);
    CHECK(r->file_fd >= 0, FAULT_DISK);
    r->archive = disk_of_fd(r->file_fd);
    TRY(archive_header(&r->archive, &r->header));
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    TRY(time_format(r->header.manifest.time_us, &text));
    char leaves[28];
    printf("  the backup is of %.*s, with %s batches in its log\n", (int)text.size,
            (const char *)text.data, number_text(r->header.manifest.tree_size, leaves));
    return OK;
}

/* vaultd looks at both signatures here, so that wrong ones are refused while the present state
 * still serves. */
MUST_USE static Status unpack(Restore *r)
{
    uint8_t key_bytes[KEY_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer key = BUFFER_OF(key_bytes);
    const Span wrapped = { r->header.wrapped, r->header.wrapped_size };
    sha256(wrapped, digest);
    TRY(together_sign(&r->together, SPAN("unwrap-backup"), SPAN_OF(digest), &r->both));
    Status s = vaultclient_unwrap_key(r->vault, r->both.approvals, wrapped, &key);
    if (status_ok(s))
        s = restore_files_unpack(&r->files, &r->archive, &r->header, span_of_buffer(&key));
    bytes_wipe(key_bytes, sizeof(key_bytes));
    return s;
}

/* --- the exchange --- */

/* hufud sees the closed gate, ends in order, and does not come back before it is open. */
MUST_USE static Status await_free_database(Restore *r)
{
    for (int waited = 0; waited < LEAVE_MS_MAX; waited += PAUSE_MS) {
        const Status s = store_hold(r->files.live[RESTORE_LEDGER], &r->hold_fd);
        if (!status_is(s, REFUSED_STORE_BUSY)) return s;
        REQUIRE(pause_ms(r, PAUSE_MS), REFUSED_IPC_CLOSED);
    }
    return REFUSE(REFUSED_STORE_BUSY);
}

MUST_USE static Status write_note(Restore *r)
{
    RestoreNote note = { .old_size = r->old_size, .size = r->header.manifest.tree_size };
    const Span wrapped = { r->header.wrapped, r->header.wrapped_size };
    for (size_t i = 0; i < 2; i++)
        snprintf(note.approvers[i], sizeof(note.approvers[i]), "%s", r->both.names[i]);
    snprintf(note.reason, sizeof(note.reason), "%s", r->together.reason);
    sha256(wrapped, note.archive);
    memcpy(note.root, r->header.manifest.root, sizeof(note.root));
    return store_gate_note(&r->gate, &note);
}

MUST_USE static Status exchange(Restore *r)
{
    TRY(store_gate_close(r->files.live[RESTORE_LEDGER], &r->gate));
    TRY(await_free_database(r));
    WireStatus status = { 0 };
    TRY(read_vault(r, &status));
    r->epoch = status.epoch;
    r->old_size = status.tree_size;
    TRY(write_note(r));
    TRY(restore_files_replace(&r->files));
    r->replaced = true;
    return OK;
}

static void open_gate(Restore *r)
{
    if (r->hold_fd >= 0) close(r->hold_fd);
    r->hold_fd = -1;
    store_gate_open(&r->gate, r->replaced);
}

/* --- the acceptance --- */

/* What vaultd asks two people to sign for a restored state (vault/scan.h). */
static void make_subject(const Restore *r, uint8_t ret_subject[DIGEST_SHA256_BYTES])
{
    uint8_t bytes[8];
    Buffer size = BUFFER_OF(bytes);
    ASSERT(status_ok(buffer_put_i64(&size, r->header.manifest.tree_size)));
    const Span parts[] = { SPAN("hufu restored state"), span_of_buffer(&size),
        SPAN_OF(r->header.manifest.root) };
    digest_parts(DIGEST_SHA256, parts, 3, ret_subject);
}

/* The state needs nobody's acceptance: nothing happened since the backup, and a new scan has proved
 * it. */
static bool is_served(const Restore *r, const WireStatus *status)
{
    const bool same = status->tree_size >= r->header.manifest.tree_size && status->ready;
    return same && status->epoch > r->epoch && r->old_size == r->header.manifest.tree_size;
}

/* hufud shows the restored store to vaultd again and again; after a refused showing vaultd can be
 * told to accept it. */
MUST_USE static Status accept(Restore *r)
{
    uint8_t subject[DIGEST_SHA256_BYTES];
    make_subject(r, subject);
    for (int waited = 0; waited < SERVE_MS_MAX; waited += PAUSE_MS) {
        WireStatus status = { 0 };
        TRY(read_vault(r, &status));
        if (is_served(r, &status)) return OK;
        REQUIRE(pause_ms(r, PAUSE_MS), REFUSED_IPC_CLOSED);
        if (status.epoch <= r->epoch) continue; /* what vaultd has seen so far is another state */
        TRY(together_sign(&r->together, SPAN("accept-restore"), SPAN_OF(subject), &r->both));
        const Status s = vaultclient_accept_restore(r->vault, r->both.approvals);
        if (!status_is(s, REFUSED_VAULT_NOT_READY)) return s;
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

/* hufud takes the note away when it stands in the audit log. */
MUST_USE static Status await_audited(Restore *r)
{
    for (int waited = 0; waited < SERVE_MS_MAX; waited += PAUSE_MS) {
        RestoreNote note = { 0 };
        bool found = false;
        TRY(store_note_read(r->files.live[RESTORE_LEDGER], &note, &found));
        if (!found) return OK;
        REQUIRE(pause_ms(r, PAUSE_MS), REFUSED_IPC_CLOSED);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

/* --- the command --- */

MUST_USE static Status connect_vault(Restore *r)
{
    char path[PATH_BYTES_MAX];
    path_in(path, r->layout.directory, PATH_OPERATOR_SOCKET);
    if (r->own_machine) {
        printf("  starting vaultd\n");
        TRY(machine_start_vaultd(&r->machine));
    }
    const VaultClientConfig config = { .socket_path = path, .channels = 1 };
    return vaultclient_open(&config, &r->vault);
}

/* Both acts of a restore, for people elsewhere. */
MUST_USE static Status request(const Restore *r)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t subject[DIGEST_SHA256_BYTES];
    sha256((Span) { r->header.wrapped, r->header.wrapped_size }, digest);
    make_subject(r, subject);
    const WireApproval wanted[] = {
        { .operation = SPAN("unwrap-backup"), .subject = SPAN_OF(digest) },
        { .operation = SPAN("accept-restore"), .subject = SPAN_OF(subject) },
    };
    return together_request(&r->together, wanted, 2);
}

MUST_USE static Status restore(Restore *r)
{
    TRY(open_archive(r));
    if (r->together.request != NULL) return request(r);
    TRY(connect_vault(r));
    TRY(unpack(r));
    printf("  the backup is whole; %s and %s may open it\n", r->both.names[0], r->both.names[1]);
    const Status s = exchange(r);
    open_gate(r);
    TRY(s);
    printf("  the databases are exchanged; hufud shows the restored state to the vault\n");
    if (r->own_machine) machine_start_hufud(&r->machine);
    TRY(accept(r));
    return await_audited(r);
}

MUST_USE static Status prepare(Restore *r)
{
    char path[PATH_BYTES_MAX];
    const char *directory = r->together.directory;
    TRY(layout_find(directory, &r->layout));
    TRY(together_load(&r->together, &r->both));
    if (r->together.request != NULL) return OK;
    restore_files_name(&r->layout, r->with_domain, &r->files);
    if (socket_listens(path_in(path, r->layout.directory, PATH_OPERATOR_SOCKET))) return OK;
    TRY(layout_lock(directory, &r->layout));
    TRY(users_find(r->layout.directory, &r->users));
    TRY(vault_custody_find(&r->layout, &r->custody));
    const int never = eventfd(0, EFD_CLOEXEC);
    CHECK(never >= 0, FAULT_SYSTEM);
    TRY(machine_open(&r->layout, &r->users, &r->custody, NULL, never, &r->machine));
    r->own_machine = true;
    return OK;
}

static void finish(Restore *r)
{
    vaultclient_close(r->vault);
    if (r->own_machine) machine_close(&r->machine);
    if (r->file_fd >= 0) close(r->file_fd);
    if (r->files.fresh[0][0] != '\0') restore_files_remove(&r->files);
    together_signed_done(&r->both);
    layout_close(&r->layout);
}

static int tell(const Restore *r, Status s)
{
    const int64_t lost = r->old_size - r->header.manifest.tree_size;
    if (!status_ok(s) && r->replaced)
        fprintf(stderr,
                "hufu restore: the restored state stands in its place, but is not accepted: "
                "nothing is served.\n"
                "  Run `hufu restore` again, or put %s back.\n",
                r->files.kept[RESTORE_LEDGER]);
    if (!status_ok(s)) return command_failed("restore", s);
    char number[28];
    printf("restored: batch %s is the newest; ", number_text(r->header.manifest.tree_size, number));
    printf("%s later batches, with every payment in them, are no longer served\n",
            number_text(lost, number));
    printf("  kept      %s\n", r->files.kept[RESTORE_LEDGER]);
    printf("  approved  %s, %s: %s\n", r->both.names[0], r->both.names[1], r->together.reason);
    if (r->own_machine) printf("`hufu up` goes on from there\n");
    return EXIT_DONE;
}

static bool is_reason(const char *reason)
{
    return span_is_utf8(span_of_text(reason)) && status_ok(detect_free_text(span_of_text(reason)));
}

int command_restore(int argc, char **argv)
{
    Restore r = { .together = { .directory = directory_default() },
        .layout = { .lock_fd = -1 },
        .gate = { .fd = -1 },
        .hold_fd = -1,
        .file_fd = -1 };
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu backup` wrote", &r.file, 0, 0 },
        { "--domain", OPTION_FLAG, NULL,
                "put the domain store back too; PINs set since the backup are then refused",
                &r.with_domain, 0, 0 },
        TOGETHER_OPTIONS_WHY(
                r.together, "why, up to 100 bytes; it is signed and audited (required)"),
    };
    const Usage usage = { "hufu restore",
        "Go back to a backup: the only way in which an older state is accepted. Two enrolled "
        "operators\n"
        "sign, with their own keys, that the backup is opened and that its state is accepted; the "
        "vault\n"
        "checks both, and the audit log goes on with both names and the reason. What was there is "
        "kept\n"
        "beside. A running hufud makes way and comes back with the restored state.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&r.together, "restore", REPLACE_REASON_BYTES_MAX)) return EXIT_USAGE;
    if (!is_reason(r.together.reason)) {
        fprintf(stderr, "hufu restore: a reason is text without card numbers\n");
        return EXIT_USAGE;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    const Status prepared = prepare(&r);
    if (status_is(prepared, REFUSED_STORE_BUSY))
        fprintf(stderr, "hufu restore: `hufu up` runs in %s but its vaultd does not answer\n",
                r.together.directory);
    const Status s = status_ok(prepared) ? restore(&r) : prepared;
    exit_status = tell(&r, s);
    finish(&r);
    return exit_status;
}

#define _GNU_SOURCE
#include "turn_mode.h"

#include "ceremony_mode.h"
#include "folder.h"
#include "opening.h"
#include "process.h"
#include "root.h"

#include "base/log.h"
#include "crypto/library.h"
#include "vault/approval.h"
#include "vault/events.h"

#include <stdio.h>
#include <unistd.h>

enum { SUBJECT_BYTES_MAX = 128 };

typedef struct Turn {
    const Options *options; /* of the vault as it is */
    Options next; /* the same with the new custody's */
    Files files;
    SecretArena *arena;
    Keys *keys;
    Memory *memory;
    Secret old_root;
    Secret root;
    ShareSet set;
    uint8_t act_memory[ROOT_TURN_ACT_BYTES_MAX];
    Buffer act;
    int64_t asked_us; /* when it was handed in */
    WireApproval people[2]; /* into the act */
    MemoryApprovals approvals;
} Turn;

static void turn_done(Turn *t)
{
    memory_close(t->memory);
    keys_close(t->keys);
    secret_arena_close(t->arena);
    files_close(&t->files);
    secret_wipe(&t->root);
    secret_wipe(&t->old_root);
}

static Status read_act(Turn *t)
{
    const Clock clock = clock_system();
    t->act = (Buffer)BUFFER_OF(t->act_memory);
    t->asked_us = clock_now_us(&clock);
    for (;;) {
        const size_t space = t->act.capacity - t->act.size;
        const ssize_t n = read(STDIN_FILENO, t->act.data + t->act.size, space);
        CHECK(n >= 0, FAULT_IPC);
        if (n == 0) return OK;
        t->act.size += (size_t)n;
    }
}

/* --- what two people signed --- */

static Status put_subject(const Options *next, Buffer *b)
{
    switch (next->custody) {
    case CUSTODY_UNATTENDED:
        REQUIRE(next->hsm.token != NULL, REFUSED_HSM_TOKEN);
        return buffer_print(b, "unattended/%s", next->hsm.token);
    case CUSTODY_CUSTODIANS:
        return buffer_print(b, "custodians/%u/%u", next->shares_needed, next->share_count);
    default: return buffer_print(b, "development");
    }
}

static Status check_act(Turn *t)
{
    uint8_t memory[SUBJECT_BYTES_MAX];
    Buffer subject = BUFFER_OF(memory);
    Cursor c = cursor_of(span_of_buffer(&t->act));
    TRY(put_subject(&t->next, &subject));
    TRY(approval_take_people(
            t->memory, &c, SPAN("turn-root"), t->asked_us, t->people, &t->approvals));
    TRY(cursor_end(&c));
    REQUIRE(span_equal(t->people[0].subject, span_of_buffer(&subject)), REFUSED_APPROVAL_INVALID);
    return memory_event_room(t->memory);
}

/* --- the log --- */

static Status tell_act(Keys *keys, Memory *memory, Span act)
{
    const VaultEvents events = { memory, clock_system() };
    TRY(memory_note_keystore(memory, keys_generation(keys)));
    return events_act(&events, VAULT_ROOT_TURN, act);
}

Status turn_tell(const Files *files, Keys *keys, Memory *memory)
{
    uint8_t bytes[ROOT_TURN_ACT_BYTES_MAX];
    Buffer act = BUFFER_OF(bytes);
    if (!files->turned) return OK;
    CLEANUP(folder_close) FolderFiles opened;
    const Folder folder = folder_open(files->directory_fd, &opened);
    TRY(root_turn_act(&folder, keys, &act));
    TRY(tell_act(keys, memory, span_of_buffer(&act)));
    TRY(root_turn_end(&folder));
    LOG(LOG_ALERT, "vault.root_turned");
    return OK;
}

/* --- the turn --- */

static Status open_vault(Turn *t)
{
    bool ceremony = false;
    TRY(process_harden());
    TRY(library_start());
    TRY(read_act(t));
    TRY(files_open(t->options->directory, &t->files));
    REQUIRE(!t->files.is_new, REFUSED_CUSTODY_FILE);
    TRY(secret_arena_open(KEYS_SECRET_BYTES, &t->arena));
    TRY(opening_test());
    TRY(root_get(t->options, &t->files, &t->old_root));
    TRY(opening_keys(t->options, &t->files, &t->old_root, t->arena, &t->keys, &ceremony));
    TRY(opening_memory(&t->files, t->keys, &t->memory));
    TRY(memory_note_keystore(t->memory, keys_generation(t->keys))); /* no older one is turned */
    return turn_tell(&t->files, t->keys, t->memory); /* of an earlier one that was cut */
}

/* The shares are in their owners' hands before it is decided that they open the vault. */
static Status exchange(Turn *t)
{
    uint8_t file_memory[CUSTODY_FILE_BYTES_MAX];
    Buffer file = BUFFER_OF(file_memory);
    CLEANUP(folder_close) FolderFiles opened;
    const Folder folder = folder_open(t->files.directory_fd, &opened);
    Status s = root_renew(&t->next, &t->files, &t->root, &file, &t->set);
    const RootTurn turn = { &t->root, t->next.custody, span_of_buffer(&file),
        span_of_buffer(&t->act) };
    if (status_ok(s)) s = root_turn_make(&folder, t->keys, &turn);
    bytes_wipe(file_memory, sizeof(file_memory));
    TRY(s);
    t->files.turned = true;
    return turn_tell(&t->files, t->keys, t->memory);
}

static Status write_record(Turn *t)
{
    CeremonyTurn turn = { .custody = custody_name(t->options->custody),
        .approved = { t->people[0].name, t->people[1].name },
        .reason = t->people[0].reason };
    root_check_value(&t->old_root, turn.old_check);
    root_check_value(&t->root, turn.new_check);
    return ceremony_mode_record(&t->next, t->keys, &t->set, &turn);
}

static Status run(Turn *t)
{
    TRY(open_vault(t));
    TRY(check_act(t));
    TRY(memory_spend_approvals(t->memory, &t->approvals));
    TRY(exchange(t));
    return write_record(t);
}

Status turn_mode_run(const Options *options)
{
    CLEANUP(turn_done)
    Turn t = { .options = options,
        .next = *options,
        .files = { .directory_fd = -1, .fds = { -1, -1, -1, -1, -1, -1 } } };
    t.next.custody = options->next_custody;
    t.next.hsm = options->next_hsm;
    t.next.hsm.program = options->hsm.program;
    return run(&t);
}

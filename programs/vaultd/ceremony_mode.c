#define _GNU_SOURCE
#include "ceremony_mode.h"

#include "files.h"
#include "opening.h"
#include "process.h"
#include "root.h"

#include "crypto/library.h"

#include <unistd.h>

enum { RECORD_BYTES_MAX = 16384 };

Status ceremony_mode_record(
        const Options *o, Keys *keys, const ShareSet *set, const CeremonyTurn *turn)
{
    static uint8_t memory[RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(memory);
    const CeremonyFacts facts = { .custody = custody_name(o->custody),
        .token = o->custody == CUSTODY_UNATTENDED ? o->hsm.token : NULL,
        .needed = set->needed,
        .count = set->count,
        .set = SPAN_OF(set->set),
        .who = o->who,
        .who_count = o->who_count,
        .turn = turn,
        .time_us = clock_now_us(&(Clock) { .now_us = clock_system().now_us }) };
    TRY(ceremony_record_put(keys, &facts, &record));
    if (o->record_fd < 0) return OK;
    CHECK(write(o->record_fd, memory, record.size) == (ssize_t)record.size, FAULT_DISK);
    IGNORE(fsync(o->record_fd) == 0 ? OK : BROKEN(FAULT_DISK), "it may be a pipe");
    return OK;
}

Status ceremony_mode_run(const Options *o)
{
    CLEANUP(files_close) Files files = { .directory_fd = -1, .fds = { -1, -1, -1, -1, -1, -1 } };
    CLEANUP(arena_done) SecretArena *arena = NULL;
    CLEANUP(keys_done) Keys *keys = NULL;
    CLEANUP(secret_wipe) Secret root = { 0 };
    ShareSet set = { 0 };
    bool ceremony = false;
    TRY(process_harden());
    TRY(library_start());
    TRY(files_open(o->directory, &files));
    TRY(secret_arena_open(KEYS_SECRET_BYTES, &arena));
    TRY(opening_test());
    TRY(root_make(o, &files, &root, &set));
    TRY(opening_keys(o, &files, &root, arena, &keys, &ceremony));
    return ceremony_mode_record(o, keys, &set, NULL);
}

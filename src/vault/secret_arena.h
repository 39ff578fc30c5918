#pragma once
/*
 * secret_arena: the memory in which keys live: never swapped, never in a core dump, empty in a
 * forked child, between two guard pages. It alone is locked (mlock), not the process.
 *
 * Made at start, before the sandbox closes. Not thread-safe: the owner takes while it starts, or
 * under its own lock.
 */
#include "base/bytes.h"

enum {
    SECRET_ARENA_BYTES_MAX = 4 * 1024 * 1024,
    SECRET_ARENA_ALIGN = 64,
};

typedef struct SecretArena SecretArena;

/* size  1..SECRET_ARENA_BYTES_MAX, rounded up to whole pages
 * Faults FAULT_MEMORY; FAULT_SYSTEM when the memory cannot be locked (see `ulimit -l`). */
MUST_USE Status secret_arena_open(size_t size, SecretArena **ret_arena);

/* Take zeroed memory, aligned for anything; it lives until the arena is wiped or closed.
 * Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status secret_arena_take(SecretArena *arena, size_t size, void **ret_bytes);

/* Wipe all that was taken: it is nobody's from here on, and can be taken anew. */
void secret_arena_wipe(SecretArena *arena);
void secret_arena_close(SecretArena *arena); /* wipes; NULL is fine */

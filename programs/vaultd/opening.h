#pragma once
/*
 * opening: what every way of running vaultd opens: key store and journals.
 */
#include "files.h"
#include "options.h"
#include "vault/attached_memory.h"
#include "vault/memory.h"
#include "vault/secret_arena.h"

/* Before the first key is made or used: algorithms and the source of randomness (keys/health.h). */
MUST_USE Status opening_test(void);
/* Refuses and faults as keys_open(). KEYS_SECRET_BYTES of the arena are taken. */
MUST_USE Status opening_keys(const Options *options, const Files *files, const Secret *root,
        SecretArena *arena, Keys **ret_keys, bool *ret_ceremony);
/* As memory_open() and attached_memory_open(). */
MUST_USE Status opening_memory(const Files *files, const Keys *keys, Memory **ret_memory);
MUST_USE Status opening_attached(const Files *files, const Keys *keys, AttachedMemory **ret_memory);

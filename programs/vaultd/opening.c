#define _GNU_SOURCE
#include "opening.h"

#include "keys/health.h"

Status opening_test(void)
{
    const Random random = random_system();
    TRY(health_check_algorithms());
    return health_check_source(&random);
}

Status opening_keys(const Options *options, const Files *files, const Secret *root,
        SecretArena *arena, Keys **ret_keys, bool *ret_ceremony)
{
    void *secrets = NULL;
    TRY(secret_arena_take(arena, KEYS_SECRET_BYTES, &secrets));
    KeysConfig config = {
        .segments = { files->keys[0], files->keys[1] },
        .root = root,
        .suite = options->suite,
        .random = random_system(),
        .clock = clock_system(),
        .secrets = secrets,
    };
    memcpy(config.limits, options->limits, sizeof(config.limits));
    return keys_open(&config, ret_keys, ret_ceremony);
}

Status opening_memory(const Files *files, const Keys *keys, Memory **ret_memory)
{
    MemoryConfig config = {
        .segments = { files->journal[0], files->journal[1] },
        .journal_key = keys_secret(keys, KEY_JOURNAL),
    };
    keyed_hash_key(&config.names, keys_secret(keys, KEY_MAP)->bytes);
    const Status s = memory_open(&config, ret_memory);
    bytes_wipe(&config.names, sizeof(config.names));
    return s;
}

Status opening_attached(const Files *files, const Keys *keys, AttachedMemory **ret_memory)
{
    AttachedMemoryConfig config = {
        .segments = { files->attached[0], files->attached[1] },
        .journal_key = keys_secret(keys, KEY_JOURNAL),
    };
    keyed_hash_key(&config.names, keys_secret(keys, KEY_MAP)->bytes);
    const Status s = attached_memory_open(&config, ret_memory);
    bytes_wipe(&config.names, sizeof(config.names));
    return s;
}

#include "keys/keys_inside.h"

#include "base/time.h"
#include "crypto/derive.h"

#include <stdlib.h>

/* --- the store --- */

static SealSuite store_suite(const Keys *keys)
{
    return keys->suite == KEYS_SM ? SEAL_SM4_GCM : SEAL_AES_256_GCM;
}

static void begin_suite(Keys *keys)
{
    seal_key_init(&keys->secrets->store, store_suite(keys), 0, 1, keys->store_key);
    bytes_wipe(keys->store_key, sizeof(keys->store_key));
    keys->has_instance = true;
}

static Status load_instance(Keys *keys, Span payload)
{
    Cursor c = cursor_of(payload);
    uint8_t version = 0;
    uint8_t suite = 0;
    REQUIRE(!keys->has_instance, REFUSED_KEYSTORE_TAMPERED);
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &suite));
    TRY(cursor_copy(&c, KEYS_INSTANCE_BYTES, keys->instance));
    TRY(cursor_i64(&c, &keys->created_us));
    TRY(cursor_end(&c));
    const bool known =
            version == KEYS_RECORD_VERSION && (suite == KEYS_INTERNATIONAL || suite == KEYS_SM);
    REQUIRE(known, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(keys->suite == 0 || keys->suite == (KeysSuite)suite, REFUSED_KEYSTORE_SUITE);
    keys->suite = (KeysSuite)suite;
    begin_suite(keys);
    return OK;
}

static Status load_changes(Keys *keys, Span payload)
{
    Cursor c = cursor_of(payload);
    TRY(cursor_u64(&c, &keys->generation));
    return cursor_end(&c);
}

static Status replay(void *context, uint16_t kind, Span payload)
{
    Keys *keys = context;
    if (kind == KEYS_CHANGES) return load_changes(keys, payload);
    keys->generation++;
    switch (kind) {
    case KEYS_INSTANCE: return load_instance(keys, payload);
    case KEYS_KEY: return key_record_load(keys, payload);
    case KEYS_TURN:
        REQUIRE(keys->has_instance, REFUSED_KEYSTORE_TAMPERED);
        return pair_load_turn(keys, payload);
    case KEYS_COMPLETE: keys->complete = true; return OK;
    case KEYS_DESTROYED: return version_replay_destroyed(keys, payload);
    case KEYS_USES: return version_replay_uses(keys, payload);
    default: return REFUSE(REFUSED_KEYSTORE_TAMPERED);
    }
}

static Status put_instance(const Keys *keys, Buffer *b)
{
    TRY(buffer_put_u8(b, KEYS_RECORD_VERSION));
    TRY(buffer_put_u8(b, (uint8_t)keys->suite));
    TRY(buffer_put(b, SPAN_OF(keys->instance)));
    return buffer_put_i64(b, keys->created_us);
}

static Status snapshot(void *context, Journal *journal)
{
    const Keys *keys = context;
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(put_instance(keys, &b));
    TRY(journal_snapshot_put(journal, KEYS_INSTANCE, span_of_buffer(&b)));
    TRY(pairs_snapshot(keys, journal));
    TRY(versions_snapshot(keys, journal));
    if (keys->complete) TRY(journal_snapshot_put(journal, KEYS_COMPLETE, (Span) { NULL, 0 }));
    b.size = 0;
    TRY(buffer_put_u64(&b, keys->generation)); /* the last: it counts for all before it */
    return journal_snapshot_put(journal, KEYS_CHANGES, span_of_buffer(&b));
}

Status keys_append(Keys *keys, KeysKind kind, Span payload)
{
    uint64_t position = 0;
    TRY(journal_append(keys->journal, (uint16_t)kind, payload, &position));
    keys->generation++;
    return OK;
}

Status keys_make_durable(Keys *keys)
{
    return journal_sync(keys->journal, journal_position(keys->journal));
}

static void derive(const Secret *root, const char *what, uint8_t ret_key[KEYS_SYMMETRIC_BYTES])
{
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, MAC_HMAC_SHA256, secret_span(root));
    const Span parts[] = { span_of_text(what) };
    derive_expand(&key, parts, 1, ret_key, KEYS_SYMMETRIC_BYTES);
}

static Status open_journal(Keys *keys, const Secret *root, const Disk segments[2])
{
    CLEANUP(secret_wipe) Secret journal_key = { .size = KEYS_SYMMETRIC_BYTES };
    derive(root, "hufu key store: journal", journal_key.bytes);
    const JournalConfig journal = {
        .segments = { segments[0], segments[1] },
        .key = &journal_key,
        .segment_bytes = KEYS_SEGMENT_BYTES,
        .replay = replay,
        .snapshot = snapshot,
        .context = keys,
    };
    return journal_open(&journal, &keys->journal);
}

static Status open_store(Keys *keys, const KeysConfig *config)
{
    derive(config->root, "hufu key store: seal", keys->store_key);
    const Status s = open_journal(keys, config->root, config->segments);
    const bool suspicious = status_refused(s) && !status_is(s, REFUSED_KEYSTORE_SUITE);
    REQUIRE(!suspicious, REFUSED_KEYSTORE_TAMPERED);
    return s;
}

static Status begin_instance(Keys *keys)
{
    if (keys->suite == 0) keys->suite = KEYS_INTERNATIONAL;
    TRY(random_fill(&keys->random, keys->instance, sizeof(keys->instance)));
    keys->created_us = clock_now_us(&keys->clock);
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(put_instance(keys, &b));
    TRY(keys_append(keys, KEYS_INSTANCE, span_of_buffer(&b)));
    begin_suite(keys);
    return OK;
}

/* A store of an earlier release lacks the roles that came later: they are made now. */
static Status bring_up_to_date(Keys *keys)
{
    REQUIRE(ceremony_is_whole(keys), REFUSED_KEYSTORE_TAMPERED);
    if (!ceremony_is_up_to_date(keys)) TRY(ceremony_hold(keys));
    TRY(versions_bury(keys));
    const Status s = keys_rotate_due(keys, NULL);
    /* A role that cannot be rotated is told by KEY_LIST; it still opens and, within its uses,
     * protects. */
    return status_broken(s) ? s : OK;
}

static Status open_keys(Keys *keys, const KeysConfig *config, bool *ret_ceremony)
{
    TRY(open_store(keys, config));
    if (keys->complete) {
        TRY(bring_up_to_date(keys));
        *ret_ceremony = false;
        return OK;
    }
    if (!keys->has_instance) TRY(begin_instance(keys));
    TRY(ceremony_hold(keys));
    *ret_ceremony = true;
    return OK;
}

static Status take_memory(Keys *keys)
{
    memset(keys->secrets, 0, sizeof(*keys->secrets));
    keys->entries = calloc(KEYS_ENTRIES_MAX, sizeof(KeyEntry *));
    keys->turns = calloc(KEYS_TURNS_MAX, sizeof(KeyTurn));
    keys->remains = calloc(KEYS_DESTROYED_MAX, sizeof(KeyRemains));
    CHECK(keys->entries != NULL && keys->turns != NULL && keys->remains != NULL, FAULT_MEMORY);
    return OK;
}

Status keys_open(const KeysConfig *config, Keys **ret_keys, bool *ret_ceremony)
{
    ASSERT(config->root->size == KEYS_SYMMETRIC_BYTES);
    Keys *keys = calloc(1, sizeof(*keys));
    CHECK(keys != NULL, FAULT_MEMORY);
    pthread_rwlock_init(&keys->lock, NULL);
    keys->clock = config->clock;
    keys->random = config->random;
    keys->suite = config->suite;
    keys->secrets = config->secrets;
    memcpy(keys->limits, config->limits, sizeof(keys->limits));
    Status s = take_memory(keys);
    if (status_ok(s)) s = open_keys(keys, config, ret_ceremony);
    if (!status_ok(s)) {
        keys_close(keys);
        return s;
    }
    *ret_keys = keys;
    return OK;
}

void keys_close(Keys *keys)
{
    if (keys == NULL) return;
    journal_close(keys->journal);
    while (keys->entry_count > 0)
        key_entry_drop(keys, keys->entry_count - 1);
    free(keys->entries);
    free(keys->turns);
    free(keys->remains);
    bytes_wipe(keys->secrets, sizeof(*keys->secrets));
    pthread_rwlock_destroy(&keys->lock);
    bytes_wipe(keys, sizeof(*keys));
    free(keys);
}

/* --- under another root --- */

static Status reseal_all(Keys *keys, const SealKey *next)
{
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        KeyVersion *v = &keys->secrets->versions[i];
        if (v->role != 0) TRY(key_record_reseal(keys, next, v->payload, v->payload_bytes));
    }
    for (size_t i = 0; i < keys->entry_count; i++) {
        KeyEntry *entry = keys->entries[i];
        TRY(key_record_reseal(keys, next, entry->payload, entry->payload_bytes));
    }
    return OK;
}

Status keys_reseal(Keys *keys, const Secret *root, const Disk segments[2])
{
    ASSERT(root->size == KEYS_SYMMETRIC_BYTES);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    CLEANUP(seal_key_wipe) SealKey next;
    uint8_t bytes[KEYS_SYMMETRIC_BYTES];
    derive(root, "hufu key store: seal", bytes);
    seal_key_init(&next, store_suite(keys), 0, 1, bytes);
    bytes_wipe(bytes, sizeof(bytes));
    TRY(reseal_all(keys, &next));
    keys->secrets->store = next;
    keys->generation++; /* an older store put back is seen to be older */
    journal_close(keys->journal);
    keys->journal = NULL;
    TRY(open_journal(keys, root, segments));
    return journal_renew(keys->journal);
}

/* --- what is there --- */

KeysSuite keys_suite(const Keys *keys) { return keys->suite; }

Span keys_instance(const Keys *keys) { return (Span) { keys->instance, KEYS_INSTANCE_BYTES }; }

uint64_t keys_generation(Keys *keys)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    return keys->generation;
}

const MacKey *keys_digest(const Keys *keys) { return &keys->current[KEY_DIGEST]->key.mac; }

const Secret *keys_secret(const Keys *keys, KeyRole role)
{
    ASSERT(role == KEY_JOURNAL || role == KEY_MAP || role == KEY_PSEUDONYM);
    return &keys->current[role]->key.raw;
}

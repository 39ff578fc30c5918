#include "keys/keys_inside.h"

#include "base/time.h"
#include "crypto/derive.h"

#include <stdlib.h>

/* --- the store --- */

static void begin_suite(Keys *keys)
{
    const SealSuite suite = keys->suite == KEYS_SM ? SEAL_SM4_GCM : SEAL_AES_256_GCM;
    seal_key_init(&keys->secrets->store, suite, 0, 1, keys->store_key);
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

static Status replay(void *context, uint16_t kind, Span payload)
{
    Keys *keys = context;
    switch (kind) {
    case KEYS_INSTANCE: return load_instance(keys, payload);
    case KEYS_KEY: return key_record_load(keys, payload);
    case KEYS_COMPLETE: keys->complete = true; return OK;
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
    for (size_t i = 0; i < keys->entry_count; i++) {
        const KeyEntry *entry = &keys->entries[i];
        const Span payload = { entry->payload, entry->payload_bytes };
        TRY(journal_snapshot_put(journal, KEYS_KEY, payload));
    }
    if (!keys->complete) return OK;
    return journal_snapshot_put(journal, KEYS_COMPLETE, (Span) { NULL, 0 });
}

static void derive(const Secret *root, const char *what, uint8_t ret_key[KEYS_SYMMETRIC_BYTES])
{
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, MAC_HMAC_SHA256, secret_span(root));
    const Span parts[] = { span_of_text(what) };
    derive_expand(&key, parts, 1, ret_key, KEYS_SYMMETRIC_BYTES);
}

static Status open_store(Keys *keys, const KeysConfig *config)
{
    CLEANUP(secret_wipe) Secret journal_key = { .size = KEYS_SYMMETRIC_BYTES };
    derive(config->root, "hufu key store: journal", journal_key.bytes);
    derive(config->root, "hufu key store: seal", keys->store_key);
    const JournalConfig journal = {
        .segments = { config->segments[0], config->segments[1] },
        .key = &journal_key,
        .segment_bytes = KEYS_SEGMENT_BYTES,
        .replay = replay,
        .snapshot = snapshot,
        .context = keys,
    };
    const Status s = journal_open(&journal, &keys->journal);
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
    uint64_t position = 0;
    TRY(put_instance(keys, &b));
    TRY(journal_append(keys->journal, KEYS_INSTANCE, span_of_buffer(&b), &position));
    begin_suite(keys);
    return OK;
}

static Status open_keys(Keys *keys, const KeysConfig *config, bool *ret_ceremony)
{
    TRY(open_store(keys, config));
    if (keys->complete) {
        REQUIRE(ceremony_is_whole(keys), REFUSED_KEYSTORE_TAMPERED);
        *ret_ceremony = false;
        return OK;
    }
    if (!keys->has_instance) TRY(begin_instance(keys));
    TRY(ceremony_hold(keys));
    *ret_ceremony = true;
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
    memset(keys->secrets, 0, sizeof(*keys->secrets));
    keys->entries = calloc(KEYS_ENTRIES_MAX, sizeof(KeyEntry));
    const Status s =
            keys->entries != NULL ? open_keys(keys, config, ret_ceremony) : BROKEN(FAULT_MEMORY);
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
    for (size_t i = 0; i < keys->entry_count; i++)
        key_entry_close(&keys->entries[i]);
    free(keys->entries);
    bytes_wipe(keys->secrets, sizeof(*keys->secrets));
    pthread_rwlock_destroy(&keys->lock);
    bytes_wipe(keys, sizeof(*keys));
    free(keys);
}

/* --- what is there --- */

KeysSuite keys_suite(const Keys *keys) { return keys->suite; }

Span keys_instance(const Keys *keys) { return (Span) { keys->instance, KEYS_INSTANCE_BYTES }; }

const MacKey *keys_row_seal(const Keys *keys, uint32_t version, uint32_t *ret_version)
{
    const uint32_t wanted = version == 0 ? keys->row_seal_version : version;
    if (wanted > keys->row_seal_version) return NULL;
    const MacKey *key = &keys->secrets->row_seals[wanted - 1];
    if (key->algorithm == 0) return NULL; /* a version that was never made */
    if (ret_version != NULL) *ret_version = wanted;
    return key;
}

const MacKey *keys_digest(const Keys *keys) { return &keys->secrets->digest; }

const SealKey *keys_seal_key(const Keys *keys, KeyRole role)
{
    ASSERT(role == KEY_PEPPER || role == KEY_FIELD || role == KEY_BACKUP);
    if (role == KEY_PEPPER) return &keys->secrets->pepper;
    return role == KEY_FIELD ? &keys->secrets->field : &keys->secrets->backup;
}

const Secret *keys_secret(const Keys *keys, KeyRole role)
{
    ASSERT(role == KEY_JOURNAL || role == KEY_MAP);
    return role == KEY_JOURNAL ? &keys->secrets->journal : &keys->secrets->map;
}

const PrivateKey *keys_private(const Keys *keys, KeyRole role)
{
    ASSERT(role >= KEY_PLATFORM_RSA && role <= KEY_CHECKPOINT_SM2);
    return keys_entry(keys, role)->private_key;
}

const Certificate *keys_certificate(const Keys *keys, KeyRole role)
{
    ASSERT(role >= KEY_PLATFORM_RSA && role <= KEY_TLS_CA);
    return keys_entry(keys, role)->certificate;
}

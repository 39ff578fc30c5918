/* The box keys of the days: the only keys that come and go while vaultd runs. Their entries stand
 * behind the ceremony's, so those never move and may be read without the lock. */
#include "keys/keys_inside.h"

#include "base/encoding.h"
#include "base/time.h"

#include <stdio.h>

static void unlock(Keys **keys) { pthread_rwlock_unlock(&(*keys)->lock); }

/* 20260131 for that business day: a person can read it off a box. */
static uint32_t key_id_of(int32_t day)
{
    char text[9];
    time_business_day_text(day, text);
    uint32_t id = 0;
    for (size_t i = 0; i < 8; i++)
        id = id * 10 + (uint32_t)(text[i] - '0');
    return id;
}

static const KeyEntry *find(const Keys *keys, uint32_t key_id)
{
    for (size_t i = 0; i < keys->entry_count; i++) {
        const KeyEntry *entry = &keys->entries[i];
        if (entry->role == KEY_BOX && entry->key_id == key_id) return entry;
    }
    return NULL;
}

/* Forget what can open nothing any more. */
static void drop_old(Keys *keys, int64_t now_us)
{
    for (size_t i = keys->entry_count; i-- > 0;) {
        const KeyEntry *entry = &keys->entries[i];
        if (entry->role != KEY_BOX) continue;
        if (entry->expires_us + KEYS_BOX_GRACE_US < now_us) key_entry_drop(keys, i);
    }
}

static Status take_point(const KeyEntry *entry, KeysBox *ret_box)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(private_key_public(entry->private_key), &spki));
    CHECK(spki.size > BOX_POINT_BYTES, FAULT_CRYPTO);
    memcpy(ret_box->point, spki.data + spki.size - BOX_POINT_BYTES, BOX_POINT_BYTES);
    ret_box->key_id = entry->key_id;
    ret_box->suite = entry->algorithm == KEY_SM2 ? BOX_SM2_SM4_GCM : BOX_P256_AES_256_GCM;
    ret_box->expires_us = entry->expires_us;
    return OK;
}

static Status make_today(Keys *keys, int32_t day, int64_t now_us)
{
    drop_old(keys, now_us);
    const KeyAlgorithm algorithm = keys->suite == KEYS_SM ? KEY_SM2 : KEY_P256;
    TRY(ceremony_pair(
            keys, KEY_BOX, algorithm, key_id_of(day), time_business_day_start_us(day + 1), NULL));
    uint64_t position = 0;
    /* An empty mark after it: journal_sync() wants the position of the last record. */
    TRY(journal_append(keys->journal, KEYS_COMPLETE, (Span) { NULL, 0 }, &position));
    return journal_sync(keys->journal, position);
}

Status keys_box_today(Keys *keys, KeysBox *ret_box)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    const int32_t day = time_business_day(now_us);
    CLEANUP(unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    const KeyEntry *entry = find(keys, key_id_of(day));
    if (entry == NULL) {
        TRY(make_today(keys, day, now_us));
        entry = find(keys, key_id_of(day));
        CHECK(entry != NULL, FAULT_CRYPTO);
    }
    /* Also when another call made it: what nobody could open after a restart is not given out. */
    TRY(journal_sync(keys->journal, journal_position(keys->journal)));
    return take_point(entry, ret_box);
}

Status keys_box_open(Keys *keys, const Box *box, Buffer *ret_plain)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    CLEANUP(unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    const KeyEntry *entry = find(keys, box->key_id);
    REQUIRE(entry != NULL && now_us <= entry->expires_us + KEYS_BOX_GRACE_US,
            REFUSED_BOX_KEY_UNKNOWN);
    return box_open(entry->private_key, box, ret_plain);
}

/* --- what is told --- */

static const char *const role_names[KEY_ROLE_COUNT] = {
    [KEY_ROW_SEAL] = "seal",
    [KEY_DIGEST] = "digest",
    [KEY_JOURNAL] = "journal",
    [KEY_PEPPER] = "pepper",
    [KEY_FIELD] = "field",
    [KEY_BACKUP] = "backup",
    [KEY_MAP] = "map",
    [KEY_PLATFORM_RSA] = "platform-rsa",
    [KEY_PLATFORM_SM2] = "platform-sm2",
    [KEY_TLS_CA] = "tls-ca",
    [KEY_CHECKPOINT_ED25519] = "checkpoint-ed25519",
    [KEY_CHECKPOINT_SM2] = "checkpoint-sm2",
    [KEY_BOX] = "box",
};

static const char *secret_algorithm(const Keys *keys, KeyRole role)
{
    const bool sm = keys->suite == KEYS_SM;
    switch (role) {
    case KEY_ROW_SEAL: return sm ? "HMAC-SM3" : "HMAC-SHA256";
    case KEY_DIGEST: return "HMAC-SHA512";
    case KEY_JOURNAL: return "HMAC-SHA256";
    case KEY_MAP: return "SipHash-2-4-128";
    default: return sm ? "SM4-GCM" : "AES-256-GCM";
    }
}

static const char *algorithm_name(const Keys *keys, const KeyEntry *entry)
{
    switch (entry->algorithm) {
    case KEY_RSA: return "RSA-2048";
    case KEY_SM2: return "SM2";
    case KEY_ED25519: return "Ed25519";
    case KEY_P256: return "P-256";
    default: return secret_algorithm(keys, entry->role);
    }
}

static void fill_facts(const Keys *keys, const KeyEntry *entry, KeyFacts *ret)
{
    *ret = (KeyFacts) {
        .algorithm = algorithm_name(keys, entry),
        .version = entry->version,
        .created_us = entry->created_us,
        .expires_us = entry->expires_us,
    };
    const char *name = role_names[entry->role];
    if (entry->role == KEY_BOX)
        snprintf(ret->name, sizeof(ret->name), "%s/%u", name, entry->key_id);
    else
        snprintf(ret->name, sizeof(ret->name), "%s", name);
    if (entry->certificate == NULL) return;
    Buffer serial = { (uint8_t *)ret->serial, 0, CERTIFICATE_SERIAL_TEXT_MAX };
    IGNORE(certificate_serial(entry->certificate, &serial), "a serial of ours fits");
}

size_t keys_facts(Keys *keys, KeyFacts ret_facts[KEYS_FACTS_MAX])
{
    CLEANUP(unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    for (size_t i = 0; i < keys->entry_count; i++)
        fill_facts(keys, &keys->entries[i], &ret_facts[i]);
    return keys->entry_count;
}

/* The box keys of the days. */
#include "keys/keys_inside.h"

#include "base/encoding.h"
#include "base/time.h"

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
        const KeyEntry *entry = keys->entries[i];
        if (entry->head.role == KEY_BOX && entry->head.key_id == key_id) return entry;
    }
    return NULL;
}

/* Forget what can open nothing any more. */
static void drop_old(Keys *keys, int64_t now_us)
{
    for (size_t i = keys->entry_count; i-- > 0;) {
        const KeyEntry *entry = keys->entries[i];
        if (entry->head.role != KEY_BOX) continue;
        if (entry->head.expires_us + KEYS_BOX_GRACE_US < now_us) key_entry_drop(keys, i);
    }
}

static Status take_point(const KeyEntry *entry, KeysBox *ret_box)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(private_key_public(entry->private_key), &spki));
    CHECK(spki.size > BOX_POINT_BYTES, FAULT_CRYPTO);
    memcpy(ret_box->point, spki.data + spki.size - BOX_POINT_BYTES, BOX_POINT_BYTES);
    ret_box->key_id = entry->head.key_id;
    ret_box->suite = entry->head.algorithm == KEY_SM2 ? BOX_SM2_SM4_GCM : BOX_P256_AES_256_GCM;
    ret_box->expires_us = entry->head.expires_us;
    return OK;
}

static Status make_today(Keys *keys, int32_t day, int64_t now_us)
{
    drop_old(keys, now_us);
    const KeyAlgorithm algorithm = keys->suite == KEYS_SM ? KEY_SM2 : KEY_P256;
    CLEANUP(fresh_pair_done) FreshPair fresh = { 0 };
    TRY(ceremony_make_box(
            keys, algorithm, key_id_of(day), time_business_day_start_us(day + 1), &fresh));
    TRY(ceremony_put(keys, &fresh));
    return keys_make_durable(keys);
}

Status keys_box_today(Keys *keys, KeysBox *ret_box)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    const int32_t day = time_business_day(now_us);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    const KeyEntry *entry = find(keys, key_id_of(day));
    if (entry == NULL) {
        TRY(make_today(keys, day, now_us));
        entry = find(keys, key_id_of(day));
        CHECK(entry != NULL, FAULT_CRYPTO);
    }
    /* Also when another call made it: what nobody could open after a restart is not given out. */
    TRY(keys_make_durable(keys));
    return take_point(entry, ret_box);
}

/* The lock is held for reading. */
static Status find_living(Keys *keys, uint32_t key_id, const KeyEntry **ret_entry)
{
    const KeyEntry *entry = find(keys, key_id);
    REQUIRE(entry != NULL
                    && clock_now_us(&keys->clock) <= entry->head.expires_us + KEYS_BOX_GRACE_US,
            REFUSED_BOX_KEY_UNKNOWN);
    *ret_entry = entry;
    return OK;
}

/* Its expiry is authentic only when it opens; until then a wrong one refuses nobody but its sender.
 */
static Status check_life(const Box *box, int64_t now_us)
{
    if (!box->is_spelled) return OK;
    REQUIRE(box->context.expiry_us >= now_us, REFUSED_BOX_EXPIRED);
    REQUIRE(box->context.expiry_us - now_us <= KEYS_SPELLED_LIFE_US, REFUSED_BOX_CONTEXT);
    return OK;
}

Status keys_box_open(Keys *keys, const Box *box, Buffer *ret_plain)
{
    TRY(check_life(box, clock_now_us(&keys->clock)));
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    const KeyEntry *entry = NULL;
    TRY(find_living(keys, box->key_id, &entry));
    return box_open(entry->private_key, box, ret_plain);
}

Status keys_box_accept(Keys *keys, const Box *box, BoxSession *ret_session)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    const KeyEntry *entry = NULL;
    TRY(find_living(keys, box->key_id, &entry));
    return box_session_accept(entry->private_key, box, ret_session);
}

Status keys_box_pad(
        Keys *keys, uint32_t key_id, Span encapsulated, uint8_t ret_digits[BOX_PAD_KEYS])
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    const KeyEntry *entry = NULL;
    TRY(find_living(keys, key_id, &entry));
    return box_pad(entry->private_key, encapsulated, ret_digits);
}

/* The versions of symmetric keys: how they come, are counted, grow old and go. */
#include "keys/keys_inside.h"

#include "base/time.h"

enum { ROTATE_AT_TENTHS = 9 };

/* --- finding; the lock is held, but for the current one --- */

static KeyVersion *find(const Keys *keys, KeyRole role, uint32_t version)
{
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        KeyVersion *v = &keys->secrets->versions[i];
        if (v->role == role && v->version == version) return v;
    }
    return NULL;
}

const KeyRemains *version_remains(const Keys *keys, KeyRole role, uint32_t version)
{
    for (size_t i = 0; i < keys->remains_count; i++) {
        const KeyRemains *r = &keys->remains[i];
        if (r->role == role && r->version == version) return r;
    }
    return NULL;
}

static uint32_t newest(const Keys *keys, KeyRole role)
{
    uint32_t version = 0;
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        const KeyVersion *v = &keys->secrets->versions[i];
        if (v->role == role && v->version > version) version = v->version;
    }
    for (size_t i = 0; i < keys->remains_count; i++) {
        const KeyRemains *r = &keys->remains[i];
        if (r->role == role && r->version > version) version = r->version;
    }
    return version;
}

/* --- limits --- */

static bool rotates(KeyRole role)
{
    const Role *r = role_of(role);
    return r != NULL && r->rotation != ROTATION_NEVER;
}

static bool has_form(KeyRole role, RoleForm form)
{
    const Role *r = role_of(role);
    return r != NULL && r->form == form;
}

static bool rotates_itself(KeyRole role)
{
    return role_of(role)->rotation == ROTATION_DUE || role_of(role)->rotation == ROTATION_MONTHLY;
}

/* When the business month after this moment begins. */
static int64_t next_month_us(int64_t time_us)
{
    char month[9];
    char text[9];
    int32_t day = time_business_day(time_us);
    time_business_day_text(day, month);
    do
        time_business_day_text(++day, text);
    while (span_equal((Span) { (uint8_t *)month, 6 }, (Span) { (uint8_t *)text, 6 }));
    return time_business_day_start_us(day);
}

int64_t version_due_us(const Keys *keys, const KeyVersion *version)
{
    const Role *role = role_of(version->role);
    if (role->rotation == ROTATION_NEVER) return 0;
    const int64_t set_us = keys->limits[version->role].period_us;
    if (set_us == 0 && role->rotation == ROTATION_MONTHLY)
        return next_month_us(version->created_us);
    return version->created_us + (set_us != 0 ? set_us : role->period_us);
}

uint64_t version_uses_max(const Keys *keys, KeyRole role)
{
    const uint64_t set = keys->limits[role].uses_max;
    return set != 0 ? set : role_of(role)->uses_max;
}

/* --- records --- */

static Status put_uses(const KeyVersion *version, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)version->role));
    TRY(buffer_put_u32(b, version->version));
    return buffer_put_u64(b, version->uses_durable);
}

static Status put_remains(const KeyRemains *remains, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)remains->role));
    TRY(buffer_put_u32(b, remains->version));
    TRY(buffer_put_i64(b, remains->created_us));
    return buffer_put_i64(b, remains->destroyed_us);
}

static Status take_remains(Span payload, KeyRemains *ret)
{
    Cursor c = cursor_of(payload);
    uint8_t role = 0;
    TRY(cursor_u8(&c, &role));
    TRY(cursor_u32(&c, &ret->version));
    TRY(cursor_i64(&c, &ret->created_us));
    TRY(cursor_i64(&c, &ret->destroyed_us));
    TRY(cursor_end(&c));
    REQUIRE(rotates(role), REFUSED_KEYSTORE_TAMPERED);
    ret->role = (KeyRole)role;
    return OK;
}

Status versions_snapshot(const Keys *keys, Journal *journal)
{
    uint8_t memory[64];
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        const KeyVersion *v = &keys->secrets->versions[i];
        Buffer b = BUFFER_OF(memory);
        if (v->role == 0) continue;
        TRY(journal_snapshot_put(journal, KEYS_KEY, (Span) { v->payload, v->payload_bytes }));
        TRY(put_uses(v, &b));
        TRY(journal_snapshot_put(journal, KEYS_USES, span_of_buffer(&b)));
    }
    for (size_t i = 0; i < keys->remains_count; i++) {
        Buffer b = BUFFER_OF(memory);
        TRY(put_remains(&keys->remains[i], &b));
        TRY(journal_snapshot_put(journal, KEYS_DESTROYED, span_of_buffer(&b)));
    }
    return OK;
}

/* --- how they come --- */

static void fill(const Keys *keys, KeyVersion *v, Span secret)
{
    const bool sm = keys->suite == KEYS_SM;
    switch (role_of(v->role)->form) {
    case ROLE_SEALS:
        seal_key_init(&v->key.seal, sm ? SEAL_SM4_GCM : SEAL_AES_256_GCM, (uint32_t)v->role,
                v->version, secret.data);
        return;
    case ROLE_MACS: {
        const MacAlgorithm algorithm = sm ? MAC_HMAC_SM3 : MAC_HMAC_SHA256;
        mac_key_init(&v->key.mac, v->role == KEY_DIGEST ? MAC_HMAC_SHA512 : algorithm, secret);
        return;
    }
    default: ASSERT(status_ok(secret_set(&v->key.raw, secret))); return;
    }
}

Status version_load(Keys *keys, const KeyHead *head, Span payload, Span secret)
{
    const Role *role = role_of(head->role);
    REQUIRE(role->form != ROLE_PAIR && head->version > 0, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(secret.size == KEYS_SYMMETRIC_BYTES, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(payload.size <= KEYS_VERSION_RECORD_BYTES, REFUSED_KEYSTORE_TAMPERED);
    const bool is_new = find(keys, head->role, head->version) == NULL
            && version_remains(keys, head->role, head->version) == NULL;
    REQUIRE(is_new, REFUSED_KEYSTORE_TAMPERED);
    KeyVersion *v = find(keys, (KeyRole)0, 0);
    REQUIRE(v != NULL, REFUSED_KEY_VERSIONS_FULL);
    v->role = head->role;
    v->version = head->version;
    v->created_us = head->created_us;
    v->payload_bytes = payload.size;
    memcpy(v->payload, payload.data, payload.size);
    fill(keys, v, secret);
    const KeyVersion *current = keys->current[head->role];
    const bool is_newest = current == NULL || current->version < v->version;
    if (is_newest && !keys->withhold) keys->current[head->role] = v;
    return OK;
}

Status version_add(Keys *keys, KeyRole role, const Secret *secret)
{
    REQUIRE(find(keys, (KeyRole)0, 0) != NULL, REFUSED_KEY_VERSIONS_FULL);
    const KeyHead head = {
        .role = role,
        .algorithm = ALGORITHM_SECRET,
        .version = newest(keys, role) + 1,
        .key_id = (uint32_t)role,
        .created_us = clock_now_us(&keys->clock),
    };
    return key_record_add(keys, &head, NULL, secret_span(secret));
}

Status version_make(Keys *keys, KeyRole role)
{
    CLEANUP(secret_wipe) Secret secret = { .size = KEYS_SYMMETRIC_BYTES };
    TRY(random_fill(&keys->random, secret.bytes, secret.size));
    return version_add(keys, role, &secret);
}

/* What is appended but not durable could be gone after a power cut, and what was sealed with it
 * unreadable: nobody gets the new version before. */
static Status rotate(Keys *keys, KeyRole role)
{
    keys->withhold = true;
    Status s = version_make(keys, role);
    if (status_ok(s)) s = keys_make_durable(keys);
    keys->withhold = false;
    if (status_ok(s)) keys->current[role] = find(keys, role, newest(keys, role));
    return s;
}

Status keys_rotate(Keys *keys, KeyRole role)
{
    REQUIRE(rotates(role) && !has_form(role, ROLE_PAIR), REFUSED_KEY_NOT_ROTATED);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    return rotate(keys, role);
}

Status keys_rotate_due(Keys *keys, uint32_t *ret_rotated)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    uint32_t rotated = 0;
    Status first = OK;
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    for (uint32_t role = 0; role < KEY_ROLE_COUNT; role++) {
        if (!rotates((KeyRole)role) || !rotates_itself((KeyRole)role)) continue;
        if (version_due_us(keys, keys->current[role]) > now_us) continue;
        const Status s = rotate(keys, (KeyRole)role);
        if (status_ok(s))
            rotated++;
        else if (status_ok(first))
            first = s;
    }
    if (ret_rotated != NULL) *ret_rotated = rotated;
    return first;
}

/* --- how they are counted --- */

Status version_replay_uses(Keys *keys, Span payload)
{
    Cursor c = cursor_of(payload);
    uint8_t role = 0;
    uint32_t number = 0;
    uint64_t uses = 0;
    TRY(cursor_u8(&c, &role));
    TRY(cursor_u32(&c, &number));
    TRY(cursor_u64(&c, &uses));
    TRY(cursor_end(&c));
    KeyVersion *v = role == 0 ? NULL : find(keys, (KeyRole)role, number);
    REQUIRE(v != NULL, REFUSED_KEYSTORE_TAMPERED);
    v->uses = uses;
    v->uses_durable = uses;
    return OK;
}

static uint64_t rotate_at(const Keys *keys, KeyRole role)
{
    return version_uses_max(keys, role) / 10 * ROTATE_AT_TENTHS;
}

/* Set further uses aside, durably, before the first of them. */
static Status reserve(Keys *keys, KeyVersion *v)
{
    const uint64_t uses = v->uses;
    const uint64_t max = version_uses_max(keys, v->role);
    if (uses <= v->uses_durable) return OK;
    REQUIRE(uses <= max, REFUSED_KEY_BUDGET_SPENT);
    uint64_t next = uses + KEYS_USE_STEP;
    const uint64_t turn = rotate_at(keys, v->role);
    if (uses < turn && next > turn) next = turn; /* so that the turn is not overlooked */
    if (next > max) next = max;
    const uint64_t before = v->uses_durable;
    v->uses_durable = next;
    uint8_t memory[16];
    Buffer b = BUFFER_OF(memory);
    Status s = put_uses(v, &b);
    if (status_ok(s)) s = keys_append(keys, KEYS_USES, span_of_buffer(&b));
    if (status_ok(s)) s = keys_make_durable(keys);
    if (!status_ok(s)) v->uses_durable = before;
    return s;
}

/* The step is used up: rotate, or set another one aside. */
static Status count_slowly(Keys *keys, KeyRole role, uint64_t uses)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    KeyVersion *v = keys->current[role];
    if (v->uses > rotate_at(keys, role) && rotates_itself(role)) {
        /* When no other can be made this one goes on, to the end of its uses. */
        const Status s = rotate(keys, role);
        if (status_broken(s)) return s;
        if (status_ok(s)) {
            v = keys->current[role];
            v->uses += uses;
        }
    }
    return reserve(keys, v);
}

Status keys_count_uses(Keys *keys, KeyRole role, uint64_t uses)
{
    ASSERT(rotates(role));
    KeyVersion *v = keys->current[role];
    if (atomic_fetch_add(&v->uses, uses) + uses <= v->uses_durable) return OK;
    return count_slowly(keys, role, uses);
}

/* --- how they are used --- */

static Status look_up(const Keys *keys, KeyRole role, uint32_t number, const KeyVersion **ret)
{
    const KeyVersion *current = keys->current[role];
    const bool is_current = number == 0 || number == current->version;
    const KeyVersion *v = is_current ? current : find(keys, role, number);
    REQUIRE(v != NULL || version_remains(keys, role, number) == NULL, REFUSED_KEY_DESTROYED);
    REQUIRE(v != NULL, REFUSED_KEY_UNKNOWN);
    *ret = v;
    return OK;
}

uint32_t keys_current_version(Keys *keys, KeyRole role)
{
    if (keys->current[role] != NULL) return keys->current[role]->version;
    ASSERT(has_form(role, ROLE_PAIR) && role != KEY_BOX);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    return pair_current(keys, role)->head.version;
}

static Status pair_created(
        const Keys *keys, KeyRole role, uint32_t version, int64_t *ret_created_us)
{
    const KeyEntry *entry = pair_find(keys, role, version);
    REQUIRE(entry != NULL || version_remains(keys, role, version) == NULL, REFUSED_KEY_DESTROYED);
    REQUIRE(entry != NULL, REFUSED_KEY_UNKNOWN);
    *ret_created_us = entry->head.created_us;
    return OK;
}

Status keys_version_created(Keys *keys, KeyRole role, uint32_t version, int64_t *ret_created_us)
{
    const KeyVersion *v = NULL;
    REQUIRE(rotates(role), REFUSED_KEY_NOT_ROTATED);
    REQUIRE(version > 0, REFUSED_KEY_UNKNOWN);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    if (has_form(role, ROLE_PAIR)) return pair_created(keys, role, version, ret_created_us);
    TRY(look_up(keys, role, version, &v));
    *ret_created_us = v->created_us;
    return OK;
}

Status keys_seal_copy(Keys *keys, KeyRole role, uint32_t version, SealKey *ret_key)
{
    ASSERT(has_form(role, ROLE_SEALS));
    if (version == 0) TRY(keys_count_uses(keys, role, 1));
    const KeyVersion *v = NULL;
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    TRY(look_up(keys, role, version, &v));
    *ret_key = v->key.seal;
    return OK;
}

Status keys_seal_copy_for(Keys *keys, KeyRole role, Span sealed, SealKey *ret_key)
{
    SealHeader header;
    TRY(seal_parse(sealed, &header));
    REQUIRE(header.key_id == (uint32_t)role && header.key_version > 0, REFUSED_SEAL_FORMAT);
    return keys_seal_copy(keys, role, header.key_version, ret_key);
}

Status keys_mac_copy(
        Keys *keys, KeyRole role, uint32_t version, MacKey *ret_key, uint32_t *ret_version)
{
    ASSERT(has_form(role, ROLE_MACS) && rotates(role));
    if (version == 0) TRY(keys_count_uses(keys, role, 1));
    const KeyVersion *v = NULL;
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    TRY(look_up(keys, role, version, &v));
    *ret_key = v->key.mac;
    if (ret_version != NULL) *ret_version = v->version;
    return OK;
}

const MacKey *keys_row_seal(Keys *keys, uint32_t version, uint32_t *ret_version)
{
    const KeyVersion *v = keys->current[KEY_ROW_SEAL];
    if (version != 0 && version != v->version) {
        CLEANUP(keys_unlock) Keys *held = keys;
        pthread_rwlock_rdlock(&held->lock);
        v = find(keys, KEY_ROW_SEAL, version);
    }
    if (v == NULL) return NULL;
    if (ret_version != NULL) *ret_version = v->version;
    return &v->key.mac;
}

/* --- how they go --- */

static void bury_in_memory(Keys *keys, KeyVersion *v)
{
    bytes_wipe(v, sizeof(*v));
    keys->buried = true;
}

Status version_replay_destroyed(Keys *keys, Span payload)
{
    KeyRemains remains = { 0 };
    TRY(take_remains(payload, &remains));
    REQUIRE(keys->remains_count < KEYS_DESTROYED_MAX, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(version_remains(keys, remains.role, remains.version) == NULL,
            REFUSED_KEYSTORE_TAMPERED);
    KeyVersion *v = find(keys, remains.role, remains.version);
    if (has_form(remains.role, ROLE_PAIR)) TRY(pair_replay_destroyed(keys, &remains));
    REQUIRE(v == NULL || v != keys->current[remains.role], REFUSED_KEYSTORE_TAMPERED);
    if (v != NULL) bury_in_memory(keys, v); /* its record stands before this one */
    keys->remains[keys->remains_count++] = remains;
    return OK;
}

Status versions_bury(Keys *keys)
{
    if (!keys->buried) return OK;
    TRY(journal_renew(keys->journal));
    keys->buried = false;
    return OK;
}

Status version_note_destroyed(Keys *keys, const KeyRemains *remains)
{
    uint8_t memory[32];
    Buffer b = BUFFER_OF(memory);
    REQUIRE(keys->remains_count < KEYS_DESTROYED_MAX, REFUSED_KEY_VERSIONS_FULL);
    TRY(put_remains(remains, &b));
    TRY(keys_append(keys, KEYS_DESTROYED, span_of_buffer(&b)));
    TRY(keys_make_durable(keys));
    keys->remains[keys->remains_count++] = *remains;
    return OK;
}

Status keys_destroy(Keys *keys, KeyRole role, uint32_t version)
{
    REQUIRE(rotates(role), REFUSED_KEY_NOT_ROTATED);
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    if (has_form(role, ROLE_PAIR)) return pair_destroy(keys, role, version);
    const KeyVersion *known = NULL;
    TRY(look_up(keys, role, version, &known));
    REQUIRE(known != keys->current[role], REFUSED_KEY_IN_USE);
    const KeyRemains remains = { role, version, known->created_us, clock_now_us(&keys->clock) };
    TRY(version_note_destroyed(keys, &remains));
    bury_in_memory(keys, find(keys, role, version));
    return versions_bury(keys);
}

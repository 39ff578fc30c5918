#include "keys/pairs.h"

#include "base/time.h"
#include "keys/keys_inside.h"

#include <stdlib.h>

#define TURN_TIME_US_MAX (366 * TIME_DAY_US)

static bool is_turned(KeyRole role)
{
    const Role *r = role_of(role);
    return r != NULL && r->form == ROLE_PAIR && r->rotation != ROTATION_NEVER;
}

static bool signs_the_log(KeyRole role)
{
    return role == KEY_CHECKPOINT_ED25519 || role == KEY_CHECKPOINT_SM2;
}

/* --- finding; the lock is held --- */

KeyEntry *pair_find(const Keys *keys, KeyRole role, uint32_t version)
{
    for (size_t i = 0; i < keys->entry_count; i++) {
        KeyEntry *entry = keys->entries[i];
        if (entry->head.role == role && entry->head.version == version) return entry;
    }
    return NULL;
}

static KeyTurn *find_turn(const Keys *keys, KeyRole role, uint32_t version)
{
    for (size_t i = 0; i < KEYS_TURNS_MAX; i++) {
        KeyTurn *turn = &keys->turns[i];
        if (turn->role == role && turn->version == version) return turn;
    }
    return NULL;
}

bool pair_has_turn(const Keys *keys, KeyRole role, uint32_t version)
{
    return find_turn(keys, role, version) != NULL;
}

/* A turn whose key was never written (the power went) is none. */
const KeyTurn *pair_turn(const Keys *keys, KeyRole role, uint32_t version)
{
    const bool is_made =
            pair_find(keys, role, version) != NULL || version_remains(keys, role, version) != NULL;
    return is_made ? find_turn(keys, role, version) : NULL;
}

/* A key of the log has begun once it is made, whatever the clock says afterwards: the one before it
 * has handed over at a size of the log, and whatever it signed behind that would be refused. */
static bool is_begun(const Keys *keys, const KeyEntry *entry, int64_t now_us)
{
    const KeyTurn *turn = pair_turn(keys, entry->head.role, entry->head.version);
    return turn == NULL || turn->from_us <= now_us || signs_the_log(entry->head.role);
}

/* Should the clock be put back before every version that lives, the oldest of them goes on. */
KeyEntry *pair_current(const Keys *keys, KeyRole role)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    KeyEntry *current = NULL;
    for (size_t i = 0; i < keys->entry_count; i++) {
        KeyEntry *entry = keys->entries[i];
        if (entry->head.role != role) continue;
        const bool later = current == NULL || entry->head.version > current->head.version;
        if (later && (current == NULL || is_begun(keys, entry, now_us))) current = entry;
    }
    return current;
}

int64_t pair_ends_us(const Keys *keys, const KeyEntry *entry)
{
    const KeyTurn *next = pair_turn(keys, entry->head.role, entry->head.version + 1);
    return next == NULL ? 0 : next->ends_us;
}

KeyState pair_state(const Keys *keys, const KeyEntry *entry)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    if (entry->head.role == KEY_BOX || entry == pair_current(keys, entry->head.role))
        return KEY_CURRENT;
    if (!is_begun(keys, entry, now_us)) return KEY_NEXT;
    const bool overlaps = !signs_the_log(entry->head.role);
    return overlaps && now_us < pair_ends_us(keys, entry) ? KEY_OLD : KEY_ENDED;
}

/* --- holding --- */

static Status may_sign(const Keys *keys, const KeyEntry *entry)
{
    const int64_t now_us = clock_now_us(&keys->clock);
    const KeyTurn *next = pair_turn(keys, entry->head.role, entry->head.version + 1);
    if (entry == pair_current(keys, entry->head.role)) return OK;
    REQUIRE(is_begun(keys, entry, now_us), REFUSED_KEY_NOT_CURRENT);
    REQUIRE(next != NULL && now_us < next->from_us + KEYS_TURN_GRACE_US, REFUSED_KEY_NOT_CURRENT);
    return OK;
}

static void hold(KeyEntry *entry, KeyPair *ret_pair)
{
    atomic_fetch_add(&entry->holders, 1);
    *ret_pair = (KeyPair) { entry->private_key, entry->certificate, entry->head.version, entry };
}

Status keys_pair_hold(Keys *keys, KeyRole role, uint32_t version, KeyPair *ret_pair)
{
    ASSERT(is_turned(role));
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    KeyEntry *entry = version == 0 ? pair_current(keys, role) : pair_find(keys, role, version);
    REQUIRE(entry != NULL || version_remains(keys, role, version) == NULL, REFUSED_KEY_DESTROYED);
    REQUIRE(entry != NULL, REFUSED_KEY_UNKNOWN);
    TRY(may_sign(keys, entry));
    hold(entry, ret_pair);
    return OK;
}

Status keys_pair_hold_to_open(Keys *keys, KeyRole role, uint32_t version, KeyPair *ret_pair)
{
    ASSERT(is_turned(role));
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    KeyEntry *entry = pair_find(keys, role, version);
    REQUIRE(entry != NULL || version_remains(keys, role, version) == NULL, REFUSED_KEY_DESTROYED);
    REQUIRE(entry != NULL, REFUSED_KEY_UNKNOWN);
    REQUIRE(pair_state(keys, entry) != KEY_ENDED, REFUSED_KEY_NOT_CURRENT);
    hold(entry, ret_pair);
    return OK;
}

Status keys_pair_hold_old(Keys *keys, KeyRole role, KeyPair *ret_pair)
{
    ASSERT(is_turned(role));
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    KeyEntry *newest = NULL;
    for (size_t i = 0; i < keys->entry_count; i++) {
        KeyEntry *entry = keys->entries[i];
        if (entry->head.role != role || pair_state(keys, entry) != KEY_OLD) continue;
        if (newest == NULL || entry->head.version > newest->head.version) newest = entry;
    }
    REQUIRE(newest != NULL, REFUSED_KEY_UNKNOWN);
    hold(newest, ret_pair);
    return OK;
}

void keys_pair_release(KeyPair *pair)
{
    if (pair->entry != NULL) atomic_fetch_sub(&pair->entry->holders, 1);
    *pair = (KeyPair) { 0 };
}

static KeyEntry *current_of(Keys *keys, KeyRole role)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    return pair_current(keys, role);
}

const PrivateKey *keys_private(Keys *keys, KeyRole role)
{
    ASSERT(role >= KEY_PLATFORM_RSA && role <= KEY_CHECKPOINT_SM2);
    return current_of(keys, role)->private_key;
}

const Certificate *keys_certificate(Keys *keys, KeyRole role)
{
    ASSERT(role >= KEY_PLATFORM_RSA && role <= KEY_TLS_CA);
    return current_of(keys, role)->certificate;
}

/* --- turning --- */

static Status put_turn(const KeyTurn *turn, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)turn->role));
    TRY(buffer_put_u32(b, turn->version));
    TRY(buffer_put_i64(b, turn->from_us));
    TRY(buffer_put_i64(b, turn->ends_us));
    TRY(buffer_put_framed(b, turn->before));
    TRY(buffer_put_framed(b, turn->key));
    return buffer_put_framed(b, turn->note);
}

static Status take_turn(Span payload, KeyTurn *ret)
{
    Cursor c = cursor_of(payload);
    uint8_t role = 0;
    TRY(cursor_u8(&c, &role));
    TRY(cursor_u32(&c, &ret->version));
    TRY(cursor_i64(&c, &ret->from_us));
    TRY(cursor_i64(&c, &ret->ends_us));
    TRY(cursor_framed(&c, SIGN_SPKI_BYTES_MAX, &ret->before));
    TRY(cursor_framed(&c, SIGN_SPKI_BYTES_MAX, &ret->key));
    TRY(cursor_framed(&c, KEYS_CHANGE_BYTES_MAX, &ret->note));
    TRY(cursor_end(&c));
    ret->role = (KeyRole)role;
    return OK;
}

/* One for a key that was then not made stands where its successor comes. */
Status pair_load_turn(Keys *keys, Span payload)
{
    KeyTurn head = { 0 };
    REQUIRE(payload.size <= KEYS_TURN_BYTES_MAX, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(status_ok(take_turn(payload, &head)), REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(is_turned(head.role) && head.version > 1, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(pair_turn(keys, head.role, head.version) == NULL, REFUSED_KEYSTORE_TAMPERED);
    KeyTurn *turn = find_turn(keys, head.role, head.version);
    if (turn == NULL) turn = find_turn(keys, (KeyRole)0, 0);
    REQUIRE(turn != NULL, REFUSED_KEY_VERSIONS_FULL);
    memcpy(turn->payload, payload.data, payload.size);
    turn->payload_bytes = payload.size;
    return take_turn((Span) { turn->payload, payload.size }, turn);
}

Status pairs_snapshot(const Keys *keys, Journal *journal)
{
    for (size_t i = 0; i < KEYS_TURNS_MAX; i++) {
        const KeyTurn *turn = &keys->turns[i];
        if (turn->role == 0) continue;
        TRY(journal_snapshot_put(
                journal, KEYS_TURN, (Span) { turn->payload, turn->payload_bytes }));
    }
    for (size_t i = 0; i < keys->entry_count; i++) {
        const KeyEntry *entry = keys->entries[i];
        const Span payload = { entry->payload, entry->payload_bytes };
        TRY(journal_snapshot_put(journal, KEYS_KEY, payload));
    }
    return OK;
}

static Status check_times(KeyRole role, const KeyTurnTimes *times)
{
    const bool sane = times->wait_us >= 0 && times->wait_us <= TURN_TIME_US_MAX
            && times->overlap_us >= 0 && times->overlap_us <= TURN_TIME_US_MAX;
    const bool at_once = times->wait_us == 0 && times->overlap_us == 0;
    REQUIRE(sane && (at_once || !signs_the_log(role)), REFUSED_KEY_TURN_TIME);
    return OK;
}

/* The newest version, which is to have a successor. */
static Status find_newest(Keys *keys, KeyRole role, KeyEntry **ret_newest)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    KeyEntry *newest = NULL;
    size_t living = 0;
    for (size_t i = 0; i < keys->entry_count; i++) {
        KeyEntry *entry = keys->entries[i];
        if (entry->head.role != role) continue;
        living++;
        if (newest == NULL || entry->head.version > newest->head.version) newest = entry;
    }
    REQUIRE(newest != NULL, REFUSED_KEY_UNKNOWN);
    REQUIRE(is_begun(keys, newest, clock_now_us(&keys->clock)), REFUSED_KEY_TURN_PENDING);
    const uint32_t version = newest->head.version + 1;
    const bool has_place =
            find_turn(keys, (KeyRole)0, 0) != NULL || find_turn(keys, role, version) != NULL;
    REQUIRE(living < KEYS_PAIR_VERSIONS_MAX && has_place, REFUSED_KEY_VERSIONS_FULL);
    *ret_newest = newest;
    return OK;
}

/* Durable, or nothing: a version that a power cut could take back is not shown to anybody. */
static Status add(Keys *keys, const FreshPair *fresh, Span turn)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_wrlock(&held->lock);
    TRY(keys_append(keys, KEYS_TURN, turn));
    TRY(pair_load_turn(keys, turn));
    TRY(ceremony_put(keys, fresh));
    const Status s = keys_make_durable(keys);
    if (!status_ok(s)) key_entry_drop(keys, keys->entry_count - 1);
    return s;
}

/* When a turn that is decided now begins. The log's keys are told in the order of their turns, so
 * each begins behind the one before it, also when the clock was put back. */
static int64_t turn_from_us(Keys *keys, KeyRole role, int64_t from_us)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    for (size_t i = 0; i < KEYS_TURNS_MAX && signs_the_log(role); i++) {
        const KeyTurn *turn = &keys->turns[i];
        if (signs_the_log(turn->role) && turn->from_us >= from_us) from_us = turn->from_us + 1;
    }
    return from_us;
}

/* Both public halves, and the note by which the version before hands over. */
static Status endorse_key(const KeyEntry *before, const FreshPair *fresh, const KeyEndorse *endorse,
        Buffer spki[2], Buffer *note, KeyTurn *turn)
{
    const PublicKey *old_key = private_key_public(before->private_key);
    const PublicKey *new_key = private_key_public(fresh->key);
    TRY(public_key_to_spki(old_key, &spki[0]));
    TRY(public_key_to_spki(new_key, &spki[1]));
    TRY(endorse->put(endorse->context, turn->role, turn->version, old_key, new_key, note));
    turn->before = span_of_buffer(&spki[0]);
    turn->key = span_of_buffer(&spki[1]);
    turn->note = span_of_buffer(note);
    return OK;
}

Status keys_pair_rotate(Keys *keys, KeyRole role, const KeyTurnTimes *times,
        const KeyEndorse *endorse, uint32_t *ret_version)
{
    uint8_t spki_memory[2][SIGN_SPKI_BYTES_MAX];
    uint8_t note_memory[KEYS_CHANGE_BYTES_MAX];
    uint8_t turn_memory[KEYS_TURN_BYTES_MAX];
    Buffer spki[] = { BUFFER_OF(spki_memory[0]), BUFFER_OF(spki_memory[1]) };
    Buffer note = BUFFER_OF(note_memory);
    Buffer payload = BUFFER_OF(turn_memory);
    CLEANUP(fresh_pair_done) FreshPair fresh = { 0 };
    KeyEntry *newest = NULL;
    REQUIRE(is_turned(role), REFUSED_KEY_NOT_ROTATED);
    TRY(check_times(role, times));
    TRY(find_newest(keys, role, &newest));
    const uint32_t version = newest->head.version + 1;
    TRY(ceremony_make(keys, role, version, &fresh));
    const int64_t from_us = turn_from_us(keys, role, fresh.head.created_us + times->wait_us);
    KeyTurn turn = {
        .role = role, .version = version, .from_us = from_us, .ends_us = from_us + times->overlap_us
    };
    if (signs_the_log(role)) TRY(endorse_key(newest, &fresh, endorse, spki, &note, &turn));
    TRY(put_turn(&turn, &payload));
    TRY(add(keys, &fresh, span_of_buffer(&payload)));
    *ret_version = version;
    return OK;
}

/* --- showing --- */

static Status show_entry(
        const Keys *keys, const KeyEntry *entry, KeyPublicVisit visit, void *context)
{
    uint8_t memory[CERTIFICATE_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(memory);
    const KeyTurn *turn = pair_turn(keys, entry->head.role, entry->head.version);
    const KeyState state = pair_state(keys, entry);
    if (state == KEY_ENDED) return OK;
    TRY(certificate_to_der(entry->certificate, &der));
    const KeyPublic shown = { .name = role_of(entry->head.role)->name,
        .version = entry->head.version,
        .state = state,
        .from_us = turn == NULL ? entry->head.created_us : turn->from_us,
        .ends_us = pair_ends_us(keys, entry),
        .der = span_of_buffer(&der) };
    return visit(context, &shown);
}

static Status show_living(const Keys *keys, KeyRole role, KeyPublicVisit visit, void *context)
{
    for (size_t i = 0; i < keys->entry_count; i++) { /* as they were made: by version */
        if (keys->entries[i]->head.role != role) continue;
        TRY(show_entry(keys, keys->entries[i], visit, context));
    }
    return OK;
}

/* The first version stands in no note of its own: the second one's turn names it. */
static Status show_log_key(
        const Keys *keys, KeyRole role, uint32_t version, KeyPublicVisit visit, void *context)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    const KeyTurn *own = pair_turn(keys, role, version);
    const KeyTurn *next = pair_turn(keys, role, version + 1);
    const KeyEntry *entry = pair_find(keys, role, version);
    if (entry != NULL)
        TRY(public_key_to_spki(private_key_public(entry->private_key), &spki));
    else
        TRY(buffer_put(&spki, own != NULL ? own->key : next->before));
    const KeyPublic shown = { .name = role_of(role)->name,
        .version = version,
        .state = next == NULL ? KEY_CURRENT : KEY_OLD,
        .from_us = own == NULL ? keys->created_us : own->from_us,
        .ends_us = next == NULL ? 0 : next->ends_us,
        .der = span_of_buffer(&spki),
        .note = own == NULL ? (Span) { NULL, 0 } : own->note };
    return visit(context, &shown);
}

static Status show_log_keys(const Keys *keys, KeyRole role, KeyPublicVisit visit, void *context)
{
    uint32_t version = 1;
    do
        TRY(show_log_key(keys, role, version, visit, context));
    while (pair_turn(keys, role, ++version) != NULL);
    return OK;
}

Status keys_public_each(Keys *keys, KeyPublicVisit visit, void *context)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    for (uint32_t role = 0; role < KEY_ROLE_COUNT; role++) {
        if (!is_turned((KeyRole)role)) continue;
        TRY(signs_the_log((KeyRole)role) ? show_log_keys(keys, (KeyRole)role, visit, context)
                                         : show_living(keys, (KeyRole)role, visit, context));
    }
    return OK;
}

/* --- destroying --- */

static void drop(Keys *keys, const KeyEntry *entry)
{
    for (size_t i = 0; i < keys->entry_count; i++) {
        if (keys->entries[i] != entry) continue;
        key_entry_drop(keys, i);
        return;
    }
}

Status pair_replay_destroyed(Keys *keys, const KeyRemains *remains)
{
    const KeyEntry *entry = pair_find(keys, remains->role, remains->version);
    if (entry == NULL) return OK;
    REQUIRE(pair_find(keys, remains->role, remains->version + 1) != NULL
                    || version_remains(keys, remains->role, remains->version + 1) != NULL,
            REFUSED_KEYSTORE_TAMPERED);
    drop(keys, entry);
    keys->buried = true;
    return OK;
}

Status pair_destroy(Keys *keys, KeyRole role, uint32_t version)
{
    const KeyEntry *entry = pair_find(keys, role, version);
    REQUIRE(entry != NULL || version_remains(keys, role, version) == NULL, REFUSED_KEY_DESTROYED);
    REQUIRE(entry != NULL, REFUSED_KEY_UNKNOWN);
    REQUIRE(pair_state(keys, entry) == KEY_ENDED && entry->holders == 0, REFUSED_KEY_IN_USE);
    const KeyRemains remains = { role, version, entry->head.created_us,
        clock_now_us(&keys->clock) };
    TRY(version_note_destroyed(keys, &remains));
    drop(keys, entry);
    keys->buried = true;
    return versions_bury(keys);
}

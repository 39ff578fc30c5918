#include "access/session.h"

#include "crypto/mac.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    NONE = -1,
    SESSIONS_OF_A_KIND_MAX = 1 << 20,
    NUMBER_BITS = 53, /* what every reader of JSON keeps exactly */
};

typedef struct Entry {
    Session session;
    uint8_t token_digest[MAC_BYTES_MAX];
    uint64_t owner_name; /* keyed digest of kind, tenant and principal */
    int64_t began_us;
    int64_t used_us;
    int64_t proved_us;
    int64_t secrets_us; /* INT64_MIN: never */
    int32_t next_token; /* in its chain; of a free entry: the next free one */
    int32_t next_owner;
    bool taken;
} Entry;

typedef struct Room {
    SessionLimits limits;
    Entry *entries;
    int32_t *by_token; /* heads of chains; as many as `chains`, a power of two */
    int32_t *by_owner;
    size_t chains;
    int32_t free_entry; /* one that was taken before */
    size_t fresh; /* the first that never was: memory is touched when it is needed */
    size_t count;
} Room;

struct SessionTable {
    pthread_mutex_t lock;
    Clock steady;
    Random random;
    MacKey key;
    MacKey csrf_key;
    int64_t now_us; /* the greatest seen */
    Room rooms[SESSION_KINDS];
};

/* --- opening --- */

static Status room_open(const SessionLimits *limits, Room *ret)
{
    ASSERT(limits->idle_us > 0 && limits->absolute_us > 0);
    ASSERT(limits->each_max > 0 && limits->each_max <= SESSIONS_EACH_MAX);
    ASSERT(limits->all_max > 0 && limits->all_max <= SESSIONS_OF_A_KIND_MAX);
    ret->limits = *limits;
    ret->chains = 1;
    while (ret->chains < limits->all_max)
        ret->chains *= 2;
    ret->entries = calloc(limits->all_max, sizeof(Entry));
    ret->by_token = malloc(ret->chains * sizeof(int32_t));
    ret->by_owner = malloc(ret->chains * sizeof(int32_t));
    CHECK(ret->entries != NULL && ret->by_token != NULL && ret->by_owner != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < ret->chains; i++)
        ret->by_token[i] = ret->by_owner[i] = NONE;
    ret->free_entry = NONE;
    return OK;
}

static Status fresh_key(const Random *random, MacKey *ret_key)
{
    uint8_t bytes[MAC_BYTES_MAX];
    const Status s = random_fill(random, bytes, sizeof(bytes));
    if (status_ok(s)) mac_key_init(ret_key, MAC_HMAC_SHA256, SPAN_OF(bytes));
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

Status session_table_open(const SessionConfig *config, SessionTable **ret_table)
{
    SessionTable *table = calloc(1, sizeof(*table));
    CHECK(table != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&table->lock, NULL) == 0);
    table->steady = config->steady;
    table->random = config->random;
    Status s = fresh_key(&table->random, &table->key);
    if (status_ok(s)) s = fresh_key(&table->random, &table->csrf_key);
    for (int kind = 0; kind < SESSION_KINDS && status_ok(s); kind++)
        s = room_open(&config->limits[kind], &table->rooms[kind]);
    if (!status_ok(s)) {
        session_table_close(&table);
        return s;
    }
    *ret_table = table;
    return OK;
}

void session_table_close(SessionTable **table)
{
    if (*table == NULL) return;
    for (int kind = 0; kind < SESSION_KINDS; kind++) {
        free((*table)->rooms[kind].entries);
        free((*table)->rooms[kind].by_token);
        free((*table)->rooms[kind].by_owner);
    }
    mac_key_wipe(&(*table)->key);
    mac_key_wipe(&(*table)->csrf_key);
    pthread_mutex_destroy(&(*table)->lock);
    free(*table);
    *table = NULL;
}

SessionLimits session_limits(SessionTable *table, SessionKind kind)
{
    pthread_mutex_lock(&table->lock);
    const SessionLimits limits = table->rooms[kind].limits;
    pthread_mutex_unlock(&table->lock);
    return limits;
}

void session_set_times(SessionTable *table, SessionKind kind, int64_t idle_us, int64_t absolute_us)
{
    ASSERT(idle_us > 0 && absolute_us > 0);
    pthread_mutex_lock(&table->lock);
    table->rooms[kind].limits.idle_us = idle_us;
    table->rooms[kind].limits.absolute_us = absolute_us;
    pthread_mutex_unlock(&table->lock);
}

/* --- inside, under the lock --- */

static void unlock(SessionTable **table) { pthread_mutex_unlock(&(*table)->lock); }

static int64_t now_of(SessionTable *table)
{
    const int64_t now_us = clock_now_us(&table->steady);
    if (now_us > table->now_us) table->now_us = now_us;
    return table->now_us;
}

/* Chains are chosen by keyed digests: nobody outside can fill one. */
static size_t chain_of(const Room *room, const uint8_t *digest)
{
    uint64_t name = 0;
    memcpy(&name, digest, sizeof(name));
    return (size_t)(name & (room->chains - 1));
}

static uint64_t name_of(const SessionTable *table, const SessionOwner *owner)
{
    uint8_t mac[MAC_BYTES_MAX];
    uint64_t name = 0;
    const uint8_t head[] = { (uint8_t)owner->kind, (uint8_t)owner->tenant.size };
    const Span parts[] = { SPAN_OF(head), owner->tenant, owner->principal };
    mac_make(&table->key, parts, 3, mac);
    memcpy(&name, mac, sizeof(name));
    return name;
}

static bool owner_is_valid(const SessionOwner *owner)
{
    return owner->kind >= 0 && owner->kind < SESSION_KINDS && owner->tenant.size > 0
            && owner->tenant.size <= SESSION_TENANT_BYTES_MAX && owner->principal.size > 0
            && owner->principal.size <= SESSION_PRINCIPAL_BYTES_MAX;
}

static bool belongs_to(const Entry *entry, uint64_t name, const SessionOwner *owner)
{
    return entry->owner_name == name && entry->session.kind == owner->kind
            && span_equal(span_of_text(entry->session.tenant), owner->tenant)
            && span_equal(span_of_text(entry->session.principal), owner->principal);
}

static bool is_over(const Room *room, const Entry *entry, int64_t now_us)
{
    return now_us - entry->used_us >= room->limits.idle_us
            || now_us - entry->began_us >= room->limits.absolute_us;
}

static int32_t *head_by_token(Room *room, const Entry *entry)
{
    return &room->by_token[chain_of(room, entry->token_digest)];
}

static int32_t *head_by_owner(Room *room, uint64_t name)
{
    return &room->by_owner[name & (room->chains - 1)];
}

static void unlink_token(Room *room, int32_t index)
{
    int32_t *at = head_by_token(room, &room->entries[index]);
    while (*at != index)
        at = &room->entries[*at].next_token;
    *at = room->entries[index].next_token;
}

static void unlink_owner(Room *room, int32_t index)
{
    int32_t *at = head_by_owner(room, room->entries[index].owner_name);
    while (*at != index)
        at = &room->entries[*at].next_owner;
    *at = room->entries[index].next_owner;
}

static void release(Room *room, int32_t index)
{
    Entry *entry = &room->entries[index];
    unlink_token(room, index);
    unlink_owner(room, index);
    *entry = (Entry) { .next_token = room->free_entry };
    room->free_entry = index;
    room->count--;
}

static void release_all_over(Room *room, int64_t now_us)
{
    for (size_t i = 0; i < room->fresh; i++) {
        if (room->entries[i].taken && is_over(room, &room->entries[i], now_us))
            release(room, (int32_t)i);
    }
}

static bool has_room(const Room *room)
{
    return room->free_entry != NONE || room->fresh < room->limits.all_max;
}

/* Ends what is over, and of what is left the oldest when there are `each_max`. */
static void make_room_for_one(Room *room, uint64_t name, const SessionOwner *owner, int64_t now_us)
{
    int32_t oldest = NONE;
    size_t count = 0;
    int32_t next = NONE;
    for (int32_t i = *head_by_owner(room, name); i != NONE; i = next) {
        next = room->entries[i].next_owner;
        if (!belongs_to(&room->entries[i], name, owner)) continue;
        if (is_over(room, &room->entries[i], now_us)) {
            release(room, i);
            continue;
        }
        count++;
        oldest = i; /* chains are newest first */
    }
    if (count >= room->limits.each_max) release(room, oldest);
    if (!has_room(room)) release_all_over(room, now_us);
}

static int32_t take_entry(Room *room)
{
    const int32_t index = room->free_entry != NONE ? room->free_entry : (int32_t)room->fresh++;
    if (index == room->free_entry) room->free_entry = room->entries[index].next_token;
    room->count++;
    return index;
}

static void link_token(Room *room, int32_t index)
{
    Entry *entry = &room->entries[index];
    int32_t *head = head_by_token(room, entry);
    entry->next_token = *head;
    *head = index;
}

static void digest_token(const SessionTable *table, Span token, uint8_t ret[MAC_BYTES_MAX])
{
    mac_make(&table->key, &token, 1, ret);
}

/* The live entry of this token; NULL when there is none. */
static Entry *entry_of(SessionTable *table, Span token, Room **ret_room, int32_t *ret_index)
{
    uint8_t digest[MAC_BYTES_MAX] = { 0 };
    if (token.size != SESSION_TOKEN_BYTES) return NULL;
    digest_token(table, token, digest);
    const int64_t now_us = now_of(table);
    for (int kind = 0; kind < SESSION_KINDS; kind++) {
        Room *room = &table->rooms[kind];
        for (int32_t i = room->by_token[chain_of(room, digest)]; i != NONE;
                i = room->entries[i].next_token) {
            Entry *entry = &room->entries[i];
            if (!bytes_equal_ct(entry->token_digest, digest, DIGEST_SHA256_BYTES)) continue;
            *ret_room = room;
            *ret_index = i;
            if (!is_over(room, entry, now_us)) return entry;
            release(room, i);
            return NULL;
        }
    }
    return NULL;
}

static void copy_out(const Entry *entry, int64_t now_us, Session *ret)
{
    *ret = entry->session;
    ret->age_us = now_us - entry->began_us;
    ret->unused_us = now_us - entry->used_us;
    ret->proof_age_us = now_us - entry->proved_us;
    ret->secrets_age_us = entry->secrets_us == INT64_MIN ? INT64_MAX : now_us - entry->secrets_us;
}

static void put_proof(Entry *entry, SessionProof proof, int64_t now_us)
{
    if (proof != SESSION_NOT_PROVED) entry->proved_us = now_us;
    if (proof == SESSION_PROVED_BY_SECRETS) entry->secrets_us = now_us;
}

static void put_text(char *ret_text, size_t size_max, Span text)
{
    const size_t size = text.size < size_max ? text.size : size_max;
    if (size > 0) memcpy(ret_text, text.data, size);
    ret_text[size] = 0;
}

static Status fresh_token(SessionTable *table, Secret *ret_token)
{
    uint8_t bytes[SESSION_TOKEN_BYTES];
    Status s = random_fill(&table->random, bytes, sizeof(bytes));
    if (status_ok(s)) s = secret_set(ret_token, SPAN_OF(bytes));
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

static Status fresh_number(SessionTable *table, uint64_t *ret_number)
{
    TRY(random_fill(&table->random, ret_number, sizeof(*ret_number)));
    *ret_number >>= 64 - NUMBER_BITS;
    if (*ret_number == 0) *ret_number = 1;
    return OK;
}

/* --- what others call --- */

Status session_begin(SessionTable *table, const SessionOwner *owner, SessionProof proof,
        const uint8_t device[SESSION_DEVICE_BYTES], Span from, int64_t stamp, Secret *ret_token,
        uint64_t *ret_number)
{
    CLEANUP(secret_wipe) Secret token = { .size = 0 };
    uint64_t number = 0;
    ASSERT(proof != SESSION_NOT_PROVED);
    REQUIRE(owner_is_valid(owner), REFUSED_LOGIN_NEEDED);
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) SessionTable *held = table;
    Room *room = &held->rooms[owner->kind];
    const uint64_t name = name_of(held, owner);
    const int64_t now_us = now_of(held);
    TRY(fresh_token(held, &token));
    TRY(fresh_number(held, &number));
    make_room_for_one(room, name, owner, now_us);
    REQUIRE(has_room(room), REFUSED_SESSIONS_FULL);

    const int32_t index = take_entry(room);
    Entry *entry = &room->entries[index];
    *entry = (Entry) { .session = { .number = number, .kind = owner->kind, .stamp = stamp },
        .owner_name = name,
        .began_us = now_us,
        .used_us = now_us,
        .secrets_us = INT64_MIN,
        .next_owner = *head_by_owner(room, name),
        .taken = true };
    put_proof(entry, proof, now_us);
    put_text(entry->session.tenant, SESSION_TENANT_BYTES_MAX, owner->tenant);
    put_text(entry->session.principal, SESSION_PRINCIPAL_BYTES_MAX, owner->principal);
    put_text(entry->session.from, SESSION_FROM_BYTES_MAX, from);
    memcpy(entry->session.device, device, SESSION_DEVICE_BYTES);
    *head_by_owner(room, name) = index;
    digest_token(held, secret_span(&token), entry->token_digest);
    link_token(room, index);
    *ret_token = token;
    *ret_number = number;
    return OK;
}

Status session_find(
        SessionTable *table, Span token, const uint8_t device[SESSION_DEVICE_BYTES], Session *ret)
{
    Room *room = NULL;
    int32_t index = NONE;
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) SessionTable *held = table;
    Entry *entry = entry_of(held, token, &room, &index);
    REQUIRE(entry != NULL, REFUSED_LOGIN_NEEDED);
    copy_out(entry, held->now_us, ret);
    if (!bytes_equal_ct(entry->session.device, device, SESSION_DEVICE_BYTES)) {
        release(room, index);
        return REFUSE(REFUSED_SESSION_DEVICE);
    }
    entry->used_us = held->now_us;
    return OK;
}

Status session_renew(
        SessionTable *table, Span token, SessionProof proof, int64_t stamp, Secret *ret_token)
{
    CLEANUP(secret_wipe) Secret fresh = { .size = 0 };
    Room *room = NULL;
    int32_t index = NONE;
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) SessionTable *held = table;
    Entry *entry = entry_of(held, token, &room, &index);
    REQUIRE(entry != NULL, REFUSED_LOGIN_NEEDED);
    TRY(fresh_token(held, &fresh));
    unlink_token(room, index);
    digest_token(held, secret_span(&fresh), entry->token_digest);
    link_token(room, index);
    entry->session.stamp = stamp;
    entry->used_us = held->now_us;
    put_proof(entry, proof, held->now_us);
    *ret_token = fresh;
    return OK;
}

void session_csrf(const SessionTable *table, Span token, uint8_t ret_csrf[SESSION_CSRF_BYTES])
{
    uint8_t mac[MAC_BYTES_MAX];
    mac_make(&table->csrf_key, &token, 1, mac);
    memcpy(ret_csrf, mac, SESSION_CSRF_BYTES);
}

void session_end(SessionTable *table, Span token)
{
    Room *room = NULL;
    int32_t index = NONE;
    pthread_mutex_lock(&table->lock);
    if (entry_of(table, token, &room, &index) != NULL) release(room, index);
    pthread_mutex_unlock(&table->lock);
}

typedef bool Chooses(const Entry *entry, uint64_t number);
static bool is_number(const Entry *entry, uint64_t number)
{
    return entry->session.number == number;
}
static bool is_another(const Entry *entry, uint64_t number) { return !is_number(entry, number); }

static size_t end_chosen(
        SessionTable *table, const SessionOwner *owner, uint64_t number, Chooses *chooses)
{
    size_t ended = 0;
    int32_t next = NONE;
    if (!owner_is_valid(owner)) return 0;
    pthread_mutex_lock(&table->lock);
    Room *room = &table->rooms[owner->kind];
    const uint64_t name = name_of(table, owner);
    const int64_t now_us = now_of(table);
    for (int32_t i = *head_by_owner(room, name); i != NONE; i = next) {
        const Entry *entry = &room->entries[i];
        next = entry->next_owner;
        if (!belongs_to(entry, name, owner) || !chooses(entry, number)) continue;
        ended += !is_over(room, entry, now_us);
        release(room, i);
    }
    pthread_mutex_unlock(&table->lock);
    return ended;
}

Status session_end_number(SessionTable *table, const SessionOwner *owner, uint64_t number)
{
    REQUIRE(end_chosen(table, owner, number, is_number) > 0, REFUSED_SESSION_NOT_OWN);
    return OK;
}

size_t session_end_all_of(SessionTable *table, const SessionOwner *owner, uint64_t except)
{
    return end_chosen(table, owner, except, is_another);
}

size_t session_list_of(
        SessionTable *table, const SessionOwner *owner, Session ret[SESSIONS_EACH_MAX])
{
    size_t count = 0;
    if (!owner_is_valid(owner)) return 0;
    pthread_mutex_lock(&table->lock);
    Room *room = &table->rooms[owner->kind];
    const uint64_t name = name_of(table, owner);
    const int64_t now_us = now_of(table);
    for (int32_t i = *head_by_owner(room, name); i != NONE; i = room->entries[i].next_owner) {
        const Entry *entry = &room->entries[i];
        if (belongs_to(entry, name, owner) && !is_over(room, entry, now_us))
            copy_out(entry, now_us, &ret[count++]);
    }
    pthread_mutex_unlock(&table->lock);
    return count;
}

size_t session_count(SessionTable *table, SessionKind kind)
{
    size_t count = 0;
    pthread_mutex_lock(&table->lock);
    Room *room = &table->rooms[kind];
    release_all_over(room, now_of(table));
    count = room->count;
    pthread_mutex_unlock(&table->lock);
    return count;
}

#include "store/cache.h"

#include "base/secret.h"
#include "policy/detect.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Entry {
    int64_t until_us; /* 0: free */
    uint16_t class;
    uint16_t key_bytes;
    uint16_t value_bytes;
    uint8_t form;
    uint8_t key[CACHE_KEY_BYTES_MAX];
    uint8_t value[CACHE_VALUE_BYTES_MAX];
} Entry;

struct Cache {
    CacheConfig config;
    uint64_t seed;
    pthread_mutex_t lock;
    bool used; /* something was put since it was cleared */
    Entry *entries; /* sets of CACHE_WAYS */
};

static inline void unlock(Cache **cache) { pthread_mutex_unlock(&(*cache)->lock); }
#define HOLD(cache)                         \
    CLEANUP(unlock) Cache *held_ = (cache); \
    pthread_mutex_lock(&held_->lock)

Status cache_new(const CacheConfig *config, Cache **ret_cache)
{
    ASSERT(config->sets >= 1 && config->sets <= CACHE_SETS_MAX && config->life_us > 0);
    uint64_t seed = 0;
    TRY(random_fill(&config->random, &seed, sizeof(seed)));
    Cache *cache = calloc(1, sizeof(*cache));
    CHECK(cache != NULL, FAULT_MEMORY);
    cache->entries = calloc(config->sets * CACHE_WAYS, sizeof(Entry));
    if (cache->entries == NULL) {
        free(cache);
        return BROKEN(FAULT_MEMORY);
    }
    cache->config = *config;
    cache->seed = seed;
    pthread_mutex_init(&cache->lock, NULL);
    *ret_cache = cache;
    return OK;
}

static void wipe(Entry *entry) { bytes_wipe(entry, sizeof(*entry)); }

void cache_free(Cache **cache)
{
    Cache *c = *cache;
    if (c == NULL) return;
    bytes_wipe(c->entries, c->config.sets * CACHE_WAYS * sizeof(Entry));
    free(c->entries);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *cache = NULL;
}

/* FNV-1a over the seed and the key. */
static Entry *set_of(Cache *cache, Span key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ cache->seed;
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3);
    return &cache->entries[(hash ^ hash >> 32) % cache->config.sets * CACHE_WAYS];
}

static Entry *find(Cache *cache, Span key)
{
    Entry *set = set_of(cache, key);
    for (size_t i = 0; i < CACHE_WAYS; i++) {
        const Span held = { set[i].key, set[i].key_bytes };
        if (set[i].until_us != 0 && span_equal(held, key)) return &set[i];
    }
    return NULL;
}

/* The entry of this key, a free one, or the one that ends first. */
static Entry *place_for(Cache *cache, Span key)
{
    Entry *entry = find(cache, key);
    Entry *set = set_of(cache, key);
    for (size_t i = 0; i < CACHE_WAYS && entry == NULL; i++)
        if (set[i].until_us == 0) entry = &set[i];
    if (entry != NULL) return entry;
    entry = &set[0];
    for (size_t i = 1; i < CACHE_WAYS; i++)
        if (set[i].until_us < entry->until_us) entry = &set[i];
    return entry;
}

MUST_USE static Status check(const Cache *cache, DataClass class, PolicyForm form, Span value)
{
    TRY(policy_allow(class, (PolicyLayer)cache->config.zone, PURPOSE_ANY, form));
    if (form == FORM_MASK || class == CLASS_FREE_TEXT) TRY(detect_free_text(value));
    return OK;
}

Status cache_put(Cache *cache, DataClass class, PolicyForm form, Span key, Span value)
{
    REQUIRE(key.size > 0 && key.size <= CACHE_KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(value.size <= CACHE_VALUE_BYTES_MAX, REFUSED_BUFFER_FULL);
    TRY(check(cache, class, form, value));
    const int64_t now_us = clock_now_us(&cache->config.clock);
    HOLD(cache);
    Entry *entry = place_for(cache, key);
    wipe(entry);
    cache->used = true;
    entry->until_us = now_us + cache->config.life_us;
    entry->class = (uint16_t) class;
    entry->form = (uint8_t)form;
    entry->key_bytes = (uint16_t)key.size;
    entry->value_bytes = (uint16_t)value.size;
    memcpy(entry->key, key.data, key.size);
    if (value.size > 0) memcpy(entry->value, value.data, value.size);
    return OK;
}

/* It is not over, and the policy still lets it be here. A clock that went back ends it, too. */
static bool may_stay(const Cache *cache, const Entry *entry, int64_t now_us)
{
    const bool lives =
            now_us < entry->until_us && entry->until_us - now_us <= cache->config.life_us;
    return lives
            && status_ok(policy_allow(entry->class, (PolicyLayer)cache->config.zone, PURPOSE_ANY,
                    (PolicyForm)entry->form));
}

bool cache_get(Cache *cache, Span key, Buffer *ret_value)
{
    const int64_t now_us = clock_now_us(&cache->config.clock);
    HOLD(cache);
    Entry *entry = find(cache, key);
    if (entry == NULL) return false;
    if (!may_stay(cache, entry, now_us)) {
        wipe(entry);
        return false;
    }
    return status_ok(buffer_put(ret_value, (Span) { entry->value, entry->value_bytes }));
}

void cache_forget(Cache *cache, Span key)
{
    HOLD(cache);
    Entry *entry = find(cache, key);
    if (entry != NULL) wipe(entry);
}

void cache_clear(Cache *cache)
{
    HOLD(cache);
    if (cache->used) bytes_wipe(cache->entries, cache->config.sets * CACHE_WAYS * sizeof(Entry));
    cache->used = false;
}

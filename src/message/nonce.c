#include "message/nonce.h"

#include "crypto/digest.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * A hash table of chains over a fixed slab, and beside it a ring of lists: the pairs of each expiry
 * second. Time moves through the ring and frees whole lists, so forgetting costs each pair once,
 * and no call walks the table.
 */
enum { RING_SECONDS = 2048, NONE = 0 }; /* index 0 of the slab is never used */

typedef struct Entry {
    uint8_t digest[NONCE_DIGEST_BYTES];
    uint32_t chain; /* next in the same bucket */
    uint32_t second; /* next with the same expiry; next free one in the free list */
} Entry;

struct NonceSet {
    pthread_mutex_t lock;
    Entry *entries;
    uint32_t *buckets;
    uint32_t bucket_shift; /* 64 - log2(buckets) */
    uint32_t capacity;
    uint32_t used_ever; /* slab slots ever taken: the rest was never touched */
    uint32_t free;
    uint32_t count;
    uint32_t ring[RING_SECONDS];
    int64_t swept_s; /* every pair that expires before this second is gone */
    uint64_t multiplier[2]; /* secret and odd: merchants choose nonces, not buckets */
};

Status nonce_open(size_t capacity, const Random *random, NonceSet **ret_set)
{
    if (capacity == 0) capacity = NONCE_CAPACITY;
    ASSERT(capacity < UINT32_MAX / 2);
    uint32_t bits = 4;
    while (((size_t)1 << bits) < capacity)
        bits++;

    NonceSet *set = calloc(1, sizeof(*set));
    CHECK(set != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&set->lock, NULL) == 0);
    /* calloc leaves untouched pages with the kernel: an idle set costs nothing. */
    set->entries = calloc(capacity + 1, sizeof(Entry));
    set->buckets = calloc((size_t)1 << bits, sizeof(uint32_t));
    set->bucket_shift = 64 - bits;
    set->capacity = (uint32_t)capacity;
    set->swept_s = INT64_MIN;

    Status status = random_fill(random, set->multiplier, sizeof(set->multiplier));
    if (set->entries == NULL || set->buckets == NULL) status = BROKEN(FAULT_MEMORY);
    if (!status_ok(status)) {
        nonce_close(set);
        return status;
    }
    set->multiplier[0] |= 1;
    set->multiplier[1] |= 1;
    *ret_set = set;
    return OK;
}

void nonce_close(NonceSet *set)
{
    if (set == NULL) return;
    pthread_mutex_destroy(&set->lock);
    free(set->entries);
    free(set->buckets);
    free(set);
}

void nonce_digest(Span mchid, Span nonce, uint8_t ret_digest[NONCE_DIGEST_BYTES])
{
    uint8_t sizes[2][4];
    for (size_t i = 0; i < 4; i++) {
        sizes[0][i] = (uint8_t)(mchid.size >> (24 - 8 * i));
        sizes[1][i] = (uint8_t)(nonce.size >> (24 - 8 * i));
    }
    const Span parts[] = { SPAN_OF(sizes[0]), mchid, SPAN_OF(sizes[1]), nonce };
    uint8_t whole[DIGEST_SHA256_BYTES];
    digest_parts(DIGEST_SHA256, parts, 4, whole);
    memcpy(ret_digest, whole, NONCE_DIGEST_BYTES);
}

static uint32_t *bucket_of(NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES])
{
    uint64_t halves[2];
    memcpy(halves, digest, sizeof(halves));
    const uint64_t mixed = halves[0] * set->multiplier[0] + halves[1] * set->multiplier[1];
    return &set->buckets[mixed >> set->bucket_shift];
}

static uint32_t *ring_at(NonceSet *set, int64_t second)
{
    return &set->ring[(uint64_t)second % RING_SECONDS];
}

static void forget(NonceSet *set, uint32_t index)
{
    Entry *entry = &set->entries[index];
    uint32_t *link = bucket_of(set, entry->digest);
    while (*link != index)
        link = &set->entries[*link].chain;
    *link = entry->chain;
    entry->second = set->free;
    set->free = index;
    set->count--;
}

/* Free every pair whose last second lies before now. At most one round of the ring, however far
 * time jumped. */
static void sweep(NonceSet *set, int64_t now_s)
{
    if (now_s <= set->swept_s) return;
    int64_t second = set->swept_s;
    if (second < now_s - RING_SECONDS) second = now_s - RING_SECONDS;
    for (; second < now_s; second++) {
        uint32_t index = *ring_at(set, second);
        *ring_at(set, second) = NONE;
        while (index != NONE) {
            const uint32_t next = set->entries[index].second;
            forget(set, index);
            index = next;
        }
    }
    set->swept_s = now_s;
}

static bool known(NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES])
{
    for (uint32_t i = *bucket_of(set, digest); i != NONE; i = set->entries[i].chain) {
        if (bytes_equal_ct(set->entries[i].digest, digest, NONCE_DIGEST_BYTES)) return true;
    }
    return false;
}

MUST_USE static Status take_entry(NonceSet *set, uint32_t *ret_index)
{
    if (set->free != NONE) {
        *ret_index = set->free;
        set->free = set->entries[set->free].second;
        return OK;
    }
    REQUIRE(set->used_ever < set->capacity, REFUSED_STORE_BUSY);
    *ret_index = ++set->used_ever;
    return OK;
}

MUST_USE static Status remember(
        NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES], int64_t expires_s, int64_t now_s)
{
    sweep(set, now_s);
    /* Before swept_s nothing is known any more, so nothing there can be called new. */
    REQUIRE(expires_s >= set->swept_s, REFUSED_TIMESTAMP_SKEWED);
    REQUIRE(expires_s - set->swept_s <= NONCE_WINDOW_S_MAX, REFUSED_TIMESTAMP_SKEWED);
    REQUIRE(!known(set, digest), REFUSED_NONCE_REPLAYED);

    uint32_t index = NONE;
    TRY(take_entry(set, &index));
    uint32_t *bucket = bucket_of(set, digest);
    uint32_t *ring = ring_at(set, expires_s);
    Entry *entry = &set->entries[index];
    *entry = (Entry) { .chain = *bucket, .second = *ring };
    memcpy(entry->digest, digest, NONCE_DIGEST_BYTES);
    *bucket = index;
    *ring = index;
    set->count++;
    return OK;
}

Status nonce_remember(
        NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES], int64_t expires_s, int64_t now_s)
{
    pthread_mutex_lock(&set->lock);
    const Status status = remember(set, digest, expires_s, now_s);
    pthread_mutex_unlock(&set->lock);
    return status;
}

Status nonce_restore(
        NonceSet *set, const uint8_t digest[NONCE_DIGEST_BYTES], int64_t expires_s, int64_t now_s)
{
    const Status status = nonce_remember(set, digest, expires_s, now_s);
    if (status_is(status, REFUSED_NONCE_REPLAYED)) return OK;
    if (status_is(status, REFUSED_TIMESTAMP_SKEWED) && expires_s < now_s) return OK;
    return status;
}

size_t nonce_count(NonceSet *set)
{
    pthread_mutex_lock(&set->lock);
    const size_t count = set->count;
    pthread_mutex_unlock(&set->lock);
    return count;
}

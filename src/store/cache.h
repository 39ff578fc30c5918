#pragma once
/*
 * cache: a bounded memory of one process for copies that decide nothing, and a door (DESIGN
 * sections 2 and 5.1): each put asks the policy of its zone (TP-5 to TP-9), each get asks again.
 *
 *   CACHE_INSIDE   of the security domain: what vaultd made, read by vaultclient alone
 *   CACHE_OUTSIDE  any other
 *
 * An entry ends after its life, when another needs its place, or when the policy became stricter;
 * then its bytes are wiped. Thread-safe: one mutex. Floor 2.
 */
#include "base/seams.h"
#include "policy/policy.h"

enum {
    CACHE_KEY_BYTES_MAX = 256,
    CACHE_VALUE_BYTES_MAX = 1024,
    CACHE_WAYS = 4, /* places that a key may take; the oldest of them goes */
    CACHE_SETS_MAX = 1 << 16,
};

typedef enum CacheZone {
    CACHE_INSIDE = LAYER_CACHE_INSIDE,
    CACHE_OUTSIDE = LAYER_CACHE_OUTSIDE
} CacheZone;

typedef struct CacheConfig {
    CacheZone zone;
    size_t sets; /* 1..CACHE_SETS_MAX, each of CACHE_WAYS entries */
    int64_t life_us; /* of an entry, from its put */
    Clock clock;
    Random random; /* so that nobody outside knows which keys share a set */
} CacheConfig;

typedef struct Cache Cache;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status cache_new(const CacheConfig *config, Cache **ret_cache);
/* Wipes. For CLEANUP. */
void cache_free(Cache **cache);

/*
 * Put or replace. A mask and a free text are judged by the detector, too: what calls itself a mask
 * and is a card number is refused.
 * Refuses what policy_allow() and detect_free_text() refuse, REFUSED_BUFFER_FULL (sizes).
 */
MUST_USE Status cache_put(Cache *cache, DataClass class, PolicyForm form, Span key, Span value);
/* Append the value. False: there is none, it is over, or the policy lets it stay no longer; or it
 * does not fit. */
MUST_USE bool cache_get(Cache *cache, Span key, Buffer *ret_value);
void cache_forget(Cache *cache, Span key);
void cache_clear(Cache *cache);

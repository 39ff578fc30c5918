#include "access/throttle.h"

#include "crypto/mac.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

#define NEWS_US ((int64_t)3600 * 1000000)

enum { WAYS = 8, NETWORK_BYTES = 8, ADDRESS_TEXT_MAX = 63 };

/* A bucket as one time (the generic cell rate algorithm, ITU-T I.371): every failure moves it
 * `refill` ahead, and it may be at most `burst` refills ahead of now. */
typedef struct Source {
    uint64_t name; /* keyed digest of the address; 0: free */
    int64_t full_us;
    int64_t told_us; /* 0: never */
    uint64_t uncounted; /* tries since it was last not full */
} Source;

struct Throttle {
    pthread_mutex_t lock;
    ThrottleConfig config;
    MacKey key;
    int64_t now_us; /* the greatest seen */
    int64_t crowd_full_us;
    int64_t crowd_told_us;
    size_t sets; /* of WAYS sources each */
    Source *sources;
};

Status throttle_open(const ThrottleConfig *config, Throttle **ret_throttle)
{
    uint8_t key[MAC_BYTES_MAX];
    ASSERT(config->sources_max >= WAYS && config->sources_max <= THROTTLE_SOURCES_MAX);
    ASSERT(config->burst > 0 && config->burst_in_crowd > 0 && config->crowd_burst > 0);
    ASSERT(config->refill_us > 0 && config->crowd_refill_us > 0);
    Throttle *throttle = calloc(1, sizeof(*throttle));
    CHECK(throttle != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&throttle->lock, NULL) == 0);
    throttle->config = *config;
    throttle->sets = config->sources_max / WAYS;
    throttle->sources = calloc(throttle->sets * WAYS, sizeof(Source));
    Status s = throttle->sources == NULL ? BROKEN(FAULT_MEMORY) : OK;
    if (status_ok(s)) s = random_fill(&config->random, key, sizeof(key));
    if (!status_ok(s)) {
        throttle_close(&throttle);
        return s;
    }
    mac_key_init(&throttle->key, MAC_HMAC_SHA256, SPAN_OF(key));
    *ret_throttle = throttle;
    return OK;
}

void throttle_close(Throttle **throttle)
{
    if (*throttle == NULL) return;
    pthread_mutex_destroy(&(*throttle)->lock);
    mac_key_wipe(&(*throttle)->key);
    free((*throttle)->sources);
    free(*throttle);
    *throttle = NULL;
}

static void unlock(Throttle **throttle) { pthread_mutex_unlock(&(*throttle)->lock); }

/* An IPv4 address, alone or mapped, or an IPv6 network: who has one address of it has them all. */
static Span network_of(Span from, uint8_t ret_network[NETWORK_BYTES])
{
    static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    char text[ADDRESS_TEXT_MAX + 1] = { 0 };
    uint8_t address[16];
    if (from.size == 0 || from.size > ADDRESS_TEXT_MAX) return SPAN("");
    memcpy(text, from.data, from.size);
    size_t at = 0;
    size_t size = 4;
    if (inet_pton(AF_INET, text, address) != 1) {
        if (inet_pton(AF_INET6, text, address) != 1) return SPAN("");
        const bool is_mapped = span_equal((Span) { address, sizeof(mapped) }, SPAN_OF(mapped));
        at = is_mapped ? sizeof(mapped) : 0;
        size = is_mapped ? 4 : NETWORK_BYTES;
    }
    memcpy(ret_network, address + at, size);
    return (Span) { ret_network, size };
}

/* Its place, or the one of those beside it that failed longest ago. The set is chosen by a keyed
 * digest: nobody outside can choose whom he pushes out. */
static Source *source_of(Throttle *throttle, Span from)
{
    uint8_t network[NETWORK_BYTES];
    uint8_t mac[MAC_BYTES_MAX];
    uint64_t name[2];
    const Span part = network_of(from, network);
    mac_make(&throttle->key, &part, 1, mac);
    memcpy(name, mac, sizeof(name));
    name[0] |= 1;
    Source *set = &throttle->sources[name[1] % throttle->sets * WAYS];
    Source *least = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == name[0]) return &set[i];
        if (set[i].full_us < least->full_us) least = &set[i];
    }
    *least = (Source) { .name = name[0] };
    return least;
}

static int64_t now_of(Throttle *throttle)
{
    const int64_t now_us = clock_now_us(&throttle->config.steady);
    if (now_us > throttle->now_us) throttle->now_us = now_us;
    return throttle->now_us;
}

static int64_t later(int64_t a_us, int64_t b_us) { return a_us > b_us ? a_us : b_us; }

static bool is_news(int64_t *told_us, int64_t now_us)
{
    if (*told_us != 0 && now_us - *told_us < NEWS_US) return false;
    *told_us = later(now_us, 1);
    return true;
}

Status throttle_try(Throttle *throttle, Span from, bool known, unsigned *ret_news)
{
    const ThrottleConfig *config = &throttle->config;
    pthread_mutex_lock(&throttle->lock);
    CLEANUP(unlock) Throttle *held = throttle;
    Source *source = source_of(held, from);
    const int64_t now_us = now_of(held);
    const int64_t ahead_us = later(source->full_us, now_us) - now_us;
    const int64_t crowd_ahead_us = later(held->crowd_full_us, now_us) - now_us;
    const bool crowd = crowd_ahead_us >= config->crowd_burst * config->crowd_refill_us;
    const int64_t burst = crowd ? config->burst_in_crowd : config->burst;
    *ret_news = 0;
    if (crowd && is_news(&held->crowd_told_us, now_us)) *ret_news |= THROTTLE_CROWD;
    if (!known && ahead_us > (burst - 1) * config->refill_us) {
        if (is_news(&source->told_us, now_us)) *ret_news |= THROTTLE_SOURCE;
        return REFUSE(REFUSED_LOGIN_SLOWED);
    }
    /* Who is not slowed himself makes it no fuller: he would keep out those beside him for days. */
    const bool full = ahead_us > (config->burst - 1) * config->refill_us;
    source->uncounted = full ? source->uncounted + 1 : 0;
    if (!full) source->full_us = now_us + ahead_us + config->refill_us;
    /* Bounded, so that the crowd's end is noticed soon after it. */
    if (!crowd) held->crowd_full_us = now_us + crowd_ahead_us + config->crowd_refill_us;
    return OK;
}

void throttle_was_right(Throttle *throttle, Span from)
{
    const ThrottleConfig *config = &throttle->config;
    pthread_mutex_lock(&throttle->lock);
    Source *source = source_of(throttle, from);
    if (source->uncounted > 0)
        source->uncounted--; /* what was not taken is not given back */
    else
        source->full_us = later(source->full_us - config->refill_us, 0);
    throttle->crowd_full_us = later(throttle->crowd_full_us - config->crowd_refill_us, 0);
    pthread_mutex_unlock(&throttle->lock);
}

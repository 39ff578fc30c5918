#include "access/passkey_challenge.h"

#include "base/secret.h"
#include "crypto/mac.h"

#include <pthread.h>
#include <stdlib.h>

enum { HEAD_BYTES = 16, RANDOM_BYTES = 12, KEY_BYTES = 32, SECOND_US = 1000000 };

typedef struct Spent {
    uint8_t head[HEAD_BYTES];
    uint32_t expires_s; /* 0: the place is free */
} Spent;

struct PasskeyChallenges {
    pthread_mutex_t lock; /* of `now_s` and `spent` */
    uint32_t now_s; /* the greatest seen */
    Clock clock;
    Random random;
    MacKey key;
    Spent spent[PASSKEY_SPENT_MAX];
};

Status passkey_challenges_open(
        const Clock *clock, const Random *random, PasskeyChallenges **ret_challenges)
{
    uint8_t key[KEY_BYTES];
    TRY(random_fill(random, key, sizeof(key)));
    PasskeyChallenges *made = calloc(1, sizeof(*made));
    CHECK(made != NULL, FAULT_MEMORY);
    made->clock = *clock;
    made->random = *random;
    mac_key_init(&made->key, MAC_HMAC_SHA256, SPAN_OF(key));
    bytes_wipe(key, sizeof(key));
    ASSERT(pthread_mutex_init(&made->lock, NULL) == 0);
    *ret_challenges = made;
    return OK;
}

void passkey_challenges_close(PasskeyChallenges **challenges)
{
    if (*challenges == NULL) return;
    pthread_mutex_destroy(&(*challenges)->lock);
    mac_key_wipe(&(*challenges)->key);
    free(*challenges);
    *challenges = NULL;
}

static void unlock(PasskeyChallenges **challenges) { pthread_mutex_unlock(&(*challenges)->lock); }

/* Never backwards: what is over, and was forgotten among the spent ones, stays over. */
static uint32_t now_s(PasskeyChallenges *challenges)
{
    const uint32_t now = (uint32_t)(clock_now_us(&challenges->clock) / SECOND_US);
    pthread_mutex_lock(&challenges->lock);
    CLEANUP(unlock) PasskeyChallenges *held = challenges;
    if (now > held->now_s) held->now_s = now;
    return held->now_s;
}

/* The second half proves the first, the act, and what it is bound to. */
static void prove(const PasskeyChallenges *challenges, PasskeyAct act, Span bound,
        const uint8_t head[HEAD_BYTES], uint8_t ret_proof[MAC_BYTES_MAX])
{
    const uint8_t number = (uint8_t)act;
    const Span parts[] = { { &number, 1 }, { head, HEAD_BYTES }, bound };
    mac_make(&challenges->key, parts, 3, ret_proof);
}

Status passkey_challenge_make(PasskeyChallenges *challenges, PasskeyAct act, Span bound,
        uint8_t ret_challenge[PASSKEY_CHALLENGE_BYTES])
{
    uint8_t proof[MAC_BYTES_MAX];
    uint8_t random[RANDOM_BYTES];
    Buffer made = { ret_challenge, 0, PASSKEY_CHALLENGE_BYTES };
    TRY(random_fill(&challenges->random, random, sizeof(random)));
    TRY(buffer_put_u32(&made, now_s(challenges) + PASSKEY_CHALLENGE_LIFE_S));
    TRY(buffer_put(&made, SPAN_OF(random)));
    prove(challenges, act, bound, ret_challenge, proof);
    return buffer_put(&made, (Span) { proof, HEAD_BYTES });
}

static Status spend(PasskeyChallenges *challenges, const uint8_t head[HEAD_BYTES],
        uint32_t expires_s, uint32_t now)
{
    pthread_mutex_lock(&challenges->lock);
    CLEANUP(unlock) PasskeyChallenges *held = challenges;
    Spent *place = NULL;
    for (size_t i = 0; i < PASSKEY_SPENT_MAX; i++) {
        Spent *spent = &held->spent[i];
        const bool is_over = spent->expires_s < now;
        REQUIRE(is_over || !bytes_equal_ct(spent->head, head, HEAD_BYTES),
                REFUSED_PASSKEY_CHALLENGE);
        if (is_over && place == NULL) place = spent;
    }
    REQUIRE(place != NULL, REFUSED_PASSKEYS_FULL);
    memcpy(place->head, head, HEAD_BYTES);
    place->expires_s = expires_s;
    return OK;
}

Status passkey_challenge_spend(PasskeyChallenges *challenges, PasskeyAct act, Span bound,
        const uint8_t challenge[PASSKEY_CHALLENGE_BYTES])
{
    uint8_t proof[MAC_BYTES_MAX];
    uint32_t expires_s = 0;
    const uint32_t now = now_s(challenges);
    Cursor c = cursor_of((Span) { challenge, PASSKEY_CHALLENGE_BYTES });
    prove(challenges, act, bound, challenge, proof);
    REQUIRE(bytes_equal_ct(proof, challenge + HEAD_BYTES, HEAD_BYTES), REFUSED_PASSKEY_CHALLENGE);
    TRY(cursor_u32(&c, &expires_s));
    REQUIRE(expires_s >= now && expires_s - now <= PASSKEY_CHALLENGE_LIFE_S,
            REFUSED_PASSKEY_CHALLENGE);
    return spend(challenges, challenge, expires_s, now);
}

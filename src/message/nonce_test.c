/* A signed message counts once (LL-4.3.9). */
#include "message/nonce.h"

#include "base/expect.h"

#include <pthread.h>

static NonceSet *open_set(size_t capacity)
{
    const Random random = random_system();
    NonceSet *set = NULL;
    return status_ok(nonce_open(capacity, &random, &set)) ? set : NULL;
}

static void digest_of(uint32_t number, uint8_t ret[NONCE_DIGEST_BYTES])
{
    nonce_digest(SPAN("1900000001"), (Span) { (uint8_t *)&number, sizeof(number) }, ret);
}

static Status remember(NonceSet *set, uint32_t number, int64_t expires_s, int64_t now_s)
{
    uint8_t digest[NONCE_DIGEST_BYTES];
    digest_of(number, digest);
    return nonce_remember(set, digest, expires_s, now_s);
}

static void once_only_within_the_window(void)
{
    NonceSet *set = open_set(100);
    EXPECT(set != NULL);
    EXPECT_OK(remember(set, 1, 1300, 1000));
    EXPECT_REFUSED(remember(set, 1, 1300, 1000), REFUSED_NONCE_REPLAYED);
    /* The same nonce under a later timestamp is a replay too. */
    EXPECT_REFUSED(remember(set, 1, 1400, 1100), REFUSED_NONCE_REPLAYED);
    EXPECT_REFUSED(remember(set, 1, 1500, 1300), REFUSED_NONCE_REPLAYED); /* its last second */
    EXPECT_OK(remember(set, 1, 1500, 1301));
    EXPECT(nonce_count(set) == 1);
    nonce_close(set);
}

static void mchid_and_nonce_do_not_slide(void)
{
    uint8_t a[NONCE_DIGEST_BYTES];
    uint8_t b[NONCE_DIGEST_BYTES];
    nonce_digest(SPAN("19"), SPAN("00abc"), a);
    nonce_digest(SPAN("1900"), SPAN("abc"), b);
    EXPECT(!span_equal(SPAN_OF(a), SPAN_OF(b)));
}

static void full_refuses_and_forgets_nothing(void)
{
    NonceSet *set = open_set(64);
    EXPECT(set != NULL);
    for (uint32_t i = 0; i < 64; i++)
        EXPECT_OK(remember(set, i, 1300, 1000));
    EXPECT_REFUSED(remember(set, 64, 1300, 1000), REFUSED_STORE_BUSY);
    for (uint32_t i = 0; i < 64; i++)
        EXPECT_REFUSED(remember(set, i, 1300, 1000), REFUSED_NONCE_REPLAYED);
    EXPECT_OK(remember(set, 64, 1700, 1301)); /* all outlived: room again */
    EXPECT(nonce_count(set) == 1);
    nonce_close(set);
}

/* A clock set back must not bring back what was forgotten. */
static void time_never_goes_back(void)
{
    NonceSet *set = open_set(100);
    EXPECT(set != NULL);
    EXPECT_OK(remember(set, 1, 1300, 1000));
    EXPECT_OK(remember(set, 2, 2300, 2000)); /* sweeps 1 */
    EXPECT_REFUSED(remember(set, 1, 1300, 1000), REFUSED_TIMESTAMP_SKEWED);
    EXPECT_REFUSED(remember(set, 3, 99999, 2000), REFUSED_TIMESTAMP_SKEWED); /* beyond the ring */
    nonce_close(set);
}

/* Against a plain model: the same verdicts for a year of random traffic, jumps of the clock
 * included. */
static void same_as_a_plain_list(void)
{
    enum { NUMBERS = 300 };
    static int64_t known_until[NUMBERS];
    memset(known_until, 0, sizeof(known_until));
    NonceSet *set = open_set(NUMBERS);
    EXPECT(set != NULL);
    SeededRandom state;
    const Random random = random_seeded(&state, 7);
    (void)random;
    int64_t now = 1767225600;
    for (int i = 0; i < 200000; i++) {
        const uint64_t dice = seeded_next(&state);
        if (dice % 50 == 0) now += (int64_t)(dice >> 32) % (dice % 5000 == 0 ? 100000 : 40);
        const uint32_t number = (uint32_t)(dice >> 8) % NUMBERS;
        const int64_t expires = now + (int64_t)(dice >> 40) % 601;
        const Status s = remember(set, number, expires, now);
        if (known_until[number] >= now) {
            EXPECT_REFUSED(s, REFUSED_NONCE_REPLAYED);
            continue;
        }
        EXPECT_OK(s);
        known_until[number] = expires;
    }
    nonce_close(set);
}

static void rebuilt_at_start(void)
{
    NonceSet *set = open_set(100);
    EXPECT(set != NULL);
    uint8_t digest[NONCE_DIGEST_BYTES];
    digest_of(1, digest);
    EXPECT_OK(nonce_restore(set, digest, 1300, 1200));
    EXPECT_OK(nonce_restore(set, digest, 1300, 1200)); /* told twice */
    digest_of(2, digest);
    EXPECT_OK(nonce_restore(set, digest, 1199, 1200)); /* outlived */
    EXPECT(nonce_count(set) == 1);
    EXPECT_REFUSED(remember(set, 1, 1300, 1200), REFUSED_NONCE_REPLAYED);
    nonce_close(set);
}

enum { RACERS = 4, RACE_NUMBERS = 20000 };
static NonceSet *race_set;

static void *race(void *won)
{
    for (uint32_t i = 0; i < RACE_NUMBERS; i++) {
        if (status_ok(remember(race_set, i, 1300, 1000))) (*(int *)won)++;
    }
    return NULL;
}

/* Four threads present the same nonces: each is accepted exactly once. */
static void one_winner_each(void)
{
    race_set = open_set(RACE_NUMBERS);
    EXPECT(race_set != NULL);
    pthread_t threads[RACERS];
    int won[RACERS] = { 0 };
    for (int i = 0; i < RACERS; i++)
        EXPECT(pthread_create(&threads[i], NULL, race, &won[i]) == 0);
    int sum = 0;
    for (int i = 0; i < RACERS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
        sum += won[i];
    }
    EXPECT(sum == RACE_NUMBERS);
    nonce_close(race_set);
}

TESTS(TEST(once_only_within_the_window), TEST(mchid_and_nonce_do_not_slide),
        TEST(full_refuses_and_forgets_nothing), TEST(time_never_goes_back),
        TEST(same_as_a_plain_list), TEST(rebuilt_at_start), TEST(one_winner_each))

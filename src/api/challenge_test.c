/*
 * Goal: a box is made for a nonce that we gave out, in this run, not long ago, and for no other
 * order (TP-4). Method: a clock that the test moves; every flipped bit; the key of another run;
 * an order's nonce from Python's hashlib.
 */
#include "api/challenge.h"

#include "base/expect.h"
#include "base/time.h"

static int64_t now_us;

static int64_t test_clock(void *context) { return now_us; }

static SeededRandom seed;

static House house_of_run(uint8_t key)
{
    House house = { .clock = { test_clock, NULL } };
    house.random = random_seeded(&seed, 7);
    memset(house.challenge_key, key, sizeof(house.challenge_key));
    now_us = 1767225600 * TIME_SECOND_US;
    return house;
}

static void test_a_challenge_lives_its_time(void)
{
    static House house;
    uint8_t nonce[BOX_NONCE_BYTES] = { 0 };
    house = house_of_run(1);
    EXPECT_OK(challenge_make(&house, nonce));
    EXPECT_OK(challenge_check(&house, nonce));
    EXPECT_OK(challenge_check(&house, nonce)); /* that a box is used once is vaultd's to see */
    now_us += HOUSE_CHALLENGE_LIFE_S * TIME_SECOND_US;
    EXPECT_OK(challenge_check(&house, nonce));
    now_us += TIME_SECOND_US;
    EXPECT_REFUSED(challenge_check(&house, nonce), REFUSED_BOX_EXPIRED);
    now_us += 1000 * TIME_DAY_US;
    EXPECT_REFUSED(challenge_check(&house, nonce), REFUSED_BOX_EXPIRED);
}

static void test_every_flipped_bit_is_refused(void)
{
    static House house;
    uint8_t nonce[BOX_NONCE_BYTES] = { 0 };
    house = house_of_run(1);
    EXPECT_OK(challenge_make(&house, nonce));
    for (size_t bit = 0; bit < 8 * sizeof(nonce); bit++) {
        uint8_t forged[BOX_NONCE_BYTES];
        memcpy(forged, nonce, sizeof(forged));
        forged[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(challenge_check(&house, forged), REFUSED_BOX_CONTEXT);
    }
    static const uint8_t zero[BOX_NONCE_BYTES];
    EXPECT_REFUSED(challenge_check(&house, zero), REFUSED_BOX_CONTEXT);
}

static void test_another_run_is_refused(void)
{
    static House house;
    static House restarted;
    uint8_t nonce[BOX_NONCE_BYTES] = { 0 };
    house = house_of_run(1);
    restarted = house_of_run(2);
    EXPECT_OK(challenge_make(&house, nonce));
    EXPECT_REFUSED(challenge_check(&restarted, nonce), REFUSED_BOX_CONTEXT);
}

static void test_no_two_challenges_are_alike(void)
{
    static House house;
    uint8_t first[BOX_NONCE_BYTES] = { 0 };
    uint8_t second[BOX_NONCE_BYTES] = { 0 };
    house = house_of_run(1);
    EXPECT_OK(challenge_make(&house, first));
    EXPECT_OK(challenge_make(&house, second)); /* in the same second */
    EXPECT(!bytes_equal_ct(first, second, sizeof(first)));
}

static Status no_random(void *context, uint8_t *ret_bytes, size_t size)
{
    return BROKEN(FAULT_RANDOM);
}

static void test_without_randomness_there_is_none(void)
{
    static House house;
    uint8_t nonce[BOX_NONCE_BYTES] = { 9 };
    house = house_of_run(1);
    house.random = (Random) { no_random, NULL };
    EXPECT_STATUS(challenge_make(&house, nonce), FAULT_RANDOM);
    EXPECT(nonce[0] == 9 && nonce[1] == 0);
}

/* hashlib.sha256(b"hufu order nonce" + prepay_id).digest()[:16] */
static void test_an_orders_nonce(void)
{
    static const uint8_t wanted[BOX_NONCE_BYTES] = { 0x55, 0x7b, 0x96, 0x89, 0x5d, 0x17, 0x1c, 0x43,
        0x35, 0x3a, 0xf5, 0x4a, 0x55, 0x2a, 0x3e, 0xa9 };
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t other[BOX_NONCE_BYTES];
    challenge_of_order(SPAN("hf0123456789abcdefghijklmnopqrstuvwx"), nonce);
    challenge_of_order(SPAN("hf0123456789abcdefghijklmnopqrstuvwy"), other);
    EXPECT(bytes_equal_ct(nonce, wanted, sizeof(nonce)));
    EXPECT(!bytes_equal_ct(nonce, other, sizeof(nonce)));
    /* Nor is it a challenge: it was not given out for codes or a new PIN. */
    static House house;
    house = house_of_run(1);
    EXPECT_REFUSED(challenge_check(&house, nonce), REFUSED_BOX_CONTEXT);
}

TESTS(TEST(test_a_challenge_lives_its_time), TEST(test_every_flipped_bit_is_refused),
        TEST(test_another_run_is_refused), TEST(test_no_two_challenges_are_alike),
        TEST(test_without_randomness_there_is_none), TEST(test_an_orders_nonce))

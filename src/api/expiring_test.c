/* Goal: nobody is surprised by the end of a platform certificate: an alert 30, 7 and 1 days before,
 * once each, and a number in the status (TP-7). Method: a house with real rows whose certificates
 * end at moving dates; the alert rows are counted. */
#include "api/expiring.h"
#include "api/terms_for_tests.h"
#include "base/time.h"

typedef struct Count {
    int64_t rows;
} Count;

static Status take(void *context, const Value *values, size_t count)
{
    ((Count *)context)->rows = values[0].integer;
    return OK;
}

static Status count_alerts(void *context, Store *store)
{
    return store_query(store, "SELECT count(*) FROM alert WHERE kind = 40 AND about_table = 0",
            NULL, 0, take, context);
}

/* Two rounds of looking, with both certificates ending after this time; -1: it failed. */
static int64_t alerts_when(TestHouse *t, int64_t rsa_left_us, int64_t sm2_left_us)
{
    Expiring expiring = { .house = &t->house };
    Count count = { -1 };
    const int64_t now_us = clock_now_us(&t->house.clock);
    t->house.platform.keys[0].not_after_us = now_us + rsa_left_us;
    t->house.platform.keys[1].not_after_us = now_us + sm2_left_us;
    for (int round = 1; round <= 2; round++) {
        if (!status_ok(expiring_step(&expiring, now_us + round * 2000000))) return -1;
    }
    if (!status_ok(batcher_between(t->house.batcher, count_alerts, &count))) return -1;
    return count.rows;
}

static void test_the_platforms_certificates(void)
{
    CLEANUP(house_close) TestHouse t;
    EXPECT_OK(house_open(&t, 1));
    const int64_t day = TIME_DAY_US;
    PlatformKeys *platform = &t.house.platform;
    EXPECT(alerts_when(&t, 400 * day, 31 * day) == 0);
    EXPECT(expiring_platform_count(&t.house) == 0);
    EXPECT(alerts_when(&t, 400 * day, 29 * day) == 1);
    EXPECT(expiring_platform_count(&t.house) == 1);
    EXPECT(alerts_when(&t, 29 * day, 28 * day) == 2); /* the other one; and once each */
    EXPECT(expiring_platform_count(&t.house) == 2);
    EXPECT(alerts_when(&t, 6 * day, 28 * day) == 3);
    EXPECT(alerts_when(&t, day / 2, 28 * day) == 4);
    EXPECT(alerts_when(&t, day / 3, 28 * day) == 4);
    /* One that is followed by another may end in peace. */
    platform->keys[2] = (PlatformKey) { .sign_key = WIRE_SIGN_SM2,
        .version = 2,
        .not_after_us = clock_now_us(&t.house.clock) + 400 * day };
    platform->count = 3;
    EXPECT(alerts_when(&t, day / 3, day / 3) == 4);
    EXPECT(expiring_platform_count(&t.house) == 1);
}

static Status count_licences(void *context, Store *store)
{
    const Value verdict = VALUE_OF_INT(REFUSED_MERCHANT_LICENCE_ENDS);
    return store_query(
            store, "SELECT count(*) FROM alert WHERE verdict = ?1", &verdict, 1, take, context);
}

/* Three rounds of looking at this time, each an hour after the other; -1: it failed. */
static int64_t licences_when(TestHouse *t, int64_t now_us)
{
    Expiring expiring = { .house = &t->house };
    Count count = { -1 };
    for (int round = 0; round < 3; round++) {
        if (!status_ok(expiring_step(&expiring, now_us + round * 3600 * TIME_SECOND_US))) return -1;
    }
    if (!status_ok(batcher_between(t->house.batcher, count_licences, &count))) return -1;
    return count.rows;
}

static void agree(TestHouse *t, int64_t until_us)
{
    EXPECT_OK(terms_put(t, "1900000001", until_us));
}

static void test_a_merchants_licence(void)
{
    CLEANUP(house_close) TestHouse t;
    EXPECT_OK(house_open(&t, 1));
    const int64_t day = TIME_DAY_US;
    const int64_t until_us = clock_now_us(&t.house.clock) + 100 * day;
    agree(&t, until_us);
    EXPECT(licences_when(&t, until_us - 31 * day) == 0);
    EXPECT(licences_when(&t, until_us - 29 * day) == 1);
    EXPECT(licences_when(&t, until_us - 8 * day) == 1);
    EXPECT(licences_when(&t, until_us - 6 * day) == 2);
    EXPECT(licences_when(&t, until_us - day / 2) == 3);
    EXPECT(licences_when(&t, until_us + day) == 3);
    agree(&t, until_us + 365 * day); /* the next licence is told of in its time */
    EXPECT(licences_when(&t, until_us + day) == 3);
    EXPECT(licences_when(&t, until_us + 360 * day) == 4);
}

static Status insert(void *context, Store *store)
{
    return store_execute(store,
            "INSERT INTO merchant_terms SELECT 'no merchant: of forty bytes and some more',"
            " licence_name, licence_number, licence_digest, licence_until, account_token,"
            " account_mask, mcc, agreement_digest, agreement_time, agreement_clause, risk,"
            " fee_rate, fee_min, fee_max, settlement, changed, revision, batch, seal"
            " FROM merchant_terms",
            NULL, 0);
}

/* A row that somebody put into the database stops no other reminder. */
static void test_a_row_that_does_not_fit(void)
{
    CLEANUP(house_close) TestHouse t;
    EXPECT_OK(house_open(&t, 1));
    const int64_t now_us = clock_now_us(&t.house.clock);
    agree(&t, now_us + 20 * TIME_DAY_US);
    EXPECT_OK(batcher_between(t.house.batcher, insert, NULL));
    EXPECT(licences_when(&t, now_us) == 1);
    EXPECT(alerts_when(&t, 29 * TIME_DAY_US, 400 * TIME_DAY_US) == 2); /* the licence's and it */
}

TESTS(TEST(test_the_platforms_certificates), TEST(test_a_merchants_licence),
        TEST(test_a_row_that_does_not_fit))

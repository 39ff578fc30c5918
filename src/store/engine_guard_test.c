/*
 * Goal: the guard may be away, refuse, or have lost an answer at any step, and the batch comes out
 * whole
 * or not at all. Method: as engine_test.c, with a guard that is told to fail.
 */
#include "store/engine_house.h"

static void test_guard_away_then_back(void)
{
    HOUSE;
    EXPECT(open_accounts());
    Status *const answers[] = { &house.guard.verify_answer, &house.guard.prepare_answer,
        &house.guard.append_answer };
    for (size_t i = 0; i < 3; i++) {
        const int aborts = house.guard.abort_calls;
        PracticeUnit units[2] = { practice_transfer(1, 2, 1), practice_transfer(1, 2, 1000) };
        *answers[i] = REFUSE(REFUSED_VAULT_UNAVAILABLE);
        EXPECT(RUN(&units[0], &units[1]) == 0);
        /* Not even the business refusal is answered: its event was not kept. */
        EXPECT_REFUSED(units[0].outcome, REFUSED_VAULT_UNAVAILABLE);
        EXPECT_REFUSED(units[1].outcome, REFUSED_VAULT_UNAVAILABLE);
        EXPECT(house.guard.abort_calls == aborts + (i > 0 ? 1 : 0));
        *answers[i] = OK;
        RUN(&units[0], &units[1]);
        EXPECT_OK(units[0].outcome);
        EXPECT_REFUSED(units[1].outcome, REFUSED_BALANCE_NOT_ENOUGH);
    }
    EXPECT(balance(1) == 97 && practice_is_sound(house.store));
}

static void test_a_lost_confirm_is_made_up(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.confirm_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    PracticeUnit first = practice_transfer(1, 2, 1);
    RUN(&first);
    EXPECT_OK(first.outcome); /* it is durable: that is the truth */
    EXPECT(house.guard.confirmed == 1 && house.guard.prepared == 1);
    house.guard.confirm_answer = OK;
    PracticeUnit second = practice_transfer(1, 2, 1);
    RUN(&second);
    EXPECT_OK(second.outcome);
    EXPECT(house.guard.confirmed == 3 && balance(1) == 98);
}

/* A guard that does not know how the last batch ended vouches for none of its rows: nothing is
 * asked of it before it knows, so that no good row looks like a bad one. */
static void test_nothing_is_verified_before_the_guard_knows_the_last_batch(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.confirm_answer = BROKEN(FAULT_JOURNAL);
    PracticeUnit first = practice_transfer(1, 2, 1);
    RUN(&first);
    EXPECT_OK(first.outcome);
    const int verified = house.guard.verify_calls;
    PracticeUnit second = practice_transfer(1, 2, 1);
    RUN(&second);
    EXPECT_STATUS(second.outcome, FAULT_JOURNAL);
    EXPECT(house.guard.verify_calls == verified && house.guard.alarm_calls == 0);
    house.guard.confirm_answer = OK;
    RUN(&second);
    EXPECT_OK(second.outcome);
    EXPECT(balance(1) == 98 && practice_is_sound(house.store));
}

/* One that was stopped while it was shown the store knows the lease that we only asked for. What is
 * verified shows it the store again: so verification comes even then, and only then the verdict. */
static void test_a_guard_with_another_lease_is_shown_the_store(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.confirm_answer = REFUSE(REFUSED_EPOCH_FENCED);
    PracticeUnit unit = practice_transfer(1, 2, 1);
    RUN(&unit);
    EXPECT_OK(unit.outcome);
    const int verified = house.guard.verify_calls;
    RUN(&unit);
    EXPECT_REFUSED(unit.outcome, REFUSED_EPOCH_FENCED);
    EXPECT(house.guard.verify_calls == verified + 1);
}

/* Prepared, given up, and the guard was not there to hear it: it hears it before the next batch. */
static void test_a_lost_abort_is_made_up(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.append_answer = BROKEN(FAULT_STORE_FULL);
    house.guard.abort_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    PracticeUnit unit = practice_transfer(1, 2, 1);
    RUN(&unit);
    EXPECT_STATUS(unit.outcome, FAULT_STORE_FULL);
    EXPECT(house.guard.prepared == 1);
    house.guard.append_answer = OK;
    RUN(&unit); /* still not heard */
    EXPECT_REFUSED(unit.outcome, REFUSED_VAULT_UNAVAILABLE);
    house.guard.abort_answer = OK;
    RUN(&unit);
    EXPECT_OK(unit.outcome);
    EXPECT(house.guard.confirmed == 2 && balance(1) == 99 && practice_is_sound(house.store));
}

static void test_content_refused_by_the_guard_comes_one_by_one(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.guard.refuse_table = &practice_deal;
    house.guard.refuse_number = 13;
    PracticeUnit units[3] = { deal("s", "N1", "a"), deal("s", "N2", "b"), deal("s", "N3", "c") };
    units[1].minor = 13;
    EXPECT(RUN(&units[0], &units[1], &units[2]) == 3);
    EXPECT(house.work.one_by_one && house.guard.abort_calls == 1);
    for (int i = 0; i < 3; i++)
        EXPECT(RUN(&units[i]) == 0);
    EXPECT_OK(units[0].outcome);
    EXPECT_REFUSED(units[1].outcome, REFUSED_ROW_NOT_SUCCESSOR);
    EXPECT_OK(units[2].outcome);
    EXPECT(balance(1) == 98 && practice_is_sound(house.store));
}

static void test_a_batch_over_its_bytes_splits(void)
{
    HOUSE;
    EXPECT(open_accounts());
    house.engine.guard.bytes_max = 1600;
    PracticeUnit units[20];
    PracticeUnit *list[20];
    size_t left = 20;
    for (size_t i = 0; i < 20; i++) {
        units[i] = practice_transfer(1, 2, 1);
        list[i] = &units[i];
    }
    int rounds = 0;
    while (left > 0) {
        const size_t again = run(list + 20 - left, left);
        EXPECT(again < left); /* always at least one gets through */
        left = again;
        rounds++;
    }
    EXPECT(rounds > 1 && balance(1) == 80 && practice_is_sound(house.store));
    house.engine.guard.bytes_max = 100;
    PracticeUnit big = practice_transfer(1, 2, 1);
    RUN(&big);
    EXPECT_REFUSED(big.outcome, REFUSED_BATCH_FULL);
}

/* What vaultd says of money blames the content as well: a payment that is paid and given back in
 * one batch is no step that it knows, and nobody else's unit fails for that. */
static void test_money_refused_by_the_guard_comes_one_by_one(void)
{
    static const StatusCode codes[] = { REFUSED_POSTINGS_NOT_PAYMENT, REFUSED_REFUND_NOT_LAWFUL,
        REFUSED_PAYER_ACCOUNT_OTHER, REFUSED_BALANCE_NEGATIVE };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        HOUSE;
        EXPECT(open_accounts());
        house.guard.refuse_table = &practice_deal;
        house.guard.refuse_number = 13;
        house.guard.refuse_answer = REFUSE(codes[i]);
        PracticeUnit units[2] = { deal("s", "N1", "a"), deal("s", "N2", "b") };
        units[1].minor = 13;
        EXPECT(RUN(&units[0], &units[1]) == 2 && house.work.one_by_one);
        EXPECT(RUN(&units[0]) == 0 && RUN(&units[1]) == 0);
        EXPECT_OK(units[0].outcome);
        EXPECT_REFUSED(units[1].outcome, codes[i]);
    }
}

TESTS(TEST(test_guard_away_then_back), TEST(test_a_lost_confirm_is_made_up),
        TEST(test_nothing_is_verified_before_the_guard_knows_the_last_batch),
        TEST(test_a_guard_with_another_lease_is_shown_the_store),
        TEST(test_a_lost_abort_is_made_up),
        TEST(test_content_refused_by_the_guard_comes_one_by_one),
        TEST(test_money_refused_by_the_guard_comes_one_by_one),
        TEST(test_a_batch_over_its_bytes_splits))

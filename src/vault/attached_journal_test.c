/* Goal: no crash and no number of open transactions loses a change of an attached row or freezes a
 * right one (TP-12). Method: restarts and power cuts between announcement, outcome and look. */
#include "vault/attached_test_core.h"

/* Either state while the outcome is unknown, one of them once it is told; also over a restart. */
static void test_open_transactions(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    EXPECT_OK(core_open(&c));
    for (int committed = 0; committed < 2; committed++) {
        for (int restart = 0; restart < 2; restart++) {
            row.size = 0;
            EXPECT_OK(core_write(&c, &row, 10 + 2 * committed + restart, 100));
            CoreRow next = { .size = 0 };
            core_image(&c, 10 + 2 * committed + restart, 70, &next);
            c.transaction++;
            EXPECT_OK(core_announce(&c, &row, &next));
            next = c.announced;
            if (restart) {
                EXPECT_OK(house_restart(c.house));
                EXPECT_OK(core_session(&c));
            }
            EXPECT_OK(core_locked(&c, &row));
            EXPECT_OK(core_locked(&c, &next));
            EXPECT_OK(core_resolve(&c, c.transaction, committed));
            EXPECT_OK(
                    core_resolve(&c, c.transaction, !committed)); /* told twice: the first counts */
            EXPECT_OK(core_locked(&c, committed ? &next : &row));
            EXPECT_REFUSED(
                    core_locked(&c, committed ? &row : &next), REFUSED_ATTACHED_ROW_ROLLED_BACK);
        }
    }
}

/* Nobody told how the transaction ended; the next one that holds the row's lock shows it. */
static void test_the_next_lock_settles(void)
{
    CLEANUP(core_done) Core c;
    EXPECT_OK(core_open(&c));
    for (int committed = 0; committed < 2; committed++) {
        CoreRow row = { .size = 0 };
        EXPECT_OK(core_write(&c, &row, committed, 100));
        CoreRow next = { .size = 0 };
        core_image(&c, committed, 70, &next);
        c.transaction++;
        EXPECT_OK(core_announce(&c, &row, &next));
        next = c.announced;
        CoreRow lost = committed ? row : next;
        CoreRow kept = committed ? next : row;
        EXPECT_OK(core_write(&c, &kept, committed, 60));
        EXPECT_OK(core_locked(&c, &kept));
        EXPECT_REFUSED(core_locked(&c, &lost), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    }
}

/* The database crashed: that a transaction is over is all that anybody knows. Either state is right
 * until one is seen under its lock; and a row that is gone is missed all the same. */
static void test_over_is_what_is_seen(void)
{
    CLEANUP(core_done) Core c;
    EXPECT_OK(core_open(&c));
    for (int committed = 0; committed < 2; committed++) {
        CoreRow row = { .size = 0 };
        CoreRow next = { .size = 0 };
        WireAttachedVerdict verdict;
        EXPECT_OK(core_write(&c, &row, committed, 100));
        core_image(&c, committed, 70, &next);
        c.transaction++;
        EXPECT_OK(core_announce(&c, &row, &next));
        next = c.announced;
        EXPECT_OK(core_resolve(&c, c.transaction, ATTACHED_OVER));
        CoreRow other = { .size = 0 };
        EXPECT_OK(core_write(&c, &other, 10 + committed, 1)); /* makes it durable */
        EXPECT_OK(house_restart(c.house));
        EXPECT_OK(core_session(&c));
        EXPECT_OK(core_check_absent(&c, &row, 0, &verdict));
        EXPECT(verdict.status == REFUSED_ATTACHED_ROW_DELETED && verdict.stamp != 0);
        EXPECT_OK(core_check(&c, &row, false, &verdict));
        EXPECT(verdict.status == 0);
        EXPECT_OK(core_locked(&c, committed ? &next : &row));
        EXPECT_REFUSED(core_locked(&c, committed ? &row : &next), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    }
}

/* One transaction changes a row three times, with savepoints between: any of them may remain. */
static void test_savepoints(void)
{
    CLEANUP(core_done) Core c;
    EXPECT_OK(core_open(&c));
    for (int kept = 0; kept < 3; kept++) {
        CoreRow row = { .size = 0 };
        CoreRow states[3];
        EXPECT_OK(core_write(&c, &row, kept, 100));
        c.transaction++;
        const CoreRow *last = &row;
        for (int i = 0; i < 3; i++) {
            core_image(&c, kept, 10 + i, &states[i]);
            EXPECT_OK(core_announce(&c, last, &states[i]));
            states[i] = c.announced;
            last = &states[i];
        }
        EXPECT_OK(core_resolve(&c, c.transaction, true));
        EXPECT_OK(core_locked(&c, &states[kept])); /* seen under its lock: that is it */
        EXPECT_OK(core_locked(&c, &states[kept]));
        EXPECT_REFUSED(core_locked(&c, &states[(kept + 1) % 3]), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    }
}

static void test_many_at_once(void)
{
    enum { MANY = 200 };
    CLEANUP(core_done) Core c;
    static CoreRow before[MANY];
    static CoreRow after[MANY];
    EXPECT_OK(core_open(&c));
    memset(before, 0, sizeof(before));
    for (int i = 0; i < MANY; i++) {
        EXPECT_OK(core_write(&c, &before[i], i, 100));
        core_image(&c, i, 200, &after[i]);
    }
    for (int i = 0; i < MANY; i++) {
        c.transaction = (uint64_t)(100000 + i);
        EXPECT_OK(core_announce(&c, &before[i], &after[i]));
        after[i] = c.announced;
    }
    EXPECT_OK(house_restart(c.house));
    EXPECT_OK(core_session(&c));
    for (int i = 0; i < MANY; i++) {
        EXPECT_OK(core_locked(&c, &before[i]));
        EXPECT_OK(core_locked(&c, &after[i]));
        EXPECT_OK(core_resolve(&c, (uint64_t)(100000 + i), i % 2 == 0));
    }
    for (int i = 0; i < MANY; i++)
        EXPECT_OK(core_locked(&c, i % 2 == 0 ? &after[i] : &before[i]));
}

/* What was frozen, sealed, deleted and open stays so when the journal turns over its segments. */
static void test_turned_journal(void)
{
    CLEANUP(core_done) Core c;
    CoreRow row = { .size = 0 };
    CoreRow gone = { .size = 0 };
    CoreRow bad = { .size = 0 };
    CoreRow open = { .size = 0 };
    CoreRow busy = { .size = 0 };
    EXPECT_OK(core_open(&c));
    EXPECT_OK(core_write(&c, &row, 1, 100));
    EXPECT_OK(core_write(&c, &gone, 2, 100));
    const CoreRow deleted = gone;
    EXPECT_OK(core_delete(&c, &gone));
    EXPECT_OK(core_write(&c, &bad, 3, 100));
    CoreRow changed = bad;
    core_image(&c, 3, 1, &changed);
    EXPECT_REFUSED(core_locked(&c, &changed), REFUSED_ATTACHED_ROW_CHANGED);
    EXPECT_OK(core_write(&c, &open, 4, 100));
    CoreRow next = { .size = 0 };
    core_image(&c, 4, 1, &next);
    const uint64_t transaction = ++c.transaction;
    EXPECT_OK(core_announce(&c, &open, &next));
    next = c.announced;
    for (int i = 0; i < 1200; i++)
        EXPECT_OK(core_write(&c, &busy, 5, i));
    EXPECT_OK(house_restart(c.house));
    EXPECT_OK(core_session(&c));
    WireAttachedVerdict verdict;
    EXPECT_OK(core_locked(&c, &row));
    EXPECT_OK(core_locked(&c, &busy));
    EXPECT_OK(core_locked(&c, &open));
    EXPECT_OK(core_locked(&c, &next));
    EXPECT_OK(core_resolve(&c, transaction, true));
    EXPECT_REFUSED(core_locked(&c, &open), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    EXPECT_REFUSED(core_locked(&c, &deleted), REFUSED_ATTACHED_ROW_ROLLED_BACK);
    EXPECT_OK(core_check(&c, &bad, true, &verdict));
    EXPECT(verdict.status == 0 && verdict.frozen);
}

/* The power goes off at any write: what was answered is known, what was not is in either state. */
static void test_torn_journal(void)
{
    for (uint64_t cut = 1; cut < 40; cut++) {
        CLEANUP(core_done) Core c;
        CoreRow row = { .size = 0 };
        EXPECT_OK(core_open(&c));
        EXPECT_OK(core_write(&c, &row, 1, 100));
        torn_power_restart(&c.house->power, cut);
        CoreRow next = { .size = 0 };
        bool answered = true;
        for (int i = 0; i < 30 && answered; i++) {
            next = row;
            core_image(&c, 1, i, &next);
            c.transaction++;
            answered = status_ok(core_announce(&c, &row, &next));
            if (answered) row = c.announced;
            IGNORE(core_resolve(&c, c.transaction, true), "the power may be off");
        }
        EXPECT_OK(house_restart(c.house));
        EXPECT_OK(core_session(&c));
        EXPECT_OK(core_locked(&c, &row)); /* the last one that was answered was committed */
    }
}

TESTS(TEST(test_open_transactions), TEST(test_the_next_lock_settles),
        TEST(test_over_is_what_is_seen), TEST(test_savepoints), TEST(test_many_at_once),
        TEST(test_turned_journal), TEST(test_torn_journal))

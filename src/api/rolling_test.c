/*
 * Goal: every append-only row is looked at once a round, and one that was changed in the database
 * or deleted from it is told, wherever it stands (TP-12). Method: a practice ledger of 600 bookings
 * with the practice guard's seals, changed by SQL as an intruder with write access would.
 */
#include "api/rolling.h"

#include "store/store_for_tests.h"

enum { TRANSFERS = 300, ROWS = 2 + 2 * TRANSFERS, STEPS_MAX = 100, TOLD_MAX = 64 };

typedef struct Scene {
    TestStore rows;
    Rolling *rolling;
    int64_t now_us;
    Status show_answer; /* unless OK */
    bool lose_answer; /* of the next message, which was heard */
    VaultRoll roll; /* vaultd's side of the walk */
    uint64_t shown;
    uint64_t missing; /* at the end of the last whole walk */
    uint64_t since;
    bool named; /* what is missing */
    Status force; /* unless OK: every row's verdict */
    size_t largest;
    size_t told;
    StatusCode codes[TOLD_MAX];
    int64_t batches[TOLD_MAX]; /* the told rows' first key column; -1: no key */
} Scene;

static Scene scene;

/* vaultd as rolling.c knows it: it counts where the real one keeps digests (vault/roll_test.c). */
static Status begin(void *context, const Table *table, VaultRoll *ret_roll)
{
    ASSERT(table == &practice_booking);
    TRY(scene.show_answer);
    scene.roll = (VaultRoll) { scene.roll.number + 1, scene.rows.practice.confirmed, 0 };
    scene.shown = 0;
    *ret_roll = scene.roll;
    return OK;
}

/* The two openings wrote one row each, every batch after them two. */
static uint64_t rows_below(int64_t batch) { return (uint64_t)(batch < 2 ? batch : 2 * batch - 2); }

static VaultRollFinding find(void)
{
    const uint64_t missing = rows_below(scene.roll.below) - scene.shown;
    if (missing != scene.missing) scene.since = scene.roll.number;
    scene.missing = missing;
    if (missing == 0) return (VaultRollFinding) { 0 };
    const Status verdict = REFUSE(scene.named ? REFUSED_ROW_FROZEN : REFUSED_ROW_DELETED);
    return (VaultRollFinding) { verdict, scene.since };
}

static Status show(void *context, VaultRoll *roll, const RowClaim *claims, size_t count, bool last,
        Status *ret_verdicts, VaultRollFinding *ret_finding)
{
    if (count > scene.largest) scene.largest = count;
    TRY(scene.show_answer);
    REQUIRE(roll->number == scene.roll.number && roll->seen == scene.roll.seen,
            REFUSED_BATCH_OUT_OF_ORDER);
    TRY(scene.rows.practice.guard.verify(
            scene.rows.practice.guard.context, claims, count, ret_verdicts));
    for (size_t i = 0; i < count; i++) {
        RowView row;
        TRY(row_parse(claims[i].image, &row));
        if (row.head.batch < scene.roll.below)
            scene.shown++; /* of a wrong seal too: it was named */
        if (!status_ok(scene.force)) ret_verdicts[i] = scene.force;
    }
    scene.roll.seen += count;
    *ret_finding = last ? find() : (VaultRollFinding) { 0 };
    const bool heard = !scene.lose_answer;
    scene.lose_answer = false;
    REQUIRE(heard, REFUSED_VAULT_UNAVAILABLE);
    roll->seen += count;
    return OK;
}

static void alarm_row(void *context, const Table *table, Span key, Status verdict)
{
    ASSERT(table == &practice_booking && scene.told < TOLD_MAX);
    Cursor c = cursor_of(key);
    Span skipped = { 0 };
    int64_t batch = -1;
    /* table u16 | columns u8 | id u16 | type u8 | size u32 | the integer */
    if (key.size > 0) ASSERT(status_ok(cursor_take(&c, 10, &skipped)));
    if (key.size > 0) ASSERT(status_ok(cursor_i64(&c, &batch)));
    scene.codes[scene.told] = (StatusCode)verdict.code;
    scene.batches[scene.told++] = batch;
}

static bool fill(void)
{
    PracticeUnit a = practice_opening(1, 100000);
    PracticeUnit b = practice_opening(2, 100000);
    if (!status_ok(unit_wait(scene.rows.batcher, &a.unit))) return false;
    if (!status_ok(unit_wait(scene.rows.batcher, &b.unit))) return false;
    for (int i = 0; i < TRANSFERS; i++) {
        PracticeUnit unit = practice_transfer(1, 2, 1);
        if (!status_ok(unit_wait(scene.rows.batcher, &unit.unit))) return false;
    }
    return true;
}

static bool scene_open(bool filled)
{
    static const RollingTable tables[] = { { &practice_booking, true } };
    static const StoreSchema *const schemas[] = { &practice_schema };
    scene = (Scene) { .now_us = 1800000000000000 };
    test_store_open_with(&scene.rows, schemas, 1, scene.now_us, NULL);
    const RollingConfig rolling = { .batcher = scene.rows.batcher,
        .tables = tables,
        .table_count = 1,
        .begin = begin,
        .show = show,
        .alarm = alarm_row };
    return status_ok(rolling_open(&rolling, &scene.rolling)) && (!filled || fill());
}

static void scene_close(Scene *const *s)
{
    rolling_close(scene.rolling);
    test_store_close(&scene.rows);
}
#define SCENE(filled)                                \
    CLEANUP(scene_close) Scene *const here = &scene; \
    (void)here;                                      \
    EXPECT(scene_open(filled))

static Status run_sql(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

static bool tamper(const char *sql)
{
    return status_ok(batcher_between(scene.rows.batcher, run_sql, (void *)(uintptr_t)sql));
}

/* One whole round; the number of steps, or 0. */
static int walk_round(void)
{
    const uint64_t before = rolling_counts(scene.rolling).rounds;
    scene.now_us += ROLLING_ROUND_US;
    for (int steps = 1; steps <= STEPS_MAX; steps++) {
        scene.now_us += 200000;
        if (!status_ok(rolling_step(scene.rolling, scene.now_us))) return 0;
        if (rolling_counts(scene.rolling).rounds > before) return steps;
    }
    return 0;
}

static void test_a_round_sees_every_row_once(void)
{
    SCENE(true);
    EXPECT(walk_round() == ROWS / ROLLING_ROWS_MAX + 1);
    const RollingCounts counts = rolling_counts(scene.rolling);
    EXPECT(counts.rows == ROWS && counts.bad == 0 && scene.told == 0);
    EXPECT(counts.round_us == ROWS / ROLLING_ROWS_MAX * 200000
            && scene.largest == ROLLING_ROWS_MAX);
    /* The next round is not due: nothing is read, nothing asked. */
    const int asked = scene.rows.practice.verify_calls;
    EXPECT_OK(rolling_step(scene.rolling, scene.now_us + ROLLING_ROUND_US / 2));
    EXPECT(scene.rows.practice.verify_calls == asked && rolling_counts(scene.rolling).rows == ROWS);
    EXPECT(walk_round() > 0 && rolling_counts(scene.rolling).rows == 2 * ROWS);
}

static void test_an_empty_table_costs_one_step(void)
{
    SCENE(false);
    EXPECT(walk_round() == 1 && rolling_counts(scene.rolling).rows == 0);
    EXPECT(scene.largest == 0 && scene.told == 0);
}

/* The first row, the last, and one on each side of a page's edge. */
static void test_a_changed_row_is_told_wherever_it_stands(void)
{
    static const int64_t places[] = { 0, ROLLING_ROWS_MAX - 1, ROLLING_ROWS_MAX, ROWS - 1 };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char sql[200];
        SCENE(true);
        snprintf(sql, sizeof(sql),
                "UPDATE booking SET minor = minor + 1 WHERE (in_batch, number) = (SELECT in_batch,"
                " number FROM booking ORDER BY in_batch, number LIMIT 1 OFFSET %lld)",
                (long long)places[i]);
        EXPECT(tamper(sql) && walk_round() > 0);
        EXPECT(scene.told == 1 && scene.codes[0] == REFUSED_ROW_SEAL_MISMATCH);
        /* The two openings wrote one row each, every batch after them two. */
        EXPECT(scene.batches[0] == (places[i] < 2 ? places[i] : places[i] / 2 + 1));
        EXPECT(rolling_counts(scene.rolling).rows == ROWS);
    }
}

static void test_swapped_seals_and_cut_ones_are_told(void)
{
    SCENE(true);
    EXPECT(tamper("UPDATE booking SET seal = (SELECT seal FROM booking WHERE in_batch = 9 AND"
                  " number = 1) WHERE in_batch = 10"));
    EXPECT(tamper("UPDATE booking SET seal = x'00' WHERE in_batch = 20 AND number = 1"));
    EXPECT(walk_round() > 0 && scene.told == 3);
}

static void test_a_frozen_row_is_no_news(void)
{
    SCENE(true);
    scene.force = REFUSE(REFUSED_ROW_FROZEN);
    EXPECT(walk_round() > 0 && scene.told == 0 && rolling_counts(scene.rolling).rows == ROWS);
    scene.force = REFUSE(REFUSED_BATCH_OUT_OF_ORDER);
    EXPECT(walk_round() > 0 && scene.told == 0);
}

/* The table again without its types, as who may write the database may make it. */
static bool loosen(void)
{
    return tamper("CREATE TABLE loose AS SELECT * FROM booking") && tamper("DROP TABLE booking")
            && tamper("ALTER TABLE loose RENAME TO booking");
}

/* A row whose values make no row has no key to go on from: it is told once, and hides nobody. */
static void test_rows_that_nobody_can_read_hide_nobody(void)
{
    SCENE(true);
    EXPECT(loosen());
    EXPECT(tamper("UPDATE booking SET batch = 'x' WHERE in_batch BETWEEN 40 AND 140"));
    EXPECT(tamper("UPDATE booking SET minor = 7 WHERE in_batch = 141 AND number = 1"));
    EXPECT(walk_round() > 0);
    EXPECT(scene.told == 3 && rolling_counts(scene.rolling).rows == ROWS - 202);
    EXPECT(scene.codes[0] == REFUSED_ROW_INVALID && scene.batches[0] == -1);
    EXPECT(scene.codes[1] == REFUSED_ROW_SEAL_MISMATCH && scene.batches[1] == 141);
    EXPECT(scene.codes[2] == REFUSED_ROW_DELETED && scene.batches[2] == -1); /* to vaultd */
    /* All of them, from the first on. */
    EXPECT(tamper("UPDATE booking SET batch = 'x'"));
    scene.told = 0;
    EXPECT(walk_round() > 0 && scene.told == 2 && scene.codes[0] == REFUSED_ROW_INVALID);
    EXPECT(scene.missing == ROWS && scene.codes[1] == REFUSED_ROW_DELETED);
}

/* vaultd was away for a step: the same rows come again, none is left out. */
static void test_a_refused_step_leaves_nothing_out(void)
{
    SCENE(true);
    scene.now_us += 1;
    EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
    scene.show_answer = REFUSE(REFUSED_VAULT_UNAVAILABLE);
    for (int i = 0; i < 3; i++)
        EXPECT_REFUSED(rolling_step(scene.rolling, scene.now_us), REFUSED_VAULT_UNAVAILABLE);
    scene.show_answer = OK;
    EXPECT(walk_round() > 0 && rolling_counts(scene.rolling).rows == ROWS);
}

/* vaultd heard a page and its answer was lost: the table comes again from its first row. */
static void test_a_lost_answer_begins_the_table_again(void)
{
    SCENE(true);
    for (int page = 0; page < 3; page++) {
        scene.now_us += ROLLING_ROUND_US;
        for (int i = 0; i < page; i++)
            EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
        scene.lose_answer = true;
        EXPECT_REFUSED(rolling_step(scene.rolling, scene.now_us), REFUSED_VAULT_UNAVAILABLE);
        EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
        EXPECT(walk_round() == ROWS / ROLLING_ROWS_MAX + 1);
        EXPECT(scene.told == 0 && scene.shown == ROWS);
    }
}

/* Rows that vaultd named in a walk are not told of their table too, in this round or later. */
static void test_what_was_named_is_not_told_again(void)
{
    SCENE(true);
    EXPECT(walk_round() > 0);
    EXPECT(tamper("DELETE FROM booking WHERE in_batch = 7"));
    scene.named = true;
    EXPECT(walk_round() > 0 && scene.told == 0 && scene.missing == 2);
    scene.named = false;
    EXPECT(walk_round() > 0 && scene.told == 0);
    EXPECT(tamper("DELETE FROM booking WHERE in_batch = 8"));
    EXPECT(walk_round() > 0 && scene.told == 1);
}

/* The first row, the last, and one on each side of a page's edge. Told in the round that misses it,
 * and not in the next one; another row gone is told again. */
static void test_a_deleted_row_is_told_once(void)
{
    static const int64_t places[] = { 0, ROLLING_ROWS_MAX - 1, ROLLING_ROWS_MAX, ROWS - 1 };
    static const char format[] =
            "DELETE FROM booking WHERE (in_batch, number) = (SELECT in_batch, number FROM booking"
            " ORDER BY in_batch, number LIMIT 1 OFFSET %lld)";
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char sql[200];
        SCENE(true);
        EXPECT(walk_round() > 0 && scene.told == 0);
        snprintf(sql, sizeof(sql), format, (long long)places[i]);
        EXPECT(tamper(sql) && walk_round() > 0);
        EXPECT(scene.told == 1 && scene.codes[0] == REFUSED_ROW_DELETED && scene.batches[0] == -1);
        EXPECT(walk_round() > 0 && walk_round() > 0 && scene.told == 1);
        snprintf(sql, sizeof(sql), format, 100LL);
        EXPECT(tamper(sql) && walk_round() > 0 && scene.told == 2);
        /* A vaultd that counts anew means another walk by the same number. */
        scene.missing = scene.roll.number = 0;
        for (int again = 0; again < 5; again++)
            EXPECT(walk_round() > 0);
        EXPECT(scene.told == 3);
    }
}

/* A row that comes behind a walk that has begun waits for the next one; a page that reaches it ends
 * the table, so that rows cannot come faster than a round ends. */
static void test_rows_written_meanwhile_end_the_round(void)
{
    SCENE(true);
    EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
    EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
    for (int i = 0; i < ROLLING_ROWS_MAX; i++) {
        PracticeUnit unit = practice_transfer(1, 2, 1);
        EXPECT_OK(unit_wait(scene.rows.batcher, &unit.unit));
    }
    EXPECT_OK(rolling_step(scene.rolling, scene.now_us));
    EXPECT(rolling_counts(scene.rolling).rounds == 1);
    EXPECT(rolling_counts(scene.rolling).rows == 3 * ROLLING_ROWS_MAX);
    EXPECT(scene.shown == ROWS && scene.told == 0);
    EXPECT(walk_round() > 0 && scene.shown == ROWS + 2 * ROLLING_ROWS_MAX && scene.told == 0);
}

TESTS(TEST(test_a_round_sees_every_row_once), TEST(test_an_empty_table_costs_one_step),
        TEST(test_a_changed_row_is_told_wherever_it_stands),
        TEST(test_swapped_seals_and_cut_ones_are_told), TEST(test_a_frozen_row_is_no_news),
        TEST(test_rows_that_nobody_can_read_hide_nobody),
        TEST(test_a_refused_step_leaves_nothing_out),
        TEST(test_a_lost_answer_begins_the_table_again),
        TEST(test_what_was_named_is_not_told_again), TEST(test_a_deleted_row_is_told_once),
        TEST(test_rows_written_meanwhile_end_the_round))

/*
 * Goal: what is due is deleted, all of it and nothing else, whatever breaks on the way; a hold goes
 * before it; what is deleted can be destroyed once and stays so (LL-4.5.4, TP-3). Method: a moved
 * clock, a domain store that fails in the middle, a house that is closed and opened between.
 */
#include "lifecycle/house_for_tests.h"

enum { MANY = 70 /* more than one piece */ };

static Keeper whole = { .fail_after = SIZE_MAX };

static void live_marketing(void)
{
    ASSERT(status_ok(consent(wang(), "marketing", false)));
    ASSERT(status_ok(COLLECT(wang(), "marketing", CLASS_EMAIL)));
}

static void test_a_clock_runs_from_the_end(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_PHONE));
    EXPECT_OK(COLLECT(wang(), "anti-fraud", CLASS_PHONE));
    house_days(4000); /* the relationship lives: no clock */
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0);
    EXPECT_OK(end_relation(wang()));
    const int64_t due_us = house.rows.now_us + 3653 * TIME_DAY_US; /* the longest of its purposes */
    EXPECT(house_number("SELECT due FROM data_holding") == due_us);
    house.rows.now_us = due_us - 1;
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0);
    EXPECT(house_number("SELECT state FROM data_holding") == HOLDING_HELD);
    house.rows.now_us = due_us;
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 1);
    EXPECT(house_number("SELECT state FROM data_holding") == HOLDING_DELETED);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE reference IS NULL") == 1);
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_DELETED);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 1);
}

/* The period became longer meanwhile: the file of today decides, not the date of then. */
static void test_a_longer_period_moves_the_date(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    EXPECT_OK(consent(wang(), "research", false));
    EXPECT_OK(COLLECT(wang(), "research", CLASS_FINANCIAL));
    EXPECT_OK(end_relation(wang()));
    const int64_t ended_us = house.rows.now_us;
    for (size_t i = 0; i < house.purposes.count; i++)
        if (strcmp(house.purposes.of[i].name, "research") == 0) house.purposes.of[i].keep_days = 90;
    house_days(31);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0 && counts.kept == 1);
    EXPECT(house_number("SELECT due FROM data_holding") == ended_us + 90 * TIME_DAY_US);
}

/* A purpose that is gone from the file: its data stays until somebody puts it back. */
static void test_an_unknown_purpose_deletes_nothing(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    live_marketing();
    EXPECT_OK(end_relation(wang()));
    for (size_t i = 0; i < house.purposes.count; i++)
        if (strcmp(house.purposes.of[i].name, "marketing") == 0) house.purposes.of[i].number = 900;
    house_days(1);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0 && counts.kept == 1);
    EXPECT(house_number("SELECT state FROM data_holding") == HOLDING_HELD);
}

static void test_a_hold_goes_before_deletion(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    Request request = { 0 };
    UseVerdict verdict = { 0 };
    live_marketing();
    const int64_t until_us = house.rows.now_us + 10 * TIME_DAY_US;
    EXPECT_REFUSED(place_hold(wang(), "2026-17", house.rows.now_us), REFUSED_SUBJECT_FIELD);
    EXPECT_OK(place_hold(wang(), "2026-17", until_us));
    EXPECT_OK(ask(wang(), REQUEST_DELETE, "", 0, &request));
    EXPECT(request.outcome == REFUSED_DATA_RESTRICTED && request.until_us == until_us);
    house_days(5);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0);
    EXPECT_REFUSED(use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", &verdict),
            REFUSED_DATA_RESTRICTED);
    EXPECT(verdict.until_us == until_us);
    EXPECT_OK(use(wang(), "legal-hold", USE_SHARE, CLASS_EMAIL, "authority", NULL));
    house.rows.now_us = until_us;
    EXPECT_OK(retain(&whole, &counts)); /* it is over, and the wish is remembered */
    EXPECT(counts.deleted == 1);
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_DELETED);
}

/* Withdrawn before the hold came: due at once, and kept all the same; then released early. */
static void test_a_hold_that_is_released(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    live_marketing();
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "marketing", 0, NULL));
    EXPECT_OK(place_hold(wang(), "a", house.rows.now_us + 10 * TIME_DAY_US));
    EXPECT_OK(place_hold(wang(), "b", house.rows.now_us + 20 * TIME_DAY_US));
    EXPECT_OK(place_hold(wang(), "b", house.rows.now_us + 30 * TIME_DAY_US)); /* the same, longer */
    EXPECT(house_number("SELECT holds FROM data_subject") == 3);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0 && counts.kept == 1);
    EXPECT_REFUSED(release_hold(wang(), "c"), REFUSED_HOLD_UNKNOWN);
    EXPECT_OK(release_hold(wang(), "b"));
    EXPECT_REFUSED(release_hold(wang(), "b"), REFUSED_HOLD_UNKNOWN);
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 0); /* the other one still lives */
    EXPECT_OK(release_hold(wang(), "a"));
    EXPECT_OK(retain(&whole, &counts));
    EXPECT(counts.deleted == 1);
}

static void test_holds_are_bounded(void)
{
    HOUSE;
    char reference[16];
    live_marketing();
    for (int i = 0; i < SUBJECT_HOLDS_MAX; i++) {
        snprintf(reference, sizeof(reference), "order-%d", i);
        EXPECT_OK(place_hold(wang(), reference, house.rows.now_us + (i + 1) * TIME_DAY_US));
    }
    EXPECT_REFUSED(place_hold(wang(), "more", house.rows.now_us + 1), REFUSED_HOLD_FULL);
    house_days(2); /* two are over: their places are free */
    EXPECT_OK(place_hold(wang(), "more", house.rows.now_us + 1));
}

static void live_many(void)
{
    for (int i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof(id), "p%03d", i);
        const SubjectName name = name_of("house", id);
        ASSERT(status_ok(consent(name, "marketing", false)));
        ASSERT(status_ok(COLLECT(name, "marketing", CLASS_EMAIL, CLASS_PHONE)));
        ASSERT(status_ok(end_relation(name)));
    }
}

/* Killed anywhere: after the row, before or after the domain store was cleared. */
static void test_deletion_goes_on_after_a_kill(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    Keeper keeper = { .fail_after = 30 };
    live_many();
    EXPECT_REFUSED(retain(&keeper, &counts), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(counts.deleted == 30 && counts.stuck == 2 * MANY - 30);
    /* begun, not finished: out of everybody's reach already */
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state = 3") == 2 * MANY - 30);
    EXPECT_REFUSED(use(name_of("house", "p020"), "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL),
            REFUSED_SUBJECT_UNKNOWN);
    test_store_stop(&house.rows);
    test_store_start(&house.rows);
    keeper.fail_after = SIZE_MAX;
    EXPECT_OK(retain(&keeper, &counts));
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state <> 4") == 0);
    EXPECT(house_number("SELECT count(*) FROM data_subject WHERE state <> 3") == 0);
    EXPECT(keeper.calls == 2 * MANY); /* each once */
    EXPECT(house_number("SELECT count(*) FROM data_act WHERE kind = 11") == 3 * MANY);
}

/* A row that does not verify stops nobody else's deletion. */
static void test_a_broken_row_is_stepped_over(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    live_many();
    test_store_stop(&house.rows);
    Store *store = NULL;
    static const StoreSchema *const schemas[] = { &lifecycle_schema };
    const StoreConfig config = { .path = house.rows.path, .schemas = schemas, .schema_count = 1 };
    EXPECT_OK(store_open(&config, &store));
    EXPECT_OK(store_execute(
            store, "UPDATE data_holding SET version = 9 WHERE subject = 'p000'", NULL, 0));
    store_close(store);
    test_store_start(&house.rows);
    EXPECT_REFUSED(retain(&whole, &counts), REFUSED_ROW_SEAL_MISMATCH);
    EXPECT(counts.stuck == 2);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state <> 4") == 2);
}

static SubjectName names[DESTROY_SUBJECTS_MAX];

static Status list_waiting(void *context, Store *store)
{
    return destruction_waiting(store, names, context);
}

static Status destroyed(size_t count, const char *certificate)
{
    Destroyed work = { .names = names,
        .count = count,
        .certificate = span_of_text(certificate),
        .blind_us = house.rows.now_us + 30 * TIME_DAY_US,
        .actor = "operator/test" };
    destroyed_unit(&work, NULL);
    return unit_wait(house.rows.batcher, &work.unit);
}

static void test_destroyed_once(void)
{
    HOUSE;
    RetentionCounts counts = { 0 };
    size_t count = 9;
    live_marketing();
    EXPECT_OK(batcher_between(house.rows.batcher, list_waiting, &count));
    EXPECT(count == 0);
    names[0] = wang();
    EXPECT_REFUSED(destroyed(1, "paper"), REFUSED_SUBJECT_NOT_DELETED); /* it lives */
    EXPECT_OK(ask(wang(), REQUEST_DELETE, "", 0, NULL));
    EXPECT_OK(batcher_between(house.rows.batcher, list_waiting, &count));
    EXPECT(count == 0); /* its value is not yet out of the domain store */
    EXPECT_OK(retain(&whole, &counts));
    EXPECT_OK(batcher_between(house.rows.batcher, list_waiting, &count));
    EXPECT(count == 1 && strcmp(names[0].subject, "wang") == 0);
    EXPECT_OK(destroyed(1, "paper"));
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_DESTROYED);
    EXPECT(house_number("SELECT blind FROM data_subject") == house.rows.now_us + 30 * TIME_DAY_US);
    EXPECT_OK(destroyed(1, "another")); /* the first certificate stays */
    EXPECT(house_number("SELECT count(*) FROM data_destroyed WHERE certificate = CAST('paper' AS"
                        " BLOB)")
            == 1);
    EXPECT(house_number("SELECT count(*) FROM data_destroyed") == 1);
    EXPECT_OK(batcher_between(house.rows.batcher, list_waiting, &count));
    EXPECT(count == 0);
    names[0] = name_of("house", "li");
    EXPECT_REFUSED(destroyed(1, "paper"), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(consent(wang(), "marketing", false), REFUSED_SUBJECT_GONE);
}

static Status list_unsaid(void *context, Store *store)
{
    static const SubjectName first = { 0 };
    return destruction_unsaid(store, &first, names, context);
}

/* A ledger of before comes back, in which the subject lives: the rows say again that it does not,
 * and nobody finds it (TP-3). */
static void test_destroyed_again_after_a_restore(void)
{
    HOUSE;
    size_t count = 0;
    live_marketing();
    EXPECT_OK(batcher_between(house.rows.batcher, list_unsaid, &count));
    EXPECT(count == 1 && strcmp(names[0].subject, "wang") == 0);
    DestroyedAgain work = { .name = wang(), .actor = "operator/test" };
    destroyed_again_unit(&work, NULL);
    EXPECT_OK(unit_wait(house.rows.batcher, &work.unit));
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_DESTROYED);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state = 4") == 1);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE reference IS NULL") == 1);
    EXPECT(house_number("SELECT count(*) FROM data_act WHERE kind = 12") == 1);
    EXPECT_REFUSED(
            use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(consent(wang(), "marketing", false), REFUSED_SUBJECT_GONE);
    EXPECT_OK(batcher_between(house.rows.batcher, list_unsaid, &count));
    EXPECT(count == 0);
    work.name = name_of("house", "li");
    EXPECT_REFUSED(unit_wait(house.rows.batcher, &work.unit), REFUSED_SUBJECT_UNKNOWN);
}

TESTS(TEST(test_a_clock_runs_from_the_end), TEST(test_a_longer_period_moves_the_date),
        TEST(test_an_unknown_purpose_deletes_nothing), TEST(test_a_hold_goes_before_deletion),
        TEST(test_a_hold_that_is_released), TEST(test_holds_are_bounded),
        TEST(test_deletion_goes_on_after_a_kill), TEST(test_a_broken_row_is_stepped_over),
        TEST(test_destroyed_once), TEST(test_destroyed_again_after_a_restore))

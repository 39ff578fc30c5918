/*
 * Goal: a person's request is a row with a proof, a day by which it is answered, and an outcome;
 * access shows all but values, correction keeps the old, deletion stops where a law begins, and
 * withdrawal stops use at once (LL-2.3). Method: each right on a real life, and each wrong request.
 */
#include "lifecycle/house_for_tests.h"

static Status report_keys(void *context, Store *store)
{
    ReportRead *work = context;
    return report_act_keys(store, &work->name, work->keys, &work->key_count, &work->more);
}

static Status report(SubjectName name, ReportRead *work)
{
    *work = (ReportRead) { .purposes = &house.purposes, .name = name };
    TEXT_INTO(work->actor, "operator/test");
    TRY(batcher_between(house.rows.batcher, report_keys, work));
    report_read_unit(work, NULL);
    return unit_wait(house.rows.batcher, &work->unit);
}

static void live(void)
{
    ASSERT(status_ok(consent(wang(), "marketing", false)));
    ASSERT(status_ok(COLLECT(wang(), "marketing", CLASS_EMAIL, CLASS_PHONE)));
    ASSERT(status_ok(COLLECT(wang(), "due-diligence", CLASS_IDENTITY_NUMBER, CLASS_PHONE)));
    ASSERT(status_ok(COLLECT(wang(), "payment", CLASS_IDENTITY)));
    ASSERT(status_ok(
            use(wang(), "payment", USE_SHARE, CLASS_IDENTITY, "account-institution", NULL)));
}

static ReportRead work;

static void test_access_shows_everything_but_values(void)
{
    HOUSE;
    live();
    Request request = { 0 };
    EXPECT_OK(ask(wang(), REQUEST_ACCESS, "", 0, &request));
    EXPECT(request.number == 1 && request.state == REQUEST_DONE && request.outcome == 0);
    EXPECT_OK(report(wang(), &work));
    const SubjectReport *r = &work.report;
    size_t classes = 0;
    size_t phone = 0;
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        classes += r->file.has_holding[i] ? 1 : 0;
        if (data_class_at(i)->class == CLASS_PHONE) phone = i;
    }
    EXPECT(classes == 4 && r->file.holdings[phone].purpose_count == 2);
    EXPECT(r->file.holdings[phone].since_us == house.rows.now_us);
    EXPECT(r->act_count == 6 && !r->more_acts && r->request_count == 1);
    const Act *share = &r->acts[4];
    EXPECT(share->kind == ACT_SHARE && strcmp(share->party, "account-institution") == 0);
    EXPECT(share->classes == class_set_of(CLASS_IDENTITY) && share->basis == BASIS_CONTRACT);
    EXPECT_REFUSED(report(name_of("house", "li"), &work), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(report(name_of("other", "wang"), &work), REFUSED_SUBJECT_UNKNOWN);
}

/* An act that somebody moved to another subject in the database does not verify, and the report is
 * refused rather than wrong. */
static void test_a_report_is_of_verified_rows(void)
{
    HOUSE;
    live();
    test_store_stop(&house.rows);
    Store *store = NULL;
    static const StoreSchema *const schemas[] = { &lifecycle_schema };
    const StoreConfig config = { .path = house.rows.path, .schemas = schemas, .schema_count = 1 };
    EXPECT_OK(store_open(&config, &store));
    EXPECT_OK(store_execute(
            store, "UPDATE data_act SET party = 'clearing-network' WHERE kind = 5", NULL, 0));
    store_close(store);
    test_store_start(&house.rows);
    EXPECT_REFUSED(report(wang(), &work), REFUSED_ROW_SEAL_MISMATCH);
}

static void test_correct_keeps_the_old_value_sealed_away(void)
{
    HOUSE;
    live();
    Request request = { 0 };
    EXPECT_OK(ask(wang(), REQUEST_CORRECT, "", CLASS_EMAIL, &request));
    EXPECT(request.outcome == 0);
    EXPECT(house_number("SELECT version FROM data_holding WHERE class = 112") == 2);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE reference = 'value-new'") == 1);
    EXPECT(house_number("SELECT count(*) FROM data_act WHERE kind = 8 AND reference = 'value-0'")
            == 1); /* the history */
    EXPECT_OK(ask(wang(), REQUEST_CORRECT, "", CLASS_CARD, &request));
    EXPECT(request.outcome == REFUSED_DATA_NOT_HELD);
    EXPECT_REFUSED(ask(wang(), REQUEST_CORRECT, "", 0, NULL), REFUSED_SUBJECT_FIELD);
    EXPECT(house_number("SELECT count(*) FROM data_request") == 2); /* a refused one leaves none */
}

static void test_delete_stops_where_the_law_begins(void)
{
    HOUSE;
    live();
    Request request = { 0 };
    EXPECT_OK(ask(wang(), REQUEST_DELETE, "", 0, &request));
    EXPECT(request.outcome == REFUSED_DATA_RESTRICTED);
    EXPECT(request.until_us == house.rows.now_us + 3653 * TIME_DAY_US);
    /* e-mail rested on consent alone; the rest is kept for the law, and for nothing else */
    EXPECT(house_number("SELECT state FROM data_holding WHERE class = 112") == HOLDING_DELETING);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state = 2") == 3);
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_RESTRICTED);
    UseVerdict verdict = { 0 };
    EXPECT_REFUSED(use(wang(), "payment", USE_DISPLAY, CLASS_IDENTITY, "", &verdict),
            REFUSED_DATA_RESTRICTED);
    EXPECT(verdict.until_us == request.until_us);
    EXPECT_OK(ask(wang(), REQUEST_CORRECT, "", CLASS_PHONE, &request));
    EXPECT(request.outcome == REFUSED_DATA_RESTRICTED && request.until_us == verdict.until_us);
    EXPECT_REFUSED(COLLECT(wang(), "payment", CLASS_IDENTITY), REFUSED_DATA_RESTRICTED);
}

static void test_delete_of_what_no_law_keeps_is_whole(void)
{
    HOUSE;
    Request request = { 0 };
    EXPECT_OK(consent(wang(), "marketing", false));
    EXPECT_OK(COLLECT(wang(), "marketing", CLASS_EMAIL));
    EXPECT_OK(ask(wang(), REQUEST_DELETE, "", 0, &request));
    EXPECT(request.outcome == 0 && request.until_us == 0);
    EXPECT(house_number("SELECT state FROM data_subject") == SUBJECT_DELETED);
    EXPECT_REFUSED(report(wang(), &work), REFUSED_SUBJECT_UNKNOWN); /* nothing finds it */
    EXPECT_REFUSED(ask(wang(), REQUEST_ACCESS, "", 0, NULL), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(end_relation(wang()), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(place_hold(wang(), "late", house.rows.now_us + 1), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(consent(wang(), "marketing", false), REFUSED_SUBJECT_GONE); /* nor takes it */
    EXPECT_REFUSED(COLLECT(wang(), "payment", CLASS_PHONE), REFUSED_SUBJECT_GONE);
}

static void test_withdraw_of_what_is_no_consent(void)
{
    HOUSE;
    live();
    Request request = { 0 };
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "due-diligence", 0, &request));
    EXPECT(request.outcome == REFUSED_CONSENT_NOT_BASIS);
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "research", 0, &request));
    EXPECT(request.outcome == REFUSED_CONSENT_MISSING);
    EXPECT_REFUSED(ask(wang(), REQUEST_WITHDRAW, "nothing", 0, NULL), REFUSED_PURPOSE_UNKNOWN);
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "marketing", 0, &request));
    EXPECT(request.outcome == 0);
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "marketing", 0, &request)); /* once is enough */
    EXPECT(request.outcome == REFUSED_CONSENT_MISSING);
    /* the phone number is still needed by the law; the e-mail address by nobody */
    EXPECT(house_number("SELECT due FROM data_holding WHERE class = 110") == 0);
    EXPECT(house_number("SELECT due FROM data_holding WHERE class = 112") == house.rows.now_us);
}

static Status ask_raw(Ask *a)
{
    a->purposes = &house.purposes;
    TEXT_INTO(a->actor, "operator/test");
    ask_unit(a, NULL);
    return unit_wait(house.rows.batcher, &a->unit);
}

/* Received today, answered on another day: the row keeps both, and the day by which it was due. */
static void test_a_request_received_and_answered_later(void)
{
    HOUSE;
    live();
    Ask first = { .wanted = { .name = wang(), .kind = REQUEST_DELETE }, .receive = true };
    EXPECT_REFUSED(ask_raw(&first), REFUSED_SUBJECT_FIELD); /* who asked? */
    TEXT_INTO(first.wanted.proof, "letter 7");
    EXPECT_OK(ask_raw(&first));
    EXPECT(first.request.state == REQUEST_OPEN && first.request.answered_us == 0);
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE state <> 1") == 0);
    house_days(3);
    Ask second = { .wanted = { .name = wang(), .kind = REQUEST_ACCESS, .number = 1 } };
    TEXT_INTO(second.wanted.proof, "letter 7");
    EXPECT_REFUSED(ask_raw(&second), REFUSED_SUBJECT_FIELD); /* it was another request */
    second.wanted.kind = REQUEST_DELETE;
    second.wanted.number = 2;
    EXPECT_REFUSED(ask_raw(&second), REFUSED_SUBJECT_FIELD);
    second.wanted.number = 1;
    EXPECT_OK(ask_raw(&second));
    EXPECT(second.request.received_us == house.rows.now_us - 3 * TIME_DAY_US);
    EXPECT(second.request.answered_us == house.rows.now_us);
    EXPECT_REFUSED(ask_raw(&second), REFUSED_SUBJECT_FIELD); /* it is done */
}

static int64_t day_start(const char *text)
{
    int64_t us = 0;
    ASSERT(status_ok(time_parse(span_of_text(text), &us)));
    return us;
}

static void test_working_days(void)
{
    static const struct {
        const char *from;
        int64_t days;
        const char *due;
    } cases[] = {
        { "2026-01-30T09:00:00+08:00", 1, "2026-02-02T23:59:59+08:00" }, /* Friday -> Monday */
        { "2026-01-31T12:00:00+08:00", 1, "2026-02-02T23:59:59+08:00" },
        { "2026-02-01T12:00:00+08:00", 1, "2026-02-02T23:59:59+08:00" },
        { "2026-02-02T00:00:00+08:00", 15, "2026-02-23T23:59:59+08:00" }, /* three weeks */
        { "2026-02-02T23:59:59+08:00", 0, "2026-02-02T23:59:59+08:00" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT(request_due_us(day_start(cases[i].from), cases[i].days) == day_start(cases[i].due));
}

/* Two requests of one subject in one batch: each gets its own number. */
static Status submit_both(void *context, Store *store)
{
    UnitWait *waits = context;
    TRY(batcher_submit(house.rows.batcher, &waits[0].unit));
    return batcher_submit(house.rows.batcher, &waits[1].unit);
}

static void test_two_requests_at_once(void)
{
    HOUSE;
    live();
    Ask asks[2];
    UnitWait waits[2];
    for (size_t i = 0; i < 2; i++) {
        asks[i] = (Ask) { .purposes = &house.purposes,
            .wanted = { .name = wang(), .kind = REQUEST_ACCESS, .proof = "seen" },
            .actor = "operator/test" };
        ask_unit(&asks[i], NULL);
        waits[i] = (UnitWait) {
            .unit = { .gather = unit_wait_gather, .run = unit_wait_run, .done = unit_wait_done },
            .inner = &asks[i].unit,
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .changed = PTHREAD_COND_INITIALIZER
        };
    }
    EXPECT_OK(batcher_between(house.rows.batcher, submit_both, waits));
    for (size_t i = 0; i < 2; i++) {
        pthread_mutex_lock(&waits[i].lock);
        while (!waits[i].finished)
            pthread_cond_wait(&waits[i].changed, &waits[i].lock);
        pthread_mutex_unlock(&waits[i].lock);
        EXPECT_OK(waits[i].outcome);
    }
    EXPECT(asks[0].request.number == 1 && asks[1].request.number == 2);
    EXPECT(house_number("SELECT requests FROM data_subject") == 2);
}

TESTS(TEST(test_access_shows_everything_but_values), TEST(test_a_report_is_of_verified_rows),
        TEST(test_correct_keeps_the_old_value_sealed_away),
        TEST(test_delete_stops_where_the_law_begins),
        TEST(test_delete_of_what_no_law_keeps_is_whole), TEST(test_withdraw_of_what_is_no_consent),
        TEST(test_a_request_received_and_answered_later), TEST(test_working_days),
        TEST(test_two_requests_at_once))

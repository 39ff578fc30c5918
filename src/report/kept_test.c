/*
 * Goal: two reports a year are asked for, and an incident's steps keep their clocks (TP-16).
 * Method: a small house with a clock that the test moves; every border of each clock.
 */
#include "audit/log.h"
#include "base/time.h"
#include "report/incident_work.h"
#include "report/kept.h"
#include "store/store_for_tests.h"

#define BEGIN_US INT64_C(1769832000000000)
#define HOUR_US (3600 * TIME_SECOND_US)

static Status put_leaf(void *c, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    const Value values[] = { VALUE_OF_INT(draft->batch), VALUE_OF_INT(draft->time_us) };
    return store_execute(store,
            "INSERT INTO audit_leaf(batch, time_us, salt, leaf, hash) VALUES(?1, ?2, x'', x'', "
            "x'')",
            values, 2);
}

static void small_open(TestStore *s)
{
    static const StoreSchema *const schemas[] = { &audit_schema, &cases_schema, &report_schema };
    test_store_open_with(s, schemas, 3, BEGIN_US, put_leaf);
}

typedef struct Look {
    const TestStore *small;
    const char *sql;
    ReportState state;
    int64_t number;
    Incident list[4];
    size_t count;
} Look;

static Status look_state(void *context, Store *store)
{
    Look *l = context;
    return report_state(store, &report_clock_default, l->small->now_us, &l->state);
}

static Status look_number(void *context, Store *store)
{
    Look *l = context;
    l->number = practice_number(store, l->sql);
    return OK;
}

static Status look_list(void *context, Store *store)
{
    Look *l = context;
    return incident_list(store, false, l->list, 4, &l->count);
}

static ReportState state_of(const TestStore *s)
{
    Look l = { .small = s };
    ASSERT(status_ok(batcher_between(s->batcher, look_state, &l)));
    return l.state;
}

static int64_t number_of(const TestStore *s, const char *sql)
{
    Look l = { .small = s, .sql = sql };
    ASSERT(status_ok(batcher_between(s->batcher, look_number, &l)));
    return l.number;
}

static Status keep(const TestStore *s, const char *id, ReportKind kind)
{
    ReportKeep work = { .report = { .kind = kind, .made_us = s->now_us, .by = "operator/uid:0" } };
    snprintf(work.report.id, sizeof(work.report.id), "%s", id);
    report_keep_unit(&work, NULL);
    return unit_wait(s->batcher, &work.unit);
}

/* --- the reminder --- */

static void test_a_report_is_asked_for_twice_a_year(void)
{
    TestStore s;
    small_open(&s);
    EXPECT(state_of(&s).due == REPORT_IN_TIME && state_of(&s).since_us == 0); /* no log yet */
    EXPECT_OK(keep(&s, "incident-1", REPORT_INCIDENT)); /* the log begins; it is no audit report */
    EXPECT(state_of(&s).last_us == 0 && state_of(&s).since_us == BEGIN_US);
    s.now_us = BEGIN_US + 152 * TIME_DAY_US - 1;
    EXPECT(state_of(&s).due == REPORT_IN_TIME);
    s.now_us++;
    EXPECT(state_of(&s).due == REPORT_DUE_SOON);
    s.now_us = BEGIN_US + 183 * TIME_DAY_US - 1;
    EXPECT(state_of(&s).due == REPORT_DUE_SOON);
    s.now_us++;
    EXPECT(state_of(&s).due == REPORT_LATE);
    EXPECT_OK(keep(&s, "audit-1", REPORT_AUDIT));
    EXPECT(state_of(&s).due == REPORT_IN_TIME && state_of(&s).last_us == s.now_us);
    EXPECT(state_of(&s).due_us == s.now_us + 183 * TIME_DAY_US);
    s.now_us = BEGIN_US; /* a clock that was set back makes nothing late */
    EXPECT(state_of(&s).due == REPORT_IN_TIME);
    test_store_close(&s);
}

static void test_a_name_is_kept_once(void)
{
    TestStore s;
    small_open(&s);
    EXPECT_OK(keep(&s, "audit-1", REPORT_AUDIT));
    EXPECT_REFUSED(keep(&s, "audit-1", REPORT_AUDIT), REFUSED_ROW_EXISTS);
    EXPECT_OK(keep(&s, "audit-2", REPORT_AUDIT));
    EXPECT(number_of(&s, "SELECT count(*) FROM audit_report") == 2);
    test_store_close(&s);
}

/* --- incidents --- */

static Status open_incident(const TestStore *s, IncidentKind kind, bool crime, char id[64])
{
    IncidentOpen work = { .kind = kind,
        .crime = crime,
        .clocks = incident_clocks_default,
        .by = "operator/uid:0",
        .title = "something" };
    incident_open_unit(&work, NULL);
    TRY(unit_wait(s->batcher, &work.unit));
    snprintf(id, 64, "%s", work.id);
    return OK;
}

static Status act(const TestStore *s, const char *id, IncidentStep step, IncidentStep instead)
{
    IncidentAct work = { .step = step,
        .instead = instead,
        .police_us = 24 * HOUR_US,
        .by = "operator/uid:0",
        .text = "done" };
    snprintf(work.id, sizeof(work.id), "%s", id);
    incident_act_unit(&work, NULL);
    return unit_wait(s->batcher, &work.unit);
}

static Status tell_late(const TestStore *s, const char *id)
{
    IncidentLate work = { 0 };
    snprintf(work.id, sizeof(work.id), "%s", id);
    incident_late_unit(&work, NULL);
    return unit_wait(s->batcher, &work.unit);
}

static uint32_t late_now(const TestStore *s)
{
    Look l = { .small = s };
    ASSERT(status_ok(batcher_between(s->batcher, look_list, &l)) && l.count == 1);
    return incident_overdue(&l.list[0], s->now_us);
}

#define BIT(step) ((uint32_t)1 << INCIDENT_STEP_##step)

static void test_each_clock_runs_out_once(void)
{
    TestStore s;
    char id[64];
    small_open(&s);
    EXPECT_OK(open_incident(&s, INCIDENT_LEAK, false, id));
    s.now_us = BEGIN_US + HOUR_US;
    EXPECT(late_now(&s) == 0);
    s.now_us++;
    EXPECT(late_now(&s) == BIT(CONTAIN));
    EXPECT_OK(tell_late(&s, id));
    EXPECT_OK(tell_late(&s, id)); /* told once */
    EXPECT(number_of(&s, "SELECT count(*) FROM alert WHERE kind = 6") == 1);
    EXPECT_OK(act(&s, id, INCIDENT_STEP_CONTAIN, 0));
    EXPECT(late_now(&s) == 0);
    EXPECT(number_of(&s, "SELECT late FROM incident_step") == 1);
    s.now_us = BEGIN_US + 24 * HOUR_US + 1;
    EXPECT(late_now(&s) == BIT(REPORT_BANK)); /* no crime: nobody waits for the police */
    EXPECT_OK(tell_late(&s, id));
    EXPECT(number_of(&s, "SELECT count(*) FROM alert WHERE kind = 6") == 2);
    EXPECT_OK(act(&s, id, INCIDENT_STEP_SUSPECT_CRIME, 0));
    s.now_us += 24 * HOUR_US + 1;
    EXPECT(late_now(&s) == (BIT(REPORT_BANK) | BIT(REPORT_POLICE)));
    test_store_close(&s);
}

static void test_an_incident_is_closed_when_all_is_done(void)
{
    TestStore s;
    char id[64];
    small_open(&s);
    EXPECT_OK(open_incident(&s, INCIDENT_SUSPECTED_CRIME, false, id));
    EXPECT_REFUSED(act(&s, id, INCIDENT_STEP_CLOSE, 0), REFUSED_INCIDENT_NOT_DONE);
    EXPECT_OK(act(&s, id, INCIDENT_STEP_CONTAIN, 0));
    EXPECT_OK(act(&s, id, INCIDENT_STEP_REPORT_BANK, 0));
    EXPECT_OK(act(&s, id, INCIDENT_STEP_CAUSE, 0));
    EXPECT_REFUSED(act(&s, id, INCIDENT_STEP_NOT_NEEDED, INCIDENT_STEP_REPORT_POLICE),
            REFUSED_INCIDENT_STEP);
    EXPECT_REFUSED(
            act(&s, id, INCIDENT_STEP_NOT_NEEDED, INCIDENT_STEP_CONTAIN), REFUSED_INCIDENT_STEP);
    EXPECT_OK(act(&s, id, INCIDENT_STEP_NOT_NEEDED, INCIDENT_STEP_NOTIFY));
    EXPECT_REFUSED(act(&s, id, INCIDENT_STEP_CLOSE, 0), REFUSED_INCIDENT_NOT_DONE);
    EXPECT_OK(act(&s, id, INCIDENT_STEP_REPORT_POLICE, 0));
    EXPECT_OK(act(&s, id, INCIDENT_STEP_CLOSE, 0));
    EXPECT_REFUSED(act(&s, id, INCIDENT_STEP_NOTE, 0), REFUSED_INCIDENT_CLOSED);
    EXPECT_REFUSED(act(&s, "20200101-1", INCIDENT_STEP_NOTE, 0), REFUSED_INCIDENT_UNKNOWN);
    EXPECT_REFUSED(act(&s, "../x", INCIDENT_STEP_NOTE, 0), REFUSED_INCIDENT_UNKNOWN);
    EXPECT_REFUSED(act(&s, id, (IncidentStep)99, 0), REFUSED_INCIDENT_CLOSED);
    EXPECT(number_of(&s, "SELECT count(*) FROM incident_step") == 6);
    test_store_close(&s);
}

static Status raise_alert(const TestStore *s, uint16_t table, Status verdict)
{
    AlertAdd work = { .alert = alert_of(ALERT_ROW, table, SPAN("key"), verdict) };
    alert_add_unit(&work, NULL);
    return unit_wait(s->batcher, &work.unit);
}

/* A thousand bad rows of a day are one draft; a row that is only still frozen opens none. */
static void test_alerts_open_one_draft_a_day(void)
{
    TestStore s;
    small_open(&s);
    EXPECT_OK(raise_alert(&s, TABLE_ACCOUNT, REFUSE(REFUSED_ROW_FROZEN)));
    EXPECT(number_of(&s, "SELECT count(*) FROM incident") == 0);
    for (int i = 0; i < 5; i++)
        EXPECT_OK(raise_alert(&s, TABLE_ACCOUNT, REFUSE(REFUSED_ROW_SEAL_MISMATCH)));
    EXPECT(number_of(&s, "SELECT count(*) FROM incident") == 1);
    EXPECT(number_of(&s, "SELECT alerts FROM incident") == 5);
    EXPECT(number_of(&s, "SELECT state FROM incident") == INCIDENT_STATE_DRAFT);
    s.now_us += TIME_DAY_US;
    EXPECT_OK(raise_alert(&s, TABLE_ACCOUNT, REFUSE(REFUSED_ROW_DELETED)));
    EXPECT(number_of(&s, "SELECT count(*) FROM incident") == 2);
    EXPECT(number_of(&s, "SELECT count(*) FROM alert") == 7);
    /* The draft itself was tampered with: the alert is written all the same. */
    s.practice.verify_answer = OK;
    EXPECT_OK(raise_alert(&s, TABLE_INCIDENT, REFUSE(REFUSED_ROW_SEAL_MISMATCH)));
    EXPECT(number_of(&s, "SELECT count(*) FROM alert") == 8);
    test_store_close(&s);
}

static void test_names_of_steps(void)
{
    for (int i = INCIDENT_STEP_CONTAIN; i <= INCIDENT_STEP_NOT_NEEDED; i++) {
        IncidentStep step = 0;
        EXPECT(incident_step_of(span_of_text(incident_step_name((IncidentStep)i)), &step));
        EXPECT((int)step == i);
    }
    IncidentStep step = 0;
    EXPECT(!incident_step_of(SPAN("?"), &step) && !incident_step_of(SPAN(""), &step));
    EXPECT(table_is_dense(&incident_table) && table_is_dense(&incident_step_table));
    EXPECT(table_is_dense(&audit_report_table));
}

TESTS(TEST(test_a_report_is_asked_for_twice_a_year), TEST(test_a_name_is_kept_once),
        TEST(test_each_clock_runs_out_once), TEST(test_an_incident_is_closed_when_all_is_done),
        TEST(test_alerts_open_one_draft_a_day), TEST(test_names_of_steps))

/*
 * Goal: a right for a while is asked for by one person and decided by another, fits the matrix of
 * conflicts, and ends by the clock, also when the clock is moved back; the glass is broken by who
 * may, seen at once, and reviewed by somebody else; reviews of rights are done by others, once a
 * period (TP-15, LL-4.5.2: 按需审批, 职责分离, 最小权限). Method: real rows through a real batch,
 * with a clock that the test moves.
 */
#include "access/grant.h"
#include "access/merchant.h"
#include "access/rights_review.h"
#include "base/time.h"
#include "cases/alert.h"
#include "store/store_for_tests.h"

#include <stdlib.h>

#define START_US ((int64_t)1800000000 * TIME_SECOND_US)
#define HOUR_US (3600 * TIME_SECOND_US)

typedef struct Desk {
    TestStore rows;
    AccessTable *table;
    GrantBook *book;
} Desk;

static Desk desk;

static AccessTable *load_table(void)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char path[512];
    AccessTable *table = NULL;
    YamlProblem problem = { 0 };
    snprintf(path, sizeof(path), "%s/rules/access.yaml", source != NULL ? source : ".");
    ASSERT(status_ok(access_table_load(path, &table, &problem)));
    return table;
}

static Status add(const char *id, uint8_t who, const char *roles)
{
    StaffChange work = { .act = STAFF_JOIN,
        .actor = "operator/test",
        .table = desk.table,
        .principal = { .tenant = ASKER_HOUSE, .kind = PRINCIPAL_OF_PERSON } };
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Principal *p = &work.principal;
    snprintf(p->id, sizeof(p->id), "%s", id);
    memset(p->person, who, sizeof(p->person));
    TRY(access_roles_of(desk.table, span_of_text(roles), &p->roles));
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(principal_set_key(p, private_key_public(key)));
    staff_change_unit(&work, NULL);
    return unit_wait(desk.rows.batcher, &work.unit);
}

static void desk_open(void)
{
    static const StoreSchema *const schemas[] = { &access_schema, &cases_schema };
    test_store_open(&desk.rows, schemas, 2, START_US);
    desk.table = load_table();
    ASSERT(status_ok(grant_book_open(&desk.book)));
    ASSERT(status_ok(add("li", 1, "risk-analyst")));
    ASSERT(status_ok(add("wang", 2, "security-officer")));
    ASSERT(status_ok(add("zhao", 3, "emergency-access,key-custodian")));
    ASSERT(status_ok(add("li-two", 1, "security-officer"))); /* the first person, as a row may be */
}

static void desk_close(const int *unused)
{
    grant_book_close(&desk.book);
    access_table_free(&desk.table);
    test_store_close(&desk.rows);
}
#define DESK                                    \
    CLEANUP(desk_close) const int closing_ = 0; \
    (void)closing_;                             \
    desk_open()

static Status act(GrantAct what, const char *by, Grant *grant)
{
    GrantChange work = { .act = what, .table = desk.table, .grant = *grant };
    snprintf(work.by, sizeof(work.by), "%s", by);
    memcpy(work.beside.principal, grant->principal, sizeof(work.beside.principal));
    grant_book_fill(desk.book, desk.table, START_US, desk.rows.now_us, &work.beside);
    work.unreviewed = grant_book_unreviewed(desk.book, span_of_text(grant->principal));
    grant_change_unit(&work, NULL);
    TRY(unit_wait(desk.rows.batcher, &work.unit));
    *grant = work.grant;
    return grant_book_put(desk.book, grant);
}

static Grant wish(const char *id, const char *who, const char *action, int64_t until_us)
{
    Grant g = { .level = LEVEL_C2, .reason = "a test", .until_us = until_us };
    g.asked_us = desk.rows.now_us;
    snprintf(g.id, sizeof(g.id), "%s", id);
    snprintf(g.principal, sizeof(g.principal), "%s", who);
    snprintf(g.action, sizeof(g.action), "%s", action);
    return g;
}

static AccessVerdict may(const char *who, const char *action)
{
    Asker asker = { .door = DOOR_CLI, .tenant = ASKER_HOUSE };
    snprintf(asker.principal, sizeof(asker.principal), "%s", who);
    grant_book_fill(desk.book, desk.table, START_US, desk.rows.now_us, &asker);
    const int place = access_action_named(desk.table, span_of_text(action));
    return access_decide(desk.table, &asker, place, LEVEL_C2, desk.rows.now_us);
}

static void test_asked_by_one_given_by_another(void)
{
    DESK;
    Grant g = wish("0000000000000001", "li", "field.print", START_US + HOUR_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "li", &g), REFUSED_ACCESS_SELF);
    EXPECT_REFUSED(act(GRANT_GIVE, "li-two", &g), REFUSED_ACCESS_SELF); /* under another name */
    EXPECT_REFUSED(act(GRANT_GIVE, "nobody", &g), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT(may("li", "field.print") == ACCESS_NO_ROLE); /* asking gives nothing */
    EXPECT_OK(act(GRANT_GIVE, "wang", &g));
    EXPECT(may("li", "field.print") == ACCESS_ALLOWED
            && may("wang", "field.print") != ACCESS_ALLOWED);
    EXPECT(!status_ok(act(GRANT_GIVE, "wang", &g))); /* one request gives once */
    EXPECT_OK(act(GRANT_REVOKE, "wang", &g));
    EXPECT(may("li", "field.print") == ACCESS_NO_ROLE);
    EXPECT(g.state == GRANT_REVOKED && strcmp(g.decided_by, "wang") == 0);
    EXPECT_REFUSED(act(GRANT_REVOKE, "wang", &g), REFUSED_GRANT_STATE);
}

typedef struct OldGrant {
    Unit unit;
    Grant grant;
} OldGrant;

static Status old_gather(Unit *unit, Rows *rows)
{
    Grant before;
    bool found = false;
    return grant_get(rows, ((OldGrant *)unit)->grant.id, &before, &found);
}

static Status old_run(Unit *unit, Rows *rows)
{
    return grant_insert(rows, &((OldGrant *)unit)->grant);
}

/* A row of before requests were signed: it is read, gives nothing, can be taken back, and ends. */
static void test_what_was_asked_before_stays_readable(void)
{
    DESK;
    Grant read;
    OldGrant old = { .unit = { .gather = old_gather, .run = old_run },
        .grant = wish("0000000000000001", "li", "field.print", START_US + HOUR_US) };
    old.grant.kind = GRANT_OF_ACTION;
    old.grant.state = GRANT_ASKED_FOR;
    EXPECT_OK(unit_wait(desk.rows.batcher, &old.unit));
    size_t loaded = 0;
    size_t left_out = 9;
    EXPECT_OK(grant_book_refresh(desk.book, desk.rows.batcher, &loaded, &left_out));
    EXPECT(loaded == 1 && left_out == 0);
    EXPECT(grant_book_find(desk.book, span_of_text(old.grant.id), &read));
    EXPECT(read.state == GRANT_ASKED_FOR && may("li", "field.print") == ACCESS_NO_ROLE);
    EXPECT_OK(act(GRANT_REVOKE, "wang", &read));
    EXPECT(!grant_book_find(desk.book, span_of_text(old.grant.id), &read));
}

/* A grant is no way around the matrix: what only an excluded role has is not given. */
static void test_a_grant_fits_the_matrix(void)
{
    DESK;
    Grant decide = wish("0000000000000001", "li", "enrolment.complete", START_US + HOUR_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &decide), REFUSED_ACCESS_CONFLICT);
    Grant pay = wish("0000000000000002", "li", "merchant.add", START_US + HOUR_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &pay), REFUSED_ACCESS_CONFLICT);
    Grant fly = wish("0000000000000003", "li", "fly", START_US + HOUR_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &fly), REFUSED_ACCESS_ACTION_UNKNOWN);
    Grant deep = wish("0000000000000004", "li", "field.print", START_US + HOUR_US);
    deep.level = LEVEL_C3; /* nobody has it so */
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &deep), REFUSED_ACCESS_LEVEL);
    Grant for_ever = wish("0000000000000005", "li", "field.print", START_US + 31 * TIME_DAY_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &for_ever), REFUSED_GRANT_LIMIT);
    Grant past = wish("0000000000000006", "li", "field.print", START_US);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &past), REFUSED_GRANT_LIMIT);
}

/* Nor are two of them: nobody has for a while what two roles have that exclude one another. */
static void test_two_grants_fit_the_matrix(void)
{
    DESK;
    EXPECT_OK(add("sun", 5, "key-custodian"));
    const int64_t until_us = START_US + HOUR_US;
    Grant join = wish("0000000000000001", "sun", "access.join", until_us);
    Grant complete = wish("0000000000000002", "sun", "enrolment.complete", until_us);
    Grant print = wish("0000000000000003", "sun", "field.print", until_us);
    EXPECT_OK(act(GRANT_GIVE, "wang", &join)); /* as an access administrator has it */
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &complete), REFUSED_ACCESS_CONFLICT); /* an officer */
    EXPECT_OK(act(GRANT_GIVE, "wang", &print)); /* a security operator: goes with the first */
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &complete), REFUSED_ACCESS_CONFLICT);
    EXPECT_OK(act(GRANT_REVOKE, "wang", &join));
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &complete), REFUSED_ACCESS_CONFLICT);
    EXPECT_OK(act(GRANT_REVOKE, "wang", &print));
    EXPECT_OK(act(GRANT_GIVE, "wang", &complete));
}

static void test_it_ends_and_stays_ended(void)
{
    DESK;
    Grant over;
    Grant g = wish("0000000000000001", "li", "field.print", START_US + HOUR_US);
    EXPECT_OK(act(GRANT_GIVE, "wang", &g));
    desk.rows.now_us = START_US + HOUR_US - 1;
    EXPECT(may("li", "field.print") == ACCESS_ALLOWED);
    EXPECT(!grant_book_over(desk.book, desk.rows.now_us, &over));
    desk.rows.now_us = START_US + HOUR_US;
    EXPECT(may("li", "field.print") == ACCESS_NO_ROLE);
    desk.rows.now_us = START_US + 1; /* the clock is moved back: it stays ended */
    EXPECT(may("li", "field.print") == ACCESS_NO_ROLE);
    EXPECT(grant_book_over(desk.book, desk.rows.now_us, &over) && strcmp(over.id, g.id) == 0);
    EXPECT_OK(act(GRANT_END, "", &over));
    EXPECT(over.state == GRANT_ENDED);
    CLEANUP(grant_book_close) GrantBook *again = NULL; /* a restart, with that clock */
    size_t loaded = 9;
    size_t left_out = 9;
    EXPECT_OK(grant_book_open(&again));
    EXPECT_OK(grant_book_refresh(again, desk.rows.batcher, &loaded, &left_out));
    EXPECT(loaded == 0 && left_out == 0);
}

/* Who moves or leaves has nothing of before. */
static void test_a_change_of_person_ends_it(void)
{
    DESK;
    Grant g = wish("0000000000000001", "li", "field.print", START_US + HOUR_US);
    Grant open = wish("0000000000000002", "li", "field.print", START_US + HOUR_US);
    EXPECT_OK(act(GRANT_GIVE, "wang", &g));
    desk.rows.now_us += 1000;
    StaffChange work = { .act = STAFF_MOVE, .actor = "operator/test", .table = desk.table };
    snprintf(work.principal.id, sizeof(work.principal.id), "li");
    staff_change_unit(&work, NULL);
    EXPECT_OK(unit_wait(desk.rows.batcher, &work.unit));
    EXPECT(work.principal.changed_us == desk.rows.now_us && work.principal.roles == 0);
    Asker asker = { .principal = "li" };
    grant_book_fill(desk.book, desk.table, work.principal.changed_us, desk.rows.now_us, &asker);
    EXPECT(asker.grant_count == 0);
    EXPECT_REFUSED(act(GRANT_GIVE, "wang", &open), REFUSED_GRANT_STATE); /* he was another then */
    desk.rows.now_us -= 5000; /* a change is later than the one before, whatever the clock says */
    staff_change_unit(&work, NULL);
    EXPECT_OK(unit_wait(desk.rows.batcher, &work.unit));
    EXPECT(work.principal.changed_us == START_US + 1001);
}

/* The clock was set back between what was given and the change: it is over all the same. */
static void test_a_change_is_later_than_what_was_given(void)
{
    DESK;
    desk.rows.now_us = START_US + HOUR_US;
    Grant g = wish("0000000000000001", "li", "field.print", START_US + 3 * HOUR_US);
    EXPECT_OK(act(GRANT_GIVE, "wang", &g));
    desk.rows.now_us = START_US + HOUR_US / 2;
    StaffChange work = { .act = STAFF_MOVE, .actor = "operator/test", .table = desk.table };
    snprintf(work.principal.id, sizeof(work.principal.id), "li");
    work.given_us = grant_book_last_us(desk.book, SPAN("li"));
    staff_change_unit(&work, NULL);
    EXPECT_OK(unit_wait(desk.rows.batcher, &work.unit));
    EXPECT(work.principal.changed_us == START_US + HOUR_US + 1);
    Asker asker = { .principal = "li" };
    desk.rows.now_us = START_US + 2 * HOUR_US;
    grant_book_fill(desk.book, desk.table, work.principal.changed_us, desk.rows.now_us, &asker);
    EXPECT(asker.grant_count == 0);
    EXPECT(grant_book_last_us(desk.book, SPAN("wang")) == 0);
}

static void test_the_glass(void)
{
    DESK;
    Grant g = wish("0000000000000001", "li", "", 0);
    EXPECT_REFUSED(act(GRANT_BREAK_GLASS, "li", &g), REFUSED_ACCESS_NO_ROLE);
    g = wish("0000000000000001", "zhao", "", 0);
    EXPECT(may("zhao", "caller.revoke") == ACCESS_NO_ROLE);
    EXPECT_OK(act(GRANT_BREAK_GLASS, "zhao", &g));
    EXPECT(practice_number(desk.rows.store, "SELECT count(*) FROM alert WHERE kind = 50") == 1);
    EXPECT(g.until_us == START_US + desk.table->emergency.duration_s * TIME_SECOND_US);
    EXPECT(may("zhao", "merchant.key.revoke") == ACCESS_ALLOWED);
    /* Neither approvals nor anybody's rights, nor what authenticates somebody. */
    EXPECT(may("zhao", "access.grant.revoke") == ACCESS_NO_ROLE);
    EXPECT(may("zhao", "access.join") == ACCESS_NO_ROLE);
    EXPECT(may("zhao", "field.reveal") == ACCESS_NO_ROLE);
    desk.rows.now_us = g.until_us;
    EXPECT(may("zhao", "merchant.key.revoke") == ACCESS_NO_ROLE);
    EXPECT_OK(act(GRANT_END, "", &g));
    EXPECT(grant_book_find(desk.book, span_of_text(g.id), &g)); /* it waits for its review */
    EXPECT_REFUSED(act(GRANT_REVIEW, "zhao", &g), REFUSED_ACCESS_SELF);
    EXPECT_OK(act(GRANT_REVIEW, "wang", &g));
    EXPECT(strcmp(g.reviewed_by, "wang") == 0 && g.state == GRANT_ENDED);
    EXPECT(!grant_book_find(desk.book, span_of_text(g.id), &g));
    EXPECT_REFUSED(act(GRANT_REVIEW, "wang", &g), REFUSED_GRANT_STATE);
}

/* One at a time, and few that nobody has looked at: one person does not fill the book. */
static void test_the_glass_is_broken_a_few_times(void)
{
    DESK;
    Grant g = wish("0000000000000001", "zhao", "", 0);
    Grant more = wish("0000000000000009", "zhao", "", 0);
    EXPECT_OK(act(GRANT_BREAK_GLASS, "zhao", &g));
    EXPECT_REFUSED(act(GRANT_BREAK_GLASS, "zhao", &more), REFUSED_EMERGENCY_OPEN);
    EXPECT_OK(act(GRANT_REVOKE, "zhao", &g));
    for (int i = 2; i <= EMERGENCIES_UNREVIEWED_MAX; i++) {
        Grant next = wish("0000000000000000", "zhao", "", 0);
        next.id[GRANT_ID_BYTES - 1] = (char)('0' + i);
        EXPECT_OK(act(GRANT_BREAK_GLASS, "zhao", &next));
        EXPECT_OK(act(GRANT_REVOKE, "zhao", &next));
    }
    EXPECT_REFUSED(act(GRANT_BREAK_GLASS, "zhao", &more), REFUSED_GRANT_LIMIT);
    EXPECT_OK(act(GRANT_REVIEW, "wang", &g));
    EXPECT_OK(act(GRANT_BREAK_GLASS, "zhao", &more));
}

/* --- reviews --- */

static Status review(const char *by, const char *who, const char *keep, Principal *ret)
{
    RightsReview work = { .table = desk.table, .reason = "a test" };
    snprintf(work.by, sizeof(work.by), "%s", by);
    snprintf(work.who, sizeof(work.who), "%s", who);
    if (keep[0] != '\0') TRY(access_roles_of(desk.table, span_of_text(keep), &work.keep));
    rights_review_unit(&work, NULL);
    TRY(unit_wait(desk.rows.batcher, &work.unit));
    *ret = work.principal;
    return OK;
}

static void test_rights_are_reviewed(void)
{
    Principal p = { 0 };
    DESK;
    const int64_t period_us = desk.table->reviews.period_days * TIME_DAY_US;
    EXPECT_REFUSED(review("wang", "zhao", "key-custodian", &p), REFUSED_ACCESS_REVIEWED);
    desk.rows.now_us = START_US + period_us - TIME_DAY_US;
    EXPECT_REFUSED(review("zhao", "zhao", "key-custodian", &p), REFUSED_ACCESS_SELF);
    EXPECT_REFUSED(review("li-two", "li", "risk-analyst", &p), REFUSED_ACCESS_SELF);
    EXPECT_REFUSED(review("wang", "zhao", "auditor", &p), REFUSED_PRINCIPAL_FIELD); /* gives none */
    EXPECT_OK(review("wang", "zhao", "key-custodian", &p)); /* cut */
    EXPECT(p.roles == access_role_bit(access_role_named(desk.table, SPAN("key-custodian"))));
    EXPECT(p.changed_us == desk.rows.now_us && p.review_us == START_US + 2 * period_us);
    EXPECT_REFUSED(review("wang", "zhao", "key-custodian", &p), REFUSED_ACCESS_REVIEWED);
    EXPECT_OK(review("wang", "li", "risk-analyst", &p)); /* kept: nothing ends */
    EXPECT(p.changed_us == START_US);
    desk.rows.now_us = START_US + 9 * period_us; /* years late: the next one is a period away */
    EXPECT_OK(review("wang", "li", "", &p));
    EXPECT(p.roles == 0 && p.review_us == desk.rows.now_us + period_us);
    EXPECT(practice_number(desk.rows.store, "SELECT count(*) FROM access_review") == 3);
}

TESTS(TEST(test_asked_by_one_given_by_another), TEST(test_what_was_asked_before_stays_readable),
        TEST(test_the_glass_is_broken_a_few_times), TEST(test_a_grant_fits_the_matrix),
        TEST(test_two_grants_fit_the_matrix), TEST(test_a_change_is_later_than_what_was_given),
        TEST(test_it_ends_and_stays_ended), TEST(test_a_change_of_person_ends_it),
        TEST(test_the_glass), TEST(test_rights_are_reviewed))

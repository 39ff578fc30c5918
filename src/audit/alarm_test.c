/* Goal: each of the five kinds of behaviour that LL-4.5.3 names is alarmed upon by its rule, once
 * while it is quiet, and who floods the memory hides nobody's spraying (配备告警机制). Method: events
 * at chosen times; what the hook hears. */
#include "audit/alarm.h"
#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_US ((int64_t)60000000)
#define NOON_US ((int64_t)1800072000000000) /* 2027-01-16 12:00 in Beijing */

static const AlarmRules rules = { .login_person = { 5, 10 * MINUTE_US },
    .login_source = { 20, 10 * MINUTE_US },
    .login_all = { 60, 10 * MINUTE_US },
    .privilege = true,
    .plan = true,
    .illegal = true,
    .reads_person = { 3, 60 * MINUTE_US },
    .reads_at_night = true,
    .night_from_hour = 22,
    .night_to_hour = 6,
    .quiet_us = 30 * MINUTE_US };

typedef struct Heard {
    AlarmKind kind;
    char who[80];
    int64_t count;
    int64_t leaf;
} Heard;

static Heard heard[256];
static size_t heard_count;
static Status hook_answer;
static int64_t leaf;
static AlarmBook *book;

static Status hear(void *context, AlarmKind kind, const AlarmEvent *alarm)
{
    TRY(hook_answer);
    Heard *h = &heard[heard_count++ % 256];
    *h = (Heard) { .kind = kind, .count = alarm->count, .leaf = alarm->leaf };
    snprintf(h->who, sizeof(h->who), "%.*s", (int)alarm->who.size, (const char *)alarm->who.data);
    return OK;
}

static void begin(const AlarmRules *with)
{
    alarm_book_close(book);
    book = NULL;
    heard_count = 0;
    hook_answer = OK;
    leaf = 0;
    ASSERT(status_ok(alarm_book_open(with, hear, NULL, &book)));
}

typedef struct Act {
    AuditKind kind;
    int32_t outcome;
    const char *actor;
    const char *subject;
    const char *from;
    const char *detail;
} Act;

static Status show(int64_t time_us, Act act)
{
    const char *const texts[] = { act.actor, act.subject, act.from, act.detail };
    Span spans[4] = { { NULL, 0 } };
    for (size_t i = 0; i < 4; i++)
        if (texts[i] != NULL) spans[i] = span_of_text(texts[i]);
    const AuditEvent event = { .kind = act.kind,
        .outcome = act.outcome,
        .actor = spans[0],
        .subject = spans[1],
        .from = spans[2],
        .detail = spans[3] };
    return alarm_show(book, leaf++, 0, time_us, &event);
}

static Act failure(const char *who, const char *from)
{
    return (Act) { AUDIT_REFUSED_AT_DOOR, REFUSED_PIN_WRONG, who, "", from, "times 1 since x" };
}

/* RULE: LL-4.5.3 登录失败 */
static void test_failed_log_ins_of_a_person(void)
{
    begin(&rules);
    for (int i = 0; i < 4; i++)
        EXPECT_OK(show(NOON_US + i, failure("payer/p1", NULL)));
    EXPECT(heard_count == 0);
    EXPECT_OK(show(NOON_US + 5, failure("payer/p1", NULL)));
    EXPECT(heard_count == 1 && heard[0].kind == ALARM_LOGIN_FAILURES && heard[0].count == 5);
    EXPECT(strcmp(heard[0].who, "payer/p1") == 0 && heard[0].leaf == 4);
    EXPECT_OK(show(NOON_US + 6, failure("payer/p1", NULL))); /* told already */
    EXPECT(heard_count == 1);
    for (int i = 0; i < 5; i++)
        EXPECT_OK(show(NOON_US + 40 * MINUTE_US + i, failure("payer/p1", NULL)));
    EXPECT(heard_count == 2);
}

static void test_slow_guessing_is_not_fast_guessing(void)
{
    begin(&rules);
    for (int i = 0; i < 40; i++)
        EXPECT_OK(show(NOON_US + i * 3 * MINUTE_US, failure("payer/p1", NULL)));
    EXPECT(heard_count == 0);
}

static void test_one_event_may_stand_for_many(void)
{
    Act many = failure("payer/p1", NULL);
    begin(&rules);
    many.detail = "times 5 since x";
    EXPECT_OK(show(NOON_US, many));
    EXPECT(heard_count == 1 && heard[0].count == 5);
}

/* Many names, one place; and many names from many places. */
static void test_spraying(void)
{
    char who[32];
    char from[32];
    begin(&rules);
    for (int i = 0; i < 20; i++) {
        snprintf(who, sizeof(who), "payer/p%d", i);
        EXPECT_OK(show(NOON_US + i, failure(who, "payer/192.0.2.1")));
    }
    EXPECT(heard_count == 1 && strcmp(heard[0].who, "payer/192.0.2.1") == 0);
    for (int i = 20; i < 20000; i++) {
        snprintf(who, sizeof(who), "payer/p%d", i);
        snprintf(from, sizeof(from), "payer/2001:db8::%d", i);
        EXPECT_OK(show(NOON_US + i, failure(who, from)));
    }
    EXPECT(heard_count == 2 && strcmp(heard[1].who, "everybody") == 0);
}

/* RULE: LL-4.5.3 权限升级、计划变更、非法访问 */
static void test_any_change_of_rights_or_plans_and_any_illegal_access(void)
{
    const Act rights = { AUDIT_CALLER_ADD, 0, "operator/alice", "core", NULL, NULL };
    const Act plan = { AUDIT_VAULT_ACT, 0, "operator/alice", "policy.set/1", NULL, NULL };
    const Act illegal = { AUDIT_REFUSED_AT_DOOR, REFUSED_CALLER_RIGHT, "caller/x", "", NULL, NULL };
    Act other = rights;
    begin(&rules);
    EXPECT_OK(show(NOON_US, rights));
    EXPECT_OK(show(NOON_US + 1, plan));
    EXPECT_OK(show(NOON_US + 2, illegal));
    EXPECT_OK(show(NOON_US + 3, illegal)); /* the same, told already */
    EXPECT(heard_count == 3 && heard[0].kind == ALARM_PRIVILEGE && heard[1].kind == ALARM_PLAN);
    EXPECT(heard[2].kind == ALARM_ILLEGAL && strcmp(heard[2].who, "caller/x") == 0);
    other.subject = "another"; /* not the same */
    EXPECT_OK(show(NOON_US + 4, other));
    EXPECT(heard_count == 4);
}

/* RULE: LL-4.5.3 敏感数据访问 */
static void test_sensitive_reads_over_a_budget_or_at_night(void)
{
    const Act read = { AUDIT_READ, 0, "operator/bob", "card", NULL, NULL };
    const Act owner = { AUDIT_READ, 0, "merchant/m", "m/apiv3-key", NULL, NULL };
    begin(&rules);
    EXPECT_OK(show(NOON_US, read));
    EXPECT_OK(show(NOON_US + 1, read));
    EXPECT(heard_count == 0);
    EXPECT_OK(show(NOON_US + 2, read));
    EXPECT(heard_count == 1 && heard[0].kind == ALARM_SENSITIVE_READS && heard[0].count == 3);
    begin(&rules);
    EXPECT_OK(show(NOON_US + 9 * 60 * MINUTE_US, read)); /* 21:00 */
    EXPECT_OK(show(NOON_US + 11 * 60 * MINUTE_US, owner)); /* 23:00, their own key */
    EXPECT(heard_count == 0);
    EXPECT_OK(show(NOON_US + 17 * 60 * MINUTE_US, read)); /* 05:00 */
    EXPECT(heard_count == 1 && heard[0].count == 1);
    EXPECT_OK(show(NOON_US + 18 * 60 * MINUTE_US, read)); /* 06:00 */
    EXPECT(heard_count == 1);
}

static void test_business_is_no_alarm(void)
{
    begin(&rules);
    for (int i = 0; i < 500; i++)
        EXPECT_OK(show(NOON_US + i, (Act) { AUDIT_ORDER_PAY, 0, "payer/p1", "m/N", NULL, NULL }));
    EXPECT_OK(show(NOON_US, (Act) { AUDIT_ALARM, 0, "alarm", "operator/alice", NULL, NULL }));
    EXPECT(heard_count == 0);
}

static void test_rules_may_be_off(void)
{
    const AlarmRules off = { .quiet_us = 1 };
    begin(&off);
    for (int i = 0; i < 100; i++) {
        EXPECT_OK(show(NOON_US, failure("payer/p1", "payer/1")));
        EXPECT_OK(show(NOON_US, (Act) { AUDIT_CALLER_ADD, 0, "o", "c", NULL, NULL }));
        EXPECT_OK(show(NOON_US, (Act) { AUDIT_READ, 0, "operator/b", "c", NULL, NULL }));
    }
    EXPECT(heard_count == 0);
}

/* Shown the same events again, it says the same; and what a hook could not take comes again. */
static void test_again_is_the_same(void)
{
    begin(&rules);
    for (int i = 0; i < 7; i++)
        EXPECT_OK(show(NOON_US + i, failure("payer/p1", NULL)));
    const int64_t first = heard[0].leaf;
    begin(&rules);
    for (int i = 0; i < 7; i++)
        EXPECT_OK(show(NOON_US + i, failure("payer/p1", NULL)));
    EXPECT(heard_count == 1 && heard[0].leaf == first);
    begin(&rules);
    hook_answer = BROKEN(FAULT_STORE_FULL);
    const Act rights = { AUDIT_CALLER_ADD, 0, "operator/alice", "core", NULL, NULL };
    EXPECT_REFUSED(show(NOON_US, rights), FAULT_STORE_FULL);
    hook_answer = OK;
    EXPECT_OK(show(NOON_US, rights));
    EXPECT(heard_count == 1);
    alarm_book_close(book);
}

TESTS(TEST(test_failed_log_ins_of_a_person), TEST(test_slow_guessing_is_not_fast_guessing),
        TEST(test_one_event_may_stand_for_many), TEST(test_spraying),
        TEST(test_any_change_of_rights_or_plans_and_any_illegal_access),
        TEST(test_sensitive_reads_over_a_budget_or_at_night), TEST(test_business_is_no_alarm),
        TEST(test_rules_may_be_off), TEST(test_again_is_the_same))

/*
 * Goal: the table in force gives each role what it says and nothing else (TP-15, LL-4.5.2: least
 * privilege, default deny, segregation of duties, on-demand approval), and a file that contradicts
 * itself is refused at its line. Method: every cell of our own file against the file's text, read
 * again here; then one asker with one thing wrong at a time, and a small right file with one line
 * wrong at a time.
 */
#include "access/caller.h"
#include "access/rights.h"
#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>

static AccessTable *in_force(void)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char path[512];
    AccessTable *table = NULL;
    YamlProblem problem = { 0 };
    snprintf(path, sizeof(path), "%s/rules/access.yaml", source != NULL ? source : ".");
    const Status s = access_table_load(path, &table, &problem);
    if (!status_ok(s)) fprintf(stderr, "  line %d: %s\n", problem.line, problem.key);
    ASSERT(status_ok(s));
    return table;
}

static Asker asker_with(RoleSet roles)
{
    return (Asker) { .principal = "zhao", .tenant = ASKER_HOUSE, .roles = roles, .door = DOOR_CLI };
}

static AccessVerdict ask(const AccessTable *t, const Asker *asker, const char *action)
{
    return access_decide(t, asker, access_action_named(t, span_of_text(action)), 0, 1000);
}

/* --- our own file --- */

/* By the role's own line alone, whatever the table of masks says. */
static AccessVerdict wanted(
        const AccessTable *t, const AccessRole *role, size_t a, int level, AccessDoor door)
{
    if (role->may[a] == 0) return ACCESS_NO_ROLE;
    if (role->may[a] < level) return ACCESS_LEVEL;
    if ((t->actions[a].doors & (unsigned)door) == 0) return ACCESS_WRONG_DOOR;
    return access_approvals(t, (int)a, door) > 0 ? ACCESS_NEEDS_APPROVAL : ACCESS_ALLOWED;
}

static void test_every_cell(void)
{
    CLEANUP(access_table_free) AccessTable *t = in_force();
    static const AccessDoor doors[] = { DOOR_CLI, DOOR_CONSOLE, DOOR_SERVICE, DOOR_MERCHANT,
        DOOR_PAYER };
    size_t cells = 0;
    size_t allowed = 0;
    for (size_t r = 0; r < t->role_count; r++) {
        for (size_t a = 0; a < t->action_count; a++) {
            for (size_t d = 0; d < sizeof(doors) / sizeof(doors[0]); d++) {
                for (int level = LEVEL_C1; level <= LEVEL_C3; level++, cells++) {
                    Asker asker = asker_with(access_role_bit(&t->roles[r]));
                    asker.door = doors[d];
                    asker.proved_us = 1000;
                    const AccessVerdict got =
                            access_decide(t, &asker, (int)a, (DataLevel)level, 1000);
                    EXPECT(got == wanted(t, &t->roles[r], a, level, doors[d]));
                    allowed += got == ACCESS_ALLOWED;
                }
            }
        }
    }
    EXPECT(cells > 10000 && allowed > 100 && allowed < cells / 10);
}

/* LL-4.5.2: without a role there is nothing, and no role has what the file does not give. */
static void test_default_deny(void)
{
    CLEANUP(access_table_free) AccessTable *t = in_force();
    const Asker nobody = asker_with(0);
    const Asker unknown_role = asker_with((RoleSet)1 << 63);
    for (size_t a = 0; a < t->action_count; a++) {
        EXPECT(access_decide(t, &nobody, (int)a, 0, 1000) == ACCESS_NO_ROLE);
        EXPECT(access_decide(t, &unknown_role, (int)a, LEVEL_C1, 1000) == ACCESS_NO_ROLE);
    }
    const Asker all = asker_with(~(RoleSet)0);
    EXPECT(access_decide(t, &all, -1, 0, 1000) == ACCESS_ACTION_UNKNOWN);
    EXPECT(access_decide(t, &all, (int)t->action_count, 0, 1000) == ACCESS_ACTION_UNKNOWN);
    EXPECT(ask(t, &all, "merchant.add") == ACCESS_CONFLICT);
}

/* Who asks never approves, who develops never operates, who audits does nothing (职责分离). */
static void test_duties_are_apart(void)
{
    CLEANUP(access_table_free) AccessTable *t = in_force();
    static const char *const together[][2] = { { "access-administrator", "security-officer" },
        { "payment-operator", "security-officer" }, { "developer", "payment-operator" },
        { "developer", "security-operator" }, { "auditor", "security-operator" },
        { "internal-audit", "payment-operator" }, { "aml-officer", "aml-reviewer" },
        { "emergency-access", "security-officer" } };
    for (size_t i = 0; i < sizeof(together) / sizeof(together[0]); i++) {
        const AccessRole *one = access_role_named(t, span_of_text(together[i][0]));
        const AccessRole *other = access_role_named(t, span_of_text(together[i][1]));
        const RoleSet both = access_role_bit(one) | access_role_bit(other);
        EXPECT(access_conflict(t, both) != NULL);
        EXPECT(access_conflict(t, access_role_bit(one)) == NULL);
        const Asker asker = asker_with(both); /* a row that should not be */
        EXPECT(ask(t, &asker, "status") == ACCESS_CONFLICT);
    }
    for (size_t r = 0; r < t->role_count; r++) {
        const AccessRole *role = &t->roles[r];
        const int asks = access_action_named(t, SPAN("access.join"));
        const int approves = access_action_named(t, SPAN("request.approve"));
        EXPECT(role->may[asks] == 0 || role->may[approves] < LEVEL_C2);
    }
}

/* --- one asker --- */

#define SMALL_HEAD                                                                  \
    "version: 1\n"                                                                  \
    "sessions:\n"                                                                   \
    "  staff: { idle_s: 900, absolute_s: 28800, reauthenticate_s: 300 }\n"          \
    "  merchant-administrator: { idle_s: 9, absolute_s: 9, reauthenticate_s: 9 }\n" \
    "  payer: { idle_s: 9, absolute_s: 9, reauthenticate_s: 9 }\n"                  \
    "lockout: { attempts: 5, window_s: 900, lock_s: 900 }\n"                        \
    "reviews: { period_days: 90, remind_days: 14 }\n"                               \
    "grant_days_max: 30\n"
#define SMALL_EMERGENCY "emergency: { duration_s: 3600, who: [asks], gives: [breaks] }\n"
#define SMALL_ACTIONS                                                                \
    "actions:\n"                                                                     \
    "  - { name: look, level: C1, doors: both }\n"                                   \
    "  - { name: touch, level: C2, doors: both, sensitive: true }\n"                 \
    "  - { name: agree, level: C2, doors: both, approvals: 1 }\n"                    \
    "  - { name: agree.apart, level: C2, doors: both, approvals: { console: 2 } }\n" \
    "  - { name: access.join, level: C2, doors: cli }\n"                             \
    "staff: { look: C1 }\n"
#define SMALL_ROLES                                                                \
    "roles:\n"                                                                     \
    "  - { name: asks, number: 1, en: A, zh: 甲, line: first, tenant: house,"     \
    " may: { touch: C2, agree: C2, agree.apart: C2 } }\n"                          \
    "  - { name: breaks, number: 7, en: B, zh: 乙, line: second, tenant: house,"  \
    " may: { touch: C1 } }\n"                                                      \
    "  - { name: shop, number: 64, en: S, zh: 店, line: first, tenant: merchant," \
    " may: { touch: C1 } }\n"
#define SMALL_CONFLICTS "conflicts:\n  - { roles: [asks, breaks], reason: both sides }\n"
#define SMALL SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES SMALL_CONFLICTS

static AccessTable *small(void)
{
    AccessTable *table = NULL;
    YamlProblem problem = { 0 };
    const Status s = access_table_parse(SPAN(SMALL), &table, &problem);
    if (!status_ok(s)) fprintf(stderr, "  line %d: %s\n", problem.line, problem.key);
    ASSERT(status_ok(s));
    return table;
}

static void test_levels_and_doors(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    const Asker asks = asker_with(1);
    const Asker shop = asker_with((RoleSet)1 << 63);
    const int touch = access_action_named(t, SPAN("touch"));
    EXPECT(ask(t, &asks, "touch") == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asks, touch, LEVEL_C3, 1000) == ACCESS_LEVEL);
    EXPECT(ask(t, &shop, "touch") == ACCESS_LEVEL);
    EXPECT(access_decide(t, &shop, touch, LEVEL_C1, 1000) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &shop, touch, (DataLevel)4, 1000) == ACCESS_LEVEL);
    EXPECT(ask(t, &shop, "look") == ACCESS_NO_ROLE); /* `staff` are people of the house */
    Asker other_door = asks;
    other_door.door = DOOR_PAYER;
    EXPECT(ask(t, &other_door, "look") == ACCESS_WRONG_DOOR);
}

static void test_a_console_proves_again(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    const int touch = access_action_named(t, SPAN("touch"));
    Asker asker = asker_with(1);
    asker.door = DOOR_CONSOLE;
    asker.proved_us = 1000;
    asker.proof_lasts_us = 300;
    EXPECT(access_decide(t, &asker, touch, 0, 1000) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asker, touch, 0, 1300) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asker, touch, 0, 1301) == ACCESS_REAUTHENTICATE);
    EXPECT(access_decide(t, &asker, touch, 0, 999) == ACCESS_REAUTHENTICATE); /* clock moved */
    EXPECT(access_decide(t, &asker, 0, 0, 9999) == ACCESS_ALLOWED); /* not sensitive */
}

static void test_approvals(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    Asker asker = asker_with(1);
    EXPECT(ask(t, &asker, "agree") == ACCESS_NEEDS_APPROVAL);
    asker.approvals = 1;
    EXPECT(ask(t, &asker, "agree") == ACCESS_ALLOWED);
    Asker without = asker_with((RoleSet)1 << 63);
    without.approvals = 2; /* no number of them makes a right */
    EXPECT(ask(t, &without, "agree") == ACCESS_NO_ROLE);
}

/* More people at a door where more can go wrong; who has them there has them nowhere else. */
static void test_approvals_by_door(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    Asker asker = asker_with(1);
    const int both = access_action_named(t, SPAN("agree"));
    const int apart = access_action_named(t, SPAN("agree.apart"));
    EXPECT(access_approvals(t, both, DOOR_CLI) == 1
            && access_approvals(t, both, DOOR_CONSOLE) == 1);
    EXPECT(access_approvals(t, apart, DOOR_CLI) == 0);
    EXPECT(access_approvals(t, apart, DOOR_CONSOLE) == 2);
    asker.door = DOOR_CLI;
    EXPECT(ask(t, &asker, "agree.apart") == ACCESS_ALLOWED);
    asker.door = DOOR_CONSOLE;
    asker.approvals = 1;
    EXPECT(ask(t, &asker, "agree.apart") == ACCESS_NEEDS_APPROVAL);
    asker.approvals = 2;
    EXPECT(ask(t, &asker, "agree.apart") == ACCESS_ALLOWED);
}

/* A caller's right is an action and a role of the table in force, or nothing (TP-15). */
static void test_a_callers_rights_are_the_tables(void)
{
    CLEANUP(access_table_free) AccessTable *ours = in_force();
    CLEANUP(access_table_free) AccessTable *none = small();
    for (uint32_t right = 1; right < CALLER_RIGHTS_ALL; right <<= 1) {
        Asker asker = { .door = DOOR_SERVICE, .roles = access_service_roles(ours, right) };
        for (uint32_t other = 1; other < CALLER_RIGHTS_ALL; other <<= 1) {
            const int action = access_service_action(ours, other);
            const AccessVerdict verdict = access_decide(ours, &asker, action, 0, 5000);
            EXPECT((verdict == ACCESS_ALLOWED) == (other == right));
        }
        EXPECT(access_service_roles(none, right) == 0 && access_service_action(none, right) < 0);
    }
    EXPECT(access_service_action(ours, 3) < 0 && access_service_action(ours, 0) < 0);
    EXPECT(access_decide(ours, &(Asker) { .door = DOOR_SERVICE }, -1, 0, 5000)
            == ACCESS_ACTION_UNKNOWN);
}

/* 按需审批: what was given for a while ends by the clock, also when the clock is moved back. */
static void test_grants_end(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    const int touch = access_action_named(t, SPAN("touch"));
    Asker asker = asker_with((RoleSet)1 << 6);
    asker.grants[0] = (AskerGrant) { "touch", LEVEL_C2, 1000, 2000 };
    asker.grant_count = 1;
    EXPECT(access_decide(t, &asker, touch, LEVEL_C2, 1000) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C2, 1999) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C2, 2000) == ACCESS_GRANT_ENDED);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C2, 999) == ACCESS_GRANT_ENDED);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C3, 1500) == ACCESS_LEVEL);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C1, 9999) == ACCESS_ALLOWED); /* his role's own */
    EXPECT(ask(t, &asker, "agree") == ACCESS_NO_ROLE);
}

static void test_emergency_roles_end(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    const int touch = access_action_named(t, SPAN("touch"));
    Asker asker = asker_with(0);
    asker.emergency_roles = (RoleSet)1 << 6;
    EXPECT(access_decide(t, &asker, touch, LEVEL_C1, 1000) == ACCESS_NO_ROLE);
    asker.emergency_until_us = 2000;
    EXPECT(access_decide(t, &asker, touch, LEVEL_C1, 1999) == ACCESS_ALLOWED);
    EXPECT(access_decide(t, &asker, touch, LEVEL_C1, 2000) == ACCESS_NO_ROLE);
}

static void test_tenants_are_apart(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    Asker shop = asker_with((RoleSet)1 << 63);
    const int touch = access_action_named(t, SPAN("touch"));
    snprintf(shop.tenant, sizeof(shop.tenant), "1900000001");
    EXPECT(access_decide_for(t, &shop, touch, LEVEL_C1, SPAN("1900000001"), 1) == ACCESS_ALLOWED);
    EXPECT(access_decide_for(t, &shop, touch, LEVEL_C1, SPAN("1900000002"), 1)
            == ACCESS_OTHER_TENANT);
    EXPECT(access_decide_for(t, &shop, touch, LEVEL_C1, SPAN("190000000"), 1)
            == ACCESS_OTHER_TENANT);
    EXPECT(access_decide_for(t, &shop, touch, LEVEL_C1, SPAN(""), 1) == ACCESS_OTHER_TENANT);
    const Asker house = asker_with(1);
    EXPECT(access_decide_for(t, &house, touch, LEVEL_C1, SPAN("1900000002"), 1) == ACCESS_ALLOWED);
}

/* --- words --- */

static bool says(const AccessTable *t, const Asker *asker, const char *action, int language,
        const char *text)
{
    uint8_t memory[ACCESS_EXPLANATION_BYTES_MAX + 1] = { 0 };
    Buffer said = { memory, 0, ACCESS_EXPLANATION_BYTES_MAX };
    ASSERT(status_ok(access_explain(
            t, asker, span_of_text(action), 0, 1000, (AccessLanguage)language, &said)));
    if (strstr((const char *)memory, text) != NULL) return true;
    fprintf(stderr, "  no '%s' in: %s\n", text, (const char *)memory);
    return false;
}

static void test_it_says_why(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    const Asker asks = asker_with(1);
    const Asker breaks = asker_with((RoleSet)1 << 6);
    const Asker both = asker_with(1 | (RoleSet)1 << 6);
    EXPECT(says(t, &asks, "touch", ACCESS_ENGLISH, "zhao: touch, level C2. Yes."));
    EXPECT(says(t, &breaks, "agree", ACCESS_ENGLISH, "Roles that may: asks (A)."));
    EXPECT(says(t, &breaks, "touch", ACCESS_ENGLISH, "less sensitive data only"));
    EXPECT(says(t, &both, "touch", ACCESS_ENGLISH, "Reason of the conflict: both sides."));
    EXPECT(says(t, &asks, "agree", ACCESS_CHINESE, "需要他人审批"));
    EXPECT(says(t, &breaks, "agree", ACCESS_CHINESE, "可以做的角色：asks (甲)。"));
    EXPECT(says(t, &asks, "fly", ACCESS_ENGLISH, "no such action"));
    CLEANUP(access_table_free) AccessTable *whole = in_force();
    const Asker nobody = asker_with(0);
    for (size_t i = 0; i < whole->action_count; i++) /* the longest sentences fit */
        EXPECT(says(whole, &nobody, whole->actions[i].name, ACCESS_CHINESE, "不可以"));
}

static void test_roles_as_text(void)
{
    CLEANUP(access_table_free) AccessTable *t = small();
    RoleSet roles = 0;
    uint8_t memory[64];
    Buffer text = BUFFER_OF(memory);
    EXPECT_OK(access_roles_of(t, SPAN("shop,asks"), &roles));
    EXPECT(roles == (1 | (RoleSet)1 << 63));
    EXPECT_OK(access_roles_put(t, roles, &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("asks,shop")));
    EXPECT_REFUSED(access_roles_of(t, SPAN("asks,"), &roles), REFUSED_ACCESS_ROLE_UNKNOWN);
    EXPECT_REFUSED(access_roles_of(t, SPAN("root"), &roles), REFUSED_ACCESS_ROLE_UNKNOWN);
}

/* --- files that are wrong --- */

typedef struct Wrong {
    const char *yaml;
    int line;
} Wrong;

static const Wrong wrong[] = {
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "conflicts:\n  - { roles: [asks, ghost], reason: x }\n",
            22 },
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "conflicts:\n  - { roles: [asks, asks], reason: x }\n",
            22 },
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "  - { name: late, number: 7, en: L, zh: L, line: first, tenant: house, may: {} }\n"
            "conflicts: []\n",
            21 }, /* a number twice */
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "  - { name: asks, number: 8, en: L, zh: L, line: first, tenant: house, may: {} }\n"
            "conflicts: []\n",
            21 },
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "  - { name: late, number: 8, en: L, zh: L, line: fourth, tenant: house, may: {} "
            "}\n"
            "conflicts: []\n",
            21 },
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "  - { name: l, number: 8, en: L, zh: L, line: first, tenant: house, may: {fly: "
            "C1} }\n"
            "conflicts: []\n",
            21 },
    { SMALL_HEAD SMALL_EMERGENCY SMALL_ACTIONS SMALL_ROLES
            "  - { name: l, number: 8, en: L, zh: L, line: first, tenant: house, may: {look: "
            "C4} }\n"
            "conflicts: []\n",
            21 },
    { SMALL_HEAD "emergency: { duration_s: 3600, who: [asks], gives: [joins] }\n" SMALL_ACTIONS
                    SMALL_ROLES
                 "  - { name: joins, number: 8, en: L, zh: L, line: first, tenant: house,"
                 " may: { access.join: C1 } }\nconflicts: []\n",
            9 }, /* an emergency reaches no right of anybody */
    { SMALL_HEAD
            "emergency: { duration_s: 3600, who: [asks], gives: [joins] }\n"
            "actions:\n  - { name: access.join, level: C2, doors: cli }\n"
            "staff: { access.join: C1 }\nroles:\n"
            "  - { name: asks, number: 1, en: A, zh: A, line: first, tenant: house, may: {} }\n"
            "  - { name: joins, number: 8, en: L, zh: L, line: first, tenant: house,"
            " may: { access.join: C2 } }\nconflicts: []\n",
            9 }, /* what all staff may, and more of it */
    { SMALL_HEAD "emergency: { duration_s: 3600, who: [asks], gives: [deep] }\n" SMALL_ACTIONS
                    SMALL_ROLES
                 "  - { name: deep, number: 8, en: L, zh: L, line: first, tenant: house,"
                 " may: { touch: C3 } }\nconflicts: []\n",
            9 },
    { SMALL_HEAD SMALL_EMERGENCY
            "actions:\n  - { name: look, level: C1, doors: window }\nstaff: {}\n" SMALL_ROLES
                    SMALL_CONFLICTS,
            11 },
    { SMALL_HEAD SMALL_EMERGENCY
            "actions:\n  - { name: look, level: C0, doors: both }\nstaff: {}\n" SMALL_ROLES
                    SMALL_CONFLICTS,
            11 },
    { SMALL_HEAD SMALL_EMERGENCY "actions:\n  - { name: look, level: C1, doors: both, "
                                 "approvals: 3 }\nstaff: {}\n" SMALL_ROLES SMALL_CONFLICTS,
            11 },
    { SMALL_HEAD SMALL_EMERGENCY "actions:\n  - { name: look, level: C1, doors: cli, approvals: "
                                 "{ console: 1 } }\nstaff: {}\n" SMALL_ROLES SMALL_CONFLICTS,
            11 }, /* at a door that it does not have */
    { SMALL_HEAD SMALL_EMERGENCY "actions:\n  - { name: look, level: C1, doors: both, approvals: "
                                 "{ window: 1 } }\nstaff: {}\n" SMALL_ROLES SMALL_CONFLICTS,
            11 },
    { SMALL_HEAD SMALL_EMERGENCY "actions:\n  - { name: look, level: C1, doors: both, approvals: "
                                 "[1] }\nstaff: {}\n" SMALL_ROLES SMALL_CONFLICTS,
            11 },
};

static void test_a_wrong_file_is_refused_at_its_line(void)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        AccessTable *table = NULL;
        YamlProblem problem = { 0 };
        EXPECT(!status_ok(access_table_parse(span_of_text(wrong[i].yaml), &table, &problem)));
        if (problem.line != wrong[i].line) fprintf(stderr, "  %zu: line %d\n", i, problem.line);
        EXPECT(table == NULL && problem.line == wrong[i].line);
    }
}

static void test_a_file_that_is_not_there(void)
{
    AccessTable *table = NULL;
    YamlProblem problem = { .line = 7 };
    EXPECT_REFUSED(access_table_load("/nonexistent/access.yaml", &table, &problem),
            REFUSED_ACCESS_TABLE_INVALID);
    EXPECT(problem.line == 0 && table == NULL);
}

TESTS(TEST(test_every_cell), TEST(test_default_deny), TEST(test_duties_are_apart),
        TEST(test_levels_and_doors), TEST(test_a_console_proves_again), TEST(test_approvals),
        TEST(test_approvals_by_door), TEST(test_a_callers_rights_are_the_tables),
        TEST(test_grants_end), TEST(test_emergency_roles_end), TEST(test_tenants_are_apart),
        TEST(test_it_says_why), TEST(test_roles_as_text),
        TEST(test_a_wrong_file_is_refused_at_its_line), TEST(test_a_file_that_is_not_there))

/*
 * Goal: at the operator's socket every operation, asked by everybody there is, does what the table
 * of rights says and nothing else, also for somebody who broke the glass, at both doors; each
 * refusal is in the log before it is told (LL-4.5.2: default deny, LL-4.5.3, TP-15). Method: the
 * operations are taken from hufud's own list and the roles from rules/access.yaml; each pair is
 * really asked, signed with that person's key, and must end as access_decide() says.
 */
#include "access/rights.h"
#include "api/admin_inside.h"
#include "base/expect.h"
#include "base/time.h"
#include "house_people.h"
#include "request_client.h"

#include <stdio.h>
#include <time.h>

#define GOOD "copper lantern 48 orchard"
#define MCHID "1900000001"
#define ZHAO "zhao" /* who breaks the glass */

enum { PEOPLE_MAX = ACCESS_ROLES_MAX, OPERATIONS_MAX = 128, POLL_MS = 20, STOP_MS_MAX = 60000 };

typedef enum AskedAt { AT_SOCKET = 0, AT_CONSOLE = 1, DOORS = 2 } AskedAt;

typedef struct Person {
    ConsoleUser user;
    char name[16];
    Asker asker; /* as a door would make it */
    int32_t told[DOORS][OPERATIONS_MAX]; /* the refusal that the log has; 0: none */
} Person;

static Stand stand;
static AccessTable *table;
static Person people[PEOPLE_MAX];
static size_t people_count;

static int64_t now_us(void)
{
    const Clock clock = clock_system();
    return clock_now_us(&clock);
}

/* --- people --- */

static Person *add_person(const char *name, const AccessRole *role)
{
    Person *p = &people[people_count++];
    snprintf(p->name, sizeof(p->name), "%s", name);
    p->user = (ConsoleUser) { .name = p->name, .password = GOOD };
    if (role->tenant == ROLE_OF_MERCHANT) p->user.tenant = MCHID;
    snprintf(p->asker.tenant, sizeof(p->asker.tenant), "%s",
            p->user.tenant == NULL ? ASKER_HOUSE : MCHID);
    p->asker.roles = access_role_bit(role);
    return p;
}

/* Services have no key of a person, and nobody joins with what only an emergency gives. */
static bool is_persons(const AccessRole *role)
{
    return role->tenant != ROLE_OF_SERVICE && (access_role_bit(role) & table->emergency.gives) == 0;
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    YamlProblem problem = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(access_table_load(stand_path(&stand, "access.yaml"), &table, &problem));
    EXPECT(admin_operations_count() > 40 && admin_operations_count() <= OPERATIONS_MAX);
    for (size_t i = 0; i < table->role_count; i++) {
        char name[16];
        const AccessRole *role = &table->roles[i];
        if (!is_persons(role)) continue;
        snprintf(name, sizeof(name), "role%u", role->number);
        EXPECT_OK(house_join(&stand, &add_person(name, role)->user, role->name));
    }
    EXPECT(people_count >= 14);
}

static void test_somebody_breaks_the_glass(void)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    Person *zhao = add_person(ZHAO, access_role_named(table, SPAN("emergency-access")));
    EXPECT_OK(house_person(&stand, &zhao->user, "emergency-access"));
    EXPECT_OK(house_ask(&stand, ZHAO,
            SPAN("{\"operation\":\"access.emergency\",\"reason\":\"a fire\"}"), &answer));
    zhao->asker.emergency_roles = table->emergency.gives;
    zhao->asker.emergency_until_us = now_us() + table->emergency.duration_s * TIME_SECOND_US;
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 50") == 1);
}

/* --- what the table says --- */

static bool is_access_refusal(Status s)
{
    for (int v = ACCESS_ALLOWED + 1; v < ACCESS_VERDICTS; v++)
        if (access_status((AccessVerdict)v).code == s.code) return true;
    return status_is(s, REFUSED_ACCESS_BEGUN);
}

/* The refusal that this one must hear; 0: he is let through, or others are asked. */
static int32_t wanted_refusal(const Person *p, AskedAt door, const char *operation)
{
    Asker asker = p->asker;
    asker.door = door == AT_SOCKET ? DOOR_CLI : DOOR_CONSOLE;
    asker.proved_us = now_us();
    asker.proof_lasts_us = TIME_DAY_US;
    if (strcmp(operation, "access.begin") == 0) return (int32_t)REFUSED_ACCESS_BEGUN;
    const int action = access_action_named(table, span_of_text(operation));
    const AccessVerdict verdict = access_decide(table, &asker, action, 0, now_us());
    return verdict == ACCESS_NEEDS_APPROVAL ? 0 : access_status(verdict).code;
}

/* --- asking --- */

static void put_request(const Person *p, const char *operation, char *ret_json, size_t capacity)
{
    const char *more = p->user.tenant == NULL ? "" : ",\"mchid\":\"" MCHID "\"";
    snprintf(ret_json, capacity, "{\"operation\":\"%s\"%s}", operation, more);
}

static bool is_as_wanted(const Person *p, const char *operation)
{
    static uint8_t memory[ADMIN_TEXT_BYTES_MAX];
    char json[160];
    Buffer answer = BUFFER_OF(memory);
    const int32_t wanted = wanted_refusal(p, AT_SOCKET, operation);
    put_request(p, operation, json, sizeof(json));
    const Status s = house_ask(&stand, p->name, span_of_text(json), &answer);
    const bool right = wanted == 0 ? !is_access_refusal(s) && !status_broken(s) : s.code == wanted;
    if (!right)
        fprintf(stderr, "  %s %s: %s, the table says %s\n", p->name, operation, status_name(s),
                status_name((Status) { wanted }));
    return right;
}

/* Whoever may stop the house does so in a test of its own. */
static bool is_stopping(const Person *p, const char *operation)
{
    return strcmp(operation, "stop") == 0 && wanted_refusal(p, AT_SOCKET, operation) == 0;
}

static void test_every_operation_for_everybody(void)
{
    size_t allowed = 0;
    unsetenv(APPROVE_VARIABLE); /* nobody agrees to anything meanwhile */
    for (size_t i = 0; i < people_count; i++) {
        for (size_t k = 0; k < admin_operations_count(); k++) {
            const char *operation = admin_operations_at(k);
            allowed += wanted_refusal(&people[i], AT_SOCKET, operation) == 0;
            if (!is_stopping(&people[i], operation)) EXPECT(is_as_wanted(&people[i], operation));
        }
    }
    const size_t pairs = people_count * admin_operations_count();
    fprintf(stderr, "  %zu pairs, %zu of them allowed\n", pairs, allowed);
    EXPECT(pairs > 900 && allowed > 150 && allowed < pairs / 2);
}

/* The broken glass gives the same at the console, as far as the action's doors say. */
static void test_the_glass_at_the_console(void)
{
    CLEANUP(browser_close) Browser at = { 0 };
    Person *zhao = &people[people_count - 1];
    size_t allowed = 0;
    EXPECT_OK(browser_open(&stand, &at));
    EXPECT(browser_login(&at, &zhao->user) == 200);
    for (size_t k = 0; k < admin_operations_count(); k++) {
        char path[96];
        char json[160];
        const char *operation = admin_operations_at(k);
        snprintf(path, sizeof(path), "/console/v1/%s", operation);
        put_request(zhao, operation, json, sizeof(json));
        const int status = browser_post(&at, path, json);
        const bool wanted = wanted_refusal(zhao, AT_CONSOLE, operation) == 0;
        if (wanted != (status != 403))
            fprintf(stderr, "  %s: HTTP %d %s\n", operation, status, at.body);
        EXPECT(status != 0 && status != 401 && wanted == (status != 403));
        allowed += wanted;
    }
    EXPECT(allowed > 15);
}

/* --- the log --- */

static bool begins_with(Span text, Span begin)
{
    return text.size >= begin.size && span_equal((Span) { text.data, begin.size }, begin);
}

static Person *person_named(Span actor)
{
    const Span prefix = SPAN("operator/");
    if (!begins_with(actor, prefix)) return NULL;
    const Span name = { actor.data + prefix.size, actor.size - prefix.size };
    for (size_t i = 0; i < people_count; i++)
        if (span_equal(name, span_of_text(people[i].name))) return &people[i];
    return NULL;
}

static void take_refusal(void *context, const AuditEvent *event)
{
    Person *p = person_named(event->actor);
    if (event->kind != AUDIT_OPERATION_REFUSED || p == NULL) return;
    const bool console = begins_with(event->from, SPAN("console/"));
    for (size_t k = 0; k < admin_operations_count(); k++)
        if (span_equal(event->subject, span_of_text(admin_operations_at(k))))
            p->told[console ? AT_CONSOLE : AT_SOCKET][k] = event->outcome;
}

static bool is_told(const Person *p, AskedAt door)
{
    bool all = true;
    for (size_t k = 0; k < admin_operations_count(); k++) {
        const char *operation = admin_operations_at(k);
        const int32_t wanted = wanted_refusal(p, door, operation);
        const int32_t told = p->told[door][k];
        const bool right = wanted != 0 ? told == wanted : !is_access_refusal((Status) { told });
        if (!right)
            fprintf(stderr, "  %s %s: the log has %s, wanted %s\n", p->name, operation,
                    status_name((Status) { told }), status_name((Status) { wanted }));
        all = all && right;
    }
    return all;
}

static void test_each_refusal_is_in_the_log(void)
{
    stand_each_event(&stand, take_refusal, NULL);
    for (size_t i = 0; i < people_count; i++)
        EXPECT(is_told(&people[i], AT_SOCKET));
    EXPECT(is_told(&people[people_count - 1], AT_CONSOLE));
}

/* --- what ends the program --- */

static bool ends_by_itself(void)
{
    int ended = -1;
    for (int waited = 0; waited < STOP_MS_MAX; waited += POLL_MS) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (stand_ended(&stand, STAND_HUFUD, &ended)) return ended == 0;
        nanosleep(&wait, NULL);
    }
    return false;
}

static void test_who_may_stop_the_house_does(void)
{
    uint8_t memory[1024];
    size_t stopped = 0;
    for (size_t i = 0; i < people_count; i++) {
        Buffer answer = BUFFER_OF(memory);
        if (!is_stopping(&people[i], "stop")) continue;
        EXPECT_OK(house_ask(&stand, people[i].name, SPAN("{\"operation\":\"stop\"}"), &answer));
        EXPECT(ends_by_itself());
        EXPECT_OK(stand_start(&stand, STAND_HUFUD));
        stopped++;
    }
    EXPECT(stopped == 2); /* who operates its security, and who broke the glass */
}

/* --- afterwards --- */

/* Another one looks at it, and it is over at both doors. */
static void test_the_glass_is_mended(void)
{
    static const char list[] = "{\"operation\":\"caller.list\"}";
    CLEANUP(browser_close) Browser at = { 0 };
    uint8_t memory[65536];
    char id[64];
    char json[192];
    Buffer answer = BUFFER_OF(memory);
    EXPECT_OK(browser_open(&stand, &at));
    EXPECT(browser_login(&at, &people[people_count - 1].user) == 200);
    EXPECT(browser_post(&at, "/console/v1/caller.list", list) == 200);
    EXPECT_OK(house_ask(&stand, ZHAO, span_of_text(list), &answer));
    stand_text(&stand, "SELECT id FROM access_grant WHERE kind = 2", id, sizeof(id));
    snprintf(json, sizeof(json),
            "{\"operation\":\"access.emergency.review\",\"id\":\"%s\",\"reason\":\"it burnt\"}",
            id);
    answer.size = 0;
    EXPECT_OK(house_ask(&stand, "bob", span_of_text(json), &answer));
    EXPECT_REFUSED(house_ask(&stand, ZHAO, span_of_text(list), &answer), REFUSED_ACCESS_NO_ROLE);
    const int status = browser_post(&at, "/console/v1/caller.list", list);
    EXPECT(status == 403 || status == 401);
}

static void test_house_closes(void)
{
    access_table_free(&table);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_somebody_breaks_the_glass),
        TEST(test_every_operation_for_everybody), TEST(test_the_glass_at_the_console),
        TEST(test_each_refusal_is_in_the_log), TEST(test_who_may_stop_the_house_does),
        TEST(test_the_glass_is_mended), TEST(test_house_closes))

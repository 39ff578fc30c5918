/*
 * Goal: every route of every door, asked by everybody there is, does what the table of rights says
 * and nothing else (LL-4.5.2: default deny, TP-15). Method: the routes are taken from the programs'
 * own tables and the roles from rules/access.yaml; each pair is really asked, and what the table
 * must say is worked out here from the file's rows alone.
 */
#include "access/rights.h"
#include "api/admin_inside.h"
#include "api/call.h"
#include "api/console.h"
#include "api/routes.h"
#include "base/expect.h"
#include "browser.h"
#include "callers.h"
#include "house_people.h"

#include <ctype.h>
#include <stdio.h>

#define GOOD "copper lantern 48 orchard"
#define MCHID "1900000001"
#define OTHER_MCHID "1900000002"

enum { PATH_MAX_BYTES = 192, JSON_MAX_BYTES = 256 };

static Stand stand;
static AccessTable *table;
static ConsoleUser people[ACCESS_ROLES_MAX];
static char names[ACCESS_ROLES_MAX][16];
static Browser browsers[ACCESS_ROLES_MAX];

static const AccessRole *role_at(size_t index) { return &table->roles[index]; }

/* What nobody has of his own, but services, and whoever breaks the glass, is asked elsewhere
 * (flow_service.c, flow_access.c). */
static bool is_persons(const AccessRole *role)
{
    return role->tenant != ROLE_OF_SERVICE && (access_role_bit(role) & table->emergency.gives) == 0;
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    YamlProblem problem = { 0 };
    size_t persons = 0;
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(access_table_load(stand_path(&stand, "access.yaml"), &table, &problem));
    for (size_t i = 0; i < table->role_count; i++) {
        if (!is_persons(role_at(i))) continue;
        persons++;
        snprintf(names[i], sizeof(names[i]), "role%u", role_at(i)->number);
        people[i] = (ConsoleUser) { .name = names[i], .password = GOOD };
        if (role_at(i)->tenant == ROLE_OF_MERCHANT) people[i].tenant = MCHID;
        EXPECT_OK(house_person(&stand, &people[i], role_at(i)->name));
        EXPECT_OK(browser_open(&stand, &browsers[i]));
        EXPECT(browser_login(&browsers[i], &people[i]) == 200);
    }
    EXPECT(persons >= 12 && admin_operations_count() > 40);
}

/* --- what the table must say --- */

/* From the rows of the file alone; `proved`: he has just proved who he is. */
static int wanted_status(const AccessRole *role, Span operation)
{
    const int action = access_action_named(table, operation);
    if (action < 0) return 403;
    const AccessAction *facts = &table->actions[action];
    if ((facts->doors & DOOR_CONSOLE) == 0) return 403;
    return role->may[action] >= (uint8_t)facts->level ? 200 : 403;
}

/* Was he let through? What the operation itself then says of an empty request is its own matter. */
static bool is_let_through(const Browser *b)
{
    return b->status != 0 && b->status != 401 && b->status != 403;
}

static int ask_operation(Browser *b, const char *operation, const char *tenant)
{
    char path[PATH_MAX_BYTES];
    char json[JSON_MAX_BYTES];
    snprintf(path, sizeof(path), "/console/v1/%s", operation);
    if (tenant == NULL)
        snprintf(json, sizeof(json), "{\"operation\":\"%s\"}", operation);
    else
        snprintf(json, sizeof(json), "{\"operation\":\"%s\",\"mchid\":\"%s\"}", operation, tenant);
    return browser_post(b, path, json);
}

static bool is_as_the_table_says(size_t index, const char *operation)
{
    const AccessRole *role = role_at(index);
    Browser *b = &browsers[index];
    const bool wanted = wanted_status(role, span_of_text(operation)) == 200;
    ask_operation(b, operation, people[index].tenant);
    const bool needs_others = strcmp(b->code, "APPROVAL_NEEDED") == 0; /* he may ask */
    if (wanted == (is_let_through(b) || needs_others)) return true;
    fprintf(stderr, "  %s %s: HTTP %d %s, the table says %s\n", role->name, operation, b->status,
            b->body, wanted ? "yes" : "no");
    return false;
}

static void test_every_operation_for_every_role(void)
{
    size_t pairs = 0;
    size_t allowed = 0;
    for (size_t i = 0; i < table->role_count; i++) {
        if (!is_persons(role_at(i))) continue;
        for (size_t k = 0; k < admin_operations_count(); k++, pairs++) {
            const char *operation = admin_operations_at(k);
            EXPECT(is_as_the_table_says(i, operation));
            allowed += wanted_status(role_at(i), span_of_text(operation)) == 200;
        }
    }
    fprintf(stderr, "  %zu pairs, %zu of them allowed\n", pairs, allowed);
    EXPECT(pairs > 500 && allowed > 50 && allowed < pairs / 2);
}

/* --- confused deputies: a merchant's people and other merchants --- */

static void test_merchants_people_touch_no_other_tenant(void)
{
    static const char *const members[] = { "", ",\"mchid\":\"" OTHER_MCHID "\"",
        ",\"tenant\":\"" OTHER_MCHID "\"", ",\"tenant\":\"hufu\"",
        ",\"mchid\":\"" MCHID "\",\"tenant\":\"" OTHER_MCHID "\"",
        ",\"mchid\":\"" OTHER_MCHID "\",\"tenant\":\"" MCHID "\"", ",\"mchid\":[\"" MCHID "\"]",
        ",\"mchid\":\"" MCHID "\",\"mchid\":\"" OTHER_MCHID "\"" };
    size_t asked = 0;
    for (size_t i = 0; i < table->role_count; i++) {
        if (role_at(i)->tenant != ROLE_OF_MERCHANT) continue;
        for (size_t k = 0; k < admin_operations_count(); k++) {
            for (size_t b = 0; b < sizeof(members) / sizeof(members[0]); b++, asked++) {
                char path[PATH_MAX_BYTES];
                char json[JSON_MAX_BYTES];
                snprintf(path, sizeof(path), "/console/v1/%s", admin_operations_at(k));
                snprintf(json, sizeof(json), "{\"operation\":\"%s\"%s}", admin_operations_at(k),
                        members[b]);
                const int status = browser_post(&browsers[i], path, json);
                if (status != 403 && status != 400)
                    fprintf(stderr, "  %s %s: %d\n", role_at(i)->name, json, status);
                EXPECT(status == 403 || status == 400);
            }
        }
    }
    EXPECT(asked > 500);
}

/* --- routes and their look-alikes --- */

static void fill_pattern(const char *pattern, char ret_path[PATH_MAX_BYTES])
{
    const char *star = strchr(pattern, '*');
    if (star == NULL)
        snprintf(ret_path, PATH_MAX_BYTES, "%s", pattern);
    else
        snprintf(ret_path, PATH_MAX_BYTES, "%.*sx1%s", (int)(star - pattern), pattern, star + 1);
}

enum { SPELLINGS = 7, ENCODED_SLASH = 5 };

/* What a lenient reader would take for the same path. */
static void spell(const char *path, int which, char ret[PATH_MAX_BYTES + 16])
{
    const size_t size = PATH_MAX_BYTES + 16;
    switch (which) {
    case 0: snprintf(ret, size, "/%s", path); return;
    case 1: snprintf(ret, size, "%s/", path); return;
    case 2: snprintf(ret, size, "/.%s", path); return;
    case 3: snprintf(ret, size, "/x/..%s", path); return;
    case 4: snprintf(ret, size, "/%%%02x%s", (unsigned)path[1], path + 2); return;
    case ENCODED_SLASH: snprintf(ret, size, "%s%%2f", path); return;
    default: snprintf(ret, size, "%s", path); ret[1] = (char)toupper((unsigned char)ret[1]);
    }
}

static bool is_no_route(Browser *b, const char *method, const char *path, const char *json)
{
    const int status = browser_ask(b, method, path, json);
    if (status == 404 || status == 400 || status == 401) return true;
    fprintf(stderr, "  %s %s: HTTP %d %s\n", method, path, status, b->body);
    return false;
}

/* Where the path is one, the door may say that the method is not (405). */
static bool is_wrong_method(Browser *b, const char *method, const char *path, const char *json)
{
    return browser_ask(b, method, path, json) == 405 || is_no_route(b, method, path, json);
}

/* Some paths of the console are asked and answered: one route for each method. */
static bool has_both_methods(const char *path)
{
    size_t routes = 0;
    for (size_t i = 0; i < console_routes_count(); i++)
        routes += strcmp(console_routes_at(i).path, path) == 0;
    return routes == 2;
}

/* A path that is none, asked as somebody who may do everything there. */
static bool has_one_spelling(Browser *b, HttpMethod method, const char *path)
{
    const char *right = method == HTTP_GET ? "GET" : "POST";
    const char *wrong = method == HTTP_GET ? "POST" : "GET";
    bool none = has_both_methods(path)
            || is_wrong_method(b, wrong, path, method == HTTP_GET ? "{}" : "");
    for (int i = 0; i < SPELLINGS; i++) {
        char other[PATH_MAX_BYTES + 16];
        if (i == ENCODED_SLASH && strstr(path, "/x1") != NULL) continue; /* a name may hold it */
        spell(path, i, other);
        none = is_no_route(b, right, other, method == HTTP_GET ? "" : "{}") && none;
    }
    return none;
}

/* What is about oneself is for everybody who is logged in: no role is refused, or has more. An
 * empty request is let through, and then lacks its members. */
static void test_every_own_route_for_every_role(void)
{
    size_t pairs = 0;
    for (size_t i = 0; i < table->role_count; i++) {
        if (!is_persons(role_at(i))) continue;
        for (size_t k = 0; k < console_routes_count(); k++) {
            const ConsoleRouteName route = console_routes_at(k);
            const bool posts = route.method == HTTP_POST;
            const bool ends = strcmp(route.path, "/console/v1/logout") == 0;
            if (!route.needs_session || ends) continue;
            Browser *b = &browsers[i];
            const int status =
                    browser_ask(b, posts ? "POST" : "GET", route.path, posts ? "{}" : "");
            if (status != (posts ? 400 : 200))
                fprintf(stderr, "  %s %s: HTTP %d %s\n", role_at(i)->name, route.path, status,
                        b->body);
            EXPECT(status == (posts ? 400 : 200));
            pairs++;
        }
    }
    EXPECT(pairs >= 12 * 13);
}

static void test_routes_of_the_console(void)
{
    Browser nobody;
    char path[PATH_MAX_BYTES];
    EXPECT_OK(browser_open(&stand, &nobody));
    for (size_t i = 0; i < console_routes_count(); i++) {
        const ConsoleRouteName route = console_routes_at(i);
        const bool posts = route.method == HTTP_POST;
        const int status =
                browser_ask(&nobody, posts ? "POST" : "GET", route.path, posts ? "{}" : "");
        EXPECT(route.needs_session == (status == 401));
        EXPECT(has_one_spelling(&browsers[0], route.method, route.path));
        for (size_t k = 0; k < admin_operations_count(); k++) {
            snprintf(path, sizeof(path), "/console/v1/%s", admin_operations_at(k));
            EXPECT(strcmp(path, route.path) != 0); /* one path, one meaning */
        }
    }
    for (size_t k = 0; k < admin_operations_count(); k++) {
        snprintf(path, sizeof(path), "/console/v1/%s", admin_operations_at(k));
        EXPECT(browser_post(&nobody, path, "{}") == 401);
        EXPECT(has_one_spelling(&browsers[0], HTTP_POST, path));
    }
    browser_close(&nobody);
}

/* At the payments' door a console's session is nothing: whoever shows one is a stranger. */
static void test_routes_of_merchants_and_payers(void)
{
    HttpClient *http = NULL;
    EXPECT_OK(stand_connect(&stand, &http));
    for (size_t i = 0; i < routes_count(); i++) {
        const Route *route = routes_at(i);
        char path[PATH_MAX_BYTES];
        Browser stranger = { .stand = &stand, .http = http };
        const char *method = route->method == HTTP_GET ? "GET" : "POST";
        const char *json = route->method == HTTP_GET ? "" : "{}";
        fill_pattern(route->pattern, path);
        const int status = browser_ask(&stranger, method, path, json);
        const bool merchants = strncmp(path, "/v3/", 4) == 0;
        EXPECT(merchants ? status == 401 : status != 0);
        for (size_t r = 0; r < table->role_count; r++) {
            if (!is_persons(role_at(r))) continue;
            Browser shown = browsers[r];
            shown.http = http;
            EXPECT(browser_ask(&shown, method, path, json) == status);
        }
        EXPECT(has_one_spelling(&stranger, route->method, path));
    }
    http_client_close(&http);
}

/* --- the vault's service: callers by their rights --- */

typedef struct Right {
    const char *name;
    CallerRight right;
} Right;

static const Right rights[] = { { "protect", CALLER_MAY_PROTECT }, { "lookup", CALLER_MAY_LOOK_UP },
    { "reveal", CALLER_MAY_REVEAL }, { "password", CALLER_MAY_CHECK_PASSWORDS },
    { "bind", CALLER_MAY_BIND }, { "mac", CALLER_MAY_MAC } };

static void test_routes_of_the_service(void)
{
    for (size_t r = 0; r < sizeof(rights) / sizeof(rights[0]); r++) {
        StandCaller caller;
        HttpClient *http = NULL;
        EXPECT_OK(stand_caller(&stand, rights[r].name, "bank-a", rights[r].name, &caller));
        EXPECT_OK(stand_service(&stand, caller.tls, &http));
        Browser b = { .stand = &stand, .http = http };
        for (size_t i = 0; i < call_routes_count(); i++) {
            const CallRoute *route = call_routes_at(i);
            const bool gets = route->method == HTTP_GET;
            char path[PATH_MAX_BYTES];
            fill_pattern(route->pattern, path);
            const int status = browser_ask(&b, gets ? "GET" : "POST", path, gets ? "" : "{}");
            const bool may = (route->right & (uint32_t)~rights[r].right) == 0;
            if (may == (status == 403))
                fprintf(stderr, "  %s %s: HTTP %d %s\n", rights[r].name, path, status, b.body);
            EXPECT(status != 0 && may == (status != 403));
            EXPECT(has_one_spelling(&b, route->method, path));
        }
        http_client_close(&http);
        stand_caller_done(&caller);
    }
    HttpClient *http = NULL; /* no certificate: no door at all */
    Status s = stand_service(&stand, stand.tls, &http);
    HttpAnswer answer = { 0 };
    if (status_ok(s)) s = stand_service_call(http, "/vault/v1/challenge", SPAN(""), &answer);
    EXPECT(!status_ok(s) || answer.status == 401);
    http_client_close(&http);
}

static void test_house_closes(void)
{
    for (size_t i = 0; i < table->role_count; i++)
        browser_close(&browsers[i]);
    access_table_free(&table);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_every_operation_for_every_role),
        TEST(test_merchants_people_touch_no_other_tenant),
        TEST(test_every_own_route_for_every_role), TEST(test_routes_of_the_console),
        TEST(test_routes_of_merchants_and_payers), TEST(test_routes_of_the_service),
        TEST(test_house_closes))

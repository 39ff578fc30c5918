/*
 * Goal: at the console's door a person is who he says, for as long as he may be, from his own
 * browser's page alone; every attack on a session that issue and standards name fails, and is told
 * (LL-4.5.2, LL-4.5.3, TP-15). Method: the real programs, asked as browsers and as attackers would.
 */
#include "base/encoding.h"
#include "base/expect.h"
#include "browser.h"
#include "command.h"
#include "house_people.h"
#include "operator.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define GOOD "copper lantern 48 orchard"
#define OTHER "seven quiet harbours 15"
#define STATUS "{\"operation\":\"status\"}"

static Stand stand;
/* An authenticator shows three codes at once and then one in thirty seconds: no test takes a code
 * that it would wait for. */
static Browser dora_at; /* dora's own, with her device; logged in since the first log-in */
static Browser hana_at; /* the first of her sessions, since the house opened */
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static ConsoleUser erin = { .name = "erin", .password = GOOD };
static ConsoleUser fred = { .name = "fred", .password = GOOD };
static ConsoleUser gina = { .name = "gina", .password = GOOD };
static ConsoleUser hana = { .name = "hana", .password = GOOD };
static ConsoleUser ivan = { .name = "ivan", .password = GOOD };
static ConsoleUser jana = { .name = "jana", .password = GOOD };

static Browser fresh(void)
{
    Browser browser;
    ASSERT(status_ok(browser_open(&stand, &browser)));
    return browser;
}

/* As if nobody had ever been there but a thief with these cookies. */
static Browser thief_of(const Browser *victim, bool with_device)
{
    Browser thief = fresh();
    memcpy(thief.session, victim->session, sizeof(thief.session));
    memcpy(thief.csrf, victim->csrf, sizeof(thief.csrf));
    if (with_device) memcpy(thief.device, victim->device, sizeof(thief.device));
    return thief;
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(house_person(&stand, &erin, "payment-operator"));
    EXPECT_OK(house_person(&stand, &fred, "risk-analyst"));
    EXPECT_OK(house_person(&stand, &hana, "payment-operator"));
    hana_at = fresh();
    EXPECT(browser_login(&hana_at, &hana) == 200);
    EXPECT_OK(house_person(&stand, &gina, "payment-operator"));
    EXPECT_OK(house_person(&stand, &ivan, "payment-operator"));
    EXPECT_OK(house_person(&stand, &jana, "payment-operator"));
    dora_at = fresh();
}

/* --- a right one --- */

static bool has_header(const Browser *browser, const char *line)
{
    if (strstr(browser->head, line) != NULL) return true;
    fprintf(stderr, "  no '%s' in:\n%s", line, browser->head);
    return false;
}

static void test_somebody_logs_in_and_out(void)
{
    EXPECT(browser_get(&dora_at, "/console/v1/whoami") == 401);
    EXPECT(strcmp(dora_at.code, "LOGIN_NEEDED") == 0);
    EXPECT(browser_login(&dora_at, &dora) == 200);
    EXPECT(has_header(&dora_at, "; Path=/; Secure; HttpOnly; SameSite=Strict"));
    EXPECT(strlen(dora_at.session) == 64 && strlen(dora_at.device) == 64);
    EXPECT(browser_get(&dora_at, "/console/v1/whoami") == 200);
    EXPECT(browser_says(&dora_at, "\"principal\":\"dora\""));
    EXPECT(browser_says(&dora_at, "\"roles\":\"payment-operator\""));
    EXPECT(browser_post(&dora_at, "/console/v1/status", STATUS) == 200);
    EXPECT(browser_says(&dora_at, "\"ready\":true"));
    EXPECT(stand_logged(&stand, "operator/dora"));
}

/* What she is refused is in the log, with her reason. */
static void test_she_does_what_is_hers(void)
{
    EXPECT(browser_post(&dora_at, "/console/v1/access.leave",
                   "{\"operation\":\"access.leave\",\"id\":\"erin\",\"reason\":\"a quarrel\"}")
            == 403);
    EXPECT(stand_logged(&stand, "a quarrel"));
}

static void test_every_answer_has_the_strict_headers(void)
{
    static const char *const wanted[] = { "Strict-Transport-Security: max-age=63072000",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Cache-Control: no-store",
        "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin" };
    static const char *const paths[] = { "/console/v1/whoami", "/console/v1/login/challenge",
        "/console/v1/nothing", "/" };
    for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
        EXPECT(browser_get(&dora_at, paths[p]) != 0);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
            EXPECT(has_header(&dora_at, wanted[i]));
    }
}

/* --- log-ins that fail --- */

/* The same status, code, words and headers, whatever was wrong (but for the date). */
static bool is_same_refusal(const Browser *one, const Browser *other)
{
    const bool same = one->status == 401 && other->status == 401
            && strcmp(one->body, other->body) == 0 && strlen(one->head) == strlen(other->head);
    if (!same)
        fprintf(stderr, "  %d %s\n%s%d %s\n%s", one->status, one->body, one->head, other->status,
                other->body, other->head);
    return same;
}

static void test_all_refusals_of_a_login_look_the_same(void)
{
    const ConsoleUser nobody = { .name = "nobody", .password = GOOD };
    const ConsoleUser elsewhere = { .name = "erin", .tenant = "1900000001", .password = GOOD };
    char code[TOTP_DIGITS + 1];
    CLEANUP(browser_close) Browser unknown = fresh();
    CLEANUP(browser_close) Browser wrong = fresh();
    EXPECT(browser_login_with(&unknown, &nobody, GOOD, "000000") == 401);
    EXPECT(strcmp(unknown.code, "LOGIN_REFUSED") == 0);
    person_code(&erin, code);
    EXPECT(browser_login_with(&wrong, &erin, OTHER, code) == 401); /* password */
    EXPECT(is_same_refusal(&unknown, &wrong));
    EXPECT(browser_login_with(&wrong, &erin, GOOD, code[0] == '0' ? "111111" : "000000") == 401);
    EXPECT(is_same_refusal(&unknown, &wrong));
    EXPECT(browser_login_with(&wrong, &elsewhere, GOOD, code) == 401); /* another tenant's door */
    EXPECT(is_same_refusal(&unknown, &wrong));
    EXPECT(wrong.session[0] == 0 && wrong.device[0] == 0);
    EXPECT(browser_login(&wrong, &erin) == 200);
}

static int enrol_as(Browser *browser, const char *name, const char *boxes)
{
    char json[256];
    snprintf(
            json, sizeof(json), "{\"name\":\"%s\",\"enrolment_code\":\"%020d\"%s}", name, 0, boxes);
    return browser_post(browser, "/console/v1/enrol", json);
}

/* Who has no code learns at a newcomer's door not even whether there is such a person. */
static void test_all_refusals_of_an_enrolment_look_the_same(void)
{
    static const char *const boxes[] = { "", ",\"box\":\"AAAA\"", ",\"second_box\":\"AAAA\"" };
    ConsoleUser nobody = { .name = "nobody", .password = GOOD };
    ConsoleUser somebody = { .name = "erin", .password = GOOD }; /* her secret stays hers */
    CLEANUP(browser_close) Browser unknown = fresh();
    CLEANUP(browser_close) Browser known = fresh();
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        EXPECT(enrol_as(&unknown, "nobody", boxes[i]) == 400);
        EXPECT(enrol_as(&known, "erin", boxes[i]) == 400);
        EXPECT(strcmp(unknown.body, known.body) == 0);
    }
    EXPECT(browser_enrol(&unknown, &nobody, "00000000000000000000") == 401);
    EXPECT(browser_enrol(&known, &somebody, "00000000000000000000") == 401);
    EXPECT(is_same_refusal(&unknown, &known));
}

/* After five wrong ones the right one is refused like them; who shows erin's device is told why. */
static void test_lockout_is_told_to_a_known_device_alone(void)
{
    CLEANUP(browser_close) Browser stranger = fresh();
    CLEANUP(browser_close) Browser gina_at = fresh();
    char code[TOTP_DIGITS + 1];
    EXPECT(browser_login(&gina_at, &gina) == 200);
    for (int i = 0; i < 5; i++)
        EXPECT(browser_login_with(&stranger, &gina, OTHER, "000000") == 401);
    person_code(&gina, code);
    EXPECT(browser_login_with(&stranger, &gina, GOOD, code) == 401);
    EXPECT(strcmp(stranger.code, "LOGIN_REFUSED") == 0);
    gina_at.session[0] = 0;
    EXPECT(browser_login_with(&gina_at, &gina, GOOD, code) == 403);
    EXPECT(strcmp(gina_at.code, "LOGIN_LOCKED") == 0);
    EXPECT(stand_logged(&stand, "operator/dora")); /* and others come and go */
}

/* The very bytes of a log-in that worked, once more: by whoever listened. */
static void test_a_login_cannot_be_sent_twice(void)
{
    static uint8_t bytes[16384];
    Buffer json = BUFFER_OF(bytes);
    char code[TOTP_DIGITS + 1];
    CLEANUP(browser_close) Browser first = fresh();
    CLEANUP(browser_close) Browser second = fresh();
    person_code(&fred, code);
    EXPECT_OK(browser_login_body(&first, &fred, GOOD, code, &json));
    EXPECT(browser_post(&first, "/console/v1/login", (const char *)bytes) == 200);
    EXPECT(browser_post(&second, "/console/v1/login", (const char *)bytes) == 401);
    EXPECT(strcmp(second.code, "LOGIN_REFUSED") == 0 && second.session[0] == 0);
    EXPECT(browser_post(&first, "/console/v1/logout", "{}") == 200);
}

/* --- sessions --- */

/* An attacker plants his own session and device before his victim logs in (session fixation). */
static void test_what_was_planted_is_worth_nothing(void)
{
    CLEANUP(browser_close) Browser attacker = fresh();
    CLEANUP(browser_close) Browser victim = fresh();
    static const char planted[] =
            "5555555555555555555555555555555555555555555555555555555555555555";
    EXPECT(browser_login(&attacker, &fred) == 200);
    memcpy(victim.session, attacker.session, sizeof(victim.session));
    memcpy(victim.device, planted, sizeof(planted));
    EXPECT(browser_login(&victim, &erin) == 200);
    EXPECT(strcmp(victim.session, attacker.session) != 0);
    EXPECT(strcmp(victim.device, planted) != 0);
    EXPECT(browser_get(&victim, "/console/v1/whoami") == 200);
    EXPECT(browser_says(&victim, "\"principal\":\"erin\""));
}

static void test_a_cookie_is_dead_after_logout(void)
{
    CLEANUP(browser_close) Browser late = thief_of(&dora_at, true);
    EXPECT(browser_post(&dora_at, "/console/v1/logout", "{}") == 200);
    EXPECT(has_header(
            &dora_at, "__Host-hufu=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
    EXPECT(browser_get(&late, "/console/v1/whoami") == 401);
    EXPECT(browser_post(&late, "/console/v1/status", STATUS) == 401);
    EXPECT(browser_login(&dora_at, &dora) == 200);
}

/* A stolen cookie without the device's ends the session, and is an alert. */
static void test_a_session_is_its_devices(void)
{
    CLEANUP(browser_close) Browser ivan_at = fresh();
    EXPECT(browser_login(&ivan_at, &ivan) == 200);
    const int64_t before = stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 57");
    CLEANUP(browser_close) Browser thief = thief_of(&ivan_at, false);
    EXPECT(browser_get(&thief, "/console/v1/whoami") == 401);
    EXPECT(strcmp(thief.code, "LOGIN_NEEDED") == 0);
    EXPECT(browser_get(&ivan_at, "/console/v1/whoami") == 401);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 57") == before + 1);
}

static void test_one_proves_again_and_the_token_changes(void)
{
    CLEANUP(browser_close) Browser old = thief_of(&dora_at, true);
    EXPECT(browser_prove(&dora_at, &dora) == 200);
    EXPECT(strcmp(old.session, dora_at.session) != 0 && strcmp(old.csrf, dora_at.csrf) != 0);
    EXPECT(browser_get(&old, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&dora_at, "/console/v1/whoami") == 200);
}

/* At most three sessions of one person: the fourth ends the first. */
static void test_one_too_many_ends_the_oldest(void)
{
    CLEANUP(browser_close) Browser second = fresh();
    CLEANUP(browser_close) Browser third = fresh();
    CLEANUP(browser_close) Browser fourth = fresh();
    EXPECT(browser_get(&hana_at, "/console/v1/whoami") == 200);
    EXPECT(browser_login(&second, &hana) == 200 && browser_login(&third, &hana) == 200);
    EXPECT(browser_get(&hana_at, "/console/v1/whoami") == 200);
    EXPECT(browser_login(&fourth, &hana) == 200);
    EXPECT(browser_get(&hana_at, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&second, "/console/v1/sessions") == 200);
    EXPECT(browser_says(&second, "\"current\":true"));
    EXPECT(browser_post(&second, "/console/v1/sessions/end", "{\"number\":0}") == 200);
    EXPECT(browser_get(&third, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&fourth, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&second, "/console/v1/whoami") == 200);
    EXPECT(browser_post(&second, "/console/v1/sessions/end", "{\"number\":12345}") == 404);
}

static void test_another_password_ends_the_other_sessions(void)
{
    CLEANUP(browser_close) Browser ivan_at = fresh();
    CLEANUP(browser_close) Browser other = fresh();
    EXPECT(browser_login(&ivan_at, &ivan) == 200 && browser_login(&other, &ivan) == 200);
    EXPECT(browser_password(&ivan_at, &ivan, OTHER, OTHER) != 200); /* the old one proves it */
    EXPECT(browser_password(&ivan_at, &ivan, GOOD, "password") != 200); /* weak */
    EXPECT(browser_get(&other, "/console/v1/whoami") == 200);
    EXPECT(browser_password(&ivan_at, &ivan, GOOD, OTHER) == 200);
    EXPECT(browser_get(&other, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&ivan_at, "/console/v1/whoami") == 200);
}

/* Somebody else may have had her password: what it opened is over. */
static void test_two_people_reset_a_password_and_its_sessions_end(void)
{
    CLEANUP(browser_close) Browser jana_at = fresh();
    const char *file = stand_path(&stand, "new.secret");
    EXPECT(browser_login(&jana_at, &jana) == 200);
    EXPECT_OK(file_write(file, 0600, SPAN(OTHER)));
    EXPECT(operator_ended(
            OPERATOR(&stand, "password", "reset", "jana", file, "--tenant", "hufu", "--realm",
                    "staff", "--key", "alice", "--key", "bob", "--reason", "ticket 51"),
            0));
    EXPECT(browser_get(&jana_at, "/console/v1/whoami") == 401);
    EXPECT(browser_get(&dora_at, "/console/v1/whoami") == 200);
    jana.password = OTHER;
    EXPECT(unlink(file) == 0);
}

/* --- devices --- */

/* What names the browser's own device. */
static void own_device(Browser *browser, char *ret_json, size_t size)
{
    const char *own = NULL;
    EXPECT(browser_get(browser, "/console/v1/devices") == 200);
    const char *end = strstr(browser->body, "\"current\":true");
    ASSERT(end != NULL);
    for (const char *at = browser->body; (at = strstr(at, "\"device\":\"")) != NULL && at < end;
            at++)
        own = at;
    ASSERT(own != NULL);
    snprintf(ret_json, size, "{%.*s\"}", (int)(32 + strlen("\"device\":\"")), own);
}

static void test_devices_are_known_and_forgotten(void)
{
    char json[128];
    CLEANUP(browser_close) Browser other = fresh();
    const int64_t before = stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 56");
    EXPECT(browser_login(&other, &fred) == 200); /* his third */
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 56") == before + 1);
    EXPECT(browser_get(&other, "/console/v1/devices") == 200);
    const char *at = strstr(other.body, "\"device\":\"");
    EXPECT(at != NULL);
    snprintf(json, sizeof(json), "{\"device\":\"%.32s\"}", at + strlen("\"device\":\""));
    EXPECT(browser_post(&dora_at, "/console/v1/devices/forget", json) == 404); /* not hers */
    EXPECT(browser_post(&other, "/console/v1/devices/forget", json) == 200);
    EXPECT(browser_post(&other, "/console/v1/devices/forget", json) == 404);
    EXPECT(browser_get(&other, "/console/v1/whoami") == 200); /* that was another one */
    own_device(&other, json, sizeof(json));
    EXPECT(browser_post(&other, "/console/v1/devices/forget", json) == 200);
    EXPECT(browser_get(&other, "/console/v1/whoami") == 401); /* its session went with it */
    EXPECT(stand_logged(&stand, "forgotten"));
}

/* --- other pages, other bytes --- */

static bool is_forged(Browser *browser, const char *what)
{
    const bool refused = browser_post(browser, "/console/v1/status", STATUS) == 403
            && strcmp(browser->code, "REQUEST_FORGED") == 0;
    if (!refused) fprintf(stderr, "  %s: HTTP %d %s\n", what, browser->status, browser->body);
    return refused;
}

static void test_other_pages_cannot_use_a_session(void)
{
    CLEANUP(browser_close) Browser jana_at = fresh();
    Browser b = dora_at;
    EXPECT(browser_login(&jana_at, &jana) == 200);
    static const char *const origins[] = { "", "null", "https://evil.example", "http://localhost",
        "https://localhost", "https://localhost:1", "https://localhost.evil.example" };
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        b.origin = origins[i];
        EXPECT(is_forged(&b, origins[i]));
    }
    b = dora_at;
    static const char *const sites[] = { "cross-site", "same-site", "x" };
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        b.site = sites[i];
        EXPECT(is_forged(&b, sites[i]));
        EXPECT(browser_get(&b, "/console/v1/whoami") == 403);
    }
    b = dora_at;
    const char *const values[] = { "", "00", jana_at.csrf, dora_at.session,
        "0000000000000000000000000000000000000000000000000000000000000000" };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        b.csrf_instead = values[i];
        EXPECT(is_forged(&b, values[i]));
    }
    b = dora_at;
    static const char *const types[] = { "", "text/plain", "application/x-www-form-urlencoded",
        "multipart/form-data", "application/json; charset=x", "text/plain; application/json" };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        b.content_type = types[i];
        EXPECT(browser_post(&b, "/console/v1/status", STATUS) == 415);
    }
    EXPECT(browser_post(&dora_at, "/console/v1/status", STATUS) == 200);
}

/* Log-in forgery: another page logs its visitor in under the attacker's name. */
static void test_other_pages_cannot_log_anybody_in(void)
{
    static uint8_t bytes[16384];
    Buffer json = BUFFER_OF(bytes);
    char code[TOTP_DIGITS + 1];
    CLEANUP(browser_close) Browser b = fresh();
    person_code(&jana, code);
    EXPECT_OK(browser_login_body(&b, &jana, GOOD, code, &json));
    b.origin = "https://evil.example";
    EXPECT(browser_post(&b, "/console/v1/login", (const char *)bytes) == 403);
    b.origin = NULL;
    b.content_type = "text/plain";
    EXPECT(browser_post(&b, "/console/v1/login", (const char *)bytes) == 415);
    EXPECT(b.session[0] == 0);
}

static void test_no_other_spelling_of_a_path_is_a_route(void)
{
    static const char *const paths[] = { "/console/v1//status", "/console/v1/status/",
        "/console/v1/STATUS", "/Console/v1/status", "/console/v1/%73tatus",
        "/console/v1/x/../status", "/console/v1/./status", "/console/v1%2fstatus",
        "//console/v1/status", "/console/v1/status%00", "/console/v1/status;x", "/console/v1/",
        "/console/v1", "/console/v2/status" };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const int status = browser_post(&dora_at, paths[i], STATUS);
        if (status != 404 && status != 400) fprintf(stderr, "  %s: %d\n", paths[i], status);
        EXPECT(status == 404 || status == 400);
    }
    EXPECT(browser_get(&dora_at, "/console/v1/status") == 404); /* another method */
    EXPECT(browser_post(&dora_at, "/console/v1/whoami", "{}") == 404);
    EXPECT(browser_ask(&dora_at, "PUT", "/console/v1/status", STATUS) == 405);
    CLEANUP(browser_close) Browser nobody = fresh(); /* to whom every path is the same */
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const int status = browser_post(&nobody, paths[i], STATUS);
        EXPECT(status == 401 || status == 400);
    }
    EXPECT(browser_post(&nobody, "/console/v1/status", STATUS) == 401);
}

static void test_altered_parameters(void)
{
    EXPECT(browser_post(&dora_at, "/console/v1/status", "{\"operation\":\"stop\"}") == 400);
    EXPECT(browser_post(&dora_at, "/console/v1/status", "{}") == 400);
    EXPECT(browser_post(&dora_at, "/console/v1/status",
                   "{\"operation\":\"status\",\"operation\":\"stop\"}")
            == 400);
    EXPECT(browser_post(&dora_at, "/console/v1/status", "[]") == 400);
    EXPECT(browser_post(&dora_at, "/console/v1/status", "") == 400);
    EXPECT(browser_post(
                   &dora_at, "/console/v1/sessions/end", "{\"number\":1,\"principal\":\"erin\"}")
            == 400);
    EXPECT(browser_post(&dora_at, "/console/v1/login", "{\"name\":\"dora\",\"password\":\"x\"}")
            == 400);
}

static void test_no_secret_rests(void)
{
    uint8_t bytes[32];
    Buffer token = BUFFER_OF(bytes);
    EXPECT(!stand_holds(&stand, SPAN(GOOD)) && !stand_holds(&stand, SPAN(OTHER)));
    EXPECT(!stand_holds(&stand, span_of_text(dora_at.session)));
    EXPECT(!stand_holds(&stand, span_of_text(dora_at.device)));
    EXPECT_OK(hex_decode(span_of_text(dora_at.session), &token));
    EXPECT(!stand_holds(&stand, span_of_buffer(&token)));
    EXPECT(!stand_holds(&stand, SPAN_OF(dora.secret)));
    EXPECT(stand_audit(&stand) == 0);
}

/* A restart ends every session, and keeps devices and secrets. */
static void test_a_restart(void)
{
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    CLEANUP(browser_close) Browser again = fresh();
    memcpy(again.session, dora_at.session, sizeof(again.session));
    memcpy(again.device, dora_at.device, sizeof(again.device));
    EXPECT(browser_get(&again, "/console/v1/whoami") == 401);
    const int64_t before = stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 56");
    EXPECT(browser_login(&again, &dora) == 200);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 56") == before);
}

static void test_house_closes(void)
{
    browser_close(&dora_at);
    browser_close(&hana_at);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_somebody_logs_in_and_out), TEST(test_she_does_what_is_hers),
        TEST(test_every_answer_has_the_strict_headers),
        TEST(test_all_refusals_of_a_login_look_the_same),
        TEST(test_all_refusals_of_an_enrolment_look_the_same),
        TEST(test_lockout_is_told_to_a_known_device_alone), TEST(test_a_login_cannot_be_sent_twice),
        TEST(test_what_was_planted_is_worth_nothing), TEST(test_a_cookie_is_dead_after_logout),
        TEST(test_a_session_is_its_devices), TEST(test_one_proves_again_and_the_token_changes),
        TEST(test_one_too_many_ends_the_oldest),
        TEST(test_another_password_ends_the_other_sessions),
        TEST(test_two_people_reset_a_password_and_its_sessions_end),
        TEST(test_devices_are_known_and_forgotten), TEST(test_other_pages_cannot_use_a_session),
        TEST(test_other_pages_cannot_log_anybody_in),
        TEST(test_no_other_spelling_of_a_path_is_a_route), TEST(test_altered_parameters),
        TEST(test_no_secret_rests), TEST(test_a_restart), TEST(test_house_closes))

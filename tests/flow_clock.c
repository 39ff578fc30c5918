/*
 * Goal: whoever sets the clock of the machine gains nothing: no session lives longer, no right that
 * was given for a while comes back, no code or request counts twice, and what is over stays over;
 * and the house goes on with its work (LL-4.5.2, LL-4.5.3). Method: the real programs with clocks
 * that the test sets, forwards and back (moved_clock.h); what the clock ends is looked up in rows,
 * alerts and the log.
 */
#include "access/request.h"
#include "as.h"
#include "base/expect.h"
#include "base/time.h"
#include "house_people.h"
#include "ipc/admin_wire.h"
#include "ipc/channel.h"
#include "moved_clock.h"
#include "operator.h"
#include "request_client.h"

#include <signal.h>
#include <stdio.h>

#define GOOD "copper lantern 48 orchard"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, TLS_LIFE_S = 30 * DAY_S };

static Stand stand;
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static ConsoleUser gao = { .name = "gao", .password = GOOD };
static ConsoleUser mei = { .name = "mei" };
static ConsoleUser zhao = { .name = "zhao" };

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define DONE(...) EXPECT(operator_ended(HUFU(__VA_ARGS__), 0))
#define REFUSED(name, ...)                            \
    do {                                              \
        EXPECT(operator_ended(HUFU(__VA_ARGS__), 1)); \
        EXPECT(operator_says(name));                  \
    } while (0)

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL, .tls_life_s = TLS_LIFE_S };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(house_person(&stand, &gao, "payment-operator"));
    EXPECT_OK(house_join(&stand, &mei, "risk-analyst"));
    EXPECT_OK(house_join(&stand, &zhao, "emergency-access"));
    unsetenv(APPROVE_VARIABLE);
}

static void again(void)
{
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    ASSERT(status_ok(stand_start(&stand, STAND_HUFUD)));
}

/* Set back, the door takes nothing that is older than what it has forgotten (message/nonce.h): who
 * wants to go on starts anew. */
static void set_back(void)
{
    moved_clock_set_wall(0);
    again();
}

/* --- a request at the socket --- */

static Buffer signed_status(void)
{
    static uint8_t memory[WIRE_ADMIN_BYTES_MAX];
    Buffer asked = BUFFER_OF(memory);
    ASSERT(status_ok(as_sign(stand.folder, SPAN("{\"operation\":\"status\"}"), &asked)));
    return asked;
}

static Status send_bytes(const Buffer *asked)
{
    static uint8_t memory[65536];
    Buffer answer = BUFFER_OF(memory);
    Channel *channel = NULL;
    TRY(channel_connect(stand_path(&stand, "run/hufud/admin.sock"), 60000, &channel));
    const Status s = channel_call(channel, WIRE_ADMIN_REQUEST, span_of_buffer(asked), &answer);
    channel_close(channel);
    return s;
}

/* A signed request counts once, within its five minutes, wherever the clock goes. */
static void test_a_request_counts_once(void)
{
    const Buffer asked = signed_status();
    EXPECT_OK(send_bytes(&asked));
    EXPECT_REFUSED(send_bytes(&asked), REFUSED_NONCE_REPLAYED);
    moved_clock_set_wall(6 * MINUTE_S);
    EXPECT_REFUSED(send_bytes(&asked), REFUSED_TIMESTAMP_SKEWED);
    DONE("status"); /* what it remembers of the old ones is let go */
    moved_clock_set_wall(0);
    EXPECT_REFUSED(send_bytes(&asked), REFUSED_TIMESTAMP_SKEWED);
    again();
    EXPECT_REFUSED(send_bytes(&asked), REFUSED_TIMESTAMP_SKEWED);
    moved_clock_set_wall(6 * MINUTE_S);
    const Buffer later = signed_status();
    moved_clock_set_wall(0);
    EXPECT_REFUSED(send_bytes(&later), REFUSED_TIMESTAMP_SKEWED);
    DONE("status");
}

/* --- codes and sessions --- */

static int log_in_with(Browser *at, uint32_t step)
{
    char code[TOTP_DIGITS + 1] = { 0 };
    ASSERT(status_ok(totp_code(SPAN_OF(dora.secret), step, (uint8_t *)code)));
    return browser_login_with(at, &dora, GOOD, code);
}

static uint32_t step_now(void)
{
    const Clock clock = clock_system();
    return totp_step(clock_now_us(&clock));
}

/* A code is used once, also in the minutes that come twice; older ones than it never again. */
static void test_a_code_counts_once(void)
{
    CLEANUP(browser_close) Browser at = { 0 };
    EXPECT_OK(browser_open(&stand, &at));
    moved_clock_set_wall(HOUR_S);
    const uint32_t step = step_now();
    EXPECT(log_in_with(&at, step) == 200);
    EXPECT(log_in_with(&at, step) == 401);
    moved_clock_set_wall(HOUR_S - TOTP_STEP_S);
    EXPECT(log_in_with(&at, step) == 401);
    EXPECT(log_in_with(&at, step - 1) == 401);
    moved_clock_set_wall(0);
    EXPECT(log_in_with(&at, step_now()) == 401); /* it is older than what was used */
    moved_clock_set_wall(2 * HOUR_S);
    EXPECT(log_in_with(&at, step_now()) == 200);
    moved_clock_set_wall(0);
}

static bool is_logged_in(Browser *at) { return browser_get(at, "/console/v1/whoami") == 200; }

/* By rules/access.yaml a session of the staff is over when nobody used it for 900 s, and after
 * 28800 s; a proof serves for 300 s. The wall clock is yesterday's all the while. */
static void test_a_session_lives_no_longer(void)
{
    static const char turn[] = "{\"operation\":\"day.end\"}";
    CLEANUP(browser_close) Browser idle = { 0 };
    CLEANUP(browser_close) Browser busy = { 0 };
    EXPECT_OK(browser_open(&stand, &idle));
    EXPECT_OK(browser_open(&stand, &busy));
    moved_clock_set_wall(3 * HOUR_S);
    EXPECT(log_in_with(&idle, step_now()) == 200);
    moved_clock_set_wall(4 * HOUR_S);
    EXPECT(log_in_with(&busy, step_now()) == 200);
    EXPECT(browser_post(&busy, "/console/v1/day.end", turn) != 403);
    moved_clock_set_wall(-DAY_S);
    EXPECT(is_logged_in(&idle) && is_logged_in(&busy));
    moved_clock_set_steady(310);
    EXPECT(browser_post(&busy, "/console/v1/day.end", turn) == 403);
    EXPECT(strcmp(busy.code, "PROOF_NEEDED") == 0);
    moved_clock_set_steady(890);
    EXPECT(is_logged_in(&busy));
    moved_clock_set_steady(930);
    EXPECT(!is_logged_in(&idle) && is_logged_in(&busy));
    for (int64_t steady = 1600; steady < 28800; steady += 800) {
        moved_clock_set_steady(steady);
        EXPECT(is_logged_in(&busy));
    }
    moved_clock_set_steady(28900);
    EXPECT(!is_logged_in(&busy));
    set_back();
}

/* --- rights for a while --- */

static const char *newest_grant(void)
{
    static char id[64];
    stand_text(
            &stand, "SELECT id FROM access_grant ORDER BY asked DESC, id LIMIT 1", id, sizeof(id));
    return id;
}

/* The row of a grant comes to this state by the clock's own tick. */
static bool is_ended_in_its_row(const char *id)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM access_grant WHERE id = '%s' AND state = 5",
            id);
    return stand_comes_true(&stand, sql);
}

typedef struct Ended {
    const char *id;
    size_t count;
} Ended;

static void take_end(void *context, const AuditEvent *event)
{
    Ended *ended = context;
    const bool ends =
            event->kind == AUDIT_ACCESS_REVOKE || event->kind == AUDIT_ACCESS_EMERGENCY_END;
    const Span id = span_of_text(ended->id); /* the subject ends with it */
    if (!ends || !span_equal(event->actor, SPAN("clock")) || event->subject.size < id.size) return;
    const uint8_t *tail = event->subject.data + event->subject.size - id.size;
    ended->count += span_equal((Span) { tail, id.size }, id);
}

static size_t ends_in_the_log(const char *id)
{
    Ended ended = { id, 0 };
    stand_each_event(&stand, take_end, &ended);
    return ended.count;
}

/* LL-4.5.2: what is given for a while is over by itself, in row and log, once. */
static void test_a_grant_does_not_come_back(void)
{
    char id[64];
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    DONE("--as", "mei", "access", "request", "caller.list", "--hours", "1", "--reason", "a case",
            "--approve", "bob");
    snprintf(id, sizeof(id), "%s", newest_grant());
    DONE("--as", "mei", "caller", "list");
    moved_clock_set_wall(HOUR_S + MINUTE_S);
    EXPECT(operator_ended(HUFU("--as", "mei", "caller", "list"), 1));
    EXPECT(is_ended_in_its_row(id));
    EXPECT(ends_in_the_log(id) == 1);
    set_back();
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    EXPECT(ends_in_the_log(id) == 1);
}

static void test_the_glass_is_whole_after_its_hour(void)
{
    char id[64];
    DONE("--as", "zhao", "access", "emergency", "--reason", "fire");
    snprintf(id, sizeof(id), "%s", newest_grant());
    DONE("--as", "zhao", "caller", "list");
    moved_clock_set_wall(HOUR_S + MINUTE_S);
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", "caller", "list");
    EXPECT(is_ended_in_its_row(id) && ends_in_the_log(id) == 1);
    set_back();
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", "caller", "list");
}

/* --- what others agree to --- */

static ConsoleUser newcomers[] = { { .name = "lin" }, { .name = "wu" } };

/* alice asks for a newcomer; the request waits. */
static Status ask_for(const ConsoleUser *newcomer, char ret_id[64])
{
    const Status s = house_join(&stand, newcomer, "developer");
    stand_text(&stand, "SELECT id FROM request ORDER BY asked DESC LIMIT 1", ret_id, 64);
    return s;
}

/* What bob signs now, wherever the clock is. */
static Status sign_as_bob(const char *id, Person *bob, WireApproval *ret_approval)
{
    static char subject[128];
    char sql[128];
    char digest[80];
    snprintf(sql, sizeof(sql), "SELECT lower(hex(digest)) FROM request WHERE id = '%s'", id);
    stand_text(&stand, sql, digest, sizeof(digest));
    snprintf(subject, sizeof(subject), "%s/%s", id, digest);
    TRY(person_load(stand.folder, "bob", bob));
    return person_approve(
            bob, SPAN("access.join"), span_of_text(subject), SPAN("ticket 9"), ret_approval);
}

static Status hand_in(const char *id, const WireApproval *approval)
{
    static uint8_t memory[65536];
    Buffer answer = BUFFER_OF(memory);
    return request_hand_in(stand.folder, id, approval, &answer);
}

/* An approval is good for its hours; by the right clock it was good all the time. */
static void test_an_approval_ends(void)
{
    CLEANUP(person_free) Person bob = { 0 };
    char id[64];
    WireApproval approval = { 0 };
    EXPECT_REFUSED(ask_for(&newcomers[0], id), REFUSED_REQUEST_WAITS);
    EXPECT_OK(sign_as_bob(id, &bob, &approval));
    moved_clock_set_wall(25 * HOUR_S);
    EXPECT_REFUSED(hand_in(id, &approval), REFUSED_REQUEST_SIGNATURE);
    set_back();
    EXPECT_OK(hand_in(id, &approval));
    EXPECT_REFUSED(hand_in(id, &approval), REFUSED_REQUEST_OVER);
    DONE("--as", "lin", "status");
}

/* After three days nobody can agree any more, also when the days come again. */
static void test_a_request_ends(void)
{
    CLEANUP(person_free) Person bob = { 0 };
    CLEANUP(person_free) Person late_bob = { 0 };
    char id[64];
    char sql[128];
    WireApproval approval = { 0 };
    WireApproval late = { 0 };
    EXPECT_REFUSED(ask_for(&newcomers[1], id), REFUSED_REQUEST_WAITS);
    EXPECT_OK(sign_as_bob(id, &bob, &approval));
    moved_clock_set_wall(3 * DAY_S + HOUR_S);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM request WHERE id = '%s' AND state = %d", id,
            ASKED_EXPIRED);
    EXPECT(stand_comes_true(&stand, sql));
    EXPECT(stand_logged(&stand, "access.join expired"));
    EXPECT_OK(sign_as_bob(id, &late_bob, &late));
    EXPECT_REFUSED(hand_in(id, &late), REFUSED_REQUEST_PAST);
    set_back();
    EXPECT_REFUSED(hand_in(id, &approval), REFUSED_REQUEST_PAST);
    REFUSED("ADMIN_STRANGER", "--as", "wu", "status");
}

/* What hufud does every so often it goes on doing when the clock was set back. */
static void test_the_house_goes_on(void)
{
    CLEANUP(browser_close) Browser at = { 0 };
    EXPECT_OK(browser_open(&stand, &at));
    moved_clock_set_wall(2 * DAY_S);
    REFUSED("REQUEST_WAITS", "--as", "mei", "access", "request", "caller.list", "--reason", "late");
    EXPECT(stand_await_checkpoint(&stand));
    moved_clock_set_wall(0);
    EXPECT(browser_login(&at, &gao) == 200); /* for the log */
    EXPECT(stand_await_checkpoint(&stand));
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_request_counts_once), TEST(test_a_code_counts_once),
        TEST(test_a_session_lives_no_longer), TEST(test_a_grant_does_not_come_back),
        TEST(test_the_glass_is_whole_after_its_hour), TEST(test_an_approval_ends),
        TEST(test_a_request_ends), TEST(test_the_house_goes_on), TEST(test_house_closes))

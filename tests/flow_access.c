/*
 * Goal: at the real programs each person does what the table of rights gives and nothing more,
 * under a name that is that person's alone; rights come by others, end by the clock or at once, and
 * every step is in the log (TP-15, LL-4.5.2: 最小权限、按需审批、职责分离、默认拒绝、身份唯一;
 * LL-4.5.3).
 * Method: the command line as several people and as somebody who has only the right user of the
 * system; restarts; rows changed in the database behind everybody's back.
 */
#include "access/rights.h"
#include "base/expect.h"
#include "browser.h"
#include "callers.h"
#include "command.h"
#include "house_people.h"
#include "operator.h"
#include "stand.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static Stand stand;

static void close_stand(const int *unused) { stand_close(&stand); }
#define STAND                                    \
    CLEANUP(close_stand) const int closing_ = 0; \
    (void)closing_;                              \
    EXPECT_OK(stand_open(&(StandOptions) { .signers = 1, .openers = 1 }, &stand))

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define DONE(...) EXPECT(operator_ended(HUFU(__VA_ARGS__), EXIT_DONE))
#define REFUSED(name, ...)                                      \
    do {                                                        \
        EXPECT(operator_ended(HUFU(__VA_ARGS__), EXIT_FAILED)); \
        EXPECT(operator_says(name));                            \
    } while (0)

/* A key that somebody made for himself. */
static Status make_key(const char *name, KeyAlgorithm algorithm)
{
    char file[64];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    TRY(private_key_generate(algorithm, &key));
    TRY(private_key_to_pem(key, &pem));
    return file_write(stand_path(&stand, file), 0600, span_of_buffer(&pem));
}

#define JOIN(id, number, roles) \
    "access", "join", id, "--staff-number", number, "--roles", roles, "--key", id, "--reason", "new"

/* The id of the only grant that is listed. */
static const char *grant_id(void)
{
    static char id[64];
    stand_text(
            &stand, "SELECT id FROM access_grant ORDER BY asked DESC, id LIMIT 1", id, sizeof(id));
    return id;
}

/* The last request that waits or waited. */
static const char *request_id(void)
{
    static char id[64];
    stand_text(&stand, "SELECT id FROM request ORDER BY asked DESC LIMIT 1", id, sizeof(id));
    return id;
}

static void again(void)
{
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    ASSERT(status_ok(stand_start(&stand, STAND_HUFUD)));
}

/* --- who asks --- */

static void test_the_right_user_is_nobody(void)
{
    STAND;
    DONE("access", "list");
    EXPECT(operator_says("alice") && operator_says("bob") && operator_says("carol"));
    REFUSED("OPERATOR_KEY", "--as", "mallory", "status"); /* no key: not even asked */
    EXPECT_OK(make_key("mallory", KEY_ED25519));
    REFUSED("ADMIN_STRANGER", "--as", "mallory", "status");
    unlink(stand_path(&stand, "as"));
    REFUSED("ADMIN_UNSIGNED", "status");
    DONE("status", "--as", "alice"); /* behind the command, too */
    REFUSED("ADMIN_STRANGER", "--as", "mallory", "access", "begin", "--person",
            "mallory:S9:access-administrator");
    REFUSED("ACCESS_BEGUN", "--as", "alice", "access", "begin", "--person",
            "mallory:S9:access-administrator");
    again();
    DONE("--as", "alice", "status"); /* people outlive a restart */
    EXPECT(stand_logged(&stand, "stranger"));
    EXPECT(stand_audit(&stand) == 0);
}

/* --- what each may --- */

static void test_each_does_what_is_his(void)
{
    STAND;
    DONE("--as", "carol", "caller", "list");
    REFUSED("ACCESS_NO_ROLE", "--as", "carol", "day", "end");
    REFUSED("ACCESS_NO_ROLE", "--as", "bob", "stop");
    REFUSED("ACCESS_NO_ROLE", "--as", "bob", JOIN("bob", "S5", "auditor"));
    EXPECT(stand_leaves_with(&stand, "operator/carol") > 0);
    DONE("access", "explain", "carol", "payer.add");
    EXPECT(operator_says("ACCESS_NO_ROLE") && operator_says("payment-operator"));
    DONE("access", "explain", "carol", "payer.add", "--zh");
    EXPECT(operator_says("支付运营"));
    DONE("access", "explain", "alice", "payer.add");
    EXPECT(operator_says("Yes."));
    DONE("access", "table");
    EXPECT(operator_says("security-officer") && operator_says("安全主管"));
    EXPECT(stand_audit(&stand) == 0);
}

/* --- joiners, movers, leavers --- */

static void test_people_come_move_and_go(void)
{
    STAND;
    EXPECT_OK(make_key("mei", KEY_SM2));
    EXPECT_OK(make_key("mei2", KEY_P256));
    DONE(JOIN("mei", "S7", "risk-analyst"));
    DONE("--as", "mei", "status");
    REFUSED("PRINCIPAL_PERSON", JOIN("mei2", "S7", "security-officer"));
    REFUSED("ACCESS_CONFLICT", JOIN("mei2", "S8", "developer,security-operator"));
    REFUSED("ACCESS_CONFLICT", "access", "move", "mei", "--roles", "risk-analyst,payment-operator",
            "--reason", "more");
    REFUSED("ACCESS_SELF", "access", "move", "alice", "--roles", "auditor", "--reason", "me");
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "merchant", "key", "list");
    DONE("access", "move", "mei", "--roles", "payment-operator", "--reason", "another desk");
    DONE("--as", "mei", "merchant", "key", "list");
    DONE("access", "leave", "mei", "--reason", "gone");
    REFUSED("ADMIN_STRANGER", "--as", "mei", "status");
    REFUSED("PRINCIPAL_EXISTS", JOIN("mei", "S9", "risk-analyst"));
    again();
    REFUSED("ADMIN_STRANGER", "--as", "mei", "status");
    DONE(JOIN("mei2", "S7", "risk-analyst")); /* the person came back, under another id */
    EXPECT(stand_audit(&stand) == 0);
}

/* What waits for others, and what waited, says who joins by a digest. */
static void test_a_staff_number_rests_nowhere(void)
{
    STAND;
    EXPECT_OK(make_key("mei", KEY_ED25519));
    unsetenv("HUFU_APPROVE"); /* it waits */
    REFUSED("REQUEST_WAITS", JOIN("mei", "STAFF-90417", "risk-analyst"));
    setenv("HUFU_APPROVE", "bob", 1);
    EXPECT(!stand_holds(&stand, SPAN("STAFF-90417")));
    DONE(JOIN("mei", "STAFF-90417", "risk-analyst"));
    DONE("--as", "mei", "status");
    EXPECT(!stand_holds(&stand, SPAN("STAFF-90417")));
    EXPECT(stand_holds(&stand, SPAN("person_digest"))); /* it looks in the right place */
    EXPECT_OK(make_key("mei2", KEY_P256));
    REFUSED("PRINCIPAL_PERSON", JOIN("mei2", "STAFF-90417", "risk-analyst"));
    EXPECT(stand_audit(&stand) == 0);
}

/* --- rights for a while --- */

static void test_a_right_for_a_while(void)
{
    char late[64];
    STAND;
    EXPECT_OK(make_key("mei", KEY_ED25519));
    DONE(JOIN("mei", "S7", "risk-analyst"));
    REFUSED("ACCESS_LEVEL", "--as", "mei", "request", "show", request_id()); /* alice's */
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    unsetenv("HUFU_APPROVE");
    REFUSED("REQUEST_WAITS", "--as", "mei", "access", "request", "caller.list", "--reason",
            "a case");
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    REFUSED("REQUEST_OWN", "--as", "mei", "request", "approve", request_id(), "--reason", "me");
    DONE("--as", "mei", "request", "show", request_id()); /* her own */
    REFUSED("ACCESS_LEVEL", "--as", "alice", "request", "approve", request_id(), "--reason",
            "fine");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM access_grant") == 0);
    DONE("--as", "bob", "request", "approve", request_id(), "--reason", "case 7");
    EXPECT(strcmp(grant_id(), request_id()) == 0); /* what was signed is what was given */
    DONE("--as", "mei", "caller", "list");
    DONE("access", "grants");
    EXPECT(operator_says("caller.list"));
    again();
    DONE("--as", "mei", "caller", "list"); /* it outlives a restart */
    DONE("--as", "bob", "access", "revoke", grant_id(), "--reason", "closed");
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    REFUSED("ACCESS_CONFLICT", "--as", "mei", "access", "request", "enrolment.complete", "--level",
            "C2", "--reason", "why not");
    DONE("--as", "mei", "access", "request", "caller.list", "--reason", "another", "--approve",
            "bob");
    DONE("--as", "mei", "caller", "list");
    setenv("HUFU_APPROVE", "bob", 1);
    DONE("access", "move", "mei", "--roles", "risk-analyst", "--reason", "the same desk");
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list"); /* a change ends it */
    unsetenv("HUFU_APPROVE");
    REFUSED("REQUEST_WAITS", "--as", "mei", "access", "request", "caller.list", "--reason", "late");
    snprintf(late, sizeof(late), "%s", request_id());
    setenv("HUFU_APPROVE", "bob", 1);
    DONE("access", "move", "mei", "--roles", "risk-analyst", "--reason", "again");
    DONE("--as", "bob", "request", "approve", late, "--reason", "he is another now");
    EXPECT(operator_says("GRANT_STATE"));
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list");
    EXPECT(stand_audit(&stand) == 0);
}

/* --- broken glass --- */

static void test_the_glass(void)
{
    STAND;
    EXPECT_OK(make_key("zhao", KEY_ED25519));
    DONE(JOIN("zhao", "S8", "emergency-access"));
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", "merchant", "key", "list");
    REFUSED("ACCESS_NO_ROLE", "access", "emergency", "--reason", "alice may not");
    DONE("--as", "zhao", "access", "emergency", "--reason", "fire");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 50") == 1);
    DONE("--as", "zhao", "merchant", "key", "list");
    REFUSED("EMERGENCY_OPEN", "--as", "zhao", "access", "emergency", "--reason", "more fire");
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", JOIN("zhao", "S9", "auditor"));
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", "access", "emergency", "review", grant_id(),
            "--reason", "fine");
    DONE("--as", "bob", "access", "emergency", "review", grant_id(), "--reason", "it burnt");
    REFUSED("ACCESS_NO_ROLE", "--as", "zhao", "merchant", "key", "list");
    EXPECT(stand_leaves_with(&stand, "operator/zhao") > 0);
    EXPECT(stand_audit(&stand) == 0);
}

/* --- the database is somebody else's --- */

static void test_a_role_from_the_database_is_none(void)
{
    STAND;
    EXPECT_OK(make_key("mei", KEY_ED25519));
    DONE(JOIN("mei", "S7", "risk-analyst"));
    stand_tamper(&stand, "UPDATE principal SET roles = roles | 64 WHERE id = 'mei'");
    REFUSED("ACCESS_NO_ROLE", "--as", "mei", "caller", "list"); /* what was verified counts */
    REFUSED("ROW_SEAL_MISMATCH", "access", "move", "mei", "--roles", "risk-analyst", "--reason",
            "looked at");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") > 0);
    DONE("status");
    EXPECT(stand_audit(&stand) == 1);
}

/* --- the table itself --- */

/* The stand's table with one text in another's place, in a file of its own. */
static const char *other_table(const char *name, const char *from, const char *to)
{
    static uint8_t bytes[ACCESS_FILE_BYTES_MAX + 1];
    static uint8_t changed_bytes[ACCESS_FILE_BYTES_MAX];
    Buffer text = { bytes, 0, ACCESS_FILE_BYTES_MAX };
    Buffer changed = BUFFER_OF(changed_bytes);
    ASSERT(status_ok(file_read(stand_path(&stand, "access.yaml"), &text)));
    bytes[text.size] = '\0';
    const char *place = strstr((const char *)bytes, from);
    ASSERT(place != NULL);
    const size_t before = (size_t)(place - (const char *)bytes);
    const Span rest = span_of_text(place + strlen(from));
    ASSERT(status_ok(buffer_put(&changed, (Span) { bytes, before })));
    ASSERT(status_ok(buffer_put(&changed, span_of_text(to))));
    ASSERT(status_ok(buffer_put(&changed, rest)));
    ASSERT(status_ok(file_write(stand_path(&stand, name), 0644, span_of_buffer(&changed))));
    return stand_path(&stand, name);
}

/* Another one, in which callers' roles for reveals and bindings may nothing. */
static const char *take_services(const char *path)
{
    static uint8_t bytes[ACCESS_FILE_BYTES_MAX + 1];
    static const char *const taken[] = { "may: { service.reveal: C3 }",
        "may: { service.bind: C2 }" };
    Buffer text = { bytes, 0, ACCESS_FILE_BYTES_MAX };
    ASSERT(status_ok(file_read(path, &text)));
    bytes[text.size] = '\0';
    for (size_t i = 0; i < 2; i++) {
        char *place = strstr((char *)bytes, taken[i]);
        ASSERT(place != NULL);
        memcpy(place, "may: {", 6);
        memset(place + 6, ' ', strlen(taken[i]) - 7); /* "}" stays */
    }
    ASSERT(status_ok(file_write(path, 0644, span_of_buffer(&text))));
    return path;
}

#define LONG_GRANT "access", "request", "caller.list", "--hours", "1000", "--reason", "a long case"

/* Whoever writes the file writes himself no right: two people accept a table, or it is an alert. */
static void test_another_table_needs_two_people(void)
{
    char wrong[STAND_PATH_BYTES_MAX];
    char longer[STAND_PATH_BYTES_MAX];
    STAND;
    snprintf(wrong, sizeof(wrong), "%s",
            other_table("wrong.yaml", "conflicts:\n",
                    "conflicts:\n  - { roles: [payment-operator, security-operator], reason: x "
                    "}\n"));
    snprintf(longer, sizeof(longer), "%s",
            other_table("longer.yaml", "grant_days_max: 30", "grant_days_max: 60"));
    REFUSED("GRANT_LIMIT", LONG_GRANT);
    other_table(
            "access.yaml", "grant_days_max: 30", "grant_days_max: 60"); /* by who can write it */
    again();
    REFUSED("GRANT_LIMIT", LONG_GRANT);
    again();
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 52") == 1); /* once */
    REFUSED("ACCESS_CONFLICT", "access", "table", "set", wrong, "--reason", "alice has both");
    REFUSED("ACCESS_TABLE_INVALID", "access", "table", "set",
            other_table("alone.yaml", "request.approve: C3,", ""), "--reason", "nobody agrees");
    REFUSED("ACCESS_NO_ROLE", "--as", "carol", "access", "table", "set", longer, "--reason", "me");
    DONE("access", "table", "set", longer, "--reason", "longer cases");
    DONE(LONG_GRANT); /* at once */
    again();
    DONE(LONG_GRANT);
    EXPECT(stand_audit(&stand) == 0);
}

/* Status of a service's call: 404 when it may ask, for something that does not exist. */
static int ask_binding(const StandCaller *caller)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    ASSERT(status_ok(stand_service(&stand, caller->tls, &http)));
    ASSERT(status_ok(stand_service_call(http, "/vault/v1/bindings/x", SPAN(""), &answer)));
    http_client_close(&http);
    return answer.status;
}

static int ask_reveal(const StandCaller *caller)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    ASSERT(status_ok(stand_service(&stand, caller->tls, &http)));
    ASSERT(status_ok(stand_service_call(http, "/vault/v1/reveals", SPAN("{}"), &answer)));
    http_client_close(&http);
    return answer.status;
}

static int list_keys(Browser *browser)
{
    return browser_post(
            browser, "/console/v1/merchant.key.list", "{\"operation\":\"merchant.key.list\"}");
}

/* What no role of theirs may any more under another table is refused a moment later at the socket,
 * at the console within the same session, and at the service's door, and stands in the log; and is
 * let through again under the former table. */
static void test_a_right_that_was_taken_is_gone_at_every_door(void)
{
    static ConsoleUser dora = { .name = "dora", .password = "copper lantern 48 orchard" };
    char less[STAND_PATH_BYTES_MAX];
    StandCaller core = { 0 };
    Browser browser;
    STAND;
    const char *before = stand_path(&stand, "access.yaml");
    char usual[STAND_PATH_BYTES_MAX];
    snprintf(usual, sizeof(usual), "%s", before);
    snprintf(less, sizeof(less), "%s",
            other_table("less.yaml", "{ name: merchant.key.list, level: C1,",
                    "{ name: merchant.key.list, level: C3,"));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,reveal,bind", &core));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(browser_open(&stand, &browser));
    EXPECT(browser_login(&browser, &dora) == 200);
    DONE("merchant", "key", "list");
    EXPECT(list_keys(&browser) == 200);
    EXPECT(ask_binding(&core) == 404 && ask_reveal(&core) == 400);

    DONE("access", "table", "set", take_services(less), "--reason", "less for everybody");
    REFUSED("ACCESS_LEVEL", "merchant", "key", "list");
    EXPECT(list_keys(&browser) == 403 && strcmp(browser.code, "NO_AUTH") == 0);
    EXPECT(browser_get(&browser, "/console/v1/whoami") == 200); /* the session goes on */
    EXPECT(ask_binding(&core) == 403 && ask_reveal(&core) == 403);
    EXPECT(stand_leaves_with(&stand, "service.reveal") == 1);
    EXPECT(stand_leaves_with(&stand, "service.bind") == 1);
    DONE("trail", "search", "--category", "illegal", "--person", "caller/core");
    EXPECT(operator_says("service.reveal") && operator_says("ACCESS_NO_ROLE"));
    again();
    EXPECT(ask_binding(&core) == 403 && ask_reveal(&core) == 403);

    DONE("access", "table", "set", usual, "--reason", "as it was");
    DONE("merchant", "key", "list");
    EXPECT(ask_binding(&core) == 404 && ask_reveal(&core) == 400);
    EXPECT(stand_audit(&stand) == 0);
    browser_close(&browser);
    stand_caller_done(&core);
}

TESTS(TEST(test_another_table_needs_two_people),
        TEST(test_a_right_that_was_taken_is_gone_at_every_door),
        TEST(test_the_right_user_is_nobody), TEST(test_each_does_what_is_his),
        TEST(test_people_come_move_and_go), TEST(test_a_staff_number_rests_nowhere),
        TEST(test_a_right_for_a_while), TEST(test_the_glass),
        TEST(test_a_role_from_the_database_is_none))

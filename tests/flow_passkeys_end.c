/*
 * Goal: a passkey ends when its owner, or somebody for him, says so, when he leaves, is changed or
 * locked, and when somebody has a copy of it; what it had opened ends with it, and nothing revives
 * it (LL-4.5.2, LL-4.5.3). Method: the real programs, asked by software authenticators
 * (stand/authenticator.h) and at the command line; restarts; a row changed behind everybody's back.
 */
#include "authenticator.h"
#include "base/expect.h"
#include "command.h"
#include "house_people.h"
#include "operator.h"

#include <signal.h>
#include <stdio.h>

#define GOOD "copper lantern 48 orchard"
#define LOGIN "/console/v1/passkey/login"
#define REMOVE "/console/v1/passkeys/remove"
#define WHOAMI "/console/v1/whoami"

static Stand stand;
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static ConsoleUser erin = { .name = "erin", .password = GOOD };
static ConsoleUser fred = { .name = "fred", .password = GOOD }; /* leaves */
static ConsoleUser gina = { .name = "gina", .password = GOOD }; /* gets other roles */
static ConsoleUser hugo = { .name = "hugo", .password = GOOD }; /* somebody guesses his password */
static Authenticator phone; /* dora's, P-256 */

static Browser fresh(void) { return browser_elsewhere(&stand); }

/* One has three sessions at most: who is done logs out. */
static void done(Browser *browser) { EXPECT(browser_log_out(browser) == 200); }

/* Somebody with a passkey of his own, logged in by it. */
static void with_passkey(ConsoleUser *person, Authenticator *ret_key, Browser *ret_browser)
{
    Browser desk = fresh();
    *ret_browser = fresh();
    EXPECT_OK(authenticator_make(KEY_P256, ret_key));
    EXPECT(browser_login(&desk, person) == 200);
    EXPECT(authenticator_register(ret_key, &desk) == 200);
    EXPECT(authenticator_login(ret_key, ret_browser) == 200);
    done(&desk);
}

static void test_house_opens(void)
{
    Browser browser;
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(house_person(&stand, &erin, "payment-operator"));
    EXPECT_OK(house_person(&stand, &fred, "risk-analyst"));
    EXPECT_OK(house_person(&stand, &gina, "risk-analyst"));
    EXPECT_OK(house_person(&stand, &hugo, "risk-analyst"));
    with_passkey(&dora, &phone, &browser);
    done(&browser);
}

/* --- the end of a passkey --- */

static int remove_at(Browser *browser, const Authenticator *about)
{
    char json[96];
    snprintf(json, sizeof(json), "{\"passkey\":\"%s\"}", about->name);
    return browser_post(browser, REMOVE, json);
}

/* The removed one opens nothing, nor does the session that it opened. */
static void test_a_removed_passkey_is_over(void)
{
    Authenticator lost;
    Browser desk = fresh();
    Browser thief = fresh();
    Browser erin_at = fresh();
    EXPECT_OK(authenticator_make(KEY_P256, &lost));
    EXPECT(browser_login(&desk, &dora) == 200);
    EXPECT(authenticator_register(&lost, &desk) == 200);
    EXPECT(authenticator_login(&lost, &thief) == 200);
    EXPECT(browser_get(&thief, WHOAMI) == 200);
    EXPECT(browser_login(&erin_at, &erin) == 200);
    EXPECT(remove_at(&erin_at, &lost) == 404); /* not hers */
    EXPECT(browser_get(&thief, WHOAMI) == 200);
    Browser old = desk;
    EXPECT(remove_at(&desk, &lost) == 200);
    EXPECT(browser_get(&old, WHOAMI) == 401); /* another token */
    EXPECT(browser_get(&desk, WHOAMI) == 200);
    EXPECT(browser_get(&thief, WHOAMI) == 401);
    EXPECT(authenticator_login(&lost, &thief) == 401);
    EXPECT(authenticator_refused(&thief, "a removed passkey"));
    EXPECT(authenticator_prove(&lost, &desk) == 401);
    EXPECT(remove_at(&desk, &lost) == 404);
    EXPECT(authenticator_register(&lost, &desk) == 409); /* never again */
    authenticator_done(&lost);
    done(&desk);
    browser_close(&thief);
    done(&erin_at);
}

/* Somebody has a copy of the authenticator: whoever of the two comes second is told of, and the
 * passkey opens nothing for either. */
static void test_a_copy_is_noticed(void)
{
    Authenticator owned;
    Browser desk = fresh();
    Browser owner = fresh();
    Browser thief = fresh();
    EXPECT_OK(authenticator_make(KEY_ED25519, &owned));
    EXPECT(browser_login(&desk, &dora) == 200);
    EXPECT(authenticator_register(&owned, &desk) == 200);
    Authenticator copy = owned;
    EXPECT(authenticator_login(&owned, &owner) == 200);
    EXPECT(authenticator_login(&owned, &owner) == 200);
    const int64_t before =
            stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 70 AND verdict = 2430");
    EXPECT(authenticator_login(&copy, &thief) == 401);
    EXPECT(authenticator_refused(&thief, "a copy"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 70 AND verdict = 2430")
            == before + 1);
    EXPECT(browser_get(&owner, WHOAMI) == 401);
    EXPECT(browser_get(&desk, WHOAMI) == 401);
    copy.count = 1000;
    EXPECT(authenticator_login(&copy, &thief) == 401);
    EXPECT(authenticator_login(&owned, &owner) == 401);
    EXPECT(browser_login(&desk, &dora) == 200); /* by password and code, as ever */
    authenticator_done(&owned);
    browser_close(&desk);
    browser_close(&owner);
    browser_close(&thief);
}

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static void is_over(Authenticator *key, Browser *browser, const char *what)
{
    EXPECT(browser_get(browser, WHOAMI) == 401);
    EXPECT(authenticator_login(key, browser) == 401);
    EXPECT(authenticator_refused(browser, what));
    authenticator_done(key);
    browser_close(browser);
}

/* A lost device: whose passkeys there are, and the end of one, is for an access-administrator. */
static void test_an_administrator_removes_a_lost_one(void)
{
    Authenticator key;
    Browser browser;
    with_passkey(&erin, &key, &browser);
    EXPECT(operator_ended(HUFU("access", "passkeys", "erin"), EXIT_DONE));
    EXPECT(operator_says(key.name));
    EXPECT(operator_ended(HUFU("--as", "bob", "access", "passkeys", "remove", "erin", key.name,
                                  "--reason", "lost"),
            EXIT_FAILED));
    EXPECT(operator_says("ACCESS_NO_ROLE"));
    EXPECT(browser_get(&browser, WHOAMI) == 200);
    EXPECT(operator_ended(HUFU("access", "passkeys", "remove", "dora", key.name, "--reason", "x"),
            EXIT_FAILED)); /* it is not dora's */
    EXPECT(operator_ended(
            HUFU("access", "passkeys", "remove", "erin", key.name, "--reason", "a lost phone"),
            EXIT_DONE));
    EXPECT(stand_logged(&stand, "a lost phone"));
    is_over(&key, &browser, "removed by an administrator");
}

static void test_a_leavers_passkey_dies_with_him(void)
{
    Authenticator key;
    Browser browser;
    with_passkey(&fred, &key, &browser);
    EXPECT(operator_ended(HUFU("access", "leave", "fred", "--reason", "left"), EXIT_DONE));
    EXPECT(stand_number(
                   &stand, "SELECT count(*) FROM passkey WHERE principal = 'fred' AND status = 1")
            == 0);
    is_over(&key, &browser, "who left");
}

/* What was given before a change is over (docs/decisions/0042). */
static void test_a_changed_persons_passkey_is_over(void)
{
    Authenticator key;
    Browser browser;
    with_passkey(&gina, &key, &browser);
    EXPECT(operator_ended(HUFU("access", "move", "gina", "--roles", "payment-operator", "--reason",
                                  "another desk", "--approve", "bob"),
            EXIT_DONE));
    is_over(&key, &browser, "who has other roles");
}

/* Five wrong passwords lock a person, whichever way he comes. */
static void test_a_locked_person_has_none(void)
{
    Authenticator key;
    Browser browser;
    Browser stranger = fresh();
    with_passkey(&hugo, &key, &browser);
    memcpy(stranger.device, browser.device, sizeof(browser.device)); /* not slowed */
    for (int i = 0; i < 5; i++)
        EXPECT(browser_login_with(&stranger, &hugo, "no such password 1", "000000") != 200);
    EXPECT(browser_get(&browser, WHOAMI) == 200); /* he who is in stays */
    EXPECT(authenticator_prove(&key, &browser) == 401);
    EXPECT(authenticator_login(&key, &stranger) == 401);
    EXPECT(authenticator_refused(&stranger, "who is locked"));
    authenticator_done(&key);
    browser_close(&browser);
    browser_close(&stranger);
}

/* Rows and counters last, challenges and sessions do not. */
static void test_a_restart(void)
{
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    Browser before = fresh();
    Authenticator copy = phone;
    EXPECT_OK(authenticator_challenge(&before, LOGIN, challenge));
    authenticator_assert(&copy, &before, challenge, json);
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    Browser browser = fresh();
    EXPECT(browser_post(&browser, LOGIN, json) == 401);
    EXPECT(authenticator_refused(&browser, "a challenge of another run"));
    EXPECT(authenticator_login(&phone, &browser) == 200);
    browser_close(&before);
    browser_close(&browser);
}

/* Erin's key in dora's row: whoever can write to the database logs in as nobody. What was verified
 * counts until the row is looked at; then the row opens nothing for anybody. */
static void test_a_swapped_key_opens_nothing(void)
{
    Authenticator own;
    Browser browser;
    Browser other = fresh();
    char sql[256];
    with_passkey(&erin, &own, &browser);
    EXPECT(stand_audit(&stand) == 0);
    snprintf(sql, sizeof(sql),
            "UPDATE passkey SET spki = (SELECT spki FROM passkey WHERE name = '%s')"
            " WHERE name = '%s'",
            own.name, phone.name);
    stand_tamper(&stand, sql);
    Authenticator forged = own;
    memcpy(forged.id, phone.id, sizeof(forged.id));
    forged.count = 1000;
    EXPECT(authenticator_login(&forged, &other) == 401);
    EXPECT(authenticator_refused(&other, "erin's key in dora's row"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") == 0);
    EXPECT(authenticator_login(&phone, &other) == 401);
    EXPECT(authenticator_refused(&other, "a row that does not verify"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 1") > 0);
    EXPECT(authenticator_login(&own, &browser) == 200);
    EXPECT(stand_audit(&stand) == 1);
    authenticator_done(&own);
    done(&browser);
    browser_close(&other);
}

static void test_house_closes(void)
{
    authenticator_done(&phone);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_removed_passkey_is_over), TEST(test_a_copy_is_noticed),
        TEST(test_an_administrator_removes_a_lost_one), TEST(test_a_leavers_passkey_dies_with_him),
        TEST(test_a_changed_persons_passkey_is_over), TEST(test_a_locked_person_has_none),
        TEST(test_a_restart), TEST(test_a_swapped_key_opens_nothing), TEST(test_house_closes))

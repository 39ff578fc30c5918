/*
 * Goal: a passkey logs in whom it belongs to, from the console's own page, as often as its
 * authenticator answers a challenge of ours, and nobody else; every attack on it is refused like a
 * wrong password, and is told (LL-4.5.2, LL-4.5.3, TP-15). Method: the real programs, asked by a
 * software authenticator whose every part can be spoilt (stand/authenticator.h).
 */
#include "authenticator.h"
#include "base/expect.h"
#include "house_people.h"

#include <stdio.h>

#define GOOD "copper lantern 48 orchard"

static Stand stand;
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static Browser dora_at; /* dora's desk: logged in by password and code */
static Authenticator phone; /* dora's, P-256 */
static Authenticator token; /* dora's, Ed25519 */

static Browser fresh(void)
{
    Browser browser;
    ASSERT(status_ok(browser_open(&stand, &browser)));
    return browser;
}

/* An event about this passkey whose words go on like this. */
static bool is_logged(const Authenticator *about, const char *rest)
{
    char text[128];
    snprintf(text, sizeof(text), "passkey %s%s", about->name, rest);
    return stand_logged(&stand, text);
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(authenticator_make(KEY_P256, &phone));
    EXPECT_OK(authenticator_make(KEY_ED25519, &token));
    dora_at = fresh();
    EXPECT(browser_login(&dora_at, &dora) == 200);
}

/* --- right ones --- */

static void test_somebody_adds_passkeys(void)
{
    EXPECT(browser_get(&dora_at, "/console/v1/passkey/registration") == 200);
    EXPECT(browser_says(&dora_at, "\"rp_id\":\"localhost\",\"timeout_ms\":300000"));
    EXPECT(browser_says(&dora_at, "\"user_id\":\"ZG9yYQ\",\"user_name\":\"dora\""));
    EXPECT(browser_says(&dora_at, "\"algorithms\":[-7,-8],\"exclude\":[]"));
    EXPECT(authenticator_register(&phone, &dora_at) == 200);
    EXPECT(authenticator_register(&token, &dora_at) == 200);
    EXPECT(browser_get(&dora_at, "/console/v1/passkeys") == 200);
    EXPECT(browser_says(&dora_at, phone.name) && browser_says(&dora_at, "\"algorithm\":\"ES256\""));
    EXPECT(browser_says(&dora_at, token.name) && browser_says(&dora_at, "\"algorithm\":\"EdDSA\""));
    EXPECT(is_logged(&phone, " ES256") && is_logged(&token, " EdDSA"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 70") == 2);
}

static void test_a_passkey_logs_in(void)
{
    Authenticator *const each[] = { &phone, &token, &phone };
    for (size_t i = 0; i < 3; i++) {
        Browser browser = fresh();
        EXPECT(authenticator_login(each[i], &browser) == 200);
        EXPECT(browser_says(&browser, "\"principal\":\"dora\",\"tenant\":\"hufu\""));
        EXPECT(browser_get(&browser, "/console/v1/whoami") == 200);
        EXPECT(browser_says(&browser, "\"roles\":\"payment-operator\""));
        EXPECT(browser_post(&browser, "/console/v1/logout", "{}") == 200);
        browser_close(&browser);
    }
    EXPECT(stand_number(&stand, "SELECT count(*) FROM passkey WHERE uses > 1") == 2);
}

static void test_house_closes(void)
{
    authenticator_done(&phone);
    authenticator_done(&token);
    browser_close(&dora_at);
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_somebody_adds_passkeys), TEST(test_a_passkey_logs_in),
        TEST(test_house_closes))

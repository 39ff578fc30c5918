/*
 * Goal: a passkey logs in whom it belongs to, from the console's own page, as often as its
 * authenticator answers a challenge of ours, and nobody else; every attack on it is refused like a
 * wrong password, and is told (LL-4.5.2, LL-4.5.3, TP-15). Method: the real programs, asked by a
 * software authenticator whose every part can be spoilt (stand/authenticator.h).
 */
#include "authenticator.h"
#include "base/expect.h"
#include "house_people.h"

#include <pthread.h>
#include <stdio.h>

#define GOOD "copper lantern 48 orchard"
#define LOGIN "/console/v1/passkey/login"
#define PROOF "/console/v1/passkey/proof"
#define REGISTRATION "/console/v1/passkey/registration"
#define REMOVE "/console/v1/passkeys/remove"
#define WHOAMI "/console/v1/whoami"

static Stand stand;
static ConsoleUser dora = { .name = "dora", .password = GOOD };
static ConsoleUser erin = { .name = "erin", .password = GOOD };
static ConsoleUser shop = { .name = "li", .tenant = "1900000001", .password = GOOD };
static Browser dora_at; /* dora's desk: logged in by password and code */
static Authenticator phone; /* dora's, P-256 */
static Authenticator token; /* dora's, Ed25519 */

static Browser fresh(void) { return browser_elsewhere(&stand); }

/* One has three sessions at most: who is done logs out. */
static void done(Browser *browser) { EXPECT(browser_log_out(browser) == 200); }

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
    EXPECT_OK(house_person(&stand, &erin, "payment-operator"));
    EXPECT_OK(house_person(&stand, &shop, "merchant-administrator"));
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
        done(&browser);
    }
    EXPECT(stand_number(&stand, "SELECT count(*) FROM passkey WHERE uses > 1") == 2);
}

/* As a log-in by password and code: for what needs a fresh proof, too. */
static void test_a_merchants_administrator_has_one(void)
{
    Authenticator key;
    Browser desk = fresh();
    Browser browser = fresh();
    EXPECT_OK(authenticator_make(KEY_P256, &key));
    key.count = 0; /* it does not count: a passkey that a phone keeps */
    key.copies = true;
    EXPECT(browser_login(&desk, &shop) == 200);
    EXPECT(authenticator_register(&key, &desk) == 200);
    EXPECT(browser_get(&desk, "/console/v1/passkeys") == 200);
    EXPECT(browser_says(&desk, "\"may_be_copied\":true"));
    EXPECT(authenticator_login(&key, &browser) == 200
            && authenticator_login(&key, &browser) == 200);
    EXPECT(browser_says(&browser, "\"tenant\":\"1900000001\""));
    key.copies = false; /* it never changes */
    EXPECT(authenticator_login(&key, &browser) == 401);
    authenticator_done(&key);
    browser_close(&desk);
    browser_close(&browser);
}

/* It renews the proof that sensitive actions need, and gives the session another token. */
static void test_a_passkey_proves_again(void)
{
    Browser browser = fresh();
    EXPECT(authenticator_login(&phone, &browser) == 200);
    Browser old = browser;
    EXPECT(authenticator_prove(&token, &browser) == 200);
    EXPECT(strcmp(old.session, browser.session) != 0 && strcmp(old.csrf, browser.csrf) != 0);
    EXPECT(is_logged(&token, ""));
    EXPECT(browser_get(&old, WHOAMI) == 401);
    EXPECT(browser_get(&browser, WHOAMI) == 200);
    EXPECT(browser_says(&browser, "\"proof_s\":29")); /* of 300 */
    done(&browser);
}

/* --- log-ins that fail --- */

typedef struct Spoil {
    const char *what;
    Authenticator of; /* members that are wrong */
} Spoil;

static void test_every_spoilt_part_is_refused_alike(void)
{
    static const Spoil spoils[] = {
        { "another origin", { .origin = "https://evil.example" } },
        { "another port", { .origin = "https://localhost:1" } },
        { "no port", { .origin = "https://localhost" } },
        { "not encrypted", { .origin = "http://localhost" } },
        { "another rp_id", { .rp_id = "evil.example" } },
        { "an address as rp_id", { .rp_id = "127.0.0.1" } },
        { "inside another page", { .cross_origin = true } },
        { "another act", { .type = "webauthn.create" } },
        { "nobody touched it", { .absent = true } },
        { "its user is not verified", { .unverified = true } },
        { "a wrong signature", { .unsigned_answer = true } },
    };
    Browser password = fresh();
    EXPECT(browser_login_with(&password, &dora, "no such password 1", "000000") == 401);
    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        Browser browser = fresh();
        Authenticator spoilt = phone;
        spoilt.origin = spoils[i].of.origin;
        spoilt.rp_id = spoils[i].of.rp_id;
        spoilt.type = spoils[i].of.type;
        spoilt.cross_origin = spoils[i].of.cross_origin;
        spoilt.absent = spoils[i].of.absent;
        spoilt.unverified = spoils[i].of.unverified;
        spoilt.unsigned_answer = spoils[i].of.unsigned_answer;
        authenticator_login(&spoilt, &browser);
        EXPECT(authenticator_refused(&browser, spoils[i].what));
        EXPECT(strcmp(browser.body, password.body) == 0);
        EXPECT(strlen(browser.head) == strlen(password.head));
        browser_close(&browser);
    }
    browser_close(&password);
}

static void test_an_unknown_key_is_refused_alike(void)
{
    Authenticator stranger;
    Authenticator other;
    Browser browser = fresh();
    EXPECT_OK(authenticator_make(KEY_P256, &stranger));
    EXPECT(authenticator_login(&stranger, &browser) == 401);
    EXPECT(authenticator_refused(&browser, "an unknown id"));
    EXPECT_OK(authenticator_make(KEY_P256, &other));
    memcpy(other.id, phone.id, sizeof(other.id)); /* dora's id, another key */
    other.count = 1000;
    EXPECT(authenticator_login(&other, &browser) == 401);
    EXPECT(authenticator_refused(&browser, "another key"));
    EXPECT(browser_post(&browser, LOGIN, "{\"id\":\"AA\"}") == 400);
    EXPECT(browser_post(&browser, LOGIN,
                   "{\"id\":\"!\",\"client_data\":\"AA\",\"authenticator_data\":\"AA\","
                   "\"signature\":\"AA\"}")
            == 401);
    EXPECT(authenticator_refused(&browser, "no base64url"));
    authenticator_done(&stranger);
    authenticator_done(&other);
    browser_close(&browser);
}

/* --- challenges --- */

/* One that worked, once more; and one of another act, or of nobody. */
static void test_a_challenge_is_for_one_act_once(void)
{
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    static const char *const others[] = { PROOF, REGISTRATION };
    Browser browser = fresh();
    Browser second = fresh();
    EXPECT_OK(authenticator_challenge(&browser, LOGIN, challenge));
    authenticator_assert(&phone, &browser, challenge, json);
    EXPECT(browser_post(&browser, LOGIN, json) == 200);
    EXPECT(browser_post(&second, LOGIN, json) == 401);
    EXPECT(authenticator_refused(&second, "the same answer again"));
    authenticator_assert(&phone, &second, challenge, json);
    EXPECT(browser_post(&second, LOGIN, json) == 401);
    EXPECT(authenticator_refused(&second, "another answer to a spent challenge"));
    for (size_t i = 0; i < 2; i++) {
        EXPECT_OK(authenticator_challenge(&dora_at, others[i], challenge));
        authenticator_assert(&phone, &second, challenge, json);
        EXPECT(browser_post(&second, LOGIN, json) == 401);
        EXPECT(authenticator_refused(&second, others[i]));
    }
    static const char forged[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    authenticator_assert(&phone, &second, forged, json);
    EXPECT(browser_post(&second, LOGIN, json) == 401);
    EXPECT(authenticator_refused(&second, "a challenge of nobody's"));
    done(&browser);
    browser_close(&second);
}

typedef struct Racer {
    pthread_t thread;
    Browser browser;
    const char *json;
} Racer;

static void *race(void *context)
{
    Racer *racer = context;
    browser_post(&racer->browser, LOGIN, racer->json);
    return NULL;
}

static void test_of_two_at_once_one_wins(void)
{
    enum { RACERS = 4, ROUNDS = 3 };
    for (int round = 0; round < ROUNDS; round++) {
        char challenge[64];
        char json[AUTHENTICATOR_JSON_BYTES_MAX];
        Racer racers[RACERS];
        size_t in = 0;
        Browser browser = fresh();
        EXPECT_OK(authenticator_challenge(&browser, LOGIN, challenge));
        authenticator_assert(&phone, &browser, challenge, json);
        for (size_t i = 0; i < RACERS; i++) {
            racers[i] = (Racer) { .browser = fresh(), .json = json };
            ASSERT(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
        }
        for (size_t i = 0; i < RACERS; i++) {
            pthread_join(racers[i].thread, NULL);
            const int status = racers[i].browser.status;
            in += status == 200;
            EXPECT(status == 200 || status == 401);
            if (status == 200)
                done(&racers[i].browser);
            else
                browser_close(&racers[i].browser);
        }
        EXPECT(in == 1);
        browser_close(&browser);
    }
}

/* --- somebody else's session --- */

static void test_a_proof_is_the_sessions_own(void)
{
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    Browser erin_at = fresh();
    Browser other = fresh();
    EXPECT(browser_login(&erin_at, &erin) == 200);
    EXPECT(authenticator_prove(&phone, &erin_at) == 401); /* dora's passkey in erin's session */
    EXPECT(strcmp(erin_at.code, "LOGIN_REFUSED") == 0);
    EXPECT(browser_get(&erin_at, WHOAMI) == 200 && browser_says(&erin_at, "\"erin\""));
    /* dora's passkey and session, the challenge of another session of hers, or of a log-in */
    EXPECT(authenticator_login(&phone, &other) == 200);
    EXPECT_OK(authenticator_challenge(&other, PROOF, challenge));
    authenticator_assert(&token, &dora_at, challenge, json);
    EXPECT(browser_post(&dora_at, PROOF, json) == 401);
    EXPECT_OK(authenticator_challenge(&other, LOGIN, challenge));
    authenticator_assert(&token, &dora_at, challenge, json);
    EXPECT(browser_post(&dora_at, PROOF, json) == 401);
    EXPECT(authenticator_prove(&token, &dora_at) == 200);
    done(&erin_at);
    done(&other);
}

static bool is_forged(const Browser *browser)
{
    return browser->status == 403 && strcmp(browser->code, "REQUEST_FORGED") == 0;
}

/* What every POST needs, these need too. */
static void test_other_pages_send_nothing(void)
{
    static const char *const paths[] = { PROOF, REGISTRATION, REMOVE };
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    Browser b = dora_at;
    b.csrf_instead = "";
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        browser_post(&b, paths[i], "{}");
        EXPECT(is_forged(&b));
    }
    EXPECT_OK(authenticator_challenge(&dora_at, PROOF, challenge));
    authenticator_assert(&token, &dora_at, challenge, json);
    b = dora_at;
    b.csrf_instead = "";
    browser_post(&b, PROOF, json); /* all else is right */
    EXPECT(is_forged(&b));
    Browser other = fresh();
    other.origin = "https://evil.example";
    EXPECT_OK(authenticator_challenge(&other, LOGIN, challenge));
    authenticator_assert(&token, &other, challenge, json);
    browser_post(&other, LOGIN, json);
    EXPECT(is_forged(&other) && other.session[0] == 0);
    EXPECT(browser_post(&dora_at, PROOF, "{}") == 400);
    browser_close(&other);
}

/* --- registration --- */

static void test_a_passkey_is_added_by_its_owner_once(void)
{
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    Authenticator key;
    Browser erin_at = fresh();
    EXPECT_OK(authenticator_make(KEY_ED25519, &key));
    EXPECT(browser_login(&erin_at, &erin) == 200);
    EXPECT(authenticator_register(&phone, &erin_at) == 409); /* the id is dora's */
    EXPECT(strcmp(erin_at.code, "PASSKEY_EXISTS") == 0);
    EXPECT(browser_get(&erin_at, "/console/v1/passkeys") == 200);
    EXPECT(browser_says(&erin_at, "\"passkeys\":[]"));
    EXPECT_OK(authenticator_challenge(&dora_at, REGISTRATION, challenge)); /* dora's challenge */
    authenticator_attest(&key, &erin_at, challenge, json);
    EXPECT(browser_post(&erin_at, REGISTRATION, json) == 400);
    EXPECT(strcmp(erin_at.code, "PASSKEY_CHALLENGE") == 0);
    EXPECT_OK(authenticator_challenge(&erin_at, PROOF, challenge)); /* of another act */
    authenticator_attest(&key, &erin_at, challenge, json);
    EXPECT(browser_post(&erin_at, REGISTRATION, json) == 400);
    key.unverified = true;
    EXPECT(authenticator_register(&key, &erin_at) == 400);
    EXPECT(strcmp(erin_at.code, "PASSKEY_PRESENCE") == 0);
    key.unverified = false;
    key.origin = "https://evil.example";
    EXPECT(authenticator_register(&key, &erin_at) == 400);
    EXPECT(strcmp(erin_at.code, "PASSKEY_ORIGIN") == 0);
    key.origin = NULL;
    key.rp_id = "evil.example";
    EXPECT(authenticator_register(&key, &erin_at) == 400);
    key.rp_id = NULL;
    EXPECT_OK(authenticator_challenge(&erin_at, REGISTRATION, challenge));
    authenticator_attest(&key, &erin_at, challenge, json);
    EXPECT(browser_post(&erin_at, REGISTRATION, json) == 200);
    EXPECT(browser_post(&erin_at, REGISTRATION, json) == 400); /* again: its challenge is spent */
    EXPECT(authenticator_register(&key, &erin_at) == 409);
    EXPECT(browser_get(&erin_at, REGISTRATION) == 200);
    EXPECT(strstr(browser_says(&erin_at, "\"exclude\":[\"") ? erin_at.body : "", "]") != NULL);
    EXPECT(authenticator_login(&key, &erin_at) == 200);
    authenticator_done(&key);
    done(&erin_at);
}

/* Whoever has got hold of one passkey makes no second. */
static void test_a_passkey_adds_no_passkey(void)
{
    Authenticator key;
    Browser browser = fresh();
    EXPECT_OK(authenticator_make(KEY_P256, &key));
    EXPECT(authenticator_login(&phone, &browser) == 200);
    EXPECT(authenticator_register(&key, &browser) == 403);
    EXPECT(strcmp(browser.code, "SECRETS_NEEDED") == 0);
    EXPECT(authenticator_prove(&phone, &browser) == 200);
    EXPECT(authenticator_register(&key, &browser) == 403);
    EXPECT(browser_prove(&browser, &dora) == 200);
    EXPECT(authenticator_register(&key, &browser) == 200);
    authenticator_done(&key);
    done(&browser);
}

/* --- guessing --- */

/* Twenty from one address, then they are slowed, as wrong passwords are; a known device is not. */
static void test_guessing_is_slowed(void)
{
    int status = 0;
    Authenticator stranger;
    Browser guesser;
    EXPECT_OK(browser_open_from(&stand, "127.0.0.77", &guesser));
    EXPECT_OK(authenticator_make(KEY_P256, &stranger));
    const int64_t before = stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 55");
    for (int i = 0; i < 40 && status != 429; i++)
        status = authenticator_login(&stranger, &guesser);
    EXPECT(status == 429 && strcmp(guesser.code, "FREQUENCY_LIMITED") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 55") == before + 1);
    EXPECT(authenticator_login(&phone, &guesser) == 429);
    memcpy(guesser.device, dora_at.device, sizeof(guesser.device));
    EXPECT(authenticator_login(&phone, &guesser) == 200);
    authenticator_done(&stranger);
    done(&guesser);
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    authenticator_done(&phone);
    authenticator_done(&token);
    browser_close(&dora_at);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_somebody_adds_passkeys), TEST(test_a_passkey_logs_in),
        TEST(test_a_merchants_administrator_has_one), TEST(test_a_passkey_proves_again),
        TEST(test_every_spoilt_part_is_refused_alike), TEST(test_an_unknown_key_is_refused_alike),
        TEST(test_a_challenge_is_for_one_act_once), TEST(test_of_two_at_once_one_wins),
        TEST(test_a_proof_is_the_sessions_own), TEST(test_other_pages_send_nothing),
        TEST(test_a_passkey_is_added_by_its_owner_once), TEST(test_a_passkey_adds_no_passkey),
        TEST(test_guessing_is_slowed), TEST(test_house_closes))

/*
 * Goal: an institution brings its password tables, resets a password and changes the pepper at the
 * command line, and no secret is seen on the way (TP-6, TP-10, TP-15: two people). Method: the real
 * programs; tables of old formulas with bad lines in them; imports and sweeps that are killed and
 * go on; one person alone, twice the same one, another formula; then every file of the house is
 * searched for digests and passwords.
 */
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "crypto/legacy_password.h"
#include "enrol.h"
#include "operator.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { USERS = 300, MANY = 1500, PAGE = 64, TRIES_MAX = 2000, FILE_BYTES_MAX = 1 << 20 };

#define FORMULA_KEY "Zx9QpL3mVt7Rw2Yc"
#define NEW_PASSWORD "quiet lantern river 58"
#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define BOTH "--key", "alice", "--key", "bob", "--reason", "migration 7"
#define USERS_REALM "--tenant", "bank-a", "--realm", "users"
#define ADMINS_REALM "--tenant", "bank-a", "--realm", "admins"

static Stand stand;
static StandCaller core;
static HufuVault *vault;
static PayerApp payer;
static HttpClient *http;

static const LegacyForm salted = { LEGACY_SHA256_DATA_PW, LEGACY_INNER_NONE };
static const LegacyForm sample = { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_HEX_LOWER };

/* Again after each start of hufud: it may listen elsewhere. */
static bool connect_all(void)
{
    static StandCallerFiles files;
    HufuSettings settings;
    HufuError error;
    http_client_close(&http);
    hufu_close(vault);
    vault = NULL;
    return status_ok(stand_connect(&stand, &http))
            && status_ok(stand_caller_settings(&stand, &core, &files, &settings))
            && hufu_open(&settings, &vault, &error) == 0;
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(enrol_pin(stand.folder));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "password", &core));
    EXPECT_OK(stand_payer(&stand, "p1", "284619", 100000, &payer));
    EXPECT(connect_all());
}

/* --- tables of before --- */

static void old_password(int user, char ret_password[24])
{
    snprintf(ret_password, 24, "old-%d", user);
}

/* What the old system stored of a user: hex. */
static void old_digest(LegacyForm form, const char *user, const char *password, char ret_hex[65])
{
    uint8_t digest[LEGACY_DIGEST_BYTES_MAX];
    const bool keyed = form.formula == sample.formula;
    const LegacyParts parts = { SPAN("8f3a"), span_of_text(user),
        span_of_text(keyed ? FORMULA_KEY : ""), span_of_text(password) };
    Buffer text = { (uint8_t *)ret_hex, 0, 64 };
    legacy_password_digest(form, &parts, digest);
    EXPECT_OK(hex_encode((Span) { digest, legacy_digest_bytes(form.formula) }, &text));
    ret_hex[text.size] = '\0';
}

/* Users first..first+count-1, behind `head`. */
static const char *write_table(
        const char *name, LegacyForm form, int first, int count, const char *head)
{
    static uint8_t memory[FILE_BYTES_MAX];
    static char path[STAND_PATH_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_print(&text, "user,data,digest\n%s", head)));
    for (int i = first; i < first + count; i++) {
        char user[24];
        char password[24];
        char hex[65];
        snprintf(user, sizeof(user), "u%d", i);
        old_password(i, password);
        old_digest(form, user, password, hex);
        ASSERT(status_ok(buffer_print(&text, "%s,8f3a,%s\n", user, hex)));
    }
    snprintf(path, sizeof(path), "%s", stand_path(&stand, name));
    ASSERT(status_ok(file_write(path, 0600, span_of_buffer(&text))));
    return path;
}

/* HTTP status of a check; 200: right. */
static int login(const char *realm, const char *user, const char *password)
{
    char grant[HUFU_GRANT_TEXT_BYTES];
    HufuError error = { 0 };
    const HufuOwner owner = { HUFU_CLASS_PASSWORD, realm, user };
    if (hufu_password_check(vault, &owner, password, grant, &error) == 0) return 200;
    if (error.http_status != 403) fprintf(stderr, "  %s: %s\n", error.code, error.message);
    return error.http_status;
}

static void test_nothing_old_comes_in_before_two_allow_it(void)
{
    const char *file = write_table("old.csv", salted, 0, 3, "");
    EXPECT(operator_ended(HUFU("password", "import", file, USERS_REALM), 1));
    EXPECT(operator_says("LEGACY_DISABLED"));
    EXPECT(operator_ended(HUFU("password", "enable-legacy", "sha256(data+pw)", USERS_REALM, "--key",
                                  "alice", "--key", "alice", "--reason", "alone"),
            1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU("password", "enable-legacy", "sha256(data+pw)", USERS_REALM, "--key",
                                  "alice", "--reason", "alone"),
            2));
    EXPECT(operator_ended(HUFU("password", "enable-legacy", "rot13(pw)", USERS_REALM, BOTH), 2));
    EXPECT(operator_says("sha256(data+md5(user+key+pw))"));
    EXPECT(operator_ended(HUFU("password", "import", file, USERS_REALM), 1));
    EXPECT(operator_ended(
            HUFU("password", "enable-legacy", "sha256(data+pw)", USERS_REALM, BOTH), 0));
    unlink(file);
}

/* Bad lines refuse themselves alone, and are told without what stands in them (TP-6, TP-14). */
static void test_a_table_comes_in_and_bad_lines_are_told(void)
{
    static const char bad[] = "b1,8f3a,00ff\n" /* line 2: not a SHA-256 */
                              "b2,8f3a,not-hex\n"
                              "6222021234567894,8f3a,"
                              "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
    const char *file = write_table("users.csv", salted, 0, USERS, bad);
    EXPECT(operator_ended(HUFU("password", "import", file, USERS_REALM), 1));
    EXPECT(operator_says("line 2: LEGACY_RECORD") && operator_says("line 3: LEGACY_RECORD"));
    EXPECT(operator_says("line 4: DATA_CARD_NUMBER"));
    EXPECT(operator_says("300 taken, 0 had a password, 3 refused"));
    EXPECT(!operator_said(&stand, "9f86d081") && !operator_said(&stand, "00ff"));
    EXPECT(!operator_said(&stand, "6222021234567894"));
    EXPECT(operator_ended(HUFU("password", "counts"), 0));
    EXPECT(operator_says("legacy   300") && operator_says("wrapped  0"));
    EXPECT(login("users", "u7", "old-8") == 403);
    EXPECT(login("users", "u7", "old-7") == 200);
    EXPECT(operator_ended(HUFU("password", "counts"), 0));
    EXPECT(operator_says("legacy   299"));
    EXPECT(operator_ended(HUFU("password", "import", file, USERS_REALM), 1)); /* once more */
    EXPECT(operator_says("0 taken, 300 had a password, 3 refused"));
    unlink(file);
}

static bool await_file(const char *path)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        const struct timespec wait = { 0, 2000000 };
        if (access(path, F_OK) == 0) return true;
        nanosleep(&wait, NULL);
    }
    return false;
}

static void test_a_killed_import_goes_on(void)
{
    char place[STAND_PATH_BYTES_MAX + 16];
    char taken[64];
    const char *file = write_table("many.csv", salted, USERS, MANY, "");
    snprintf(place, sizeof(place), "%s.place", file);
    const pid_t pid = operator_start(
            &stand, (const char *const[]) { "password", "import", file, USERS_REALM, NULL });
    EXPECT(await_file(place));
    kill(pid, SIGKILL);
    EXPECT(operator_end(&stand, pid) == -1);
    /* The rest in another form would be records that never open: refused, and nothing is lost. */
    EXPECT(operator_ended(
            HUFU("password", "import", file, "--digest-form", "base64", USERS_REALM), 1));
    EXPECT(operator_says("IMPORT_OTHER_FORM"));
    EXPECT(operator_ended(HUFU("password", "import", file, "--data-form", "hex", USERS_REALM), 1));
    EXPECT(operator_says("IMPORT_OTHER_FORM"));
    EXPECT(operator_ended(HUFU("password", "import", file, "--wrap", USERS_REALM), 1));
    EXPECT(operator_says("IMPORT_OTHER_FORM"));
    EXPECT(operator_ended(HUFU("password", "import", file, USERS_REALM), 0));
    EXPECT(operator_says("going on behind line"));
    snprintf(taken, sizeof(taken), "%d taken", MANY);
    EXPECT(!operator_said(&stand, taken)); /* not from the beginning */
    EXPECT(access(place, F_OK) != 0);
    EXPECT(operator_ended(HUFU("password", "counts"), 0));
    snprintf(taken, sizeof(taken), "legacy   %d", USERS + MANY - 1);
    EXPECT(operator_says(taken));
    EXPECT(login("users", "u1799", "old-1799") == 200);
    unlink(file);
}

/* TP-10's own formula, with its key in a box; wrapped, the weak digest rests nowhere. */
static void test_wrapped_records_and_the_end_of_a_formula(void)
{
    const char *file = write_table("admins.csv", sample, 0, 3, "");
    char key[STAND_PATH_BYTES_MAX];
    snprintf(key, sizeof(key), "%s", stand_path(&stand, "formula.key"));
    EXPECT_OK(file_write(key, 0600, SPAN(FORMULA_KEY "\n")));
    EXPECT(operator_ended(HUFU("password", "enable-legacy", "sha256(data+md5(user+key+pw))",
                                  "--inner", "hex", ADMINS_REALM, BOTH),
            1)); /* without its key */
    EXPECT(operator_says("LEGACY_RECORD"));
    EXPECT(operator_ended(HUFU("password", "enable-legacy", "sha256(data+md5(user+key+pw))",
                                  "--inner", "hex", "--formula-key", key, ADMINS_REALM, BOTH),
            0));
    unlink(key);
    EXPECT(operator_ended(HUFU("password", "import", file, "--wrap", ADMINS_REALM), 0));
    EXPECT(operator_ended(HUFU("password", "counts"), 0));
    EXPECT(operator_says("wrapped  3"));
    EXPECT(login("admins", "u1", "old-1") == 200);
    EXPECT(login("admins", "u2", "old-1") == 403);
    EXPECT(operator_ended(HUFU("password", "disable-legacy", ADMINS_REALM, BOTH), 0));
    EXPECT(login("admins", "u1", "old-1") == 200); /* upgraded before */
    EXPECT(login("admins", "u0", "old-0") != 200);
    unlink(file);
}

/* --- reset --- */

static const char *write_secret(const char *text)
{
    static char path[STAND_PATH_BYTES_MAX];
    snprintf(path, sizeof(path), "%s", stand_path(&stand, "new.secret"));
    ASSERT(status_ok(file_write(path, 0600, span_of_text(text))));
    return path;
}

static void test_two_people_reset_a_password(void)
{
    for (int i = 0; i < 5; i++)
        EXPECT(login("users", "u9", "guess") == 403);
    EXPECT(login("users", "u9", "old-9") != 200); /* locked */
    EXPECT(operator_ended(HUFU("password", "counts"), 0));
    EXPECT(operator_says("locked   1"));
    EXPECT(operator_ended(
            HUFU("password", "reset", "u9", write_secret("short"), USERS_REALM, BOTH), 1));
    EXPECT(operator_says("PASSWORD_WEAK"));
    const char *file = write_secret(NEW_PASSWORD "\n");
    EXPECT(operator_ended(HUFU("password", "reset", "u9", file, USERS_REALM, "--key", "bob",
                                  "--key", "bob", "--reason", "alone"),
            1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU("password", "reset", "u9", file, "--realm", "users", BOTH), 2));
    EXPECT(login("users", "u9", NEW_PASSWORD) != 200);
    EXPECT(operator_ended(HUFU("password", "reset", "u9", file, USERS_REALM, BOTH), 0));
    EXPECT(login("users", "u9", NEW_PASSWORD) == 200);
    EXPECT(login("users", "u9", "old-9") == 403);
    EXPECT(login("users", "u8", NEW_PASSWORD) == 403); /* nobody else's */
    unlink(file);
}

/* HTTP status of what needs a PIN; 200: it was right. */
static int ask_codes(const char *pin)
{
    const char *code = NULL;
    PayerAnswer answer = { 0 };
    snprintf(payer.pin, sizeof(payer.pin), "%s", pin);
    payer.codes_left = 0;
    IGNORE(box_key_fetch(http, &stand.box_key), "then no box is made");
    return status_ok(payer_app_code(&payer, http, &stand.box_key, &answer, &code)) ? 200
                                                                                   : answer.status;
}

/* A secret of 20 bytes, as `hufu access enrol-totp` leaves it in a file. */
static void test_two_people_give_a_second_factor(void)
{
    const char *file =
            write_secret("\x8e\x31\xc4\x07\xa9\x5f\xd2\x66\x13\xbb\x70\xe8\x2d\x94\x4a\xf1"
                         "\x05\x9c\xde\x78");
    EXPECT(operator_ended(
            HUFU("password", "reset", "u9", file, USERS_REALM, "--class", "second-factor", "--key",
                    "bob", "--key", "bob", "--reason", "ticket 13"),
            1));
    EXPECT(operator_ended(
            HUFU("password", "reset", "u9", file, USERS_REALM, "--class", "second-factor", BOTH),
            0));
    EXPECT(operator_ended(
            HUFU("password", "reset", "u9", write_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
                    USERS_REALM, "--class", "second-factor", BOTH),
            1)); /* the text that the app takes is no secret */
    EXPECT(operator_ended(
            HUFU("password", "import", file, USERS_REALM, "--class", "second-factor"), 2));
    EXPECT(login("users", "u9", NEW_PASSWORD) == 200); /* his password is as it was */
}

static void test_two_people_reset_a_payers_pin(void)
{
    EXPECT(ask_codes("284619") == 200);
    const char *file = write_secret("730418");
    EXPECT(operator_ended(HUFU("password", "reset", "p1", file, "--class", "pin", "--tenant",
                                  "hufu", "--realm", "payer", BOTH),
            0));
    EXPECT(ask_codes("284619") == 403);
    EXPECT(ask_codes("730418") == 200);
    unlink(file);
}

/* --- the pepper --- */

static int64_t records(void)
{
    return USERS + MANY + 3 + 1 + 1; /* users, admins, a payer, a second factor */
}

/* One page, as a sweep asks for that is killed right afterwards. */
static void sweep_one_page(void)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    EXPECT_OK(admin_ask_plain(stand.folder, "password.sweep", &answer));
}

static void test_a_sweep_goes_on_over_kills(void)
{
    char wanted[64];
    EXPECT(operator_ended(HUFU("key", "rotate", "pepper", BOTH), 0));
    sweep_one_page(); /* the payers */
    sweep_one_page();
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(connect_all());
    const pid_t pid = operator_start(&stand, (const char *const[]) { "password", "sweep", NULL });
    kill(pid, SIGKILL); /* wherever it is */
    EXPECT(operator_end(&stand, pid) == -1);
    EXPECT(operator_ended(HUFU("password", "sweep"), 0));
    snprintf(wanted, sizeof(wanted), "pepper version 2: 1,%03d records", (int)records() - 1000);
    EXPECT(operator_says(wanted) && operator_says(" 0 refused"));
    EXPECT(!operator_said(&stand, "pepper version 1"));
    snprintf(wanted, sizeof(wanted), "  1,%03d moved", (int)records() - 1000);
    EXPECT(!operator_said(&stand, wanted)); /* what was moved before is not moved again */
    EXPECT(operator_ended(HUFU("password", "sweep"), 0));
    EXPECT(operator_says("  0 moved, 0 refused"));
}

static void test_the_old_pepper_is_not_needed_any_more(void)
{
    EXPECT(operator_ended(HUFU("key", "destroy", "pepper", "1", BOTH), 0));
    EXPECT(login("users", "u9", NEW_PASSWORD) == 200);
    EXPECT(login("users", "u11", "old-11") == 200); /* legacy, under the new pepper */
    EXPECT(login("admins", "u1", "old-1") == 200);
    EXPECT(ask_codes("730418") == 200);
}

/* --- what is left behind --- */

/* LL-4.5.3: who did what to whose passwords; of a reset the vault itself tells it. */
static void test_the_audit_log_tells_it(void)
{
    EXPECT(stand_logged(&stand, "password.reset/103/bank-a/users/u9"));
    EXPECT(stand_logged(&stand, "second-factor.reset/115/bank-a/users/u9"));
    EXPECT(stand_logged(&stand, "legacy.enable"));
    EXPECT(stand_logged(&stand, "taken, as they are") && stand_logged(&stand, "taken, wrapped"));
    EXPECT(stand_logged(&stand, "migration 7"));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_no_secret_rests(void)
{
    char hex[65];
    uint8_t digest_bytes[32];
    Buffer digest = BUFFER_OF(digest_bytes);
    old_digest(salted, "u20", "old-20", hex);
    EXPECT_OK(hex_decode(span_of_text(hex), &digest));
    EXPECT(!stand_holds(&stand, span_of_text(hex)));
    EXPECT(!stand_holds(&stand, span_of_buffer(&digest)));
    EXPECT(!stand_holds(&stand, SPAN(NEW_PASSWORD)));
    EXPECT(!stand_holds(&stand, SPAN("730418")));
    EXPECT(!stand_holds(&stand, SPAN(FORMULA_KEY)));
    const char *planted = write_secret(NEW_PASSWORD); /* the search itself finds what is there */
    EXPECT(stand_holds(&stand, SPAN(NEW_PASSWORD)));
    unlink(planted);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    hufu_close(vault);
    stand_caller_done(&core);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_nothing_old_comes_in_before_two_allow_it),
        TEST(test_a_table_comes_in_and_bad_lines_are_told), TEST(test_a_killed_import_goes_on),
        TEST(test_wrapped_records_and_the_end_of_a_formula), TEST(test_two_people_reset_a_password),
        TEST(test_two_people_give_a_second_factor), TEST(test_two_people_reset_a_payers_pin),
        TEST(test_a_sweep_goes_on_over_kills), TEST(test_the_old_pepper_is_not_needed_any_more),
        TEST(test_the_audit_log_tells_it), TEST(test_no_secret_rests), TEST(test_house_closes))

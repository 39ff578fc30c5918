/*
 * Goal: a person's data is collected with consent, used within its purpose, kept for an authority,
 * and deleted when its time is over, through the real programs and the real command line (TP-3,
 * TP-17, LL-2.3.1, LL-4.5.4). Method: one life, with every step also tried too early or by the
 * wrong people; hufud is killed where a deletion could be half done.
 */
#include "base/expect.h"
#include "operator.h"

#include "command.h"

#include <signal.h>
#include <time.h>

enum { WAIT_TRIES_MAX = 1200, POLL_MS = 50 };

static Stand stand;
static char notice[STAND_PATH_BYTES_MAX];

#define HUFU(...) OPERATOR(&stand, "subject", __VA_ARGS__)
#define CONSENT(...) \
    HUFU("consent", "wang", "--text", notice, "--channel", "app", "--purpose", __VA_ARGS__)
#define COLLECT(purpose, classes) \
    HUFU("collect", "wang", "--channel", "app", "--purpose", purpose, "--classes", classes)
#define USE(act, purpose, classes) \
    HUFU("use", "wang", "--act", act, "--purpose", purpose, "--classes", classes)
#define HOLD(first, second)                                                                     \
    HUFU("hold", "wang", "--authority", "court", "--reference", "2026-17", "--reason", "order", \
            "--until", "2099-01-31T00:00:00+08:00", "--key", first, "--key", second)

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    snprintf(notice, sizeof(notice), "%s", stand_path(&stand, "notice.txt"));
    EXPECT_OK(file_write(notice, 0644, SPAN("We send you a letter a month.\n")));
}

static void test_nothing_without_consent(void)
{
    EXPECT(operator_ended(COLLECT("marketing", "email"), 1));
    EXPECT(operator_says("CONSENT_MISSING") && operator_says("email"));
    EXPECT(operator_ended(HUFU("status", "wang"), 1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(HUFU("consent", "wang", "--purpose", "marketing"), 2));
    EXPECT(operator_ended(CONSENT("marketing"), 0));
    EXPECT(operator_ended(COLLECT("marketing", "email,identity-number"), 1));
    EXPECT(operator_says("PURPOSE_FIELD_NOT_NEEDED") && operator_says("identity-number"));
    EXPECT(operator_ended(COLLECT("marketing", "email=e-1"), 0));
    EXPECT(operator_ended(COLLECT("payment", "card"), 1));
    EXPECT(operator_says("CONSENT_NOT_SEPARATE"));
    EXPECT(operator_ended(CONSENT("payment", "--separate"), 0));
    EXPECT(operator_ended(COLLECT("payment", "card=c-1,identity"), 0));
    EXPECT(operator_ended(COLLECT("payment", "prohibited"), 1));
    EXPECT(operator_says("DATA_NEVER_COLLECTED"));
}

static void test_use_within_the_purpose(void)
{
    EXPECT(operator_ended(USE("process", "marketing", "email"), 0));
    EXPECT(operator_ended(USE("process", "due-diligence", "identity"), 1));
    EXPECT(operator_says("DATA_PURPOSE_OTHER"));
    EXPECT(operator_ended(HUFU("use", "wang", "--act", "share", "--purpose", "payment", "--classes",
                                  "identity", "--party", "account-institution"),
            0));
    EXPECT(operator_ended(HUFU("use", "wang", "--act", "entrust", "--purpose", "payment",
                                  "--classes", "card", "--party", "message-sender"),
            1));
    EXPECT(operator_says("PARTY_NOT_QUALIFIED") && operator_says("card"));
    EXPECT(operator_ended(HUFU("use", "wang", "--tenant", "other", "--act", "process", "--purpose",
                                  "marketing", "--classes", "email"),
            1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
}

static void test_access(void)
{
    EXPECT(operator_ended(HUFU("access", "wang"), 2)); /* who asks? */
    EXPECT(operator_ended(HUFU("access", "wang", "--proof", "4111 1111 1111 1111"), 1));
    EXPECT(operator_says("DATA_CARD_NUMBER"));
    EXPECT(operator_ended(HUFU("access", "wang", "--proof", "id card seen"), 0));
    EXPECT(operator_says("Numbers are masked") && operator_says("随附"));
    EXPECT(operator_says("account-institution") && operator_says("********"));
    EXPECT(operator_says("marketing") && operator_says("withdrawn") == false);
}

static void test_withdrawn_then_used(void)
{
    EXPECT(operator_ended(
            HUFU("withdraw", "wang", "--purpose", "marketing", "--proof", "app log-in"), 0));
    EXPECT(operator_says("您的同意已撤回"));
    EXPECT(operator_ended(USE("process", "marketing", "email"), 1));
    EXPECT(operator_says("CONSENT_WITHDRAWN"));
    EXPECT(operator_ended(USE("process", "payment", "card"), 0));
}

static void test_two_people_hold(void)
{
    EXPECT(operator_ended(HOLD("alice", "alice"), 1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(USE("process", "payment", "card"), 0));
    EXPECT(operator_ended(HOLD("alice", "bob"), 0));
    EXPECT(operator_says("restricted_until "));
    EXPECT(operator_ended(USE("process", "payment", "card"), 1));
    EXPECT(operator_says("DATA_RESTRICTED") && operator_says("2099-01-31"));
    EXPECT(operator_ended(USE("display", "legal-hold", "card"), 0));
}

/* The person wants to go, an authority wants them kept: restricted until DATE. */
static void test_hold_goes_before_deletion(void)
{
    EXPECT(operator_ended(HUFU("delete", "wang", "--proof", "letter"), 0));
    EXPECT(operator_says("restricted until 2099-01-31") && operator_says("2099-01-31，"));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD)); /* it remembers */
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(operator_ended(USE("process", "due-diligence", "identity"), 1));
    EXPECT(operator_says("DATA_RESTRICTED"));
    /* the e-mail address went with its consent, before the hold came; nothing went since */
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_holding WHERE state = 2") == 2);
}

static bool comes_to(const char *sql, int64_t wanted)
{
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (stand_number(&stand, sql) == wanted) return true;
        nanosleep(&wait, NULL);
    }
    fprintf(stderr, "  %s: %lld\n", sql, (long long)stand_number(&stand, sql));
    return false;
}

static void test_released_and_deleted_by_the_clock(void)
{
    EXPECT(operator_ended(
            HUFU("release-hold", "wang", "--authority", "court", "--reference", "2026-17",
                    "--reason", "closed", "--key", "alice", "--key", "bob"),
            0));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL); /* wherever the clock is by now */
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    /* e-mail rested on consent alone; card and identity are kept for the law */
    EXPECT(comes_to("SELECT count(*) FROM data_holding WHERE class = 112 AND state = 4", 1));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_holding WHERE state = 2") == 2);
    EXPECT(operator_ended(USE("process", "payment", "card"), 1));
    EXPECT(operator_says("DATA_RESTRICTED"));
    EXPECT(operator_ended(HUFU("status", "wang"), 0));
    EXPECT(operator_says("restricted") && operator_says("release-hold"));
}

/* What no law keeps is gone as a whole, for every door, and the name is not given again. */
static void test_deleted_is_not_there(void)
{
    EXPECT(operator_ended(
            HUFU("consent", "li", "--text", notice, "--channel", "app", "--purpose", "marketing"),
            0));
    EXPECT(operator_ended(HUFU("collect", "li", "--channel", "app", "--purpose", "marketing",
                                  "--classes", "email=e-2"),
            0));
    EXPECT(operator_ended(HUFU("delete", "li", "--proof", "letter"), 0));
    EXPECT(operator_says("Your data was deleted"));
    EXPECT(operator_ended(HUFU("status", "li"), 1) && operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(HUFU("access", "li", "--proof", "letter"), 1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(
            HUFU("consent", "li", "--text", notice, "--channel", "app", "--purpose", "marketing"),
            1));
    EXPECT(operator_says("SUBJECT_GONE"));
    EXPECT(comes_to("SELECT count(*) FROM data_holding WHERE subject = 'li' AND state = 4", 1));
}

/* Two people, a certificate of both signatures' algorithms, once; a held one is not destroyed. */
static void test_destroyed_with_a_certificate(void)
{
    const char *file = stand_path(&stand, "certificate.txt");
    EXPECT(operator_ended(
            HUFU("destroy", "--key", "alice", "--key", "alice", "--reason", "art. 47"), 1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_subject WHERE state = 4") == 0);
    EXPECT(operator_ended(
            HUFU("destroy", "--key", "alice", "--key", "bob", "--reason", "art. 47", "--out", file),
            0));
    EXPECT(operator_says("hufu destruction 1") && operator_says("blind-after 20"));
    EXPECT(operator_says("ed25519 ") && operator_says("sm2 "));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_subject WHERE state = 4") == 1);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_destroyed") == 1);
    EXPECT(operator_ended(
            HUFU("destroy", "--key", "alice", "--key", "bob", "--reason", "again"), 0));
    EXPECT(operator_says("nobody waits"));
    EXPECT(operator_ended(HUFU("status", "li"), 1) && operator_says("SUBJECT_UNKNOWN"));
}

static void test_every_change_is_in_the_log(void)
{
    static const char *const words[] = { "operator/alice", "marketing: email", "alice and bob",
        "withdraw 2: OK", "delete 3: DATA_RESTRICTED" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char sql[200];
        snprintf(sql, sizeof(sql),
                "SELECT count(*) > 0 FROM audit_leaf WHERE instr(leaf, CAST('%s' AS BLOB)) > 0",
                words[i]);
        EXPECT(stand_number(&stand, sql) == 1);
    }
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void) { stand_close(&stand); }

TESTS(TEST(test_house_opens), TEST(test_nothing_without_consent), TEST(test_use_within_the_purpose),
        TEST(test_access), TEST(test_withdrawn_then_used), TEST(test_two_people_hold),
        TEST(test_hold_goes_before_deletion), TEST(test_released_and_deleted_by_the_clock),
        TEST(test_deleted_is_not_there), TEST(test_destroyed_with_a_certificate),
        TEST(test_every_change_is_in_the_log), TEST(test_house_closes))

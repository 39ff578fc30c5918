/*
 * Goal: operators see every grant under which a card's expiry may rest, in force and ended (TP-5,
 * TP-16), and whoever asks is written down (LL-4.5.3). Method: the real programs; grants that two
 * record, one withdraws, one outlives; vaultd killed in between; the names searched for in every
 * file of the house.
 */
#include "admin_client.h"
#include "base/expect.h"
#include "base/seams.h"
#include "base/time.h"
#include "command.h"
#include "operator.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { TRIES_MAX = 300, SHORT_S = 4 };

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define BOTH "--key", "alice", "--key", "bob", "--reason", "recurring travel bookings"

static Stand stand;
static char user_paper[STAND_PATH_BYTES_MAX];
static char bank_paper[STAND_PATH_BYTES_MAX];

static int64_t now_us(void)
{
    const Clock clock = clock_system();
    return clock_now_us(&clock);
}

/* `hufu policy grant-expiry` until `seconds` from now; its exit status. */
static int grant(const char *user, const char *institution, int64_t seconds)
{
    char until[TIME_TEXT_BYTES + 1];
    Buffer text = { (uint8_t *)until, 0, TIME_TEXT_BYTES };
    ASSERT(status_ok(time_format(now_us() + seconds * TIME_SECOND_US, &text)));
    until[text.size] = '\0';
    return HUFU("policy", "grant-expiry", user, institution, "--user-consent", user_paper,
            "--institution-consent", bank_paper, "--until", until, BOTH);
}

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    snprintf(user_paper, sizeof(user_paper), "%s", stand_path(&stand, "consent.pdf"));
    snprintf(bank_paper, sizeof(bank_paper), "%s", stand_path(&stand, "letter.pdf"));
    EXPECT_OK(file_write(user_paper, 0600, SPAN("I agree")));
    EXPECT_OK(file_write(bank_paper, 0600, SPAN("the bank agrees")));
    EXPECT(operator_ended(HUFU("policy", "grants"), 0));
    EXPECT(operator_says("0 live, 0 ended"));
}

static void test_grants_are_listed_with_names_and_ends(void)
{
    EXPECT(operator_ended(grant("grantee-anna", "bank-1", 3600), 0));
    EXPECT(operator_ended(grant("grantee-boris", "bank-1", 3600), 0));
    EXPECT(operator_ended(grant("grantee-carla", "bank-0", SHORT_S), 0));
    EXPECT(operator_ended(HUFU("policy", "grants"), 0));
    EXPECT(operator_says("grantee-anna of bank-1  recorded by alice and bob"));
    EXPECT(operator_says("grantee-boris of bank-1") && operator_says("grantee-carla of bank-0"));
    EXPECT(operator_says("3 live, 0 ended"));
}

static bool await_listed(const char *text)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        const struct timespec wait = { 0, 100000000 };
        if (HUFU("policy", "grants") != 0) return false;
        if (operator_said(&stand, text)) return true;
        nanosleep(&wait, NULL);
    }
    return operator_says(text);
}

static void test_ended_ones_stay_on_the_list(void)
{
    EXPECT(operator_ended(HUFU("policy", "end-expiry", "grantee-boris", "bank-1"), 0));
    EXPECT(operator_ended(HUFU("policy", "end-expiry", "grantee-boris", "bank-1"), 1));
    EXPECT(await_listed("1 live, 2 ended")); /* boris withdrew, carla's time is over */
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT_OK(stand_await(&stand));
    EXPECT(operator_ended(HUFU("policy", "grants"), 0));
    EXPECT(operator_says("live       until") && operator_says("withdrawn  until"));
    EXPECT(operator_says("over       until"));
    EXPECT(operator_says("1 live, 2 ended"));
    EXPECT(operator_ended(HUFU("policy", "grants", "--live"), 0));
    EXPECT(operator_says("grantee-anna") && !operator_said(&stand, "grantee-boris"));
    EXPECT(!operator_said(&stand, "grantee-carla"));
}

/* The command's own output is the one file that names them. */
static void test_nobody_else_learns_the_names(void)
{
    EXPECT(operator_ended(HUFU("policy", "list"), 0)); /* writes over that output */
    EXPECT(!stand_holds(&stand, SPAN("grantee-anna")));
    EXPECT(!stand_holds(&stand, SPAN("grantee-carla")));
    EXPECT(stand_logged(&stand, "expiry.grant/") && stand_logged(&stand, "expiry.end")
            && stand_logged(&stand, "expiry.list"));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void) { stand_close(&stand); }

TESTS(TEST(test_house_opens), TEST(test_grants_are_listed_with_names_and_ends),
        TEST(test_ended_ones_stay_on_the_list), TEST(test_nobody_else_learns_the_names),
        TEST(test_house_closes))

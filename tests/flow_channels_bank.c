/*
 * Goal: what a bank is asked to do is done once and counted once, whatever becomes of the answer,
 * of a line, or of hufud itself; and nothing is believed that the bank has not said. Method: the
 * real programs and the sandbox bank over mutual TLS, its two lines two processes that share a
 * book; faults to order; the bank's book held against ours (LL-4.1). A card's digits are searched
 * for in every file and in hufud's memory (TP-4, TP-5).
 */
#include "admin_client.h"
#include "base/expect.h"
#include "moved_clock.h"
#include "needles.h"
#include "operator.h"
#include "policy/tables.h"
#include "request_client.h"
#include "sandbox_bank.h"
#include "terms_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static Stand stand;
static SandboxBank bank;
static MerchantApp shop;
static PayerApp payer;

static int64_t merchant_balance(void)
{
    return stand_number(&stand, "SELECT balance FROM account WHERE owner = '1900000001'");
}

static bool fund(const char *number, const char *holder, const char *amount, const char *state)
{
    return operator_ended(OPERATOR(&stand, "bank", "fund", "--number", number, "--holder", holder,
                                  "--amount", amount),
                   0)
            && operator_says(state);
}

static bool comes_to(const char *number, int state)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM channel_order WHERE number = '%s' AND state = %d", number, state);
    return stand_comes_true(&stand, sql);
}

static void test_house_opens(void)
{
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&(StandOptions) { .tls_life_s = 30 * DAY_S }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 0, &payer));
    EXPECT(OPERATOR(&stand, "bank", "fund", "--number", "early-1", "--holder",
                   "merchant/1900000001", "--amount", "100")
            == 1);
    EXPECT(operator_says("BANK_NONE"));
    EXPECT_OK(sandbox_bank_open(&stand, "deadline_ms: 1000, close_s: 1, reconcile_hour: 0", &bank));
}

static void test_funding_is_credited_once(void)
{
    EXPECT(fund("fund-1", "merchant/1900000001", "1000", "SUCCESS"));
    EXPECT(merchant_balance() == 1000);
    EXPECT(fund("fund-1", "merchant/1900000001", "1000", "SUCCESS")); /* again: the same order */
    EXPECT(merchant_balance() == 1000);
    EXPECT(OPERATOR(&stand, "bank", "fund", "--number", "fund-1", "--holder", "merchant/1900000001",
                   "--amount", "2000")
            == 1);
    EXPECT(operator_says("BANK_ORDER_CONFLICT"));
    EXPECT(fund("fund-2", "payer/payer-1", "500", "SUCCESS"));
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'") == 500);
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order") == 2);
}

static void test_what_the_bank_did_not_do(void)
{
    EXPECT(fund("fail-1", "merchant/1900000001", "191", "FAILED"));
    EXPECT(operator_says("BANK_REFUSED"));
    EXPECT(fund("refuse-1", "merchant/1900000001", "196", "FAILED"));
    EXPECT(merchant_balance() == 1000);
}

static void test_no_answer_is_no_outcome(void)
{
    EXPECT(fund("lost-1", "merchant/1900000001", "192", "UNKNOWN"));
    EXPECT(comes_to("lost-1", CHANNEL_SUCCESS)); /* the bank was asked */
    EXPECT(fund("slow-1", "merchant/1900000001", "195", "UNKNOWN"));
    EXPECT(comes_to("slow-1", CHANNEL_SUCCESS));
    EXPECT(fund("later-1", "merchant/1900000001", "193", "UNKNOWN"));
    EXPECT(comes_to("later-1", CHANNEL_SUCCESS));
    EXPECT(merchant_balance() == 1000 + 192 + 195 + 193);
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order WHERE number = 'lost-1'")
            == 1);
}

static bool is_ours(const char *balance, const char *frozen)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT balance = %s AND frozen = %s FROM account WHERE owner = '1900000001'", balance,
            frozen);
    return stand_comes_true(&stand, sql);
}

static bool withdraw(const char *number, const char *amount, const char *state)
{
    return operator_ended(OPERATOR(&stand, "bank", "withdraw", "--number", number, "--holder",
                                  "merchant/1900000001", "--amount", amount),
                   0)
            && operator_says(state);
}

static void test_a_withdrawal_goes_to_the_holders_own_account(void)
{
    EXPECT(OPERATOR(&stand, "bank", "withdraw", "--number", "out-001", "--holder",
                   "merchant/1900000001", "--amount", "100")
            == 1);
    EXPECT(operator_says("TERMS_NONE")); /* whose account would that be? */
    terms_file_write(&stand, NULL, 0);
    EXPECT(operator_ended(
            OPERATOR(&stand, "merchant", "onboard", "--file", stand_path(&stand, "terms.json")),
            0));
    unsetenv(APPROVE_VARIABLE); /* nobody else agrees: it rests */
    OPERATOR(&stand, "bank", "withdraw", "--number", "out-001", "--holder", "merchant/1900000001",
            "--amount", "100");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM channel_order WHERE number = 'out-001'")
            == 0);
    setenv(APPROVE_VARIABLE, "bob", 1);
    EXPECT(withdraw("out-001", "100", "SUCCESS"));
    EXPECT(is_ours("1480", "0"));
    EXPECT(withdraw("out-002", "91", "FAILED")); /* given back */
    EXPECT(is_ours("1480", "0"));
    EXPECT(withdraw("out-003", "192", "UNKNOWN"));
    EXPECT(comes_to("out-003", CHANNEL_SUCCESS));
    EXPECT(is_ours("1288", "0"));
    EXPECT(OPERATOR(&stand, "bank", "withdraw", "--number", "out-004", "--holder",
                   "merchant/1900000001", "--amount", "1289")
            == 1);
    EXPECT(operator_says("BALANCE_NOT_ENOUGH"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM channel_order WHERE number = 'out-004'")
            == 0);
    EXPECT(OPERATOR(&stand, "bank", "withdraw", "--number", "out-005", "--holder", "payer/payer-1",
                   "--amount", "100")
            == 1);
    EXPECT(operator_says("BANK_FIELD")); /* no account of theirs is on file */
}

/* Killed between SENT and the answer: the row says that it left, and so the bank is asked. */
static void test_hufud_is_killed_while_the_bank_is_asked(void)
{
    const char *const asked[] = { "bank", "fund", "--number", "killed-1", "--holder",
        "merchant/1900000001", "--amount", "392", NULL };
    const pid_t pid = operator_start(&stand, asked);
    EXPECT(comes_to("killed-1", CHANNEL_SENT));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT(operator_end(&stand, pid) != 0);
    EXPECT(stand_number(&stand, "SELECT state FROM channel_order WHERE number = 'killed-1'")
            == CHANNEL_SENT);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(comes_to("killed-1", CHANNEL_SUCCESS));
    EXPECT(is_ours("1680", "0"));
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order WHERE amount = 392")
            == 1);
}

/* --- a line dies in the middle of load --- */

enum { ASKERS = 2, ORDERS = 40, ORDER_MINOR = 101 };

static void ask_for_many(int asker)
{
    static uint8_t bytes[ADMIN_ANSWER_BYTES_MAX];
    char request[256];
    for (int i = 0; i < ORDERS; i++) {
        Buffer answer = BUFFER_OF(bytes);
        snprintf(request, sizeof(request),
                "{\"operation\":\"bank.fund\",\"number\":\"load-%d-%02d\","
                "\"holder\":\"payer/payer-1\",\"amount\":%d}",
                asker, i, ORDER_MINOR);
        if (!status_ok(admin_ask(stand.folder, span_of_text(request), &answer))) _exit(1);
    }
    _exit(0);
}

static bool all_asked(const pid_t pids[ASKERS])
{
    bool all = true;
    for (int i = 0; i < ASKERS; i++) {
        int state = 0;
        while (waitpid(pids[i], &state, 0) < 0 && errno == EINTR) { }
        all = all && WIFEXITED(state) && WEXITSTATUS(state) == 0;
    }
    return all;
}

static void test_a_line_dies_in_the_middle_of_load(void)
{
    pid_t pids[ASKERS];
    const int64_t before =
            stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'");
    for (int i = 0; i < ASKERS; i++) {
        fflush(NULL);
        pids[i] = fork();
        ASSERT(pids[i] >= 0);
        if (pids[i] == 0) ask_for_many(i);
    }
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) >= 20 FROM channel_order WHERE number LIKE 'load-%' AND state = 4"));
    sandbox_bank_stop(&bank, 0, SIGKILL);
    EXPECT(all_asked(pids));
    EXPECT(stand_comes_true(&stand,
            "SELECT count(*) = 80 FROM channel_order WHERE number LIKE 'load-%' AND state > 3"));
    const int64_t done = stand_number(
            &stand, "SELECT count(*) FROM channel_order WHERE number LIKE 'load-%' AND state = 4");
    EXPECT(done >= ASKERS * ORDERS - ASKERS); /* what died with the line was closed at the bank */
    EXPECT(stand_number(&stand, "SELECT balance FROM account WHERE owner = 'payer-1'")
            == before + done * ORDER_MINOR);
    EXPECT(sandbox_bank_number(&bank,
                   "SELECT count(*) FROM sandbank_order WHERE number LIKE 'load-%' AND state = 2")
            == done);
    EXPECT(OPERATOR(&stand, "bank", "status") == 0);
    EXPECT(operator_says("switches         1"));
    EXPECT(operator_says("worst_switch_ms"));
    operator_show("after a line was killed");
}

/* The line in use hangs with the order inside, perhaps; it is asked about on the other one, closed
 * there, and when the line goes on, the late order is not done. */
static void test_a_line_hangs(void)
{
    const int64_t before = merchant_balance();
    EXPECT_OK(sandbox_bank_start(&bank, 0));
    EXPECT(kill(bank.pids[1], SIGSTOP) == 0);
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "fund", "--number", "hung-001", "--holder",
                                  "merchant/1900000001", "--amount", "500"),
            0));
    EXPECT(stand_comes_true(
            &stand, "SELECT count(*) FROM channel_order WHERE number = 'hung-001' AND state > 3"));
    EXPECT(kill(bank.pids[1], SIGCONT) == 0);
    EXPECT(fund("after-001", "merchant/1900000001", "500", "SUCCESS"));
    const bool done =
            stand_number(&stand, "SELECT state = 4 FROM channel_order WHERE number = 'hung-001'");
    EXPECT(sandbox_bank_number(&bank,
                   "SELECT count(*) FROM sandbank_order WHERE number = 'hung-001' AND state = 2")
            == done);
    EXPECT(merchant_balance() == before + 500 + (done ? 500 : 0));
    EXPECT(OPERATOR(&stand, "bank", "status") == 0);
    operator_show("after a line hung");
}

/* --- cards --- */

static const char pan[] = "6217003810098765432";
static const char card[] = "6217003810098765432 1229 CVN2=771\n";

/* What the next command reads. */
static void type_in(const char *text)
{
    int ends[2];
    ASSERT(pipe(ends) == 0);
    ASSERT(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
    ASSERT(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
}

static bool pay_by_card(const char *number, const char *amount, const char *state)
{
    type_in(card);
    return operator_ended(OPERATOR(&stand, "bank", "card", "--number", number, "--holder",
                                  "merchant/1900000001", "--amount", amount),
                   0)
            && operator_says(state);
}

static void test_a_card_goes_to_the_bank_alone(void)
{
    const int64_t before = merchant_balance();
    EXPECT(pay_by_card("card-none", "600", "FAILED"));
    EXPECT(operator_says("RECEIVER_UNKNOWN")); /* two people have not said who the bank is */
    EXPECT(operator_ended(OPERATOR(&stand, "receiver", "add", "sandbank",
                                  stand_path(&stand, "sandbank/bank-box.pem"), "--key", "alice",
                                  "--key", "bob", "--reason", "card payments"),
            0));
    EXPECT(pay_by_card("card-paid", "600", "SUCCESS"));
    EXPECT(pay_by_card("card-paid", "600", "SUCCESS")); /* again: the same order, nothing is sent */
    EXPECT(pay_by_card("card-fails", "691", "FAILED"));
    EXPECT(pay_by_card("card-lost", "692", "UNKNOWN")); /* never sent again: the bank is asked */
    EXPECT(comes_to("card-lost", CHANNEL_SUCCESS));
    EXPECT(merchant_balance() == before + 600 + 692);
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_order WHERE kind = 3") == 3);
}

static void test_nothing_of_a_card_rests(void)
{
    size_t files = 0;
    size_t bytes = 0;
    Needles *needles = needles_open();
    needles_add(needles, span_of_text(pan), "card number");
    needles_add(needles, SPAN("CVN2=771"), "CVN2");
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) == 0 && files > 20);
    EXPECT(needles_search_process(needles, stand.pids[STAND_HUFUD], &bytes) == 0);
    EXPECT(bytes > 1000000);
    needles_hush(needles);
    needles_add(needles, SPAN("card-paid"), "what must be found"); /* we do look */
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) > 0);
    needles_close(needles);
}

/* --- the day after --- */

static bool differs(const char *number, StatusCode how)
{
    char sql[192];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM channel_difference WHERE number = '%s' AND verdict = %d", number,
            (int)how);
    return stand_number(&stand, sql) == 1;
}

static int64_t alerts(void)
{
    return stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 75");
}

/* Nobody asks. */
static void test_the_clock_reconciles_a_day(void)
{
    EXPECT(fund("twice-1", "merchant/1900000001", "194", "SUCCESS"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM channel_difference") == 0);
    moved_clock_set_wall(DAY_S);
    EXPECT(stand_comes_true(
            &stand, "SELECT count(*) FROM channel_difference WHERE number = 'twice-1'"));
    EXPECT(differs("twice-1", REFUSED_BANK_TWICE_THERE) && alerts() == 1);
}

static void test_a_day_is_reconciled(void)
{
    EXPECT(OPERATOR(&stand, "bank", "reconcile", "--day", "20991231") == 1);
    EXPECT(operator_says("BANK_DAY"));
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "reconcile"), 0));
    EXPECT(operator_says("differences      1"));
    EXPECT(differs("twice-1", REFUSED_BANK_TWICE_THERE) && alerts() == 1);
}

static void test_what_differs_becomes_a_case_once(void)
{
    sandbox_bank_tamper(&bank, "UPDATE sandbank_order SET amount = 1001 WHERE number = 'fund-1'");
    sandbox_bank_tamper(&bank, "DELETE FROM sandbank_order WHERE number = 'fund-2'");
    sandbox_bank_tamper(&bank, "UPDATE sandbank_order SET state = 2 WHERE number = 'fail-1'");
    sandbox_bank_tamper(&bank,
            "INSERT INTO sandbank_order SELECT 'strange-1', 1, 777, 2, max(day), 1"
            " FROM sandbank_order");
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "reconcile"), 0));
    EXPECT(operator_says("differences      5"));
    EXPECT(differs("fund-1", REFUSED_BANK_AMOUNT_DIFFERS));
    EXPECT(differs("fund-2", REFUSED_BANK_MISSING_THERE));
    EXPECT(differs("fail-1", REFUSED_BANK_MISSING_HERE));
    EXPECT(differs("strange-1", REFUSED_BANK_MISSING_HERE));
    EXPECT(alerts() == 5);
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "reconcile"), 0)); /* again: the same cases */
    EXPECT(operator_says("found            0") && alerts() == 5);
}

static void test_a_difference_is_explained_by_a_person(void)
{
    char day[16];
    snprintf(day, sizeof(day), "%lld",
            (long long)stand_number(&stand,
                    "SELECT strftime('%Y%m%d', max(day) * 86400, 'unixepoch')"
                    " FROM channel_difference"));
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "explain", "--day", day, "--number", "fund-2",
                                  "--reason", "the bank booked it a day late"),
            0));
    EXPECT(OPERATOR(&stand, "bank", "explain", "--day", day, "--number", "fund-2", "--reason", "so")
            == 1);
    EXPECT(operator_says("BANK_STATE"));
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "differences"), 0));
    EXPECT(operator_says("fund-1") && operator_says("BANK_TWICE_THERE"));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM channel_difference WHERE ended IS NULL")
            == 4);
}

/* Days later the bank's file has two orders of then: one as it was, one with another amount. */
static void test_what_was_done_long_ago_is_not_done_again(void)
{
    sandbox_bank_tamper(
            &bank, "UPDATE sandbank_order SET day = day + 4 WHERE number = 'after-001'");
    sandbox_bank_tamper(
            &bank, "UPDATE sandbank_order SET day = day + 4, amount = 193 WHERE number = 'lost-1'");
    moved_clock_set_wall(5 * DAY_S);
    EXPECT(operator_ended(OPERATOR(&stand, "bank", "reconcile"), 0));
    EXPECT(operator_says("differences      2"));
    EXPECT(differs("after-001", REFUSED_BANK_TWICE_THERE));
    EXPECT(differs("lost-1", REFUSED_BANK_AMOUNT_DIFFERS));
}

/* A day whose file cannot be read holds up no other, and somebody is told. */
static void test_a_day_that_cannot_be_compared(void)
{
    sandbox_bank_tamper(&bank,
            "INSERT INTO sandbank_order SELECT 'no number!', 1, 777, 2, max(day) + 2, 1"
            " FROM sandbank_order");
    sandbox_bank_tamper(&bank,
            "INSERT INTO sandbank_order SELECT 'strange-2', 1, 777, 2, max(day) + 2, 1"
            " FROM sandbank_order");
    moved_clock_set_wall(12 * DAY_S);
    EXPECT(stand_comes_true(
            &stand, "SELECT count(*) FROM channel_difference WHERE number = 'strange-2'"));
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM alert WHERE kind = 75 AND verdict = %d",
            REFUSED_BANK_FILE);
    EXPECT(stand_comes_true(&stand, sql));
}

static void test_house_is_sound(void)
{
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
    sandbox_bank_close(&bank);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_funding_is_credited_once),
        TEST(test_what_the_bank_did_not_do), TEST(test_no_answer_is_no_outcome),
        TEST(test_a_withdrawal_goes_to_the_holders_own_account),
        TEST(test_hufud_is_killed_while_the_bank_is_asked),
        TEST(test_a_line_dies_in_the_middle_of_load), TEST(test_a_line_hangs),
        TEST(test_a_card_goes_to_the_bank_alone), TEST(test_nothing_of_a_card_rests),
        TEST(test_the_clock_reconciles_a_day), TEST(test_a_day_is_reconciled),
        TEST(test_what_differs_becomes_a_case_once),
        TEST(test_a_difference_is_explained_by_a_person),
        TEST(test_what_was_done_long_ago_is_not_done_again),
        TEST(test_a_day_that_cannot_be_compared), TEST(test_house_is_sound))

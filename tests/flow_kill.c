/*
 * Goal: whatever dies, whenever it dies, what was acknowledged is there exactly once, and nothing
 * goes back (DESIGN promise 7). Method: customers in a process of their own never stop ordering and
 * paying; hufud, vaultd or both are killed with SIGKILL at a seeded moment, sometimes once more
 * while they start, and started again by this test as a supervisor would. Then the customers' list
 * is held against database, API, audit log and accounts.
 *
 *     flow_kill [--rounds N] [--seed N]      (HUFU_KILL_ROUNDS: the same)
 */
#include "base/expect.h"
#include "customers.h"
#include "draw.h"
#include "merchant_steps.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ROUNDS = 20,
    SAMPLES = 30,
    PINS_WRONG_MAX = 5,
    GUESS_TRIES_MAX = 200,
    BEFORE_MIN = 20,
    BEFORE_SPREAD = 60,
    AFTER = 16
};

static Stand stand;
static Customers *customers;
static SeededRandom dice;
static uint64_t seed;
static int rounds = ROUNDS;
static size_t checked; /* receipts that the API was asked about */
static unsigned interrupted_all;
static unsigned restarts_killed;

static int64_t now_us(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A moment that nobody can foresee. */
static void wait_up_to_us(uint32_t most)
{
    const struct timespec wait = { 0, 1000L * draw_index(&dice, most) };
    nanosleep(&wait, NULL);
}

static void test_house_opens(void)
{
    const StandOptions options = { .strategy = customers_strategy, .code_life_s = 600 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(customers_start(&stand, seed, &customers));
}

/* --- counters --- */

/* What the house says to this PIN, once it says anything: a vault that has just started is shown
 * all rows before it looks at PINs. */
static void guess(const char *guessed, char ret_code[64])
{
    PayerApp payer = { .id = "payer-guessed" };
    PayerAnswer answer = { 0 };
    HttpClient *http = NULL;
    BoxKey key = { 0 };
    const char *code = NULL;
    snprintf(payer.pin, sizeof(payer.pin), "%s", guessed);
    Status s = box_key_pin(stand_path(&stand, "demo"), &key);
    if (status_ok(s)) s = stand_connect(&stand, &http);
    for (int tries = 0; tries < GUESS_TRIES_MAX && status_ok(s); tries++) {
        answer = (PayerAnswer) { 0 };
        if (status_ok(payer_app_code(&payer, http, &key, &answer, &code))) break;
        if (answer.status != 503) break;
        wait_up_to_us(50000);
    }
    snprintf(ret_code, 64, "%s", answer.code);
    http_client_close(&http);
    box_key_free(&key);
}

/* In a house where nobody orders anything, so that nothing but itself brings it back.
 * An attempt is counted before the PIN is looked at: killing vaultd after each wins no try (TP-6).
 */
static void test_kills_win_no_try(void)
{
    PayerApp payer = { 0 };
    EXPECT(customers != NULL);
    EXPECT_OK(stand_payer(&stand, "payer-guessed", "271828", 1000, &payer));
    for (int attempt = 0; attempt <= PINS_WRONG_MAX; attempt++) {
        char code[64];
        const bool late = attempt == PINS_WRONG_MAX; /* then also the right one is refused */
        guess(late ? "271828" : "314159", code);
        if (strcmp(code, late ? "PIN_LOCKED" : "PIN_WRONG") != 0)
            fprintf(stderr, "  attempt %d: %s\n", attempt, code);
        EXPECT(strcmp(code, late ? "PIN_LOCKED" : "PIN_WRONG") == 0);
        const bool hufud_too = attempt % 2 == 1;
        if (hufud_too) stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
        stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
        EXPECT_OK(stand_start(&stand, STAND_VAULTD));
        if (hufud_too) EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    }
}

/* --- kills --- */

typedef enum Victim { HUFUD = 0, VAULTD = 1, BOTH = 2, VICTIMS = 3 } Victim;
static const char *const victim_names[] = { "hufud", "vaultd", "both" };

/* Each in turn, in another order every time. */
static Victim draw_victim(int round)
{
    static uint32_t order[VICTIMS];
    if (round % VICTIMS == 0) draw_some(&dice, VICTIMS, VICTIMS, order);
    return (Victim)order[round % VICTIMS];
}

static void kill_victim(Victim victim)
{
    const StandProgram first = victim == HUFUD || (victim == BOTH && draw_index(&dice, 2) == 0)
            ? STAND_HUFUD
            : STAND_VAULTD;
    customers_mark(customers);
    stand_stop(&stand, first, SIGKILL, NULL);
    if (victim != BOTH) return;
    wait_up_to_us(2000);
    stand_stop(&stand, first == STAND_HUFUD ? STAND_VAULTD : STAND_HUFUD, SIGKILL, NULL);
}

/* A start that is killed too: recovery must bear being interrupted. */
static Status kill_a_start(StandProgram program)
{
    TRY(stand_launch(&stand, program));
    wait_up_to_us(program == STAND_HUFUD ? 300000 : 60000);
    stand_stop(&stand, program, SIGKILL, NULL);
    restarts_killed++;
    return OK;
}

static Status start_again(Victim victim)
{
    if (victim != HUFUD && draw_index(&dice, 4) == 0) TRY(kill_a_start(STAND_VAULTD));
    const bool hufud_first = victim == BOTH && draw_index(&dice, 2) == 0;
    if (hufud_first) TRY(stand_launch(&stand, STAND_HUFUD)); /* it waits */
    if (victim != HUFUD) TRY(stand_start(&stand, STAND_VAULTD));
    if (victim == VAULTD) return OK;
    if (hufud_first) return stand_await(&stand);
    if (draw_index(&dice, 4) == 0) TRY(kill_a_start(STAND_HUFUD));
    return stand_start(&stand, STAND_HUFUD);
}

static void check_everything(void)
{
    const Receipt *receipts = NULL;
    EXPECT(customers_check_books(customers, &stand));
    EXPECT(customers_check_witness(&stand));
    EXPECT(customers_check_api(customers, &stand, checked, SAMPLES));
    checked = customers_receipts(customers, &receipts);
}

static bool hit; /* the last kill interrupted a request; one that did not is not counted */

static void one_round(int round)
{
    EXPECT(customers != NULL);
    const Victim victim = draw_victim(round);
    customers_open_gate(customers);
    EXPECT(customers_await(customers, BEFORE_MIN + draw_index(&dice, BEFORE_SPREAD)));
    customers_witness(&stand);
    EXPECT(customers_await(customers, 1));
    wait_up_to_us(5000);

    const int64_t killed_us = now_us();
    kill_victim(victim);
    EXPECT_OK(start_again(victim));
    const int64_t back_us = now_us();
    EXPECT(customers_await(customers, AFTER));
    EXPECT(customers_close_gate(customers)); /* all that was asked is answered now */
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL));
    EXPECT(!stand_ended(&stand, STAND_VAULTD, NULL));

    const unsigned interrupted = customers_interrupted(customers);
    interrupted_all += interrupted;
    printf("kill %3d %-6s  %u requests interrupted, back after %4" PRId64 " ms, %" PRIu64
           " answers\n",
            round + 1, victim_names[victim], interrupted, (back_us - killed_us) / 1000,
            customers_told(customers));
    fflush(stdout);
    hit = interrupted > 0;
    check_everything();
}

static void test_kills_lose_nothing(void)
{
    int hits = 0;
    for (int kill = 0; hits < rounds; kill++) {
        EXPECT(kill < 3 * rounds);
        one_round(kill);
        if (expect_failures > 0) return;
        if (hit) hits++;
    }
    printf("%d kills and %u of programs that were starting; %u requests interrupted, %" PRIu64
           " without answer, %" PRIu64 " refused 503, %" PRIu64 " answered\n",
            rounds, restarts_killed, interrupted_all, customers_lost(customers),
            customers_refused(customers), customers_told(customers));
}

/* A vaultd that hangs keeps requests waiting longer than hufud's patience with them at its end: it
 * must still take nothing apart that they use, and end by itself. */
static void test_a_stop_bears_a_vaultd_that_hangs(void)
{
    int exit_status = -1;
    EXPECT(customers != NULL);
    customers_open_gate(customers);
    EXPECT(customers_await(customers, BEFORE_MIN));
    customers_witness(&stand);
    customers_mark(customers);
    EXPECT(kill(stand.pids[STAND_VAULTD], SIGSTOP) == 0);
    const int64_t stopped_us = now_us();
    stand_stop(&stand, STAND_HUFUD, SIGTERM, &exit_status);
    EXPECT(kill(stand.pids[STAND_VAULTD], SIGCONT) == 0);
    printf("hufud ended %" PRId64 " ms after vaultd hung, status %d\n",
            (now_us() - stopped_us) / 1000, exit_status);
    EXPECT(exit_status == 0);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(customers_await(customers, AFTER));
    EXPECT(customers_close_gate(customers));
    check_everything();
}

static void test_rows_and_log_verify(void)
{
    EXPECT(customers != NULL);
    EXPECT(customers_check_books(customers, &stand));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert")
            == 0); /* nothing looked like tampering */
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    int exit_status = -1;
    customers_stop(customers);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    stand_stop(&stand, STAND_VAULTD, SIGTERM, &exit_status);
    EXPECT(exit_status == 0);
    stand_close(&stand);
}

int expect_failures;

static void read_options(int argc, char **argv)
{
    const char *wanted = getenv("HUFU_KILL_ROUNDS");
    if (wanted != NULL) rounds = (int)strtol(wanted, NULL, 10);
    seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--rounds") == 0) rounds = (int)strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0) seed = strtoull(argv[i + 1], NULL, 10);
    }
    random_seeded(&dice, seed);
    printf("seed %" PRIu64 ", %d rounds\n", seed, rounds);
}

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_house_opens), TEST(test_kills_win_no_try),
        TEST(test_kills_lose_nothing), TEST(test_a_stop_bears_a_vaultd_that_hangs),
        TEST(test_rows_and_log_verify), TEST(test_house_closes) };
    read_options(argc, argv);
    return expect_run(tests, sizeof(tests) / sizeof(tests[0]), 1, argv);
}

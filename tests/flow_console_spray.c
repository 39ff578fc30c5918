/*
 * Goal: one password tried at thousands of accounts is slowed and alarmed, whoever they belong to,
 * from one address and from many, and honest people still get in meanwhile; an unknown name costs
 * the house as much work as a known one (LL-4.5.2, LL-4.5.3). Method: the real programs; accounts
 * that exist and many that do not; the sources are addresses of loopback. HUFU_SPRAY_ACCOUNTS says
 * how many.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "browser.h"
#include "house_people.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GOOD "copper lantern 48 orchard"
#define GUESS "Summer 2026 is here"

enum {
    ACCOUNTS = 1000,
    SOURCES_MAX = 90, /* before they are a crowd, and */
    SOURCES_LATE = 5, /* afterwards */
    TRIES_OF_SOURCE = 7, /* more than one of a crowd may, fewer than one alone */
    GUESSERS = 2, /* at once */
    BURST = 20, /* these four as programs/hufud/login_opening.c has them */
    BURST_IN_CROWD = 3,
    CROWD = 200,
    REFILL_S = 30,
    TRIES_EACH = 4, /* fewer than lock an account */
    JUDGED_BEFORE = 2 * 3 * TRIES_EACH + BURST + 5, /* by the tests before; 5: what came back */
};

static Stand stand;
static ConsoleUser known[] = { { .name = "iris", .password = GOOD },
    { .name = "joel", .password = GOOD }, { .name = "kate", .password = GOOD } };
enum { KNOWN = sizeof(known) / sizeof(known[0]) };
static ConsoleUser honest = { .name = "lena", .password = GOOD };
static ConsoleUser traveller = { .name = "mara", .password = GOOD };
static Browser honest_at;

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    for (size_t i = 0; i < KNOWN; i++)
        EXPECT_OK(house_person(&stand, &known[i], "payment-operator"));
    EXPECT_OK(house_person(&stand, &honest, "payment-operator"));
    EXPECT_OK(house_person(&stand, &traveller, "payment-operator"));
    EXPECT_OK(browser_open(&stand, &honest_at));
    EXPECT(browser_login(&honest_at, &honest) == 200);
}

/* --- the same work --- */

/* Microseconds of processor that vaultd has used: what no other load of the machine changes. */
static int64_t vaultd_work_us(void)
{
    clockid_t clock;
    struct timespec used = { 0 };
    ASSERT(clock_getcpuclockid(stand.pids[STAND_VAULTD], &clock) == 0);
    ASSERT(clock_gettime(clock, &used) == 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* The work of wrong passwords for these names; -1: one was not refused as it must. */
static int64_t work_of_guesses(const char *const names[KNOWN], const char *from)
{
    Browser b;
    int refused = 0;
    if (!status_ok(browser_open_from(&stand, from, &b))) return -1;
    const int64_t before_us = vaultd_work_us();
    for (int k = 0; k < TRIES_EACH; k++) {
        for (size_t i = 0; i < KNOWN; i++) {
            const ConsoleUser person = { .name = names[i] };
            refused += browser_login_with(&b, &person, GUESS, "000000") == 401;
        }
    }
    const int64_t work_us = vaultd_work_us() - before_us;
    browser_close(&b);
    return refused == KNOWN * TRIES_EACH ? work_us : -1;
}

static void test_an_unknown_name_costs_as_much_as_a_wrong_password(void)
{
    const char *const theirs[KNOWN] = { known[0].name, known[1].name, known[2].name };
    const char *const nobodys[KNOWN] = { "ivan", "jana", "kyle" };
    const int64_t unknown_us = work_of_guesses(nobodys, "127.0.0.11");
    const int64_t wrong_us = work_of_guesses(theirs, "127.0.0.12");
    fprintf(stderr, "  vaultd: %lld us for unknown names, %lld us for wrong passwords\n",
            (long long)unknown_us, (long long)wrong_us);
    EXPECT(unknown_us > 0 && wrong_us > 0);
    EXPECT(unknown_us * 4 > wrong_us * 3 && wrong_us * 4 > unknown_us * 3);
}

/* --- spraying --- */

static int64_t alerts(void)
{
    return stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 55");
}

static int accounts(void)
{
    const char *wanted = getenv("HUFU_SPRAY_ACCOUNTS");
    const long count = wanted == NULL ? 0 : strtol(wanted, NULL, 10);
    return count > 0 && count <= 1000000 ? (int)count : ACCOUNTS;
}

typedef struct Answers {
    int judged; /* 401: a password was looked at */
    int slowed; /* 429 */
    int other;
} Answers;

static void count_answer(Answers *answers, int status)
{
    answers->judged += status == 401;
    answers->slowed += status == 429;
    answers->other += status != 401 && status != 429;
}

/* Every 100th account is one that exists. */
static void name_account(int number, char ret_name[24])
{
    if (number % 100 == 0)
        snprintf(ret_name, 24, "%s", known[number / 100 % KNOWN].name);
    else
        snprintf(ret_name, 24, "victim%d", number);
}

static void guess_at(Browser *b, int number, Answers *answers)
{
    char name[24];
    name_account(number, name);
    const ConsoleUser person = { .name = name };
    count_answer(answers, browser_login_with(b, &person, GUESS, "000000"));
}

/* From one address: after the burst, two a minute; everything else is refused unjudged. */
static void test_one_source_is_slowed(void)
{
    Browser b;
    Answers answers = { 0 };
    const int64_t told = alerts();
    const time_t began = time(NULL);
    EXPECT_OK(browser_open_from(&stand, "127.0.0.21", &b));
    const int count = accounts();
    for (int i = 0; i < count; i++)
        guess_at(&b, i, &answers);
    const int most = BURST + 1 + (int)(time(NULL) - began) / REFILL_S;
    fprintf(stderr, "  %d accounts: %d judged, %d slowed, in %d s\n", count, answers.judged,
            answers.slowed, (int)(time(NULL) - began));
    EXPECT(answers.other == 0 && answers.judged >= BURST && answers.judged <= most);
    EXPECT(alerts() == told + 1);
    EXPECT(stand_logged(&stand, "127.0.0.21"));
    browser_close(&b);
}

/* Meanwhile, from that very address: whose device is known gets in; a newcomer's does not yet, but
 * does from anywhere else. */
static void test_honest_people_get_in(void)
{
    Browser behind;
    Browser elsewhere;
    EXPECT_OK(browser_open_from(&stand, "127.0.0.21", &behind));
    memcpy(behind.device, honest_at.device, sizeof(behind.device));
    EXPECT(browser_login(&behind, &honest) == 200);
    EXPECT_OK(browser_open_from(&stand, "127.0.0.22", &elsewhere));
    EXPECT(browser_login(&elsewhere, &traveller) == 200);
    browser_close(&behind);
    browser_close(&elsewhere);
    EXPECT_OK(browser_open_from(&stand, "127.0.0.21", &behind));
    EXPECT(browser_login(&behind, &traveller) == 429);
    EXPECT(strcmp(behind.code, "FREQUENCY_LIMITED") == 0);
    browser_close(&behind);
}

static bool is_a_crowd(void)
{
    return stand_number(&stand,
                   "SELECT count(*) FROM alert WHERE kind = 55 AND about_key ="
                   " '6d616e7920736f7572636573'")
            == 1; /* "many sources" */
}

static void guess_from(int source, Answers *answers)
{
    char address[32];
    Browser b;
    snprintf(address, sizeof(address), "127.0.1.%d", source + 1);
    ASSERT(status_ok(browser_open_from(&stand, address, &b)));
    for (int i = 0; i < TRIES_OF_SOURCE; i++)
        guess_at(&b, 1 + source * TRIES_OF_SOURCE + i, answers);
    browser_close(&b);
}

/* A process of its own: one source after the other, until the house calls them a crowd. */
static pid_t begin_guessing(int first, Answers *ret_answers)
{
    fflush(NULL);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    for (int source = first; source < SOURCES_MAX && !is_a_crowd(); source += GUESSERS)
        guess_from(source, ret_answers);
    _exit(0);
}

/* What all of them were answered. */
static Answers guess_until_crowd(void)
{
    Answers all = { 0 };
    pid_t pids[GUESSERS];
    Answers *each = mmap(NULL, GUESSERS * sizeof(*each), PROT_READ | PROT_WRITE,
            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT(each != MAP_FAILED);
    for (int i = 0; i < GUESSERS; i++)
        pids[i] = begin_guessing(i, &each[i]);
    for (int i = 0; i < GUESSERS; i++) {
        int ended = 0;
        ASSERT(pids[i] > 0 && waitpid(pids[i], &ended, 0) == pids[i] && ended == 0);
        all.judged += each[i].judged;
        all.slowed += each[i].slowed;
        all.other += each[i].other;
    }
    munmap(each, GUESSERS * sizeof(*each));
    return all;
}

/* From many addresses, a few guesses each: one alarm for the crowd, then three guesses each. */
static void test_a_crowd_is_slowed(void)
{
    const time_t began = time(NULL);
    const Answers early = guess_until_crowd();
    fprintf(stderr, "  until it is a crowd: %d judged, %d slowed, in %d s\n", early.judged,
            early.slowed, (int)(time(NULL) - began));
    EXPECT(early.other == 0 && is_a_crowd());
    EXPECT(early.judged + JUDGED_BEFORE > CROWD);
    Answers late = { 0 };
    for (int source = SOURCES_MAX; source < SOURCES_MAX + SOURCES_LATE; source++)
        guess_from(source, &late);
    fprintf(stderr, "  then of %d sources: %d judged, %d slowed\n", SOURCES_LATE, late.judged,
            late.slowed);
    EXPECT(late.other == 0 && late.slowed > 0 && late.judged >= SOURCES_LATE * BURST_IN_CROWD);
    Browser b;
    EXPECT_OK(browser_open_from(&stand, "127.0.2.1", &b)); /* an honest one, on a new device */
    EXPECT(browser_login(&b, &traveller) == 200);
    browser_close(&b);
    EXPECT(browser_login(&honest_at, &honest) == 200);
}

static void test_the_audit_log_tells_it(void)
{
    EXPECT(stand_logged(&stand, "console/127.0.0.21"));
    EXPECT(!stand_holds(&stand, SPAN(GUESS)));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    browser_close(&honest_at);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_an_unknown_name_costs_as_much_as_a_wrong_password),
        TEST(test_one_source_is_slowed), TEST(test_honest_people_get_in),
        TEST(test_a_crowd_is_slowed), TEST(test_the_audit_log_tells_it), TEST(test_house_closes))

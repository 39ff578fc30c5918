/*
 * Goal: of two changes of one user's password at once exactly one counts; the other is told by name
 * and changes nothing, nobody is alarmed, and a check meanwhile is right or wrong, and nothing else
 * (TP-6). Method: the real programs; threads with connections of their own that start together,
 * many times; then the password that was answered "set" opens, and the other one does not.
 */
#include "base/expect.h"
#include "callers.h"
#include "starts.h"
#include <hufu/vault.h>

#include <pthread.h>

enum { ROUNDS = 12, CHANGERS = 2, PASSWORD_BYTES_MAX = 64 };

#define WRONG "PIN_WRONG"

typedef struct Racer {
    pthread_t thread;
    HufuVault *vault;
    const char *old;
    char password[PASSWORD_BYTES_MAX]; /* the new one; or what is checked */
    int result;
    HufuError error;
} Racer;

static const HufuOwner owner = { HUFU_CLASS_PASSWORD, "people", "li" };
static Stand stand;
static StandCaller core;
static pthread_barrier_t start;

static HufuVault *open_library(void)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuError error;
    HufuVault *vault = NULL;
    const Status s = stand_caller_settings(&stand, &core, &files, &settings);
    ASSERT(status_ok(s) && hufu_open(&settings, &vault, &error) == 0);
    return vault;
}

static void *change(void *context)
{
    Racer *r = context;
    pthread_barrier_wait(&start);
    r->result = hufu_password_set(r->vault, &owner, r->old, r->password, &r->error);
    return NULL;
}

static void *check(void *context)
{
    Racer *r = context;
    char grant[HUFU_GRANT_TEXT_BYTES];
    pthread_barrier_wait(&start);
    r->result = hufu_password_check(r->vault, &owner, r->password, grant, &r->error);
    return NULL;
}

static int is_right(HufuVault *vault, const char *password)
{
    char grant[HUFU_GRANT_TEXT_BYTES];
    HufuError error;
    return hufu_password_check(vault, &owner, password, grant, &error) == 0;
}

static void test_house_opens(void)
{
    HufuError error;
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "password", &core));
    HufuVault *vault = open_library();
    EXPECT(hufu_password_set(vault, &owner, NULL, "correct horse battery 0", &error) == 0);
    hufu_close(vault);
}

static void test_one_of_two_changes_counts(void)
{
    Racer racers[CHANGERS + 1] = { { .old = NULL } };
    char current[PASSWORD_BYTES_MAX] = "correct horse battery 0";
    for (int i = 0; i <= CHANGERS; i++)
        racers[i].vault = open_library();
    for (int round = 1; round <= ROUNDS; round++) {
        EXPECT(pthread_barrier_init(&start, NULL, CHANGERS + 1) == 0);
        for (int i = 0; i <= CHANGERS; i++) {
            Racer *r = &racers[i];
            r->old = current;
            if (i < CHANGERS)
                snprintf(r->password, sizeof(r->password), "horse battery %d of %d", i, round);
            else
                snprintf(r->password, sizeof(r->password), "%s", current);
            EXPECT(pthread_create(&r->thread, NULL, i < CHANGERS ? change : check, r) == 0);
        }
        for (int i = 0; i <= CHANGERS; i++)
            EXPECT(pthread_join(racers[i].thread, NULL) == 0);
        pthread_barrier_destroy(&start);
        const int winner = racers[0].result == 0 ? 0 : 1;
        const Racer *loser = &racers[1 - winner];
        EXPECT(racers[winner].result == 0 && loser->result != 0);
        EXPECT(loser->error.http_status == 403 && strcmp(loser->error.code, WRONG) == 0);
        const Racer *checker = &racers[CHANGERS]; /* before or after it, and nothing between */
        EXPECT(checker->result == 0 || strcmp(checker->error.code, WRONG) == 0);
        EXPECT(is_right(racers[0].vault, racers[winner].password));
        EXPECT(!is_right(racers[0].vault, loser->password));
        EXPECT(is_right(racers[0].vault, racers[winner].password)); /* clears the count */
        memcpy(current, racers[winner].password, sizeof(current));
    }
    EXPECT(!starts_log_has(&stand, "log/vaultd.log", "vault.tampering"));
    for (int i = 0; i <= CHANGERS; i++)
        hufu_close(racers[i].vault);
    stand_caller_done(&core);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_one_of_two_changes_counts))

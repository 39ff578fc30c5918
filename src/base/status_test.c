/* Goal: every number has one name and a sentence for its reader; an ASSERT ends the program. */
#include "base/expect.h"
#include "base/status.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const StatusCode codes[] = {
#define REFUSAL(number, name, advice) REFUSED_##name,
#define FAULT(number, name, advice) FAULT_##name,
#include "base/refusals.def"
#undef REFUSAL
#undef FAULT
};
enum { CODES = sizeof(codes) / sizeof(codes[0]) };

static void test_registry(void)
{
    for (size_t i = 0; i < CODES; i++) {
        const Status s = { (int32_t)codes[i] };
        EXPECT(codes[i] != 0 && strcmp(status_name(s), "UNKNOWN") != 0);
        const char *advice = status_advice(s);
        EXPECT(strlen(advice) > 10 && advice[strlen(advice) - 1] == '.');
        EXPECT(status_refused(s) != status_broken(s) && !status_ok(s));
        for (size_t k = 0; k < i; k++) {
            EXPECT(codes[k] != codes[i]);
            EXPECT(strcmp(status_name((Status) { (int32_t)codes[k] }), status_name(s)) != 0);
        }
    }
    EXPECT(strcmp(status_name(OK), "OK") == 0
            && strcmp(status_name((Status) { 99999 }), "UNKNOWN") == 0);
}

static Status passes_up(Status s, int *reached)
{
    TRY(s);
    *reached = 1;
    return OK;
}

static void test_try(void)
{
    int reached = 0;
    EXPECT_REFUSED(passes_up(REFUSE(REFUSED_BUFFER_FULL), &reached), REFUSED_BUFFER_FULL);
    EXPECT_STATUS(passes_up(BROKEN(FAULT_DISK), &reached), FAULT_DISK);
    EXPECT(reached == 0);
    EXPECT_OK(passes_up(OK, &reached));
    EXPECT(reached == 1);
}

static void test_assert_ends_the_program(void)
{
    const pid_t child = fork();
    if (child == 0) {
        if (close(STDERR_FILENO) != 0) _exit(3);
        ASSERT(child != 0);
        _exit(0);
    }
    int state = 0;
    EXPECT(child > 0 && waitpid(child, &state, 0) == child);
    EXPECT(WIFSIGNALED(state) || WEXITSTATUS(state) != 0);
}

TESTS(TEST(test_registry), TEST(test_try), TEST(test_assert_ends_the_program))

#pragma once
/*
 * expect: the test harness. A test file lists its functions in TESTS(...); each is run, and the
 * program ends with one line `N passed, N failed`. A failed EXPECT ends its test, not the program.
 */
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern int expect_failures; /* in the running test */

#define EXPECT(condition)                                                            \
    do {                                                                             \
        if (!(condition)) {                                                          \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
            expect_failures++;                                                       \
            return;                                                                  \
        }                                                                            \
    } while (0)

#define EXPECT_STATUS(expression, wanted)                                                        \
    do {                                                                                         \
        const Status expect_s_ = (expression);                                                   \
        if (expect_s_.code != (int32_t)(wanted)) {                                               \
            fprintf(stderr, "%s:%d: %s: expected %s, got %s\n", __FILE__, __LINE__, #expression, \
                    status_name((Status) { (int32_t)(wanted) }), status_name(expect_s_));        \
            expect_failures++;                                                                   \
            return;                                                                              \
        }                                                                                        \
    } while (0)

#define EXPECT_OK(expression) EXPECT_STATUS(expression, 0)
#define EXPECT_REFUSED(expression, refusal) EXPECT_STATUS(expression, refusal)

enum { EXPECT_PATH_BYTES = 64 };
/* A path in /tmp that no other running test has; nothing is made there. A child that is to meet its
 * parent there takes over what the parent was given. Returns ret_path. */
static inline const char *expect_path(const char *name, char ret_path[EXPECT_PATH_BYTES])
{
    const int size = snprintf(ret_path, EXPECT_PATH_BYTES, "/tmp/hufu-%s-%d", name, (int)getpid());
    ASSERT(size > 0 && size < EXPECT_PATH_BYTES);
    return ret_path;
}

typedef struct ExpectTest {
    const char *name;
    void (*run)(void);
} ExpectTest;

#define TEST(function)      \
    {                       \
#function, function \
    }

/* The main of a test program. Tests named on the command line run alone. */
#define TESTS(...)                                                              \
    int expect_failures;                                                        \
    int main(int argc, char **argv)                                             \
    {                                                                           \
        static const ExpectTest tests[] = { __VA_ARGS__ };                      \
        return expect_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv); \
    }

static inline int expect_run(const ExpectTest *tests, size_t count, int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        bool wanted = argc < 2;
        for (int k = 1; k < argc; k++)
            wanted = wanted || __builtin_strcmp(argv[k], tests[i].name) == 0;
        if (!wanted) continue;
        expect_failures = 0;
        tests[i].run();
        printf("%s %s\n", expect_failures == 0 ? "ok    " : "FAILED", tests[i].name);
        if (expect_failures == 0)
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

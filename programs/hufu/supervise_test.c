/* Programs are started again when they die, given up when they die too often, ended in order, and
 * never outlive their supervisor. The programs are small shells of ours. */
#include "supervise.h"

#include "base/expect.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

static char log_path[] = "/tmp/hufu-supervise-XXXXXX";

static Program shell(const char *script)
{
    return (Program) {
        .name = "shell", .arguments = { "/bin/sh", "-c", script }, .log_path = log_path
    };
}

static void supervisor_done(Supervisor **supervisor) { supervisor_stop(supervisor); }

static bool event_comes(const Supervisor *supervisor)
{
    struct pollfd event = { supervisor_event_fd(supervisor), POLLIN, 0 };
    return poll(&event, 1, DEADLINE_MS) == 1;
}

/* Wait until the program runs under another pid than `before`. */
static pid_t await_pid(const Supervisor *supervisor, size_t index, pid_t before)
{
    for (int i = 0; i < DEADLINE_MS; i++) {
        const pid_t pid = supervisor_pid(supervisor, index);
        if (pid != 0 && pid != before) return pid;
        poll(NULL, 0, 1);
    }
    return 0;
}

static void test_a_killed_program_is_started_again(void)
{
    const Program programs[] = { shell("exec cat <> /dev/ptmx") };
    CLEANUP(supervisor_done) Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 1, &supervisor));
    supervisor_start(supervisor, 0);
    const pid_t first = await_pid(supervisor, 0, 0);
    EXPECT(first > 0);
    EXPECT(kill(first, SIGKILL) == 0);
    const pid_t second = await_pid(supervisor, 0, first);
    EXPECT(second > 0 && second != first);
    EXPECT(supervisor_restarts(supervisor, 0) == 1);
    EXPECT(supervisor_given_up(supervisor) == NULL);
    supervisor_stop(&supervisor);
    EXPECT(kill(second, 0) != 0); /* gone, and waited for */
}

static void test_a_program_that_dies_too_often_is_given_up(void)
{
    const Program programs[] = { shell("exit 3") };
    CLEANUP(supervisor_done) Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 1, &supervisor));
    supervisor_start(supervisor, 0);
    EXPECT(event_comes(supervisor));
    EXPECT(supervisor_given_up(supervisor) != NULL);
    EXPECT(!supervisor_ended_well(supervisor));
    EXPECT(supervisor_restarts(supervisor, 0) == SUPERVISE_RESTARTS_MAX);
}

static void test_a_program_that_ends_in_order_is_not_started_again(void)
{
    const Program programs[] = { shell("exit 0") };
    CLEANUP(supervisor_done) Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 1, &supervisor));
    supervisor_start(supervisor, 0);
    EXPECT(event_comes(supervisor));
    EXPECT(supervisor_ended_well(supervisor));
    EXPECT(supervisor_restarts(supervisor, 0) == 0);
}

static bool await_end(const Supervisor *supervisor, size_t index)
{
    for (int i = 0; i < DEADLINE_MS && supervisor_pid(supervisor, index) != 0; i++)
        poll(NULL, 0, 1);
    return supervisor_pid(supervisor, index) == 0;
}

/* Another does its work: it rests, what it worked with goes on, and nobody is told to end. */
static void test_a_replaced_program_rests(void)
{
    Program programs[] = { shell("exec cat <> /dev/ptmx"), shell("exit 4"), shell("exit 3") };
    programs[1].replaced_exit = 4;
    programs[2].replaced_exit = 4;
    CLEANUP(supervisor_done) Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 3, &supervisor));
    supervisor_start(supervisor, 0);
    supervisor_start(supervisor, 1);
    EXPECT(await_pid(supervisor, 0, 0) > 0);
    EXPECT(await_end(supervisor, 1));
    supervisor_start(supervisor, 2); /* dies as any other: its end is when we have seen enough */
    EXPECT(event_comes(supervisor));
    EXPECT(supervisor_given_up(supervisor) != NULL && !supervisor_ended_well(supervisor));
    EXPECT(supervisor_restarts(supervisor, 2) == SUPERVISE_RESTARTS_MAX);
    EXPECT(supervisor_restarts(supervisor, 1) == 0 && supervisor_pid(supervisor, 1) == 0);
    EXPECT(supervisor_restarts(supervisor, 0) == 0 && supervisor_pid(supervisor, 0) > 0);
}

static void test_a_program_that_is_not_there_is_given_up(void)
{
    const Program programs[] = {
        { .name = "nothing", .arguments = { "/nonexistent/program" }, .log_path = log_path }
    };
    CLEANUP(supervisor_done) Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 1, &supervisor));
    supervisor_start(supervisor, 0);
    EXPECT(event_comes(supervisor));
    EXPECT(!supervisor_ended_well(supervisor));
}

/* A shell that says "up", and its name when it is told to end. It waits on a pipe that nobody
 * writes to. */
static void waiting_script(char ret_script[512], const char *name, const char *order)
{
    snprintf(ret_script, 512,
            "trap 'echo %s >> %s; exit 0' TERM; mkfifo %s.%s; echo up >> %s; read x <> %s.%s", name,
            order, order, name, order, order, name);
}

static void test_the_last_started_is_ended_first(void)
{
    char order[] = "/tmp/hufu-order-XXXXXX";
    const int fd = mkstemp(order);
    EXPECT(fd >= 0);
    char first[512];
    char second[512];
    waiting_script(first, "first", order);
    waiting_script(second, "second", order);
    const Program programs[] = { shell(first), shell(second) };
    Supervisor *supervisor = NULL;
    EXPECT_OK(supervisor_open(programs, 2, &supervisor));
    supervisor_start(supervisor, 0);
    supervisor_start(supervisor, 1);
    char text[64] = "";
    for (int i = 0; i < DEADLINE_MS && strcmp(text, "up\nup\n") != 0; i++) {
        const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
        text[n > 0 ? n : 0] = '\0';
        poll(NULL, 0, 1);
    }
    supervisor_stop(&supervisor);
    const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(order);
    snprintf(first, sizeof(first), "%s.first", order);
    snprintf(second, sizeof(second), "%s.second", order);
    unlink(first);
    unlink(second);
    EXPECT(strcmp(text, "up\nup\nsecond\nfirst\n") == 0);
}

__attribute__((constructor)) static void make_log(void)
{
    const int fd = mkstemp(log_path);
    ASSERT(fd >= 0);
    close(fd);
}

__attribute__((destructor)) static void remove_log(void) { unlink(log_path); }

TESTS(TEST(test_a_killed_program_is_started_again),
        TEST(test_a_program_that_dies_too_often_is_given_up),
        TEST(test_a_program_that_ends_in_order_is_not_started_again),
        TEST(test_a_replaced_program_rests), TEST(test_a_program_that_is_not_there_is_given_up),
        TEST(test_the_last_started_is_ended_first))

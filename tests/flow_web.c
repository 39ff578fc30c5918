/*
 * Goal: in a real browser a newcomer enrols, logs in with password and code or a passkey, and
 * agrees to a request with a key that no script can read; every secret leaves the page in a box;
 * nothing foreign runs in it or reads from it (LL-4.5.2, TP-4, TP-15, TP-17). Method: the page as
 * it is built, served by a real house whose platform key it pins, driven in Debian's Chromium by
 * web/flow/flow.ts. Skipped where web/build was not run or there is no Chromium.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "stand.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, SETTINGS_BYTES_MAX = 16384 };

#define DRIVER HUFU_WEB "/built/flow/flow.js"
#define CHROMIUM "/usr/bin/chromium"

static const char dist[] = HUFU_WEB "/dist";

static Stand stand;

/* The exit status; -1: a signal ended it. */
static int run(const char *const *words)
{
    int state = 0;
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

#define RUN(...) run((const char *const[]) { __VA_ARGS__, NULL })

static void skip_unless(const char *path, const char *why)
{
    if (access(path, R_OK) == 0) return;
    printf("SKIPPED: no %s: %s\n", path, why);
    exit(SKIPPED);
}

/* The page's folder, with the platform key that hufud cannot have chosen for this test. */
static Status make_page(void)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    REQUIRE(RUN("cp", "-r", dist, stand_path(&stand, "page")) == 0, REFUSED_CONSOLE_FILES);
    TRY(public_key_to_pem(stand.box_key.platform, &pem));
    return file_write(stand_path(&stand, "page/platform.pem"), 0644, span_of_buffer(&pem));
}

static Status serve_page(void)
{
    uint8_t bytes[SETTINGS_BYTES_MAX];
    Buffer settings = BUFFER_OF(bytes);
    const char *file = stand_path(&stand, "hufud.yaml");
    TRY(file_read(file, &settings));
    TRY(buffer_print(&settings, "console_files: %s\n", stand_path(&stand, "page")));
    TRY(file_write(file, 0644, span_of_buffer(&settings)));
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    return stand_start(&stand, STAND_HUFUD);
}

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    skip_unless(HUFU_WEB "/dist/index.html", "web/build makes it");
    skip_unless(DRIVER, "web/build makes it");
    skip_unless(CHROMIUM, "Debian's package chromium");
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(make_page());
    EXPECT_OK(serve_page());
}

static void test_people_at_the_page(void)
{
    char port[8];
    snprintf(port, sizeof(port), "%u", stand.console_port);
    ASSERT(setenv("HUFU_DIRECTORY", stand.folder, 1) == 0);
    ASSERT(setenv("HUFU_PROGRAMS", stand.programs, 1) == 0);
    ASSERT(setenv("HUFU_CONSOLE_PORT", port, 1) == 0);
    ASSERT(setenv("HUFU_CHROMIUM", CHROMIUM, 1) == 0);
    ASSERT(setenv("NODE_EXTRA_CA_CERTS", stand_path(&stand, "run/hufud/ca.pem"), 1) == 0);
    ASSERT(unsetenv("ASAN_OPTIONS") == 0); /* of our programs, not of a browser */
    EXPECT(RUN("node", DRIVER) == 0);
}

/* What was typed into the page is nowhere: neither in files nor in logs. */
static void test_no_secret_rests(void)
{
    EXPECT(!stand_holds(&stand, SPAN("copper lantern 48 orchard")));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void) { stand_close(&stand); }

TESTS(TEST(test_house_opens), TEST(test_people_at_the_page), TEST(test_no_secret_rests),
        TEST(test_house_closes))

#define _GNU_SOURCE
#include "chromium.h"

#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, SETTINGS_BYTES_MAX = 16384 };

int chromium_run(const char *const *words)
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

void chromium_skip_unless(const char *path, const char *why)
{
    if (access(path, R_OK) == 0) return;
    printf("SKIPPED: no %s: %s\n", path, why);
    exit(SKIPPED);
}

static Status copy_page(Stand *stand, const char *dist, const char *name)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    char platform[STAND_PATH_BYTES_MAX];
    snprintf(platform, sizeof(platform), "%s/platform.pem", name);
    REQUIRE(RUN("cp", "-r", dist, stand_path(stand, name)) == 0, REFUSED_CONSOLE_FILES);
    TRY(public_key_to_pem(stand->box_key.platform, &pem));
    return file_write(stand_path(stand, platform), 0644, span_of_buffer(&pem));
}

Status chromium_serve(Stand *stand, const char *dist, const char *name, const char *setting)
{
    uint8_t bytes[SETTINGS_BYTES_MAX];
    Buffer settings = BUFFER_OF(bytes);
    const char *file = stand_path(stand, "hufud.yaml");
    TRY(copy_page(stand, dist, name));
    TRY(file_read(file, &settings));
    TRY(buffer_print(&settings, "%s: %s\n", setting, stand_path(stand, name)));
    TRY(file_write(file, 0644, span_of_buffer(&settings)));
    stand_stop(stand, STAND_HUFUD, SIGTERM, NULL);
    return stand_start(stand, STAND_HUFUD);
}

void chromium_environment(const Stand *stand, uint16_t port)
{
    char text[8];
    snprintf(text, sizeof(text), "%u", port);
    ASSERT(setenv("HUFU_DIRECTORY", stand->folder, 1) == 0);
    ASSERT(setenv("HUFU_PROGRAMS", stand->programs, 1) == 0);
    ASSERT(setenv("HUFU_PAGE_PORT", text, 1) == 0);
    ASSERT(setenv("HUFU_CHROMIUM", CHROMIUM, 1) == 0);
    ASSERT(setenv("NODE_EXTRA_CA_CERTS", stand_path(stand, "run/hufud/ca.pem"), 1) == 0);
    ASSERT(unsetenv("ASAN_OPTIONS") == 0); /* of our programs, not of a browser */
}

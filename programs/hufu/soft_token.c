#define _GNU_SOURCE
#include "soft_token.h"

#include "run_apart.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/secret.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIN_BYTES = 16, PIN_TEXT_BYTES = 2 * PIN_BYTES + 1, SAID_BYTES_MAX = 4096 };

#define TOOL "/usr/bin/softhsm2-util"
#define SETTINGS "custody/softhsm2.conf"
#define TOKENS "token/tokens"

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static void wipe_pin(char (*pin)[PIN_TEXT_BYTES]) { bytes_wipe(*pin, PIN_TEXT_BYTES); }

Status soft_token_module(const char **ret_path)
{
    static const char *const places[] = { "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so" };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], R_OK) != 0) continue;
        *ret_path = places[i];
        return OK;
    }
    fprintf(stderr,
            "hufu: SoftHSM 2 is not installed (apt-get install softhsm2); or name your token:\n"
            "  --module PATH --token LABEL --pin-file FILE\n");
    return REFUSE(REFUSED_HSM_MODULE);
}

Status soft_token_settings(const Layout *l)
{
    uint8_t memory[PATH_BYTES_MAX + 128];
    char path[PATH_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    TRY(buffer_print(&text,
            "directories.tokendir = %s/" TOKENS "\nobjectstore.backend = file\nlog.level = ERROR\n",
            l->directory));
    TRY(file_write(path_in(path, l->directory, SETTINGS), 0644, span_of_buffer(&text)));
    CHECK(setenv("SOFTHSM2_CONF", path, 1) == 0, FAULT_SYSTEM);
    return OK;
}

MUST_USE static Status draw_pin(char ret_pin[PIN_TEXT_BYTES])
{
    const Random random = random_system();
    uint8_t bytes[PIN_BYTES];
    Buffer text = { (uint8_t *)ret_pin, 0, PIN_TEXT_BYTES - 1 };
    TRY(random_fill(&random, bytes, sizeof(bytes)));
    const Status s = hex_encode(SPAN_OF(bytes), &text);
    bytes_wipe(bytes, sizeof(bytes));
    ret_pin[PIN_TEXT_BYTES - 1] = '\0';
    return s;
}

/* In a folder that is vaultd's: a name that somebody put there is not followed. */
MUST_USE static Status write_pin(const Layout *l, const Users *users, const char *pin)
{
    char path[PATH_BYTES_MAX];
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    path_in(path, l->directory, SOFT_TOKEN_PIN);
    CLEANUP(close_fd) int fd = open(path, flags, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    CHECK(write(fd, pin, strlen(pin)) == (ssize_t)strlen(pin), FAULT_DISK);
    if (users->separate) CHECK(fchown(fd, users->vault, users->vault_group) == 0, FAULT_DISK);
    CHECK(fsync(fd) == 0, FAULT_DISK);
    return OK;
}

/* The tool takes PINs from a terminal or its arguments alone. Whoever sees them there may still not
 * read the token's folder, without which they open nothing. */
MUST_USE static Status initialise(const Users *users, const char *pin, const char *officer_pin)
{
    const char *const arguments[] = { TOOL, "--init-token", "--free", "--label", SOFT_TOKEN_LABEL,
        "--so-pin", officer_pin, "--pin", pin, NULL };
    const RunApart run = { .arguments = arguments,
        .input_fd = -1,
        .output_fd = -1,
        .user = RUN_VAULT,
        .with_environment = true };
    uint8_t memory[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(memory);
    int ended = -1;
    TRY(run_apart(users, &run, &said, &ended));
    if (ended == 0) return OK;
    fprintf(stderr, "hufu: " TOOL ": %.*s\n", (int)said.size, (const char *)said.data);
    return REFUSE(REFUSED_HSM_TOKEN);
}

Status soft_token_make(const Layout *l, const Users *users)
{
    CLEANUP(wipe_pin) char pin[PIN_TEXT_BYTES];
    CLEANUP(wipe_pin) char officer_pin[PIN_TEXT_BYTES]; /* kept nowhere: nobody needs it again */
    char path[PATH_BYTES_MAX];
    TRY(layout_remove(l, "token"));
    TRY(users_folders(users, l->directory));
    TRY(draw_pin(pin));
    TRY(draw_pin(officer_pin));
    TRY(write_pin(l, users, pin));
    CHECK(mkdir(path_in(path, l->directory, TOKENS), 0700) == 0, FAULT_DISK);
    if (users->separate) CHECK(lchown(path, users->vault, users->vault_group) == 0, FAULT_DISK);
    return initialise(users, pin, officer_pin);
}

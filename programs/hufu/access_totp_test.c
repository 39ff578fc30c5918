/* Goal: what `hufu access enrol-totp` shows is what an authenticator app makes right codes of, the
 * file holds the same secret for its owner alone, and nothing is written without the right code
 * (LL-4.5.2, TP-4). Method: the real command, with oathtool as the app. */
#include "base/expect.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TEXT_MAX = 16384 }; /* with the picture */

typedef struct Command {
    pid_t pid;
    int in, out;
} Command;

static Command start(const char *const *words)
{
    int in[2];
    int out[2];
    ASSERT(pipe(in) == 0 && pipe(out) == 0);
    fflush(stdout);
    Command c = { .pid = fork(), .in = in[1], .out = out[0] };
    if (c.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    return c;
}

/* What it says up to this text, or to its end. */
static void read_until(const Command *c, const char *stop, char ret_text[TEXT_MAX])
{
    size_t size = 0;
    ret_text[0] = 0;
    while (size + 1 < TEXT_MAX && (stop == NULL || strstr(ret_text, stop) == NULL)) {
        if (read(c->out, ret_text + size, 1) != 1) return;
        ret_text[++size] = 0;
    }
}

static int end(const Command *c)
{
    int status = -1;
    close(c->in);
    close(c->out);
    ASSERT(waitpid(c->pid, &status, 0) == c->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ask_app(const char *secret, char ret_code[TEXT_MAX])
{
    const char *const words[] = { "oathtool", "--totp", "-b", secret, NULL };
    const Command app = start(words);
    read_until(&app, "\n", ret_code);
    ASSERT(end(&app) == 0);
}

static Command enrol(const char *file)
{
    const char *const words[] = { getenv("HUFU_PROGRAM"), "access", "enrol-totp", "li wang", file,
        "--issuer", "A&B", NULL };
    return start(words);
}

static void test_an_app_shows_the_right_codes(void)
{
    char path[EXPECT_PATH_BYTES];
    char shown[TEXT_MAX];
    char secret[33] = "";
    char code[TEXT_MAX];
    char uri[TEXT_MAX];
    struct stat facts;
    unlink(expect_path("totp", path));
    const Command c = enrol(path);
    read_until(&c, "code    ", shown);
    EXPECT(strncmp(shown, "secret  ", 8) == 0 && shown[40] == '\n');
    memcpy(secret, shown + 8, 32);
    snprintf(uri, sizeof(uri),
            "uri     otpauth://totp/A%%26B:li%%20wang?secret=%s&issuer=A%%26B"
            "&algorithm=SHA1&digits=6&period=30\n",
            secret);
    EXPECT(strstr(shown, uri) != NULL);
    ask_app(secret, code);
    EXPECT(write(c.in, code, strlen(code)) == (ssize_t)strlen(code));
    read_until(&c, NULL, shown);
    EXPECT(end(&c) == 0 && strstr(shown, "written ") != NULL);
    EXPECT(stat(path, &facts) == 0 && facts.st_size == 20 && (facts.st_mode & 0777) == 0600);
    const Command again = enrol(path); /* what is there is not overwritten */
    read_until(&again, NULL, shown);
    EXPECT(end(&again) == 1 && shown[0] == 0);
    unlink(path);
}

static void test_nothing_is_written_without_the_right_code(void)
{
    char path[EXPECT_PATH_BYTES];
    char shown[TEXT_MAX];
    unlink(expect_path("totp", path));
    const Command c = enrol(path);
    read_until(&c, "code    ", shown);
    EXPECT(write(c.in, "12345\n\nabcdef\n", 14) == 14);
    read_until(&c, NULL, shown);
    EXPECT(end(&c) == 1);
    EXPECT(access(path, F_OK) != 0);
}

TESTS(TEST(test_an_app_shows_the_right_codes), TEST(test_nothing_is_written_without_the_right_code))

/* Goal: the root key comes from a token, or from custodians who come together, and from nowhere
 * else; a killed vaultd serves again without people, and no wrong try locks a token (TP-10,
 * TP-15). Method: the real programs; SoftHSM 2 as the token; SIGKILL; wrong PINs, tokens, files
 * and shares. Run with the paths of the programs in HUFU_VAULTD, HUFU_KEEPER and HUFU_HUFU. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "ipc/channel.h"
#include "ipc/vault_wire.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 160, ARGUMENTS_MAX = 40, TRIES_MAX = 800, TRY_MS = 25, DEADLINE_MS = 20000 };

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

typedef struct Site {
    char directory[64];
    pid_t pid; /* of vaultd, or of its keeper */
} Site;

static char *path(const Site *s, const char *name, char memory[PATH_BYTES])
{
    snprintf(memory, PATH_BYTES, "%s/%s", s->directory, name);
    return memory;
}

/* --- programs --- */

static pid_t spawn(const char *const *arguments)
{
    const pid_t pid = fork();
    if (pid != 0) return pid;
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
}

/* Exit status, or minus the signal. */
static int wait_for(pid_t pid)
{
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) return 1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* NULL ends the list. */
static int run(const char *program, ...)
{
    const char *arguments[ARGUMENTS_MAX] = { program };
    size_t count = 1;
    va_list list;
    va_start(list, program);
    while (count < ARGUMENTS_MAX - 1 && (arguments[count] = va_arg(list, const char *)) != NULL)
        count++;
    va_end(list);
    return wait_for(spawn(arguments));
}

static const char *hufu(void) { return getenv("HUFU_HUFU"); }

/* --- a site: a directory with vault, token and PIN --- */

static void write_text(const Site *s, const char *name, const char *text, mode_t mode)
{
    char memory[PATH_BYTES];
    FILE *f = fopen(path(s, name, memory), "w");
    ASSERT(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(memory, mode) == 0);
}

static int remove_one(const char *name, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(name);
}

static void site_open(Site *s)
{
    char memory[PATH_BYTES];
    char text[2 * PATH_BYTES];
    *s = (Site) { .pid = 0 };
    snprintf(s->directory, sizeof(s->directory), "/tmp/hufu_custody_XXXXXX");
    ASSERT(mkdtemp(s->directory) != NULL);
    ASSERT(mkdir(path(s, "tokens", memory), 0700) == 0);
    snprintf(text, sizeof(text),
            "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", memory);
    write_text(s, "softhsm2.conf", text, 0600);
    ASSERT(setenv("SOFTHSM2_CONF", path(s, "softhsm2.conf", memory), 1) == 0);
    write_text(s, "pin", "246810\n", 0600);
}

static void site_done(Site *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        wait_for(s->pid);
    }
    nftw(s->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_token(void)
{
    ASSERT(run("softhsm2-util", "--init-token", "--free", "--label", "hufu-test", "--so-pin",
                   "12345678", "--pin", "246810", NULL)
            == 0);
}

static int token_ceremony(const Site *s, const char *pin)
{
    char memory[3][PATH_BYTES];
    return run(hufu(), "key", "ceremony", "--vault", path(s, "vault", memory[0]), "--custody",
            "unattended", "--hsm-module", MODULE, "--hsm-token", "hufu-test", "--hsm-pin-file",
            path(s, pin, memory[1]), "--record", path(s, "record", memory[2]), "--who", "ann",
            "--who", "bob", NULL);
}

typedef struct TokenStart {
    const char *token, *pin, *program;
} TokenStart;

static pid_t start_with_token(const Site *s, const TokenStart *how)
{
    char memory[4][PATH_BYTES];
    const char *arguments[ARGUMENTS_MAX] = { getenv("HUFU_VAULTD"), "--directory",
        path(s, "vault", memory[0]), "--socket", path(s, "hufud", memory[1]), "--operator-socket",
        path(s, "operator", memory[2]), "--custody", "unattended", "--hsm-module", MODULE,
        "--hsm-token", how->token == NULL ? "hufu-test" : how->token, "--hsm-pin-file",
        path(s, how->pin == NULL ? "pin" : how->pin, memory[3]) };
    if (how->program != NULL) {
        arguments[15] = "--hsm-program";
        arguments[16] = how->program;
    }
    return spawn(arguments);
}

/* What vaultd says of its custody, when it answers. */
static Status custody_of(const Site *s, char ret_custody[64])
{
    char memory[PATH_BYTES];
    uint8_t bytes[512];
    Buffer answer = BUFFER_OF(bytes);
    Channel *channel = NULL;
    WireStatus status;
    TRY(channel_connect(path(s, "operator", memory), DEADLINE_MS, &channel));
    Status told = channel_call(channel, VAULT_STATUS, SPAN(""), &answer);
    channel_close(channel);
    TRY(told);
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_status(&c, &status));
    snprintf(ret_custody, 64, "%.*s%s", (int)status.custody.size, (const char *)status.custody.data,
            status.sandboxed ? ", sandboxed" : "");
    return OK;
}

static bool becomes(const Site *s, const char *custody)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        char now[64];
        if (status_ok(custody_of(s, now)) && strcmp(now, custody) == 0) return true;
        poll(NULL, 0, TRY_MS);
    }
    return false;
}

/* --- unattended --- */

static void test_a_token_opens_the_vault(void)
{
    CLEANUP(site_done) Site s;
    site_open(&s);
    make_token();
    EXPECT(token_ceremony(&s, "pin") == 0);
    EXPECT(token_ceremony(&s, "pin") != 0); /* never a second time */
    const TokenStart right = { NULL, NULL, NULL };
    for (int i = 0; i < 3; i++) {
        s.pid = start_with_token(&s, &right);
        EXPECT(becomes(&s, "unattended, sandboxed"));
        kill(s.pid, SIGKILL);
        EXPECT(wait_for(s.pid) == -SIGKILL);
        s.pid = 0;
    }
}

static int start_and_end(const Site *s, const TokenStart *how)
{
    return wait_for(start_with_token(s, how));
}

/* A supervisor starts it again and again with a wrong PIN: the token is asked once. */
static void test_a_wrong_pin_locks_nothing(void)
{
    CLEANUP(site_done) Site s;
    char memory[PATH_BYTES];
    site_open(&s);
    make_token();
    EXPECT(token_ceremony(&s, "pin") == 0);
    write_text(&s, "wrong", "111111\n", 0600);
    const TokenStart wrong = { NULL, "wrong", NULL };
    for (int i = 0; i < 12; i++)
        EXPECT(start_and_end(&s, &wrong) == 1);
    EXPECT(access(path(&s, "vault/hsm.refused", memory), F_OK) == 0);
    /* SoftHSM raises "few tries left" after the first one: people log in once by hand, as told. */
    EXPECT(run("pkcs11-tool", "--module", MODULE, "--token-label", "hufu-test", "--login", "--pin",
                   "246810", "--list-objects", NULL)
            == 0);
    s.pid = start_with_token(&s, &(TokenStart) { NULL, NULL, NULL });
    EXPECT(becomes(&s, "unattended, sandboxed"));
}

static void flip(const Site *s, const char *name, long offset)
{
    char memory[PATH_BYTES];
    FILE *f = fopen(path(s, name, memory), "r+");
    ASSERT(f != NULL && fseek(f, offset, SEEK_SET) == 0);
    const int byte = fgetc(f);
    ASSERT(byte != EOF && fseek(f, offset, SEEK_SET) == 0 && fputc(byte ^ 1, f) != EOF);
    ASSERT(fclose(f) == 0);
}

static void test_what_is_not_the_token(void)
{
    CLEANUP(site_done) Site s;
    char memory[PATH_BYTES];
    site_open(&s);
    make_token();
    EXPECT(token_ceremony(&s, "pin") == 0);
    EXPECT(start_and_end(&s, &(TokenStart) { "another", NULL, NULL }) == 1);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, "missing", NULL }) == 1);
    write_text(&s, "open", "246810\n", 0644);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, "open", NULL }) == 1);
    /* The HSM's process dies, says nothing, or says something else. */
    write_text(&s, "dies", "#!/bin/sh\nkill -9 $$\n", 0700);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, path(&s, "dies", memory) }) == 1);
    write_text(&s, "talks", "#!/bin/sh\necho root >&3\n", 0700);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, path(&s, "talks", memory) }) == 1);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, "/bin/true" }) == 1);
    for (long offset = 0; offset < 65; offset += 16) { /* magic, nonce, cipher, tag */
        flip(&s, "vault/root.wrapped", offset);
        EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, NULL }) == 1);
        flip(&s, "vault/root.wrapped", offset);
    }
    /* A new token of the same name, with the same PIN. */
    nftw(path(&s, "tokens", memory), remove_one, 16, FTW_DEPTH | FTW_PHYS);
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, NULL }) == 1);
    EXPECT(mkdir(path(&s, "tokens", memory), 0700) == 0);
    make_token();
    EXPECT(start_and_end(&s, &(TokenStart) { NULL, NULL, NULL }) == 1);
}

/* --- custodians --- */

static int people_ceremony(const Site *s, const char *vault, const char *prefix)
{
    char memory[5][PATH_BYTES];
    char names[4][16];
    for (int i = 0; i < 3; i++)
        snprintf(names[i], sizeof(names[i]), "%s%d", prefix, i + 1);
    snprintf(names[3], sizeof(names[3]), "%srecord", prefix);
    return run(hufu(), "key", "ceremony", "--vault", path(s, vault, memory[0]), "--custody",
            "custodians", "--needed", "2", "--share", path(s, names[0], memory[1]), "--share",
            path(s, names[1], memory[2]), "--share", path(s, names[2], memory[3]), "--record",
            path(s, names[3], memory[4]), "--who", "ann", NULL);
}

static pid_t start_keeper(const Site *s)
{
    char memory[3][PATH_BYTES];
    const char *const arguments[] = { getenv("HUFU_KEEPER"), getenv("HUFU_VAULTD"), "--directory",
        path(s, "vault", memory[0]), "--socket", path(s, "hufud", memory[1]), "--operator-socket",
        path(s, "operator", memory[2]), "--custody", "custodians", NULL };
    return spawn(arguments);
}

static int hand_in(const Site *s, const char *share)
{
    char memory[2][PATH_BYTES];
    return run(hufu(), "key", "unseal", "--socket", path(s, "operator", memory[0]), "--share",
            path(s, share, memory[1]), NULL);
}

/* vaultd, the keeper's only child. */
static pid_t child_of(pid_t keeper)
{
    char name[64];
    long child = 0;
    snprintf(name, sizeof(name), "/proc/%d/task/%d/children", keeper, keeper);
    FILE *f = fopen(name, "r");
    if (f == NULL) return 0;
    char text[32] = { 0 };
    if (fgets(text, sizeof(text), f) != NULL) child = strtol(text, NULL, 10);
    fclose(f);
    return (pid_t)child;
}

static void spoil_share(const Site *s, const char *from, const char *to)
{
    char memory[PATH_BYTES];
    char text[512] = { 0 };
    FILE *f = fopen(path(s, from, memory), "r");
    ASSERT(f != NULL && fread(text, 1, sizeof(text) - 1, f) > 100 && fclose(f) == 0);
    const size_t at = text[100] > 0x20 ? 100 : 101; /* a digit */
    text[at] = text[at] == '3' ? '8' : '3';
    write_text(s, to, text, 0600);
}

static void test_custodians_open_the_vault_together(void)
{
    CLEANUP(site_done) Site s;
    char memory[PATH_BYTES];
    struct stat facts;
    site_open(&s);
    EXPECT(people_ceremony(&s, "vault", "share") == 0);
    EXPECT(people_ceremony(&s, "other", "foreign") == 0);
    EXPECT(stat(path(&s, "share1", memory), &facts) == 0 && (facts.st_mode & 0777) == 0600);
    spoil_share(&s, "share2", "spoilt");
    s.pid = start_keeper(&s);
    EXPECT(becomes(&s, "custodians, sealed"));
    EXPECT(hand_in(&s, "spoilt") == 1);
    EXPECT(hand_in(&s, "foreign1") == 1);
    EXPECT(hand_in(&s, "share3") == 0);
    EXPECT(hand_in(&s, "share3") == 1); /* one person twice */
    EXPECT(becomes(&s, "custodians, sealed"));
    EXPECT(hand_in(&s, "share1") == 0);
    EXPECT(becomes(&s, "custodians, sandboxed"));
    EXPECT(hand_in(&s, "share2") == 1); /* it is open, and takes no shares */
}

/* A ceremony that vaultd refuses leaves no empty files in the way of the next one. */
static void test_a_refused_ceremony_leaves_no_files(void)
{
    CLEANUP(site_done) Site s;
    char memory[PATH_BYTES];
    site_open(&s);
    EXPECT(people_ceremony(&s, "vault", "share") == 0);
    EXPECT(people_ceremony(&s, "vault", "again") != 0); /* these keys are made */
    EXPECT(access(path(&s, "share1", memory), F_OK) == 0);
    EXPECT(access(path(&s, "again1", memory), F_OK) != 0);
    EXPECT(access(path(&s, "againrecord", memory), F_OK) != 0);
}

static void test_the_keeper_saves_people_a_walk(void)
{
    CLEANUP(site_done) Site s;
    site_open(&s);
    EXPECT(people_ceremony(&s, "vault", "share") == 0);
    s.pid = start_keeper(&s);
    EXPECT(becomes(&s, "custodians, sealed"));
    EXPECT(hand_in(&s, "share1") == 0 && hand_in(&s, "share2") == 0);
    EXPECT(becomes(&s, "custodians, sandboxed"));
    for (int i = 0; i < 3; i++) {
        const pid_t before = child_of(s.pid);
        EXPECT(before > 0 && kill(before, SIGKILL) == 0);
        for (int n = 0; n < TRIES_MAX && kill(before, 0) == 0; n++)
            poll(NULL, 0, TRY_MS);
        EXPECT(becomes(&s, "custodians, sandboxed")); /* nobody handed in anything */
        EXPECT(child_of(s.pid) != before);
    }
    /* The keeper is told to stop: vaultd goes with it, and people are needed again. */
    EXPECT(kill(s.pid, SIGTERM) == 0);
    EXPECT(wait_for(s.pid) == 0);
    s.pid = start_keeper(&s);
    EXPECT(becomes(&s, "custodians, sealed"));
    /* Killed while it waits: the share that was in is forgotten. */
    EXPECT(hand_in(&s, "share1") == 0);
    const pid_t child = child_of(s.pid);
    EXPECT(child > 0 && kill(child, SIGKILL) == 0);
    for (int n = 0; n < TRIES_MAX && child_of(s.pid) == child; n++)
        poll(NULL, 0, TRY_MS);
    EXPECT(becomes(&s, "custodians, sealed"));
    EXPECT(hand_in(&s, "share1") == 0 && hand_in(&s, "share3") == 0);
    EXPECT(becomes(&s, "custodians, sandboxed"));
}

static void test_custody_is_not_changed_by_an_option(void)
{
    CLEANUP(site_done) Site s;
    char memory[3][PATH_BYTES];
    site_open(&s);
    EXPECT(people_ceremony(&s, "vault", "share") == 0);
    EXPECT(run(getenv("HUFU_VAULTD"), "--directory", path(&s, "vault", memory[0]), "--socket",
                   path(&s, "hufud", memory[1]), "--operator-socket",
                   path(&s, "operator", memory[2]), "--development", NULL)
            == 1);
    EXPECT(run(getenv("HUFU_VAULTD"), "--directory", path(&s, "vault", memory[0]), "--socket",
                   path(&s, "hufud", memory[1]), "--operator-socket",
                   path(&s, "operator", memory[2]), NULL)
            == 1);
}

TESTS(TEST(test_a_token_opens_the_vault), TEST(test_a_wrong_pin_locks_nothing),
        TEST(test_what_is_not_the_token), TEST(test_custodians_open_the_vault_together),
        TEST(test_a_refused_ceremony_leaves_no_files), TEST(test_the_keeper_saves_people_a_walk),
        TEST(test_custody_is_not_changed_by_an_option))

/*
 * Goal: whose signatures count changes while the house runs: joiners, movers and leavers by two
 * people's decision, at once, over a killed vaultd; keys rest under a passphrase or in a token
 * (TP-10, TP-15, LL-4.5.2, LL-4.5.3). Method: the real programs; a terminal of one's own for what
 * is typed; SoftHSM's token; the audit log and every file of the house are searched.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "crypto/sign.h"
#include "operator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_MAX = 300, POLL_MS = 50, WORDS_MAX = 32, SAID_BYTES_MAX = 16 * 1024 };

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define ALICE_BOB "--key", "alice", "--key", "bob", "--reason", "as the list of staff says"
#define STAFF_OF_DAN "S-3079112"
#define PASSPHRASE "correct horse battery"
#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN "271828"

static Stand stand;

/* A key in a file, as `hufu` takes it; the public half's file. */
static const char *make_key(const char *name, KeyAlgorithm algorithm)
{
    char file[64];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    ASSERT(status_ok(private_key_generate(algorithm, &key)));
    ASSERT(status_ok(private_key_to_pem(key, &pem)));
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    ASSERT(status_ok(file_write(stand_path(&stand, file), 0600, span_of_buffer(&pem))));
    pem.size = 0;
    ASSERT(status_ok(public_key_to_pem(private_key_public(key), &pem)));
    snprintf(file, sizeof(file), "operators/%s.pem", name);
    ASSERT(status_ok(file_write(stand_path(&stand, file), 0644, span_of_buffer(&pem))));
    return stand_path(&stand, file);
}

static int rotate(const char *first, const char *second)
{
    return HUFU("key", "rotate", "card", "--key", first, "--key", second, "--reason", "a try");
}

/* The same after a start of vaultd, once hufud has shown it the store. */
static int rotate_when_ready(const char *first, const char *second)
{
    int ended = rotate(first, second);
    for (int tries = 0; tries < TRIES_MAX && operator_said(&stand, "VAULT_NOT_READY"); tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        nanosleep(&wait, NULL);
        ended = rotate(first, second);
    }
    return ended;
}

static bool is_refused(int exit_status, const char *refusal)
{
    return operator_ended(exit_status, 1) && operator_says(refusal);
}

/* --- joiners, movers, leavers --- */

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT(operator_ended(HUFU("operator", "list"), 0));
    EXPECT(operator_says("alice") && operator_says("Ed25519") && operator_says("all"));
}

static void test_somebody_joins(void)
{
    char key[STAND_PATH_BYTES_MAX];
    snprintf(key, sizeof(key), "%s", make_key("dan", KEY_P256));
    EXPECT(is_refused(HUFU("operator", "add", "dan", "--public-key", key, "--staff", STAFF_OF_DAN,
                              "--duty", "keys", ALICE_BOB),
            "OPERATOR_PERSON_MISSING"));
    EXPECT(operator_ended(HUFU("operator", "change", "alice", "--staff", "S-1", ALICE_BOB), 0));
    EXPECT(operator_ended(HUFU("operator", "change", "bob", "--staff", "S-2", ALICE_BOB), 0));
    EXPECT(is_refused(rotate("alice", "dan"), "APPROVAL_INVALID"));
    EXPECT(operator_ended(HUFU("operator", "add", "dan", "--public-key", key, "--staff",
                                  STAFF_OF_DAN, "--duty", "keys", ALICE_BOB),
            0));
    EXPECT(operator_ended(rotate("alice", "dan"), 0));
    EXPECT(operator_ended(HUFU("operator", "list"), 0));
    EXPECT(operator_says("P-256") && operator_says("keys"));
    EXPECT(is_refused(HUFU("operator", "remove", "bob", "--key", "alice", "--key", "dan",
                              "--reason", "not my duty"),
            "APPROVAL_DUTY"));
    EXPECT(is_refused(HUFU("operator", "add", "dora", "--public-key", make_key("dora", KEY_SM2),
                              "--staff", "s-3079112", ALICE_BOB),
            "OPERATOR_PERSON_KNOWN"));
    EXPECT(operator_ended(HUFU("operator", "add", "dora", "--public-key", key, "--staff", "S-9",
                                  "--duty", "everything", ALICE_BOB),
            2));
    EXPECT(is_refused(HUFU("operator", "remove", "bob", ALICE_BOB), "OPERATORS_TOO_FEW"));
}

static void test_somebody_leaves(void)
{
    EXPECT(operator_ended(HUFU("operator", "remove", "dan", ALICE_BOB), 0));
    EXPECT(is_refused(rotate("alice", "dan"), "APPROVAL_INVALID"));
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(is_refused(rotate_when_ready("alice", "dan"), "APPROVAL_INVALID"));
    EXPECT(is_refused(
            HUFU("operator", "add", "dan", "--public-key", stand_path(&stand, "operators/dan.pem"),
                    "--staff", STAFF_OF_DAN, ALICE_BOB),
            "OPERATOR_EXISTS"));
    EXPECT(operator_ended(HUFU("operator", "list"), 0));
    EXPECT(operator_says("left 20"));
    EXPECT(operator_ended(rotate("alice", "bob"), 0));
}

/* TP-15: who, whom, by whose signatures and why; and the staff number nowhere. */
static void test_it_stands_in_the_log(void)
{
    EXPECT(stand_logged(&stand, "operator.add/dan"));
    EXPECT(stand_logged(&stand, "operator.remove/dan"));
    EXPECT(stand_logged(&stand, "operator.change/alice"));
    EXPECT(stand_leaves_with(&stand, "as the list of staff says") >= 4);
    EXPECT(!stand_holds(&stand, SPAN(STAFF_OF_DAN)));
}

/* --- a passphrase --- */

static char said[SAID_BYTES_MAX];

__attribute__((noreturn)) static void become_typist(int terminal, const char *const *words)
{
    char program[STAND_PATH_BYTES_MAX + 16];
    const char *arguments[WORDS_MAX + 2] = { program };
    char *name = ptsname(terminal);
    snprintf(program, sizeof(program), "%s/hufu", stand.programs);
    for (size_t i = 0; words[i] != NULL && i < WORDS_MAX; i++)
        arguments[i + 1] = words[i];
    setsid();
    const int own = open(name, O_RDWR); /* becomes the controlling terminal */
    dup2(own, 1);
    dup2(own, 2);
    setenv("HUFU_DIRECTORY", stand.folder, 1);
    execv(program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

/* Run `hufu` at a terminal and type a line at each prompt; its exit status. */
static int type(const char *const *words, const char *const *lines)
{
    size_t size = 0;
    size_t asked = 0;
    int state = 0;
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fflush(NULL);
    const pid_t child = fork();
    ASSERT(child >= 0);
    if (child == 0) become_typist(terminal, words);
    for (;;) {
        const ssize_t n = read(terminal, said + size, sizeof(said) - 1 - size);
        if (n <= 0) break; /* EIO: the last one who had it open is gone */
        size += (size_t)n;
        said[size] = '\0';
        if (size < 2 || strcmp(said + size - 2, ": ") != 0 || lines[asked] == NULL) continue;
        ASSERT(write(terminal, lines[asked], strlen(lines[asked]))
                == (ssize_t)strlen(lines[asked]));
        asked++;
    }
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) { }
    close(terminal);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

#define TYPE(lines, ...) type((const char *const[]) { __VA_ARGS__, NULL }, lines)

static bool is_typed(int exit_status, int wanted, const char *text)
{
    if (exit_status == wanted && strstr(said, text) != NULL) return true;
    fprintf(stderr, "  exit %d, wanted %d and '%s':\n%s\n", exit_status, wanted, text, said);
    return false;
}

static void test_a_key_rests_under_a_passphrase(void)
{
    static const char *const twice[] = { PASSPHRASE "\n", PASSPHRASE "\n", NULL };
    static const char *const differ[] = { PASSPHRASE "\n", "correct horse batterz\n", NULL };
    static const char *const brief[] = { "too short\n", "too short\n", NULL };
    static const char *const once[] = { PASSPHRASE "\n", NULL };
    static const char *const wrong[] = { "incorrect horse battery\n", NULL };
    char folder[STAND_PATH_BYTES_MAX];
    snprintf(folder, sizeof(folder), "%s", stand_path(&stand, "operators"));
    EXPECT(is_typed(
            TYPE(differ, "operator", "key", "fay", "--folder", folder, "--algorithm", "sm2"), 1,
            "KEY_PASSPHRASE"));
    EXPECT(is_typed(
            TYPE(brief, "operator", "key", "fay", "--folder", folder), 1, "KEY_PASSPHRASE"));
    EXPECT(is_typed(TYPE(twice, "operator", "key", "fay", "--folder", folder, "--algorithm", "sm2"),
            0, "made: "));
    EXPECT(strstr(said, PASSPHRASE) == NULL); /* it is not shown */
    EXPECT(operator_ended(
            HUFU("operator", "add", "fay", "--public-key", stand_path(&stand, "operators/fay.pem"),
                    "--staff", "S-4", ALICE_BOB),
            0));
    EXPECT(is_typed(TYPE(once, "key", "rotate", "card", "--key", "alice", "--key", "fay",
                            "--reason", "a try"),
            0, "rotated: card"));
    EXPECT(is_typed(TYPE(wrong, "key", "rotate", "card", "--key", "alice", "--key", "fay",
                            "--reason", "a try"),
            1, "KEY_PASSPHRASE"));
    EXPECT(!stand_holds(&stand, SPAN(PASSPHRASE)));
}

/* --- a token --- */

/* Another program, which says nothing that matters; its exit status. */
static int run(const char *const *words)
{
    int state = 0;
    fflush(NULL);
    const pid_t child = fork();
    ASSERT(child >= 0);
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

#define RUN(...) run((const char *const[]) { __VA_ARGS__, NULL })
#define TOOL "pkcs11-tool", "--module", MODULE, "--token-label", "cards"

/* A token with one key of gil's, made inside. */
static void make_token(const char *type)
{
    char text[STAND_PATH_BYTES_MAX + 128];
    ASSERT(mkdir(stand_path(&stand, "tokens"), 0700) == 0 || errno == EEXIST);
    snprintf(text, sizeof(text), "directories.tokendir = %s\nobjectstore.backend = file\n",
            stand_path(&stand, "tokens"));
    ASSERT(status_ok(file_write(stand_path(&stand, "softhsm2.conf"), 0600, span_of_text(text))));
    ASSERT(status_ok(file_write(stand_path(&stand, "pin"), 0600, SPAN(PIN "\n"))));
    ASSERT(setenv("SOFTHSM2_CONF", stand_path(&stand, "softhsm2.conf"), 1) == 0);
    ASSERT(RUN("softhsm2-util", "--init-token", "--free", "--label", "cards", "--so-pin", "314159",
                   "--pin", PIN)
            == 0);
    ASSERT(RUN(TOOL, "--login", "--pin", PIN, "--keypairgen", "--key-type", type, "--label", "gil",
                   "--id", "01")
            == 0);
    ASSERT(RUN(TOOL, "--read-object", "--type", "pubkey", "--label", "gil", "--output-file",
                   stand_path(&stand, "operators/gil.der"))
            == 0);
    ASSERT(RUN("openssl", "pkey", "-pubin", "-inform", "DER", "-in",
                   stand_path(&stand, "operators/gil.der"), "-out",
                   stand_path(&stand, "operators/gil.pem"))
            == 0);
}

static void test_a_key_stays_in_its_token(void)
{
    char uri[2 * STAND_PATH_BYTES_MAX];
    char asks[STAND_PATH_BYTES_MAX];
    static const char *const pin[] = { PIN "\n", NULL };
    static const char *const wrong[] = { "000000\n", NULL };
    make_token("EC:prime256v1");
    snprintf(asks, sizeof(asks), "pkcs11:token=cards;object=gil?module-path=" MODULE);
    snprintf(uri, sizeof(uri), "%s&pin-source=file:%s", asks, stand_path(&stand, "pin"));
    EXPECT(operator_ended(
            HUFU("operator", "add", "gil", "--public-key", stand_path(&stand, "operators/gil.pem"),
                    "--staff", "S-5", ALICE_BOB),
            0));
    EXPECT(operator_ended(rotate("alice", uri), 0));
    EXPECT_OK(file_write(stand_path(&stand, "operators/gil.key.uri"), 0600, span_of_text(uri)));
    EXPECT(operator_ended(rotate("gil", "bob"), 0));
    EXPECT(is_typed(TYPE(pin, "key", "rotate", "card", "--key", "alice", "--key", asks, "--reason",
                            "a try"),
            0, "rotated: card"));
    EXPECT(strstr(said, PIN) == NULL);
    EXPECT(is_refused(
            rotate("alice", "pkcs11:token=cards;object=eve?module-path=" MODULE "&pin-value=1"),
            "TOKEN_URI"));
    snprintf(uri, sizeof(uri),
            "pkcs11:token=cards;object=eve?module-path=" MODULE "&pin-source=file:%s",
            stand_path(&stand, "pin"));
    EXPECT(is_refused(rotate("alice", uri), "TOKEN_KEY"));
    EXPECT(is_typed(TYPE(wrong, "key", "rotate", "card", "--key", "alice", "--key", asks,
                            "--reason", "a try"),
            1, "HSM_PIN"));
    EXPECT(is_refused(rotate("gil", "bob"), "HSM_PIN_LOW")); /* nobody tries on and locks it */
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_somebody_joins), TEST(test_somebody_leaves),
        TEST(test_it_stands_in_the_log), TEST(test_a_key_rests_under_a_passphrase),
        TEST(test_a_key_stays_in_its_token), TEST(test_house_closes))

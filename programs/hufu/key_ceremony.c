/* hufu key ceremony: make the keys of a new vault before its first start, give the root into
 * custody, and keep a signed record of it. vaultd does it (it alone has keys); this opens the
 * files in which the custodians want their shares, so that each is written where its owner said
 * and nowhere else. */
#define _GNU_SOURCE
#include "command.h"
#include "layout.h"

#include "audit/checkpoint.h"
#include "crypto/signed_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 80, NUMBERS_MAX = OPTION_VALUES_MAX + 2, RECORD_BYTES_MAX = 20000 };

typedef struct Ceremony {
    const char *vault, *custody, *suite, *record, *verify, *keys;
    const char *module, *token, *pin_file;
    bool development;
    int64_t needed;
    OptionList shares, who;
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    char numbers[NUMBERS_MAX][24];
    size_t number_count;
    char program[PATH_BYTES_MAX];
} Ceremony;

static void add(Ceremony *c, const char *name, const char *value)
{
    if (value == NULL || c->argument_count + 3 > ARGUMENTS_MAX) return;
    c->arguments[c->argument_count++] = name;
    c->arguments[c->argument_count++] = value;
}

static void add_number(Ceremony *c, const char *name, int64_t number)
{
    char *text = c->numbers[c->number_count++];
    snprintf(text, sizeof(c->numbers[0]), "%lld", (long long)number);
    add(c, name, text);
}

/* A new file of its own, mode 0600; "-" is this terminal, shown once. Inherited by vaultd. */
MUST_USE static Status open_new(const char *path, int *ret_fd)
{
    *ret_fd = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
                                     : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (*ret_fd < 0) fprintf(stderr, "hufu key ceremony: %s: must be a new file\n", path);
    CHECK(*ret_fd >= 0, FAULT_DISK);
    return OK;
}

MUST_USE static Status describe(Ceremony *c)
{
    int fd = -1;
    Layout layout;
    TRY(layout_find(".", &layout));
    c->arguments[c->argument_count++] = path_in(c->program, layout.programs, "vaultd");
    c->arguments[c->argument_count++] = "--ceremony";
    if (c->development) c->arguments[c->argument_count++] = "--development";
    add(c, "--directory", c->vault);
    add(c, "--custody", c->custody);
    add(c, "--suite", c->suite);
    add(c, "--hsm-module", c->module);
    add(c, "--hsm-token", c->token);
    add(c, "--hsm-pin-file", c->pin_file);
    for (size_t i = 0; i < c->who.count; i++)
        add(c, "--who", c->who.values[i]);
    if (c->needed > 0) add_number(c, "--needed", c->needed);
    for (size_t i = 0; i < c->shares.count; i++) {
        TRY(open_new(c->shares.values[i], &fd));
        add_number(c, "--share-fd", fd);
    }
    TRY(open_new(c->record, &fd));
    add_number(c, "--record-fd", fd);
    return OK;
}

MUST_USE static Status run(Ceremony *c)
{
    int state = 0;
    CHECK(mkdir(c->vault, 0700) == 0 || access(c->vault, F_OK) == 0, FAULT_DISK);
    TRY(describe(c));
    const pid_t child = fork();
    if (child == 0) {
        execv(c->program, (char *const *)(uintptr_t)c->arguments);
        _exit(127);
    }
    CHECK(child > 0 && waitpid(child, &state, 0) == child, FAULT_SYSTEM);
    /* vaultd has said why. */
    CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0, FAULT_VAULT);
    return OK;
}

static void print_forms(const Ceremony *c)
{
    for (size_t i = 0; i < c->shares.count; i++)
        printf("\nCustodian form %zu of %zu, for the record %s\n"
               "  I have received share %zu. I keep it apart from the others, show it to nobody, "
               "and\n"
               "  hand it in when the vault is opened. %lld custodians are needed.\n"
               "  name ______________________  date ____________  signature "
               "______________________\n",
                i + 1, c->shares.count, c->record, i + 1, (long long)c->needed);
}

/* --- verify --- */

MUST_USE static Status find_key(
        const AuditKeys *keys, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (public_key_algorithm(keys->keys[i]) != algorithm) continue;
        *ret_key = keys->keys[i];
        return OK;
    }
    return REFUSE(REFUSED_CEREMONY_RECORD);
}

/* Certificates of destruction are signed in the same way, and verified here too. */
MUST_USE static Status verify(const Ceremony *c)
{
    static uint8_t pem_memory[RECORD_BYTES_MAX];
    static uint8_t record_memory[RECORD_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_memory);
    Buffer record = BUFFER_OF(record_memory);
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    const PublicKey *ed25519 = NULL;
    const PublicKey *sm2 = NULL;
    Span text;
    TRY(file_read(c->keys, &pem));
    TRY(file_read(c->verify, &record));
    TRY(audit_keys_parse(span_of_buffer(&pem), &keys));
    TRY(find_key(&keys, KEY_ED25519, &ed25519));
    TRY(find_key(&keys, KEY_SM2, &sm2));
    const Status s = signed_text_verify(ed25519, sm2, span_of_buffer(&record), &text);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_CEREMONY_RECORD);
    fwrite(text.data, 1, text.size, stdout);
    printf("verified: both signatures are of these keys\n");
    return OK;
}

static bool is_complete(const Ceremony *c)
{
    if (c->verify != NULL) {
        if (c->keys != NULL) return true;
        fprintf(stderr, "hufu key ceremony: --verify needs --keys\n");
        return false;
    }
    if (c->vault != NULL && c->custody != NULL && c->record != NULL && c->who.count > 0)
        return true;
    fprintf(stderr,
            "hufu key ceremony: --vault, --custody, --record and --who are needed\n"
            "See `hufu key ceremony --help`.\n");
    return false;
}

int command_key_ceremony(int argc, char **argv)
{
    Ceremony c = { 0 };
    const Option options[] = {
        { "--vault", OPTION_TEXT, "DIR", "the new vault's directory", &c.vault, 0, 0 },
        { "--custody", OPTION_TEXT, "NAME", "development, unattended or custodians", &c.custody, 0,
                0 },
        { "--record", OPTION_TEXT, "FILE", "where the signed record is kept; a new file", &c.record,
                0, 0 },
        { "--who", OPTION_LIST, "NAME", "who takes part; once for each", &c.who, 0, 0 },
        { "--needed", OPTION_NUMBER, "K", "custodians: how many must come", &c.needed, 2, 16 },
        { "--share", OPTION_LIST, "FILE",
                "custodians: a new file for one share; - shows it here, once", &c.shares, 0, 0 },
        { "--hsm-module", OPTION_TEXT, "PATH", "unattended: the PKCS#11 library", &c.module, 0, 0 },
        { "--hsm-token", OPTION_TEXT, "LABEL", "unattended: the token", &c.token, 0, 0 },
        { "--hsm-pin-file", OPTION_TEXT, "FILE", "unattended: its PIN, mode 0600", &c.pin_file, 0,
                0 },
        { "--suite", OPTION_TEXT, "SUITE", "intl or sm [intl]", &c.suite, 0, 0 },
        { "--development", OPTION_FLAG, NULL, "yes, a root key in a file", &c.development, 0, 0 },
        { "--verify", OPTION_TEXT, "FILE",
                "check a record, or a certificate of destruction, instead", &c.verify, 0, 0 },
        { "--keys", OPTION_TEXT, "FILE", "public keys (PEM) as the auditor has them", &c.keys, 0,
                0 },
    };
    const Usage usage = { "hufu key ceremony",
        "Make the keys of a new vault, give its root into custody and keep a signed record; or "
        "check\n"
        "such a record.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&c)) return EXIT_USAGE;
    const Status s = c.verify != NULL ? verify(&c) : run(&c);
    if (!status_ok(s)) return command_failed("key ceremony", s);
    if (c.verify == NULL) {
        printf("the keys are made; the record is %s\n", c.record);
        print_forms(&c);
    }
    return EXIT_DONE;
}

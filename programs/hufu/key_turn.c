/* hufu key turn-root: with the house stopped, put the vault under a new root, in the custody that
 * two operators sign for. vaultd does it (it alone has keys). */
#define _GNU_SOURCE
#include "ceremony.h"
#include "layout.h"
#include "together.h"
#include "vault_custody.h"

#include <fcntl.h>
#include <unistd.h>

enum { SUBJECT_BYTES_MAX = 128, ACT_BYTES_MAX = 8192 };

typedef struct KeyTurn {
    Together together;
    const char *custody;
    Layout layout;
    Users users;
    VaultCustody before;
    char subject[SUBJECT_BYTES_MAX]; /* what is signed: the new custody */
    char vault[PATH_BYTES_MAX];
    char socket[PATH_BYTES_MAX];
    CeremonyTurn turn;
    Ceremony ceremony;
} KeyTurn;

static void turn_done(KeyTurn *t)
{
    if (t->turn.approvals_fd >= 0) close(t->turn.approvals_fd);
    layout_close(&t->layout);
}

/* --- the new custody --- */

static bool says(const char *what)
{
    fprintf(stderr, "hufu key turn-root: %s\nSee `hufu key turn-root --help`.\n", what);
    return false;
}

static bool is_complete(KeyTurn *t)
{
    const Ceremony *c = &t->ceremony;
    const bool has_token = c->module != NULL && c->token != NULL && c->pin_file != NULL;
    if (t->custody == NULL || c->record == NULL) return says("--custody and --record are needed");
    if (strcmp(t->custody, "hsm") == 0 && !has_token)
        return says("--module, --token and --pin-file are needed for --custody hsm");
    if (strcmp(t->custody, "custodians") == 0
            && (c->needed < 2 || c->shares.count < (size_t)c->needed))
        return says("--needed K goes with at least K times --share FILE");
    return together_is_whole(&t->together, "key turn-root", TOGETHER_REASON_BYTES_MAX);
}

/* As vaultd calls it, and as it will read what was signed (vaultd's turn_mode.h). */
MUST_USE static Status name_custody(KeyTurn *t)
{
    Ceremony *c = &t->ceremony;
    Custody kind = CUSTODY_DEVELOPMENT;
    TRY(vault_custody_parse(t->custody, &kind));
    c->custody = vault_custody_name(kind);
    int size = 0;
    if (kind == CUSTODY_UNATTENDED)
        size = snprintf(t->subject, SUBJECT_BYTES_MAX, "%s/%s", c->custody, c->token);
    else if (kind == CUSTODY_CUSTODIANS)
        size = snprintf(t->subject, SUBJECT_BYTES_MAX, "%s/%lld/%zu", c->custody,
                (long long)c->needed, c->shares.count);
    else
        size = snprintf(t->subject, SUBJECT_BYTES_MAX, "%s", c->custody);
    REQUIRE(size < SUBJECT_BYTES_MAX, REFUSED_HSM_TOKEN);
    return OK;
}

/* --- the two people --- */

/* A pipe holds it all: nobody has to wait for a reader. */
MUST_USE static Status hand_over(KeyTurn *t, Span act)
{
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0, FAULT_SYSTEM);
    t->turn.approvals_fd = ends[0];
    const ssize_t written = write(ends[1], act.data, act.size);
    close(ends[1]);
    CHECK(written == (ssize_t)act.size, FAULT_SYSTEM);
    return OK;
}

MUST_USE static Status approve(KeyTurn *t)
{
    uint8_t memory[ACT_BYTES_MAX];
    Buffer act = BUFFER_OF(memory);
    TRY(together_approve(&t->together, SPAN("turn-root"), span_of_text(t->subject), &act));
    return hand_over(t, span_of_buffer(&act));
}

/* --- the turn --- */

static void describe(KeyTurn *t)
{
    const bool has_token = t->before.kind == CUSTODY_UNATTENDED;
    t->turn.custody = vault_custody_name(t->before.kind);
    t->turn.module = has_token ? t->before.module : NULL;
    t->turn.token = has_token ? t->before.token : NULL;
    t->turn.pin_file = has_token ? t->before.pin_file : NULL;
    t->turn.operator_socket = path_in(t->socket, t->layout.directory, PATH_OPERATOR_SOCKET);
    t->turn.operator_uid = getuid();
    t->ceremony.vault = path_in(t->vault, t->layout.directory, "vault");
    t->ceremony.development =
            t->before.kind == CUSTODY_DEVELOPMENT || strcmp(t->custody, "development") == 0;
    t->ceremony.turn = &t->turn;
    if (t->before.kind != CUSTODY_CUSTODIANS) return;
    printf("vaultd waits for its custodians of until now: each hands in a share with\n"
           "  hufu key unseal --directory %s --share FILE\n",
            t->layout.directory);
}

MUST_USE static Status turn(KeyTurn *t)
{
    TRY(layout_lock(t->together.directory, &t->layout));
    TRY(users_find(t->layout.directory, &t->users));
    TRY(users_folders(&t->users, t->layout.directory));
    TRY(vault_custody_find(&t->layout, &t->before));
    REQUIRE(!t->before.is_new, REFUSED_CUSTODY_FILE);
    TRY(name_custody(t));
    TRY(approve(t));
    describe(t);
    TRY(ceremony_hold(&t->ceremony, t->layout.programs, &t->users));
    if (t->ceremony.module == NULL) return OK;
    return vault_custody_keep_token(
            &t->layout, t->ceremony.module, t->ceremony.token, t->ceremony.pin_file);
}

static void tell(const KeyTurn *t)
{
    printf("the root is turned: %s custody before, %s custody now; the record is %s\n",
            vault_custody_word(t->before.kind), t->custody, t->ceremony.record);
    if (t->before.kind == CUSTODY_CUSTODIANS)
        printf("the shares of before open nothing here: have them destroyed, with all copies of "
               "the vault's folder\n");
    ceremony_print_forms(&t->ceremony);
}

int command_key_turn_root(int argc, char **argv)
{
    KeyTurn t = { .together = { .directory = directory_default() },
        .layout = { .lock_fd = -1 },
        .turn = { .approvals_fd = -1 } };
    Ceremony *c = &t.ceremony;
    const Option options[] = {
        { "--custody", OPTION_TEXT, "NAME", "of the new root: development, hsm or custodians",
                &t.custody, 0, 0 },
        TOGETHER_SIGN_OPTIONS(t.together),
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &t.together.reason, 0,
                0 },
        { "--record", OPTION_TEXT, "FILE", "where the signed record is kept; a new file",
                &c->record, 0, 0 },
        { "--who", OPTION_LIST, "NAME", "who else takes part; once for each", &c->who, 0, 0 },
        { "--needed", OPTION_NUMBER, "K", "custodians: how many must come", &c->needed, 2, 16 },
        { "--share", OPTION_LIST, "FILE",
                "custodians: a new file for one share; - shows it here, once", &c->shares, 0, 0 },
        { "--module", OPTION_TEXT, "PATH", "hsm: the PKCS#11 library", &c->module, 0, 0 },
        { "--token", OPTION_TEXT, "LABEL", "hsm: the token", &c->token, 0, 0 },
        { "--pin-file", OPTION_TEXT, "FILE", "hsm: its PIN, mode 0600", &c->pin_file, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the stopped system [var]", &t.together.directory,
                0, 0 },
    };
    const Usage usage = { "hufu key turn-root",
        "With the house stopped: make a new root key, in the same custody or another, and put the\n"
        "whole vault under it; two enrolled operators sign. The old root comes by its own custody\n"
        "(its custodians hand in their shares) and opens nothing afterwards. A power cut leaves\n"
        "the old root or the new one.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&t)) return EXIT_USAGE;
    const Status s = turn(&t);
    if (status_ok(s)) tell(&t);
    turn_done(&t);
    return status_ok(s) ? EXIT_DONE : command_failed("key turn-root", s);
}

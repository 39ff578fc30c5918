/* hufu approval: what two people sign, carried by hand between their machines (TP-15, LL-4.5.2). */
#include "as.h"
#include "together.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/time.h"

#include <stdlib.h>
#include <unistd.h>

enum { WORDS_MAX = 128, ANSWER_BYTES_MAX = 16 };

/* --- request, check: another command says what it would have signed --- */

/* Run `words` with --request `file`. */
static int ask_command(const char *file, int count, char **words)
{
    char name[] = "hufu";
    char option[] = "--request";
    char path[PATH_BYTES_MAX];
    char *argv[WORDS_MAX + 4] = { name };
    if (count > WORDS_MAX || snprintf(path, sizeof(path), "%s", file) >= (int)sizeof(path))
        return EXIT_USAGE;
    for (int i = 0; i < count; i++)
        argv[i + 1] = words[i];
    argv[count + 1] = option;
    argv[count + 2] = path;
    return command_run(count + 3, argv);
}

static bool is_asked_rightly(
        const char *command, const char *about, int argc, char **argv, int *ret_exit)
{
    const bool help = argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0);
    *ret_exit = help ? EXIT_DONE : EXIT_USAGE;
    if (help || argc < 2 || argv[0][0] == '-')
        fprintf(help ? stdout : stderr, "usage: hufu approval %s FILE COMMAND [OPTIONS]\n\n%s\n",
                command, about);
    return !help && argc >= 2 && argv[0][0] != '-';
}

int command_approval_request(int argc, char **argv)
{
    int exit_status = EXIT_DONE;
    const char *about =
            "Write to FILE what the command would have two people sign, and do nothing else:\n"
            "  hufu approval request hold.txt subject hold p17 --authority court ... --reason "
            "TEXT\n"
            "Each of them signs it where their key is, with `hufu approval sign`. Then the same\n"
            "command is given the file instead of keys: --approval hold.txt. It is good for 12 "
            "hours.";
    if (!is_asked_rightly("request", about, argc, argv, &exit_status)) return exit_status;
    return ask_command(argv[0], argc - 1, argv + 1);
}

/* --- the file --- */

MUST_USE static Status read_file(const char *path, ApprovalFile *ret_file)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX + 1]; /* file_read() wants to see the end */
    Buffer text = BUFFER_OF(memory);
    TRY(file_read(path, &text));
    return approval_file_read(span_of_buffer(&text), ret_file);
}

MUST_USE static Status show_act(const ApprovalAct *act)
{
    uint8_t memory[2 * APPROVAL_FILE_SUBJECT_BYTES_MAX + 64];
    Buffer text = BUFFER_OF(memory);
    TRY(approval_act_put_subject(act, &text));
    printf("  operation  %s\n  subject    %.*s\n  reason     %s\n", act->operation, (int)text.size,
            (const char *)text.data, act->reason);
    text.size = 0;
    TRY(time_format(act->expires_us, &text));
    printf("  expires    %.*s\n", (int)text.size, (const char *)text.data);
    for (size_t i = 0; i < act->signer_count; i++)
        printf("  signed     %s\n", act->signers[i].name);
    printf("\n");
    return OK;
}

MUST_USE static Status show_file(const ApprovalFile *file)
{
    for (size_t i = 0; i < file->act_count; i++)
        TRY(show_act(&file->acts[i]));
    return OK;
}

int command_approval_show(int argc, char **argv)
{
    const char *path = NULL;
    ApprovalFile file = { .act_count = 0 };
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu approval request` wrote", &path, 0, 0 },
    };
    const Usage usage = { "hufu approval show",
        "Show what a file asks two people to sign, and who says to have signed. Whether a\n"
        "signature is right is known to the house alone, where the keys are enrolled.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Status s = read_file(path, &file);
    if (status_ok(s)) s = show_file(&file);
    return status_ok(s) ? EXIT_DONE : command_failed("approval show", s);
}

/* --- check --- */

/* Every act of the file is one that the command would have asked for. */
MUST_USE static Status compare(const ApprovalFile *file, const ApprovalFile *wanted)
{
    REQUIRE(file->act_count == wanted->act_count, REFUSED_APPROVAL_FILE_OTHER);
    for (size_t i = 0; i < file->act_count; i++) {
        const ApprovalAct *same = NULL;
        const WireApproval act = approval_act_wanted(&file->acts[i]);
        TRY(approval_file_find(wanted, act.operation, act.subject, 0, &same));
        REQUIRE(strcmp(same->reason, file->acts[i].reason) == 0, REFUSED_APPROVAL_REASON);
    }
    return OK;
}

int command_approval_check(int argc, char **argv)
{
    char path[PATH_BYTES_MAX];
    int exit_status = EXIT_DONE;
    ApprovalFile file = { .act_count = 0 };
    ApprovalFile wanted = { .act_count = 0 };
    const char *about =
            "A subject may be a SHA-256, which says nothing to people. This runs the command once\n"
            "more, in the words that somebody wants signed, and says whether the file is what it\n"
            "would ask for; nothing is done.";
    if (!is_asked_rightly("check", about, argc, argv, &exit_status)) return exit_status;
    if (snprintf(path, sizeof(path), "%s.own", argv[0]) >= (int)sizeof(path)) return EXIT_USAGE;
    Status s = read_file(argv[0], &file);
    if (!status_ok(s)) return command_failed("approval check", s);
    exit_status = ask_command(path, argc - 1, argv + 1);
    if (exit_status != EXIT_DONE) return exit_status;
    s = read_file(path, &wanted);
    unlink(path);
    if (status_ok(s)) s = compare(&file, &wanted);
    if (!status_ok(s)) return command_failed("approval check", s);
    printf("the file is what this command asks for\n");
    return EXIT_DONE;
}

/* --- sign --- */

/* A person answers; whoever cannot say yes here does not sign. */
static bool says_yes(const char *name)
{
    char answer[ANSWER_BYTES_MAX] = "";
    printf("Sign this as %s? Write yes: ", name);
    fflush(stdout);
    const bool read = fgets(answer, sizeof(answer), stdin) != NULL;
    printf("\n");
    return read && strcmp(answer, "yes\n") == 0;
}

MUST_USE static Status sign_act(Person *person, ApprovalAct *act)
{
    const Clock clock = clock_system();
    WireApproval approval = approval_act_wanted(act);
    TRY(person_sign(person, &approval));
    return approval_act_sign(act, &approval, clock_now_us(&clock));
}

MUST_USE static Status sign_file(
        const char *path, const char *directory, const char *as, bool *ret_signed)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    ApprovalFile file = { .act_count = 0 };
    CLEANUP(person_free) Person person = { 0 };
    TRY(read_file(path, &file));
    TRY(show_file(&file));
    TRY(person_load(directory, as, &person));
    *ret_signed = says_yes(person.name);
    if (!*ret_signed) return OK;
    for (size_t i = 0; i < file.act_count; i++)
        TRY(sign_act(&person, &file.acts[i]));
    TRY(approval_file_write(&file, &text));
    return file_write(path, 0644, span_of_buffer(&text));
}

int command_approval_sign(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *path = NULL;
    const char *as = NULL;
    char name[PEOPLE_NAME_BYTES_MAX + 1];
    bool is_signed = false;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu approval request` wrote", &path, 0, 0 },
        { "--key", OPTION_TEXT, "OPERATOR",
                "a name in DIR/operators/, or a path to NAME.key.pem [--as NAME]", &as, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "where operators/ lies [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu approval sign",
        "Show what the file asks for, ask, and add your own signature to it. Needs no running\n"
        "system: only the file and your key. `hufu approval check` tells what a SHA-256 stands "
        "for.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Status s = as != NULL ? OK : as_name(directory, name);
    if (status_ok(s)) s = sign_file(path, directory, as != NULL ? as : name, &is_signed);
    if (!status_ok(s)) return command_failed("approval sign", s);
    printf(is_signed ? "signed: %s\n" : "not signed: %s\n", path);
    return is_signed ? EXIT_DONE : EXIT_FAILED;
}

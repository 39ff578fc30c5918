/* hufu settlement list, request, submit, confirm, fail: what merchants are paid out
 * (docs/merchants.md). */
#include "admin_client.h"
#include "command.h"

typedef struct Words {
    const char *directory;
    const char *id;
    const char *mchid;
    const char *state;
    int64_t skip;
} Words;

static int ask(const char *operation, const char *what, const Words *words)
{
    const AdminWord said[] = { { "id", JSON_TEXT, words->id, 0 },
        { "mchid", JSON_TEXT, words->mchid, 0 }, { "state", JSON_TEXT, words->state, 0 },
        { "skip", JSON_INT, NULL, words->skip } };
    const bool lists = words->id == NULL && words->mchid == NULL;
    return admin_show_words(words->directory, what, operation, said, lists ? 4 : 3);
}

int command_settlement_list(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "--state", OPTION_TEXT, "STATE", "DUE, SUBMITTED, PAID or FAILED alone [all]",
                &words.state, 0, 0 },
        { "--skip", OPTION_NUMBER, "N", "behind the first N [0]", &words.skip, 0, 1000000 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu settlement list",
        "What merchants are paid out, the last ones first: 64 a page.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask("settlement.list", "settlement list", &words);
}

int command_settlement_request(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &words.mchid, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu settlement request",
        "Settle what a merchant has now, where his terms say D+0.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.mchid == NULL) return options_missing(&usage, "--mchid is required");
    return ask("settlement.request", "settlement request", &words);
}

static int move(const char *name, const char *help, const char *operation, int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "ID", OPTION_TEXT, NULL, "its id: `hufu settlement list`", &words.id, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { name, help, options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.id == NULL) return options_missing(&usage, "the id is required");
    return ask(operation, name + sizeof("hufu"), &words);
}

int command_settlement_submit(int argc, char **argv)
{
    return move("hufu settlement submit", "The order to pay it out was given to the bank.",
            "settlement.submit", argc, argv);
}

int command_settlement_confirm(int argc, char **argv)
{
    return move("hufu settlement confirm",
            "The bank has paid it out; somebody else approves it. It stays so.",
            "settlement.confirm", argc, argv);
}

int command_settlement_fail(int argc, char **argv)
{
    return move("hufu settlement fail",
            "The bank has not paid it out, and will not: the merchant has it again; somebody else\n"
            "approves it.",
            "settlement.fail", argc, argv);
}

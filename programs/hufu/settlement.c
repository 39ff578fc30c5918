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

MUST_USE static Status put_words(const char *operation, const Words *words, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    if (words->id != NULL) json_key_text(&w, "id", span_of_text(words->id));
    if (words->mchid != NULL) json_key_text(&w, "mchid", span_of_text(words->mchid));
    if (words->state != NULL) json_key_text(&w, "state", span_of_text(words->state));
    if (words->skip > 0) json_key_int(&w, "skip", words->skip);
    json_close(&w);
    return json_finish(&w);
}

static int ask(const char *operation, const char *what, const Words *words)
{
    uint8_t memory[512];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_words(operation, words, &request);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(words->directory, what, span_of_buffer(&request));
}

static int missing(const Usage *usage, const char *needs)
{
    fprintf(stderr, "%s: %s\nSee `%s --help`.\n", usage->name, needs, usage->name);
    return EXIT_USAGE;
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
    if (words.mchid == NULL) return missing(&usage, "--mchid is required");
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
    if (words.id == NULL) return missing(&usage, "the id is required");
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

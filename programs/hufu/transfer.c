/* hufu transfer list, show: payers' transfers, as the institution's people see them
 * (docs/transfers.md). */
#include "admin_client.h"
#include "command.h"

typedef struct Words {
    const char *directory;
    const char *payer;
    const char *number;
    int64_t skip;
} Words;

MUST_USE static Status put_words(const char *operation, const Words *words, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_key_text(&w, "payer_id", span_of_text(words->payer));
    if (words->number != NULL) json_key_text(&w, "out_transfer_no", span_of_text(words->number));
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

int command_transfer_list(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "--payer", OPTION_TEXT, "ID", "who transfers (required)", &words.payer, 0, 0 },
        { "--skip", OPTION_NUMBER, "N", "behind the first N [0]", &words.skip, 0, 1000000 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu transfer list",
        "What a payer transfers to others, the last ones first: 64 a page.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.payer == NULL) return missing(&usage, "--payer is required");
    return ask("transfer.list", "transfer list", &words);
}

int command_transfer_show(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "NUMBER", OPTION_TEXT, NULL, "of the payer's own choosing (required)", &words.number, 0,
                0 },
        { "--payer", OPTION_TEXT, "ID", "who transfers (required)", &words.payer, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu transfer show", "One transfer of a payer.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.payer == NULL || words.number == NULL)
        return missing(&usage, "the number and --payer are required");
    return ask("transfer.show", "transfer show", &words);
}

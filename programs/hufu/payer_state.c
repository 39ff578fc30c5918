/* hufu payer show, stop, resume, confirm: a payer's account, as the institution's people see it
 * (docs/payments.md). */
#include "admin_client.h"
#include "command.h"

enum { CHANNELS_MAX = 99 };

typedef struct Words {
    const char *directory;
    const char *payer;
    const char *reason;
    int64_t channels;
    bool met;
} Words;

#define PAYER_OPTION(words)                                                           \
    {                                                                                 \
        "PAYER", OPTION_TEXT, NULL, "the payer's id (required)", &(words).payer, 0, 0 \
    }
#define REASON_OPTION(words)                                                                   \
    {                                                                                          \
        "--reason", OPTION_TEXT, "TEXT", "for the audit log (required)", &(words).reason, 0, 0 \
    }
#define DIRECTORY_OPTION(words)                                                                    \
    {                                                                                              \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(words).directory, 0, 0 \
    }

MUST_USE static Status put_words(
        const char *operation, const Words *words, bool confirms, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_key_text(&w, "payer_id", span_of_text(words->payer));
    if (words->reason != NULL) json_key_text(&w, "reason", span_of_text(words->reason));
    if (confirms) json_key_int(&w, "channels", words->channels);
    if (confirms) json_key_bool(&w, "face_to_face", words->met);
    json_close(&w);
    return json_finish(&w);
}

static int ask(const Usage *usage, const char *operation, const Words *words, bool confirms)
{
    uint8_t memory[1024];
    Buffer request = BUFFER_OF(memory);
    const bool looks = strcmp(operation, "payer.show") == 0;
    if (words->payer == NULL || (words->reason == NULL && !looks)) {
        fprintf(stderr, "%s: the payer%s required\nSee `%s --help`.\n", usage->name,
                looks ? " is" : " and --reason are", usage->name);
        return EXIT_USAGE;
    }
    const Status s = put_words(operation, words, confirms, &request);
    if (!status_ok(s)) return command_failed(usage->name, s);
    return admin_show(words->directory, usage->name, span_of_buffer(&request));
}

int command_payer_show(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { PAYER_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu payer show", "The class and state of a payer's account.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(&usage, "payer.show", &words, false);
}

int command_payer_stop(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { PAYER_OPTION(words), REASON_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu payer stop",
        "Emergency stop: nothing goes out of the account from now on, nor what is held. One "
        "person\n"
        "does it; two lift it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(&usage, "payer.stop", &words, false);
}

int command_payer_resume(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { PAYER_OPTION(words), REASON_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu payer resume", "Lift an emergency stop; somebody else approves it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(&usage, "payer.resume", &words, false);
}

int command_payer_confirm(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        PAYER_OPTION(words),
        { "--channels", OPTION_NUMBER, "N", "independent ones that confirmed who it is [0]",
                &words.channels, 0, CHANNELS_MAX },
        { "--met", OPTION_FLAG, NULL, "face to face", &words.met, 0, 0 },
        REASON_OPTION(words),
        DIRECTORY_OPTION(words),
    };
    const Usage usage = { "hufu payer confirm",
        "Who the payer is was confirmed anew: sets the account's class (rules/accounts.yaml), and\n"
        "wakes one that was never used. Somebody else approves it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(&usage, "payer.confirm", &words, true);
}

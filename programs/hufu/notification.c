/* hufu notification list, resend: what merchants were not told (docs/notifications.md). */
#include "admin_client.h"
#include "command.h"

typedef struct Words {
    const char *directory;
    const char *id;
    bool waiting;
    int64_t skip;
} Words;

MUST_USE static Status put_words(const char *operation, const Words *words, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    if (words->id != NULL) json_key_text(&w, "id", span_of_text(words->id));
    if (words->waiting) json_key_text(&w, "state", SPAN("WAITING"));
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

int command_notification_list(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "--waiting", OPTION_FLAG, NULL, "those on their way instead, the longest due first",
                &words.waiting, 0, 0 },
        { "--skip", OPTION_NUMBER, "N", "behind the first N [0]", &words.skip, 0, 1000000 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu notification list",
        "Notifications that were given up, the last ones first: 64 a page.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask("notification.list", "notification list", &words);
}

int command_notification_resend(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "ID", OPTION_TEXT, NULL, "its id: `hufu notification list`", &words.id, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu notification resend",
        "Tell a merchant again, under the same id and from the start of the schedule.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.id == NULL) {
        fprintf(stderr,
                "hufu notification resend: the id is required\n"
                "See `hufu notification resend --help`.\n");
        return EXIT_USAGE;
    }
    return ask("notification.resend", "notification resend", &words);
}

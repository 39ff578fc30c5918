/* hufu notification list, resend: what merchants were not told (docs/notifications.md). */
#include "admin_client.h"
#include "command.h"

typedef struct Words {
    const char *directory;
    const char *id;
    bool waiting;
    int64_t skip;
} Words;

static int ask(const char *operation, const char *what, const Words *words)
{
    const AdminWord said[] = { { "id", JSON_TEXT, words->id, 0 },
        { "state", JSON_TEXT, words->waiting ? "WAITING" : NULL, 0 },
        { "skip", JSON_INT, NULL, words->skip } };
    const bool lists = words->id == NULL;
    return admin_show_words(words->directory, what, operation, said, lists ? 3 : 1);
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
    if (words.id == NULL) return options_missing(&usage, "the id is required");
    return ask("notification.resend", "notification resend", &words);
}

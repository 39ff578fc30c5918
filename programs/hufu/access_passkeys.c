/* Somebody's passkeys at the console: `hufu access passkeys` (api/admin.h). */
#include "admin_client.h"
#include "command.h"

enum { REQUEST_BYTES_MAX = 1024 };

#define DIRECTORY(place)                                                                 \
    {                                                                                    \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(place), 0, 0 \
    }
#define WHO(place)                                                             \
    {                                                                          \
        "WHO", OPTION_TEXT, NULL, "an id (`hufu access list`)", &(place), 0, 0 \
    }
#define COUNT(options) (sizeof(options) / sizeof((options)[0]))

typedef struct Wish {
    const char *directory;
    const char *operation;
    const char *who;
    const char *passkey; /* NULL: all are shown */
    const char *reason;
} Wish;

static int ask(const Wish *wish, const char *what)
{
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(wish->operation));
    json_key_text(&w, "who", span_of_text(wish->who));
    if (wish->passkey != NULL) json_key_text(&w, "passkey", span_of_text(wish->passkey));
    if (wish->reason != NULL) json_key_text(&w, "reason", span_of_text(wish->reason));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(wish->directory, what, span_of_buffer(&request));
}

int command_access_passkeys(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.passkey.list" };
    const Option options[] = { WHO(w.who), DIRECTORY(w.directory) };
    const Usage usage = { "hufu access passkeys",
        "With which passkeys somebody may log in at the console, and since when.", options,
        COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask(&w, "access passkeys");
}

int command_access_passkeys_remove(int argc, char **argv)
{
    Wish w = { .directory = directory_default(), .operation = "access.passkey.remove" };
    const Option options[] = {
        WHO(w.who),
        { "PASSKEY", OPTION_TEXT, NULL, "its name (`hufu access passkeys WHO`)", &w.passkey, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it stands in the log (required)", &w.reason, 0,
                0 },
        DIRECTORY(w.directory),
    };
    const Usage usage = { "hufu access passkeys remove",
        "A device is lost: its passkey opens nothing any more, and all sessions of its owner end.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (w.reason == NULL) {
        fputs("hufu access passkeys remove: --reason is needed\n", stderr);
        return EXIT_USAGE;
    }
    return ask(&w, "access passkeys remove");
}

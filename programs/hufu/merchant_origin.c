/* hufu merchant origin add, remove, list: whose pages may frame protected fields for a merchant
 * (docs/protected-input.md). */
#include "admin_client.h"
#include "command.h"

typedef struct OriginWish {
    const char *command; /* "merchant origin add" */
    const char *operation;
    const char *directory;
    const char *mchid;
    const char *origin;
} OriginWish;

static int ask(const OriginWish *wish)
{
    uint8_t request_bytes[512];
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(wish->operation));
    json_key_text(&w, "mchid", span_of_text(wish->mchid));
    if (wish->origin != NULL) json_key_text(&w, "origin", span_of_text(wish->origin));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed(wish->command, s);
    return admin_show(wish->directory, wish->command, span_of_buffer(&request));
}

static int change(OriginWish *wish, const char *name, const char *text, int argc, char **argv)
{
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &wish->mchid, 0, 0 },
        { "--origin", OPTION_TEXT, "URL", "https://host[:port] (required)", &wish->origin, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &wish->directory, 0,
                0 },
    };
    const Usage usage = { name, text, options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish->mchid == NULL || wish->origin == NULL)
        return options_missing(&usage, "--mchid and --origin are required");
    return ask(wish);
}

int command_merchant_origin_add(int argc, char **argv)
{
    OriginWish wish = { "merchant origin add", "merchant.origin.add", directory_default(), NULL,
        NULL };
    return change(&wish, "hufu merchant origin add",
            "Pages of this origin may frame protected fields for the merchant, as long as it has "
            "a\n"
            "licence on file; somebody else approves it.",
            argc, argv);
}

int command_merchant_origin_remove(int argc, char **argv)
{
    OriginWish wish = { "merchant origin remove", "merchant.origin.remove", directory_default(),
        NULL, NULL };
    return change(&wish, "hufu merchant origin remove",
            "Pages of this origin frame no fields for the merchant from here on.", argc, argv);
}

int command_merchant_origin_list(int argc, char **argv)
{
    OriginWish wish = { "merchant origin list", "merchant.origin.list", directory_default(), NULL,
        NULL };
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &wish.mchid, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &wish.directory, 0, 0 },
    };
    const Usage usage = { "hufu merchant origin list",
        "Whose pages may frame protected fields for the merchant.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL) return options_missing(&usage, "--mchid is required");
    return ask(&wish);
}

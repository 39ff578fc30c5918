/* hufu enrolment: two people hand out a newcomer's code for the console, half by half
 * (access/enrolment.h). */
#include "admin_client.h"
#include "command.h"

static int hand_out(const Usage *usage, const char **directory, const char **name,
        const char *operation, int argc, char **argv)
{
    int exit_status = EXIT_DONE;
    uint8_t request_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    if (!options_read(usage, argc, argv, &exit_status)) return exit_status;
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_key_text(&w, "principal", span_of_text(*name));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed(operation, s);
    return admin_show(*directory, operation, span_of_buffer(&request));
}

#define OPTIONS                                                                                \
    {                                                                                          \
        { "NAME", OPTION_TEXT, NULL, "the newcomer", &name, 0, 0 },                            \
        {                                                                                      \
            "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 \
        }                                                                                      \
    }

int command_enrolment_begin(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *name = NULL;
    const Option options[] = OPTIONS;
    const Usage usage = { "hufu enrolment begin",
        "The first half of a newcomer's code for the console: hand it to him yourself. He needs "
        "the\n"
        "second half from somebody else; with both he sets his password and authenticator.",
        options, 2 };
    return hand_out(&usage, &directory, &name, "enrolment.begin", argc, argv);
}

int command_enrolment_complete(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *name = NULL;
    const Option options[] = OPTIONS;
    const Usage usage = { "hufu enrolment complete",
        "The second half of a newcomer's code for the console: hand it to him yourself.", options,
        2 };
    return hand_out(&usage, &directory, &name, "enrolment.complete", argc, argv);
}

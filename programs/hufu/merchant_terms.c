/* hufu merchant onboard, hufu merchant show: what is agreed with a merchant (docs/merchants.md). */
#include "admin_client.h"
#include "command.h"

enum { FILE_BYTES_MAX = 8 * 1024 };

/* The file is one JSON object; what it does not say is which operation it is for. */
static Status request_of(Span file, Buffer *request)
{
    size_t at = 0;
    while (at < file.size && strchr(" \t\r\n", file.data[at]) != NULL)
        at++;
    REQUIRE(at < file.size && file.data[at] == '{', REFUSED_JSON_SYNTAX);
    TRY(buffer_put(request, SPAN("{\"operation\":\"merchant.terms\",")));
    return buffer_put(request, (Span) { file.data + at + 1, file.size - at - 1 });
}

int command_merchant_onboard(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *file = NULL;
    const Option options[] = {
        { "--file", OPTION_TEXT, "FILE", "the terms as JSON (docs/merchants.md; required)", &file,
                0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu merchant onboard",
        "What is agreed with a registered merchant: licence, same-name settlement account,\n"
        "category, agreement, risk, fees, settlement. Replaces what was agreed before; somebody\n"
        "else approves it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (file == NULL) return options_missing(&usage, "--file is required");
    uint8_t file_bytes[FILE_BYTES_MAX];
    uint8_t request_bytes[FILE_BYTES_MAX + 64];
    Buffer text = BUFFER_OF(file_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    Status s = file_read(file, &text);
    if (status_ok(s)) s = request_of(span_of_buffer(&text), &request);
    if (!status_ok(s)) return command_failed(file, s);
    return admin_show(directory, "merchant onboard", span_of_buffer(&request));
}

int command_merchant_show(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *mchid = NULL;
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &mchid, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu merchant show",
        "What is agreed with a merchant. The settlement account is shown masked.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (mchid == NULL) return options_missing(&usage, "--mchid is required");
    uint8_t request_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.show"));
    json_key_text(&w, "mchid", span_of_text(mchid));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed("merchant show", s);
    return admin_show(directory, "merchant show", span_of_buffer(&request));
}

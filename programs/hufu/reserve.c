/* hufu reserve import, check: the bank's reserve account and what we owe (docs/merchants.md). */
#include "admin_client.h"
#include "base/encoding.h"
#include "command.h"

enum { FILE_BYTES_MAX = 16 * 1024, REQUEST_BYTES_MAX = 2 * FILE_BYTES_MAX };

typedef struct Words {
    Span file_base64;
    const char *date;
} Words;

MUST_USE static Status put_words(const char *operation, const Words *words, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    if (words->file_base64.size > 0) json_key_text(&w, "file_base64", words->file_base64);
    if (words->date != NULL) json_key_text(&w, "date", span_of_text(words->date));
    json_close(&w);
    return json_finish(&w);
}

static int ask(const char *directory, const char *operation, const char *what, const Words *words)
{
    static uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_words(operation, words, &request);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(directory, what, span_of_buffer(&request));
}

static Status read_base64(const char *path, Buffer *ret_text)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    Buffer file = BUFFER_OF(bytes);
    TRY(file_read(path, &file));
    return base64_encode(span_of_buffer(&file), ret_text);
}

static int missing(const Usage *usage, const char *needs)
{
    fprintf(stderr, "%s: %s\nSee `%s --help`.\n", usage->name, needs, usage->name);
    return EXIT_USAGE;
}

int command_reserve_import(int argc, char **argv)
{
    static uint8_t bytes[REQUEST_BYTES_MAX];
    const char *directory = directory_default();
    const char *path = NULL;
    Buffer text = BUFFER_OF(bytes);
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "date,currency,balance: one line a day (required)", &path, 0,
                0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu reserve import",
        "The bank's closing balances of the reserve account, each held against what customers are\n"
        "owed that evening. What differs becomes a case: `hufu incident list`.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (path == NULL) return missing(&usage, "the file is required");
    const Status s = read_base64(path, &text);
    if (!status_ok(s)) return command_failed(path, s);
    const Words words = { .file_base64 = span_of_buffer(&text) };
    return ask(directory, "reserve.import", "reserve import", &words);
}

int command_reserve_check(int argc, char **argv)
{
    const char *directory = directory_default();
    Words words = { .date = NULL };
    const Option options[] = {
        { "--day", OPTION_TEXT, "YYYY-MM-DD", "a day that is closed (required)", &words.date, 0,
                0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu reserve check",
        "What customers were owed at a day's end, what the bank had, and the difference.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.date == NULL) return missing(&usage, "--day is required");
    return ask(directory, "reserve.check", "reserve check", &words);
}

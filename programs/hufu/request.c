/* hufu request: what waits for others to agree to it (TP-15, LL-4.5.2: 按需审批). */
#include "admin_client.h"
#include "as.h"
#include "command.h"
#include "people.h"
#include "request_client.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/time.h"
#include "vaultclient/approval_file.h"

enum { SHOWN_BYTES_MAX = 128 * 1024 };

typedef struct Words {
    const char *directory;
    const char *request;
    const char *reason;
    const char *file;
    const char *key;
    bool all;
} Words;

#define REQUEST_OPTION(words)                                                                   \
    {                                                                                           \
        "REQUEST", OPTION_TEXT, NULL, "its number: `hufu request list`", &(words).request, 0, 0 \
    }
#define DIRECTORY_OPTION(words)                                                                    \
    {                                                                                              \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(words).directory, 0, 0 \
    }

MUST_USE static Status put_words(const char *operation, const Words *words, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    if (words->request != NULL) json_key_text(&w, "request", span_of_text(words->request));
    if (words->reason != NULL) json_key_text(&w, "reason", span_of_text(words->reason));
    if (words->all) json_key_bool(&w, "all", true);
    json_close(&w);
    return json_finish(&w);
}

static int ask(const char *operation, const char *what, const Words *words)
{
    uint8_t memory[1024];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_words(operation, words, &request);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(words->directory, what, span_of_buffer(&request));
}

int command_request_list(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        { "--all", OPTION_FLAG, NULL, "also what waits no more, behind it (64 in all)", &words.all,
                0, 0 },
        DIRECTORY_OPTION(words),
    };
    const Usage usage = { "hufu request list", "What waits for somebody else's approval.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return ask("request.list", "request list", &words);
}

/* --- show --- */

typedef struct Shown {
    Span exact;
    Span result;
} Shown;
#define AT(member) offsetof(Shown, member)

static const JsonField shown_fields[] = {
    { "exact_base64", JSON_TEXT, true, 1, REQUEST_EXACT_BYTES_MAX, AT(exact) },
    { "result_base64", JSON_TEXT, false, 1, 16384, AT(result) },
};

MUST_USE static Status look_up(
        const Words *words, Buffer *ret_answer, JsonDocument **ret_document, Shown *ret_shown)
{
    uint8_t memory[1024];
    Buffer request = BUFFER_OF(memory);
    JsonProblem problem = { 0 };
    const Words asked = { .request = words->request };
    TRY(put_words("request.show", &asked, &request));
    TRY(admin_ask(words->directory, span_of_buffer(&request), ret_answer));
    TRY(json_parse(span_of_buffer(ret_answer), ret_document, &problem));
    return json_read_some(*ret_document, json_root(*ret_document), shown_fields,
            sizeof(shown_fields) / sizeof(shown_fields[0]), ret_shown, &problem);
}

/* The bytes as they are, and as lines. */
MUST_USE static Status show_decoded(const char *title, Span base64)
{
    uint8_t memory[SHOWN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    TRY(base64_decode(base64, &bytes));
    printf("\n%s\n", title);
    json_show(span_of_buffer(&bytes));
    return OK;
}

MUST_USE static Status show(const Words *words)
{
    uint8_t memory[SHOWN_BYTES_MAX];
    uint8_t exact_memory[REQUEST_EXACT_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    Buffer exact = BUFFER_OF(exact_memory);
    Shown shown = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(look_up(words, &answer, &document, &shown));
    json_show(span_of_buffer(&answer));
    TRY(base64_decode(shown.exact, &exact));
    printf("\nexact bytes\n");
    text_show(span_of_buffer(&exact));
    printf("\n");
    TRY(show_decoded("in lines", shown.exact));
    return shown.result.size > 0 ? show_decoded("it answered", shown.result) : OK;
}

int command_request_show(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = { REQUEST_OPTION(words), DIRECTORY_OPTION(words) };
    const Usage usage = { "hufu request show",
        "What exactly was asked, by whom, who approved it and how it ended.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = show(&words);
    return status_ok(s) ? EXIT_DONE : command_failed("request show", s);
}

/* --- approve --- */

/* What an approver signs, to be carried to where his key is. */
MUST_USE static Status write_file(const Words *words)
{
    uint8_t exact_bytes[REQUEST_EXACT_BYTES_MAX];
    uint8_t text_bytes[APPROVAL_FILE_BYTES_MAX];
    Buffer exact = BUFFER_OF(exact_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    ApprovalFile file = { .act_count = 0 };
    RequestShown shown;
    const Clock clock = clock_system();
    TRY(request_look(words->directory, words->request, &shown, &exact));
    const int64_t latest_us = clock_now_us(&clock) + 12 * 3600 * TIME_SECOND_US;
    const WireApproval wanted = { .operation = span_of_text(shown.action),
        .subject = span_of_text(shown.subject),
        .reason = span_of_text(words->reason),
        .expires_us = shown.expires_us < latest_us ? shown.expires_us : latest_us };
    TRY(approval_file_add(&file, &wanted));
    TRY(approval_file_write(&file, &text));
    return file_write(words->file, 0644, span_of_buffer(&text));
}

int command_request_carry(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        REQUEST_OPTION(words),
        { "FILE", OPTION_TEXT, NULL, "where what is to be signed goes", &words.file, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &words.reason, 0, 0 },
        DIRECTORY_OPTION(words),
    };
    const Usage usage = { "hufu request carry",
        "Write what an approver signs to a file: `hufu approval sign` signs it anywhere, and\n"
        "`hufu request approve REQUEST --approval FILE` hands it in.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.reason == NULL) {
        fprintf(stderr, "hufu request carry: --reason is needed\n");
        return EXIT_USAGE;
    }
    const Status s = write_file(&words);
    if (!status_ok(s)) return command_failed("request carry", s);
    printf("written: %s\n", words.file);
    return EXIT_DONE;
}

MUST_USE static Status hand_in_file(const Words *words, Buffer *ret_answer)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX + 1]; /* file_read() wants to see the end */
    Buffer text = BUFFER_OF(memory);
    ApprovalFile file = { .act_count = 0 };
    TRY(file_read(words->file, &text));
    TRY(approval_file_read(span_of_buffer(&text), &file));
    REQUIRE(file.act_count == 1 && file.acts[0].signer_count > 0, REFUSED_APPROVAL_QUORUM);
    for (size_t i = 0; i < file.acts[0].signer_count; i++) {
        const WireApproval approval = approval_act_signed(&file.acts[0], i);
        ret_answer->size = 0;
        TRY(request_hand_in(words->directory, words->request, &approval, ret_answer));
    }
    return OK;
}

MUST_USE static Status approve(const Words *words, Buffer *ret_answer)
{
    char name[PEOPLE_NAME_BYTES_MAX + 1];
    if (words->file != NULL) return hand_in_file(words, ret_answer);
    if (words->key != NULL)
        return request_approve(
                words->directory, words->request, words->key, words->reason, ret_answer);
    TRY(as_name(words->directory, name));
    return request_approve(words->directory, words->request, name, words->reason, ret_answer);
}

int command_request_approve(int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    uint8_t memory[SHOWN_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    const Option options[] = {
        REQUEST_OPTION(words),
        { "--key", OPTION_TEXT, "OPERATOR", "who approves [who asks: --as]", &words.key, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &words.reason, 0, 0 },
        { "--approval", OPTION_TEXT, "FILE", "signed elsewhere: `hufu request carry`", &words.file,
                0, 0 },
        DIRECTORY_OPTION(words),
    };
    const Usage usage = { "hufu request approve",
        "Agree, with your own signature over exactly what was asked. With the last approval that\n"
        "is needed it is done, once.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.reason == NULL && words.file == NULL) {
        fprintf(stderr, "hufu request approve: --reason or --approval is needed\n");
        return EXIT_USAGE;
    }
    const Status s = approve(&words, &answer);
    if (!status_ok(s)) return command_failed("request approve", s);
    json_show(span_of_buffer(&answer));
    return EXIT_DONE;
}

/* --- refuse, withdraw --- */

static int end(const char *operation, const char *what, const char *about, int argc, char **argv)
{
    Words words = { .directory = directory_default() };
    const Option options[] = {
        REQUEST_OPTION(words),
        { "--reason", OPTION_TEXT, "TEXT", "why (required)", &words.reason, 0, 0 },
        DIRECTORY_OPTION(words),
    };
    const Usage usage = { what, about, options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (words.reason == NULL) {
        fprintf(stderr, "%s: --reason is needed\n", what);
        return EXIT_USAGE;
    }
    return ask(operation, what, &words);
}

int command_request_refuse(int argc, char **argv)
{
    return end("request.refuse", "hufu request refuse",
            "Say no to what somebody asked; whoever may approve it may refuse it.", argc, argv);
}

int command_request_withdraw(int argc, char **argv)
{
    return end("request.withdraw", "hufu request withdraw",
            "Take back what you asked yourself, while it waits.", argc, argv);
}

#include "admin_client.h"

#include "as.h"
#include "command.h"
#include "request_client.h"

#include "base/time.h"
#include "base/visible.h"
#include "ipc/admin_wire.h"
#include "ipc/channel.h"

#include <inttypes.h>
#include <stdlib.h>

enum { ADMIN_DEADLINE_MS = 120000 };

static void channel_done(Channel **channel) { channel_close(*channel); }

static void signed_free(Buffer *asked) { free(asked->data); }

Status admin_ask_once(const char *directory, Span request, Buffer *ret_answer)
{
    char path[PATH_BYTES_MAX];
    CLEANUP(channel_done) Channel *channel = NULL;
    CLEANUP(signed_free) Buffer asked = { malloc(WIRE_ADMIN_BYTES_MAX), 0, WIRE_ADMIN_BYTES_MAX };
    CHECK(asked.data != NULL, FAULT_MEMORY);
    TRY(channel_connect(path_in(path, directory, PATH_ADMIN_SOCKET), ADMIN_DEADLINE_MS, &channel));
    TRY(as_sign(directory, request, &asked));
    return channel_call(channel, WIRE_ADMIN_REQUEST, span_of_buffer(&asked), ret_answer);
}

Status admin_ask(const char *directory, Span request, Buffer *ret_answer)
{
    const size_t begin = ret_answer->size;
    TRY(admin_ask_once(directory, request, ret_answer));
    return request_settle(directory, ret_answer, begin);
}

Status admin_ask_plain(const char *directory, const char *operation, Buffer *ret_answer)
{
    uint8_t memory[128];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

int admin_show(const char *directory, const char *what, Span request)
{
    Buffer answer = { malloc(ADMIN_ANSWER_BYTES_MAX), 0, ADMIN_ANSWER_BYTES_MAX };
    if (answer.data == NULL) return command_failed(what, BROKEN(FAULT_MEMORY));
    const Status s = admin_ask(directory, request, &answer);
    if (status_ok(s)) json_show(span_of_buffer(&answer));
    free(answer.data);
    if (status_is(s, REFUSED_IPC_CLOSED))
        fprintf(stderr, "hufu: nobody answers in %s; is `hufu up` running there?\n", directory);
    return status_ok(s) ? EXIT_DONE : command_failed(what, s);
}

int admin_show_plain(const char *directory, const char *operation)
{
    uint8_t memory[128];
    Buffer request = BUFFER_OF(memory);
    const Status s = buffer_print(&request, "{\"operation\":\"%s\"}", operation);
    return status_ok(s) ? admin_show(directory, operation, span_of_buffer(&request)) : EXIT_FAILED;
}

MUST_USE static Status put_words(
        const char *operation, const AdminWord *words, size_t count, Buffer *ret_request)
{
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    for (size_t i = 0; i < count; i++) {
        const AdminWord *word = &words[i];
        const char *key = word->key; /* a literal of the command's table */
        if (word->kind == JSON_TEXT && word->text != NULL)
            json_key_text(&w, key, span_of_text(word->text));
        if (word->kind == JSON_INT) json_key_int(&w, key, word->number);
        if (word->kind == JSON_BOOL) json_key_bool(&w, key, word->number != 0);
    }
    json_close(&w);
    return json_finish(&w);
}

int admin_show_words(const char *directory, const char *what, const char *operation,
        const AdminWord *words, size_t count)
{
    uint8_t memory[2048];
    Buffer request = BUFFER_OF(memory);
    const Status s = put_words(operation, words, count, &request);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(directory, what, span_of_buffer(&request));
}

/* --- showing: our own JSON, from our own program, so only its shape is looked at --- */

/* The token at the cursor: a text without its quotes, or everything up to a delimiter. */
static Span token(Cursor *c)
{
    const Span rest = c->rest;
    const bool quoted = rest.size > 0 && rest.data[0] == '"';
    size_t end = quoted ? 1 : 0;
    while (end < rest.size) {
        const uint8_t byte = rest.data[end];
        if (quoted && byte == '"') break;
        if (!quoted && strchr(",:[]{}", byte) != NULL) break;
        end += quoted && byte == '\\' ? 2 : 1;
    }
    if (end > rest.size) end = rest.size;
    const size_t past = quoted && end < rest.size ? end + 1 : end;
    c->rest = (Span) { rest.data + past, rest.size - past };
    return (Span) { rest.data + (quoted ? 1 : 0), end - (quoted ? 1 : 0) };
}

void text_show(Span text)
{
    for (size_t at = 0; at < text.size;) {
        const size_t size = visible_bytes((Span) { text.data + at, text.size - at });
        if (size > 0)
            fwrite(text.data + at, 1, size, stdout);
        else
            printf("\\x%02X", text.data[at]);
        at += size > 0 ? size : 1;
    }
}

/* A name that ends in _us is a time, and is shown without that. */
static bool is_time(Span name)
{
    return name.size > 3 && span_equal((Span) { name.data + name.size - 3, 3 }, SPAN("_us"));
}

static void show_name(int width, Span name)
{
    const size_t size = is_time(name) ? name.size - 3 : name.size;
    printf("%-*.*s", width, (int)size, (const char *)name.data);
}

static void show_value(Span name, Span value)
{
    int64_t number = 0;
    const bool time = is_time(name);
    for (size_t i = 0; i < value.size && time; i++)
        number = number * 10 + (value.data[i] - '0');
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (time && number > 0 && status_ok(time_format(number, &text))) value = span_of_buffer(&text);
    text_show(value);
}

/* Where the showing of one document stands. */
typedef struct Showing {
    Span name; /* of the value that comes next */
    int depth;
    bool first; /* of its object or list */
    bool in_list;
    bool in_words; /* a list of plain values: they stand behind its name */
} Showing;

static void show_open(Showing *at, uint8_t bracket, Span behind)
{
    at->depth++;
    at->in_list = bracket == '[';
    at->in_words = at->in_list && behind.size > 0 && strchr("{[]", behind.data[0]) == NULL;
    if (at->in_words) {
        if (at->depth > 2) printf("  ");
        show_name(at->depth == 2 ? 16 : 0, at->name);
    } else if (at->in_list && at->name.size > 0)
        printf("%.*s\n", (int)at->name.size, (const char *)at->name.data);
    at->first = true;
}

static void show_close(Showing *at, uint8_t bracket)
{
    const bool ends_line = at->in_words ? at->depth == 2 : bracket == '}' && at->depth > 1;
    if (ends_line) printf("\n");
    at->in_words = at->in_list = false;
    at->depth--;
}

static void show_word(Showing *at, Span word)
{
    const bool named = at->depth == 1 || (!at->in_list && !at->first);
    fputs(at->in_words ? " " : at->depth > 1 ? "  " : "", stdout);
    if (named) show_name(at->depth == 1 ? 16 : 0, at->name);
    if (named) printf(" ");
    show_value(at->name, word);
    if (at->depth == 1) printf("\n");
    at->first = false;
    at->name = (Span) { 0 };
}

void json_show(Span json)
{
    Cursor c = cursor_of(json);
    Showing at = { 0 };
    while (c.rest.size > 0) {
        const uint8_t byte = c.rest.data[0];
        if (strchr("{}[],:", byte) != NULL) {
            c.rest = (Span) { c.rest.data + 1, c.rest.size - 1 };
            if (byte == '{' || byte == '[') show_open(&at, byte, c.rest);
            if (byte == '}' || byte == ']') show_close(&at, byte);
            continue;
        }
        const Span word = token(&c);
        const bool is_name = c.rest.size > 0 && c.rest.data[0] == ':';
        if (is_name)
            at.name = word;
        else
            show_word(&at, word);
    }
}

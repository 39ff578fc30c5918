#include "text/json.h"

/* Whatever parses must be readable by a table and blamable at a place inside the text; whatever
 * text is written must parse back to itself. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reading(Span text)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    if (!status_ok(json_parse(text, &document, &problem))) return;

    struct {
        Span text;
        const JsonValue *object;
        const JsonValue *list;
    } read = { 0 };
    const JsonField fields[] = {
        { "a", JSON_TEXT, true, 0, 8, 0 },
        { "o", JSON_RECORD, false, .offset = sizeof(Span) },
        { "l", JSON_LIST, false, 0, 8, sizeof(Span) + sizeof(void *) },
    };
    const Status s = json_read(document, json_root(document), fields, 3, &read, &problem);
    ASSERT(status_ok(s) || problem.line >= 1);
    if (read.list == NULL) return;
    for (size_t i = 0; i < json_list_size(read.list); i++) {
        const JsonValue *object = NULL;
        if (!status_ok(json_list_object(document, read.list, i, &object, &problem))) continue;
        json_blame(document, object, "x", &problem);
        ASSERT(problem.line >= 1 && problem.column >= 1);
    }
}

static void check_writing(Span text)
{
    static uint8_t memory[1 << 16];
    Buffer out = BUFFER_OF(memory);
    JsonWriter w = json_writer_bare(&out);
    json_open_object(&w);
    json_key_text(&w, "t", text);
    json_close(&w);
    if (!status_ok(json_finish(&w))) return;

    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span back = { 0 };
    const JsonField field = { "t", JSON_TEXT, true, 0, JSON_BYTES_MAX, 0 };
    ASSERT(status_ok(json_parse(span_of_buffer(&out), &document, &problem)));
    ASSERT(status_ok(json_read(document, json_root(document), &field, 1, &back, &problem)));
    ASSERT(span_equal(back, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_reading((Span) { data, size });
    check_writing((Span) { data, size });
    return 0;
}

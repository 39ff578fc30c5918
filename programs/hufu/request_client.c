#include "request_client.h"

#include "command.h"
#include "people.h"

#include "base/encoding.h"
#include "text/json.h"

#include <stdlib.h>

enum { SHOWN_BYTES_MAX = 128 * 1024, NAME_BYTES_MAX = 200 };

typedef struct Waiting {
    Span request;
    int64_t needs;
    Span state;
    int64_t outcome;
    Span result;
} Waiting;
#define AT(member) offsetof(Waiting, member)

static const JsonField waiting_fields[] = {
    { "request", JSON_TEXT, true, 1, REQUEST_ID_BYTES, AT(request) },
    { "needs", JSON_INT, true, 0, INT32_MAX, AT(needs) },
    { "state", JSON_TEXT, false, 1, 32, AT(state) },
    { "outcome_code", JSON_INT, false, INT32_MIN, INT32_MAX, AT(outcome) },
    { "result_base64", JSON_TEXT, false, 1, 64 * 1024, AT(result) },
};
enum { WAITING_FIELDS = sizeof(waiting_fields) / sizeof(waiting_fields[0]) };

MUST_USE static Status read_waiting(Span answer, JsonDocument **ret_document, Waiting *ret)
{
    JsonProblem problem = { 0 };
    TRY(json_parse(answer, ret_document, &problem));
    return json_read_some(
            *ret_document, json_root(*ret_document), waiting_fields, WAITING_FIELDS, ret, &problem);
}

int approve_take(int argc, char **argv)
{
    int left = 0;
    for (int i = 0; i < argc; i++) {
        const bool is_name = strcmp(argv[i], "--approve") == 0 && i + 1 < argc;
        if (is_name) setenv(APPROVE_VARIABLE, argv[++i], 1);
        if (!is_name) argv[left++] = argv[i];
    }
    argv[left] = NULL;
    return left;
}

/* --- approving --- */

Status request_hand_in(const char *directory, const char *request, const WireApproval *approval,
        Buffer *ret_answer)
{
    uint8_t wire_bytes[WIRE_APPROVAL_BYTES_MAX];
    uint8_t base64_bytes[2 * WIRE_APPROVAL_BYTES_MAX];
    uint8_t ask_bytes[3 * WIRE_APPROVAL_BYTES_MAX];
    Buffer wire = BUFFER_OF(wire_bytes);
    Buffer base64 = BUFFER_OF(base64_bytes);
    Buffer ask = BUFFER_OF(ask_bytes);
    TRY(wire_put_approval(&wire, approval));
    TRY(base64_encode(span_of_buffer(&wire), &base64));
    JsonWriter w = json_writer_for(&ask, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("request.approve"));
    json_key_text(&w, "request", span_of_text(request));
    json_key_text(&w, "approval", span_of_buffer(&base64));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask_once(directory, span_of_buffer(&ask), ret_answer);
}

Status request_look(
        const char *directory, const char *request, RequestShown *ret_shown, Buffer *ret_exact)
{
    uint8_t ask_bytes[256];
    uint8_t answer_bytes[SHOWN_BYTES_MAX];
    Buffer ask = BUFFER_OF(ask_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&ask, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("request.show"));
    json_key_text(&w, "request", span_of_text(request));
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask_once(directory, span_of_buffer(&ask), &answer));
    return request_shown_read(span_of_buffer(&answer), request, ret_shown, ret_exact);
}

MUST_USE static Status sign_and_hand_in(const char *directory, const char *request,
        const RequestShown *shown, const char *approver, const char *reason, Buffer *ret_answer)
{
    WireApproval approval;
    CLEANUP(person_free) Person person = { 0 };
    TRY(person_load(directory, approver, &person));
    TRY(person_approve(&person, span_of_text(shown->action), span_of_text(shown->subject),
            span_of_text(reason), &approval));
    return request_hand_in(directory, request, &approval, ret_answer);
}

Status request_approve(const char *directory, const char *request, const char *approver,
        const char *reason, Buffer *ret_answer)
{
    uint8_t exact_bytes[REQUEST_EXACT_BYTES_MAX];
    Buffer exact = BUFFER_OF(exact_bytes);
    RequestShown shown;
    TRY(request_look(directory, request, &shown, &exact));
    return sign_and_hand_in(directory, request, &shown, approver, reason, ret_answer);
}

/* --- settling --- */

/* What the request answered, or how it was refused. */
MUST_USE static Status take_result(Span approved, Buffer *answer)
{
    Waiting done = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(read_waiting(approved, &document, &done));
    if (span_equal(done.state, SPAN("waiting"))) return REFUSE(REFUSED_REQUEST_WAITS);
    if (done.outcome != 0) return (Status) { (int32_t)done.outcome };
    return base64_decode(done.result, answer);
}

Status request_settle(const char *directory, Buffer *answer, size_t begin)
{
    uint8_t approved_bytes[64 * 1024];
    char name[NAME_BYTES_MAX];
    char request[REQUEST_ID_BYTES + 1];
    Buffer approved = BUFFER_OF(approved_bytes);
    Waiting waiting = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Span text = { answer->data + begin, answer->size - begin };
    const bool waits = status_ok(read_waiting(text, &document, &waiting)) && waiting.needs > 0
            && waiting.state.size == 0;
    const char *given = getenv(APPROVE_VARIABLE);
    if (!waits) return OK;
    if (given == NULL || given[0] == '\0') {
        fprintf(stderr, "hufu: it waits for approval as request %.*s\n", (int)waiting.request.size,
                (const char *)waiting.request.data);
        return REFUSE(REFUSED_REQUEST_WAITS);
    }
    snprintf(request, sizeof(request), "%.*s", (int)waiting.request.size,
            (const char *)waiting.request.data);
    for (Cursor c = cursor_of(span_of_text(given)); c.rest.size > 0;) {
        Span one = c.rest;
        if (!status_ok(cursor_until(&c, ',', &one))) c.rest.size = 0; /* the last one */
        snprintf(name, sizeof(name), "%.*s", (int)one.size, (const char *)one.data);
        approved.size = 0;
        TRY(request_approve(
                directory, request, name, "approved at the asker's command line", &approved));
    }
    answer->size = begin;
    return take_result(span_of_buffer(&approved), answer);
}

#include "subject.h"

#include <stdlib.h>

SubjectWords subject_words(void)
{
    return (SubjectWords) { .directory = directory_default(), .tenant = "house" };
}

JsonWriter subject_request(Buffer *request, const char *operation, const SubjectWords *words)
{
    JsonWriter w = json_writer_for(request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(operation));
    json_key_text(&w, "tenant", span_of_text(words->tenant));
    json_key_text(&w, "subject", span_of_text(words->subject));
    return w;
}

void subject_text(JsonWriter *w, const char *key, const char *text)
{
    if (text != NULL) json_key_text(w, key, span_of_text(text));
}

void subject_list(JsonWriter *w, const char *key, const char *list)
{
    Cursor c = cursor_of(span_of_text(list));
    json_key_array(w, key);
    while (c.rest.size > 0) {
        Span one = c.rest;
        if (!status_ok(cursor_until(&c, ',', &one))) c.rest.size = 0; /* the last one */
        json_item_text(w, one);
    }
    json_close(w);
}

typedef struct Outcome {
    Span outcome;
    int64_t request; /* number of a person's request that was answered; 0: none */
} Outcome;

static const JsonField outcome_fields[] = {
    { "outcome", JSON_TEXT, true, 1, 64, offsetof(Outcome, outcome) },
    { "request", JSON_INT, false, 0, INT32_MAX, offsetof(Outcome, request) },
};

static int exit_of(Span answer)
{
    JsonProblem problem = { 0 };
    Outcome outcome = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    Status s = json_parse(answer, &document, &problem);
    if (status_ok(s))
        s = json_read_some(document, json_root(document), outcome_fields, 2, &outcome, &problem);
    const bool done =
            status_ok(s) && (span_equal(outcome.outcome, SPAN("OK")) || outcome.request > 0);
    return done ? EXIT_DONE : EXIT_FAILED;
}

int subject_ask(const SubjectWords *words, const char *what, JsonWriter *w, Buffer *request)
{
    json_close(w);
    Status s = json_finish(w);
    if (!status_ok(s)) return command_failed(what, s);
    Buffer answer = { malloc(ADMIN_ANSWER_BYTES_MAX), 0, ADMIN_ANSWER_BYTES_MAX };
    if (answer.data == NULL) return command_failed(what, BROKEN(FAULT_MEMORY));
    s = admin_ask(words->directory, span_of_buffer(request), &answer);
    int exit_status = EXIT_FAILED;
    if (status_ok(s)) {
        json_show(span_of_buffer(&answer));
        exit_status = exit_of(span_of_buffer(&answer));
    }
    free(answer.data);
    if (status_is(s, REFUSED_IPC_CLOSED))
        fprintf(stderr, "hufu: nobody answers in %s; is `hufu up` running there?\n",
                words->directory);
    return status_ok(s) ? exit_status : command_failed(what, s);
}

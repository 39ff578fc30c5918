#include "request_shown.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "text/json.h"

typedef struct Answer {
    Span request;
    Span action;
    Span exact;
    int64_t expires_us;
} Answer;

static const JsonField answer_fields[] = {
    { "request", JSON_TEXT, true, 1, REQUEST_ID_BYTES, offsetof(Answer, request) },
    { "action", JSON_TEXT, true, 1, REQUEST_ACTION_BYTES_MAX, offsetof(Answer, action) },
    { "exact_base64", JSON_TEXT, true, 1, 2 * REQUEST_EXACT_BYTES_MAX, offsetof(Answer, exact) },
    { "expires_us", JSON_INT, true, 0, INT64_MAX, offsetof(Answer, expires_us) },
};

static const JsonField operation_fields[] = {
    { "operation", JSON_TEXT, true, 1, REQUEST_ACTION_BYTES_MAX, 0 },
};

MUST_USE static Status check_operation(Span exact, Span action)
{
    JsonProblem problem = { 0 };
    Span operation = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(exact, &document, &problem));
    TRY(json_read_some(document, json_root(document), operation_fields, 1, &operation, &problem));
    REQUIRE(span_equal(operation, action), REFUSED_APPROVAL_FILE_OTHER);
    return OK;
}

/* "<request>/<SHA-256 of the bytes, hex>" */
MUST_USE static Status put_subject(Span request, Span exact, char *ret_subject)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer text = { (uint8_t *)ret_subject, 0, REQUEST_SUBJECT_BYTES_MAX };
    sha256(exact, digest);
    TRY(buffer_put(&text, request));
    TRY(buffer_put_u8(&text, '/'));
    return hex_encode(SPAN_OF(digest), &text);
}

MUST_USE static Status read_answer(
        const Answer *said, const char *request, RequestShown *shown, Buffer *ret_exact)
{
    const size_t begin = ret_exact->size;
    const bool ours = span_equal(said->request, span_of_text(request))
            && span_is_plain_name(said->request, REQUEST_ID_BYTES)
            && span_is_plain_name(said->action, REQUEST_ACTION_BYTES_MAX)
            && memchr(said->action.data, '.', said->action.size) != NULL;
    REQUIRE(ours, REFUSED_APPROVAL_FILE_OTHER);
    TRY(base64_decode(said->exact, ret_exact));
    const Span exact = { ret_exact->data + begin, ret_exact->size - begin };
    TRY(check_operation(exact, said->action));
    TRY(put_subject(said->request, exact, shown->subject));
    memcpy(shown->action, said->action.data, said->action.size);
    shown->expires_us = said->expires_us;
    return OK;
}

Status request_shown_read(
        Span answer, const char *request, RequestShown *ret_shown, Buffer *ret_exact)
{
    JsonProblem problem = { 0 };
    Answer said = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    *ret_shown = (RequestShown) { .expires_us = 0 };
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), answer_fields,
            sizeof(answer_fields) / sizeof(answer_fields[0]), &said, &problem));
    return read_answer(&said, request, ret_shown, ret_exact);
}

#include "message/explain.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { CONTEXT_BYTES = 16 }; /* shown before and after the first difference */

static void buffer_done(Buffer *buffer) { free(buffer->data); }

static const char *part_name(MessagePart part)
{
    switch (part) {
    case MESSAGE_METHOD: return "method";
    case MESSAGE_TARGET: return "path and query";
    case MESSAGE_TIMESTAMP: return "timestamp";
    case MESSAGE_NONCE: return "nonce";
    case MESSAGE_BODY: return "body";
    }
    return "fields";
}

/* Text for a terminal: what is not visible ASCII or valid UTF-8 is written as \n, \r, \t or \xNN,
 * so that nothing in a request can move the cursor. */
MUST_USE static Status put_visible(Buffer *report, Span text, const char *after_line_feed)
{
    const bool utf8 = span_is_utf8(text);
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t byte = text.data[i];
        /* C1 control characters are C2 80 to C2 9F. */
        const bool control = byte == 0xC2 && i + 1 < text.size && text.data[i + 1] < 0xA0;
        const bool behind = byte < 0xA0 && i > 0 && text.data[i - 1] == 0xC2;
        const bool visible = byte >= ' ' && byte < 0x7F;
        if (visible || (utf8 && byte >= 0x80 && !control && !behind))
            TRY(buffer_put_u8(report, byte));
        else if (byte == '\n')
            TRY(buffer_print(report, "\\n%s", after_line_feed));
        else if (byte == '\r')
            TRY(buffer_print(report, "\\r"));
        else if (byte == '\t')
            TRY(buffer_print(report, "\\t"));
        else
            TRY(buffer_print(report, "\\x%02X", byte));
    }
    return OK;
}

MUST_USE static Status put_string(Buffer *report, const char *title, Span text)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(text, digest);
    TRY(buffer_print(report, "%s, %zu bytes, SHA-256 ", title, text.size));
    TRY(hex_encode(SPAN_OF(digest), report));
    TRY(buffer_print(report, ":\n    "));
    const bool cut = text.size > EXPLAIN_TEXT_BYTES_MAX;
    const Span shown = { text.data, cut ? EXPLAIN_TEXT_BYTES_MAX : text.size };
    TRY(put_visible(report, shown, "\n    "));
    if (cut) TRY(buffer_print(report, "... (%zu bytes more)", text.size - shown.size));
    return buffer_print(report, "\n");
}

MUST_USE static Status put_context(Buffer *report, const char *side, Span text, size_t at)
{
    const size_t from = at > CONTEXT_BYTES ? at - CONTEXT_BYTES : 0;
    const size_t wanted = at + CONTEXT_BYTES;
    const size_t to = wanted < text.size ? wanted : text.size;
    const Span around = { text.data + (from < to ? from : to), from < to ? to - from : 0 };
    TRY(buffer_print(report, "    %-7s ", side));
    TRY(hex_encode(around, report));
    TRY(buffer_print(report, "  \""));
    TRY(put_visible(report, around, ""));
    return buffer_print(report, "\"%s\n", at >= text.size ? " (it ends here)" : "");
}

MUST_USE static Status put_comparison(
        Buffer *report, Span ours, Span theirs, const ExplainResult *result)
{
    TRY(put_string(report, "Their string", theirs));
    if (result->cause != EXPLAIN_SAME) {
        TRY(buffer_print(report, "First difference at byte %zu, in the %s:\n", result->differs_at,
                part_name(result->part)));
        TRY(put_context(report, "ours", ours, result->differs_at));
        TRY(put_context(report, "theirs", theirs, result->differs_at));
    }
    return buffer_print(report, "Likely cause: %s\n", explain_cause_text(result->cause));
}

MUST_USE static Status put_clock(Buffer *report, const Authorization *authorization, int64_t now_us)
{
    if (now_us == 0) return OK;
    const int64_t now_s = now_us / TIME_SECOND_US;
    const int64_t apart_s = now_s - authorization->timestamp_s;
    const bool milliseconds = authorization->timestamp_s / 1000 > now_s / 2;
    if (milliseconds) return buffer_print(report, "Clock: the timestamp is in milliseconds.\n");
    const bool late = apart_s > MESSAGE_SKEW_S || apart_s < -MESSAGE_SKEW_S;
    return buffer_print(report, "Clock: %lld s apart; %d s are allowed%s.\n", (long long)apart_s,
            MESSAGE_SKEW_S, late ? ": REFUSED" : "");
}

MUST_USE static Status put_serial(
        Buffer *report, const ExplainInput *input, const Authorization *authorization)
{
    if (input->expected_serial.size == 0) return OK;
    TRY(buffer_print(report, "Key serial: expected "));
    TRY(put_visible(report, input->expected_serial, ""));
    TRY(buffer_print(report, ", the header names "));
    TRY(put_visible(report, authorization->serial, ""));
    const bool same = span_equal(input->expected_serial, authorization->serial);
    return buffer_print(report, "%s\n", same ? "" : ": DIFFERENT");
}

MUST_USE static Status judge_signature(
        const ExplainInput *input, const Authorization *authorization, Span canonical)
{
    if (input->key == NULL) return OK;
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_bytes);
    REQUIRE(status_ok(base64_decode(authorization->signature, &signature)),
            REFUSED_SIGNATURE_FORMAT);
    return profile_verify(
            authorization->profile, input->key, canonical, span_of_buffer(&signature));
}

/* Who signed what: of form fields, of a header, or, without one, of the two fields that replace it.
 */
MUST_USE static Status read_input(const ExplainInput *input, Buffer *memory,
        Authorization *ret_authorization, MessageParts *ret_parts)
{
    if (input->form.data != NULL) {
        Envelope envelope = { 0 };
        TRY(envelope_parse(input->form, memory, &envelope));
        *ret_authorization = envelope.who;
        *ret_parts = envelope_parts(&envelope);
        return OK;
    }
    ret_authorization->profile = &profile_v3_rsa; /* both profiles sign the same lines */
    ret_authorization->timestamp = input->timestamp;
    ret_authorization->nonce = input->nonce;
    if (input->authorization.data != NULL)
        TRY(authorization_parse(input->authorization, ret_authorization));
    *ret_parts = (MessageParts) { .method = input->method,
        .target = input->target,
        .timestamp = ret_authorization->timestamp,
        .nonce = ret_authorization->nonce,
        .body = input->body };
    return OK;
}

/* The causes are those of lines; of a form the place says enough. */
static ExplainResult compare(const ExplainInput *input, Span ours)
{
    ExplainResult result = explain_compare(ours, input->theirs);
    if (input->form.data == NULL || result.cause == EXPLAIN_SAME) return result;
    result.cause = EXPLAIN_OTHER_VALUE;
    result.part = (MessagePart)0;
    return result;
}

MUST_USE static Status explain(const ExplainInput *input, const Authorization *authorization,
        const MessageParts *parts, Buffer *canonical, Buffer *report, ExplainResult *result)
{
    TRY(message_request(authorization->profile, parts, canonical));
    const Span ours = span_of_buffer(canonical);
    TRY(put_string(report, "String to sign", ours));
    if (input->theirs.data != NULL) {
        *result = compare(input, ours);
        TRY(put_comparison(report, ours, input->theirs, result));
    }
    if (input->authorization.data == NULL && input->form.data == NULL) return OK;
    TRY(put_clock(report, authorization, input->now_us));
    TRY(put_serial(report, input, authorization));
    if (input->key == NULL) return OK;
    result->verdict = judge_signature(input, authorization, ours);
    return buffer_print(report, "Signature (%s): %s\n", authorization->profile->scheme,
            status_ok(result->verdict) ? "right" : status_advice(result->verdict));
}

MUST_USE static Status put_unreadable(const ExplainInput *input, Status why, Buffer *report)
{
    const bool form = input->form.data != NULL;
    const char *blame = form ? "" : authorization_blame(input->authorization);
    return buffer_print(report, "%s: %s%s%s\n", form ? "Form" : "Authorization", status_advice(why),
            blame[0] == '\0' ? "" : " Attribute: ", blame);
}

Status message_explain(const ExplainInput *input, Buffer *ret_report, ExplainResult *ret_result)
{
    CLEANUP(buffer_done) Buffer memory = { malloc(ENVELOPE_BYTES_MAX), 0, ENVELOPE_BYTES_MAX };
    CLEANUP(buffer_done)
    Buffer canonical = { malloc(MESSAGE_CANONICAL_BYTES_MAX), 0, MESSAGE_CANONICAL_BYTES_MAX };
    CHECK(memory.data != NULL && canonical.data != NULL, FAULT_MEMORY);
    Authorization authorization = { 0 };
    MessageParts parts = { 0 };
    ExplainResult result = { .verdict = read_input(input, &memory, &authorization, &parts) };
    Buffer report = *ret_report;
    if (!status_ok(result.verdict))
        TRY(put_unreadable(input, result.verdict, &report));
    else
        TRY(explain(input, &authorization, &parts, &canonical, &report, &result));
    ret_report->size = report.size;
    *ret_result = result;
    return OK;
}

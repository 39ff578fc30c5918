#pragma once
/*
 * explain: the signature debugger. Shows what exactly is signed, and where two sides differ.
 *
 * From what was received it builds the canonical string, and prints it (control characters
 * visible), its length, its SHA-256, and what the key lookup expects. With the other side's
 * canonical string it finds the first byte that differs, the line it stands in, both contexts as
 * text and hexadecimal, and the causes that would explain it: a body serialised again, a decoded
 * query, CRLF, a missing last line feed, a timestamp in milliseconds, swapped or missing lines.
 */
#include "message/envelope.h"

enum { EXPLAIN_BYTES_MAX = 64 * 1024, EXPLAIN_TEXT_BYTES_MAX = 2048 };

typedef struct ExplainInput {
    Span authorization; /* data NULL: none; then timestamp and nonce below count */
    Span form; /* form fields in its place (envelope.h); data NULL: none */
    Span timestamp;
    Span nonce;
    Span method;
    Span target;
    Span body;
    Span theirs; /* the other side's canonical string; data NULL: none */
    const PublicKey *key; /* to try the signature; may be NULL */
    Span expected_serial; /* of that key; may be empty */
    int64_t now_us; /* 0: the clock is not judged */
} ExplainInput;

typedef enum ExplainCause {
    EXPLAIN_SAME = 0,
    EXPLAIN_NO_LAST_LINE_FEED,
    EXPLAIN_CRLF,
    EXPLAIN_MILLISECONDS,
    EXPLAIN_QUERY_DECODED,
    EXPLAIN_QUERY_MISSING,
    EXPLAIN_HOST_INCLUDED,
    EXPLAIN_BODY_SERIALISED_AGAIN,
    EXPLAIN_BODY_MISSING,
    EXPLAIN_BODY_BLANKS_AT_END,
    EXPLAIN_BODY_ENCODING,
    EXPLAIN_METHOD,
    EXPLAIN_LINES_SWAPPED,
    EXPLAIN_OTHER_VALUE,
} ExplainCause;

typedef struct ExplainResult {
    Status verdict; /* of the header and, with a key, of the signature */
    ExplainCause cause; /* with `theirs` */
    size_t differs_at; /* byte offset, when cause is not EXPLAIN_SAME */
    MessagePart part; /* in which it lies; 0: of a form */
} ExplainResult;

/* Append the report as text for a terminal, in English. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status message_explain(
        const ExplainInput *input, Buffer *ret_report, ExplainResult *ret_result);

/* Where and why two canonical strings of requests differ. */
ExplainResult explain_compare(Span ours, Span theirs);
const char *explain_cause_text(ExplainCause cause);

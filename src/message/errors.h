#pragma once
/*
 * errors: what a caller is told: HTTP status and `{"code","message","detail"}` for each of our
 * refusals, in one table (message/errors.c). Several refusals share one answer on purpose: an
 * unknown merchant looks like a wrong signature, and a screening refusal looks like a risk refusal.
 * A status that the table does not name is 500 SYSTEM_ERROR and says nothing of its inside.
 */
#include "base/bytes.h"

enum {
    ERROR_BODY_BYTES_MAX = 4096,
    ERROR_SIGN_MESSAGE_BYTES_MAX =
            100, /* of the canonical string that detail shows: more would leak bodies */
    ERROR_URL_BYTES_MAX = 512,
};

typedef struct MessageError {
    StatusCode status;
    int http;
    const char *code;
    const char *chinese;
    const char *english;
} MessageError;

/* Never NULL. Static storage. */
const MessageError *message_error(Status status);

/* Whether the same request may succeed unchanged later (429, 5xx): for clients of ours. */
bool message_error_passes(Status status);

typedef enum MessageLanguage { MESSAGE_CHINESE = 0, MESSAGE_ENGLISH = 1 } MessageLanguage;
/* From Accept-Language (may be empty): English only when it is named before Chinese. */
MessageLanguage message_language(Span accept_language);

typedef struct ErrorContext { /* everything may be left zero */
    MessageLanguage language;
    const char *field; /* as text/json.h names it: "amount.total"; NULL or "": none */
    const char *location; /* "body" unless given: "query", "header", "path" */
    Span method; /* the three for SIGN_ERROR: sign_information */
    Span target;
    Span canonical;
} ErrorContext;

/*
 * Append the body. Bytes of the request that are not UTF-8 are shown as '?'.
 * Refuses REFUSED_BUFFER_FULL; ERROR_BODY_BYTES_MAX is always enough.
 */
MUST_USE Status message_error_body(Status status, const ErrorContext *context, Buffer *ret_body);

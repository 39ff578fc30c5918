#pragma once
/*
 * request_shown: what hufud shows of a request, before somebody signs for it.
 *
 * The same key may sign for vaultd, which believes signatures and not hufud, so a captured hufud
 * must not choose what is signed. Signed is the SHA-256 of bytes that are here, which say
 * themselves what they ask: an operation of hufud's. Each of those has a '.' in its name, none of
 * vaultd's has (vault/duties.c). Pure.
 */
#include "base/bytes.h"

enum {
    REQUEST_ID_BYTES = 16,
    REQUEST_ACTION_BYTES_MAX = 64,
    REQUEST_SUBJECT_BYTES_MAX = REQUEST_ID_BYTES + 1 + 64,
    REQUEST_EXACT_BYTES_MAX = 64 * 1024,
};

typedef struct RequestShown {
    char action[REQUEST_ACTION_BYTES_MAX + 1];
    char subject[REQUEST_SUBJECT_BYTES_MAX + 1]; /* what an approver signs */
    int64_t expires_us;
} RequestShown;

/*
 * answer     of request.show
 * request    the number that was asked for
 * ret_exact  appended: the bytes that were asked
 *
 * Refuses REFUSED_APPROVAL_FILE_OTHER (another request, or it is not what its bytes say),
 * REFUSED_BUFFER_FULL, and what text/json.h refuses.
 */
MUST_USE Status request_shown_read(
        Span answer, const char *request, RequestShown *ret_shown, Buffer *ret_exact);

#pragma once
/*
 * answer: the signed answer: `timestamp\nnonce\nbody\n` under the platform's key, and the headers
 * that carry it (LL-4.3.9). 204 signs an empty body. Also the form of notifications.
 *
 * Signing happens in vaultd, many answers in one message, so it is in two steps around it:
 *
 *     answer_prepare(…, &answer);               the canonical string stands in answer.canonical
 *     vaultclient_sign(…)
 *     answer_seal(&answer, signature);          answer.headers[0 .. answer.header_count)
 *
 * answer_unsigned() gives the headers of an answer that nobody signed.
 */
#include "base/seams.h"
#include "http/server.h"
#include "message/profile.h"

enum {
    ANSWER_HEADERS_MAX = 8,
    ANSWER_NONCE_BYTES = 32,
    ANSWER_REQUEST_ID_BYTES = 32,
};

typedef struct Answer {
    const SigningProfile *profile;
    char timestamp[24];
    char nonce[ANSWER_NONCE_BYTES];
    char serial[MESSAGE_SERIAL_BYTES_MAX];
    char request_id[ANSWER_REQUEST_ID_BYTES];
    char signature[MESSAGE_SIGNATURE_TEXT_MAX];
    HttpHeader headers[ANSWER_HEADERS_MAX]; /* point into this struct: do not copy it */
    size_t header_count;
    Span canonical; /* points into the caller's buffer */
} Answer;

/*
 * Fill timestamp, nonce, serial and request id, and append the canonical string to `canonical`.
 *
 * serial  of the platform key that will sign (certificate serial or PUB_KEY_ID_…), <=
 * MESSAGE_SERIAL_BYTES_MAX body    the bytes that will be sent; empty for 204
 *
 * Refuses REFUSED_BUFFER_FULL. Faults FAULT_RANDOM.
 */
MUST_USE Status answer_prepare(const SigningProfile *profile, Span serial, int64_t now_us,
        const Random *random, Span body, Buffer *canonical, Answer *ret_answer);
/* Content-Type, Request-ID and the profile's five headers. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status answer_seal(Answer *answer, Span signature);
/* Content-Type and Request-ID alone. Faults FAULT_RANDOM. */
MUST_USE Status answer_unsigned(const Random *random, Answer *ret_answer);
/* The request's own number as Request-ID instead of a random one, between prepare and sending:
 * digest of mchid and nonce, which the audit log keeps (message/nonce.h). */
void answer_number(Answer *answer, const uint8_t digest[ANSWER_REQUEST_ID_BYTES / 2]);
/* The method that the path is served with, for a 405 (RFC 9110 15.5.6). Static storage. */
void answer_allow(Answer *answer, Span method);
/* Pages of any origin may read it: it says nothing of who asks, and nobody asks with cookies. */
void answer_for_pages(Answer *answer);

#pragma once
/*
 * asks: requests that no honest client would send: any part of them can be spoilt, and the answer
 * is kept as it came.
 */
#include "intruder.h"
#include "merchant_steps.h"

enum { ASK_HEADERS_MAX = 8, ASK_ANSWER_BYTES_MAX = 16 * 1024, ASK_HEAD_BYTES_MAX = 4096 };

/* Unset parts are right. All borrowed. */
typedef struct Ask {
    const MerchantApp *app; /* who signs; NULL: no Authorization */
    const char *method; /* NULL: "POST" */
    const char *target;
    Span body;
    Span signed_body; /* what is signed instead; data NULL: the body */
    const char *signed_target;
    int64_t late_s; /* seconds that the timestamp lies behind now; may be negative */
    const char *nonce;
    const char *mchid;
    const char *serial;
    const SigningProfile *profile;
    const char *authorization; /* the whole header, instead of a right one */
    const char *replace; /* in the right header: this text ... */
    const char *with; /* ... by that one */
    const char *content_type; /* NULL: application/json; "": none */
    int authorizations; /* how often the header is sent; 0: once */
    const HttpHeader *more;
    size_t more_count;
} Ask;

typedef struct AskAnswer {
    Answered fields;
    char message[256];
    uint8_t body[ASK_ANSWER_BYTES_MAX];
    size_t body_size;
    uint8_t head[ASK_HEAD_BYTES_MAX]; /* its header lines */
    size_t head_size;
} AskAnswer;

/* Send it and keep what came. A connection that is closed without an answer is a refusal of ours to
 * go on: it is passed up (REFUSED_HTTP_CLOSED). */
MUST_USE Status ask_send(HttpClient *http, const Ask *ask, AskAnswer *ret_answer);

typedef struct AskWanted {
    int status;
    const char *code;
    const char *field; /* of detail, as a JSON pointer; NULL: not looked at */
} AskWanted;

/* Refused as wanted, with a message, and no table of payments has another row or another batch
 * than before. */
bool ask_refused(HttpClient *http, Intruder *intruder, const char *name, const Ask *ask,
        const AskWanted *wanted, AskAnswer *ret_answer);

/* Neither program's log holds this text; both logs are there. */
bool asks_log_lacks(const Stand *stand, const char *text);

#pragma once
/*
 * connection: one HufuVault: its TLS connection, the box key of the day, its session. Inside the
 * room.
 */
#include "http/client.h"
#include "sdk/box_key.h"
#include <hufu/vault.h>

enum { SDK_BODY_BYTES_MAX = 480 * 1024, SDK_SESSION_BYTES = 16, SDK_TENANT_BYTES_MAX = 64 };
#define SDK_SESSION_LIFE_US ((int64_t)3500 * 1000000)

typedef struct SdkSession { /* numbers 0: none */
    uint8_t id[SDK_SESSION_BYTES];
    BoxSession keys;
    uint64_t next; /* number of the next message */
    uint64_t numbers;
    int64_t expires_us;
} SdkSession;

struct HufuVault {
    struct ssl_ctx_st *tls;
    HttpClient *http;
    BoxKey box_key;
    char tenant[SDK_TENANT_BYTES_MAX + 1]; /* as the vault last called us */
    SdkSession sessions[2]; /* for fields, for look-ups */
    uint8_t body[SDK_BODY_BYTES_MAX]; /* of the request in the making */
};

/* The whole file; NULL is refused. Faults FAULT_DISK; refuses KEY_FORMAT, BUFFER_FULL. */
MUST_USE Status sdk_read_file(const char *path, Buffer *ret_bytes);
/* The first address of this name; the certificate must show the name all the same. Refuses
 * HTTP_CONNECT. */
MUST_USE Status sdk_resolve(const char *host, char ret_address[HTTP_ADDRESS_TEXT_MAX]);
/* What an answer that was no success says of itself; `error` may be NULL. */
void sdk_keep_error(int status, Span body, HufuError *error);

/* Say why on `error` (may be NULL); -1, or 0 when `s` is OK. */
int sdk_result(Status s, HufuError *error);
/*
 * Ask, JSON unless `binary`; an empty body is a GET. Refuses HTTP_ANSWER_INVALID with `error`
 * filled from the answer when its status is not 200. ret_body: borrowed until the next call.
 */
MUST_USE Status sdk_ask(HufuVault *vault, const char *target, bool binary, Span body,
        HufuError *error, Span *ret_body);
/* Today's box key, believed. */
MUST_USE Status sdk_box_key(HufuVault *vault, HufuError *error);
/* A fresh nonce of the vault's; vault->tenant is what it knows this caller as. */
MUST_USE Status sdk_challenge(
        HufuVault *vault, HufuError *error, uint8_t ret_nonce[BOX_NONCE_BYTES]);

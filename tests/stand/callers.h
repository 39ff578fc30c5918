#pragma once
/*
 * callers: other systems that use the vault as a service, as their own programs would: each with a
 * private key of its own, certified through the operator's socket.
 */
#include "crypto/box.h"
#include "stand.h"
#include <hufu/vault.h>

typedef struct StandCaller {
    PrivateKey *key;
    struct ssl_ctx_st *tls; /* shows its certificate, trusts the stand's CA */
    uint8_t certificate_pem[16384];
    size_t certificate_pem_size;
} StandCaller;

/* `rights` as `hufu caller add --may` has it. Refuses what caller.add refuses. */
MUST_USE Status stand_caller(
        Stand *stand, const char *name, const char *tenant, const char *rights, StandCaller *ret);
/* Only ask, for a key that somebody has already. */
MUST_USE Status stand_caller_with(Stand *stand, const char *name, const char *tenant,
        const char *rights, const PrivateKey *key);
void stand_caller_done(StandCaller *caller);
/* What the library opens with: the caller's key and certificate, written to the stand's folder.
 * Points into `files`, which stays as long as it. */
typedef struct StandCallerFiles {
    char authority[STAND_PATH_BYTES_MAX];
    char certificate[STAND_PATH_BYTES_MAX];
    char key[STAND_PATH_BYTES_MAX];
    char platform[STAND_PATH_BYTES_MAX];
} StandCallerFiles;
MUST_USE Status stand_caller_settings(const Stand *stand, const StandCaller *caller,
        StandCallerFiles *files, HufuSettings *ret_settings);
/* Ask as the operator: caller.revoke. */
MUST_USE Status stand_caller_revoke(const Stand *stand, const char *name);
/* Connect to the service's port with this TLS context. */
MUST_USE Status stand_service(const Stand *stand, struct ssl_ctx_st *tls, HttpClient **ret_http);
/* A box over a fresh challenge, for today's key; `context` without nonce and expiry. Appends
 * base64. */
MUST_USE Status stand_service_box(
        HttpClient *http, const BoxContext *context, Span plain, Buffer *ret_base64);
/* One call with a JSON body (empty: GET). */
MUST_USE Status stand_service_call(
        HttpClient *http, const char *target, Span json, HttpAnswer *ret_answer);

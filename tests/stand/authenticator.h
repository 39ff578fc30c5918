#pragma once
/*
 * authenticator: what a person touches to log in without a password: a software authenticator with
 * one passkey, and the part of a browser that stands before it (W3C Web Authentication, Level 3).
 * It writes clientDataJSON, authenticator data and the attestation "none" by itself, with nothing
 * of the code that reads them. Any part can be spoilt.
 */
#include "browser.h"

#include "crypto/sign.h"

enum { AUTHENTICATOR_ID_BYTES = 32, AUTHENTICATOR_JSON_BYTES_MAX = 8192 };

typedef struct Authenticator {
    PrivateKey *key; /* KEY_P256 or KEY_ED25519 */
    uint8_t id[AUTHENTICATOR_ID_BYTES];
    uint32_t count; /* of the next answer; 0: it does not count */
    bool copies; /* its keys may wander between its owner's devices */
    char name[33]; /* as the console calls its passkey */
    /* what is said instead, for attacks; NULL or false: what is right */
    const char *origin;
    const char *rp_id;
    const char *type;
    bool cross_origin;
    bool absent; /* nobody touched it */
    bool unverified; /* it asked for no PIN */
    bool unsigned_answer; /* one bit of the signature is another */
} Authenticator;

/* Faults FAULT_CRYPTO, FAULT_RANDOM. */
MUST_USE Status authenticator_make(KeyAlgorithm algorithm, Authenticator *ret);
void authenticator_done(Authenticator *authenticator);

/* A fresh challenge from this path ("/console/v1/passkey/login"); as base64url. */
MUST_USE Status authenticator_challenge(Browser *browser, const char *path, char ret_challenge[64]);
/* The bodies that a page would post: for sending them twice, or somewhere else. Ends with zero. */
void authenticator_attest(const Authenticator *authenticator, const Browser *browser,
        const char *challenge, char ret_json[AUTHENTICATOR_JSON_BYTES_MAX]);
/* Counts up. */
void authenticator_assert(Authenticator *authenticator, const Browser *browser,
        const char *challenge, char ret_json[AUTHENTICATOR_JSON_BYTES_MAX]);

/* Each fetches its challenge and posts the answer; the HTTP status. */
int authenticator_register(Authenticator *authenticator, Browser *browser); /* keeps the name */
int authenticator_login(Authenticator *authenticator, Browser *browser);
int authenticator_prove(Authenticator *authenticator, Browser *browser);

/* The last answer is the very refusal of a log-in with a wrong password, and gave no session; else
 * it is shown with `what` was tried. */
bool authenticator_refused(const Browser *browser, const char *what);

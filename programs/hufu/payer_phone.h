#pragma once
/*
 * payer_phone: a telephone on which a payer registers and logs in: it has a key that never leaves
 * it, and signs each request with it (message/device_signature.h). Passwords, and who the payer is,
 * leave it in sealed boxes alone.
 */
#include "message/device_signature.h"
#include "payer_app.h"

enum { PAYER_PHONE_SECRET_MAX = 128, PAYER_PHONE_NAME_BYTES_MAX = 40 };

typedef struct PayerPhone {
    PrivateKey *key;
    char name[PAYER_PHONE_NAME_BYTES_MAX + 1];
    bool has_session;
    uint8_t session[DEVICE_SESSION_BYTES]; /* secret */
    int64_t session_number;
    int64_t cools_until_us; /* as the service said last; 0: money leaves */
} PayerPhone;

/* A fresh key; KEY_P256 or KEY_ED25519. */
MUST_USE Status payer_phone_make(KeyAlgorithm algorithm, const char *name, PayerPhone *ret_phone);
void payer_phone_wipe(PayerPhone *phone); /* for CLEANUP */
/* Its key, and session when there is one, in <folder>/<payer>.device.pem and .session (0600). */
MUST_USE Status payer_phone_save(const PayerPhone *phone, const char *folder, const char *payer);
/* Refuses PAYER_DEVICE_UNKNOWN: no such file. */
MUST_USE Status payer_phone_load(const char *folder, const char *payer, PayerPhone *ret_phone);

/* One call, signed unless `phone` is NULL; 200 goes on, anything else is
 * REFUSED_HTTP_ANSWER_INVALID with its code in `ret_answer`. */
MUST_USE Status payer_ask(const PayerPhone *phone, HttpClient *http, const char *method,
        Span target, Span body, PayerAnswer *ret_answer, Span *ret_body);

/* --- what a payer types --- */
typedef struct PayerPerson {
    const char *name;
    const char *identity_number;
    const char *phone;
} PayerPerson;

typedef struct PayerTalk { /* borrowed */
    PayerApp *app; /* with its phone */
    HttpClient *http;
    BoxKey *key;
    PayerAnswer *answer;
} PayerTalk;

/* Register: with an empty app->id anew (the id is drawn), else as the payer who is there and knows
 * app->pin. Anew, app->pin (may be empty) becomes the PIN. Logged in afterwards. */
MUST_USE Status payer_phone_register(
        const PayerTalk *talk, const PayerPerson *person, const char *password);
/* `with_pin`: app->pin is shown, too: the phone is new. */
MUST_USE Status payer_phone_login(const PayerTalk *talk, const char *password, bool with_pin);
/* From a new phone, when the PIN was forgotten: who one is, and another PIN. */
MUST_USE Status payer_phone_login_as(
        const PayerTalk *talk, const char *password, const PayerPerson *person, const char *pin);
MUST_USE Status payer_phone_logout(const PayerTalk *talk, bool everywhere);
MUST_USE Status payer_phone_password(const PayerTalk *talk, const char *old, const char *new);
/* Also the first one: `old` empty. app->pin is the new one afterwards. */
MUST_USE Status payer_phone_pin(const PayerTalk *talk, const char *old, const char *new);
MUST_USE Status payer_phone_reset_password(
        const PayerTalk *talk, const PayerPerson *person, const char *new, bool with_pin);
MUST_USE Status payer_phone_reset_pin(
        const PayerTalk *talk, const PayerPerson *person, const char *new);

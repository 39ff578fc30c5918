#pragma once
/*
 * merchant_app: a merchant's side of the v3 profile: signs requests, verifies answers, asks again
 * when an answer is lost, opens what came sealed. For our own programs; other people's use
 * include/hufu/merchant.h.
 */
#include "message/client.h"
#include "text/json.h"

enum {
    MERCHANT_APP_BODY_BYTES_MAX = 64 * 1024,
    MERCHANT_APP_SEALED_BYTES_MAX = 16 * 1024,
    MERCHANT_APP_TRIES_MAX = 8, /* of one request, when nothing comes back */
};

typedef struct MerchantApp {
    char mchid[MESSAGE_MCHID_BYTES_MAX + 1];
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    const SigningProfile *profile;
    PrivateKey *key;
    uint8_t apiv3[32]; /* secret */
    PublicKey *platform; /* whose signature answers bear; by merchant_app_learn() */
    char platform_serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    unsigned tries_max; /* of one request; 0: MERCHANT_APP_TRIES_MAX */
} MerchantApp;

/*
 * Fetch the platform's certificate (GET /v3/certificates), open it with the APIv3 key and believe
 * answers that it signed, and no other's from here on. The first answer can only be believed
 * because of TLS: as every SDK does it.
 */
MUST_USE Status merchant_app_learn(MerchantApp *app, HttpClient *http);

typedef struct MerchantAnswer {
    int status; /* of HTTP */
    Span body; /* borrowed from the client until its next call */
    unsigned tries;
} MerchantAnswer;

/*
 * Send one signed request; an answer of 2xx is verified. A lost answer, 202, 429, 502 and 503 are
 * asked again with the same body and a fresh signature, after growing pauses.
 *
 * Refuses what client_verify_answer() and http_client_call() refuse.
 */
MUST_USE Status merchant_app_call(const MerchantApp *app, HttpClient *http, const char *method,
        Span target, Span body, MerchantAnswer *ret_answer);

/*
 * Open a member {"algorithm","nonce","associated_data","ciphertext"} of this object with the APIv3
 * key; appended.
 *
 * Refuses JSON_*, BASE64_*, AEAD_REFUSED, BUFFER_FULL.
 */
MUST_USE Status merchant_app_open(const MerchantApp *app, const JsonDocument *document,
        const JsonValue *object, const char *member, Buffer *ret_plain);

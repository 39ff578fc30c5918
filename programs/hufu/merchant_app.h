#pragma once
/*
 * merchant_app: a merchant's side of the v3 profile, as a merchant's own program would have it:
 * signs requests, verifies answers, asks again when an answer is lost.
 *
 * Its private key and APIv3 key were made on its side and lie in its own folder:
 *   <folder>/merchants.csv   mchid,serial_no
 *   <folder>/<mchid>.key.pem and <folder>/<mchid>.apiv3
 */
#include "message/client.h"

enum {
    MERCHANT_APPS_MAX = 64,
    MERCHANT_APP_BODY_BYTES_MAX = 64 * 1024,
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

typedef struct MerchantApps {
    MerchantApp items[MERCHANT_APPS_MAX];
    size_t count;
} MerchantApps;

/* Make a key, an APIv3 key and the serial number, and write all to the folder. Does nothing when
 * the merchant has them already. Faults FAULT_CRYPTO, FAULT_DISK. */
MUST_USE Status merchant_app_make(const char *folder, const char *mchid, KeyAlgorithm algorithm);
/* Refuses CSV_*, KEY_FORMAT; faults FAULT_DISK. */
MUST_USE Status merchant_apps_load(const char *folder, MerchantApps *ret_apps);
/* For CLEANUP: wipes and frees. */
void merchant_apps_free(MerchantApps *apps);

/* "PUB_KEY_ID_" and the first 16 bytes of the key's fingerprint: a name that needs no certificate.
 */
void merchant_serial_of(const PublicKey *key, char ret_serial[MESSAGE_SERIAL_BYTES_MAX + 1]);

/*
 * Fetch the platform's certificate (GET /v3/certificates), open it with the APIv3 key and believe
 * answers that it signed. The first answer can only be believed because of TLS: as every SDK does
 * it.
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

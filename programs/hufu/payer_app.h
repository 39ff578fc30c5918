#pragma once
/*
 * payer_app: the app on a payer's telephone: puts the PIN into a sealed box, takes payment codes,
 * confirms payments. Only vaultd can open the box.
 */
#include "http/client.h"
#include "sdk/box_key.h"

enum {
    PAYER_APP_ID_BYTES_MAX = 64,
    PAYER_APP_PIN_DIGITS = 6,
    PAYER_APP_CODES_MAX = 15,
    PAYER_APP_CODE_BYTES_MAX = 32,
    PAYER_APPS_MAX = 100000,
    PAYER_APP_WAITING_MAX = 64, /* orders that the service shows at once */
    PAYER_APP_PREPAY_ID_BYTES_MAX = 64,
    PAYER_APP_CODE_URL_BYTES_MAX = 11 + PAYER_APP_PREPAY_ID_BYTES_MAX,
};

/* Pin the platform's key in <folder>/platform.pem, which enrolment wrote. Refuses KEY_FORMAT;
 * faults
 * FAULT_DISK. */
MUST_USE Status box_key_pin(const char *folder, BoxKey *key);
/* GET /payer/v1/box-key; one that still lives is kept. */
MUST_USE Status box_key_fetch(HttpClient *http, BoxKey *key);

struct PayerPhone;

typedef struct PayerApp {
    struct PayerPhone *phone; /* payer_phone.h; NULL: the payer has not registered */
    char id[PAYER_APP_ID_BYTES_MAX + 1];
    char pin[PAYER_APP_PIN_DIGITS + 1]; /* secret */
    char codes[PAYER_APP_CODES_MAX][PAYER_APP_CODE_BYTES_MAX];
    size_t codes_left;
    int64_t codes_expire_us;
} PayerApp;

typedef struct PayerApps {
    PayerApp *items;
    size_t count;
} PayerApps;

/* Draw `count` payers with PINs that are not too easy, and write <folder>/payers.csv
 * (payer_id,pin). Does nothing when the file exists. */
MUST_USE Status payer_apps_make(const char *folder, size_t count);
MUST_USE Status payer_apps_load(const char *folder, PayerApps *ret_apps);
/* For CLEANUP: wipes and frees. */
void payer_apps_free(PayerApps *apps);

/* What the service said when it did not do what was asked: its `code`, or a name of ours. */
typedef struct PayerAnswer {
    int status; /* of HTTP */
    char code[64];
} PayerAnswer;

/* A fresh payment code; asks for a handful at once when none is left. Borrowed until the next call.
 */
MUST_USE Status payer_app_code(PayerApp *app, HttpClient *http, BoxKey *key,
        PayerAnswer *ret_answer, const char **ret_code);
/* Look at the order behind a code_url and confirm it with the PIN. */
MUST_USE Status payer_app_pay(
        PayerApp *app, HttpClient *http, BoxKey *key, Span code_url, PayerAnswer *ret_answer);

/* Who is paid by a static code, and how the payment will be called. */
typedef struct PayeeShown {
    char payee[129]; /* the name to show */
    char mchid[BOX_NAME_BYTES_MAX + 1];
    char out_trade_no[BOX_NAME_BYTES_MAX + 1];
    uint8_t nonce[BOX_NONCE_BYTES];
    int64_t limit_minor;
} PayeeShown;
/* Look at a merchant's static code: code_url is hufu://payee/... */
MUST_USE Status payer_app_payee(PayerApp *app, HttpClient *http, Span code_url,
        PayerAnswer *ret_answer, PayeeShown *ret_shown);
/* Pay what was shown, with the PIN. */
MUST_USE Status payer_app_pay_payee(PayerApp *app, HttpClient *http, BoxKey *key, Span code_url,
        const PayeeShown *shown, int64_t minor, PayerAnswer *ret_answer);

/*
 * Ask, with the PIN, which orders wait for it, and append the code_url of this one: for
 * payer_app_pay(). A payer whose scanned code was challenged learns it from nowhere else.
 *
 * ret_code_url  PAYER_APP_CODE_URL_BYTES_MAX is always enough
 * Refuses ORDER_NOT_EXIST (it does not wait for the PIN), and what the service refuses.
 */
MUST_USE Status payer_app_waiting(PayerApp *app, HttpClient *http, BoxKey *key, Span mchid,
        Span out_trade_no, PayerAnswer *ret_answer, Buffer *ret_code_url);

/* "code" of an error body, else "HTTP <status>", into `ret_code`. */
void answer_code(int status, Span body, char ret_code[64]);

/* A fresh box key, and a challenge, with what the service said when it gave none. */
MUST_USE Status payer_key_fetch(HttpClient *http, BoxKey *key, PayerAnswer *ret_answer);
MUST_USE Status payer_challenge_fetch(
        HttpClient *http, PayerAnswer *ret_answer, uint8_t ret_nonce[BOX_NONCE_BYTES]);

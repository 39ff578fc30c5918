#pragma once
/*
 * payee_code: a merchant's static code, printed and scanned by any payer, who then says how much.
 *
 * The code carries 32 random characters of the server's and nothing else; what they stand for is a
 * sealed row, and who is paid is what that row and the merchant's own row say (TP-18, 银发 [2017]
 * 296: made encrypted on the server, and checked). The PIN is given for that merchant and amount,
 * and order and payment are one step: a scan leaves nothing behind. What a payer pays by static
 * codes in a day is limited, whatever was shown (payer_barcode.h).
 *
 * A code for one payment is a native order's code_url (order.h).
 */
#include "payment/payment.h"

extern const Table payee_code_table;

enum {
    PAYEE_CODE_BYTES = 32,
    PAYEE_CODE_URL_BYTES = 13 + PAYEE_CODE_BYTES, /* hufu://payee/<reference> */
};

enum PayeeCodeColumn {
    PAYEE_CODE_REFERENCE = 1, /* TEXT, key */
    PAYEE_CODE_MCHID = 2, /* TEXT */
    PAYEE_CODE_APPID = 3, /* TEXT */
    PAYEE_CODE_DESCRIPTION = 4, /* TEXT: what the payer is shown beside the merchant's name */
    PAYEE_CODE_NOTIFY_URL = 5, /* TEXT or NULL */
    PAYEE_CODE_LIMIT_MINOR = 6, /* INT: the most of one payment */
    PAYEE_CODE_STATE = 7, /* INT, PayeeCodeState */
    PAYEE_CODE_CREATED = 8, /* INT, us */
    PAYEE_CODE_ENDED = 9, /* INT, us or NULL */
};

/* Stored: append only. */
typedef enum PayeeCodeState { PAYEE_CODE_LIVE = 1, PAYEE_CODE_REVOKED = 2 } PayeeCodeState;

typedef struct PayeeCode {
    char reference[PAYEE_CODE_BYTES + 1];
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char appid[PAYMENT_APPID_BYTES_MAX + 1];
    char description[PAYMENT_DESCRIPTION_BYTES_MAX + 1];
    char notify_url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1]; /* "": none */
    int64_t limit_minor;
    PayeeCodeState state;
    int64_t created_us;
    int64_t ended_us; /* 0: not ended */
} PayeeCode;

/* 32 of [0-9a-z]. */
bool payee_code_is_valid(Span reference);
MUST_USE Status payee_code_draw(const Random *random, char ret_reference[PAYEE_CODE_BYTES + 1]);
/* "hufu://payee/<reference>" with its NUL. */
void payee_code_url(const char *reference, char ret_url[PAYEE_CODE_URL_BYTES + 1]);

/* --- the merchant makes and revokes them --- */
typedef struct PayeeCodeMake {
    Unit unit;
    PayeeCode code; /* in: all but state and times; reference drawn */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* the key that signed the request */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
} PayeeCodeMake;
/* Refuses what merchant_admit() refuses, PAYEE_CODE_FIELD. */
void payee_code_make_unit(PayeeCodeMake *work, void (*done)(Unit *unit, Status outcome));

typedef struct PayeeCodeEnd {
    Unit unit;
    char reference[PAYEE_CODE_BYTES + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
} PayeeCodeEnd;
/* Again is OK. Refuses what merchant_admit() refuses, PAYEE_CODE_UNKNOWN (another's, too). */
void payee_code_end_unit(PayeeCodeEnd *work, void (*done)(Unit *unit, Status outcome));

/* --- the institution looks at them: a plain read, which decides nothing --- */
enum { PAYEE_CODES_FOUND_MAX = 64 };
typedef struct PayeeCodeFound {
    char reference[PAYEE_CODE_BYTES + 1];
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char description[PAYMENT_DESCRIPTION_BYTES_MAX + 1];
    int64_t limit_minor;
    PayeeCodeState state;
    int64_t created_us;
} PayeeCodeFound;
/* The newest of a merchant; `all`: revoked ones, too. */
MUST_USE Status payee_code_list(Store *store, const char *mchid, bool all, int64_t skip,
        PayeeCodeFound ret_codes[PAYEE_CODES_FOUND_MAX], size_t *ret_count);

/* --- a payer scans one --- */
typedef struct PayeeCodeLook {
    Unit unit;
    char reference[PAYEE_CODE_BYTES + 1]; /* in */
    PayeeCode code; /* out */
    char payee[MERCHANT_NAME_BYTES_MAX + 1]; /* as the institution registered the merchant */
} PayeeCodeLook;
/* Refuses PAYEE_CODE_UNKNOWN (revoked, or its merchant closed, too). */
void payee_code_look_unit(PayeeCodeLook *work, void (*done)(Unit *unit, Status outcome));

/*
 * Pay what the payer was shown: the grant covers exactly this merchant, number and amount. The
 * number is one of payee_code_number_draw(); the same again, by the same payer for the same amount,
 * is the same payment.
 */
typedef struct PayeeCodePay {
    Unit unit;
    char reference[PAYEE_CODE_BYTES + 1]; /* in */
    char payer[PAYER_ID_BYTES_MAX + 1];
    PayerDoor door; /* how the payer came */
    uint8_t grant[PAYMENT_GRANT_BYTES];
    PaymentKey confirmed; /* what the payer's box was made for */
    Money money;
    PaymentIds ids;
    const PaymentRules *rules;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Payment payment; /* out: SUCCESS or USERPAYING */
    bool repeated;
} PayeeCodePay;
/* "payee" and 27 of [0-9a-z]. */
bool payee_code_number_is_valid(Span number);
MUST_USE Status payee_code_number_draw(
        const Random *random, char ret_number[PAYMENT_OUT_TRADE_NO_MAX + 1]);
/* Refuses PAYEE_CODE_UNKNOWN, BOX_CONTEXT (another merchant than was confirmed), PAYEE_CODE_LIMIT,
 * MERCHANT_LIMIT, ORDER_CONFLICT, PAYER_UNKNOWN, PAYER_CLOSED, what payer_door_admit() refuses,
 * AMOUNT_NOT_POSITIVE, ACCOUNT_CURRENCY and what payment_begin() refuses, BARCODE_STATIC among it:
 * then nothing is stored. */
void payee_code_pay_unit(PayeeCodePay *work, void (*done)(Unit *unit, Status outcome));

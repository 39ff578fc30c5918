#pragma once
/*
 * pay_code: the 18-digit code that a payer's app shows and a shop scans. Random, one use,
 * short-lived, and void once the app takes fresh ones; it holds nothing about the payer or an
 * account (TP-18), and the table holds only its digest.
 *
 * The digest is plain SHA-256 over a label and the code: 16 random digits and one of five prefixes
 * are 2^55 codes, so whoever reads the table would need 2^54 hashes within a code's minute; a key
 * would have to live in hufud beside it, or cost every payment one more trip to vaultd.
 */
#include "payment/payment.h"

enum {
    PAY_CODE_DIGITS = 18,
    PAY_CODE_COUNT_MAX = 15,
    PAY_CODE_LIFE_DEFAULT_S = 60,
    PAY_CODE_LIFE_MAX_S = 3600,
};

enum PayCodeColumn {
    PAY_CODE_DIGEST = 1, /* BYTES 32, key */
    PAY_CODE_PAYER = 2, /* TEXT */
    PAY_CODE_CREATED = 3, /* INT, us */
    PAY_CODE_EXPIRES = 4, /* INT, us */
    PAY_CODE_STATE = 5, /* INT, PayCodeState */
    PAY_CODE_USED_BY = 6, /* TEXT or NULL: transaction_id */
};

/* Stored: append only. */
typedef enum PayCodeState { PAY_CODE_LIVE = 1, PAY_CODE_USED = 2 } PayCodeState;

/* 18 digits that begin with 10 to 14. */
bool pay_code_is_valid(Span code);
void pay_code_digest(Span code, uint8_t ret_digest[PAYMENT_HASH_BYTES]);

/* Codes for one payer; those that he was given before are void (payer_barcode.h). Issued after a
 * right PIN (purpose "codes"); vaultd counts the attempts, the caller asks it first. */
typedef struct PayCodeIssue {
    Unit unit;
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in */
    PayerDoor door; /* how the payer came */
    size_t count;
    int64_t life_us;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    char codes[PAY_CODE_COUNT_MAX][PAY_CODE_DIGITS
            + 1]; /* pay_codes_draw(); show them only after `done` with OK, then wipe */
    int64_t expires_us; /* out */
} PayCodeIssue;

/* Draw work->count codes. Refuses PAY_CODE_COUNT. */
MUST_USE Status pay_codes_draw(const Random *random, PayCodeIssue *work);
/* Refuses PAY_CODE_COUNT, PAYER_UNKNOWN, PAYER_CLOSED, what payer_door_admit() refuses, ROW_EXISTS
 * (a code drawn twice: draw again). */
void pay_code_issue_unit(PayCodeIssue *work, void (*done)(Unit *unit, Status outcome));

#pragma once
/*
 * merchant_terms: what the house knows of a merchant and has agreed with him: licence, same-name
 * settlement account, category, agreement, risk, fees, settlement. A sealed row that two people
 * make (api/admin_merchant_terms.c): whoever could change it unseen could have a merchant's money
 * settled elsewhere.
 *
 * TP-17: the agreement prohibits the merchant to keep sensitive payment data; the row names the
 * clause that does.
 *
 * The account's number is not here: a token of the vault's and its mask are.
 */
#include "access/merchant.h"
#include "crypto/digest.h"

extern const Table merchant_terms_table;

enum {
    TERMS_NUMBER_BYTES_MAX = 32, /* of a licence: a unified social credit code has 18 */
    TERMS_TOKEN_BYTES_MAX = 32,
    TERMS_MASK_BYTES_MAX = 40,
    TERMS_CLAUSE_BYTES_MAX = 64,
    TERMS_RATE_WHOLE = 10000,
    TERMS_RATE_MAX = 1000, /* of TERMS_RATE_WHOLE: a tenth of what is paid */
};
#define TERMS_FEE_MINOR_MAX INT64_C(100000000) /* a million yuan of one payment */

/* Stored: append only. */
typedef enum MerchantRisk { RISK_LOW = 1, RISK_MEDIUM = 2, RISK_HIGH = 3 } MerchantRisk;
typedef enum SettlementCycle { SETTLE_NEXT_DAY = 1, SETTLE_SAME_DAY = 2 } SettlementCycle;

enum MerchantTermsColumn {
    TERMS_MCHID = 1, /* TEXT, key */
    TERMS_LICENCE_NAME = 2, /* TEXT: whom the licence is of, and the account */
    TERMS_LICENCE_NUMBER = 3, /* TEXT */
    TERMS_LICENCE_SHA256 = 4, /* BYTES 32: of the copy on file */
    TERMS_LICENCE_UNTIL = 5, /* INT, us */
    TERMS_ACCOUNT_TOKEN = 6, /* TEXT */
    TERMS_ACCOUNT_MASK = 7, /* TEXT: "**** 1234" */
    TERMS_MCC = 8, /* INT: ISO 18245, four digits */
    TERMS_AGREEMENT_SHA256 = 9, /* BYTES 32: of the signed agreement */
    TERMS_AGREEMENT_TIME = 10, /* INT, us: when it was signed */
    TERMS_AGREEMENT_CLAUSE = 11, /* TEXT: which one prohibits keeping sensitive data */
    TERMS_RISK = 12, /* INT, MerchantRisk */
    TERMS_FEE_RATE = 13, /* INT, of ten thousand */
    TERMS_FEE_MIN = 14, /* INT, minor units of one payment */
    TERMS_FEE_MAX = 15, /* INT, likewise */
    TERMS_SETTLEMENT = 16, /* INT, SettlementCycle */
    TERMS_CHANGED = 17, /* INT, us */
};

/* Texts end with NUL. */
typedef struct MerchantTerms {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char licence_name[MERCHANT_NAME_BYTES_MAX + 1];
    char licence_number[TERMS_NUMBER_BYTES_MAX + 1];
    uint8_t licence_sha256[DIGEST_SHA256_BYTES];
    int64_t licence_until_us;
    char account_token[TERMS_TOKEN_BYTES_MAX + 1];
    char account_mask[TERMS_MASK_BYTES_MAX + 1];
    int64_t mcc;
    uint8_t agreement_sha256[DIGEST_SHA256_BYTES];
    int64_t agreement_us;
    char agreement_clause[TERMS_CLAUSE_BYTES_MAX + 1];
    MerchantRisk risk;
    int64_t fee_rate;
    int64_t fee_min_minor;
    int64_t fee_max_minor;
    SettlementCycle settlement;
    int64_t changed_us;
} MerchantTerms;

/*
 * Are these terms that a merchant can have from `now_us` on?
 *
 * Refuses TERMS_FIELD: a licence that is over or an agreement of tomorrow, a fee whose least is
 * more than its most or a rate over TERMS_RATE_MAX, a mask that shows more than four digits, a
 * token or a category that is not digits; DATA_CARD_NUMBER: a card's number instead of its token;
 * TERMS_TOKEN: a token that ends with the four digits that the mask shows is the account's number;
 * what detect_kept_text() refuses in any of the texts.
 * ret_field: which, a literal.
 */
MUST_USE Status merchant_terms_check(
        const MerchantTerms *terms, int64_t now_us, const char **ret_field);

/* What a payment of so much costs: the rate of it, at least the least and at most the most that was
 * agreed, never more than the payment. */
int64_t merchant_terms_fee(const MerchantTerms *terms, int64_t minor);

/* Running, gathered by merchant_terms_get(): may this merchant be ordered from? Refuses
 * MERCHANT_NOT_ONBOARDED, MERCHANT_LICENCE_OVER. */
MUST_USE Status merchant_terms_admit(Rows *rows, const char *mchid);

/* Gathering or running; refuses TERMS_NONE when the merchant has none. */
MUST_USE Status merchant_terms_get(Rows *rows, const char *mchid, MerchantTerms *ret);
/* Running, gathered by merchant_terms_get(). Insert, or replace what there is. */
MUST_USE Status merchant_terms_put(Rows *rows, const MerchantTerms *terms);

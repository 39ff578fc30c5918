#pragma once
/*
 * enrol: merchants, their keys and payers come in. The rows are of access and ledger, which do not
 * see each other; this is where they meet. `actor` is the operator who asked (for the audit log).
 */
#include "payment/payment.h"

enum { ENROL_ACTOR_BYTES_MAX = 54 };

/* Is this name still free? Changes nothing. What a newcomer keeps outside the rows (a PIN, a key)
 * is put there first, so that nobody is ever in without it; and this comes before that, so that
 * nobody who is in gets another's. */
typedef struct EnrolFree {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in; "": not asked for */
    char payer[PAYER_ID_BYTES_MAX + 1]; /* likewise */
} EnrolFree;

/* Refuses MERCHANT_EXISTS, PAYER_EXISTS. */
void enrol_free_unit(EnrolFree *work, void (*done)(Unit *unit, Status outcome));

/* A merchant with its account (at zero) and first key. */
typedef struct MerchantAdd {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    Merchant merchant; /* account: account_id_draw(); status and created are set by the unit */
    MerchantKey key; /* likewise; key.mchid is set by the unit */
    Currency currency;
} MerchantAdd;

/* Refuses ORDER_FIELD (a text or number out of range), MERCHANT_EXISTS, MERCHANT_KEY_EXISTS,
 * ACCOUNT_EXISTS. */
void merchant_add_unit(MerchantAdd *work, void (*done)(Unit *unit, Status outcome));

/* One more key, or an old one's end, or both: a new one beside an old one that ends at a date
 * (TP-7). */
typedef struct MerchantKeyAdd {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    MerchantKey key;
    bool revoke; /* key.mchid and key.serial name the one to close */
    char before[MERCHANT_SERIAL_BYTES_MAX + 1]; /* in; "": the new one replaces none */
    int64_t before_ends_us; /* in; never later than it ends already */
    Merchant merchant; /* out, for directory_put() */
    MerchantKey old; /* out: what `before` names */
} MerchantKeyAdd;

/* Refuses MERCHANT_UNKNOWN, MERCHANT_KEY_EXISTS, MERCHANT_KEY_UNKNOWN, MERCHANT_KEY_EXPIRED (the
 * one before is over), ORDER_FIELD. */
void merchant_key_add_unit(MerchantKeyAdd *work, void (*done)(Unit *unit, Status outcome));

/* Fill a MerchantKey's serial-independent fields from a PEM public key or CSR. Refuses KEY_FORMAT,
 * KEY_WEAK. */
MUST_USE Status merchant_key_from_pem(Span pem, MerchantKey *ret_key);

/* A payer with an account and its opening balance, funded by double entry from the currency's
 * funding account. */
typedef struct PayerAdd {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    Payer payer; /* id, account: account_id_draw(); the rest is set by the unit */
    Money opening; /* zero is allowed */
} PayerAdd;

/* Refuses ORDER_FIELD, PAYER_EXISTS, ACCOUNT_EXISTS, MONEY_OVERFLOW. */
void payer_add_unit(PayerAdd *work, void (*done)(Unit *unit, Status outcome));

#pragma once
/*
 * order: what a merchant may do: order (native, app, jsapi, h5), charge a scanned code (codepay),
 * query, close.
 *
 * Idempotent by (mchid, out_trade_no): the same parameters get the stored outcome, others or a
 * closed order ORDER_CONFLICT. Another merchant's order is ORDER_NOT_EXIST, exactly as one that
 * does not exist. Every unit refuses what merchant_admit() refuses, first, and the verdict of rows
 * that do not verify.
 */
#include "payment/payment.h"

/* --- native, app, jsapi, h5: the merchant shows code_url, hands prepay_id to the payer's app, or
 * sends the payer's browser to the cashier page; the payer confirms with a PIN (pay.h). An order
 * for one payer (jsapi) is paid by nobody else --- */
typedef struct PaymentNative {
    Unit unit;
    PaymentOrder order; /* in */
    PaymentIds ids;
    TradeType type; /* in: any but TRADE_MICROPAY */
    bool terms_required; /* in: PaymentRules' */
    uint8_t request_hash[PAYMENT_HASH_BYTES]; /* by payment_native_unit() */
    Payment payment; /* out: NOTPAY, or what a repeat finds */
    bool repeated;
} PaymentNative;

/* Refuses ORDER_FIELD, AMOUNT_NOT_POSITIVE, MERCHANT_LIMIT, ACCOUNT_CURRENCY, ORDER_CONFLICT (also
 * a number that was ordered as another type, or for another person), what merchant_terms_admit()
 * refuses. */
void payment_native_unit(PaymentNative *work, void (*done)(Unit *unit, Status outcome));

/* --- codepay: the payer's 18-digit code was scanned --- */
typedef struct PaymentCodepay {
    Unit unit;
    PaymentOrder order; /* in */
    PaymentIds ids;
    char auth_code[19];
    const PaymentRules *rules;
    uint8_t request_hash[PAYMENT_HASH_BYTES]; /* by payment_codepay_unit() */
    uint8_t code_digest[PAYMENT_HASH_BYTES];
    Payment payment; /* out: SUCCESS, USERPAYING or PAYERROR (payment.reason: RISK_REFUSED,
                        BALANCE_NOT_ENOUGH, PAYER_CLOSED...) */
    bool repeated;
} PaymentCodepay;

/* Refuses as native, and PAY_CODE_INVALID (unknown, used or expired: nothing is stored). The code
 * is wiped from `work`. */
void payment_codepay_unit(PaymentCodepay *work, void (*done)(Unit *unit, Status outcome));

/* --- query: changes nothing, so it costs no commit --- */
typedef struct PaymentQuery {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX
            + 1]; /* in: whose order; "" = anybody's (not BY_OUT_TRADE_NO) */
    char serial[MERCHANT_SERIAL_BYTES_MAX
            + 1]; /* "" = hufud itself asks (payer's app, timer): not admitted */
    PaymentName by;
    char name[PAYMENT_PREPAY_ID_BYTES + 1];
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    PaymentKey found; /* the unit's own */
    Payment payment; /* out; payment.state is payment_state_at() the batch's time */
    OrderIdentity identity; /* out: who alone may pay it */
} PaymentQuery;

/* Refuses ORDER_NOT_EXIST. */
void payment_query_unit(PaymentQuery *work, void (*done)(Unit *unit, Status outcome));

/* --- close --- */
typedef struct PaymentClose {
    Unit unit;
    PaymentKey key; /* in */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Payment payment; /* out */
} PaymentClose;

/* Refuses ORDER_NOT_EXIST, ORDER_PAID, ORDER_PAYING. Closing again is OK. */
void payment_close_unit(PaymentClose *work, void (*done)(Unit *unit, Status outcome));

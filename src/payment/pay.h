#pragma once
/*
 * pay: what the payer does (confirm with the PIN), and what time does (expire).
 */
#include "payment/payment.h"

/*
 * The payer's right PIN as a grant of vaultd, bound there to payment, amount and payee, consumed
 * when the rows of this unit are sealed. NOTPAY: decided again inside, then paid, or held (delay,
 * review). USERPAYING for a challenge: captured, or held on when the amount asks for a delay as
 * well.
 */
typedef struct PaymentPay {
    Unit unit;
    char prepay_id[PAYMENT_PREPAY_ID_BYTES + 1]; /* in */
    char payer[PAYER_ID_BYTES_MAX + 1];
    char openid[PAYMENT_OPENID_BYTES + 1]; /* of this payer, for confirmed.mchid */
    PayerDoor door; /* how the payer came */
    uint8_t grant[PAYMENT_GRANT_BYTES];
    PaymentKey confirmed; /* what the payer's box was made for: the grant covers just this */
    int64_t confirmed_minor;
    const PaymentRules *rules;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    PaymentKey found; /* the unit's own */
    Payment payment; /* out: SUCCESS or USERPAYING */
    bool repeated;
} PaymentPay;

/*
 * Refuses ORDER_NOT_EXIST, BOX_CONTEXT (the order is not the confirmed one), PAYER_UNKNOWN,
 * PAYER_CLOSED, what payer_door_admit() refuses, ORDER_PAYER_OTHER, what order_identity_admit()
 * refuses, ORDER_EXPIRED, ORDER_CLOSED,
 * ORDER_STATE, RISK_REFUSED, BALANCE_NOT_ENOUGH: then the order stays as it was, and the payer may
 * try again or another may.
 */
void payment_pay_unit(PaymentPay *work, void (*done)(Unit *unit, Status outcome));

/* The timer's: whatever is due of this payment at the batch's time; nothing due is OK and changes
 * nothing. */
typedef struct PaymentExpire {
    Unit unit;
    PaymentKey key; /* in */
    Payment payment; /* out */
    bool changed; /* a notification is due */
} PaymentExpire;

/* Refuses ORDER_NOT_EXIST. */
void payment_expire_unit(PaymentExpire *work, void (*done)(Unit *unit, Status outcome));

#pragma once
/*
 * deduction: the merchant takes money by a contract (contract.h), and nobody is asked (TP-9).
 *
 * An order like any other, idempotent by (mchid, out_trade_no), that is decided and paid, held or
 * refused for good in one step. What was signed once proves nothing about a payment of today: it
 * counts as paid with fewer than two factors (PBOC notice [2015] 43, article 24: at most 1,000 yuan
 * a day of all such payments, docs/decisions/0087). Nobody is there to answer a challenge: it is
 * refused. A delay or a review holds the money, as with a scanned code; when the contract is over
 * before that ends, the money goes back (CONTRACT_OVER). What is given back stays counted in the
 * contract's period, so that vaultd's sum only grows.
 *
 * A sealed row says by which contract a payment was taken; vaultd lets none through without it.
 */
#include "payment/contract.h"
#include "payment/order.h"

extern const Table deduction_table;

typedef struct PaymentDeduct {
    Unit unit;
    PaymentOrder order; /* in; order.contract names one by its id */
    PaymentIds ids;
    const PaymentRules *rules;
    uint8_t request_hash[PAYMENT_HASH_BYTES]; /* by payment_deduct_unit() */
    Payment payment; /* out: SUCCESS, USERPAYING or PAYERROR (payment.reason) */
    bool repeated;
} PaymentDeduct;

/* Refuses as native (order.h), CONTRACT_UNKNOWN (another merchant's, too) and what contract_take()
 * refuses: then nothing is stored, and the number is free. */
void payment_deduct_unit(PaymentDeduct *work, void (*done)(Unit *unit, Status outcome));

/* What was held is taken only while its contract lasts: payment_capture() asks admit(), who gathers
 * for it asks gather(). Other payments pass. Refuses CONTRACT_OVER (ended since then, or run out).
 */
MUST_USE Status deduction_gather(Rows *rows, const Payment *payment);
MUST_USE Status deduction_admit(Rows *rows, const Payment *payment);

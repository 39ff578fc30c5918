#pragma once
/*
 * fee: what a payment costs its merchant (手续费), as his terms say at the moment in which it is
 * paid (access/merchant_terms.h); without terms nothing. It goes to the house's account for fees in
 * the unit in which the payment is paid, and a sealed row keeps it: terms that change afterwards
 * change no old payment.
 *
 * A refund gives its share back: after refunds of r of a payment of t, round(fee * r / t) of the
 * fee is back, so any partition of the payment ends with all of it, to the fen. vaultd holds each
 * step against the rows (vault/money_rules.h, rules 13 and 14).
 *
 * For the files of this room; outside, bills and the auditor read the row.
 */
#include "payment/payment.h"

extern const Table payment_fee_table;

typedef struct Fee {
    int64_t minor; /* taken; 0: none was, and there is no row */
    int64_t returned;
    int64_t rate; /* of ten thousand */
} Fee;

/* Gather what fee_take() needs, and merchant_terms_admit(). */
MUST_USE Status fee_gather(Rows *rows, const char *mchid, Currency currency);
/* The payment is paid in this unit, and its money has moved. */
MUST_USE Status fee_take(Rows *rows, const Payment *payment);

/* The fee of a payment; gather as well as run. */
MUST_USE Status fee_get(Rows *rows, const char *mchid, const char *out_trade_no, Fee *ret);
/* Gather what fee_give_back() needs. */
MUST_USE Status fee_gather_back(Rows *rows, Span mchid, Span out_trade_no, Currency currency);
/* With this refund the payment has given back `refunded_minor` in all. Before the refund's money
 * moves: the merchant may need what comes back. */
MUST_USE Status fee_give_back(
        Rows *rows, const Payment *payment, const char *refund_id, int64_t refunded_minor);

#pragma once
/*
 * payment_rows: what the files of this room share. Nobody outside includes it.
 */
#include "audit/event.h"
#include "payment/payment.h"

/* --- payment.c --- */
MUST_USE Status payment_of_row(const Row *row, Payment *ret);
MUST_USE Status payment_insert(Rows *rows, const Payment *payment);
MUST_USE Status payment_update(Rows *rows, const Payment *payment);
MUST_USE Status payment_row(
        Rows *rows, const char *mchid, const char *out_trade_no, const Row **ret_row);
/* By transaction_id or prepay_id; a row that does not itself say that name is not found. */
MUST_USE Status payment_row_by(Rows *rows, PaymentName by, const char *name, const Row **ret_row);

/* --- names.c --- */
bool digits_only(Span text);
/* `count` characters of `alphabet` (at most 64 of them), each equally likely, and a NUL. */
MUST_USE Status draw_text(const Random *random, const char *alphabet, size_t count, char *ret_text);

/* --- check.c --- */
/* Everything of an order but its time. Refuses ORDER_FIELD, AMOUNT_NOT_POSITIVE. */
MUST_USE Status order_check(const PaymentOrder *order);
/* Expiry of a new order. Refuses ORDER_FIELD. */
MUST_USE Status order_expiry(const PaymentOrder *order, int64_t now_us, int64_t *ret_expires_us);
/* The parameters that make two requests the same order. `code_digest` NULL: native. */
void order_hash(const PaymentOrder *order, TradeType type, const uint8_t *code_digest,
        uint8_t ret_hash[PAYMENT_HASH_BYTES]);
/* A payment as ordered; state, payer and money come later. */
MUST_USE Status payment_of_order(
        const PaymentOrder *order, const PaymentIds *ids, int64_t now_us, Payment *ret);
/* What a repeat of this order gets. Refuses ORDER_CONFLICT. */
MUST_USE Status payment_repeat(
        const Row *row, const uint8_t hash[PAYMENT_HASH_BYTES], int64_t now_us, Payment *ret);

/* --- money.c --- */
/* What the payer showed for just this payment. */
typedef struct PayerProof {
    bool pin;
    AuthStrength strength;
} PayerProof;

/* All that payment_begin() and payment_give_back() touch of a payer; ret_account as
 * payer_gather(). */
MUST_USE Status payment_payer_gather(Rows *rows, const char *payer, int64_t *ret_account);
/*
 * Decide on this payment of this payer and move or hold the money: sets state, risk, payer and
 * times of `payment`. Where so few factors may pay no more today, a payment without a PIN becomes a
 * challenge (REASON_FACTORS), and with one is refused.
 *
 * Refuses (nothing written): RISK_REFUSED, what allowance_judge() refuses, and a movement's
 * refusals; payment->risk and ->risk_reasons are set all the same.
 */
MUST_USE Status payment_begin(Rows *rows, Payment *payment, const Payer *payer, PayerProof proof,
        const PaymentRules *rules);
/* Take what is held. Refuses ACCOUNT_STOPPED, CONTRACT_OVER (deduction.h), and the movement's. */
MUST_USE Status payment_capture(Rows *rows, Payment *payment);
/* Give back what is held, and the payer's counters with it; the payment ends PAYERROR for `reason`.
 */
MUST_USE Status payment_give_back(Rows *rows, Payment *payment, int32_t reason);
/* A refusal that says something about the payment; not one that says something about the batch or
 * about rows. */
bool refusal_is_business(Status s);

/* --- record.c --- */
typedef struct Record {
    AuditKind kind;
    const char *role; /* "merchant", "payer", "operator", "timer" */
    const char *actor; /* "" for the timer */
    const char *mchid; /* whose order, or "" */
    const char *subject;
    const uint8_t *nonce_digest; /* AUDIT_NONCE_BYTES, or NULL */
    const Payment
            *payment; /* as it is now, or NULL: its state, reason and transaction_id are told */
    const char *detail; /* where there is no payment; NULL: none */
    bool quiet; /* OK and nothing changed: nothing to tell */
} Record;

/*
 * End of every run(): the audit event of what happened, then `s` itself. A refusal is told too; a
 * unit that will run again (a row was not gathered, the batch is full) or that broke is not.
 */
MUST_USE Status record_end(Rows *rows, const Record *record, Status s);

#pragma once
/*
 * refund: what was paid goes back, in parts or whole, from the merchant's account to the payer's.
 *
 *   state of the order   refund                            reverse
 *   NOTPAY               REFUND_NOT_PAID                   REVOKED
 *   USERPAYING           REFUND_NOT_PAID                   REVOKED, the hold released
 *   SUCCESS              REFUND                            REVOKED, all given back; later than
 *                                                          reverse_us: REVERSE_TOO_LATE
 *   REFUND               REFUND, up to what was paid       ORDER_STATE
 *   REVOKED              REFUND_NOT_PAID                   same
 *   CLOSED, PAYERROR     REFUND_NOT_PAID                   same: nothing can be paid any more
 *
 * "same" = the stored outcome, nothing written. A NOTPAY past its time_expire is REVOKED as well.
 *
 * How much is left of a payment is decided on one sealed row of it (`refunded`), which every refund
 * moves in the batch that moves the money: two refunds at once cannot both see the same rest. A
 * refund is idempotent by (mchid, out_refund_no): the same parameters get the stored outcome,
 * others REFUND_CONFLICT; one that was refused left nothing, and may be repeated. Another
 * merchant's order is ORDER_NOT_EXIST, exactly as one that does not exist.
 *
 * Money goes back to the account that paid, also when it is closed by now. The payer's counters of
 * the day do not go down again: who pays and is refunded in a circle stays visible to the risk
 * rules.
 *
 * Draw ids before submitting. No shared state.
 */
#include "payment/payment.h"

extern const Table refund_table;
extern const Table refunded_table;

enum {
    REFUND_NUMBER_BYTES_MAX = 64,
    REFUND_ID_BYTES = PAYMENT_TRANSACTION_ID_BYTES,
    REFUND_REASON_BYTES_MAX = 320, /* 80 characters */
    REFUND_COUNT_MAX = 50, /* of one order */
};
#define REFUND_PERIOD_DEFAULT_US (365 * TIME_DAY_US)
#define REVERSE_PERIOD_DEFAULT_US (7 * TIME_DAY_US)

/* How long after it was paid an order can be given back. */
typedef struct RefundRules {
    int64_t period_us;
    int64_t reverse_us;
} RefundRules;

/* A refund as a unit leaves it; texts end with NUL, "" when absent. */
typedef struct Refund {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char number[REFUND_NUMBER_BYTES_MAX + 1]; /* out_refund_no */
    char refund_id[REFUND_ID_BYTES + 1];
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
    char transaction_id[PAYMENT_TRANSACTION_ID_BYTES + 1];
    RefundState state;
    Money money;
    int64_t total_minor; /* of the order */
    int64_t payer_account;
    int64_t payee_account;
    char reason[REFUND_REASON_BYTES_MAX + 1];
    char notify_url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1];
    int64_t created_us;
    int64_t success_time_us; /* 0: none */
} Refund;

/* What a merchant asks to be given back. The order is named by one number or by both. */
typedef struct RefundRequest {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* the key that signed the request */
    char number[REFUND_NUMBER_BYTES_MAX + 1];
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
    char transaction_id[PAYMENT_TRANSACTION_ID_BYTES + 1];
    char reason[REFUND_REASON_BYTES_MAX + 1];
    char notify_url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1];
    Money money;
    int64_t total_minor;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
} RefundRequest;

/* 1..64 of digits, letters, `_ - | * @`. */
bool refund_number_is_valid(Span text);
/* "50" | yyyymmdd | ms of the day, 8 digits | 10 random digits. */
MUST_USE Status refund_id_draw(
        const Random *random, int64_t now_us, char ret_id[REFUND_ID_BYTES + 1]);
/* "SUCCESS", "CLOSED", "PROCESSING", "ABNORMAL" as the v3 profile writes them. Static storage. */
const char *refund_state_name(RefundState state);

typedef struct PaymentRefund {
    Unit unit;
    RefundRequest request; /* in */
    char refund_id[REFUND_ID_BYTES + 1];
    RefundRules rules;
    PaymentKey found; /* the unit's own */
    Refund refund; /* out */
    bool repeated;
} PaymentRefund;

/* Refuses ORDER_FIELD, AMOUNT_NOT_POSITIVE, ORDER_NOT_EXIST, ACCOUNT_CLOSED (the merchant's), and
 * what REFUND_... names. */
void payment_refund_unit(PaymentRefund *work, void (*done)(Unit *unit, Status outcome));

/* Changes nothing, so it costs no commit. */
typedef struct PaymentRefundQuery {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    char number[REFUND_NUMBER_BYTES_MAX + 1];
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Refund refund; /* out */
} PaymentRefundQuery;

/* Refuses REFUND_UNKNOWN. */
void payment_refund_query_unit(PaymentRefundQuery *work, void (*done)(Unit *unit, Status outcome));

/* The whole order undone, whatever became of it: for a terminal that got no answer. */
typedef struct PaymentReverse {
    Unit unit;
    PaymentKey key; /* in */
    char appid[PAYMENT_APPID_BYTES_MAX + 1]; /* must be the order's */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    char refund_id[REFUND_ID_BYTES + 1]; /* drawn; used when money must go back */
    RefundRules rules;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Payment payment; /* out: REVOKED, CLOSED or PAYERROR */
    bool changed;
} PaymentReverse;

/* Refuses ORDER_NOT_EXIST, ORDER_FIELD (another appid), ORDER_STATE, REVERSE_TOO_LATE,
 * REFUND_NOT_ENOUGH, ACCOUNT_CLOSED. */
void payment_reverse_unit(PaymentReverse *work, void (*done)(Unit *unit, Status outcome));

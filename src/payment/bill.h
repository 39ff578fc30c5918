#pragma once
/*
 * bill: what moved on a merchant's account on one business day, line by line: the parties
 * reconcile. The formats are those of the v3 profile (docs/merchants.md).
 *
 *   trade bills   a line a payment and a line a refund: ALL, or SUCCESS or REFUND alone
 *   fund bill     a line a posting, with the balance after it
 *
 * Which postings a day has is found by a plain read of the ledger in slices; what they say comes
 * from verified rows, a few a unit, so that payments go on meanwhile. A posting, its payment and
 * its refund must say the same, else there is no bill (BILL_CHANGED).
 *
 * Only what never changes afterwards stands in a bill: made again it is the same byte for byte. The
 * first one leaves a sealed row with its SHA-256, and an audit event; one that differs from its row
 * is not handed out. Bills are not kept: their rows are.
 */
#include <stdatomic.h>

#include "payment/payment.h"

extern const Table bill_table;

/* Stored: append only. */
typedef enum BillKind {
    BILL_TRADE_ALL = 1,
    BILL_TRADE_SUCCESS = 2,
    BILL_TRADE_REFUND = 3,
    BILL_FUND_BASIC = 4,
} BillKind;

enum {
    BILL_TEXT_BYTES_MAX = 32 * 1024 * 1024, /* some hundred thousand lines */
    BILL_DAYS_MAX = 92, /* so long ago bills are given */
    BILL_SHA256_BYTES = 32,
    BILL_OPENID_BYTES_MAX = 64,
};

typedef struct BillForm {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* the key that signed the request */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    BillKind kind;
    int32_t day; /* business day */
} BillForm;

/* Who paid, as this merchant may see it; NUL-ended. */
typedef void (*BillOpenid)(
        void *context, const Payment *payment, char ret_openid[BILL_OPENID_BYTES_MAX + 1]);

typedef struct BillMaker {
    Batcher *batcher;
    BillOpenid openid;
    void *context;
    const atomic_bool *stop; /* true: what is being made is given up; NULL: it never is */
} BillMaker;

typedef struct BillSums {
    int64_t lines;
    int64_t paid; /* payments among them */
    int64_t paid_minor;
    int64_t refunds;
    int64_t refunded_minor;
    int64_t fee_minor; /* taken, less what came back */
    int64_t in; /* postings that came to the account, all kinds */
    int64_t in_minor;
    int64_t out;
    int64_t out_minor;
} BillSums;

/* May this key have this bill now? Waiting; refuses as bill_make() before it reads anything. */
MUST_USE Status bill_admit(const BillMaker *maker, const BillForm *form);

/*
 * Make the bill, waiting: on a worker, never the batch thread.
 *
 * ret_text  empty, capacity at most BILL_TEXT_BYTES_MAX; UTF-8, lines end with CR LF
 *
 * Refuses BILL_NOT_YET (also in the first hour after the day: a clock may go back by so much),
 * BILL_NONE, BILL_TOO_LARGE, BILL_CHANGED, BILL_STOPPED, what merchant_admit() refuses and the
 * verdict of a row that does not verify. Unless OK, ret_text is empty.
 */
MUST_USE Status bill_make(
        const BillMaker *maker, const BillForm *form, Buffer *ret_text, BillSums *ret_sums);

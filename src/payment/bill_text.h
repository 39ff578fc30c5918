#pragma once
/*
 * bill_text: how bills are written, for the files of this room. Nobody outside includes it.
 *
 * The columns, their names and the backquote before each value are those of the v3 profile's bills,
 * so that what reads those reads ours. A value that would break a line or open a column is written
 * with a blank, a full-width comma or an apostrophe instead.
 */
#include "payment/bill.h"
#include "payment/refund.h"

/* One line: a posting, and what explains it. */
typedef struct BillLine {
    int64_t batch;
    int64_t number;
    PostingKind kind;
    int64_t minor; /* as it moved the merchant's account: signed */
    int64_t posted_us;
    int64_t balance; /* after it; fund bills */
    int64_t fee_minor; /* that the payment cost; what came back with a refund: negative */
    int64_t fee_rate; /* of ten thousand */
    char transaction[LEDGER_TRANSACTION_BYTES_MAX + 1];
    bool has_payment;
    bool has_refund;
    Payment payment;
    Refund refund;
    char openid[BILL_OPENID_BYTES_MAX + 1];
} BillLine;

/* Refuse BUFFER_FULL. */
MUST_USE Status bill_put_head(BillKind kind, Buffer *text);
MUST_USE Status bill_put_line(BillKind kind, const BillLine *line, Buffer *text);
MUST_USE Status bill_put_sums(BillKind kind, const BillSums *sums, Buffer *text);

#pragma once
/*
 * refund_rows: the rows of refunds, for the files of this room. Nobody outside includes it.
 */
#include "payment/refund.h"

/* What one payment has given back so far. */
typedef struct Refunded {
    int64_t minor;
    int64_t count; /* 0: the payment has no row yet */
} Refunded;

/* Gather all that giving back needs: the accounts of both and the row of `refunded`. `row` is not
 * verified yet. */
MUST_USE Status refund_gather(Rows *rows, const Row *row);
MUST_USE Status refund_row(Rows *rows, const char *mchid, const char *number, const Row **ret_row);
/* By refund_id; a row that does not itself say that id is not found. */
MUST_USE Status refund_row_by_id(Rows *rows, const char *refund_id, const Row **ret_row);
MUST_USE Status refund_of_row(const Row *row, Refund *ret);
MUST_USE Status refunded_get(Rows *rows, const Payment *payment, Refunded *ret);

/*
 * Give `refund->money` of `payment` back: the money, the row of the refund, what the payment has
 * given back, and `after` as the state of the payment. Fills what of `refund` the payment says.
 * Every refund comes through here once: what must be told of it goes into the batch here.
 *
 * Refuses REFUND_TOO_MANY, REFUND_OVER_PAID, REFUND_NOT_ENOUGH, ACCOUNT_CLOSED.
 */
MUST_USE Status refund_give_back(
        Rows *rows, Payment *payment, const Refunded *before, TradeState after, Refund *refund);

#pragma once
/*
 * transaction: the JSON of a transaction that goes out (reference: WeChat Pay API v3,
 * "transactions"). What comes in is order_json.h's. A merchant learns nothing of the payer but a
 * pseudonym of his own (TP-17, TP-18).
 */
#include "api/house.h"
#include "payment/payment.h"

/*
 * Write the transaction of `payment` as the merchant may see it; appended.
 *
 * identity  whom the order names; NULL: not shown
 *
 * Refuses BUFFER_FULL.
 */
MUST_USE Status transaction_write(const House *house, const Payment *payment,
        const OrderIdentity *identity, Buffer *ret_body);

/* The payer as this merchant sees him: stable for the merchant, different for others, tells
 * nothing. */
void transaction_openid(const House *house, const char *mchid, const char *payer,
        char ret_openid[PAYMENT_OPENID_BYTES + 1]);

#pragma once
/*
 * transaction: how a payment looks on the v3 wire: the JSON of an order that comes in, the JSON of
 * a transaction that goes out (reference: WeChat Pay API v3, "transactions"). Field limits are
 * those of the profile.
 */
#include "api/passage.h"

/*
 * Read the body of a native or codepay order into `order` (mchid, serial and nonce digest from the
 * passage).
 *
 * ret_auth_code  18 digits for codepay; NULL for native, which must not have a payer
 *
 * When refused (JSON_*, PARAM-like refusals with the field, DATA_CARD_NUMBER) the passage is
 * answered and gone: false.
 */
MUST_USE bool transaction_read_order(
        Passage *passage, PaymentOrder *ret_order, char (*ret_auth_code)[19]);

/* Write the transaction of `payment` as the merchant may see it. */
MUST_USE Status transaction_write(const House *house, const Payment *payment, Buffer *ret_body);

/* The payer as this merchant sees him: stable for the merchant, different for others, tells
 * nothing. */
enum { TRANSACTION_OPENID_BYTES = 28 };
void transaction_openid(
        const House *house, const Payment *payment, char ret_openid[TRANSACTION_OPENID_BYTES + 1]);

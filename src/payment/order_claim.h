#pragma once
/*
 * order_claim: may this payer pay this order? Asked at each door where an order is paid, from the
 * balance or from a card, so that none of them knows less than another.
 */
#include "payment/payment.h"
#include "store/batch.h"

/* All borrowed. */
typedef struct OrderClaim {
    const char *payer;
    const PayerDoor *door; /* how the payer came */
    const char *prepay_id;
    const char *openid; /* as the order's merchant knows the payer */
    const PaymentKey *confirmed; /* what the payer's box was made for */
    int64_t confirmed_minor;
} OrderClaim;

/*
 * Running; payer, door, order, its payer and its identity were gathered. Out: both rows.
 *
 * Refuses PAYER_UNKNOWN, PAYER_CLOSED, what payer_door_admit() refuses, ORDER_NOT_EXIST,
 * BOX_CONTEXT (another order or amount was confirmed), ORDER_PAYER_OTHER, what
 * order_payer_admit() and order_identity_pay_admit() refuse.
 */
MUST_USE Status order_claim(
        Rows *rows, const OrderClaim *claim, Payer *ret_payer, Payment *ret_payment);

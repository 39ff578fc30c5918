#include "payment/order_claim.h"

#include "payment/order_identity.h"
#include "payment/order_payer.h"
#include "payment/payment_rows.h"

/* The box, and so the grant, was made for exactly this order and amount. */
static bool is_confirmed(const OrderClaim *claim, const Payment *payment)
{
    return strcmp(claim->confirmed->mchid, payment->mchid) == 0
            && strcmp(claim->confirmed->out_trade_no, payment->out_trade_no) == 0
            && claim->confirmed_minor == payment->money.minor;
}

Status order_claim(Rows *rows, const OrderClaim *claim, Payer *ret_payer, Payment *ret_payment)
{
    const Row *row = NULL;
    TRY(payer_admit(rows, claim->payer, ret_payer));
    TRY(payer_door_admit(rows, claim->payer, claim->door));
    TRY(payment_row_by(rows, PAYMENT_BY_PREPAY_ID, claim->prepay_id, &row));
    REQUIRE(row != NULL, REFUSED_ORDER_NOT_EXIST);
    TRY(payment_of_row(row, ret_payment));
    REQUIRE(is_confirmed(claim, ret_payment), REFUSED_BOX_CONTEXT);
    const bool others = ret_payment->payer[0] != 0 && strcmp(ret_payment->payer, claim->payer) != 0;
    REQUIRE(!others, REFUSED_ORDER_PAYER_OTHER);
    TRY(order_payer_admit(rows, ret_payment, claim->openid));
    return order_identity_pay_admit(rows, ret_payment, claim->payer);
}

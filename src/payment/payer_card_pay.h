#pragma once
/*
 * payer_card_pay: a payer pays an order from his bound card (payer_card.h).
 *
 *   pay      NOTPAY -> USERPAYING, with his PIN's grant, and in the same batch a bank order (CARD)
 *            by the agreement's number, CREATED; then it is sent as any bank order is
 *   settle   the bank said SUCCESS: the order's credit to the payer (bank/channel_order.h), and the
 *            payment from there to the payee, in one batch: SUCCESS; or FAILED: PAYERROR
 *
 * While the bank has not said it the order is USERPAYING, and no clock ends that. A payment that
 * cannot be made any more when the money comes (the payer was stopped, the payee closed) is
 * PAYERROR, and the money stays on the payer's balance. One try an order: the bank order's number
 * is the payment's own. What risk control would hold or challenge is refused: a card's money is not
 * held. Limits of balance payments do not count it. Source: docs/decisions/0085.
 */
#include "bank/channel_order.h"
#include "payment/payer_card.h"

typedef struct PayerCardPay {
    Unit unit;
    char prepay_id[PAYMENT_PREPAY_ID_BYTES + 1]; /* in, as all up to the line */
    char payer[PAYER_ID_BYTES_MAX + 1];
    char openid[PAYMENT_OPENID_BYTES + 1]; /* of this payer, for confirmed.mchid */
    char card[PAYER_CARD_ID_BYTES + 1];
    PayerDoor door;
    uint8_t grant[PAYMENT_GRANT_BYTES]; /* for order, amount, payee and this very card */
    PaymentKey confirmed; /* what the payer's box was made for */
    int64_t confirmed_minor;
    int64_t lease_us; /* who begins it has so long to send it */
    const PaymentRules *rules;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    /* --- out --- */
    ChannelBegin begin; /* the bank order */
    PayerCards cards;
    Payment payment;
    bool repeated; /* paid, or on its way, before: nothing is to be sent */
} PayerCardPay;

/* Refuses what payment_pay_unit() does, CARD_UNKNOWN, CARD_STATE (not LIVE), ACCOUNT_STOPPED,
 * RISK_REFUSED, and what channel_begin_unit() does. */
void payer_card_pay_unit(PayerCardPay *work, void (*done)(Unit *unit, Status outcome));

/* What the bank said of any order, into its row, waiting: and into the payment that it is for, when
 * it is for one. For ChannelDeskConfig.settle. */
MUST_USE Status payer_card_settle(Batcher *batcher, ChannelSettle *settle);

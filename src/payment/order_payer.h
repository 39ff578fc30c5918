#pragma once
/*
 * order_payer: who alone may pay an order, by the pseudonym that this merchant knows him by: a
 * sealed row for each order that names one (jsapi). Written with the order and never changed.
 */
#include "payment/payment.h"
#include "store/batch.h"

extern const Table order_payer_table;

enum OrderPayerColumn {
    ORDER_PAYER_MCHID = 1, /* TEXT, key */
    ORDER_PAYER_OUT_TRADE_NO = 2, /* TEXT, key */
    ORDER_PAYER_OPENID = 3, /* TEXT */
};

/* "oH" and 26 hexadecimal digits (api/transaction.h makes them). */
bool order_openid_is_valid(Span text);

MUST_USE Status order_payer_insert(Rows *rows, const PaymentOrder *order);
/* Gathering: nothing is read for an order of a type that names nobody. */
MUST_USE Status order_payer_gather(Rows *rows, const Payment *payment);
/* May the payer whose pseudonym for payment->mchid is `openid` pay it? Refuses ORDER_PAYER_OTHER,
 * and ROW_MISSING for a jsapi order without its row. */
MUST_USE Status order_payer_admit(Rows *rows, const Payment *payment, const char *openid);

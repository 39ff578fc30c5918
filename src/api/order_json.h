#pragma once
/*
 * order_json: the JSON of an order that comes in (reference: WeChat Pay API v3, "transactions",
 * native, app, jsapi, h5, codepay and papay) to a PaymentOrder.
 *
 * Every field has its type and its limits in one table; an unknown key is refused by name. Fields
 * that we take but do not keep (goods_tag, support_fapiao, detail, scene_info but for the store's
 * id) are checked for their form alone. What is kept and not judged by a strict grammar is searched
 * for prohibited data and card numbers (TP-5, TP-8). A pure function: no house, no clock.
 */
#include "crypto/sign.h"
#include "payment/order.h"
#include "payment/pay_code.h"
#include "text/json.h"

typedef char PayCodeText[PAY_CODE_DIGITS + 1];

/* Who alone shall pay, as the merchant encrypted it to the platform's key. */
typedef struct OrderSealed {
    bool there;
    uint8_t number[SIGN_RSA_OAEP_BYTES_MAX];
    size_t number_size;
    uint8_t name[SIGN_RSA_OAEP_BYTES_MAX];
    size_t name_size;
} OrderSealed;

/* May a merchant be told there, by its form (http/outside_url.h)? Where its host leads is judged
 * when it is used. */
bool order_notify_url_is_valid(Span url);

/*
 * Read an order.
 *
 * body           untrusted bytes of any size, borrowed
 * mchid          who signed: the order's own mchid must be the same
 * type           which of the orders: it decides what may stand in it
 * ret_order      mchid and all that the body says; serial and nonce_digest stay as they were
 * ret_auth_code  18 digits for codepay; else untouched, and may be NULL
 * ret_sealed     payer.identity; `there` is false when the order names nobody
 * problem        where a refusal points: "amount.total"; filled on refusal alone
 *
 * Refuses: what json_parse() and json_read() refuse; ORDER_FIELD, AMOUNT_NOT_POSITIVE,
 * NUMBER_INVALID (currency), TIME_INVALID, DATA_PROHIBITED, DATA_CARD_NUMBER, PAY_CODE_INVALID,
 * CONTRACT_UNKNOWN (contract_id is none),
 * FIELD_IDENTITY (its kind), FIELD_SEALED (no base64, or longer than any).
 * Unless OK, outputs are untouched.
 */
MUST_USE Status order_read(Span body, Span mchid, TradeType type, PaymentOrder *ret_order,
        PayCodeText *ret_auth_code, OrderSealed *ret_sealed, JsonProblem *problem);

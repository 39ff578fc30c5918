#pragma once
/*
 * refund_json: the JSON of a refund, in and out (reference: WeChat Pay API v3, "refund/domestic").
 * As order_json.h: every field has its type and its limits in one table, an unknown key is refused
 * by name, and free text is searched for what may not be stored (TP-5, TP-8). goods_detail and
 * funds_account are taken and not kept. Pure functions: no house, no clock.
 */
#include "payment/refund.h"
#include "text/json.h"

/*
 * Read what a merchant asks to be given back.
 *
 * body         untrusted bytes of any size, borrowed
 * mchid        who signed
 * ret_request  mchid and all that the body says; serial and nonce_digest stay as they were
 * problem      where a refusal points: "amount.refund"; filled on refusal alone
 *
 * Refuses: what json_parse() and json_read_request() refuse; ORDER_FIELD, AMOUNT_NOT_POSITIVE,
 * NUMBER_INVALID (currency), DATA_PROHIBITED, DATA_CARD_NUMBER, DATA_SENSITIVE. Unless OK, outputs
 * are untouched.
 */
MUST_USE Status refund_read(
        Span body, Span mchid, RefundRequest *ret_request, JsonProblem *problem);

/* Write the refund as its merchant may see it; appended. Refuses BUFFER_FULL. */
MUST_USE Status refund_write(const Refund *refund, Buffer *ret_body);

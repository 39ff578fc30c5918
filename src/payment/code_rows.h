#pragma once
/*
 * code_rows: the rows of pay codes, for the files of this room. Nobody outside includes it.
 */
#include "payment/pay_code.h"

typedef struct PayCode {
    uint8_t digest[PAYMENT_HASH_BYTES];
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t created_us;
    int64_t expires_us;
    PayCodeState state;
} PayCode;

/* Gather; ret_payer: whose it is, to be gathered next, "" when there is no such code. */
MUST_USE Status pay_code_gather(Rows *rows, const uint8_t digest[PAYMENT_HASH_BYTES],
        char ret_payer[PAYER_ID_BYTES_MAX + 1]);
/* Refuses PAY_CODE_INVALID (unknown). */
MUST_USE Status pay_code_get(
        Rows *rows, const uint8_t digest[PAYMENT_HASH_BYTES], PayCode *ret_code);
MUST_USE Status pay_code_use(Rows *rows, const PayCode *code, const char *transaction_id);

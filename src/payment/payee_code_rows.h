#pragma once
/*
 * payee_code_rows: the rows of payee codes, for the files of this room. Nobody outside includes it.
 */
#include "payment/payee_code.h"

/* Gather; ret_mchid: whose it is, to be gathered next, "" when there is no such code. */
MUST_USE Status payee_code_gather(
        Rows *rows, const char *reference, char ret_mchid[MERCHANT_ID_BYTES_MAX + 1]);
/* Running. Refuses PAYEE_CODE_UNKNOWN. */
MUST_USE Status payee_code_get(Rows *rows, const char *reference, PayeeCode *ret_code);
MUST_USE Status payee_code_insert(Rows *rows, const PayeeCode *code);
MUST_USE Status payee_code_update(Rows *rows, const PayeeCode *code);

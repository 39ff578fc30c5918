#pragma once
/*
 * contract_rows: the rows of contracts, for the files of this room. Nobody outside includes it.
 */
#include "payment/contract.h"

MUST_USE Status contract_of_row(const Row *row, Contract *ret);
/* By id (a row that does not itself say that id is not found) or, with `code`, by the merchant's
 * number; NULL: none. */
MUST_USE Status contract_row(
        Rows *rows, const char *mchid, const char *code, const char *id, const Row **ret_row);
/* The same, running. Refuses CONTRACT_UNKNOWN. */
MUST_USE Status contract_get(
        Rows *rows, const char *mchid, const char *code, const char *id, Contract *ret);
MUST_USE Status contract_put(Rows *rows, const Contract *contract, bool is_new);

#pragma once
/*
 * contract_json: what a contract of deductions (payment/contract.h) says, as JSON for merchants and
 * for payers, and in words.
 */
#include "api/house.h"
#include "payment/contract.h"
#include "text/json.h"

enum { CONTRACT_WORDS_BYTES_MAX = 1024 };

/* "1.00", of 100. Appended. */
MUST_USE Status contract_put_yuan(int64_t minor, Buffer *ret_text);
/* What the payer agrees to, in a sentence or two. Appended. */
MUST_USE Status contract_put_words(
        const Contract *contract, const char *payee, bool chinese, Buffer *ret_text);
/* Into the object that is open: numbers and names, terms, state, what was taken in this period;
 * nothing of who the payer is. */
void contract_write_members(JsonWriter *w, const Contract *contract, int64_t now_us);
/* The object, as a merchant sees it: with the payer's pseudonym. */
void contract_write_for_merchant(JsonWriter *w, const House *house, const Contract *contract);
/* The object, as its payer sees it, or who may sign it: with the words, and what the PIN is given
 * for. */
MUST_USE Status contract_write_for_payer(
        JsonWriter *w, const House *house, const Contract *contract, const char *payee);

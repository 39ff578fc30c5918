#pragma once
/*
 * contract_steps: what a payer's app does with contracts of deductions (docs/deductions.md): it
 * counts the order of the box from what it showed, not from what the house says that it is.
 */
#include "stand.h"

/* One request at /payer/v1/contracts/<id><act>, signed by the payer's phone. */
MUST_USE Status contract_asked(HttpClient *http, const PayerApp *app, const char *method,
        const char *id, const char *act, Span body, PayerAnswer *ret_answer, Span *ret_body);
/* Does the text have this part? */
bool contract_says(Span text, const char *part);
/* Read the contract and sign it. `other_one`: unless 0, the box says that it is for so much at
 * once. Refuses HTTP_ANSWER_INVALID: refused (ret_answer), or the words are not those of a plan of
 * 30 yuan at once, 50 yuan and 4 times a month. */
MUST_USE Status contract_sign(Stand *stand, HttpClient *http, const PayerApp *app, const char *id,
        int64_t other_one, PayerAnswer *ret_answer);

#pragma once
/*
 * bank_accounts: what must be known so that a card can be bound: who the bank is, whose card is
 * whose at the bank; and who a payer is.
 */
#include "payer_phone.h"
#include "sandbox_bank.h"

enum { BANK_CODE_BYTES = 8 }; /* with its NUL, and one more */

/* What the bank sent the holder of a card that waits for its code. */
void bank_code_sent(const Stand *stand, const char *card_id, char ret_code[BANK_CODE_BYTES]);
/* Two people enrol the bank, for cards. */
bool bank_is_receiver(Stand *stand);
/* The bank knows that these four belong together. */
void bank_account_add(const Stand *stand, const PayerPerson *holder, const char *card_number);
/* Somebody of the institution met him; false: refused (operator_says()). */
bool payer_is_identified(Stand *stand, const char *payer, const PayerPerson *person);

#pragma once
/*
 * payer_pin: who a payer is, by the PIN in a box, on an opener thread. What payer_pay.c,
 * payer_payee_code.c and payer_waiting.c share; nobody else includes it.
 */
#include "api/passage.h"

/* Decode the box into the passage and read what it says it is for; vaultd proves it later. Refuses
 * ENCODING_INVALID, BUFFER_FULL, BOX_*. */
MUST_USE Status payer_take_box(Passage *passage, Span base64, Box *ret_box);

/* The order and amount that a box for paying says it is for. Refuses BOX_CONTEXT (too long, or
 * another currency). */
MUST_USE Status payer_box_order(const Box *box, PaymentKey *ret_key, Money *ret_money);

/* For PassageWrite: what a payer is told of his payment, and the HTTP status. */
int payer_write_paid(const Payment *payment, Buffer *ret_body);

/*
 * Ask vaultd whether the PIN in the box is this payer's; the caller filled passage->pin but for
 * box, verifier and time. Waits: for openers. An unknown payer is PIN_WRONG. Refuses what vaultd
 * refuses.
 */
MUST_USE Status payer_check_pin(Passage *passage, uint8_t ret_grant[WIRE_GRANT_BYTES]);

/* Have an opener run it; when all are busy the passage is answered and gone. */
void payer_submit(Passage *passage, void (*run)(Job *job));
/* The same for what asks the bank, on threads of its own: one that does not answer holds no PIN up.
 * Without a channel to a bank it is refused (BANK_NONE). */
void payer_submit_bank(Passage *passage, void (*run)(Job *job));

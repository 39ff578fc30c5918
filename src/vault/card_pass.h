#pragma once
/*
 * card_pass: what a bank needs of a card (its number, expiry, CVN2: TP-5 keeps them out of every
 * store) goes from the box that its holder made for us into a box for the bank, and is gone.
 *
 *   CARD_PASS   WireCardPass -> box framed
 *
 * The box names order, amount and bank, so that whoever typed the card chose all three. It is
 * opened once for all times, and what comes out is a line in the log of reveals, durable before the
 * answer (field.h). The receiver is one whom two people enrolled for the purpose bank-channel,
 * within its budget of a day. Nothing of the card is kept here. Thread-safe.
 */
#include "keys/keys.h"
#include "vault/memory.h"

typedef struct CardPass {
    Keys *keys;
    Memory *memory;
    Clock clock;
    Random random;
} CardPass;

/* Refuses REFUSED_IPC_FORMAT, REFUSED_BOX_*, REFUSED_BOX_SPENT, REFUSED_RECEIVER_UNKNOWN (or not
 * for this purpose), REFUSED_REVEAL_BUDGET, REFUSED_REVEAL_LOG_FULL, REFUSED_POLICY_REFUSES. */
MUST_USE Status card_pass(const CardPass *pass, Span request, Buffer *ret_answer);

#pragma once
/*
 * card_bind: a payer binds his own card (TP-4, TP-8, docs/decisions/0084). Name, identity number,
 * card number and phone come from protected fields, each in a box of its own that names binding and
 * payer; they are opened once for all times, judged, compared with whom this payer was confirmed
 * as, and go as one box to the bank. What is kept of them is the card: sealed, token and mask.
 *
 *   CARD_BIND   WireCardBind -> WireProtected (of the card), box framed
 *   CARD_CODE   WireCardCode -> box framed: the code that the bank sent, for the bank alone
 *
 * Inside the first box stand the four, framed, in that order; inside the second the code.
 */
#include "vault/field.h"

/* Refuses REFUSED_IPC_FORMAT, REFUSED_RECEIVER_UNKNOWN, REFUSED_BOX_* (also REFUSED_BOX_SPENT),
 * REFUSED_CARD_FIELD (a name, identity number or phone that is none), REFUSED_CARD_NUMBER_INVALID,
 * REFUSED_DATA_*, REFUSED_CARD_OWNER (another's, or nothing is on file of the payer),
 * REFUSED_PIN_LOCKED (compared too often today), REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_*,
 * REFUSED_KEY_*, REFUSED_REVEAL_BUDGET, REFUSED_REVEAL_LOG_FULL, REFUSED_POLICY_REFUSES. */
MUST_USE Status card_bind(Field *field, Span request, Buffer *ret_answer);
/* Refuses REFUSED_IPC_FORMAT, REFUSED_RECEIVER_UNKNOWN, REFUSED_BOX_*, REFUSED_CARD_CODE (no code
 * looks so), REFUSED_REVEAL_BUDGET, REFUSED_REVEAL_LOG_FULL, REFUSED_POLICY_REFUSES. */
MUST_USE Status card_code(Field *field, Span request, Buffer *ret_answer);

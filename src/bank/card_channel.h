#pragma once
/*
 * card_channel: what a bank must be able to do so that a payer binds his own card: look whether
 * four elements belong together and send their holder a code; take the code and give an agreement's
 * number for it; say what became of a binding; and end one.
 *
 * A number is one binding for ever. What became of it is only ever what the bank says: no answer is
 * no outcome, and then it is asked. The two boxes are sealed to the bank (vault/card_bind.h), sent
 * once, and kept nowhere. Floor 5. No shared state.
 */
#include "base/bytes.h"

enum {
    CARD_AGREEMENT_BYTES_MAX = 32,
    CARD_NUMBER_BYTES_MAX = 32, /* of a binding */
    CARD_BOX_BYTES_MAX = 2048,
};

/* What the bank says of a binding. */
typedef enum CardSays {
    CARD_IS_NOT_THERE = 1, /* not yet, perhaps */
    CARD_IS_WAITING = 2, /* for the code that was sent; also after a wrong one */
    CARD_IS_LIVE = 3,
    CARD_IS_REFUSED = 4, /* and never will be */
    CARD_IS_ENDED = 5, /* likewise */
} CardSays;

typedef struct CardSaid {
    CardSays says;
    char agreement[CARD_AGREEMENT_BYTES_MAX + 1]; /* LIVE: 1.. of digits, letters, `_` and `-` */
} CardSaid;

/* Each refuses BANK_DOWN (nothing was sent), BANK_NO_ANSWER, BANK_ANSWER. Any thread. */
typedef struct CardChannel {
    void *context;
    Status (*bind)(void *context, const char *number, Span box, CardSaid *ret_said);
    Status (*confirm)(void *context, const char *number, Span box, CardSaid *ret_said);
    /* Changes nothing; may be repeated, as the next. */
    Status (*look)(void *context, const char *number, CardSaid *ret_said);
    /* From now on: also one that the bank has not seen. */
    Status (*end)(void *context, const char *number, CardSaid *ret_said);
} CardChannel;

/* "WAITING", "LIVE", "REFUSED", "ENDED"; false: nothing else is called so. */
bool card_says_of(Span name, CardSays *ret_says);

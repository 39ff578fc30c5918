#pragma once
/*
 * card_desk: has payers' cards bound and unbound at the bank, and asks after those whose answer did
 * not come (payment/payer_card.h). Whoever acts has it done on his own thread; the desk's thread
 * asks about what is due, ends what the bank does not have or whose code is over, and forgets the
 * sealed number of a card that is over. Nothing is remembered here that a restart may not forget.
 */
#include "api/house.h"
#include "payment/payer_card.h"

enum { CARD_DESK_TICK_MS = 200 };

typedef struct CardDeskConfig {
    House *house; /* borrowed, all */
    const CardChannel *channel;
    const char *receiver; /* whom the elements are sealed to */
    int64_t lease_us; /* longer than any call to the bank takes */
    int64_t close_us; /* what the bank does not have so long after it was sent is ended there */
    void (*report)(void *context, const char *what, Status status);
    void *context;
} CardDeskConfig;

typedef struct CardDesk CardDesk;

MUST_USE Status card_desk_open(const CardDeskConfig *config, CardDesk **ret_desk);
void card_desk_close(CardDesk **desk);

/* One step as a unit, waiting; the desk's lease. Any thread. */
MUST_USE Status card_desk_act(CardDesk *desk, PayerCardAct *act);
/*
 * BEGUN: the four, from their boxes to the bank, once. `bind`: payer, number, nonce and boxes; the
 * rest is filled here. act->card says how far it came: WAITING, OVER, or SENT when there was no
 * answer. Refuses what vault/card_bind.h says (then the card is over), and what a unit refuses.
 */
MUST_USE Status card_desk_bind(CardDesk *desk, PayerCardAct *act, const WireCardBind *bind);
/* TRYING: the code, once. act->card: LIVE, WAITING (a wrong one), OVER, or TRYING. */
MUST_USE Status card_desk_confirm(CardDesk *desk, PayerCardAct *act, const WireCardCode *code);
/* ENDING: the bank is told. act->card: OVER, or ENDING when there was no answer. */
MUST_USE Status card_desk_end(CardDesk *desk, PayerCardAct *act);

#pragma once
/*
 * sandbox_card: the card channel to the sandbox bank (docs/bank-channels.md). An answer counts when
 * it says of which binding it is.
 */
#include "bank/card_channel.h"
#include "bank/lines.h"

typedef struct SandboxCards {
    CardChannel channel; /* for others; its context is this struct */
    Lines *lines; /* borrowed */
} SandboxCards;

void sandbox_cards_open(Lines *lines, SandboxCards *ret_cards);

/* Judge one answer about the binding `number`. binds: it was the first call, and 403 means that it
 * was not looked at. Refuses BANK_ANSWER. Untrusted bytes of any size, borrowed. */
MUST_USE Status sandbox_card_read(
        const char *number, bool binds, int status, Span body, CardSaid *ret_said);

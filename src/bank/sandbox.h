#pragma once
/*
 * sandbox: the channel to the sandbox bank (programs/sandbank; docs/bank-channels.md), which is no
 * bank and moves no money. hufud takes it in development alone.
 *
 * An answer counts when it says for which order it is, of which kind and amount: a bank that has
 * something else under our number has answered nothing.
 */
#include "bank/channel.h"
#include "bank/lines.h"

typedef struct Sandbox {
    Channel channel; /* for others; its context is this struct */
    Lines *lines; /* borrowed */
} Sandbox;

void sandbox_open(Lines *lines, Sandbox *ret_sandbox);
/* What both lines are probed with. */
Span sandbox_probe_target(void);

/* Judge one answer to `ask`. sends: it was the order itself, and 403 means that it was not looked
 * at; who only asks after it is told nothing by that. Refuses BANK_ANSWER. Untrusted bytes of any
 * size, borrowed. */
MUST_USE Status sandbox_read(
        const ChannelAsk *ask, bool sends, int status, Span body, ChannelOutcome *ret_outcome);

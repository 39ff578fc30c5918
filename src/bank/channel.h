#pragma once
/*
 * channel: what a bank must be able to do for us, whichever bank it is: fund a balance from a bank
 * account, pay a balance out to one, take a card payment; say what became of an order; and give the
 * file of a day.
 *
 * A number is one order for ever, at the bank as here. What becomes of an order is only ever what
 * the bank says of it: no answer is no outcome. An order that the bank does not know may still be
 * on its way there; close() makes the bank say: it will never do what it has not done by then.
 *
 * Floor 5. No shared state.
 */
#include "base/money.h"
#include "policy/tables.h"

enum {
    CHANNEL_NUMBER_BYTES_MIN = 6,
    CHANNEL_NUMBER_BYTES_MAX = 32,
    CHANNEL_TARGET_BYTES_MAX = 64,
    CHANNEL_FILE_BYTES_MAX = 1 << 20,
    CHANNEL_CARD_BOX_BYTES_MAX = 2048,
};

/* What the bank says of an order. */
typedef enum ChannelOutcome {
    CHANNEL_IS_DONE = 1,
    CHANNEL_IS_NOT_DONE = 2, /* and never will be */
    CHANNEL_IS_PENDING = 3, /* the bank itself does not know yet */
    CHANNEL_IS_NOT_THERE = 4, /* not yet, perhaps */
} ChannelOutcome;

/* Borrowed during the call. */
typedef struct ChannelAsk {
    const char *number;
    ChannelKind kind;
    Money money;
    const char *target; /* of a withdrawal the token of the account, of a card its agreement; "" */
    Span card_box; /* of a card payment: sealed to the bank; sent once, kept nowhere */
} ChannelAsk;

typedef struct Channel {
    void *context;
    /* Have it done. Once for a number, but where nothing was sent. Refuses BANK_DOWN (nothing was
     * sent), BANK_NO_ANSWER, BANK_ANSWER (it may have been done). Any thread. */
    Status (*send)(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome);
    /* What became of it; BANK_ANSWER also when the bank has other terms under this number. Refuses
     * the same; changes nothing. */
    Status (*query)(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome);
    /* Never do it, unless it is done. Refuses the same; may be repeated. */
    Status (*close)(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome);
    /* The file of a business day (time_business_day()), in the bank's own form; appended. */
    Status (*day_file)(void *context, int32_t day, Buffer *ret_file);
} Channel;

/* 6..32 of digits, letters, `_` and `-`. */
bool channel_number_is_valid(Span number);
/* "FUNDING", "WITHDRAWAL", "CARD"; "CREATED", "SENT", "UNKNOWN", "SUCCESS", "FAILED". Static. */
const char *channel_kind_name(ChannelKind kind);
const char *channel_state_name(ChannelState state);
/* False when nothing has this name. */
bool channel_kind_of(Span name, ChannelKind *ret_kind);

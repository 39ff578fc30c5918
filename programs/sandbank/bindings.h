#pragma once
/*
 * bindings: cards that holders bind, in the sandbox bank's book. Whose card is whose it knows from
 * its own accounts. Nothing of an account, and no code, stands in the book: digests keyed with the
 * bank's secret do. A code is "sent" by writing it into a file, which goes when it is over.
 *
 * A number is one binding for ever. One thread at a time.
 */
#include "book.h"

enum {
    BINDING_KEY_BYTES = 32,
    BINDING_AGREEMENT_BYTES = 2 + 16,
    BINDING_TRIES_MAX = 5,
};
#define BINDING_CODE_LIFE_US ((int64_t)300 * 1000000)

typedef enum BindingState {
    BINDING_NONE = 0, /* no such binding */
    BINDING_WAITING = 1, /* for the code */
    BINDING_LIVE = 2,
    BINDING_REFUSED = 3,
    BINDING_ENDED = 4,
} BindingState;

typedef struct BindingFound {
    BindingState state;
    char agreement[BINDING_AGREEMENT_BYTES + 1]; /* LIVE */
} BindingFound;

typedef struct Bindings {
    Book *book; /* borrowed, all */
    const char *folder; /* of "code-<number>.txt" */
    uint8_t key[BINDING_KEY_BYTES]; /* secret */
} Bindings;

const char *binding_state_name(BindingState state);
/* Another account. `elements`: name, identity number, card number and phone, framed, in that order.
 * Durable on return. */
MUST_USE Status bindings_account(const Bindings *bindings, Span elements);
/* Do the four belong together? WAITING, and a code is sent; or REFUSED. */
MUST_USE Status bindings_begin(
        const Bindings *bindings, Span number, Span elements, int64_t now_us, BindingFound *ret);
/* LIVE for the right code; WAITING for a wrong one, REFUSED when it was the last or is over. */
MUST_USE Status bindings_confirm(const Bindings *bindings, Span number, Span code, int64_t now_us,
        bool *ret_lost, BindingFound *ret);
/* A fault to order: what is said of its code is never answered. ret_lost above says so. */
MUST_USE Status bindings_lose(const Bindings *bindings, Span number);
/* Is there a LIVE binding with this agreement? */
MUST_USE Status bindings_agreed(const Bindings *bindings, Span agreement, bool *ret_agreed);
MUST_USE Status bindings_look(const Bindings *bindings, Span number, BindingFound *ret);
/* ENDED from now on; also one that was never begun. */
MUST_USE Status bindings_end(const Bindings *bindings, Span number, BindingFound *ret);

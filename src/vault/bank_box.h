#pragma once
/*
 * bank_box: what goes from vaultd to a bank, sealed to the key that two people enrolled for the
 * purpose bank-channel, within that receiver's budget of a day, with a line in the log of reveals
 * that is durable before the answer (field.h). For card_pass.c and card_bind.c. Thread-safe.
 */
#include "vault/memory_field.h"

typedef struct BankBox {
    Memory *memory; /* borrowed, as all spans */
    const Random *random;
    int64_t now_us;
    Span receiver;
    Span number; /* of the bank order or binding: the box opens for nothing else */
    int64_t minor; /* 0: no money */
    uint16_t data_class; /* for the log: what is inside */
    Span reason; /* for the log */
    KeyedHash subject; /* for the log; zeros: nobody of ours */
    MemoryReceiver found; /* bank_box_begin()'s */
} BankBox;

/* Refuses REFUSED_DATA_* (a name that may not stand in a log), REFUSED_RECEIVER_UNKNOWN (or not for
 * this purpose), REFUSED_POLICY_REFUSES. */
MUST_USE Status bank_box_begin(BankBox *box);
/* A box of a holder's is opened once for all times, whatever becomes of the answer. All or, when
 * one was spent before, REFUSED_BOX_SPENT. 1..BANK_BOX_SPEND_MAX. */
enum { BANK_BOX_SPEND_MAX = 4 };
MUST_USE Status bank_box_spend(
        const BankBox *box, const Span *boxes, const int64_t *expire_us, size_t count);
/* Refuses REFUSED_REVEAL_BUDGET, REFUSED_REVEAL_LOG_FULL. */
MUST_USE Status bank_box_write_down(const BankBox *box);
/* ret_box: appended. */
MUST_USE Status bank_box_seal(const BankBox *box, Span plain, Buffer *ret_box);

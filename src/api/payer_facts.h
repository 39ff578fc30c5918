#pragma once
/*
 * payer_facts: who a payer is, kept sealed: name, identity number and phone, each in a box for
 * vaultd alone, from himself or from people of his institution who met him. Collected for due
 * diligence, which a law demands, so no consent is asked for (rules/purposes.yaml).
 */
#include "api/house.h"

typedef struct PayerFacts {
    House *house;
    Span payer;
    const char *actor; /* for the log */
    const char *channel; /* likewise */
    const char *from;
    Span name_box; /* base64, purpose "field", order and payee the payer; under a challenge of ours
                    */
    Span number_box;
    Span phone_box;
} PayerFacts;

/* Refuses what collect_unit() and vaultd refuse; BOX_*, ENCODING_INVALID. What was kept before a
 * refusal stays, and is kept anew by the next try. */
MUST_USE Status payer_facts_keep(const PayerFacts *facts);
/* All three leave the store. */
MUST_USE Status payer_facts_forget(const House *house, Span payer);
/* Is there an identity number of him? */
MUST_USE Status payer_facts_known(const House *house, Span payer, bool *ret_known);

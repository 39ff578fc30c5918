#pragma once
/*
 * operators: who may approve, after the ceremony too: joiners, movers, leavers (TP-15, LL-4.5.2;
 * ipc/operator_wire.h). Two operators with the duty `people` sign each.
 *
 * A leaver's signatures count no more from that moment, also those given before and not used; a
 * changed key's likewise. Names and keys of leavers are never given again. One person has one name:
 * who signs states a staff number, of which a keyed hash is kept. Nobody's own signature widens
 * their own duties.
 */
#include "keys/keys.h"
#include "vault/memory_operator.h"

typedef struct Operators {
    Memory *memory; /* borrowed */
    Keys *keys; /* borrowed */
    Clock clock;
} Operators;

/* At the ceremony: name framed, SPKI framed, and if one likes the staff number framed. Everything
 * may be approved. Refuses as memory_operator_add(), REFUSED_KEY_FORMAT, REFUSED_OPERATOR_FIELD. */
MUST_USE Status operators_enroll(const Operators *operators, Span request);
/* Refuse as approval_take() and the acts of memory_operator.h; REFUSED_OPERATOR_FIELD (a name, a
 * staff number or duties that cannot be), REFUSED_KEY_FORMAT, REFUSED_APPROVAL_OWN_DUTIES. */
MUST_USE Status operators_add(const Operators *operators, Span request);
MUST_USE Status operators_change(const Operators *operators, Span request);
MUST_USE Status operators_remove(const Operators *operators, Span request);
MUST_USE Status operators_list(const Operators *operators, Buffer *ret_answer);

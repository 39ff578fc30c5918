#pragma once
/*
 * policy_book: vaultd's side of the policy: two people set it, anybody of ours reads it, and vaultd
 * itself obeys it (ipc/policy_wire.h has the payloads).
 *
 * vaultd believes the two signatures over the blob, not who brings it; it checks again that nothing
 * in it loosens what law forbids, and its own clock ends an override. The grant that lets a card's
 * expiry rest encrypted names the user's and the account institution's consent (TP-5); no other
 * prohibited data has such a door. Source: DESIGN sections 2 and 5.2, TP-5, TP-15.
 */
#include "ipc/policy_wire.h"
#include "keys/keys.h"
#include "vault/memory_policy.h"

typedef struct PolicyBook { /* borrowed */
    Memory *memory;
    Clock clock;
    Keys *keys; /* both for policy_book_grant() and _list() alone */
    Random random;
} PolicyBook;

/* Refuses what approval_take() and policy_blob_check() refuse, REFUSED_POLICY_VERSION,
 * REFUSED_POLICY_BLOB. */
MUST_USE Status policy_book_set(PolicyBook *book, Span request);
MUST_USE Status policy_book_get(PolicyBook *book, Span request, Buffer *ret_answer);
/* Refuses REFUSED_EXPIRY_EVIDENCE (no consent of one of the two, no end within 366 days). */
MUST_USE Status policy_book_grant(PolicyBook *book, Span request);
/* Either side may withdraw at any time: less needs nobody's approval. */
MUST_USE Status policy_book_end(PolicyBook *book, Span request);
MUST_USE Status policy_book_look(PolicyBook *book, Span request, Buffer *ret_answer);
/* How many grants live, and how many are over; no names. */
MUST_USE Status policy_book_count(PolicyBook *book, Buffer *ret_answer);
/* Every grant, also those that ended, with its names: the journal has them sealed, and they are
 * opened for who asks on the operators' socket alone. */
MUST_USE Status policy_book_list(PolicyBook *book, Span request, Buffer *ret_answer);
/* No list names this user of this institution any more: its data is destroyed (TP-3). */
MUST_USE Status policy_book_forget(PolicyBook *book, Span user, Span institution);

/* For vaultd's own doors: policy_allow() by what two people set, at vaultd's time. Asked for
 * PURPOSE_GRANTED it refuses: only policy_book_expiry() says that. */
MUST_USE Status policy_book_allow(PolicyBook *book, DataClass class, PolicyLayer layer,
        PolicyPurpose purpose, PolicyForm form);
/* May this user's card expiry of this institution rest, encrypted, in the domain store now?
 * Refuses REFUSED_EXPIRY_GRANT. */
MUST_USE Status policy_book_expiry(PolicyBook *book, Span user, Span institution);

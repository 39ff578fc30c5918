#pragma once
/*
 * payer_door: who comes to a payer's door (TP-17): a device that signs its requests
 * (message/device_signature.h), alone before a login, then in the session that began on it. What
 * the loop thread does, before anything is looked up; the unit judges the device again, on verified
 * rows (access/payer_login.h).
 */
#include "api/passage.h"

/* Whichever device signed, with no session yet. When refused the passage is answered and gone. */
MUST_USE bool payer_shows_device(Passage *passage);
/* The payer whose session it is, from the device that it began on, and not a request that came
 * before. Likewise. Refuses LOGIN_NEEDED, SESSION_DEVICE, NONCE_REPLAYED, and what device_verify()
 * refuses. */
MUST_USE bool payer_comes(Passage *passage);
/*
 * At a door that is open to payers without devices, too: with a signature as payer_comes(), and for
 * nobody else than himself (PAYER_OTHER); without one only who has not registered
 * (PAYER_DEVICE_NEEDED). `payer`: whom the request names; empty: nobody. Likewise.
 */
MUST_USE bool payer_may_come(Passage *passage, Span payer);

/* Whose sessions these are. */
SessionOwner payer_owner(const char *payer);

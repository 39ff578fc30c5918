#pragma once
/*
 * password_recover: another password for somebody who forgot it and says who he is instead (TP-6).
 *
 * The facts that he says stand in the box beside the new password, and are compared here with what
 * was sealed of him when he came: whoever asks us learns yes or no, not which one is wrong. They
 * must be the number of his identity document and one more. A try counts like a wrong password, by
 * the same count: five in a row, then growing delays (vault/memory_pin.h). That count is of a
 * realm, and hufud says which: a person's facts are tried so often a day in all of them
 * (password_facts.h). What follows from a recovery (that no money leaves for a while) is the
 * caller's.
 *
 * hufud brings the sealed facts and could have sealed others before: docs/threat-model.md.
 */
#include "vault/field.h"
#include "vault/password_service.h"

/*
 * request WirePasswordRecover, list of WireSealedFact; ret_answer: verifier.
 * Refuses REFUSED_BOX_*, REFUSED_PASSWORD_OWNER, REFUSED_PASSWORD_WEAK, REFUSED_PIN_WEAK,
 * REFUSED_IDENTITY_WRONG (also for who has no password, or of whom too little is known),
 * REFUSED_PIN_LOCKED, REFUSED_PIN_WRONG (this box was wrong before),
 * REFUSED_VERIFIER_ROLLED_BACK, REFUSED_SEAL_*, REFUSED_VAULT_BUSY.
 */
MUST_USE Status password_recover(
        const PasswordService *service, Field *field, Span request, Buffer *ret_answer);

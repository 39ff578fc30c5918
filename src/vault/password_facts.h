#pragma once
/*
 * password_facts: what is known of a person, sealed, and handed along by hufud with his new
 * password or PIN: it is opened here and nowhere else, so that a password is not made of its
 * owner's own numbers (TP-6). hufud never has them in clear, and the answer says only that the
 * password is weak.
 *
 * That is still an answer: who may ask often learns a number piece by piece. So the facts are those
 * of the very owner (their seal says whose they are), and a person's passwords are judged by them
 * PASSWORD_FACT_SETS_PER_DAY times a day, counted in the journal before. A person is who the seals
 * say, a user of a tenant: a realm and a kind of password are hufud's words.
 */
#include "ipc/password_wire.h"
#include "vault/field.h"
#include "vault/personal_facts.h"

enum { PASSWORD_FACT_SETS_PER_DAY = 20, PASSWORD_FACT_TRIES_PER_DAY = 20 };

/*
 * Take what stands behind a request, to its end (wire_take_known()): nothing, or facts.
 * Refuses REFUSED_IPC_FORMAT, REFUSED_PASSWORD_FACTS (no identity number or telephone),
 * REFUSED_PASSWORD_SETS, REFUSED_SUBJECT_DESTROYED, REFUSED_SEAL_* (another's), REFUSED_KEY_*,
 * REFUSED_VAULT_BUSY.
 */
MUST_USE Status password_facts_take(
        Field *field, const WireOwner *owner, Cursor *c, PersonalFacts *ret_facts);
/* Somebody says facts of this person, who is about to be compared with them: one of
 * PASSWORD_FACT_TRIES_PER_DAY. Refuses REFUSED_PIN_LOCKED, REFUSED_VAULT_BUSY. */
MUST_USE Status password_facts_try(Field *field, const WireOwner *owner);
/* The same of facts that somebody proved already to be his: not counted. Of other classes nothing
 * is opened. */
MUST_USE Status password_facts_open(
        Field *field, const WireOwner *owner, const WireKnown *known, PersonalFacts *ret_facts);

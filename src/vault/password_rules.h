#pragma once
/*
 * password_rules: what is too easy to guess (TP-6: a dictionary must not help).
 *
 * A PIN: not six digits, steps (123456, 111111), pairs and halves, a common one
 * (crypto/common_password.h), its owner's own digits (personal_facts.h). A password: fewer
 * characters than `length_min`, fewer than five different ones, one piece said again and again, one
 * run along the alphabet or the keyboard, the user's own name, a word or two of the thousand
 * commonest passwords or of our own list with digits and signs around them, a 0 for an o
 * notwithstanding; or hardly more than its owner's own digits. Pure; time depends on the content,
 * which is fresh, from its owner's own hand, and never compared with a stored one.
 */
#include "vault/personal_facts.h"

enum { PIN_DIGITS = 6, PASSWORD_LENGTH_MIN = 12, PASSWORD_LENGTH_FLOOR = 8 };

/* facts  of its owner; may have none */
bool pin_is_weak(Span pin, const PersonalFacts *facts);
/* length_min  characters, not bytes; at least PASSWORD_LENGTH_FLOOR is demanded */
bool password_is_weak(Span password, Span user, size_t length_min, const PersonalFacts *facts);

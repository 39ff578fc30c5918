#pragma once
/*
 * password_rules: what is too easy to guess (TP-6: a dictionary must not help).
 *
 * A PIN: not six digits, steps (123456, 111111), pairs and halves. A password: fewer characters
 * than `length_min`, fewer than five different ones, one piece said again and again, one run along
 * the alphabet or the keyboard, the user's own name, or a word that everybody takes, with digits
 * and signs around it. The words are our own list of stems, not somebody's leak. Pure; time depends
 * on the content, which is fresh, from its owner's own hand, and never compared with a stored one.
 */
#include "base/bytes.h"

enum { PIN_DIGITS = 6, PASSWORD_LENGTH_MIN = 12, PASSWORD_LENGTH_FLOOR = 8 };

bool pin_is_weak(Span pin);
/* length_min  characters, not bytes; at least PASSWORD_LENGTH_FLOOR is demanded */
bool password_is_weak(Span password, Span user, size_t length_min);

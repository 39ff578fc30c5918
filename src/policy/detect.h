#pragma once
/*
 * detect: cheap detectors for free text at our doors (descriptions, attachments): what must never
 * be stored (TP-5) and card numbers (TP-8). Typed identifiers (order numbers, payment codes) are
 * judged by their grammar, not here.
 *
 * A card number is a run of 13 to 19 digits, ASCII or full-width, single spaces, dashes or dots
 * between them allowed, that begins like a card of a known scheme, has one of its lengths, and
 * passes Luhn's check. A longer run of digits is no card. Track data (ISO 7813) and a named
 * verification code ("CVN2 123") are prohibited outright.
 */
#include "base/bytes.h"

enum { DETECT_DIGITS_MIN = 13, DETECT_DIGITS_MAX = 19 };

/* Refuses REFUSED_DATA_PROHIBITED, REFUSED_DATA_CARD_NUMBER. The text is valid UTF-8 or not; both
 * are read. */
MUST_USE Status detect_free_text(Span text);

/* Luhn's check digit (ISO/IEC 7812-1 annex B); digits only, else false. */
bool detect_luhn(Span digits);
/* Begins and is as long as a card of a known scheme. */
bool detect_card_prefix(Span digits);

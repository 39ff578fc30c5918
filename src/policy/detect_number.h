#pragma once
/*
 * detect_number: what makes digits a card number, a Chinese identity number or a mobile number. The
 * one copy of the issuer ranges and check digits; src/scan and the makers of test data use it too.
 */
#include "base/bytes.h"

enum { DETECT_DIGITS_MIN = 13, DETECT_DIGITS_MAX = 19, DETECT_IDENTITY_BYTES = 18 };

/* Luhn's check digit (ISO/IEC 7812-1 annex B); digits only, else false. */
bool detect_luhn(Span digits);
/* Begins and is as long as a card of a known scheme; digits only. */
bool detect_card_prefix(Span digits);
/* Both, and no EAN-13 bar code (an old 13-digit card number that is one as well is taken for it:
 * none has been issued for decades, goods are sold every second). */
bool detect_card_number(Span digits);

/* GB 11643-1999: region, date of birth 1800..2099, check character 0-9 X x (ISO 7064 MOD 11-2). */
bool detect_identity_number(Span text);
/* The check character of the first 17 digits. */
uint8_t detect_identity_check(const uint8_t digits[17]);

/* Eleven digits of a mainland mobile number. */
bool detect_mobile_number(Span digits);

/* Eight digits that are a date of this or the last century: YYYYMMDD. */
bool detect_is_date(Span digits);

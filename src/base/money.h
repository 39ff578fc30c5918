#pragma once
/*
 * money: whole minor units (fen, cents) with a currency; never floating point.
 */
#include "base/bytes.h"

/* ISO 4217 numeric codes; append-only. */
typedef enum Currency {
    CURRENCY_NONE = 0,
    CURRENCY_CNY = 156,
    CURRENCY_USD = 840,
    CURRENCY_EUR = 978,
} Currency;

typedef struct Money {
    int64_t minor;
    Currency currency;
} Money;

/* a + b, a - b. Refuses REFUSED_MONEY_CURRENCY_MIXED, REFUSED_MONEY_OVERFLOW. */
MUST_USE Status money_add(Money a, Money b, Money *ret);
MUST_USE Status money_subtract(Money a, Money b, Money *ret);
/* The same for bare minor units of one currency. */
MUST_USE Status minor_add(int64_t a, int64_t b, int64_t *ret);
/*
 * `part` of `whole` of an amount, rounded to the nearest minor unit, halves upwards; exact, never
 * over the amount, and all of it when part = whole. What is given in parts is exact over any
 * partition when each part is the difference of two such portions.
 *
 * amount >= 0, 0 <= part <= whole, whole > 0 (asserted).
 */
int64_t minor_portion(int64_t amount, int64_t part, int64_t whole);

/* "CNY" and back; refuses REFUSED_NUMBER_INVALID for an unknown code. */
const char *currency_name(Currency currency);
MUST_USE Status currency_parse(Span name, Currency *ret);

/* "57.16" (up to two decimals, no sign, no exponent) to 5716. Refuses REFUSED_NUMBER_INVALID. */
MUST_USE Status minor_parse_decimal(Span text, int64_t *ret);

/* Decimal digits only, optionally a leading '-'; refuses REFUSED_NUMBER_INVALID outside int64. */
MUST_USE Status i64_parse(Span text, int64_t *ret);

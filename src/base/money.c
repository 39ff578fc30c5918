#include "base/money.h"

Status minor_add(int64_t a, int64_t b, int64_t *ret)
{
    int64_t sum = 0;
    REQUIRE(!__builtin_add_overflow(a, b, &sum), REFUSED_MONEY_OVERFLOW);
    *ret = sum;
    return OK;
}

int64_t minor_portion(int64_t amount, int64_t part, int64_t whole)
{
    ASSERT(amount >= 0 && part >= 0 && part <= whole && whole > 0);
    const __int128 product = (__int128)amount * part;
    return (int64_t)((2 * product + whole) / (2 * (__int128)whole));
}

Status money_add(Money a, Money b, Money *ret)
{
    REQUIRE(a.currency == b.currency, REFUSED_MONEY_CURRENCY_MIXED);
    int64_t sum = 0;
    TRY(minor_add(a.minor, b.minor, &sum));
    *ret = (Money) { sum, a.currency };
    return OK;
}

Status money_subtract(Money a, Money b, Money *ret)
{
    int64_t minor = 0;
    REQUIRE(a.currency == b.currency, REFUSED_MONEY_CURRENCY_MIXED);
    REQUIRE(!__builtin_sub_overflow(a.minor, b.minor, &minor), REFUSED_MONEY_OVERFLOW);
    *ret = (Money) { minor, a.currency };
    return OK;
}

typedef struct CurrencyName {
    Currency currency;
    const char *name;
} CurrencyName;

static const CurrencyName names[] = { { CURRENCY_CNY, "CNY" }, { CURRENCY_USD, "USD" },
    { CURRENCY_EUR, "EUR" } };

const char *currency_name(Currency currency)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].currency == currency) return names[i].name;
    }
    return "XXX";
}

Status currency_parse(Span name, Currency *ret)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!span_equal(name, span_of_text(names[i].name))) continue;
        *ret = names[i].currency;
        return OK;
    }
    return REFUSE(REFUSED_NUMBER_INVALID);
}

/* Append decimal digits to *value, away from zero in the direction of `sign`; refuses anything
 * else. */
static Status add_digits(Span digits, int sign, int64_t *value)
{
    for (size_t i = 0; i < digits.size; i++) {
        const uint8_t c = digits.data[i];
        REQUIRE(c >= '0' && c <= '9', REFUSED_NUMBER_INVALID);
        REQUIRE(!__builtin_mul_overflow(*value, 10, value), REFUSED_NUMBER_INVALID);
        REQUIRE(!__builtin_add_overflow(*value, sign * (c - '0'), value), REFUSED_NUMBER_INVALID);
    }
    return OK;
}

Status i64_parse(Span text, int64_t *ret)
{
    const bool negative = text.size > 0 && text.data[0] == '-';
    const Span digits = negative ? (Span) { text.data + 1, text.size - 1 } : text;
    REQUIRE(digits.size > 0, REFUSED_NUMBER_INVALID);
    int64_t value = 0;
    TRY(add_digits(digits, negative ? -1 : 1, &value));
    *ret = value;
    return OK;
}

Status minor_parse_decimal(Span text, int64_t *ret)
{
    Cursor c = cursor_of(text);
    Span whole = { 0 };
    Span fraction = { 0 };
    if (status_ok(cursor_until(&c, '.', &whole))) {
        fraction = c.rest;
        REQUIRE(fraction.size >= 1 && fraction.size <= 2, REFUSED_NUMBER_INVALID);
    } else {
        whole = text;
    }
    REQUIRE(whole.size > 0, REFUSED_NUMBER_INVALID);
    int64_t value = 0;
    TRY(add_digits(whole, 1, &value));
    TRY(add_digits(fraction, 1, &value));
    TRY(add_digits((Span) { (const uint8_t *)"00", 2 - fraction.size }, 1, &value));
    *ret = value;
    return OK;
}

#include "policy/detect_number.h"

typedef struct Scheme {
    uint32_t first; /* range of leading digits, inclusive */
    uint32_t last;
    uint8_t prefix_digits;
    uint32_t sizes; /* bit n: cards of n digits exist */
} Scheme;

#define SIZE(n) (1u << (n))
#define SIZES_16_TO_19 (SIZE(16) | SIZE(17) | SIZE(18) | SIZE(19))
#define SIZES_13_TO_19 (SIZE(13) | SIZE(14) | SIZE(15) | SIZES_16_TO_19)

/* Issuer ranges as the schemes publish them (extracts of the ISO/IEC 7812 register); 955 is old
 * Chinese bank cards, the example of TP-11 among them. Longer prefixes need not come first: any
 * match counts. */
static const Scheme schemes[] = {
    { 4, 4, 1, SIZE(13) | SIZE(16) | SIZE(19) }, /* Visa */
    { 51, 55, 2, SIZE(16) }, /* Mastercard */
    { 2221, 2720, 4, SIZE(16) }, { 34, 34, 2, SIZE(15) }, /* American Express */
    { 37, 37, 2, SIZE(15) }, { 62, 62, 2, SIZES_16_TO_19 }, /* UnionPay */
    { 81, 81, 2, SIZES_16_TO_19 }, { 955, 955, 3, SIZES_16_TO_19 },
    { 3528, 3589, 4, SIZES_16_TO_19 }, /* JCB */
    { 6011, 6011, 4, SIZES_16_TO_19 }, /* Discover */
    { 644, 649, 3, SIZES_16_TO_19 }, { 65, 65, 2, SIZES_16_TO_19 },
    { 300, 305, 3, SIZE(14) | SIZES_16_TO_19 }, /* Diners Club */
    { 3095, 3095, 4, SIZE(14) | SIZES_16_TO_19 }, { 36, 36, 2, SIZE(14) | SIZES_16_TO_19 },
    { 38, 39, 2, SIZE(14) | SIZES_16_TO_19 }, { 2200, 2204, 4, SIZES_16_TO_19 }, /* Mir */
    { 5018, 5020, 4, SIZES_13_TO_19 }, /* Maestro, Dankort */
    { 5038, 5038, 4, SIZES_13_TO_19 }, { 5893, 5893, 4, SIZES_13_TO_19 },
    { 6304, 6304, 4, SIZES_13_TO_19 }, { 6759, 6763, 4, SIZES_13_TO_19 },
    { 508, 508, 3, SIZE(16) }, /* RuPay */
    { 60, 60, 2, SIZE(16) }, { 82, 82, 2, SIZE(16) },
    { 506099, 506198, 6, SIZE(16) | SIZE(18) | SIZE(19) }, /* Verve */
    { 636, 636, 3, SIZES_16_TO_19 }, /* InterPayment */
    { 9792, 9792, 4, SIZE(16) }, /* Troy */
};

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

bool detect_luhn(Span digits)
{
    unsigned sum = 0;
    for (size_t i = 0; i < digits.size; i++) {
        const uint8_t c = digits.data[digits.size - 1 - i];
        if (!is_digit(c)) return false;
        const unsigned d = (unsigned)(c - '0');
        sum += i % 2 == 0 ? d : (d * 2 > 9 ? d * 2 - 9 : d * 2);
    }
    return digits.size > 0 && sum % 10 == 0;
}

static uint32_t number_of(const uint8_t *digits, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (uint32_t)(digits[i] - '0');
    return number;
}

bool detect_card_prefix(Span digits)
{
    if (digits.size < DETECT_DIGITS_MIN || digits.size > DETECT_DIGITS_MAX) return false;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const Scheme *scheme = &schemes[i];
        if ((scheme->sizes & SIZE(digits.size)) == 0) continue;
        const uint32_t prefix = number_of(digits.data, scheme->prefix_digits);
        if (prefix >= scheme->first && prefix <= scheme->last) return true;
    }
    return false;
}

static bool is_bar_code(Span digits)
{
    if (digits.size != 13) return false;
    unsigned sum = 0;
    for (size_t i = 0; i < 13; i++)
        sum += (unsigned)(digits.data[i] - '0') * (i % 2 == 0 ? 1 : 3);
    return sum % 10 == 0;
}

bool detect_card_number(Span digits)
{
    return detect_card_prefix(digits) && detect_luhn(digits) && !is_bar_code(digits);
}

uint8_t detect_identity_check(const uint8_t digits[17])
{
    static const uint8_t weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    unsigned sum = 0;
    for (size_t i = 0; i < 17; i++)
        sum += (unsigned)(digits[i] - '0') * weights[i];
    return (uint8_t) "10X98765432"[sum % 11];
}

static bool is_day(uint32_t year, uint32_t month, uint32_t day)
{
    static const uint8_t days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1]) return false;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}

/* The provinces and regions of GB/T 2260, Taiwan (83 as well), Hong Kong, Macau, abroad. */
static bool is_region(uint32_t region)
{
    static const uint8_t last[10] = { 0, 15, 23, 37, 46, 54, 65, 71, 83, 91 };
    const uint32_t tens = region / 10;
    return region % 10 != 0 && tens > 0 && region <= last[tens];
}

bool detect_identity_number(Span text)
{
    if (text.size != DETECT_IDENTITY_BYTES) return false;
    for (size_t i = 0; i < 17; i++)
        if (!is_digit(text.data[i])) return false;
    const uint32_t year = number_of(text.data + 6, 4);
    if (year < 1800 || year > 2099 || !is_region(number_of(text.data, 2))) return false;
    if (!is_day(year, number_of(text.data + 10, 2), number_of(text.data + 12, 2))) return false;
    const uint8_t check = detect_identity_check(text.data);
    return text.data[17] == check || (check == 'X' && text.data[17] == 'x');
}

bool detect_mobile_number(Span digits)
{
    if (digits.size != 11 || digits.data[0] != '1' || digits.data[1] < '3') return false;
    for (size_t i = 1; i < digits.size; i++)
        if (!is_digit(digits.data[i])) return false;
    return true;
}

bool detect_is_date(Span digits)
{
    if (digits.size != 8) return false;
    const uint32_t year = number_of(digits.data, 4);
    return year >= 1900 && year <= 2099
            && is_day(year, number_of(digits.data + 4, 2), number_of(digits.data + 6, 2));
}

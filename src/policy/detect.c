#include "policy/detect.h"

typedef struct Scheme {
    uint32_t first; /* range of leading digits, inclusive */
    uint32_t last;
    uint8_t prefix_digits;
    uint8_t shortest;
    uint8_t longest;
} Scheme;

/* Issuer ranges as the schemes publish them (ISO/IEC 7812 register extracts); 955 is old Chinese
 * bank cards. */
static const Scheme schemes[] = {
    { 4, 4, 1, 13, 19 }, /* Visa */
    { 51, 55, 2, 16, 16 }, /* Mastercard */
    { 2221, 2720, 4, 16, 16 }, /* Mastercard */
    { 34, 34, 2, 15, 15 }, /* American Express */
    { 37, 37, 2, 15, 15 },
    { 62, 62, 2, 16, 19 }, /* UnionPay */
    { 81, 81, 2, 16, 19 },
    { 955, 955, 3, 16, 19 },
    { 3528, 3589, 4, 16, 19 }, /* JCB */
    { 6011, 6011, 4, 16, 19 }, /* Discover */
    { 644, 649, 3, 16, 19 },
    { 65, 65, 2, 16, 19 },
    { 300, 305, 3, 14, 19 }, /* Diners Club */
    { 36, 36, 2, 14, 19 },
    { 38, 39, 2, 14, 19 },
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

bool detect_card_prefix(Span digits)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        const Scheme *scheme = &schemes[i];
        if (digits.size < scheme->shortest || digits.size > scheme->longest) continue;
        uint32_t prefix = 0;
        for (size_t k = 0; k < scheme->prefix_digits; k++)
            prefix = prefix * 10 + (uint32_t)(digits.data[k] - '0');
        if (prefix >= scheme->first && prefix <= scheme->last) return true;
    }
    return false;
}

/* One digit at `at`, ASCII or full-width (U+FF10..U+FF19); returns its size in bytes, 0 when there
 * is none. */
static size_t digit_at(Span text, size_t at, uint8_t *ret_digit)
{
    if (at < text.size && is_digit(text.data[at])) {
        *ret_digit = text.data[at];
        return 1;
    }
    if (text.size < 3 || at > text.size - 3) return 0;
    const uint8_t *b = text.data + at;
    if (b[0] != 0xEF || b[1] != 0xBC || b[2] < 0x90 || b[2] > 0x99) return 0;
    *ret_digit = (uint8_t)('0' + (b[2] - 0x90));
    return 3;
}

typedef struct Run {
    uint8_t digits[DETECT_DIGITS_MAX + 1]; /* the first of them */
    size_t count; /* all of them */
    size_t end; /* where the text goes on */
} Run;

/* The maximal run of digits that begins at `at`, single separators inside allowed. */
static Run take_run(Span text, size_t at)
{
    Run run = { .end = at };
    for (;;) {
        uint8_t digit = 0;
        size_t size = digit_at(text, at, &digit);
        if (size == 0 && run.count > 0 && at < text.size
                && (text.data[at] == ' ' || text.data[at] == '-' || text.data[at] == '.')) {
            size = digit_at(text, at + 1, &digit);
            if (size > 0) size++;
        }
        if (size == 0) return run;
        if (run.count < sizeof(run.digits)) run.digits[run.count] = digit;
        run.count++;
        at += size;
        run.end = at;
    }
}

static bool is_card(const Run *run)
{
    if (run->count < DETECT_DIGITS_MIN || run->count > DETECT_DIGITS_MAX) return false;
    const Span digits = { run->digits, run->count };
    return detect_card_prefix(digits) && detect_luhn(digits);
}

/* Track 2: PAN, '=' or 'D', then expiry and service code: seven digits more. */
static bool is_track2(Span text, const Run *run)
{
    if (run->count < DETECT_DIGITS_MIN || run->count > DETECT_DIGITS_MAX) return false;
    if (run->end >= text.size) return false;
    const uint8_t mark = text.data[run->end];
    if (mark != '=' && mark != 'D' && mark != 'd') return false;
    return take_run(text, run->end + 1).count >= 7;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* "cvv", "cvn" or "cvc" (and an optional 2), at most three other characters, then three or four
 * digits alone. */
static bool is_named_code(Span text, size_t at)
{
    if (text.size - at < 6) return false;
    const uint8_t third = lower(text.data[at + 2]);
    if (lower(text.data[at]) != 'c' || lower(text.data[at + 1]) != 'v') return false;
    if (third != 'v' && third != 'n' && third != 'c') return false;
    at += 3;
    if (text.data[at] == '2') at++;
    for (size_t gap = 0; gap <= 3 && at + gap < text.size; gap++) {
        uint8_t digit = 0;
        if (digit_at(text, at + gap, &digit) == 0) continue;
        const size_t count = take_run(text, at + gap).count;
        return count == 3 || count == 4;
    }
    return false;
}

/* Track 1: "%B" and a PAN, then '^'. */
static bool is_track1(Span text, size_t at)
{
    if (text.size - at < 2 || text.data[at] != '%' || lower(text.data[at + 1]) != 'b') return false;
    const Run run = take_run(text, at + 2);
    return run.count >= DETECT_DIGITS_MIN && run.end < text.size && text.data[run.end] == '^';
}

Status detect_free_text(Span text)
{
    size_t at = 0;
    while (at < text.size) {
        REQUIRE(!is_track1(text, at) && !is_named_code(text, at), REFUSED_DATA_PROHIBITED);
        uint8_t digit = 0;
        if (digit_at(text, at, &digit) == 0) {
            at++;
            continue;
        }
        const Run run = take_run(text, at);
        REQUIRE(!is_track2(text, &run), REFUSED_DATA_PROHIBITED);
        REQUIRE(!is_card(&run), REFUSED_DATA_CARD_NUMBER);
        at = run.end;
    }
    return OK;
}

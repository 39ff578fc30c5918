/* Chinese identity numbers and mobile numbers. */
#include "policy/detect_inside.h"
#include "policy/detect_number.h"

enum { CONTEXT_BYTES_MAX = 24 };

/* The digits from `at` on, at most `most`, with single spaces or dashes between them unless the
 * first group is a whole number already. Bit i of breaks: a separator stands before digit i. */
typedef struct Digits {
    uint8_t bytes[DETECT_IDENTITY_BYTES];
    size_t count;
    uint32_t breaks;
    size_t to;
} Digits;

static Digits take_digits(Span view, size_t at, size_t most)
{
    Digits d = { .to = at };
    while (d.count < most) {
        const int c = byte_at(view, d.to);
        const bool separated = d.count > 0 && (d.breaks != 0 || d.count < 11)
                && (c == ' ' || c == '-') && is_digit_at(view, d.to + 1);
        if (separated) d.breaks |= 1u << d.count;
        if (separated) d.to++;
        if (!is_digit_at(view, d.to)) break;
        d.bytes[d.count++] = (uint8_t)byte_at(view, d.to++);
    }
    return d;
}

/* 18 alone, or printed 6-8-4. */
static bool match_identity(Span view, size_t at, Match *ret_match)
{
    Digits d = take_digits(view, at, DETECT_IDENTITY_BYTES);
    if (d.count == 17 && lower_at(view, d.to) == 'x')
        d.bytes[d.count++] = (uint8_t)byte_at(view, d.to++);
    if (d.count != DETECT_IDENTITY_BYTES || is_word_at(view, d.to)) return false;
    if (d.breaks != 0 && d.breaks != (1u << 6 | 1u << 14)) return false;
    if (!detect_identity_number((Span) { d.bytes, d.count })) return false;
    *ret_match = (Match) { DETECT_IDENTITY, at, d.to };
    return true;
}

static bool says_phone(Span view, size_t at)
{
    static const char *const words[] = { "phone", "mobile", "tel", "msisdn", "cell",
        "\xE6\x89\x8B\xE6\x9C\xBA" /* 手机 */, "\xE7\x94\xB5\xE8\xAF\x9D" /* 电话 */ };
    for (size_t back = 0; back < CONTEXT_BYTES_MAX && back < at; back++) {
        const int c = byte_at(view, at - 1 - back);
        if (c == '\n' || (c >= '0' && c <= '9')) return false;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            const Span word = span_of_text(words[i]);
            if (ends_at(view, at - back, word)) return true;
        }
    }
    return false;
}

static bool has_country(Span view, size_t at)
{
    const int before = at > 0 ? byte_at(view, at - 1) : -1;
    const size_t end = before == ' ' || before == '-' || before == ')' ? at - 1 : at;
    return ends_at(view, end, SPAN("+86")) || ends_at(view, end, SPAN("0086"));
}

/* +8613800138000, 008613800138000. */
static bool match_international(Span view, size_t at, Match *ret_match)
{
    const int first = byte_at(view, at);
    if (first != '8' && first != '0') return false;
    const size_t skip = first == '8' ? 0 : 2;
    if (skip == 0 && !ends_at(view, at, SPAN("+"))) return false;
    if (!begins_at(view, at, skip == 0 ? SPAN("86") : SPAN("0086"))) return false;
    const Digits d = take_digits(view, at + skip + 2, 11);
    if (d.breaks != 0 || !detect_mobile_number((Span) { d.bytes, d.count })) return false;
    if (is_digit_at(view, d.to)) return false;
    *ret_match = (Match) { DETECT_PHONE, at, d.to };
    return true;
}

static bool is_alone(Span view, size_t from, size_t to)
{
    const int before = from > 1 ? byte_at(view, from - 1) : -1;
    const int after = byte_at(view, to);
    const bool came_on = (before == ' ' || before == '-' || before == '.')
            && is_digit_at(view, from - 2) && !has_country(view, from);
    return !came_on && !((after == ' ' || after == '-') && is_digit_at(view, to + 1));
}

/* Eleven digits alone are an order number as often as a phone: something must say so. */
static bool match_phone(Span view, size_t at, Match *ret_match)
{
    if (match_international(view, at, ret_match)) return true;
    if (byte_at(view, at) != '1') return false;
    const Digits d = take_digits(view, at, 11);
    if (!detect_mobile_number((Span) { d.bytes, d.count }) || is_word_at(view, d.to)) return false;
    const bool grouped = d.breaks == (1u << 3 | 1u << 7) && is_alone(view, at, d.to)
            && byte_at(view, at + 3) == byte_at(view, at + 8);
    if (d.breaks != 0 && !grouped) return false;
    if (!grouped && !has_country(view, at) && !says_phone(view, at)) return false;
    *ret_match = (Match) { DETECT_PHONE, at, d.to };
    return true;
}

bool match_person(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_IDENTITY)) != 0 && match_identity(view, at, ret_match))
        return true;
    return (kinds & DETECT_SET(DETECT_PHONE)) != 0 && match_phone(view, at, ret_match);
}

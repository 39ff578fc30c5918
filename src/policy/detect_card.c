/* Numbers, tracks, chips and codes of cards: TP-5, TP-8. */
#include "policy/detect_inside.h"
#include "policy/detect_number.h"

enum { GROUPS_MAX = DETECT_DIGITS_MAX, TRACK2_DIGITS_MIN = 7, CODE_GAP_MAX = 8 };

/* Groups of digits with single separators between them. */
typedef struct Sequence {
    uint8_t digits[DETECT_DIGITS_MAX];
    size_t count;
    uint8_t sizes[GROUPS_MAX];
    size_t groups;
    size_t from;
    size_t to;
    uint8_t separator; /* of the first two groups; 0: one group */
    bool one_separator; /* all are the same */
} Sequence;

static bool is_separator(int c) { return c == ' ' || c == '-' || c == '.' || c == '_' || c == '/'; }

static size_t digits_from(Span view, size_t at)
{
    size_t end = at;
    while (is_digit_at(view, end))
        end++;
    return end - at;
}

bool is_hash_around(Span view, size_t from, size_t to)
{
    enum { LOOK_MAX = 64, HASH_MIN = 20 };
    size_t first = from;
    size_t last = to;
    while (first > 0 && from - first < LOOK_MAX && is_word_at(view, first - 1))
        first--;
    while (last - to < LOOK_MAX && is_word_at(view, last))
        last++;
    if (last - first < HASH_MIN || last - first == to - from) return false;
    for (size_t i = first; i < last; i++)
        if (nibble_at(view, i) < 0) return false;
    return true;
}

/* All groups of one size but the last, which may be smaller: 4-4-4-4-3, 5-5-5-1, digit by digit. */
static bool is_even_layout(const Sequence *s)
{
    for (size_t i = 1; i + 1 < s->groups; i++)
        if (s->sizes[i] != s->sizes[0]) return false;
    return s->sizes[s->groups - 1] <= s->sizes[0];
}

/* Cards are printed and typed in few ways; any other row of numbers is a row of numbers. */
static bool is_card_layout(Span view, const Sequence *s)
{
    if (s->groups == 1) return true;
    if (s->groups == 2) {
        const Span first = { s->digits, s->sizes[0] };
        const Span second = { s->digits + s->sizes[0], s->sizes[1] };
        if (s->separator == '.' || detect_is_date(first) || detect_is_date(second)) return false;
        return (s->sizes[0] == 8 && s->sizes[1] >= 8) || (s->sizes[0] == 6 && s->sizes[1] >= 10);
    }
    if (s->groups == 3 && s->sizes[0] == 4 && s->sizes[1] == 6) return s->sizes[2] >= 4;
    if (!is_even_layout(s)) return false;
    if (s->sizes[0] >= 4) return true;
    /* Small groups are also a list of small numbers: the list must be the card and nothing else. */
    const bool goes_on = is_separator(byte_at(view, s->to)) && is_digit_at(view, s->to + 1);
    const bool came_on = s->from > 1 && is_separator(byte_at(view, s->from - 1))
            && is_digit_at(view, s->from - 2);
    return s->one_separator && !goes_on && !came_on;
}

/* "0.4532015112830366" is a fraction. */
static bool is_fraction(Span view, size_t from)
{
    return from > 1 && byte_at(view, from - 1) == '.' && is_digit_at(view, from - 2);
}

static bool is_card(Span view, const Sequence *s)
{
    if (!detect_card_number((Span) { s->digits, s->count })) return false;
    if (!is_card_layout(view, s)) return false;
    if (s->groups == 1 && is_fraction(view, s->from)) return false;
    const bool in_word = (s->from > 0 && is_word_at(view, s->from - 1)) || is_word_at(view, s->to);
    if (s->count == DETECT_DIGITS_MIN && (in_word || s->groups > 1)) return false;
    return !in_word || !is_hash_around(view, s->from, s->to);
}

/* Track 2: PAN, '=' or 'D', then expiry and service code. The PAN is believed by its check digit
 * or its issuer: a track of an unknown scheme is a track. */
static bool is_track2(Span view, const Sequence *s, size_t *ret_to)
{
    const int mark = lower_at(view, s->to);
    if (mark != '=' && mark != 'd') return false;
    const Span pan = { s->digits, s->count };
    if (!detect_luhn(pan) && !(byte_at(view, s->from - 1) == ';' && detect_card_prefix(pan)))
        return false;
    const size_t more = digits_from(view, s->to + 1);
    if (more < TRACK2_DIGITS_MIN) return false;
    /* Expiry is YYMM: without this every "id=time" of a log would do. */
    const int month = (byte_at(view, s->to + 3) - '0') * 10 + byte_at(view, s->to + 4) - '0';
    *ret_to = s->to + 1 + more;
    const bool in_hash = (s->from > 0 && nibble_at(view, s->from - 1) >= 0)
            || (is_letter_at(view, *ret_to) && lower_at(view, *ret_to) != 'f');
    return month >= 1 && month <= 12 && !(mark == 'd' && in_hash);
}

/* 26 or more digits of which every second is a 3: the ASCII codes of digits. */
static bool is_card_in_hex(Span view, size_t at, size_t size, Match *ret_match)
{
    uint8_t digits[DETECT_DIGITS_MAX];
    size_t count = 0;
    size_t i = at;
    while (i + 1 < at + size && byte_at(view, i) == '3') {
        if (count == sizeof(digits)) return false;
        digits[count++] = view.data[i + 1];
        i += 2;
    }
    if (!detect_card_number((Span) { digits, count })) return false;
    *ret_match = (Match) { DETECT_CARD, at, i };
    return true;
}

static bool match_hex_of_ascii(Span view, size_t at, size_t size, Match *ret_match)
{
    for (size_t skip = 0; skip + 2 * DETECT_DIGITS_MIN <= size; skip++)
        if (is_card_in_hex(view, at + skip, size - skip, ret_match)) return true;
    return false;
}

static void sequence_add(Sequence *s, Span view, size_t at, size_t size, int separator)
{
    memcpy(s->digits + s->count, view.data + at, size);
    s->count += size;
    if (s->groups == 1) s->separator = (uint8_t)separator;
    if (s->groups > 1 && separator != s->separator) s->one_separator = false;
    s->sizes[s->groups++] = (uint8_t)size;
    s->to = at + size;
}

bool match_card(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    Sequence s = { .from = at, .one_separator = true };
    size_t next = at;
    int separator = 0;
    for (;;) {
        const size_t size = digits_from(view, next);
        if (s.groups == 0 && size >= 2 * DETECT_DIGITS_MIN && size <= DETECT_VALUE_BYTES_MAX
                && (kinds & DETECT_SET(DETECT_CARD)) != 0)
            return match_hex_of_ascii(view, at, size, ret_match);
        if (size == 0 || s.count + size > DETECT_DIGITS_MAX) return false;
        sequence_add(&s, view, next, size, separator);
        if (s.count >= DETECT_DIGITS_MIN) {
            size_t to = 0;
            if ((kinds & DETECT_SET(DETECT_TRACK)) != 0 && is_track2(view, &s, &to)) {
                *ret_match = (Match) { DETECT_TRACK, at, to };
                return true;
            }
            if ((kinds & DETECT_SET(DETECT_CARD)) != 0 && is_card(view, &s)) {
                *ret_match = (Match) { DETECT_CARD, at, s.to };
                return true;
            }
        }
        separator = byte_at(view, s.to);
        if (!is_separator(separator) || !is_digit_at(view, s.to + 1)) return false;
        next = s.to + 1;
    }
}

bool match_track1(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_TRACK)) == 0) return false;
    const size_t begin = byte_at(view, at) == '%' ? at + 1 : at;
    if (lower_at(view, begin) != 'b') return false;
    size_t end = begin + 1;
    size_t count = 0;
    while (is_digit_at(view, end) || (count > 0 && byte_at(view, end) == ' ')) {
        count += byte_at(view, end) != ' ';
        end++;
    }
    if (count < 12 || count > DETECT_DIGITS_MAX || byte_at(view, end) != '^') return false;
    *ret_match = (Match) { DETECT_TRACK, at, end + 1 };
    return true;
}

/* The two nibbles at *at, a single space before them skipped; -1 when there are none. */
static int take_byte(Span view, size_t *at)
{
    if (byte_at(view, *at) == ' ') (*at)++;
    const int high = nibble_at(view, *at);
    const int low = nibble_at(view, *at + 1);
    if (high < 0 || low < 0) return -1;
    *at += 2;
    return high * 16 + low;
}

/* EMV Book 3: 5A is the PAN in BCD, padded with F; 57 is track 2 with D for its separator. */
bool match_chip(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    const int second = lower_at(view, at + 1);
    if ((kinds & DETECT_SET(DETECT_CHIP)) == 0 || (second != '7' && second != 'a')) return false;
    size_t next = at;
    const int tag = take_byte(view, &next);
    const int size = take_byte(view, &next);
    if ((tag != 0x57 && tag != 0x5A) || size < 7 || size > 19) return false;
    uint8_t pan[2 * DETECT_DIGITS_MAX];
    size_t count = 0;
    bool in_pan = true;
    for (int i = 0; i < size; i++) {
        const int byte = take_byte(view, &next);
        if (byte < 0) return false;
        for (int half = 0; half < 2 && in_pan; half++) {
            const int nibble = half == 0 ? byte >> 4 : byte & 15;
            in_pan = nibble < 10;
            if (nibble >= 10 && nibble != (tag == 0x57 ? 13 : 15)) return false;
            if (in_pan) pan[count++] = (uint8_t)('0' + nibble);
        }
    }
    if (tag == 0x57 && in_pan) return false;
    const Span digits = { pan, count };
    if (!detect_luhn(digits) || !detect_card_prefix(digits)) return false;
    *ret_match = (Match) { DETECT_CHIP, at, next };
    return true;
}

/* How the code on the back is called; returns the size of the name there, 0: none. */
static size_t code_name_at(Span view, size_t at)
{
    static const char *const names[] = { "cvv", "cvn", "cvc", "card verification",
        "card_verification", "cardverification", "security code", "security_code", "securitycode",
        "\xE5\xAE\x89\xE5\x85\xA8\xE7\xA0\x81" /* 安全码 */,
        "\xE5\x8D\xA1\xE9\xAA\x8C\xE8\xAF\x81\xE7\xA0\x81" /* 卡验证码 */,
        "\xE5\x8D\xA1\xE7\x89\x87\xE9\xAA\x8C\xE8\xAF\x81\xE7\xA0\x81" /* 卡片验证码 */ };
    const int first = lower_at(view, at);
    if (first != 'c' && first != 's' && first != 0xE5) return 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (lower_at(view, at + 1) != (uint8_t)names[i][1]) continue;
        const Span name = span_of_text(names[i]);
        if (begins_at(view, at, name)) return name.size;
    }
    return 0;
}

/* What may stand between the name and the code: marks, "is", "code", "number", 为, 是, 码. */
static size_t code_gap_at(Span view, size_t at)
{
    static const char *const words[] = { "code", "number", "value", "no", "is", "data",
        "\xE4\xB8\xBA", "\xE6\x98\xAF", "\xE7\xA0\x81" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const Span word = span_of_text(words[i]);
        if (begins_at(view, at, word)) return word.size;
    }
    const int c = byte_at(view, at);
    const bool mark = c > 0 && c < 0x80 && !is_word_at(view, at) && c != '.' && c != '\n';
    return mark ? 1 : 0;
}

bool match_card_code(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_CARD_CODE)) == 0) return false;
    const size_t name = code_name_at(view, at);
    if (name == 0) return false;
    /* "cardCvv" and "card_cvv" are names, "Xcvv" in a token is none. */
    const bool camel = byte_at(view, at) == 'C' && lower_at(view, at - 1) == byte_at(view, at - 1);
    if (at > 0 && is_word_at(view, at - 1) && !camel) return false;
    size_t next = at + name;
    if (byte_at(view, next) == '2' && !is_digit_at(view, next + 1)) next++;
    for (size_t steps = 0; steps < CODE_GAP_MAX && !is_digit_at(view, next); steps++) {
        const size_t gap = code_gap_at(view, next);
        if (gap == 0) return false;
        next += gap;
    }
    const size_t count = digits_from(view, next);
    if (count != 3 && count != 4) return false;
    if (is_letter_at(view, next + count)) return false;
    if (byte_at(view, next + count) == '.' && is_digit_at(view, next + count + 1)) return false;
    *ret_match = (Match) { DETECT_CARD_CODE, at, next + count };
    return true;
}

/* Escapes, foreign digits and base64, one layer at a time: TP-5 in any encoding. */
#include "policy/detect_inside.h"

/* --- escapes and foreign digits --- */

static void put(Decoded *d, uint8_t byte, uint32_t origin)
{
    if (d->size == sizeof(d->bytes)) return; /* never: decoding only shrinks */
    d->bytes[d->size] = byte;
    d->origins[d->size++] = origin;
}

/* Unicode's other ways to write digits and ASCII: full-width forms, mathematical, Arabic-Indic and
 * subscript digits, spaces and dashes. 0: nothing of the kind; -1: an invisible one. */
static int ascii_of(uint32_t point)
{
    if (point >= 0xFF01 && point <= 0xFF5E) return (int)(point - 0xFF01 + '!');
    if (point >= 0x1D7CE && point <= 0x1D7FF) return (int)('0' + (point - 0x1D7CE) % 10);
    if (point >= 0x0660 && point <= 0x0669) return (int)('0' + (point - 0x0660));
    if (point >= 0x06F0 && point <= 0x06F9) return (int)('0' + (point - 0x06F0));
    if (point >= 0x2080 && point <= 0x2089) return (int)('0' + (point - 0x2080));
    if (point >= 0x2460 && point <= 0x2468) return (int)('1' + (point - 0x2460)); /* circled */
    if (point >= 0x2010 && point <= 0x2015) return '-';
    if (point == 0x00A0 || point == 0x3000 || (point >= 0x2000 && point <= 0x200A)) return ' ';
    if ((point >= 0x200B && point <= 0x200F) || point == 0xFEFF || point == 0x2060) return -1;
    return 0;
}

/* One UTF-8 sequence of two to four bytes; 0: none. Overlong forms are read, too: a lenient reader
 * behind us would. */
static size_t utf8_at(Span text, size_t at, uint32_t *ret_point)
{
    const int lead = byte_at(text, at);
    const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (size == 0) return 0;
    uint32_t point = (uint32_t)lead & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        const int c = byte_at(text, at + i);
        if (c < 0x80 || c > 0xBF) return 0;
        point = point << 6 | ((uint32_t)c & 63);
    }
    *ret_point = point;
    return size;
}

static size_t hex_at(Span text, size_t at, size_t most, uint32_t *ret_value)
{
    size_t size = 0;
    *ret_value = 0;
    while (size < most && nibble_at(text, at + size) >= 0)
        *ret_value = *ret_value << 4 | (uint32_t)nibble_at(text, at + size++);
    return size;
}

/* Backslash escapes of JSON, C, JavaScript; any number of backslashes is one (escaped twice). */
static size_t backslash_at(Span text, size_t at, uint32_t *ret_point)
{
    size_t size = 1;
    while (byte_at(text, at + size) == '\\')
        size++;
    const int c = byte_at(text, at + size);
    uint32_t value = 0;
    if (c == 'u' && hex_at(text, at + size + 1, 4, &value) == 4) {
        *ret_point = value;
        return size + 5;
    }
    if (c == 'x' && hex_at(text, at + size + 1, 2, &value) == 2) {
        *ret_point = value;
        return size + 3;
    }
    *ret_point = c == 'n' || c == 'r' ? '\n' : c == 't' ? ' ' : (uint32_t)c;
    return c == 'n' || c == 'r' || c == 't' || c == '"' || c == '/' || c == '\'' ? size + 1 : 0;
}

/* &#52; &#x34; */
static size_t entity_at(Span text, size_t at, uint32_t *ret_point)
{
    if (byte_at(text, at + 1) != '#') return 0;
    const bool hex = lower_at(text, at + 2) == 'x';
    size_t end = at + (hex ? 3 : 2);
    uint32_t value = 0;
    if (hex) end += hex_at(text, end, 6, &value);
    for (size_t i = 0; !hex && i < 7 && is_digit_at(text, end); i++)
        value = value * 10 + (uint32_t)(byte_at(text, end++) - '0');
    *ret_point = value;
    return value != 0 && byte_at(text, end) == ';' ? end + 1 - at : 0;
}

static size_t percent_at(Span text, size_t at, uint32_t *ret_byte)
{
    return hex_at(text, at + 1, 2, ret_byte) == 2 ? 3 : 0;
}

static void put_point(Decoded *d, uint32_t point, uint32_t origin)
{
    const int ascii = point < 0x80 ? (int)point : ascii_of(point);
    if (ascii > 0) put(d, (uint8_t)ascii, origin);
    if (ascii == 0) put(d, 0, origin); /* some other character: it only parts */
}

/* The size of what is decoded at `at`; 0: the byte stands for itself. */
static size_t decode_one(Span text, size_t at, uint32_t origin, Decoded *d)
{
    const int c = byte_at(text, at);
    uint32_t value = 0;
    size_t size = 0;
    if (c >= 0xC2) {
        size = utf8_at(text, at, &value);
        if (size == 0 || ascii_of(value) == 0) return 0;
        put_point(d, value, origin);
        return size;
    }
    if (c == '%') {
        size = percent_at(text, at, &value);
        if (size > 0) put(d, (uint8_t)value, origin); /* one byte, perhaps of a longer character */
        return size;
    }
    if (c == '\\') size = backslash_at(text, at, &value);
    if (c == '&') size = entity_at(text, at, &value);
    if (size > 0) put_point(d, value, origin);
    return size;
}

static bool has_escapes(Span text)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (c == '%' || c == '\\' || c == '&' || c >= 0xC2) return true;
    }
    return false;
}

bool decode_escapes(View view, Decoded *ret)
{
    if (view.text.size > DETECT_WINDOW || !has_escapes(view.text)) return false;
    ret->size = 0;
    bool changed = false;
    for (size_t at = 0; at < view.text.size;) {
        const uint32_t origin = view.origins != NULL ? view.origins[at] : (uint32_t)at;
        const size_t size = decode_one(view.text, at, origin, ret);
        changed = changed || size > 0;
        if (size == 0) put(ret, view.text.data[at], origin);
        at += size == 0 ? 1 : size;
    }
    return changed;
}

/* --- base64 --- */

enum { BASE64_RUN_MIN = 16, BASE64_GROUPS_MIN = 3 };

/* Value + 1 of each character of both alphabets; 0: none. */
#define RANGE(first, value)                                                          \
    [first] = (value) + 1, [(first) + 1] = (value) + 2, [(first) + 2] = (value) + 3, \
    [(first) + 3] = (value) + 4, [(first) + 4] = (value) + 5
static const uint8_t sextets[256] = { RANGE('A', 0), RANGE('F', 5), RANGE('K', 10), RANGE('P', 15),
    RANGE('U', 20), ['Z'] = 26, RANGE('a', 26), RANGE('f', 31), RANGE('k', 36), RANGE('p', 41),
    RANGE('u', 46), ['z'] = 52, RANGE('0', 52),
    RANGE('5', 57), ['+'] = 63, ['-'] = 63, ['/'] = 64, ['_'] = 64 };
#undef RANGE

static int sextet_at(Span text, size_t at)
{
    return at < text.size ? sextets[text.data[at]] - 1 : -1;
}

/* A digit or one of the separators of a number. */
static bool is_numeral(int c) { return (c >= '0' && c <= '9') || c == ' ' || c == '-' || c == '.'; }

/* Three numerals in the four characters there. */
static bool is_numeral_group(Span text, size_t at)
{
    const int a = sextet_at(text, at);
    if (a < 8 || a > 14) return false; /* what a numeral's upper six bits can be */
    const int b = sextet_at(text, at + 1);
    const int c = sextet_at(text, at + 2);
    const int d = sextet_at(text, at + 3);
    if (b < 0 || c < 0 || d < 0) return false;
    return is_numeral(a << 2 | b >> 4) && is_numeral((b & 15) << 4 | c >> 2)
            && is_numeral((c & 3) << 6 | d);
}

/* "-----BEGIN" behind nothing, one or two other bytes: from its first whole group on. */
static bool is_key_group(Span text, size_t at)
{
    static const char *const begins[] = { "LS0tLS1CRUdJ", "LS0tQkVHSU4", "LS0tLUJFR0lO" };
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        const Span begin = span_of_text(begins[i]);
        if (at + begin.size <= text.size && span_equal(span_part(text, at, at + begin.size), begin))
            return true;
    }
    return false;
}

/* Whether something in from..to is worth decoding, and at which phase the groups lie. */
static bool find_group(Span text, size_t from, size_t to, size_t *ret_group)
{
    for (size_t at = from; at + 4 * BASE64_GROUPS_MIN <= to; at++) {
        size_t groups = 0;
        while (groups < BASE64_GROUPS_MIN && is_numeral_group(text, at + 4 * groups))
            groups++;
        *ret_group = at;
        if (groups == BASE64_GROUPS_MIN) return true;
        if (byte_at(text, at) == 'L' && is_key_group(text, at)) return true;
    }
    return false;
}

static void decode_run(View view, size_t from, size_t to, Decoded *ret)
{
    ret->size = 0;
    for (size_t at = from; at < to; at += 4) {
        uint32_t value = 0;
        size_t count = 0;
        for (; count < 4 && at + count < to; count++)
            value |= (uint32_t)sextet_at(view.text, at + count) << (18 - 6 * count);
        for (size_t i = 0; i + 1 < count; i++) {
            const size_t source = at + i;
            put(ret, (uint8_t)(value >> (16 - 8 * i)),
                    view.origins != NULL ? view.origins[source] : (uint32_t)source);
        }
    }
}

bool decode_base64(View view, size_t *at, Decoded *ret)
{
    while (*at < view.text.size) {
        const size_t from = *at;
        size_t to = from;
        while (to < view.text.size && sextet_at(view.text, to) >= 0)
            to++;
        *at = to + 1;
        size_t group = 0;
        if (to - from < BASE64_RUN_MIN || !find_group(view.text, from, to, &group)) continue;
        decode_run(view, from + (group - from) % 4, to, ret);
        return true;
    }
    return false;
}

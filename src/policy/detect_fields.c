/* What is split over neighbouring fields of one record: TP-5. */
#include "policy/detect_inside.h"
#include "policy/detect_number.h"

enum { EDGE_BYTES_MAX = 128, PART_DIGITS_MIN = 3, JOINED_BYTES_MAX = 2 * EDGE_BYTES_MAX + 1 };

/* The beginning or the end of a field, decoded. */
typedef struct Edge {
    Decoded decoded;
    Span text;
} Edge;

static void edge_of(Span field, bool end, Edge *ret)
{
    Decoded again;
    Span part = field;
    if (field.size > EDGE_BYTES_MAX)
        part = end ? span_part(field, field.size - EDGE_BYTES_MAX, field.size)
                   : span_part(field, 0, EDGE_BYTES_MAX);
    if (part.size > 0) memcpy(ret->decoded.bytes, part.data, part.size);
    ret->decoded.size = part.size;
    ret->text = (Span) { ret->decoded.bytes, ret->decoded.size };
    for (int layer = 0; layer < 3; layer++) {
        if (!decode_escapes((View) { ret->text, NULL }, &again)) return;
        memcpy(ret->decoded.bytes, again.bytes, again.size);
        ret->text.size = again.size;
    }
}

static bool is_space(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool is_joint(int c) { return c == ' ' || c == '-' || c == '.'; }

/* Digits at the end of a field, single separators inside; 0: none, or too many for any number. */
static size_t tail_digits(Span text, uint8_t ret_digits[DETECT_DIGITS_MAX])
{
    size_t end = text.size;
    while (end > 0 && (is_space(byte_at(text, end - 1)) || is_joint(byte_at(text, end - 1))))
        end--;
    size_t from = end;
    while (from > 0) {
        if (is_digit_at(text, from - 1))
            from--;
        else if (from < end && from > 1 && is_joint(byte_at(text, from - 1))
                && is_digit_at(text, from - 2))
            from--;
        else
            break;
    }
    size_t count = 0;
    for (size_t i = from; i < end; i++) {
        if (!is_digit_at(text, i)) continue;
        if (count == DETECT_DIGITS_MAX) return 0;
        ret_digits[count++] = text.data[i];
    }
    return count;
}

/* Digits at the beginning; *ret_whole: nothing else is in the field. */
static size_t head_digits(Span text, uint8_t ret_digits[DETECT_DIGITS_MAX], bool *ret_whole)
{
    size_t at = 0;
    size_t count = 0;
    while (is_space(byte_at(text, at)) || is_joint(byte_at(text, at)))
        at++;
    for (;; at++) {
        if (count > 0 && is_joint(byte_at(text, at)) && is_digit_at(text, at + 1)) continue;
        if (!is_digit_at(text, at)) break;
        if (count == DETECT_DIGITS_MAX) return 0;
        ret_digits[count++] = text.data[at];
    }
    if (is_word_at(text, at)) return 0;
    while (is_space(byte_at(text, at)))
        at++;
    *ret_whole = at == text.size;
    return count;
}

typedef struct Joined {
    uint8_t digits[DETECT_DIGITS_MAX];
    size_t count;
} Joined;

static bool join(Joined *joined, const uint8_t *digits, size_t count)
{
    const Span part = { digits, count };
    if (count < PART_DIGITS_MIN || joined->count + count > DETECT_DIGITS_MAX) return false;
    if (detect_is_date(part)) return false;
    memcpy(joined->digits + joined->count, digits, count);
    joined->count += count;
    return true;
}

static DetectKind kind_of(const Joined *joined, unsigned kinds)
{
    const Span digits = { joined->digits, joined->count };
    if ((kinds & DETECT_SET(DETECT_CARD)) != 0 && joined->count > DETECT_DIGITS_MIN
            && detect_card_number(digits))
        return DETECT_CARD;
    if ((kinds & DETECT_SET(DETECT_IDENTITY)) != 0 && detect_identity_number(digits))
        return DETECT_IDENTITY;
    return DETECT_NOTHING;
}

static DetectKind number_from(
        const Span *fields, size_t count, size_t first, unsigned kinds, size_t *ret_last)
{
    uint8_t digits[DETECT_DIGITS_MAX];
    Edge edge;
    Joined joined = { .count = 0 };
    edge_of(fields[first], true, &edge);
    if (!join(&joined, digits, tail_digits(edge.text, digits))) return DETECT_NOTHING;
    for (size_t i = first + 1; i < count; i++) {
        bool whole = false;
        edge_of(fields[i], false, &edge);
        if (!join(&joined, digits, head_digits(edge.text, digits, &whole))) return DETECT_NOTHING;
        const DetectKind kind = kind_of(&joined, kinds);
        *ret_last = i;
        if (kind != DETECT_NOTHING) return kind;
        if (!whole) return DETECT_NOTHING;
    }
    return DETECT_NOTHING;
}

/* "cvv" | "123", "password" | "...": the two with a colon between them. */
static DetectKind named_from(const Span *fields, size_t first, unsigned kinds)
{
    enum { NAME_BYTES_MAX = 40 };
    uint8_t memory[JOINED_BYTES_MAX];
    Edge edge;
    edge_of(fields[first], true, &edge);
    const size_t colon = edge.text.size;
    if (colon == 0) return DETECT_NOTHING;
    memcpy(memory, edge.text.data, colon);
    memory[colon] = ':';
    edge_of(fields[first + 1], false, &edge);
    memcpy(memory + colon + 1, edge.text.data, edge.text.size);
    const Span text = { memory, colon + 1 + edge.text.size };
    Match match = { 0 };
    if (match_assignment(text, colon, kinds, &match)) return match.kind;
    for (size_t at = colon < NAME_BYTES_MAX ? 0 : colon - NAME_BYTES_MAX; at < colon; at++)
        if (match_card_code(text, at, kinds, &match) && match.to > colon) return match.kind;
    return DETECT_NOTHING;
}

static DetectKind split_from(
        const Span *fields, size_t count, size_t first, unsigned kinds, size_t *ret_last)
{
    const DetectKind number = number_from(fields, count, first, kinds, ret_last);
    if (number != DETECT_NOTHING || first + 1 == count) return number;
    *ret_last = first + 1;
    return named_from(fields, first, kinds);
}

DetectKind detect_kind_over_fields(
        const Span *fields, size_t count, unsigned kinds, size_t *ret_first, size_t *ret_last)
{
    DetectKind kind = DETECT_NOTHING;
    size_t first = 0;
    size_t last = 0;
    for (size_t i = 0; i < count && kind == DETECT_NOTHING; i++) {
        kind = split_from(fields, count, i, kinds, &last);
        first = i;
    }
    if (ret_first != NULL) *ret_first = first;
    if (ret_last != NULL) *ret_last = last;
    return kind;
}

DetectKind detect_kind_in_fields(
        const Span *fields, size_t count, unsigned kinds, size_t *ret_first, size_t *ret_last)
{
    ASSERT(count <= DETECT_FIELDS_MAX);
    for (size_t i = 0; i < count; i++) {
        const DetectKind kind = detect_kind(fields[i], kinds);
        if (kind == DETECT_NOTHING) continue;
        if (ret_first != NULL) *ret_first = i;
        if (ret_last != NULL) *ret_last = i;
        return kind;
    }
    return detect_kind_over_fields(fields, count, kinds, ret_first, ret_last);
}

const char *detect_guard(const Span *fields, size_t count, size_t *ret_first, size_t *ret_last)
{
    const DetectKind kind = detect_kind_in_fields(fields, count, DETECT_ALL, ret_first, ret_last);
    return kind == DETECT_NOTHING ? NULL : detect_kind_name(kind);
}

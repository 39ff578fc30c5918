#pragma once
/*
 * detect_inside: what the parts of the detector share. A *view* is the text as it was given or
 * after one or more decodings; each byte of it knows the byte of the given text that it came from.
 * A *matcher* looks at one place of a view.
 */
#include "policy/detect.h"

typedef struct View {
    Span text;
    const uint32_t *origins; /* per byte; NULL: the text as given */
} View;

typedef struct Match {
    DetectKind kind;
    size_t from; /* in the view */
    size_t to;
} Match;

/* The byte there, -1 beyond either end: the only way in which matchers read. */
static inline int byte_at(Span text, size_t at) { return at < text.size ? text.data[at] : -1; }
static inline int lower_at(Span text, size_t at)
{
    const int c = byte_at(text, at);
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}
static inline bool is_digit_at(Span text, size_t at)
{
    const int c = byte_at(text, at);
    return c >= '0' && c <= '9';
}
static inline bool is_letter_at(Span text, size_t at)
{
    const int c = lower_at(text, at);
    return c >= 'a' && c <= 'z';
}
static inline bool is_word_at(Span text, size_t at)
{
    return is_digit_at(text, at) || is_letter_at(text, at);
}
/* 0..15, -1: no hexadecimal digit. */
static inline int nibble_at(Span text, size_t at)
{
    if (is_digit_at(text, at)) return byte_at(text, at) - '0';
    const int c = lower_at(text, at);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
/* The text goes on with `word` there, in lower case here and any case there. */
static inline bool begins_at(Span text, size_t at, Span word)
{
    for (size_t i = 0; i < word.size; i++)
        if (lower_at(text, at + i) != word.data[i]) return false;
    return true;
}
/* The text before `at` ends with `word`. */
static inline bool ends_at(Span text, size_t at, Span word)
{
    return at >= word.size && begins_at(text, at - word.size, word);
}
static inline Span span_part(Span text, size_t from, size_t to)
{
    return (Span) { text.data + from, to - from };
}

/* Matchers; each looks at one place and says whether a finding of `kinds` is there. */
/* detect_card.c: at the first digit of a group; at '%' or 'B'; at '5'; at the name's first byte. */
bool match_card(Span view, size_t at, unsigned kinds, Match *ret_match);
bool match_track1(Span view, size_t at, unsigned kinds, Match *ret_match);
bool match_chip(Span view, size_t at, unsigned kinds, Match *ret_match);
bool match_card_code(Span view, size_t at, unsigned kinds, Match *ret_match);
/* detect_person.c: at the first digit of a group. */
bool match_person(Span view, size_t at, unsigned kinds, Match *ret_match);
/* detect_key.c: at '-', 'M', 'P' or the byte 2. */
bool match_private_key(Span view, size_t at, unsigned kinds, Match *ret_match);
/* detect_secret.c: at ':', '='; at the first byte of a token. */
bool match_assignment(Span view, size_t at, unsigned kinds, Match *ret_match);
bool match_token(Span view, size_t at, unsigned kinds, Match *ret_match);
/* detect_account.c: at ':' of "://"; at '@'. */
bool match_address(Span view, size_t at, unsigned kinds, Match *ret_match);
/* An RFC 1918 host and a user's name stand near `at` in its line. */
bool account_is_near(Span view, size_t at);

/* A run of letters and digits around from..to that is one long hexadecimal number: a digest or an
 * id, in which decimal digits mean nothing. */
bool is_hash_around(Span view, size_t from, size_t to);

/* detect_decode.c */
typedef struct Decoded {
    uint8_t bytes[DETECT_WINDOW];
    uint32_t origins[DETECT_WINDOW];
    size_t size;
} Decoded;

/* Take one layer of escapes and foreign digits away. False: there was none; *ret is undefined. */
bool decode_escapes(View view, Decoded *ret);
/* The next run of base64 from *at on that holds digits or a key, decoded; *at goes behind it. */
bool decode_base64(View view, size_t *at, Decoded *ret);

static inline View view_of(const Decoded *decoded)
{
    return (View) { { decoded->bytes, decoded->size }, decoded->origins };
}

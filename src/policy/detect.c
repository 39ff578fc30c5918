#include "policy/detect.h"

#include "base/heap.h"
#include "policy/detect_inside.h"
#include "policy/detect_number.h"

enum { DEPTH_MAX = 3, FOUND_MAX = 64 };

const char *detect_kind_name(DetectKind kind)
{
    static const char *const names[DETECT_KINDS] = { [DETECT_NOTHING] = "nothing",
        [DETECT_CARD] = "card_number",
        [DETECT_CARD_CODE] = "card_code",
        [DETECT_TRACK] = "track_data",
        [DETECT_CHIP] = "chip_data",
        [DETECT_IDENTITY] = "identity_number",
        [DETECT_PHONE] = "phone_number",
        [DETECT_PRIVATE_KEY] = "private_key",
        [DETECT_SECRET] = "secret",
        [DETECT_ACCOUNT] = "internal_account" };
    return kind < DETECT_KINDS ? names[kind] : "nothing";
}

/* One window of the text, and what was found in it: the views overlap, a finding counts once. */
typedef struct Look {
    size_t base; /* of the window in the text */
    size_t from; /* findings that begin outside of from..to belong to a neighbouring window */
    size_t to;
    unsigned kinds;
    DetectFound found;
    void *context;
    Detection seen[FOUND_MAX];
    size_t seen_count;
} Look;

static bool is_seen(const Look *look, const Detection *d)
{
    for (size_t i = 0; i < look->seen_count; i++) {
        const Detection *s = &look->seen[i];
        if (s->kind == d->kind && d->at < s->at + s->size && s->at < d->at + d->size) return true;
    }
    return false;
}

static size_t origin_of(const View *view, size_t at)
{
    return view->origins != NULL ? view->origins[at] : at;
}

static void report(Look *look, const View *view, const Match *match)
{
    Detection d = { .kind = match->kind, .at = origin_of(view, match->from) };
    const size_t last = origin_of(view, match->to - 1);
    d.size = last >= d.at ? last - d.at + 1 : match->to - match->from;
    const size_t size = match->to - match->from;
    d.value = span_part(view->text, match->from,
            match->from + (size > DETECT_VALUE_BYTES_MAX ? DETECT_VALUE_BYTES_MAX : size));
    if (is_seen(look, &d)) return;
    if (look->seen_count < FOUND_MAX) look->seen[look->seen_count++] = d;
    d.at += look->base;
    if (d.at >= look->from && d.at < look->to) look->found(look->context, &d);
}

/* Which matchers may succeed at a place that begins with this byte. */
static bool match_at(Span t, size_t at, unsigned kinds, Match *ret_match)
{
    switch (t.data[at]) {
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        if (t.data[at] == '5' && match_chip(t, at, kinds, ret_match)) return true;
        if (at > 0 && is_digit_at(t, at - 1)) return false;
        return match_card(t, at, kinds, ret_match) || match_person(t, at, kinds, ret_match);
    case '%': return match_track1(t, at, kinds, ret_match);
    case 'B':
    case 'b': return match_track1(t, at, kinds, ret_match) || match_token(t, at, kinds, ret_match);
    case 'c':
    case 'C':
    case 's':
    case 'S':
    case 0xE5:
        return match_card_code(t, at, kinds, ret_match) || match_token(t, at, kinds, ret_match);
    case '-':
    case 'M':
    case 'P':
    case 2: return match_private_key(t, at, kinds, ret_match);
    case '=': return match_assignment(t, at, kinds, ret_match);
    case ':':
        return match_assignment(t, at, kinds, ret_match) || match_address(t, at, kinds, ret_match);
    case '@': return match_address(t, at, kinds, ret_match);
    case 'A':
    case 'L':
    case 'e':
    case 'g':
    case 'x':
    case 'r':
    case 'n': return match_token(t, at, kinds, ret_match);
    default: return false;
    }
}

static void match_all(Look *look, const View *view)
{
    Match match = { 0 };
    for (size_t at = 0; at < view->text.size;) {
        const bool found = match_at(view->text, at, look->kinds, &match);
        if (found) report(look, view, &match);
        /* What looks like a grouped phone may be the end of one number and the start of another. */
        const bool over = found && match.kind != DETECT_PHONE && match.to > at;
        at = over ? match.to : at + 1;
    }
}

/* The view, then what is under its escapes, then what its base64 holds, each again. */
static void look_at(Look *look, View view, unsigned depth)
{
    match_all(look, &view);
    if (depth == DEPTH_MAX) return;
    Decoded decoded;
    if (decode_escapes(view, &decoded)) look_at(look, view_of(&decoded), depth + 1);
    size_t at = 0;
    while (decode_base64(view, &at, &decoded))
        look_at(look, view_of(&decoded), depth + 1);
}

void detect_each(Span text, unsigned kinds, DetectFound found, void *context)
{
    Look look; /* `seen` is not cleared: two kilobytes for each field would be felt */
    look.kinds = kinds;
    look.found = found;
    look.context = context;
    look.base = 0;
    while (look.base < text.size) {
        const size_t left = text.size - look.base;
        const bool last = left <= DETECT_WINDOW;
        const size_t size = last ? left : DETECT_WINDOW;
        look.seen_count = 0;
        look.from = look.base == 0 ? 0 : look.base + DETECT_OVERLAP / 2;
        look.to = last ? text.size : look.base + DETECT_WINDOW - DETECT_OVERLAP / 2;
        const Span window = { text.data + look.base, size };
        look_at(&look, (View) { window, NULL }, 0);
        if (last) return;
        look.base += DETECT_WINDOW - DETECT_OVERLAP;
    }
}

bool detect_number_at(Span text, size_t at)
{
    Match match = { 0 };
    if (at >= text.size) return false;
    if (text.data[at] == '5' && match_chip(text, at, DETECT_ALL, &match)) return true;
    if (!is_digit_at(text, at) || (at > 0 && is_digit_at(text, at - 1))) return false;
    size_t size = 1;
    while (is_digit_at(text, at + size))
        size++;
    /* Nothing is that long but the hexadecimal of a card number. */
    if (size > DETECT_DIGITS_MAX && size < 2 * DETECT_DIGITS_MIN) return false;
    return match_card(text, at, DETECT_ALL, &match) || match_person(text, at, DETECT_ALL, &match);
}

static void keep_worst(void *context, const Detection *found)
{
    DetectKind *kind = context;
    const bool prohibited = (DETECT_SET(found->kind) & DETECT_PROHIBITED) != 0;
    if (*kind == DETECT_NOTHING || prohibited) *kind = found->kind;
}

DetectKind detect_kind(Span text, unsigned kinds)
{
    DetectKind kind = DETECT_NOTHING;
    detect_each(text, kinds, keep_worst, &kind);
    return kind;
}

static Status refuse_kind(DetectKind kind)
{
    REQUIRE((DETECT_SET(kind) & DETECT_PROHIBITED) == 0, REFUSED_DATA_PROHIBITED);
    REQUIRE(kind != DETECT_CARD, REFUSED_DATA_CARD_NUMBER);
    return OK;
}

/* What was found was also decoded, on the stack below: nobody needs it any more. */
static DetectKind judge(Span text, unsigned kinds)
{
    const DetectKind kind = detect_kind(text, kinds);
    if (kind != DETECT_NOTHING) stack_wipe();
    return kind;
}

Status detect_kept_text(Span text)
{
    const DetectKind kind = judge(text, DETECT_KEPT);
    TRY(refuse_kind(kind));
    REQUIRE(kind == DETECT_NOTHING, REFUSED_DATA_SENSITIVE);
    return OK;
}

Status detect_free_text(Span text) { return refuse_kind(judge(text, DETECT_DOOR)); }

Status detect_fields(const Span *fields, size_t count, size_t *ret_first)
{
    const DetectKind kind = detect_kind_in_fields(fields, count, DETECT_DOOR, ret_first, NULL);
    if (kind != DETECT_NOTHING) stack_wipe();
    return refuse_kind(kind);
}

#include "policy/mask_value.h"

#include "base/seams.h"
#include "policy/amend.h"

enum { EMAIL_ASTERISKS = 3, GROUP = 4 };

/* One character: where it begins and how long it is. */
typedef struct Character {
    uint32_t code;
    Span bytes;
} Character;

typedef struct Text {
    Character characters[MASK_VALUE_CHARACTERS_MAX];
    size_t count;
} Text;

static size_t bytes_of(uint8_t first)
{
    if (first < 0x80) return 1;
    if (first < 0xE0) return 2;
    return first < 0xF0 ? 3 : 4;
}

static uint32_t code_of(Span bytes)
{
    static const uint8_t marks[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code = bytes.data[0] & marks[bytes.size];
    for (size_t i = 1; i < bytes.size; i++)
        code = code << 6 | (bytes.data[i] & 0x3F);
    return code;
}

/* Controls, and what turns or hides its neighbours: a mask with these in it says something else
 * than it seems to. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F)
            || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF
            || c == 0xAD;
}

static Status read_text(Span value, Text *ret)
{
    REQUIRE(value.size > 0 && span_is_utf8(value), REFUSED_MASK_INPUT);
    Cursor c = cursor_of(value);
    ret->count = 0;
    while (c.rest.size > 0) {
        REQUIRE(ret->count < MASK_VALUE_CHARACTERS_MAX, REFUSED_MASK_INPUT);
        Character *one = &ret->characters[ret->count++];
        TRY(cursor_take(&c, bytes_of(c.rest.data[0]), &one->bytes));
        one->code = code_of(one->bytes);
        REQUIRE(!is_unseen(one->code), REFUSED_MASK_INPUT);
    }
    return OK;
}

/* At most half of `count`; the end goes last, since that is what people know a number by. */
static void limit(size_t count, size_t *first, size_t *last)
{
    const size_t half = count / 2;
    if (*last > half) *last = half;
    if (*first > half - *last) *first = half - *last;
}

static bool is_alphanumeric(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_separator(uint32_t c) { return c == ' ' || c == '-' || c == '+' || c == '.'; }

static bool is_grouped(DataClass class)
{
    return class == CLASS_CARD || class == CLASS_BANK_ACCOUNT || class == CLASS_IDENTITY_NUMBER;
}

static Status count_number(const Text *text, size_t *ret_count, bool *ret_separated)
{
    *ret_count = 0;
    *ret_separated = false;
    for (size_t i = 0; i < text->count; i++) {
        const uint32_t c = text->characters[i].code;
        REQUIRE(is_alphanumeric(c) || is_separator(c), REFUSED_MASK_INPUT);
        *ret_count += is_alphanumeric(c);
        *ret_separated = *ret_separated || is_separator(c);
    }
    REQUIRE(*ret_count > 0, REFUSED_MASK_INPUT);
    return OK;
}

/* Groups are kept; a number without any gets them, counted from its end. */
static Status put_number(DataClass class, PolicyMask mask, const Text *text, Buffer *b)
{
    size_t count = 0;
    bool separated = false;
    TRY(count_number(text, &count, &separated));
    size_t first = mask.first;
    size_t last = mask.last;
    if (class == CLASS_CARD || class == CLASS_BANK_ACCOUNT) {
        if (first > POLICY_CARD_FIRST_MAX) first = POLICY_CARD_FIRST_MAX;
        if (last > POLICY_CARD_LAST_MAX) last = POLICY_CARD_LAST_MAX;
    }
    limit(count, &first, &last);
    size_t seen = 0;
    for (size_t i = 0; i < text->count; i++) {
        const Character *one = &text->characters[i];
        if (is_separator(one->code)) {
            TRY(buffer_put(b, one->bytes));
            continue;
        }
        const bool gap = !separated && is_grouped(class) && seen > 0 && (count - seen) % GROUP == 0;
        if (gap) TRY(buffer_put_u8(b, ' '));
        const bool shown = seen < first || count - seen <= last;
        TRY(buffer_put(b, shown ? one->bytes : SPAN("*")));
        seen++;
    }
    return OK;
}

/* Surnames of two characters, the living ones of the Hundred Family Surnames. */
static const uint32_t compounds[][2] = { { 0x6B27, 0x9633 }, { 0x53F8, 0x9A6C }, { 0x4E0A, 0x5B98 },
    { 0x8BF8, 0x845B }, { 0x4E1C, 0x65B9 }, { 0x7687, 0x752B }, { 0x5C09, 0x8FDF },
    { 0x516C, 0x5B59 }, { 0x6155, 0x5BB9 }, { 0x4EE4, 0x72D0 }, { 0x949F, 0x79BB },
    { 0x5B87, 0x6587 }, { 0x957F, 0x5B59 }, { 0x53F8, 0x5F92 }, { 0x590F, 0x4FAF },
    { 0x8F69, 0x8F95 }, { 0x7AEF, 0x6728 }, { 0x72EC, 0x5B64 }, { 0x5357, 0x5BAB },
    { 0x547C, 0x5EF6 }, { 0x7F8A, 0x820C }, { 0x767E, 0x91CC }, { 0x6B27, 0x967D },
    { 0x53F8, 0x99AC }, { 0x8AF8, 0x845B } };

static size_t surname_of(const Text *text)
{
    for (size_t i = 0; text->count > 2 && i < sizeof(compounds) / sizeof(compounds[0]); i++) {
        if (text->characters[0].code == compounds[i][0]
                && text->characters[1].code == compounds[i][1])
            return 2;
    }
    return 1;
}

/* The first characters stay, spaces too; the rest is as long as it was. */
static Status put_beginning(const Text *text, size_t first, Buffer *b)
{
    size_t last = 0;
    limit(text->count, &first, &last);
    for (size_t i = 0; i < text->count; i++) {
        const bool shown = i < first || text->characters[i].code == ' ';
        TRY(buffer_put(b, shown ? text->characters[i].bytes : SPAN("*")));
    }
    return OK;
}

static Status put_email(PolicyMask mask, const Text *text, Buffer *b)
{
    size_t at = 0;
    size_t signs = 0;
    for (size_t i = 0; i < text->count; i++) {
        REQUIRE(text->characters[i].code != ' ', REFUSED_MASK_INPUT);
        if (text->characters[i].code != '@') continue;
        at = i;
        signs++;
    }
    REQUIRE(signs == 1 && at > 0 && at + 1 < text->count, REFUSED_MASK_INPUT);
    size_t first = mask.first;
    size_t last = 0;
    limit(at, &first, &last);
    for (size_t i = 0; i < first; i++)
        TRY(buffer_put(b, text->characters[i].bytes));
    for (size_t i = 0; i < EMAIL_ASTERISKS; i++)
        TRY(buffer_put_u8(b, '*'));
    for (size_t i = at; i < text->count; i++)
        TRY(buffer_put(b, text->characters[i].bytes));
    return OK;
}

Status mask_nothing(Buffer *ret_text) { return buffer_put(ret_text, SPAN("********")); }

static Status put_shape(DataClass class, PolicyMask mask, const Text *text, Buffer *b)
{
    switch ((MaskShape)mask.shape) {
    case MASK_SHAPE_ALL: return mask_nothing(b);
    case MASK_SHAPE_NUMBER: return put_number(class, mask, text, b);
    case MASK_SHAPE_NAME: return put_beginning(text, mask.first == 0 ? 0 : surname_of(text), b);
    case MASK_SHAPE_EMAIL: return put_email(mask, text, b);
    case MASK_SHAPE_ADDRESS: return put_beginning(text, mask.first, b);
    }
    return mask_nothing(b);
}

Status mask_value_with(DataClass class, PolicyMask mask, Span value, Buffer *ret_text)
{
    Text text;
    const size_t before = ret_text->size;
    TRY(read_text(value, &text));
    const Status s = put_shape(class, mask, &text, ret_text);
    if (!status_ok(s)) ret_text->size = before;
    return s;
}

Status mask_value(DataClass class, Span value, Buffer *ret_text)
{
    const Clock clock = clock_system();
    const PolicyMask mask = policy_mask(policy_in_force(), class, clock_now_us(&clock));
    return mask_value_with(class, mask, value, ret_text);
}

Status policy_show(
        DataClass class, PolicyLayer layer, PolicyPurpose purpose, Span value, Buffer *ret_text)
{
    const Clock clock = clock_system();
    const PolicyDecision d =
            policy_decide(policy_in_force(), class, layer, purpose, clock_now_us(&clock));
    REQUIRE(d.forms != 0, REFUSED_POLICY_REFUSES);
    if ((d.forms & FORM_BIT(FORM_CLEAR)) != 0) return buffer_put(ret_text, value);
    REQUIRE((d.forms & FORM_BIT(FORM_MASK)) != 0, REFUSED_POLICY_FORM);
    return mask_value(class, value, ret_text);
}

/* Arbitrary bytes as a text and, cut in pieces, as a record: findings lie inside the text, a text
 * with a finding is refused, and nothing reads past the end. */
#include "policy/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Span whole;

static void judge(void *context, const Detection *found)
{
    size_t *count = context;
    (*count)++;
    ASSERT(found->kind > DETECT_NOTHING && found->kind < DETECT_KINDS);
    ASSERT(found->at < whole.size && found->size <= whole.size - found->at);
    ASSERT(found->value.size > 0 && found->value.size <= DETECT_VALUE_BYTES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    whole = (Span) { data, size };
    detect_each(whole, DETECT_ALL, judge, &count);
    ASSERT((count > 0) == (detect_kind(whole, DETECT_ALL) != DETECT_NOTHING));

    Span fields[DETECT_FIELDS_MAX];
    size_t fields_count = 0;
    Cursor c = cursor_of(whole);
    while (fields_count < DETECT_FIELDS_MAX
            && status_ok(cursor_until(&c, '\n', &fields[fields_count])))
        fields_count++;
    size_t first = 0;
    size_t last = 0;
    if (detect_kind_in_fields(fields, fields_count, DETECT_ALL, &first, &last) != DETECT_NOTHING)
        ASSERT(first <= last && last < fields_count);
    return 0;
}

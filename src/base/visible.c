#include "base/visible.h"

static size_t size_by(uint8_t first)
{
    if (first >= 0xF0) return 4;
    if (first >= 0xE0) return 3;
    return first >= 0xC0 ? 2 : 1;
}

/* U+200B..U+200F, U+2028..U+202E, U+2060..U+206F, U+FEFF: invisible, or turn the direction. */
static bool is_turning(const uint8_t three[3])
{
    if (three[0] == 0xEF) return three[1] == 0xBB && three[2] == 0xBF;
    if (three[0] != 0xE2) return false;
    if (three[1] == 0x81) return three[2] >= 0xA0 && three[2] <= 0xAF;
    return three[1] == 0x80
            && ((three[2] >= 0x8B && three[2] <= 0x8F) || (three[2] >= 0xA8 && three[2] <= 0xAE));
}

size_t visible_bytes(Span text)
{
    const uint8_t first = text.data[0];
    const size_t size = size_by(first);
    if (first < 0x20 || first == 0x7F || size > text.size) return 0;
    if (!span_is_utf8((Span) { text.data, size })) return 0;
    /* C1 controls, and the soft hyphen. */
    if (first == 0xC2 && (text.data[1] < 0xA0 || text.data[1] == 0xAD)) return 0;
    return size == 3 && is_turning(text.data) ? 0 : size;
}

bool visible_text(Span text)
{
    for (size_t at = 0; at < text.size;) {
        const size_t size = visible_bytes((Span) { text.data + at, text.size - at });
        if (size == 0) return false;
        at += size;
    }
    return true;
}

#include "crypto/weak_key.h"

enum { DES_BYTES = 8, DISTINCT_PARTS_OF_TEN = 5 };

static bool is_text(Span key)
{
    for (size_t i = 0; i < key.size; i++) {
        const uint8_t c = key.data[i];
        const bool printable = (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t';
        if (!printable) return false;
    }
    return true;
}

/* One piece, of up to half of the key, over and over. */
static bool repeats(Span key)
{
    for (size_t period = 1; period <= key.size / 2; period++) {
        size_t i = period;
        while (i < key.size && key.data[i] == key.data[i - period])
            i++;
        if (i == key.size) return true;
    }
    return false;
}

/* 00 01 02 ..., or any other constant step. */
static bool counts(Span key)
{
    const uint8_t step = (uint8_t)(key.data[1] - key.data[0]);
    for (size_t i = 2; i < key.size; i++)
        if ((uint8_t)(key.data[i] - key.data[i - 1]) != step) return false;
    return true;
}

static size_t distinct(Span key)
{
    bool seen[256] = { false };
    size_t count = 0;
    for (size_t i = 0; i < key.size; i++) {
        if (!seen[key.data[i]]) count++;
        seen[key.data[i]] = true;
    }
    return count;
}

Status weak_key_check(Span key)
{
    REQUIRE(key.size >= WEAK_KEY_BYTES_MIN && key.size <= WEAK_KEY_BYTES_MAX,
            REFUSED_KEY_TOO_SHORT);
    REQUIRE(!is_text(key), REFUSED_KEY_IS_TEXT);
    REQUIRE(!repeats(key) && !counts(key), REFUSED_KEY_IS_PATTERN);
    /* 16 random bytes hold 15.5 different ones on average, 32 hold 30. */
    REQUIRE(10 * distinct(key) > DISTINCT_PARTS_OF_TEN * key.size, REFUSED_KEY_IS_PATTERN);
    return OK;
}

/* Without the parity bits. SP 800-67, section 3.3.2. */
static const uint8_t weak_des[][DES_BYTES] = {
    { 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 },
    { 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE, 0xFE },
    { 0xE0, 0xE0, 0xE0, 0xE0, 0xF0, 0xF0, 0xF0, 0xF0 },
    { 0x1E, 0x1E, 0x1E, 0x1E, 0x0E, 0x0E, 0x0E, 0x0E },
    { 0x00, 0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E },
    { 0x1E, 0x00, 0x1E, 0x00, 0x0E, 0x00, 0x0E, 0x00 },
    { 0x00, 0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0 },
    { 0xE0, 0x00, 0xE0, 0x00, 0xF0, 0x00, 0xF0, 0x00 },
    { 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE },
    { 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00, 0xFE, 0x00 },
    { 0x1E, 0xE0, 0x1E, 0xE0, 0x0E, 0xF0, 0x0E, 0xF0 },
    { 0xE0, 0x1E, 0xE0, 0x1E, 0xF0, 0x0E, 0xF0, 0x0E },
    { 0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E, 0xFE },
    { 0xFE, 0x1E, 0xFE, 0x1E, 0xFE, 0x0E, 0xFE, 0x0E },
    { 0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0, 0xFE },
    { 0xFE, 0xE0, 0xFE, 0xE0, 0xFE, 0xF0, 0xFE, 0xF0 },
};

static bool is_weak_des(const uint8_t part[DES_BYTES])
{
    for (size_t i = 0; i < sizeof(weak_des) / sizeof(weak_des[0]); i++)
        if (bytes_equal_ct(part, weak_des[i], DES_BYTES)) return true;
    return false;
}

Status weak_key_check_3des(Span key)
{
    uint8_t parts[3 * DES_BYTES] = { 0 };
    REQUIRE(key.size == 2 * DES_BYTES || key.size == 3 * DES_BYTES, REFUSED_KEY_TOO_SHORT);
    const size_t count = key.size / DES_BYTES;
    for (size_t i = 0; i < key.size; i++)
        parts[i] = key.data[i] & 0xFE;
    for (size_t i = 0; i < count; i++)
        REQUIRE(!is_weak_des(parts + i * DES_BYTES), REFUSED_KEY_IS_WEAK_DES);
    REQUIRE(!bytes_equal_ct(parts, parts + DES_BYTES, DES_BYTES), REFUSED_KEY_IS_WEAK_DES);
    if (count == 3)
        REQUIRE(!bytes_equal_ct(parts + DES_BYTES, parts + 2 * DES_BYTES, DES_BYTES),
                REFUSED_KEY_IS_WEAK_DES);
    return weak_key_check(key);
}

#include "vault/personal_facts.h"

#include "base/secret.h"

#include <stdio.h>

enum { TEXT_MAX = 128, SPELLED_MAX = 9, IDENTITY_NEW = 18, IDENTITY_OLD = 15, DATE_AT = 6 };

void personal_facts_wipe(PersonalFacts *facts) { bytes_wipe(facts, sizeof(*facts)); }

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* --- facts --- */

void personal_facts_add(PersonalFacts *facts, bool is_identity_number, Span value)
{
    if (facts->count == PERSONAL_FACTS_MAX) return;
    PersonalFact *fact = &facts->of[facts->count++];
    *fact = (PersonalFact) { .size = 0 };
    for (size_t i = 0; i < value.size && fact->size < PERSONAL_DIGITS_MAX; i++) {
        if (is_digit(value.data[i])) fact->digits[fact->size++] = value.data[i];
    }
    /* The last of eighteen may be an X, which is no digit; the date stands before it. */
    const bool is_new = value.size == IDENTITY_NEW && fact->size >= IDENTITY_NEW - 1;
    const bool is_old = value.size == IDENTITY_OLD && fact->size == IDENTITY_OLD;
    if (!is_identity_number || (!is_new && !is_old)) return;
    memcpy(fact->birth, is_new ? "" : "19", is_new ? 0 : 2);
    memcpy(fact->birth + (is_new ? 0 : 2), fact->digits + DATE_AT, is_new ? 8 : 6);
}

/* --- runs --- */

/* In `text`, forwards or backwards. */
static bool has_run(const uint8_t *text, size_t size, const uint8_t digits[PERSONAL_RUN])
{
    for (size_t i = 0; i + PERSONAL_RUN <= size; i++) {
        size_t ahead = 0;
        size_t back = 0;
        for (size_t k = 0; k < PERSONAL_RUN; k++) {
            ahead += text[i + k] == digits[k];
            back += text[i + k] == digits[PERSONAL_RUN - 1 - k];
        }
        if (ahead == PERSONAL_RUN || back == PERSONAL_RUN) return true;
    }
    return false;
}

/* One way to write a date: Y and y the year in four and two digits, M and D with and m and d
 * without a leading zero. */
static size_t spell(const char birth[9], const char *pattern, char ret_text[SPELLED_MAX])
{
    size_t size = 0;
    for (const char *p = pattern; *p != 0; p++) {
        const bool is_year = *p == 'Y' || *p == 'y';
        size_t from = is_year ? 0 : *p == 'M' || *p == 'm' ? 4 : 6;
        size_t until = from + (is_year ? 4 : 2);
        if (*p == 'y') from = 2;
        if ((*p == 'm' || *p == 'd') && birth[from] == '0') from++;
        while (from < until)
            ret_text[size++] = birth[from++];
    }
    return size;
}

static bool has_birth(const char birth[9], const uint8_t digits[PERSONAL_RUN])
{
    static const char *const patterns[] = { "YMD", "DMY", "MDY", "YDM", "yMD", "DMy", "MDy", "yDM",
        "Ymd", "dmY", "mdY", "Ydm", "YM", "MY", "YD", "DY" };
    bool found = false;
    if (birth[0] == 0) return false;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        char text[SPELLED_MAX];
        const size_t size = spell(birth, patterns[i], text);
        found |= has_run((const uint8_t *)text, size, digits);
        bytes_wipe(text, sizeof(text));
    }
    return found;
}

bool personal_facts_have(const PersonalFacts *facts, const uint8_t digits[PERSONAL_RUN])
{
    for (size_t i = 0; i < facts->count; i++) {
        const PersonalFact *fact = &facts->of[i];
        if (has_run(fact->digits, fact->size, digits)) return true;
        if (has_birth(fact->birth, digits)) return true;
    }
    return false;
}

/* --- texts --- */

static bool is_between(uint8_t c)
{
    return c == '-' || c == '.' || c == '/' || c == '_' || c == ' ';
}

bool personal_facts_blank(const PersonalFacts *facts, uint8_t *text, size_t size)
{
    uint8_t digits[TEXT_MAX];
    size_t at[TEXT_MAX]; /* of each digit, in the text */
    bool blank[TEXT_MAX] = { false };
    bool found = false;
    size_t count = 0;
    ASSERT(size <= TEXT_MAX);
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]) && !is_between(text[i])) count = 0;
        if (!is_digit(text[i])) continue;
        digits[count] = text[i];
        at[count++] = i;
        if (count < PERSONAL_RUN) continue;
        if (!personal_facts_have(facts, digits + count - PERSONAL_RUN)) continue;
        memset(blank + at[count - PERSONAL_RUN], true, i + 1 - at[count - PERSONAL_RUN]);
        found = true;
    }
    for (size_t i = 0; i < size; i++)
        if (blank[i]) text[i] = ' ';
    bytes_wipe(digits, sizeof(digits));
    return found;
}

#include "vault/password_rules.h"

#include "base/secret.h"
#include "crypto/common_password.h"

/* --- PINs --- */

static bool all_digits(Span pin)
{
    for (size_t i = 0; i < pin.size; i++) {
        if (pin.data[i] < '0' || pin.data[i] > '9') return false;
    }
    return true;
}

/* Each digit follows from the one `period` before it by one and the same step: 111111, 123456,
 * 987654, 890123, 121212 (period 2, step 0), 123123 (period 3). */
static bool repeats(Span pin, size_t period)
{
    const int step = (pin.data[period] - pin.data[0] + 10) % 10;
    for (size_t i = period; i < pin.size; i++) {
        if ((pin.data[i] - pin.data[i - period] + 10) % 10 != step) return false;
    }
    return period == 1 ? step == 0 || step == 1 || step == 9 : step == 0;
}

bool pin_is_weak(Span pin, const PersonalFacts *facts)
{
    if (pin.size != PIN_DIGITS || !all_digits(pin)) return true;
    if (common_pin(pin) || personal_facts_have(facts, pin.data)) return true;
    const bool halves = pin.data[0] == pin.data[1] && pin.data[1] == pin.data[2]
            && pin.data[3] == pin.data[4] && pin.data[4] == pin.data[5]; /* 111222 */
    return halves || repeats(pin, 1) || repeats(pin, 2) || repeats(pin, 3);
}

/* --- passwords --- */

/* Stems of our own making: what people take in Chinese and English when they are told to take
 * something. Lower case. */
static const char *const stems[] = { "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword",
    "admin", "administrator", "root", "user", "guest", "login", "letmein", "welcome", "default",
    "changeme", "secret", "master", "hello", "test", "demo", "temp", "qwerty", "qwertyuiop", "asdf",
    "asdfgh", "asdfghjkl", "zxcv", "zxcvbn", "zxcvbnm", "qazwsx", "1q2w3e", "1qaz2wsx", "abc",
    "abcd", "abcdef", "iloveyou", "love", "woaini", "wodemima", "mima", "nihao", "zhifu", "wechat",
    "weixin", "tenpay", "alipay", "hufu", "money", "monkey", "dragon", "sunshine", "princess",
    "football", "superman", "shadow", "spring", "summer", "autumn", "winter", "china", "beijing",
    "shanghai", "shenzhen", "hangzhou", "company", "manager", "merchant", "service" };

enum {
    PASSWORD_TEXT_MAX = 128,
    DIFFERENT_MIN = 5,
    NAME_LETTERS_MIN = 4,
    OWN_LETTERS_MIN = 4,
    COMMON_LETTERS_MIN = 4, /* of a common password that is looked for inside another */
    COMMON_WORDS_MAX = 2, /* a phrase of more is no dictionary's any more */
};

static size_t characters(Span utf8)
{
    size_t count = 0;
    for (size_t i = 0; i < utf8.size; i++)
        count += (utf8.data[i] & 0xC0) != 0x80;
    return count;
}

static size_t different_bytes(Span text)
{
    bool seen[256] = { false };
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += !seen[text.data[i]];
        seen[text.data[i]] = true;
    }
    return count;
}

/* abcabcabc: one piece of at most half the length, again and again. */
static bool is_one_piece(Span text)
{
    for (size_t period = 1; period <= text.size / 2; period++) {
        size_t i = period;
        while (i < text.size && text.data[i] == text.data[i - period])
            i++;
        if (i == text.size) return true;
    }
    return false;
}

/* Two neighbours of a run: one step along the alphabet, the digits or a row of keys. */
static bool follows(uint8_t a, uint8_t b)
{
    static const uint8_t rows[] = "qwertyuiop asdfghjkl zxcvbnm 1234567890";
    if (b == a + 1 || a == b + 1 || a == b) return true;
    for (size_t i = 0; i + 1 < sizeof(rows) - 1; i++) {
        const bool here = (rows[i] == a && rows[i + 1] == b) || (rows[i] == b && rows[i + 1] == a);
        if (here && rows[i] != ' ' && rows[i + 1] != ' ') return true;
    }
    return false;
}

/* Nearly all of it are steps of runs: abcdefgh12345678, qwertyuiop123. */
static bool is_run(Span text)
{
    size_t steps = 0;
    for (size_t i = 1; i < text.size; i++)
        steps += follows(text.data[i - 1], text.data[i]);
    return steps * 4 >= (text.size - 1) * 3;
}

static bool is_letter(uint8_t c) { return (c >= 'a' && c <= 'z') || c >= 0x80; }

/* Blank every `word` of `text`; true when there was one. */
static bool blank(uint8_t *text, size_t size, Span word)
{
    bool found = false;
    for (size_t i = 0; i + word.size <= size; i++) {
        if (!span_equal((Span) { text + i, word.size }, word)) continue;
        memset(text + i, ' ', word.size);
        found = true;
    }
    return found;
}

/* Without the words that everybody takes, hardly a letter is left. */
static bool is_only_words(const uint8_t *lower, size_t size)
{
    uint8_t text[PASSWORD_TEXT_MAX];
    bool any = false;
    size_t left = 0;
    memcpy(text, lower, size);
    for (size_t i = 0; i < sizeof(stems) / sizeof(stems[0]); i++)
        any |= blank(text, size, span_of_text(stems[i]));
    for (size_t i = 0; i < size; i++)
        left += is_letter(text[i]);
    bytes_wipe(text, sizeof(text));
    return any && left < OWN_LETTERS_MIN;
}

/* What people put for a letter that they were told to replace. */
static uint8_t letter_meant(uint8_t c)
{
    static const char signs[] = "@4013$57!";
    static const char letters[] = "aaoiessti";
    const char *at = c == 0 ? NULL : strchr(signs, c);
    return at == NULL ? c : (uint8_t)letters[at - signs];
}

/* Without one or two of the commonest passwords, hardly a letter is left. */
static bool is_only_common(const uint8_t *lower, size_t size, bool meant)
{
    uint8_t text[PASSWORD_TEXT_MAX];
    size_t words = 0;
    size_t left = 0;
    for (size_t i = 0; i < size; i++)
        text[i] = meant ? letter_meant(lower[i]) : lower[i];
    for (size_t i = 0; i < common_password_count() && words < COMMON_WORDS_MAX; i++) {
        const Span word = common_password_at(i);
        if (word.size >= COMMON_LETTERS_MIN && blank(text, size, word)) words++;
    }
    for (size_t i = 0; i < size; i++)
        left += text[i] != ' ' && is_letter(lower[i]);
    bytes_wipe(text, sizeof(text));
    return words > 0 && left < OWN_LETTERS_MIN;
}

/* Without its owner's own digits, less than the shortest password is left. */
static bool is_only_facts(const uint8_t *lower, size_t size, const PersonalFacts *facts)
{
    uint8_t text[PASSWORD_TEXT_MAX];
    size_t left = 0;
    memcpy(text, lower, size);
    const bool found = personal_facts_blank(facts, text, size);
    for (size_t i = 0; i < size; i++)
        left += text[i] != ' ' && (text[i] & 0xC0) != 0x80;
    bytes_wipe(text, sizeof(text));
    return found && left < PASSWORD_LENGTH_FLOOR;
}

static void to_lower(Span text, uint8_t *ret)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        ret[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
    }
}

static bool has_name(uint8_t *lower, size_t size, Span user)
{
    uint8_t name[PASSWORD_TEXT_MAX];
    if (user.size < NAME_LETTERS_MIN || user.size > sizeof(name)) return false;
    to_lower(user, name);
    return blank(lower, size, (Span) { name, user.size });
}

bool password_is_weak(Span password, Span user, size_t length_min, const PersonalFacts *facts)
{
    const size_t least = length_min < PASSWORD_LENGTH_FLOOR ? PASSWORD_LENGTH_FLOOR : length_min;
    if (password.size > PASSWORD_TEXT_MAX || !span_is_utf8(password)) return true;
    for (size_t i = 0; i < password.size; i++) {
        if (password.data[i] < ' ' || password.data[i] == 0x7f) return true;
    }
    if (characters(password) < least || different_bytes(password) < DIFFERENT_MIN) return true;
    uint8_t memory[PASSWORD_TEXT_MAX];
    to_lower(password, memory);
    const Span lower = { memory, password.size };
    const bool weak = is_one_piece(lower) || is_run(lower) || is_only_words(memory, lower.size)
            || is_only_common(memory, lower.size, false) || is_only_common(memory, lower.size, true)
            || is_only_facts(memory, lower.size, facts) || has_name(memory, lower.size, user);
    bytes_wipe(memory, sizeof(memory));
    return weak;
}

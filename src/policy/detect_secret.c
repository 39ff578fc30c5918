/* Secrets: by the name they are assigned to, and by forms that nothing else has. */
#include "policy/detect_inside.h"

enum { NAME_BYTES_MAX = 32, SECRET_BYTES_MIN = 6, LETTERS_ALONE_MIN = 16 };

/* Ends of names, in lower case without '_', '-' and '.'. A short password is a PIN: digits. */
static const struct {
    const char *name;
    bool person; /* a password that a person made: may be short and plain */
} secret_names[] = { { "password", true }, { "passwd", true }, { "pwd", true },
    { "passphrase", true }, { "userpass", true }, { "dbpass", true }, { "secret", false },
    { "secretkey", false }, { "apikey", false }, { "accesskey", false },
    { "accesskeysecret", false }, { "secretaccesskey", false }, { "accesstoken", false },
    { "authtoken", false }, { "refreshtoken", false }, { "sessiontoken", false },
    { "privatekey", false }, { "privkey", false }, { "apiv3key", false }, { "mchkey", false },
    { "merchantkey", false }, { "signkey", false }, { "signingkey", false },
    { "encryptionkey", false }, { "sm2key", false }, { "sm4key", false },
    { "\xE5\xAF\x86\xE7\xA0\x81" /* 密码 */, true },
    { "\xE5\x8F\xA3\xE4\xBB\xA4" /* 口令 */, true },
    { "\xE7\xA7\x81\xE9\x92\xA5" /* 私钥 */, false },
    { "\xE5\xAF\x86\xE9\x92\xA5" /* 密钥 */, false } };

/* The name that ends before `end` (quotes and spaces skipped), folded, right-aligned. */
typedef struct Name {
    uint8_t bytes[NAME_BYTES_MAX];
    size_t size;
    size_t from;
} Name;

static Name name_before(Span view, size_t end)
{
    Name name = { .from = end };
    size_t quotes = 0;
    while (name.from > 0 && quotes < 4) {
        const int c = byte_at(view, name.from - 1);
        if (c != ' ' && c != '"' && c != '\'' && c != '\\' && c != ']') break;
        name.from--;
        quotes++;
    }
    while (name.from > 0 && name.size < NAME_BYTES_MAX) {
        const int c = lower_at(view, name.from - 1);
        const bool joins = c == '_' || c == '-' || c == '.';
        if (!joins && !is_word_at(view, name.from - 1) && c < 0x80) break;
        if (!joins) name.bytes[NAME_BYTES_MAX - ++name.size] = (uint8_t)c;
        name.from--;
    }
    return name;
}

static bool is_secret_name(const Name *name, bool *ret_person)
{
    const Span folded = { name->bytes, NAME_BYTES_MAX };
    for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++) {
        const Span wanted = span_of_text(secret_names[i].name);
        *ret_person = secret_names[i].person;
        if (name->size >= wanted.size && ends_at(folded, NAME_BYTES_MAX, wanted)) return true;
    }
    return false;
}

static bool ends_value(int c, int quote)
{
    if (quote != 0) return c < 0x20 || c == quote || c == '\\';
    return c <= 0x20 || c == '"' || c == '\'' || c == ',' || c == ';' || c == '&' || c == ')'
            || c == ']' || c == '}' || c == '<' || c == '\\' || c == '|';
}

/* Not a secret but the place for one, a call, a path, a type, or one that was masked already. */
static bool is_placeholder(Span value)
{
    static const char *const words[] = { "null", "none", "true", "false", "undefined", "example",
        "changeme", "redacted", "[refused", "xxxx", "your", "string", "secret", "password" };
    static const char marks[] = "$<{*%(/[!";
    for (size_t i = 0; i < sizeof(marks) - 1; i++)
        if (value.data[0] == (uint8_t)marks[i]) return true;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins_at(value, 0, span_of_text(words[i]))) return true;
    bool same = true;
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t c = value.data[i];
        if (c == '(' || c == '{' || (c == '-' && byte_at(value, i + 1) == '>')) return true;
        if (c == '*' && byte_at(value, i + 1) == '*') return true;
        same = same && c == value.data[0];
    }
    return same && value.data[0] > '9';
}

/* A secret has a digit or a mark in it, or letters of both cases and some length. Words of one
 * language are prose: `password: required`. */
static bool is_secret_value(Span value, bool person)
{
    size_t digits = 0;
    size_t marks = 0;
    size_t upper = 0;
    size_t lower = 0;
    for (size_t i = 0; i < value.size; i++) {
        const uint8_t c = value.data[i];
        digits += c >= '0' && c <= '9';
        upper += c >= 'A' && c <= 'Z';
        lower += c >= 'a' && c <= 'z';
        marks += c > 0x20 && c < 0x7F && !is_word_at(value, i) && c != '_' && c != '-' && c != '.'
                && c != ':';
        if (c >= 0x80) return false;
    }
    if (!person && value.size < 12) return false;
    if (digits > 0 && (person || upper + lower > 0)) return true;
    if (digits == value.size) return value.size >= LETTERS_ALONE_MIN;
    if (marks > 0 && person) return true;
    return upper > 1 && lower > 1 && value.size >= LETTERS_ALONE_MIN;
}

bool match_assignment(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    const unsigned wanted = DETECT_SET(DETECT_SECRET) | DETECT_SET(DETECT_ACCOUNT);
    if ((kinds & wanted) == 0) return false;
    const Name name = name_before(view, at);
    bool person = false;
    if (name.size == 0 || !is_secret_name(&name, &person)) return false;
    size_t from = at + 1;
    if (byte_at(view, from) == '=' || byte_at(view, from) == '>') from++; /* == is no assignment */
    if (from > at + 1 && byte_at(view, at + 1) == '=') return false;
    int quote = 0;
    while (from < at + 8) {
        const int c = byte_at(view, from);
        if (c != ' ' && c != '"' && c != '\'' && c != '\\') break;
        if (c == '"' || c == '\'') quote = c;
        from++;
    }
    size_t to = from;
    while (to < view.size && to - from < DETECT_VALUE_BYTES_MAX
            && !ends_value(byte_at(view, to), quote))
        to++;
    const Span value = span_part(view, from, to);
    if (value.size < SECRET_BYTES_MIN || is_placeholder(value)) return false;
    if (!is_secret_value(value, person)) return false;
    const bool account =
            (kinds & DETECT_SET(DETECT_ACCOUNT)) != 0 && person && account_is_near(view, name.from);
    if (!account && (kinds & DETECT_SET(DETECT_SECRET)) == 0) return false;
    *ret_match = (Match) { account ? DETECT_ACCOUNT : DETECT_SECRET, name.from, to };
    return true;
}

/* --- tokens that are known by their form --- */

typedef struct TokenForm {
    const char *prefix; /* exact case */
    uint8_t least; /* characters behind it */
    uint8_t most; /* 0: no matter how many */
    bool upper; /* capitals and digits only */
} TokenForm;

static const TokenForm forms[] = {
    { "AKIA", 16, 16, true },
    { "ASIA", 16, 16, true }, /* AWS */
    { "LTAI", 12, 26, false }, /* Alibaba Cloud */
    { "AKID", 32, 36, false }, /* Tencent Cloud */
    { "AIza", 35, 35, false }, /* Google */
    { "ghp_", 36, 0, false },
    { "gho_", 36, 0, false },
    { "ghs_", 36, 0, false },
    { "ghu_", 36, 0, false },
    { "github_pat_", 22, 0, false },
    { "glpat-", 20, 0, false },
    { "xoxb-", 20, 0, false },
    { "xoxp-", 20, 0, false },
    { "xoxa-", 20, 0, false },
    { "sk_live_", 16, 0, false },
    { "rk_live_", 16, 0, false },
    { "Bearer ", 20, 0, false },
    { "bearer ", 20, 0, false },
    { "npm_", 36, 36, false },
};

static bool is_token_at(Span view, size_t at)
{
    const int c = byte_at(view, at);
    return is_word_at(view, at) || c == '_' || c == '-';
}

static size_t token_from(Span view, size_t at, bool upper)
{
    size_t end = at;
    while (is_token_at(view, end)
            && !(upper && byte_at(view, end) != lower_at(view, end) - 32
                    && !is_digit_at(view, end)))
        end++;
    return end - at;
}

/* RFC 7519: three parts of base64url, the first two begin with `{"`. */
static bool match_jwt(Span view, size_t at, Match *ret_match)
{
    size_t end = at;
    for (int part = 0; part < 3; part++) {
        const size_t size = token_from(view, end, false);
        if (size < 10 || (part < 2 && !begins_at(view, end, SPAN("eyj")))) return false;
        end += size;
        if (part < 2 && byte_at(view, end++) != '.') return false;
    }
    *ret_match = (Match) { DETECT_SECRET, at, end };
    return true;
}

static bool has_digit(Span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (is_digit_at(text, i)) return true;
    return false;
}

bool match_token(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_SECRET)) == 0) return false;
    if (at > 0 && is_token_at(view, at - 1)) return false;
    if (byte_at(view, at) == 'e') return match_jwt(view, at, ret_match);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const TokenForm *form = &forms[i];
        const Span prefix = span_of_text(form->prefix);
        if (at + prefix.size > view.size
                || !span_equal(span_part(view, at, at + prefix.size), prefix))
            continue;
        const size_t from = at + prefix.size;
        const size_t size = token_from(view, from, form->upper);
        if (size < form->least || (form->most != 0 && size > form->most)) continue;
        if (!has_digit(span_part(view, from, from + size))) continue;
        *ret_match = (Match) { DETECT_SECRET, at, from + size };
        return true;
    }
    return false;
}

/* TP-14: addresses of servers together with their accounts. */
#include "policy/detect_inside.h"

enum { NEAR_BYTES = 160, USER_BYTES_MAX = 64, AUTHORITY_BYTES_MAX = 200 };

/* A whole RFC 1918 address there; returns its size, 0: none. */
static size_t private_address_at(Span view, size_t at)
{
    unsigned parts[4] = { 0 };
    size_t next = at;
    if (at > 0 && (is_digit_at(view, at - 1) || byte_at(view, at - 1) == '.')) return 0;
    for (int i = 0; i < 4; i++) {
        size_t digits = 0;
        while (is_digit_at(view, next) && digits < 4) {
            parts[i] = parts[i] * 10 + (unsigned)(byte_at(view, next++) - '0');
            digits++;
        }
        if (digits == 0 || parts[i] > 255) return 0;
        if (i < 3 && byte_at(view, next++) != '.') return 0;
    }
    const bool inside = parts[0] == 10 || (parts[0] == 192 && parts[1] == 168)
            || (parts[0] == 172 && parts[1] >= 16 && parts[1] <= 31);
    return inside ? next - at : 0;
}

static bool is_user_at(Span view, size_t at)
{
    const int c = byte_at(view, at);
    return is_word_at(view, at) || c == '_' || c == '-' || c == '.';
}

/* scheme://user:password@host, whatever the host: the password is the harm. */
static bool match_url(Span view, size_t colon, Match *ret_match)
{
    if (byte_at(view, colon + 1) != '/' || byte_at(view, colon + 2) != '/') return false;
    if (colon == 0 || !is_word_at(view, colon - 1)) return false;
    size_t at = colon + 3;
    size_t split = 0;
    for (; at < colon + AUTHORITY_BYTES_MAX; at++) {
        const int c = byte_at(view, at);
        if (c == '@') break;
        if (c <= ' ' || c == '/' || c == '"' || c == '\'' || c == '<' || c == '>') return false;
        if (c == ':' && split == 0) split = at;
    }
    if (byte_at(view, at) != '@' || split == 0 || at - split < 4) return false;
    const int first = byte_at(view, split + 1);
    if (first == '$' || first == '{' || first == '*' || first == '%') return false;
    if (begins_at(view, split + 1, SPAN("password@")) || begins_at(view, split + 1, SPAN("pass@")))
        return false; /* the words of a manual */
    size_t to = at + 1;
    while (is_user_at(view, to) || byte_at(view, to) == ':')
        to++;
    *ret_match = (Match) { DETECT_ACCOUNT, colon + 3, to };
    return to > at + 1;
}

/* root@10.1.2.3 */
static bool match_login(Span view, size_t sign, Match *ret_match)
{
    const size_t size = private_address_at(view, sign + 1);
    size_t from = sign;
    while (from > 0 && sign - from < USER_BYTES_MAX && is_user_at(view, from - 1))
        from--;
    if (size == 0 || from == sign) return false;
    *ret_match = (Match) { DETECT_ACCOUNT, from, sign + 1 + size };
    return true;
}

bool match_address(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_ACCOUNT)) == 0) return false;
    return byte_at(view, at) == '@' ? match_login(view, at, ret_match)
                                    : match_url(view, at, ret_match);
}

static bool is_user_name_at(Span view, size_t at)
{
    static const char *const words[] = { "user", "uid", "account", "login",
        "\xE8\xB4\xA6\xE5\x8F\xB7" /* 账号 */, "\xE7\x94\xA8\xE6\x88\xB7" /* 用户 */ };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (begins_at(view, at, span_of_text(words[i]))) return true;
    return false;
}

bool account_is_near(Span view, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < NEAR_BYTES && byte_at(view, from - 1) != '\n')
        from--;
    size_t to = at;
    while (to < view.size && to - at < NEAR_BYTES && byte_at(view, to) != '\n')
        to++;
    bool host = false;
    bool user = false;
    for (size_t i = from; i < to; i++) {
        host = host || (is_digit_at(view, i) && private_address_at(view, i) > 0);
        user = user || is_user_name_at(view, i);
    }
    return host && user;
}

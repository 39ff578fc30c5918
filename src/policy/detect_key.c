/* Private keys in the forms in which they lie about. */
#include "policy/detect_inside.h"

enum { KEY_HEAD_BYTES_MAX = 120, KEY_BODY_BYTES_MIN = 32 };

static bool is_base64_at(Span view, size_t at)
{
    const int c = byte_at(view, at);
    return is_word_at(view, at) || c == '+' || c == '/';
}

/* A program's text names these headers; a key has a body behind it, perhaps after headers of its
 * own ("Proc-Type: ..."), line ends, or quotes of a program ("...\n" + "..."). */
static bool has_body(Span view, size_t at)
{
    size_t run = 0;
    for (size_t i = at; i < at + KEY_HEAD_BYTES_MAX + KEY_BODY_BYTES_MIN && i < view.size; i++) {
        run = is_base64_at(view, i) ? run + 1 : 0;
        if (run == KEY_BODY_BYTES_MIN) return true;
    }
    return false;
}

static bool match_pem(Span view, size_t at, Match *ret_match)
{
    if (!begins_at(view, at, SPAN("-----begin "))) return false;
    for (size_t end = at + 11; end < at + 60 && end < view.size; end++) {
        if (byte_at(view, end) == '-' || byte_at(view, end) == '\n') return false;
        if (!begins_at(view, end, SPAN("private key"))) continue;
        end += 11;
        if (begins_at(view, end, SPAN(" block"))) end += 6; /* PGP */
        if (!begins_at(view, end, SPAN("-----")) || !has_body(view, end + 5)) return false;
        *ret_match = (Match) { DETECT_PRIVATE_KEY, at, end + 5 };
        return true;
    }
    return false;
}

/* The first bytes of keys without a header, as base64 and as DER. PKCS#8 says which algorithm;
 * "??" stands for the two characters in which the size lies. */
static const char *const bare_keys[] = {
    "MIIE??IBADANBgkqhkiG9w0BAQEFAASC", /* PKCS#8 RSA 2048 */
    "MIIG??IBADANBgkqhkiG9w0BAQEFAASC", /* 3072 */
    "MIIJ??IBADANBgkqhkiG9w0BAQEFAASC", /* 4096 */
    "MIIC??IBADANBgkqhkiG9w0BAQEFAASC", /* 1024 */
    "MII????BADANBgkqhkiG9w0BAQEFAASC", "MIIE??IBAAKCAQEA", /* PKCS#1 */
    "MIIJ??IBAAKCAgEA", "MIIG??IBAAKCAYEA", "MIIC??IBAAKBgQ",
    "MIGHAgEAMBMGByqGSM49AgEGCC", /* PKCS#8 P-256 and SM2 */
    "MIGTAgEAMBMGByqGSM49AgEGCC", "MHcCAQEEI", /* SEC 1 P-256 and SM2 */
    "MC4CAQAwBQYDK2VwBCIEI", /* Ed25519 */
};

static bool fits_at(Span view, size_t at, const char *pattern)
{
    for (size_t i = 0; pattern[i] != 0; i++)
        if (byte_at(view, at + i) != pattern[i] && pattern[i] != '?') return false;
    return true;
}

static bool match_bare(Span view, size_t at, Match *ret_match)
{
    if (at > 0 && is_base64_at(view, at - 1)) return false;
    for (size_t i = 0; i < sizeof(bare_keys) / sizeof(bare_keys[0]); i++) {
        if (!fits_at(view, at, bare_keys[i]) || !has_body(view, at)) continue;
        *ret_match = (Match) { DETECT_PRIVATE_KEY, at, at + strlen(bare_keys[i]) };
        return true;
    }
    return false;
}

/* version 0 or 1, then the algorithm of PKCS#8; the octet string with the key follows. */
static bool match_der(Span view, size_t at, Match *ret_match)
{
    static const struct {
        uint8_t bytes[24];
        size_t size;
    } algorithms[] = {
        { { 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05,
                  0x00, 0x04 },
                16 }, /* RSA */
        { { 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                  0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D, 0x04 },
                22 }, /* SM2 */
        { { 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                  0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x04 },
                22 }, /* P-256 */
        { { 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04 }, 8 }, /* Ed25519 */
    };
    const int version = byte_at(view, at + 2);
    if (byte_at(view, at + 1) != 1 || (version != 0 && version != 1)) return false;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const Span wanted = { algorithms[i].bytes, algorithms[i].size };
        if (at + 3 + wanted.size > view.size) continue;
        if (!span_equal(span_part(view, at + 3, at + 3 + wanted.size), wanted)) continue;
        *ret_match = (Match) { DETECT_PRIVATE_KEY, at, at + 3 + wanted.size };
        return true;
    }
    return false;
}

bool match_private_key(Span view, size_t at, unsigned kinds, Match *ret_match)
{
    if ((kinds & DETECT_SET(DETECT_PRIVATE_KEY)) == 0) return false;
    switch (byte_at(view, at)) {
    case '-': return match_pem(view, at, ret_match);
    case 'M': return match_bare(view, at, ret_match);
    case 2: return match_der(view, at, ret_match);
    case 'P':
        if (!fits_at(view, at, "PuTTY-User-Key-File-") || !has_body(view, at + 24)) return false;
        *ret_match = (Match) { DETECT_PRIVATE_KEY, at, at + 20 };
        return true;
    default: return false;
    }
}

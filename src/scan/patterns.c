#include "scan/patterns.h"

#include <hs.h>
#include <stdlib.h>

/* What a hit still has to show before it is worth a look. */
typedef enum Check {
    CHECK_NONE,
    CHECK_ASSIGNED, /* '=' or ':', plain or escaped, within a few bytes */
    CHECK_TOKEN, /* twelve letters and digits follow */
    CHECK_DIGIT, /* a digit within a few bytes */
} Check;

typedef struct Pattern {
    const char *regex;
    Check check;
    unsigned flags;
} Pattern;

#define NAME(text)                             \
    {                                          \
        text, CHECK_ASSIGNED, HS_FLAG_CASELESS \
    }
#define FORM(text)          \
    {                       \
        text, CHECK_NONE, 0 \
    }
#define PREFIX(text)         \
    {                        \
        text, CHECK_TOKEN, 0 \
    }

/* Literals and a few forms: Hyperscan looks for all of them at once, two gigabytes a second. */
static const Pattern names[] = {
    NAME("password"),
    NAME("passwd"),
    NAME("passphrase"),
    NAME("userpass"),
    NAME("user_pass"),
    NAME("user-pass"),
    NAME("db_pass"),
    NAME("dbpass"),
    NAME("db-pass"),
    NAME("secret"),
    NAME("api_key"),
    NAME("apikey"),
    NAME("api-key"),
    NAME("api\\.key"),
    NAME("accesskey"),
    NAME("access_key"),
    NAME("access-key"),
    NAME("access\\.key"),
    NAME("private_key"),
    NAME("privatekey"),
    NAME("private-key"),
    NAME("private\\.key"),
    NAME("privkey"),
    NAME("priv_key"),
    NAME("v3key"),
    NAME("v3_key"),
    NAME("v3-key"),
    NAME("v3\\.key"),
    NAME("mch_key"),
    NAME("mchkey"),
    NAME("mch-key"),
    NAME("merchant_key"),
    NAME("merchantkey"),
    NAME("merchant-key"),
    NAME("sign_key"),
    NAME("signkey"),
    NAME("sign-key"),
    NAME("signing_key"),
    NAME("signingkey"),
    NAME("signing-key"),
    NAME("encryption_key"),
    NAME("encryptionkey"),
    NAME("encryption-key"),
    NAME("sm2_key"),
    NAME("sm2key"),
    NAME("sm4_key"),
    NAME("sm4key"),
    NAME("access_token"),
    NAME("accesstoken"),
    NAME("access-token"),
    NAME("auth_token"),
    NAME("authtoken"),
    NAME("auth-token"),
    NAME("refresh_token"),
    NAME("refreshtoken"),
    NAME("refresh-token"),
    NAME("session_token"),
    NAME("sessiontoken"),
    NAME("session-token"),
    NAME("pwd"),
    NAME("\\xE5\\xAF\\x86\\xE7\\xA0\\x81"), /* 密码 */
    NAME("\\xE5\\x8F\\xA3\\xE4\\xBB\\xA4"), /* 口令 */
    NAME("\\xE7\\xA7\\x81\\xE9\\x92\\xA5"), /* 私钥 */
    NAME("\\xE5\\xAF\\x86\\xE9\\x92\\xA5"), /* 密钥 */
    { "cvv", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "cvn", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "cvc", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "verification", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "security code", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "security_code", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "securitycode", CHECK_DIGIT, HS_FLAG_CASELESS },
    { "\\xE5\\xAE\\x89\\xE5\\x85\\xA8\\xE7\\xA0\\x81", CHECK_DIGIT, 0 }, /* 安全码 */
    { "\\xE9\\xAA\\x8C\\xE8\\xAF\\x81\\xE7\\xA0\\x81", CHECK_DIGIT, 0 }, /* 验证码 */
    FORM("-----BEGIN "),
    FORM("LS0tLS1CRUdJ"),
    FORM("LS0tQkVHSU4"),
    FORM("LS0tLUJFR0lO"),
    FORM("PuTTY-User-Key-File-"),
    FORM("BADANBgkqhkiG9w0BAQEFAASC"),
    FORM("IBAAKCA"),
    FORM("IBAAKBgQ"),
    FORM("MIGHAgEAMBMG"),
    FORM("MIGTAgEAMBMG"),
    FORM("MHcCAQEEI"),
    FORM("MC4CAQAwBQYDK2VwBCIEI"),
    FORM("\\x30\\x0D\\x06\\x09\\x2A\\x86"),
    FORM("\\x30\\x13\\x06\\x07\\x2A\\x86"),
    FORM("\\x30\\x05\\x06\\x03\\x2B\\x65\\x70"),
    PREFIX("\\.eyJ"),
    PREFIX("AKIA"),
    PREFIX("ASIA"),
    PREFIX("LTAI"),
    PREFIX("AKID"),
    PREFIX("AIza"),
    PREFIX("ghp_"),
    PREFIX("gho_"),
    PREFIX("ghs_"),
    PREFIX("ghu_"),
    PREFIX("github_pat_"),
    PREFIX("glpat-"),
    PREFIX("xoxb-"),
    PREFIX("xoxp-"),
    PREFIX("xoxa-"),
    PREFIX("sk_live_"),
    PREFIX("rk_live_"),
    PREFIX("npm_"),
    PREFIX("Bearer "),
    PREFIX("bearer "),
    FORM("\\+861"),
    FORM("\\+86 1"),
    FORM("\\+86-1"),
    FORM("00861"),
    FORM("0086 1"),
    FORM("0086-1"),
    FORM("@10\\."),
    FORM("@192\\.168\\."),
    FORM("@172\\."),
    /* Forms that need a little more than a literal, each with a rare beginning. */
    FORM("://[^/@ :]{0,64}(?::|%3[aA])[^/@ ]{3,100}(?:@|%40)"),
    FORM("%3[aA]%2[fF]%2[fF][^&% ]{0,64}%3[aA][^&% ]{3,100}%40"),
    FORM("\\xEF(?:\\xBC[\\x90-\\x99\\xA1-\\xBA]|\\xBD[\\x81-\\x9A])\\xEF"), /* full-width */
    FORM("\\xD9[\\xA0-\\xA9]\\xD9|\\xDB[\\xB0-\\xB9]\\xDB|\\xF0\\x9D\\x9F"),
    FORM("\\xE2\\x82[\\x80-\\x89]\\xE2|\\xE2\\x91[\\xA0-\\xA8]\\xE2"),
    FORM("[0-9]{4}(?:\\xC2\\xA0|\\xE2\\x80[\\x80-\\x95]|\\xE3\\x80\\x80|\\xEF\\xBB\\xBF)[0-9]{4}"),
    FORM("[bB][0-9 ]{12,22}\\^"), /* track 1 of an unknown scheme */
    { "(?:phone|mobile|tel|msisdn|cell)[^0-9\\n]{0,23}1[3-9][0-9]{9}", CHECK_NONE,
            HS_FLAG_CASELESS },
    FORM("(?:\\xE6\\x89\\x8B\\xE6\\x9C\\xBA|\\xE7\\x94\\xB5\\xE8\\xAF\\x9D)"
         "[^0-9\\n]{0,18}1[3-9][0-9]{9}"),
};

/* Base64 of nine numerals, or more: a database of its own, for which Hyperscan has a faster
 * machine. */
static const Pattern numerals[] = {
    FORM("(?:[MNOIL][CDSTijyz][AEIMQUYcgk04][w-z0-5gtu]){3}"),
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))
enum { DATABASES = 2 };

static const struct {
    const Pattern *patterns;
    unsigned count;
} sets[DATABASES] = { { names, COUNT(names) }, { numerals, COUNT(numerals) } };

struct Patterns {
    hs_database_t *databases[DATABASES];
};

struct PatternScratch {
    hs_scratch_t *scratch;
};

static Status compile(unsigned set, hs_database_t **ret_database)
{
    const char *regexes[COUNT(names)];
    unsigned flags[COUNT(names)];
    unsigned ids[COUNT(names)];
    for (unsigned i = 0; i < sets[set].count; i++) {
        regexes[i] = sets[set].patterns[i].regex;
        flags[i] = sets[set].patterns[i].flags | HS_FLAG_DOTALL;
        ids[i] = i;
    }
    hs_compile_error_t *error = NULL;
    const hs_error_t result = hs_compile_multi(
            regexes, flags, ids, sets[set].count, HS_MODE_BLOCK, NULL, ret_database, &error);
    if (error != NULL) hs_free_compile_error(error);
    CHECK(result == HS_SUCCESS, FAULT_SCAN);
    return OK;
}

Status patterns_new(Patterns **ret_patterns)
{
    CLEANUP(patterns_free) Patterns *p = calloc(1, sizeof(*p));
    CHECK(p != NULL, FAULT_MEMORY);
    CHECK(hs_valid_platform() == HS_SUCCESS, FAULT_SCAN);
    for (unsigned i = 0; i < DATABASES; i++)
        TRY(compile(i, &p->databases[i]));
    *ret_patterns = p;
    p = NULL; /* transferred */
    return OK;
}

void patterns_free(Patterns **patterns)
{
    if (*patterns == NULL) return;
    for (unsigned i = 0; i < DATABASES; i++)
        hs_free_database((*patterns)->databases[i]);
    free(*patterns);
    *patterns = NULL;
}

Status pattern_scratch_new(const Patterns *patterns, PatternScratch **ret_scratch)
{
    CLEANUP(pattern_scratch_free) PatternScratch *s = calloc(1, sizeof(*s));
    CHECK(s != NULL, FAULT_MEMORY);
    for (unsigned i = 0; i < DATABASES; i++)
        CHECK(hs_alloc_scratch(patterns->databases[i], &s->scratch) == HS_SUCCESS, FAULT_MEMORY);
    *ret_scratch = s;
    s = NULL; /* transferred */
    return OK;
}

void pattern_scratch_free(PatternScratch **scratch)
{
    if (*scratch == NULL) return;
    hs_free_scratch((*scratch)->scratch);
    free(*scratch);
    *scratch = NULL;
}

/* --- hits --- */

typedef struct Mark {
    const Pattern *patterns;
    Span block;
    Hot *hot;
} Mark;

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static bool is_assigned(Span rest)
{
    enum { NEAR = 12 };
    for (size_t i = 0; i < rest.size && i < NEAR; i++) {
        const uint8_t c = rest.data[i];
        if (c == '=' || c == ':' || c == '%' || c == '&'
                || (c == '\\' && i + 1 < rest.size && rest.data[i + 1] == 'u'))
            return true;
        if (c == 0xEF) return true; /* a full-width colon or equals sign */
        if (is_alphanumeric(c) && i > 0) return false;
    }
    return false;
}

static bool is_token(Span rest)
{
    enum { TOKEN_MIN = 10 };
    if (rest.size < TOKEN_MIN) return false;
    for (size_t i = 0; i < TOKEN_MIN; i++)
        if (!is_alphanumeric(rest.data[i]) && rest.data[i] != '_' && rest.data[i] != '-')
            return false;
    return true;
}

/* A digit, an escape or a full-width form, near. */
static bool has_digit(Span rest)
{
    enum { NEAR = 32 };
    for (size_t i = 0; i < rest.size && i < NEAR; i++) {
        const uint8_t c = rest.data[i];
        if ((c >= '0' && c <= '9') || c == '%' || c == '&' || c == '\\' || c == 0xEF) return true;
    }
    return false;
}

static int on_hit(
        unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)from;
    (void)flags;
    Mark *mark = context;
    const Span rest = { mark->block.data + to, mark->block.size - to };
    bool wanted = true;
    switch (mark->patterns[id].check) {
    case CHECK_NONE: break;
    case CHECK_ASSIGNED: wanted = is_assigned(rest); break;
    case CHECK_TOKEN: wanted = is_token(rest); break;
    case CHECK_DIGIT: wanted = has_digit(rest); break;
    }
    if (wanted) hot_mark(mark->hot, to > 0 ? (size_t)to - 1 : 0);
    return 0;
}

Status patterns_mark(const Patterns *patterns, PatternScratch *scratch, Span block, Hot *hot)
{
    for (unsigned i = 0; i < DATABASES; i++) {
        Mark mark = { sets[i].patterns, block, hot };
        const hs_error_t result = hs_scan(patterns->databases[i], (const char *)block.data,
                (unsigned)block.size, 0, scratch->scratch, on_hit, &mark);
        CHECK(result == HS_SUCCESS, FAULT_SCAN);
    }
    return OK;
}

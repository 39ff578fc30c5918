#include "crypto/legacy_password.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/legacy_digest.h"

enum { FORMULAS = 8, INNERS = 5, INNER_TEXT_BYTES = 2 * LEGACY_MD5_BYTES };

typedef struct FormulaRow {
    const char *name;
    uint8_t digest_bytes;
    bool password_first;
} FormulaRow;

static const FormulaRow formulas[FORMULAS] = {
    [LEGACY_SHA256_DATA_PW] = { "sha256(data+pw)", DIGEST_SHA256_BYTES, false },
    [LEGACY_SHA256_PW_DATA] = { "sha256(pw+data)", DIGEST_SHA256_BYTES, true },
    [LEGACY_SHA256_DATA_MD5] = { "sha256(data+md5(user+key+pw))", DIGEST_SHA256_BYTES, false },
    [LEGACY_MD5_DATA_PW] = { "md5(data+pw)", LEGACY_MD5_BYTES, false },
    [LEGACY_MD5_PW_DATA] = { "md5(pw+data)", LEGACY_MD5_BYTES, true },
    [LEGACY_SHA1_DATA_PW] = { "sha1(data+pw)", LEGACY_SHA1_BYTES, false },
    [LEGACY_SHA1_PW_DATA] = { "sha1(pw+data)", LEGACY_SHA1_BYTES, true },
};

static const char *const inners[INNERS] = { "none", "hex", "HEX", "raw", "base64" };

static bool is_known(LegacyFormula formula)
{
    return formula != LEGACY_NONE && (unsigned)formula < FORMULAS;
}

bool legacy_form_is_valid(LegacyForm form)
{
    if (!is_known(form.formula) || (unsigned)form.inner >= INNERS) return false;
    return (form.formula == LEGACY_SHA256_DATA_MD5) == (form.inner != LEGACY_INNER_NONE);
}

size_t legacy_digest_bytes(LegacyFormula formula)
{
    return is_known(formula) ? formulas[formula].digest_bytes : 0;
}

const char *legacy_formula_name(LegacyFormula formula)
{
    return is_known(formula) ? formulas[formula].name : NULL;
}

LegacyFormula legacy_formula_of(Span name)
{
    for (int i = 1; i < FORMULAS; i++) {
        if (span_equal(name, span_of_text(formulas[i].name))) return (LegacyFormula)i;
    }
    return LEGACY_NONE;
}

const char *legacy_inner_name(LegacyInner inner)
{
    return (unsigned)inner < INNERS ? inners[inner] : NULL;
}

bool legacy_inner_of(Span name, LegacyInner *ret_inner)
{
    for (int i = 0; i < INNERS; i++) {
        if (!span_equal(name, span_of_text(inners[i]))) continue;
        *ret_inner = (LegacyInner)i;
        return true;
    }
    return false;
}

/* base/encoding.h is not for secrets (its time depends on the content). Sixteen bytes of one md5,
 * inside vaultd, are written here without a look-up by secret index. */
static uint8_t hex_digit(uint8_t v, uint8_t ten)
{
    const uint8_t over = (uint8_t)(((unsigned)(9 - (int)v) >> 8) & 1); /* 1 when v > 9 */
    return (uint8_t)('0' + v + over * (ten - '0' - 10));
}

static Span write_hex(const uint8_t md5[LEGACY_MD5_BYTES], uint8_t ten, uint8_t *ret_text)
{
    for (size_t i = 0; i < LEGACY_MD5_BYTES; i++) {
        ret_text[2 * i] = hex_digit(md5[i] >> 4, ten);
        ret_text[2 * i + 1] = hex_digit(md5[i] & 15, ten);
    }
    return (Span) { ret_text, INNER_TEXT_BYTES };
}

static Span write_inner(
        LegacyInner inner, const uint8_t md5[LEGACY_MD5_BYTES], uint8_t ret_text[INNER_TEXT_BYTES])
{
    Buffer text = { ret_text, 0, INNER_TEXT_BYTES };
    switch (inner) {
    case LEGACY_INNER_HEX_LOWER: return write_hex(md5, 'a', ret_text);
    case LEGACY_INNER_HEX_UPPER: return write_hex(md5, 'A', ret_text);
    case LEGACY_INNER_BASE64:
        ASSERT(status_ok(base64_encode((Span) { md5, LEGACY_MD5_BYTES }, &text)));
        return span_of_buffer(&text);
    case LEGACY_INNER_RAW:
    case LEGACY_INNER_NONE: break;
    }
    return (Span) { md5, LEGACY_MD5_BYTES };
}

static void digest_with_inner(
        LegacyInner inner, const LegacyParts *parts, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    uint8_t md5[LEGACY_MD5_BYTES];
    uint8_t text[INNER_TEXT_BYTES];
    const Span inside[] = { parts->user, parts->key, parts->password };
    legacy_md5_verify_only(inside, 3, md5);
    const Span outside[] = { parts->data, write_inner(inner, md5, text) };
    digest_parts(DIGEST_SHA256, outside, 2, ret_digest);
    bytes_wipe(md5, sizeof(md5));
    bytes_wipe(text, sizeof(text));
}

void legacy_password_digest(
        LegacyForm form, const LegacyParts *parts, uint8_t ret_digest[LEGACY_DIGEST_BYTES_MAX])
{
    ASSERT(legacy_form_is_valid(form));
    const bool password_first = formulas[form.formula].password_first;
    const Span both[] = { password_first ? parts->password : parts->data,
        password_first ? parts->data : parts->password };
    switch (form.formula) {
    case LEGACY_SHA256_DATA_MD5: digest_with_inner(form.inner, parts, ret_digest); return;
    case LEGACY_SHA256_DATA_PW:
    case LEGACY_SHA256_PW_DATA: digest_parts(DIGEST_SHA256, both, 2, ret_digest); return;
    case LEGACY_MD5_DATA_PW:
    case LEGACY_MD5_PW_DATA: legacy_md5_verify_only(both, 2, ret_digest); return;
    case LEGACY_SHA1_DATA_PW:
    case LEGACY_SHA1_PW_DATA: legacy_sha1_verify_only(both, 2, ret_digest); return;
    case LEGACY_NONE: break;
    }
}

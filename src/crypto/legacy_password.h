#pragma once
/*
 * legacy_password: how password tables elsewhere were made, to verify them once and replace them
 * (TP-6, TP-10).
 *
 *   formula                    digest of                                      `data` is
 *   LEGACY_SHA256_DATA_PW      SHA256(data || password)                       the salt, or TP-10's
 *   LEGACY_SHA256_PW_DATA      SHA256(password || data)                         original data
 *   LEGACY_SHA256_DATA_MD5     SHA256(data || md5(user || key || password))   the original data
 *   LEGACY_MD5_DATA_PW, _PW_DATA, LEGACY_SHA1_DATA_PW, _PW_DATA               the salt
 *
 * The first and third are TP-10's own two samples; the others are what such tables hold in
 * practice. The last four are weak beyond these: a stolen digest is tried a billion times a second.
 * `inner` says how the md5 of the third is written when it is hashed again. How the outer digest
 * was written (hex of either case, base64) is the reader's matter: here it is bytes.
 *
 * None delimits its parts. That is why a record is bound to its user, and what is verified is the
 * whole record. Nothing can fail but what is said. Thread-safe. Floor 1.
 */
#include "base/bytes.h"

enum {
    LEGACY_DATA_BYTES_MAX = 64,
    LEGACY_KEY_BYTES_MAX = 64,
    LEGACY_DIGEST_BYTES_MAX = 32,
};

/* Stored: append only. */
typedef enum LegacyFormula {
    LEGACY_NONE = 0,
    LEGACY_SHA256_DATA_PW = 1,
    LEGACY_SHA256_PW_DATA = 2,
    LEGACY_SHA256_DATA_MD5 = 3,
    LEGACY_MD5_DATA_PW = 4,
    LEGACY_MD5_PW_DATA = 5,
    LEGACY_SHA1_DATA_PW = 6,
    LEGACY_SHA1_PW_DATA = 7,
} LegacyFormula;

/* Stored: append only. */
typedef enum LegacyInner {
    LEGACY_INNER_NONE = 0, /* demanded where the formula has no inner digest */
    LEGACY_INNER_HEX_LOWER = 1,
    LEGACY_INNER_HEX_UPPER = 2,
    LEGACY_INNER_RAW = 3,
    LEGACY_INNER_BASE64 = 4,
} LegacyInner;

typedef struct LegacyForm {
    LegacyFormula formula;
    LegacyInner inner;
} LegacyForm;

/* The formula exists, and `inner` fits it. */
bool legacy_form_is_valid(LegacyForm form);
/* 32, 20 or 16; 0 for an unknown formula. */
size_t legacy_digest_bytes(LegacyFormula formula);
/* "sha256(data+pw)" and so on, as approvals and the command line call it; NULL when unknown. */
const char *legacy_formula_name(LegacyFormula formula);
LegacyFormula legacy_formula_of(Span name); /* LEGACY_NONE when unknown */
const char *legacy_inner_name(LegacyInner inner);
bool legacy_inner_of(Span name, LegacyInner *ret_inner);

typedef struct LegacyParts {
    Span data;
    Span user;
    Span key; /* the institution's secret; empty where the formula has none */
    Span password;
} LegacyParts;

/* Writes legacy_digest_bytes(); a secret, as it can be tried offline: wipe it. `form` is valid
 * (asserted). */
void legacy_password_digest(
        LegacyForm form, const LegacyParts *parts, uint8_t ret_digest[LEGACY_DIGEST_BYTES_MAX]);

#pragma once
/*
 * totp: one-time codes of an authenticator app (RFC 6238 over RFC 4226): six digits, HMAC-SHA1, a
 * step of 30 seconds since 1970, which is what every such app supports.
 *
 * liboath computes them; it opens no file, asks for no memory and knows no clock, so it lives in
 * vaultd's sandbox. Which steps were used is the caller's matter. Thread-safe. Floor 1.
 */
#include "base/bytes.h"

enum {
    TOTP_SECRET_BYTES_MIN = 20, /* RFC 4226, section 4, R6: 160 bits */
    TOTP_SECRET_BYTES_MAX = 64,
    TOTP_DIGITS = 6,
    TOTP_STEP_S = 30,
    TOTP_WINDOW = 1, /* steps before and after the current one that are accepted */
};

/* The step of a moment; 0 is never a valid one here. */
uint32_t totp_step(int64_t now_us);
/* The code of one step. Faults FAULT_CRYPTO. */
MUST_USE Status totp_code(Span secret, uint32_t step, uint8_t ret_code[TOTP_DIGITS]);
/*
 * Whose code is it, of the steps around now? All are computed and compared, in constant time.
 *
 * ret_step  the step; 0: it is none of theirs, or no code at all
 */
MUST_USE Status totp_match(Span secret, int64_t now_us, Span code, uint32_t *ret_step);

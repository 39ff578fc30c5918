#include "crypto/totp.h"

#include "base/secret.h"

#include <liboath/oath.h>
#include <string.h>

enum { STEP_US = TOTP_STEP_S * 1000000, STACK_OF_LIBOATH = 4096 };

/* liboath's HMAC leaves the padded secret in its own frames. */
static __attribute__((noinline)) void wipe_frames_below(void)
{
    uint8_t left[STACK_OF_LIBOATH];
    bytes_wipe(left, sizeof(left));
}

uint32_t totp_step(int64_t now_us)
{
    const int64_t step = now_us / STEP_US;
    return step <= 0 || step > UINT32_MAX - TOTP_WINDOW ? 0 : (uint32_t)step;
}

Status totp_code(Span secret, uint32_t step, uint8_t ret_code[TOTP_DIGITS])
{
    char text[TOTP_DIGITS + 1] = { 0 };
    ASSERT(secret.size <= TOTP_SECRET_BYTES_MAX);
    const int made = oath_hotp_generate((const char *)secret.data, secret.size, step, TOTP_DIGITS,
            false, OATH_HOTP_DYNAMIC_TRUNCATION, text);
    wipe_frames_below();
    CHECK(made == OATH_OK && strlen(text) == TOTP_DIGITS, FAULT_CRYPTO);
    memcpy(ret_code, text, TOTP_DIGITS);
    bytes_wipe(text, sizeof(text));
    return OK;
}

Status totp_match(Span secret, int64_t now_us, Span code, uint32_t *ret_step)
{
    const uint32_t now = totp_step(now_us);
    uint32_t found = 0;
    *ret_step = 0;
    if (code.size != TOTP_DIGITS || now <= TOTP_WINDOW) return OK;
    for (uint32_t step = now - TOTP_WINDOW; step <= now + TOTP_WINDOW; step++) {
        uint8_t right[TOTP_DIGITS];
        TRY(totp_code(secret, step, right));
        const uint32_t same = bytes_equal_ct(right, code.data, TOTP_DIGITS) ? 1 : 0;
        found = same * step + (1 - same) * found;
        bytes_wipe(right, sizeof(right));
    }
    *ret_step = found;
    return OK;
}

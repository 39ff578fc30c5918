/* Goal: the codes are those of RFC 6238, and of every authenticator app; a code counts for its own
 * step and its two neighbours, and nothing else does (TP-4). Method: the RFC's vectors (appendix B,
 * eight digits, of which six are the last six); oathtool as the other side; every step around. */
#include "crypto/totp.h"

#include "base/expect.h"

#include <sys/wait.h>
#include <unistd.h>

#define SECRET SPAN("12345678901234567890")

static void test_the_vectors_of_rfc_6238(void)
{
    static const struct {
        int64_t time_s;
        const char *eight;
    } vectors[] = { { 59, "94287082" }, { 1111111109, "07081804" }, { 1111111111, "14050471" },
        { 1234567890, "89005924" }, { 2000000000, "69279037" }, { 20000000000, "65353130" } };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t code[TOTP_DIGITS];
        EXPECT_OK(totp_code(SECRET, totp_step(vectors[i].time_s * 1000000), code));
        EXPECT(bytes_equal_ct(code, vectors[i].eight + 2, TOTP_DIGITS));
    }
}

static void ask_oathtool(const char *hex, int64_t time_s, char ret_code[TOTP_DIGITS])
{
    int ends[2];
    char when[32];
    snprintf(when, sizeof(when), "@%lld", (long long)time_s);
    ASSERT(pipe(ends) == 0);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execlp("oathtool", "oathtool", "--totp", "-N", when, hex, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    close(ends[1]);
    const ssize_t n = read(ends[0], ret_code, TOTP_DIGITS);
    close(ends[0]);
    ASSERT(waitpid(child, &status, 0) == child);
    EXPECT(n == TOTP_DIGITS && status == 0);
}

/* Secrets of the least and the largest size that we take. */
static void test_oathtool_says_the_same(void)
{
    static const size_t sizes[] = { TOTP_SECRET_BYTES_MIN, 32, TOTP_SECRET_BYTES_MAX };
    for (size_t i = 0; i < 3; i++) {
        uint8_t secret[TOTP_SECRET_BYTES_MAX];
        char hex[2 * TOTP_SECRET_BYTES_MAX + 1] = { 0 };
        for (size_t k = 0; k < sizes[i]; k++) {
            secret[k] = (uint8_t)(k * 37 + i + 1);
            snprintf(hex + 2 * k, 3, "%02x", secret[k]);
        }
        const int64_t time_s = 1795000000 + (int64_t)i * 977;
        uint8_t ours[TOTP_DIGITS];
        char theirs[TOTP_DIGITS];
        ask_oathtool(hex, time_s, theirs);
        EXPECT_OK(totp_code((Span) { secret, sizes[i] }, totp_step(time_s * 1000000), ours));
        EXPECT(bytes_equal_ct(theirs, ours, TOTP_DIGITS));
    }
}

static void test_its_own_step_and_its_neighbours(void)
{
    const int64_t now_us = (int64_t)1795000015 * 1000000;
    const uint32_t now = totp_step(now_us);
    for (uint32_t step = now - 4; step <= now + 4; step++) {
        uint8_t code[TOTP_DIGITS];
        uint32_t found = 7;
        EXPECT_OK(totp_code(SECRET, step, code));
        EXPECT_OK(totp_match(SECRET, now_us, SPAN_OF(code), &found));
        const bool near = step + TOTP_WINDOW >= now && step <= now + TOTP_WINDOW;
        EXPECT(found == (near ? step : 0));
        code[5] = (uint8_t)('0' + (code[5] - '0' + 1) % 10);
        EXPECT_OK(totp_match(SECRET, now_us, SPAN_OF(code), &found));
        EXPECT(found == 0);
    }
}

static void test_what_is_no_code_is_wrong(void)
{
    const int64_t now_us = (int64_t)1795000015 * 1000000;
    uint8_t code[TOTP_DIGITS + 1] = { 0 };
    uint32_t found = 7;
    EXPECT_OK(totp_code(SECRET, totp_step(now_us), code));
    EXPECT_OK(totp_match(SECRET, now_us, (Span) { code, TOTP_DIGITS + 1 }, &found));
    EXPECT(found == 0);
    EXPECT_OK(totp_match(SECRET, now_us, (Span) { code, TOTP_DIGITS - 1 }, &found));
    EXPECT(found == 0);
    EXPECT_OK(totp_match(SECRET, now_us, SPAN(""), &found));
    EXPECT(found == 0);
    EXPECT_OK(totp_match(SECRET, -1, (Span) { code, TOTP_DIGITS }, &found));
    EXPECT(found == 0 && totp_step(-1) == 0 && totp_step(INT64_MAX) == 0);
}

TESTS(TEST(test_the_vectors_of_rfc_6238), TEST(test_oathtool_says_the_same),
        TEST(test_its_own_step_and_its_neighbours), TEST(test_what_is_no_code_is_wrong))

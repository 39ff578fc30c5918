/* `hufu access enrol-totp`: a secret for an authenticator app, made on its owner's own machine. It
 * leaves this program as text on his screen and in a file of his own, and goes to nobody. */
#include "command.h"
#include "shown_picture.h"

#include "base/seams.h"
#include "base/secret.h"
#include "crypto/totp.h"

#include <unistd.h>

enum {
    SECRET_TEXT_BYTES = TOTP_SECRET_BYTES_MIN * 8 / 5,
    URI_BYTES_MAX = 512,
    LINE_BYTES_MAX = 64,
    TRIES_MAX = 3,
};

typedef struct Enrolment {
    const char *name;
    const char *file;
    const char *issuer;
} Enrolment;

/* RFC 4648, section 6; the size of our secrets needs no padding. */
static void put_base32(const uint8_t secret[TOTP_SECRET_BYTES_MIN], char ret[SECRET_TEXT_BYTES + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    _Static_assert(TOTP_SECRET_BYTES_MIN % 5 == 0, "no padding");
    uint32_t bits = 0;
    int count = 0;
    size_t size = 0;
    for (size_t i = 0; i < TOTP_SECRET_BYTES_MIN; i++) {
        bits = (bits & 31) << 8 | secret[i];
        for (count += 8; count >= 5; count -= 5)
            ret[size++] = digits[bits >> (count - 5) & 31];
    }
    ret[size] = 0;
}

/* What an app takes: nothing in it needs escaping but what is escaped here. */
static Status put_escaped(const char *text, Buffer *uri)
{
    for (const char *p = text; *p != 0; p++) {
        const bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
                || (*p >= '0' && *p <= '9') || *p == '-' || *p == '.' || *p == '_';
        TRY(plain ? buffer_put_u8(uri, (uint8_t)*p) : buffer_print(uri, "%%%02X", (uint8_t)*p));
    }
    return OK;
}

static Status put_uri(const Enrolment *e, const char *secret, Buffer *uri)
{
    TRY(buffer_put(uri, SPAN("otpauth://totp/")));
    TRY(put_escaped(e->issuer, uri));
    TRY(buffer_put_u8(uri, ':'));
    TRY(put_escaped(e->name, uri));
    TRY(buffer_print(uri, "?secret=%s&issuer=", secret));
    TRY(put_escaped(e->issuer, uri));
    return buffer_print(uri, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_S);
}

static Status show(const Enrolment *e, const uint8_t secret[TOTP_SECRET_BYTES_MIN])
{
    char text[SECRET_TEXT_BYTES + 1];
    uint8_t memory[URI_BYTES_MAX];
    Buffer uri = BUFFER_OF(memory);
    put_base32(secret, text);
    Status s = put_uri(e, text, &uri);
    if (status_ok(s))
        printf("secret  %s\nuri     %.*s\n", text, (int)uri.size, (const char *)memory);
    if (status_ok(s)) s = picture_show_qr(span_of_buffer(&uri));
    bytes_wipe(text, sizeof(text));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

/* The app has it right when it shows the code that we see. */
static Status confirm(const uint8_t secret[TOTP_SECRET_BYTES_MIN], bool *ret_right)
{
    const Clock clock = clock_system();
    *ret_right = false;
    for (int i = 0; i < TRIES_MAX && !*ret_right; i++) {
        char line[LINE_BYTES_MAX] = { 0 };
        uint32_t step = 0;
        printf("code    ");
        fflush(stdout);
        if (fgets(line, sizeof(line), stdin) == NULL) return OK;
        const Span code = { (const uint8_t *)line, strcspn(line, "\r\n") };
        TRY(totp_match(
                (Span) { secret, TOTP_SECRET_BYTES_MIN }, clock_now_us(&clock), code, &step));
        *ret_right = step != 0;
    }
    return OK;
}

/* file_read_secret() takes an editor's line feeds from the end of a file. */
static bool ends_like_a_line(const uint8_t secret[TOTP_SECRET_BYTES_MIN])
{
    const uint8_t last = secret[TOTP_SECRET_BYTES_MIN - 1];
    return last == '\n' || last == '\r';
}

MUST_USE static Status enrol(const Enrolment *e, bool *ret_right)
{
    uint8_t secret[TOTP_SECRET_BYTES_MIN];
    const Random random = random_system();
    do
        TRY(random_fill(&random, secret, sizeof(secret)));
    while (ends_like_a_line(secret));
    Status s = show(e, secret);
    if (status_ok(s)) s = confirm(secret, ret_right);
    if (status_ok(s) && *ret_right) s = file_write(e->file, 0600, SPAN_OF(secret));
    bytes_wipe(secret, sizeof(secret));
    return s;
}

int command_access_enrol_totp(int argc, char **argv)
{
    Enrolment e = { .issuer = "Hufu" };
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "as which you log in", &e.name, 0, 0 },
        { "FILE", OPTION_TEXT, NULL, "gets the secret, for you alone; delete it when it is set",
                &e.file, 0, 0 },
        { "--issuer", OPTION_TEXT, "NAME", "as the app shall call the house [Hufu]", &e.issuer, 0,
                0 },
    };
    const Usage usage = { "hufu access enrol-totp",
        "Make a secret for your authenticator app, on your own machine. Scan the picture with\n"
        "the app, or type the secret, then the code that the app shows; FILE is written when the "
        "code is right.\n"
        "FILE goes to the vault in a box: `hufu password reset NAME FILE --class second-factor`,\n"
        "or by the console's own page. Nobody else needs it, and nobody may have it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    bool right = false;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (access(e.file, F_OK) == 0) {
        fprintf(stderr, "hufu access enrol-totp: %s is there already\n", e.file);
        return EXIT_FAILED;
    }
    const Status s = enrol(&e, &right);
    if (!status_ok(s)) return command_failed("access enrol-totp", s);
    if (!right) {
        fprintf(stderr, "hufu access enrol-totp: not the app's code; nothing was written\n");
        return EXIT_FAILED;
    }
    printf("written %s\n", e.file);
    return EXIT_DONE;
}

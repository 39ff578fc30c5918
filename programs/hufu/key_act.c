/* hufu key rotate, hufu key destroy: what two people do to a key together. */
#include "together.h"

enum {
    SUBJECT_BYTES_MAX = 64,
    CERTIFICATE_BYTES_MAX = 8192,
    WAIT_S = 86400, /* merchants' libraries ask for certificates twice a day */
    OVERLAP_S = 30 * 86400,
    TURN_S_MAX = 366 * 86400,
};

typedef struct Act {
    Together together;
    const char *role;
    const char *version;
    const char *out;
    int64_t wait_s;
    int64_t overlap_s;
    char subject[SUBJECT_BYTES_MAX];
} Act;

static bool is_complete(Act *act, const char *command)
{
    const bool fits = strlen(act->role) < SUBJECT_BYTES_MAX / 2
            && (act->version == NULL || strlen(act->version) < SUBJECT_BYTES_MAX / 4);
    return fits ? together_is_whole(&act->together, command, TOGETHER_REASON_BYTES_MAX)
                : together_is_missing(command);
}

MUST_USE static Status sign(const Act *act, Span operation, TogetherSigned *ret_signed)
{
    return together_sign(&act->together, operation, span_of_text(act->subject), ret_signed);
}

/* --- rotate --- */

/* Others know the certificates of these pairs: both are shown for a while. */
static bool is_shown(const char *role)
{
    static const char *const shown[] = { "platform-rsa", "platform-sm2", "tls-ca", "merchant-ca" };
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        if (span_equal(span_of_text(role), span_of_text(shown[i]))) return true;
    }
    return false;
}

static void name_subject(Act *act)
{
    if (is_shown(act->role))
        snprintf(act->subject, sizeof(act->subject), "%s/%lld/%lld", act->role,
                (long long)act->wait_s, (long long)act->overlap_s);
    else
        snprintf(act->subject, sizeof(act->subject), "%s", act->role);
}

static void tell_rotated(const Act *act, uint32_t version)
{
    if (is_shown(act->role) && act->wait_s > 0)
        printf("rotated: %s, version %u is shown now and signs in %lld seconds\n", act->role,
                version, (long long)act->wait_s);
    else
        printf("rotated: %s, version %u is current\n", act->role, version);
}

MUST_USE static Status rotate(const Act *act)
{
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    uint32_t version = 0;
    TRY(sign(act, SPAN("rotate-key"), &both));
    TRY(together_vault(act->together.directory, &vault));
    TRY(vaultclient_key_rotate(vault, both.approvals, &version));
    tell_rotated(act, version);
    return OK;
}

int command_key_rotate(int argc, char **argv)
{
    Act act = {
        .together.directory = directory_default(), .wait_s = WAIT_S, .overlap_s = OVERLAP_S
    };
    const Option options[] = {
        { "ROLE", OPTION_TEXT, NULL, "as `hufu key list` names it: card, seal, pepper...",
                &act.role, 0, 0 },
        { "--wait-seconds", OPTION_NUMBER, "S",
                "of a platform or CA pair: shown so long before it signs [86400]", &act.wait_s, 0,
                TURN_S_MAX },
        { "--overlap-seconds", OPTION_NUMBER, "S",
                "the same: the one before is shown so long after that [2592000]", &act.overlap_s, 0,
                TURN_S_MAX },
        TOGETHER_OPTIONS(act.together),
    };
    const Usage usage = { "hufu key rotate",
        "Make the next version of a key; two enrolled operators sign. The one before it opens and\n"
        "verifies what it protected, and protects nothing more.\n"
        "Of a certificate both are shown for a while: merchants know one or the other.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&act, "key rotate")) return EXIT_USAGE;
    name_subject(&act);
    const Status s = rotate(&act);
    return status_ok(s) ? EXIT_DONE : command_failed("key rotate", s);
}

/* --- destroy --- */

MUST_USE static Status destroy(const Act *act)
{
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    uint8_t memory[CERTIFICATE_BYTES_MAX];
    Buffer certificate = BUFFER_OF(memory);
    TRY(sign(act, SPAN("destroy-key"), &both));
    TRY(together_vault(act->together.directory, &vault));
    TRY(vaultclient_key_destroy(vault, both.approvals, &certificate));
    fwrite(memory, 1, certificate.size, stdout);
    if (act->out == NULL) return OK;
    return file_write(act->out, 0600, span_of_buffer(&certificate));
}

int command_key_destroy(int argc, char **argv)
{
    Act act = { .together.directory = directory_default() };
    const Option options[] = {
        { "ROLE", OPTION_TEXT, NULL, "as `hufu key list` names it", &act.role, 0, 0 },
        { "VERSION", OPTION_TEXT, NULL, "an old one; the current one cannot be destroyed",
                &act.version, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "keep the certificate there, too", &act.out, 0, 0 },
        TOGETHER_OPTIONS(act.together),
    };
    const Usage usage = { "hufu key destroy",
        "Destroy an old version of a key, and with it all that only it opens; two enrolled\n"
        "operators sign. Prints the certificate of destruction. There is no way back.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&act, "key destroy")) return EXIT_USAGE;
    snprintf(act.subject, sizeof(act.subject), "%s/%s", act.role, act.version);
    const Status s = destroy(&act);
    return status_ok(s) ? EXIT_DONE : command_failed("key destroy", s);
}

/* hufu key rotate, hufu key destroy: what two people do to a key together. */
#include "command.h"
#include "layout.h"
#include "people.h"

#include "vaultclient/client.h"

enum {
    SUBJECT_BYTES_MAX = 64,
    REASON_BYTES_MAX = 200,
    CERTIFICATE_BYTES_MAX = 8192,
    WAIT_S = 86400, /* merchants' libraries ask for certificates twice a day */
    OVERLAP_S = 30 * 86400,
    TURN_S_MAX = 366 * 86400,
};

typedef struct Act {
    const char *directory;
    const char *role;
    const char *version;
    const char *reason;
    const char *out;
    int64_t wait_s;
    int64_t overlap_s;
    OptionList keys;
    Person people[2];
    char subject[SUBJECT_BYTES_MAX];
} Act;

static void client_done(VaultClient **client) { vaultclient_close(*client); }

MUST_USE static Status open_client(const Act *act, VaultClient **ret_client)
{
    char path[PATH_BYTES_MAX];
    const VaultClientConfig config = {
        .socket_path = path_in(path, act->directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    return vaultclient_open(&config, ret_client);
}

MUST_USE static Status approve(Act *act, const char *operation, WireApproval ret_approvals[2])
{
    for (size_t i = 0; i < 2; i++)
        TRY(person_approve(&act->people[i], span_of_text(operation), span_of_text(act->subject),
                span_of_text(act->reason), &ret_approvals[i]));
    return OK;
}

MUST_USE static Status load_people(Act *act)
{
    for (size_t i = 0; i < 2; i++)
        TRY(person_load(act->directory, act->keys.values[i], &act->people[i]));
    return OK;
}

static void free_people(Act *act)
{
    for (size_t i = 0; i < 2; i++)
        person_free(&act->people[i]);
}

static bool is_complete(const Act *act, const char *command)
{
    const bool reasoned = act->reason != NULL && act->reason[0] != '\0'
            && strlen(act->reason) <= REASON_BYTES_MAX;
    const bool fits = strlen(act->role) < SUBJECT_BYTES_MAX / 2
            && (act->version == NULL || strlen(act->version) < SUBJECT_BYTES_MAX / 4);
    if (act->keys.count == 2 && reasoned && fits) return true;
    fprintf(stderr, "hufu %s: --key twice and --reason are needed\nSee `hufu %s --help`.\n",
            command, command);
    return false;
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

MUST_USE static Status rotate(Act *act)
{
    CLEANUP(client_done) VaultClient *vault = NULL;
    WireApproval approvals[2];
    uint32_t version = 0;
    TRY(load_people(act));
    TRY(open_client(act, &vault));
    TRY(approve(act, "rotate-key", approvals));
    TRY(vaultclient_key_rotate(vault, approvals, &version));
    tell_rotated(act, version);
    return OK;
}

int command_key_rotate(int argc, char **argv)
{
    Act act = { .directory = directory_default(), .wait_s = WAIT_S, .overlap_s = OVERLAP_S };
    const Option options[] = {
        { "ROLE", OPTION_TEXT, NULL, "as `hufu key list` names it: card, seal, pepper...",
                &act.role, 0, 0 },
        { "--key", OPTION_LIST, "OPERATOR",
                "twice: a name in DIR/operators/, or a path to NAME.key.pem", &act.keys, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &act.reason, 0, 0 },
        { "--wait-seconds", OPTION_NUMBER, "S",
                "of a platform or CA pair: shown so long before it signs [86400]", &act.wait_s, 0,
                TURN_S_MAX },
        { "--overlap-seconds", OPTION_NUMBER, "S",
                "the same: the one before is shown so long after that [2592000]", &act.overlap_s, 0,
                TURN_S_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &act.directory, 0, 0 },
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
    free_people(&act);
    return status_ok(s) ? EXIT_DONE : command_failed("key rotate", s);
}

/* --- destroy --- */

MUST_USE static Status destroy(Act *act)
{
    CLEANUP(client_done) VaultClient *vault = NULL;
    WireApproval approvals[2];
    uint8_t memory[CERTIFICATE_BYTES_MAX];
    Buffer certificate = BUFFER_OF(memory);
    TRY(load_people(act));
    TRY(open_client(act, &vault));
    TRY(approve(act, "destroy-key", approvals));
    TRY(vaultclient_key_destroy(vault, approvals, &certificate));
    fwrite(memory, 1, certificate.size, stdout);
    if (act->out == NULL) return OK;
    return file_write(act->out, 0600, span_of_buffer(&certificate));
}

int command_key_destroy(int argc, char **argv)
{
    Act act = { .directory = directory_default() };
    const Option options[] = {
        { "ROLE", OPTION_TEXT, NULL, "as `hufu key list` names it", &act.role, 0, 0 },
        { "VERSION", OPTION_TEXT, NULL, "an old one; the current one cannot be destroyed",
                &act.version, 0, 0 },
        { "--key", OPTION_LIST, "OPERATOR",
                "twice: a name in DIR/operators/, or a path to NAME.key.pem", &act.keys, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &act.reason, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "keep the certificate there, too", &act.out, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &act.directory, 0, 0 },
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
    free_people(&act);
    return status_ok(s) ? EXIT_DONE : command_failed("key destroy", s);
}

/* hufu operator: whose signatures the vault counts: joiners, movers, leavers (TP-15, LL-4.5.2). Two
 * operators with the duty `people` sign. */
#include "hidden.h"
#include "together.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "ipc/operator_wire.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    SUBJECT_BYTES_MAX = WIRE_OPERATOR_NAME_BYTES_MAX + 1 + 2 * DIGEST_SHA256_BYTES,
    BODY_BYTES_MAX = 512,
    ANSWER_BYTES_MAX = 64 * 1024,
};

#define DUTY_HELP \
    "may approve: release, keys, reveal, policy, people, destruction, reports, attached,"

typedef struct Work {
    Together together;
    const char *name;
    const char *key_file;
    const char *staff;
    OptionList duties;
    WireOperator wire;
    uint8_t spki[SIGN_SPKI_BYTES_MAX];
} Work;

#define WORK_OPTIONS(w)                                                                        \
    { "NAME", OPTION_TEXT, NULL, "the operator: a-z, 0-9, - and _", &(w).name, 0, 0 },         \
            { "--public-key", OPTION_TEXT, "FILE", "PEM: Ed25519, P-256 or SM2; or a CSR",     \
                &(w).key_file, 0, 0 },                                                         \
            { "--staff", OPTION_TEXT, "NUMBER", "whose name it is; only a keyed hash is kept", \
                &(w).staff, 0, 0 },                                                            \
    {                                                                                          \
        "--duty", OPTION_LIST, "NAME", DUTY_HELP " passwords; once or more", &(w).duties, 0, 0 \
    }

/* --- add, change --- */

static bool read_duties(Work *w, const char *command)
{
    for (size_t i = 0; i < w->duties.count; i++) {
        const uint32_t duty = wire_duty_of(span_of_text(w->duties.values[i]));
        w->wire.duties |= duty;
        if (duty != 0) continue;
        fprintf(stderr, "hufu %s: there is no duty `%s`; see --help\n", command,
                w->duties.values[i]);
        return false;
    }
    return true;
}

MUST_USE static Status read_key(Work *w)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    Buffer spki = BUFFER_OF(w->spki);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(file_read(w->key_file, &pem));
    TRY(public_key_from_pem(span_of_buffer(&pem), &key));
    TRY(public_key_to_spki(key, &spki));
    w->wire.key = span_of_buffer(&spki);
    return OK;
}

MUST_USE static Status send(Work *w, VaultOperation operation, const char *act)
{
    uint8_t body_memory[BODY_BYTES_MAX];
    uint8_t subject_memory[SUBJECT_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer body = BUFFER_OF(body_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    w->wire.name = span_of_text(w->name);
    if (w->staff != NULL) w->wire.person = span_of_text(w->staff);
    if (w->key_file != NULL) TRY(read_key(w));
    TRY(wire_put_operator(&body, &w->wire));
    sha256(span_of_buffer(&body), digest);
    TRY(buffer_put(&subject, w->wire.name));
    TRY(buffer_put_u8(&subject, '/'));
    TRY(hex_encode(SPAN_OF(digest), &subject));
    return together_ask(
            &w->together, operation, act, span_of_buffer(&subject), span_of_buffer(&body));
}

int command_operator_add(int argc, char **argv)
{
    Work w = { .together = { .directory = directory_default() } };
    const Option options[] = { WORK_OPTIONS(w), TOGETHER_OPTIONS(w.together) };
    const Usage usage = { "hufu operator add",
        "Enrol an operator: from then on their signature counts. Their private key stays with "
        "them\n"
        "(`hufu operator key` makes one). Without --duty they may approve everything. A name, a "
        "key\n"
        "and a person are enrolled once. Two operators with the duty `people` sign.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&w.together, "operator add", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    if (!read_duties(&w, "operator add")) return EXIT_USAGE;
    if (w.key_file == NULL || w.staff == NULL) {
        fprintf(stderr,
                "hufu operator add: --public-key and --staff are needed\n"
                "See `hufu operator add --help`.\n");
        return EXIT_USAGE;
    }
    if (w.wire.duties == 0) w.wire.duties = DUTIES_ALL;
    const Status s = send(&w, VAULT_OPERATOR_ADD, OPERATOR_ACT_ADD);
    if (!status_ok(s)) return command_failed("operator add", s);
    printf("enrolled: %s\n", w.name);
    return EXIT_DONE;
}

/* --- first --- */

MUST_USE static Status enrol_first(Work *w)
{
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(read_key(w));
    TRY(together_vault(w->together.directory, &vault));
    return vaultclient_enroll(vault, span_of_text(w->name), w->wire.key);
}

int command_operator_first(int argc, char **argv)
{
    Work w = { .together = { .directory = directory_default() } };
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "the operator: a-z, 0-9, - and _", &w.name, 0, 0 },
        { "--public-key", OPTION_TEXT, "FILE", "PEM: Ed25519, P-256 or SM2; or a CSR", &w.key_file,
                0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &w.together.directory,
                0, 0 },
    };
    const Usage usage = { "hufu operator first",
        "At the key ceremony, before hufud first starts: enrol one of the first operators, while "
        "there\nis nobody yet who could approve. The vault refuses it from its first batch on.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (w.key_file == NULL) {
        fprintf(stderr,
                "hufu operator first: --public-key is needed\n"
                "See `hufu operator first --help`.\n");
        return EXIT_USAGE;
    }
    const Status s = enrol_first(&w);
    if (!status_ok(s)) return command_failed("operator first", s);
    printf("enrolled: %s\n", w.name);
    return EXIT_DONE;
}

int command_operator_change(int argc, char **argv)
{
    Work w = { .together = { .directory = directory_default() } };
    const Option options[] = { WORK_OPTIONS(w), TOGETHER_OPTIONS(w.together) };
    const Usage usage = { "hufu operator change",
        "Give an operator another key, other duties (all that they have from then on), or say "
        "whose\n"
        "name it is. What the old key signed counts no more. Nobody's own signature widens their "
        "own\n"
        "duties. Two operators with the duty `people` sign.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&w.together, "operator change", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    if (!read_duties(&w, "operator change")) return EXIT_USAGE;
    const Status s = send(&w, VAULT_OPERATOR_CHANGE, OPERATOR_ACT_CHANGE);
    if (!status_ok(s)) return command_failed("operator change", s);
    printf("changed: %s\n", w.name);
    return EXIT_DONE;
}

/* --- remove --- */

int command_operator_remove(int argc, char **argv)
{
    Work w = { .together = { .directory = directory_default() } };
    const Option options[] = { { "NAME", OPTION_TEXT, NULL, "who leaves", &w.name, 0, 0 },
        TOGETHER_OPTIONS(w.together) };
    const Usage usage = { "hufu operator remove",
        "From now on no signature of this operator counts, also none that was made before. The "
        "name\n"
        "and the key are never enrolled again. Two must be left who may approve people. Two "
        "operators\n"
        "with that duty sign.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&w.together, "operator remove", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    uint8_t memory[WIRE_OPERATOR_NAME_BYTES_MAX + 8];
    Buffer body = BUFFER_OF(memory);
    Status s = buffer_put_framed(&body, span_of_text(w.name));
    if (status_ok(s))
        s = together_ask(&w.together, VAULT_OPERATOR_REMOVE, OPERATOR_ACT_REMOVE,
                span_of_text(w.name), span_of_buffer(&body));
    if (!status_ok(s)) return command_failed("operator remove", s);
    printf("removed: %s\n", w.name);
    return EXIT_DONE;
}

/* --- list --- */

static void print_duties(uint32_t duties)
{
    if (duties == DUTIES_ALL) {
        printf("all\n");
        return;
    }
    const char *between = "";
    for (unsigned i = 0; i < WIRE_DUTIES; i++) {
        if ((duties >> i & 1) == 0) continue;
        printf("%s%s", between, wire_duty_name(i));
        between = ",";
    }
    printf("\n");
}

static void print_operator(const WireOperatorFacts *facts)
{
    char fingerprint[17];
    char since[11];
    char changed[11];
    Buffer b = { (uint8_t *)fingerprint, 0, sizeof(fingerprint) - 1 };
    ASSERT(status_ok(hex_encode((Span) { facts->fingerprint, 8 }, &b)));
    fingerprint[16] = '\0';
    day_text(facts->since_us, since);
    day_text(facts->changed_us, changed);
    printf("%-16.*s %-8.*s %s  %-10s  %-6s  ", (int)facts->name.size,
            (const char *)facts->name.data, (int)facts->algorithm.size,
            (const char *)facts->algorithm.data, fingerprint,
            facts->since_us == 0 ? "ceremony" : since, facts->has_person ? "known" : "-");
    if (facts->gone)
        printf("left %s\n", changed);
    else
        print_duties(facts->duties);
}

MUST_USE static Status list(const char *directory)
{
    static uint8_t memory[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    uint32_t count = 0;
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_vault(directory, &vault));
    TRY(vaultclient_ask(vault, VAULT_OPERATORS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, WIRE_OPERATORS_MAX, &count));
    printf("%-16s %-8s %-16s  %-10s  %-6s  %s\n", "name", "key", "fingerprint", "since", "person",
            "may approve");
    for (uint32_t i = 0; i < count; i++) {
        WireOperatorFacts facts;
        TRY(wire_take_operator_facts(&c, &facts));
        print_operator(&facts);
    }
    return cursor_end(&c);
}

int command_operator_list(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { { "--directory", OPTION_TEXT, "DIR", "of the running system [var]",
            &directory, 0, 0 } };
    const Usage usage = { "hufu operator list",
        "Whose signatures the vault counts, for what, and who left.", options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = list(directory);
    return status_ok(s) ? EXIT_DONE : command_failed("operator list", s);
}

/* --- a key of one's own --- */

static void wipe_passphrase(char (*text)[KEY_FILE_PASSPHRASE_BYTES_MAX + 1])
{
    bytes_wipe(*text, sizeof(*text));
}

MUST_USE static Status put_encrypted(const PrivateKey *key, Buffer *ret_pem)
{
    CLEANUP(wipe_passphrase) char first[KEY_FILE_PASSPHRASE_BYTES_MAX + 1];
    CLEANUP(wipe_passphrase) char again[KEY_FILE_PASSPHRASE_BYTES_MAX + 1];
    const bool typed = hidden_ask("passphrase for the new key: ", first, sizeof(first))
            && hidden_ask("once more: ", again, sizeof(again));
    REQUIRE(typed && span_equal(span_of_text(first), span_of_text(again)), REFUSED_KEY_PASSPHRASE);
    return key_file_write(key, span_of_text(first), ret_pem);
}

/* A new file: a key that is there already is somebody's. */
MUST_USE static Status write_new(const char *path, mode_t mode, Span bytes)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    CHECK(fd >= 0, FAULT_DISK);
    const bool written = write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size && fsync(fd) == 0;
    close(fd);
    CHECK(written, FAULT_DISK);
    return OK;
}

MUST_USE static Status make_key(KeyAlgorithm algorithm, const char *folder, const char *name)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    char path[PATH_BYTES_MAX];
    char file[PEOPLE_NAME_BYTES_MAX + 16];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t public_memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    Buffer public_pem = BUFFER_OF(public_memory);
    TRY(private_key_generate(algorithm, &key));
    TRY(put_encrypted(key, &pem)); /* encrypted: nothing to wipe */
    TRY(public_key_to_pem(private_key_public(key), &public_pem));
    snprintf(file, sizeof(file), "%s.key.pem", name);
    TRY(write_new(path_in(path, folder, file), 0600, span_of_buffer(&pem)));
    snprintf(file, sizeof(file), "%s.pem", name);
    return write_new(path_in(path, folder, file), 0644, span_of_buffer(&public_pem));
}

static KeyAlgorithm algorithm_of(const char *text)
{
    if (strcmp(text, "ed25519") == 0) return KEY_ED25519;
    if (strcmp(text, "p256") == 0) return KEY_P256;
    if (strcmp(text, "sm2") == 0) return KEY_SM2;
    return KEY_RSA;
}

int command_operator_key(int argc, char **argv)
{
    const char *name = NULL;
    const char *folder = ".";
    const char *algorithm = "ed25519";
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "whose key it will be", &name, 0, 0 },
        { "--folder", OPTION_TEXT, "DIR", "where NAME.key.pem and NAME.pem are written [.]",
                &folder, 0, 0 },
        { "--algorithm", OPTION_TEXT, "NAME", "ed25519, p256 or sm2 [ed25519]", &algorithm, 0, 0 },
    };
    const Usage usage = { "hufu operator key",
        "Make a signing key for oneself, on one's own machine. It rests under a passphrase, which "
        "is\n"
        "asked for at the terminal; NAME.pem is what the house gets to know.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const KeyAlgorithm wanted = algorithm_of(algorithm);
    if (wanted == KEY_RSA || strlen(name) > PEOPLE_NAME_BYTES_MAX || strchr(name, '/') != NULL) {
        fprintf(stderr,
                "hufu operator key: a name, and ed25519, p256 or sm2\n"
                "See `hufu operator key --help`.\n");
        return EXIT_USAGE;
    }
    const Status s = make_key(wanted, folder, name);
    if (!status_ok(s)) return command_failed("operator key", s);
    printf("made: %s/%s.key.pem (keep it), %s/%s.pem (give it away)\n", folder, name, folder, name);
    return EXIT_DONE;
}

/* hufu receiver: who may be given full numbers, encrypted to its own key (TP-8). Two people sign.
 */
#include "admin_client.h"
#include "command.h"
#include "together.h"

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "ipc/field_wire.h"

enum { PER_DAY_DEFAULT = 1000, PER_SUBJECT_DEFAULT = 5 };

typedef struct Enrolment {
    Together together;
    const char *name;
    const char *key_file;
    const char *purpose;
    int64_t per_day;
    int64_t per_subject;
} Enrolment;

MUST_USE static Status add(const Enrolment *e)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    uint8_t body_bytes[4096];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer spki = BUFFER_OF(spki_bytes);
    Buffer body = BUFFER_OF(body_bytes);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(file_read(e->key_file, &pem));
    TRY(public_key_from_pem(span_of_buffer(&pem), &key));
    TRY(public_key_to_spki(key, &spki));
    const WireReceiver receiver = { .name = span_of_text(e->name),
        .spki = span_of_buffer(&spki),
        .purposes = (uint8_t)(1u << reveal_purpose_of(span_of_text(e->purpose))),
        .per_day = (uint32_t)e->per_day,
        .per_subject_day = (uint32_t)e->per_subject };
    TRY(wire_put_receiver(&body, &receiver));
    sha256(span_of_buffer(&body), digest);
    return together_ask(&e->together, VAULT_RECEIVER_ADD, "enroll-receiver", SPAN_OF(digest),
            span_of_buffer(&body));
}

int command_receiver_add(int argc, char **argv)
{
    Enrolment e = { .together = { .directory = directory_default() },
        .purpose = "bank-channel",
        .per_day = PER_DAY_DEFAULT,
        .per_subject = PER_SUBJECT_DEFAULT };
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "as reveals will name it", &e.name, 0, 0 },
        { "KEYFILE", OPTION_TEXT, NULL, "its public key, PEM: P-256 or SM2", &e.key_file, 0, 0 },
        { "--purpose", OPTION_TEXT, "NAME",
                "bank-channel, legal-order or full-display [bank-channel]", &e.purpose, 0, 0 },
        { "--per-day", OPTION_NUMBER, "N", "numbers it may be given in a day [1000]", &e.per_day, 1,
                UINT32_MAX },
        { "--per-subject", OPTION_NUMBER, "N", "of one person's in a day [5]", &e.per_subject, 1,
                UINT32_MAX },
        TOGETHER_OPTIONS(e.together),
    };
    const Usage usage = { "hufu receiver add",
        "Enrol a machine that may be given full numbers: a bank channel, an authority's, a screen. "
        "What "
        "it\n"
        "is given is encrypted to this key, within these budgets, and stands in the reveal log.\n"
        "Two enrolled operators sign.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&e.together, "receiver add", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    if (reveal_purpose_of(span_of_text(e.purpose)) == 0) {
        fprintf(stderr,
                "hufu receiver add: a purpose is bank-channel, legal-order or full-display\n");
        return EXIT_USAGE;
    }
    const Status s = add(&e);
    if (!status_ok(s)) return command_failed("receiver add", s);
    printf("enrolled: %s, for %s\n", e.name, e.purpose);
    return EXIT_DONE;
}

int command_receiver_remove(int argc, char **argv)
{
    Enrolment e = { .together = { .directory = directory_default() } };
    const Option options[] = {
        { "NAME", OPTION_TEXT, NULL, "the receiver", &e.name, 0, 0 },
        TOGETHER_OPTIONS(e.together),
    };
    const Usage usage = { "hufu receiver remove",
        "Give this receiver nothing more. Two enrolled operators sign.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&e.together, "receiver remove", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    uint8_t body_bytes[256];
    Buffer body = BUFFER_OF(body_bytes);
    Status s = buffer_put_framed(&body, span_of_text(e.name));
    if (status_ok(s))
        s = together_ask(&e.together, VAULT_RECEIVER_REMOVE, "remove-receiver",
                span_of_text(e.name), span_of_buffer(&body));
    if (!status_ok(s)) return command_failed("receiver remove", s);
    printf("removed: %s\n", e.name);
    return EXIT_DONE;
}

int command_reveal_list(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = { { "--directory", OPTION_TEXT, "DIR", "of the running system [var]",
            &directory, 0, 0 } };
    const Usage usage = { "hufu reveal list",
        "Who was given which number, when, for what and why, and who was denied it: the last\n"
        "hundred lines of the reveal log, after all of it was proved against the vault's count.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "reveal.list");
}

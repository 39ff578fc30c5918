/* hufu key ceremony: make the keys of a new vault before its first start, give the root into
 * custody, and keep a signed record of it; or check such a record. */
#define _GNU_SOURCE
#include "ceremony.h"
#include "layout.h"

#include "audit/checkpoint.h"
#include "crypto/signed_text.h"

#include <sys/stat.h>
#include <unistd.h>

enum { RECORD_BYTES_MAX = 20000 };

typedef struct KeyCeremony {
    Ceremony ceremony;
    const char *verify, *keys;
} KeyCeremony;

MUST_USE static Status run(const Ceremony *c)
{
    const Users ourselves = { .separate = false };
    Layout layout;
    CHECK(mkdir(c->vault, 0700) == 0 || access(c->vault, F_OK) == 0, FAULT_DISK);
    TRY(layout_find(".", &layout));
    return ceremony_hold(c, layout.programs, &ourselves);
}

/* --- verify --- */

/* Also by a key that another has followed since. */
MUST_USE static Status verify_with(const AuditKeys *keys, Span record, Span *ret_text)
{
    for (size_t i = 0; i < keys->count * keys->count; i++) {
        const PublicKey *ed25519 = keys->keys[i / keys->count];
        const PublicKey *sm2 = keys->keys[i % keys->count];
        if (public_key_algorithm(ed25519) != KEY_ED25519 || public_key_algorithm(sm2) != KEY_SM2)
            continue;
        const Status s = signed_text_verify(ed25519, sm2, record, ret_text);
        if (status_ok(s) || status_broken(s)) return s;
    }
    return REFUSE(REFUSED_CEREMONY_RECORD);
}

/* Certificates of destruction are signed in the same way, and verified here too. */
MUST_USE static Status verify(const KeyCeremony *c)
{
    static uint8_t pem_memory[AUDIT_KEYS_BYTES_MAX];
    static uint8_t record_memory[RECORD_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_memory);
    Buffer record = BUFFER_OF(record_memory);
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    Span text;
    TRY(file_read(c->keys, &pem));
    TRY(file_read(c->verify, &record));
    TRY(audit_keys_parse(span_of_buffer(&pem), &keys));
    TRY(verify_with(&keys, span_of_buffer(&record), &text));
    fwrite(text.data, 1, text.size, stdout);
    printf("verified: both signatures are of these keys\n");
    return OK;
}

static bool is_complete(const KeyCeremony *k)
{
    const Ceremony *c = &k->ceremony;
    if (k->verify != NULL) {
        if (k->keys != NULL) return true;
        fprintf(stderr, "hufu key ceremony: --verify needs --keys\n");
        return false;
    }
    if (c->vault != NULL && c->custody != NULL && c->record != NULL && c->who.count > 0)
        return true;
    fprintf(stderr,
            "hufu key ceremony: --vault, --custody, --record and --who are needed\n"
            "See `hufu key ceremony --help`.\n");
    return false;
}

int command_key_ceremony(int argc, char **argv)
{
    KeyCeremony k = { 0 };
    Ceremony *c = &k.ceremony;
    const Option options[] = {
        { "--vault", OPTION_TEXT, "DIR", "the new vault's directory", &c->vault, 0, 0 },
        { "--custody", OPTION_TEXT, "NAME", "development, unattended or custodians", &c->custody, 0,
                0 },
        { "--record", OPTION_TEXT, "FILE", "where the signed record is kept; a new file",
                &c->record, 0, 0 },
        { "--who", OPTION_LIST, "NAME", "who takes part; once for each", &c->who, 0, 0 },
        { "--needed", OPTION_NUMBER, "K", "custodians: how many must come", &c->needed, 2, 16 },
        { "--share", OPTION_LIST, "FILE",
                "custodians: a new file for one share; - shows it here, once", &c->shares, 0, 0 },
        { "--hsm-module", OPTION_TEXT, "PATH", "unattended: the PKCS#11 library", &c->module, 0,
                0 },
        { "--hsm-token", OPTION_TEXT, "LABEL", "unattended: the token", &c->token, 0, 0 },
        { "--hsm-pin-file", OPTION_TEXT, "FILE", "unattended: its PIN, mode 0600", &c->pin_file, 0,
                0 },
        { "--suite", OPTION_TEXT, "SUITE", "intl or sm [intl]", &c->suite, 0, 0 },
        { "--development", OPTION_FLAG, NULL, "yes, a root key in a file", &c->development, 0, 0 },
        { "--verify", OPTION_TEXT, "FILE",
                "check a record, or a certificate of destruction, instead", &k.verify, 0, 0 },
        { "--keys", OPTION_TEXT, "FILE", "public keys (PEM) as the auditor has them", &k.keys, 0,
                0 },
    };
    const Usage usage = { "hufu key ceremony",
        "Make the keys of a new vault, give its root into custody and keep a signed record; or "
        "check\n"
        "such a record.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&k)) return EXIT_USAGE;
    const Status s = k.verify != NULL ? verify(&k) : run(c);
    if (!status_ok(s)) return command_failed("key ceremony", s);
    if (k.verify == NULL) {
        printf("the keys are made; the record is %s\n", c->record);
        ceremony_print_forms(c);
    }
    return EXIT_DONE;
}

/* `hufu password reset`, `enable-legacy` and `disable-legacy`: what two people sign (TP-6, TP-10).
 * Whatever is secret leaves this program in a box alone. */
#include "password.h"

#include "enrol.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/legacy_password.h"
#include "policy/purposes.h"

enum { APPROVALS_BYTES = 2 * WIRE_APPROVAL_BYTES_MAX, SUBJECT_BYTES_MAX = 512 };

static void wipe(Buffer *secret) { bytes_wipe(secret->data, secret->capacity); }

/* A box for today's key, over a fresh challenge. */
MUST_USE static Status make_box(
        const char *directory, BoxWish *wish, const char *file, Buffer *ret_box)
{
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe) Buffer secret = BUFFER_OF(memory);
    CLEANUP(box_key_free) BoxKey key = { 0 };
    TRY(file_read_secret(file, &secret));
    TRY(enrol_box_key(directory, &key, wish->nonce));
    return box_make_bytes(&key, wish, span_of_buffer(&secret), ret_box);
}

/* "<class>/<tenant>/<realm>/<what>/<SHA-256 of the box>": what both sign. */
MUST_USE static Status put_subject(
        const PasswordRealm *realm, const char *what, Span box, Buffer *ret_subject)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(box, digest);
    TRY(buffer_print(ret_subject, "%u/", password_realm_class(realm)));
    TRY(password_realm_put(realm, ret_subject));
    TRY(buffer_print(ret_subject, "/%s/", what));
    return hex_encode(SPAN_OF(digest), ret_subject);
}

/* What was signed names the box, and the key of a box is today's: nobody can carry it about. */
static bool is_here(const Together *together, const char *command, const char *secret_file)
{
    const bool carried = together->request != NULL || together->approvals.count > 0;
    if (carried && secret_file != NULL)
        fprintf(stderr, "hufu %s: what is in a box both sign at this command: --key twice\n",
                command);
    return !carried || secret_file == NULL;
}

/* --- reset --- */

typedef struct Reset {
    Together together;
    PasswordRealm realm;
    const char *user;
    const char *file;
} Reset;

MUST_USE static Status put_request(const Reset *r, Span box, Span approvals, Buffer *ret_request)
{
    uint8_t box_text_bytes[2 * BOX_BYTES_MAX];
    uint8_t approvals_text_bytes[2 * APPROVALS_BYTES];
    Buffer box_text = BUFFER_OF(box_text_bytes);
    Buffer approvals_text = BUFFER_OF(approvals_text_bytes);
    TRY(base64_encode(box, &box_text));
    TRY(base64_encode(approvals, &approvals_text));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    password_request(&w, "password.reset", &r->realm, span_of_buffer(&box_text));
    json_key_text(&w, "user", span_of_text(r->user));
    json_key_text(&w, "approvals", span_of_buffer(&approvals_text));
    json_close(&w);
    return json_finish(&w);
}

MUST_USE static Status reset(const Reset *r)
{
    uint8_t realm_bytes[SUBJECT_BYTES_MAX];
    uint8_t subject_bytes[SUBJECT_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t approvals_bytes[APPROVALS_BYTES];
    uint8_t request_bytes[48 * 1024];
    uint8_t answer_bytes[1024];
    Buffer realm = BUFFER_OF(realm_bytes);
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer approvals = BUFFER_OF(approvals_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    const bool second = password_realm_class(&r->realm) == CLASS_SECOND_FACTOR;
    TRY(password_realm_put(&r->realm, &realm));
    BoxWish wish = { .data_class = password_realm_class(&r->realm),
        .purpose = second ? BOX_PURPOSE_RESET_SECOND : BOX_PURPOSE_RESET_PASSWORD,
        .tenant = span_of_buffer(&realm),
        .payee = span_of_text(r->user) };
    TRY(make_box(r->together.directory, &wish, r->file, &box));
    TRY(put_subject(&r->realm, r->user, span_of_buffer(&box), &subject));
    TRY(together_approve(&r->together,
            second ? SPAN("reset-second-factor") : SPAN("reset-password"), span_of_buffer(&subject),
            &approvals));
    TRY(put_request(r, span_of_buffer(&box), span_of_buffer(&approvals), &request));
    return admin_ask(r->together.directory, span_of_buffer(&request), &answer);
}

int command_password_reset(int argc, char **argv)
{
    Reset r = { .together = { .directory = directory_default() },
        .realm = { .class = "password" } };
    const Option options[] = {
        { "USER", OPTION_TEXT, NULL, "whose", &r.user, 0, 0 },
        { "FILE", OPTION_TEXT, NULL, "the new one, alone in a file; delete it afterwards", &r.file,
                0, 0 },
        PASSWORD_REALM_OPTIONS(r.realm),
        TOGETHER_OPTIONS(r.together),
    };
    const Usage usage = { "hufu password reset",
        "Give a person another password or second factor (`hufu access enrol-totp`), or a payer\n"
        "another PIN, whatever was there before: when it is forgotten, locked, or lost. Two\n"
        "enrolled operators sign this very box, so nobody between them and the vault puts in one\n"
        "of his own. What was there is never good again.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    exit_status = password_realm_check(&r.realm, "password reset");
    if (exit_status != EXIT_DONE) return exit_status;
    if (!is_here(&r.together, "password reset", r.file)) return EXIT_USAGE;
    if (!together_is_whole(&r.together, "password reset", TOGETHER_REASON_BYTES_MAX))
        return EXIT_USAGE;
    const Status s = reset(&r);
    if (!status_ok(s)) return command_failed("password reset", s);
    printf("reset: %s of %s/%s\n", r.user, r.realm.tenant, r.realm.realm);
    return EXIT_DONE;
}

/* --- legacy formulas --- */

typedef struct Legacy {
    Together together;
    PasswordRealm realm;
    const char *formula; /* a name, or "none" */
    const char *inner;
    const char *key_file; /* NULL: the formula has no key */
} Legacy;

MUST_USE static Status legacy(const Legacy *l)
{
    uint8_t realm_bytes[SUBJECT_BYTES_MAX];
    uint8_t subject_bytes[SUBJECT_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t body_bytes[2 * BOX_BYTES_MAX];
    char what[64];
    Buffer realm = BUFFER_OF(realm_bytes);
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer body = BUFFER_OF(body_bytes);
    LegacyInner inner = LEGACY_INNER_NONE;
    TRY(password_realm_put(&l->realm, &realm));
    BoxWish wish = { .data_class = CLASS_SIGNING_KEY,
        .purpose = BOX_PURPOSE_LEGACY_KEY,
        .tenant = span_of_buffer(&realm) };
    if (l->key_file != NULL) TRY(make_box(l->together.directory, &wish, l->key_file, &box));
    REQUIRE(legacy_inner_of(span_of_text(l->inner), &inner), REFUSED_LEGACY_RECORD);
    const WireLegacyEnable enable = { .data_class = password_realm_class(&l->realm),
        .tenant = span_of_text(l->realm.tenant),
        .realm = span_of_text(l->realm.realm),
        .formula = (uint8_t)legacy_formula_of(span_of_text(l->formula)),
        .inner = (uint8_t)inner,
        .box = span_of_buffer(&box),
        .nonce = { wish.nonce, l->key_file != NULL ? BOX_NONCE_BYTES : 0 } };
    TRY(wire_put_legacy_enable(&body, &enable));
    snprintf(what, sizeof(what), "%s/%s", l->formula, l->inner);
    TRY(put_subject(&l->realm, what, span_of_buffer(&box), &subject));
    return together_ask(&l->together, VAULT_LEGACY_ENABLE, "enable-legacy",
            span_of_buffer(&subject), span_of_buffer(&body));
}

static int no_formula(const char *given)
{
    fprintf(stderr, "hufu password enable-legacy: no formula is called `%s`; there are:\n", given);
    for (int i = 1; legacy_formula_name((LegacyFormula)i) != NULL; i++)
        fprintf(stderr, "  %s\n", legacy_formula_name((LegacyFormula)i));
    return EXIT_USAGE;
}

static int allow(Legacy *l, const char *command)
{
    const int exit_status = password_realm_check(&l->realm, command);
    if (exit_status != EXIT_DONE) return exit_status;
    if (!is_here(&l->together, command, l->key_file)) return EXIT_USAGE;
    if (!together_is_whole(&l->together, command, TOGETHER_REASON_BYTES_MAX)) return EXIT_USAGE;
    const Status s = legacy(l);
    if (!status_ok(s)) return command_failed(command, s);
    printf("legacy records of %s/%s: %s\n", l->realm.tenant, l->realm.realm, l->formula);
    return EXIT_DONE;
}

int command_password_enable_legacy(int argc, char **argv)
{
    Legacy l = { .together = { .directory = directory_default() },
        .realm = { .class = "password" },
        .inner = "none" };
    const Option options[] = {
        { "FORMULA", OPTION_TEXT, NULL, "how the old table was made, as \"sha256(data+pw)\"",
                &l.formula, 0, 0 },
        { "--inner", OPTION_TEXT, "FORM",
                "of the md5 in sha256(data+md5(user+key+pw)): hex, HEX, raw or base64", &l.inner, 0,
                0 },
        { "--formula-key", OPTION_TEXT, "FILE", "that formula's key; it travels in a box",
                &l.key_file, 0, 0 },
        PASSWORD_REALM_OPTIONS(l.realm),
        TOGETHER_OPTIONS(l.together),
    };
    const Usage usage = { "hufu password enable-legacy",
        "Let password records of before Hufu be imported and checked for one class and realm, by "
        "one\n"
        "formula. Two enrolled operators sign. It takes the place of what was allowed there.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (legacy_formula_of(span_of_text(l.formula)) == LEGACY_NONE) return no_formula(l.formula);
    return allow(&l, "password enable-legacy");
}

int command_password_disable_legacy(int argc, char **argv)
{
    Legacy l = { .together = { .directory = directory_default() },
        .realm = { .class = "password" },
        .formula = "none",
        .inner = "none" };
    const Option options[] = {
        PASSWORD_REALM_OPTIONS(l.realm),
        TOGETHER_OPTIONS(l.together),
    };
    const Usage usage = { "hufu password disable-legacy",
        "End it: from now on who still has a legacy or wrapped record is refused, and needs "
        "`hufu password reset`.\n"
        "Two enrolled operators sign. `hufu password counts` says how many are left.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return allow(&l, "password disable-legacy");
}

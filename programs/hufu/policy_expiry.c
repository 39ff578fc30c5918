/* `hufu policy grant-expiry`, `look-expiry` and `end-expiry`: the one door for a bank card's expiry
 * date (TP-5). */
#include "policy_command.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"

/* --- what each side agreed to, by its digest --- */

/* SHA-256 of a file of any size. Refuses REFUSED_EXPIRY_EVIDENCE. */
MUST_USE static Status digest_file(const char *path, uint8_t ret[WIRE_EVIDENCE_BYTES])
{
    enum { DOCUMENT_BYTES_MAX = 32 << 20 };
    static uint8_t memory[DOCUMENT_BYTES_MAX];
    Buffer document = BUFFER_OF(memory);
    REQUIRE(status_ok(file_read(path, &document)), REFUSED_EXPIRY_EVIDENCE);
    REQUIRE(document.size > 0, REFUSED_EXPIRY_EVIDENCE);
    sha256(span_of_buffer(&document), ret);
    return OK;
}

/* 64 hexadecimal digits, or the document itself. */
MUST_USE static Status read_evidence(const char *given, uint8_t ret[WIRE_EVIDENCE_BYTES])
{
    uint8_t memory[WIRE_EVIDENCE_BYTES];
    Buffer digest = BUFFER_OF(memory);
    const Span text = span_of_text(given);
    const bool hex = text.size == (size_t)2 * WIRE_EVIDENCE_BYTES;
    if (!hex || !status_ok(hex_decode(text, &digest))) return digest_file(given, ret);
    memcpy(ret, memory, sizeof(memory));
    return OK;
}

static void show_evidence(const char *who, const uint8_t digest[WIRE_EVIDENCE_BYTES])
{
    uint8_t memory[2 * WIRE_EVIDENCE_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(hex_encode((Span) { digest, WIRE_EVIDENCE_BYTES }, &text)))
        printf("  %-12s SHA-256 %.*s\n", who, (int)text.size, (const char *)text.data);
}

/* --- grant --- */

typedef struct Grant {
    PolicyAct act;
    const char *user;
    const char *institution;
    const char *user_consent;
    const char *institution_consent;
} Grant;

MUST_USE static Status make_grant(const Grant *g, WireExpiryGrant *ret)
{
    *ret = (WireExpiryGrant) { .user = span_of_text(g->user),
        .institution = span_of_text(g->institution) };
    TRY(read_evidence(g->user_consent, ret->user_evidence));
    TRY(read_evidence(g->institution_consent, ret->institution_evidence));
    return policy_act_until(&g->act, &ret->until_us);
}

MUST_USE static Status grant(const Grant *g)
{
    WireExpiryGrant wanted;
    uint8_t memory[4 * WIRE_EXPIRY_NAME_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer bytes = BUFFER_OF(memory);
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(make_grant(g, &wanted));
    TRY(wire_put_expiry_grant(&bytes, &wanted));
    TRY(policy_act_sign(&g->act, SPAN("grant-expiry"), span_of_buffer(&bytes), digest, &both));
    TRY(together_vault(g->act.together.directory, &vault));
    TRY(vaultclient_expiry_grant(vault, both.approvals, &wanted));
    printf("the expiry date of %s's cards of %s may rest, encrypted, until ", g->user,
            g->institution);
    policy_show_time(wanted.until_us);
    printf("\n");
    show_evidence("user", wanted.user_evidence);
    show_evidence("institution", wanted.institution_evidence);
    return OK;
}

int command_policy_grant_expiry(int argc, char **argv)
{
    Grant g = { .act = { .command = "policy grant-expiry",
                        .together.directory = directory_default() } };
    const Option options[] = {
        { "USER", OPTION_TEXT, NULL, "whose card, by the institution's own id", &g.user, 0, 0 },
        { "INSTITUTION", OPTION_TEXT, NULL, "which keeps the card's account", &g.institution, 0,
                0 },
        { "--user-consent", OPTION_TEXT, "FILE",
                "what the user signed, or its SHA-256 in hexadecimal (required)", &g.user_consent,
                0, 0 },
        { "--institution-consent", OPTION_TEXT, "FILE",
                "what the institution signed, or its SHA-256 (required)", &g.institution_consent, 0,
                0 },
        { "--until", OPTION_TEXT, "TIME", "its end, RFC 3339, within 366 days (required)",
                &g.act.until, 0, 0 },
        POLICY_ACT_OPTIONS(g.act),
    };
    const Usage usage = { "hufu policy grant-expiry",
        "Let the expiry date of one user's cards of one institution rest, encrypted, inside the "
        "domain: only\n"
        "with the consent of both, each by its own document, and until an end. Two enrolled "
        "operators sign\n"
        "it. The vault keeps the documents' SHA-256: keep the documents. No other prohibited data "
        "has such\n"
        "a door (TP-5).",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    exit_status = policy_act_check(&g.act);
    if (exit_status != EXIT_DONE) return exit_status;
    if (g.user_consent == NULL || g.institution_consent == NULL || g.act.until == NULL) {
        fprintf(stderr,
                "hufu %s: --user-consent, --institution-consent and --until are needed\n"
                "See `hufu %s --help`.\n",
                g.act.command, g.act.command);
        return EXIT_USAGE;
    }
    const Status s = grant(&g);
    return status_ok(s) ? EXIT_DONE : command_failed("policy grant-expiry", s);
}

/* --- look and end --- */

typedef struct Named {
    const char *user;
    const char *institution;
    const char *directory;
} Named;

static bool read_named(
        const char *name, const char *about, int argc, char **argv, Named *ret, int *ret_exit)
{
    *ret = (Named) { .directory = directory_default() };
    const Option options[] = {
        { "USER", OPTION_TEXT, NULL, "whose card", &ret->user, 0, 0 },
        { "INSTITUTION", OPTION_TEXT, NULL, "which keeps its account", &ret->institution, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &ret->directory, 0, 0 },
    };
    const Usage usage = { name, about, options, sizeof(options) / sizeof(options[0]) };
    return options_read(&usage, argc, argv, ret_exit);
}

static WireExpiryName name_of(const Named *named)
{
    return (WireExpiryName) { span_of_text(named->user), span_of_text(named->institution) };
}

MUST_USE static Status look(const Named *named)
{
    uint8_t bytes[1024];
    Buffer memory = BUFFER_OF(bytes);
    WireExpiryLook seen = { 0 };
    const WireExpiryName name = name_of(named);
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_vault(named->directory, &vault));
    TRY(vaultclient_expiry_look(vault, &name, &memory, &seen));
    REQUIRE(seen.until_us != 0, REFUSED_EXPIRY_GRANT);
    printf("%s, until ", seen.lives ? "live" : "over");
    policy_show_time(seen.until_us);
    printf(", recorded by %.*s and %.*s\n", (int)seen.first.size, (const char *)seen.first.data,
            (int)seen.second.size, (const char *)seen.second.data);
    show_evidence("user", seen.user_evidence);
    show_evidence("institution", seen.institution_evidence);
    return OK;
}

int command_policy_look_expiry(int argc, char **argv)
{
    Named named;
    int exit_status = EXIT_DONE;
    if (!read_named("hufu policy look-expiry",
                "Show the grant of one user and one institution: its end, who recorded it, and "
                "the SHA-256 of\n"
                "what each of the two signed. `hufu policy grants` lists them all.",
                argc, argv, &named, &exit_status))
        return exit_status;
    const Status s = look(&named);
    return status_ok(s) ? EXIT_DONE : command_failed("policy look-expiry", s);
}

MUST_USE static Status end(const Named *named)
{
    const WireExpiryName name = name_of(named);
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_vault(named->directory, &vault));
    TRY(vaultclient_expiry_end(vault, &name));
    printf("ended: no expiry date of %s's cards of %s may rest from now on\n", named->user,
            named->institution);
    return OK;
}

int command_policy_end_expiry(int argc, char **argv)
{
    Named named;
    int exit_status = EXIT_DONE;
    if (!read_named("hufu policy end-expiry",
                "End a grant at once, since the user or the institution withdrew its consent. Less "
                "needs\n"
                "nobody's approval.",
                argc, argv, &named, &exit_status))
        return exit_status;
    const Status s = end(&named);
    return status_ok(s) ? EXIT_DONE : command_failed("policy end-expiry", s);
}

#define _GNU_SOURCE
#include "vault_custody.h"

#include "ceremony.h"
#include "soft_token.h"

#include "text/yaml.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_BYTES_MAX = 4096 };

#define SETTINGS "custody/hsm.yaml" /* of a token that somebody named */

static const struct {
    Custody kind;
    const char *word; /* as people say it */
    const char *name; /* as vaultd does */
    const char *file; /* by which the vault's folder tells */
} custodies[] = {
    { CUSTODY_DEVELOPMENT, "development", "development", "vault/root.key" },
    { CUSTODY_UNATTENDED, "hsm", "unattended", "vault/root.wrapped" },
    { CUSTODY_CUSTODIANS, "custodians", "custodians", "vault/root.shares" },
};
enum { CUSTODIES = sizeof(custodies) / sizeof(custodies[0]) };

const char *vault_custody_word(Custody kind) { return custodies[kind - 1].word; }
const char *vault_custody_name(Custody kind) { return custodies[kind - 1].name; }

/* --- what is asked --- */

Status vault_custody_parse(const char *word, Custody *ret_kind)
{
    for (size_t i = 0; i < CUSTODIES; i++) {
        if (strcmp(word, custodies[i].word) != 0) continue;
        *ret_kind = custodies[i].kind;
        return OK;
    }
    return REFUSE(REFUSED_CUSTODY_UNKNOWN);
}

static bool says(const char *what)
{
    fprintf(stderr, "hufu up: %s\nSee `hufu up --help`.\n", what);
    return false;
}

bool custody_asked_is_complete(const CustodyAsked *a)
{
    Custody kind = CUSTODY_DEVELOPMENT;
    const bool names_token = a->module != NULL || a->token != NULL || a->pin_file != NULL;
    const bool names_people = a->needed > 0 || a->shares.count > 0;
    if (a->name != NULL && !status_ok(vault_custody_parse(a->name, &kind)))
        return says("--custody is development, hsm or custodians");
    if (names_token && (a->name == NULL || kind != CUSTODY_UNATTENDED))
        return says("--module, --token and --pin-file are of --custody hsm");
    if (names_token && (a->module == NULL || a->token == NULL || a->pin_file == NULL))
        return says("--module, --token and --pin-file go together");
    if (names_people && (a->name == NULL || kind != CUSTODY_CUSTODIANS))
        return says("--needed and --share are of --custody custodians");
    if (names_people && (a->needed < 2 || a->shares.count < (size_t)a->needed))
        return says("--needed K goes with at least K times --share FILE");
    return true;
}

/* --- what there is --- */

static bool has_bytes(const Layout *l, const char *name)
{
    char path[PATH_BYTES_MAX];
    struct stat about;
    return stat(path_in(path, l->directory, name), &about) == 0 && about.st_size > 0;
}

static void keep_text(char ret_text[PATH_BYTES_MAX], Span text)
{
    memcpy(ret_text, text.data, text.size); /* the table bounds it */
    ret_text[text.size] = '\0';
}

typedef struct TokenSpans {
    Span module, token, pin_file;
} TokenSpans;

static const YamlField token_fields[] = {
    { "module", YAML_TEXT, true, 1, PATH_BYTES_MAX - 1, offsetof(TokenSpans, module), NULL, 0 },
    { "token", YAML_TEXT, true, 1, PATH_BYTES_MAX - 1, offsetof(TokenSpans, token), NULL, 0 },
    { "pin_file", YAML_TEXT, true, 1, PATH_BYTES_MAX - 1, offsetof(TokenSpans, pin_file), NULL, 0 },
};

MUST_USE static Status read_token(const char *path, VaultCustody *c)
{
    uint8_t memory[SETTINGS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    YamlProblem problem = { 0 };
    TokenSpans spans = { 0 };
    TRY(file_read(path, &text));
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    TRY(yaml_parse(span_of_buffer(&text), &document, &problem));
    TRY(yaml_read(yaml_root(document), token_fields, 3, &spans, &problem));
    keep_text(c->module, spans.module);
    keep_text(c->token, spans.token);
    keep_text(c->pin_file, spans.pin_file);
    return OK;
}

/* The token that was named, else the soft one. */
MUST_USE static Status find_token(const Layout *l, VaultCustody *c)
{
    char path[PATH_BYTES_MAX];
    const char *module = NULL;
    if (access(path_in(path, l->directory, SETTINGS), F_OK) == 0) return read_token(path, c);
    c->is_soft = true;
    TRY(soft_token_module(&module));
    keep_text(c->module, span_of_text(module));
    keep_text(c->token, SPAN(SOFT_TOKEN_LABEL));
    path_in(c->pin_file, l->directory, SOFT_TOKEN_PIN);
    return soft_token_settings(l);
}

static void find_kind(const Layout *l, VaultCustody *c)
{
    /* In a turn of the root that was cut the keys may have a third name; vaultd ends it. */
    const bool has_keys = has_bytes(l, "vault/keys.a") || has_bytes(l, "vault/keys.b")
            || has_bytes(l, "vault/turn.made");
    *c = (VaultCustody) { .kind = CUSTODY_DEVELOPMENT, .is_new = !has_keys };
    for (size_t i = 0; i < CUSTODIES; i++) {
        if (!has_bytes(l, custodies[i].file)) continue;
        c->kind = custodies[i].kind;
        c->is_begun = true;
    }
}

Status vault_custody_find(const Layout *l, VaultCustody *ret_custody)
{
    find_kind(l, ret_custody);
    return ret_custody->kind == CUSTODY_UNATTENDED ? find_token(l, ret_custody) : OK;
}

/* --- the choice --- */

/* Later starts may come from another folder. A library or PIN file may move: what is named last
 * counts, and the token itself says whether it is the right one. */
Status vault_custody_keep_token(
        const Layout *l, const char *named_module, const char *token, const char *named_pin_file)
{
    uint8_t memory[SETTINGS_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    char *module = realpath(named_module, NULL);
    char *pin_file = realpath(named_pin_file, NULL);
    if (module == NULL) fprintf(stderr, "hufu: %s: %s\n", named_module, strerror(errno));
    if (pin_file == NULL) fprintf(stderr, "hufu: %s: %s\n", named_pin_file, strerror(errno));
    Status s = module == NULL ? REFUSE(REFUSED_HSM_MODULE) : OK;
    if (status_ok(s) && pin_file == NULL) s = REFUSE(REFUSED_HSM_PIN_FILE);
    if (status_ok(s))
        s = buffer_print(&text,
                "# Written by `hufu up --custody hsm`.\nmodule: \"%s\"\ntoken: \"%s\"\n"
                "pin_file: \"%s\"\n",
                module, token, pin_file);
    free(module);
    free(pin_file);
    TRY(s);
    return file_write(path_in(path, l->directory, SETTINGS), 0644, span_of_buffer(&text));
}

MUST_USE static Status refuse_change(const Layout *l, Custody has, const char *wanted)
{
    const char *word = vault_custody_word(has);
    fprintf(stderr,
            "hufu: the vault in %s is in %s custody, chosen at its first start; it does not "
            "become %s.\n"
            "  go on with it   hufu up --directory %s --custody %s\n"
            "  start another   hufu up --directory ANOTHER --custody %s\n"
            "  start over      hufu up --directory %s --fresh --custody %s   (forgets everything "
            "there)\n",
            l->directory, word, wanted, l->directory, word, wanted, l->directory, wanted);
    return REFUSE(REFUSED_CUSTODY_MISMATCH);
}

Status vault_custody_choose(const Layout *l, const CustodyAsked *asked, VaultCustody *ret_custody)
{
    find_kind(l, ret_custody);
    Custody wanted = ret_custody->kind;
    if (asked->name != NULL) TRY(vault_custody_parse(asked->name, &wanted));
    const bool is_chosen = ret_custody->is_begun || !ret_custody->is_new;
    if (is_chosen && wanted != ret_custody->kind)
        return refuse_change(l, ret_custody->kind, asked->name);
    ret_custody->kind = wanted;
    if (asked->module != NULL)
        TRY(vault_custody_keep_token(l, asked->module, asked->token, asked->pin_file));
    return wanted == CUSTODY_UNATTENDED ? find_token(l, ret_custody) : OK;
}

/* --- the first start --- */

MUST_USE static Status hold_ceremony(const Layout *l, const Users *users, const char *suite,
        const CustodyAsked *asked, const VaultCustody *c)
{
    char vault[PATH_BYTES_MAX];
    char record[PATH_BYTES_MAX];
    const struct passwd *caller = getpwuid(getuid());
    Ceremony ceremony = { .vault = path_in(vault, l->directory, "vault"),
        .custody = vault_custody_name(c->kind),
        .suite = suite,
        .record = path_in(record, l->directory, PATH_CEREMONY_RECORD),
        .needed = asked->needed,
        .shares = asked->shares,
        .who = asked->who };
    if (c->kind == CUSTODY_UNATTENDED) {
        ceremony.module = c->module;
        ceremony.token = c->token;
        ceremony.pin_file = c->pin_file;
    }
    if (ceremony.who.count == 0)
        ceremony.who.values[ceremony.who.count++] = caller == NULL ? "hufu up" : caller->pw_name;
    CHECK(unlink(record) == 0 || errno == ENOENT, FAULT_DISK); /* of one that was cut short */
    TRY(ceremony_hold(&ceremony, l->programs, users));
    printf("  the keys are made; the signed record of it is %s\n", record);
    ceremony_print_forms(&ceremony);
    return OK;
}

Status vault_custody_make(const Layout *l, const Users *users, const char *suite,
        const CustodyAsked *asked, const VaultCustody *c)
{
    if (!c->is_new || c->kind == CUSTODY_DEVELOPMENT) return OK; /* vaultd makes its own */
    if (c->kind == CUSTODY_CUSTODIANS && asked->shares.count == 0) {
        fprintf(stderr,
                "hufu: the root is shared among people when the keys are made: name a new file for "
                "each share,\n"
                "  and how many of them open the vault. `--share -` shows one here instead, once.\n"
                "  hufu up --custody custodians --needed 2 --share alice.share --share bob.share "
                "--share carol.share\n");
        return REFUSE(REFUSED_SHARES_NUMBER);
    }
    if (c->is_soft && !c->is_begun) { /* else it is the one that opens the root */
        printf("  making a token in software (SoftHSM 2) in %s/token\n", l->directory);
        TRY(soft_token_make(l, users));
    }
    return hold_ceremony(l, users, suite, asked, c);
}

/* `hufu policy`: what is in force and why, and overrides that two people sign (policy/amend.h). */
#include "admin_client.h"
#include "layout.h"
#include "people.h"

#include "base/time.h"
#include "crypto/digest.h"
#include "policy/amend.h"
#include "vaultclient/policy.h"

static void client_done(VaultClient **client) { vaultclient_close(*client); }

MUST_USE static Status open_vault(const char *directory, VaultClient **ret_client)
{
    char path[PATH_BYTES_MAX];
    const VaultClientConfig config = {
        .socket_path = path_in(path, directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    return vaultclient_open(&config, ret_client);
}

/* --- names: one that is unknown is answered with those that are known --- */

static int no_class(const char *given)
{
    fprintf(stderr, "hufu policy: no class is called `%s`; there are:\n", given);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        fprintf(stderr, "  %-16s %s\n", data_class_at(i)->name, data_class_at(i)->meaning);
    return EXIT_USAGE;
}

static int no_name(PolicyRegistry registry, const char *kind, const char *given)
{
    fprintf(stderr, "hufu policy: no %s is called `%s`; there are:\n", kind, given);
    for (size_t i = 0; i < policy_name_count(registry); i++) {
        uint8_t number = 0;
        const char *meaning = NULL;
        const char *name = policy_name_at(registry, i, &number, &meaning);
        fprintf(stderr, "  %-18s %s\n", name, meaning);
    }
    return EXIT_USAGE;
}

typedef struct Cell {
    DataClass class;
    uint8_t layer;
    uint8_t purpose;
} Cell;

/* EXIT_DONE, or what was said about the first wrong name. */
static int read_cell(const char *class, const char *layer, const char *purpose, Cell *ret)
{
    if (!data_class_of(span_of_text(class), &ret->class)) return no_class(class);
    if (!policy_number(POLICY_LAYERS, span_of_text(layer), &ret->layer))
        return no_name(POLICY_LAYERS, "layer", layer);
    if (!policy_number(POLICY_PURPOSES, span_of_text(purpose), &ret->purpose))
        return no_name(POLICY_PURPOSES, "purpose", purpose);
    return EXIT_DONE;
}

static void show_forms(PolicyForms forms, PolicyForm usual)
{
    uint8_t memory[128];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(policy_put_forms(forms, usual, &text)))
        printf("%.*s", (int)text.size, (const char *)text.data);
}

static void show_time(int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(time_format(time_us, &text)))
        printf("%.*s", (int)text.size, (const char *)text.data);
}

/* --- explain --- */

typedef struct Explained {
    Cell cell;
    PolicyPurpose purpose; /* of the rule that counted */
    bool shown;
} Explained;

static Status show_who(
        void *context, const WirePolicySet *set, const PolicyBlob *blob, int64_t now_us)
{
    Explained *e = context;
    for (size_t i = 0; i < blob->count && !e->shown; i++) {
        const PolicyAmendment *a = &blob->amendments[i];
        if (a->kind != AMEND_RULE || a->class != e->cell.class || a->layer != e->cell.layer
                || a->purpose != (uint8_t)e->purpose)
            continue;
        printf("  from      %s, version %llu, signed by %.*s and %.*s\n",
                policy_amendment_is_override(a) ? "an override" : "a stricter rule",
                (unsigned long long)set->version, (int)set->first.size,
                (const char *)set->first.data, (int)set->second.size,
                (const char *)set->second.data);
        printf("  clause    %.*s\n  reason    %.*s\n", (int)a->clause.size,
                (const char *)a->clause.data, (int)a->reason.size, (const char *)a->reason.data);
        if (a->until_us != 0) {
            printf("  until     ");
            show_time(a->until_us);
            printf("\n");
        }
        e->shown = true;
    }
    return OK;
}

static void explain(const PolicyDecision *d, const Cell *cell)
{
    printf("%s at %s for %s: ", data_class_name(cell->class),
            policy_name(POLICY_LAYERS, cell->layer), policy_name(POLICY_PURPOSES, cell->purpose));
    show_forms(d->forms, d->usual);
    printf("\n  rule      for %s\n", policy_name(POLICY_PURPOSES, d->purpose));
    if (d->amended || d->rule == NULL) return;
    printf("  clause    %s\n  why       %s\n  from      the default (rules/policy.yaml)\n",
            d->rule->clause, d->rule->why);
}

int command_policy_explain(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *class = NULL;
    const char *layer = NULL;
    const char *purpose = "any";
    const Option options[] = {
        { "CLASS", OPTION_TEXT, NULL, "such as card, password, phone", &class, 0, 0 },
        { "LAYER", OPTION_TEXT, NULL, "such as database, log, display", &layer, 0, 0 },
        { "--purpose", OPTION_TEXT, "NAME", "what for [any]", &purpose, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu policy explain",
        "Say what may be done with a class of data at a layer, which article demands it, and "
        "whether "
        "that\n"
        "is the default or was signed since. Without a running vault: the default.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    Explained e = { 0 };
    exit_status = read_cell(class, layer, purpose, &e.cell);
    if (exit_status != EXIT_DONE) return exit_status;
    CLEANUP(client_done) VaultClient *vault = NULL;
    Status s = open_vault(directory, &vault);
    if (status_ok(s)) s = vaultclient_policy_adopt(vault);
    const Clock clock = clock_system();
    const PolicyDecision d = policy_decide(
            policy_in_force(), e.cell.class, e.cell.layer, e.cell.purpose, clock_now_us(&clock));
    e.purpose = d.purpose;
    explain(&d, &e.cell);
    if (!status_ok(s)) printf("  note      the vault does not answer: this is the default\n");
    if (d.amended && status_ok(s)) s = vaultclient_policy_walk(vault, show_who, &e);
    return EXIT_DONE;
}

/* --- list --- */

static Status show_set(
        void *context, const WirePolicySet *set, const PolicyBlob *blob, int64_t now_us)
{
    bool *newest = context;
    printf("version %llu  ", (unsigned long long)set->version);
    show_time(set->set_us);
    printf("  %.*s and %.*s: %.*s\n", (int)set->first.size, (const char *)set->first.data,
            (int)set->second.size, (const char *)set->second.data, (int)set->reason.size,
            (const char *)set->reason.data);
    for (size_t i = 0; i < blob->count; i++) {
        const PolicyAmendment *a = &blob->amendments[i];
        const bool lives = *newest && !policy_amendment_is_over(a, now_us);
        printf("  %-8s %-6s %s", policy_amendment_is_override(a) ? "override" : "stricter",
                lives ? "live" : "past", data_class_name(a->class));
        if (a->kind == AMEND_RULE) {
            printf(" at %s for %s: ", policy_name(POLICY_LAYERS, a->layer),
                    policy_name(POLICY_PURPOSES, a->purpose));
            show_forms(a->forms, (PolicyForm)a->usual);
        } else {
            printf(" shown as %s, first %u, last %u", policy_name(POLICY_SHAPES, a->mask.shape),
                    a->mask.first, a->mask.last);
        }
        if (a->until_us != 0) printf(", until ");
        if (a->until_us != 0) show_time(a->until_us);
        printf("\n           %.*s  %.*s\n", (int)a->clause.size, (const char *)a->clause.data,
                (int)a->reason.size, (const char *)a->reason.data);
    }
    *newest = false;
    return OK;
}

int command_policy_list(int argc, char **argv)
{
    const char *directory = directory_default();
    bool rules = false;
    const Option options[] = {
        { "--rules", OPTION_FLAG, NULL, "every rule of the default too", &rules, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu policy list",
        "List what two people set in place of the default: live and past overrides, who signed "
        "them, "
        "why,\n"
        "and until when.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    for (size_t i = 0; rules && i < policy_rule_count(); i++) {
        const PolicyRule *rule = policy_rule_at(i);
        printf("%-16s %-14s %-18s %-8s ", data_class_name(rule->class),
                policy_name(POLICY_LAYERS, rule->layer),
                policy_name(POLICY_PURPOSES, rule->purpose), rule->clause);
        show_forms(rule->forms, (PolicyForm)rule->usual);
        printf("\n");
    }
    CLEANUP(client_done) VaultClient *vault = NULL;
    bool newest = true;
    Status s = open_vault(directory, &vault);
    if (status_ok(s)) s = vaultclient_policy_walk(vault, show_set, &newest);
    if (!status_ok(s)) return command_failed("policy list", s);
    if (newest) printf("The default (rules/policy.yaml) is in force; nothing was ever signed.\n");
    return EXIT_DONE;
}

/* --- override --- */

typedef struct Override {
    const char *directory;
    const char *until;
    const char *clause;
    const char *reason;
    PolicyAmendment amendment;
    Person people[2];
} Override;

/* "clear,mask": the usual form first. */
static int read_forms(const char *text, PolicyAmendment *ret)
{
    Cursor c = cursor_of(span_of_text(text));
    for (bool first = true; c.rest.size > 0; first = false) {
        Span name = c.rest;
        if (!status_ok(cursor_until(&c, ',', &name))) c.rest = (Span) { 0 };
        uint8_t form = 0;
        if (!policy_number(POLICY_FORMS, name, &form)) return no_name(POLICY_FORMS, "form", text);
        if (first) ret->usual = form;
        if (form != FORM_REFUSE) ret->forms |= FORM_BIT(form);
    }
    return EXIT_DONE;
}

/* What is in force without what has ended, with this cell as it is to be. */
MUST_USE static Status next_policy(
        VaultClient *vault, const PolicyAmendment *wanted, Buffer *memory, PolicyBlob *ret_blob)
{
    VaultPolicy policy;
    PolicyBlob now = { 0 };
    TRY(vaultclient_policy_get(vault, 0, memory, &policy));
    if (policy.found) TRY(policy_blob_read(policy.set.blob, &now));
    *ret_blob = (PolicyBlob) { .version = now.version + 1 };
    for (size_t i = 0; i < now.count; i++) {
        const PolicyAmendment *a = &now.amendments[i];
        const bool same = a->kind == AMEND_RULE
                && a->class == wanted->class && a->layer == wanted->layer
                && a->purpose == wanted->purpose;
        if (!same && !policy_amendment_is_over(a, policy.book.now_us))
            ret_blob->amendments[ret_blob->count++] = *a;
    }
    REQUIRE(ret_blob->count < POLICY_AMENDMENTS_MAX, REFUSED_BUFFER_FULL);
    const PolicyDecision d =
            policy_decide(policy_default(), wanted->class, wanted->layer, wanted->purpose, 0);
    if (d.forms != wanted->forms || d.usual != (PolicyForm)wanted->usual)
        ret_blob->amendments[ret_blob->count++] = *wanted;
    size_t wrong = 0;
    return policy_blob_check(ret_blob, policy.book.now_us, &wrong);
}

MUST_USE static Status sign_and_set(Override *o)
{
    uint8_t answer[WIRE_POLICY_BYTES_MAX + 1024];
    uint8_t bytes[POLICY_BLOB_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer memory = BUFFER_OF(answer);
    Buffer blob_bytes = BUFFER_OF(bytes);
    PolicyBlob blob;
    WireApproval approvals[2];
    CLEANUP(client_done) VaultClient *vault = NULL;
    TRY(open_vault(o->directory, &vault));
    TRY(next_policy(vault, &o->amendment, &memory, &blob));
    TRY(policy_blob_write(&blob, &blob_bytes));
    sha256(span_of_buffer(&blob_bytes), digest);
    for (size_t i = 0; i < 2; i++)
        TRY(person_approve(&o->people[i], SPAN("set-policy"), SPAN_OF(digest),
                span_of_text(o->reason), &approvals[i]));
    TRY(vaultclient_policy_set(vault, approvals, span_of_buffer(&blob_bytes)));
    printf("policy version %llu is in force\n", (unsigned long long)blob.version);
    return OK;
}

MUST_USE static Status override(Override *o, const OptionList *keys)
{
    PolicyAmendment *a = &o->amendment;
    a->kind = AMEND_RULE;
    a->clause = span_of_text(o->clause);
    a->reason = span_of_text(o->reason);
    if (o->until != NULL) TRY(time_parse(span_of_text(o->until), &a->until_us));
    Status s = OK;
    for (size_t i = 0; i < 2 && status_ok(s); i++)
        s = person_load(o->directory, keys->values[i], &o->people[i]);
    if (status_ok(s)) s = sign_and_set(o);
    for (size_t i = 0; i < 2; i++)
        person_free(&o->people[i]);
    return s;
}

int command_policy_override(int argc, char **argv)
{
    Override o = { .directory = directory_default(), .clause = "" };
    OptionList keys = { 0 };
    const char *class = NULL;
    const char *layer = NULL;
    const char *forms = NULL;
    const char *purpose = "any";
    const Option options[] = {
        { "CLASS", OPTION_TEXT, NULL, "such as card, password, phone", &class, 0, 0 },
        { "LAYER", OPTION_TEXT, NULL, "such as database, log, display", &layer, 0, 0 },
        { "FORMS", OPTION_TEXT, NULL, "such as clear,mask: the usual first; or refuse", &forms, 0,
                0 },
        { "--purpose", OPTION_TEXT, "NAME", "what for [any]", &purpose, 0, 0 },
        { "--until", OPTION_TEXT, "TIME", "its end, RFC 3339; an override needs one", &o.until, 0,
                0 },
        { "--clause", OPTION_TEXT, "TP-n", "which article it touches", &o.clause, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "why, up to 100 bytes; signed (required)", &o.reason, 0,
                0 },
        { "--key", OPTION_LIST, "OPERATOR",
                "twice: a name in DIR/operators/, or a path to NAME.key.pem", &keys, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &o.directory, 0, 0 },
    };
    const Usage usage = { "hufu policy override",
        "Put another rule in place of the default, for a while: two enrolled operators sign it. "
        "With the\n"
        "forms of the default it takes an earlier one back. Prohibited data has no override "
        "(TP-5).",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const bool reasoned =
            o.reason != NULL && o.reason[0] != '\0' && strlen(o.reason) <= POLICY_REASON_BYTES_MAX;
    if (keys.count != 2 || !reasoned) {
        fprintf(stderr,
                "hufu policy override: --key twice and --reason are needed\n"
                "See `hufu policy override --help`.\n");
        return EXIT_USAGE;
    }
    Cell cell = { 0 };
    exit_status = read_cell(class, layer, purpose, &cell);
    if (exit_status == EXIT_DONE) exit_status = read_forms(forms, &o.amendment);
    if (exit_status != EXIT_DONE) return exit_status;
    o.amendment.class = (uint16_t)cell.class;
    o.amendment.layer = cell.layer;
    o.amendment.purpose = cell.purpose;
    const Status s = override(&o, &keys);
    return status_ok(s) ? EXIT_DONE : command_failed("policy override", s);
}

/* `hufu policy explain` and `list`: what is in force, why, and who signed it. */
#include "policy_command.h"

#include "base/seams.h"

/* --- explain --- */

typedef struct Explained {
    PolicyCell cell;
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
            policy_show_time(a->until_us);
            printf("\n");
        }
        e->shown = true;
    }
    return OK;
}

static void explain(const PolicyDecision *d, const PolicyCell *cell)
{
    printf("%s at %s for %s: ", data_class_name(cell->class),
            policy_name(POLICY_LAYERS, cell->layer), policy_name(POLICY_PURPOSES, cell->purpose));
    policy_show_forms(d->forms, d->usual);
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
    exit_status = policy_read_cell(class, layer, purpose, &e.cell);
    if (exit_status != EXIT_DONE) return exit_status;
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    Status s = together_vault(directory, &vault);
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
    policy_show_time(set->set_us);
    printf("  %.*s and %.*s: %.*s\n", (int)set->first.size, (const char *)set->first.data,
            (int)set->second.size, (const char *)set->second.data, (int)set->reason.size,
            (const char *)set->reason.data);
    for (size_t i = 0; i < blob->count; i++) {
        const PolicyAmendment *a = &blob->amendments[i];
        const bool lives = *newest && !policy_amendment_is_over(a, now_us);
        policy_show_amendment(a, lives ? "live" : "past");
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
        policy_show_forms(rule->forms, (PolicyForm)rule->usual);
        printf("\n");
    }
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    bool newest = true;
    Status s = together_vault(directory, &vault);
    if (status_ok(s)) s = vaultclient_policy_walk(vault, show_set, &newest);
    if (!status_ok(s)) return command_failed("policy list", s);
    if (newest) printf("The default (rules/policy.yaml) is in force; nothing was ever signed.\n");
    return EXIT_DONE;
}

#include "policy_command.h"

#include "base/time.h"
#include "crypto/digest.h"

/* --- names --- */

int policy_no_class(const char *given)
{
    fprintf(stderr, "hufu policy: no class is called `%s`; there are:\n", given);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        fprintf(stderr, "  %-16s %s\n", data_class_at(i)->name, data_class_at(i)->meaning);
    return EXIT_USAGE;
}

int policy_no_name(PolicyRegistry registry, const char *kind, const char *given)
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

int policy_read_cell(
        const char *class, const char *layer, const char *purpose, PolicyCell *ret_cell)
{
    if (!data_class_of(span_of_text(class), &ret_cell->class)) return policy_no_class(class);
    if (!policy_number(POLICY_LAYERS, span_of_text(layer), &ret_cell->layer))
        return policy_no_name(POLICY_LAYERS, "layer", layer);
    if (!policy_number(POLICY_PURPOSES, span_of_text(purpose), &ret_cell->purpose))
        return policy_no_name(POLICY_PURPOSES, "purpose", purpose);
    return EXIT_DONE;
}

/* --- showing --- */

void policy_show_forms(PolicyForms forms, PolicyForm usual)
{
    uint8_t memory[128];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(policy_put_forms(forms, usual, &text)))
        printf("%.*s", (int)text.size, (const char *)text.data);
}

void policy_show_time(int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(time_format(time_us, &text)))
        printf("%.*s", (int)text.size, (const char *)text.data);
}

void policy_show_amendment(const PolicyAmendment *a, const char *state)
{
    printf("  %-8s %-6s %s", policy_amendment_is_override(a) ? "override" : "stricter", state,
            data_class_name(a->class));
    if (a->kind == AMEND_RULE) {
        printf(" at %s for %s: ", policy_name(POLICY_LAYERS, a->layer),
                policy_name(POLICY_PURPOSES, a->purpose));
        policy_show_forms(a->forms, (PolicyForm)a->usual);
    } else {
        printf(" shown as %s, first %u, last %u", policy_name(POLICY_SHAPES, a->mask.shape),
                a->mask.first, a->mask.last);
    }
    if (a->until_us != 0) printf(", until ");
    if (a->until_us != 0) policy_show_time(a->until_us);
    printf("\n           %.*s  %.*s\n", (int)a->clause.size, (const char *)a->clause.data,
            (int)a->reason.size, (const char *)a->reason.data);
}

/* --- signing --- */

int policy_act_check(PolicyAct *act)
{
    const bool known = act->clause == NULL || act->clause[0] == '\0'
            || policy_clause_is_known(span_of_text(act->clause));
    if (!known) {
        fprintf(stderr, "hufu %s: --clause: no such clause\nSee `hufu %s --help`.\n", act->command,
                act->command);
        return EXIT_USAGE;
    }
    const bool whole = together_is_whole(&act->together, act->command, POLICY_REASON_BYTES_MAX);
    return whole ? EXIT_DONE : EXIT_USAGE;
}

Status policy_act_until(const PolicyAct *act, int64_t *ret_until_us)
{
    *ret_until_us = 0;
    return act->until == NULL ? OK : time_parse(span_of_text(act->until), ret_until_us);
}

Status policy_act_sign(const PolicyAct *act, Span operation, Span bytes,
        uint8_t digest[DIGEST_SHA256_BYTES], TogetherSigned *ret_signed)
{
    sha256(bytes, digest);
    return together_sign(
            &act->together, operation, (Span) { digest, DIGEST_SHA256_BYTES }, ret_signed);
}

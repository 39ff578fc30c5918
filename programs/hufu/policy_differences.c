/* What a policy file has otherwise than the default, cell by cell. */
#include "policy_file.h"

typedef struct Differences {
    const PolicyFile *file;
    int64_t until_us;
    PolicyBlob *blob;
    size_t count;
} Differences;

static void add(Differences *d, PolicyAmendment a)
{
    if (policy_amendment_is_override(&a)) a.until_us = d->until_us;
    if (d->count < POLICY_AMENDMENTS_MAX) d->blob->amendments[d->blob->count++] = a;
    d->count++;
}

static bool is_same(const PolicyFileCell *cell, PolicyForms forms, uint8_t usual)
{
    return cell->forms == forms && cell->usual == usual;
}

/* A purpose without a rule of its own in the default follows `any`, amended or not. */
static bool follows(const Differences *d, size_t class, uint32_t layer, uint32_t purpose)
{
    const PolicyFileCell *wanted = policy_file_decide(d->file, class, layer, purpose);
    const PolicyFileCell *any = policy_file_decide(d->file, class, layer, PURPOSE_ANY);
    const PolicyRule *rule = policy_rule_find(data_class_at(class)->class, layer, purpose);
    if (rule != NULL) return is_same(wanted, rule->forms, rule->usual);
    return purpose != PURPOSE_ANY && is_same(wanted, any->forms, any->usual);
}

static void compare_rules(Differences *d, size_t class)
{
    for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
        for (uint32_t purpose = 0; purpose < POLICY_PURPOSE_COUNT; purpose++) {
            if (follows(d, class, layer, purpose)) continue;
            const PolicyFileCell *cell = policy_file_decide(d->file, class, layer, purpose);
            add(d,
                    (PolicyAmendment) { .kind = AMEND_RULE,
                            .class = (uint16_t)data_class_at(class)->class,
                            .layer = (uint8_t)layer,
                            .purpose = (uint8_t)purpose,
                            .usual = cell->usual,
                            .forms = cell->forms,
                            .clause = cell->clause,
                            .reason = cell->why });
        }
    }
}

static void compare_mask(Differences *d, size_t class, Span clause, Span reason)
{
    const uint16_t number = (uint16_t)data_class_at(class)->class;
    const PolicyMask usual = policy_mask(policy_default(), number, 0);
    const PolicyMask mask = d->file->masks[class];
    if (mask.shape == usual.shape && mask.first == usual.first && mask.last == usual.last) return;
    add(d,
            (PolicyAmendment) { .kind = AMEND_MASK,
                    .class = number,
                    .mask = mask,
                    .clause = clause,
                    .reason = reason });
}

Status policy_file_differences(const PolicyFile *file, int64_t until_us, Span clause, Span reason,
        PolicyBlob *ret_blob, size_t *ret_count)
{
    Differences d = { file, until_us, ret_blob, 0 };
    *ret_blob = (PolicyBlob) { .version = 1 };
    for (size_t class = 0; class < DATA_CLASS_COUNT; class ++) {
        compare_rules(&d, class);
        compare_mask(&d, class, clause, reason);
    }
    *ret_count = d.count;
    REQUIRE(d.count <= POLICY_AMENDMENTS_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

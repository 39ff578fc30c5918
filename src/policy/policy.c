#include "policy/policy.h"

#include "base/seams.h"
#include "policy/amend.h"
#include "policy/cells.h"

#include "policy_default.inc"

enum { RULES = sizeof(default_rules) / sizeof(default_rules[0]) };

static Policy in_force;
static const Policy nothing_amended;

const Policy *policy_in_force(void) { return &in_force; }
Policy *policy_of_process(void) { return &in_force; }
const Policy *policy_default(void) { return &nothing_amended; }

size_t policy_rule_count(void) { return RULES; }

const PolicyRule *policy_rule_at(size_t index)
{
    ASSERT(index < RULES);
    return &default_rules[index];
}

static const PolicyRule *rule_in(size_t class, uint32_t layer, uint32_t purpose)
{
    const uint16_t rule = default_index[class][layer - 1][purpose];
    return rule == 0 ? NULL : &default_rules[rule - 1];
}

static bool is_known(size_t class, uint32_t layer, uint32_t purpose)
{
    return class < DATA_CLASS_COUNT && layer >= 1 && layer <= POLICY_LAYER_COUNT
            && purpose < POLICY_PURPOSE_COUNT;
}

const PolicyRule *policy_rule_find(uint32_t class, uint32_t layer, uint32_t purpose)
{
    const size_t index = data_class_index(class);
    return is_known(index, layer, purpose) ? rule_in(index, layer, purpose) : NULL;
}

bool policy_clause_is_known(Span clause)
{
    for (size_t i = 0; i < sizeof(known_clauses) / sizeof(known_clauses[0]); i++)
        if (span_equal(clause, span_of_text(known_clauses[i]))) return true;
    return false;
}

bool policy_is_fixed(uint32_t class)
{
    return class == CLASS_PROHIBITED || class == CLASS_CARD_EXPIRY;
}

/* The default's answer, or what two people put in its place for a while. False: neither has a rule
 * for just this purpose. */
static bool decide_for(const Policy *policy, size_t class, uint32_t layer, PolicyPurpose purpose,
        int64_t now_us, PolicyDecision *ret)
{
    const PolicyRule *rule = rule_in(class, layer, purpose);
    const uint64_t cell =
            atomic_load_explicit(&policy->cells[class][layer - 1][purpose], memory_order_relaxed);
    const bool amended = cell_lives(cell, CELL_RULE_UNTIL, now_us);
    if (!amended && rule == NULL) return false;
    *ret = (PolicyDecision) { .rule = rule, .purpose = purpose, .amended = amended };
    ret->forms = amended ? (PolicyForms)cell : rule->forms;
    ret->usual = amended ? (PolicyForm)((cell >> 8) & 0xFF) : (PolicyForm)rule->usual;
    ret->until_us = amended ? cell_until_us(cell, CELL_RULE_UNTIL) : 0;
    return true;
}

PolicyDecision policy_decide(
        const Policy *policy, uint32_t class, uint32_t layer, uint32_t purpose, int64_t now_us)
{
    PolicyDecision decision = { .usual = FORM_REFUSE };
    const size_t index = data_class_index(class);
    if (!is_known(index, layer, purpose)) return decision;
    if (decide_for(policy, index, layer, (PolicyPurpose)purpose, now_us, &decision))
        return decision;
    (void)decide_for(policy, index, layer, PURPOSE_ANY, now_us, &decision);
    return decision;
}

Status policy_allow(uint32_t class, uint32_t layer, uint32_t purpose, PolicyForm form)
{
    REQUIRE(is_known(data_class_index(class), layer, purpose), REFUSED_POLICY_UNKNOWN);
    REQUIRE((uint32_t)form < POLICY_FORM_COUNT, REFUSED_POLICY_UNKNOWN);
    const Clock clock = clock_system();
    const bool timed = atomic_load_explicit(&in_force.amended, memory_order_relaxed);
    const int64_t now_us = timed ? clock_now_us(&clock) : 0;
    const PolicyDecision d = policy_decide(&in_force, class, layer, purpose, now_us);
    REQUIRE(d.forms != 0, REFUSED_POLICY_REFUSES);
    REQUIRE((d.forms & FORM_BIT(form)) != 0 && form != FORM_REFUSE, REFUSED_POLICY_FORM);
    return OK;
}

PolicyMask policy_mask(const Policy *policy, uint32_t class, int64_t now_us)
{
    const size_t index = data_class_index(class);
    if (index == DATA_CLASS_COUNT) return (PolicyMask) { 0 };
    const uint64_t cell = atomic_load_explicit(&policy->masks[index], memory_order_relaxed);
    if (!cell_lives(cell, CELL_MASK_UNTIL, now_us)) return default_masks[index];
    return (PolicyMask) { (uint8_t)cell, (uint8_t)(cell >> 8), (uint8_t)(cell >> 16) };
}

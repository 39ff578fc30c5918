#pragma once
/*
 * policy: what may be done with which class of data, where and what for. One table, compiled from
 * rules/policy.yaml; one function, policy_decide(); every door asks it (DESIGN section 5.2).
 *
 *     TRY(policy_allow(CLASS_CARD, LAYER_LOG, PURPOSE_ANY, FORM_MASK));
 *
 * What is in force is the default, with what two people signed since laid over it (amend.h): a
 * cell may be amended for a while, and is the default's again when its time is over. A door asks
 * on every use; an answer costs two loads. Source: TP-4 to TP-9, LL-4.5.2. Floor 0.
 *
 * Shared state: policy_in_force() is one for the process, changed cell by cell with atomic stores.
 */
#include "policy/classes.h"

#include <stdatomic.h>

typedef enum PolicyLayer {
#define POLICY_LAYER(number, name, text, meaning) LAYER_##name = number,
#include "policy/names.def"
#undef POLICY_LAYER
} PolicyLayer;

typedef enum PolicyPurpose {
#define POLICY_PURPOSE(number, name, text, meaning) PURPOSE_##name = number,
#include "policy/names.def"
#undef POLICY_PURPOSE
} PolicyPurpose;

typedef enum PolicyForm {
#define POLICY_FORM(number, name, text, meaning) FORM_##name = number,
#include "policy/names.def"
#undef POLICY_FORM
} PolicyForm;

typedef enum MaskShape {
#define POLICY_SHAPE(number, name, text, meaning) MASK_SHAPE_##name = number,
#include "policy/names.def"
#undef POLICY_SHAPE
} MaskShape;

enum {
    POLICY_LAYER_COUNT = 16, /* numbers 1..16 */
    POLICY_PURPOSE_COUNT = 9, /* numbers 0..8 */
    POLICY_FORM_COUNT = 7, /* numbers 0..6 */
};

/* Several forms; none: refused. */
typedef uint8_t PolicyForms;
#define FORM_BIT(form) ((PolicyForms)(1u << (form)))

/* A rule of the default; expanded, so that each names one class, layer and purpose. */
typedef struct PolicyRule {
    uint8_t class; /* DataClass */
    uint8_t layer; /* PolicyLayer */
    uint8_t purpose; /* PolicyPurpose */
    uint8_t usual; /* PolicyForm: the first that the file names; FORM_REFUSE: none */
    PolicyForms forms;
    const char *clause; /* "TP-8" */
    const char *why; /* one line */
} PolicyRule;

/* How much of a value a mask shows (mask_value.h). */
typedef struct PolicyMask {
    uint8_t shape; /* MaskShape */
    uint8_t first; /* characters that stay at the beginning */
    uint8_t last; /* and at the end */
} PolicyMask;

/* What is laid over the default; zeroes: nothing is. Packed by amend.c; no pointer in it. */
typedef struct Policy {
    _Atomic uint64_t cells[DATA_CLASS_COUNT][POLICY_LAYER_COUNT][POLICY_PURPOSE_COUNT];
    _Atomic uint64_t masks[DATA_CLASS_COUNT];
    _Atomic bool amended; /* something is: who asks must know the time */
} Policy;

typedef struct PolicyDecision {
    PolicyForms forms; /* 0: refused */
    PolicyForm usual; /* what a door does when it may choose; FORM_REFUSE when refused */
    const PolicyRule *rule; /* of the default; NULL: no rule, so refused */
    PolicyPurpose purpose; /* of the rule that counted: the one asked for, or PURPOSE_ANY */
    bool amended; /* two people signed something else, and it is in force */
    int64_t until_us; /* when that ends; 0: never */
} PolicyDecision;

/* What is in force in this process: the default until something was adopted (amend.h). */
const Policy *policy_in_force(void);
/* The default alone. */
const Policy *policy_default(void);

/* The one function. Any numbers may be asked for: what is not known is refused. */
PolicyDecision policy_decide(
        const Policy *policy, uint32_t class, uint32_t layer, uint32_t purpose, int64_t now_us);

/* For a door: may data of this class go there in this form, by what is in force now?
 * Refuses REFUSED_POLICY_REFUSES (in no form), REFUSED_POLICY_FORM (in another form only),
 * REFUSED_POLICY_UNKNOWN (no such class or layer: somebody forgot to declare it). */
MUST_USE Status policy_allow(uint32_t class, uint32_t layer, uint32_t purpose, PolicyForm form);

/* How a class is masked by what is in force; an unknown class: shape ALL. */
PolicyMask policy_mask(const Policy *policy, uint32_t class, int64_t now_us);

/* All rules of the default, by class, layer and purpose; `index` < policy_rule_count(). */
size_t policy_rule_count(void);
const PolicyRule *policy_rule_at(size_t index);
/* NULL: there is none. */
const PolicyRule *policy_rule_find(uint32_t class, uint32_t layer, uint32_t purpose);
/* A clause that docs/clauses.yaml names: "TP-8", "LL-4.5.2". */
bool policy_clause_is_known(Span clause);
/* No override reaches this class (TP-5). */
bool policy_is_fixed(uint32_t class);

/* --- names; "?" and false for what is none --- */
typedef enum PolicyRegistry {
    POLICY_LAYERS = 1,
    POLICY_PURPOSES,
    POLICY_FORMS,
    POLICY_SHAPES,
} PolicyRegistry;

size_t policy_name_count(PolicyRegistry registry);
/* `index` is a position, not a number. */
const char *policy_name_at(
        PolicyRegistry registry, size_t index, uint8_t *ret_number, const char **ret_meaning);
const char *policy_name(PolicyRegistry registry, uint32_t number);
bool policy_number(PolicyRegistry registry, Span name, uint8_t *ret_number);
/* "encrypt, token" or "refuse"; the usual one first. */
MUST_USE Status policy_put_forms(PolicyForms forms, PolicyForm usual, Buffer *ret_text);

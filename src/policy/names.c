/* The names of names.def, both ways (policy.h). */
#include "policy/policy.h"

typedef struct Name {
    uint8_t number;
    const char *name;
    const char *meaning;
} Name;

static const Name layers[] = {
#define POLICY_LAYER(number, name, text, meaning) { number, text, meaning },
#include "policy/names.def"
#undef POLICY_LAYER
};
static const Name purposes[] = {
#define POLICY_PURPOSE(number, name, text, meaning) { number, text, meaning },
#include "policy/names.def"
#undef POLICY_PURPOSE
};
static const Name forms[] = {
#define POLICY_FORM(number, name, text, meaning) { number, text, meaning },
#include "policy/names.def"
#undef POLICY_FORM
};
static const Name shapes[] = {
#define POLICY_SHAPE(number, name, text, meaning) { number, text, meaning },
#include "policy/names.def"
#undef POLICY_SHAPE
};
_Static_assert(sizeof(layers) / sizeof(layers[0]) == POLICY_LAYER_COUNT, "names.def");
_Static_assert(sizeof(purposes) / sizeof(purposes[0]) == POLICY_PURPOSE_COUNT, "names.def");
_Static_assert(sizeof(forms) / sizeof(forms[0]) == POLICY_FORM_COUNT, "names.def");

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

static const Name *names_of(PolicyRegistry registry, size_t *ret_count)
{
    *ret_count = 0;
    switch (registry) {
    case POLICY_LAYERS: *ret_count = COUNT_OF(layers); return layers;
    case POLICY_PURPOSES: *ret_count = COUNT_OF(purposes); return purposes;
    case POLICY_FORMS: *ret_count = COUNT_OF(forms); return forms;
    case POLICY_SHAPES: *ret_count = COUNT_OF(shapes); return shapes;
    }
    return NULL;
}

size_t policy_name_count(PolicyRegistry registry)
{
    size_t count = 0;
    (void)names_of(registry, &count);
    return count;
}

const char *policy_name_at(
        PolicyRegistry registry, size_t index, uint8_t *ret_number, const char **ret_meaning)
{
    size_t count = 0;
    const Name *names = names_of(registry, &count);
    ASSERT(index < count);
    *ret_number = names[index].number;
    *ret_meaning = names[index].meaning;
    return names[index].name;
}

const char *policy_name(PolicyRegistry registry, uint32_t number)
{
    size_t count = 0;
    const Name *names = names_of(registry, &count);
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number) return names[i].name;
    return "?";
}

bool policy_number(PolicyRegistry registry, Span name, uint8_t *ret_number)
{
    size_t count = 0;
    const Name *names = names_of(registry, &count);
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(name, span_of_text(names[i].name))) continue;
        *ret_number = names[i].number;
        return true;
    }
    return false;
}

Status policy_put_forms(PolicyForms allowed, PolicyForm usual, Buffer *ret_text)
{
    TRY(buffer_print(ret_text, "%s", policy_name(POLICY_FORMS, usual)));
    for (uint32_t form = 1; form < POLICY_FORM_COUNT; form++) {
        if (form == (uint32_t)usual || (allowed & FORM_BIT(form)) == 0) continue;
        TRY(buffer_print(ret_text, ", %s", policy_name(POLICY_FORMS, form)));
    }
    return OK;
}

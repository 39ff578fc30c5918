#include "policy/fields.h"

static const DataField fields[] = {
#define FIELD(name, class, level, form, owner) \
    { #name, CLASS_##class, LEVEL_##level, FORM_##form, owner },
#include "policy/fields.def"
#undef FIELD
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

size_t data_field_count(void) { return FIELDS; }

const DataField *data_field_at(size_t index)
{
    ASSERT(index < FIELDS);
    return &fields[index];
}

const DataField *data_field(const char *name)
{
    size_t low = 0;
    size_t high = FIELDS;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, fields[middle].name);
        if (order == 0) return &fields[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

Status field_allow(const char *name, PolicyLayer layer, PolicyPurpose purpose)
{
    const DataField *field = data_field(name);
    REQUIRE(field != NULL, REFUSED_FIELD_UNDECLARED);
    return policy_allow(field->class, layer, purpose, field->form);
}

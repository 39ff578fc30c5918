#include "policy/classes.h"

static const DataClassFacts facts[DATA_CLASS_COUNT] = {
#define DATA_CLASS(number, name, text, level, meaning) \
    { CLASS_##name, text, LEVEL_##level, meaning },
#include "policy/classes.def"
#undef DATA_CLASS
};

const DataClassFacts *data_class_at(size_t index)
{
    ASSERT(index < DATA_CLASS_COUNT);
    return &facts[index];
}

const DataClassFacts *data_class_facts(uint32_t class)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        if ((uint32_t)facts[i].class == class) return &facts[i];
    }
    return NULL;
}

bool data_class_of(Span name, DataClass *ret_class)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        if (!span_equal(name, span_of_text(facts[i].name))) continue;
        *ret_class = facts[i].class;
        return true;
    }
    return false;
}

const char *data_class_name(uint32_t class)
{
    const DataClassFacts *known = data_class_facts(class);
    return known == NULL ? "?" : known->name;
}

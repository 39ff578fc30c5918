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

enum ClassIndex {
#define DATA_CLASS(number, name, text, level, meaning) INDEX_##name,
#include "policy/classes.def"
#undef DATA_CLASS
};

enum { NUMBERS = 128 };
static const uint8_t index_plus_one[NUMBERS] = {
#define DATA_CLASS(number, name, text, level, meaning) [number] = INDEX_##name + 1,
#include "policy/classes.def"
#undef DATA_CLASS
};

size_t data_class_index(uint32_t class)
{
    if (class >= NUMBERS || index_plus_one[class] == 0) return DATA_CLASS_COUNT;
    return index_plus_one[class] - 1u;
}

const DataClassFacts *data_class_facts(uint32_t class)
{
    const size_t index = data_class_index(class);
    return index == DATA_CLASS_COUNT ? NULL : &facts[index];
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

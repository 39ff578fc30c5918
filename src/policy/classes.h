#pragma once
/*
 * classes: the append-only registry of data classes (classes.def) with names and levels.
 *
 * Whoever declares a column, a JSON field, a log key or a sealed box takes the class from here;
 * policy.h says what each layer may do with it. Source: TP-4 to TP-9, LL-4.5.1. Floor 0.
 */
#include "base/bytes.h"

typedef enum DataLevel { LEVEL_C1 = 1, LEVEL_C2 = 2, LEVEL_C3 = 3 } DataLevel;

typedef enum DataClass {
#define DATA_CLASS(number, name, text, level, meaning) CLASS_##name = number,
#include "policy/classes.def"
#undef DATA_CLASS
} DataClass;

enum {
    DATA_CLASS_COUNT = 0
#define DATA_CLASS(number, name, text, level, meaning) +1
#include "policy/classes.def"
#undef DATA_CLASS
};

typedef struct DataClassFacts {
    DataClass class;
    const char *name; /* "card": in files and on the command line */
    DataLevel level; /* the least that a column, field or key of this class may declare */
    const char *meaning;
} DataClassFacts;

/* All of them, by number; `index` < DATA_CLASS_COUNT. */
const DataClassFacts *data_class_at(size_t index);
/* NULL for a number that is no class: of a box, a blob, a forgotten declaration. */
const DataClassFacts *data_class_facts(uint32_t class);
/* Its position among all; DATA_CLASS_COUNT for a number that is no class. */
size_t data_class_index(uint32_t class);
/* "card" -> true, CLASS_CARD. */
bool data_class_of(Span name, DataClass *ret_class);
/* "card"; "?" for a number that is no class. */
const char *data_class_name(uint32_t class);

#pragma once
/*
 * fields: what each field of our JSON is (fields.def): class, level, form and owner (LL-4.5.1).
 *
 * The writer of answers asks field_allow() for every key that it writes, the reader of requests for
 * every key that it takes (text/json.h). Floor 0. No shared state.
 */
#include "policy/policy.h"

typedef struct DataField {
    const char *name;
    DataClass class;
    DataLevel level;
    PolicyForm form; /* in which the class appears in it */
    const char *owner; /* the room that answers for it */
} DataField;

size_t data_field_count(void);
/* By name; `index` < data_field_count(). */
const DataField *data_field_at(size_t index);
/* NULL: nobody declared it. */
const DataField *data_field(const char *name);
/* Refuses REFUSED_FIELD_UNDECLARED, and what policy_allow() refuses. */
MUST_USE Status field_allow(const char *name, PolicyLayer layer, PolicyPurpose purpose);

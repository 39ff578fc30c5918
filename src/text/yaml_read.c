#include "text/yaml_inside.h"

#include <stdio.h>

/* --- walking --- */

YamlShape yaml_shape(const YamlNode *node) { return node->shape; }
int yaml_line(const YamlNode *node) { return node->line; }
size_t yaml_size(const YamlNode *node) { return node->size; }

const YamlNode *yaml_at(const YamlNode *node, size_t index)
{
    ASSERT(index < node->size);
    return node->children[index];
}

Span yaml_key_at(const YamlNode *mapping, size_t index) { return yaml_at(mapping, index)->key; }

const YamlNode *yaml_find(const YamlNode *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->size; i++)
        if (span_equal(mapping->children[i]->key, span_of_text(key))) return mapping->children[i];
    return NULL;
}

/* --- scalars --- */

static bool is_null(const YamlNode *scalar)
{
    if (!scalar->plain) return false;
    const char *const text = (const char *)scalar->text.data;
    return scalar->text.size == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static Status text_between(
        const YamlNode *node, int64_t least, int64_t most, Span *ret_text, YamlProblem *problem)
{
    if (node->shape != YAML_SHAPE_SCALAR || is_null(node))
        return yaml_blamed(node, REFUSED_YAML_TYPE, problem);
    if ((int64_t)node->text.size < least || (int64_t)node->text.size > most)
        return yaml_blamed(node, REFUSED_YAML_RANGE, problem);
    *ret_text = node->text;
    return OK;
}

Status yaml_text(const YamlNode *scalar, size_t size_max, Span *ret_text, YamlProblem *problem)
{
    return text_between(scalar, 0, (int64_t)size_max, ret_text, problem);
}

/* Plain digits; false when it is none or does not fit. */
static bool parse_int(Span text, int64_t *ret_value)
{
    const bool negative = text.size > 0 && text.data[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == text.size) return false;
    if (text.data[i] == '0' && text.size > i + 1) return false; /* 010 is eight to some readers */
    int64_t value = 0;
    for (; i < text.size; i++) {
        const int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(value, 10, &value)) return false;
        if (__builtin_sub_overflow(value, digit, &value)) return false; /* -2^63 fits */
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value)) return false;
    *ret_value = value;
    return true;
}

Status yaml_int(const YamlNode *scalar, int64_t least, int64_t most, int64_t *ret_value,
        YamlProblem *problem)
{
    int64_t value = 0;
    const bool plain = scalar->shape == YAML_SHAPE_SCALAR && scalar->plain;
    if (!plain || !parse_int(scalar->text, &value))
        return yaml_blamed(scalar, REFUSED_YAML_TYPE, problem);
    if (value < least || value > most) return yaml_blamed(scalar, REFUSED_YAML_RANGE, problem);
    *ret_value = value;
    return OK;
}

Status yaml_bool(const YamlNode *scalar, bool *ret_value, YamlProblem *problem)
{
    const bool plain = scalar->shape == YAML_SHAPE_SCALAR && scalar->plain;
    const bool yes = plain && span_equal(scalar->text, SPAN("true"));
    const bool no = plain && span_equal(scalar->text, SPAN("false"));
    if (!yes && !no) return yaml_blamed(scalar, REFUSED_YAML_TYPE, problem);
    *ret_value = yes;
    return OK;
}

/* --- reading by table --- */

static Status read_container(
        const YamlNode *node, const YamlField *field, uint8_t *place, YamlProblem *problem)
{
    if (field->kind == YAML_MAPPING && node->shape != YAML_SHAPE_MAPPING)
        return yaml_blamed(node, REFUSED_YAML_TYPE, problem);
    if (field->kind == YAML_SEQUENCE && node->shape != YAML_SHAPE_SEQUENCE)
        return yaml_blamed(node, REFUSED_YAML_TYPE, problem);
    const int64_t size = (int64_t)node->size;
    if (field->kind == YAML_SEQUENCE && (size < field->least || size > field->most))
        return yaml_blamed(node, REFUSED_YAML_RANGE, problem);
    memcpy(place, &node, sizeof(const YamlNode *));
    return OK;
}

static Status read_value(
        const YamlNode *node, const YamlField *field, void *ret_struct, YamlProblem *problem)
{
    uint8_t *const place = (uint8_t *)ret_struct + field->offset;
    switch (field->kind) {
    case YAML_TEXT: {
        Span text = { 0 };
        TRY(text_between(node, field->least, field->most, &text, problem));
        memcpy(place, &text, sizeof(text));
        return OK;
    }
    case YAML_INT: {
        int64_t value = 0;
        TRY(yaml_int(node, field->least, field->most, &value, problem));
        memcpy(place, &value, sizeof(value));
        return OK;
    }
    case YAML_BOOL: {
        bool value = false;
        TRY(yaml_bool(node, &value, problem));
        memcpy(place, &value, sizeof(value));
        return OK;
    }
    case YAML_MAPPING:
        if (field->fields == NULL || node->shape != YAML_SHAPE_MAPPING) break;
        return yaml_read(node, field->fields, field->field_count, ret_struct, problem);
    case YAML_SEQUENCE:
    case YAML_ANY: break;
    }
    return read_container(node, field, place, problem);
}

Status yaml_read(const YamlNode *mapping, const YamlField *fields, size_t count, void *ret_struct,
        YamlProblem *problem)
{
    ASSERT(count <= YAML_FIELDS_MAX);
    if (mapping->shape != YAML_SHAPE_MAPPING)
        return yaml_blamed(mapping, REFUSED_YAML_TYPE, problem);
    uint64_t seen = 0;
    for (size_t i = 0; i < mapping->size; i++) {
        const YamlNode *const node = mapping->children[i];
        size_t k = 0;
        while (k < count && !span_equal(node->key, span_of_text(fields[k].name)))
            k++;
        if (k == count) return yaml_blamed(node, REFUSED_YAML_UNKNOWN_KEY, problem);
        seen |= UINT64_C(1) << k;
        TRY(read_value(node, &fields[k], ret_struct, problem));
    }
    for (size_t k = 0; k < count; k++) {
        if (!fields[k].required || (seen >> k & 1) != 0) continue;
        yaml_blame(mapping, problem);
        const size_t used = strlen(problem->key);
        const int n = snprintf(problem->key + used, sizeof(problem->key) - used, "%s%s",
                used == 0 ? "" : ".", fields[k].name);
        (void)n; /* cut when too long */
        return REFUSE(REFUSED_YAML_MISSING);
    }
    return OK;
}

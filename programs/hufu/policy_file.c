#include "policy_file.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAMES_MAX = 64, WHY_BYTES_MAX = 100, MASK_CHARACTERS_MAX = 255 };

typedef struct Reading {
    PolicyFile *file;
    PolicyFileWrong *wrong;
} Reading;

/* --- what is wrong, and where --- */

__attribute__((format(printf, 3, 4))) MUST_USE static Status blame(
        const Reading *r, const YamlNode *node, const char *format, ...)
{
    va_list arguments;
    yaml_blame(node, &r->wrong->where);
    va_start(arguments, format);
    (void)vsnprintf(r->wrong->what, sizeof(r->wrong->what), format, arguments); /* cut when long */
    va_end(arguments);
    return REFUSE(REFUSED_POLICY_FILE);
}

MUST_USE static Status text_of(const Reading *r, const YamlNode *node, Span *ret)
{
    return yaml_text(node, WHY_BYTES_MAX, ret, &r->wrong->where);
}

MUST_USE static Status no_such(const Reading *r, const YamlNode *node, const char *kind, Span given)
{
    return blame(
            r, node, "no %s is called `%.*s`", kind, (int)given.size, (const char *)given.data);
}

MUST_USE static Status class_of(const Reading *r, const YamlNode *node, size_t *ret_index)
{
    Span name;
    DataClass class = CLASS_PUBLIC;
    TRY(text_of(r, node, &name));
    if (!data_class_of(name, &class)) return no_such(r, node, "class", name);
    *ret_index = data_class_index(class);
    return OK;
}

MUST_USE static Status number_of(const Reading *r, const YamlNode *node, PolicyRegistry registry,
        const char *kind, uint8_t *ret_number)
{
    Span name;
    TRY(text_of(r, node, &name));
    return policy_number(registry, name, ret_number) ? OK : no_such(r, node, kind, name);
}

/* --- a rule --- */

typedef struct RuleText {
    const YamlNode *at;
    const YamlNode *purposes;
    const YamlNode *forms;
    Span clause;
    Span why;
} RuleText;

static const YamlField rule_fields[] = {
    { "at", YAML_SEQUENCE, true, 1, NAMES_MAX, offsetof(RuleText, at) },
    { "for", YAML_SEQUENCE, false, 1, NAMES_MAX, offsetof(RuleText, purposes) },
    { "do", YAML_SEQUENCE, true, 1, POLICY_FORM_COUNT, offsetof(RuleText, forms) },
    { "by", YAML_TEXT, true, 1, POLICY_CLAUSE_BYTES_MAX, offsetof(RuleText, clause) },
    { "why", YAML_TEXT, true, 1, WHY_BYTES_MAX, offsetof(RuleText, why) },
};

/* The usual form first; `refuse` stands alone. */
MUST_USE static Status read_forms(
        const Reading *r, const YamlNode *sequence, PolicyFileCell *ret_cell)
{
    for (size_t i = 0; i < yaml_size(sequence); i++) {
        const YamlNode *node = yaml_at(sequence, i);
        uint8_t form = 0;
        TRY(number_of(r, node, POLICY_FORMS, "form", &form));
        if (form == FORM_REFUSE && yaml_size(sequence) > 1)
            return blame(r, node, "`refuse` stands alone");
        if ((ret_cell->forms & FORM_BIT(form)) != 0) return blame(r, node, "the same form twice");
        if (i == 0) ret_cell->usual = form;
        if (form != FORM_REFUSE) ret_cell->forms |= FORM_BIT(form);
    }
    return OK;
}

MUST_USE static Status read_cell(
        const Reading *r, const YamlNode *rule, PolicyFileCell *ret_cell, RuleText *ret_text)
{
    *ret_text = (RuleText) { 0 };
    *ret_cell = (PolicyFileCell) { .line = yaml_line(rule) };
    TRY(yaml_read(rule, rule_fields, sizeof(rule_fields) / sizeof(rule_fields[0]), ret_text,
            &r->wrong->where));
    TRY(read_forms(r, ret_text->forms, ret_cell));
    const YamlNode *by = yaml_find(rule, "by");
    if (!policy_clause_is_known(ret_text->clause))
        return no_such(r, by, "clause", ret_text->clause);
    if (memchr(ret_text->why.data, '"', ret_text->why.size) != NULL)
        return blame(r, yaml_find(rule, "why"), "a reason has no quotation marks");
    ret_cell->clause = ret_text->clause;
    ret_cell->why = ret_text->why;
    return OK;
}

MUST_USE static Status put_cell(const Reading *r, const YamlNode *rule, size_t class, uint8_t layer,
        uint8_t purpose, const PolicyFileCell *cell)
{
    PolicyFileCell *place = &r->file->cells[class][layer - 1][purpose];
    const DataClass number = data_class_at(class)->class;
    if (place->line != 0)
        return blame(r, rule, "%s at %s for %s has a rule already, in line %d",
                data_class_name(number), policy_name(POLICY_LAYERS, layer),
                policy_name(POLICY_PURPOSES, purpose), place->line);
    if (purpose == PURPOSE_GRANTED && number != CLASS_CARD_EXPIRY)
        return blame(r, rule, "a grant exists for card-expiry alone (TP-5)");
    *place = *cell;
    return OK;
}

MUST_USE static Status put_purposes(const Reading *r, const YamlNode *rule, size_t class,
        uint8_t layer, const YamlNode *purposes, const PolicyFileCell *cell)
{
    if (purposes == NULL) return put_cell(r, rule, class, layer, PURPOSE_ANY, cell);
    for (size_t i = 0; i < yaml_size(purposes); i++) {
        uint8_t purpose = 0;
        TRY(number_of(r, yaml_at(purposes, i), POLICY_PURPOSES, "purpose", &purpose));
        TRY(put_cell(r, rule, class, layer, purpose, cell));
    }
    return OK;
}

MUST_USE static Status read_rule(const Reading *r, const YamlNode *rule, const YamlNode *classes)
{
    PolicyFileCell cell;
    RuleText text;
    TRY(read_cell(r, rule, &cell, &text));
    for (size_t i = 0; i < yaml_size(classes); i++) {
        size_t class = 0;
        TRY(class_of(r, yaml_at(classes, i), &class));
        for (size_t k = 0; k < yaml_size(text.at); k++) {
            uint8_t layer = 0;
            TRY(number_of(r, yaml_at(text.at, k), POLICY_LAYERS, "layer", &layer));
            TRY(put_purposes(r, rule, class, layer, text.purposes, &cell));
        }
    }
    return OK;
}

/* --- groups, masks, the whole --- */

typedef struct GroupText {
    const YamlNode *of;
    const YamlNode *rules;
} GroupText;

static const YamlField group_fields[] = {
    { "of", YAML_SEQUENCE, true, 1, NAMES_MAX, offsetof(GroupText, of) },
    { "rules", YAML_SEQUENCE, true, 1, YAML_MAPPING_KEYS_MAX, offsetof(GroupText, rules) },
};

MUST_USE static Status read_groups(const Reading *r, const YamlNode *groups)
{
    for (size_t i = 0; i < yaml_size(groups); i++) {
        GroupText group = { 0 };
        TRY(yaml_read(yaml_at(groups, i), group_fields, 2, &group, &r->wrong->where));
        for (size_t k = 0; k < yaml_size(group.rules); k++)
            TRY(read_rule(r, yaml_at(group.rules, k), group.of));
    }
    return OK;
}

typedef struct MaskText {
    const YamlNode *of;
    const YamlNode *shape;
    int64_t first;
    int64_t last;
} MaskText;

static const YamlField mask_fields[] = {
    { "of", YAML_ANY, true, .offset = offsetof(MaskText, of) },
    { "shape", YAML_ANY, true, .offset = offsetof(MaskText, shape) },
    { "first", YAML_INT, true, 0, MASK_CHARACTERS_MAX, offsetof(MaskText, first) },
    { "last", YAML_INT, true, 0, MASK_CHARACTERS_MAX, offsetof(MaskText, last) },
};

MUST_USE static Status read_masks(const Reading *r, const YamlNode *masks)
{
    for (size_t i = 0; i < yaml_size(masks); i++) {
        const YamlNode *node = yaml_at(masks, i);
        MaskText text = { 0 };
        size_t class = 0;
        uint8_t shape = 0;
        TRY(yaml_read(node, mask_fields, 4, &text, &r->wrong->where));
        TRY(class_of(r, text.of, &class));
        TRY(number_of(r, text.shape, POLICY_SHAPES, "shape", &shape));
        if (r->file->masked[class]) return blame(r, node, "two masks for one class");
        r->file->masked[class] = true;
        r->file->masks[class] = (PolicyMask) { shape, (uint8_t)text.first, (uint8_t)text.last };
    }
    return OK;
}

/* What no override reaches stands in the file for whoever reads it: these two, in any order. */
MUST_USE static Status read_fixed(const Reading *r, const YamlNode *fixed)
{
    size_t first = 0;
    size_t second = 0;
    const char *const rule = "fixed: prohibited and card-expiry, no more and no less (TP-5)";
    if (yaml_size(fixed) != 2) return blame(r, fixed, "%s", rule);
    TRY(class_of(r, yaml_at(fixed, 0), &first));
    TRY(class_of(r, yaml_at(fixed, 1), &second));
    const bool both = first != second && policy_is_fixed(data_class_at(first)->class)
            && policy_is_fixed(data_class_at(second)->class);
    return both ? OK : blame(r, fixed, "%s", rule);
}

MUST_USE static Status check_whole(const Reading *r, const YamlNode *groups)
{
    for (size_t class = 0; class < DATA_CLASS_COUNT; class ++) {
        for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
            if (r->file->cells[class][layer - 1][PURPOSE_ANY].line != 0) continue;
            return blame(r, groups, "%s at %s: no rule for any purpose", data_class_at(class)->name,
                    policy_name(POLICY_LAYERS, layer));
        }
    }
    return OK;
}

typedef struct FileText {
    int64_t version;
    const YamlNode *fixed;
    const YamlNode *groups;
    const YamlNode *masks;
} FileText;

static const YamlField file_fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(FileText, version) },
    { "fixed", YAML_SEQUENCE, true, 0, NAMES_MAX, offsetof(FileText, fixed) },
    { "groups", YAML_SEQUENCE, true, 1, YAML_MAPPING_KEYS_MAX, offsetof(FileText, groups) },
    { "masks", YAML_SEQUENCE, true, 0, YAML_MAPPING_KEYS_MAX, offsetof(FileText, masks) },
};

Status policy_file_read(Span text, PolicyFile *ret_file, PolicyFileWrong *ret_wrong)
{
    const Reading r = { ret_file, ret_wrong };
    FileText file = { 0 };
    memset(ret_file, 0, sizeof(*ret_file));
    *ret_wrong = (PolicyFileWrong) { 0 };
    TRY(yaml_parse(text, &ret_file->document, &ret_wrong->where));
    TRY(yaml_read(yaml_root(ret_file->document), file_fields,
            sizeof(file_fields) / sizeof(file_fields[0]), &file, &ret_wrong->where));
    TRY(read_fixed(&r, file.fixed));
    TRY(read_groups(&r, file.groups));
    TRY(read_masks(&r, file.masks));
    return check_whole(&r, file.groups);
}

void policy_file_close(PolicyFile *file) { yaml_release(&file->document); }

const PolicyFileCell *policy_file_decide(
        const PolicyFile *file, size_t class_index, uint32_t layer, uint32_t purpose)
{
    const PolicyFileCell *cells = file->cells[class_index][layer - 1];
    return cells[purpose].line != 0 ? &cells[purpose] : &cells[PURPOSE_ANY];
}

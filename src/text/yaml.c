#include "text/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/*
 * libyaml's own document tree would accept aliases and forget which key came twice, so we build a
 * tree from its events. Every node knows its parent: that is how a refusal names its whole path.
 */

struct YamlNode {
    YamlShape shape;
    bool plain; /* a scalar written without quotes */
    int line;
    int column;
    Span key; /* in a mapping: NUL-terminated for reading; owned */
    Span text; /* of a scalar; NUL-terminated; owned */
    YamlNode *parent;
    YamlNode *next; /* the parent's next child; siblings in file order */
    YamlNode *first, *last;
    size_t size;
    YamlNode **children; /* by index; made when the node is closed */
};

struct YamlDocument {
    YamlNode *root;
};

/* --- where --- */

static size_t index_in_parent(const YamlNode *node)
{
    size_t index = 0;
    for (const YamlNode *n = node->parent->first; n != NULL && n != node; n = n->next)
        index++;
    return index;
}

static void write_path(const YamlNode *node, YamlProblem *problem)
{
    const YamlNode *steps[YAML_DEPTH_MAX + 1];
    size_t count = 0;
    for (; node->parent != NULL && count <= YAML_DEPTH_MAX; node = node->parent)
        steps[count++] = node;
    while (count-- > 0) {
        const YamlNode *const step = steps[count];
        const size_t used = strlen(problem->key);
        const size_t room = sizeof(problem->key) - used;
        const int n = step->parent->shape == YAML_SHAPE_MAPPING
                ? snprintf(problem->key + used, room, "%s%s", used == 0 ? "" : ".",
                        (const char *)step->key.data)
                : snprintf(problem->key + used, room, "[%zu]", index_in_parent(step));
        (void)n; /* a path that is too long is cut */
    }
}

void yaml_blame(const YamlNode *node, YamlProblem *ret_problem)
{
    *ret_problem = (YamlProblem) { .line = node->line, .column = node->column };
    write_path(node, ret_problem);
}

static Status blamed(const YamlNode *node, StatusCode refusal, YamlProblem *problem)
{
    yaml_blame(node, problem);
    return REFUSE(refusal);
}

/* --- building --- */

typedef struct Build {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    size_t nodes;
    size_t depth;
    YamlNode *open; /* the innermost mapping or sequence */
    Span key; /* read, its value not yet; owned */
    int key_line, key_column;
    YamlNode *root;
    YamlProblem *problem;
} Build;

static void node_free(YamlNode *node)
{
    while (node != NULL) { /* depth-first without recursion: leaves go, parents follow */
        if (node->first != NULL) {
            YamlNode *const child = node->first;
            node->first = child->next;
            node = child;
            continue;
        }
        YamlNode *const parent = node->parent;
        free((void *)(uintptr_t)node->key.data);
        free((void *)(uintptr_t)node->text.data);
        free(node->children);
        free(node);
        node = parent;
    }
}

static void build_end(Build *build)
{
    if (build->has_event) yaml_event_delete(&build->event);
    yaml_parser_delete(&build->parser);
    free((void *)(uintptr_t)build->key.data);
    node_free(build->root);
}

static Status at_event(const Build *build, StatusCode refusal)
{
    const yaml_mark_t mark = build->event.start_mark;
    *build->problem = (YamlProblem) { .line = (int)mark.line + 1, .column = (int)mark.column + 1 };
    if (build->open != NULL) write_path(build->open, build->problem);
    return REFUSE(refusal);
}

static Status text_copy(const yaml_event_t *event, Span *ret_text)
{
    const size_t size = event->data.scalar.length;
    uint8_t *const copy = malloc(size + 1);
    CHECK(copy != NULL, FAULT_MEMORY);
    memcpy(copy, event->data.scalar.value, size);
    copy[size] = 0;
    *ret_text = (Span) { copy, size };
    return OK;
}

/* Quadratic, hence YAML_MAPPING_KEYS_MAX: eight million short comparisons at worst. */
static Status refuse_duplicate(const Build *build, Span key)
{
    for (const YamlNode *n = build->open->first; n != NULL; n = n->next) {
        if (!span_equal(n->key, key)) continue;
        yaml_blame(n, build->problem); /* the same path; the line of the second one */
        build->problem->line = (int)build->event.start_mark.line + 1;
        build->problem->column = (int)build->event.start_mark.column + 1;
        return REFUSE(REFUSED_YAML_DUPLICATE_KEY);
    }
    return OK;
}

/* A scalar where a mapping waits for a key. */
static Status take_key(Build *build)
{
    if (build->open->size == YAML_MAPPING_KEYS_MAX) return at_event(build, REFUSED_YAML_SIZE);
    TRY(text_copy(&build->event, &build->key));
    const Span key = build->key;
    build->key_line = (int)build->event.start_mark.line + 1;
    build->key_column = (int)build->event.start_mark.column + 1;
    if (key.size == 0 || memchr(key.data, 0, key.size) != NULL)
        return at_event(build, REFUSED_YAML_SYNTAX);
    return refuse_duplicate(build, key);
}

static Status add_node(Build *build, YamlShape shape, YamlNode **ret_node)
{
    if (++build->nodes > YAML_NODES_MAX) return at_event(build, REFUSED_YAML_SIZE);
    YamlNode *const node = calloc(1, sizeof(*node));
    CHECK(node != NULL, FAULT_MEMORY);
    const bool keyed = build->key.data != NULL;
    node->shape = shape;
    node->line = keyed ? build->key_line : (int)build->event.start_mark.line + 1;
    node->column = keyed ? build->key_column : (int)build->event.start_mark.column + 1;
    node->key = build->key; /* transferred */
    build->key = (Span) { 0 };
    node->parent = build->open;
    *ret_node = node;
    if (build->open == NULL) {
        build->root = node;
        return OK;
    }
    if (build->open->last != NULL) build->open->last->next = node;
    if (build->open->first == NULL) build->open->first = node;
    build->open->last = node;
    build->open->size++;
    return OK;
}

static bool wants_key(const Build *build)
{
    return build->open != NULL && build->open->shape == YAML_SHAPE_MAPPING
            && build->key.data == NULL;
}

static Status take_scalar(Build *build)
{
    if (build->event.data.scalar.anchor != NULL || build->event.data.scalar.tag != NULL)
        return at_event(build, REFUSED_YAML_FORBIDDEN);
    if (wants_key(build)) return take_key(build);
    YamlNode *node = NULL;
    TRY(add_node(build, YAML_SHAPE_SCALAR, &node));
    node->plain = build->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return text_copy(&build->event, &node->text);
}

static Status take_open(Build *build, YamlShape shape, const void *anchor, const void *tag)
{
    if (anchor != NULL || tag != NULL) return at_event(build, REFUSED_YAML_FORBIDDEN);
    if (wants_key(build)) return at_event(build, REFUSED_YAML_SYNTAX); /* a key is a scalar */
    if (++build->depth > YAML_DEPTH_MAX) return at_event(build, REFUSED_YAML_SIZE);
    YamlNode *node = NULL;
    TRY(add_node(build, shape, &node));
    build->open = node;
    return OK;
}

static Status take_close(Build *build)
{
    YamlNode *const node = build->open;
    if (node->size > 0) {
        node->children = calloc(node->size, sizeof(YamlNode *));
        CHECK(node->children != NULL, FAULT_MEMORY);
    }
    size_t index = 0;
    for (YamlNode *n = node->first; n != NULL; n = n->next)
        node->children[index++] = n;
    build->open = node->parent;
    build->depth--;
    return OK;
}

static Status take_event(Build *build)
{
    const yaml_event_t *const event = &build->event;
    switch (event->type) {
    case YAML_SCALAR_EVENT: return take_scalar(build);
    case YAML_MAPPING_START_EVENT:
        return take_open(build, YAML_SHAPE_MAPPING, event->data.mapping_start.anchor,
                event->data.mapping_start.tag);
    case YAML_SEQUENCE_START_EVENT:
        return take_open(build, YAML_SHAPE_SEQUENCE, event->data.sequence_start.anchor,
                event->data.sequence_start.tag);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: return take_close(build);
    case YAML_ALIAS_EVENT: return at_event(build, REFUSED_YAML_FORBIDDEN);
    case YAML_DOCUMENT_START_EVENT: {
        const bool directive = event->data.document_start.version_directive != NULL
                || event->data.document_start.tag_directives.start
                        != event->data.document_start.tag_directives.end;
        if (directive || build->root != NULL) return at_event(build, REFUSED_YAML_FORBIDDEN);
        return OK;
    }
    default: return OK;
    }
}

static Status parser_refusal(const Build *build)
{
    const yaml_parser_t *const parser = &build->parser;
    if (parser->error == YAML_MEMORY_ERROR) return BROKEN(FAULT_MEMORY);
    const bool reading = parser->error == YAML_READER_ERROR;
    const yaml_mark_t mark = reading ? parser->mark : parser->problem_mark;
    *build->problem = (YamlProblem) { .line = (int)mark.line + 1, .column = (int)mark.column + 1 };
    return REFUSE(REFUSED_YAML_SYNTAX);
}

static Status build_tree(Build *build)
{
    bool more = true;
    while (more) {
        if (yaml_parser_parse(&build->parser, &build->event) == 0) return parser_refusal(build);
        build->has_event = true;
        more = build->event.type != YAML_STREAM_END_EVENT;
        TRY(take_event(build));
        yaml_event_delete(&build->event);
        build->has_event = false;
    }
    return OK;
}

Status yaml_parse(Span text, YamlDocument **ret_document, YamlProblem *problem)
{
    *problem = (YamlProblem) { .line = 1, .column = 1 };
    REQUIRE(text.size <= YAML_BYTES_MAX, REFUSED_YAML_SIZE);
    REQUIRE(span_is_utf8(text), REFUSED_TEXT_NOT_UTF8); /* libyaml would guess UTF-16 */

    CLEANUP(build_end) Build build = { .problem = problem };
    CHECK(yaml_parser_initialize(&build.parser) == 1, FAULT_MEMORY);
    yaml_parser_set_encoding(&build.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&build.parser, text.data, text.size);
    TRY(build_tree(&build));
    if (build.root == NULL || build.root->shape != YAML_SHAPE_MAPPING) {
        *problem = (YamlProblem) { .line = 1, .column = 1 };
        return REFUSE(REFUSED_YAML_TYPE);
    }
    YamlDocument *const document = malloc(sizeof(*document));
    CHECK(document != NULL, FAULT_MEMORY);
    document->root = build.root;
    build.root = NULL; /* transferred */
    *ret_document = document;
    return OK;
}

void yaml_release(YamlDocument **document)
{
    if (*document == NULL) return;
    node_free((*document)->root);
    free(*document);
    *document = NULL;
}

/* --- walking --- */

const YamlNode *yaml_root(const YamlDocument *document) { return document->root; }
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
        return blamed(node, REFUSED_YAML_TYPE, problem);
    if ((int64_t)node->text.size < least || (int64_t)node->text.size > most)
        return blamed(node, REFUSED_YAML_RANGE, problem);
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
        return blamed(scalar, REFUSED_YAML_TYPE, problem);
    if (value < least || value > most) return blamed(scalar, REFUSED_YAML_RANGE, problem);
    *ret_value = value;
    return OK;
}

Status yaml_bool(const YamlNode *scalar, bool *ret_value, YamlProblem *problem)
{
    const bool plain = scalar->shape == YAML_SHAPE_SCALAR && scalar->plain;
    const bool yes = plain && span_equal(scalar->text, SPAN("true"));
    const bool no = plain && span_equal(scalar->text, SPAN("false"));
    if (!yes && !no) return blamed(scalar, REFUSED_YAML_TYPE, problem);
    *ret_value = yes;
    return OK;
}

/* --- reading by table --- */

static Status read_container(
        const YamlNode *node, const YamlField *field, uint8_t *place, YamlProblem *problem)
{
    if (field->kind == YAML_MAPPING && node->shape != YAML_SHAPE_MAPPING)
        return blamed(node, REFUSED_YAML_TYPE, problem);
    if (field->kind == YAML_SEQUENCE && node->shape != YAML_SHAPE_SEQUENCE)
        return blamed(node, REFUSED_YAML_TYPE, problem);
    const int64_t size = (int64_t)node->size;
    if (field->kind == YAML_SEQUENCE && (size < field->least || size > field->most))
        return blamed(node, REFUSED_YAML_RANGE, problem);
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
    if (mapping->shape != YAML_SHAPE_MAPPING) return blamed(mapping, REFUSED_YAML_TYPE, problem);
    uint64_t seen = 0;
    for (size_t i = 0; i < mapping->size; i++) {
        const YamlNode *const node = mapping->children[i];
        size_t k = 0;
        while (k < count && !span_equal(node->key, span_of_text(fields[k].name)))
            k++;
        if (k == count) return blamed(node, REFUSED_YAML_UNKNOWN_KEY, problem);
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

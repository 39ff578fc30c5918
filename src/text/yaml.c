#include "text/yaml_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/*
 * libyaml's own document tree would accept aliases and forget which key came twice, so we build a
 * tree from its events. Every node knows its parent: that is how a refusal names its whole path.
 */

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

Status yaml_blamed(const YamlNode *node, StatusCode refusal, YamlProblem *problem)
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

const YamlNode *yaml_root(const YamlDocument *document) { return document->root; }

/* --- files --- */

static void file_close(FILE **file)
{
    if (*file != NULL) fclose(*file);
}

bool yaml_file_read(const char *path, Buffer *ret_text)
{
    CLEANUP(file_close) FILE *file = fopen(path, "re");
    if (file == NULL) return false;
    const size_t room = ret_text->capacity - ret_text->size;
    const size_t size = fread(ret_text->data + ret_text->size, 1, room, file);
    if (ferror(file) != 0 || fgetc(file) != EOF) return false;
    ret_text->size += size;
    return true;
}

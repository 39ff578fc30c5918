#include "text/json.h"

#include "base/heap.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct JsonDocument {
    json_t *root;
    size_t size;
    uint8_t text[]; /* kept to tell the line of a refused field; jansson forgets it */
};

/* A JsonValue is jansson's own value under a name that does not leave this file. */
static json_t *plain(const JsonValue *value) { return (json_t *)(uintptr_t)value; }
static const JsonValue *wrapped(const json_t *value) { return (const JsonValue *)value; }

static Span document_text(const JsonDocument *document)
{
    return (Span) { document->text, document->size };
}

/* --- where: a refusal is rare, so nothing is recorded while parsing; we look again --- */

static void problem_at(Span text, size_t position, JsonProblem *problem)
{
    problem->line = 1;
    problem->column = 1;
    for (size_t i = 0; i < position && i < text.size; i++) {
        const bool end = text.data[i] == '\n';
        problem->line += end ? 1 : 0;
        problem->column = end ? 1 : problem->column + 1;
    }
}

static size_t skip_blank(Span text, size_t at)
{
    while (at < text.size && strchr(" \t\r\n,:", text.data[at]) != NULL && text.data[at] != 0)
        at++;
    return at;
}

/* Step over one value of text that is known to be valid. */
static size_t skip_value(Span text, size_t at)
{
    int depth = 0;
    bool inside = false;
    for (; at < text.size; at++) {
        const uint8_t c = text.data[at];
        if (inside) {
            if (c == '\\') at++;
            if (c == '"') inside = false;
            if (c == '"' && depth == 0) return at + 1;
            continue;
        }
        if (c == '"') inside = true;
        if (c == '{' || c == '[') depth++;
        const bool closes = c == '}' || c == ']';
        if (closes && depth == 0) return at; /* the end of what encloses a bare value */
        if (closes && --depth == 0) return at + 1;
        if (depth == 0 && !inside && strchr(",: \t\r\n", c) != NULL) return at;
    }
    return at;
}

/* From a container's opening bracket to its member `index`. */
static size_t enter(Span text, size_t at, size_t index, bool object)
{
    at = skip_blank(text, at + 1);
    for (size_t i = 0; i < index; i++) {
        at = skip_blank(text, skip_value(text, at));
        if (object) at = skip_blank(text, skip_value(text, at));
    }
    return at;
}

typedef struct Place {
    const JsonDocument *document;
    const json_t *wanted; /* the container that we look for */
    char *field; /* the path so far, NUL-terminated */
    size_t at;
} Place;

static void path_step(char *field, const char *key, size_t index)
{
    const size_t used = strlen(field);
    const size_t room = JSON_FIELD_TEXT_MAX - used;
    const char *dot = used == 0 ? "" : ".";
    const int n = key != NULL ? snprintf(field + used, room, "%s%s", dot, key)
                              : snprintf(field + used, room, "[%zu]", index);
    (void)n; /* a path that is too long is cut */
}

static bool find_in(Place *place, const json_t *node);

static bool find_below(
        Place *place, const json_t *child, const char *key, size_t index, size_t start)
{
    if (!json_is_object(child) && !json_is_array(child)) return false;
    const size_t used = strlen(place->field);
    const Span text = document_text(place->document);
    place->at = enter(text, start, index, key != NULL);
    if (key != NULL) place->at = skip_blank(text, skip_value(text, place->at));
    path_step(place->field, key, index);
    if (find_in(place, child)) return true;
    place->field[used] = 0;
    return false;
}

/* Containers alone are looked for: jansson shares one value among all `true`s. Depth <=
 * JSON_DEPTH_MAX. */
static bool find_in(Place *place, const json_t *node)
{
    if (node == place->wanted) return true;
    const size_t start = place->at;
    size_t index = 0;
    if (json_is_array(node)) {
        for (; index < json_array_size(node); index++)
            if (find_below(place, json_array_get(node, index), NULL, index, start)) return true;
        return false;
    }
    const char *key = NULL;
    json_t *child = NULL;
    json_object_foreach((json_t *)(uintptr_t)node, key, child)
    {
        if (find_below(place, child, key, index, start)) return true;
        index++;
    }
    return false;
}

static Place find(const JsonDocument *document, const json_t *container, JsonProblem *problem)
{
    *problem = (JsonProblem) { 0 };
    const Span text = document_text(document);
    Place place = { document, container, problem->field, skip_blank(text, 0) };
    const bool found = find_in(&place, document->root);
    ASSERT(found); /* a value of another document is our mistake */
    return place;
}

static void blame_item(
        const JsonDocument *document, const json_t *array, size_t index, JsonProblem *problem)
{
    const Place place = find(document, array, problem);
    const Span text = document_text(document);
    path_step(problem->field, NULL, index);
    problem_at(text, enter(text, place.at, index, false), problem);
}

void json_blame(const JsonDocument *document, const JsonValue *object, const char *name,
        JsonProblem *ret_problem)
{
    const Place place = find(document, plain(object), ret_problem);
    const Span text = document_text(document);
    size_t at = place.at;
    size_t index = 0;
    const char *key = NULL;
    json_t *child = NULL;
    if (name != NULL) {
        json_object_foreach(plain(object), key, child)
        {
            if (strcmp(key, name) == 0) at = enter(text, place.at, index, true);
            index++;
        }
        path_step(ret_problem->field, name, 0);
    }
    problem_at(text, at, ret_problem);
}

/* --- parsing --- */

/* jansson recurses once a level (its own limit, 2048, is far above ours), so depth is checked
 * before it starts. Up to the first syntax error this reads strings exactly as jansson does. */
static Status check_depth(Span text, JsonProblem *problem)
{
    int depth = 0;
    bool inside = false;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (inside && c == '\\') {
            i++;
            continue;
        }
        if (c == '"') inside = !inside;
        if (inside) continue;
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (depth <= JSON_DEPTH_MAX) continue;
        *problem = (JsonProblem) { 0 };
        problem_at(text, i, problem);
        return REFUSE(REFUSED_JSON_DEPTH);
    }
    return OK;
}

/* "duplicate object key near '"total"'" */
static void name_duplicate(const json_error_t *error, JsonProblem *problem)
{
    const char *start = strstr(error->text, "near '\"");
    if (start == NULL) return;
    start += strlen("near '\"");
    const char *end = strstr(start, "\"'");
    if (end == NULL) return;
    const int n =
            snprintf(problem->field, sizeof(problem->field), "%.*s", (int)(end - start), start);
    (void)n; /* cut when too long */
}

static Status syntax_refusal(json_error_t *error, JsonProblem *problem)
{
    *problem = (JsonProblem) { .line = error->line, .column = error->column };
    switch (json_error_code(error)) {
    case json_error_out_of_memory: return BROKEN(FAULT_MEMORY);
    case json_error_invalid_utf8: return REFUSE(REFUSED_TEXT_NOT_UTF8);
    case json_error_numeric_overflow: return REFUSE(REFUSED_JSON_RANGE);
    case json_error_duplicate_key:
        name_duplicate(error, problem);
        return REFUSE(REFUSED_JSON_DUPLICATE_KEY);
    default: return REFUSE(REFUSED_JSON_SYNTAX);
    }
}

/* What was typed into the wrong field is in these allocations: gone with them (TP-5). */
static void wipe_what_is_freed(void) { json_set_alloc_funcs(heap_allocate, heap_free); }

Status json_parse(Span text, JsonDocument **ret_document, JsonProblem *problem)
{
    if (text.size > JSON_BYTES_MAX) {
        *problem = (JsonProblem) { 0 };
        return REFUSE(REFUSED_JSON_SIZE);
    }
    TRY(check_depth(text, problem));
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, wipe_what_is_freed) == 0, FAULT_MEMORY);

    CLEANUP(json_free) JsonDocument *document = heap_allocate(sizeof(*document) + text.size);
    CHECK(document != NULL, FAULT_MEMORY);
    document->size = text.size;
    document->root = NULL;
    if (text.size > 0) memcpy(document->text, text.data, text.size);

    json_error_t error = { 0 };
    document->root =
            json_loadb((const char *)document->text, text.size, JSON_REJECT_DUPLICATES, &error);
    if (document->root == NULL) return syntax_refusal(&error, problem);
    if (!json_is_object(document->root)) {
        *problem = (JsonProblem) { .line = 1, .column = 1 };
        return REFUSE(REFUSED_JSON_TYPE);
    }
    *ret_document = document;
    document = NULL; /* transferred */
    return OK;
}

void json_free(JsonDocument **document)
{
    if (*document == NULL) return;
    json_decref((*document)->root);
    heap_free(*document);
    *document = NULL;
}

const JsonValue *json_root(const JsonDocument *document) { return wrapped(document->root); }

/* --- reading by table --- */

typedef struct Reading {
    const JsonDocument *document;
    bool some; /* unknown keys are skipped */
    JsonProblem *problem;
    bool is_request; /* a door: each field is one that the policy lets in */
} Reading;

static Status read_object(const Reading *reading, const json_t *object, const JsonField *fields,
        size_t count, uint8_t *ret_struct);

static Status read_field(const json_t *value, const JsonField *field, uint8_t *ret_struct)
{
    uint8_t *const place = ret_struct + field->offset;
    switch (field->kind) {
    case JSON_TEXT: {
        REQUIRE(json_is_string(value), REFUSED_JSON_TYPE);
        const Span text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
        REQUIRE((int64_t)text.size >= field->least, REFUSED_JSON_RANGE);
        REQUIRE((int64_t)text.size <= field->most, REFUSED_JSON_RANGE);
        memcpy(place, &text, sizeof(text));
        return OK;
    }
    case JSON_INT: {
        REQUIRE(json_is_integer(value), REFUSED_JSON_TYPE);
        const int64_t number = json_integer_value(value);
        REQUIRE(number >= field->least && number <= field->most, REFUSED_JSON_RANGE);
        memcpy(place, &number, sizeof(number));
        return OK;
    }
    case JSON_BOOL: {
        REQUIRE(json_is_boolean(value), REFUSED_JSON_TYPE);
        const bool truth = json_is_true(value);
        memcpy(place, &truth, sizeof(truth));
        return OK;
    }
    case JSON_RECORD: REQUIRE(json_is_object(value), REFUSED_JSON_TYPE); break;
    case JSON_LIST: {
        REQUIRE(json_is_array(value), REFUSED_JSON_TYPE);
        const int64_t size = (int64_t)json_array_size(value);
        REQUIRE(size >= field->least && size <= field->most, REFUSED_JSON_RANGE);
        break;
    }
    }
    const JsonValue *const container = wrapped(value);
    memcpy(place, &container, sizeof(const JsonValue *));
    return OK;
}

static size_t field_index(const JsonField *fields, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, key) == 0) return i;
    return count;
}

static Status read_member(const Reading *reading, const json_t *object, const char *key,
        const json_t *value, const JsonField *field, uint8_t *ret_struct)
{
    const bool nested = field->kind == JSON_RECORD && field->fields != NULL;
    const Status door = reading->is_request ? field_allow(key, LAYER_REQUEST, PURPOSE_ANY) : OK;
    if (!status_ok(door)) {
        json_blame(reading->document, wrapped(object), key, reading->problem);
        return door;
    }
    if (nested && json_is_object(value))
        return read_object(reading, value, field->fields, field->field_count, ret_struct);
    const Status s = nested ? REFUSE(REFUSED_JSON_TYPE) : read_field(value, field, ret_struct);
    if (!status_ok(s)) json_blame(reading->document, wrapped(object), key, reading->problem);
    return s;
}

static Status read_object(const Reading *reading, const json_t *object, const JsonField *fields,
        size_t count, uint8_t *ret_struct)
{
    ASSERT(count <= JSON_FIELDS_MAX);
    uint64_t seen = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const size_t i = field_index(fields, count, key);
        if (i == count && reading->some) continue;
        if (i == count) {
            json_blame(reading->document, wrapped(object), key, reading->problem);
            return REFUSE(REFUSED_JSON_UNKNOWN_KEY);
        }
        seen |= UINT64_C(1) << i;
        TRY(read_member(reading, object, key, value, &fields[i], ret_struct));
    }
    for (size_t i = 0; i < count; i++) {
        if (!fields[i].required || (seen >> i & 1) != 0) continue;
        json_blame(reading->document, wrapped(object), fields[i].name, reading->problem);
        return REFUSE(REFUSED_JSON_MISSING);
    }
    return OK;
}

Status json_read_request(const JsonDocument *document, const JsonValue *object,
        const JsonField *fields, size_t count, void *ret_struct, JsonProblem *problem)
{
    const Reading reading = { document, false, problem, true };
    return read_object(&reading, plain(object), fields, count, ret_struct);
}

Status json_read(const JsonDocument *document, const JsonValue *object, const JsonField *fields,
        size_t count, void *ret_struct, JsonProblem *problem)
{
    const Reading reading = { document, false, problem, false };
    return read_object(&reading, plain(object), fields, count, ret_struct);
}

Status json_read_some(const JsonDocument *document, const JsonValue *object,
        const JsonField *fields, size_t count, void *ret_struct, JsonProblem *problem)
{
    const Reading reading = { document, true, problem, false };
    return read_object(&reading, plain(object), fields, count, ret_struct);
}

Status json_list_object(const JsonDocument *document, const JsonValue *list, size_t index,
        const JsonValue **ret_object, JsonProblem *problem)
{
    const json_t *const item = json_array_get(plain(list), index);
    ASSERT(item != NULL);
    if (!json_is_object(item)) {
        blame_item(document, plain(list), index, problem);
        return REFUSE(REFUSED_JSON_TYPE);
    }
    *ret_object = wrapped(item);
    return OK;
}

Status json_list_text(const JsonDocument *document, const JsonValue *list, size_t index,
        size_t size_max, Span *ret_text, JsonProblem *problem)
{
    const json_t *const item = json_array_get(plain(list), index);
    ASSERT(item != NULL);
    const bool text = json_is_string(item);
    if (text && json_string_length(item) <= size_max) {
        *ret_text = (Span) { (const uint8_t *)json_string_value(item), json_string_length(item) };
        return OK;
    }
    blame_item(document, plain(list), index, problem);
    return REFUSE(text ? REFUSED_JSON_RANGE : REFUSED_JSON_TYPE);
}

size_t json_list_size(const JsonValue *list) { return json_array_size(plain(list)); }

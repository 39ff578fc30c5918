#pragma once
/*
 * json: strict JSON in, bounded JSON out.
 *
 * In: one object (RFC 8259), valid UTF-8, no duplicate key, no NUL, nothing after it, at most
 * JSON_BYTES_MAX bytes and JSON_DEPTH_MAX levels. A reader names every field that it takes in a
 * table; any other key is refused by name. Integers are written as digits: 1.0 and 1e2 are no
 * integers.
 *
 *     typedef struct Order { Span number; int64_t total; } Order;
 *     static const JsonField order_fields[] = {
 *         { "out_trade_no", JSON_TEXT, true, 6, 32, offsetof(Order, number) },
 *         { "total", JSON_INT, true, 1, 100000000, offsetof(Order, total) },
 *     };
 *     CLEANUP(json_free) JsonDocument *document = NULL;
 *     TRY(json_parse(body, &document, &problem));
 *     TRY(json_read(document, json_root(document), order_fields, 2, &order, &problem));
 *
 * Out: a JsonWriter puts text into a Buffer and allocates nothing. It remembers its first refusal,
 * so only json_finish() is checked. It is a door: every key is a declared field (policy/fields.def)
 * whose class the policy in force lets through the writer's layer in the field's form.
 *
 * Floor 1. No shared state; a document is used by one thread at a time.
 */
#include "policy/fields.h"

enum {
    JSON_BYTES_MAX = 1 << 20,
    JSON_DEPTH_MAX = 16,
    JSON_FIELD_TEXT_MAX = 128, /* with its NUL */
    JSON_FIELDS_MAX = 64, /* in one table */
};

typedef struct JsonDocument JsonDocument; /* owns all its values and texts */
typedef struct JsonValue JsonValue; /* borrowed from its document */

/* Where a refusal points. Filled on refusal only; `field` is cut, never overrun. */
typedef struct JsonProblem {
    char field[JSON_FIELD_TEXT_MAX]; /* path such as "amount.total" or "goods[2].name"; "" = whole
                                      */
    int line; /* from 1; 0 when unknown (a missing field: its object's line) */
    int column; /* from 1, in bytes */
} JsonProblem;

typedef enum JsonKind {
    JSON_TEXT = 1, /* Span: borrowed from the document; least..most bytes of UTF-8 */
    JSON_INT, /* int64_t: least..most */
    JSON_BOOL, /* bool */
    JSON_RECORD, /* `fields` given: read into the same struct; else const JsonValue * */
    JSON_LIST, /* const JsonValue *: least..most items */
} JsonKind;

/* One field of a table. An absent optional field leaves its place as the caller set it. */
typedef struct JsonField {
    const char *name;
    JsonKind kind;
    bool required;
    int64_t least;
    int64_t most;
    size_t offset; /* in the struct that json_read() fills */
    const struct JsonField *fields;
    size_t field_count;
} JsonField;

/*
 * Parse `text`; borrowed during the call only, and nothing of it is kept.
 *
 * Refuses: REFUSED_TEXT_NOT_UTF8, REFUSED_JSON_SIZE, REFUSED_JSON_DEPTH, REFUSED_JSON_SYNTAX,
 *          REFUSED_JSON_RANGE (a number over 2^63), REFUSED_JSON_DUPLICATE_KEY,
 *          REFUSED_JSON_TYPE (valid JSON, but no object). Faults: FAULT_MEMORY.
 */
MUST_USE Status json_parse(Span text, JsonDocument **ret_document, JsonProblem *problem);
void json_free(JsonDocument **document);
const JsonValue *json_root(const JsonDocument *document);

/*
 * Read an object into a struct by its table. On refusal `ret_struct` may be partly filled.
 *
 * Refuses: REFUSED_JSON_UNKNOWN_KEY, REFUSED_JSON_MISSING, REFUSED_JSON_TYPE (null too),
 *          REFUSED_JSON_RANGE.
 */
MUST_USE Status json_read(const JsonDocument *document, const JsonValue *object,
        const JsonField *fields, size_t count, void *ret_struct, JsonProblem *problem);

/* The same for what somebody asks of us: every field that is there must be one that the policy lets
 * in (LAYER_REQUEST). Refuses also REFUSED_FIELD_UNDECLARED, REFUSED_POLICY_REFUSES,
 * REFUSED_POLICY_FORM. */
MUST_USE Status json_read_request(const JsonDocument *document, const JsonValue *object,
        const JsonField *fields, size_t count, void *ret_struct, JsonProblem *problem);

/* The same, but skips unknown keys: for answers of a peer that may be newer than we are. */
MUST_USE Status json_read_some(const JsonDocument *document, const JsonValue *object,
        const JsonField *fields, size_t count, void *ret_struct, JsonProblem *problem);

/* Items of an array from json_read(). `index` < size; refuses REFUSED_JSON_TYPE, _RANGE. */
size_t json_list_size(const JsonValue *list);
MUST_USE Status json_list_object(const JsonDocument *document, const JsonValue *list, size_t index,
        const JsonValue **ret_object, JsonProblem *problem);
MUST_USE Status json_list_text(const JsonDocument *document, const JsonValue *list, size_t index,
        size_t size_max, Span *ret_text, JsonProblem *problem);

/* Say that `name` in `object` (or the object itself: NULL) is wrong, for checks that the caller
 * makes. */
void json_blame(const JsonDocument *document, const JsonValue *object, const char *name,
        JsonProblem *ret_problem);

/* --- out --- */

typedef struct JsonWriter {
    Buffer *out; /* the caller's */
    size_t start; /* out->size goes back here on refusal */
    Status status; /* the first refusal */
    uint8_t layer; /* PolicyLayer that it is the door of; 0: none */
    uint8_t purpose; /* PolicyPurpose; 0: any */
    uint8_t depth; /* open objects and arrays */
    uint32_t arrays; /* bit d: level d is an array */
    uint32_t written; /* bit d: level d has an item, so a comma comes first */
} JsonWriter;

/* An answer of ours: LAYER_ANSWER. */
JsonWriter json_writer(Buffer *out);
/* An answer to the one whom the data is about. */
JsonWriter json_writer_to_owner(Buffer *out);
/* The door of another layer: LAYER_REQUEST for who asks, LAYER_EXPORT for reports... */
JsonWriter json_writer_for(Buffer *out, PolicyLayer layer);
/* No door: for tests of the grammar alone. */
JsonWriter json_writer_bare(Buffer *out);
/* The whole document, or an item of the array that is open. */
void json_open_object(JsonWriter *w);
/* Members of the object that is open. `key`: a literal of ours, not escaped. */
void json_key_object(JsonWriter *w, const char *key);
void json_key_array(JsonWriter *w, const char *key);
void json_key_text(JsonWriter *w, const char *key, Span text);
void json_key_int(JsonWriter *w, const char *key, int64_t value);
void json_key_bool(JsonWriter *w, const char *key, bool value);
/* Bytes that are JSON already (made by another writer). */
void json_key_raw(JsonWriter *w, const char *key, Span json);
/* Items of the array that is open. */
void json_item_text(JsonWriter *w, Span text);
void json_item_int(JsonWriter *w, int64_t value);
/* Close the innermost object or array. */
void json_close(JsonWriter *w);
/* Refuses REFUSED_BUFFER_FULL, REFUSED_TEXT_NOT_UTF8, and then out->size is what it was.
 * Refuses also REFUSED_FIELD_UNDECLARED, REFUSED_POLICY_REFUSES, REFUSED_POLICY_FORM for a key.
 * Unbalanced calls are our mistake: they assert. */
MUST_USE Status json_finish(JsonWriter *w);

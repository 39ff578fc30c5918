#pragma once
/*
 * yaml: strict reading of our own configuration and rule files.
 *
 * The subset: one document of mappings, sequences and scalars, in UTF-8. Refused: duplicate keys,
 * anchors and aliases, explicit tags, directives, a second document, more than YAML_BYTES_MAX bytes
 * or YAML_DEPTH_MAX levels. A scalar has no type of its own (the table gives it), so `no` is a
 * text.
 *
 * Floor 1. No shared state. Everything borrowed lives as long as its document.
 */
#include "base/bytes.h"

enum {
    YAML_BYTES_MAX = 4 << 20,
    YAML_DEPTH_MAX = 24,
    YAML_NODES_MAX = 1 << 18,
    YAML_MAPPING_KEYS_MAX = 4096,
    YAML_KEY_TEXT_MAX = 128, /* with its NUL */
    YAML_FIELDS_MAX = 64, /* in one table */
};

typedef struct YamlDocument YamlDocument;
typedef struct YamlNode YamlNode;

/* Where a refusal points. Filled on refusal only; `key` is cut, never overrun. */
typedef struct YamlProblem {
    char key[YAML_KEY_TEXT_MAX]; /* path such as "limits.daily" or "rules[2].name"; "" = whole */
    int line; /* from 1 */
    int column; /* from 1 */
} YamlProblem;

typedef enum YamlKind {
    YAML_TEXT = 1, /* Span: least..most bytes; plain `null`, `~` and nothing at all are no text */
    YAML_INT, /* int64_t: least..most; plain decimal digits, `-` allowed */
    YAML_BOOL, /* bool: plain `true` or `false` */
    YAML_MAPPING, /* `fields` given: read into the same struct; else const YamlNode * */
    YAML_SEQUENCE, /* const YamlNode *: least..most items */
    YAML_ANY, /* const YamlNode * */
} YamlKind;

/* One key of a table. An absent optional key leaves its place as the caller set it. */
typedef struct YamlField {
    const char *name;
    YamlKind kind;
    bool required;
    int64_t least;
    int64_t most;
    size_t offset; /* in the struct that yaml_read() fills */
    const struct YamlField *fields;
    size_t field_count;
} YamlField;

/*
 * Parse `text`; nothing of it is kept. The root is a mapping.
 *
 * Refuses: REFUSED_YAML_SYNTAX, REFUSED_YAML_DUPLICATE_KEY, REFUSED_YAML_FORBIDDEN (anchor, alias,
 *          tag, directive, second document), REFUSED_YAML_SIZE (bytes, depth or nodes),
 *          REFUSED_YAML_TYPE (root). Faults: FAULT_MEMORY.
 */
MUST_USE Status yaml_parse(Span text, YamlDocument **ret_document, YamlProblem *problem);
/* Not yaml_free(): libyaml exports that name for its own use, and ours would take its place. */
void yaml_release(YamlDocument **document);
const YamlNode *yaml_root(const YamlDocument *document);

/*
 * Read a mapping into a struct by its table. On refusal `ret_struct` may be partly filled.
 *
 * Refuses: REFUSED_YAML_UNKNOWN_KEY, REFUSED_YAML_MISSING, REFUSED_YAML_TYPE, REFUSED_YAML_RANGE.
 */
MUST_USE Status yaml_read(const YamlNode *mapping, const YamlField *fields, size_t count,
        void *ret_struct, YamlProblem *problem);

/* --- walking, where keys are not known beforehand --- */
typedef enum YamlShape { YAML_SHAPE_SCALAR = 1, YAML_SHAPE_MAPPING, YAML_SHAPE_SEQUENCE } YamlShape;

YamlShape yaml_shape(const YamlNode *node);
int yaml_line(const YamlNode *node);
/* Entries of a mapping or items of a sequence, in file order; 0 for a scalar. */
size_t yaml_size(const YamlNode *node);
/* `index` < yaml_size(). */
const YamlNode *yaml_at(const YamlNode *node, size_t index);
/* The key of entry `index` of a mapping. */
Span yaml_key_at(const YamlNode *mapping, size_t index);
/* NULL when the mapping has no such key. */
const YamlNode *yaml_find(const YamlNode *mapping, const char *key);
/* One scalar by kind; each refuses REFUSED_YAML_TYPE, _RANGE. */
MUST_USE Status yaml_text(
        const YamlNode *scalar, size_t size_max, Span *ret_text, YamlProblem *problem);
MUST_USE Status yaml_int(const YamlNode *scalar, int64_t least, int64_t most, int64_t *ret_value,
        YamlProblem *problem);
MUST_USE Status yaml_bool(const YamlNode *scalar, bool *ret_value, YamlProblem *problem);

/* Append a whole file to `ret_text`. False: no such file, unreadable, or too large for it. */
MUST_USE bool yaml_file_read(const char *path, Buffer *ret_text);

/* Say that `node` is wrong, for checks that the caller makes. */
void yaml_blame(const YamlNode *node, YamlProblem *ret_problem);

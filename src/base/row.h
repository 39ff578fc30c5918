#pragma once
/*
 * row: one database row as canonical bytes. The same bytes are sealed, digested, hashed into the
 * audit log and sent between processes; no field can slide into its neighbour (TP-12's sample
 * formula can: "100"+"50" = "1005"+"0").
 *
 *   image   = version u8 (1) | schema u16 | columns u16 | key | housekeeping | the other columns
 *   key     = table u16 | key columns u8 | each key column
 *   column  = id u16 | type u8 | size u32 | bytes          NULL is a type, not an empty text
 *   housekeeping = revision (column 0xFFF0, INT), batch (column 0xFFF1, INT)
 *
 * Integers are i64 big-endian; times are INT microseconds UTC. `batch` is the number of the batch
 * (= index of the audit leaf) that wrote this revision. Table and column ids come from
 * policy/tables.h.
 */
#include "base/bytes.h"

enum {
    ROW_VERSION = 1,
    ROW_COLUMNS_MAX = 32,
    ROW_KEY_COLUMNS_MAX = 3,
    ROW_VALUE_BYTES_MAX = 8192,
    ROW_IMAGE_BYTES_MAX = 16384,
    ROW_KEY_BYTES_MAX = 512,
    ROW_COLUMN_REVISION = 0xFFF0,
    ROW_COLUMN_BATCH = 0xFFF1,
};

typedef enum ValueType {
    VALUE_NULL = 0,
    VALUE_INT = 1,
    VALUE_TEXT = 2, /* UTF-8 */
    VALUE_BYTES = 3,
} ValueType;

typedef struct Value {
    ValueType type;
    int64_t integer; /* VALUE_INT */
    Span bytes; /* VALUE_TEXT, VALUE_BYTES: borrowed */
} Value;

#define VALUE_OF_NULL ((Value) { VALUE_NULL, 0, { NULL, 0 } })
#define VALUE_OF_INT(i) ((Value) { VALUE_INT, (i), { NULL, 0 } })
#define VALUE_OF_TEXT(span) ((Value) { VALUE_TEXT, 0, (span) })
#define VALUE_OF_BYTES(span) ((Value) { VALUE_BYTES, 0, (span) })

/* Same type and same content. Time depends on the content. */
bool value_equal(const Value *a, const Value *b);

typedef struct RowHead {
    uint16_t table;
    uint16_t schema;
    uint8_t key_columns;
    int64_t revision; /* 1 for a new row, then +1 a change */
    int64_t batch;
} RowHead;

/*
 * Write the canonical image of a row.
 *
 * ids, values  `count` columns, the key columns first; count <= ROW_COLUMNS_MAX
 * ret_image    appended to; REFUSED_BUFFER_FULL (also for what is over the _MAX above) leaves it
 * unchanged
 */
MUST_USE Status row_encode(const RowHead *head, const uint16_t *ids, const Value *values,
        size_t count, Buffer *ret_image);

/* The exact size of the image that row_encode() will write. */
size_t row_image_bytes(const Value *values, size_t count);

/* The key alone, as it stands inside the image: the name of a row in maps, logs and claims. */
MUST_USE Status row_encode_key(uint16_t table, const uint16_t *ids, const Value *values,
        uint8_t key_columns, Buffer *ret_key);

/* A parsed image; every span borrows from it. */
typedef struct RowView {
    RowHead head;
    Span image;
    Span key;
    size_t count; /* columns without housekeeping, key columns first */
    uint16_t ids[ROW_COLUMNS_MAX];
    Value values[ROW_COLUMNS_MAX];
} RowView;

/* Refuses REFUSED_ROW_INVALID for anything that row_encode() would not have written. */
MUST_USE Status row_parse(Span image, RowView *ret_view);

/* The column's value, or NULL when the row has no such column. */
const Value *row_value(const RowView *view, uint16_t column);
/* The column's integer, or `otherwise` when absent or of another type. */
int64_t row_int(const RowView *view, uint16_t column, int64_t otherwise);
/* The column's text or bytes, or an empty span. */
Span row_bytes(const RowView *view, uint16_t column);
/* Where the revision's eight bytes stand in the image. */
size_t row_revision_at(const RowView *view);
/* The columns that are neither key nor housekeeping, as they stand in the image. */
Span row_body(const RowView *view);

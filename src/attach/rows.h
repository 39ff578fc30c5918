#pragma once
/*
 * rows: rows of an attached table as the database shows them: read, locked, written, with their
 * seals in the side table hufu.seal. Judges nothing. Uses the caller's connection and transaction.
 * Floor 3.
 */
#include "attach/core.h"

#include <libpq-fe.h>

enum { ATTACH_SQL_BYTES_MAX = 8192, ATTACH_TYPE_BYTES_MAX = 64 };

typedef struct AttachRows {
    PGconn *connection; /* borrowed */
    AttachTable table;
    char quoted[2 * WIRE_NAME_BYTES_MAX + 8]; /* "public"."t_account" */
    char column[ROW_COLUMNS_MAX][136]; /* quoted */
    char type[ROW_COLUMNS_MAX][ATTACH_TYPE_BYTES_MAX]; /* "numeric(18,2)" */
    char list[4096]; /* all columns */
    char where[1024]; /* key = $1 AND ... */
} AttachRows;

/* One row as it was read; image, key and seal borrow from the row itself. */
typedef struct AttachRow {
    bool present;
    bool doubled; /* the key stood there more than once */
    size_t image_bytes;
    size_t key_bytes;
    size_t seal_bytes; /* 48, or 0 */
    uint8_t image[ROW_IMAGE_BYTES_MAX];
    uint8_t key[ROW_KEY_BYTES_MAX];
    uint8_t seal[WIRE_SEAL_BYTES];
    uint64_t transaction; /* of attach_rows_lock() */
    size_t wanted_bytes; /* of attach_rows_lock() with new values: the image that will be */
    uint8_t wanted[ROW_IMAGE_BYTES_MAX];
} AttachRow;

static inline Span attach_row_image(const AttachRow *row)
{
    return (Span) { row->image, row->present ? row->image_bytes : 0 };
}
static inline Span attach_row_seal(const AttachRow *row)
{
    return (Span) { row->seal, row->seal_bytes };
}
static inline Span attach_row_key(const AttachRow *row)
{
    return (Span) { row->key, row->key_bytes };
}

/* Look the columns up. Refuses REFUSED_ATTACH_TABLE (no such table or column, or of another kind
 * than registered), FAULT_ATTACH_DATABASE. */
MUST_USE Status attach_rows_open(
        PGconn *connection, const AttachTable *table, AttachRows *ret_rows);

/* New values of columns, as text; NULL is NULL. */
typedef struct AttachValues {
    const char *const *columns;
    const char *const *values;
    size_t count;
} AttachValues;

/* The row with this key (text, in the order of the key columns), and its seal.
 * share, update: lock it first; the seal is then read after the lock is held. */
typedef enum AttachLock { ATTACH_NO_LOCK, ATTACH_SHARE, ATTACH_UPDATE } AttachLock;
MUST_USE Status attach_rows_read(AttachRows *rows, const char *const *key, AttachLock lock,
        const AttachValues *values, AttachRow *ret_row);
/* The image of a row that will be inserted; every sealed column must be among `values`. */
MUST_USE Status attach_rows_intend(
        AttachRows *rows, const AttachValues *values, AttachRow *ret_row);

/* Write, and refuse REFUSED_ATTACH_WRITE_DIFFERS unless the database then has exactly row->wanted:
 * a trigger or rule that changes what is written gets nothing sealed. */
MUST_USE Status attach_rows_update(
        AttachRows *rows, const char *const *key, const AttachValues *values, const AttachRow *row);
MUST_USE Status attach_rows_insert(
        AttachRows *rows, const AttachValues *values, const AttachRow *row);
MUST_USE Status attach_rows_delete(AttachRows *rows, const char *const *key);
MUST_USE Status attach_seal_write(AttachRows *rows, Span key, const uint8_t seal[WIRE_SEAL_BYTES]);
MUST_USE Status attach_seal_delete(AttachRows *rows, Span key);

/* --- for those who walk --- */
/* Column values of one line of a binary result, `first` on; key and image are filled in. */
MUST_USE Status attach_rows_take(
        const AttachRows *rows, const PGresult *result, int line, int first, AttachRow *ret_row);

/* Run one statement. Faults FAULT_ATTACH_DATABASE; refuses REFUSED_ATTACH_RETRY (serialization
 * failure, deadlock), REFUSED_ROW_EXISTS (unique violation). The result is the caller's. */
typedef struct AttachStatement {
    const char *sql;
    const char *const *values;
    const int *lengths; /* NULL: all text */
    const int *formats;
    int count;
} AttachStatement;
MUST_USE Status attach_run(PGconn *connection, const AttachStatement *statement, PGresult **ret);
MUST_USE Status attach_do(PGconn *connection, const char *sql);
static inline void attach_result_free(PGresult **result) { PQclear(*result); }

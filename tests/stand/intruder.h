#pragma once
/*
 * intruder: somebody with write access to the database file, on a second connection, while the
 * programs run. He knows the schema and no key. He also keeps copies of tables beside the database
 * (in his own memory), to put old rows back.
 *
 * What he does is found from the schema itself (PRAGMA table_info), so that a new column is
 * attacked without a new line here. Everything ASSERTs: an attack that could not be made is no
 * test.
 */
#include "stand.h"

enum { INTRUDER_COLUMNS_MAX = 40, INTRUDER_SQL_BYTES_MAX = 2048 };

typedef struct IntruderColumn {
    char name[64];
    char type[16]; /* as declared: BIGINT, TEXT, BYTEA */
    bool key;
} IntruderColumn;

typedef struct Intruder {
    struct sqlite3 *database;
} Intruder;

void intruder_open(const Stand *stand, Intruder *ret_intruder);
void intruder_close(Intruder *intruder);

/* Any SQL, given as printf() would have it. */
void intruder_do(Intruder *intruder, const char *format, ...) __attribute__((format(printf, 2, 3)));
int64_t intruder_number(Intruder *intruder, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Columns in the table's order; how many. */
size_t intruder_columns(
        Intruder *intruder, const char *table, IntruderColumn ret[INTRUDER_COLUMNS_MAX]);
/* "a, b" of all columns but the key. */
void intruder_payload(
        Intruder *intruder, const char *table, char ret_names[INTRUDER_SQL_BYTES_MAX]);

/* Change one bit of one column of the one row `where`; NULL becomes something. */
void intruder_flip(
        Intruder *intruder, const char *table, const char *where, const IntruderColumn *column);
/* Put a value of another type there. */
void intruder_retype(
        Intruder *intruder, const char *table, const char *where, const IntruderColumn *column);

/* The one row `where` by its key, which stays when the row changes. */
void intruder_name(
        Intruder *intruder, const char *table, const char *where, char *ret_where, size_t capacity);
/* The row's key as vaultd names it: what two people release. */
MUST_USE Status intruder_key(
        Intruder *intruder, const char *table, uint16_t id, const char *where, Buffer *ret_key);
/* A copy of the row under another key: the last column of the key has one bit changed. */
void intruder_duplicate(Intruder *intruder, const char *table, const char *where);

/* Two rows change places: everything but their keys. */
void intruder_swap(Intruder *intruder, const char *table, const char *where, const char *other);

/* Keep the whole table under a name; put rows back exactly as they were: those of `where`, or "1"
 * for all. */
void intruder_keep(Intruder *intruder, const char *table, const char *name);
void intruder_put_back(Intruder *intruder, const char *table, const char *name, const char *where);

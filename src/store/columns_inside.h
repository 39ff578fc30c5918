#pragma once
/*
 * columns_inside: the two kinds of database behind columns.h.
 */
#include "store/columns.h"

MUST_USE Status columns_walk_sqlite(const char *path, ColumnSeen seen, void *context);
MUST_USE Status columns_walk_postgres(const char *address, ColumnSeen seen, void *context);

/* Put one more value of a primary key behind the others. */
void columns_key_add(char key[COLUMN_KEY_BYTES_MAX], const char *value);

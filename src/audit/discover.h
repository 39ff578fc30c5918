#pragma once
/*
 * discover: the sealed tables as the database itself describes them. `auditor` knows no room's
 * code: of a table it knows the number and the name in the registry, and that column ids count
 * from 1. A description that was changed makes every row differ from its leaf, which is noticed.
 */
#include "store/store.h"

enum { DISCOVER_TABLES_MAX = 64, DISCOVER_NAME_BYTES_MAX = 63 };

typedef struct Discovered {
    Table tables[DISCOVER_TABLES_MAX];
    Column columns[DISCOVER_TABLES_MAX][ROW_COLUMNS_MAX];
    char names[DISCOVER_TABLES_MAX][ROW_COLUMNS_MAX][DISCOVER_NAME_BYTES_MAX + 1];
    const Table *list[DISCOVER_TABLES_MAX];
    size_t count;
    StoreSchema schema; /* for store_open_readonly() */
} Discovered;

/* Fill from the database at `path`; ret's pointers point into itself, so it must stay where it is.
 */
MUST_USE Status discover_tables(const char *path, Discovered *ret);
/* The registered name of a table number, or "unknown". */
const char *discover_name(uint16_t table);

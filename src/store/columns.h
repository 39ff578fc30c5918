#pragma once
/*
 * columns: every value of somebody's database, read-only, one after another: for `hufu scan --db`.
 *
 * "sqlite:PATH" is opened read-only; "postgres://..." (or postgresql://) is read in one read-only
 * transaction through a cursor. System tables are left out. Nothing is written, ever.
 */
#include "base/bytes.h"

enum { COLUMN_KEY_BYTES_MAX = 256 };

typedef struct ColumnValue {
    const char *table; /* "schema.table" in PostgreSQL */
    const char *column;
    const char *key; /* the primary key's values, or "rowid 12"; cut at COLUMN_KEY_BYTES_MAX */
    Span value; /* as bytes or as text; never NULL; borrowed during the call */
} ColumnValue;

/* What is not OK ends the walk and is returned. */
typedef Status (*ColumnSeen)(void *context, const ColumnValue *value);

/* The scheme of the address is one of ours. */
bool columns_address_is_known(const char *address);

/* development: as store/safe_address.h says. Refuses REFUSED_DATABASE_UNREADABLE,
 * REFUSED_CHANNEL_UNSAFE (TP-17). Faults FAULT_MEMORY, and what `seen` returns. */
MUST_USE Status columns_walk(const char *address, bool development, ColumnSeen seen, void *context);

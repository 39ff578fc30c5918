#pragma once
/*
 * value: one column of a PostgreSQL row, in the server's binary format, as the canonical value that
 * is sealed (base/row.h).
 *
 * The binary format does not depend on the session (DateStyle, TimeZone, locale), so one row has
 * one image for everybody. Numerics lose superfluous zeros (1.50 is 1.5), times are microseconds
 * UTC, char(n) loses its padding. Bytes from the server are bytes from outside. Floor 3.
 */
#include "ipc/attached_wire.h"

enum { ATTACH_NUMERIC_BYTES_MAX = 1024 /* of canonical text */ };

/* How values of this type are sealed; 0: they are not. `type` is an OID of pg_type. */
uint8_t attach_kind(uint32_t type);

/*
 * binary   the value as the server sent it; data NULL: NULL
 * scratch  text of a numeric is appended to it; ret_value borrows from it or from `binary`
 * Refuses REFUSED_ATTACH_COLUMN_TYPE, REFUSED_ATTACH_VALUE (not what this type looks like, or too
 * long).
 */
MUST_USE Status attach_value(uint32_t type, Span binary, Buffer *scratch, Value *ret_value);

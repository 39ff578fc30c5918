#pragma once
/*
 * export_rows: the content of an export as CSV (RFC 4180): one line of names, then one a row. Rows
 * of tables are verified as they are read; events of the trail come from the leaves of the log.
 */
#include "api/export_form.h"

enum { EXPORT_BYTES_MAX = 32 * 1024, EXPORT_ROWS_MAX = 1024 };

/* Appended to ret_csv. Refuses REFUSED_BUFFER_FULL (too much for one file: name fewer fields or a
 * shorter period), and the verdict of a row that does not verify: then nothing is exported. */
MUST_USE Status export_rows(
        House *house, const ExportForm *form, Buffer *ret_csv, size_t *ret_rows);

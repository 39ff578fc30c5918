#pragma once
/*
 * export_rows: the content of an export as CSV (RFC 4180): one line of names, then one a row. Rows
 * of tables are verified as they are read; events of the trail come from the leaves of the log, all
 * leaves of the period, wherever they stand: their times need not ascend.
 *
 * It comes in parts, each within one buffer, so that no export is larger in memory than a part. A
 * part goes on behind the last row of the one before: of rows that come meanwhile those are
 * exported that stand behind it, and none twice.
 */
#include "api/export_form.h"

enum {
    EXPORT_PART_BYTES_MAX = 32 * 1024,
    EXPORT_PARTS_MAX = 1024, /* of one export: 32 MiB */
    EXPORT_KEY_BYTES_MAX = 128,
    /* hexadecimal of each key of a row, or of (leaf, events of it that were exported) */
    EXPORT_PLACE_BYTES_MAX = 2 * ROW_KEY_COLUMNS_MAX * (4 + EXPORT_KEY_BYTES_MAX),
};

typedef struct ExportPart {
    int64_t number; /* in: from 1 */
    Span after; /* in: the place where the part before ended; the first part has none */
    Buffer *csv; /* appended */
    size_t rows;
    bool last; /* nothing is left */
    uint8_t place_bytes[EXPORT_PLACE_BYTES_MAX];
    Span place; /* where the next part goes on; unless `last` */
} ExportPart;

/* Refuses EXPORT_FORM (a place that is none of this form), BUFFER_FULL (one row alone is more than
 * a part), and the verdict of a row that does not verify: then nothing is exported. */
MUST_USE Status export_rows(House *house, const ExportForm *form, ExportPart *part);

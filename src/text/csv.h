#pragma once
/*
 * csv: RFC 4180 tables with a header row, read record by record from memory or a file; and written.
 *
 * Strict: UTF-8, no NUL, unique non-empty column names, every record as long as the header, a quote
 * only around a whole field. LF is accepted beside CRLF, a UTF-8 byte order mark before the header
 * too, and a missing last line end. An empty line is skipped only at the very end.
 *
 *     CLEANUP(csv_close) CsvReader *reader = NULL;
 *     TRY(csv_open_file(file, &reader));
 *     size_t ts = 0;
 *     TRY(csv_column(reader, "ts", &ts));
 *     for (bool more = true;;) {
 *         TRY(csv_next(reader, &more));
 *         if (!more) break;
 *         ... csv_field(reader, ts) ...
 *     }
 *
 * Floor 1. No shared state. Allocates once, at opening.
 */
#include "base/bytes.h"

#include <stdio.h>

enum {
    CSV_COLUMNS_MAX = 128,
    CSV_RECORD_BYTES_MAX = 64 * 1024, /* one record's content */
    CSV_HEADER_BYTES_MAX = 4096,
};

typedef struct CsvReader CsvReader;

/* Read the header row. `text` is borrowed until csv_close().
 * Refuses: REFUSED_CSV_SYNTAX (no line is known yet when opening fails), REFUSED_CSV_SIZE.
 * Faults: FAULT_MEMORY, FAULT_DISK. */
MUST_USE Status csv_open(Span text, CsvReader **ret_reader);
/* The same over a stream, which the caller keeps and closes. */
MUST_USE Status csv_open_file(FILE *file, CsvReader **ret_reader);
void csv_close(CsvReader **reader);

size_t csv_column_count(const CsvReader *reader);
/* Borrowed until csv_close(). `index` < csv_column_count(). */
Span csv_column_name(const CsvReader *reader, size_t index);
/* Refuses REFUSED_CSV_COLUMN when the header has no such column. */
MUST_USE Status csv_column(const CsvReader *reader, const char *name, size_t *ret_index);

/* Step to the next record; `*ret_more` is false at the end. After a refusal the reader is spent,
 * and csv_line() is the line that was refused. Refuses: REFUSED_CSV_SYNTAX, REFUSED_CSV_SIZE.
 * Faults: FAULT_DISK. */
MUST_USE Status csv_next(CsvReader *reader, bool *ret_more);
/* Borrowed until the next csv_next(). `index` < csv_column_count(). */
Span csv_field(const CsvReader *reader, size_t index);
/* Line on which the current record begins, from 1. */
size_t csv_line(const CsvReader *reader);
/* A whole number in a field, digits with an optional '-'. Refuses REFUSED_NUMBER_INVALID. */
MUST_USE Status csv_field_int(const CsvReader *reader, size_t index, int64_t *ret_value);

/* --- out: one record, quoted where needed, ended by CRLF --- */
/* What a spreadsheet would run as a formula (it begins with = + - @, tab, CR or LF) gets a ' before
 * it and quotes around it; numbers stay numbers. So such a field is not read back as it was.
 * Refuses REFUSED_BUFFER_FULL and then leaves `out` as it was. */
MUST_USE Status csv_put_record(Buffer *out, const Span *fields, size_t count);

#include "text/csv.h"

#include <string.h>

/* What is read, written and read again is the same record, but for the mark before a formula. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may_be_formula(Span field)
{
    return field.size > 0 && memchr("=+-@\t\r\n", field.data[0], 7) != NULL;
}

static void check_field(Span written, Span read)
{
    const bool marked = may_be_formula(written) && read.size == written.size + 1;
    ASSERT(!marked || read.data[0] == '\'');
    ASSERT(span_equal(marked ? (Span) { read.data + 1, written.size } : read, written));
}

static void check_round(const CsvReader *reader)
{
    static uint8_t memory[4 * CSV_RECORD_BYTES_MAX];
    Span fields[CSV_COLUMNS_MAX];
    Span names[CSV_COLUMNS_MAX];
    const size_t count = csv_column_count(reader);
    for (size_t i = 0; i < count; i++) {
        fields[i] = csv_field(reader, i);
        names[i] = csv_column_name(reader, i);
        if (may_be_formula(names[i])) return; /* with its mark it may be another column's name */
    }
    if (count == 1 && fields[0].size == 0) return; /* an empty line cannot say this */
    Buffer out = BUFFER_OF(memory);
    ASSERT(status_ok(csv_put_record(&out, names, count)));
    ASSERT(status_ok(csv_put_record(&out, fields, count)));
    CLEANUP(csv_close) CsvReader *again = NULL;
    bool more = false;
    if (names[0].size >= 3 && names[0].data[0] == 0xEF) return; /* a second mark would be cut too */
    ASSERT(status_ok(csv_open(span_of_buffer(&out), &again)));
    ASSERT(status_ok(csv_next(again, &more)) && more);
    for (size_t i = 0; i < count; i++)
        check_field(fields[i], csv_field(again, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(csv_close) CsvReader *reader = NULL;
    if (!status_ok(csv_open((Span) { data, size }, &reader))) return 0;
    for (bool more = true;;) {
        if (!status_ok(csv_next(reader, &more)) || !more) return 0;
        check_round(reader);
    }
}

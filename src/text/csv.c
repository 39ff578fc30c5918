#include "text/csv.h"

#include <stdlib.h>

struct CsvReader {
    Cursor text; /* the source: memory ... */
    FILE *file; /* ... or a stream, when not NULL */
    size_t line; /* of the next byte */
    size_t record; /* first line of the current record */
    size_t columns;
    size_t count; /* fields of the record read so far */
    size_t starts[CSV_COLUMNS_MAX + 1]; /* field i is bytes starts[i]..starts[i + 1] */
    Span names[CSV_COLUMNS_MAX];
    uint8_t header[CSV_HEADER_BYTES_MAX];
    Buffer bytes;
    uint8_t memory[CSV_RECORD_BYTES_MAX];
};

enum { END = -1 };

static Status next_byte(CsvReader *reader, int *ret_byte)
{
    if (reader->file != NULL) {
        *ret_byte = getc_unlocked(reader->file);
        CHECK(*ret_byte != EOF || ferror(reader->file) == 0, FAULT_DISK);
        if (*ret_byte == EOF) *ret_byte = END;
    }
    uint8_t byte = 0;
    if (reader->file == NULL) *ret_byte = END;
    if (reader->file == NULL && status_ok(cursor_u8(&reader->text, &byte))) *ret_byte = byte;
    if (*ret_byte == '\n') reader->line++;
    return OK;
}

static Status end_field(CsvReader *reader)
{
    REQUIRE(reader->count < CSV_COLUMNS_MAX, REFUSED_CSV_SIZE);
    const size_t start = reader->starts[reader->count];
    const Span field = { reader->memory + start, reader->bytes.size - start };
    REQUIRE(span_is_utf8(field), REFUSED_TEXT_NOT_UTF8); /* each by itself: "\xC3,\xA9" is not */
    reader->starts[++reader->count] = reader->bytes.size;
    return OK;
}

static Status put_byte(CsvReader *reader, int byte)
{
    REQUIRE(byte != 0, REFUSED_CSV_SYNTAX);
    REQUIRE(status_ok(buffer_put_u8(&reader->bytes, (uint8_t)byte)), REFUSED_CSV_SIZE);
    return OK;
}

/* What may follow a field: a comma, a line end, the end. A CR stands only before its LF. */
static Status field_stop(CsvReader *reader, int *byte)
{
    if (*byte == '\r') {
        TRY(next_byte(reader, byte));
        REQUIRE(*byte == '\n', REFUSED_CSV_SYNTAX);
    }
    REQUIRE(*byte == ',' || *byte == '\n' || *byte == END, REFUSED_CSV_SYNTAX);
    return OK;
}

/* After the opening quote; leaves the byte after the closing one. */
static Status read_quoted(CsvReader *reader, int *ret_byte)
{
    for (;;) {
        TRY(next_byte(reader, ret_byte));
        REQUIRE(*ret_byte != END, REFUSED_CSV_SYNTAX);
        if (*ret_byte == '"') {
            TRY(next_byte(reader, ret_byte));
            if (*ret_byte != '"') return OK;
        }
        TRY(put_byte(reader, *ret_byte));
    }
}

/* One field that begins with `*byte`; leaves the stop after it. */
static Status read_field(CsvReader *reader, int *byte)
{
    if (*byte == '"') {
        TRY(read_quoted(reader, byte));
        TRY(field_stop(reader, byte));
        return end_field(reader);
    }
    while (*byte != ',' && *byte != '\n' && *byte != '\r' && *byte != END) {
        REQUIRE(*byte != '"', REFUSED_CSV_SYNTAX);
        TRY(put_byte(reader, *byte));
        TRY(next_byte(reader, byte));
    }
    TRY(field_stop(reader, byte));
    return end_field(reader);
}

/* One record; `*ret_more` is false when there is none, and false too for an empty line before the
 * end. */
static Status read_record(CsvReader *reader, bool *ret_more)
{
    reader->bytes.size = 0;
    reader->count = 0;
    reader->starts[0] = 0;
    reader->record = reader->line;
    int byte = END;
    TRY(next_byte(reader, &byte));
    if (byte == END) return *ret_more = false, OK;
    const bool empty = byte == '\n' || byte == '\r';
    TRY(read_field(reader, &byte));
    while (byte == ',') {
        TRY(next_byte(reader, &byte));
        TRY(read_field(reader, &byte));
    }
    *ret_more = true;
    if (!empty) return OK;
    TRY(next_byte(reader, &byte));
    REQUIRE(byte == END, REFUSED_CSV_SYNTAX);
    *ret_more = false;
    return OK;
}

/* A byte order mark is three bytes of the first column's name. */
static Span without_mark(Span name)
{
    const bool marked = name.size >= 3 && bytes_equal_ct(name.data, "\xEF\xBB\xBF", 3);
    return marked ? (Span) { name.data + 3, name.size - 3 } : name;
}

static Status read_header(CsvReader *reader)
{
    bool more = false;
    TRY(read_record(reader, &more));
    REQUIRE(more, REFUSED_CSV_SYNTAX);
    REQUIRE(reader->bytes.size <= sizeof(reader->header), REFUSED_CSV_SIZE);
    memcpy(reader->header, reader->memory, reader->bytes.size);
    for (size_t i = 0; i < reader->count; i++) {
        Span name = { reader->header + reader->starts[i],
            reader->starts[i + 1] - reader->starts[i] };
        if (i == 0) name = without_mark(name);
        REQUIRE(name.size > 0, REFUSED_CSV_SYNTAX);
        for (size_t k = 0; k < i; k++)
            REQUIRE(!span_equal(reader->names[k], name), REFUSED_CSV_SYNTAX);
        reader->names[i] = name;
    }
    reader->columns = reader->count;
    return OK;
}

static Status open_source(Span text, FILE *file, CsvReader **ret_reader)
{
    CLEANUP(csv_close) CsvReader *reader = calloc(1, sizeof(*reader));
    CHECK(reader != NULL, FAULT_MEMORY);
    reader->text = cursor_of(text);
    reader->file = file;
    reader->line = 1;
    reader->bytes = BUFFER_OF(reader->memory);
    TRY(read_header(reader));
    *ret_reader = reader;
    reader = NULL; /* transferred */
    return OK;
}

Status csv_open(Span text, CsvReader **ret_reader) { return open_source(text, NULL, ret_reader); }

Status csv_open_file(FILE *file, CsvReader **ret_reader)
{
    return open_source((Span) { 0 }, file, ret_reader);
}

void csv_close(CsvReader **reader)
{
    free(*reader);
    *reader = NULL;
}

size_t csv_column_count(const CsvReader *reader) { return reader->columns; }

Span csv_column_name(const CsvReader *reader, size_t index)
{
    ASSERT(index < reader->columns);
    return reader->names[index];
}

Status csv_column(const CsvReader *reader, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < reader->columns; i++) {
        if (!span_equal(reader->names[i], span_of_text(name))) continue;
        *ret_index = i;
        return OK;
    }
    return REFUSE(REFUSED_CSV_COLUMN);
}

Status csv_next(CsvReader *reader, bool *ret_more)
{
    bool more = false;
    TRY(read_record(reader, &more));
    if (more) REQUIRE(reader->count == reader->columns, REFUSED_CSV_SYNTAX);
    *ret_more = more;
    return OK;
}

Span csv_field(const CsvReader *reader, size_t index)
{
    ASSERT(index < reader->columns);
    const size_t start = reader->starts[index];
    return (Span) { reader->memory + start, reader->starts[index + 1] - start };
}

size_t csv_line(const CsvReader *reader) { return reader->record; }

Status csv_field_int(const CsvReader *reader, size_t index, int64_t *ret_value)
{
    const Span text = csv_field(reader, index);
    const bool negative = text.size > 0 && text.data[0] == '-';
    REQUIRE(text.size > (negative ? 1 : 0), REFUSED_NUMBER_INVALID);
    int64_t value = 0; /* kept negative, where -2^63 fits */
    for (size_t i = negative ? 1 : 0; i < text.size; i++) {
        const int digit = text.data[i] - '0';
        REQUIRE(digit >= 0 && digit <= 9, REFUSED_NUMBER_INVALID);
        REQUIRE(!__builtin_mul_overflow(value, 10, &value), REFUSED_NUMBER_INVALID);
        REQUIRE(!__builtin_sub_overflow(value, digit, &value), REFUSED_NUMBER_INVALID);
    }
    REQUIRE(negative || value > INT64_MIN, REFUSED_NUMBER_INVALID);
    *ret_value = negative ? value : -value;
    return OK;
}

/* --- out --- */

static bool needs_quotes(Span field)
{
    for (size_t i = 0; i < field.size; i++)
        if (strchr("\",\r\n", field.data[i]) != NULL && field.data[i] != 0) return true;
    return false;
}

static Status put_quoted(Buffer *out, const char *opening, Span field)
{
    TRY(buffer_put(out, span_of_text(opening)));
    for (size_t i = 0; i < field.size; i++) {
        if (field.data[i] == '"') TRY(buffer_put_u8(out, '"'));
        TRY(buffer_put_u8(out, field.data[i]));
    }
    return buffer_put_u8(out, '"');
}

/* "-12", "-12.50": what begins with a minus without being a formula. */
static bool is_number(Span field)
{
    size_t points = 0;
    size_t digits = 0;
    for (size_t i = field.data[0] == '-' ? 1 : 0; i < field.size; i++) {
        const bool digit = field.data[i] >= '0' && field.data[i] <= '9';
        if (!digit && field.data[i] != '.') return false;
        digits += digit ? 1 : 0;
        points += digit ? 0 : 1;
    }
    return digits > 0 && points <= 1;
}

/* A spreadsheet runs what begins so (OWASP, CSV injection). */
static bool is_formula(Span field)
{
    if (field.size == 0 || field.data[0] == 0) return false;
    return strchr("=+-@\t\r\n", field.data[0]) != NULL && !is_number(field);
}

static Status put_field(Buffer *out, Span field)
{
    if (is_formula(field)) return put_quoted(out, "\"'", field);
    if (!needs_quotes(field)) return buffer_put(out, field);
    return put_quoted(out, "\"", field);
}

static Status put_record(Buffer *out, const Span *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) TRY(buffer_put_u8(out, ','));
        TRY(put_field(out, fields[i]));
    }
    return buffer_put(out, SPAN("\r\n"));
}

Status csv_put_record(Buffer *out, const Span *fields, size_t count)
{
    ASSERT(count > 0 && count <= CSV_COLUMNS_MAX);
    const size_t before = out->size;
    const Status s = put_record(out, fields, count);
    if (!status_ok(s)) out->size = before;
    return s;
}

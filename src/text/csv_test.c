#include "text/csv.h"

#include "base/expect.h"

static void test_reads_records(void)
{
    static const char text[] = "\xEF\xBB\xBFts,name,\"a,b\"\r\n1,\"x\r\n\"\"y\"\"\",\n-2,,中\n\n";
    CLEANUP(csv_close) CsvReader *reader = NULL;
    EXPECT_OK(csv_open(span_of_text(text), &reader));
    EXPECT(csv_column_count(reader) == 3 && span_equal(csv_column_name(reader, 2), SPAN("a,b")));
    size_t name = 0;
    EXPECT_OK(csv_column(reader, "name", &name));
    EXPECT_REFUSED(csv_column(reader, "Name", &name), REFUSED_CSV_COLUMN);
    EXPECT(name == 1);

    bool more = false;
    int64_t ts = 0;
    EXPECT_OK(csv_next(reader, &more));
    EXPECT(more && csv_line(reader) == 2);
    EXPECT(span_equal(csv_field(reader, 1), SPAN("x\r\n\"y\"")) && csv_field(reader, 2).size == 0);
    EXPECT_OK(csv_field_int(reader, 0, &ts));
    EXPECT(ts == 1);
    EXPECT_OK(csv_next(reader, &more));
    EXPECT(more && csv_line(reader) == 4 && span_equal(csv_field(reader, 2), SPAN("中")));
    EXPECT_OK(csv_field_int(reader, 0, &ts));
    EXPECT(ts == -2);
    EXPECT_REFUSED(csv_field_int(reader, 1, &ts), REFUSED_NUMBER_INVALID);
    EXPECT_OK(csv_next(reader, &more));
    EXPECT(!more);
}

static Status read_all(Span text, size_t *ret_line, size_t *ret_records)
{
    CLEANUP(csv_close) CsvReader *reader = NULL;
    *ret_line = 0;
    *ret_records = 0;
    TRY(csv_open(text, &reader));
    for (bool more = true;;) {
        const Status s = csv_next(reader, &more);
        *ret_line = csv_line(reader);
        TRY(s);
        if (!more) return OK;
        ++*ret_records;
    }
}

static void test_bad_tables_are_refused_with_their_line(void)
{
    static const struct {
        const char *text;
        size_t size;
        StatusCode code;
        size_t line;
    } cases[] = {
#define CASE(text, code, line) { text, sizeof(text) - 1, code, line }
        CASE("", REFUSED_CSV_SYNTAX, 0), CASE("\n", REFUSED_CSV_SYNTAX, 0),
        CASE("a,\n", REFUSED_CSV_SYNTAX, 0), CASE("a,a\n", REFUSED_CSV_SYNTAX, 0),
        CASE("a,b\n1\n", REFUSED_CSV_SYNTAX, 2), CASE("a,b\n1,2\n1,2,3\n", REFUSED_CSV_SYNTAX, 3),
        CASE("a,b\n1,2\n\n1,2\n", REFUSED_CSV_SYNTAX, 3),
        CASE("a,b\n1,x\"y\n", REFUSED_CSV_SYNTAX, 2),
        CASE("a,b\n1,\"x\"y\n", REFUSED_CSV_SYNTAX, 2), CASE("a,b\n1,\"x\n", REFUSED_CSV_SYNTAX, 2),
        CASE("a,b\n1,x\ry\n", REFUSED_CSV_SYNTAX, 2), CASE("a,b\n1,x\r", REFUSED_CSV_SYNTAX, 2),
        CASE("a,b\n1,\0\n", REFUSED_CSV_SYNTAX, 2), CASE("a,b\n1,\xFF\n", REFUSED_TEXT_NOT_UTF8, 2),
        CASE("a,b\n\xC3,\xA9\n", REFUSED_TEXT_NOT_UTF8, 2), /* one letter torn by a comma */
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t line = 0;
        size_t records = 0;
        const Span text = { (const uint8_t *)cases[i].text, cases[i].size };
        EXPECT_REFUSED(read_all(text, &line, &records), cases[i].code);
        EXPECT(line == cases[i].line);
    }
}

static void test_ends_without_line_end(void)
{
    size_t line = 0;
    size_t records = 0;
    EXPECT_OK(read_all(SPAN("a,b\n1,2"), &line, &records));
    EXPECT(records == 1);
    EXPECT_OK(read_all(SPAN("a,b\n1,\"2\""), &line, &records));
    EXPECT(records == 1);
    EXPECT_OK(read_all(SPAN("a,b\n1,"), &line, &records));
    EXPECT(records == 1);
    EXPECT_OK(read_all(SPAN("a"), &line, &records));
    EXPECT(records == 0);
}

static void test_numbers_at_the_edge(void)
{
    CLEANUP(csv_close) CsvReader *reader = NULL;
    EXPECT_OK(csv_open(SPAN("a,b,c,d,e\n9223372036854775807,-9223372036854775808,"
                            "9223372036854775808,-9223372036854775809,-\n"),
            &reader));
    bool more = false;
    EXPECT_OK(csv_next(reader, &more));
    int64_t n = 0;
    EXPECT_OK(csv_field_int(reader, 0, &n));
    EXPECT(n == INT64_MAX);
    EXPECT_OK(csv_field_int(reader, 1, &n));
    EXPECT(n == INT64_MIN);
    for (size_t i = 2; i < 5; i++)
        EXPECT_REFUSED(csv_field_int(reader, i, &n), REFUSED_NUMBER_INVALID);
    EXPECT(n == INT64_MIN);
}

static void test_limits(void)
{
    static char text[CSV_RECORD_BYTES_MAX + 16];
    size_t line = 0;
    size_t records = 0;
    memcpy(text, "a\n", 2);
    memset(text + 2, 'x', CSV_RECORD_BYTES_MAX + 1);
    EXPECT_OK(read_all((Span) { (uint8_t *)text, CSV_RECORD_BYTES_MAX + 2 }, &line, &records));
    EXPECT_REFUSED(read_all((Span) { (uint8_t *)text, CSV_RECORD_BYTES_MAX + 3 }, &line, &records),
            REFUSED_CSV_SIZE);
    memset(text + 2, ',', CSV_COLUMNS_MAX + 1);
    EXPECT_REFUSED(read_all((Span) { (uint8_t *)text, CSV_COLUMNS_MAX + 2 }, &line, &records),
            REFUSED_CSV_SIZE);
}

static void test_written_records_read_back_from_a_file(void)
{
    const Span header[] = { SPAN("a"), SPAN("b") };
    const Span fields[] = { SPAN("x,\"y\"\r\nz"), SPAN("中") };
    uint8_t memory[64];
    Buffer out = BUFFER_OF(memory);
    EXPECT_OK(csv_put_record(&out, header, 2));
    EXPECT_OK(csv_put_record(&out, fields, 2));
    Buffer small = { memory, 0, 5 };
    EXPECT_REFUSED(csv_put_record(&small, fields, 2), REFUSED_BUFFER_FULL);
    EXPECT(small.size == 0);

    out.size = 0;
    EXPECT_OK(csv_put_record(&out, header, 2));
    EXPECT_OK(csv_put_record(&out, fields, 2));
    FILE *const file = tmpfile();
    EXPECT(file != NULL && fwrite(out.data, 1, out.size, file) == out.size);
    rewind(file);
    CLEANUP(csv_close) CsvReader *reader = NULL;
    bool more = false;
    EXPECT_OK(csv_open_file(file, &reader));
    EXPECT_OK(csv_next(reader, &more));
    EXPECT(more && span_equal(csv_field(reader, 0), fields[0]));
    EXPECT(span_equal(csv_field(reader, 1), fields[1]));
    EXPECT_OK(csv_next(reader, &more));
    EXPECT(!more);
    fclose(file);
}

/* OWASP, CSV injection: nothing of ours is run where somebody opens it. */
static void test_no_cell_is_a_formula(void)
{
    static const struct {
        const char *field;
        const char *written;
    } cases[] = {
        { "=1+1", "\"'=1+1\"\r\n" },
        { "@SUM(A1)", "\"'@SUM(A1)\"\r\n" },
        { "+8613800138000", "\"'+8613800138000\"\r\n" },
        { "-2+3", "\"'-2+3\"\r\n" },
        { "-", "\"'-\"\r\n" },
        { "-1.2.3", "\"'-1.2.3\"\r\n" },
        { "\t=1", "\"'\t=1\"\r\n" },
        { "\r=1", "\"'\r=1\"\r\n" },
        { "\n=1", "\"'\n=1\"\r\n" },
        { "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\r\n" },
        { "-12", "-12\r\n" },
        { "-12.50", "-12.50\r\n" },
        { "a=1", "a=1\r\n" },
        { "", "\r\n" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t memory[128];
        Buffer out = BUFFER_OF(memory);
        const Span field = span_of_text(cases[i].field);
        EXPECT_OK(csv_put_record(&out, &field, 1));
        EXPECT(span_equal(span_of_buffer(&out), span_of_text(cases[i].written)));
    }
}

TESTS(TEST(test_no_cell_is_a_formula), TEST(test_reads_records),
        TEST(test_bad_tables_are_refused_with_their_line), TEST(test_ends_without_line_end),
        TEST(test_numbers_at_the_edge), TEST(test_limits),
        TEST(test_written_records_read_back_from_a_file))

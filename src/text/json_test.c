#include "text/json.h"

#include "base/expect.h"

typedef struct Order {
    Span number;
    int64_t total;
    Span currency;
    bool test;
    const JsonValue *goods;
    const JsonValue *scene;
} Order;

static const JsonField amount_fields[] = {
    { "total", JSON_INT, true, 1, 100000000, offsetof(Order, total) },
    { "currency", JSON_TEXT, false, 3, 3, offsetof(Order, currency) },
};
static const JsonField order_fields[] = {
    { "out_trade_no", JSON_TEXT, true, 6, 32, offsetof(Order, number) },
    { "amount", JSON_RECORD, true, .fields = amount_fields, .field_count = 2 },
    { "test", JSON_BOOL, false, .offset = offsetof(Order, test) },
    { "goods", JSON_LIST, false, 1, 3, offsetof(Order, goods) },
    { "scene", JSON_RECORD, false, .offset = offsetof(Order, scene) },
};
enum { ORDER_FIELDS = sizeof(order_fields) / sizeof(order_fields[0]) };

/* Parse and read; the order's spans are not used after, so the document goes. */
static Status read_order(const char *text, Order *order, JsonProblem *problem)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(span_of_text(text), &document, problem));
    return json_read(document, json_root(document), order_fields, ORDER_FIELDS, order, problem);
}

static void test_reads_by_table(void)
{
    static const char text[] = "{\"out_trade_no\":\"订单-001\", \"amount\":{\"total\":888,"
                               "\"currency\":\"CNY\"},\"test\":true,\"goods\":[{\"id\":1},\"x\"]}";
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Order order = { 0 };
    EXPECT_OK(json_parse(span_of_text(text), &document, &problem));
    EXPECT_OK(
            json_read(document, json_root(document), order_fields, ORDER_FIELDS, &order, &problem));
    EXPECT(span_equal(order.number, SPAN("订单-001")));
    EXPECT(order.total == 888 && order.test && span_equal(order.currency, SPAN("CNY")));
    EXPECT(json_list_size(order.goods) == 2 && order.scene == NULL);

    const JsonValue *good = NULL;
    EXPECT_OK(json_list_object(document, order.goods, 0, &good, &problem));
    int64_t id = 0;
    const JsonField id_field = { "id", JSON_INT, true, 0, 9, 0 };
    EXPECT_OK(json_read(document, good, &id_field, 1, &id, &problem));
    EXPECT(id == 1);
    EXPECT_REFUSED(json_list_object(document, order.goods, 1, &good, &problem), REFUSED_JSON_TYPE);
    EXPECT(strcmp(problem.field, "goods[1]") == 0 && problem.line == 1);
    Span item = { 0 };
    EXPECT_OK(json_list_text(document, order.goods, 1, 1, &item, &problem));
    EXPECT(span_equal(item, SPAN("x")));
    EXPECT_REFUSED(
            json_list_text(document, order.goods, 1, 0, &item, &problem), REFUSED_JSON_RANGE);
}

static void test_refusals_name_field_line_and_column(void)
{
    static const struct {
        const char *text;
        StatusCode code;
        const char *field;
        int line, column;
    } cases[] = {
        { "{\"out_trade_no\":\"order-1\",\n \"amount\":{\"total\":1,\n  "
          "\"extra\":[1,{\"a\":\"}\"}]}}",
                REFUSED_JSON_UNKNOWN_KEY, "amount.extra", 3, 3 },
        { "{\"out_trade_no\":\"order-1\",\n \"amount\":{\"total\":0}}", REFUSED_JSON_RANGE,
                "amount.total", 2, 12 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":100000001}}", REFUSED_JSON_RANGE,
                "amount.total", 1, 37 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":1.0}}", REFUSED_JSON_TYPE,
                "amount.total", 1, 37 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":1e2}}", REFUSED_JSON_TYPE,
                "amount.total", 1, 37 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":\"1\"}}", REFUSED_JSON_TYPE,
                "amount.total", 1, 37 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":null}}", REFUSED_JSON_TYPE,
                "amount.total", 1, 37 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":{}}", REFUSED_JSON_MISSING, "amount.total", 1,
                36 },
        { "{\"out_trade_no\":\"order-1\"}", REFUSED_JSON_MISSING, "amount", 1, 1 },
        { "{\"out_trade_no\":\"order-1\",\"amount\":[]}", REFUSED_JSON_TYPE, "amount", 1, 27 },
        { "{\"out_trade_no\":\"short\"}", REFUSED_JSON_RANGE, "out_trade_no", 1, 2 },
        { "{\"out_trade_no\":7}", REFUSED_JSON_TYPE, "out_trade_no", 1, 2 },
        { "{\"out_trade_no\" : \"ab\\\"}{\\\\\" , \"odd\" : 1}", REFUSED_JSON_UNKNOWN_KEY, "odd", 1,
                32 },
        { "{\"test\":1}", REFUSED_JSON_TYPE, "test", 1, 2 },
        { "{\"goods\":[]}", REFUSED_JSON_RANGE, "goods", 1, 2 },
        { "{\"goods\":[1,2,3,4]}", REFUSED_JSON_RANGE, "goods", 1, 2 },
        { "{\"scene\":\"\"}", REFUSED_JSON_TYPE, "scene", 1, 2 },
        { "{\"Test\":true}", REFUSED_JSON_UNKNOWN_KEY, "Test", 1, 2 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Order order = { 0 };
        JsonProblem problem = { 0 };
        EXPECT_REFUSED(read_order(cases[i].text, &order, &problem), cases[i].code);
        if (strcmp(problem.field, cases[i].field) != 0 || problem.column != cases[i].column)
            fprintf(stderr, "case %zu: %s %d:%d\n", i, problem.field, problem.line, problem.column);
        EXPECT(strcmp(problem.field, cases[i].field) == 0);
        EXPECT(problem.line == cases[i].line && problem.column == cases[i].column);
    }
}

/* The last letter of each says what RFC 8259 (or our stricter reading) makes of it. Many are from
 * the ideas of "Parsing JSON is a Minefield" (N. Seriot, 2016). */
static void test_bad_documents_are_refused(void)
{
    static const struct {
        const char *text;
        size_t size;
        StatusCode code;
    } cases[] = {
#define CASE(text, code) { text, sizeof(text) - 1, code }
        CASE("", REFUSED_JSON_SYNTAX),
        CASE(" ", REFUSED_JSON_SYNTAX),
        CASE("{", REFUSED_JSON_SYNTAX),
        CASE("{}}", REFUSED_JSON_SYNTAX),
        CASE("{}{}", REFUSED_JSON_SYNTAX),
        CASE("{} x", REFUSED_JSON_SYNTAX),
        CASE("{}\0", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":1,}", REFUSED_JSON_SYNTAX),
        CASE("{'a':1}", REFUSED_JSON_SYNTAX),
        CASE("{a:1}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":01}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":+1}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":.5}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":0x10}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":NaN}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":True}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\\u0000\"}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\\u0000b\":1}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\n\"}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\0\"}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\\ud800\"}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\\x41\"}", REFUSED_JSON_SYNTAX),
        CASE("/**/{}", REFUSED_JSON_SYNTAX),
        CASE("\xEF\xBB\xBF{}", REFUSED_JSON_SYNTAX),
        CASE("{\"a\":\"\xFF\"}", REFUSED_TEXT_NOT_UTF8),
        CASE("{\"a\":\"\xC0\x80\"}", REFUSED_TEXT_NOT_UTF8),
        CASE("{\"a\":\"\xED\xA0\x80\"}", REFUSED_TEXT_NOT_UTF8),
        CASE("{\"a\":9223372036854775808}", REFUSED_JSON_RANGE),
        CASE("{\"a\":1e999}", REFUSED_JSON_RANGE),
        CASE("{\"a\":1,\"a\":1}", REFUSED_JSON_DUPLICATE_KEY),
        CASE("{\"a\":{\"b\":1,\"\\u0062\":1}}", REFUSED_JSON_DUPLICATE_KEY),
        CASE("[]", REFUSED_JSON_TYPE),
        CASE("\"a\"", REFUSED_JSON_SYNTAX),
        CASE("7", REFUSED_JSON_SYNTAX),
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        JsonDocument *document = NULL;
        JsonProblem problem = { 0 };
        const Span text = { (const uint8_t *)cases[i].text, cases[i].size };
        const Status s = json_parse(text, &document, &problem);
        if (s.code != (int32_t)cases[i].code) fprintf(stderr, "case %zu: %s\n", i, cases[i].text);
        EXPECT_REFUSED(s, cases[i].code);
        EXPECT(document == NULL);
    }
}

static void test_duplicate_key_is_named(void)
{
    JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    EXPECT_REFUSED(json_parse(SPAN("{\"total\":1,\n\"total\":2}"), &document, &problem),
            REFUSED_JSON_DUPLICATE_KEY);
    EXPECT(strcmp(problem.field, "total") == 0 && problem.line == 2);
}

static void test_depth_and_size_have_limits(void)
{
    static char text[JSON_BYTES_MAX + 64];
    JsonDocument *document = NULL;
    JsonProblem problem = { 0 };

    for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX; depth++) {
        size_t n = 0;
        n += (size_t)snprintf(text, sizeof(text), "{\"a\":");
        memset(text + n, '[', depth);
        memset(text + n + depth, ']', depth);
        n += 2 * depth;
        text[n++] = '}';
        const Status s = json_parse((Span) { (uint8_t *)text, n }, &document, &problem);
        EXPECT_STATUS(s, depth < JSON_DEPTH_MAX ? 0 : REFUSED_JSON_DEPTH);
        json_free(&document);
    }
    /* Brackets inside a text are no depth, also after an escaped quote. */
    EXPECT_OK(
            json_parse(SPAN("{\"a\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"), &document, &problem));
    json_free(&document);
    /* A hundred thousand of them must not reach jansson's recursion. */
    memset(text, '[', 100000);
    EXPECT_REFUSED(json_parse((Span) { (uint8_t *)text, 100000 }, &document, &problem),
            REFUSED_JSON_DEPTH);

    memset(text, ' ', sizeof(text));
    text[0] = '{';
    text[1] = '}';
    EXPECT_OK(json_parse((Span) { (uint8_t *)text, JSON_BYTES_MAX }, &document, &problem));
    json_free(&document);
    EXPECT_REFUSED(json_parse((Span) { (uint8_t *)text, JSON_BYTES_MAX + 1 }, &document, &problem),
            REFUSED_JSON_SIZE);
}

static void test_every_truncation_is_refused(void)
{
    static const char text[] = "{\"out_trade_no\":\"order-1\",\"amount\":{\"total\":1},\"goods\":[{"
                               "\"x\":\"\\u4e2d\"}]}";
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        JsonDocument *document = NULL;
        JsonProblem problem = { 0 };
        EXPECT_REFUSED(json_parse((Span) { (const uint8_t *)text, size }, &document, &problem),
                REFUSED_JSON_SYNTAX);
    }
}

static void test_long_paths_are_cut_not_overrun(void)
{
    char text[1024];
    char key[401];
    memset(key, 'k', 400);
    key[400] = 0;
    snprintf(text, sizeof(text), "{\"%s\":{\"%s\":1}}", key, key);
    Order order = { 0 };
    JsonProblem problem = { 0 };
    EXPECT_REFUSED(read_order(text, &order, &problem), REFUSED_JSON_UNKNOWN_KEY);
    EXPECT(strlen(problem.field) == JSON_FIELD_TEXT_MAX - 1);
}

static void test_read_some_skips_unknown_only(void)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    EXPECT_OK(json_parse(SPAN("{\"new\":[1],\"total\":5}"), &document, &problem));
    int64_t total = 0;
    const JsonField field = { "total", JSON_INT, true, 0, 5, 0 };
    EXPECT_REFUSED(json_read(document, json_root(document), &field, 1, &total, &problem),
            REFUSED_JSON_UNKNOWN_KEY);
    EXPECT_OK(json_read_some(document, json_root(document), &field, 1, &total, &problem));
    EXPECT(total == 5);
    const JsonField narrow = { "total", JSON_INT, true, 0, 4, 0 };
    EXPECT_REFUSED(json_read_some(document, json_root(document), &narrow, 1, &total, &problem),
            REFUSED_JSON_RANGE);
}

static void test_writes_nested_and_escaped(void)
{
    uint8_t memory[512];
    Buffer out = BUFFER_OF(memory);
    JsonWriter w = json_writer_bare(&out);
    json_open_object(&w);
    json_key_text(&w, "message", SPAN("a\"b\\c/\n\r\t\x01\x1f 支付"));
    json_key_object(&w, "amount");
    json_key_int(&w, "total", INT64_MIN);
    json_key_int(&w, "zero", 0);
    json_close(&w);
    json_key_array(&w, "goods");
    json_open_object(&w);
    json_close(&w);
    json_item_text(&w, SPAN(""));
    json_item_int(&w, INT64_MAX);
    json_close(&w);
    json_key_bool(&w, "ok", false);
    json_key_raw(&w, "raw", SPAN("[1,2]"));
    json_close(&w);
    EXPECT_OK(json_finish(&w));
    EXPECT(span_equal(span_of_buffer(&out),
            SPAN("{\"message\":\"a\\\"b\\\\c/\\n\\r\\t\\u0001\\u001f 支付\",\"amount\":{\"total\":"
                 "-9223372036854775808,\"zero\":0},\"goods\":[{},\"\",9223372036854775807],"
                 "\"ok\":false,\"raw\":[1,2]}")));
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    EXPECT_OK(json_parse(span_of_buffer(&out), &document, &problem));
}

static Status write_small(Buffer *out, Span text)
{
    JsonWriter w = json_writer_bare(out);
    json_open_object(&w);
    json_key_text(&w, "a", text);
    json_close(&w);
    return json_finish(&w);
}

static void test_writer_leaves_no_part_behind(void)
{
    uint8_t memory[11]; /* {"a":"xyz"} */
    for (size_t capacity = 0; capacity < sizeof(memory); capacity++) {
        Buffer out = { memory, 0, capacity };
        EXPECT_REFUSED(write_small(&out, SPAN("xyz")), REFUSED_BUFFER_FULL);
        EXPECT(out.size == 0);
    }
    Buffer out = BUFFER_OF(memory);
    EXPECT_OK(write_small(&out, SPAN("xyz")));
    EXPECT(out.size == sizeof(memory));
    out.size = 1;
    EXPECT_REFUSED(write_small(&out, SPAN("\xFF")), REFUSED_TEXT_NOT_UTF8);
    EXPECT(out.size == 1);
    EXPECT_REFUSED(write_small(&out, SPAN("\0")), REFUSED_TEXT_NOT_UTF8);
}

/* Goal: no answer carries a field that nobody declared, nor a password in any form (TP-6,
 * LL-4.5.1). Method: such keys among good ones; then the document is not there at all. */
static Status write_key(Buffer *out, PolicyLayer layer, const char *key)
{
    JsonWriter w = json_writer_for(out, layer);
    json_open_object(&w);
    json_key_text(&w, "mchid", SPAN("1900000001"));
    json_key_text(&w, key, SPAN("x"));
    json_close(&w);
    return json_finish(&w);
}

static void test_the_writer_is_a_door(void)
{
    uint8_t memory[128];
    Buffer out = BUFFER_OF(memory);
    EXPECT_REFUSED(write_key(&out, LAYER_ANSWER, "cvn2"), REFUSED_FIELD_UNDECLARED);
    EXPECT_REFUSED(write_key(&out, LAYER_ANSWER, "box"), REFUSED_POLICY_REFUSES);
    EXPECT(out.size == 0);
    EXPECT_OK(write_key(&out, LAYER_REQUEST, "box"));
    EXPECT_OK(write_key(&out, LAYER_ANSWER, "name"));
}

static void test_the_reader_of_requests_is_a_door(void)
{
    static const JsonField fields[] = { { "cvn2", JSON_TEXT, true, 1, 9, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span value;
    EXPECT_OK(json_parse(SPAN("{\"cvn2\":\"1\"}"), &document, &problem));
    EXPECT_OK(json_read(document, json_root(document), fields, 1, &value, &problem));
    EXPECT_REFUSED(json_read_request(document, json_root(document), fields, 1, &value, &problem),
            REFUSED_FIELD_UNDECLARED);
    EXPECT(strcmp(problem.field, "cvn2") == 0);
}

TESTS(TEST(test_the_writer_is_a_door), TEST(test_the_reader_of_requests_is_a_door),
        TEST(test_reads_by_table), TEST(test_refusals_name_field_line_and_column),
        TEST(test_bad_documents_are_refused), TEST(test_duplicate_key_is_named),
        TEST(test_depth_and_size_have_limits), TEST(test_every_truncation_is_refused),
        TEST(test_long_paths_are_cut_not_overrun), TEST(test_read_some_skips_unknown_only),
        TEST(test_writes_nested_and_escaped), TEST(test_writer_leaves_no_part_behind))

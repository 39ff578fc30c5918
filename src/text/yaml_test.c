#include "text/yaml.h"

#include "base/expect.h"

typedef struct Config {
    Span address;
    int64_t port;
    bool strict;
    int64_t daily;
    const YamlNode *rules;
    const YamlNode *extra;
} Config;

static const YamlField limit_fields[] = {
    { "daily", YAML_INT, true, 0, 1000, offsetof(Config, daily) },
};
static const YamlField config_fields[] = {
    { "address", YAML_TEXT, true, 1, 16, offsetof(Config, address) },
    { "port", YAML_INT, false, 0, 65535, offsetof(Config, port) },
    { "strict", YAML_BOOL, false, .offset = offsetof(Config, strict) },
    { "limits", YAML_MAPPING, false, .fields = limit_fields, .field_count = 1 },
    { "rules", YAML_SEQUENCE, false, 1, 3, offsetof(Config, rules) },
    { "extra", YAML_ANY, false, .offset = offsetof(Config, extra) },
};

static Status read_config(const char *text, Config *config, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    TRY(yaml_parse(span_of_text(text), &document, problem));
    return yaml_read(yaml_root(document), config_fields,
            sizeof(config_fields) / sizeof(config_fields[0]), config, problem);
}

static void test_reads_by_table_and_walks(void)
{
    static const char text[] =
            "# comment\naddress: no\nport: 8443\nstrict: true\nlimits: {daily: 7}\n"
            "rules:\n  - name: 甲\n    when: \"a: b\"\n  - x\nextra: -9223372036854775808\n";
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    YamlProblem problem = { 0 };
    Config config = { 0 };
    EXPECT_OK(yaml_parse(span_of_text(text), &document, &problem));
    EXPECT_OK(yaml_read(yaml_root(document), config_fields, 6, &config, &problem));
    EXPECT(span_equal(config.address, SPAN("no"))); /* the schema types it, not the reader */
    EXPECT(config.port == 8443 && config.strict && config.daily == 7);
    EXPECT(yaml_shape(config.rules) == YAML_SHAPE_SEQUENCE && yaml_size(config.rules) == 2);
    const YamlNode *const rule = yaml_at(config.rules, 0);
    EXPECT(yaml_size(rule) == 2 && span_equal(yaml_key_at(rule, 1), SPAN("when")));
    EXPECT(yaml_line(yaml_at(rule, 1)) == 8 && yaml_find(rule, "none") == NULL);
    Span name = { 0 };
    EXPECT_OK(yaml_text(yaml_find(rule, "name"), 3, &name, &problem));
    EXPECT(span_equal(name, SPAN("甲")));
    EXPECT_REFUSED(yaml_text(yaml_find(rule, "name"), 2, &name, &problem), REFUSED_YAML_RANGE);
    EXPECT(strcmp(problem.key, "rules[0].name") == 0 && problem.line == 7);
    int64_t extra = 0;
    EXPECT_OK(yaml_int(config.extra, INT64_MIN, 0, &extra, &problem));
    EXPECT(extra == INT64_MIN);
}

static void test_refusals_name_key_and_line(void)
{
    static const struct {
        const char *text;
        StatusCode code;
        const char *key;
        int line;
    } cases[] = {
        { "address: a\nlimits:\n  dayly: 1\n", REFUSED_YAML_UNKNOWN_KEY, "limits.dayly", 3 },
        { "address: a\nlimits:\n  daily: 1\n  daily: 2\n", REFUSED_YAML_DUPLICATE_KEY,
                "limits.daily", 4 },
        { "port: 1\n", REFUSED_YAML_MISSING, "address", 1 },
        { "address: a\nlimits: {}\n", REFUSED_YAML_MISSING, "limits.daily", 2 },
        { "address:\n", REFUSED_YAML_TYPE, "address", 1 },
        { "address: ~\n", REFUSED_YAML_TYPE, "address", 1 },
        { "address: [a]\n", REFUSED_YAML_TYPE, "address", 1 },
        { "address: \"\"\n", REFUSED_YAML_RANGE, "address", 1 },
        { "address: 12345678901234567\n", REFUSED_YAML_RANGE, "address", 1 },
        { "\nport: \"80\"\n", REFUSED_YAML_TYPE, "port", 2 },
        { "port: 0o17\n", REFUSED_YAML_TYPE, "port", 1 },
        { "port: 017\n", REFUSED_YAML_TYPE, "port", 1 },
        { "port: +1\n", REFUSED_YAML_TYPE, "port", 1 },
        { "port: 1.0\n", REFUSED_YAML_TYPE, "port", 1 },
        { "port: 65536\n", REFUSED_YAML_RANGE, "port", 1 },
        { "port: 9223372036854775808\n", REFUSED_YAML_TYPE, "port", 1 },
        { "strict: yes\n", REFUSED_YAML_TYPE, "strict", 1 },
        { "strict: 'true'\n", REFUSED_YAML_TYPE, "strict", 1 },
        { "rules: []\n", REFUSED_YAML_RANGE, "rules", 1 },
        { "rules: {}\n", REFUSED_YAML_TYPE, "rules", 1 },
        { "limits: 5\n", REFUSED_YAML_TYPE, "limits", 1 },
        { "rules:\n  - a: &x 1\n", REFUSED_YAML_FORBIDDEN, "rules[0]", 2 },
        { "a: 1\nb: *a\n", REFUSED_YAML_FORBIDDEN, "", 2 },
        { "a: !!str 1\n", REFUSED_YAML_FORBIDDEN, "", 1 },
        { "a: !!python/object:os.system x\n", REFUSED_YAML_FORBIDDEN, "", 1 },
        { "%YAML 1.1\n---\na: 1\n", REFUSED_YAML_FORBIDDEN, "", 1 },
        { "a: 1\n---\na: 2\n", REFUSED_YAML_FORBIDDEN, "", 2 },
        { "? [a]\n: 1\n", REFUSED_YAML_SYNTAX, "", 1 },
        { "? {a: 1}\n: 1\n", REFUSED_YAML_SYNTAX, "", 1 },
        { "\"\": 1\n", REFUSED_YAML_SYNTAX, "", 1 },
        { "\"a\\0b\": 1\n", REFUSED_YAML_SYNTAX, "", 1 },
        { "a: 1\n\tb: 2\n", REFUSED_YAML_SYNTAX, "", 2 },
        { "a: [1\n", REFUSED_YAML_SYNTAX, "", 2 },
        { "a: \"x\n", REFUSED_YAML_SYNTAX, "", 2 },
        { "- a\n", REFUSED_YAML_TYPE, "", 1 },
        { "text\n", REFUSED_YAML_TYPE, "", 1 },
        { "", REFUSED_YAML_TYPE, "", 1 },
        { "a: \xFF\n", REFUSED_TEXT_NOT_UTF8, "", 1 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Config config = { 0 };
        YamlProblem problem = { 0 };
        const Status s = read_config(cases[i].text, &config, &problem);
        if (s.code != (int32_t)cases[i].code || strcmp(problem.key, cases[i].key) != 0
                || problem.line != cases[i].line)
            fprintf(stderr, "case %zu: %s '%s' line %d\n", i, status_name(s), problem.key,
                    problem.line);
        EXPECT_REFUSED(s, cases[i].code);
        EXPECT(strcmp(problem.key, cases[i].key) == 0 && problem.line == cases[i].line);
    }
}

static void test_depth_keys_and_size_have_limits(void)
{
    static char text[YAML_BYTES_MAX + 1];
    YamlDocument *document = NULL;
    YamlProblem problem = { 0 };
    for (size_t depth = YAML_DEPTH_MAX - 1; depth <= YAML_DEPTH_MAX; depth++) {
        size_t n = (size_t)snprintf(text, sizeof(text), "a: ");
        memset(text + n, '[', depth);
        memset(text + n + depth, ']', depth);
        const Span span = { (uint8_t *)text, n + 2 * depth };
        EXPECT_STATUS(yaml_parse(span, &document, &problem),
                depth < YAML_DEPTH_MAX ? 0 : REFUSED_YAML_SIZE);
        yaml_release(&document);
    }
    size_t n = 0;
    for (int i = 0; i <= YAML_MAPPING_KEYS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "k%d: 1\n", i);
    EXPECT_REFUSED(
            yaml_parse((Span) { (uint8_t *)text, n }, &document, &problem), REFUSED_YAML_SIZE);
    EXPECT(problem.line == YAML_MAPPING_KEYS_MAX + 1);
    memset(text, '\n', sizeof(text));
    EXPECT_REFUSED(yaml_parse(SPAN_OF(text), &document, &problem), REFUSED_YAML_SIZE);
}

/* Every single-byte change either parses or is refused with a line inside the file. */
static void test_every_flipped_bit_is_survived(void)
{
    static const char text[] =
            "a: {b: [1, 'two', \"three\"]}\nc:\n  - d: |\n      text\n    e: f\n";
    for (size_t bit = 0; bit < 8 * (sizeof(text) - 1); bit++) {
        char forged[sizeof(text)];
        memcpy(forged, text, sizeof(text));
        forged[bit / 8] = (char)(forged[bit / 8] ^ (1 << (bit % 8)));
        YamlDocument *document = NULL;
        YamlProblem problem = { 0 };
        const Span span = { (uint8_t *)forged, sizeof(text) - 1 };
        const Status s = yaml_parse(span, &document, &problem);
        EXPECT(!status_broken(s));
        EXPECT(status_ok(s) == (document != NULL));
        EXPECT(status_ok(s) || (problem.line >= 1 && problem.line <= 7));
        yaml_release(&document);
    }
}

TESTS(TEST(test_reads_by_table_and_walks), TEST(test_refusals_name_key_and_line),
        TEST(test_depth_keys_and_size_have_limits), TEST(test_every_flipped_bit_is_survived))

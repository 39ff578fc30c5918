#include "payment/barcode_rules.h"

#include "base/money.h"

#include <stdlib.h>

#define MINOR_MAX INT64_C(1000000000000000)

/* What YAML gives before it is checked. */
typedef struct RulesFile {
    BarcodeRules rules;
    int64_t version;
} RulesFile;

#define NUMBER(name, least, most, place)                                             \
    {                                                                                \
        name, YAML_INT, true, least, most, offsetof(RulesFile, rules.place), NULL, 0 \
    }

static const YamlField level_fields[] = {
    NUMBER("a", 0, MINOR_MAX, dynamic[AUTH_SIGNED]), NUMBER("b", 0, MINOR_MAX, dynamic[AUTH_TWO]),
    NUMBER("c", 0, MINOR_MAX, dynamic[AUTH_ONE]),
    NUMBER("d", 1, MINOR_MAX, fixed), /* the one level that nobody may agree upon */
};

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(RulesFile, version), NULL, 0 },
    { "levels", YAML_MAPPING, true, 0, 0, 0, level_fields,
            sizeof(level_fields) / sizeof(level_fields[0]) },
};

/* 0 is no limit, so it is the most. */
static bool is_less(int64_t limit, int64_t than)
{
    return limit != 0 && (than == 0 || limit < than);
}

static Status check(const YamlNode *root, const BarcodeRules *r, YamlProblem *problem)
{
    const bool ordered = !is_less(r->dynamic[AUTH_SIGNED], r->dynamic[AUTH_TWO])
            && !is_less(r->dynamic[AUTH_TWO], r->dynamic[AUTH_ONE])
            && !is_less(r->dynamic[AUTH_ONE], r->fixed);
    if (!ordered) yaml_blame(yaml_find(root, "levels"), problem);
    REQUIRE(ordered, REFUSED_BARCODE_RULES_INVALID);
    return OK;
}

Status barcode_rules_parse(Span yaml, BarcodeRules *ret_rules, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    RulesFile file = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(check(root, &file.rules, problem));
    file.rules.magic = BARCODE_RULES_MAGIC;
    *ret_rules = file.rules;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status barcode_rules_load(const char *path, BarcodeRules *ret_rules, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(BARCODE_RULES_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, BARCODE_RULES_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_BARCODE_RULES_INVALID);
    return barcode_rules_parse(span_of_buffer(&text), ret_rules, problem);
}

AccountRules barcode_account_rules(const BarcodeRules *rules, const AccountRules *accounts)
{
    AccountRules both = *accounts;
    for (int i = 0; i < AUTH_STRENGTHS; i++)
        if (is_less(rules->dynamic[i], both.day[i])) both.day[i] = rules->dynamic[i];
    if (rules->magic != BARCODE_RULES_MAGIC) both.magic = 0;
    return both;
}

Status barcode_allows_static(const BarcodeRules *rules, int64_t day_minor, int64_t minor)
{
    int64_t sum = 0;
    REQUIRE(rules->magic == BARCODE_RULES_MAGIC && day_minor >= 0, REFUSED_BARCODE_STATIC);
    REQUIRE(status_ok(minor_add(day_minor, minor, &sum)) && sum <= rules->fixed,
            REFUSED_BARCODE_STATIC);
    return OK;
}

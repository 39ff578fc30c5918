#include "payment/account_rules.h"

#include "base/money.h"

#include <stdlib.h>

#define MINOR_MAX INT64_C(1000000000000000)
enum { CHANNELS_MAX = 16, DORMANT_DAYS_MAX = 3660 };

/* What YAML gives before it is checked. */
typedef struct RulesFile {
    AccountRules rules;
    int64_t version;
} RulesFile;

#define NUMBER(name, least, most, place)                                             \
    {                                                                                \
        name, YAML_INT, true, least, most, offsetof(RulesFile, rules.place), NULL, 0 \
    }
#define SECTION(name, table)                                                         \
    {                                                                                \
        name, YAML_MAPPING, true, 0, 0, 0, table, sizeof(table) / sizeof((table)[0]) \
    }
#define GRADE(at)                                                      \
    {                                                                  \
        NUMBER("channels", 1, CHANNELS_MAX, grades[at].channels),      \
                NUMBER("lifetime", 0, MINOR_MAX, grades[at].lifetime), \
                NUMBER("year", 0, MINOR_MAX, grades[at].year),         \
    }

static const YamlField grade_one[] = GRADE(0);
static const YamlField grade_two[] = GRADE(1);
static const YamlField grade_three[] = GRADE(2);

static const YamlField class_fields[] = {
    SECTION("one", grade_one),
    SECTION("two", grade_two),
    SECTION("three", grade_three),
};

static const YamlField day_fields[] = {
    NUMBER("signed", 0, MINOR_MAX, day[AUTH_SIGNED]),
    NUMBER("two", 0, MINOR_MAX, day[AUTH_TWO]),
    NUMBER("one", 0, MINOR_MAX, day[AUTH_ONE]),
};

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(RulesFile, version), NULL, 0 },
    SECTION("classes", class_fields),
    SECTION("day", day_fields),
    NUMBER("dormant_days", 0, DORMANT_DAYS_MAX, dormant_days),
};

/* 0 is no limit, so it is the most. */
static bool allows_less(int64_t limit, int64_t than)
{
    return limit != 0 && (than == 0 || limit < than);
}

/* Whoever proves more is never allowed less: somebody mistyped. */
static Status check(const YamlNode *root, const AccountRules *r, YamlProblem *problem)
{
    bool classes = true;
    for (int i = 1; i < ACCOUNT_GRADES; i++) {
        classes = classes && r->grades[i].channels > r->grades[i - 1].channels;
        classes = classes && !allows_less(r->grades[i].lifetime, r->grades[i - 1].lifetime);
    }
    classes = classes && !allows_less(r->grades[2].year, r->grades[1].year);
    const bool days = !allows_less(r->day[AUTH_TWO], r->day[AUTH_ONE])
            && !allows_less(r->day[AUTH_SIGNED], r->day[AUTH_TWO]);
    if (!classes) yaml_blame(yaml_find(root, "classes"), problem);
    if (classes && !days) yaml_blame(yaml_find(root, "day"), problem);
    REQUIRE(classes && days, REFUSED_ACCOUNT_RULES_INVALID);
    return OK;
}

Status account_rules_parse(Span yaml, AccountRules *ret_rules, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    RulesFile file = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(check(root, &file.rules, problem));
    file.rules.magic = ACCOUNT_RULES_MAGIC;
    *ret_rules = file.rules;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status account_rules_load(const char *path, AccountRules *ret_rules, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(ACCOUNT_RULES_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, ACCOUNT_RULES_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_ACCOUNT_RULES_INVALID);
    return account_rules_parse(span_of_buffer(&text), ret_rules, problem);
}

bool account_grade_of(
        const AccountRules *rules, int64_t channels, bool face_to_face, AccountGrade *ret_grade)
{
    for (int grade = ACCOUNT_GRADE_III; grade >= ACCOUNT_GRADE_I; grade--) {
        const bool met = face_to_face && grade == ACCOUNT_GRADE_III;
        if (!met && channels < rules->grades[grade - 1].channels) continue;
        *ret_grade = (AccountGrade)grade;
        return true;
    }
    return false;
}

/* With this payment, is the limit still kept? */
static bool fits(int64_t limit, int64_t before, int64_t minor)
{
    int64_t sum = 0;
    if (before < 0 || !status_ok(minor_add(before, minor, &sum))) return false;
    return limit == 0 || sum <= limit;
}

Status account_allows(const AccountRules *rules, const AllowanceFacts *facts)
{
    const bool known = facts->grade >= ACCOUNT_GRADE_I && facts->grade <= ACCOUNT_GRADE_III
            && facts->strength >= AUTH_ONE && facts->strength <= AUTH_SIGNED;
    REQUIRE(rules->magic == ACCOUNT_RULES_MAGIC && known && facts->minor > 0,
            REFUSED_ALLOWANCE_GRADE);
    const GradeRule *grade = &rules->grades[facts->grade - 1];
    REQUIRE(fits(grade->lifetime, facts->lifetime_minor, facts->minor), REFUSED_ALLOWANCE_GRADE);
    REQUIRE(fits(grade->year, facts->year_minor, facts->minor), REFUSED_ALLOWANCE_GRADE);
    REQUIRE(fits(rules->day[facts->strength], facts->day_minor, facts->minor),
            REFUSED_ALLOWANCE_FACTORS);
    return OK;
}

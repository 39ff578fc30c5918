#include "payment/transfer_rules.h"

#include "base/money.h"
#include "base/time.h"

#include <stdlib.h>

#define MINOR_MAX INT64_C(1000000000000000)
enum { WAIT_S_MAX = 30 * 86400, COUNT_MAX = 100000, SPEED_BYTES_MAX = 16 };

/* What YAML gives before it is checked. */
typedef struct RulesFile {
    TransferRules rules;
    int64_t version;
    Span first_speed;
} RulesFile;

#define NUMBER(name, least, most, place)                                             \
    {                                                                                \
        name, YAML_INT, true, least, most, offsetof(RulesFile, rules.place), NULL, 0 \
    }
#define SECTION(name, table)                                                         \
    {                                                                                \
        name, YAML_MAPPING, true, 0, 0, 0, table, sizeof(table) / sizeof((table)[0]) \
    }
#define DAY(at)                                                                                  \
    {                                                                                            \
        NUMBER("sum", 1, MINOR_MAX, day[at].minor), NUMBER("count", 1, COUNT_MAX, day[at].count) \
    }

static const YamlField speed_fields[] = {
    NUMBER("normal", 1, WAIT_S_MAX, normal_s),
    NUMBER("next_day", 1, WAIT_S_MAX, next_day_s),
};
static const YamlField first_fields[] = {
    NUMBER("over", 0, MINOR_MAX, first_over),
    { "speed", YAML_TEXT, true, 1, SPEED_BYTES_MAX, offsetof(RulesFile, first_speed), NULL, 0 },
};
static const YamlField day_one[] = DAY(0);
static const YamlField day_two[] = DAY(1);
static const YamlField day_three[] = DAY(2);
static const YamlField day_fields[] = {
    SECTION("one", day_one),
    SECTION("two", day_two),
    SECTION("three", day_three),
};

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(RulesFile, version), NULL, 0 },
    SECTION("speeds", speed_fields),
    SECTION("first", first_fields),
    NUMBER("signed_over", 0, MINOR_MAX, signed_over),
    SECTION("day", day_fields),
};

static bool take_speed(Span name, TransferSpeed *ret_speed)
{
    static const char *const names[] = { "", "real_time", "normal", "next_day" };
    for (int i = TRANSFER_REAL_TIME; i <= TRANSFER_NEXT_DAY; i++) {
        if (!span_equal(name, span_of_text(names[i]))) continue;
        *ret_speed = (TransferSpeed)i;
        return true;
    }
    return false;
}

static Status blamed(const YamlNode *root, const char *key, bool right, YamlProblem *problem)
{
    if (!right) yaml_blame(yaml_find(root, key), problem);
    REQUIRE(right, REFUSED_TRANSFER_RULES_INVALID);
    return OK;
}

/* A slower speed waits longer; whoever proves more may transfer no less. */
static Status check(const YamlNode *root, RulesFile *file, YamlProblem *problem)
{
    TransferRules *r = &file->rules;
    bool days = true;
    for (int i = 1; i < ACCOUNT_GRADES; i++)
        days = days && r->day[i].minor >= r->day[i - 1].minor
                && r->day[i].count >= r->day[i - 1].count;
    TRY(blamed(root, "speeds", r->next_day_s > r->normal_s, problem));
    TRY(blamed(root, "first", take_speed(file->first_speed, &r->first_speed), problem));
    return blamed(root, "day", days, problem);
}

Status transfer_rules_parse(Span yaml, TransferRules *ret_rules, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    RulesFile file = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(check(root, &file, problem));
    file.rules.magic = TRANSFER_RULES_MAGIC;
    *ret_rules = file.rules;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status transfer_rules_load(const char *path, TransferRules *ret_rules, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(TRANSFER_RULES_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, TRANSFER_RULES_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_TRANSFER_RULES_INVALID);
    return transfer_rules_parse(span_of_buffer(&text), ret_rules, problem);
}

int64_t transfer_wait_us(const TransferRules *rules, TransferSpeed speed)
{
    switch (speed) {
    case TRANSFER_NORMAL: return rules->normal_s * TIME_SECOND_US;
    case TRANSFER_NEXT_DAY: return rules->next_day_s * TIME_SECOND_US;
    case TRANSFER_REAL_TIME: break;
    }
    return 0;
}

Status transfer_speed_parse(Span name, TransferSpeed *ret_speed)
{
    for (int i = TRANSFER_REAL_TIME; i <= TRANSFER_NEXT_DAY; i++) {
        if (!span_equal(name, span_of_text(transfer_speed_name(i)))) continue;
        *ret_speed = (TransferSpeed)i;
        return OK;
    }
    return REFUSE(REFUSED_TRANSFER_FIELD);
}

/* Of the rules and of the payer's own, -1: none. */
static int64_t lower(int64_t rule, int64_t own) { return own >= 0 && own < rule ? own : rule; }

Status transfer_allows(const TransferRules *rules, const TransferFacts *facts)
{
    int64_t sum = 0;
    const bool known = facts->grade >= ACCOUNT_GRADE_I && facts->grade <= ACCOUNT_GRADE_III;
    const bool sane = facts->minor > 0 && facts->day_minor >= 0 && facts->day_count >= 0
            && facts->day_count < COUNT_MAX;
    REQUIRE(rules->magic == TRANSFER_RULES_MAGIC && known && sane, REFUSED_TRANSFER_DAY_SUM);
    REQUIRE(status_ok(minor_add(facts->day_minor, facts->minor, &sum)), REFUSED_TRANSFER_DAY_SUM);
    const TransferDayRule *day = &rules->day[facts->grade - 1];
    REQUIRE(sum <= lower(day->minor, facts->limit_minor), REFUSED_TRANSFER_DAY_SUM);
    REQUIRE(facts->day_count < lower(day->count, facts->limit_count), REFUSED_TRANSFER_DAY_COUNT);
    REQUIRE(sum <= rules->signed_over || facts->strength == AUTH_SIGNED, REFUSED_ALLOWANCE_FACTORS);
    return OK;
}

TransferSpeed transfer_fastest(const TransferRules *rules, int64_t minor, bool known)
{
    return known || minor <= rules->first_over ? TRANSFER_REAL_TIME : rules->first_speed;
}

#include "api/alarm_rules.h"

#include "base/time.h"

enum { WITHIN_S_MAX = 86400, HOURS = 24 };

typedef struct CountFile {
    int64_t count;
    int64_t within_s;
} CountFile;

typedef struct RulesFile {
    CountFile person, source, everybody, reads;
    AlarmRules rules;
    int64_t version;
    int64_t quiet_s;
} RulesFile;

#define PLACE(member) offsetof(RulesFile, member)
#define COUNT(name, member)                                                               \
    static const YamlField name[] = {                                                     \
        { "count", YAML_INT, true, 0, ALARM_COUNT_MAX, PLACE(member.count), NULL, 0 },    \
        { "within_s", YAML_INT, true, 1, WITHIN_S_MAX, PLACE(member.within_s), NULL, 0 }, \
    }
#define SECTION(name, table)                                                         \
    {                                                                                \
        name, YAML_MAPPING, true, 0, 0, 0, table, sizeof(table) / sizeof((table)[0]) \
    }

COUNT(person_fields, person);
COUNT(source_fields, source);
COUNT(everybody_fields, everybody);
COUNT(reads_fields, reads);

static const YamlField login_fields[] = {
    SECTION("person", person_fields),
    SECTION("source", source_fields),
    SECTION("everybody", everybody_fields),
};

static const YamlField read_fields[] = {
    SECTION("person", reads_fields),
    { "at_night", YAML_BOOL, true, 0, 0, PLACE(rules.reads_at_night), NULL, 0 },
    { "night_from", YAML_INT, true, 0, HOURS - 1, PLACE(rules.night_from_hour), NULL, 0 },
    { "night_to", YAML_INT, true, 0, HOURS - 1, PLACE(rules.night_to_hour), NULL, 0 },
};

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, PLACE(version), NULL, 0 },
    SECTION("login_failures", login_fields),
    { "privilege", YAML_BOOL, true, 0, 0, PLACE(rules.privilege), NULL, 0 },
    { "plan", YAML_BOOL, true, 0, 0, PLACE(rules.plan), NULL, 0 },
    { "illegal", YAML_BOOL, true, 0, 0, PLACE(rules.illegal), NULL, 0 },
    SECTION("sensitive_reads", read_fields),
    { "quiet_s", YAML_INT, true, 1, WITHIN_S_MAX, PLACE(quiet_s), NULL, 0 },
};

static AlarmRule rule_of(const CountFile *file)
{
    return (AlarmRule) { file->count, file->within_s * TIME_SECOND_US };
}

Status alarm_rules_parse(Span yaml, AlarmRules *ret_rules, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    RulesFile file = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    AlarmRules rules = file.rules;
    if (rules.reads_at_night && rules.night_from_hour == rules.night_to_hour) {
        yaml_blame(yaml_find(root, "sensitive_reads"), problem); /* a night without hours */
        return REFUSE(REFUSED_ALARM_RULES);
    }
    rules.login_person = rule_of(&file.person);
    rules.login_source = rule_of(&file.source);
    rules.login_all = rule_of(&file.everybody);
    rules.reads_person = rule_of(&file.reads);
    rules.quiet_us = file.quiet_s * TIME_SECOND_US;
    *ret_rules = rules;
    return OK;
}

Status alarm_rules_load(const char *path, AlarmRules *ret_rules, YamlProblem *problem)
{
    uint8_t memory[ALARM_RULES_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    *problem = (YamlProblem) { 0 };
    REQUIRE(yaml_file_read(path, &text), REFUSED_ALARM_RULES);
    return alarm_rules_parse(span_of_buffer(&text), ret_rules, problem);
}

/* Goal: the rules that are shipped are read, and a rule that says nothing sensible is refused with
 * its place (LL-4.5.3). Method: rules/alarms.yaml itself, then lines of it changed. */
#include "api/alarm_rules.h"

#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>

static char text[ALARM_RULES_BYTES_MAX];

static bool read_shipped(void)
{
    FILE *file = fopen(HUFU_RULES "/alarms.yaml", "re");
    if (file == NULL) return false;
    const size_t size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = 0;
    return size > 0;
}

static Status parse_with(const char *from, const char *to, YamlProblem *problem)
{
    AlarmRules rules;
    char changed[ALARM_RULES_BYTES_MAX + 64];
    const char *at = strstr(text, from);
    ASSERT(at != NULL);
    snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return alarm_rules_parse(span_of_text(changed), &rules, problem);
}

static void test_shipped_rules_are_read(void)
{
    AlarmRules rules = { 0 };
    YamlProblem problem;
    EXPECT(read_shipped());
    EXPECT_OK(alarm_rules_load(HUFU_RULES "/alarms.yaml", &rules, &problem));
    EXPECT(rules.login_person.count == 5 && rules.login_person.within_us == 600000000);
    EXPECT(rules.login_source.count == 20 && rules.login_all.count == 60);
    EXPECT(rules.privilege && rules.plan && rules.illegal && rules.reads_at_night);
    EXPECT(rules.night_from_hour == 22 && rules.night_to_hour == 6);
    EXPECT(rules.reads_person.count == 50 && rules.quiet_us == 1800000000);
    EXPECT(alarm_window_us(&rules) == (int64_t)5400000000);
}

static void test_wrong_rules_are_refused(void)
{
    YamlProblem problem = { 0 };
    EXPECT_REFUSED(parse_with("count: 5,", "count: 65,", &problem), REFUSED_YAML_RANGE);
    EXPECT_REFUSED(parse_with("night_to: 6", "night_to: 22", &problem), REFUSED_ALARM_RULES);
    EXPECT(problem.line > 0);
    EXPECT_REFUSED(parse_with("plan: true", "plans: true", &problem), REFUSED_YAML_UNKNOWN_KEY);
    EXPECT_REFUSED(parse_with("version: 1", "version: 2", &problem), REFUSED_YAML_RANGE);
    EXPECT_REFUSED(parse_with("quiet_s: 1800", "quiet_s: 0", &problem), REFUSED_YAML_RANGE);
    AlarmRules rules;
    EXPECT_REFUSED(alarm_rules_load("/nowhere", &rules, &problem), REFUSED_ALARM_RULES);
    EXPECT(problem.line == 0);
}

TESTS(TEST(test_shipped_rules_are_read), TEST(test_wrong_rules_are_refused))

#pragma once
/* alarm_rules: rules/alarms.yaml, which says what it means, as numbers (audit/alarm.h). */
#include "audit/alarm.h"
#include "text/yaml.h"

enum { ALARM_RULES_BYTES_MAX = 16 * 1024 };

/* Refuses ALARM_RULES (`problem` says where), and what text/yaml.h refuses. */
MUST_USE Status alarm_rules_parse(Span yaml, AlarmRules *ret_rules, YamlProblem *problem);
/* The same from a file. Refuses ALARM_RULES (no such file, too large) with problem->line = 0. */
MUST_USE Status alarm_rules_load(const char *path, AlarmRules *ret_rules, YamlProblem *problem);

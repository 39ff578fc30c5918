#pragma once
/*
 * policy_command: what the commands of `hufu policy` share: names and how unknown ones are
 * answered, showing, and signing by two people.
 */
#include "together.h"

#include "policy/amend.h"
#include "vaultclient/policy.h"

/* --- names: one that is unknown is answered with those that are known, EXIT_USAGE --- */
int policy_no_class(const char *given);
int policy_no_name(PolicyRegistry registry, const char *kind, const char *given);

typedef struct PolicyCell {
    DataClass class;
    uint8_t layer;
    uint8_t purpose;
} PolicyCell;
/* EXIT_DONE, or what was said about the first wrong name. */
int policy_read_cell(
        const char *class, const char *layer, const char *purpose, PolicyCell *ret_cell);

/* --- showing, on standard output --- */
void policy_show_forms(PolicyForms forms, PolicyForm usual);
void policy_show_time(int64_t time_us);
/* Two lines; `state` such as "live". */
void policy_show_amendment(const PolicyAmendment *amendment, const char *state);

/* --- an act that two people sign --- */
typedef struct PolicyAct {
    const char *command; /* "policy override" */
    Together together;
    const char *clause;
    const char *until;
} PolicyAct;
/* The options that each such command has; behind its own. */
#define POLICY_ACT_OPTIONS(act) \
    TOGETHER_OPTIONS_WHY((act).together, "why, up to 100 bytes; signed (required)")

/* EXIT_DONE, or what is missing was said. */
int policy_act_check(PolicyAct *act);
/* The end, 0 when none was given. Refuses as time_parse(). */
MUST_USE Status policy_act_until(const PolicyAct *act, int64_t *ret_until_us);

/* Both sign (operation, SHA-256 of `bytes`, reason); `digest` holds the subject as long as the
 * approvals are used. Refuses as person_load(). */
MUST_USE Status policy_act_sign(const PolicyAct *act, Span operation, Span bytes,
        uint8_t digest[32], TogetherSigned *ret_signed);

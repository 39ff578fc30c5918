#pragma once
/*
 * transfer_rules: how fast payers' transfers go, and how much of them in a day; read from
 * rules/transfers.yaml at start.
 *
 * The numbers are the regulator's and the agreement's with payers, which the file cites (银发 [2016]
 * 261, 公告 [2015] 43, 反电信网络诈骗法 article 18), and so configuration. Pure.
 */
#include "payment/account_rules.h"
#include "policy/transfer_columns.h"

enum { TRANSFER_RULES_BYTES_MAX = 16384, TRANSFER_RULES_MAGIC = 0x54524E53 };

typedef struct TransferDayRule {
    int64_t minor; /* the most of a business day */
    int64_t count;
} TransferDayRule;

typedef struct TransferRules {
    uint32_t magic; /* TRANSFER_RULES_MAGIC once read; with anything else nothing is allowed */
    int64_t normal_s; /* how long a transfer waits */
    int64_t next_day_s;
    int64_t first_over; /* more than this, to whom nothing was transferred before, ... */
    TransferSpeed first_speed; /* ... goes no faster */
    int64_t signed_over; /* a day's sum over this needs AUTH_SIGNED */
    TransferDayRule day[ACCOUNT_GRADES]; /* grade - 1 */
} TransferRules;

/* Refuses TRANSFER_RULES_INVALID (values that contradict one another) and what text/yaml.h refuses;
 * `problem` says where. */
MUST_USE Status transfer_rules_parse(Span yaml, TransferRules *ret_rules, YamlProblem *problem);
/* The same from a file. Refuses TRANSFER_RULES_INVALID (no such file, too large) with line 0. */
MUST_USE Status transfer_rules_load(
        const char *path, TransferRules *ret_rules, YamlProblem *problem);

/* How long it waits, in microseconds; 0: not at all. */
int64_t transfer_wait_us(const TransferRules *rules, TransferSpeed speed);
/* "REAL_TIME"... Refuses TRANSFER_FIELD. */
MUST_USE Status transfer_speed_parse(Span name, TransferSpeed *ret_speed);

/* What was transferred today already, without the transfer that is judged. */
typedef struct TransferFacts {
    AccountGrade grade;
    AuthStrength strength;
    int64_t minor; /* this one */
    int64_t day_minor;
    int64_t day_count;
    int64_t limit_minor; /* the payer's own limits of a day; -1: none */
    int64_t limit_count;
} TransferFacts;

/*
 * May so much be transferred? Refuses TRANSFER_DAY_SUM, TRANSFER_DAY_COUNT (the lower of the rules'
 * and the payer's own), ALLOWANCE_FACTORS (the day's sum needs a signature). Nonsense facts, sums
 * that overflow and rules that were never read are refused TRANSFER_DAY_SUM.
 */
MUST_USE Status transfer_allows(const TransferRules *rules, const TransferFacts *facts);
/* The fastest that it may go. `known`: something was transferred to this receiver before. */
TransferSpeed transfer_fastest(const TransferRules *rules, int64_t minor, bool known);

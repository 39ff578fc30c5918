#pragma once
/*
 * account_rules: what payment accounts of each class may pay from their balance, and how much a
 * payer may pay in a day with so many factors of authentication; read from rules/accounts.yaml at
 * start.
 *
 * The numbers are the regulator's, which the file cites (PBOC notice [2015] 43, 银发 [2016] 261),
 * and so configuration; 0: no limit of this kind. Pure: no clock, no rows (allowance.h has those).
 */
#include "text/yaml.h"

enum { ACCOUNT_RULES_BYTES_MAX = 65536, ACCOUNT_RULES_MAGIC = 0x41434354 };

/* Stored: append only. */
typedef enum AccountGrade {
    ACCOUNT_GRADE_I = 1, /* one outside channel confirmed who it is */
    ACCOUNT_GRADE_II = 2, /* three */
    ACCOUNT_GRADE_III = 3, /* face to face, or five */
} AccountGrade;
enum { ACCOUNT_GRADES = 3 };

/* What a payment was confirmed with. Factors count when they are independent of each other: known
 * (a password), held (a certificate or signature, a one-time code), biometric. */
typedef enum AuthStrength {
    AUTH_ONE = 0, /* fewer than two kinds */
    AUTH_TWO = 1,
    AUTH_SIGNED = 2, /* two kinds, one of them a certificate or an electronic signature */
} AuthStrength;
enum { AUTH_STRENGTHS = 3 };

typedef struct GradeRule {
    int64_t channels; /* how many confirm it; face to face confirms the highest alone */
    int64_t lifetime; /* minor units paid from the balance since it was opened */
    int64_t year; /* of a calendar year */
} GradeRule;

typedef struct AccountRules {
    uint32_t magic; /* ACCOUNT_RULES_MAGIC once read; with anything else nothing is allowed */
    GradeRule grades[ACCOUNT_GRADES]; /* grade - 1 */
    int64_t day[AUTH_STRENGTHS]; /* of one payer in a business day, by AuthStrength */
    int64_t dormant_days;
} AccountRules;

/* Refuses ACCOUNT_RULES_INVALID (values that contradict one another) and what text/yaml.h refuses;
 * `problem` says where. */
MUST_USE Status account_rules_parse(Span yaml, AccountRules *ret_rules, YamlProblem *problem);
/* The same from a file. Refuses ACCOUNT_RULES_INVALID (no such file, too large) with line 0. */
MUST_USE Status account_rules_load(const char *path, AccountRules *ret_rules, YamlProblem *problem);

/* The highest grade that so many channels (or a meeting) confirm; false: not even the first. */
bool account_grade_of(
        const AccountRules *rules, int64_t channels, bool face_to_face, AccountGrade *ret_grade);

/* What was paid already, without the payment that is judged. */
typedef struct AllowanceFacts {
    AccountGrade grade;
    AuthStrength strength;
    int64_t minor; /* this payment */
    int64_t lifetime_minor;
    int64_t year_minor;
    int64_t day_minor; /* paid today with this strength */
} AllowanceFacts;

/*
 * May it be paid? Refuses ALLOWANCE_GRADE (the account's class has no more this year, or ever:
 * confirm who the payer is by more channels), ALLOWANCE_FACTORS (not with so few factors today).
 * Nonsense facts, sums that overflow and rules that were never read are refused ALLOWANCE_GRADE.
 */
MUST_USE Status account_allows(const AccountRules *rules, const AllowanceFacts *facts);

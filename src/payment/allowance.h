#pragma once
/*
 * allowance: one payer's payment account as the rules for such accounts see it: its class, what was
 * paid from its balance in its life, this year and today, and whether it may pay at all. A sealed
 * row, judged and counted inside the unit that pays (docs/decisions/0005), so that no two payments
 * at once go over a limit together.
 *
 * A payer who came in before there were classes has no row: who he is was confirmed by the
 * institution's own people (payer.add), face to face; his row is made with his first payment.
 */
#include "payment/account_rules.h"
#include "store/batch.h"

#include "access/payer.h"

extern const Table allowance_table;

enum AllowanceColumn {
    ALLOWANCE_PAYER = 1, /* TEXT, key */
    ALLOWANCE_GRADE = 2, /* INT, AccountGrade */
    ALLOWANCE_STATE = 3, /* INT, AllowanceState */
    ALLOWANCE_CHANNELS = 4, /* INT: how many confirmed who it is */
    ALLOWANCE_FACE = 5, /* INT: 1, he was met */
    ALLOWANCE_OPENED = 6, /* INT, us */
    ALLOWANCE_USED = 7, /* INT, us: last payment; 0: none yet */
    ALLOWANCE_LIFETIME = 8, /* INT, minor units */
    ALLOWANCE_YEAR = 9, /* INT: the year that the next counts */
    ALLOWANCE_YEAR_MINOR = 10,
    ALLOWANCE_DAY = 11, /* INT: the business day that the next three count */
    ALLOWANCE_DAY_ONE = 12,
    ALLOWANCE_DAY_TWO = 13,
    ALLOWANCE_DAY_SIGNED = 14,
};

/* Stored: append only. */
typedef enum AllowanceState {
    ALLOWANCE_LIVE = 1,
    ALLOWANCE_STOPPED = 2, /* emergency stop: nothing goes out until two people lift it */
} AllowanceState;

typedef struct Allowance {
    char payer[PAYER_ID_BYTES_MAX + 1];
    AccountGrade grade;
    AllowanceState state;
    int64_t channels;
    bool face_to_face;
    int64_t opened_us;
    int64_t used_us;
    int64_t lifetime_minor;
    int64_t year;
    int64_t year_minor;
    int64_t day;
    int64_t day_minor[AUTH_STRENGTHS];
    bool stored; /* false: there is no row yet */
} Allowance;

MUST_USE Status allowance_gather(Rows *rows, const char *payer);
/* Running. `created_us`: of the payer's own row, for who has none here. */
MUST_USE Status allowance_get(
        Rows *rows, const char *payer, int64_t created_us, Allowance *ret_allowance);
/* The same; who paid before there were rows is not dormant: the payer's own row knows of it. */
MUST_USE Status allowance_of(Rows *rows, const Payer *payer, Allowance *ret_allowance);
/* Running: inserts or updates. */
MUST_USE Status allowance_put(Rows *rows, const Allowance *allowance);

/*
 * May this be paid from the balance now? Nothing is written. Refuses ACCOUNT_STOPPED,
 * ACCOUNT_DORMANT (opened, and never used for so long: confirm the payer anew) and what
 * account_allows() refuses.
 */
MUST_USE Status allowance_judge(const Allowance *allowance, const AccountRules *rules,
        int64_t minor, AuthStrength strength, int64_t now_us);
/* Opened, and never used for so long. */
bool allowance_is_dormant(const Allowance *allowance, const AccountRules *rules, int64_t now_us);

/* Count it. Refuses MONEY_OVERFLOW. */
MUST_USE Status allowance_count(
        Allowance *allowance, int64_t minor, AuthStrength strength, int64_t now_us);
/* Give back what was counted at `counted_us`, when it is not paid after all: from each sum whose
 * period has not changed since. */
void allowance_uncount(
        Allowance *allowance, int64_t minor, AuthStrength strength, int64_t counted_us);

#pragma once
/*
 * plan: what a merchant may ask payers to sign (委托代扣模板): how much at once, how much and how
 * often in a period, how long, with how much notice. Two people make one; it is never changed, only
 * closed: contracts that were signed of it go on (TP-9).
 */
#include "payment/enrol.h"
#include "policy/contract_terms.h"

extern const Table plan_table;

enum {
    PLAN_TITLE_BYTES_MAX = 96, /* 32 characters */
    PLAN_NUMBER_MAX = 99999999,
    PLAN_COUNT_MAX = 1000, /* of a period */
    PLAN_LIFE_DAYS_MAX = 3660,
    PLAN_NOTICE_HOURS_MAX = CONTRACT_NOTICE_HOURS_MAX,
    PLANS_SHOWN_MAX = 100,
};

enum PlanColumn {
    PLAN_MCHID = 1, /* TEXT, key */
    PLAN_NUMBER = 2, /* INT, key: plan_id */
    PLAN_TITLE = 3, /* TEXT: what the payer is shown */
    PLAN_ONE_MINOR = 4, /* INT: most of one deduction */
    PLAN_PERIOD = 5, /* INT, ContractPeriod */
    PLAN_PERIOD_MINOR = 6, /* INT: most of a period */
    PLAN_PERIOD_COUNT = 7, /* INT: how many in one */
    PLAN_LIFE_DAYS = 8, /* INT: so long a contract lives */
    PLAN_NOTICE_HOURS = 9, /* INT: each deduction is announced so long before; 0: none is */
    PLAN_STATUS = 10, /* INT, RegisterStatus */
    PLAN_CREATED = 11, /* INT, us */
};

typedef struct Plan {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int64_t number;
    char title[PLAN_TITLE_BYTES_MAX + 1];
    int64_t one_minor;
    ContractPeriod period;
    int64_t period_minor;
    int64_t period_count;
    int64_t life_days;
    int64_t notice_hours;
    RegisterStatus status;
    int64_t created_us;
} Plan;

/* "day", "week", "month", "year". */
const char *plan_period_name(ContractPeriod period);
bool plan_period_of(Span name, ContractPeriod *ret_period);
/* Refuses PLAN_FIELD, what detect_kept_text() refuses of the title. */
MUST_USE Status plan_check(const Plan *plan);

/* Gathering or running; refuses PLAN_UNKNOWN, also of one that is closed unless `closed_too`. */
MUST_USE Status plan_get(
        Rows *rows, const char *mchid, int64_t number, bool closed_too, Plan *ret_plan);

typedef enum PlanAct { PLAN_ADD = 1, PLAN_CLOSE = 2, PLAN_SHOW = 3 } PlanAct;

typedef struct PlanWork {
    Unit unit;
    PlanAct act; /* in */
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    Plan plan; /* ADD in: all but status and created; else mchid and number; out: all */
} PlanWork;

/*
 * ADD    refuses MERCHANT_UNKNOWN, what merchant_terms_admit() and plan_check() refuse, PLAN_EXISTS
 *        (with other terms, or closed; the same again is the same)
 * CLOSE  refuses PLAN_UNKNOWN; again is OK
 * SHOW   the same; tells no event
 */
void plan_unit(PlanWork *work, void (*done)(Unit *unit, Status outcome));

/* Numbers of this merchant's plans: a plain read, for units to show. */
MUST_USE Status plan_numbers(
        Store *store, const char *mchid, int64_t ret_numbers[PLANS_SHOWN_MAX], size_t *ret_count);

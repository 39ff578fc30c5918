#pragma once
/*
 * rights_review: everybody's rights are looked at once a period, by somebody else: kept, or cut to
 * fewer (TP-15, LL-4.5.2, LL-4.5.3). One sealed row a person and period, written once, says who
 * looked, what was there and what is left.
 */
#include "access/staff.h"

extern const Table rights_review_table;

enum RightsReviewColumn {
    RIGHTS_REVIEW_PRINCIPAL = 1, /* TEXT, key */
    RIGHTS_REVIEW_DUE = 2, /* INT, us, key: when the period ended */
    RIGHTS_REVIEW_BY = 3, /* TEXT */
    RIGHTS_REVIEW_HAD = 4, /* INT, RoleSet */
    RIGHTS_REVIEW_LEFT = 5, /* INT, RoleSet */
    RIGHTS_REVIEW_REASON = 6, /* TEXT */
    RIGHTS_REVIEW_TIME = 7, /* INT, us */
};

typedef struct RightsReview {
    Unit unit; /* `from` and `reason` are the submitter's */
    char by[PRINCIPAL_ID_BYTES_MAX + 1]; /* in */
    char who[PRINCIPAL_ID_BYTES_MAX + 1]; /* in */
    RoleSet keep; /* in: of his roles; fewer is a cut, after which what was given before is over */
    char reason[STAFF_REASON_BYTES_MAX + 1]; /* in */
    const AccessTable *table; /* in */
    int64_t given_us; /* in: grant_book_last_us() of `who` */
    Principal principal; /* out: the row */
} RightsReview;

/* Is this period's review open: within remind_days of its end, or late? */
bool rights_review_is_due(const AccessTable *table, const Principal *principal, int64_t now_us);

/* Refuses PRINCIPAL_UNKNOWN (also one who left), ACCESS_SELF (himself, under whatever id),
 * ACCESS_REVIEWED (the period's review is done), PRINCIPAL_FIELD (a review gives no role). */
void rights_review_unit(RightsReview *work, void (*done)(Unit *unit, Status outcome));

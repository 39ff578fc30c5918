#pragma once
/*
 * staff: joiners, movers and leavers among the principals (access/principal.h), each with an audit
 * event that names who did it, from where and why (TP-15, LL-4.5.2, LL-4.5.3).
 *
 * What a principal was given for a while, and every session, ends with any change: both remember
 * when the principal was last changed. A leaver's id is never given again.
 */
#include "access/principal.h"
#include "access/rights.h"
#include "audit/event.h"

enum {
    STAFF_ACTOR_BYTES_MAX = AUDIT_ACTOR_BYTES_MAX,
    STAFF_REASON_BYTES_MAX = AUDIT_REASON_BYTES_MAX,
};

typedef enum StaffAct {
    STAFF_BEGIN = 1, /* one of the first people: while there is nobody */
    STAFF_JOIN,
    STAFF_MOVE, /* other roles, and where `principal.key_size` is not 0 another key */
    STAFF_LEAVE,
} StaffAct;

typedef struct StaffChange {
    Unit unit; /* `from` and `reason` are the submitter's */
    StaffAct act; /* in */
    char actor[STAFF_ACTOR_BYTES_MAX + 1]; /* in: "operator/alice" */
    const AccessTable *table; /* in */
    int64_t given_us; /* in: grant_book_last_us() of him */
    Principal principal; /* in: id, and what the act needs; out: the row */
} StaffChange;

/*
 * Refuses PRINCIPAL_EXISTS (whoever has or had the id), PRINCIPAL_UNKNOWN (also one who left),
 * PRINCIPAL_FIELD, ACCESS_CONFLICT, ACCESS_ROLE_TENANT (a role of another kind of tenant, or one
 * that is nobody's own). That person and key are free is for the submitter to see (the book), one
 * change at a time.
 */
void staff_change_unit(StaffChange *work, void (*done)(Unit *unit, Status outcome));

/* May somebody of this tenant have these roles? Refuses ACCESS_CONFLICT, ACCESS_ROLE_TENANT. */
MUST_USE Status staff_roles_fit(const AccessTable *table, const Principal *principal);

/* The kind of sessions of a tenant's people. */
SessionKind staff_session_kind(Span tenant);

/* From when a change of this principal counts: later than the one before, and than what he was
 * given since (given_us), also when the clock was set back. */
int64_t staff_change_us(const Principal *before, int64_t given_us, int64_t now_us);

/*
 * With `changed` as he would be (NULL: nobody changes): is there still somebody of the house who
 * may ask for this action, and enough others who may agree to it? A house that loses them for
 * access.join or access.table.set has no way back.
 */
bool staff_goes_on(const AccessTable *table, PrincipalBook *book, const char *action,
        const Principal *changed, int64_t now_us);

/* Who asks, as far as the principal says it; the door adds the rest. */
void staff_asker(const Principal *principal, Asker *ret_asker);

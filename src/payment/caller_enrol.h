#pragma once
/*
 * caller_enrol: callers of the vault's service come in and go (access/caller.h), with an audit
 * event that names who let them (LL-4.5.3).
 */
#include "access/caller.h"
#include "payment/enrol.h"

typedef struct CallerAdd {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    Caller caller; /* in: name, tenant, key, rights, expires; the rest is set by the unit */
} CallerAdd;

/* A revoked caller's name may be taken again, by its new key. Refuses CALLER_FIELD,
 * CALLER_EXISTS. */
void caller_add_unit(CallerAdd *work, void (*done)(Unit *unit, Status outcome));

typedef struct CallerRevoke {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    Caller caller; /* in: name; out: all */
} CallerRevoke;

/* Refuses CALLER_UNKNOWN. */
void caller_revoke_unit(CallerRevoke *work, void (*done)(Unit *unit, Status outcome));

#pragma once
/*
 * request_act: what is done to a request (access/request.h), each a unit with its audit event
 * (LL-4.5.3). The unit that brings the last approval also says "running": from then on the request
 * is begun by who submitted the unit, or by nobody (at most once, also across a crash).
 */
#include "access/request.h"
#include "access/rights.h"

/* Who approves or refuses must be able to do this at the level of what was asked, at least C2; at
 * C1 it is the right to hand in what others signed. */
#define REQUEST_APPROVE "request.approve"

typedef enum RequestStep {
    STEP_ASK = 1, /* in: the whole request but its times, life_us */
    STEP_APPROVAL, /* in: approval as approval_of_wire() made it */
    STEP_REFUSAL, /* in: by, why */
    STEP_WITHDRAWAL, /* likewise; by the asker alone */
    STEP_EXPIRY, /* its time is over */
    STEP_INTERRUPTION, /* what ran it ended before it did */
    STEP_END, /* in: outcome, answer */
} RequestStep;

typedef struct RequestAct {
    Unit unit; /* `from` and `reason` are the submitter's */
    RequestStep step; /* in */
    const AccessTable *table; /* in */
    char actor[ASKER_PRINCIPAL_BYTES_MAX + 16]; /* in: "operator/alice", for the audit event */
    char id[ASKED_ID_BYTES + 1]; /* in, of all but STEP_ASK */
    char by[ASKER_PRINCIPAL_BYTES_MAX + 1];
    char why[ASKED_REASON_BYTES_MAX + 1];
    int64_t life_us;
    int32_t outcome;
    Span answer; /* borrowed until done; one that does not fit the row is left out */
    Approval approval;
    AskedRequest request; /* out: the row */
} RequestAct;

/*
 * Refuses REQUEST_UNKNOWN, REQUEST_OVER (it waits no more), REQUEST_PAST (its time is over),
 * PRINCIPAL_UNKNOWN, ACCESS_OTHER_TENANT (asked by another tenant's people), REQUEST_OWN (asked by
 * the same principal), REQUEST_SAME_PERSON (the same person under another name), REQUEST_TWICE,
 * what access_status() refuses (no right to approve), REQUEST_SIGNATURE (not of these bytes,
 * expired, or not by the key of who is named), REQUEST_NOT_ASKER (withdrawn by somebody else).
 */
void request_act_unit(RequestAct *work, void (*done)(Unit *unit, Status outcome));

/* A look at one verified request and its approvals. Refuses REQUEST_UNKNOWN. */
typedef struct RequestLook {
    Unit unit;
    AskedRequest request; /* in: id; out: the row */
    Approval approvals[ASKED_APPROVERS_MAX]; /* out: request.given of them */
} RequestLook;
void request_look_unit(RequestLook *work, void (*done)(Unit *unit, Status outcome));

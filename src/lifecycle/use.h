#pragma once
/*
 * use: may this be done with these data of this subject, for this purpose, now? One function; every
 * door that shows, shares, discloses, entrusts, processes or stores personal data asks it, each
 * time (TP-3, LL-2.3.1, LL-4.5.2).
 *
 * In this order, the first that is wrong is named:
 *   the purpose is one of ours; the subject is there (a deleted one is not there for anybody);
 *   no authority's hold restricts the data to the hold's own purpose;
 *   the purpose needs the class; the consent that it rests on was given and not withdrawn;
 *   the data is held, for this purpose, within its time;
 *   policy lets the class go that way; the third party may have it, and is qualified (TP-17).
 */
#include "lifecycle/subject.h"

typedef enum UseAct {
    USE_STORE = 1, /* take a new value */
    USE_DISPLAY = 2,
    USE_SHARE = 3,
    USE_DISCLOSE = 4,
    USE_ENTRUST = 5,
    USE_PROCESS = 6,
} UseAct;

/* "store", "display", ...; false for another word. */
bool use_act_of(Span name, UseAct *ret_act);

typedef struct Use {
    SubjectName name;
    char purpose[PURPOSE_NAME_BYTES_MAX + 1];
    UseAct act;
    ClassSet classes;
    char party[PURPOSE_NAME_BYTES_MAX + 1]; /* share, disclose, entrust; else "" */
} Use;

/* What a refusal is about. */
typedef struct UseVerdict {
    DataClass class; /* 0: none in particular */
    int64_t until_us; /* DATA_RESTRICTED: until when; 0: no date */
} UseVerdict;

/* Gather what lifecycle_may_use() reads. */
MUST_USE Status lifecycle_use_gather(Rows *rows, const Purposes *purposes, const Use *use);

/*
 * Running. OK: yes.
 *
 * Refuses PURPOSE_UNKNOWN, SUBJECT_UNKNOWN, SUBJECT_FIELD (no class, a party where none belongs),
 * DATA_RESTRICTED, HOLD_UNKNOWN (the hold's purpose, and there is no hold),
 * PURPOSE_FIELD_NOT_NEEDED, DATA_NEVER_COLLECTED, CONSENT_MISSING, CONSENT_WITHDRAWN,
 * CONSENT_NOT_SEPARATE, DATA_NOT_HELD, DATA_PURPOSE_OTHER, DATA_RETENTION_OVER, POLICY_REFUSES,
 * PARTY_UNKNOWN, PARTY_NOT_ALLOWED, PARTY_NOT_QUALIFIED; ret_verdict says about what.
 */
MUST_USE Status lifecycle_may_use(
        Rows *rows, const Purposes *purposes, const Use *use, UseVerdict *ret_verdict);

/* Is anybody of this tenant registered, in whatever state? A plain read, for a door that decides by
 * it whose register counts. */
MUST_USE Status lifecycle_is_used(Store *store, Span tenant, bool *ret_used);

/* The same as a unit. Sharing, disclosing and entrusting leave a record (data_act): to whom, which
 * classes, for what, on which basis, when. A refusal is audited; a permitted store, display or
 * process leaves nothing here. */
typedef struct UseAsk {
    Unit unit;
    const Purposes *purposes; /* in */
    Use use; /* in */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1]; /* in */
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* in: contract or order number, or "" */
    bool strangers_pass; /* in: of who was never registered the tenant keeps its own register */
    UseVerdict verdict; /* out */
    bool stranger; /* out: nobody asked the rows; nothing is recorded */
} UseAsk;
void use_ask_unit(UseAsk *work, void (*done)(Unit *unit, Status outcome));

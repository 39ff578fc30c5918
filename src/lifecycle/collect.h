#pragma once
/*
 * collect: what the subject agreed to, and what was then taken: no more than the purpose needs, and
 * not before the consent that it rests on (LL-2.3.1, TP-3).
 */
#include "lifecycle/use.h"

/* The subject agrees. The row keeps when, to which text (its SHA-256) and through which channel. */
typedef struct ConsentGive {
    Unit unit;
    const Purposes *purposes; /* in, as all but the last */
    SubjectName name;
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    char purpose[PURPOSE_NAME_BYTES_MAX + 1];
    uint8_t text[SUBJECT_DIGEST_BYTES];
    char channel[SUBJECT_TEXT_BYTES_MAX + 1];
    bool separate; /* to the sensitive part, by itself and explicitly */
} ConsentGive;

/* Refuses PURPOSE_UNKNOWN, CONSENT_NOT_BASIS (the purpose rests on a law), CONSENT_MISSING (a
 * separate one before the general one), SUBJECT_GONE. */
void consent_give_unit(ConsentGive *work, void (*done)(Unit *unit, Status outcome));

typedef struct CollectField {
    DataClass class;
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* of the value in the domain store; "": none yet */
} CollectField;

/* Data of these classes is taken for this purpose. All or none. */
typedef struct Collect {
    Unit unit;
    const Purposes *purposes; /* in */
    SubjectName name; /* in */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1]; /* in */
    char purpose[PURPOSE_NAME_BYTES_MAX + 1]; /* in */
    char channel[SUBJECT_TEXT_BYTES_MAX + 1]; /* in */
    CollectField fields[DATA_CLASS_COUNT]; /* in */
    size_t field_count; /* in */
    UseVerdict verdict; /* out: the class that was refused */
} Collect;

/* Refuses what lifecycle_may_use() refuses for USE_STORE, and SUBJECT_GONE; SUBJECT_FIELD for a
 * class twice. A subject that is new comes to be with it. */
void collect_unit(Collect *work, void (*done)(Unit *unit, Status outcome));

/* The relationship is over: every purpose ends, and its clock starts. */
typedef struct RelationEnd {
    Unit unit;
    const Purposes *purposes; /* in */
    SubjectName name; /* in */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1]; /* in */
} RelationEnd;

/* Refuses SUBJECT_UNKNOWN. */
void relation_end_unit(RelationEnd *work, void (*done)(Unit *unit, Status outcome));

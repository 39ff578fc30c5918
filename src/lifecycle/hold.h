#pragma once
/*
 * hold: an authority wants a subject's data kept until a date. Two people decide it with their own
 * signatures, which vaultd keeps in its journal (vault/holds.h): the caller of these units asks
 * vaultd what it knows, and `until_us` is vaultd's word. While a hold lives nothing of the subject
 * is deleted, and the data is of use for the hold's own purpose alone (LL-4.5.4).
 */
#include "lifecycle/subject.h"

typedef struct HoldPlace {
    Unit unit;
    const Purposes *purposes; /* in, as all but the last */
    Hold hold; /* name, authority, reference, until_us, first, second */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    int64_t slot; /* out */
} HoldPlace;

/* The same authority and reference again: the same hold, to the new date. Refuses SUBJECT_UNKNOWN
 * (there is nothing to keep), SUBJECT_FIELD (date), HOLD_FULL. */
void hold_place_unit(HoldPlace *work, void (*done)(Unit *unit, Status outcome));

typedef struct HoldRelease {
    Unit unit;
    const Purposes *purposes; /* in, as all but the last */
    SubjectName name;
    char authority[SUBJECT_TEXT_BYTES_MAX + 1];
    char reference[SUBJECT_TEXT_BYTES_MAX + 1];
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    int64_t held_until_us; /* out: by other holds; 0: by none */
} HoldRelease;

/* Refuses SUBJECT_UNKNOWN, HOLD_UNKNOWN. */
void hold_release_unit(HoldRelease *work, void (*done)(Unit *unit, Status outcome));

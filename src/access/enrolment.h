#pragma once
/*
 * enrolment: the code with which a newcomer sets his first password and second factor (LL-4.5.2).
 *
 * It has two halves, and two people hand them out, each his own: so nobody of the house alone can
 * enrol in a newcomer's name. It is good for a short while, once for each thing it sets, and gone
 * after ENROLMENT_TRIES_MAX wrong tries or a restart. Only a keyed digest is kept. Thread-safe.
 */
#include "access/session.h"

enum {
    ENROLMENT_HALF_BYTES = 10, /* hexadecimal */
    ENROLMENT_CODE_BYTES = 2 * ENROLMENT_HALF_BYTES,
    ENROLMENT_TRIES_MAX = 5,
    ENROLMENTS_MAX = 256,
};
#define ENROLMENT_LIFE_US ((int64_t)24 * 3600 * 1000000)

typedef enum EnrolmentPart {
    ENROLMENT_PASSWORD = 1 << 0,
    ENROLMENT_SECOND_FACTOR = 1 << 1,
    ENROLMENT_PARTS = 3,
} EnrolmentPart;

typedef struct EnrolmentTable EnrolmentTable;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status enrolment_open(
        const Clock *steady, const Random *random, EnrolmentTable **ret_table);
void enrolment_close(EnrolmentTable **table); /* NULL inside is fine */

/* The first half, for `by` to hand out; an earlier code of this principal is worth nothing from
 * here on. Refuses ENROLMENTS_FULL, ENROLMENT_UNKNOWN (no name). Faults FAULT_RANDOM. */
MUST_USE Status enrolment_begin(
        EnrolmentTable *table, Span principal, Span by, char ret_half[ENROLMENT_HALF_BYTES + 1]);
/* The second half, once, for another person to hand out. Refuses ENROLMENT_UNKNOWN (not begun,
 * late, given out already), ENROLMENT_SAME_PERSON. */
MUST_USE Status enrolment_complete(
        EnrolmentTable *table, Span principal, Span by, char ret_half[ENROLMENT_HALF_BYTES + 1]);

/* Is this his code, and does it still set `part`? A wrong one counts. Refuses ENROLMENT_UNKNOWN
 * (anything is wrong: not told apart). */
MUST_USE Status enrolment_check(
        EnrolmentTable *table, Span principal, Span code, EnrolmentPart part);
/* It did; when it has set everything it is gone. */
void enrolment_used(EnrolmentTable *table, Span principal, EnrolmentPart part);

/* Goal: only who has both halves enrols, in nobody else's name, for a while and once (LL-4.5.2). */
#include "access/enrolment.h"
#include "base/expect.h"

typedef struct Stand {
    int64_t now_us;
    EnrolmentTable *table;
    char code[ENROLMENT_CODE_BYTES + 1];
} Stand;

#define CODE(stand) span_of_text((stand)->code)
#define CAROL SPAN("carol")

static int64_t stand_now(void *context) { return ((const Stand *)context)->now_us; }

static void stand_open(Stand *stand)
{
    *stand = (Stand) { .now_us = 1000 };
    const Clock steady = { stand_now, stand };
    const Random random = random_system();
    ASSERT(status_ok(enrolment_open(&steady, &random, &stand->table)));
}

/* Both halves of a code for carol, by two people. */
static void hand_out(Stand *stand)
{
    char *second = stand->code + ENROLMENT_HALF_BYTES;
    ASSERT(status_ok(enrolment_begin(stand->table, CAROL, SPAN("alice"), stand->code)));
    ASSERT(status_ok(enrolment_complete(stand->table, CAROL, SPAN("bob"), second)));
}

static Status check(Stand *stand, Span principal, EnrolmentPart part)
{
    return enrolment_check(stand->table, principal, CODE(stand), part);
}

static void test_two_halves_enrol_once(void)
{
    Stand stand;
    stand_open(&stand);
    hand_out(&stand);
    EXPECT(strlen(stand.code) == ENROLMENT_CODE_BYTES);
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD));
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD)); /* it failed; once more */
    enrolment_used(stand.table, CAROL, ENROLMENT_PASSWORD);
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_SECOND_FACTOR));
    enrolment_used(stand.table, CAROL, ENROLMENT_SECOND_FACTOR);
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_SECOND_FACTOR), REFUSED_ENROLMENT_UNKNOWN);
    enrolment_close(&stand.table);
}

static void test_one_half_or_another_name_is_nothing(void)
{
    Stand stand;
    char second[ENROLMENT_HALF_BYTES + 1];
    stand_open(&stand);
    EXPECT_OK(enrolment_begin(stand.table, CAROL, SPAN("alice"), stand.code));
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_REFUSED(enrolment_complete(stand.table, CAROL, SPAN("alice"), second),
            REFUSED_ENROLMENT_SAME_PERSON);
    EXPECT_REFUSED(
            enrolment_complete(stand.table, CAROL, CAROL, second), REFUSED_ENROLMENT_SAME_PERSON);
    EXPECT_OK(enrolment_complete(stand.table, CAROL, SPAN("bob"), second));
    EXPECT_REFUSED(
            enrolment_complete(stand.table, CAROL, SPAN("bob"), second), REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_REFUSED(enrolment_check(stand.table, CAROL, span_of_text(second), ENROLMENT_PASSWORD),
            REFUSED_ENROLMENT_UNKNOWN);
    memcpy(stand.code + ENROLMENT_HALF_BYTES, second, sizeof(second));
    EXPECT_REFUSED(check(&stand, SPAN("dave"), ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD));
    enrolment_close(&stand.table);
}

static void test_it_ends(void)
{
    Stand stand;
    char before[ENROLMENT_CODE_BYTES + 1];
    stand_open(&stand);
    hand_out(&stand);
    stand.now_us += ENROLMENT_LIFE_US - 1;
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD));
    stand.now_us += 1;
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    hand_out(&stand);
    memcpy(before, stand.code, sizeof(before));
    hand_out(&stand); /* another one ends the first */
    EXPECT_REFUSED(enrolment_check(stand.table, CAROL, span_of_text(before), ENROLMENT_PASSWORD),
            REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD));
    enrolment_close(&stand.table);
}

static void test_guesses_are_counted(void)
{
    Stand stand;
    stand_open(&stand);
    hand_out(&stand);
    for (int i = 0; i < ENROLMENT_TRIES_MAX - 1; i++)
        EXPECT_REFUSED(enrolment_check(stand.table, CAROL, SPAN("00000000000000000000"),
                               ENROLMENT_PASSWORD),
                REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_OK(check(&stand, CAROL, ENROLMENT_PASSWORD));
    EXPECT_REFUSED(
            enrolment_check(stand.table, CAROL, SPAN("00000000000000000000"), ENROLMENT_PASSWORD),
            REFUSED_ENROLMENT_UNKNOWN);
    EXPECT_REFUSED(check(&stand, CAROL, ENROLMENT_PASSWORD), REFUSED_ENROLMENT_UNKNOWN);
    enrolment_close(&stand.table);
}

static void test_full(void)
{
    Stand stand;
    char half[ENROLMENT_HALF_BYTES + 1];
    char name[16];
    stand_open(&stand);
    for (int i = 0; i < ENROLMENTS_MAX; i++) {
        snprintf(name, sizeof(name), "p%d", i);
        EXPECT_OK(enrolment_begin(stand.table, span_of_text(name), SPAN("alice"), half));
    }
    EXPECT_REFUSED(
            enrolment_begin(stand.table, CAROL, SPAN("alice"), half), REFUSED_ENROLMENTS_FULL);
    stand.now_us += ENROLMENT_LIFE_US;
    EXPECT_OK(enrolment_begin(stand.table, CAROL, SPAN("alice"), half));
    enrolment_close(&stand.table);
}

TESTS(TEST(test_two_halves_enrol_once), TEST(test_one_half_or_another_name_is_nothing),
        TEST(test_it_ends), TEST(test_guesses_are_counted), TEST(test_full))

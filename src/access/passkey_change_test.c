/*
 * Goal: a passkey is added, used and removed only while its owner is who he was, each time with its
 * alert; what was right a moment ago is judged by the rows (LL-4.5.2, LL-4.5.3). Method: every deed
 * on rows that say something else, one at a time; the clock set back.
 */
#include "access/merchant.h"
#include "access/passkey_change.h"
#include "access/staff.h"
#include "cases/alert.h"
#include "store/store_for_tests.h"

typedef struct Register {
    TestStore rows;
    AccessTable table;
} Register;

static void register_open(Register *r)
{
    static const StoreSchema *const schemas[] = { &access_schema, &cases_schema };
    *r = (Register) { .table = { .known = 3, .reviews = { .period_days = 90 } } };
    test_store_open(&r->rows, schemas, 2, 1000);
}

static void close_register(Register *r) { test_store_close(&r->rows); }

/* Dora comes, or is changed; her row as it stands then. */
static Principal staff(Register *r, StaffAct act)
{
    StaffChange work = { .act = act, .table = &r->table };
    work.principal = (Principal) { .id = "dora",
        .tenant = ASKER_HOUSE,
        .kind = PRINCIPAL_OF_PERSON,
        .algorithm = KEY_P256,
        .key = { 1 },
        .key_size = 91 };
    snprintf(work.actor, sizeof(work.actor), "operator/alice");
    staff_change_unit(&work, NULL);
    ASSERT(status_ok(unit_wait(r->rows.batcher, &work.unit)));
    return work.principal;
}

static PasskeyChange change_of(PasskeyDeed deed, int64_t stamp, uint32_t count)
{
    PasskeyChange work = { .deed = deed, .use = AUDIT_LOGIN, .actor = "operator/dora" };
    work.passkey = (Passkey) { .principal = "dora", .stamp = stamp };
    work.passkey.key = (PasskeyKey) {
        .id = { 7 }, .id_size = 16, .algorithm = KEY_ED25519, .spki_size = 44, .count = count
    };
    passkey_name((Span) { work.passkey.key.id, 16 }, work.passkey.name);
    passkey_change_unit(&work, NULL);
    return work;
}

static Status do_it(Register *r, PasskeyDeed deed, int64_t stamp, uint32_t count)
{
    PasskeyChange work = change_of(deed, stamp, count);
    return unit_wait(r->rows.batcher, &work.unit);
}

static int64_t alerts(Register *r, StatusCode verdict)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM alert WHERE kind = 70 AND verdict = %d",
            (int)verdict);
    return practice_number(r->rows.store, sql);
}

#define REGISTER                                  \
    CLEANUP(close_register) Register r;           \
    register_open(&r);                            \
    const Principal dora = staff(&r, STAFF_JOIN); \
    const int64_t stamp = dora.changed_us

static void test_added_used_removed(void)
{
    REGISTER;
    EXPECT_OK(do_it(&r, PASSKEY_DEED_ADD, stamp, 1));
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_ADD, stamp, 1), REFUSED_PASSKEY_EXISTS);
    EXPECT(alerts(&r, REFUSED_PASSKEY_ADDED) == 1);
    EXPECT_OK(do_it(&r, PASSKEY_DEED_USE, 0, 2));
    EXPECT(practice_number(r.rows.store, "SELECT uses FROM passkey") == 2);
    EXPECT_OK(do_it(&r, PASSKEY_DEED_REMOVE, 0, 0));
    EXPECT(alerts(&r, REFUSED_PASSKEY_REMOVED) == 1);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_REMOVE, 0, 0), REFUSED_PASSKEY_UNKNOWN);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 3), REFUSED_PASSKEY_UNKNOWN);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_ADD, stamp, 1), REFUSED_PASSKEY_EXISTS); /* never again */
    EXPECT(alerts(&r, REFUSED_PASSKEY_REMOVED) == 1);
}

/* Two answers at once that both looked right: the rows take one. */
static void test_the_counter_of_the_rows_decides(void)
{
    REGISTER;
    EXPECT_OK(do_it(&r, PASSKEY_DEED_ADD, stamp, 5));
    EXPECT_OK(do_it(&r, PASSKEY_DEED_USE, 0, 6));
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 6), REFUSED_PASSKEY_COUNT);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 5), REFUSED_PASSKEY_COUNT);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 0), REFUSED_PASSKEY_COUNT);
    EXPECT_OK(do_it(&r, PASSKEY_DEED_COPIED, 0, 0));
    EXPECT(alerts(&r, REFUSED_PASSKEY_COUNT) == 1);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 7), REFUSED_PASSKEY_UNKNOWN);
}

static void test_one_that_does_not_count(void)
{
    REGISTER;
    EXPECT_OK(do_it(&r, PASSKEY_DEED_ADD, stamp, 0));
    EXPECT_OK(do_it(&r, PASSKEY_DEED_USE, 0, 0));
    EXPECT_OK(do_it(&r, PASSKEY_DEED_USE, 0, 0));
}

/* Also when the clock was set far back between: a change is later than what was before it. */
static void test_its_owner_is_changed(void)
{
    REGISTER;
    EXPECT_OK(do_it(&r, PASSKEY_DEED_ADD, stamp, 1));
    r.rows.now_us = 1;
    const Principal moved = staff(&r, STAFF_MOVE);
    EXPECT(moved.changed_us > stamp);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 2), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_ADD, stamp, 1), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_OK(do_it(&r, PASSKEY_DEED_REMOVE, 0, 0)); /* what opens nothing can be cleared */
}

static void test_its_owner_leaves(void)
{
    REGISTER;
    EXPECT_OK(do_it(&r, PASSKEY_DEED_ADD, stamp, 1));
    const Principal gone = staff(&r, STAFF_LEAVE);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_USE, 0, 2), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_REFUSED(do_it(&r, PASSKEY_DEED_ADD, gone.changed_us, 1), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT(practice_number(r.rows.store, "SELECT uses FROM passkey") == 1);
}

TESTS(TEST(test_added_used_removed), TEST(test_the_counter_of_the_rows_decides),
        TEST(test_one_that_does_not_count), TEST(test_its_owner_is_changed),
        TEST(test_its_owner_leaves))

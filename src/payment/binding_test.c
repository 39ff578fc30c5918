/* Goal: a binding is what its sealed row says, its names hold no card number, another tenant's does
 * not exist, and the same request again is the same (TP-8, TP-9). Method: units on a ledger of its
 * own, each bad field alone. */
#include "payment/binding.h"

#include "base/expect.h"
#include "payment/practice_house.h"

static House house;

static BindingWork work_of(BindingAct act, const char *tenant, const char *id)
{
    BindingWork work = { .act = act, .caller = "core" };
    Binding *b = &work.binding;
    snprintf(b->tenant, sizeof(b->tenant), "%s", tenant);
    snprintf(b->id, sizeof(b->id), "%s", id);
    if (act != BINDING_MAKE) return work;
    b->kind = BINDING_QUICK_PAY;
    snprintf(b->user, sizeof(b->user), "u-17");
    snprintf(b->card, sizeof(b->card), "9031557201846623"); /* a token: fails Luhn's check */
    b->limit_minor = 100000;
    b->day_limit_minor = 500000;
    b->expires_us = house.now_us + INT64_C(86400000000);
    return work;
}

static Status run(BindingWork *work)
{
    binding_unit(work, NULL);
    return house_run(&house, &work->unit);
}

static void test_made_read_ended(void)
{
    BindingWork made = work_of(BINDING_MAKE, "bank-a", "B-1");
    EXPECT_OK(run(&made));
    EXPECT(made.binding.status == STATUS_LIVE && made.binding.created_us == house.now_us);
    BindingWork again = work_of(BINDING_MAKE, "bank-a", "B-1");
    EXPECT_OK(run(&again));
    BindingWork other = work_of(BINDING_MAKE, "bank-a", "B-1");
    other.binding.limit_minor = 100001;
    EXPECT_REFUSED(run(&other), REFUSED_BINDING_EXISTS);
    snprintf(other.binding.user, sizeof(other.binding.user), "u-18");
    EXPECT_REFUSED(run(&other), REFUSED_BINDING_EXISTS);

    BindingWork read = work_of(BINDING_READ, "bank-a", "B-1");
    EXPECT_OK(run(&read));
    EXPECT(strcmp(read.binding.user, "u-17") == 0 && read.binding.limit_minor == 100000);
    BindingWork end = work_of(BINDING_END, "bank-a", "B-1");
    EXPECT_OK(run(&end));
    EXPECT_OK(run(&end));
    EXPECT(end.binding.status == STATUS_CLOSED);
    EXPECT_OK(run(&read));
    EXPECT(read.binding.status == STATUS_CLOSED);
}

static void test_another_tenants_does_not_exist(void)
{
    BindingWork made = work_of(BINDING_MAKE, "bank-a", "B-2");
    EXPECT_OK(run(&made));
    BindingWork read = work_of(BINDING_READ, "bank-b", "B-2");
    EXPECT_REFUSED(run(&read), REFUSED_BINDING_UNKNOWN);
    BindingWork end = work_of(BINDING_END, "bank-b", "B-2");
    EXPECT_REFUSED(run(&end), REFUSED_BINDING_UNKNOWN);
    BindingWork theirs = work_of(BINDING_MAKE, "bank-b", "B-2");
    EXPECT_OK(run(&theirs));
}

/* A card's number, plain, grouped or hidden, in any name of it. */
static void test_no_name_is_a_card(void)
{
    static const char *const numbers[] = { "4111111111111111", "4111-1111-1111-1111",
        "c4111111111111111", "6222020200112233445" };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        BindingWork id = work_of(BINDING_MAKE, "bank-a", numbers[i]);
        BindingWork user = work_of(BINDING_MAKE, "bank-a", "B-3");
        BindingWork plan = user;
        snprintf(user.binding.user, sizeof(user.binding.user), "%s", numbers[i]);
        snprintf(plan.binding.plan, sizeof(plan.binding.plan), "%s", numbers[i]);
        EXPECT(status_refused(run(&id)));
        EXPECT(status_refused(run(&user)));
        EXPECT(status_refused(run(&plan)));
    }
    BindingWork card = work_of(BINDING_MAKE, "bank-a", "B-3");
    snprintf(card.binding.card, sizeof(card.binding.card), "4111111111111111");
    EXPECT_REFUSED(run(&card), REFUSED_DATA_CARD_NUMBER);
    EXPECT(house_number(&house, "SELECT count(*) FROM binding WHERE id = 'B-3'") == 0);
}

static void test_each_bad_field(void)
{
    BindingWork bad[10];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        bad[i] = work_of(BINDING_MAKE, "bank-a", "B-4");
    bad[n++].binding.kind = (BindingKind)9;
    bad[n++].binding.card[0] = 0; /* quick-pay without a card */
    bad[n++].binding.kind = BINDING_DEDUCTION; /* without a merchant */
    bad[n++].binding.user[0] = 0;
    bad[n++].binding.user[0] = ' ';
    bad[n++].binding.limit_minor = -1;
    bad[n++].binding.day_limit_minor = 1; /* less than one taking */
    bad[n++].binding.expires_us = house.now_us;
    bad[n++].binding.limit_minor = INT64_MAX;
    snprintf(bad[n].binding.merchant, sizeof(bad[n].binding.merchant), "a b");
    n++;
    for (size_t i = 0; i < n; i++) {
        const Status s = run(&bad[i]);
        if (!status_is(s, REFUSED_BINDING_FIELD)) fprintf(stderr, "  field %zu\n", i);
        EXPECT_REFUSED(s, REFUSED_BINDING_FIELD);
    }
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_made_read_ended),
        TEST(test_another_tenants_does_not_exist), TEST(test_no_name_is_a_card),
        TEST(test_each_bad_field) };
    house_open(&house, 5);
    const int exit_status = expect_run(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
    house_close(&house);
    return exit_status;
}

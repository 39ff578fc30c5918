/*
 * Goal: a contract of deductions is what its payer signed, from its plan to its end (TP-9). Method:
 * the table of states on a whole ledger (practice_house.h).
 */
#include "payment/contract_for_tests.h"
#include "payment/payer_act.h"

/* --- plans --- */

static void test_a_plan_is_made_once_and_closed(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_REFUSED(add_plan("m1", 7, 24), REFUSED_PLAN_EXISTS);
    EXPECT_REFUSED(add_plan("m9", 7, 0), REFUSED_MERCHANT_UNKNOWN);
    EXPECT_REFUSED(add_plan("m1", 0, 0), REFUSED_PLAN_FIELD);
    EXPECT_REFUSED(add_plan("m1", 8, -1), REFUSED_PLAN_FIELD);
    PlanWork work = plan_of("m1", 8);
    work.plan.period_minor = 2999; /* less than one */
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_FIELD);
    work = plan_of("m1", 8);
    snprintf(work.plan.title, sizeof(work.plan.title), "4111 1111 1111 1111");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_DATA_CARD_NUMBER);
    work = plan_of("m1", 8);
    snprintf(work.plan.title, sizeof(work.plan.title), "a\nb");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_FIELD);
    const Contract c = signed_by("p0", "C-1", 7);
    work = plan_of("m1", 7);
    work.act = PLAN_CLOSE;
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT_REFUSED(add_plan("m1", 7, 0), REFUSED_PLAN_EXISTS);
    ContractRequest asked = request_of("m1", "C-2", 7);
    EXPECT_REFUSED(house_run(&h, &asked.unit), REFUSED_PLAN_UNKNOWN);
    EXPECT_OK(deducts(&c, "go-on-1", 100)); /* what was signed goes on */
    end();
}

/* --- the table of states --- */

static void test_every_step_of_every_state(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_OK(add_plan("m2", 7, 0));
    ContractRequest asked = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    const Contract c = asked.contract;
    /* WAITING */
    ContractRequest again = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated && strcmp(again.contract.id, c.id) == 0);
    EXPECT_REFUSED(deducts(&c, "early-1", 100), REFUSED_CONTRACT_OVER);
    EXPECT_OK(does(CONTRACT_LOOK, "", "p1", &c));
    EXPECT_OK(does(CONTRACT_LOOK, "m1", "", &c));
    EXPECT_REFUSED(does(CONTRACT_LOOK, "m2", "", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    ContractSign other = sign_of(&c, "p0");
    other.order[20] = other.order[20] == '0' ? '1' : '0';
    EXPECT_REFUSED(house_run(&h, &other.unit), REFUSED_BOX_CONTEXT);
    ContractSign sign = sign_of(&c, "p0");
    EXPECT_OK(house_run(&h, &sign.unit));
    /* IN_FORCE */
    sign = sign_of(&c, "p0");
    EXPECT_OK(house_run(&h, &sign.unit));
    EXPECT(sign.repeated);
    sign = sign_of(&c, "p1");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_UNKNOWN);
    again = request_of("m1", "C-1", 7);
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_CONTRACT_EXISTS);
    EXPECT_REFUSED(does(CONTRACT_LOOK, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "m2", "", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_END, "", "p1", &c), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_REFUSED(does(CONTRACT_ANNOUNCE, "m1", "", &c), REFUSED_CONTRACT_FIELD);
    EXPECT_OK(deducts(&c, "take-1", 100));
    Contract foreign = c;
    snprintf(foreign.mchid, sizeof(foreign.mchid), "m2");
    EXPECT_REFUSED(deducts(&foreign, "take-2", 100), REFUSED_CONTRACT_UNKNOWN);
    EXPECT_OK(does(CONTRACT_END, "", "p0", &c));
    /* TERMINATED */
    EXPECT_OK(does(CONTRACT_END, "", "p0", &c));
    EXPECT_OK(does(CONTRACT_END, "m1", "", &c));
    EXPECT_REFUSED(deducts(&c, "late-1", 100), REFUSED_CONTRACT_OVER);
    sign = sign_of(&c, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_OVER);
    again = request_of("m1", "C-1", 7);
    EXPECT_REFUSED(house_run(&h, &again.unit), REFUSED_CONTRACT_EXISTS);
    EXPECT(house_number(&h, "SELECT ended_by FROM contract WHERE code = 'C-1'")
            == CONTRACT_ENDED_BY_PAYER);
    EXPECT(house_balance(&h, "p0") == HOUSE_OPENING - 100);
    end();
}

static void test_what_waits_and_what_runs_out(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    ContractRequest asked = request_of("m1", "C-1", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    const Contract c = signed_by("p1", "C-2", 7);
    h.now_us += CONTRACT_WAITS_US;
    ContractSign sign = sign_of(&asked.contract, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_OVER);
    EXPECT_REFUSED(does(CONTRACT_LOOK, "", "p0", &asked.contract), REFUSED_CONTRACT_UNKNOWN);
    h.now_us = c.until_us - 1;
    house_agree(&h, "m1", 0, 0, 0);
    EXPECT_OK(deducts(&c, "last-1", 100));
    h.now_us = c.until_us;
    EXPECT_REFUSED(deducts(&c, "last-2", 100), REFUSED_CONTRACT_OVER);
    end();
}

static void test_fields_of_a_request(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    static const char *const codes[] = { "", "a b", "a/b", "a.b", "6217003810012345675" };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        ContractRequest work = request_of("m1", codes[i], 7);
        EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_CONTRACT_FIELD);
    }
    ContractRequest work = request_of("m1", "C-1", 8);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PLAN_UNKNOWN);
    work = request_of("m1", "C-1", 7);
    snprintf(work.contract.account, sizeof(work.contract.account), "4111111111111111");
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_DATA_CARD_NUMBER);
    EXPECT(house_number(&h, "SELECT count(*) FROM contract") == 0);
    end();
}

static int64_t in_force(void)
{
    return house_number(&h, "SELECT count(*) FROM contract WHERE state = 2");
}

/* What was agreed for a period is not multiplied by signing again. */
static void test_one_contract_of_a_plan(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    EXPECT_OK(add_plan("m1", 8, 0));
    const Contract c = signed_by("p0", "C-1", 7);
    ContractRequest asked = request_of("m1", "C-2", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    ContractSign sign = sign_of(&asked.contract, "p0");
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_CONTRACT_EXISTS);
    signed_by("p1", "C-3", 7);
    signed_by("p0", "C-4", 8);
    EXPECT(in_force() == 3);
    EXPECT_OK(does(CONTRACT_END, "", "p0", &c));
    sign = sign_of(&asked.contract, "p0");
    EXPECT_OK(house_run(&h, &sign.unit));
    h.now_us = asked.contract.until_us; /* it runs out, and nobody ends it */
    house_agree(&h, "m1", 0, 0, 0);
    const Contract next = signed_by("p0", "C-5", 7);
    EXPECT(next.state == CONTRACT_IN_FORCE);
    EXPECT(house_number(&h,
                   "SELECT count(*) FROM contract WHERE code = 'C-2' AND state = 3"
                   " AND ended = until AND ended_by = 0")
            == 1);
    end();
}

static void test_two_of_a_plan_are_signed_at_once(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    ContractRequest a = request_of("m1", "C-1", 7);
    ContractRequest b = request_of("m1", "C-2", 7);
    EXPECT_OK(house_run(&h, &a.unit));
    EXPECT_OK(house_run(&h, &b.unit));
    ContractSign signs[] = { sign_of(&a.contract, "p0"), sign_of(&b.contract, "p0") };
    for (size_t i = 0; i < 2; i++)
        contract_sign_unit(&signs[i], NULL);
    Unit *const units[] = { &signs[0].unit, &signs[1].unit };
    Status outcomes[2];
    house_together(&h, units, 2, outcomes);
    EXPECT_OK(outcomes[0]);
    EXPECT_REFUSED(outcomes[1], REFUSED_STORE_CONSTRAINT);
    EXPECT(in_force() == 1);
    end();
}

/* Of "p0", at a device whose id begins with this byte; a second one is new, and cools. */
static Status acts(PayerActKind kind, uint8_t device)
{
    PayerAct act = { .kind = kind,
        .payer = "p0",
        .cool_us = TIME_DAY_US,
        .joins = kind == PAYER_REGISTERS,
        .adds_device = kind == PAYER_LOGS_IN,
        .device = { .id = { device }, .algorithm = KEY_P256, .spki_size = 91 } };
    memset(act.device.spki, device, 91);
    snprintf(act.device.name, sizeof(act.device.name), "phone %d", device);
    payer_act_unit(&act, NULL);
    return house_run(&h, &act.unit);
}

/* Who has lost a device ends at once what it might have been used for; he signs nothing. */
static void test_a_cooling_payer_looks_and_ends(void)
{
    begin();
    EXPECT_OK(add_plan("m1", 7, 0));
    const Contract c = signed_by("p0", "C-1", 7);
    ContractRequest asked = request_of("m1", "C-2", 7);
    EXPECT_OK(house_run(&h, &asked.unit));
    EXPECT_OK(acts(PAYER_REGISTERS, 1));
    EXPECT_OK(acts(PAYER_LOGS_IN, 2));
    const PayerDoor door = { .by_device = true, .place = 1, .device = { 2 } };
    ContractWork work = work_of(CONTRACT_LOOK, "", "p0", c.id);
    work.door = door;
    EXPECT_OK(house_run(&h, &work.unit));
    work = work_of(CONTRACT_ANNOUNCE, "", "p0", c.id);
    work.door = door;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PAYER_COOLS_DOWN);
    ContractSign sign = sign_of(&asked.contract, "p0");
    sign.door = door;
    EXPECT_REFUSED(house_run(&h, &sign.unit), REFUSED_PAYER_COOLS_DOWN);
    work = work_of(CONTRACT_END, "", "p0", c.id);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_PAYER_DEVICE_NEEDED);
    work = work_of(CONTRACT_END, "", "p0", c.id);
    work.door = door;
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.contract.ended_by == CONTRACT_ENDED_BY_PAYER);
    /* A device that was ended is none, whatever cools. */
    EXPECT_OK(acts(PAYER_RESETS_PASSWORD, 2));
    const PayerDoor gone = { .by_device = true, .place = 0, .device = { 1 } };
    work = work_of(CONTRACT_LOOK, "", "p0", c.id);
    work.door = gone;
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_LOGIN_NEEDED);
    end();
}

TESTS(TEST(test_a_plan_is_made_once_and_closed), TEST(test_every_step_of_every_state),
        TEST(test_what_waits_and_what_runs_out), TEST(test_fields_of_a_request),
        TEST(test_one_contract_of_a_plan), TEST(test_two_of_a_plan_are_signed_at_once),
        TEST(test_a_cooling_payer_looks_and_ends))

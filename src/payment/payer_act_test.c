/* Goal: from a payer's rows alone follows whether money leaves, and nobody's device, reset or clock
 * gets round it (TP-6, TP-17). Method: a whole ledger; every act, in and out of turn. */
#include "base/expect.h"
#include "base/time.h"
#include "payment/payer_act.h"
#include "payment/practice_house.h"

static const int64_t hour_us = 3600 * TIME_SECOND_US;

static PayerAct act_of(PayerActKind kind, const char *payer, uint8_t device)
{
    PayerAct act = { .kind = kind, .cool_us = 24 * hour_us };
    snprintf(act.payer, sizeof(act.payer), "%s", payer);
    memset(act.device.id, device, sizeof(act.device.id));
    act.device.algorithm = KEY_P256;
    memset(act.device.spki, device, 91);
    act.device.spki_size = 91;
    snprintf(act.device.name, sizeof(act.device.name), "phone %d", device);
    return act;
}

static Status run(House *h, PayerAct *act)
{
    payer_act_unit(act, NULL);
    return house_run(h, &act->unit);
}

static Status do_act(House *h, PayerActKind kind, const char *payer, uint8_t device)
{
    PayerAct act = act_of(kind, payer, device);
    return run(h, &act);
}

static Status joins(House *h, const char *payer, uint8_t device)
{
    PayerAct act = act_of(PAYER_REGISTERS, payer, device);
    act.joins = true;
    return run(h, &act);
}

static Status logs_in_anew(House *h, const char *payer, uint8_t device)
{
    PayerAct act = act_of(PAYER_LOGS_IN, payer, device);
    act.adds_device = true;
    return run(h, &act);
}

static int64_t place_of(House *h, const char *payer, uint8_t device)
{
    PayerAct act = act_of(PAYER_LOOK, payer, device);
    ASSERT(status_ok(run(h, &act)));
    return act.place;
}

/* Takes codes: what a payer's app does first. `device` 0: without one. */
static Status takes_codes(House *h, const char *payer, uint8_t device, int64_t place)
{
    PayCodeIssue work = { .count = 1 };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    work.door.by_device = device != 0;
    work.door.place = place;
    memset(work.door.device, device, sizeof(work.door.device));
    ASSERT(status_ok(pay_codes_draw(&h->random, &work)));
    pay_code_issue_unit(&work, NULL);
    return house_run(h, &work.unit);
}

static void test_who_registers(void)
{
    House h;
    house_open(&h, 1);
    PayerAct act = act_of(PAYER_REGISTERS, "new", 1);
    EXPECT_OK(account_id_draw(&h.random, &act.account));
    EXPECT_OK(run(&h, &act));
    EXPECT(act.registered && act.place == 0);
    EXPECT(house_number(&h, "SELECT count(*) FROM payer WHERE id = 'new'") == 1);
    PayerAct again = act_of(PAYER_REGISTERS, "new", 2);
    EXPECT_OK(account_id_draw(&h.random, &again.account));
    EXPECT_REFUSED(run(&h, &again), REFUSED_PAYER_REGISTER_REFUSED);
    EXPECT_REFUSED(joins(&h, "new", 2), REFUSED_PAYER_REGISTER_REFUSED);
    EXPECT_REFUSED(joins(&h, "nobody", 2), REFUSED_PAYER_REGISTER_REFUSED);
    EXPECT_OK(joins(&h, "p1", 2));
    PayerAct taken = act_of(PAYER_REGISTERS, "p2", 2);
    EXPECT_OK(account_id_draw(&h.random, &taken.account));
    EXPECT_REFUSED(run(&h, &taken), REFUSED_PAYER_REGISTER_REFUSED);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* TP-17: who registered is served at his devices alone; who did not, goes on as before. */
static void test_a_registered_payer_needs_his_device(void)
{
    House h;
    house_open(&h, 2);
    EXPECT_OK(takes_codes(&h, "p1", 0, 0));
    EXPECT_REFUSED(takes_codes(&h, "p1", 1, 0), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(joins(&h, "p1", 1));
    EXPECT_REFUSED(takes_codes(&h, "p1", 0, 0), REFUSED_PAYER_DEVICE_NEEDED);
    EXPECT_OK(takes_codes(&h, "p1", 1, 0));
    EXPECT_REFUSED(takes_codes(&h, "p1", 2, 0), REFUSED_LOGIN_NEEDED);
    EXPECT_REFUSED(takes_codes(&h, "p1", 1, 1), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(takes_codes(&h, "p2", 0, 0));
    PayCodeIssue all = { .count = 1, .payer = "p2", .door = { .needed = true } };
    EXPECT_OK(pay_codes_draw(&h.random, &all));
    pay_code_issue_unit(&all, NULL);
    EXPECT_REFUSED(house_run(&h, &all.unit), REFUSED_PAYER_DEVICE_NEEDED);
    house_close(&h);
}

static void test_a_new_device_waits(void)
{
    House h;
    house_open(&h, 3);
    EXPECT_REFUSED(logs_in_anew(&h, "p1", 1), REFUSED_PAYER_LOGIN_REFUSED);
    EXPECT_OK(joins(&h, "p1", 1));
    EXPECT_OK(do_act(&h, PAYER_LOGS_IN, "p1", 1));
    EXPECT_REFUSED(do_act(&h, PAYER_LOGS_IN, "p1", 2), REFUSED_PAYER_DEVICE_UNKNOWN);
    EXPECT_OK(logs_in_anew(&h, "p1", 2));
    EXPECT(place_of(&h, "p1", 2) == 1);
    EXPECT_REFUSED(takes_codes(&h, "p1", 2, 1), REFUSED_PAYER_COOLS_DOWN);
    EXPECT_OK(takes_codes(&h, "p1", 1, 0)); /* the old one goes on */
    h.now_us -= 48 * hour_us; /* a clock that was set back */
    EXPECT_REFUSED(takes_codes(&h, "p1", 2, 1), REFUSED_PAYER_COOLS_DOWN);
    h.now_us += 72 * hour_us - 1;
    EXPECT_REFUSED(takes_codes(&h, "p1", 2, 1), REFUSED_PAYER_COOLS_DOWN);
    h.now_us += 1;
    EXPECT_OK(takes_codes(&h, "p1", 2, 1));
    house_close(&h);
}

static void test_places_for_devices(void)
{
    House h;
    house_open(&h, 4);
    EXPECT_OK(joins(&h, "p1", 1));
    for (uint8_t device = 2; device <= PAYER_DEVICES_MAX; device++)
        EXPECT_OK(logs_in_anew(&h, "p1", device));
    EXPECT_REFUSED(logs_in_anew(&h, "p1", 99), REFUSED_PAYER_DEVICES_FULL);
    PayerAct end = act_of(PAYER_ENDS_DEVICE, "p1", 1);
    memset(end.ends, 3, sizeof(end.ends));
    EXPECT_OK(run(&h, &end));
    EXPECT_REFUSED(run(&h, &end), REFUSED_PAYER_DEVICE_UNKNOWN); /* it was ended */
    EXPECT_REFUSED(do_act(&h, PAYER_LOGS_IN, "p1", 3), REFUSED_PAYER_DEVICE_UNKNOWN);
    EXPECT_REFUSED(takes_codes(&h, "p1", 3, 2), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(logs_in_anew(&h, "p1", 99));
    EXPECT(place_of(&h, "p1", 99) == 2);
    PayerAct others = act_of(PAYER_ENDS_DEVICE, "p1", 3); /* by an ended one */
    memset(others.ends, 1, sizeof(others.ends));
    EXPECT_REFUSED(run(&h, &others), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(joins(&h, "p2", 50));
    PayerAct theirs = act_of(PAYER_ENDS_DEVICE, "p2", 50); /* another payer's */
    memset(theirs.ends, 1, sizeof(theirs.ends));
    EXPECT_REFUSED(run(&h, &theirs), REFUSED_PAYER_DEVICE_UNKNOWN);
    EXPECT(place_of(&h, "p1", 1) == 0);
    house_close(&h);
}

/* A reset: no money leaves, neither by the app nor by a code that was taken before. */
static void test_a_reset_cools_down(void)
{
    House h;
    house_open(&h, 5);
    EXPECT_OK(joins(&h, "p1", 1));
    EXPECT_OK(logs_in_anew(&h, "p1", 2));
    PayerAct cools = act_of(PAYER_COOLS, "p1", 1);
    EXPECT_OK(run(&h, &cools));
    EXPECT_REFUSED(takes_codes(&h, "p1", 1, 0), REFUSED_PAYER_COOLS_DOWN);
    PayerAct not = act_of(PAYER_COOLS_NOT, "p1", 1); /* the identity was not right */
    not .before_us = cools.before_us;
    not .cooled_us = cools.cooled_us;
    EXPECT_OK(run(&h, &not ));
    EXPECT_OK(takes_codes(&h, "p1", 1, 0));
    h.now_us += 1;
    EXPECT_OK(run(&h, &cools));
    EXPECT_OK(do_act(&h, PAYER_RESETS_PASSWORD, "p1", 1));
    EXPECT_OK(run(&h, &not )); /* another try's: this one stands */
    EXPECT_REFUSED(takes_codes(&h, "p1", 1, 0), REFUSED_PAYER_COOLS_DOWN);
    EXPECT(place_of(&h, "p1", 1) == 0 && place_of(&h, "p1", 2) == -1); /* other devices ended */
    EXPECT_OK(do_act(&h, PAYER_LOGS_IN, "p1", 1)); /* he logs in all the same */
    h.now_us += 24 * hour_us;
    EXPECT_OK(takes_codes(&h, "p1", 1, 0));
    house_close(&h);
}

/* Two tries of the same moment, as in one batch; one of them is refused, before or after the other
 * one resets. Money waits all the same. */
static void test_a_refused_try_takes_back_its_own_cooling_alone(void)
{
    for (int after = 0; after <= 1; after++) {
        House h;
        house_open(&h, 8);
        EXPECT_OK(joins(&h, "p1", 1));
        PayerAct wrong = act_of(PAYER_COOLS, "p1", 1);
        PayerAct right = act_of(PAYER_COOLS, "p1", 1);
        EXPECT_OK(run(&h, &wrong));
        EXPECT_OK(run(&h, &right));
        PayerAct not = act_of(PAYER_COOLS_NOT, "p1", 1);
        not .before_us = wrong.before_us;
        not .cooled_us = wrong.cooled_us;
        if (after == 0) EXPECT_OK(run(&h, &not ));
        EXPECT_OK(do_act(&h, PAYER_RESETS_PIN, "p1", 1));
        if (after == 1) EXPECT_OK(run(&h, &not ));
        EXPECT_REFUSED(takes_codes(&h, "p1", 1, 0), REFUSED_PAYER_COOLS_DOWN);
        house_close(&h);
    }
}

static void test_a_code_of_before_pays_nothing_while_it_cools(void)
{
    House h;
    house_open(&h, 6);
    PaymentCodepay work = house_codepay(&h, "m1", "NUMBER-1", 1000, "p1"); /* a code is out */
    EXPECT_OK(joins(&h, "p1", 1));
    PayerAct cools = act_of(PAYER_COOLS, "p1", 1);
    EXPECT_OK(run(&h, &cools));
    EXPECT_OK(house_run(&h, &work.unit));
    EXPECT(work.payment.state == TRADE_PAYERROR);
    EXPECT(work.payment.reason == REFUSED_PAYER_COOLS_DOWN);
    EXPECT(house_balance(&h, "p1") == HOUSE_OPENING && house_is_sound(&h));
    house_close(&h);
}

/* A reset from a device that is new: it has a place even where all were taken, and waits. */
static void test_a_reset_from_a_new_device(void)
{
    House h;
    house_open(&h, 7);
    EXPECT_OK(joins(&h, "p1", 1));
    for (uint8_t device = 2; device <= PAYER_DEVICES_MAX; device++)
        EXPECT_OK(logs_in_anew(&h, "p1", device));
    EXPECT_REFUSED(do_act(&h, PAYER_RESETS_PASSWORD, "p1", 77), REFUSED_PAYER_DEVICE_UNKNOWN);
    EXPECT(place_of(&h, "p1", 5) == 4); /* refused: nothing was ended */
    PayerAct reset = act_of(PAYER_RESETS_PASSWORD, "p1", 77);
    reset.adds_device = true;
    EXPECT_OK(run(&h, &reset));
    EXPECT(reset.login.resets == 1 && reset.place >= 0);
    EXPECT(place_of(&h, "p1", 1) == -1 && place_of(&h, "p1", 5) == -1);
    EXPECT_REFUSED(takes_codes(&h, "p1", 77, reset.place), REFUSED_PAYER_COOLS_DOWN);
    house_close(&h);
}

/* Who he is comes with registering; who registered before that was kept has it with a log-in. */
static void test_prints_come_with_registering_or_a_log_in(void)
{
    House h;
    house_open(&h, 45);
    PayerAct registers = act_of(PAYER_REGISTERS, "p1", 1);
    registers.joins = true;
    registers.identified = true;
    memset(&registers.prints, 7, sizeof(registers.prints));
    EXPECT_OK(run(&h, &registers));
    EXPECT_OK(joins(&h, "p2", 2));
    PayerAct look = act_of(PAYER_LOOK, "p1", 1);
    EXPECT_OK(run(&h, &look));
    EXPECT(look.has_prints);
    look = act_of(PAYER_LOOK, "p2", 2);
    EXPECT_OK(run(&h, &look));
    EXPECT(!look.has_prints);
    PayerAct refused = act_of(PAYER_LOGS_IN, "p2", 3); /* another device: nothing is kept */
    refused.identified = true;
    EXPECT_REFUSED(run(&h, &refused), REFUSED_PAYER_DEVICE_UNKNOWN);
    PayerAct logs_in = act_of(PAYER_LOGS_IN, "p2", 2);
    logs_in.identified = true;
    EXPECT_OK(run(&h, &logs_in));
    EXPECT(logs_in.has_prints == false);
    look = act_of(PAYER_LOOK, "p2", 2);
    EXPECT_OK(run(&h, &look));
    EXPECT(look.has_prints);
    EXPECT(house_number(&h, "SELECT count(*) FROM payer_identity") == 2);
    house_close(&h);
}

TESTS(TEST(test_prints_come_with_registering_or_a_log_in), TEST(test_who_registers),
        TEST(test_a_registered_payer_needs_his_device), TEST(test_a_new_device_waits),
        TEST(test_places_for_devices), TEST(test_a_reset_cools_down),
        TEST(test_a_refused_try_takes_back_its_own_cooling_alone),
        TEST(test_a_code_of_before_pays_nothing_while_it_cools),
        TEST(test_a_reset_from_a_new_device))

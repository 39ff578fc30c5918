#pragma once
/* contract_for_tests: a house with two merchants, and the steps of plans, contracts and deductions.
 * In no program. */
#include "payment/contract.h"

#include <stdio.h>

#include "base/expect.h"
#include "base/time.h"
#include "payment/deduction.h"
#include "payment/practice_house.h"

static House h;

static inline void begin(void)
{
    house_open(&h, 17);
    house_agree(&h, "m1", 0, 0, 0);
    house_agree(&h, "m2", 0, 0, 0);
}

static inline void end(void)
{
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* --- steps --- */

static inline PlanWork plan_of(const char *mchid, int64_t number)
{
    PlanWork work = { .act = PLAN_ADD,
        .actor = "anna",
        .plan = { .number = number,
                .one_minor = 3000,
                .period = CONTRACT_EACH_MONTH,
                .period_minor = 5000,
                .period_count = 3,
                .life_days = 400 } };
    snprintf(work.plan.mchid, sizeof(work.plan.mchid), "%s", mchid);
    snprintf(work.plan.title, sizeof(work.plan.title), "会员 Member");
    plan_unit(&work, NULL);
    return work;
}

static inline Status add_plan(const char *mchid, int64_t number, int64_t notice_hours)
{
    PlanWork work = plan_of(mchid, number);
    work.plan.notice_hours = notice_hours;
    return house_run(&h, &work.unit);
}

static inline ContractRequest request_of(const char *mchid, const char *code, int64_t plan)
{
    ContractRequest work = { .serial = "5E1F", .contract = { .plan = plan } };
    snprintf(work.contract.mchid, sizeof(work.contract.mchid), "%s", mchid);
    snprintf(work.contract.code, sizeof(work.contract.code), "%s", code);
    snprintf(work.contract.account, sizeof(work.contract.account), "reader 17");
    ASSERT(status_ok(contract_id_draw(&h.random, work.contract.id)));
    contract_request_unit(&work, NULL);
    return work;
}

static inline Status find_other(void *context, Store *store)
{
    ContractSign *work = (ContractSign *)context;
    return contract_signed_before(store, work->payer, work->id, work->other);
}

static inline ContractSign sign_of(const Contract *contract, const char *payer)
{
    ContractSign work = { 0 };
    memcpy(work.id, contract->id, sizeof(work.id));
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    contract_order(contract, work.order);
    memcpy(work.mchid, contract->mchid, sizeof(work.mchid));
    work.minor = contract->one_minor;
    h.grant_next++;
    memcpy(work.grant, &h.grant_next, sizeof(h.grant_next));
    ASSERT(status_ok(batcher_between(h.batcher, find_other, &work)));
    contract_sign_unit(&work, NULL);
    return work;
}

static inline Contract signed_by(const char *payer, const char *code, int64_t plan)
{
    ContractRequest asked = request_of("m1", code, plan);
    ASSERT(status_ok(house_run(&h, &asked.unit)));
    ContractSign sign = sign_of(&asked.contract, payer);
    ASSERT(status_ok(house_run(&h, &sign.unit)));
    return sign.contract;
}

static inline PaymentDeduct deduct_of(const Contract *c, const char *number, int64_t minor)
{
    PaymentDeduct work = { .rules = &h.rules, .order = { .money = { minor, CURRENCY_CNY } } };
    snprintf(work.order.mchid, sizeof(work.order.mchid), "%s", c->mchid);
    snprintf(work.order.serial, sizeof(work.order.serial), "5E1F");
    snprintf(work.order.out_trade_no, sizeof(work.order.out_trade_no), "%s", number);
    snprintf(work.order.appid, sizeof(work.order.appid), "wx01");
    snprintf(work.order.description, sizeof(work.order.description), "November");
    memcpy(work.order.contract, c->id, sizeof(c->id));
    ASSERT(status_ok(payment_ids_draw(&h.random, h.now_us, &work.ids)));
    payment_deduct_unit(&work, NULL);
    return work;
}

static inline Status deducts(const Contract *c, const char *number, int64_t minor)
{
    PaymentDeduct work = deduct_of(c, number, minor);
    TRY(house_run(&h, &work.unit));
    return (Status) { work.payment.state == TRADE_SUCCESS ? 0 : work.payment.reason };
}

static inline ContractWork work_of(
        ContractAct act, const char *mchid, const char *payer, const char *id)
{
    ContractWork work = { .act = act };
    snprintf(work.mchid, sizeof(work.mchid), "%s", mchid);
    if (mchid[0] != 0) snprintf(work.serial, sizeof(work.serial), "5E1F");
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    snprintf(work.id, sizeof(work.id), "%s", id);
    contract_unit(&work, NULL);
    return work;
}

static inline Status does(ContractAct act, const char *mchid, const char *payer, const Contract *c)
{
    ContractWork work = work_of(act, mchid, payer, c->id);
    work.minor = c->one_minor;
    return house_run(&h, &work.unit);
}

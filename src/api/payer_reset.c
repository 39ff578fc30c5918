#include "api/payer_reset.h"

#include "api/payer_session.h"

static Status take_back(Passage *p, const PayerReset *reset, const PayerAct *cools, Status why)
{
    PayerAct act;
    payer_act_begin(p, PAYER_COOLS_NOT, reset->owner.user, &act);
    act.before_us = cools->before_us;
    act.cooled_us = cools->cooled_us;
    TRY(payer_act_do(p, &act));
    payer_act_begin(p, reset->kind, reset->owner.user, &act);
    return payer_act_failed(p, &act, why);
}

Status payer_reset(Passage *p, const PayerReset *reset, PayerAct *ret_act)
{
    PayerAct cools;
    payer_act_begin(p, PAYER_COOLS, reset->owner.user, &cools);
    TRY(payer_act_do(p, &cools));
    const Status s = payer_recover(p, &reset->owner, reset->box);
    if (status_refused(s)) return take_back(p, reset, &cools, s);
    TRY(s);
    payer_act_begin(p, reset->kind, reset->owner.user, ret_act);
    ret_act->adds_device = reset->adds_device;
    if (reset->adds_device)
        passage_text(ret_act->device.name, sizeof(ret_act->device.name), reset->device_name);
    TRY(payer_act_do(p, ret_act));
    payer_sessions_end_others(p, ret_act->payer);
    return OK;
}

#include "payment/account_act.h"

#include "payment/payment_rows.h"

#include <stdio.h>

static Status act_gather(Unit *unit, Rows *rows)
{
    const AccountAct *work = (const AccountAct *)unit;
    int64_t account = 0;
    TRY(payer_gather(rows, work->payer, &account));
    return allowance_gather(rows, work->payer);
}

static Status confirm(const AccountAct *work, int64_t now_us, Allowance *allowance)
{
    AccountGrade grade = ACCOUNT_GRADE_I;
    REQUIRE(account_grade_of(work->rules, work->channels, work->face_to_face, &grade),
            REFUSED_ALLOWANCE_GRADE);
    allowance->grade = grade;
    allowance->channels = work->channels;
    allowance->face_to_face = work->face_to_face;
    allowance->opened_us = now_us; /* it has as long again to be used */
    return OK;
}

static Status act(AccountAct *work, Rows *rows)
{
    Allowance *allowance = &work->allowance;
    const int64_t now_us = rows_now_us(rows);
    Payer payer;
    TRY(payer_get(rows, work->payer, &payer));
    TRY(allowance_of(rows, &payer, allowance));
    switch (work->kind) {
    case ACCOUNT_LOOK: break;
    case ACCOUNT_STOP: allowance->state = ALLOWANCE_STOPPED; break;
    case ACCOUNT_RESUME: allowance->state = ALLOWANCE_LIVE; break;
    case ACCOUNT_CONFIRM: TRY(confirm(work, now_us, allowance)); break;
    }
    if (work->kind != ACCOUNT_LOOK) TRY(allowance_put(rows, allowance));
    work->dormant = allowance_is_dormant(allowance, work->rules, now_us);
    return OK;
}

static const char *const names[] = { "", "stopped", "resumed", "confirmed" };

static Status act_run(Unit *unit, Rows *rows)
{
    AccountAct *work = (AccountAct *)unit;
    char detail[AUDIT_DETAIL_BYTES_MAX];
    const Status s = act(work, rows);
    if (work->kind == ACCOUNT_CONFIRM)
        snprintf(detail, sizeof(detail), "confirmed by %lld%s: %.200s", (long long)work->channels,
                work->face_to_face ? ", met" : "", work->reason);
    else
        snprintf(detail, sizeof(detail), "%s: %.200s", names[work->kind], work->reason);
    const Record record = { .kind = work->kind == ACCOUNT_LOOK ? AUDIT_READ : AUDIT_PAYER_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = "",
        .subject = work->payer,
        .detail = work->kind == ACCOUNT_LOOK ? "account" : detail };
    return record_end(rows, &record, s);
}

void account_act_unit(AccountAct *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = act_gather, .run = act_run, .done = done };
}

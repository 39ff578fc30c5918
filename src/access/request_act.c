#include "access/request_act.h"

#include "access/staff.h"
#include "base/time.h"

#include <stdio.h>

static const int64_t approval_life_max_us = TIME_DAY_US; /* as vaultd's (vault/approval.h) */

/* --- what must hold --- */

MUST_USE static Status load(Rows *rows, const char *id, AskedRequest *ret)
{
    bool found = false;
    TRY(asked_get(rows, id, ret, &found));
    REQUIRE(found, REFUSED_REQUEST_UNKNOWN);
    return OK;
}

static bool is_past(const Rows *rows, const AskedRequest *r)
{
    return r->state == ASKED_WAITING && r->expires_us <= rows_now_us(rows);
}

MUST_USE static Status still_waits(const Rows *rows, const AskedRequest *r)
{
    REQUIRE(r->state != ASKED_EXPIRED && !is_past(rows, r), REFUSED_REQUEST_PAST);
    REQUIRE(r->state == ASKED_WAITING, REFUSED_REQUEST_OVER);
    return OK;
}

MUST_USE static Status live_principal(Rows *rows, const char *id, Principal *ret)
{
    bool found = false;
    TRY(principal_get(rows, id, ret, &found));
    REQUIRE(found && ret->status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    return OK;
}

/* The house's people judge what the house asks, a merchant's what that merchant asks. */
MUST_USE static Status is_of_his_tenant(Rows *rows, const AskedRequest *r, const Principal *p)
{
    Principal asker;
    bool found = false;
    TRY(principal_get(rows, r->asker, &asker, &found));
    REQUIRE(found, REFUSED_PRINCIPAL_UNKNOWN);
    REQUIRE(strcmp(asker.tenant, p->tenant) == 0, REFUSED_ACCESS_OTHER_TENANT);
    return OK;
}

/* Somebody else than the asker, also as a person, with the right to approve this. His signature is
 * as good a proof of who he is as there is. */
MUST_USE static Status may_judge(
        const RequestAct *work, Rows *rows, const AskedRequest *r, const Principal *p)
{
    const int64_t now_us = rows_now_us(rows);
    const AccessTable *table = work->table;
    const int asked = access_action_named(table, span_of_text(r->action));
    const int approve = access_action_named(table, SPAN(REQUEST_APPROVE));
    REQUIRE(asked >= 0, REFUSED_ACCESS_ACTION_UNKNOWN);
    const DataLevel level = table->actions[asked].level;
    Asker asker;
    TRY(is_of_his_tenant(rows, r, p));
    REQUIRE(strcmp(p->id, r->asker) != 0, REFUSED_REQUEST_OWN);
    REQUIRE(!bytes_equal_ct(p->person, r->person, sizeof(p->person)), REFUSED_REQUEST_SAME_PERSON);
    staff_asker(p, &asker);
    asker.door = DOOR_CLI;
    asker.proved_us = now_us;
    return access_status(
            access_decide(table, &asker, approve, level > LEVEL_C2 ? level : LEVEL_C2, now_us));
}

MUST_USE static Status load_given(Rows *rows, const AskedRequest *r, size_t i, Approval *ret)
{
    bool found = false;
    TRY(approval_get(rows, r->id, r->approvers[i], ret, &found));
    REQUIRE(found, REFUSED_ROW_MISSING);
    return OK;
}

/* Its giver is still here, with the same key and the right. */
MUST_USE static Status still_counts(
        const RequestAct *work, Rows *rows, const AskedRequest *r, size_t i, bool *ret_counts)
{
    Approval given;
    Principal p;
    bool found = false;
    TRY(load_given(rows, r, i, &given));
    TRY(principal_get(rows, given.approver, &p, &found));
    *ret_counts = found && p.status == STATUS_LIVE
            && span_equal((Span) { p.key, p.key_size }, (Span) { given.key, given.key_size });
    if (!*ret_counts) return OK;
    const Status s = may_judge(work, rows, r, &p);
    if (status_broken(s) || status_is(s, REFUSED_ROW_NOT_GATHERED)) return s;
    *ret_counts = status_ok(s);
    return OK;
}

/* Whoever left, or changed his key, since he approved has approved nothing. */
MUST_USE static Status drop_void(const RequestAct *work, Rows *rows, AskedRequest *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->given; i++) {
        bool counts = false;
        TRY(still_counts(work, rows, r, i, &counts));
        if (counts) memmove(r->approvers[kept++], r->approvers[i], sizeof(r->approvers[i]));
    }
    while (r->given > kept)
        r->approvers[--r->given][0] = '\0';
    return OK;
}

MUST_USE static Status not_before(Rows *rows, const AskedRequest *r, const Principal *p)
{
    Approval before;
    bool found = false;
    TRY(approval_get(rows, r->id, p->id, &before, &found));
    REQUIRE(!found, REFUSED_REQUEST_TWICE);
    for (size_t i = 0; i < r->given; i++) {
        TRY(load_given(rows, r, i, &before));
        REQUIRE(!bytes_equal_ct(before.person, p->person, sizeof(p->person)),
                REFUSED_REQUEST_SAME_PERSON);
    }
    return OK;
}

/* His own signature over these very bytes, not yet expired. */
MUST_USE static Status is_signed(const AskedRequest *r, const Approval *a, int64_t now_us)
{
    char subject[ASKED_SUBJECT_BYTES + 1];
    request_subject(r, subject);
    REQUIRE(strcmp(a->operation, r->action) == 0 && strcmp(a->subject, subject) == 0,
            REFUSED_REQUEST_SIGNATURE);
    REQUIRE(a->expires_us > now_us && a->expires_us - now_us <= approval_life_max_us,
            REFUSED_REQUEST_SIGNATURE);
    return approval_verify(a);
}

/* --- the steps --- */

MUST_USE static Status ask(RequestAct *work, Rows *rows)
{
    AskedRequest *r = &work->request;
    r->state = ASKED_WAITING;
    r->asked_us = rows_now_us(rows);
    r->changed_us = r->asked_us;
    r->expires_us = r->asked_us + work->life_us;
    return asked_insert(rows, r);
}

/* As many as when it was asked, or more, when the table of now says so. */
static int64_t needs_now(const AccessTable *table, const AskedRequest *r)
{
    const int action = access_action_named(table, span_of_text(r->action));
    const int64_t needs = action < 0 ? 0 : access_approvals(table, action, r->door);
    return needs > r->needs ? needs : r->needs;
}

MUST_USE static Status approve(RequestAct *work, Rows *rows)
{
    AskedRequest *r = &work->request;
    Approval *a = &work->approval;
    Principal p;
    const int64_t now_us = rows_now_us(rows);
    TRY(load(rows, work->id, r));
    TRY(still_waits(rows, r));
    TRY(live_principal(rows, a->approver, &p));
    memcpy(a->request, r->id, sizeof(a->request));
    memcpy(a->person, p.person, sizeof(a->person));
    memcpy(a->key, p.key, p.key_size);
    a->key_size = p.key_size;
    a->given_us = now_us;
    TRY(may_judge(work, rows, r, &p));
    TRY(drop_void(work, rows, r));
    TRY(not_before(rows, r, &p));
    TRY(is_signed(r, a, now_us));
    TRY(asked_get_exact(rows, r)); /* who submitted this runs it */
    ASSERT(r->given < ASKED_APPROVERS_MAX);
    memcpy(r->approvers[r->given++], p.id, sizeof(p.id));
    r->changed_us = now_us;
    r->needs = needs_now(work->table, r);
    if ((int64_t)r->given >= r->needs) r->state = ASKED_RUNNING;
    TRY(approval_insert(rows, a));
    return asked_update(rows, r);
}

MUST_USE static Status end(RequestAct *work, Rows *rows, AskedState from, AskedState to)
{
    AskedRequest *r = &work->request;
    REQUIRE(r->state == from, REFUSED_REQUEST_OVER);
    r->state = to;
    r->changed_us = rows_now_us(rows);
    return asked_update(rows, r);
}

/* By a person: refused by who could have approved it, withdrawn by who asked. */
MUST_USE static Status give_up(RequestAct *work, Rows *rows)
{
    AskedRequest *r = &work->request;
    Principal p;
    TRY(load(rows, work->id, r));
    TRY(still_waits(rows, r));
    if (work->step == STEP_WITHDRAWAL) {
        REQUIRE(strcmp(work->by, r->asker) == 0, REFUSED_REQUEST_NOT_ASKER);
    } else {
        TRY(live_principal(rows, work->by, &p));
        TRY(may_judge(work, rows, r, &p));
    }
    memcpy(r->ended_by, work->by, sizeof(r->ended_by));
    memcpy(r->why, work->why, sizeof(r->why));
    return end(work, rows, ASKED_WAITING,
            work->step == STEP_WITHDRAWAL ? ASKED_WITHDRAWN : ASKED_REFUSED);
}

MUST_USE static Status finish(RequestAct *work, Rows *rows)
{
    AskedRequest *r = &work->request;
    TRY(load(rows, work->id, r));
    r->outcome = work->outcome;
    r->answer_size = work->answer.size <= sizeof(r->answer) ? work->answer.size : 0;
    if (r->answer_size > 0) memcpy(r->answer, work->answer.data, r->answer_size);
    return end(work, rows, ASKED_RUNNING, work->outcome == 0 ? ASKED_DONE : ASKED_FAILED);
}

MUST_USE static Status by_time(RequestAct *work, Rows *rows)
{
    AskedRequest *r = &work->request;
    TRY(load(rows, work->id, r));
    if (work->step == STEP_INTERRUPTION) return end(work, rows, ASKED_RUNNING, ASKED_INTERRUPTED);
    REQUIRE(is_past(rows, r), REFUSED_REQUEST_OVER);
    return end(work, rows, ASKED_WAITING, ASKED_EXPIRED);
}

MUST_USE static Status run_step(RequestAct *work, Rows *rows)
{
    switch (work->step) {
    case STEP_ASK: return ask(work, rows);
    case STEP_APPROVAL: return approve(work, rows);
    case STEP_REFUSAL:
    case STEP_WITHDRAWAL: return give_up(work, rows);
    case STEP_EXPIRY:
    case STEP_INTERRUPTION: return by_time(work, rows);
    case STEP_END: return finish(work, rows);
    }
    return REFUSE(REFUSED_REQUEST_OVER);
}

/* --- the unit --- */

static Status act_gather(Unit *unit, Rows *rows)
{
    RequestAct *work = (RequestAct *)unit;
    AskedRequest r;
    Principal p;
    Approval before;
    bool found = false;
    if (work->step == STEP_ASK) return OK;
    TRY(asked_get(rows, work->id, &r, &found));
    const bool judges = work->step == STEP_APPROVAL || work->step == STEP_REFUSAL;
    if (!judges || !found) return OK;
    TRY(principal_get(rows, r.asker, &p, &found));
    if (work->step == STEP_REFUSAL) return principal_get(rows, work->by, &p, &found);
    for (size_t i = 0; i < r.given; i++) {
        TRY(approval_get(rows, r.id, r.approvers[i], &before, &found));
        TRY(principal_get(rows, r.approvers[i], &p, &found));
    }
    TRY(approval_get(rows, r.id, work->approval.approver, &before, &found));
    TRY(asked_get_exact(rows, &r));
    return principal_get(rows, work->approval.approver, &p, &found);
}

static AuditKind kind_of(RequestStep step)
{
    switch (step) {
    case STEP_ASK: return AUDIT_REQUEST_ASK;
    case STEP_APPROVAL: return AUDIT_REQUEST_APPROVE;
    case STEP_END: return AUDIT_REQUEST_OUTCOME;
    case STEP_INTERRUPTION: return AUDIT_REQUEST_INTERRUPTED;
    default: return AUDIT_REQUEST_END;
    }
}

/* "<id>", "caller.add waiting 1/2 by bob": what it is about, how it stands now. Numbers and names
 * that nobody has are not written down: they may be anything (TP-5). */
MUST_USE static Status tell(const RequestAct *work, Rows *rows, Status outcome)
{
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    const AskedRequest *r = &work->request;
    const bool approves = work->step == STEP_APPROVAL && work->approval.key_size > 0;
    TRY(buffer_print(&detail, "%s %s %zu/%d%s%s", r->action, request_state_name(r->state), r->given,
            (int)r->needs, approves ? " by " : "", approves ? work->approval.approver : ""));
    const bool ran = work->step == STEP_END;
    const AuditEvent event = { .kind = kind_of(work->step),
        .outcome = ran && status_ok(outcome) ? r->outcome : outcome.code,
        .actor = span_of_text(work->actor),
        .subject = r->id[0] != '\0' ? span_of_text(r->id) : SPAN("unknown"),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

static Status act_run(Unit *unit, Rows *rows)
{
    RequestAct *work = (RequestAct *)unit;
    const Status s = run_step(work, rows);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    TRY(tell(work, rows, s));
    return s;
}

void request_act_unit(RequestAct *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = act_gather;
    work->unit.run = act_run;
    work->unit.done = done;
}

/* --- looking --- */

static Status look(Unit *unit, Rows *rows)
{
    RequestLook *work = (RequestLook *)unit;
    bool found = false;
    TRY(load(rows, work->request.id, &work->request));
    TRY(asked_get_exact(rows, &work->request));
    for (size_t i = 0; i < work->request.given; i++)
        TRY(approval_get(
                rows, work->request.id, work->request.approvers[i], &work->approvals[i], &found));
    return OK;
}

static Status look_gather(Unit *unit, Rows *rows)
{
    const Status s = look(unit, rows);
    return status_is(s, REFUSED_REQUEST_UNKNOWN) ? OK : s; /* running says so */
}

void request_look_unit(RequestLook *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = look_gather, .run = look, .done = done };
}

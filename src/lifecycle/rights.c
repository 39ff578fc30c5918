#include "lifecycle/rights.h"

#include "base/time.h"
#include "lifecycle/lifecycle_rows.h"

static const struct {
    const char *name;
    RequestKind kind;
} kinds[] = {
    { "access", REQUEST_ACCESS },
    { "correct", REQUEST_CORRECT },
    { "delete", REQUEST_DELETE },
    { "withdraw", REQUEST_WITHDRAW },
};

const char *request_kind_name(RequestKind kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind) return kinds[i].name;
    return "?";
}

bool request_kind_of(Span name, RequestKind *ret_kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!span_equal(span_of_text(kinds[i].name), name)) continue;
        *ret_kind = kinds[i].kind;
        return true;
    }
    return false;
}

/* The first of January 1970 was a Thursday. */
static bool is_weekend(int32_t day)
{
    const int32_t weekday = (day + 3) % 7; /* 0: Monday */
    return weekday >= 5;
}

int64_t request_due_us(int64_t from_us, int64_t days)
{
    int32_t day = time_business_day(from_us);
    while (days > 0) {
        day++;
        if (!is_weekend(day)) days--;
    }
    return time_business_day_start_us(day + 1) - TIME_SECOND_US;
}

/* --- rows --- */

static Status request_row(Rows *rows, const SubjectName *name, int64_t number, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(name->tenant)),
        VALUE_OF_TEXT(span_of_text(name->subject)), VALUE_OF_INT(number) };
    return rows_get(rows, &data_request_table, key, ret_row);
}

Status request_get(
        Rows *rows, const SubjectName *name, int64_t number, bool *ret_found, Request *ret)
{
    const Row *row = NULL;
    TRY(request_row(rows, name, number, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    *ret = (Request) { .name = *name,
        .number = number,
        .kind = (RequestKind)v[COLUMN_AT(REQUEST_KIND)].integer,
        .state = (RequestState)v[COLUMN_AT(REQUEST_STATE)].integer,
        .received_us = v[COLUMN_AT(REQUEST_RECEIVED)].integer,
        .due_us = v[COLUMN_AT(REQUEST_DUE)].integer,
        .answered_us = v[COLUMN_AT(REQUEST_ANSWERED)].integer,
        .outcome = (int32_t)v[COLUMN_AT(REQUEST_OUTCOME)].integer,
        .until_us = v[COLUMN_AT(REQUEST_UNTIL)].integer };
    return value_copy_text(&v[COLUMN_AT(REQUEST_PROOF)], ret->proof, sizeof(ret->proof));
}

static Status request_put(Rows *rows, const Request *request)
{
    const Value values[] = {
        VALUE_OF_TEXT(span_of_text(request->name.tenant)),
        VALUE_OF_TEXT(span_of_text(request->name.subject)),
        VALUE_OF_INT(request->number),
        VALUE_OF_INT((int64_t)request->kind),
        VALUE_OF_TEXT(span_of_text(request->proof)),
        VALUE_OF_INT(request->received_us),
        VALUE_OF_INT(request->due_us),
        VALUE_OF_INT((int64_t)request->state),
        VALUE_OF_INT(request->outcome),
        VALUE_OF_INT(request->answered_us),
        VALUE_OF_INT(request->until_us),
    };
    const Row *row = NULL;
    TRY(request_row(rows, &request->name, request->number, &row));
    return row == NULL ? rows_insert(rows, &data_request_table, values)
                       : rows_update(rows, &data_request_table, values);
}

/* --- delete --- */

/* Gone at once, but for what a law or an authority has us keep: that is restricted. */
static Status delete_one(Rows *rows, SubjectFile *file, Holding *holding, int64_t held_us,
        const char *actor, int64_t *until_us)
{
    const int64_t now_us = rows_now_us(rows);
    if (holding->state != HOLDING_HELD && holding->state != HOLDING_RESTRICTED) return OK;
    holding_end(holding, file->purposes, NULL, now_us, true);
    /* A purpose that the file no longer names: nobody knows what law it was for. Kept, by hand. */
    if (holding->due_us != SUBJECT_TIME_NEVER_US) {
        if (held_us > holding->due_us) holding->due_us = held_us;
        if (holding->due_us <= now_us) return holding_drop(rows, holding, actor);
    }
    if (holding->due_us > *until_us) *until_us = holding->due_us;
    return holding_put(rows, holding);
}

static Status do_delete(Ask *work, Rows *rows, SubjectFile *file)
{
    const int64_t now_us = rows_now_us(rows);
    const int64_t held_us = subject_held_until_us(file, now_us);
    ClassSet kept = 0;
    int64_t until_us = held_us;
    file->subject.deletion_asked_us = now_us;
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        if (!file->has_holding[i]) continue;
        TRY(delete_one(rows, file, &file->holdings[i], held_us, work->actor, &until_us));
        if (file->holdings[i].state == HOLDING_RESTRICTED)
            kept |= class_set_of(file->holdings[i].class);
    }
    if (kept != 0) file->subject.state = SUBJECT_RESTRICTED;
    TRY(subject_put(rows, &file->subject));
    TRY(subject_settle(rows, file, work->actor));
    if (file->subject.state == SUBJECT_DELETED) return OK;
    work->request.until_us = until_us;
    work->request.outcome = REFUSED_DATA_RESTRICTED;
    Act act = { .kind = ACT_RESTRICT, .name = file->subject.name, .classes = kept };
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

/* --- withdraw --- */

/* Use stops with this row; the clocks of what rested on the consent start. What a contract or a law
 * needs the class for beside it goes on. */
static Status do_withdraw(Ask *work, Rows *rows, SubjectFile *file)
{
    const Purpose *purpose = purpose_named(work->purposes, span_of_text(work->purpose));
    const int64_t now_us = rows_now_us(rows);
    const size_t at = (size_t)(purpose - work->purposes->of);
    Consent *consent = &file->consents[at];
    if (purpose->basis == BASIS_LAW)
        work->request.outcome = REFUSED_CONSENT_NOT_BASIS;
    else if (!file->has_consent[at] || !consent->live)
        work->request.outcome = REFUSED_CONSENT_MISSING;
    if (work->request.outcome != 0) return OK;
    consent->live = false;
    consent->withdrawn_us = now_us;
    TRY(consent_put(rows, consent));
    Act act = { .kind = ACT_WITHDRAW,
        .name = file->subject.name,
        .purpose = purpose->number,
        .basis = purpose->basis };
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding *holding = &file->holdings[i];
        const bool rests = purpose->basis == BASIS_CONSENT
                || (work->purposes->sensitive & class_set_of(holding->class)) != 0;
        if (!file->has_holding[i] || holding->state != HOLDING_HELD || !rests) continue;
        if ((purpose->needs & class_set_of(holding->class)) == 0) continue;
        holding_end(holding, work->purposes, purpose, now_us, false);
        TRY(holding_put(rows, holding));
        act.classes |= class_set_of(holding->class);
    }
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

/* --- correct --- */

/* The new value is in the domain store under a reference of its own; the act keeps the old one, by
 * which the old value stays sealed away until the class is deleted. */
static Status do_correct(Ask *work, Rows *rows, SubjectFile *file)
{
    size_t i = 0;
    while (i < DATA_CLASS_COUNT && data_class_at(i)->class != work->class)
        i++;
    REQUIRE(i < DATA_CLASS_COUNT && work->reference[0] != 0, REFUSED_SUBJECT_FIELD);
    Holding *holding = &file->holdings[i];
    const int64_t held_us = subject_held_until_us(file, rows_now_us(rows));
    if (!file->has_holding[i] || holding->state == HOLDING_DELETING
            || holding->state == HOLDING_DELETED)
        work->request.outcome = REFUSED_DATA_NOT_HELD;
    else if (holding->state == HOLDING_RESTRICTED || held_us != 0) {
        work->request.outcome = REFUSED_DATA_RESTRICTED;
        work->request.until_us = held_us > holding->due_us ? held_us : holding->due_us;
    }
    if (work->request.outcome != 0) return OK;
    Act act = {
        .kind = ACT_CORRECT, .name = file->subject.name, .classes = class_set_of(holding->class)
    };
    memcpy(act.reference, holding->reference, sizeof(act.reference));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    memcpy(holding->reference, work->reference, sizeof(holding->reference));
    holding->version++;
    TRY(holding_put(rows, holding));
    return act_append(rows, &act);
}

/* --- the request --- */

static Status ask_gather(Unit *unit, Rows *rows)
{
    const Ask *work = (const Ask *)unit;
    SubjectFile file;
    bool found = false;
    Request request;
    TRY(subject_load(rows, work->purposes, &work->wanted.name, &file));
    const int64_t number =
            work->wanted.number > 0 ? work->wanted.number : file.subject.requests + 1;
    return request_get(rows, &work->wanted.name, number, &found, &request);
}

/* A new one gets the next number and its date; an open one is taken up again. */
static Status take_up(Ask *work, Rows *rows, SubjectFile *file)
{
    Request *request = &work->request;
    const int64_t now_us = rows_now_us(rows);
    if (request->number == 0) {
        request->number = ++file->subject.requests;
        request->received_us = now_us;
        request->due_us = request_due_us(now_us, work->purposes->answer_working_days);
        request->state = REQUEST_OPEN;
        return subject_put(rows, &file->subject);
    }
    bool found = false;
    Request open = { 0 };
    TRY(request_get(rows, &request->name, request->number, &found, &open));
    REQUIRE(found && open.state == REQUEST_OPEN && open.kind == request->kind,
            REFUSED_SUBJECT_FIELD);
    *request = open;
    return OK;
}

static Status answer(Ask *work, Rows *rows, SubjectFile *file)
{
    switch (work->request.kind) {
    case REQUEST_ACCESS: return OK; /* the report is read beside it */
    case REQUEST_CORRECT: return do_correct(work, rows, file);
    case REQUEST_DELETE: return do_delete(work, rows, file);
    case REQUEST_WITHDRAW: return do_withdraw(work, rows, file);
    }
    return REFUSE(REFUSED_SUBJECT_FIELD);
}

static Status ask_all(Ask *work, Rows *rows)
{
    SubjectFile file;
    Request *request = &work->request;
    *request = work->wanted; /* run() may be called again */
    request->outcome = 0;
    request->until_us = 0;
    TRY(subject_load(rows, work->purposes, &request->name, &file));
    REQUIRE(subject_is_there(file.found, &file.subject), REFUSED_SUBJECT_UNKNOWN);
    REQUIRE(request->proof[0] != 0, REFUSED_SUBJECT_FIELD);
    const bool named = request->kind != REQUEST_WITHDRAW
            || purpose_named(work->purposes, span_of_text(work->purpose)) != NULL;
    REQUIRE(named, REFUSED_PURPOSE_UNKNOWN);
    TRY(take_up(work, rows, &file));
    Act act = { .kind = ACT_REQUEST, .name = request->name };
    memcpy(act.reference, request->proof, sizeof(act.reference));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    TRY(act_append(rows, &act));
    if (work->receive) return request_put(rows, request);
    TRY(answer(work, rows, &file));
    request->state = REQUEST_DONE;
    request->answered_us = rows_now_us(rows);
    return request_put(rows, request);
}

static Status ask_run(Unit *unit, Rows *rows)
{
    Ask *work = (Ask *)unit;
    const Status s = ask_all(work, rows);
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX + 1];
    Buffer detail = BUFFER_OF(memory);
    TRY(buffer_print(&detail, "%s %lld: %s%c", request_kind_name(work->request.kind),
            (long long)work->request.number, status_name((Status) { work->request.outcome }),
            '\0'));
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_REQUEST,
        .actor = work->actor,
        .name = &work->request.name,
        .detail = (const char *)memory };
    return lifecycle_end(rows, &record, s);
}

void ask_unit(Ask *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = ask_gather, .run = ask_run, .done = done };
}

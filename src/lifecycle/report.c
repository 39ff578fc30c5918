/* What a person is told of what we hold (lifecycle/rights.h). */
#include "lifecycle/lifecycle_rows.h"
#include "lifecycle/rights.h"

typedef struct KeyList {
    ActKey *keys;
    size_t count;
    bool more;
} KeyList;

static Status take_key(void *context, const Value *values, size_t count)
{
    KeyList *list = context;
    CHECK(count == 2, FAULT_STORE);
    if (list->count == REPORT_ACTS_MAX) {
        list->more = true;
        return OK;
    }
    list->keys[list->count++] = (ActKey) { values[0].integer, values[1].integer };
    return OK;
}

Status report_act_keys(Store *store, const SubjectName *name, ActKey ret_keys[REPORT_ACTS_MAX],
        size_t *ret_count, bool *ret_more)
{
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(name->tenant)),
        VALUE_OF_TEXT(span_of_text(name->subject)), VALUE_OF_INT(REPORT_ACTS_MAX + 1) };
    KeyList list = { .keys = ret_keys };
    TRY(store_query(store,
            "SELECT in_batch, number FROM data_act WHERE tenant = ?1 AND subject = ?2"
            " ORDER BY in_batch DESC, number DESC LIMIT ?3",
            parameters, 3, take_key, &list));
    for (size_t i = 0; i < list.count / 2; i++) { /* the newest came first */
        const ActKey swap = ret_keys[i];
        ret_keys[i] = ret_keys[list.count - 1 - i];
        ret_keys[list.count - 1 - i] = swap;
    }
    *ret_count = list.count;
    *ret_more = list.more;
    return OK;
}

/* Gathering and running alike. A key that the plain read gave and that is another subject's act was
 * put there by somebody: it is not told. */
static Status read_all(ReportRead *work, Rows *rows)
{
    SubjectReport *report = &work->report;
    *report = (SubjectReport) { .more_acts = work->more };
    TRY(subject_load(rows, work->purposes, &work->name, &report->file));
    for (size_t i = 0; i < work->key_count; i++) {
        Act *act = &report->acts[report->act_count];
        TRY(act_get(rows, work->keys[i].in_batch, work->keys[i].number, act));
        const bool theirs =
                span_equal(span_of_text(act->name.tenant), span_of_text(work->name.tenant))
                && span_equal(span_of_text(act->name.subject), span_of_text(work->name.subject));
        if (theirs) report->act_count++;
    }
    const int64_t last = report->file.subject.requests;
    const int64_t first = last > REPORT_REQUESTS_MAX ? last - REPORT_REQUESTS_MAX + 1 : 1;
    for (int64_t number = first; report->file.found && number <= last; number++) {
        bool found = false;
        Request *request = &report->requests[report->request_count];
        TRY(request_get(rows, &work->name, number, &found, request));
        if (found) report->request_count++;
    }
    return OK;
}

static Status report_gather(Unit *unit, Rows *rows) { return read_all((ReportRead *)unit, rows); }

static Status report_all(ReportRead *work, Rows *rows)
{
    TRY(read_all(work, rows));
    REQUIRE(subject_is_there(work->report.file.found, &work->report.file.subject),
            REFUSED_SUBJECT_UNKNOWN);
    return OK;
}

static Status report_run(Unit *unit, Rows *rows)
{
    ReportRead *work = (ReportRead *)unit;
    const Status s = report_all(work, rows);
    const LifecycleRecord record = { .kind = AUDIT_READ,
        .actor = work->actor,
        .name = &work->name,
        .detail = "what is held of the subject" };
    return lifecycle_end(rows, &record, s);
}

void report_read_unit(ReportRead *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = report_gather, .run = report_run, .done = done };
}

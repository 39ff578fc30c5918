#include "api/reminders.h"

#include "base/time.h"
#include "report/incident_work.h"
#include "report/kept.h"
#include "store/unit_wait.h"

typedef struct Look {
    const House *house;
    int64_t now_us;
    ReportState report;
    bool told_today; /* the alert of this day is in the store, perhaps from before a restart */
    Incident incidents[INCIDENTS_LISTED_MAX];
    size_t incident_count;
} Look;

static Status take_found(void *context, const Value *values, size_t count)
{
    *(bool *)context = true;
    return OK;
}

static Status look(void *context, Store *store)
{
    Look *l = context;
    const Value since[] = { VALUE_OF_INT(ALERT_REPORT),
        VALUE_OF_INT(time_business_day_start_us(time_business_day(l->now_us))) };
    TRY(report_state(store, &l->house->report_clock, l->now_us, &l->report));
    TRY(store_query(store, "SELECT 1 FROM alert WHERE kind = ?1 AND raised >= ?2 LIMIT 1", since, 2,
            take_found, &l->told_today));
    return incident_list(store, false, l->incidents, INCIDENTS_LISTED_MAX, &l->incident_count);
}

static Status tell_report(Reminders *r, House *house, const Look *l)
{
    const int32_t today = time_business_day(l->now_us);
    if (l->report.due == REPORT_IN_TIME || r->told_day == today) return OK;
    if (l->report.due == REPORT_LATE && !l->told_today) {
        AlertAdd work = { .alert = alert_of(ALERT_REPORT, TABLE_AUDIT_REPORT, SPAN("report"),
                                  REFUSE(REFUSED_REPORT_OVERDUE)) };
        alert_add_unit(&work, NULL);
        TRY(unit_wait(house->batcher, &work.unit));
    }
    r->told_day = today;
    return REFUSE(REFUSED_REPORT_OVERDUE);
}

static Status tell_incidents(House *house, const Look *l)
{
    Status first = OK;
    for (size_t i = 0; i < l->incident_count; i++) {
        const Incident *incident = &l->incidents[i];
        if ((incident_overdue(incident, l->now_us) & ~incident->told) == 0) continue;
        IncidentLate work = { 0 };
        memcpy(work.id, incident->id, sizeof(work.id));
        incident_late_unit(&work, NULL);
        const Status s = unit_wait(house->batcher, &work.unit);
        if (status_ok(first)) first = s;
    }
    return first;
}

Status reminders_tick(Reminders *r, House *house, int64_t now_us)
{
    static Look l; /* the clockwork's one thread */
    if (!time_has_come(r->next_us, now_us, REMINDERS_EVERY_US)) return OK;
    r->next_us = now_us + REMINDERS_EVERY_US;
    l = (Look) { .house = house, .now_us = now_us };
    TRY(batcher_between(house->batcher, look, &l));
    TRY(tell_incidents(house, &l));
    return tell_report(r, house, &l);
}

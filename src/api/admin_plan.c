/* What merchants may ask payers to sign (api/admin.h): plans are made by two people, listed and
 * closed. */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/plan.h"
#include "store/unit_wait.h"

typedef struct PlanJson {
    Span operation;
    Span mchid;
    Span title;
    Span period;
    int64_t number;
    int64_t one_minor;
    int64_t period_minor;
    int64_t period_count;
    int64_t life_days;
    int64_t notice_hours;
} PlanJson;

#define PLACE(member) offsetof(PlanJson, member)
#define WHOSE                                                            \
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },           \
    {                                                                    \
        "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) \
    }
#define NUMBER                                                       \
    {                                                                \
        "plan_id", JSON_INT, true, 1, PLAN_NUMBER_MAX, PLACE(number) \
    }

static const JsonField add_fields[] = {
    WHOSE,
    NUMBER,
    { "plan_title", JSON_TEXT, true, 1, PLAN_TITLE_BYTES_MAX, PLACE(title) },
    { "one_minor", JSON_INT, true, 1, LEDGER_MINOR_MAX, PLACE(one_minor) },
    { "period", JSON_TEXT, true, 1, 8, PLACE(period) },
    { "period_minor", JSON_INT, true, 1, LEDGER_MINOR_MAX, PLACE(period_minor) },
    { "period_count", JSON_INT, true, 1, PLAN_COUNT_MAX, PLACE(period_count) },
    { "life_days", JSON_INT, true, 1, PLAN_LIFE_DAYS_MAX, PLACE(life_days) },
    { "notice_hours", JSON_INT, false, 0, PLAN_NOTICE_HOURS_MAX, PLACE(notice_hours) },
};
static const JsonField close_fields[] = { WHOSE, NUMBER };
static const JsonField list_fields[] = { WHOSE };

#define READ(document, fields, json)                                                               \
    json_read_request(document, json_root(document), fields, sizeof(fields) / sizeof((fields)[0]), \
            json, &(JsonProblem) { 0 })

static Status read_add(const JsonDocument *document, PlanWork *ret_work)
{
    PlanJson json = { 0 };
    Plan *plan = &ret_work->plan;
    TRY(READ(document, add_fields, &json));
    REQUIRE(plan_period_of(json.period, &plan->period), REFUSED_PLAN_FIELD);
    passage_text(plan->mchid, sizeof(plan->mchid), json.mchid);
    passage_text(plan->title, sizeof(plan->title), json.title);
    plan->number = json.number;
    plan->one_minor = json.one_minor;
    plan->period_minor = json.period_minor;
    plan->period_count = json.period_count;
    plan->life_days = json.life_days;
    plan->notice_hours = json.notice_hours;
    ret_work->act = PLAN_ADD;
    return plan_check(plan);
}

static void put(JsonWriter *w, const Plan *plan)
{
    json_key_text(w, "mchid", span_of_text(plan->mchid));
    json_key_int(w, "plan_id", plan->number);
    json_key_text(w, "plan_title", span_of_text(plan->title));
    json_key_int(w, "one_minor", plan->one_minor);
    json_key_text(w, "period", span_of_text(plan_period_name(plan->period)));
    json_key_int(w, "period_minor", plan->period_minor);
    json_key_int(w, "period_count", plan->period_count);
    json_key_int(w, "life_days", plan->life_days);
    json_key_int(w, "notice_hours", plan->notice_hours);
    json_key_text(w, "state", plan->status == STATUS_LIVE ? SPAN("LIVE") : SPAN("CLOSED"));
    json_key_int(w, "created_us", plan->created_us);
}

static Status work_on(Admin *admin, PlanWork *work, const Asker *asker)
{
    admin_actor(work->actor, sizeof(work->actor), asker);
    plan_unit(work, NULL);
    return unit_wait(admin->config.house->batcher, &work->unit);
}

Status admin_plan_add_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    PlanWork work = { 0 };
    return read_add(document, &work);
}

Status admin_plan_add(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PlanWork work = { 0 };
    TRY(read_add(document, &work));
    TRY(work_on(admin, &work, asker));
    put(w, &work.plan);
    return OK;
}

static Status read_close(const JsonDocument *document, PlanWork *ret_work)
{
    PlanJson json = { 0 };
    TRY(READ(document, close_fields, &json));
    passage_text(ret_work->plan.mchid, sizeof(ret_work->plan.mchid), json.mchid);
    ret_work->plan.number = json.number;
    ret_work->act = PLAN_CLOSE;
    return OK;
}

Status admin_plan_close_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    PlanWork work = { 0 };
    return read_close(document, &work);
}

Status admin_plan_close(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PlanWork work = { 0 };
    TRY(read_close(document, &work));
    TRY(work_on(admin, &work, asker));
    put(w, &work.plan);
    return OK;
}

typedef struct Listing {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int64_t numbers[PLANS_SHOWN_MAX];
    size_t count;
} Listing;

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return plan_numbers(store, listing->mchid, listing->numbers, &listing->count);
}

Status admin_plan_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PlanJson json = { 0 };
    Listing listing = { .count = 0 };
    TRY(READ(document, list_fields, &json));
    passage_text(listing.mchid, sizeof(listing.mchid), json.mchid);
    TRY(batcher_between(admin->config.house->batcher, find, &listing));
    json_key_array(w, "plans");
    for (size_t i = 0; i < listing.count; i++) {
        PlanWork work = { .act = PLAN_SHOW, .plan = { .number = listing.numbers[i] } };
        memcpy(work.plan.mchid, listing.mchid, sizeof(work.plan.mchid));
        TRY(work_on(admin, &work, asker));
        json_open_object(w);
        put(w, &work.plan);
        json_close(w);
    }
    json_close(w);
    return OK;
}

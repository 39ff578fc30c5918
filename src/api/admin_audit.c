/* Audit reports and incidents (TP-16, api/admin.h). What the report says is read by `auditor`; here
 * the log is made ready for it, and what was kept and done is written down. */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "api/reveal_feed.h"
#include "api/vault_feed.h"
#include "base/encoding.h"
#include "policy/detect.h"
#include "report/incident_work.h"
#include "report/kept.h"
#include "report/review.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"

static void name_operator(char *ret_actor, size_t capacity, const Asker *asker)
{
    uint8_t bytes[AUDIT_ACTOR_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    ASSERT(status_ok(buffer_print(&text, "operator/%s", asker->principal)));
    passage_text(ret_actor, capacity, span_of_buffer(&text));
}

/* --- reports --- */

static Status nobody(void *context, const WireRevealRecord *record) { return OK; }

/* What the doors counted, what was done to vaultd and what it revealed is in the log, and a
 * checkpoint over all of it is kept. The log of reveals is proved against the count that vaultd
 * never gives up. */
Status admin_report_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    uint8_t memory_bytes[1024];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireStatus status = { 0 };
    TRY(door_flush(&house->door, house->batcher, clock_now_us(&house->clock), true));
    TRY(vault_feed_step(house, clock_now_us(&house->clock), true));
    TRY(reveal_feed_step(house, clock_now_us(&house->clock), true));
    TRY(vaultclient_status(house->vault, &memory, &status));
    TRY(admin->config.take_checkpoint(admin->config.context));
    json_key_int(w, "tree_size", status.tree_size);
    const Fields fields = { house->domain, house->vault };
    const Status proof = fields_reveals(&fields, 0, 0, nobody, NULL);
    json_key_text(w, "reveal_log", span_of_text(status_name(proof)));
    return OK;
}

typedef struct KeepJson {
    Span operation;
    Span id;
    Span digest;
    int64_t kind;
    int64_t from_us;
    int64_t to_us;
    int64_t made_us;
    int64_t leaves;
} KeepJson;
#define KEEP(member) offsetof(KeepJson, member)

static const JsonField keep_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, KEEP(operation) },
    { "id", JSON_TEXT, true, 1, REPORT_ID_BYTES_MAX, KEEP(id) },
    { "note_sha256", JSON_TEXT, true, 64, 64, KEEP(digest) },
    { "kind", JSON_INT, true, REPORT_AUDIT, REPORT_INCIDENT, KEEP(kind) },
    { "from_us", JSON_INT, true, 0, INT64_MAX, KEEP(from_us) },
    { "to_us", JSON_INT, true, 0, INT64_MAX, KEEP(to_us) },
    { "made_us", JSON_INT, true, 0, INT64_MAX, KEEP(made_us) },
    { "leaves", JSON_INT, true, 0, INT64_MAX, KEEP(leaves) },
};

Status admin_report_keep(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    KeepJson json = { 0 };
    JsonProblem problem = { 0 };
    ReportKeep work = { 0 };
    TRY(json_read_request(document, json_root(document), keep_fields,
            sizeof(keep_fields) / sizeof(keep_fields[0]), &json, &problem));
    REQUIRE(span_is_plain_name(json.id, REPORT_ID_BYTES_MAX), REFUSED_REPORT_NOTE_FORMAT);
    Buffer digest = BUFFER_OF(work.report.note_digest);
    TRY(hex_decode(json.digest, &digest));
    passage_text(work.report.id, sizeof(work.report.id), json.id);
    name_operator(work.report.by, sizeof(work.report.by), asker);
    work.report.kind = (ReportKind)json.kind;
    work.report.from_us = json.from_us;
    work.report.to_us = json.to_us;
    work.report.made_us = json.made_us;
    work.report.leaves = json.leaves;
    report_keep_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "id", json.id);
    return OK;
}

typedef struct ReviewJson {
    Span operation, id, digest, first, second, reason;
} ReviewJson;
#define REVIEW(member) offsetof(ReviewJson, member)

static const JsonField review_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, REVIEW(operation) },
    { "id", JSON_TEXT, true, 1, REPORT_ID_BYTES_MAX, REVIEW(id) },
    { "note_sha256", JSON_TEXT, true, 64, 64, REVIEW(digest) },
    { "first", JSON_TEXT, true, 1, REVIEW_NAME_BYTES_MAX, REVIEW(first) },
    { "second", JSON_TEXT, true, 1, REVIEW_NAME_BYTES_MAX, REVIEW(second) },
    { "reason", JSON_TEXT, true, 1, REVIEW_TEXT_BYTES_MAX, REVIEW(reason) },
};

/* vaultd has taken both signatures over the note's digest. */
Status admin_report_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ReviewJson json = { 0 };
    JsonProblem problem = { 0 };
    ReportReview work = { 0 };
    Buffer digest = BUFFER_OF(work.review.note_digest);
    TRY(json_read_request(document, json_root(document), review_fields,
            sizeof(review_fields) / sizeof(review_fields[0]), &json, &problem));
    TRY(detect_free_text(json.reason));
    TRY(hex_decode(json.digest, &digest));
    passage_text(work.review.report, sizeof(work.review.report), json.id);
    passage_text(work.review.first, sizeof(work.review.first), json.first);
    passage_text(work.review.second, sizeof(work.review.second), json.second);
    passage_text(work.review.text, sizeof(work.review.text), json.reason);
    report_review_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "id", json.id);
    return OK;
}

/* --- incidents --- */

typedef struct OpenJson {
    Span operation;
    Span kind;
    Span title;
    bool crime;
} OpenJson;

static const JsonField open_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(OpenJson, operation) },
    { "kind", JSON_TEXT, true, 1, 32, offsetof(OpenJson, kind) },
    { "title", JSON_TEXT, true, 1, INCIDENT_TITLE_BYTES_MAX, offsetof(OpenJson, title) },
    { "crime", JSON_BOOL, false, 0, 0, offsetof(OpenJson, crime) },
};

Status admin_incident_open(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    OpenJson json = { 0 };
    JsonProblem problem = { 0 };
    House *house = admin->config.house;
    IncidentOpen work = { .clocks = house->incident_clocks };
    TRY(json_read_request(document, json_root(document), open_fields,
            sizeof(open_fields) / sizeof(open_fields[0]), &json, &problem));
    REQUIRE(incident_kind_of(json.kind, &work.kind), REFUSED_INCIDENT_STEP);
    TRY(detect_free_text(json.title));
    work.crime = json.crime;
    name_operator(work.by, sizeof(work.by), asker);
    passage_text(work.title, sizeof(work.title), json.title);
    incident_open_unit(&work, NULL);
    TRY(unit_wait(house->batcher, &work.unit));
    json_key_text(w, "incident", span_of_text(work.id));
    return OK;
}

typedef struct StepJson {
    Span operation;
    Span id;
    Span step;
    Span instead;
    Span text;
    Span by;
} StepJson;

static const JsonField step_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(StepJson, operation) },
    { "incident", JSON_TEXT, true, 1, INCIDENT_ID_BYTES_MAX, offsetof(StepJson, id) },
    { "step", JSON_TEXT, true, 1, 32, offsetof(StepJson, step) },
    { "instead", JSON_TEXT, false, 1, 32, offsetof(StepJson, instead) },
    { "what", JSON_TEXT, true, 1, INCIDENT_TEXT_BYTES_MAX, offsetof(StepJson, text) },
    { "by", JSON_TEXT, false, 1, INCIDENT_ACTOR_BYTES_MAX, offsetof(StepJson, by) },
};

/* Closing names the two people whose approvals vaultd has taken; every other step is by the
 * operator's own user. */
Status admin_incident_step(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    StepJson json = { 0 };
    JsonProblem problem = { 0 };
    House *house = admin->config.house;
    IncidentAct work = { .police_us = house->incident_clocks.us[INCIDENT_STEP_REPORT_POLICE - 1] };
    TRY(json_read_request(document, json_root(document), step_fields,
            sizeof(step_fields) / sizeof(step_fields[0]), &json, &problem));
    REQUIRE(incident_step_of(json.step, &work.step), REFUSED_INCIDENT_STEP);
    if (json.instead.size > 0)
        REQUIRE(incident_step_of(json.instead, &work.instead), REFUSED_INCIDENT_STEP);
    TRY(detect_free_text(json.text));
    TRY(detect_free_text(json.by));
    passage_text(work.id, sizeof(work.id), json.id);
    passage_text(work.text, sizeof(work.text), json.text);
    if (work.step == INCIDENT_STEP_CLOSE && json.by.size > 0)
        passage_text(work.by, sizeof(work.by), json.by);
    else
        name_operator(work.by, sizeof(work.by), asker);
    incident_act_unit(&work, NULL);
    TRY(unit_wait(house->batcher, &work.unit));
    json_key_text(w, "incident", json.id);
    json_key_text(w, "step", json.step);
    return OK;
}

typedef struct Listing {
    bool all;
    Incident list[INCIDENTS_LISTED_MAX];
    size_t count;
} Listing;

static Status read_list(void *context, Store *store)
{
    Listing *l = context;
    return incident_list(store, l->all, l->list, INCIDENTS_LISTED_MAX, &l->count);
}

/* "contain report-bank" of a set of steps. */
static void key_steps(JsonWriter *w, const char *key, uint32_t steps)
{
    uint8_t memory[256];
    Buffer text = BUFFER_OF(memory);
    for (int step = 1; step <= INCIDENT_STEP_NOT_NEEDED; step++) {
        if ((steps >> step & 1) == 0) continue;
        if (text.size > 0) IGNORE(buffer_put_u8(&text, ' '), "names of ours fit");
        IGNORE(buffer_put(&text, span_of_text(incident_step_name((IncidentStep)step))),
                "names of ours fit");
    }
    json_key_text(w, key, span_of_buffer(&text));
}

static void write_incident(JsonWriter *w, const Incident *i, int64_t now_us)
{
    json_open_object(w);
    json_key_text(w, "incident", span_of_text(i->id));
    json_key_text(w, "kind", span_of_text(incident_kind_name(i->kind)));
    json_key_text(w, "state", span_of_text(incident_state_name(i->state)));
    json_key_text(w, "title", span_of_text(i->title));
    json_key_int(w, "opened_us", i->opened_us);
    json_key_int(w, "alerts", i->alerts);
    key_steps(w, "late", incident_overdue(i, now_us));
    key_steps(w, "missing", i->state == INCIDENT_STATE_CLOSED ? 0 : incident_missing(i));
    json_close(w);
}

Status admin_incident_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    Listing listing = { 0 };
    TRY(admin_read_all(document, &listing.all));
    TRY(batcher_between(house->batcher, read_list, &listing));
    json_key_array(w, "incidents");
    for (size_t i = 0; i < listing.count; i++)
        write_incident(w, &listing.list[i], clock_now_us(&house->clock));
    json_close(w);
    return OK;
}

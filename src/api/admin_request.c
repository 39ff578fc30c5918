#include "api/admin_request.h"

#include "access/grant.h"
#include "access/request_act.h"
#include "access/staff.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

#include <stdio.h>

enum { LISTED_MAX = 64, NUMBER_BYTES = ASKED_ID_BYTES / 2 };

/* Three days: over a weekend somebody can be asked. */
static const int64_t request_life_us = 3 * TIME_DAY_US;

typedef struct RequestJson {
    Span operation;
    Span tenant; /* named by a merchant's people: their own (admin_own_tenant()) */
    Span request;
    Span approval;
    Span reason;
    bool all;
} RequestJson;

#define AT(member) offsetof(RequestJson, member)
#define OPERATION                                          \
    {                                                      \
        "operation", JSON_TEXT, true, 1, 64, AT(operation) \
    }
#define TENANT                                                                \
    {                                                                         \
        "tenant", JSON_TEXT, false, 1, PRINCIPAL_TENANT_BYTES_MAX, AT(tenant) \
    }
#define REQUEST                                                                 \
    {                                                                           \
        "request", JSON_TEXT, true, ASKED_ID_BYTES, ASKED_ID_BYTES, AT(request) \
    }

static const JsonField list_fields[] = { OPERATION, TENANT,
    { "all", JSON_BOOL, false, 0, 0, AT(all) } };
static const JsonField show_fields[] = { OPERATION, TENANT, REQUEST };
static const JsonField approve_fields[] = { OPERATION, TENANT, REQUEST,
    { "approval", JSON_TEXT, true, 1, 2 * WIRE_APPROVAL_BYTES_MAX, AT(approval) } };
static const JsonField end_fields[] = { OPERATION, TENANT, REQUEST,
    { "reason", JSON_TEXT, true, 1, ASKED_REASON_BYTES_MAX, AT(reason) } };

#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

static void name_actor(RequestAct *work, const Asker *asker)
{
    snprintf(work->actor, sizeof(work->actor), "operator/%s", asker->principal);
}

static void key_hex(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t memory[2 * DIGEST_SHA256_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(hex_encode(bytes, &text))) json_key_text(w, key, span_of_buffer(&text));
}

/* --- asking --- */

static Status make_request(
        House *house, Span exact, Span operation, const Asker *asker, AskedRequest *r)
{
    uint8_t number[NUMBER_BYTES];
    Buffer id = BUFFER_OF(r->id);
    Principal self;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const int action = access_action_named(table, operation);
    REQUIRE(action >= 0, REFUSED_ACCESS_ACTION_UNKNOWN);
    REQUIRE(exact.size <= sizeof(r->exact), REFUSED_REQUEST_TOO_LARGE);
    TRY(principal_book_find(house->principals, span_of_text(asker->principal), &self));
    TRY(random_fill(&house->random, number, sizeof(number)));
    TRY(hex_encode(SPAN_OF(number), &id));
    memcpy(r->action, operation.data, operation.size); /* a name of the table: it fits */
    memcpy(r->exact, exact.data, exact.size);
    r->exact_size = exact.size;
    sha256(exact, r->digest);
    memcpy(r->asker, asker->principal, sizeof(r->asker));
    memcpy(r->person, self.person, sizeof(r->person));
    memcpy(r->from, asker->from, sizeof(r->from));
    r->door = asker->door;
    r->needs = access_approvals(table, action, asker->door);
    return OK;
}

Status admin_request_ask(
        Admin *admin, Span request, Span operation, const Asker *asker, Buffer *ret_payload)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    RequestAct work = { .step = STEP_ASK,
        .table = table,
        .life_us = request_life_us,
        .unit = { .from = asker->from } };
    name_actor(&work, asker);
    TRY(make_request(house, request, operation, asker, &work.request));
    request_act_unit(&work, NULL);
    TRY(unit_wait(house->batcher, &work.unit));
    JsonWriter w = json_writer_for(ret_payload, LAYER_DISPLAY);
    json_open_object(&w);
    json_key_text(&w, "request", span_of_text(work.request.id));
    key_hex(&w, "sha256", SPAN_OF(work.request.digest));
    json_key_text(&w, "action", operation);
    json_key_int(&w, "needs", work.request.needs);
    json_key_int(&w, "expires_us", work.request.expires_us);
    json_close(&w);
    return json_finish(&w);
}

/* --- looking --- */

static Status look_at(House *house, const char *id, RequestLook *ret)
{
    memcpy(ret->request.id, id, sizeof(ret->request.id));
    request_look_unit(ret, NULL);
    return unit_wait(house->batcher, &ret->unit);
}

static void put_request(JsonWriter *w, const AskedRequest *r)
{
    json_key_text(w, "request", span_of_text(r->id));
    json_key_text(w, "action", span_of_text(r->action));
    json_key_text(w, "asker", span_of_text(r->asker));
    json_key_text(w, "state", span_of_text(request_state_name(r->state)));
    json_key_int(w, "needs", r->needs);
    json_key_int(w, "given", (int64_t)r->given);
    json_key_int(w, "asked_us", r->asked_us);
    json_key_int(w, "expires_us", r->expires_us);
    key_hex(w, "sha256", SPAN_OF(r->digest));
}

typedef struct Listing {
    bool all; /* also what waits no more */
    Span tenant; /* whose; the house's people see all */
    char ids[LISTED_MAX][ASKED_ID_BYTES + 1];
    size_t count;
    bool more; /* than are listed */
} Listing;

static Status take_id(void *context, const Value *values, size_t count)
{
    Listing *l = context;
    l->more = l->count == LISTED_MAX;
    if (l->more) return OK;
    TRY(value_copy_text(&values[0], l->ids[l->count], sizeof(l->ids[0])));
    l->count++;
    return OK;
}

/* What waits comes first, and of it what expires first: whoever asks much, later, pushes out
 * nobody's. */
static Status read_ids(void *context, Store *store)
{
    Listing *l = context;
    const Value parameters[] = { VALUE_OF_TEXT(l->tenant), VALUE_OF_TEXT(SPAN(ASKER_HOUSE)),
        VALUE_OF_INT(l->all), VALUE_OF_INT(ASKED_WAITING), VALUE_OF_INT(LISTED_MAX + 1) };
    return store_query(store,
            "SELECT id FROM request WHERE (?3 OR state = ?4) AND (?1 = ?2 OR asker IN"
            " (SELECT id FROM principal WHERE tenant = ?1)) ORDER BY state <> ?4,"
            " CASE state WHEN ?4 THEN expires ELSE -changed END, id LIMIT ?5",
            parameters, 5, take_id, l);
}

/* A merchant's people see what that merchant's people asked. */
static bool is_his_to_see(const House *house, const Asker *asker, const AskedRequest *r)
{
    Principal by;
    if (strcmp(asker->tenant, ASKER_HOUSE) == 0) return true;
    const bool known = principal_book_look(house->principals, span_of_text(r->asker), &by);
    return known && strcmp(by.tenant, asker->tenant) == 0;
}

/* Refuses REQUEST_UNKNOWN, also what is not his to see: not told apart. */
static Status look_for(House *house, const Asker *asker, const char *id, RequestLook *ret)
{
    TRY(look_at(house, id, ret));
    REQUIRE(is_his_to_see(house, asker, &ret->request), REFUSED_REQUEST_UNKNOWN);
    return OK;
}

/* What is in it: who asked sees his own, anybody else needs the right at C2. */
static Status may_look_into(House *house, const Asker *asker, const AskedRequest *r)
{
    if (strcmp(r->asker, asker->principal) == 0) return OK;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const int action = access_action_named(table, SPAN("request.show"));
    const int64_t now_us = clock_now_us(&house->clock);
    return access_status(access_decide(table, asker, action, LEVEL_C2, now_us));
}

/* Which there are is asked of the database; what they are, of verified rows. */
Status admin_request_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    RequestJson json = { 0 };
    JsonProblem problem = { 0 };
    House *house = admin->config.house;
    TRY(json_read_request(
            document, json_root(document), list_fields, COUNT(list_fields), &json, &problem));
    Listing listing = { .all = json.all, .tenant = span_of_text(asker->tenant) };
    TRY(batcher_between(house->batcher, read_ids, &listing));
    json_key_array(w, "requests");
    for (size_t i = 0; i < listing.count; i++) {
        RequestLook look = { 0 };
        TRY(look_at(house, listing.ids[i], &look));
        if (!is_his_to_see(house, asker, &look.request)) continue;
        json_open_object(w);
        put_request(w, &look.request);
        json_close(w);
    }
    json_close(w);
    json_key_bool(w, "more", listing.more);
    return OK;
}

static void put_approvals(JsonWriter *w, const RequestLook *look)
{
    json_key_array(w, "given_by");
    for (size_t i = 0; i < look->request.given; i++) {
        const Approval *a = &look->approvals[i];
        json_open_object(w);
        json_key_text(w, "approver", span_of_text(a->approver));
        json_key_text(w, "reason", span_of_text(a->reason));
        json_key_int(w, "given_us", a->given_us);
        json_close(w);
    }
    json_close(w);
}

static void key_exact(JsonWriter *w, const AskedRequest *r)
{
    static _Thread_local uint8_t memory[2 * ASKED_EXACT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(base64_encode((Span) { r->exact, r->exact_size }, &text)))
        json_key_text(w, "exact_base64", span_of_buffer(&text));
}

static void put_result(JsonWriter *w, const AskedRequest *r)
{
    if (r->state != ASKED_DONE && r->state != ASKED_FAILED) return;
    json_key_text(w, "outcome", span_of_text(status_name((Status) { r->outcome })));
    json_key_int(w, "outcome_code", r->outcome);
    if (r->answer_size > 0)
        admin_key_base64(w, "result_base64", (Span) { r->answer, r->answer_size });
}

static Status take_id_of(const RequestJson *json, char ret_id[ASKED_ID_BYTES + 1])
{
    REQUIRE(span_is_plain_name(json->request, ASKED_ID_BYTES), REFUSED_REQUEST_UNKNOWN);
    passage_text(ret_id, ASKED_ID_BYTES + 1, json->request);
    return OK;
}

Status admin_request_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    RequestJson json = { 0 };
    JsonProblem problem = { 0 };
    RequestLook look = { 0 };
    char id[ASKED_ID_BYTES + 1];
    TRY(json_read_request(
            document, json_root(document), show_fields, COUNT(show_fields), &json, &problem));
    TRY(take_id_of(&json, id));
    TRY(look_for(admin->config.house, asker, id, &look));
    const AskedRequest *r = &look.request;
    TRY(may_look_into(admin->config.house, asker, r));
    TRY(admin_write_down(admin, asker, AUDIT_READ, span_of_text(r->id), SPAN("request")));
    put_request(w, r);
    put_approvals(w, &look);
    if (r->ended_by[0] != '\0') json_key_text(w, "ended_by", span_of_text(r->ended_by));
    if (r->why[0] != '\0') json_key_text(w, "reason", span_of_text(r->why));
    key_exact(w, r);
    put_result(w, r);
    return OK;
}

/* --- running --- */

/* As who asked, with the rights of now: a leaver's request does nothing. */
static Status as_asked(House *house, const AskedRequest *r, Asker *ret_asker)
{
    Principal principal;
    TRY(principal_book_find(house->principals, span_of_text(r->asker), &principal));
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    staff_asker(&principal, ret_asker);
    grant_book_fill(
            house->grants, table, principal.changed_us, clock_now_us(&house->clock), ret_asker);
    ret_asker->door = r->door;
    ret_asker->approvals = (uint8_t)r->given;
    memcpy(ret_asker->request, r->id, sizeof(ret_asker->request));
    memcpy(ret_asker->approver, r->approvers[r->given - 1], sizeof(ret_asker->approver));
    ret_asker->asked_us = r->asked_us;
    ret_asker->proved_us = r->asked_us; /* it was proved when it was asked */
    ret_asker->proof_lasts_us = INT64_MAX;
    memcpy(ret_asker->from, r->from, sizeof(ret_asker->from));
    return OK;
}

/* Exactly what was approved. That it runs is durable already; how it ended is before it is told. */
static Status run(Admin *admin, RequestAct *approved)
{
    House *house = admin->config.house;
    uint8_t answer_bytes[16 * 1024];
    Buffer answer = BUFFER_OF(answer_bytes);
    Asker asker = { 0 };
    const AskedRequest *r = &approved->request;
    Status s = as_asked(house, r, &asker);
    if (status_ok(s)) s = admin_run(admin, (Span) { r->exact, r->exact_size }, &asker, &answer);
    if (!status_ok(s)) answer.size = 0;
    RequestAct end = { .step = STEP_END,
        .outcome = s.code,
        .answer = span_of_buffer(&answer),
        .unit = { .from = asker.from } };
    memcpy(end.id, r->id, sizeof(end.id));
    memcpy(end.actor, approved->actor, sizeof(end.actor));
    request_act_unit(&end, NULL);
    TRY(unit_wait(house->batcher, &end.unit));
    approved->request = end.request;
    return OK;
}

/* --- agreeing, or not --- */

/* By the table of now; nothing of another tenant's. */
static Status act(House *house, const Asker *asker, RequestAct *work)
{
    RequestLook look = { 0 };
    TRY(look_for(house, asker, work->id, &look));
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    work->table = table;
    request_act_unit(work, NULL);
    return unit_wait(house->batcher, &work->unit);
}

static Status read_approval(Span base64, Approval *ret_approval)
{
    uint8_t bytes[2 * WIRE_APPROVAL_BYTES_MAX];
    Buffer wire_bytes = BUFFER_OF(bytes);
    WireApproval wire;
    TRY(admin_bytes(base64, &wire_bytes));
    Cursor c = cursor_of(span_of_buffer(&wire_bytes));
    TRY(wire_take_approval(&c, &wire));
    TRY(cursor_end(&c));
    TRY(approval_of_wire(&wire, ret_approval));
    return detect_kept_text(wire.reason);
}

/* Whoever hands it in: what counts is whose signature it is. */
Status admin_request_approve(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    RequestJson json = { 0 };
    JsonProblem problem = { 0 };
    House *house = admin->config.house;
    RequestAct work = { .step = STEP_APPROVAL, .unit = { .from = asker->from } };
    TRY(json_read_request(
            document, json_root(document), approve_fields, COUNT(approve_fields), &json, &problem));
    TRY(take_id_of(&json, work.id));
    TRY(read_approval(json.approval, &work.approval));
    work.unit.reason = work.approval.reason;
    name_actor(&work, asker);
    TRY(act(house, asker, &work));
    if (work.request.state == ASKED_RUNNING) TRY(run(admin, &work));
    put_request(w, &work.request);
    put_result(w, &work.request);
    return OK;
}

static Status give_up(Admin *admin, const JsonDocument *document, const Asker *asker,
        RequestStep step, JsonWriter *w)
{
    RequestJson json = { 0 };
    JsonProblem problem = { 0 };
    House *house = admin->config.house;
    RequestAct work = { .step = step, .unit = { .from = asker->from } };
    TRY(json_read_request(
            document, json_root(document), end_fields, COUNT(end_fields), &json, &problem));
    TRY(take_id_of(&json, work.id));
    TRY(detect_free_text(json.reason));
    passage_text(work.why, sizeof(work.why), json.reason);
    memcpy(work.by, asker->principal, sizeof(work.by));
    work.unit.reason = work.why;
    name_actor(&work, asker);
    TRY(act(house, asker, &work));
    put_request(w, &work.request);
    return OK;
}

Status admin_request_refuse(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return give_up(admin, document, asker, STEP_REFUSAL, w);
}

Status admin_request_withdraw(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return give_up(admin, document, asker, STEP_WITHDRAWAL, w);
}

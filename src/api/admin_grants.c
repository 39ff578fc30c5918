/* Rights for a while, broken glass, and reviews of rights (api/admin.h; TP-15, LL-4.5.2). */
#include "api/admin_access.h"

#include "access/grant.h"
#include "access/rights_review.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

typedef struct GrantJson {
    Span operation, id, action, level, reason, who;
    int64_t until_us;
    const JsonValue *roles;
} GrantJson;

#define AT(member) offsetof(GrantJson, member)
#define OPERATION                                          \
    {                                                      \
        "operation", JSON_TEXT, true, 1, 64, AT(operation) \
    }
#define REASON                                                           \
    {                                                                    \
        "reason", JSON_TEXT, true, 1, STAFF_REASON_BYTES_MAX, AT(reason) \
    }
#define ID                                                            \
    {                                                                 \
        "id", JSON_TEXT, true, GRANT_ID_BYTES, GRANT_ID_BYTES, AT(id) \
    }
#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

static const JsonField ask_fields[] = { OPERATION, REASON,
    { "action", JSON_TEXT, true, 1, ACCESS_NAME_BYTES_MAX, AT(action) },
    { "level", JSON_TEXT, false, 2, 2, AT(level) },
    { "until_us", JSON_INT, true, 1, INT64_MAX, AT(until_us) } };
static const JsonField id_fields[] = { OPERATION, ID, REASON };
static const JsonField reason_fields[] = { OPERATION, REASON };
static const JsonField review_fields[] = { OPERATION, REASON,
    { "who", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, AT(who) },
    { "roles", JSON_LIST, true, 0, ACCESS_ROLES_MAX, AT(roles) } };

static Status read(
        const JsonDocument *document, const JsonField *fields, size_t count, GrantJson *ret_json)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), fields, count, ret_json, &problem));
    return detect_free_text(ret_json->reason);
}

/* Beside what is given to him now. */
static void what_he_has(House *house, const AccessTable *table, GrantChange *work)
{
    Principal who;
    const Span id = span_of_text(work->grant.principal);
    if (work->act != GRANT_GIVE && work->act != GRANT_BREAK_GLASS) return;
    if (!principal_book_look(house->principals, id, &who)) return;
    work->unreviewed = grant_book_unreviewed(house->grants, id);
    staff_asker(&who, &work->beside);
    grant_book_fill(
            house->grants, table, who.changed_us, clock_now_us(&house->clock), &work->beside);
}

/* One change at a time, so that "he has few" and the row agree; the book follows the row. */
static Status change(
        Admin *admin, const Asker *asker, const char *by, const GrantJson *json, GrantChange *work)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    char why[STAFF_REASON_BYTES_MAX + 1];
    passage_text(why, sizeof(why), json->reason);
    passage_text(work->by, sizeof(work->by), span_of_text(by));
    work->table = table;
    work->unit = (Unit) { .from = asker->from, .reason = why };
    grant_change_unit(work, NULL);
    pthread_mutex_lock(&admin->enrolling);
    what_he_has(house, table, work);
    Status s = unit_wait(house->batcher, &work->unit);
    if (status_ok(s)) s = grant_book_put(house->grants, &work->grant);
    pthread_mutex_unlock(&admin->enrolling);
    return s;
}

static Status new_id(House *house, Grant *grant)
{
    uint8_t drawn[GRANT_ID_BYTES / 2];
    Buffer text = { (uint8_t *)grant->id, 0, GRANT_ID_BYTES };
    TRY(random_fill(&house->random, drawn, sizeof(drawn)));
    return hex_encode(SPAN_OF(drawn), &text);
}

static void put_end(JsonWriter *w, const Grant *grant)
{
    json_key_text(w, "id", span_of_text(grant->id));
    json_key_text(w, "state", span_of_text(grant_state_name(grant->state)));
    json_key_int(w, "until_us", grant->until_us);
}

/* Act upon the grant that the request names. */
static Status act(
        Admin *admin, const Asker *asker, const GrantJson *json, GrantAct what, JsonWriter *w)
{
    GrantChange work = { .act = what };
    passage_text(work.grant.id, sizeof(work.grant.id), json->id);
    TRY(change(admin, asker, asker->principal, json, &work));
    put_end(w, &work.grant);
    return OK;
}

/* The same, for an act of which the request says no more than the grant and why. */
static Status act_by_id(Admin *admin, const JsonDocument *document, const Asker *asker,
        GrantAct what, JsonWriter *w)
{
    GrantJson json = { 0 };
    TRY(read(document, id_fields, COUNT(id_fields), &json));
    return act(admin, asker, &json, what, w);
}

/* --- a right for a while --- */

static Status read_wish(const JsonDocument *document, const Asker *asker, GrantJson *json, Grant *g)
{
    TRY(read(document, ask_fields, COUNT(ask_fields), json));
    g->level = access_level_of(json->level);
    REQUIRE(g->level != 0, REFUSED_PRINCIPAL_FIELD);
    passage_text(g->principal, sizeof(g->principal), span_of_text(asker->principal));
    passage_text(g->action, sizeof(g->action), json->action);
    passage_text(g->reason, sizeof(g->reason), json->reason);
    g->until_us = json->until_us;
    return OK;
}

static Status has_few(House *house, const Asker *asker)
{
    const size_t has = grant_book_count(house->grants, span_of_text(asker->principal));
    REQUIRE(has < ASKER_GRANTS_MAX, REFUSED_GRANT_LIMIT);
    return OK;
}

Status admin_access_request_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    GrantJson json = { .level = SPAN("C1") };
    Grant g = { 0 };
    Principal self;
    TRY(read_wish(document, asker, &json, &g));
    TRY(has_few(house, asker));
    TRY(principal_book_find(house->principals, span_of_text(asker->principal), &self));
    return grant_may_be_given(table, &self, asker, &g, clock_now_us(&house->clock));
}

/* What others signed is the request, and the grant has its number. A table that asks nobody else
 * gives nothing. */
Status admin_access_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    GrantJson json = { .level = SPAN("C1") };
    GrantChange work = { .act = GRANT_GIVE };
    Grant *g = &work.grant;
    REQUIRE(asker->request[0] != '\0', REFUSED_ACCESS_NEEDS_APPROVAL);
    TRY(read_wish(document, asker, &json, g));
    TRY(has_few(admin->config.house, asker));
    memcpy(g->id, asker->request, sizeof(g->id));
    g->asked_us = asker->asked_us;
    TRY(change(admin, asker, asker->approver, &json, &work));
    put_end(w, g);
    return OK;
}

Status admin_access_grant_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act_by_id(admin, document, asker, GRANT_REVOKE, w);
}

Status admin_access_grant_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    Grant g;
    json_key_array(w, "grants");
    for (size_t i = 0; grant_book_at(house->grants, i, &g); i++) {
        json_open_object(w);
        put_end(w, &g);
        json_key_text(w, "who", span_of_text(g.principal));
        json_key_text(w, "kind", g.kind == GRANT_OF_EMERGENCY ? SPAN("emergency") : SPAN("action"));
        json_key_text(w, "action", span_of_text(g.action));
        json_key_text(w, "level", span_of_text(access_level_name(g.level)));
        json_key_text(w, "reason", span_of_text(g.reason));
        json_key_text(w, "by", span_of_text(g.decided_by));
        json_close(w);
    }
    json_close(w);
    return OK;
}

/* --- broken glass --- */

/* In force, told and in the log before the answer; at most one a person. */
Status admin_access_emergency(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    GrantJson json = { 0 };
    GrantChange work = { .act = GRANT_BREAK_GLASS };
    Grant *g = &work.grant;
    TRY(read(document, reason_fields, COUNT(reason_fields), &json));
    TRY(new_id(house, g));
    passage_text(g->principal, sizeof(g->principal), span_of_text(asker->principal));
    passage_text(g->reason, sizeof(g->reason), json.reason);
    TRY(change(admin, asker, asker->principal, &json, &work));
    put_end(w, g);
    return OK;
}

/* His own alone: another's is revoked as any grant, by who may. */
Status admin_access_emergency_end(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    GrantJson json = { 0 };
    Grant g;
    TRY(read(document, id_fields, COUNT(id_fields), &json));
    const bool his = grant_book_find(house->grants, json.id, &g) && g.kind == GRANT_OF_EMERGENCY
            && strcmp(g.principal, asker->principal) == 0;
    REQUIRE(his, REFUSED_GRANT_UNKNOWN);
    return act(admin, asker, &json, GRANT_REVOKE, w);
}

Status admin_access_emergency_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act_by_id(admin, document, asker, GRANT_REVIEW, w);
}

/* --- reviews --- */

/* A cut takes nobody without whom nobody could come. */
static Status keeps_enough(House *house, const RightsReview *work)
{
    Principal who;
    if (strcmp(work->who, work->by) == 0) return OK; /* the unit says why not */
    if (!principal_book_look(house->principals, span_of_text(work->who), &who)) return OK;
    who.roles = work->keep;
    return admin_others_stay(house, work->table, &who);
}

Status admin_access_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    GrantJson json = { 0 };
    RightsReview work = { .table = table };
    TRY(read(document, review_fields, COUNT(review_fields), &json));
    TRY(admin_roles(table, document, json.roles, &work.keep));
    passage_text(work.by, sizeof(work.by), span_of_text(asker->principal));
    passage_text(work.who, sizeof(work.who), json.who);
    passage_text(work.reason, sizeof(work.reason), json.reason);
    work.unit = (Unit) { .from = asker->from, .reason = work.reason };
    rights_review_unit(&work, NULL);
    pthread_mutex_lock(&admin->enrolling);
    work.given_us = grant_book_last_us(house->grants, json.who);
    Status s = keeps_enough(house, &work);
    if (status_ok(s)) s = unit_wait(house->batcher, &work.unit);
    if (status_ok(s)) s = principal_book_put(house->principals, &work.principal);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_text(w, "id", json.who);
    json_key_int(w, "review_us", work.principal.review_us);
    return OK;
}

/* Whose rights are due, and since or until when. */
Status admin_access_review_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    Principal p;
    const int64_t now_us = clock_now_us(&house->clock);
    json_key_array(w, "due");
    for (size_t i = 0; principal_book_at(house->principals, i, &p); i++) {
        uint8_t memory[1024];
        Buffer roles = BUFFER_OF(memory);
        if (p.status != STATUS_LIVE || !rights_review_is_due(table, &p, now_us)) continue;
        TRY(access_roles_put(table, p.roles, &roles));
        json_open_object(w);
        json_key_text(w, "id", span_of_text(p.id));
        json_key_text(w, "roles", span_of_buffer(&roles));
        json_key_int(w, "review_us", p.review_us);
        json_close(w);
    }
    json_close(w);
    return OK;
}

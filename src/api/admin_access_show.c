/* Who there is, what each may do and why, and the table itself (api/admin.h). */
#include "api/admin_access.h"

#include "access/staff.h"
#include "access/table_row.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

enum { ROLES_TEXT_BYTES_MAX = 1024 };

/* --- people and services --- */

static const char *kind_name(PrincipalKind kind)
{
    switch (kind) {
    case PRINCIPAL_OF_PERSON: return "person";
    case PRINCIPAL_OF_SERVICE: return "service";
    case PRINCIPAL_OF_MERCHANT_ADMINISTRATOR: return "merchant administrator";
    }
    return "?";
}

static Status put_one(const AccessTable *table, const Principal *p, JsonWriter *w)
{
    uint8_t memory[ROLES_TEXT_BYTES_MAX];
    Buffer roles = BUFFER_OF(memory);
    TRY(access_roles_put(table, p->roles, &roles));
    json_open_object(w);
    json_key_text(w, "id", span_of_text(p->id));
    json_key_text(w, "kind", span_of_text(kind_name(p->kind)));
    json_key_text(w, "tenant", span_of_text(p->tenant));
    json_key_text(w, "roles", span_of_buffer(&roles));
    json_key_text(w, "state", p->status == STATUS_LIVE ? SPAN("live") : SPAN("left"));
    json_key_int(w, "since_us", p->created_us);
    if (p->kind != PRINCIPAL_OF_SERVICE) json_key_int(w, "review_us", p->review_us);
    json_close(w);
    return OK;
}

/* A caller of the vault's service, as who he is in the table: one role a right. */
static Principal service_of(const AccessTable *table, const Caller *caller, int64_t now_us)
{
    Principal p = { .kind = PRINCIPAL_OF_SERVICE, .created_us = caller->created_us };
    const bool live = caller->status == STATUS_LIVE && now_us < caller->expires_us;
    p.roles = access_service_roles(table, caller->rights);
    p.status = live ? STATUS_LIVE : STATUS_CLOSED;
    memcpy(p.id, caller->name, sizeof(p.id));
    memcpy(p.tenant, caller->tenant, sizeof(p.tenant));
    return p;
}

Status admin_access_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    Caller callers[CALLERS_MAX];
    Principal p;
    const int64_t now_us = clock_now_us(&house->clock);
    json_key_array(w, "people");
    for (size_t i = 0; principal_book_at(house->principals, i, &p); i++)
        TRY(put_one(table, &p, w));
    const size_t services = caller_list_all(house->callers, callers);
    for (size_t i = 0; i < services; i++) {
        p = service_of(table, &callers[i], now_us);
        TRY(put_one(table, &p, w));
    }
    json_close(w);
    return OK;
}

/* --- why --- */

typedef struct WhyJson {
    Span operation, who, action, level, language;
} WhyJson;

static const JsonField why_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(WhyJson, operation) },
    { "who", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, offsetof(WhyJson, who) },
    { "action", JSON_TEXT, true, 1, ACCESS_NAME_BYTES_MAX, offsetof(WhyJson, action) },
    { "level", JSON_TEXT, false, 2, 2, offsetof(WhyJson, level) },
    { "language", JSON_TEXT, false, 2, 2, offsetof(WhyJson, language) },
};

static Status find_service(
        House *house, const AccessTable *table, Span name, Principal *ret_principal)
{
    Caller callers[CALLERS_MAX];
    const size_t count = caller_list_all(house->callers, callers);
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(span_of_text(callers[i].name), name)) continue;
        *ret_principal = service_of(table, &callers[i], clock_now_us(&house->clock));
        return OK;
    }
    return REFUSE(REFUSED_PRINCIPAL_UNKNOWN);
}

/* As he would come: a service at its door, a person at the command line where the action has one.
 */
static void at_his_door(const AccessTable *table, const Principal *p, int action, Asker *asker)
{
    const unsigned doors = action < 0 ? DOOR_CLI : table->actions[action].doors;
    asker->door = (doors & DOOR_CLI) != 0 ? DOOR_CLI : DOOR_CONSOLE;
    if (p->kind == PRINCIPAL_OF_SERVICE) asker->door = DOOR_SERVICE;
}

static Status asker_named(
        House *house, const AccessTable *table, const WhyJson *json, Asker *ret_asker)
{
    Principal p;
    if (!principal_book_look(house->principals, json->who, &p))
        TRY(find_service(house, table, json->who, &p));
    if (p.status != STATUS_LIVE) p.roles = 0;
    staff_asker(&p, ret_asker);
    grant_book_fill(house->grants, table, p.changed_us, clock_now_us(&house->clock), ret_asker);
    const int action = access_action_named(table, json->action);
    at_his_door(table, &p, action, ret_asker);
    return OK;
}

Status admin_access_explain(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    WhyJson json = { 0 };
    JsonProblem problem = { 0 };
    Asker who;
    uint8_t memory[ACCESS_EXPLANATION_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    const int64_t now_us = clock_now_us(&house->clock);
    TRY(json_read_request(document, json_root(document), why_fields,
            sizeof(why_fields) / sizeof(why_fields[0]), &json, &problem));
    const DataLevel level = access_level_of(json.level);
    REQUIRE(json.level.size == 0 || level != 0, REFUSED_ACCESS_LEVEL);
    TRY(asker_named(house, table, &json, &who));
    const int action = access_action_named(table, json.action);
    const bool chinese = span_equal(json.language, SPAN("zh"));
    TRY(access_explain(table, &who, json.action, level, now_us,
            chinese ? ACCESS_CHINESE : ACCESS_ENGLISH, &text));
    const Status verdict = access_status(access_decide(table, &who, action, level, now_us));
    json_key_text(w, "verdict", span_of_text(status_name(verdict)));
    json_key_text(w, "explanation", span_of_buffer(&text));
    return OK;
}

/* --- the table --- */

static Status put_role(const AccessRole *role, JsonWriter *w)
{
    static const char *const lines[] = { "", "first", "second", "third" };
    static const char *const tenants[] = { "", "house", "merchant", "service" };
    json_open_object(w);
    json_key_text(w, "role", span_of_text(role->name));
    json_key_text(w, "title", span_of_text(role->title_en));
    json_key_text(w, "title_zh", span_of_text(role->title_zh));
    json_key_text(w, "line", span_of_text(lines[role->line]));
    json_key_text(w, "tenant", span_of_text(tenants[role->tenant]));
    json_close(w);
    return OK;
}

static Status put_action(const AccessTable *table, size_t index, JsonWriter *w)
{
    const AccessAction *action = &table->actions[index];
    uint8_t memory[ROLES_TEXT_BYTES_MAX];
    Buffer roles = BUFFER_OF(memory);
    TRY(access_roles_put(table, table->able[index][LEVEL_C1 - 1], &roles));
    json_open_object(w);
    json_key_text(w, "action", span_of_text(action->name));
    json_key_text(w, "level", span_of_text(access_level_name(action->level)));
    json_key_bool(w, "sensitive", action->sensitive);
    json_key_int(w, "needs", access_approvals(table, (int)index, DOOR_CLI));
    json_key_int(w, "needs_at_console", access_approvals(table, (int)index, DOOR_CONSOLE));
    json_key_text(w, "roles", span_of_buffer(&roles));
    json_close(w);
    return OK;
}

Status admin_access_table(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    const House *house = admin->config.house;
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    uint8_t memory[2 * ACCESS_DIGEST_BYTES];
    Buffer digest = BUFFER_OF(memory);
    TRY(hex_encode(SPAN_OF(table->digest), &digest));
    json_key_text(w, "sha256", span_of_buffer(&digest));
    json_key_array(w, "roles_known");
    for (size_t i = 0; i < table->role_count; i++)
        TRY(put_role(&table->roles[i], w));
    json_close(w);
    json_key_array(w, "actions");
    for (size_t i = 0; i < table->action_count; i++)
        TRY(put_action(table, i, w));
    json_close(w);
    return OK;
}

typedef struct SetJson {
    Span operation, content, reason;
} SetJson;

static const JsonField set_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(SetJson, operation) },
    { "content", JSON_TEXT, true, 1, ACCESS_FILE_BYTES_MAX, offsetof(SetJson, content) },
    { "reason", JSON_TEXT, true, 1, STAFF_REASON_BYTES_MAX, offsetof(SetJson, reason) },
};

/* Whoever is here must still be somebody under it: a table that nobody could change any more, as
 * who asks or as who agrees, or gives somebody roles that exclude one another, is refused. */
static Status fits_people(House *house, const AccessTable *table)
{
    Principal p;
    const int64_t now_us = clock_now_us(&house->clock);
    for (size_t i = 0; principal_book_at(house->principals, i, &p); i++)
        if (p.status == STATUS_LIVE) TRY(staff_roles_fit(table, &p));
    REQUIRE(staff_goes_on(table, house->principals, "access.table.set", NULL, now_us),
            REFUSED_ACCESS_TABLE_INVALID);
    return OK;
}

/* For sessions that there are, too. */
static void use_times(House *house, const AccessTable *table)
{
    for (int kind = 0; kind < SESSION_KINDS; kind++) {
        const AccessSession *s = &table->sessions[kind];
        session_set_times(house->sessions, (SessionKind)kind, s->idle_s * TIME_SECOND_US,
                s->absolute_s * TIME_SECOND_US);
    }
}

/* Under the lock of who enrols: the next version's number, and nobody comes between the look at
 * who is here and its rows. In force for whoever asks next, once it is durable. */
static Status accept(House *house, TableAccept *work, AccessTable **table)
{
    TRY(fits_people(house, *table));
    work->version = house->access_version + 1;
    table_accept_unit(work, NULL);
    TRY(unit_wait(house->batcher, &work->unit));
    house->access_version = work->version;
    use_times(house, *table);
    access_put_in_force(house->access, table);
    return OK;
}

static Status read_table(
        House *house, const JsonDocument *document, SetJson *json, AccessTable **ret_table)
{
    JsonProblem problem = { 0 };
    YamlProblem wrong = { 0 };
    TRY(json_read_request(document, json_root(document), set_fields, 3, json, &problem));
    TRY(detect_free_text(json->reason));
    TRY(detect_free_text(json->content)); /* comments, too */
    TRY(access_table_parse(json->content, ret_table, &wrong));
    return fits_people(house, *ret_table);
}

Status admin_access_table_set_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    SetJson json = { 0 };
    CLEANUP(access_table_free) AccessTable *table = NULL;
    return read_table(admin->config.house, document, &json, &table);
}

Status admin_access_table_set(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SetJson json = { 0 };
    char why[STAFF_REASON_BYTES_MAX + 1];
    uint8_t hex_bytes[2 * ACCESS_DIGEST_BYTES];
    Buffer hex = BUFFER_OF(hex_bytes);
    CLEANUP(access_table_free) AccessTable *table = NULL;
    TRY(read_table(house, document, &json, &table));
    TRY(hex_encode(SPAN_OF(table->digest), &hex));
    TableAccept work = { .text = json.content };
    passage_text(work.by, sizeof(work.by), span_of_text(asker->principal));
    passage_text(why, sizeof(why), json.reason);
    work.unit = (Unit) { .from = asker->from, .reason = why };
    pthread_mutex_lock(&admin->enrolling);
    const Status s = accept(house, &work, &table);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_int(w, "version", work.version);
    json_key_text(w, "sha256", span_of_buffer(&hex));
    return OK;
}

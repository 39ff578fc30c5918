/* People come, change and go (api/admin.h; TP-15, LL-4.5.2): one at a time, so that between "this
 * person is not here yet" and the row nobody else comes in. */
#include "api/admin_access.h"

#include "access/staff.h"
#include "api/admin_person.h"
#include "api/passage.h"
#include "api/passkey_desk.h"
#include "base/encoding.h"
#include "crypto/mac.h"
#include "ipc/operator_wire.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

#include <stdio.h>

enum {
    FIRST_PEOPLE_MAX = 8,
    ROLES_MAX = 16,
    STAFF_NUMBER_BYTES_MAX = 64,
    PERSON_HEX = 2 * PRINCIPAL_PERSON_BYTES,
};

typedef struct PersonJson {
    Span operation;
    Span id;
    Span tenant;
    Span staff_number;
    Span person_digest; /* instead of it, in what was kept for others to agree to */
    Span key_pem;
    Span reason;
    const JsonValue *roles;
    const JsonValue *people;
} PersonJson;

#define AT(member) offsetof(PersonJson, member)
#define OPERATION                                          \
    {                                                      \
        "operation", JSON_TEXT, true, 1, 64, AT(operation) \
    }
#define ID                                                       \
    {                                                            \
        "id", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, AT(id) \
    }
#define STAFF_NUMBER(required)                                                           \
    {                                                                                    \
        "staff_number", JSON_TEXT, required, 1, STAFF_NUMBER_BYTES_MAX, AT(staff_number) \
    }
#define ROLES                                             \
    {                                                     \
        "roles", JSON_LIST, true, 0, ROLES_MAX, AT(roles) \
    }
#define KEY(required)                                                          \
    {                                                                          \
        "key_pem", JSON_TEXT, required, 1, SIGN_KEY_PEM_BYTES_MAX, AT(key_pem) \
    }
#define REASON                                                           \
    {                                                                    \
        "reason", JSON_TEXT, true, 1, STAFF_REASON_BYTES_MAX, AT(reason) \
    }

static const JsonField begin_fields[] = { OPERATION,
    { "people", JSON_LIST, true, 1, FIRST_PEOPLE_MAX, AT(people) } };
static const JsonField first_fields[] = { ID, STAFF_NUMBER(true), ROLES, KEY(true) };
static const JsonField join_fields[] = { OPERATION, ID, STAFF_NUMBER(false), ROLES, KEY(true),
    REASON, { "person_digest", JSON_TEXT, false, PERSON_HEX, PERSON_HEX, AT(person_digest) },
    { "tenant", JSON_TEXT, false, 1, PRINCIPAL_TENANT_BYTES_MAX, AT(tenant) } };
static const JsonField move_fields[] = { OPERATION, ID, ROLES, KEY(false), REASON };
static const JsonField leave_fields[] = { OPERATION, ID, REASON };

#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

/* --- reading --- */

Status admin_roles(const AccessTable *table, const JsonDocument *document, const JsonValue *list,
        RoleSet *ret_roles)
{
    JsonProblem problem = { 0 };
    RoleSet roles = 0;
    for (size_t i = 0; list != NULL && i < json_list_size(list); i++) {
        Span name = { 0 };
        TRY(json_list_text(document, list, i, ACCESS_NAME_BYTES_MAX, &name, &problem));
        const AccessRole *role = access_role_named(table, name);
        REQUIRE(role != NULL, REFUSED_ACCESS_ROLE_UNKNOWN);
        roles |= access_role_bit(role);
    }
    *ret_roles = roles;
    return OK;
}

/* Who somebody is, whatever he calls himself: only its keyed hash is kept. */
void admin_person_digest(
        const House *house, Span tenant, Span staff_number, uint8_t ret[PRINCIPAL_PERSON_BYTES])
{
    MacKey key;
    const Span parts[] = { SPAN("person/"), tenant, SPAN("/"), staff_number };
    mac_key_init(&key, MAC_HMAC_SHA256, SPAN_OF(house->pseudonym_key));
    mac_make(&key, parts, 4, ret);
    mac_key_wipe(&key);
}

/* A staff number, or what was made of it when the request was kept: one of them. */
static Status read_digest(const House *house, Span tenant, const PersonJson *json, Principal *p)
{
    Buffer person = BUFFER_OF(p->person);
    REQUIRE((json->staff_number.size == 0) != (json->person_digest.size == 0),
            REFUSED_PRINCIPAL_FIELD);
    if (json->person_digest.size > 0) return hex_decode(json->person_digest, &person);
    admin_person_digest(house, tenant, json->staff_number, p->person);
    return OK;
}

static Status read_key(Span pem, Principal *p)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    if (pem.size == 0) return OK;
    TRY(public_key_from_pem(pem, &key));
    return principal_set_key(p, key);
}

static Status read_person(
        const House *house, const JsonDocument *document, const PersonJson *json, Principal *p)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const Span tenant = json->tenant.size == 0 ? SPAN(ASKER_HOUSE) : json->tenant;
    const bool at_home = span_equal(tenant, SPAN(ASKER_HOUSE));
    REQUIRE(principal_id_is_valid(json->id), REFUSED_PRINCIPAL_FIELD);
    REQUIRE(at_home || merchant_id_is_valid(tenant), REFUSED_PRINCIPAL_FIELD);
    passage_text(p->id, sizeof(p->id), json->id);
    passage_text(p->tenant, sizeof(p->tenant), tenant);
    p->kind = at_home ? PRINCIPAL_OF_PERSON : PRINCIPAL_OF_MERCHANT_ADMINISTRATOR;
    TRY(read_digest(house, tenant, json, p));
    TRY(admin_roles(table, document, json->roles, &p->roles));
    return read_key(json->key_pem, p);
}

/* --- changing --- */

/* Under the lock of who enrols. Nobody takes the last of those without whom nobody could come. */
Status admin_others_stay(House *house, const AccessTable *table, const Principal *after)
{
    Principal before;
    const int64_t now_us = clock_now_us(&house->clock);
    if (!principal_book_look(house->principals, span_of_text(after->id), &before)) return OK;
    REQUIRE(staff_goes_on(table, house->principals, "access.join", after, now_us)
                    || !staff_goes_on(table, house->principals, "access.join", &before, now_us),
            REFUSED_OPERATORS_TOO_FEW);
    return OK;
}

/* Under the lock of who enrols. */
static Status change_one(House *house, const Asker *asker, Span reason, StaffChange *work)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    char why[STAFF_REASON_BYTES_MAX + 1];
    Principal *p = &work->principal;
    const bool comes = work->act == STAFF_BEGIN || work->act == STAFF_JOIN;
    if (comes)
        REQUIRE(!principal_book_person_is_taken(house->principals, p), REFUSED_PRINCIPAL_PERSON);
    if (work->act == STAFF_LEAVE) p->status = STATUS_CLOSED;
    TRY(admin_others_stay(house, table, p));
    if (p->key_size > 0)
        REQUIRE(!principal_book_key_is_taken(house->principals, p), REFUSED_PRINCIPAL_KEY);
    passage_text(why, sizeof(why), reason);
    snprintf(work->actor, sizeof(work->actor), "operator/%s", asker->principal);
    work->table = table;
    work->unit = (Unit) { .from = asker->from, .reason = why };
    work->given_us = grant_book_last_us(house->grants, span_of_text(p->id));
    staff_change_unit(work, NULL);
    TRY(unit_wait(house->batcher, &work->unit));
    TRY(principal_book_put(house->principals, p));
    if (!comes) passkey_desk_clear(house, p, work->actor, asker->from, why);
    return OK;
}

/* Nobody changes himself, under whatever name (LL-4.5.2). */
static Status not_himself(House *house, const Asker *asker, const Principal *other)
{
    Principal self;
    REQUIRE(strcmp(asker->principal, other->id) != 0, REFUSED_ACCESS_SELF);
    if (!principal_book_look(house->principals, span_of_text(asker->principal), &self)) return OK;
    REQUIRE(!bytes_equal_ct(self.person, other->person, PRINCIPAL_PERSON_BYTES),
            REFUSED_ACCESS_SELF);
    return OK;
}

/* What can be said before others agree: the rows say the rest. */
static Status may_change(
        House *house, const Asker *asker, const PersonJson *json, const StaffChange *work)
{
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    TRY(detect_free_text(json->reason));
    TRY(detect_free_text(json->staff_number));
    TRY(detect_free_text(json->key_pem)); /* also what stands around the key */
    TRY(not_himself(house, asker, &work->principal));
    return staff_roles_fit(table, &work->principal);
}

static Status change(
        Admin *admin, const Asker *asker, const PersonJson *json, StaffChange *work, JsonWriter *w)
{
    House *house = admin->config.house;
    TRY(may_change(house, asker, json, work));
    pthread_mutex_lock(&admin->enrolling);
    const Status s = change_one(house, asker, json->reason, work);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_text(w, "id", span_of_text(work->principal.id));
    return OK;
}

/* Who asks says a staff number; a digest comes from what was kept: others have agreed by then. */
static Status read_join(House *house, const JsonDocument *document, const Asker *asker,
        PersonJson *json, StaffChange *work)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(
            document, json_root(document), join_fields, COUNT(join_fields), json, &problem));
    REQUIRE(json->staff_number.size > 0 || asker->approvals > 0, REFUSED_PRINCIPAL_FIELD);
    return read_person(house, document, json, &work->principal);
}

Status admin_access_join_keep(
        Admin *admin, const JsonDocument *document, const Asker *asker, Buffer *ret_kept)
{
    PersonJson json = { 0 };
    StaffChange work = { .act = STAFF_JOIN };
    JsonProblem problem = { 0 };
    uint8_t memory[PERSON_HEX];
    Buffer digest = BUFFER_OF(memory);
    TRY(read_join(admin->config.house, document, asker, &json, &work));
    TRY(hex_encode(SPAN_OF(work.principal.person), &digest));
    JsonWriter w = json_writer_for(ret_kept, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", json.operation);
    json_key_text(&w, "id", json.id);
    if (json.tenant.size > 0) json_key_text(&w, "tenant", json.tenant);
    json_key_text(&w, "person_digest", span_of_buffer(&digest));
    json_key_array(&w, "roles");
    for (size_t i = 0; i < json_list_size(json.roles); i++) {
        Span name = { 0 };
        TRY(json_list_text(document, json.roles, i, ACCESS_NAME_BYTES_MAX, &name, &problem));
        json_item_text(&w, name);
    }
    json_close(&w);
    json_key_text(&w, "key_pem", json.key_pem);
    json_key_text(&w, "reason", json.reason);
    json_close(&w);
    return json_finish(&w);
}

Status admin_access_join_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    PersonJson json = { 0 };
    StaffChange work = { .act = STAFF_JOIN };
    TRY(read_join(admin->config.house, document, asker, &json, &work));
    return may_change(admin->config.house, asker, &json, &work);
}

Status admin_access_join(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PersonJson json = { 0 };
    StaffChange work = { .act = STAFF_JOIN };
    TRY(read_join(admin->config.house, document, asker, &json, &work));
    return change(admin, asker, &json, &work, w);
}

/* A live one, with what is left as it is. */
static Status find_person(const House *house, Span id, Principal *ret_principal)
{
    return principal_book_find(house->principals, id, ret_principal);
}

static Status read_move(
        House *house, const JsonDocument *document, PersonJson *json, StaffChange *work)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(
            document, json_root(document), move_fields, COUNT(move_fields), json, &problem));
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    TRY(find_person(house, json->id, &work->principal));
    work->principal.key_size = 0; /* the row's stays: another change may be giving him one now */
    TRY(admin_roles(table, document, json->roles, &work->principal.roles));
    return read_key(json->key_pem, &work->principal);
}

Status admin_access_move_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    PersonJson json = { 0 };
    StaffChange work = { .act = STAFF_MOVE };
    TRY(read_move(admin->config.house, document, &json, &work));
    return may_change(admin->config.house, asker, &json, &work);
}

Status admin_access_move(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PersonJson json = { 0 };
    StaffChange work = { .act = STAFF_MOVE };
    TRY(read_move(admin->config.house, document, &json, &work));
    return change(admin, asker, &json, &work, w);
}

Status admin_access_leave(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PersonJson json = { 0 };
    JsonProblem problem = { 0 };
    StaffChange work = { .act = STAFF_LEAVE };
    TRY(json_read_request(
            document, json_root(document), leave_fields, COUNT(leave_fields), &json, &problem));
    TRY(find_person(admin->config.house, json.id, &work.principal));
    return change(admin, asker, &json, &work, w);
}

/* --- the first people --- */

/* The key of each must be one that vaultd took at the ceremony under this very name: the first
 * people of the house are those whose approvals already count. */
static Status enrolled_in_vault(House *house, const Principal *p)
{
    static _Thread_local uint8_t bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    uint8_t print[WIRE_HASH_BYTES];
    Buffer answer = BUFFER_OF(bytes);
    uint32_t count = 0;
    sha256((Span) { p->key, p->key_size }, print);
    TRY(vaultclient_ask(house->vault, VAULT_OPERATORS, SPAN(""), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, WIRE_OPERATORS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireOperatorFacts facts;
        TRY(wire_take_operator_facts(&c, &facts));
        if (facts.gone || !span_equal(facts.name, span_of_text(p->id))) continue;
        if (bytes_equal_ct(facts.fingerprint, print, sizeof(print))) return OK;
    }
    return REFUSE(REFUSED_OPERATOR_KEY);
}

static Status read_first(House *house, const JsonDocument *document, const JsonValue *people,
        size_t index, StaffChange *work)
{
    const JsonValue *item = NULL;
    JsonProblem problem = { 0 };
    PersonJson json = { 0 };
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    work->act = STAFF_BEGIN;
    TRY(json_list_object(document, people, index, &item, &problem));
    TRY(json_read_request(document, item, first_fields, COUNT(first_fields), &json, &problem));
    TRY(read_person(house, document, &json, &work->principal));
    return staff_roles_fit(table, &work->principal);
}

/* Seen before the first of them has a row: there is no second beginning for the others. */
static Status all_differ(const StaffChange *works, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Principal *p = &works[i].principal;
        for (size_t j = 0; j < i; j++) {
            const Principal *q = &works[j].principal;
            REQUIRE(strcmp(p->id, q->id) != 0, REFUSED_PRINCIPAL_EXISTS);
            REQUIRE(!bytes_equal_ct(p->person, q->person, sizeof(p->person)),
                    REFUSED_PRINCIPAL_PERSON);
            REQUIRE(!span_equal((Span) { p->key, p->key_size }, (Span) { q->key, q->key_size }),
                    REFUSED_PRINCIPAL_KEY);
        }
    }
    return OK;
}

static Status begin(House *house, const Asker *asker, StaffChange *works, size_t count)
{
    const bool nobody = principal_book_count(house->principals) == 0
            && atomic_load(&house->principals_left_out) == 0;
    REQUIRE(nobody, REFUSED_ACCESS_BEGUN);
    for (size_t i = 0; i < count; i++)
        TRY(change_one(house, asker, SPAN("first people"), &works[i]));
    return OK;
}

Status admin_access_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    PersonJson json = { 0 };
    JsonProblem problem = { 0 };
    StaffChange works[FIRST_PEOPLE_MAX] = { 0 };
    TRY(json_read_request(
            document, json_root(document), begin_fields, COUNT(begin_fields), &json, &problem));
    const size_t count = json_list_size(json.people);
    for (size_t i = 0; i < count; i++)
        TRY(read_first(house, document, json.people, i, &works[i]));
    TRY(all_differ(works, count));
    for (size_t i = 0; i < count; i++)
        TRY(enrolled_in_vault(house, &works[i].principal));
    pthread_mutex_lock(&admin->enrolling);
    const Status s = begin(house, asker, works, count);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_int(w, "count", (int64_t)count);
    return OK;
}

Status admin_first_key(Span request, Span as, PublicKey **ret_key)
{
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    PersonJson json = { 0 };
    TRY(json_parse(request, &document, &problem));
    const Status s = json_read_request(
            document, json_root(document), begin_fields, COUNT(begin_fields), &json, &problem);
    REQUIRE(status_ok(s) && span_equal(json.operation, SPAN("access.begin")),
            REFUSED_ACCESS_NOT_BEGUN);
    for (size_t i = 0; i < json_list_size(json.people); i++) {
        const JsonValue *item = NULL;
        PersonJson one = { 0 };
        TRY(json_list_object(document, json.people, i, &item, &problem));
        TRY(json_read_request(document, item, first_fields, COUNT(first_fields), &one, &problem));
        if (span_equal(one.id, as)) return public_key_from_pem(one.key_pem, ret_key);
    }
    return REFUSE(REFUSED_ADMIN_STRANGER);
}

/* What operators do to the passwords of people, the house's own payers too (api/admin.h). Every
 * secret comes in a box; what needs two people, vaultd believes their signatures alone (TP-6). */
#include "api/admin_inside.h"

#include "access/staff.h"
#include "api/challenge.h"
#include "vaultclient/second_factor.h"

enum { APPROVALS_TEXT_MAX = 16384 };

typedef struct PasswordJson {
    Span operation;
    Span class;
    Span tenant;
    Span realm;
    Span user;
    Span box;
    Span approvals;
    const JsonValue *users;
    bool wrap;
} PasswordJson;

#define AT(member) offsetof(PasswordJson, member)
#define REALM_FIELDS                                                             \
    { "operation", JSON_TEXT, true, 1, 64, AT(operation) },                      \
            { "class", JSON_TEXT, true, 1, 16, AT(class) },                      \
            { "tenant", JSON_TEXT, true, 1, WIRE_TENANT_BYTES_MAX, AT(tenant) }, \
            { "realm", JSON_TEXT, true, 1, WIRE_REALM_BYTES_MAX, AT(realm) },    \
    {                                                                            \
        "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, AT(box)                    \
    }

static const JsonField reset_fields[] = {
    REALM_FIELDS,
    { "user", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, AT(user) },
    { "approvals", JSON_TEXT, true, 1, APPROVALS_TEXT_MAX, AT(approvals) },
};

static const JsonField import_fields[] = {
    REALM_FIELDS,
    { "users", JSON_LIST, true, 1, WIRE_LEGACY_MAX, AT(users) },
    { "wrap", JSON_BOOL, false, 0, 0, AT(wrap) },
};

static Passwords passwords_of(const Admin *admin)
{
    return (Passwords) { admin->config.house->vault, admin->config.house->domain };
}

static Status read_class(Span name, uint16_t *ret)
{
    DataClass class = CLASS_PUBLIC;
    const bool known =
            data_class_of(name, &class) && (class == CLASS_PIN || class == CLASS_PASSWORD);
    REQUIRE(known, REFUSED_JSON_RANGE);
    *ret = (uint16_t) class;
    return OK;
}

/* A box is fresh and for us: its nonce is a challenge of ours. */
static Status read_box(const House *house, Span base64, Buffer *box, Box *ret_parsed)
{
    TRY(admin_bytes(base64, box));
    TRY(box_parse(span_of_buffer(box), ret_parsed));
    return challenge_check(house, ret_parsed->context.server_nonce);
}

/* --- reset: the audit log hears of it from vaultd, with the names of both --- */

/* Whoever had a session by what was reset has none any more (docs/decisions/0043). */
static void end_sessions(House *house, const WireOwner *owner)
{
    const bool payer = span_equal(owner->realm, wire_owner_of_payer(owner->user).realm);
    const SessionOwner whose = { payer ? SESSION_PAYER : staff_session_kind(owner->tenant),
        owner->tenant, owner->user };
    session_end_all_of(house->sessions, &whose, 0);
}

Status admin_password_reset(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PasswordJson json = { 0 };
    JsonProblem problem = { 0 };
    WirePasswordReset reset = { 0 };
    WireApproval two[2];
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t approvals_bytes[APPROVALS_TEXT_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer approvals = BUFFER_OF(approvals_bytes);
    const Passwords passwords = passwords_of(admin);
    TRY(json_read_request(document, json_root(document), reset_fields,
            sizeof(reset_fields) / sizeof(reset_fields[0]), &json, &problem));
    reset.owner = (WireOwner) { .tenant = json.tenant, .realm = json.realm, .user = json.user };
    const bool second = span_equal(json.class, SPAN("second-factor"));
    if (!second) TRY(read_class(json.class, &reset.owner.data_class));
    TRY(read_box(admin->config.house, json.box, &box, &parsed));
    reset.box = span_of_buffer(&box);
    reset.nonce = SPAN_OF(parsed.context.server_nonce);
    TRY(admin_bytes(json.approvals, &approvals));
    Cursor c = cursor_of(span_of_buffer(&approvals));
    TRY(wire_take_approval(&c, &two[0]));
    TRY(wire_take_approval(&c, &two[1]));
    TRY(cursor_end(&c));
    TRY(second ? second_factor_reset(&passwords, two, &reset)
               : passwords_reset(&passwords, two, &reset));
    end_sessions(admin->config.house, &reset.owner);
    json_key_text(w, "result", SPAN("reset"));
    return OK;
}

/* --- import --- */

typedef struct Users {
    Span names[WIRE_LEGACY_MAX];
    Status statuses[WIRE_LEGACY_MAX];
    size_t count;
} Users;

static Status read_users(const JsonDocument *document, const JsonValue *list, Users *ret)
{
    JsonProblem problem = { 0 };
    ret->count = json_list_size(list);
    for (size_t i = 0; i < ret->count; i++)
        TRY(json_list_text(document, list, i, WIRE_USER_BYTES_MAX, &ret->names[i], &problem));
    return OK;
}

static Status tell_import(
        Admin *admin, const Asker *asker, const PasswordJson *json, const Users *users)
{
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    size_t taken = 0;
    for (size_t i = 0; i < users->count; i++)
        taken += status_ok(users->statuses[i]);
    TRY(buffer_print(&subject, "%.*s/%.*s", (int)json->tenant.size, (const char *)json->tenant.data,
            (int)json->realm.size, (const char *)json->realm.data));
    TRY(buffer_print(&detail, "%zu of %zu taken, %s", taken, users->count,
            json->wrap ? "wrapped" : "as they are"));
    return admin_write_down(
            admin, asker, AUDIT_PASSWORD_IMPORT, span_of_buffer(&subject), span_of_buffer(&detail));
}

Status admin_password_import(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PasswordJson json = { 0 };
    JsonProblem problem = { 0 };
    WirePasswordImport import = { 0 };
    Users users = { 0 };
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    const Passwords passwords = passwords_of(admin);
    TRY(json_read_request(document, json_root(document), import_fields,
            sizeof(import_fields) / sizeof(import_fields[0]), &json, &problem));
    import = (WirePasswordImport) { .tenant = json.tenant, .realm = json.realm, .wrap = json.wrap };
    TRY(read_class(json.class, &import.data_class));
    TRY(read_users(document, json.users, &users));
    TRY(read_box(admin->config.house, json.box, &box, &parsed));
    import.box = span_of_buffer(&box);
    import.nonce = SPAN_OF(parsed.context.server_nonce);
    TRY(passwords_import(&passwords, &import, users.names, users.count, users.statuses));
    TRY(tell_import(admin, asker, &json, &users));
    json_key_array(w, "outcomes");
    for (size_t i = 0; i < users.count; i++)
        json_item_text(w, span_of_text(status_name(users.statuses[i])));
    json_close(w);
    return OK;
}

/* --- sweep --- */

Status admin_password_sweep(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    const Passwords passwords = passwords_of(admin);
    PasswordsSweep page;
    TRY(passwords_sweep(&passwords, &page));
    if (page.finished)
        TRY(admin_write_down(admin, asker, AUDIT_PASSWORD_SWEEP, SPAN("pepper"), SPAN("finished")));
    json_key_int(w, "records", (int64_t)page.total);
    json_key_int(w, "done", (int64_t)page.done);
    json_key_int(w, "moved", (int64_t)page.moved);
    json_key_int(w, "refused", (int64_t)page.refused);
    json_key_bool(w, "finished", page.finished);
    return OK;
}

Status admin_password_peppers(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    const Passwords passwords = passwords_of(admin);
    PasswordsPepper peppers[PASSWORDS_PEPPERS_MAX];
    size_t count = 0;
    TRY(passwords_by_pepper(&passwords, peppers, &count));
    json_key_array(w, "peppers");
    for (size_t i = 0; i < count; i++) {
        json_open_object(w);
        json_key_int(w, "version", peppers[i].version);
        json_key_int(w, "records", (int64_t)peppers[i].records);
        json_close(w);
    }
    json_close(w);
    return OK;
}

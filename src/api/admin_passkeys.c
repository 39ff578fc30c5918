/* Passkeys of somebody who lost the device that holds one (api/admin.h; LL-4.5.2). */
#include "api/admin_access.h"

#include "access/staff.h"
#include "api/passage.h"
#include "api/passkey_desk.h"
#include "policy/detect.h"

#include <stdio.h>

typedef struct PasskeyJson {
    Span operation;
    Span who;
    Span passkey;
    Span reason;
} PasskeyJson;

#define AT(member) offsetof(PasskeyJson, member)

static const JsonField passkey_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, AT(operation) },
    { "who", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, AT(who) },
    { "passkey", JSON_TEXT, true, PASSKEY_NAME_BYTES, PASSKEY_NAME_BYTES, AT(passkey) },
    { "reason", JSON_TEXT, true, 1, STAFF_REASON_BYTES_MAX, AT(reason) },
};
enum { LIST_FIELDS = 2, REMOVE_FIELDS = 4 };

Status admin_access_passkey_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    PasskeyJson json = { 0 };
    JsonProblem problem = { 0 };
    Principal person = { 0 };
    House *house = admin->config.house;
    TRY(json_read_request(
            document, json_root(document), passkey_fields, LIST_FIELDS, &json, &problem));
    TRY(principal_book_find(house->principals, json.who, &person));
    TRY(admin_write_down(admin, asker, AUDIT_READ, json.who, SPAN("passkeys")));
    passkey_desk_put_list(house, &person, w);
    return OK;
}

/* All sessions of its owner are over: whoever has the device may be in one. */
Status admin_access_passkey_remove(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    char why[STAFF_REASON_BYTES_MAX + 1];
    PasskeyJson json = { 0 };
    JsonProblem problem = { 0 };
    PasskeyChange work = { .deed = PASSKEY_DEED_REMOVE };
    TRY(json_read_request(
            document, json_root(document), passkey_fields, REMOVE_FIELDS, &json, &problem));
    TRY(detect_free_text(json.reason));
    passage_text(why, sizeof(why), json.reason);
    passage_text(work.passkey.principal, sizeof(work.passkey.principal), json.who);
    passage_text(work.passkey.name, sizeof(work.passkey.name), json.passkey);
    snprintf(work.actor, sizeof(work.actor), "operator/%s", asker->principal);
    work.unit = (Unit) { .from = asker->from, .reason = why };
    TRY(passkey_desk_remove(admin->config.house, &work, 0));
    json_key_text(w, "passkey", json.passkey);
    return OK;
}

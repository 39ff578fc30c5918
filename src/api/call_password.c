/* Passwords of a caller's own people: set, checked, and nothing else (TP-6). They come in
 * boxes only; an answer says right or wrong. vaultclient/passwords.h keeps the records. */
#include "api/call.h"

#include "api/challenge.h"
#include "base/encoding.h"
#include "base/money.h"
#include "crypto/box.h"
#include "policy/purposes.h"
#include "vaultclient/passwords.h"

typedef struct PasswordJson {
    Span data_class, realm, user, box, purpose, reference, currency, grant;
    int64_t amount;
} PasswordJson;

#define PLACE(member) offsetof(PasswordJson, member)

static const JsonField set_fields[] = {
    { "class", JSON_TEXT, true, 1, 16, PLACE(data_class) },
    { "realm", JSON_TEXT, true, 1, WIRE_REALM_BYTES_MAX, PLACE(realm) },
    { "user", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, PLACE(user) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(box) },
};

static const JsonField check_fields[] = {
    { "class", JSON_TEXT, true, 1, 16, PLACE(data_class) },
    { "realm", JSON_TEXT, true, 1, WIRE_REALM_BYTES_MAX, PLACE(realm) },
    { "user", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, PLACE(user) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(box) },
    { "purpose", JSON_TEXT, true, 1, 16, PLACE(purpose) },
    { "reference", JSON_TEXT, false, 1, WIRE_REFERENCE_BYTES_MAX, PLACE(reference) },
    { "amount", JSON_INT, false, 0, INT64_MAX, PLACE(amount) },
};

static const JsonField spend_fields[] = {
    { "class", JSON_TEXT, true, 1, 16, PLACE(data_class) },
    { "realm", JSON_TEXT, true, 1, WIRE_REALM_BYTES_MAX, PLACE(realm) },
    { "user", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, PLACE(user) },
    { "purpose", JSON_TEXT, true, 1, 16, PLACE(purpose) },
    { "reference", JSON_TEXT, false, 1, WIRE_REFERENCE_BYTES_MAX, PLACE(reference) },
    { "amount", JSON_INT, false, 0, INT64_MAX, PLACE(amount) },
    { "currency", JSON_TEXT, false, 3, 3, PLACE(currency) },
    { "grant", JSON_TEXT, true, 2 * WIRE_GRANT_BYTES, 2 * WIRE_GRANT_BYTES, PLACE(grant) },
};

#define READ(call, table, json, document) \
    call_read_json(call, table, sizeof(table) / sizeof((table)[0]), json, document)

static Passwords passwords_of(const Call *call)
{
    return (Passwords) { call->house->vault, call->house->domain };
}

static Status name_owner(const Call *call, const PasswordJson *json, WireOwner *ret)
{
    DataClass class = CLASS_PUBLIC;
    const bool known = data_class_of(json->data_class, &class)
            && (class == CLASS_PIN || class == CLASS_PASSWORD);
    REQUIRE(known, REFUSED_JSON_RANGE);
    *ret = (WireOwner) { (uint16_t) class, span_of_text(call->caller.tenant), json->realm,
        json->user };
    return OK;
}

static Status read_purpose(Span name, uint16_t *ret)
{
    const bool login = span_equal(name, SPAN("login"));
    REQUIRE(login || span_equal(name, SPAN("authorize")), REFUSED_JSON_RANGE);
    *ret = login ? BOX_PURPOSE_LOGIN : BOX_PURPOSE_AUTHORIZE;
    return OK;
}

static Status say(Call *call, const char *key, Span text)
{
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_text(&w, key, text);
    json_close(&w);
    return json_finish(&w);
}

Status call_password_set(Call *call)
{
    PasswordJson json = { 0 };
    WirePasswordSet set = { 0 };
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Passwords passwords = passwords_of(call);
    TRY(READ(call, set_fields, &json, &document));
    TRY(name_owner(call, &json, &set.owner));
    TRY(challenge_box(call->house, json.box, &box, &parsed));
    set.box = span_of_buffer(&box);
    set.nonce = SPAN_OF(parsed.context.server_nonce);
    TRY(passwords_set(&passwords, &set));
    return say(call, "result", SPAN("set"));
}

Status call_password_check(Call *call)
{
    PasswordJson json = { 0 };
    WirePasswordCheck check = { 0 };
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t grant[WIRE_GRANT_BYTES];
    uint8_t text_bytes[2 * WIRE_GRANT_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Passwords passwords = passwords_of(call);
    TRY(READ(call, check_fields, &json, &document));
    TRY(name_owner(call, &json, &check.owner));
    TRY(read_purpose(json.purpose, &check.purpose));
    TRY(challenge_box(call->house, json.box, &box, &parsed));
    check.box = span_of_buffer(&box);
    check.nonce = SPAN_OF(parsed.context.server_nonce);
    check.reference = json.reference;
    check.minor = json.amount;
    TRY(passwords_check(&passwords, &check, grant));
    TRY(hex_encode(SPAN_OF(grant), &text));
    return say(call, "grant", span_of_buffer(&text));
}

Status call_password_spend(Call *call)
{
    PasswordJson json = { 0 };
    WirePasswordSpend spend = { 0 };
    Buffer grant = BUFFER_OF(spend.grant);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Passwords passwords = passwords_of(call);
    TRY(READ(call, spend_fields, &json, &document));
    TRY(name_owner(call, &json, &spend.owner));
    TRY(read_purpose(json.purpose, &spend.purpose));
    TRY(hex_decode(json.grant, &grant));
    spend.reference = json.reference;
    spend.minor = json.amount;
    Currency currency = CURRENCY_NONE;
    if (json.currency.size > 0) TRY(currency_parse(json.currency, &currency));
    spend.currency = (uint32_t)currency;
    TRY(passwords_spend(&passwords, &spend));
    return say(call, "result", SPAN("spent"));
}

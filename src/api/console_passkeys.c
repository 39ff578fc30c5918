/* Somebody who is logged in adds a passkey, looks at his own, removes one (api/console.h). */
#include "api/console_passkey.h"

#include "base/encoding.h"

#include <stdio.h>

enum { COSE_ES256 = -7, COSE_EDDSA = -8 };

typedef struct PasskeyJson {
    Span client_data;
    Span attestation;
    Span passkey;
} PasskeyJson;

#define PLACE(member) offsetof(PasskeyJson, member)

static const JsonField register_fields[] = {
    { "client_data", JSON_TEXT, true, 1, PASSKEY_LONG_TEXT_MAX, PLACE(client_data) },
    { "attestation", JSON_TEXT, true, 1, PASSKEY_LONG_TEXT_MAX, PLACE(attestation) },
};
static const JsonField remove_fields[] = {
    { "passkey", JSON_TEXT, true, PASSKEY_NAME_BYTES, PASSKEY_NAME_BYTES, PLACE(passkey) },
};

static const char registration[] = "registration";

/* --- registration --- */

/* What an authenticator holds already is not made again. */
static void put_excluded(ConsoleCall *call, JsonWriter *w)
{
    Passkey list[PASSKEYS_EACH_MAX];
    const size_t count = passkey_desk_list(call->house, &call->principal, list);
    json_key_array(w, "exclude");
    for (size_t i = 0; i < count; i++) {
        uint8_t text_bytes[PASSKEY_ID_TEXT_MAX];
        Buffer text = BUFFER_OF(text_bytes);
        ASSERT(status_ok(base64url_encode((Span) { list[i].key.id, list[i].key.id_size }, &text)));
        json_item_text(w, span_of_buffer(&text));
    }
    json_close(w);
}

Status console_passkey_options(ConsoleCall *call)
{
    uint8_t bound_bytes[PASSKEY_BOUND_BYTES_MAX];
    Buffer bound = BUFFER_OF(bound_bytes);
    const Span who = span_of_text(call->principal.id);
    TRY(console_passkey_bound(call, registration, &bound));
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    TRY(console_passkey_challenge(call, PASSKEY_ACT_REGISTER, span_of_buffer(&bound), &w));
    json_key_text(&w, "rp_name", SPAN("Hufu"));
    console_passkey_text(&w, "user_id", who); /* and nothing that tells more of him */
    json_key_text(&w, "user_name", who);
    json_key_array(&w, "algorithms");
    json_item_int(&w, COSE_ES256);
    json_item_int(&w, COSE_EDDSA);
    json_close(&w);
    put_excluded(call, &w);
    json_close(&w);
    return json_finish(&w);
}

/* A passkey logs in by itself: what gives one out must be no less than password and code. Who has
 * got hold of one makes no second. */
static Status proved_by_secrets(const ConsoleCall *call)
{
    TRY(console_proved_lately(call));
    REQUIRE(call->session.secrets_age_us <= call->asker.proof_lasts_us,
            REFUSED_PASSKEY_SECRETS_NEEDED);
    return OK;
}

static Status check_attestation(ConsoleCall *call, const PasskeyJson *json, PasskeyKey *ret_key)
{
    uint8_t client_bytes[PASSKEY_CLIENT_DATA_BYTES_MAX + 2];
    uint8_t object_bytes[PASSKEY_ANSWER_BYTES_MAX + 2];
    uint8_t bound_bytes[PASSKEY_BOUND_BYTES_MAX];
    uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
    Buffer client = BUFFER_OF(client_bytes);
    Buffer object = BUFFER_OF(object_bytes);
    Buffer bound = BUFFER_OF(bound_bytes);
    const PasskeySite site = console_passkey_site(call->console);
    TRY(console_passkey_bytes(json->client_data, &client));
    TRY(console_passkey_bytes(json->attestation, &object));
    TRY(console_passkey_bound(call, registration, &bound));
    TRY(passkey_challenge_of(span_of_buffer(&client), challenge));
    TRY(passkey_register(
            &site, challenge, span_of_buffer(&client), span_of_buffer(&object), ret_key));
    return passkey_challenge_spend(passkey_desk_challenges(call->house), PASSKEY_ACT_REGISTER,
            span_of_buffer(&bound), challenge);
}

static Status add(ConsoleCall *call, const PasskeyJson *json, PasskeyChange *work)
{
    Passkey *passkey = &work->passkey;
    TRY(proved_by_secrets(call));
    TRY(check_attestation(call, json, &passkey->key));
    passkey_name((Span) { passkey->key.id, passkey->key.id_size }, passkey->name);
    snprintf(passkey->principal, sizeof(passkey->principal), "%s", call->principal.id);
    passkey->stamp = call->principal.changed_us;
    console_actor(&call->principal, work->actor);
    return passkey_desk_change(call->house, work);
}

Status console_passkey_register(ConsoleCall *call)
{
    PasskeyJson json = { 0 };
    PasskeyChange work = { .unit = { .from = call->from }, .deed = PASSKEY_DEED_ADD };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(console_call_json(call, register_fields, 2, &json, &document));
    const Status s = add(call, &json, &work);
    if (status_refused(s)) TRY(console_passkey_refused(call, registration, s));
    TRY(s);
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_text(&w, "passkey", span_of_text(work.passkey.name));
    json_close(&w);
    return json_finish(&w);
}

/* --- what there is --- */

Status console_passkeys(ConsoleCall *call)
{
    JsonWriter w = json_writer_for(&call->answer, LAYER_DISPLAY);
    json_open_object(&w);
    passkey_desk_put_list(call->house, &call->principal, &w);
    json_close(&w);
    return json_finish(&w);
}

/* Whoever had a session by it has none any more; this one, freshly proved, goes on under another
 * token. */
Status console_passkeys_remove(ConsoleCall *call)
{
    PasskeyJson json = { 0 };
    PasskeyChange work = { .unit = { .from = call->from }, .deed = PASSKEY_DEED_REMOVE };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(console_call_json(call, remove_fields, 1, &json, &document));
    TRY(console_proved_lately(call));
    snprintf(work.passkey.principal, sizeof(work.passkey.principal), "%s", call->principal.id);
    memcpy(work.passkey.name, json.passkey.data, json.passkey.size);
    console_actor(&call->principal, work.actor);
    TRY(passkey_desk_remove(call->house, &work, call->session.number));
    TRY(console_renew(call, SESSION_NOT_PROVED));
    return console_say_result(call, "removed");
}

/* Passwords go into boxes for the vault alone; what comes back says right or wrong (TP-6). */
#include "sdk/connection.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum { PASSWORD_BYTES_MAX = 128, REALM_BYTES_MAX = 160 };

typedef struct SdkSecret { /* u8 length of the old one | the old one | the new one, or one alone */
    uint8_t bytes[2 * PASSWORD_BYTES_MAX + 1];
    size_t size;
} SdkSecret;

static void wipe(SdkSecret *secret) { bytes_wipe(secret, sizeof(*secret)); }

static Status put(SdkSecret *secret, const char *text)
{
    const size_t size = strlen(text);
    REQUIRE(size <= PASSWORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    memcpy(secret->bytes + secret->size, text, size);
    secret->size += size;
    return OK;
}

/* {"class","realm","user","box"} and, for a check, its purpose. */
static Status write_request(const HufuOwner *owner, Span box, bool login, Buffer *ret_json)
{
    JsonWriter w = json_writer_for(ret_json, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(
            &w, "class", owner->data_class == HUFU_CLASS_PIN ? SPAN("pin") : SPAN("password"));
    json_key_text(&w, "realm", span_of_text(owner->realm));
    json_key_text(&w, "user", span_of_text(owner->user));
    json_key_text(&w, "box", box);
    if (login) json_key_text(&w, "purpose", SPAN("login"));
    json_close(&w);
    return json_finish(&w);
}

static Status ask(HufuVault *vault, const HufuOwner *owner, BoxPurpose purpose,
        const SdkSecret *secret, HufuError *error, Span *ret_body)
{
    uint8_t realm_bytes[REALM_BYTES_MAX];
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    Buffer realm = BUFFER_OF(realm_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer request = { vault->body, 0, sizeof(vault->body) };
    BoxWish wish = { .data_class = owner->data_class, .purpose = (uint16_t)purpose };
    const bool login = purpose == BOX_PURPOSE_LOGIN;
    TRY(sdk_box_key(vault, error));
    TRY(sdk_challenge(vault, error, wish.nonce));
    TRY(buffer_print(&realm, "%s/%s", vault->tenant, owner->realm));
    wish.tenant = span_of_buffer(&realm);
    wish.payee = span_of_text(owner->user);
    TRY(box_make(&vault->box_key, &wish, (Span) { secret->bytes, secret->size }, &box));
    TRY(write_request(owner, span_of_buffer(&box), login, &request));
    return sdk_ask(vault, login ? "/vault/v1/passwords/check" : "/vault/v1/passwords/set", false,
            span_of_buffer(&request), error, ret_body);
}

static Status set(HufuVault *vault, const HufuOwner *owner, const char *old_password,
        const char *new_password, HufuError *error)
{
    CLEANUP(wipe) SdkSecret secret = { .size = 1 };
    Span body = { 0 };
    const char *old = old_password != NULL ? old_password : "";
    TRY(put(&secret, old));
    secret.bytes[0] = (uint8_t)(secret.size - 1);
    TRY(put(&secret, new_password));
    return ask(vault, owner, BOX_PURPOSE_SET_PASSWORD, &secret, error, &body);
}

int hufu_password_set(HufuVault *vault, const HufuOwner *owner, const char *old_password,
        const char *new_password, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    return sdk_result(set(vault, owner, old_password, new_password, error), error);
}

static Status check(HufuVault *vault, const HufuOwner *owner, const char *password,
        HufuError *error, char ret_grant[HUFU_GRANT_TEXT_BYTES])
{
    static const JsonField fields[] = { { "grant", JSON_TEXT, true, HUFU_GRANT_TEXT_BYTES - 1,
            HUFU_GRANT_TEXT_BYTES - 1, 0 } };
    CLEANUP(wipe) SdkSecret secret = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span body = { 0 };
    Span grant = { 0 };
    TRY(put(&secret, password));
    TRY(ask(vault, owner, BOX_PURPOSE_LOGIN, &secret, error, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &grant, &problem));
    memcpy(ret_grant, grant.data, grant.size);
    ret_grant[grant.size] = '\0';
    return OK;
}

int hufu_password_check(HufuVault *vault, const HufuOwner *owner, const char *password,
        char ret_grant[HUFU_GRANT_TEXT_BYTES], HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    return sdk_result(check(vault, owner, password, error, ret_grant), error);
}

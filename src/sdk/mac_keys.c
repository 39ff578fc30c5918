/* Symmetric signing keys go into boxes for the vault alone; what comes back is a MAC, or whether
 * one is right (TP-7). */
#include "sdk/connection.h"

#include "base/encoding.h"
#include "policy/purposes.h"
#include "text/json.h"

enum { KEY_BYTES_MAX = 64 };

static Status set(
        HufuVault *vault, const char *name, const void *key, size_t key_size, HufuError *error)
{
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer request = { vault->body, 0, sizeof(vault->body) };
    BoxWish wish = {
        .data_class = CLASS_SIGNING_KEY, .purpose = BOX_PURPOSE_MAC_KEY, .payee = span_of_text(name)
    };
    Span body = { 0 };
    REQUIRE(key_size <= KEY_BYTES_MAX, REFUSED_BUFFER_FULL);
    TRY(sdk_box_key(vault, error));
    TRY(sdk_challenge(vault, error, wish.nonce));
    wish.tenant = span_of_text(vault->tenant);
    TRY(box_make(&vault->box_key, &wish, (Span) { key, key_size }, &box));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "name", span_of_text(name));
    json_key_text(&w, "box", span_of_buffer(&box));
    json_close(&w);
    TRY(json_finish(&w));
    return sdk_ask(vault, "/vault/v1/keys/set", false, span_of_buffer(&request), error, &body);
}

int hufu_mac_key_set(
        HufuVault *vault, const char *name, const void *key, size_t key_size, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    return sdk_result(set(vault, name, key, key_size, error), error);
}

/* `mac` NULL: make one. */
static Status ask(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        const uint8_t *mac, HufuError *error, Span *ret_body)
{
    static _Thread_local uint8_t text_bytes[2 * HUFU_MAC_MESSAGE_BYTES_MAX];
    uint8_t mac_bytes[2 * HUFU_MAC_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer mac_text = BUFFER_OF(mac_bytes);
    Buffer request = { vault->body, 0, sizeof(vault->body) };
    REQUIRE(message_size <= HUFU_MAC_MESSAGE_BYTES_MAX, REFUSED_BUFFER_FULL);
    TRY(base64_encode((Span) { message, message_size }, &text));
    if (mac != NULL) TRY(hex_encode((Span) { mac, HUFU_MAC_BYTES }, &mac_text));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "name", span_of_text(how->name));
    json_key_text(&w, "algorithm",
            how->algorithm == HUFU_MAC_HMAC_SM3 ? SPAN("HMAC-SM3") : SPAN("HMAC-SHA256"));
    json_key_text(&w, "form", how->key_behind ? SPAN("key-behind") : SPAN("plain"));
    json_key_text(&w, "mac_message", span_of_buffer(&text));
    if (mac != NULL) json_key_text(&w, "mac", span_of_buffer(&mac_text));
    json_close(&w);
    TRY(json_finish(&w));
    return sdk_ask(vault, "/vault/v1/keys/mac", false, span_of_buffer(&request), error, ret_body);
}

static Status make(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        uint8_t ret_mac[HUFU_MAC_BYTES], HufuError *error)
{
    static const JsonField fields[] = { { "mac", JSON_TEXT, true, 2 * HUFU_MAC_BYTES,
            2 * HUFU_MAC_BYTES, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span body = { 0 };
    Span text = { 0 };
    Buffer mac = { ret_mac, 0, HUFU_MAC_BYTES };
    TRY(ask(vault, how, message, message_size, NULL, error, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &text, &problem));
    return hex_decode(text, &mac);
}

int hufu_mac_make(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        uint8_t ret_mac[HUFU_MAC_BYTES], HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    return sdk_result(make(vault, how, message, message_size, ret_mac, error), error);
}

static Status verify(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        const uint8_t mac[HUFU_MAC_BYTES], int *ret_right, HufuError *error)
{
    static const JsonField fields[] = { { "valid", JSON_BOOL, true, 0, 0, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span body = { 0 };
    bool right = false;
    TRY(ask(vault, how, message, message_size, mac, error, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &right, &problem));
    *ret_right = right ? 1 : 0;
    return OK;
}

int hufu_mac_verify(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        const uint8_t mac[HUFU_MAC_BYTES], int *ret_right, HufuError *error)
{
    if (error != NULL) *error = (HufuError) { 0 };
    return sdk_result(verify(vault, how, message, message_size, mac, ret_right, error), error);
}

/* Symmetric keys of a caller's merchants: set, and used to sign and to verify; never read (TP-7).
 * vaultclient/mac_keys.h keeps the records. */
#include "api/call.h"

#include "api/challenge.h"
#include "base/encoding.h"
#include "crypto/box.h"
#include "vaultclient/mac_keys.h"

typedef struct MacJson {
    Span name, box, algorithm, form, message, mac;
} MacJson;

#define PLACE(member) offsetof(MacJson, member)

static const JsonField set_fields[] = {
    { "name", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, PLACE(name) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(box) },
};

static const JsonField use_fields[] = {
    { "name", JSON_TEXT, true, 1, WIRE_USER_BYTES_MAX, PLACE(name) },
    { "algorithm", JSON_TEXT, true, 1, 16, PLACE(algorithm) },
    { "form", JSON_TEXT, false, 1, 16, PLACE(form) },
    { "mac_message", JSON_TEXT, true, 0, 2 * WIRE_MAC_MESSAGE_BYTES_MAX, PLACE(message) },
    { "mac", JSON_TEXT, false, 2 * WIRE_MAC_BYTES, 2 * WIRE_MAC_BYTES, PLACE(mac) },
};

static MacKeyStore store_of(const Call *call)
{
    return (MacKeyStore) { call->house->vault, call->house->domain };
}

Status call_mac_key_set(Call *call)
{
    MacJson json = { 0 };
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const MacKeyStore store = store_of(call);
    TRY(call_read_json(call, set_fields, 2, &json, &document));
    TRY(base64_decode(json.box, &box));
    TRY(box_parse(span_of_buffer(&box), &parsed));
    TRY(challenge_check(call->house, parsed.context.server_nonce));
    const WireMacKeySet set = { span_of_text(call->caller.tenant), json.name,
        span_of_buffer(&box) };
    TRY(mac_keys_set(&store, &set));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_text(&w, "result", SPAN("set"));
    json_close(&w);
    return json_finish(&w);
}

static Status read_how(const MacJson *json, WireKeyMac *wanted)
{
    const bool sm3 = span_equal(json->algorithm, SPAN("HMAC-SM3"));
    const bool behind = span_equal(json->form, SPAN("key-behind"));
    REQUIRE(sm3 || span_equal(json->algorithm, SPAN("HMAC-SHA256")), REFUSED_JSON_RANGE);
    REQUIRE(behind || json->form.size == 0 || span_equal(json->form, SPAN("plain")),
            REFUSED_JSON_RANGE);
    wanted->algorithm = sm3 ? WIRE_MAC_HMAC_SM3 : WIRE_MAC_HMAC_SHA256;
    wanted->form = behind ? WIRE_MAC_KEY_BEHIND : WIRE_MAC_PLAIN;
    return OK;
}

static Status answer_use(Call *call, WireKeyMac *wanted, Span mac_text)
{
    const MacKeyStore store = store_of(call);
    uint8_t mac[WIRE_MAC_BYTES];
    bool right = false;
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    if (mac_text.size > 0) {
        Buffer given = BUFFER_OF(mac);
        TRY(hex_decode(mac_text, &given));
        wanted->mac = span_of_buffer(&given);
        TRY(mac_keys_verify(&store, wanted, &right));
        json_key_bool(&w, "valid", right);
    } else {
        TRY(mac_keys_make(&store, wanted, mac));
        call_key_hex(&w, "mac", SPAN_OF(mac));
    }
    json_close(&w);
    return json_finish(&w);
}

Status call_mac_use(Call *call)
{
    static _Thread_local uint8_t message_bytes[WIRE_MAC_MESSAGE_BYTES_MAX];
    MacJson json = { 0 };
    Buffer message = BUFFER_OF(message_bytes);
    WireKeyMac wanted = { .tenant = span_of_text(call->caller.tenant) };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(call_read_json(
            call, use_fields, sizeof(use_fields) / sizeof(use_fields[0]), &json, &document));
    TRY(read_how(&json, &wanted));
    TRY(base64_decode(json.message, &message));
    wanted.name = json.name;
    wanted.message = span_of_buffer(&message);
    return answer_use(call, &wanted, json.mac);
}

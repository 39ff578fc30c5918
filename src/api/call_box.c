/* What a caller needs to make boxes: the box key of today, a challenge (api/call.h). */
#include "api/call.h"
#include "api/challenge.h"

Status call_box_key(Call *call)
{
    uint8_t memory_bytes[4096];
    Buffer memory = BUFFER_OF(memory_bytes);
    WireBoxKey key = { 0 };
    TRY(vaultclient_box_key(call->house->vault, &memory, &key));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    json_key_int(&w, "key_id", key.key_id);
    json_key_int(&w, "suite", key.suite);
    json_key_int(&w, "expires_us", key.expires_us);
    call_key_base64(&w, "public_key", key.public_key);
    call_key_base64(&w, "signature", key.signature);
    call_key_base64(&w, "signature_before", key.signature_before);
    json_close(&w);
    return json_finish(&w);
}

Status call_challenge(Call *call)
{
    uint8_t nonce[BOX_NONCE_BYTES];
    TRY(challenge_make(call->house, nonce));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    call_key_hex(&w, "nonce", SPAN_OF(nonce));
    json_key_int(&w, "life_s", HOUSE_CHALLENGE_LIFE_S);
    json_key_text(&w, "tenant", span_of_text(call->caller.tenant));
    json_close(&w);
    return json_finish(&w);
}

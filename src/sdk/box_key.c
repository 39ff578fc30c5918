#include "sdk/box_key.h"

#include "base/encoding.h"
#include "base/time.h"
#include "text/json.h"

typedef struct BoxKeyJson {
    int64_t key_id;
    int64_t suite;
    int64_t expires_us;
    Span public_key;
    Span signature;
    Span signature_before;
} BoxKeyJson;

static const JsonField box_key_fields[] = {
    { "key_id", JSON_INT, true, 0, UINT32_MAX, offsetof(BoxKeyJson, key_id) },
    { "suite", JSON_INT, true, 1, 2, offsetof(BoxKeyJson, suite) },
    { "expires_us", JSON_INT, true, 0, INT64_MAX, offsetof(BoxKeyJson, expires_us) },
    { "public_key", JSON_TEXT, true, 1, 2048, offsetof(BoxKeyJson, public_key) },
    { "signature", JSON_TEXT, true, 1, 2048, offsetof(BoxKeyJson, signature) },
    { "signature_before", JSON_TEXT, false, 0, 2048, offsetof(BoxKeyJson, signature_before) },
};

void box_key_free(BoxKey *key)
{
    public_key_free(&key->key);
    public_key_free(&key->platform);
}

/* Whoever hands out a box key of his own reads all that is put into boxes: what the platform did
 * not sign is none. */
MUST_USE static Status verify_one(
        const PublicKey *platform, const BoxKeyJson *json, Span text, Span point)
{
    uint8_t message_bytes[128 + SIGN_SPKI_BYTES_MAX];
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    REQUIRE(platform != NULL, REFUSED_SIGNATURE_INVALID);
    TRY(base64_decode(text, &signature));
    TRY(buffer_put(&message, SPAN("hufu-box-key")));
    TRY(buffer_put_u32(&message, (uint32_t)json->key_id));
    TRY(buffer_put_u8(&message, (uint8_t)json->suite));
    TRY(buffer_put_i64(&message, json->expires_us));
    TRY(buffer_put(&message, point));
    return sign_verify(platform, span_of_buffer(&message), span_of_buffer(&signature));
}

/* The pinned key is the platform's, or the one before it. */
MUST_USE static Status verify(const PublicKey *platform, const BoxKeyJson *json, Span point)
{
    const Status s = verify_one(platform, json, json->signature, point);
    if (status_ok(s) || json->signature_before.size == 0) return s;
    return verify_one(platform, json, json->signature_before, point);
}

Status box_key_read(Span text, BoxKey *key)
{
    JsonProblem problem = { 0 };
    BoxKeyJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(text, &document, &problem));
    TRY(json_read_some(document, json_root(document), box_key_fields,
            sizeof(box_key_fields) / sizeof(box_key_fields[0]), &json, &problem));
    uint8_t point_bytes[SIGN_SPKI_BYTES_MAX];
    Buffer point = BUFFER_OF(point_bytes);
    TRY(base64_decode(json.public_key, &point));
    TRY(verify(key->platform, &json, span_of_buffer(&point)));
    PublicKey *today = NULL;
    const KeyAlgorithm algorithm = json.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256;
    TRY(public_key_from_point(algorithm, span_of_buffer(&point), &today));
    public_key_free(&key->key);
    *key = (BoxKey) { key->platform, today, (uint32_t)json.key_id, json.expires_us };
    return OK;
}

void box_wish_context(const BoxWish *wish, int64_t now_us, BoxContext *ret_context)
{
    *ret_context = (BoxContext) {
        .data_class = wish->data_class,
        .purpose = wish->purpose,
        .amount = wish->minor,
        .expiry_us = now_us + 60 * TIME_SECOND_US,
        .tenant = wish->tenant,
        .order = wish->order,
        .payee = wish->payee,
    };
    memcpy(ret_context->server_nonce, wish->nonce, BOX_NONCE_BYTES);
    if (wish->minor > 0) memcpy(ret_context->currency, "CNY", 3);
}

Status box_make_bytes(const BoxKey *key, const BoxWish *wish, Span plain, Buffer *ret_box)
{
    const Clock clock = clock_system();
    const Random random = random_system();
    BoxContext context;
    box_wish_context(wish, clock_now_us(&clock), &context);
    return box_seal(key->key, key->id, &random, &context, plain, ret_box);
}

Status box_make(const BoxKey *key, const BoxWish *wish, Span plain, Buffer *ret_base64)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    TRY(box_make_bytes(key, wish, plain, &box));
    return base64_encode(span_of_buffer(&box), ret_base64);
}

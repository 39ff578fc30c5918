#include "enrol.h"

#include "admin_client.h"
#include "command.h"

#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "policy/purposes.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    REQUEST_BYTES_MAX = 64 * 1024,
    KEYS_BYTES_MAX = 64 * 1024,
    KEYS_MAX = 64,
    BOX_TEXT_BYTES_MAX = 2 * BOX_BYTES_MAX,
    OWNER_BYTES = 16, /* of a fingerprint (vault/protect.h) */
};

typedef struct KeyJson {
    Span name;
    Span der;
} KeyJson;

/* The platform's certificate in the answer of public.keys. */
MUST_USE static Status platform_find(Span answer, Certificate **ret_certificate)
{
    static const JsonField fields[] = { { "keys", JSON_LIST, true, 1, KEYS_MAX, 0 } };
    static const JsonField key_fields[] = {
        { "name", JSON_TEXT, true, 1, 128, offsetof(KeyJson, name) },
        { "der", JSON_TEXT, true, 1, 16384, offsetof(KeyJson, der) },
    };
    JsonProblem problem = { 0 };
    const JsonValue *keys = NULL;
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &keys, &problem));
    for (size_t i = 0; i < json_list_size(keys); i++) {
        KeyJson key = { 0 };
        const JsonValue *item = NULL;
        uint8_t der_bytes[CERTIFICATE_DER_BYTES_MAX];
        Buffer der = BUFFER_OF(der_bytes);
        TRY(json_list_object(document, keys, i, &item, &problem));
        TRY(json_read_some(document, item, key_fields, 2, &key, &problem));
        if (!span_equal(key.name, SPAN("platform-rsa"))) continue;
        TRY(base64_decode(key.der, &der));
        return certificate_from_der(span_of_buffer(&der), ret_certificate);
    }
    return REFUSE(REFUSED_CERTIFICATE_INVALID);
}

Status enrol_pin(const char *directory)
{
    char folder[PATH_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    uint8_t answer_bytes[KEYS_BYTES_MAX];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer answer = BUFFER_OF(answer_bytes);
    Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(certificate_free) Certificate *platform = NULL;
    if (access(path_in(path, directory, "demo/platform.pem"), F_OK) == 0) return OK;
    TRY(admin_ask_plain(directory, "public.keys", &answer));
    TRY(platform_find(span_of_buffer(&answer), &platform));
    TRY(public_key_to_pem(certificate_key(platform), &pem));
    CHECK(mkdir(path_in(folder, directory, "demo"), 0700) == 0 || errno == EEXIST, FAULT_DISK);
    return file_write(path, 0644, span_of_buffer(&pem));
}

Status enrol_box_key(const char *directory, BoxKey *key, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    static const JsonField fields[] = {
        { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES, 0 },
    };
    uint8_t memory[8192];
    Buffer answer = BUFFER_OF(memory);
    char folder[PATH_BYTES_MAX];
    TRY(enrol_pin(directory));
    TRY(box_key_pin(path_in(folder, directory, "demo"), key));
    TRY(admin_ask_plain(directory, "box.key", &answer));
    TRY(box_key_read(span_of_buffer(&answer), key));
    JsonProblem problem = { 0 };
    Span text = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &text, &problem));
    Buffer nonce = { ret_nonce, 0, BOX_NONCE_BYTES };
    return hex_decode(text, &nonce);
}

/* Fetch a key and a challenge, and put `plain` into a box under them; also the challenge as hex. */
MUST_USE static Status boxed(
        const char *directory, BoxWish wish, Span plain, Buffer *ret_box, Buffer *ret_nonce)
{
    CLEANUP(box_key_free) BoxKey key = { 0 };
    TRY(enrol_box_key(directory, &key, wish.nonce));
    TRY(box_make(&key, &wish, plain, ret_box));
    return hex_encode(SPAN_OF(wish.nonce), ret_nonce);
}

/* Whose private key may obtain the APIv3 key again: the beginning of its public key's fingerprint.
 */
static Status name_owner(Span pem, Buffer *ret_owner)
{
    uint8_t fingerprint[DIGEST_SHA256_BYTES];
    CLEANUP(public_key_free) PublicKey *key = NULL;
    if (pem.size == 0) return OK;
    TRY(public_key_from_pem(pem, &key));
    public_key_fingerprint(key, fingerprint);
    return hex_encode_upper((Span) { fingerprint, OWNER_BYTES }, ret_owner);
}

/* `owner_pem` may be empty: then nobody ever obtains it. */
static Status boxed_apiv3(const char *directory, Span mchid, Span owner_pem, Span apiv3,
        Buffer *ret_box, Buffer *ret_nonce)
{
    uint8_t owner_bytes[2 * OWNER_BYTES];
    Buffer owner = BUFFER_OF(owner_bytes);
    TRY(name_owner(owner_pem, &owner));
    const BoxWish wish = { .data_class = CLASS_SIGNING_KEY,
        .purpose = BOX_PURPOSE_SIGNING_KEY,
        .tenant = mchid,
        .order = span_of_buffer(&owner),
        .payee = mchid };
    return boxed(directory, wish, apiv3, ret_box, ret_nonce);
}

Status enrol_apiv3(const char *directory, const EnrolApiv3 *wish, Buffer *ret_answer)
{
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    const Span mchid = span_of_text(wish->mchid);
    TRY(boxed_apiv3(directory, mchid, wish->owner_pem, wish->apiv3, &box, &nonce));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.apiv3"));
    json_key_text(&w, "mchid", mchid);
    if (wish->overlap_s > 0) json_key_int(&w, "overlap_s", wish->overlap_s);
    json_key_text(&w, "apiv3_box", span_of_buffer(&box));
    json_key_text(&w, "nonce", span_of_buffer(&nonce));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

typedef struct IssuedJson {
    Span certificate;
    Span authority;
} IssuedJson;

Status enrol_keep_certificate(Span answer, const char *path)
{
    static const JsonField fields[] = {
        { "certificate_pem", JSON_TEXT, true, 1, CERTIFICATE_PEM_BYTES_MAX,
                offsetof(IssuedJson, certificate) },
        { "authority_pem", JSON_TEXT, true, 1, CERTIFICATE_PEM_BYTES_MAX,
                offsetof(IssuedJson, authority) },
    };
    static uint8_t bytes[2 * CERTIFICATE_PEM_BYTES_MAX];
    Buffer chain = BUFFER_OF(bytes);
    JsonProblem problem = { 0 };
    IssuedJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 2, &json, &problem));
    TRY(buffer_put(&chain, json.certificate));
    TRY(buffer_put(&chain, json.authority));
    return file_write(path, 0644, span_of_buffer(&chain));
}

Status enrol_merchant(const char *directory, const EnrolMerchant *merchant, Buffer *ret_answer)
{
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    const Span mchid = span_of_text(merchant->mchid);
    if (merchant->apiv3.size > 0)
        TRY(boxed_apiv3(directory, mchid, merchant->key_pem, merchant->apiv3, &box, &nonce));

    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.add"));
    json_key_text(&w, "mchid", mchid);
    json_key_text(&w, "name", span_of_text(merchant->name));
    if (merchant->is_request)
        json_key_text(&w, "csr_pem", merchant->key_pem);
    else
        json_key_text(&w, "public_key_pem", merchant->key_pem);
    if (merchant->serial != NULL) json_key_text(&w, "serial", span_of_text(merchant->serial));
    if (merchant->limit_minor > 0) json_key_int(&w, "limit_minor", merchant->limit_minor);
    if (box.size > 0) {
        json_key_text(&w, "apiv3_box", span_of_buffer(&box));
        json_key_text(&w, "nonce", span_of_buffer(&nonce));
    }
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

Status enrol_payer(const char *directory, const char *payer_id, const char *pin,
        int64_t balance_minor, Buffer *ret_answer)
{
    uint8_t box_bytes[BOX_TEXT_BYTES_MAX];
    uint8_t nonce_bytes[2 * BOX_NONCE_BYTES];
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    const BoxWish wish = {
        .data_class = CLASS_PIN, .purpose = BOX_PURPOSE_SET_PIN, .payee = span_of_text(payer_id)
    };
    TRY(boxed(directory, wish, span_of_text(pin), &box, &nonce));

    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("payer.add"));
    json_key_text(&w, "payer_id", span_of_text(payer_id));
    json_key_int(&w, "balance_minor", balance_minor);
    json_key_text(&w, "box", span_of_buffer(&box));
    json_key_text(&w, "nonce", span_of_buffer(&nonce));
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), ret_answer);
}

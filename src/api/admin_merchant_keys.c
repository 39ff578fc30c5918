/* Merchants' keys come, follow one another, end and are listed (api/admin.h; TP-7). What is listed
 * is public: serials and dates. */
#include "api/admin_inside.h"

#include "api/challenge.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "payment/enrol.h"
#include "store/unit_wait.h"

typedef struct KeyJson {
    Span operation;
    Span mchid;
    Span public_key_pem;
    Span request_pem;
    Span serial;
    Span before;
    int64_t overlap_s;
    int64_t expires_us;
    Span apiv3_box;
    Span nonce;
} KeyJson;

#define PLACE(member) offsetof(KeyJson, member)

enum { OVERLAP_S_MAX = 366 * 86400, OVERLAP_S = 30 * 86400, LISTED_MAX = 4096 };

static const JsonField add_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
    { "public_key_pem", JSON_TEXT, false, 1, SIGN_KEY_PEM_BYTES_MAX, PLACE(public_key_pem) },
    { "csr_pem", JSON_TEXT, false, 1, WIRE_REQUEST_PEM_BYTES_MAX, PLACE(request_pem) },
    { "serial", JSON_TEXT, false, 1, MERCHANT_SERIAL_BYTES_MAX, PLACE(serial) },
    { "before", JSON_TEXT, false, 1, MERCHANT_SERIAL_BYTES_MAX, PLACE(before) },
    { "overlap_s", JSON_INT, false, 1, OVERLAP_S_MAX, PLACE(overlap_s) },
    { "expires_us", JSON_INT, false, 1, INT64_MAX, PLACE(expires_us) },
};

static const JsonField apiv3_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
    { "apiv3_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(apiv3_box) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES, PLACE(nonce) },
    { "overlap_s", JSON_INT, false, 1, OVERLAP_S_MAX, PLACE(overlap_s) },
};

static const JsonField revoke_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
    { "serial", JSON_TEXT, true, 1, MERCHANT_SERIAL_BYTES_MAX, PLACE(serial) },
};

static const JsonField list_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "mchid", JSON_TEXT, false, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
};

Status admin_name_key(MerchantKey *key, Span serial)
{
    uint8_t bytes[MERCHANT_SERIAL_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    if (serial.size > 0) TRY(buffer_put(&text, serial));
    if (serial.size == 0) {
        uint8_t digest[DIGEST_SHA256_BYTES];
        const Span spki = { key->spki, key->spki_size };
        digest_parts(DIGEST_SHA256, &spki, 1, digest);
        TRY(buffer_put(&text, SPAN("PUB_KEY_ID_")));
        TRY(hex_encode_upper((Span) { digest, 16 }, &text));
    }
    REQUIRE(merchant_serial_is_valid(span_of_buffer(&text)), REFUSED_ORDER_FIELD);
    passage_text(key->serial, sizeof(key->serial), span_of_buffer(&text));
    return OK;
}

/* The unit, then what it wrote into the directory: a request meets the new state at once. */
static Status put_key(House *house, MerchantKeyAdd *work)
{
    merchant_key_add_unit(work, NULL);
    TRY(unit_wait(house->batcher, &work->unit));
    if (work->before[0] != 0) TRY(directory_put(house->directory, &work->merchant, &work->old));
    return directory_put(house->directory, &work->merchant, &work->key);
}

static void begin(MerchantKeyAdd *work, const KeyJson *json, const Asker *asker)
{
    admin_actor(work->actor, sizeof(work->actor), asker);
    passage_text(work->key.mchid, sizeof(work->key.mchid), json->mchid);
}

static Status read_add(const JsonDocument *document, KeyJson *json, AdminKeyWish *ret_wish)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), add_fields,
            sizeof(add_fields) / sizeof(add_fields[0]), json, &problem));
    *ret_wish = (AdminKeyWish) { json->mchid, json->public_key_pem, json->request_pem, json->serial,
        json->expires_us };
    return OK;
}

Status admin_merchant_key_add_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    KeyJson json = { 0 };
    AdminKeyWish wish = { 0 };
    TRY(read_add(document, &json, &wish));
    REQUIRE(json.before.size == 0 || merchant_serial_is_valid(json.before), REFUSED_ORDER_FIELD);
    return admin_check_key(&wish);
}

Status admin_merchant_key_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    KeyJson json = { .overlap_s = OVERLAP_S };
    AdminKeyWish wish = { 0 };
    MerchantKeyAdd work = { 0 };
    AdminCertificate certificate;
    TRY(read_add(document, &json, &wish));
    TRY(admin_take_key(house, &wish, &work.key, &certificate));
    begin(&work, &json, asker);
    passage_text(work.before, sizeof(work.before), json.before);
    work.before_ends_us = clock_now_us(&house->clock) + json.overlap_s * 1000000;
    TRY(put_key(house, &work));
    json_key_text(w, "mchid", span_of_text(work.key.mchid));
    json_key_text(w, "serial", span_of_text(work.key.serial));
    json_key_int(w, "expires_us", work.key.expires_us);
    admin_key_certificate(w, &certificate);
    if (work.before[0] == 0) return OK;
    json_key_text(w, "before", span_of_text(work.old.serial));
    json_key_int(w, "before_ends_us", work.old.expires_us);
    return OK;
}

static Status read_revoke(const JsonDocument *document, KeyJson *json)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), revoke_fields, 3, json, &problem));
    REQUIRE(merchant_id_is_valid(json->mchid), REFUSED_ORDER_FIELD);
    REQUIRE(merchant_serial_is_valid(json->serial), REFUSED_ORDER_FIELD);
    return OK;
}

Status admin_merchant_key_revoke_check(
        Admin *admin, const JsonDocument *document, const Asker *asker)
{
    KeyJson json = { 0 };
    return read_revoke(document, &json);
}

Status admin_merchant_key_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    KeyJson json = { 0 };
    MerchantKeyAdd work = { .revoke = true };
    TRY(read_revoke(document, &json));
    begin(&work, &json, asker);
    passage_text(work.key.serial, sizeof(work.key.serial), json.serial);
    TRY(put_key(house, &work));
    json_key_text(w, "revoked", span_of_text(work.key.serial));
    return OK;
}

Status admin_merchant_key_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    KeyJson json = { 0 };
    JsonProblem problem = { 0 };
    DirectoryEntry entry;
    size_t listed = 0;
    const int64_t now_us = clock_now_us(&house->clock);
    TRY(json_read_request(document, json_root(document), list_fields, 2, &json, &problem));
    json_key_array(w, "keys");
    for (size_t i = 0; directory_at(house->directory, i, &entry) && listed < LISTED_MAX; i++) {
        if (json.mchid.size > 0 && !span_equal(json.mchid, span_of_text(entry.mchid))) continue;
        listed++;
        json_open_object(w);
        json_key_text(w, "mchid", span_of_text(entry.mchid));
        json_key_text(w, "serial", span_of_text(entry.serial));
        json_key_text(w, "algorithm", span_of_text(entry.algorithm == KEY_SM2 ? "SM2" : "RSA"));
        json_key_text(w, "state", span_of_text(directory_state_name(&entry, now_us)));
        json_key_int(w, "expires_us", entry.expires_us);
        json_close(w);
    }
    json_close(w);
    return OK;
}

/* --- the symmetric key --- */

static Status seal_apiv3_key(House *house, Span mchid, Span box_text, Buffer *ret_sealed)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    TRY(challenge_box(house, box_text, &box, &parsed));
    return vaultclient_protect(house->vault, mchid, span_of_buffer(&box), ret_sealed);
}

Status admin_keep_apiv3_key(House *house, Span mchid, Span box_text)
{
    uint8_t sealed_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    if (box_text.size == 0) return OK;
    TRY(seal_apiv3_key(house, mchid, box_text, &sealed));
    return domain_put_signing_key(house->domain, mchid, span_of_buffer(&sealed));
}

/* Beside the one that is there: that one is used until the overlap is over, or until the merchant
 * calls for the new one (merchant_apiv3_key.c). */
static Status keep_next(House *house, const KeyJson *json, int64_t from_us)
{
    uint8_t sealed_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    TRY(seal_apiv3_key(house, json->mchid, json->apiv3_box, &sealed));
    const Status s = domain_put_next_signing_key(
            house->domain, json->mchid, span_of_buffer(&sealed), from_us);
    REQUIRE(!status_is(s, (StatusCode)REFUSED_ROW_MISSING), REFUSED_MERCHANT_APIV3_KEY_MISSING);
    return s;
}

static Status read_apiv3(const JsonDocument *document, KeyJson *json)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), apiv3_fields, 5, json, &problem));
    REQUIRE(merchant_id_is_valid(json->mchid), REFUSED_ORDER_FIELD);
    return OK;
}

Status admin_check_box(const House *house, Span box_text)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    return challenge_box(house, box_text, &box, &parsed);
}

Status admin_merchant_apiv3_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    KeyJson json = { 0 };
    TRY(read_apiv3(document, &json));
    return admin_check_box(admin->config.house, json.apiv3_box);
}

Status admin_merchant_apiv3(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    KeyJson json = { 0 };
    EnrolFree known = { 0 };
    TRY(read_apiv3(document, &json));
    passage_text(known.mchid, sizeof(known.mchid), json.mchid);
    enrol_free_unit(&known, NULL);
    const Status s = unit_wait(house->batcher, &known.unit);
    REQUIRE(!status_ok(s), REFUSED_MERCHANT_UNKNOWN);
    if (!status_is(s, REFUSED_MERCHANT_EXISTS)) return s;
    const int64_t from_us = clock_now_us(&house->clock) + json.overlap_s * 1000000;
    TRY(json.overlap_s > 0 ? keep_next(house, &json, from_us)
                           : admin_keep_apiv3_key(house, json.mchid, json.apiv3_box));
    json_key_text(w, "mchid", json.mchid);
    if (json.overlap_s > 0) json_key_int(w, "from_us", from_us);
    return OK;
}

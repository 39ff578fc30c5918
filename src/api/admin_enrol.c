/* Merchants and payers come in (api/admin.h), one at a time: first the name is seen to be free,
 * then the key or PIN is kept in the domain store, and last the row is written. A refused box
 * leaves nothing; what was kept for a row that never came (a crash, a refused balance) is worth
 * nothing without it, and the next try goes on from it. */
#include "api/admin_inside.h"

#include "api/challenge.h"
#include "api/passage.h"
#include "api/payer_desk.h"
#include "base/encoding.h"
#include "payment/enrol.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

enum { LIMIT_DEFAULT_MINOR = 5000000 };

typedef struct MerchantJson {
    Span operation;
    Span mchid;
    Span name;
    Span public_key_pem;
    Span request_pem;
    Span serial;
    Span apiv3_box;
    Span nonce;
    int64_t limit_minor;
} MerchantJson;

#define PLACE(type, member) offsetof(type, member)

static const JsonField merchant_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(MerchantJson, operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(MerchantJson, mchid) },
    { "name", JSON_TEXT, true, 1, MERCHANT_NAME_BYTES_MAX, PLACE(MerchantJson, name) },
    { "public_key_pem", JSON_TEXT, false, 1, SIGN_KEY_PEM_BYTES_MAX,
            PLACE(MerchantJson, public_key_pem) },
    { "csr_pem", JSON_TEXT, false, 1, WIRE_REQUEST_PEM_BYTES_MAX,
            PLACE(MerchantJson, request_pem) },
    { "serial", JSON_TEXT, false, 1, MERCHANT_SERIAL_BYTES_MAX, PLACE(MerchantJson, serial) },
    { "limit_minor", JSON_INT, false, 1, LEDGER_MINOR_MAX, PLACE(MerchantJson, limit_minor) },
    { "apiv3_box", JSON_TEXT, false, 1, 2 * BOX_BYTES_MAX, PLACE(MerchantJson, apiv3_box) },
    { "nonce", JSON_TEXT, false, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            PLACE(MerchantJson, nonce) },
};

static Status must_be_free(House *house, Span mchid, Span payer)
{
    EnrolFree work = { 0 };
    passage_text(work.mchid, sizeof(work.mchid), mchid);
    passage_text(work.payer, sizeof(work.payer), payer);
    enrol_free_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

static Status let_merchant_in(House *house, const MerchantJson *json, MerchantAdd *add)
{
    TRY(must_be_free(house, json->mchid, SPAN("")));
    TRY(admin_keep_apiv3_key(house, json->mchid, json->apiv3_box));
    merchant_add_unit(add, NULL);
    TRY(unit_wait(house->batcher, &add->unit));
    return directory_put(house->directory, &add->merchant, &add->key);
}

static Status read_merchant(
        const JsonDocument *document, MerchantJson *json, AdminKeyWish *ret_wish)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), merchant_fields,
            sizeof(merchant_fields) / sizeof(merchant_fields[0]), json, &problem));
    *ret_wish = (AdminKeyWish) { .mchid = json->mchid,
        .public_key_pem = json->public_key_pem,
        .request_pem = json->request_pem,
        .serial = json->serial };
    return OK;
}

Status admin_merchant_add_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    MerchantJson json = { 0 };
    AdminKeyWish wish = { 0 };
    TRY(read_merchant(document, &json, &wish));
    TRY(detect_free_text(json.name));
    TRY(admin_check_key(&wish));
    return json.apiv3_box.size == 0 ? OK : admin_check_box(admin->config.house, json.apiv3_box);
}

Status admin_merchant_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    MerchantJson json = { .limit_minor = LIMIT_DEFAULT_MINOR };
    AdminKeyWish wish = { 0 };
    TRY(read_merchant(document, &json, &wish));
    MerchantAdd add = { .currency = CURRENCY_CNY };
    AdminCertificate certificate;
    TRY(admin_take_key(house, &wish, &add.key, &certificate));
    admin_actor(add.actor, sizeof(add.actor), asker);
    passage_text(add.merchant.mchid, sizeof(add.merchant.mchid), json.mchid);
    passage_text(add.merchant.name, sizeof(add.merchant.name), json.name);
    add.merchant.suite = add.key.algorithm == KEY_SM2 ? MERCHANT_SM2 : MERCHANT_RSA;
    add.merchant.limit_minor = json.limit_minor;
    TRY(account_id_draw(&house->random, &add.merchant.account));
    pthread_mutex_lock(&admin->enrolling);
    const Status s = let_merchant_in(house, &json, &add);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_text(w, "mchid", span_of_text(add.merchant.mchid));
    json_key_text(w, "serial", span_of_text(add.key.serial));
    json_key_int(w, "account", add.merchant.account);
    admin_key_certificate(w, &certificate);
    return OK;
}

typedef struct PayerJson {
    Span operation;
    Span payer_id;
    Span box;
    Span nonce;
    int64_t balance_minor;
} PayerJson;

static const JsonField payer_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(PayerJson, operation) },
    { "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, PLACE(PayerJson, payer_id) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, PLACE(PayerJson, box) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES, PLACE(PayerJson, nonce) },
    { "balance_minor", JSON_INT, true, 0, LEDGER_MINOR_MAX, PLACE(PayerJson, balance_minor) },
};

/* The PIN becomes a verifier record inside vaultd; it goes to the domain store by the payer's id
 * (TP-6). One that is there is of a try that wrote no row: vaultd replaces it only for who knows
 * it. */
static Status keep_pin(House *house, const PayerJson *json)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t nonce_bytes[BOX_NONCE_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    TRY(admin_bytes(json->box, &box));
    TRY(hex_decode(json->nonce, &nonce));
    TRY(challenge_check(house, nonce_bytes));
    const WirePinSet set = { .box = span_of_buffer(&box),
        .payer = json->payer_id,
        .nonce = span_of_buffer(&nonce),
        .now_us = clock_now_us(&house->clock) };
    return payer_set_pin(house, &set);
}

static Status let_payer_in(House *house, const PayerJson *json, PayerAdd *add)
{
    TRY(must_be_free(house, SPAN(""), json->payer_id));
    TRY(keep_pin(house, json));
    payer_add_unit(add, NULL);
    return unit_wait(house->batcher, &add->unit);
}

Status admin_payer_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    PayerJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), payer_fields,
            sizeof(payer_fields) / sizeof(payer_fields[0]), &json, &problem));
    REQUIRE(payer_id_is_valid(json.payer_id), REFUSED_ORDER_FIELD);
    PayerAdd add = { .opening = { json.balance_minor, CURRENCY_CNY } };
    admin_actor(add.actor, sizeof(add.actor), asker);
    passage_text(add.payer.id, sizeof(add.payer.id), json.payer_id);
    TRY(account_id_draw(&house->random, &add.payer.account));
    pthread_mutex_lock(&admin->enrolling);
    const Status s = let_payer_in(house, &json, &add);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_text(w, "payer_id", span_of_text(add.payer.id));
    json_key_int(w, "account", add.payer.account);
    return OK;
}

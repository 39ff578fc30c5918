/* Callers of the vault's service come in, are listed, and go (api/admin.h). The certificate that a
 * new one gets back is for its own key: we never see the private half. */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "payment/caller_enrol.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

typedef struct CallerJson {
    Span operation;
    Span name;
    Span tenant;
    Span key_pem;
    const JsonValue *rights;
} CallerJson;

#define PLACE(member) offsetof(CallerJson, member)

static const JsonField add_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "name", JSON_TEXT, true, 1, CALLER_NAME_BYTES_MAX, PLACE(name) },
    { "tenant", JSON_TEXT, true, 1, CALLER_TENANT_BYTES_MAX, PLACE(tenant) },
    { "key_pem", JSON_TEXT, true, 1, SIGN_KEY_PEM_BYTES_MAX, PLACE(key_pem) },
    { "rights", JSON_LIST, true, 1, 16, PLACE(rights) },
};

static const JsonField revoke_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "name", JSON_TEXT, true, 1, CALLER_NAME_BYTES_MAX, PLACE(name) },
};

static Status read_rights(const JsonDocument *document, const CallerJson *json, uint32_t *ret)
{
    JsonProblem problem = { 0 };
    *ret = 0;
    for (size_t i = 0; i < json_list_size(json->rights); i++) {
        Span name = { 0 };
        TRY(json_list_text(document, json->rights, i, 32, &name, &problem));
        const uint32_t right = caller_right_of(name);
        REQUIRE(right != 0, REFUSED_CALLER_FIELD);
        *ret |= right;
    }
    return OK;
}

/* The certificate for the key in this PEM (a public key or a request); its key's print and end. */
static Status certify(
        House *house, const CallerJson *json, Caller *caller, Buffer *ret_pem, Buffer *ret_ca_pem)
{
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    uint8_t memory_bytes[2 * CERTIFICATE_DER_BYTES_MAX + 64];
    Buffer spki = BUFFER_OF(spki_bytes);
    Buffer memory = BUFFER_OF(memory_bytes);
    Span leaf_der = { 0 };
    Span ca_der = { 0 };
    CLEANUP(public_key_free) PublicKey *key = NULL;
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(certificate_free) Certificate *ca = NULL;
    TRY(public_key_from_pem(json->key_pem, &key));
    TRY(public_key_to_spki(key, &spki));
    TRY(vaultclient_caller_leaf(
            house->vault, span_of_buffer(&spki), json->name, &memory, &leaf_der, &ca_der));
    TRY(certificate_from_der(leaf_der, &leaf));
    TRY(certificate_from_der(ca_der, &ca));
    TRY(certificate_to_pem(leaf, ret_pem));
    TRY(certificate_to_pem(ca, ret_ca_pem));
    public_key_fingerprint(key, caller->key);
    caller->expires_us = certificate_not_after_us(leaf);
    return OK;
}

/* One at a time, and the key is seen to be free before a row says whose it is. */
static Status let_in(House *house, CallerAdd *add)
{
    REQUIRE(!caller_list_key_is_taken(house->callers, add->caller.key, add->caller.name),
            REFUSED_CALLER_EXISTS);
    caller_add_unit(add, NULL);
    TRY(unit_wait(house->batcher, &add->unit));
    return caller_list_put(house->callers, &add->caller);
}

static Status read_caller(const JsonDocument *document, CallerJson *json, uint32_t *ret_rights)
{
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), add_fields,
            sizeof(add_fields) / sizeof(add_fields[0]), json, &problem));
    REQUIRE(caller_name_is_valid(json->name), REFUSED_CALLER_FIELD);
    REQUIRE(caller_tenant_is_valid(json->tenant), REFUSED_CALLER_FIELD);
    return read_rights(document, json, ret_rights);
}

Status admin_caller_add_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    CallerJson json = { 0 };
    uint32_t rights = 0;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(read_caller(document, &json, &rights));
    TRY(detect_free_text(json.key_pem)); /* also what stands around the key */
    return public_key_from_pem(json.key_pem, &key);
}

Status admin_caller_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CallerJson json = { 0 };
    uint8_t pem_bytes[CERTIFICATE_PEM_BYTES_MAX];
    uint8_t ca_bytes[CERTIFICATE_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer ca = BUFFER_OF(ca_bytes);
    CallerAdd add = { 0 };
    TRY(read_caller(document, &json, &add.caller.rights));
    admin_actor(add.actor, sizeof(add.actor), asker);
    passage_text(add.caller.name, sizeof(add.caller.name), json.name);
    passage_text(add.caller.tenant, sizeof(add.caller.tenant), json.tenant);
    TRY(certify(house, &json, &add.caller, &pem, &ca));
    pthread_mutex_lock(&admin->enrolling);
    const Status s = let_in(house, &add);
    pthread_mutex_unlock(&admin->enrolling);
    TRY(s);
    json_key_text(w, "name", span_of_text(add.caller.name));
    json_key_int(w, "expires_us", add.caller.expires_us);
    json_key_text(w, "certificate_pem", span_of_buffer(&pem));
    json_key_text(w, "authority_pem", span_of_buffer(&ca));
    return OK;
}

Status admin_caller_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CallerJson json = { 0 };
    JsonProblem problem = { 0 };
    CallerRevoke work = { 0 };
    TRY(json_read_request(document, json_root(document), revoke_fields, 2, &json, &problem));
    REQUIRE(caller_name_is_valid(json.name), REFUSED_CALLER_FIELD);
    admin_actor(work.actor, sizeof(work.actor), asker);
    passage_text(work.caller.name, sizeof(work.caller.name), json.name);
    caller_revoke_unit(&work, NULL);
    TRY(unit_wait(house->batcher, &work.unit));
    TRY(caller_list_put(house->callers, &work.caller));
    json_key_text(w, "revoked", span_of_text(work.caller.name));
    return OK;
}

static const char *state_of(const Caller *caller, int64_t now_us)
{
    if (caller->status != STATUS_LIVE) return "revoked";
    return caller->expires_us > now_us ? "live" : "expired";
}

Status admin_caller_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    Caller callers[CALLERS_MAX];
    const size_t count = caller_list_all(house->callers, callers);
    const int64_t now_us = clock_now_us(&house->clock);
    json_key_array(w, "callers");
    for (size_t i = 0; i < count; i++) {
        uint8_t rights_bytes[128];
        Buffer rights = BUFFER_OF(rights_bytes);
        TRY(caller_rights_put(callers[i].rights, &rights));
        json_open_object(w);
        json_key_text(w, "name", span_of_text(callers[i].name));
        json_key_text(w, "tenant", span_of_text(callers[i].tenant));
        json_key_text(w, "rights", span_of_buffer(&rights));
        json_key_text(w, "state", span_of_text(state_of(&callers[i], now_us)));
        json_key_int(w, "expires_us", callers[i].expires_us);
        json_close(w);
    }
    json_close(w);
    return OK;
}

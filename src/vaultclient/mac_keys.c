#include "vaultclient/mac_keys.h"

#include "vaultclient/client_internal.h"
#include "vaultclient/domain_inside.h"

static const char put_record[] = "INSERT INTO mac_key(tenant, name, sealed) VALUES (?1, ?2, ?3) "
                                 "ON CONFLICT(tenant, name) DO UPDATE SET sealed = excluded.sealed";
static const char get_record[] = "SELECT sealed FROM mac_key WHERE tenant = ?1 AND name = ?2";

static Status ask_for_record(VaultClient *client, const WireMacKeySet *set, Buffer *ret_record)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_mac_key_set(&slot->request, set));
    return slot_ask(slot, VAULT_MAC_KEY_SET, ret_record);
}

Status mac_keys_set(const MacKeyStore *store, const WireMacKeySet *set)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    TRY(ask_for_record(store->vault, set, &record));
    const Value values[] = { VALUE_OF_TEXT(set->tenant), VALUE_OF_TEXT(set->name),
        VALUE_OF_BYTES(span_of_buffer(&record)) };
    return domain_put_record(store->domain, CLASS_SIGNING_KEY, FORM_ENCRYPT, put_record, values, 3);
}

static Status use(const MacKeyStore *store, const WireKeyMac *wanted, Buffer *ret_answer)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    WireKeyMac asked = *wanted;
    CLEANUP(slot_give) Slot *slot = NULL;
    const Value keys[] = { VALUE_OF_TEXT(wanted->tenant), VALUE_OF_TEXT(wanted->name) };
    const Status found = domain_get_record(store->domain, get_record, keys, 2, &record);
    REQUIRE(!status_is(found, (StatusCode)REFUSED_ROW_MISSING), REFUSED_KEY_UNKNOWN);
    TRY(found);
    asked.record = span_of_buffer(&record);
    TRY(slot_take(store->vault, &slot));
    TRY(wire_put_key_mac(&slot->request, &asked));
    return slot_ask(slot, VAULT_KEY_MAC, ret_answer);
}

Status mac_keys_make(
        const MacKeyStore *store, const WireKeyMac *wanted, uint8_t ret_mac[WIRE_MAC_BYTES])
{
    Buffer answer = { ret_mac, 0, WIRE_MAC_BYTES };
    ASSERT(wanted->mac.size == 0);
    TRY(use(store, wanted, &answer));
    REQUIRE(answer.size == WIRE_MAC_BYTES, REFUSED_IPC_FORMAT);
    return OK;
}

Status mac_keys_verify(const MacKeyStore *store, const WireKeyMac *wanted, bool *ret_right)
{
    uint8_t bytes[WIRE_MAC_BYTES];
    Buffer answer = BUFFER_OF(bytes);
    ASSERT(wanted->mac.size == WIRE_MAC_BYTES);
    const Status s = use(store, wanted, &answer);
    *ret_right = status_ok(s);
    return status_is(s, (StatusCode)REFUSED_SIGNATURE_INVALID) ? OK : s;
}

#include "vaultclient/policy.h"

#include "vaultclient/client_internal.h"

MUST_USE static Status put_approvals(Slot *slot, const WireApproval approvals[2])
{
    TRY(wire_put_approval(&slot->request, &approvals[0]));
    return wire_put_approval(&slot->request, &approvals[1]);
}

Status vaultclient_policy_set(VaultClient *client, const WireApproval approvals[2], Span blob)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(slot, approvals));
    TRY(buffer_put_framed(&slot->request, blob));
    return slot_ask(slot, VAULT_POLICY_SET, &slot->answer);
}

static Status take_policy(Cursor *c, VaultPolicy *ret)
{
    TRY(wire_take_policy_book(c, &ret->book));
    ret->found = c->rest.size > 0;
    if (ret->found) TRY(wire_take_policy_set(c, &ret->set));
    REQUIRE(status_ok(cursor_end(c)), REFUSED_IPC_FORMAT);
    return OK;
}

Status vaultclient_policy_get(
        VaultClient *client, uint32_t index, Buffer *memory, VaultPolicy *ret_policy)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const size_t before = memory->size;
    VaultPolicy policy = { 0 };
    TRY(slot_take(client, &slot));
    TRY(buffer_put_u32(&slot->request, index));
    TRY(slot_ask(slot, VAULT_POLICY_GET, memory));
    Cursor c = cursor_of((Span) { memory->data + before, memory->size - before });
    TRY(take_policy(&c, &policy));
    *ret_policy = policy;
    return OK;
}

Status vaultclient_policy_adopt(VaultClient *client)
{
    uint8_t bytes[WIRE_POLICY_BYTES_MAX + 1024];
    Buffer memory = BUFFER_OF(bytes);
    VaultPolicy policy;
    PolicyBlob blob = { .version = 1 };
    TRY(vaultclient_policy_get(client, 0, &memory, &policy));
    if (policy.found) TRY(policy_blob_read(policy.set.blob, &blob));
    policy_adopt(policy_of_process(), &blob);
    return OK;
}

Status vaultclient_policy_walk(VaultClient *client, VaultPolicyVisit visit, void *context)
{
    uint8_t bytes[WIRE_POLICY_BYTES_MAX + 1024];
    VaultPolicy policy = { .found = true };
    for (uint32_t index = 0; policy.found; index++) {
        Buffer memory = BUFFER_OF(bytes);
        PolicyBlob blob;
        TRY(vaultclient_policy_get(client, index, &memory, &policy));
        if (!policy.found) break;
        TRY(policy_blob_read(policy.set.blob, &blob));
        TRY(visit(context, &policy.set, &blob, policy.book.now_us));
    }
    return OK;
}

Status vaultclient_expiry_grant(
        VaultClient *client, const WireApproval approvals[2], const WireExpiryGrant *grant)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(slot, approvals));
    TRY(wire_put_expiry_grant(&slot->request, grant));
    return slot_ask(slot, VAULT_EXPIRY_GRANT, &slot->answer);
}

Status vaultclient_expiry_end(VaultClient *client, const WireExpiryName *name)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_expiry_name(&slot->request, name));
    return slot_ask(slot, VAULT_EXPIRY_END, &slot->answer);
}

Status vaultclient_expiry_look(
        VaultClient *client, const WireExpiryName *name, Buffer *memory, WireExpiryLook *ret_look)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const size_t before = memory->size;
    TRY(slot_take(client, &slot));
    TRY(wire_put_expiry_name(&slot->request, name));
    TRY(slot_ask(slot, VAULT_EXPIRY_LOOK, memory));
    Cursor c = cursor_of((Span) { memory->data + before, memory->size - before });
    TRY(wire_take_expiry_look(&c, ret_look));
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_IPC_FORMAT);
    return OK;
}

Status vaultclient_expiry_list(
        VaultClient *client, uint32_t position, Buffer *memory, VaultExpiryPage *ret_page)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const size_t before = memory->size;
    TRY(slot_take(client, &slot));
    TRY(buffer_put_u32(&slot->request, position));
    TRY(slot_ask(slot, VAULT_EXPIRY_LIST, memory));
    Cursor c = cursor_of((Span) { memory->data + before, memory->size - before });
    TRY(wire_take_expiry_page(&c, &ret_page->page));
    TRY(wire_take_count(&c, WIRE_EXPIRY_PAGE_MAX, &ret_page->count));
    for (uint32_t i = 0; i < ret_page->count; i++)
        TRY(wire_take_expiry_listed(&c, &ret_page->grants[i]));
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_IPC_FORMAT);
    return OK;
}

#pragma once
/*
 * client_internal: one slot of the pool, inside this room. A slot belongs to one call at a time.
 *
 *     CLEANUP(slot_give) Slot *slot = NULL;
 *     TRY(slot_take(client, &slot));
 *     TRY(wire_put_…(&slot->request, …));
 *     TRY(slot_ask(slot, VAULT_…, ret_answer));
 */
#include "ipc/channel.h"
#include "vaultclient/client.h"

typedef struct Slot {
    VaultClient *client;
    void *link; /* of the client's dialler; NULL: not connected */
    uint64_t generation; /* of the client when it was connected */
    Buffer request;
    Buffer answer; /* for calls that copy their answer out */
    struct Slot *next_free;
} Slot;

/* A free slot with empty buffers. Refuses REFUSED_VAULT_BUSY. Faults FAULT_MEMORY. */
MUST_USE Status slot_take(VaultClient *client, Slot **ret_slot);
void slot_give(Slot **slot);
/* Send slot->request; the answer is appended. On refusal ret_answer has its old size. */
MUST_USE Status slot_ask(Slot *slot, VaultOperation operation, Buffer *ret_answer);
/* The same for a request that is not in the slot. */
MUST_USE Status slot_ask_span(
        Slot *slot, VaultOperation operation, Span request, Buffer *ret_answer);

#pragma once
/*
 * policy: the vault's book of policies, asked from outside: who set what, what is in force, and the
 * grants for card expiry (ipc/policy_wire.h).
 */
#include "ipc/policy_wire.h"
#include "policy/amend.h"
#include "vaultclient/client.h"

/* Two operators' approvals of "set-policy" over SHA-256 of the blob. */
MUST_USE Status vaultclient_policy_set(
        VaultClient *client, const WireApproval approvals[2], Span blob);

typedef struct VaultPolicy {
    WirePolicyBook book;
    bool found; /* there are more than `index` sets */
    WirePolicySet set; /* borrowed from the memory */
} VaultPolicy;
/* `index` 0 is the newest. `memory` gets the answer; WIRE_POLICY_BYTES_MAX + 1024 is enough.
 * Refuses REFUSED_IPC_FORMAT. */
MUST_USE Status vaultclient_policy_get(
        VaultClient *client, uint32_t index, Buffer *memory, VaultPolicy *ret_policy);

/* Put what the vault has in force into policy_in_force() of this process. */
MUST_USE Status vaultclient_policy_adopt(VaultClient *client);

/* Every set that the vault remembers, the newest first: the audit report's list of overrides.
 * What `visit` returns ends the walk unless OK. */
typedef Status (*VaultPolicyVisit)(
        void *context, const WirePolicySet *set, const PolicyBlob *blob, int64_t now_us);
MUST_USE Status vaultclient_policy_walk(VaultClient *client, VaultPolicyVisit visit, void *context);

MUST_USE Status vaultclient_expiry_grant(
        VaultClient *client, const WireApproval approvals[2], const WireExpiryGrant *grant);
MUST_USE Status vaultclient_expiry_end(VaultClient *client, const WireExpiryName *name);
MUST_USE Status vaultclient_expiry_look(
        VaultClient *client, const WireExpiryName *name, Buffer *memory, WireExpiryLook *ret_look);

/* One page of all grants; `memory` gets the answer, VAULTCLIENT_ANSWER_BYTES_MAX is enough. Begin
 * with position 0, go on at page.next until page.last. Refuses REFUSED_IPC_FORMAT. */
typedef struct VaultExpiryPage {
    WireExpiryPage page;
    WireExpiryListed grants[WIRE_EXPIRY_PAGE_MAX]; /* borrowed from the memory */
    uint32_t count;
} VaultExpiryPage;
MUST_USE Status vaultclient_expiry_list(
        VaultClient *client, uint32_t position, Buffer *memory, VaultExpiryPage *ret_page);

#pragma once
/*
 * claims: "are these rows, as I read them, the ones that were last sealed?", asked of vaultd in one
 * message.
 *
 * The guard asks for a batch (guard.h). vaultclient_verify() asks for rows that were read outside
 * of one: the rolling check of append-only rows. Floor 3. No shared state.
 */
#include "store/batch.h"
#include "vaultclient/client.h"

/*
 * One verdict a claim: OK, ROW_SEAL_MISMATCH, ROW_ROLLED_BACK, ROW_DELETED, ROW_FROZEN,
 * ROW_INVALID, BATCH_OUT_OF_ORDER (vaultd has not been told yet that this revision was committed).
 * A mismatch freezes the row in vaultd, durably.
 *
 * count  1..WIRE_CLAIMS_MAX, together at most VAULTCLIENT_REQUEST_BYTES_MAX (else BUFFER_FULL)
 *
 * Refuses what every call refuses (client.h), VAULT_NOT_READY (vaultd was restarted and not shown
 * the store yet: the next batch does that). Unless OK, ret_verdicts are not to be looked at.
 */
MUST_USE Status vaultclient_verify(
        VaultClient *client, const RowClaim *claims, size_t count, Status *ret_verdicts);

/* --- for the guard --- */
/* A stored seal of another size was never ours: an empty one says so, and fails that row alone. */
Span claims_seal(Span seal);
MUST_USE Status claims_put(Buffer *request, const RowClaim *claims, size_t count);
MUST_USE Status claims_take(Span answer, size_t count, Status *ret_verdicts);

#pragma once
/*
 * claims: "are these rows, as I read them, the ones that were last sealed?", asked of vaultd in one
 * message.
 *
 * The guard asks for a batch (guard.h). The rolling check of append-only rows asks outside of one:
 * it shows vaultd a whole table in key order, and hears at the end whether a row is gone
 * (vault/roll.h). Floor 3. No shared state.
 */
#include "store/batch.h"
#include "vaultclient/client.h"

typedef struct VaultRoll {
    uint64_t number;
    int64_t below; /* the walk may end behind the rows of earlier batches */
    uint64_t seen;
} VaultRoll;

typedef struct VaultRollFinding { /* OK unless the page was the last one */
    Status verdict; /* OK, ROW_DELETED, ROW_DUPLICATED; ROW_FROZEN: named by their keys */
    uint64_t since; /* the walk that first found this very difference */
} VaultRollFinding;

/* Begin a walk along an append-only table, before its first row is read; an earlier walk ends.
 * Refuses what every call refuses (client.h), VAULT_NOT_READY (vaultd was restarted and not shown
 * the store yet: the next batch does that). */
MUST_USE Status vaultclient_roll_begin(
        VaultClient *client, const Table *table, VaultRoll *ret_roll);
/*
 * The next rows in key order. One verdict a claim: OK, ROW_SEAL_MISMATCH, ROW_ROLLED_BACK,
 * ROW_DUPLICATED, ROW_FROZEN, ROW_INVALID, BATCH_OUT_OF_ORDER (vaultd has not been told yet that
 * this revision was committed). A mismatch freezes the row in vaultd, durably.
 *
 * count  0..WIRE_CLAIMS_MAX, together at most VAULTCLIENT_REQUEST_BYTES_MAX (else BUFFER_FULL)
 * last   no row of an earlier batch comes behind these
 *
 * Refuses as above; BATCH_OUT_OF_ORDER when vaultd is not in this walk or not at this place: begin
 * again. Unless OK, what is returned is not to be looked at, and the same rows may be shown again.
 */
MUST_USE Status vaultclient_roll_rows(VaultClient *client, VaultRoll *roll, const RowClaim *claims,
        size_t count, bool last, Status *ret_verdicts, VaultRollFinding *ret_finding);

/* --- for the guard --- */
/* A stored seal of another size was never ours: an empty one says so, and fails that row alone. */
Span claims_seal(Span seal);
MUST_USE Status claims_put(Buffer *request, const RowClaim *claims, size_t count);
MUST_USE Status claims_take(Span answer, size_t count, Status *ret_verdicts);

#include "vaultclient/guard.h"

#include "ipc/channel.h"
#include "vaultclient/claims.h"

#include <stdatomic.h>
#include <stdlib.h>

enum {
    GUARD_REQUEST_BYTES_MAX = CHANNEL_PAYLOAD_BYTES_MAX,
    GUARD_ANSWER_BYTES_MAX = WIRE_CHANGES_MAX * WIRE_SEAL_BYTES + WIRE_LEAF_BYTES_MAX + 4096,
    GUARD_MEMORY_BYTES = 4096, /* of the status after a scan */
};
_Static_assert((int)SEAL_BYTES == (int)WIRE_SEAL_BYTES, "a seal is a seal");
_Static_assert((int)BATCH_ROWS_MAX <= (int)WIRE_CHANGES_MAX, "a batch fits into one message");
_Static_assert((int)BATCH_ROWS_MAX <= (int)WIRE_CLAIMS_MAX, "so do its claims");

struct VaultGuard {
    VaultGuardConfig config;
    uint64_t epoch;
    uint64_t asked; /* the lease a broken scan asked for: perhaps taken, then it is ours too */
    atomic_bool lost;
    Buffer request;
    Buffer answer; /* holds the leaf of the last prepare until the next call */
};

Status vaultclient_guard_open(const VaultGuardConfig *config, VaultGuard **ret_guard)
{
    VaultGuard *guard = calloc(1, sizeof(*guard));
    CHECK(guard != NULL, FAULT_MEMORY);
    guard->config = *config;
    guard->epoch = config->epoch;
    guard->asked = config->epoch;
    guard->request = (Buffer) { malloc(GUARD_REQUEST_BYTES_MAX), 0, GUARD_REQUEST_BYTES_MAX };
    guard->answer = (Buffer) { malloc(GUARD_ANSWER_BYTES_MAX), 0, GUARD_ANSWER_BYTES_MAX };
    if (guard->request.data == NULL || guard->answer.data == NULL) {
        vaultclient_guard_close(guard);
        return BROKEN(FAULT_MEMORY);
    }
    *ret_guard = guard;
    return OK;
}

void vaultclient_guard_close(VaultGuard *guard)
{
    if (guard == NULL) return;
    free(guard->request.data);
    free(guard->answer.data);
    free(guard);
}

uint64_t vaultclient_guard_epoch(const VaultGuard *guard) { return guard->epoch; }

bool vaultclient_guard_lost(const VaultGuard *guard) { return guard->lost; }

/* If vaultd knows of a lease that is not ours, somebody else serves now. */
MUST_USE static Status check_lease(VaultGuard *guard, Buffer *memory, WireStatus *ret_status)
{
    TRY(vaultclient_status(guard->config.client, memory, ret_status));
    const bool ours = ret_status->epoch == guard->epoch || ret_status->epoch == guard->asked;
    if (!ours) guard->lost = true;
    REQUIRE(ours, REFUSED_EPOCH_FENCED);
    return OK;
}

MUST_USE static Status ask(VaultGuard *guard, VaultOperation operation)
{
    guard->answer.size = 0;
    const Status s = vaultclient_ask(
            guard->config.client, operation, span_of_buffer(&guard->request), &guard->answer);
    if (!status_is(s, REFUSED_EPOCH_FENCED)) return s;
    uint8_t bytes[GUARD_MEMORY_BYTES];
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status = { 0 };
    IGNORE(check_lease(guard, &memory, &status), "refused either way; this says whether for good");
    return s;
}

/* vaultd was restarted: show it the store once more. Both questions of a batch come before its
 * first write, so what is scanned is the committed state. */
MUST_USE static Status scan_again(VaultGuard *guard)
{
    uint8_t bytes[GUARD_MEMORY_BYTES];
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status = { 0 };
    TRY(check_lease(guard, &memory, &status));
    guard->epoch = status.epoch;
    guard->asked = status.epoch + 1;
    memory.size = 0;
    const Status scanned = vaultclient_scan(
            guard->config.client, guard->config.store, &guard->config.scan, &memory, &status);
    if (status_is(scanned, REFUSED_EPOCH_FENCED)) guard->asked = guard->epoch;
    TRY(scanned);
    guard->epoch = status.epoch;
    return OK;
}

/* Fenced by a lease that we asked for ourselves: a scan whose end we did not hear. vaultd is ready
 * then, and nothing but another scan tells that it was ours. */
static bool is_behind(const VaultGuard *guard, Status s)
{
    return status_is(s, REFUSED_EPOCH_FENCED) && !guard->lost;
}

/* --- verify --- */

static Status guard_verify(
        void *context, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    VaultGuard *guard = context;
    guard->request.size = 0;
    TRY(claims_put(&guard->request, claims, count));
    Status status = ask(guard, VAULT_VERIFY);
    if (status_is(status, REFUSED_VAULT_NOT_READY)) {
        TRY(scan_again(guard));
        status = ask(guard, VAULT_VERIFY);
    }
    TRY(status);
    return claims_take(span_of_buffer(&guard->answer), count, ret_verdicts);
}

/* --- prepare --- */

MUST_USE static Status put_draft(VaultGuard *guard, const BatchDraft *draft)
{
    const WireDraftHead head = {
        .epoch = guard->epoch,
        .batch = draft->batch,
        .time_us = draft->time_us,
        .events = draft->events,
    };
    guard->request.size = 0;
    TRY(wire_put_draft_head(&guard->request, &head));
    TRY(wire_put_count(&guard->request, draft->change_count, WIRE_CHANGES_MAX));
    for (size_t i = 0; i < draft->change_count; i++) {
        const RowChange *change = &draft->changes[i];
        const WireChange wire = { change->old_image, claims_seal(change->old_seal),
            change->new_image };
        TRY(wire_put_change(&guard->request, &wire));
    }
    return OK;
}

MUST_USE static Status take_sealed(const VaultGuard *guard, size_t count, BatchSealed *ret_sealed)
{
    Cursor c = cursor_of(span_of_buffer(&guard->answer));
    uint32_t answered = 0;
    Span seals = { 0 };
    WireSealed sealed = { 0 };
    REQUIRE(status_ok(cursor_u32(&c, &answered)) && answered == count, REFUSED_IPC_FORMAT);
    REQUIRE(status_ok(cursor_take(&c, count * SEAL_BYTES, &seals)), REFUSED_IPC_FORMAT);
    REQUIRE(status_ok(wire_take_sealed(&c, &sealed)), REFUSED_IPC_FORMAT);
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_IPC_FORMAT);
    if (count > 0) memcpy(ret_sealed->seals, seals.data, seals.size);
    memcpy(ret_sealed->salt, sealed.salt, sizeof(ret_sealed->salt));
    memcpy(ret_sealed->leaf_hash, sealed.leaf_hash, sizeof(ret_sealed->leaf_hash));
    memcpy(ret_sealed->root, sealed.root, sizeof(ret_sealed->root));
    ret_sealed->leaf = sealed.leaf;
    return OK;
}

static Status guard_prepare(void *context, const BatchDraft *draft, BatchSealed *ret_sealed)
{
    VaultGuard *guard = context;
    ASSERT(draft->change_count <= WIRE_CHANGES_MAX);
    TRY(put_draft(guard, draft));
    Status status = ask(guard, VAULT_PREPARE);
    if (status_is(status, REFUSED_VAULT_NOT_READY) || is_behind(guard, status)) {
        TRY(scan_again(guard));
        TRY(put_draft(guard, draft)); /* with the new lease */
        status = ask(guard, VAULT_PREPARE);
    }
    TRY(status);
    return take_sealed(guard, draft->change_count, ret_sealed);
}

/* --- after the commit --- */

MUST_USE static Status say(VaultGuard *guard, VaultOperation operation, int64_t batch)
{
    guard->request.size = 0;
    TRY(buffer_put_u64(&guard->request, guard->epoch));
    TRY(buffer_put_i64(&guard->request, batch));
    return ask(guard, operation);
}

/* What is shown then is the committed state here as well, and vaultd finds out by it how the batch
 * ended; to be told it again is nothing new. */
MUST_USE static Status settle(VaultGuard *guard, VaultOperation operation, int64_t batch)
{
    const Status s = say(guard, operation, batch);
    if (!is_behind(guard, s)) return s;
    TRY(scan_again(guard));
    return say(guard, operation, batch);
}

static Status guard_confirm(void *context, int64_t batch)
{
    return settle(context, VAULT_CONFIRM, batch);
}

static Status guard_abort(void *context, int64_t batch)
{
    return settle(context, VAULT_ABORT, batch);
}

/* --- what others bring --- */

static Status guard_append(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    const VaultGuardConfig *config = &((VaultGuard *)context)->config;
    return config->append(config->append_context, store, draft, sealed);
}

static Status guard_committed(void *context, Store *store, int64_t *ret_batches)
{
    const VaultGuardConfig *config = &((VaultGuard *)context)->config;
    return config->committed(config->committed_context, store, ret_batches);
}

static void guard_alarm(void *context, const Table *table, Span key, Status verdict)
{
    const VaultGuardConfig *config = &((VaultGuard *)context)->config;
    config->alarm(config->alarm_context, table, key, verdict);
}

BatchGuard vaultclient_guard(VaultGuard *guard)
{
    return (BatchGuard) {
        .context = guard,
        .verify = guard_verify,
        .prepare = guard_prepare,
        .confirm = guard_confirm,
        .abort = guard_abort,
        .append = guard_append,
        .alarm = guard->config.alarm == NULL ? NULL : guard_alarm,
        .committed = guard->config.committed == NULL ? NULL : guard_committed,
    };
}

#pragma once
/*
 * peer: a vaultd for this room's tests: a real service on a real socket that keeps no secrets and
 * answers by rote. It can be stopped, started again (then it has forgotten its scan, as vaultd
 * has), and made to misbehave.
 */
#include "base/expect.h"
#include "ipc/service.h"
#include "ipc/vault_wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Peer {
    char path[EXPECT_PATH_BYTES];
    Service *service;
    pthread_t thread;
    /* state, changed by one worker or while stopped */
    bool ready;
    uint64_t epoch;
    uint32_t rows; /* of the running scan */
    uint32_t leaves;
    uint32_t messages; /* of rows */
    uint32_t empty_seals;
    size_t largest; /* message of the scan */
    int64_t confirmed;
    int64_t aborted;
    Status scan_end; /* what SCAN_END answers */
    Status scan_answer; /* ... when all is done: what is heard instead of the answer */
    uint64_t rolls;
    uint64_t rolled; /* rows of the last one */
    bool freeze_first; /* name the first row of each message as frozen */
    bool short_answer; /* cut one byte off each answer */
    atomic_int calls[VAULT_OPERATION_COUNT];
} Peer;

static Status peer_status(Peer *peer, Buffer *answer)
{
    const WireStatus status = {
        .custody = SPAN("development"),
        .ready = peer->ready,
        .epoch = peer->epoch,
        .tracked_rows = peer->rows,
        .tree_size = peer->leaves,
    };
    return wire_put_status(answer, &status);
}

static Status peer_rows(Peer *peer, Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    Span first_key = { 0 };
    TRY(cursor_u32(&c, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireScanRow row = { 0 };
        RowView view;
        TRY(wire_take_scan_row(&c, &row));
        TRY(row_parse(row.image, &view));
        if (row.seal.size == 0) peer->empty_seals++;
        if (i == 0) first_key = view.key;
    }
    TRY(cursor_end(&c));
    peer->rows += count;
    peer->messages++;
    if (request.size > peer->largest) peer->largest = request.size;
    TRY(buffer_put_u32(answer, peer->freeze_first ? 1 : 0));
    return peer->freeze_first ? buffer_put_framed(answer, first_key) : OK;
}

static Status peer_verify(Peer *peer, Span request, Buffer *answer)
{
    REQUIRE(peer->ready, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(cursor_u32(&c, &count));
    TRY(buffer_put_u32(answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireClaim claim = { 0 };
        TRY(wire_take_claim(&c, &claim));
        TRY(buffer_put_u32(answer, 0));
    }
    return cursor_end(&c);
}

static Status peer_roll_begin(Peer *peer, Buffer *answer)
{
    REQUIRE(peer->ready, REFUSED_VAULT_NOT_READY);
    peer->rolled = 0;
    return wire_put_roll(answer, &(WireRoll) { ++peer->rolls, 7 });
}

static Status peer_roll_rows(Peer *peer, Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    WireRollPage page = { 0 };
    TRY(wire_take_roll_page(&c, &page));
    REQUIRE(page.number == peer->rolls && page.seen == peer->rolled, REFUSED_BATCH_OUT_OF_ORDER);
    const size_t before = answer->size;
    TRY(peer_verify(peer, c.rest, answer));
    peer->rolled += (answer->size - before - 4) / 4;
    TRY(buffer_put_u32(answer, page.last ? REFUSED_ROW_DELETED : 0));
    return buffer_put_u64(answer, page.last ? 3 : 0);
}

static Status peer_prepare(Peer *peer, Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    WireDraftHead head = { 0 };
    uint32_t count = 0;
    TRY(wire_take_draft_head(&c, &head));
    REQUIRE(head.epoch == peer->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(peer->ready, REFUSED_VAULT_NOT_READY);
    TRY(cursor_u32(&c, &count));
    TRY(buffer_put_u32(answer, count));
    uint8_t seal[WIRE_SEAL_BYTES];
    memset(seal, 0xAB, sizeof(seal));
    for (uint32_t i = 0; i < count; i++) {
        WireChange change = { 0 };
        TRY(wire_take_change(&c, &change));
        TRY(buffer_put(answer, SPAN_OF(seal)));
    }
    TRY(cursor_end(&c));
    const WireSealed sealed = {
        .salt = { 1 }, .leaf_hash = { 2 }, .root = { 3 }, .leaf = SPAN("leaf")
    };
    return wire_put_sealed(answer, &sealed);
}

/* The "signature" of a message: its size and first byte. */
static Status peer_sign(Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(cursor_u32(&c, &count));
    TRY(buffer_put_u32(answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireSignItem item = { 0 };
        TRY(wire_take_sign_item(&c, &item));
        TRY(buffer_put_u32(answer, 6));
        TRY(buffer_put_u8(answer, item.key));
        TRY(buffer_put_u32(answer, (uint32_t)item.message.size));
        TRY(buffer_put_u8(answer, item.message.data[0]));
    }
    return cursor_end(&c);
}

static Status peer_begin(Peer *peer, Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    uint64_t epoch = 0;
    TRY(cursor_u64(&c, &epoch));
    REQUIRE(epoch > peer->epoch, REFUSED_EPOCH_FENCED);
    peer->epoch = epoch;
    peer->ready = false;
    peer->rows = peer->leaves = peer->messages = 0;
    return buffer_put_u64(answer, epoch);
}

static Status peer_settle(const Peer *peer, Span request, int64_t *ret_batch)
{
    Cursor c = cursor_of(request);
    uint64_t epoch = 0;
    TRY(cursor_u64(&c, &epoch));
    REQUIRE(epoch == peer->epoch, REFUSED_EPOCH_FENCED);
    return cursor_i64(&c, ret_batch);
}

static Status peer_answer(Peer *peer, uint8_t operation, Span request, Buffer *answer)
{
    Cursor c = cursor_of(request);
    switch ((VaultOperation)operation) {
    case VAULT_STATUS: return peer_status(peer, answer);
    case VAULT_SCAN_BEGIN: return peer_begin(peer, request, answer);
    case VAULT_SCAN_ROWS: return peer_rows(peer, request, answer);
    case VAULT_SCAN_LEAVES:
        TRY(cursor_u32(&c, &peer->leaves));
        REQUIRE(c.rest.size == (size_t)peer->leaves * WIRE_HASH_BYTES, REFUSED_IPC_FORMAT);
        return OK;
    case VAULT_SCAN_END:
        TRY(peer->scan_end);
        peer->ready = true;
        TRY(peer->scan_answer);
        return peer_status(peer, answer);
    case VAULT_VERIFY: return peer_verify(peer, request, answer);
    case VAULT_ROLL_BEGIN: return peer_roll_begin(peer, answer);
    case VAULT_ROLL_ROWS: return peer_roll_rows(peer, request, answer);
    case VAULT_PREPARE: return peer_prepare(peer, request, answer);
    case VAULT_CONFIRM: return peer_settle(peer, request, &peer->confirmed);
    case VAULT_ABORT: return peer_settle(peer, request, &peer->aborted);
    case VAULT_SIGN: return peer_sign(request, answer);
    case VAULT_CHECK_PIN: return buffer_put(answer, SPAN("0123456789abcdef"));
    case VAULT_SET_PIN: return buffer_put(answer, SPAN("record"));
    case VAULT_TLS_LEAF:
    case VAULT_WRAP_KEY:
    case VAULT_ENCRYPT_DOWNLINK:
        TRY(buffer_put_framed(answer, SPAN("one")));
        return buffer_put_framed(answer, SPAN("two"));
    case VAULT_ENROLL: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    default: return buffer_put(answer, request);
    }
}

static Status peer_handle(
        void *context, const ServicePeer *who, uint8_t operation, Span request, Buffer *ret_payload)
{
    (void)who;
    Peer *peer = context;
    peer->calls[operation]++;
    TRY(peer_answer(peer, operation, request, ret_payload));
    if (peer->short_answer && ret_payload->size > 0) ret_payload->size--;
    return OK;
}

static int peer_lane(uint8_t operation) { return operation < VAULT_OPERATION_COUNT ? 0 : -1; }

static bool peer_admit(void *context, const ServicePeer *who)
{
    (void)context;
    return who->uid == getuid();
}

static void *peer_serve(void *context)
{
    Peer *peer = context;
    IGNORE(service_run(peer->service), "the test sees what does not answer");
    return NULL;
}

static bool peer_start(Peer *peer)
{
    if (peer->path[0] == '\0') expect_path("peer", peer->path);
    ServiceConfig config = {
        .listener_count = 1,
        .lanes = { { "all", 1, 16 } },
        .lane_count = 1,
        .lane_of = peer_lane,
        .lane_full = REFUSE(REFUSED_VAULT_BUSY),
        .admit = peer_admit,
        .handle = peer_handle,
        .context = peer,
    };
    if (!status_ok(service_listen(peer->path, 0600, -1, &config.listeners[0]))) return false;
    if (!status_ok(service_open(&config, &peer->service))) return false;
    return pthread_create(&peer->thread, NULL, peer_serve, peer) == 0;
}

static void peer_stop(Peer *peer)
{
    service_stop(peer->service);
    pthread_join(peer->thread, NULL);
    service_close(peer->service);
    unlink(peer->path);
    peer->ready = false;
}

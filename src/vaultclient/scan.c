#include "vaultclient/scan.h"

#include <stdlib.h>

/* One row may be the first over the limit, so there is room for it. */
enum { SCAN_ROOM_BYTES = VAULTCLIENT_SCAN_BYTES_MAX + ROW_IMAGE_BYTES_MAX + WIRE_SEAL_BYTES + 8 };

/* One message in the making: its count stands in its first four bytes. */
typedef struct Scan {
    VaultClient *client;
    const VaultScanView *view;
    VaultOperation operation;
    Buffer message;
    uint32_t count;
    Buffer answer;
    uint64_t unreadable; /* rows that make no canonical image */
} Scan;

static void scan_done(Scan *scan)
{
    free(scan->message.data);
    free(scan->answer.data);
}

MUST_USE static Status scan_open(Scan *scan)
{
    scan->message = (Buffer) { malloc(SCAN_ROOM_BYTES), 0, SCAN_ROOM_BYTES };
    /* The answer names rows of the message, so it is never longer. */
    scan->answer = (Buffer) { malloc(SCAN_ROOM_BYTES), 0, SCAN_ROOM_BYTES };
    CHECK(scan->message.data != NULL && scan->answer.data != NULL, FAULT_MEMORY);
    return OK;
}

MUST_USE static Status begin_list(Scan *scan, VaultOperation operation)
{
    scan->operation = operation;
    scan->message.size = 0;
    scan->count = 0;
    return buffer_put_u32(&scan->message, 0);
}

/* The answer to rows names those whose own seal is wrong; to leaves it is empty. */
MUST_USE static Status tell_frozen(const Scan *scan)
{
    if (scan->answer.size == 0) return OK;
    Cursor c = cursor_of(span_of_buffer(&scan->answer));
    uint32_t count = 0;
    REQUIRE(status_ok(cursor_u32(&c, &count)), REFUSED_IPC_FORMAT);
    for (uint32_t i = 0; i < count; i++) {
        Span key = { 0 };
        REQUIRE(status_ok(cursor_framed(&c, ROW_KEY_BYTES_MAX, &key)), REFUSED_IPC_FORMAT);
        if (scan->view->frozen != NULL) scan->view->frozen(scan->view->frozen_context, key);
    }
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_IPC_FORMAT);
    return OK;
}

MUST_USE static Status send_list(Scan *scan)
{
    if (scan->count == 0) return OK;
    Buffer count = { scan->message.data, 0, 4 };
    TRY(buffer_put_u32(&count, scan->count));
    scan->answer.size = 0;
    TRY(vaultclient_ask(
            scan->client, scan->operation, span_of_buffer(&scan->message), &scan->answer));
    TRY(tell_frozen(scan));
    return begin_list(scan, scan->operation);
}

MUST_USE static Status item_done(Scan *scan, uint32_t count_max)
{
    scan->count++;
    const bool full = scan->message.size >= VAULTCLIENT_SCAN_BYTES_MAX || scan->count == count_max;
    return full ? send_list(scan) : OK;
}

static Status visit_row(void *context, Span image, Span seal)
{
    Scan *scan = context;
    /* What makes no canonical row cannot be shown. vaultd misses the row when it knew one; when it
     * did not, it is for us to say that the store holds something nobody wrote. */
    if (image.size == 0) {
        scan->unreadable++;
        return OK;
    }
    /* A seal of another size was never ours: an empty one says so, and only this row is frozen. */
    const Span empty = { NULL, 0 };
    const WireScanRow row = { image, seal.size == WIRE_SEAL_BYTES ? seal : empty };
    TRY(wire_put_scan_row(&scan->message, &row));
    return item_done(scan, WIRE_SCAN_ROWS_MAX);
}

static Status visit_leaf(void *context, const uint8_t leaf_hash[WIRE_HASH_BYTES])
{
    Scan *scan = context;
    TRY(buffer_put(&scan->message, (Span) { leaf_hash, WIRE_HASH_BYTES }));
    return item_done(scan, WIRE_SCAN_LEAVES_MAX);
}

MUST_USE static Status send_rows(Scan *scan, Store *store)
{
    TRY(begin_list(scan, VAULT_SCAN_ROWS));
    for (size_t i = 0; i < store_table_count(store); i++)
        TRY(store_scan(store, store_table(store, i), visit_row, scan));
    return send_list(scan);
}

MUST_USE static Status send_leaves(Scan *scan, Store *store)
{
    TRY(begin_list(scan, VAULT_SCAN_LEAVES));
    TRY(scan->view->leaves(scan->view->leaves_context, store, visit_leaf, scan));
    return send_list(scan);
}

/* The lease one above the one we were shown: when two ask at once, the second is refused. */
MUST_USE static Status begin(Scan *scan)
{
    WireStatus known = { 0 };
    scan->answer.size = 0;
    TRY(vaultclient_status(scan->client, &scan->answer, &known));
    scan->message.size = 0;
    TRY(buffer_put_u64(&scan->message, known.epoch + 1));
    scan->answer.size = 0;
    return vaultclient_ask(
            scan->client, VAULT_SCAN_BEGIN, span_of_buffer(&scan->message), &scan->answer);
}

MUST_USE static Status end(Scan *scan, Buffer *memory, WireStatus *ret_status)
{
    const size_t start = memory->size;
    WireStatus status = { 0 };
    TRY(vaultclient_ask(scan->client, VAULT_SCAN_END, (Span) { NULL, 0 }, memory));
    Cursor c = cursor_of((Span) { memory->data + start, memory->size - start });
    REQUIRE(status_ok(wire_take_status(&c, &status)), REFUSED_IPC_FORMAT);
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_IPC_FORMAT);
    *ret_status = status;
    return OK;
}

Status vaultclient_scan(VaultClient *client, Store *store, const VaultScanView *view,
        Buffer *memory, WireStatus *ret_status)
{
    CLEANUP(scan_done) Scan scan = { .client = client, .view = view };
    TRY(scan_open(&scan));
    TRY(begin(&scan));
    TRY(send_rows(&scan, store));
    TRY(send_leaves(&scan, store));
    WireStatus status = { 0 };
    TRY(end(&scan, memory, &status));
    REQUIRE(scan.unreadable == 0, REFUSED_STORE_ROLLED_BACK);
    *ret_status = status;
    return OK;
}

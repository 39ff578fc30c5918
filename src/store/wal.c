#include "store/carrier.h"
#include "store/store_internal.h"

/*
 * The WAL and the place that its pages will need. On a small or full disk the WAL must never stand
 * in its own way: pages that are in it, and have no place in the database file, could only be
 * carried over on a disk with room, and until then the WAL would hold all the room there is.
 */

enum { GROW_BYTES = 256 * 1024 }; /* the database file grows by so much at a time */

Status store_grow_by_chunks(sqlite3 *db)
{
    int chunk = GROW_BYTES;
    const int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
    CHECK(code == SQLITE_OK || code == SQLITE_NOTFOUND, FAULT_STORE);
    return OK;
}

Status store_reserve(Store *store)
{
    int64_t pages = 0;
    TRY(store_query(store, "PRAGMA page_count", NULL, 0, store_take_int, &pages));
    if (store->page_bytes == 0)
        TRY(store_query(store, "PRAGMA page_size", NULL, 0, store_take_int, &store->page_bytes));
    sqlite3_int64 bytes = pages * store->page_bytes;
    const int code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_SIZE_HINT, &bytes);
    if (code == SQLITE_OK || code == SQLITE_NOTFOUND) return OK;
    store->full = store->squeezed = true;
    return BROKEN(FAULT_STORE_FULL);
}

/* Carried over as a whole, the WAL is written anew from its beginning, in its own space; squeezed,
 * it gives that space to the database file. Nobody is waited for. */
static void carry(Store *store)
{
    int frames = 0;
    int carried = 0;
    const int mode = store->squeezed ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3_busy_timeout(store->db, 0);
    const int code = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, &frames, &carried);
    sqlite3_busy_timeout(store->db, STORE_BUSY_MS_MAX);
    if (code != SQLITE_OK || carried != frames) return;
    store->frames = 0;
    store->full = store->squeezed = false;
}

/* The WAL is carried over beside the batch thread, or by it between batches, after the answers have
 * gone out: when there is no carrier, or when a carrier under endless load never reached the end,
 * without which the WAL only grows. On a full disk at once, and work goes on with no page more. */
void store_tidy(Store *store)
{
    if (store->full) carry(store);
    if (store->frames < store->frames_max) return;
    if (store->carrier != NULL) carrier_ask(store->carrier);
    if (store->carrier != NULL && store->frames < STORE_WAL_FACTOR * store->frames_max) return;
    carry(store);
}

void store_tidy_at(Store *store, int frames) { store->frames_max = frames; }

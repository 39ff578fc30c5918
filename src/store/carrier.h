#pragma once
/*
 * carrier: carry the WAL's pages over into the database beside the batch thread, on a connection
 * and a thread of its own, so that no payment waits for it. Inside the room.
 *
 * Passive: it never waits for a writer and no writer waits for it. Under endless load it cannot
 * catch up with the last pages; those the batch thread carries when there are many (store_tidy).
 */
#include "base/status.h"

typedef struct Carrier Carrier;

/* Faults FAULT_STORE, FAULT_MEMORY, FAULT_THREAD. */
MUST_USE Status carrier_open(const char *path, Carrier **ret_carrier);
/* There is something to carry; returns at once. One thread asks. */
void carrier_ask(Carrier *carrier);
/* Ends the thread; NULL is fine. */
void carrier_close(Carrier *carrier);

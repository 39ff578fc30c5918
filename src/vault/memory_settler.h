#pragma once
/*
 * memory_settler: makes a CONFIRM durable soon, also when no next batch comes.
 *
 * CONFIRM is appended and not waited for: the next PREPARE syncs it. After the last batch of a busy
 * minute nobody would; until it is durable a killed vaultd would take the store of one batch before
 * for the confirmed one. This thread syncs SETTLE_MS after a CONFIRM, unless that happened anyway.
 * Start it before the sandbox closes.
 */
#include "vault/memory.h"

enum { SETTLE_MS = 20 };

typedef struct MemorySettler MemorySettler;
MUST_USE Status memory_settler_open(Memory *memory, MemorySettler **ret_settler);
/* Ends the thread, and syncs what is left. NULL is fine. Before memory_close(). */
void memory_settler_close(MemorySettler *settler);

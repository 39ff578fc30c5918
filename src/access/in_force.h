#pragma once
/*
 * in_force: the table of rights that is in force, for every thread (access/rights.h; TP-15,
 * LL-4.5.2). Another one, once two people agreed and its rows are durable, is in force with the
 * next question, without a restart.
 *
 * Whoever asks takes the table and releases it; the last one who releases a table that is no longer
 * in force frees it. What is kept from one question to the next (an Asker, a sealed row) names
 * roles by number and actions by name, never by their place. Thread-safe.
 */
#include "access/rights.h"

typedef struct AccessInForce AccessInForce;

/* With its first table, which is the holder's from here on. Faults FAULT_MEMORY. */
MUST_USE Status access_in_force_open(AccessTable **table, AccessInForce **ret_in_force);
void access_in_force_close(
        AccessInForce **in_force); /* NULL inside is fine; nobody asks any more */
/* The table in force, to be read until access_release(). */
AccessTable *access_in_force(AccessInForce *in_force);
void access_release(AccessTable **table); /* NULL inside is fine */
/* Another table, which is the holder's from here on. */
void access_put_in_force(AccessInForce *in_force, AccessTable **table);

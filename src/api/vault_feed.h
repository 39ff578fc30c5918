#pragma once
/*
 * vault_feed: what vaultd has to tell (ipc/event_wire.h) becomes lines of the audit log, and its
 * alarms become alerts (TP-15, TP-16). For any thread.
 *
 * vaultd forgets an event only when it is asked for those behind it, and that is asked after the
 * log has it: a kill between the two writes a line twice, never not at all. Each line has the
 * event's number, which ascends by one.
 */
#include "api/house.h"
#include "audit/event.h"
#include "ipc/event_wire.h"

#define VAULT_FEED_EACH_US ((int64_t)1000000)

void vault_feed_open(VaultFeed *feed);
void vault_feed_close(VaultFeed *feed);

/* Take over what waits, each second or `at_once`. A vaultd that is away is OK: it keeps them. */
MUST_USE Status vault_feed_step(House *house, int64_t now_us, bool at_once);
/* The line of one event, to be written (for tests, too). `memory` and the
 * event hold its texts. */
MUST_USE Status vault_feed_line(const WireVaultEvent *event, Buffer *memory, AuditEvent *ret_line);

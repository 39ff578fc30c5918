#pragma once
/*
 * reveal_feed: vaultd's log of reveals becomes lines of the audit log (TP-8, TP-15, TP-16): who was
 * given which class of data, what for, why and by whose leave, and who was denied it. Neighbours
 * that say the same are one event with a count, so that a busy bank channel does not fill the log.
 *
 *   detail = "times N lines A-B PURPOSE APPROVERS REASON"
 *
 * Numbers ascend by one: lines that are missing in the domain store are an event of their own
 * (ROW_MISSING). Killed between the log and the note of how far it has them, the same lines are
 * told twice, with the same numbers; never not at all.
 */
#include "api/house.h"
#include "audit/event.h"
#include "ipc/field_wire.h"

#define REVEAL_FEED_EACH_US ((int64_t)10 * 1000000)

/* Take over from vaultd what waits there, then tell what the log has not yet. Every ten seconds,
 * or `at_once`. A vaultd that is away is OK. For any thread. */
MUST_USE Status reveal_feed_step(House *house, int64_t now_us, bool at_once);

void reveal_feed_open(RevealFeed *feed);
void reveal_feed_close(RevealFeed *feed);

/* After a restore: the log that goes on has heard of fewer reveals, or of more, than the domain
 * store says. Read from the log itself, how far it has them. */
MUST_USE Status reveal_feed_rewind(House *house);

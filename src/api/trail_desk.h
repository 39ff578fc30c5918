#pragma once
/*
 * trail_desk: the index of the audit log (audit/trail.h) and the alarms over it (audit/alarm.h) in
 * a running hufud: a thread of its own that follows the log, so that no payment waits for either.
 *
 * Alarms are raised after their event is durable, in the order of the log: a sealed alert row and
 * an event of kind AUDIT_ALARM, in one unit. The rows say how far they came: after a restart what
 * was told is not told again, and what was not is. docs/trail.md.
 */
#include "api/house.h"
#include "audit/alarm.h"
#include "audit/trail.h"

enum {
    TRAIL_DESK_TICK_MS = 200,
    TRAIL_DESK_LEAVES_MAX = 4096, /* shown to the alarms in one tick */
    TRAIL_DESK_HOOKS_MAX = 4,
};
#define TRAIL_DESK_RECHECK_US ((int64_t)1000000)

typedef struct TrailDeskHook {
    AlarmHook hook;
    void *context;
} TrailDeskHook;

typedef struct TrailDeskConfig {
    House *house;
    const char *database;
    const char *index;
    const char *checkpoints; /* where signed notes are kept, */
    const char *keys_file; /* and the public keys that sign them */
    AlarmRules rules;
    /* Who else wants to be told, after the alert row is durable; their answer is passed over. */
    TrailDeskHook hooks[TRAIL_DESK_HOOKS_MAX];
    size_t hook_count;
    /* Tell the operator that something failed (library rooms do not log). */
    void (*report)(void *context, const char *what, Status status);
    void *context;
} TrailDeskConfig;

/* An index that cannot be opened is tried again each tick. Faults FAULT_THREAD, FAULT_MEMORY. */
MUST_USE Status trail_desk_start(const TrailDeskConfig *config, TrailDesk **ret_desk);
void trail_desk_stop(TrailDesk *desk); /* NULL is fine */

/* The newest note that was kept, with its signatures verified. Refuses what
 * audit_checkpoint_newest(), audit_keys_load() and audit_checkpoint_verify() refuse. */
MUST_USE Status trail_desk_checkpoint(
        TrailDesk *desk, Buffer *ret_note, AuditCheckpoint *ret_checkpoint);
/* Refuses REFUSED_TRAIL_DAMAGED while there is no index. */
MUST_USE Status trail_desk_trail(TrailDesk *desk, Trail **ret_trail);

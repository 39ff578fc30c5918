#pragma once
/*
 * memory_event: what the audit log has yet to hear of vaultd (ipc/event_wire.h). An event stays in
 * the journal until hufud says that its log has it.
 */
#include "ipc/event_wire.h"
#include "vault/memory.h"

enum {
    MEMORY_EVENTS_MAX = 512, /* that wait */
    MEMORY_EVENTS_ACTS_MAX = 480, /* no act begins beyond: what is under way still finds room */
    MEMORY_EVENTS_ALARMS_MAX = 256, /* alarms leave room for acts */
    MEMORY_EVENT_BYTES_MAX = 512,
    MEMORY_ALARM_KINDS = 32,
};
#define MEMORY_ALARM_EACH_US ((int64_t)60 * 1000000)

/* Room for an act's line? Refuses REFUSED_EVENTS_FULL. */
MUST_USE Status memory_event_room(Memory *memory);
/* An act that was done. Its number is set here. Durable. */
MUST_USE Status memory_event_act(Memory *memory, WireVaultEvent *event);
/* An alarm: durable soon, not on return, so that whoever set it off cannot tell by the clock. Equal
 * ones count once a minute. */
MUST_USE Status memory_event_alarm(Memory *memory, WireVaultEvent *event);
/* Forget those up to `kept`, and append the list of those that follow. Refuses REFUSED_IPC_FORMAT
 * for a number that was never given out. */
MUST_USE Status memory_events_take(Memory *memory, uint64_t kept, Buffer *ret_answer);
bool memory_events_none(Memory *memory); /* there never was one */

/* --- for memory.c --- */
MUST_USE Status memory_events_open(Memory *memory);
void memory_events_close(Memory *memory);
MUST_USE Status memory_apply_event(Memory *memory, Cursor *c);
MUST_USE Status memory_apply_events_head(Memory *memory, Cursor *c);
MUST_USE Status memory_snapshot_events(const Memory *memory, Journal *journal);

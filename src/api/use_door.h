#pragma once
/*
 * use_door: before a door of the vault's service gives data of a subject away, shows it or says
 * that it may be used, the life cycle is asked (lifecycle/use.h; TP-3, LL-2.3.1, LL-4.5.2).
 *
 * A subject that is registered here is judged here, whatever the tenant: withdrawn, restricted, on
 * hold, deleted, or for another purpose means no. Of one that is not, the tenant's register decides
 * (rules/purposes.yaml; docs/decisions/0037): `own` lets it pass, `ours` refuses, and a tenant that
 * the file does not name is `ours` from its first subject on.
 */
#include "api/call.h"
#include "lifecycle/use.h"

typedef struct UseDoor {
    Span subject; /* as the service knows it */
    UseAct act;
    ClassSet classes;
    Span purpose; /* of rules/purposes.yaml; empty: none was named */
    Span party; /* to whom, or empty */
    Span reference; /* or empty */
} UseDoor;

/* OK: it may be. What goes out is recorded before the answer (data_act, audit event); so is a
 * refusal. Refuses what lifecycle_may_use() and, of each text, detect_kept_text() refuse. Never on
 * the batch thread or a loop: it waits for a batch. */
MUST_USE Status use_door_ask(const Call *call, const UseDoor *use);
/* The same for another who asks about a subject of this tenant; `actor` is what the log calls him
 * (up to SUBJECT_ACTOR_BYTES_MAX). */
MUST_USE Status use_door_ask_for(
        const House *house, Span tenant, const char *actor, const UseDoor *use);

#pragma once
/*
 * events: which acts of people, and which alarms, vaultd tells the audit log (memory_event.h has
 * where they wait). No such act is done while its line would find no room (TP-15, TP-16).
 */
#include "base/seams.h"
#include "vault/memory_event.h"

typedef struct VaultEvents {
    Memory *memory; /* borrowed */
    Clock clock;
} VaultEvents;

bool events_is_act(uint8_t operation);
/* Refuses REFUSED_EVENTS_FULL. */
MUST_USE Status events_before_act(const VaultEvents *events);
/* It was done, as this request asked. Durable. */
MUST_USE Status events_act(const VaultEvents *events, uint8_t operation, Span request);
/* Something that vaultd did by itself: its first start with these keys, a rotation that was due. */
MUST_USE Status events_own(const VaultEvents *events, uint8_t operation, const char *subject);
/* Somebody shows approvals that are not good for this act: a leaver's, forged, altered, used or
 * without the duty (LL-4.5.3). */
bool events_is_intrusion(Status status);
/* Somebody looks through cards: a planted record was touched, a budget is used up; or intrudes.
 * What rows and boxes show, hufud tells by itself. */
void events_alarm(const VaultEvents *events, uint8_t operation, Status status);
/* VAULT_EVENTS. */
MUST_USE Status events_take(const VaultEvents *events, Span request, Buffer *ret_answer);

#pragma once
/*
 * event_wire: what vaultd has to tell the audit log: acts of people upon keys, receivers and the
 * policy, and alarms (TP-15, TP-16). hufud takes them over one by one and writes each into its log.
 *
 *   VAULT_EVENTS  kept u64: the events up to this number are durable elsewhere, forget them
 *                 -> list WireVaultEvent, those that follow
 *
 * Numbers ascend by one and are never used twice: one that is missing in the log shows. Rules of
 * put and take: ipc/vault_wire.h.
 */
#include "ipc/vault_wire.h"

enum {
    WIRE_VAULT_EVENTS_MAX = 32, /* of one answer */
    WIRE_EVENT_NAME_BYTES_MAX = 64,
    WIRE_EVENT_SUBJECT_BYTES_MAX = 128,
    WIRE_EVENT_REASON_BYTES_MAX = 128,
};

typedef struct WireVaultEvent {
    uint64_t number;
    int64_t time_us;
    bool alarm; /* else an act that was done */
    uint8_t operation; /* VaultOperation; 0: vaultd by itself */
    uint32_t status; /* of an alarm: what was found */
    Span subject; /* text: "card/3", a receiver's name, a digest */
    Span first; /* who approved; empty: nobody had to */
    Span second;
    Span reason; /* as the first of them signed it */
} WireVaultEvent;
MUST_USE Status wire_put_vault_event(Buffer *b, const WireVaultEvent *event);
MUST_USE Status wire_take_vault_event(Cursor *c, WireVaultEvent *ret);

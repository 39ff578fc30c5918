#pragma once
/*
 * core: the core's own voice to the vault: a session, and messages signed with the core's key. One
 * thread a core. Floor 3.
 */
#include "attach/table.h"
#include "crypto/sign.h"

typedef struct AttachCore {
    char socket[CHANNEL_PATH_BYTES_MAX];
    int deadline_ms; /* of one question */
    Channel *channel; /* NULL: connect at the next question */
    PrivateKey *key; /* NULL: it can only ask */
    bool has_session;
    uint8_t session[WIRE_ATTACHED_SESSION_BYTES];
    uint64_t sequence;
    uint8_t *memory; /* of messages */
} AttachCore;

/* socket   of vaultd (--core-socket), or the operators'
 * key_pem  the core's private key (Ed25519 or SM2); empty: none
 * Connects nothing yet. Refuses REFUSED_KEY_FORMAT, REFUSED_BUFFER_FULL; faults FAULT_MEMORY. */
MUST_USE Status attach_core_open(const char *socket, Span key_pem, AttachCore *ret_core);
void attach_core_close(AttachCore *core); /* wipes; for CLEANUP */

/* Any question; asked again once when a channel turns out to be stale, which is harmless for all
 * that are not signed, and refused for those that are. */
MUST_USE Status attach_ask(AttachCore *core, uint8_t operation, Span request, Buffer *ret_answer);

/* ret_seals: `count` of WIRE_SEAL_BYTES. Refuses what the vault refuses. */
MUST_USE Status attach_announce(AttachCore *core, uint16_t table, uint64_t transaction,
        const WireAttachedChange *changes, uint32_t count, uint8_t *ret_seals);
/* The same as signed bytes (WireAttachedSigned), appended: somebody else hands them in, once and
 * before this core announces or resolves anything more. A vault that was restarted refuses them. */
MUST_USE Status attach_announcement(AttachCore *core, uint16_t table, uint64_t transaction,
        const WireAttachedChange *changes, uint32_t count, Buffer *ret_announcement);
/* Hand in what another core signed; `count` is how many changes it announces. */
MUST_USE Status attach_hand_in(
        AttachCore *core, Span announcement, uint32_t count, uint8_t *ret_seals);
MUST_USE Status attach_resolve(
        AttachCore *core, uint16_t table, uint64_t transaction, AttachedOutcome outcome);
/* The number of a transaction that the database calls `xid`: another one each time. */
MUST_USE Status attach_transaction(uint64_t xid, uint64_t *ret_transaction);
/* ret_verdicts: `count` of them; count <= WIRE_ATTACHED_ROWS_MAX. scan 0: CHECK, else SCAN_ROWS. */
MUST_USE Status attach_claims(AttachCore *core, uint64_t scan, const WireAttachedClaim *claims,
        uint32_t count, WireAttachedVerdict *ret_verdicts);
/* OK, or what stands against the row: a frozen one that is right is REFUSED_ROW_FROZEN. */
Status attach_verdict(const WireAttachedVerdict *verdict);
/* Find a table by its names. Refuses REFUSED_ATTACHED_TABLE_UNKNOWN. */
MUST_USE Status attach_table_find(
        AttachCore *core, const char *database, const char *name, AttachTable *ret_table);
MUST_USE Status attach_table_numbered(AttachCore *core, uint16_t number, AttachTable *ret_table);
/* Transactions that announced something in this table's database and whose end nobody told:
 * WIRE_ATTACHED_TRANSACTIONS_MAX at most. */
MUST_USE Status attach_open_transactions(
        AttachCore *core, uint16_t table, uint64_t *ret_transactions, uint32_t *ret_count);
/* Is there such a transaction that the database calls `xid`? */
MUST_USE Status attach_is_open(AttachCore *core, uint16_t table, uint32_t xid, bool *ret_open);

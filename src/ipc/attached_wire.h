#pragma once
/*
 * attached_wire: what is said about attached tables: tables of another's database whose rows vaultd
 * seals (TP-12). The core that owns the table announces each change, signed with its own key,
 * before it writes; whoever may connect can have rows checked.
 *
 * Bounds and refusals as in vault_wire.h. A row travels as its canonical image (base/row.h) with
 * revision and batch 0: the vault alone numbers revisions, and the seal tells them.
 */
#include "ipc/vault_wire.h"

enum {
    WIRE_ATTACHED_COLUMNS_MAX = ROW_COLUMNS_MAX,
    WIRE_ATTACHED_CHANGES_MAX = 1024, /* of one announcement */
    WIRE_ATTACHED_ROWS_MAX = 1024, /* of one CHECK or SCAN_ROWS */
    WIRE_ATTACHED_MISSING_MAX = 1024, /* told by one SCAN_END */
    WIRE_ATTACHED_TRANSACTIONS_MAX = 1024, /* told by one SCAN_BEGIN or STATUS */
    WIRE_ATTACHED_TABLES_MAX = 64,
    WIRE_ATTACHED_SESSION_BYTES = 16,
    WIRE_ATTACHED_DEFINITION_BYTES_MAX = 3500, /* fits one record of the journal */
    /* Every table, as wide as it may be. */
    WIRE_ATTACHED_STATUS_BYTES_MAX =
            WIRE_ATTACHED_TABLES_MAX * (WIRE_ATTACHED_DEFINITION_BYTES_MAX + 64),
    WIRE_ATTACHED_MESSAGE_BYTES_MAX = 3 * 1024 * 1024,
};

/* How a column's value becomes canonical bytes. Stored: append only. */
typedef enum AttachedColumnKind {
    ATTACHED_INT = 1, /* smallint, integer, bigint, boolean, date (days): VALUE_INT */
    ATTACHED_TEXT = 2, /* text, varchar, char without its padding, name, json as written */
    ATTACHED_BYTES = 3, /* bytea, uuid, real and double as IEEE 754 bits */
    ATTACHED_NUMERIC = 4, /* decimal text without superfluous zeros: 1.50 is 1.5 */
    ATTACHED_TIME = 5, /* timestamp, timestamptz: microseconds since 1970, UTC */
} AttachedColumnKind;

typedef struct WireAttachedColumn {
    uint8_t kind; /* AttachedColumnKind */
    bool is_key; /* key columns come first */
    Span name;
} WireAttachedColumn;
MUST_USE Status wire_put_attached_column(Buffer *b, const WireAttachedColumn *column);
MUST_USE Status wire_take_attached_column(Cursor *c, WireAttachedColumn *ret);

/* The definition of a table, before its list of columns; column n has id n + 1. */
typedef struct WireAttachedTable {
    Span database; /* a name that people recognise: "core@10.0.0.5:5432/pay" */
    Span name; /* "public.t_account" */
    Span core_key; /* SPKI DER of the core's public key: Ed25519 or SM2 */
} WireAttachedTable;
MUST_USE Status wire_put_attached_table(Buffer *b, const WireAttachedTable *table);
MUST_USE Status wire_take_attached_table(Cursor *c, WireAttachedTable *ret);

/* VAULT_ATTACHED_TABLE = action u8, then
 *   REGISTER  definition framed, approvals x2 -> table u16; they sign
 *             "<database> <name> <SHA-256 of the definition, hex>"
 *   COMPLETE  table u16: every row must have a seal from here on
 *   DETACH    table u16, approvals x2, which sign the table's number */
typedef enum AttachedAction {
    ATTACHED_REGISTER = 1,
    ATTACHED_COMPLETE = 2,
    ATTACHED_DETACH = 3,
} AttachedAction;

/* In the journal, too: append only. */
typedef enum AttachedPhase {
    ATTACHED_FILLING = 1, /* rows without a seal are not refused yet */
    ATTACHED_SEALED = 2,
    ATTACHED_GONE = 3,
} AttachedPhase;

/* VAULT_ATTACHED_STATUS: nothing -> list of these, WIRE_ATTACHED_STATUS_BYTES_MAX at most; or table
 * u16 -> list of unresolved transactions u64 of its database, WIRE_ATTACHED_TRANSACTIONS_MAX of
 * them; or table u16, number u32 -> the same, of those whose lower half is this number. */
typedef struct WireAttachedStatus {
    uint16_t table;
    uint8_t phase;
    uint64_t rows; /* live */
    uint64_t frozen;
    uint64_t pending; /* rows with an unresolved announcement */
    Span definition; /* WireAttachedTable, list of columns */
} WireAttachedStatus;
MUST_USE Status wire_put_attached_status(Buffer *b, const WireAttachedStatus *status);
MUST_USE Status wire_take_attached_status(Cursor *c, WireAttachedStatus *ret);

/* VAULT_ATTACHED_ANNOUNCE and _RESOLVE = signed. The core's signature is over "hufu-attached",
 * operation u8, head, the rest. A session is asked for at the vault and lives as long as its
 * process; the sequence ascends within it: nothing signed is taken twice. */
typedef struct WireAttachedHead {
    uint8_t session[WIRE_ATTACHED_SESSION_BYTES];
    uint64_t sequence;
    /* The core's own number of it. Whatever a database calls its transactions it may call another
     * one after a crash; the lower half is its pg_current_xact_id(), the upper one random. */
    uint64_t transaction;
    uint16_t table;
} WireAttachedHead;
MUST_USE Status wire_put_attached_head(Buffer *b, const WireAttachedHead *head);
MUST_USE Status wire_take_attached_head(Cursor *c, WireAttachedHead *ret);

typedef struct WireAttachedSigned {
    Span message; /* WireAttachedHead and what follows */
    Span signature;
} WireAttachedSigned;
MUST_USE Status wire_put_attached_signed(Buffer *b, const WireAttachedSigned *message);
MUST_USE Status wire_take_attached_signed(Cursor *c, WireAttachedSigned *ret);
/* The exact bytes that are signed. */
MUST_USE Status wire_attached_signed_bytes(uint8_t operation, Span message, Buffer *ret_bytes);

/* ANNOUNCE: head, list of changes -> list of seals [48] (zeros for a delete). The core holds the
 * lock of each row that it shows as old. */
typedef struct WireAttachedChange {
    Span old_image; /* empty: an insert */
    Span old_seal;
    Span new_image; /* empty: a delete */
} WireAttachedChange;
MUST_USE Status wire_put_attached_change(Buffer *b, const WireAttachedChange *change);
MUST_USE Status wire_take_attached_change(Cursor *c, WireAttachedChange *ret);
/* RESOLVE: head, outcome u8. In the journal, too: append only. */
typedef enum AttachedOutcome {
    ATTACHED_ROLLED_BACK = 0,
    ATTACHED_COMMITTED = 1,
    ATTACHED_OVER = 2, /* nobody knows how: the next look at a locked row tells */
} AttachedOutcome;

/* A row as it was read, or the key of one that was not there. */
typedef struct WireAttachedClaim {
    bool absent;
    bool locked; /* nobody can be changing it: what is shown is what is */
    bool doubled; /* the key stands in the table more than once */
    /* 0, or the stamp of an earlier answer: when it is still the row's, nothing happened to the row
     * since then, and what is shown is what is. */
    uint64_t stamp;
    Span image; /* or the encoded key when absent */
    Span seal; /* 48 bytes or empty */
} WireAttachedClaim;
MUST_USE Status wire_put_attached_claim(Buffer *b, const WireAttachedClaim *claim);
MUST_USE Status wire_take_attached_claim(Cursor *c, WireAttachedClaim *ret);

/* The verdict: OK, or ATTACHED_ROW_... A row is frozen by a verdict against it only when what was
 * shown is what is. */
typedef struct WireAttachedVerdict {
    uint32_t status;
    bool frozen;
    uint64_t stamp;
} WireAttachedVerdict;
MUST_USE Status wire_put_attached_verdict(Buffer *b, const WireAttachedVerdict *verdict);
MUST_USE Status wire_take_attached_verdict(Cursor *c, WireAttachedVerdict *ret);

/* SCAN_BEGIN: table u16 -> scan u64, list of unresolved transactions u64
 * SCAN_ROWS: scan u64, list of claims -> list of verdicts; freezes nothing
 * SCAN_END: scan u64 -> missing u64, list of keys framed: live rows that no claim showed; a key
 * over the vault's limit is empty
 * RELEASE: approvals x2; their subject is one of
 *   "release <table id> <key hex>"
 *   "accept <table id> <key hex> <SHA-256 of the image that shall be right from now on, or absent>"
 * then the image framed (empty: none) -> seal [48] when an image is accepted */
#define ATTACHED_OPERATION_REGISTER "attach-table"
#define ATTACHED_OPERATION_DETACH "detach-table"
#define ATTACHED_OPERATION_RELEASE "release-attached"

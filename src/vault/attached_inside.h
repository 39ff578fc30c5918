#pragma once
/*
 * attached_inside: what the files behind attached.h share. In all of them the lock of the memory is
 * held unless it is said otherwise.
 */
#include "vault/attached.h"
#include "vault/row_seal.h"
#include "vault/secret_arena.h"

enum { ATTACHED_SESSIONS_MAX = 256 };

typedef struct AttachedSession {
    uint8_t id[WIRE_ATTACHED_SESSION_BYTES];
    uint64_t sequence; /* of the last message taken */
    uint64_t used; /* the least recently used one gives way */
} AttachedSession;

/* Keys of tables, made of the versions of KEY_ATTACHED; in the locked arena. Kept so that a row
 * costs its MAC alone, and asked for anew by each message: a destroyed version is gone. */
enum { ATTACHED_KEYS_MAX = 2 * ATTACHED_TABLES_MAX };
typedef struct AttachedKeys {
    struct {
        MacKey mac;
        uint32_t version; /* 0: none is here */
        uint64_t message;
    } kept[ATTACHED_KEYS_MAX];
} AttachedKeys;

struct Attached {
    AttachedConfig config;
    AttachedMemory *memory;
    SecretArena *arena;
    AttachedKeys *keys;
    AttachedSession sessions[ATTACHED_SESSIONS_MAX];
    uint64_t uses;
    uint64_t scans[ATTACHED_TABLES_MAX]; /* number of the scan that runs; 0: none did yet */
    uint64_t scan_number;
    uint64_t messages;
    size_t froze; /* by the message at hand */
};

/* version  0: the current one, to seal with. Refuses as keys_mac_copy(). */
MUST_USE Status attached_key(
        Attached *a, const AttachedTable *table, uint32_t version, RowSealKey *ret_key);

/* What was shown of a row. */
typedef struct AttachedShown {
    AttachedTable *table;
    bool absent;
    RowView row; /* unless absent */
    Span key;
    Span seal;
    KeyedHash name;
    AttachedRow *record; /* NULL: nothing is known of it */
    AttachedPending *pending; /* NULL: nothing is open */
    uint8_t body[ATTACHED_BODY_BYTES]; /* of what is shown */
    bool made; /* of many at once: the seal that the record's state would have */
    uint8_t seal_made[WIRE_SEAL_BYTES];
    AttachedState is; /* after a verdict for it, or ATTACHED_SEAL_LOST: this state it is in */
} AttachedShown;

/* Find the table and what is known. Refuses REFUSED_ATTACHED_TABLE_UNKNOWN, REFUSED_ROW_INVALID
 * (not an image or key of this table). */
MUST_USE Status attached_show(
        Attached *a, bool absent, Span image_or_key, Span seal, AttachedShown *ret_shown);
/* OK, or what is wrong with the row. Changes nothing. */
Status attached_judge(Attached *a, AttachedShown *shown);
/* Freeze the row unless it is already. */
MUST_USE Status attached_freeze(Attached *a, const AttachedShown *shown);
static inline bool attached_is_frozen(const AttachedShown *shown)
{
    return shown->record != NULL && (shown->record->flags & ATTACHED_FROZEN) != 0;
}
/* The row is known to be in shown->is: nothing is open any more. */
MUST_USE Status attached_settle(Attached *a, AttachedShown *shown);
/* The state after a change to this row. */
MUST_USE Status attached_next(Attached *a, const AttachedShown *shown, const RowView *row,
        uint8_t ret_seal[WIRE_SEAL_BYTES], AttachedState *ret_state);

/* The unresolved transactions of a table's database. */
MUST_USE Status attached_put_open(Attached *a, Span request, Buffer *ret_answer);

/* --- the operations; they take the lock themselves --- */
MUST_USE Status attached_table_action(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_status(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_session(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_announce(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_resolve(Attached *a, Span request);
MUST_USE Status attached_check(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_scan_begin(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_scan_rows(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_scan_end(Attached *a, Span request, Buffer *ret_answer);
MUST_USE Status attached_release(Attached *a, Span request, Buffer *ret_answer);

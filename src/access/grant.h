#pragma once
/*
 * grant: a right for a while: one action up to a level, asked for with a reason, given by another
 * person's signature over exactly that (access/request.h, whose number is the grant's), ended by
 * the clock; and the broken glass, which asks nobody before and is reviewed after (TP-15, LL-4.5.2:
 * approval on demand).
 *
 * Sealed rows (DESIGN section 5.4). GrantBook answers from verified rows alone. A grant counts only
 * if it was given after its principal was last changed: who moves or leaves has none. Time in the
 * book never goes backwards: what has ended stays so when the clock is set back, and the clock's
 * own tick writes that into the row. Thread-safe.
 */
#include "access/staff.h"

extern const Table grant_table;

enum {
    GRANT_ID_BYTES = 16, /* hex digits */
    GRANTS_MAX = 4096, /* asked for or in force at a time */
    EMERGENCIES_UNREVIEWED_MAX = 8, /* of one principal */
};

enum GrantColumn {
    GRANT_ID = 1, /* TEXT, key */
    GRANT_PRINCIPAL = 2, /* TEXT */
    GRANT_KIND = 3, /* INT, GrantKind */
    GRANT_ACTION = 4, /* TEXT; empty for an emergency */
    GRANT_LEVEL = 5, /* INT, DataLevel; 0 for an emergency */
    GRANT_REASON = 6, /* TEXT */
    GRANT_STATE = 7, /* INT, GrantState */
    GRANT_ASKED = 8, /* INT, us */
    GRANT_FROM = 9, /* INT, us; 0: not given */
    GRANT_UNTIL = 10, /* INT, us */
    GRANT_DECIDED_BY = 11, /* TEXT: who gave, refused or revoked it; empty: nobody yet */
    GRANT_REVIEWED_BY = 12, /* TEXT: of an emergency, who looked at it afterwards */
};

/* Stored: append only, both. */
typedef enum GrantKind { GRANT_OF_ACTION = 1, GRANT_OF_EMERGENCY = 2 } GrantKind;
typedef enum GrantState {
    GRANT_ASKED_FOR = 1, /* before requests had signatures: nobody decides it any more */
    GRANT_GIVEN = 2,
    GRANT_REFUSED = 3, /* likewise */
    GRANT_REVOKED = 4,
    GRANT_ENDED = 5, /* by the clock */
} GrantState;

typedef struct Grant {
    char id[GRANT_ID_BYTES + 1];
    char principal[PRINCIPAL_ID_BYTES_MAX + 1];
    GrantKind kind;
    char action[ACCESS_NAME_BYTES_MAX + 1];
    DataLevel level;
    char reason[STAFF_REASON_BYTES_MAX + 1];
    GrantState state;
    int64_t asked_us;
    int64_t from_us;
    int64_t until_us;
    char decided_by[PRINCIPAL_ID_BYTES_MAX + 1];
    char reviewed_by[PRINCIPAL_ID_BYTES_MAX + 1];
} Grant;

/* "asked", "given", "refused", "revoked", "ended". */
const char *grant_state_name(GrantState state);

/* Gathering or running. *ret_found false: there is none. */
MUST_USE Status grant_get(Rows *rows, const char *id, Grant *ret, bool *ret_found);
/* Running. */
MUST_USE Status grant_insert(Rows *rows, const Grant *grant);
MUST_USE Status grant_update(Rows *rows, const Grant *grant);

/* --- acts --- */

typedef enum GrantAct {
    GRANT_GIVE = 1, /* all that was asked, and when; by another person, who signed it */
    GRANT_REVOKE, /* id; also an emergency's end */
    GRANT_END, /* id; by the clock */
    GRANT_BREAK_GLASS, /* principal, reason: in force at once, with an alert */
    GRANT_REVIEW, /* id of an emergency; by another person */
} GrantAct;

typedef struct GrantChange {
    Unit unit; /* `from` and `reason` are the submitter's */
    GrantAct act; /* in */
    char by[PRINCIPAL_ID_BYTES_MAX + 1]; /* in: principal; empty: the clock */
    const AccessTable *table; /* in */
    Asker beside; /* in, of what begins: what he has for a while, as grant_book_fill() says it */
    size_t unreviewed; /* in, of GRANT_BREAK_GLASS: grant_book_unreviewed() of him */
    Grant grant; /* in: what the act needs, always an id; out: the row */
} GrantChange;

/*
 * Refuses GRANT_UNKNOWN, GRANT_STATE, GRANT_LIMIT (the end; an emergency while
 * EMERGENCIES_UNREVIEWED_MAX of his wait for their review), EMERGENCY_OPEN, PRINCIPAL_UNKNOWN,
 * ACCESS_SELF (who asks never gives, and nobody reviews his own emergency, under whatever id),
 * ACCESS_ACTION_UNKNOWN, ACCESS_CONFLICT (every role that has the action excludes one that he has,
 * or every one for something that he was given for a while).
 */
void grant_change_unit(GrantChange *work, void (*done)(Unit *unit, Status outcome));

/* May this person be given this now: its end, and the matrix of conflicts? `beside`: his grants in
 * force. Refuses GRANT_LIMIT, ACCESS_CONFLICT, ACCESS_ACTION_UNKNOWN, ACCESS_LEVEL. */
MUST_USE Status grant_may_be_given(const AccessTable *table, const Principal *principal,
        const Asker *beside, const Grant *grant, int64_t now_us);

/* --- in memory --- */

typedef struct GrantBook GrantBook;

MUST_USE Status grant_book_open(GrantBook **ret_book);
void grant_book_close(GrantBook **book);
/* Put or replace one, as a unit read or committed it; what is neither asked for nor in force, and
 * no emergency that waits for its review, is forgotten. Refuses GRANT_LIMIT (GRANTS_MAX). */
MUST_USE Status grant_book_put(GrantBook *book, const Grant *grant);
/* What this principal has now, into the asker. `changed_us`: the principal's last change. */
void grant_book_fill(GrantBook *book, const AccessTable *table, int64_t changed_us, int64_t now_us,
        Asker *asker);
/* The latest moment at which something that is asked for or in force of this principal was asked or
 * given; 0: nothing is. A change of him is later (access/staff.h). */
int64_t grant_book_last_us(GrantBook *book, Span principal);
/* How many are asked for or in force of this principal. */
size_t grant_book_count(GrantBook *book, Span principal);
/* How many emergencies of this principal wait for their review, the one in force among them. */
size_t grant_book_unreviewed(GrantBook *book, Span principal);
/* The `number`th, in no order that means anything; false behind the last. */
bool grant_book_at(GrantBook *book, size_t number, Grant *ret_grant);
bool grant_book_find(GrantBook *book, Span id, Grant *ret_grant);
/* One whose time is over, to be ended in its row; false: none. */
bool grant_book_over(GrantBook *book, int64_t now_us, Grant *ret_grant);
/* Load what is asked for, in force or to be reviewed, through the batch, waiting; as
 * principal_book_refresh(). */
MUST_USE Status grant_book_refresh(
        GrantBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);

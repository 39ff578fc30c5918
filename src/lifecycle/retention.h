#pragma once
/*
 * retention: what is due is deleted, and what is deleted is destroyed (LL-4.5.4, TP-3).
 *
 * Each class that is held has a due date once none of its purposes lives: the last end plus the
 * longest period. retention_step() takes what is due in small pieces:
 *
 *   unit   HELD or RESTRICTED -> DELETING   from here on no door, list or look-up finds it
 *   clear  the value and its blind index leave the domain store (idempotent)
 *   unit   DELETING -> DELETED
 *
 * so a kill at any point is resumed by the next step. A hold beats it: the date moves to the
 * hold's. A subject of whom nothing is held any more, and who asked to go or whose relationship is
 * over, is DELETED as a whole and waits for its destruction, which two people approve: its key is
 * shredded inside vaultd, and only then no backup opens it.
 */
#include "lifecycle/subject.h"

enum { RETENTION_DUE_MAX = 64, DESTROY_SUBJECTS_MAX = 64 };

typedef struct DueKey {
    SubjectName name;
    DataClass class;
} DueKey;

/* What is due, or was left half done, by date; `skip` of them are stepped over. A plain read. */
MUST_USE Status retention_due(Store *store, int64_t now_us, size_t skip,
        DueKey ret_keys[RETENTION_DUE_MAX], size_t *ret_count);

/* Judge one: begin to delete it, or find out that it must stay. */
typedef struct DueTake {
    Unit unit;
    const Purposes *purposes; /* in */
    DueKey key; /* in */
    bool clear; /* out: the domain store is to be cleared of it, then DueCleared */
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* out: of the value there */
} DueTake;
void due_take_unit(DueTake *work, void (*done)(Unit *unit, Status outcome));

typedef struct DueCleared {
    Unit unit;
    DueKey key; /* in */
} DueCleared;
void due_cleared_unit(DueCleared *work, void (*done)(Unit *unit, Status outcome));

/* Who clears the domain store of every value of this class of this subject, corrected ones too:
 * nothing finds them any more, by reference (the newest is given) or blind index. OK also when
 * there is none (any more). */
typedef struct ValueKeeper {
    void *context;
    MUST_USE Status (*forget)(void *context, const DueKey *key, Span reference);
} ValueKeeper;

typedef struct RetentionCounts {
    size_t deleted;
    size_t kept; /* moved to a later date */
    size_t stuck; /* could not be judged or cleared; they come again */
} RetentionCounts;

/* One piece: at most RETENTION_DUE_MAX. *ret_more: there may be further ones. `skip`: as many as
 * were stuck before. Waits for its units: never from the batch thread. Returns the first failure of
 * a stuck one. */
MUST_USE Status retention_step(Batcher *batcher, const Purposes *purposes,
        const ValueKeeper *keeper, int64_t now_us, size_t skip, RetentionCounts *counts,
        bool *ret_more);

/* --- destruction --- */

/* Deleted subjects whose values have left the domain store, oldest first. A plain read. */
MUST_USE Status destruction_waiting(
        Store *store, SubjectName ret_names[DESTROY_SUBJECTS_MAX], size_t *ret_count);

/* vaultd has shredded their keys: the rows say so, and keep the certificate. */
typedef struct Destroyed {
    Unit unit;
    const SubjectName *names; /* in, borrowed, as all */
    size_t count;
    Span certificate; /* as vaultd signed it */
    int64_t blind_us; /* after this date the backups are blind, too */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
} Destroyed;

/* Refuses SUBJECT_UNKNOWN, SUBJECT_NOT_DELETED, SUBJECT_HELD. Again the same: OK, nothing changes.
 */
void destroyed_unit(Destroyed *work, void (*done)(Unit *unit, Status outcome));

/* --- after a restore --- */

/* Subjects that do not say that they are destroyed, by name, after this one (two empty texts: from
 * the first). A plain read. */
MUST_USE Status destruction_unsaid(Store *store, const SubjectName *after,
        SubjectName ret_names[DESTROY_SUBJECTS_MAX], size_t *ret_count);

/* An older ledger was restored: this subject lives in it, but vaultd shredded its key long since,
 * and the domain store has nothing of it. The rows say so again, whatever state they came back in;
 * the certificate's own row was of a later time and stays with whoever got it. */
typedef struct DestroyedAgain {
    Unit unit;
    SubjectName name; /* in */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1]; /* in */
} DestroyedAgain;
void destroyed_again_unit(DestroyedAgain *work, void (*done)(Unit *unit, Status outcome));

#pragma once
/* lifecycle_rows: columns (others stand in policy/tables.h), and what the files of this room share.
 * Nobody outside includes it. */
#include "audit/event.h"
#include "lifecycle/subject.h"

enum SubjectColumn {
    SUBJECT_TENANT = 1, /* TEXT, key */
    SUBJECT_SUBJECT = 2, /* TEXT, key */
    SUBJECT_STATE = 3,
    SUBJECT_CREATED = 4,
    SUBJECT_ENDED = 5,
    SUBJECT_HOLDS = 6,
    SUBJECT_REQUESTS = 7,
    SUBJECT_DELETION_ASKED = 8,
    SUBJECT_CERTIFICATE = 9, /* BYTES 32 or NULL */
    SUBJECT_BLIND = 10,
};

enum ConsentColumn {
    CONSENT_TENANT = 1,
    CONSENT_SUBJECT = 2,
    CONSENT_PURPOSE = 3, /* INT, key */
    CONSENT_LIVE = 4,
    CONSENT_GIVEN = 5,
    CONSENT_TEXT = 6, /* BYTES 32 */
    CONSENT_CHANNEL = 7,
    CONSENT_SEPARATE = 8,
    CONSENT_SEPARATE_TEXT = 9, /* BYTES 32 or NULL */
    CONSENT_SEPARATE_CHANNEL = 10, /* or NULL */
    CONSENT_WITHDRAWN = 11,
};

enum HoldColumn {
    HOLD_TENANT = 1,
    HOLD_SUBJECT = 2,
    HOLD_SLOT = 3, /* INT, key */
    HOLD_LIVE = 4,
    HOLD_AUTHORITY = 5,
    HOLD_REFERENCE = 6,
    HOLD_PLACED = 7,
    HOLD_UNTIL = 8,
    HOLD_RELEASED = 9,
    HOLD_FIRST = 10,
    HOLD_SECOND = 11,
};

enum RequestColumn {
    REQUEST_TENANT = 1,
    REQUEST_SUBJECT = 2,
    REQUEST_NUMBER = 3, /* INT, key: 1.. of the subject */
    REQUEST_KIND = 4,
    REQUEST_PROOF = 5,
    REQUEST_RECEIVED = 6,
    REQUEST_DUE = 7,
    REQUEST_STATE = 8,
    REQUEST_OUTCOME = 9, /* StatusCode */
    REQUEST_ANSWERED = 10, /* 0: not yet */
    REQUEST_UNTIL = 11, /* of a restriction; 0: none */
};

enum ActColumn {
    ACT_IN_BATCH = 1, /* INT, key */
    ACT_NUMBER = 2, /* INT, key: 1.. within the batch */
    ACT_TIME = 3,
    ACT_KIND = 4,
    ACT_TENANT = 5,
    ACT_SUBJECT = 6,
    ACT_PURPOSE = 7,
    ACT_BASIS = 8,
    ACT_CLASSES = 9, /* BYTES: class u16 each */
    ACT_PARTY = 10, /* or NULL */
    ACT_REFERENCE = 11, /* or NULL */
    ACT_DIGEST = 12, /* BYTES 32 or NULL */
    ACT_ACTOR = 13,
};

/* Copy a text of 1..capacity-1 bytes. Refuses SUBJECT_FIELD (size, not UTF-8, control characters).
 */
MUST_USE Status lifecycle_text(Span text, char *ret_text, size_t capacity);

/* Keep a certificate of destruction. Running. */
MUST_USE Status destroyed_append(Rows *rows, Span certificate, size_t subjects, int64_t blind_us);

typedef struct LifecycleRecord {
    AuditKind kind;
    const char *actor; /* "operator/alice", "timer" */
    const SubjectName *name;
    const char *detail; /* "" */
    bool quiet; /* OK: nothing to tell */
} LifecycleRecord;

/* End of every run(): the audit event, then `s` itself; as payment's record_end(). */
MUST_USE Status lifecycle_end(Rows *rows, const LifecycleRecord *record, Status s);

/* The subject's class ends to be held for this purpose, or for all (NULL), now; its clock starts.
 * `law_alone`: the subject asked for deletion, so only what a law demands is waited for. */
void holding_end(Holding *holding, const Purposes *purposes, const Purpose *purpose, int64_t now_us,
        bool law_alone);
/* When a class is to be deleted as its purposes stand. */
int64_t holding_due_us(const Holding *holding, const Purposes *purposes, bool law_alone);
/* Begin to delete it: no door finds it from now on. */
MUST_USE Status holding_drop(Rows *rows, Holding *holding, const char *actor);
/* Its value has left the domain store. */
MUST_USE Status holding_empty(Rows *rows, Holding *holding);
/* Once nothing is held any more: the subject is deleted, too. */
MUST_USE Status subject_settle(Rows *rows, SubjectFile *file, const char *actor);

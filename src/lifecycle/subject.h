#pragma once
/*
 * subject: whose data it is, and the sealed rows that say what we hold of them, what they agreed
 * to, who wants it kept, and all that was ever done with it (TP-3, LL-2.3, LL-4.5.4).
 *
 *   data_subject   one a person (or merchant) of a tenant: its state, its end, its certificate
 *   data_consent   (subject, purpose): when, to which text, through which channel; withdrawn when
 *   data_holding   (subject, class): for which purposes, since when, until when; never a value
 *   data_hold      (subject, slot): an authority wants it kept until a date
 *   data_request   (subject, number): what the subject asked for, what came of it
 *   data_act       append-only: everything that was done, one line each
 *   data_destroyed append-only: certificates of destruction
 *
 * Values lie in the domain store, sealed under the subject's key; here stands only a reference.
 * `tenant` keeps institutions on one vault apart: no row of another tenant is ever loaded.
 */
#include "lifecycle/purposes.h"
#include "store/batch.h"

enum {
    SUBJECT_NAME_BYTES_MAX = 64, /* tenant, subject */
    SUBJECT_TEXT_BYTES_MAX = 64, /* channel, authority, reference, proof */
    SUBJECT_ACTOR_BYTES_MAX = 54,
    SUBJECT_DIGEST_BYTES = 32,
    SUBJECT_HOLDS_MAX = 8, /* at one time */
    SUBJECT_TIME_NEVER_US = 0,
};

extern const Table data_subject_table;
extern const Table data_consent_table;
extern const Table data_holding_table;
extern const Table data_hold_table;
extern const Table data_request_table;
extern const Table data_act_table;
extern const Table data_destroyed_table;
extern const StoreSchema lifecycle_schema;

typedef struct SubjectName {
    char tenant[SUBJECT_NAME_BYTES_MAX + 1];
    char subject[SUBJECT_NAME_BYTES_MAX + 1];
} SubjectName;

/* 1..64 of letters, digits, `_`, `-` and `.`. */
bool subject_word_is_valid(Span word);
/* Refuses SUBJECT_FIELD. */
MUST_USE Status subject_name_of(Span tenant, Span subject, SubjectName *ret_name);

/* Stored: append only. */
typedef enum SubjectState {
    SUBJECT_LIVE = 1,
    SUBJECT_RESTRICTED = 2, /* asked for deletion; a law keeps some of it for a while */
    SUBJECT_DELETED = 3, /* nothing finds it any more; it waits for its destruction */
    SUBJECT_DESTROYED = 4, /* its key is gone */
} SubjectState;

typedef struct Subject {
    SubjectName name;
    SubjectState state;
    int64_t created_us;
    int64_t ended_us; /* of the relationship; 0: it lives */
    int64_t holds; /* bit i: slot i is live */
    int64_t requests; /* how many there were */
    int64_t deletion_asked_us; /* 0: not asked */
    uint8_t certificate[SUBJECT_DIGEST_BYTES]; /* SHA-256; zeros: none */
    int64_t blind_us; /* when the backups are blind, too; 0: not destroyed */
} Subject;

typedef struct Consent {
    SubjectName name;
    uint16_t purpose;
    bool live;
    int64_t given_us;
    uint8_t text[SUBJECT_DIGEST_BYTES]; /* SHA-256 of what the subject was shown */
    char channel[SUBJECT_TEXT_BYTES_MAX + 1]; /* "app", "branch", "phone" ... */
    int64_t separate_us; /* the separate explicit consent to the sensitive part; 0: none */
    uint8_t separate_text[SUBJECT_DIGEST_BYTES];
    char separate_channel[SUBJECT_TEXT_BYTES_MAX + 1];
    int64_t withdrawn_us; /* 0: not */
} Consent;

typedef struct HoldingPurpose {
    uint16_t purpose;
    int64_t since_us;
    int64_t ended_us; /* 0: it lives */
} HoldingPurpose;

typedef struct Holding {
    SubjectName name;
    DataClass class;
    HoldingState state;
    int64_t since_us;
    int64_t due_us; /* when it is to be deleted; SUBJECT_TIME_NEVER_US: no clock runs */
    int64_t version; /* 1, then +1 a correction */
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* of the value in the domain store; "": none */
    HoldingPurpose purposes[PURPOSES_MAX];
    size_t purpose_count;
} Holding;

typedef struct Hold {
    SubjectName name;
    int64_t slot;
    bool live;
    char authority[SUBJECT_TEXT_BYTES_MAX + 1];
    char reference[SUBJECT_TEXT_BYTES_MAX + 1];
    int64_t placed_us;
    int64_t until_us;
    int64_t released_us; /* 0: not */
    char first[SUBJECT_TEXT_BYTES_MAX + 1]; /* who approved */
    char second[SUBJECT_TEXT_BYTES_MAX + 1];
} Hold;

/* Each: while gathering it loads, while running it reads. *ret_found false: there is no such row.
 * Nothing is judged. */
MUST_USE Status subject_get(Rows *rows, const SubjectName *name, bool *ret_found, Subject *ret);
MUST_USE Status consent_get(
        Rows *rows, const SubjectName *name, uint16_t purpose, bool *ret_found, Consent *ret);
MUST_USE Status holding_get(
        Rows *rows, const SubjectName *name, DataClass class, bool *ret_found, Holding *ret);
MUST_USE Status hold_get(
        Rows *rows, const SubjectName *name, int64_t slot, bool *ret_found, Hold *ret);

/* Running: insert or update. */
MUST_USE Status subject_put(Rows *rows, const Subject *subject);
MUST_USE Status consent_put(Rows *rows, const Consent *consent);
MUST_USE Status holding_put(Rows *rows, const Holding *holding);
MUST_USE Status hold_put(Rows *rows, const Hold *hold);

/* Everything of one subject: what a unit that may touch all of it loads. */
typedef struct SubjectFile {
    const Purposes *purposes;
    bool found;
    Subject subject;
    bool has_consent[PURPOSES_MAX]; /* by position in purposes->of */
    Consent consents[PURPOSES_MAX];
    bool has_holding[DATA_CLASS_COUNT]; /* by data_class_at() */
    Holding holdings[DATA_CLASS_COUNT];
    bool has_hold[SUBJECT_HOLDS_MAX];
    Hold holds[SUBJECT_HOLDS_MAX];
} SubjectFile;

MUST_USE Status subject_load(
        Rows *rows, const Purposes *purposes, const SubjectName *name, SubjectFile *ret_file);

/* Deleted and destroyed ones are not there for anybody. */
static inline bool subject_is_there(bool found, const Subject *subject)
{
    return found && subject->state != SUBJECT_DELETED && subject->state != SUBJECT_DESTROYED;
}

/* How far the live holds go; 0: there is none at `now_us`. */
int64_t subject_held_until_us(const SubjectFile *file, int64_t now_us);

/* --- what was done --- */

/* Stored: append only. */
typedef enum ActKind {
    ACT_CONSENT = 1,
    ACT_CONSENT_SEPARATE = 2,
    ACT_WITHDRAW = 3,
    ACT_COLLECT = 4,
    ACT_SHARE = 5,
    ACT_DISCLOSE = 6,
    ACT_ENTRUST = 7,
    ACT_CORRECT = 8,
    ACT_END = 9, /* of the relationship */
    ACT_RESTRICT = 10,
    ACT_DELETE = 11,
    ACT_DESTROY = 12,
    ACT_HOLD = 13,
    ACT_HOLD_RELEASE = 14,
    ACT_REQUEST = 15,
} ActKind;

const char *act_kind_name(ActKind kind);

typedef struct Act {
    ActKind kind;
    SubjectName name;
    int64_t time_us; /* set by act_append() */
    uint16_t purpose; /* 0: none */
    LegalBasis basis; /* 0: none */
    ClassSet classes;
    char party[PURPOSE_NAME_BYTES_MAX + 1]; /* or "" */
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* channel, proof, number; or "" */
    uint8_t digest[SUBJECT_DIGEST_BYTES]; /* zeros: none */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
} Act;

enum { ACTS_MAX = 512 /* of one batch; further units wait for the next one */ };

/* Running. */
MUST_USE Status act_append(Rows *rows, const Act *act);
/* The act with this key; gathers. Refuses ROW_MISSING. */
MUST_USE Status act_get(Rows *rows, int64_t in_batch, int64_t number, Act *ret);

#pragma once
/*
 * rights: what the person may ask of us: see, correct, delete, withdraw (LL-2.3). Each request is a
 * row with the proof of who asked, the day by which it must be answered, and what came of it. What
 * a law or an authority has us keep is not deleted but restricted, and the answer says until when.
 */
#include "lifecycle/subject.h"

/* Stored: append only. */
typedef enum RequestKind {
    REQUEST_ACCESS = 1,
    REQUEST_CORRECT = 2,
    REQUEST_DELETE = 3,
    REQUEST_WITHDRAW = 4,
} RequestKind;

typedef enum RequestState { REQUEST_OPEN = 1, REQUEST_DONE = 2 } RequestState;

/* "access", "correct", "delete", "withdraw"; "?" and false for another. */
const char *request_kind_name(RequestKind kind);
bool request_kind_of(Span name, RequestKind *ret_kind);

typedef struct Request {
    SubjectName name;
    int64_t number; /* 1.. of the subject */
    RequestKind kind;
    RequestState state;
    char proof[SUBJECT_TEXT_BYTES_MAX + 1]; /* how we know who asked: "id-card seen, branch 12" */
    int64_t received_us;
    int64_t due_us;
    int64_t answered_us; /* 0: not yet */
    int32_t outcome; /* StatusCode: 0, or DATA_RESTRICTED and the like */
    int64_t until_us; /* of a restriction; 0: none */
} Request;

/* As subject_get() and the like. */
MUST_USE Status request_get(
        Rows *rows, const SubjectName *name, int64_t number, bool *ret_found, Request *ret);

/* `days` working days (Monday to Friday) behind the business day of `from_us`, at its end. */
int64_t request_due_us(int64_t from_us, int64_t days);

enum { REQUEST_ANSWER_BYTES_MAX = 512 };

/* What the person reads, in English or Chinese. Refuses SUBJECT_FIELD for what is no outcome of
 * such a request, BUFFER_FULL. */
MUST_USE Status request_answer(const Request *request, bool chinese, Buffer *ret_text);

enum { REPORT_ACTS_MAX = 64, REPORT_REQUESTS_MAX = 16 };

/* What a person is told of what we hold: everything but values. */
typedef struct SubjectReport {
    SubjectFile file;
    Act acts[REPORT_ACTS_MAX]; /* the newest, in order */
    size_t act_count;
    bool more_acts;
    Request requests[REPORT_REQUESTS_MAX]; /* the newest */
    size_t request_count;
} SubjectReport;

typedef struct ActKey {
    int64_t in_batch;
    int64_t number;
} ActKey;

/* Where the subject's acts stand, the newest REPORT_ACTS_MAX in order: keys alone, from a plain
 * read; the unit below verifies each. */
MUST_USE Status report_act_keys(Store *store, const SubjectName *name,
        ActKey ret_keys[REPORT_ACTS_MAX], size_t *ret_count, bool *ret_more);

/* One request, received and (unless `receive`) answered. */
typedef struct Ask {
    Unit unit;
    const Purposes *purposes; /* in */
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1]; /* in */
    Request wanted; /* in: name, kind, proof; number: of an open one, or 0 */
    Request request; /* out */
    bool receive; /* in: only write down that it came */
    char purpose[PURPOSE_NAME_BYTES_MAX + 1]; /* in: withdraw */
    DataClass class; /* in: correct */
    char reference[SUBJECT_TEXT_BYTES_MAX + 1]; /* in: correct: of the new value */
} Ask;

/*
 * Refuses SUBJECT_UNKNOWN, SUBJECT_FIELD (no proof; no such open request; nothing to correct),
 * PURPOSE_UNKNOWN. What the law has to say is no refusal of the request but its outcome:
 * DATA_RESTRICTED (until_us), CONSENT_NOT_BASIS, CONSENT_MISSING, DATA_NOT_HELD.
 */
void ask_unit(Ask *work, void (*done)(Unit *unit, Status outcome));

/* Look at everything of a subject; `keys` from report_act_keys(). Refuses SUBJECT_UNKNOWN. Audited.
 */
typedef struct ReportRead {
    Unit unit;
    const Purposes *purposes; /* in, as all but the last */
    SubjectName name;
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    ActKey keys[REPORT_ACTS_MAX];
    size_t key_count;
    bool more;
    SubjectReport report; /* out */
} ReportRead;
void report_read_unit(ReportRead *work, void (*done)(Unit *unit, Status outcome));

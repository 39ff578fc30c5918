#pragma once
/*
 * admin_subject: what the operator asks about people's data (api/admin.h). Private to
 * admin_subject*.c.
 *
 * Every answer says how it ended: "outcome" (OK or a refusal's name), "advice", and where they
 * apply "field" (the class that was refused) and "until_us" (of a restriction). A refusal of the
 * rules is an answer; a request that is malformed, or a house that is broken, is not answered so.
 * Classes and levels of the answers' fields are those of the columns they come from
 * (lifecycle/schema.c); no field holds a value of a subject's data, only masks (TP-11).
 */
#include "api/admin_inside.h"
#include "lifecycle/rights.h"
#include "lifecycle/use.h"

/* What most requests begin with. */
typedef struct SubjectJson {
    Span operation;
    Span tenant; /* "house" unless given */
    Span subject;
    Span purpose;
    Span channel;
    Span text_sha256;
    Span act;
    Span party;
    Span reference;
    Span kind;
    Span proof;
    Span class;
    Span authority;
    Span until;
    Span approvals;
    const JsonValue *classes;
    const JsonValue *fields;
    const JsonValue *subjects;
    int64_t number;
    bool separate;
    bool receive;
} SubjectJson;

#define SUBJECT_AT(member) offsetof(SubjectJson, member)
#define SUBJECT_FIELDS                                                                     \
    { "operation", JSON_TEXT, true, 1, 64, SUBJECT_AT(operation) },                        \
            { "tenant", JSON_TEXT, false, 1, SUBJECT_NAME_BYTES_MAX, SUBJECT_AT(tenant) }, \
    {                                                                                      \
        "subject", JSON_TEXT, true, 1, SUBJECT_NAME_BYTES_MAX, SUBJECT_AT(subject)         \
    }
#define SUBJECT_TEXT(name, required, most)                    \
    {                                                         \
#name, JSON_TEXT, required, 1, most, SUBJECT_AT(name) \
    }

/* Read a request by its table; `ret_name` and "operator/alice". Refuses SUBJECT_FIELD and what
 * json_read() refuses. */
MUST_USE Status subject_read(const JsonDocument *document, const JsonField *fields, size_t count,
        const Asker *asker, SubjectJson *ret_json, SubjectName *ret_name,
        char ret_actor[SUBJECT_ACTOR_BYTES_MAX + 1]);

/* Write how it ended. What is no answer (a fault, a busy house) is returned. */
MUST_USE Status subject_verdict(JsonWriter *w, Status s, const UseVerdict *verdict);

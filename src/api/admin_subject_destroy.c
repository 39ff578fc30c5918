/* Destruction (LL-4.5.4, TP-3): two people sign the list, vaultd shreds the subjects' keys and
 * signs a certificate, and only then the rows say so. vaultd destroys twice as well as once: killed
 * between, the same command goes on from there. */
#include "api/admin_subject.h"

#include "base/time.h"
#include "lifecycle/retention.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"

#include <stdio.h>

enum { APPROVALS_TEXT_MAX = 16384 };

static const JsonField destroy_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, SUBJECT_AT(operation) },
    { "subjects", JSON_LIST, true, 1, DESTROY_SUBJECTS_MAX, SUBJECT_AT(subjects) },
    SUBJECT_TEXT(approvals, true, APPROVALS_TEXT_MAX),
};

static const JsonField name_fields[] = {
    { "tenant", JSON_TEXT, true, 1, SUBJECT_NAME_BYTES_MAX, SUBJECT_AT(tenant) },
    { "subject", JSON_TEXT, true, 1, SUBJECT_NAME_BYTES_MAX, SUBJECT_AT(subject) },
};

typedef struct Doomed {
    SubjectName names[DESTROY_SUBJECTS_MAX];
    size_t count;
    SubjectName waiting[DESTROY_SUBJECTS_MAX];
    size_t waiting_count;
} Doomed;

static Status read_names(const JsonDocument *document, const JsonValue *list, Doomed *doomed)
{
    JsonProblem problem = { 0 };
    for (size_t i = 0; i < json_list_size(list); i++) {
        const JsonValue *item = NULL;
        SubjectJson json = { 0 };
        TRY(json_list_object(document, list, i, &item, &problem));
        TRY(json_read_request(document, item, name_fields, 2, &json, &problem));
        TRY(subject_name_of(json.tenant, json.subject, &doomed->names[doomed->count++]));
    }
    return OK;
}

static Status list_waiting(void *context, Store *store)
{
    Doomed *doomed = context;
    return destruction_waiting(store, doomed->waiting, &doomed->waiting_count);
}

/* Looked at before anything is destroyed; what a plain read says, the unit verifies afterwards. */
static Status must_wait_for_it(House *house, Doomed *doomed)
{
    TRY(batcher_between(house->batcher, list_waiting, doomed));
    for (size_t i = 0; i < doomed->count; i++) {
        bool waits = false;
        for (size_t k = 0; k < doomed->waiting_count; k++)
            waits = waits
                    || (strcmp(doomed->names[i].tenant, doomed->waiting[k].tenant) == 0
                            && strcmp(doomed->names[i].subject, doomed->waiting[k].subject) == 0);
        REQUIRE(waits, REFUSED_SUBJECT_NOT_DELETED);
    }
    return OK;
}

/* In vaultd, for good; then in the domain store. */
static Status shred(House *house, Span approvals, const Doomed *doomed, Buffer *ret_certificate)
{
    const Fields fields = { house->domain, house->vault };
    WireApproval two[2];
    WireSubjectName names[DESTROY_SUBJECTS_MAX];
    Cursor c = cursor_of(approvals);
    TRY(wire_take_approval(&c, &two[0]));
    TRY(wire_take_approval(&c, &two[1]));
    TRY(cursor_end(&c));
    for (size_t i = 0; i < doomed->count; i++)
        names[i] = (WireSubjectName) { span_of_text(doomed->names[i].tenant),
            span_of_text(doomed->names[i].subject) };
    return fields_destroy(&fields, two, names, doomed->count, ret_certificate);
}

/* The line "blind-after TIME". Refuses CERTIFICATE_OTHER. */
static Status read_blind(Span certificate, int64_t *ret_us)
{
    Cursor c = cursor_of(certificate);
    Span line = { 0 };
    const Span word = SPAN("blind-after ");
    while (status_ok(cursor_until(&c, '\n', &line))) {
        const bool found =
                line.size > word.size && span_equal((Span) { line.data, word.size }, word);
        if (found)
            return time_parse((Span) { line.data + word.size, line.size - word.size }, ret_us);
    }
    return REFUSE(REFUSED_CERTIFICATE_OTHER);
}

static Status destroy(
        House *house, Span approvals, Doomed *doomed, Destroyed *work, Buffer *ret_certificate)
{
    TRY(must_wait_for_it(house, doomed));
    TRY(shred(house, approvals, doomed, ret_certificate));
    work->names = doomed->names;
    work->count = doomed->count;
    work->certificate = span_of_buffer(ret_certificate);
    TRY(read_blind(work->certificate, &work->blind_us));
    destroyed_unit(work, NULL);
    return unit_wait(house->batcher, &work->unit);
}

Status admin_subject_destroy(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    SubjectJson json = { 0 };
    JsonProblem problem = { 0 };
    Doomed doomed = { 0 };
    Destroyed work = { 0 };
    uint8_t memory[APPROVALS_TEXT_MAX];
    uint8_t certificate_memory[WIRE_CERTIFICATE_BYTES_MAX];
    Buffer approvals = BUFFER_OF(memory);
    Buffer certificate = BUFFER_OF(certificate_memory);
    TRY(json_read_request(document, json_root(document), destroy_fields, 3, &json, &problem));
    TRY(read_names(document, json.subjects, &doomed));
    TRY(admin_bytes(json.approvals, &approvals));
    snprintf(work.actor, sizeof(work.actor), "operator/%s", asker->principal);
    const Status s =
            destroy(admin->config.house, span_of_buffer(&approvals), &doomed, &work, &certificate);
    TRY(subject_verdict(w, s, NULL));
    if (!status_ok(s)) return OK;
    json_key_int(w, "count", (int64_t)doomed.count);
    json_key_int(w, "blind_after_us", work.blind_us);
    json_key_text(w, "certificate", span_of_buffer(&certificate));
    return OK;
}

/* What we hold of somebody, and who waits for destruction (api/admin_subject.h). */
#include "api/admin_subject.h"

#include "lifecycle/retention.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"

#include <stdlib.h>

enum { CLASSES_TEXT_MAX = 512 };

static const JsonField status_fields[] = { SUBJECT_FIELDS };
static const JsonField waiting_fields[] = { { "operation", JSON_TEXT, true, 1, 64,
        SUBJECT_AT(operation) } };

static Status list_keys(void *context, Store *store)
{
    ReportRead *work = context;
    return report_act_keys(store, &work->name, work->keys, &work->key_count, &work->more);
}

/* --- writing --- */

static void write_time(JsonWriter *w, const char *key, int64_t time_us)
{
    if (time_us != 0) json_key_int(w, key, time_us);
}

static void write_text(JsonWriter *w, const char *key, const char *text)
{
    if (text[0] != 0) json_key_text(w, key, span_of_text(text));
}

static const char *purpose_name(const Purposes *purposes, uint16_t number)
{
    const Purpose *purpose = purpose_numbered(purposes, number);
    return purpose != NULL ? purpose->name : "?"; /* no longer in the file */
}

static const char *holding_state_name(HoldingState state)
{
    switch (state) {
    case HOLDING_HELD: return "held";
    case HOLDING_RESTRICTED: return "restricted";
    case HOLDING_DELETING:
    case HOLDING_DELETED: return "deleted";
    }
    return "?";
}

/* One object a purpose: the shape that `hufu` prints as one line. */
static void write_holding(
        JsonWriter *w, const Purposes *purposes, const Holding *holding, Span mask)
{
    for (size_t i = 0; i < holding->purpose_count; i++) {
        const HoldingPurpose *held = &holding->purposes[i];
        json_open_object(w);
        json_key_text(w, "class", span_of_text(data_class_name((uint32_t)holding->class)));
        json_key_text(w, "state", span_of_text(holding_state_name(holding->state)));
        json_key_text(w, "mask", mask);
        json_key_text(w, "purpose", span_of_text(purpose_name(purposes, held->purpose)));
        json_key_int(w, "since_us", held->since_us);
        write_time(w, "ended_us", held->ended_us);
        write_time(w, "delete_on_us", holding->due_us);
        json_close(w);
    }
}

/* As the domain store has it; asterisks alone where it has none. The value is vaultd's. */
static Span mask_of(
        const House *house, const SubjectName *of, const Holding *holding, Buffer *memory)
{
    const Fields fields = { house->domain, house->vault };
    const WireSubjectName name = { span_of_text(of->tenant), span_of_text(of->subject) };
    const Status s = fields_mask_of(
            &fields, &name, holding->class, span_of_text(holding->reference), memory);
    return status_ok(s) && memory->size > 0 ? span_of_buffer(memory) : SPAN("********");
}

static void write_holdings(JsonWriter *w, const House *house, const SubjectFile *file)
{
    json_key_array(w, "holds");
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        const HoldingState state = file->holdings[i].state;
        const bool there = state == HOLDING_HELD || state == HOLDING_RESTRICTED;
        uint8_t memory[FIELDS_MASK_BYTES_MAX];
        Buffer text = BUFFER_OF(memory);
        if (!file->has_holding[i] || !there) continue;
        write_holding(w, file->purposes, &file->holdings[i],
                mask_of(house, &file->subject.name, &file->holdings[i], &text));
    }
    json_close(w);
}

static void write_consents(JsonWriter *w, const SubjectFile *file)
{
    json_key_array(w, "consents");
    for (size_t i = 0; i < file->purposes->count; i++) {
        const Consent *consent = &file->consents[i];
        if (!file->has_consent[i]) continue;
        json_open_object(w);
        json_key_text(w, "purpose", span_of_text(file->purposes->of[i].name));
        json_key_text(w, "state", consent->live ? SPAN("given") : SPAN("withdrawn"));
        json_key_int(w, "given_us", consent->given_us);
        json_key_text(w, "channel", span_of_text(consent->channel));
        write_time(w, "separate_us", consent->separate_us);
        write_time(w, "withdrawn_us", consent->withdrawn_us);
        json_close(w);
    }
    json_close(w);
}

static void write_classes(JsonWriter *w, ClassSet set)
{
    uint8_t memory[CLASSES_TEXT_MAX];
    Buffer text = BUFFER_OF(memory);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        if ((set >> i & 1) == 0) continue;
        const char *comma = text.size > 0 ? "," : "";
        IGNORE(buffer_print(&text, "%s%s", comma, data_class_at(i)->name), "all of them fit");
    }
    if (text.size > 0) json_key_text(w, "classes", span_of_buffer(&text));
}

static void write_acts(JsonWriter *w, const SubjectReport *report)
{
    json_key_array(w, "done");
    for (size_t i = 0; i < report->act_count; i++) {
        const Act *act = &report->acts[i];
        json_open_object(w);
        json_key_int(w, "time_us", act->time_us);
        json_key_text(w, "act", span_of_text(act_kind_name(act->kind)));
        if (act->purpose != 0)
            write_text(w, "purpose", purpose_name(report->file.purposes, act->purpose));
        if (act->basis != 0) write_text(w, "basis", legal_basis_name(act->basis));
        write_text(w, "party", act->party);
        write_classes(w, act->classes);
        json_close(w);
    }
    json_close(w);
}

static void write_requests(JsonWriter *w, const SubjectReport *report)
{
    json_key_array(w, "requests");
    for (size_t i = 0; i < report->request_count; i++) {
        const Request *request = &report->requests[i];
        const Status outcome = { request->outcome };
        json_open_object(w);
        json_key_int(w, "number", request->number);
        json_key_text(w, "kind", span_of_text(request_kind_name(request->kind)));
        json_key_int(w, "due_us", request->due_us);
        json_key_text(w, "outcome",
                request->state == REQUEST_OPEN ? SPAN("open") : span_of_text(status_name(outcome)));
        write_time(w, "answered_us", request->answered_us);
        json_close(w);
    }
    json_close(w);
}

static void write_report(JsonWriter *w, const House *house, const ReportRead *work)
{
    const int64_t now_us = clock_now_us(&house->clock);
    const SubjectReport *report = &work->report;
    const Subject *subject = &report->file.subject;
    json_key_text(w, "outcome", SPAN("OK"));
    json_key_text(w, "tenant", span_of_text(subject->name.tenant));
    json_key_text(w, "subject", span_of_text(subject->name.subject));
    json_key_text(
            w, "state", subject->state == SUBJECT_RESTRICTED ? SPAN("restricted") : SPAN("live"));
    json_key_int(w, "since_us", subject->created_us);
    write_time(w, "ended_us", subject->ended_us);
    write_time(w, "deletion_asked_us", subject->deletion_asked_us);
    write_time(w, "restricted_until_us", subject_held_until_us(&report->file, now_us));
    json_key_bool(w, "more_done", report->more_acts);
    write_holdings(w, house, &report->file);
    write_consents(w, &report->file);
    write_requests(w, report);
    write_acts(w, report);
}

static Status read_report(House *house, ReportRead *work)
{
    TRY(batcher_between(house->batcher, list_keys, work));
    report_read_unit(work, NULL);
    return unit_wait(house->batcher, &work->unit);
}

static void report_free(ReportRead **work) { free(*work); }

Status admin_subject_status(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    CLEANUP(report_free) ReportRead *work = calloc(1, sizeof(*work));
    CHECK(work != NULL, FAULT_MEMORY);
    work->purposes = &house->purposes;
    TRY(subject_read(document, status_fields, sizeof(status_fields) / sizeof(status_fields[0]),
            asker, &json, &work->name, work->actor));
    const Status s = read_report(house, work);
    if (!status_ok(s)) return subject_verdict(w, s, NULL);
    write_report(w, house, work);
    return OK;
}

/* --- who waits for destruction --- */

typedef struct Waiting {
    SubjectName names[DESTROY_SUBJECTS_MAX];
    size_t count;
} Waiting;

static Status list_waiting(void *context, Store *store)
{
    Waiting *waiting = context;
    return destruction_waiting(store, waiting->names, &waiting->count);
}

Status admin_subject_waiting(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    Waiting waiting = { 0 };
    SubjectJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), waiting_fields, 1, &json, &problem));
    TRY(batcher_between(admin->config.house->batcher, list_waiting, &waiting));
    json_key_text(w, "outcome", SPAN("OK"));
    json_key_array(w, "subjects");
    for (size_t i = 0; i < waiting.count; i++) {
        json_open_object(w);
        json_key_text(w, "tenant", span_of_text(waiting.names[i].tenant));
        json_key_text(w, "subject", span_of_text(waiting.names[i].subject));
        json_close(w);
    }
    json_close(w);
    return OK;
}

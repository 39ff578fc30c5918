/* Consent, collecting, use, and what a person asks for (api/admin_subject.h). */
#include "api/admin_subject.h"

#include "api/passage.h"
#include "base/encoding.h"
#include "lifecycle/collect.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

#include <stdio.h>

#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

Status subject_read(const JsonDocument *document, const JsonField *fields, size_t count,
        const Asker *asker, SubjectJson *ret_json, SubjectName *ret_name,
        char ret_actor[SUBJECT_ACTOR_BYTES_MAX + 1])
{
    JsonProblem problem = { 0 };
    ret_json->tenant = SPAN("house");
    TRY(json_read_request(document, json_root(document), fields, count, ret_json, &problem));
    TRY(subject_name_of(ret_json->tenant, ret_json->subject, ret_name));
    /* What an operator types goes into rows and the log: no card number, nothing prohibited. */
    const Span typed[] = { ret_json->channel, ret_json->proof, ret_json->authority,
        ret_json->reference };
    for (size_t i = 0; i < COUNT(typed); i++)
        if (typed[i].size > 0) TRY(detect_free_text(typed[i]));
    snprintf(ret_actor, SUBJECT_ACTOR_BYTES_MAX + 1, "operator/%s", asker->principal);
    return OK;
}

/* Whose fault is it? The rules' refusals are answers; the rest goes to the caller as it is. */
static bool is_answer(Status s)
{
    if (status_ok(s)) return true;
    const bool lifecycle = s.code >= REFUSED_PURPOSES_INVALID && s.code < 2150;
    return lifecycle || status_is(s, REFUSED_POLICY_REFUSES)
            || (s.code >= REFUSED_APPROVAL_INVALID && s.code <= REFUSED_APPROVAL_REPLAYED)
            || status_is(s, REFUSED_APPROVAL_QUORUM);
}

Status subject_verdict(JsonWriter *w, Status s, const UseVerdict *verdict)
{
    if (!is_answer(s)) return s;
    json_key_text(w, "outcome", span_of_text(status_name(s)));
    if (!status_ok(s)) json_key_text(w, "advice", span_of_text(status_advice(s)));
    if (verdict == NULL || status_ok(s)) return OK;
    if (verdict->class != 0)
        json_key_text(w, "field", span_of_text(data_class_name((uint32_t)verdict->class)));
    if (verdict->until_us != 0) json_key_int(w, "until_us", verdict->until_us);
    return OK;
}

/* --- consent --- */

static const JsonField consent_fields[] = { SUBJECT_FIELDS,
    SUBJECT_TEXT(purpose, true, PURPOSE_NAME_BYTES_MAX),
    SUBJECT_TEXT(channel, true, SUBJECT_TEXT_BYTES_MAX),
    { "text_sha256", JSON_TEXT, true, 64, 64, SUBJECT_AT(text_sha256) },
    { "separate", JSON_BOOL, false, 0, 1, SUBJECT_AT(separate) } };

Status admin_subject_consent(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    ConsentGive work = { .purposes = &house->purposes };
    Buffer text = BUFFER_OF(work.text);
    TRY(subject_read(
            document, consent_fields, COUNT(consent_fields), asker, &json, &work.name, work.actor));
    TRY(hex_decode(json.text_sha256, &text));
    passage_text(work.purpose, sizeof(work.purpose), json.purpose);
    passage_text(work.channel, sizeof(work.channel), json.channel);
    work.separate = json.separate;
    consent_give_unit(&work, NULL);
    return subject_verdict(w, unit_wait(house->batcher, &work.unit), NULL);
}

/* --- collecting --- */

typedef struct FieldJson {
    Span class;
    Span reference;
} FieldJson;

static const JsonField field_fields[] = {
    { "class", JSON_TEXT, true, 1, 32, offsetof(FieldJson, class) },
    { "reference", JSON_TEXT, false, 1, SUBJECT_TEXT_BYTES_MAX, offsetof(FieldJson, reference) },
};

static const JsonField collect_fields[] = { SUBJECT_FIELDS,
    SUBJECT_TEXT(purpose, true, PURPOSE_NAME_BYTES_MAX),
    SUBJECT_TEXT(channel, true, SUBJECT_TEXT_BYTES_MAX),
    { "fields", JSON_LIST, true, 1, DATA_CLASS_COUNT, SUBJECT_AT(fields) } };

static Status read_fields(const JsonDocument *document, const JsonValue *list, Collect *work)
{
    JsonProblem problem = { 0 };
    for (size_t i = 0; i < json_list_size(list); i++) {
        const JsonValue *item = NULL;
        FieldJson field = { 0 };
        CollectField *out = &work->fields[work->field_count++];
        TRY(json_list_object(document, list, i, &item, &problem));
        TRY(json_read_request(document, item, field_fields, COUNT(field_fields), &field, &problem));
        REQUIRE(data_class_of(field.class, &out->class), REFUSED_SUBJECT_FIELD);
        passage_text(out->reference, sizeof(out->reference), field.reference);
        REQUIRE(field.reference.size == 0 || subject_word_is_valid(field.reference),
                REFUSED_SUBJECT_FIELD); /* it names a row, it is no text */
    }
    return OK;
}

Status admin_subject_collect(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    Collect work = { .purposes = &house->purposes };
    TRY(subject_read(
            document, collect_fields, COUNT(collect_fields), asker, &json, &work.name, work.actor));
    TRY(read_fields(document, json.fields, &work));
    passage_text(work.purpose, sizeof(work.purpose), json.purpose);
    passage_text(work.channel, sizeof(work.channel), json.channel);
    collect_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    return subject_verdict(w, s, &work.verdict);
}

/* --- use --- */

static const JsonField use_fields[] = { SUBJECT_FIELDS,
    SUBJECT_TEXT(purpose, true, PURPOSE_NAME_BYTES_MAX), SUBJECT_TEXT(act, true, 16),
    SUBJECT_TEXT(party, false, PURPOSE_NAME_BYTES_MAX),
    SUBJECT_TEXT(reference, false, SUBJECT_TEXT_BYTES_MAX),
    { "classes", JSON_LIST, true, 1, DATA_CLASS_COUNT, SUBJECT_AT(classes) } };

static Status read_classes(const JsonDocument *document, const JsonValue *list, ClassSet *ret_set)
{
    JsonProblem problem = { 0 };
    for (size_t i = 0; i < json_list_size(list); i++) {
        Span name = { 0 };
        DataClass class = 0;
        TRY(json_list_text(document, list, i, 32, &name, &problem));
        REQUIRE(data_class_of(name, &class), REFUSED_SUBJECT_FIELD);
        *ret_set |= class_set_of((uint32_t) class);
    }
    return OK;
}

Status admin_subject_use(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    UseAsk work = { .purposes = &house->purposes };
    TRY(subject_read(
            document, use_fields, COUNT(use_fields), asker, &json, &work.use.name, work.actor));
    REQUIRE(use_act_of(json.act, &work.use.act), REFUSED_SUBJECT_FIELD);
    TRY(read_classes(document, json.classes, &work.use.classes));
    passage_text(work.use.purpose, sizeof(work.use.purpose), json.purpose);
    passage_text(work.use.party, sizeof(work.use.party), json.party);
    passage_text(work.reference, sizeof(work.reference), json.reference);
    use_ask_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    return subject_verdict(w, s, &work.verdict);
}

/* --- what a person asks for --- */

static const JsonField request_fields[] = { SUBJECT_FIELDS, SUBJECT_TEXT(kind, true, 16),
    SUBJECT_TEXT(proof, true, SUBJECT_TEXT_BYTES_MAX),
    SUBJECT_TEXT(purpose, false, PURPOSE_NAME_BYTES_MAX), SUBJECT_TEXT(class, false, 32),
    SUBJECT_TEXT(reference, false, SUBJECT_TEXT_BYTES_MAX),
    { "number", JSON_INT, false, 1, INT32_MAX, SUBJECT_AT(number) },
    { "receive", JSON_BOOL, false, 0, 1, SUBJECT_AT(receive) } };

static Status read_request(
        const JsonDocument *document, const Asker *asker, SubjectJson *json, Ask *work)
{
    TRY(subject_read(document, request_fields, COUNT(request_fields), asker, json,
            &work->wanted.name, work->actor));
    REQUIRE(request_kind_of(json->kind, &work->wanted.kind), REFUSED_SUBJECT_FIELD);
    REQUIRE(json->class.size == 0 || data_class_of(json->class, &work->class),
            REFUSED_SUBJECT_FIELD);
    REQUIRE(json->reference.size == 0 || subject_word_is_valid(json->reference),
            REFUSED_SUBJECT_FIELD);
    passage_text(work->wanted.proof, sizeof(work->wanted.proof), json->proof);
    passage_text(work->purpose, sizeof(work->purpose), json->purpose);
    passage_text(work->reference, sizeof(work->reference), json->reference);
    work->wanted.number = json->number;
    work->receive = json->receive;
    return OK;
}

static void write_answer(JsonWriter *w, const char *key, const Request *request, bool chinese)
{
    uint8_t memory[REQUEST_ANSWER_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(request_answer(request, chinese, &text)))
        json_key_text(w, key, span_of_buffer(&text));
}

Status admin_subject_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    Ask work = { .purposes = &house->purposes };
    TRY(read_request(document, asker, &json, &work));
    ask_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    if (!status_ok(s)) return subject_verdict(w, s, NULL);
    atomic_store(&house->data_is_due, true);
    const Request *request = &work.request;
    json_key_text(w, "outcome", span_of_text(status_name((Status) { request->outcome })));
    json_key_int(w, "request", request->number);
    json_key_text(w, "kind", span_of_text(request_kind_name(request->kind)));
    json_key_int(w, "received_us", request->received_us);
    json_key_int(w, "due_us", request->due_us);
    if (request->answered_us != 0) json_key_int(w, "answered_us", request->answered_us);
    if (request->until_us != 0) json_key_int(w, "until_us", request->until_us);
    write_answer(w, "answer", request, false);
    write_answer(w, "answer_zh", request, true);
    return OK;
}

/* --- the end --- */

static const JsonField end_fields[] = { SUBJECT_FIELDS };

Status admin_subject_end(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    RelationEnd work = { .purposes = &house->purposes };
    TRY(subject_read(
            document, end_fields, COUNT(end_fields), asker, &json, &work.name, work.actor));
    relation_end_unit(&work, NULL);
    const Status s = unit_wait(house->batcher, &work.unit);
    atomic_store(&house->data_is_due, true);
    return subject_verdict(w, s, NULL);
}

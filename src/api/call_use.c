/* May this be done with these data of this subject, for this purpose, now? For a core that keeps
 * masks and ciphertext itself, and shows, shares, discloses or entrusts them (TP-3, LL-2.3.1). */
#include "api/use_door.h"

typedef struct UseJson {
    Span subject, act, purpose, party, reference;
    const JsonValue *classes;
} UseJson;

#define PLACE(member) offsetof(UseJson, member)

static const JsonField use_fields[] = {
    { "subject", JSON_TEXT, true, 1, SUBJECT_NAME_BYTES_MAX, PLACE(subject) },
    { "act", JSON_TEXT, true, 1, 16, PLACE(act) },
    { "data_purpose", JSON_TEXT, true, 1, PURPOSE_NAME_BYTES_MAX, PLACE(purpose) },
    { "classes", JSON_LIST, true, 1, DATA_CLASS_COUNT, PLACE(classes) },
    { "party", JSON_TEXT, false, 1, PURPOSE_NAME_BYTES_MAX, PLACE(party) },
    { "reference", JSON_TEXT, false, 1, SUBJECT_TEXT_BYTES_MAX, PLACE(reference) },
};

static Status read_classes(
        Call *call, const JsonDocument *document, const JsonValue *list, ClassSet *ret_set)
{
    for (size_t i = 0; i < json_list_size(list); i++) {
        Span name = { 0 };
        DataClass class = 0;
        TRY(json_list_text(document, list, i, 32, &name, &call->problem));
        REQUIRE(data_class_of(name, &class), REFUSED_FIELD_CLASS);
        *ret_set |= class_set_of((uint32_t) class);
    }
    return OK;
}

Status call_use(Call *call)
{
    UseJson json = { 0 };
    UseDoor use = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(call_read_json(
            call, use_fields, sizeof(use_fields) / sizeof(use_fields[0]), &json, &document));
    REQUIRE(use_act_of(json.act, &use.act), REFUSED_SUBJECT_FIELD);
    TRY(read_classes(call, document, json.classes, &use.classes));
    use.subject = json.subject;
    use.purpose = json.purpose;
    use.party = json.party;
    use.reference = json.reference;
    TRY(use_door_ask(call, &use));
    JsonWriter w = json_writer_for(&call->answer, LAYER_PROCESS);
    json_open_object(&w);
    json_key_text(&w, "outcome", SPAN("OK"));
    json_close(&w);
    return json_finish(&w);
}

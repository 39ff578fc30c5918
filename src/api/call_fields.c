/* Sensitive fields of a caller's tenant (TP-4, TP-8): boxes in, ciphertext, token and mask out.
 *
 * Two ways in: the vault's own binary batches, which the client library (src/sdk) makes, and JSON
 * for one or a few boxes. Nothing is in clear here either way. A full number leaves for an enrolled
 * receiver's key alone. */
#include "api/call.h"

#include "api/challenge.h"
#include "api/use_door.h"
#include "base/encoding.h"
#include "crypto/box.h"
#include "policy/detect.h"
#include "policy/policy.h"
#include "vaultclient/fields.h"

enum { JSON_ITEMS_MAX = 32 };

static Fields fields_of(const Call *call)
{
    return (Fields) { .domain = call->house->domain, .vault = call->house->vault };
}

/* --- sessions --- */

typedef struct SessionJson {
    Span box;
} SessionJson;

static const JsonField session_fields[] = {
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(SessionJson, box) },
};

Status call_session(Call *call)
{
    SessionJson json = { 0 };
    Box parsed = { 0 };
    WireSession session = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Fields fields = fields_of(call);
    TRY(call_read_json(call, session_fields, 1, &json, &document));
    TRY(base64_decode(json.box, &box));
    TRY(box_parse(span_of_buffer(&box), &parsed));
    TRY(challenge_check(call->house, parsed.context.server_nonce));
    TRY(fields_session(&fields, span_of_text(call->caller.tenant), span_of_buffer(&box), &session));
    JsonWriter w = json_writer(&call->answer);
    json_open_object(&w);
    call_key_hex(&w, "session", SPAN_OF(session.id));
    json_key_int(&w, "expires_us", session.expires_us);
    json_key_int(&w, "numbers", (int64_t)session.numbers);
    json_close(&w);
    return json_finish(&w);
}

/* --- binary batches --- */

/* The tenant is who the certificate says, whatever the batch says. */
static Status take_head(Call *call, Cursor *c, WireBatchHead *ret_head)
{
    TRY(wire_take_batch_head(c, ret_head));
    ret_head->tenant = span_of_text(call->caller.tenant);
    return OK;
}

static Status protect_batch(Call *call)
{
    static _Thread_local WireSubject subjects[WIRE_BATCH_SUBJECTS_MAX];
    const Fields fields = fields_of(call);
    FieldsBatch batch = { .subjects = subjects };
    Cursor c = cursor_of(call->body);
    uint32_t count = 0;
    TRY(take_head(call, &c, &batch.head));
    TRY(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(wire_take_subject(&c, &subjects[i]));
        TRY(detect_kept_text(subjects[i].subject)); /* the domain store keeps it as it comes */
    }
    batch.subject_count = count;
    batch.items = c.rest;
    return fields_protect_given(&fields, &batch, &call->answer);
}

Status call_lookups(Call *call)
{
    const Fields fields = fields_of(call);
    WireBatchHead head = { 0 };
    Cursor c = cursor_of(call->body);
    REQUIRE(call->is_binary, REFUSED_CONTENT_TYPE);
    TRY(take_head(call, &c, &head));
    return fields_look_up_given(&fields, &head, c.rest, &call->answer);
}

/* --- JSON --- */

typedef struct FieldsJson {
    Span data_class;
    int64_t table;
    int64_t column;
    const JsonValue *items;
} FieldsJson;

static const JsonField fields_fields[] = {
    { "class", JSON_TEXT, true, 1, 32, offsetof(FieldsJson, data_class) },
    { "table", JSON_INT, true, 1, UINT16_MAX, offsetof(FieldsJson, table) },
    { "column", JSON_INT, true, 0, UINT16_MAX, offsetof(FieldsJson, column) },
    { "items", JSON_LIST, true, 1, JSON_ITEMS_MAX, offsetof(FieldsJson, items) },
};

typedef struct ItemJson {
    Span subject;
    Span reference;
    Span box;
} ItemJson;

static const JsonField item_fields[] = {
    { "subject", JSON_TEXT, true, 1, WIRE_SUBJECT_BYTES_MAX, offsetof(ItemJson, subject) },
    { "reference", JSON_TEXT, true, 1, FIELD_REFERENCE_BYTES_MAX, offsetof(ItemJson, reference) },
    { "box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(ItemJson, box) },
};

typedef struct JsonBatch {
    WireSubject subjects[JSON_ITEMS_MAX];
    uint8_t items[JSON_ITEMS_MAX * (BOX_BYTES_MAX + 256)];
} JsonBatch;

static Status put_item(Call *call, const JsonDocument *document, const FieldsJson *json, size_t i,
        WireSubject *ret_subject, Buffer *items)
{
    const JsonValue *object = NULL;
    ItemJson item = { 0 };
    Box parsed = { 0 };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    TRY(json_list_object(document, json->items, i, &object, &call->problem));
    TRY(json_read_request(document, object, item_fields, 3, &item, &call->problem));
    TRY(detect_kept_text(item.subject)); /* kept as it comes */
    TRY(detect_kept_text(item.reference));
    TRY(base64_decode(item.box, &box));
    TRY(box_parse(span_of_buffer(&box), &parsed));
    TRY(challenge_check(call->house, parsed.context.server_nonce));
    *ret_subject = (WireSubject) { item.subject, { NULL, 0 } };
    const WireFieldItem wire = { (uint32_t)i, 0, span_of_buffer(&box), item.reference };
    return wire_put_field_item(items, &wire);
}

static void write_index(JsonWriter *w, const char *key, uint32_t version, const uint8_t *index)
{
    if (version == 0) return;
    json_key_object(w, key);
    json_key_int(w, "version", version);
    call_key_hex(w, "value", (Span) { index, WIRE_INDEX_BYTES });
    json_close(w);
}

static Status write_item(Cursor *c, JsonWriter *w)
{
    uint32_t status = 0;
    WireProtected made = { 0 };
    TRY(cursor_u32(c, &status));
    json_open_object(w);
    if (status != 0) {
        json_key_text(w, "code", span_of_text(status_name((Status) { (int32_t)status })));
    } else {
        TRY(wire_take_protected(c, &made));
        call_key_base64(w, "sealed", made.sealed);
        if (made.token.size > 0) json_key_text(w, "token", made.token);
        json_key_text(w, "mask", made.mask);
        write_index(w, "index", made.indexes.version, made.indexes.index);
        write_index(w, "old_index", made.indexes.old_version, made.indexes.old_index);
    }
    json_close(w);
    return OK;
}

static Status write_items(Call *call, Span protected)
{
    Cursor c = cursor_of(protected);
    uint32_t count = 0;
    TRY(wire_take_count(&c, JSON_ITEMS_MAX, &count));
    JsonWriter w =
            json_writer_for(&call->answer, LAYER_PROCESS); /* to the institution's own core */
    json_open_object(&w);
    json_key_array(&w, "items");
    for (uint32_t i = 0; i < count; i++)
        TRY(write_item(&c, &w));
    json_close(&w);
    json_close(&w);
    TRY(cursor_end(&c));
    return json_finish(&w);
}

static Status protect_json(Call *call)
{
    static _Thread_local JsonBatch memory;
    static _Thread_local uint8_t protected_bytes[JSON_ITEMS_MAX * 4096];
    FieldsJson json = { 0 };
    DataClass class = CLASS_PUBLIC;
    Buffer items = BUFFER_OF(memory.items);
    Buffer protected = BUFFER_OF(protected_bytes);
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Fields fields = fields_of(call);
    TRY(call_read_json(call, fields_fields, 4, &json, &document));
    REQUIRE(data_class_of(json.data_class, &class), REFUSED_FIELD_CLASS);
    const size_t count = json_list_size(json.items);
    TRY(wire_put_count(&items, count, WIRE_BATCH_ITEMS_MAX));
    for (size_t i = 0; i < count; i++)
        TRY(put_item(call, document, &json, i, &memory.subjects[i], &items));
    const FieldsBatch batch = { .head = { .tenant = span_of_text(call->caller.tenant),
                                        .data_class = (uint16_t) class,
                                        .table = (uint16_t)json.table,
                                        .column = (uint16_t)json.column },
        .subjects = memory.subjects,
        .subject_count = count,
        .items = span_of_buffer(&items) };
    TRY(fields_protect_given(&fields, &batch, &protected));
    return write_items(call, span_of_buffer(&protected));
}

Status call_fields(Call *call)
{
    return call->is_binary ? protect_batch(call) : protect_json(call);
}

/* --- reveal: to a machine, and nobody else --- */

typedef struct RevealJson {
    Span data_class, reference, subject, sealed, receiver, purpose, reason, data_purpose;
    int64_t table, column;
    const JsonValue *approvals;
} RevealJson;

#define PLACE(member) offsetof(RevealJson, member)

static const JsonField reveal_fields[] = {
    { "class", JSON_TEXT, true, 1, 32, PLACE(data_class) },
    { "table", JSON_INT, true, 1, UINT16_MAX, PLACE(table) },
    { "column", JSON_INT, true, 0, UINT16_MAX, PLACE(column) },
    { "reference", JSON_TEXT, true, 1, FIELD_REFERENCE_BYTES_MAX, PLACE(reference) },
    { "subject", JSON_TEXT, true, 1, WIRE_SUBJECT_BYTES_MAX, PLACE(subject) },
    { "sealed", JSON_TEXT, true, 1, 2 * WIRE_FIELD_BYTES_MAX, PLACE(sealed) },
    { "receiver", JSON_TEXT, true, 1, WIRE_RECEIVER_BYTES_MAX, PLACE(receiver) },
    { "purpose", JSON_TEXT, true, 1, 32, PLACE(purpose) },
    { "reason", JSON_TEXT, true, 1, WIRE_REASON_BYTES_MAX, PLACE(reason) },
    { "data_purpose", JSON_TEXT, false, 1, PURPOSE_NAME_BYTES_MAX, PLACE(data_purpose) },
};

/* A number that leaves for a bank channel works for a purpose of its subject's: which is the
 * caller's to say. Sharing with somebody who decides himself what he does with it is another act
 * (call_use); that it left stands in the log of reveals. */
static Status may_leave(Call *call, const RevealJson *json, DataClass class)
{
    const UseDoor use = { .subject = json->subject,
        .act = USE_PROCESS,
        .classes = class_set_of((uint32_t) class),
        .purpose = json->data_purpose };
    return use_door_ask(call, &use);
}

static Status read_purpose(Span name, uint8_t *ret)
{
    const bool bank = span_equal(name, SPAN("bank-channel"));
    REQUIRE(bank || span_equal(name, SPAN("legal-order")), REFUSED_REVEAL_FORBIDDEN);
    *ret = bank ? REVEAL_BANK_CHANNEL : REVEAL_LEGAL_ORDER;
    return OK;
}

/* A legal order is asked for with two people's signatures by the operator's command line; over this
 * door it is refused by the vault, since it comes with none. */
Status call_reveal(Call *call)
{
    RevealJson json = { 0 };
    DataClass class = CLASS_PUBLIC;
    uint8_t sealed_bytes[WIRE_FIELD_BYTES_MAX];
    uint8_t box_bytes[WIRE_BOX_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    WireReveal reveal = { .tenant = span_of_text(call->caller.tenant) };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const Fields fields = fields_of(call);
    TRY(call_read_json(call, reveal_fields, sizeof(reveal_fields) / sizeof(reveal_fields[0]), &json,
            &document));
    REQUIRE(data_class_of(json.data_class, &class), REFUSED_FIELD_CLASS);
    TRY(read_purpose(json.purpose, &reveal.purpose));
    TRY(base64_decode(json.sealed, &sealed));
    reveal.data_class = (uint16_t) class;
    reveal.table = (uint16_t)json.table;
    reveal.column = (uint16_t)json.column;
    reveal.row_key = json.reference;
    reveal.subject = json.subject;
    reveal.sealed = span_of_buffer(&sealed);
    reveal.receiver = json.receiver;
    reveal.reason = json.reason;
    TRY(policy_allow(class, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT));
    TRY(may_leave(call, &json, class));
    TRY(fields_reveal_given(&fields, &reveal, NULL, &box));
    JsonWriter w = json_writer_for(&call->answer, LAYER_PROCESS);
    json_open_object(&w);
    call_key_base64(&w, "receiver_box", span_of_buffer(&box));
    json_close(&w);
    return json_finish(&w);
}

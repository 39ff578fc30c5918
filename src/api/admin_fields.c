/* A sensitive field on an operator's way: its mask, and what two people sign for: a legal order, or
 * full display under an override (TP-8). No value passes here, but in a box for its receiver. */
#include "api/admin_inside.h"

#include "api/use_door.h"
#include "base/encoding.h"
#include "vaultclient/fields.h"

#include <stdio.h>

enum { APPROVALS_TEXT_MAX = 16384 };

typedef struct FieldJson {
    Span operation;
    Span tenant;
    Span class;
    Span reference;
    Span subject;
    Span receiver;
    Span purpose;
    Span reason;
    Span approvals;
    Span sealed;
    Span data_purpose;
    int64_t table;
    int64_t column;
} FieldJson;

#define AT(member) offsetof(FieldJson, member)
#define PLACE_FIELDS                                                              \
    { "operation", JSON_TEXT, true, 1, 64, AT(operation) },                       \
            { "tenant", JSON_TEXT, true, 1, FIELD_TENANT_BYTES_MAX, AT(tenant) }, \
            { "class", JSON_TEXT, true, 1, 32, AT(class) },                       \
            { "table", JSON_INT, true, 1, UINT16_MAX, AT(table) },                \
            { "column", JSON_INT, true, 0, UINT16_MAX, AT(column) },              \
    {                                                                             \
        "reference", JSON_TEXT, true, 1, FIELD_REFERENCE_BYTES_MAX, AT(reference) \
    }

static const JsonField place_fields[] = { PLACE_FIELDS };
static const JsonField reveal_fields[] = {
    PLACE_FIELDS,
    { "subject", JSON_TEXT, true, 1, WIRE_SUBJECT_BYTES_MAX, AT(subject) },
    { "receiver", JSON_TEXT, true, 1, WIRE_RECEIVER_BYTES_MAX, AT(receiver) },
    { "purpose", JSON_TEXT, true, 1, 32, AT(purpose) },
    { "reason", JSON_TEXT, true, 1, WIRE_REASON_BYTES_MAX, AT(reason) },
    { "approvals", JSON_TEXT, true, 1, APPROVALS_TEXT_MAX, AT(approvals) },
    { "sealed", JSON_TEXT, false, 1, 2 * WIRE_FIELD_BYTES_MAX, AT(sealed) },
    { "data_purpose", JSON_TEXT, false, 1, PURPOSE_NAME_BYTES_MAX, AT(data_purpose) },
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static Fields fields_of(const Admin *admin)
{
    return (Fields) { admin->config.house->domain, admin->config.house->vault };
}

static Status read_place(const JsonDocument *document, const JsonField *fields, size_t count,
        FieldJson *ret_json, WireBatchHead *ret_head)
{
    DataClass class = CLASS_PUBLIC;
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), fields, count, ret_json, &problem));
    REQUIRE(data_class_of(ret_json->class, &class), REFUSED_FIELD_CLASS);
    *ret_head = (WireBatchHead) { .tenant = ret_json->tenant,
        .data_class = (uint16_t) class,
        .table = (uint16_t)ret_json->table,
        .column = (uint16_t)ret_json->column };
    return OK;
}

/* Who looks is in the audit log before he sees anything (LL-4.5.3). */
static Status write_down(Admin *admin, const Asker *asker, const FieldJson *json, const char *what)
{
    uint8_t memory[AUDIT_SUBJECT_BYTES_MAX];
    Buffer subject = BUFFER_OF(memory);
    TRY(buffer_print(&subject, "field/%.*s/%.*s/%d/%d", (int)json->tenant.size,
            (const char *)json->tenant.data, (int)json->class.size, (const char *)json->class.data,
            (int)json->table, (int)json->column));
    return admin_write_down(admin, asker, AUDIT_READ, span_of_buffer(&subject), span_of_text(what));
}

Status admin_field_mask(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    FieldJson json = { 0 };
    WireBatchHead head = { 0 };
    uint8_t memory[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(memory);
    const Fields fields = fields_of(admin);
    TRY(read_place(document, place_fields, COUNT(place_fields), &json, &head));
    TRY(policy_allow((DataClass)head.data_class, LAYER_DISPLAY, PURPOSE_OPERATE, FORM_MASK));
    TRY(write_down(admin, asker, &json, "mask"));
    TRY(fields_mask(&fields, &head, json.reference, &mask));
    json_key_text(w, "mask", span_of_buffer(&mask));
    return OK;
}

Status admin_field_print(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    FieldJson json = { 0 };
    WireBatchHead head = { 0 };
    uint8_t digest[WIRE_HASH_BYTES];
    const Fields fields = fields_of(admin);
    TRY(read_place(document, place_fields, COUNT(place_fields), &json, &head));
    TRY(fields_print(&fields, &head, json.reference, digest));
    call_key_hex(w, "sealed_sha256", SPAN_OF(digest));
    return OK;
}

/* --- reveal --- */

static Status take_approvals(Span base64, Buffer *memory, WireApproval ret_two[2])
{
    TRY(admin_bytes(base64, memory));
    Cursor c = cursor_of(span_of_buffer(memory));
    TRY(wire_take_approval(&c, &ret_two[0]));
    TRY(wire_take_approval(&c, &ret_two[1]));
    return cursor_end(&c);
}

/* A screen shows what the subject's life lets it. An authority's order does not ask for a consent.
 */
static Status may_be_shown(
        const Admin *admin, const Asker *asker, const FieldJson *json, const WireBatchHead *head)
{
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    const UseDoor use = { .subject = json->subject,
        .act = USE_DISPLAY,
        .classes = class_set_of(head->data_class),
        .purpose = json->data_purpose };
    snprintf(actor, sizeof(actor), "operator/%s", asker->principal);
    return use_door_ask_for(admin->config.house, json->tenant, actor, &use);
}

static Status reveal(Admin *admin, const FieldJson *json, const WireBatchHead *head,
        const WireApproval two[2], Buffer *ret_box)
{
    uint8_t memory[WIRE_FIELD_BYTES_MAX];
    Buffer sealed = BUFFER_OF(memory);
    const Fields fields = fields_of(admin);
    TRY(admin_bytes(json->sealed, &sealed));
    const WireReveal asked = { .tenant = json->tenant,
        .data_class = head->data_class,
        .table = head->table,
        .column = head->column,
        .row_key = json->reference,
        .subject = json->subject,
        .sealed = span_of_buffer(&sealed),
        .receiver = json->receiver,
        .purpose = reveal_purpose_of(json->purpose),
        .reason = json->reason };
    if (sealed.size > 0) return fields_reveal_given(&fields, &asked, two, ret_box);
    return fields_reveal(&fields, &asked, two, ret_box);
}

/* vaultd asks its own policy, whose overrides end by its own clock, and writes the line that says
 * who was given what, durably, before it answers. */
Status admin_field_reveal(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    FieldJson json = { 0 };
    WireBatchHead head = { 0 };
    WireApproval two[2];
    uint8_t approvals_bytes[APPROVALS_TEXT_MAX];
    uint8_t box_bytes[WIRE_BOX_BYTES_MAX];
    Buffer approvals = BUFFER_OF(approvals_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    TRY(read_place(document, reveal_fields, COUNT(reveal_fields), &json, &head));
    const uint8_t purpose = reveal_purpose_of(json.purpose);
    const bool signed_for = purpose == REVEAL_LEGAL_ORDER || purpose == REVEAL_FULL_DISPLAY;
    REQUIRE(signed_for, REFUSED_REVEAL_FORBIDDEN);
    TRY(take_approvals(json.approvals, &approvals, two));
    TRY(write_down(admin, asker, &json, reveal_purpose_name(purpose)));
    if (purpose == REVEAL_FULL_DISPLAY) TRY(may_be_shown(admin, asker, &json, &head));
    TRY(reveal(admin, &json, &head, two, &box));
    w->layer = LAYER_PROCESS; /* not to a screen: a box that its receiver alone opens */
    admin_key_base64(w, "receiver_box", span_of_buffer(&box));
    return OK;
}

#include "api/admin_export.h"

#include <stdio.h>
#include <stdlib.h>

#include "access/request_act.h"
#include "api/export_rows.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/file_box.h"
#include "ipc/field_wire.h"
#include "store/unit_wait.h"

#define PERMIT "export.permit"

enum { FILE_BYTES_MAX = EXPORT_PART_BYTES_MAX + FILE_BOX_OVERHEAD_BYTES_MAX, LISTED_MAX = 64 };

static Status read_form(Admin *admin, const JsonDocument *document, ExportForm *ret_form)
{
    const int64_t now_us = clock_now_us(&admin->config.house->clock);
    TRY(export_form_read(document, now_us, ret_form));
    REQUIRE(ret_form->until_us > now_us, REFUSED_EXPORT_FORM);
    return OK;
}

Status admin_export_permit_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    ExportForm form;
    return read_form(admin, document, &form);
}

Status admin_export_permit(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ExportForm form;
    TRY(read_form(admin, document, &form));
    json_key_text(w, "receiver", form.receiver);
    json_key_int(w, "until_us", form.until_us);
    return OK;
}

/* --- running --- */

typedef struct RunJson {
    Span operation;
    Span request;
    Span receiver;
    int64_t part;
    Span after;
} RunJson;

static const JsonField run_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(RunJson, operation) },
    { "request", JSON_TEXT, true, ASKED_ID_BYTES, ASKED_ID_BYTES, offsetof(RunJson, request) },
    { "receiver", JSON_TEXT, true, 1, EXPORT_NAME_BYTES_MAX, offsetof(RunJson, receiver) },
    { "part", JSON_INT, false, 1, EXPORT_PARTS_MAX, offsetof(RunJson, part) },
    { "after", JSON_TEXT, false, 1, EXPORT_PLACE_BYTES_MAX, offsetof(RunJson, after) },
};

/* What was approved and ended well: the form that its row keeps. */
static Status approved_form(House *house, Span request, RequestLook *look,
        JsonDocument **ret_document, ExportForm *form)
{
    JsonProblem problem = { 0 };
    const int64_t now_us = clock_now_us(&house->clock);
    REQUIRE(span_is_plain_name(request, ASKED_ID_BYTES), REFUSED_REQUEST_UNKNOWN);
    passage_text(look->request.id, sizeof(look->request.id), request);
    request_look_unit(look, NULL);
    TRY(unit_wait(house->batcher, &look->unit));
    const AskedRequest *r = &look->request;
    REQUIRE(strcmp(r->action, PERMIT) == 0 && r->state == ASKED_DONE, REFUSED_EXPORT_NOT_PERMITTED);
    TRY(json_parse((Span) { r->exact, r->exact_size }, ret_document, &problem));
    TRY(export_form_read(*ret_document, now_us, form));
    REQUIRE(form->until_us > now_us, REFUSED_EXPORT_NOT_PERMITTED);
    return OK;
}

/* Two people enrolled this key under this name (`hufu receiver add`). */
static Status receiver_key(House *house, Span name, PublicKey **ret_key)
{
    static _Thread_local uint8_t bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    uint32_t count = 0;
    TRY(vaultclient_ask(house->vault, VAULT_RECEIVERS, SPAN(""), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, UINT16_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireReceiver receiver;
        TRY(wire_take_receiver(&c, &receiver));
        if (span_equal(receiver.name, name)) return public_key_from_spki(receiver.spki, ret_key);
    }
    return REFUSE(REFUSED_EXPORT_RECEIVER);
}

/* The box says which part of which export it is, and whether another comes. */
static Status seal_file(
        House *house, const ExportForm *form, Span request, const ExportPart *part, Buffer *file)
{
    uint8_t order_bytes[BOX_NAME_BYTES_MAX];
    Buffer order = BUFFER_OF(order_bytes);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(file_box_part_name(request, part->number, part->last, &order));
    const BoxContext context = { .data_class = CLASS_IDENTITY,
        .expiry_us = form->until_us,
        .tenant = SPAN(ASKER_HOUSE),
        .order = span_of_buffer(&order),
        .payee = form->receiver };
    TRY(receiver_key(house, form->receiver, &key));
    return file_box_seal(key, &house->random, &context, span_of_buffer(part->csv), file);
}

/* "<request>/<receiver>", "part 1 rows 17 sha256 ...": durable before anybody has the file. */
static Status write_receipt(Admin *admin, const Asker *asker, const ExportForm *form, Span request,
        Span digest_hex, const ExportPart *part)
{
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    TRY(buffer_put(&subject, request));
    TRY(buffer_put_u8(&subject, '/'));
    TRY(buffer_put(&subject, form->receiver));
    TRY(buffer_print(&detail, "part %lld rows %zu sha256 ", (long long)part->number, part->rows));
    TRY(buffer_put(&detail, digest_hex));
    return admin_write_down(
            admin, asker, AUDIT_EXPORT, span_of_buffer(&subject), span_of_buffer(&detail));
}

static void key_file(JsonWriter *w, Span file)
{
    static _Thread_local uint8_t bytes[2 * FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    if (status_ok(base64_encode(file, &text)))
        json_key_text(w, "file_base64", span_of_buffer(&text));
}

static Status run(Admin *admin, const Asker *asker, const ExportForm *form, const RunJson *json,
        JsonWriter *w)
{
    static _Thread_local uint8_t csv_bytes[EXPORT_PART_BYTES_MAX];
    static _Thread_local uint8_t file_bytes[FILE_BYTES_MAX];
    House *house = admin->config.house;
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t hex_bytes[2 * DIGEST_SHA256_BYTES];
    Buffer csv = BUFFER_OF(csv_bytes);
    Buffer file = BUFFER_OF(file_bytes);
    Buffer hex = BUFFER_OF(hex_bytes);
    ExportPart part = { .number = json->part, .after = json->after, .csv = &csv };
    TRY(export_rows(house, form, &part));
    REQUIRE(part.last || part.number < EXPORT_PARTS_MAX, REFUSED_BUFFER_FULL);
    const Status s = seal_file(house, form, json->request, &part, &file);
    bytes_wipe(csv_bytes, sizeof(csv_bytes));
    TRY(s);
    sha256(span_of_buffer(&file), digest);
    TRY(hex_encode(SPAN_OF(digest), &hex));
    TRY(write_receipt(admin, asker, form, json->request, span_of_buffer(&hex), &part));
    json_key_int(w, "rows", (int64_t)part.rows);
    json_key_text(w, "sha256", span_of_buffer(&hex));
    if (!part.last) json_key_text(w, "next", part.place);
    key_file(w, span_of_buffer(&file));
    return OK;
}

Status admin_export_run(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    RunJson json = { .part = 1 };
    JsonProblem problem = { 0 };
    RequestLook look = { 0 };
    ExportForm form;
    CLEANUP(json_free) JsonDocument *form_document = NULL;
    TRY(json_read_request(document, json_root(document), run_fields,
            sizeof(run_fields) / sizeof(run_fields[0]), &json, &problem));
    REQUIRE((json.part == 1) == (json.after.size == 0), REFUSED_EXPORT_FORM);
    TRY(approved_form(admin->config.house, json.request, &look, &form_document, &form));
    REQUIRE(span_equal(json.receiver, form.receiver), REFUSED_EXPORT_RECEIVER);
    return run(admin, asker, &form, &json, w);
}

/* --- which there are --- */

typedef struct Listing {
    char ids[LISTED_MAX][ASKED_ID_BYTES + 1];
    size_t count;
} Listing;

static Status take_id(void *context, const Value *values, size_t count)
{
    Listing *l = context;
    REQUIRE(l->count < LISTED_MAX, REFUSED_BUFFER_FULL);
    TRY(value_copy_text(&values[0], l->ids[l->count], sizeof(l->ids[0])));
    l->count++;
    return OK;
}

static Status read_ids(void *context, Store *store)
{
    const Value parameters[] = { VALUE_OF_TEXT(SPAN(PERMIT)), VALUE_OF_INT(LISTED_MAX) };
    return store_query(store,
            "SELECT id FROM request WHERE action = ?1 ORDER BY asked DESC, id LIMIT ?2", parameters,
            2, take_id, context);
}

/* A form that today's policy would refuse is listed without what it says. */
static Status put_form(House *house, const AskedRequest *r, JsonWriter *w)
{
    JsonProblem problem = { 0 };
    ExportForm form;
    CLEANUP(json_free) JsonDocument *document = NULL;
    json_key_text(w, "request", span_of_text(r->id));
    json_key_text(w, "asker", span_of_text(r->asker));
    json_key_text(w, "state", span_of_text(request_state_name(r->state)));
    TRY(json_parse((Span) { r->exact, r->exact_size }, &document, &problem));
    if (!status_ok(export_form_read(document, clock_now_us(&house->clock), &form))) return OK;
    json_key_text(w, "register", form.name);
    json_key_text(w, "receiver", form.receiver);
    json_key_text(w, "purpose", form.purpose);
    json_key_int(w, "until_us", form.until_us);
    return OK;
}

/* Which there are is asked of the database; what they are, of verified rows. */
Status admin_export_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    Listing listing = { .count = 0 };
    TRY(batcher_between(house->batcher, read_ids, &listing));
    json_key_array(w, "exports");
    for (size_t i = 0; i < listing.count; i++) {
        RequestLook look = { 0 };
        memcpy(look.request.id, listing.ids[i], sizeof(look.request.id));
        request_look_unit(&look, NULL);
        TRY(unit_wait(house->batcher, &look.unit));
        json_open_object(w);
        TRY(put_form(house, &look.request, w));
        json_close(w);
    }
    json_close(w);
    return OK;
}

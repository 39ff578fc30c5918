/* Fields in a session: one Diffie-Hellman an hour, then a few microseconds a field. The wire is the
 * vault's own (ipc/field_wire.h); the web server in between fills in tenant and subject keys. */
#include "sdk/connection.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "ipc/field_wire.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum {
    CHUNK_ITEMS_MAX = 512,
    ITEM_BYTES_MAX = 4 * 4 + 8 + WIRE_ITEM_AAD_BYTES_MAX + HUFU_VALUE_BYTES_MAX + 64,
    SESSION_MARGIN_US = 60000000, /* before its end another is opened */
    NAME_BYTES_MAX = 128,
};

/* --- sessions --- */

typedef struct SessionJson {
    Span id;
    int64_t expires_us;
    int64_t numbers;
} SessionJson;

static const JsonField session_fields[] = {
    { "session", JSON_TEXT, true, 2 * SDK_SESSION_BYTES, 2 * SDK_SESSION_BYTES,
            offsetof(SessionJson, id) },
    { "expires_us", JSON_INT, true, 1, INT64_MAX, offsetof(SessionJson, expires_us) },
    { "numbers", JSON_INT, true, 1, INT64_MAX, offsetof(SessionJson, numbers) },
};

static Status keep_session(Span body, BoxSession *keys, SdkSession *session)
{
    JsonProblem problem = { 0 };
    SessionJson json = { 0 };
    Buffer id = BUFFER_OF(session->id);
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), session_fields, 3, &json, &problem));
    TRY(hex_decode(json.id, &id));
    session->keys = *keys;
    session->next = 1;
    session->numbers = (uint64_t)json.numbers;
    session->expires_us = json.expires_us;
    return OK;
}

static Status make_opening(HufuVault *vault, uint16_t purpose, HufuError *error, Buffer *ret_base64,
        BoxSession *ret_keys)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    BoxWish wish = { .purpose = purpose };
    BoxContext context;
    const Random random = random_system();
    const Clock clock = clock_system();
    TRY(sdk_box_key(vault, error));
    TRY(sdk_challenge(vault, error, wish.nonce));
    wish.tenant = span_of_text(vault->tenant);
    box_wish_context(&wish, clock_now_us(&clock), &context);
    context.expiry_us = clock_now_us(&clock) + SDK_SESSION_LIFE_US;
    TRY(box_session_begin(
            vault->box_key.key, vault->box_key.id, &random, &context, &box, ret_keys));
    return base64_encode(span_of_buffer(&box), ret_base64);
}

static Status open_session(HufuVault *vault, uint16_t purpose, HufuError *error)
{
    uint8_t base64_bytes[2 * BOX_BYTES_MAX];
    Buffer base64 = BUFFER_OF(base64_bytes);
    Buffer request = { vault->body, 0, sizeof(vault->body) };
    Span body = { 0 };
    SdkSession *session = &vault->sessions[purpose == BOX_PURPOSE_LOOKUPS ? 1 : 0];
    CLEANUP(box_session_wipe) BoxSession keys = { 0 };
    TRY(make_opening(vault, purpose, error, &base64, &keys));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "box", span_of_buffer(&base64));
    json_close(&w);
    TRY(json_finish(&w));
    TRY(sdk_ask(vault, "/vault/v1/sessions", false, span_of_buffer(&request), error, &body));
    return keep_session(body, &keys, session);
}

static Status ready_session(HufuVault *vault, uint16_t purpose, size_t messages, HufuError *error)
{
    const Clock clock = clock_system();
    const SdkSession *session = &vault->sessions[purpose == BOX_PURPOSE_LOOKUPS ? 1 : 0];
    const bool lives = session->numbers > 0
            && clock_now_us(&clock) + SESSION_MARGIN_US < session->expires_us
            && session->next + messages <= session->numbers;
    return lives ? OK : open_session(vault, purpose, error);
}

/* --- one message --- */

static Status put_item(SdkSession *session, uint16_t data_class, uint32_t subject,
        const HufuField *field, Buffer *b)
{
    uint8_t aad_bytes[WIRE_ITEM_AAD_BYTES_MAX];
    uint8_t secret_bytes[HUFU_VALUE_BYTES_MAX + 32];
    Buffer aad = BUFFER_OF(aad_bytes);
    Buffer secret = BUFFER_OF(secret_bytes);
    const Span name = span_of_text(field->subject);
    const Span reference = span_of_text(field->reference);
    const Span value = { field->value, field->value_size };
    REQUIRE(value.size > 0 && value.size <= HUFU_VALUE_BYTES_MAX, REFUSED_SEAL_SIZE);
    TRY(field_item_aad(data_class, name, reference, &aad));
    TRY(box_session_seal(&session->keys, session->next, span_of_buffer(&aad), value, &secret));
    const WireFieldItem item = { subject, session->next, span_of_buffer(&secret), reference };
    session->next++;
    return wire_put_field_item(b, &item);
}

static bool same_subject(const HufuField *a, const HufuField *b)
{
    return strcmp(a->subject, b->subject) == 0;
}

/* Neighbours of one subject share its entry. */
static Status put_subjects(const HufuField *fields, size_t count, Buffer *b)
{
    uint32_t subjects = 0;
    for (size_t i = 0; i < count; i++)
        subjects += i == 0 || !same_subject(&fields[i], &fields[i - 1]);
    TRY(wire_put_count(b, subjects, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < count; i++) {
        const WireSubject subject = { span_of_text(fields[i].subject), { NULL, 0 } };
        if (i == 0 || !same_subject(&fields[i], &fields[i - 1])) TRY(wire_put_subject(b, &subject));
    }
    return OK;
}

static void head_of(const HufuVault *vault, const SdkSession *session, const HufuColumn *column,
        WireBatchHead *ret)
{
    *ret = (WireBatchHead) { .tenant = span_of_text(vault->tenant),
        .data_class = column->data_class,
        .table = column->table,
        .column = column->column };
    memcpy(ret->session, session->id, sizeof(ret->session));
}

static Status put_batch(HufuVault *vault, const HufuColumn *column, const HufuField *fields,
        size_t count, Buffer *b)
{
    SdkSession *session = &vault->sessions[0];
    WireBatchHead head;
    uint32_t subject = 0;
    head_of(vault, session, column, &head);
    TRY(wire_put_batch_head(b, &head));
    TRY(put_subjects(fields, count, b));
    TRY(wire_put_count(b, count, WIRE_BATCH_ITEMS_MAX));
    for (size_t i = 0; i < count; i++) {
        subject += i > 0 && !same_subject(&fields[i], &fields[i - 1]);
        TRY(put_item(session, column->data_class, subject, &fields[i], b));
    }
    return OK;
}

/* --- its answer --- */

static void keep_indexes(const WireIndexes *wire, HufuIndex *ret_index, HufuIndex *ret_old)
{
    *ret_index = (HufuIndex) { .version = wire->version };
    *ret_old = (HufuIndex) { .version = wire->old_version };
    memcpy(ret_index->bytes, wire->index, HUFU_INDEX_BYTES);
    memcpy(ret_old->bytes, wire->old_index, HUFU_INDEX_BYTES);
}

static Status keep_protected(Cursor *c, HufuProtected *ret)
{
    uint32_t status = 0;
    WireProtected made = { 0 };
    *ret = (HufuProtected) { 0 };
    TRY(cursor_u32(c, &status));
    if (status != 0) {
        snprintf(ret->code, sizeof(ret->code), "%s", status_name(REFUSE(status)));
        return OK;
    }
    TRY(wire_take_protected(c, &made));
    REQUIRE(made.sealed.size <= sizeof(ret->sealed) && made.token.size <= HUFU_TOKEN_BYTES_MAX
                    && made.mask.size <= HUFU_MASK_BYTES_MAX,
            REFUSED_IPC_FORMAT);
    memcpy(ret->sealed, made.sealed.data, made.sealed.size);
    ret->sealed_size = made.sealed.size;
    if (made.token.size > 0) memcpy(ret->token, made.token.data, made.token.size);
    if (made.mask.size > 0) memcpy(ret->mask, made.mask.data, made.mask.size);
    keep_indexes(&made.indexes, &ret->index, &ret->old_index);
    return OK;
}

static Status keep_answer(Span body, size_t count, HufuProtected *ret)
{
    Cursor c = cursor_of(body);
    uint32_t answered = 0;
    TRY(wire_take_count(&c, WIRE_BATCH_ITEMS_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++)
        TRY(keep_protected(&c, &ret[i]));
    return cursor_end(&c);
}

static bool session_is_gone(const HufuError *error)
{
    return strcmp(error->code, "SESSION_UNKNOWN") == 0;
}

/* A vault that was started again has forgotten its sessions: once more, in a new one. */
static Status protect_chunk(HufuVault *vault, const HufuColumn *column, const HufuField *fields,
        size_t count, HufuProtected *ret, HufuError *error)
{
    for (int tries = 0;; tries++) {
        Span body = { 0 };
        Buffer request = { vault->body, 0, sizeof(vault->body) };
        TRY(ready_session(vault, BOX_PURPOSE_SESSION, count, error));
        TRY(put_batch(vault, column, fields, count, &request));
        const Status s =
                sdk_ask(vault, "/vault/v1/fields", true, span_of_buffer(&request), error, &body);
        if (status_ok(s)) return keep_answer(body, count, ret);
        if (tries > 0 || !session_is_gone(error)) return s;
        vault->sessions[0].numbers = 0;
        *error = (HufuError) { 0 };
    }
}

int hufu_protect(HufuVault *vault, const HufuColumn *column, const HufuField *fields, size_t count,
        HufuProtected *ret_protected, HufuError *error)
{
    HufuError own;
    Status s = OK;
    if (error == NULL) error = &own;
    *error = (HufuError) { 0 };
    for (size_t done = 0; done < count && status_ok(s);) {
        size_t bytes = 0;
        size_t chunk = 0;
        while (done + chunk < count && chunk < CHUNK_ITEMS_MAX
                && bytes + ITEM_BYTES_MAX <= SDK_BODY_BYTES_MAX - 1024) {
            bytes += 256 + fields[done + chunk].value_size + NAME_BYTES_MAX;
            chunk++;
        }
        s = protect_chunk(vault, column, &fields[done], chunk, &ret_protected[done], error);
        done += chunk;
    }
    return sdk_result(s, error);
}

/* --- look-ups --- */

static Status look_up(HufuVault *vault, const HufuColumn *column, const HufuField *field,
        WireIndexes *ret_indexes, HufuError *error)
{
    Span body = { 0 };
    WireBatchHead head;
    Buffer request = { vault->body, 0, sizeof(vault->body) };
    uint32_t count = 0;
    uint32_t status = 0;
    TRY(ready_session(vault, BOX_PURPOSE_LOOKUPS, 1, error));
    head_of(vault, &vault->sessions[1], column, &head);
    TRY(wire_put_batch_head(&request, &head));
    TRY(wire_put_count(&request, 1, WIRE_BATCH_ITEMS_MAX));
    TRY(put_item(&vault->sessions[1], column->data_class, 0, field, &request));
    const Status s =
            sdk_ask(vault, "/vault/v1/lookups", true, span_of_buffer(&request), error, &body);
    if (session_is_gone(error)) vault->sessions[1].numbers = 0;
    TRY(s);
    Cursor c = cursor_of(body);
    TRY(wire_take_count(&c, 1, &count));
    TRY(cursor_u32(&c, &status));
    REQUIRE(status == 0, (StatusCode)status);
    TRY(wire_take_indexes(&c, ret_indexes));
    return cursor_end(&c);
}

int hufu_look_up(HufuVault *vault, const HufuColumn *column, const void *value, size_t value_size,
        HufuIndex *ret_index, HufuIndex *ret_old_index, HufuError *error)
{
    HufuError own;
    WireIndexes indexes = { 0 };
    const HufuField field = { "", "", value, value_size };
    if (error == NULL) error = &own;
    *error = (HufuError) { 0 };
    Status s = look_up(vault, column, &field, &indexes, error);
    if (!status_ok(s) && session_is_gone(error)) {
        *error = (HufuError) { 0 };
        s = look_up(vault, column, &field, &indexes, error);
    }
    if (status_ok(s)) keep_indexes(&indexes, ret_index, ret_old_index);
    return sdk_result(s, error);
}

/* Two people release a frozen row at the vault (`hufu release`); the log hears of it first
 * (api/admin.h). */
#include "api/admin_inside.h"

#include "api/event.h"
#include "policy/detect.h"
#include "store/replace.h"

typedef struct ReleaseJson {
    Span operation;
    Span table;
    Span key;
    Span first;
    Span second;
    Span reason;
    int64_t outcome;
} ReleaseJson;

#define PLACE(member) offsetof(ReleaseJson, member)

static const JsonField release_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "table", JSON_TEXT, true, 1, 32, PLACE(table) },
    { "key", JSON_TEXT, true, 4, 2 * ROW_KEY_BYTES_MAX, PLACE(key) },
    { "first", JSON_TEXT, true, 1, REPLACE_NAME_BYTES_MAX, PLACE(first) },
    { "second", JSON_TEXT, true, 1, REPLACE_NAME_BYTES_MAX, PLACE(second) },
    { "reason", JSON_TEXT, true, 1, REPLACE_REASON_BYTES_MAX, PLACE(reason) },
    { "outcome", JSON_INT, true, INT32_MIN, INT32_MAX, PLACE(outcome) },
};

/* A long key is cut: its beginning, which is the table and the first column, finds the alert. */
static Status write_event(Batcher *batcher, const ReleaseJson *json)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_memory[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    const size_t name_size = json->first.size < 54 ? json->first.size : 54;
    const size_t key_size = json->key.size < 120 ? json->key.size : 120;
    TRY(buffer_put(&actor, SPAN("operator/")));
    TRY(buffer_put(&actor, (Span) { json->first.data, name_size }));
    TRY(buffer_put(&subject, json->table));
    TRY(buffer_put_u8(&subject, '/'));
    TRY(buffer_put(&subject, (Span) { json->key.data, key_size }));
    TRY(buffer_put(&detail, SPAN("with operator/")));
    TRY(buffer_put(&detail, json->second));
    TRY(buffer_put(&detail, SPAN("; ")));
    TRY(buffer_put(&detail, json->reason));
    const AuditEvent event = { .kind = AUDIT_RELEASE_ROW,
        .outcome = (int32_t)json->outcome,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail),
        .reason = audit_text_cut(json->reason, AUDIT_REASON_BYTES_MAX) };
    return event_write(batcher, &event);
}

Status admin_release_note(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ReleaseJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), release_fields,
            sizeof(release_fields) / sizeof(release_fields[0]), &json, &problem));
    TRY(detect_kept_text(json.reason));
    return write_event(admin->config.house->batcher, &json);
}

/* The audit log, searched and proved (api/admin.h, audit/trail.h). Who looks is written down first:
 * what cannot be written is not shown (LL-4.5.3). */
#include "api/admin_inside.h"

#include "api/call.h"
#include "api/trail_desk.h"
#include "audit/leaf_proof.h"
#include "base/encoding.h"
#include "base/heap.h"
#include "base/time.h"
#include "policy/detect.h"

typedef struct SearchJson {
    Span operation, person, subject, request_id, kind, category, result;
    int64_t from_us, to_us, limit, below_leaf, below_ordinal;
} SearchJson;
#define SEARCH(member) offsetof(SearchJson, member)

static const JsonField search_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, SEARCH(operation) },
    { "person", JSON_TEXT, false, 1, AUDIT_ACTOR_BYTES_MAX, SEARCH(person) },
    { "subject", JSON_TEXT, false, 1, AUDIT_SUBJECT_BYTES_MAX, SEARCH(subject) },
    { "request_id", JSON_TEXT, false, 2 * AUDIT_NONCE_BYTES, 2 * AUDIT_NONCE_BYTES,
            SEARCH(request_id) },
    { "kind", JSON_TEXT, false, 1, 32, SEARCH(kind) },
    { "category", JSON_TEXT, false, 1, 32, SEARCH(category) },
    { "result", JSON_TEXT, false, 1, 16, SEARCH(result) },
    { "from_us", JSON_INT, false, 0, INT64_MAX, SEARCH(from_us) },
    { "to_us", JSON_INT, false, 0, INT64_MAX, SEARCH(to_us) },
    { "limit", JSON_INT, false, 1, TRAIL_HITS_MAX, SEARCH(limit) },
    { "below_leaf", JSON_INT, false, 0, INT64_MAX, SEARCH(below_leaf) },
    { "below_ordinal", JSON_INT, false, 0, AUDIT_EVENTS_MAX, SEARCH(below_ordinal) },
};

static Status read_result(Span name, uint32_t *ret_results)
{
    static const char *const names[] = { "done", "refused", "broken" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!span_equal(name, span_of_text(names[i]))) continue;
        *ret_results = 1u << i;
        return OK;
    }
    return REFUSE(REFUSED_TRAIL_QUERY);
}

/* digest: of the request, borrowed by the query. */
static Status read_query(const SearchJson *json, Buffer *digest, TrailQuery *q)
{
    AuditKind kind = 0;
    AuditCategory category = 0;
    *q = (TrailQuery) { .person = json->person,
        .subject = json->subject,
        .from_us = json->from_us,
        .to_us = json->to_us,
        .limit = (uint32_t)json->limit,
        .below_leaf = json->below_leaf,
        .below_ordinal = (uint8_t)json->below_ordinal };
    if (json->request_id.size > 0) {
        TRY(hex_decode(json->request_id, digest));
        q->request = span_of_buffer(digest);
    }
    if (json->kind.size > 0) {
        REQUIRE(audit_kind_of(json->kind, &kind), REFUSED_TRAIL_QUERY);
        q->by_kind = true;
        q->kinds[kind / 8] |= (uint8_t)(1u << kind % 8);
    }
    if (json->category.size > 0) {
        REQUIRE(audit_category_of(json->category, &category), REFUSED_TRAIL_QUERY);
        q->categories = 1u << category;
    }
    return json->result.size > 0 ? read_result(json->result, &q->results) : OK;
}

/* --- who looked for what --- */

/* Typed by somebody: it may be a number that rests nowhere (TP-8). */
static Status put_word(Buffer *b, const char *name, Span typed)
{
    if (typed.size == 0) return OK;
    const Span shown = status_ok(detect_kept_text(typed)) ? typed : SPAN("(masked)");
    TRY(buffer_print(b, "%s%s ", b->size > 0 ? " " : "", name));
    return buffer_put(b, audit_text_cut(shown, 48));
}

static Status write_search(Admin *admin, const Asker *asker, const SearchJson *json)
{
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(memory);
    TRY(put_word(&detail, "person", json->person));
    TRY(put_word(&detail, "subject", json->subject));
    TRY(put_word(&detail, "request", json->request_id));
    TRY(put_word(&detail, "kind", json->kind));
    TRY(put_word(&detail, "category", json->category));
    return admin_write_down(admin, asker, AUDIT_TRAIL_READ, SPAN("trail"), span_of_buffer(&detail));
}

/* --- what is shown --- */

static void write_when(JsonWriter *w, int64_t time_us)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    if (status_ok(time_format(time_us, &text))) json_key_text(w, "time", span_of_buffer(&text));
}

static const uint8_t no_nonce[AUDIT_NONCE_BYTES];

/* As the merchant was told it (message/answer.h). */
static void put_request(JsonWriter *w, const uint8_t nonce[AUDIT_NONCE_BYTES])
{
    uint8_t bytes[2 * AUDIT_NONCE_BYTES];
    Buffer text = BUFFER_OF(bytes);
    const Status s = hex_encode_upper((Span) { nonce, AUDIT_NONCE_BYTES }, &text);
    if (status_ok(s)) json_key_text(w, "request_id", span_of_buffer(&text));
}

static void write_event(JsonWriter *w, const AuditEvent *e)
{
    const AuditCategory category = audit_category(e);
    json_key_text(w, "kind", span_of_text(audit_kind_name(e->kind)));
    json_key_text(w, "kind_title", span_of_text(audit_kind_title(e->kind, false)));
    json_key_text(w, "kind_title_zh", span_of_text(audit_kind_title(e->kind, true)));
    json_key_text(w, "category", span_of_text(audit_category_name(category)));
    json_key_text(w, "outcome", span_of_text(status_name((Status) { e->outcome })));
    json_key_text(w, "person", e->actor);
    json_key_text(w, "subject", e->subject);
    json_key_text(w, "happened", e->detail);
    json_key_text(w, "whence", e->from);
    json_key_text(w, "reason", e->reason);
    if (!span_equal(SPAN_OF(e->nonce), SPAN_OF(no_nonce))) put_request(w, e->nonce);
}

static Status write_hit(void *context, const TrailHit *hit)
{
    JsonWriter *w = context;
    const bool readable = hit->verdict != TRAIL_CHANGED && hit->verdict != TRAIL_MISSING;
    json_open_object(w);
    json_key_int(w, "leaf", hit->leaf);
    json_key_int(w, "ordinal", hit->ordinal);
    json_key_text(w, "verdict", span_of_text(trail_verdict_name(hit->verdict)));
    if (readable) {
        write_when(w, hit->time_us);
        write_event(w, &hit->event);
    }
    call_key_hex(w, "leaf_hash", SPAN_OF(hit->hash.bytes));
    json_close(w);
    return OK;
}

/* None kept yet: hits are shown all the same, as not yet signed. */
static Status newest_checkpoint(
        TrailDesk *desk, Buffer *note, AuditCheckpoint *checkpoint, bool *ret_any)
{
    const Status s = trail_desk_checkpoint(desk, note, checkpoint);
    *ret_any = status_ok(s);
    return status_is(s, REFUSED_BYTES_TRUNCATED) ? OK : s;
}

Status admin_trail_search(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(note_bytes);
    uint8_t digest_bytes[AUDIT_NONCE_BYTES];
    Buffer digest = BUFFER_OF(digest_bytes);
    SearchJson json = { .limit = 50 };
    JsonProblem problem = { 0 };
    TrailQuery query;
    AuditCheckpoint checkpoint = { .size = 0 };
    TrailFound found = { 0 };
    Trail *trail = NULL;
    bool any = false;
    TRY(json_read_request(document, json_root(document), search_fields,
            sizeof(search_fields) / sizeof(search_fields[0]), &json, &problem));
    TRY(read_query(&json, &digest, &query));
    TRY(write_search(admin, asker, &json));
    TrailDesk *desk = admin->config.house->trail;
    TRY(trail_desk_trail(desk, &trail));
    TRY(newest_checkpoint(desk, &note, &checkpoint, &any));
    if (any) query.checkpoint = &checkpoint;
    json_key_array(w, "entries");
    TRY(trail_search(trail, &query, write_hit, w, &found));
    json_close(w);
    json_key_int(w, "checkpoint_size", (int64_t)checkpoint.size);
    json_key_int(w, "complete_to", found.complete_to);
    json_key_int(w, "leaves", found.leaves);
    json_key_bool(w, "more", found.more);
    if (!found.more) return OK;
    json_key_int(w, "below_leaf", found.last_leaf);
    json_key_int(w, "below_ordinal", found.last_ordinal);
    return OK;
}

/* --- one leaf --- */

typedef struct ProveJson {
    Span operation;
    int64_t leaf;
} ProveJson;

static const JsonField prove_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(ProveJson, operation) },
    { "leaf", JSON_INT, true, 0, INT64_MAX, offsetof(ProveJson, leaf) },
};

typedef struct Proving {
    Span note;
    Buffer text;
} Proving;

static Status refusal_of(TrailVerdict verdict)
{
    switch (verdict) {
    case TRAIL_PROVEN: return OK;
    case TRAIL_NOT_YET: return REFUSE(REFUSED_TRAIL_NOT_COVERED);
    case TRAIL_NOT_INDEXED: return REFUSE(REFUSED_TRAIL_NOT_INDEXED);
    case TRAIL_CHANGED:
    case TRAIL_MISSING:
    case TRAIL_NOT_PROVEN: break;
    }
    return REFUSE(REFUSED_AUDIT_ROOT_DIFFERS);
}

static Status put_proof(void *context, const TrailHit *hit)
{
    Proving *p = context;
    const LeafProof proof = { (uint64_t)hit->leaf, hit->bytes, hit->proof, p->note };
    TRY(refusal_of(hit->verdict));
    return leaf_proof_put(&p->text, &proof);
}

static void bytes_free(uint8_t **bytes) { heap_free(*bytes); }

Status admin_trail_prove(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
    uint8_t subject_bytes[32];
    Buffer note = BUFFER_OF(note_bytes);
    Buffer subject = BUFFER_OF(subject_bytes);
    ProveJson json = { 0 };
    JsonProblem problem = { 0 };
    AuditCheckpoint checkpoint;
    Trail *trail = NULL;
    TRY(json_read_request(document, json_root(document), prove_fields, 2, &json, &problem));
    TRY(buffer_print(&subject, "leaf/%lld", (long long)json.leaf));
    TRY(admin_write_down(admin, asker, AUDIT_TRAIL_READ, span_of_buffer(&subject), SPAN("proof")));
    TrailDesk *desk = admin->config.house->trail;
    TRY(trail_desk_trail(desk, &trail));
    TRY(trail_desk_checkpoint(desk, &note, &checkpoint));
    CLEANUP(bytes_free) uint8_t *text = heap_allocate(LEAF_PROOF_BYTES_MAX);
    CHECK(text != NULL, FAULT_MEMORY);
    Proving proving = { span_of_buffer(&note), { text, 0, LEAF_PROOF_BYTES_MAX } };
    TRY(trail_prove(trail, json.leaf, &checkpoint, put_proof, &proving));
    json_key_text(w, "leaf_proof", span_of_buffer(&proving.text));
    return OK;
}

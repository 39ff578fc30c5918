#include "vault/attached.h"

#include "base/secret.h"
#include "crypto/derive.h"
#include "vault/attached_inside.h"

#include <stdlib.h>

enum { KEY_BYTES = 32 };

/* A key a table: a seal of one is nothing in another, also when both have the same columns. */
static void make_key(const AttachedTable *t, const MacKey *root, MacKey *ret_key)
{
    CLEANUP(secret_wipe) Secret own = { .size = KEY_BYTES };
    const uint8_t number[] = { (uint8_t)(t->number >> 8), (uint8_t)t->number };
    const Span parts[] = { SPAN("hufu attached table"), SPAN_OF(number), t->facts.database,
        t->facts.name };
    derive_expand(root, parts, sizeof(parts) / sizeof(parts[0]), own.bytes, KEY_BYTES);
    mac_key_init(ret_key, root->algorithm, secret_span(&own));
}

Status attached_key(Attached *a, const AttachedTable *t, uint32_t version, RowSealKey *ret_key)
{
    const size_t first = 2 * (size_t)(t->number - ATTACHED_TABLE_FIRST);
    size_t place = first + version % 2;
    if (version == 0 || a->keys->kept[place].version != version
            || a->keys->kept[place].message != a->messages) {
        CLEANUP(mac_key_wipe) MacKey root;
        const Status s = keys_mac_copy(a->config.keys, KEY_ATTACHED, version, &root, &version);
        if (status_is(s, REFUSED_KEY_DESTROYED)) /* what was derived from it goes, too */
            bytes_wipe(&a->keys->kept[place], sizeof(a->keys->kept[place]));
        TRY(s);
        place = first + version % 2;
        if (a->keys->kept[place].version != version) make_key(t, &root, &a->keys->kept[place].mac);
        a->keys->kept[place].version = version;
        a->keys->kept[place].message = a->messages;
    }
    *ret_key = (RowSealKey) { &a->keys->kept[place].mac, keys_suite(a->config.keys), version };
    return OK;
}

Status attached_open(const AttachedConfig *config, Attached **ret_attached)
{
    Attached *a = calloc(1, sizeof(*a));
    CHECK(a != NULL, FAULT_MEMORY);
    a->config = *config;
    a->memory = config->memory;
    void *keys = NULL;
    Status s = secret_arena_open(sizeof(AttachedKeys), &a->arena);
    if (status_ok(s)) s = secret_arena_take(a->arena, sizeof(AttachedKeys), &keys);
    if (!status_ok(s)) {
        attached_close(a);
        return s;
    }
    a->keys = keys;
    *ret_attached = a;
    return OK;
}

void attached_close(Attached *a)
{
    if (a == NULL) return;
    secret_arena_close(a->arena);
    bytes_wipe(a, sizeof(*a));
    free(a);
}

bool attached_any(Attached *a)
{
    ATTACHED_HOLD(a->memory);
    return a->memory->table_count > 0;
}

bool attached_is_lost(const Attached *a) { return a->memory->sync_failed; }

/* --- what is shown, and what it is --- */

static bool is_of_table(const AttachedTable *t, const RowView *row)
{
    if (row->head.key_columns != t->key_columns || row->count != t->columns) return false;
    if (row->head.schema != 1 || row->head.revision != 0 || row->head.batch != 0) return false;
    for (size_t i = 0; i < row->count; i++) {
        if (row->ids[i] != i + 1) return false;
    }
    return true;
}

static Status find_table(Attached *a, Span key, AttachedTable **ret_table)
{
    Cursor c = cursor_of(key);
    uint16_t number = 0;
    TRY(cursor_u16(&c, &number));
    REQUIRE(c.rest.size > 0, REFUSED_ROW_INVALID);
    *ret_table = attached_table(a->memory, number);
    REQUIRE(*ret_table != NULL, REFUSED_ATTACHED_TABLE_UNKNOWN);
    return OK;
}

Status attached_show(
        Attached *a, bool absent, Span image_or_key, Span seal, AttachedShown *ret_shown)
{
    AttachedShown *s = ret_shown;
    *s = (AttachedShown) { .absent = absent, .key = image_or_key, .seal = seal };
    if (!absent) {
        TRY(row_parse(image_or_key, &s->row));
        s->key = s->row.key;
    }
    REQUIRE(s->key.size <= ROW_KEY_BYTES_MAX, REFUSED_ROW_INVALID);
    TRY(find_table(a, s->key, &s->table));
    if (!absent) {
        REQUIRE(is_of_table(s->table, &s->row), REFUSED_ROW_INVALID);
        attached_body(a->memory, row_body(&s->row), s->body);
    }
    attached_name(a->memory, s->key, &s->name);
    s->record = hash_table_find(&a->memory->rows, &s->name);
    s->pending = hash_table_find(&a->memory->pending, &s->name);
    return OK;
}

static bool same_tag(const RevisionTag *a, const RevisionTag *b)
{
    return bytes_equal_ct(a->bytes, b->bytes, REVISION_TAG_BYTES);
}

/* Did we once make this very seal for this very row? */
static bool was_sealed(Attached *a, const AttachedShown *shown)
{
    enum { VERSION_AT = 2, SCHEMA_BYTES = 2 };
    if (shown->seal.size != WIRE_SEAL_BYTES) return false;
    Cursor c = cursor_of(shown->seal);
    Span skipped;
    uint32_t version = 0;
    int64_t revision = 0;
    RowSealKey key;
    const bool is_read = status_ok(cursor_take(&c, VERSION_AT, &skipped))
            && status_ok(cursor_u32(&c, &version))
            && status_ok(cursor_take(&c, SCHEMA_BYTES, &skipped))
            && status_ok(cursor_i64(&c, &revision));
    if (!is_read || version == 0) return false;
    if (!status_ok(attached_key(a, shown->table, version, &key))) return false;
    uint8_t seal[WIRE_SEAL_BYTES];
    row_seal_under(&key, &shown->row, revision, seal);
    return bytes_equal_ct(seal, shown->seal.data, WIRE_SEAL_BYTES);
}

static Status judge_absent(AttachedShown *shown)
{
    const AttachedState *may[ATTACHED_MAY_BE_MAX];
    const size_t count = attached_may_be(shown->record, shown->pending, may);
    for (size_t i = 0; i < count; i++) {
        if (may[i]->version > 0) continue;
        shown->is = *may[i];
        return OK;
    }
    return REFUSE(REFUSED_ATTACHED_ROW_DELETED);
}

static Status judge_stranger(Attached *a, const AttachedShown *shown, bool was_live)
{
    const bool known = shown->record != NULL && shown->record->state.revision > 0;
    const bool filling = shown->table->phase == ATTACHED_FILLING && shown->seal.size == 0;
    if (filling && !known) return REFUSE(REFUSED_ATTACHED_ROW_UNSEALED);
    if (was_sealed(a, shown))
        return REFUSE(known ? REFUSED_ATTACHED_ROW_ROLLED_BACK : REFUSED_ATTACHED_ROW_INSERTED);
    return REFUSE(was_live ? REFUSED_ATTACHED_ROW_CHANGED : REFUSED_ATTACHED_ROW_INSERTED);
}

static Status make_seal(Attached *a, const AttachedShown *shown, const AttachedState *state,
        uint8_t ret_seal[WIRE_SEAL_BYTES])
{
    RowSealKey key;
    TRY(attached_key(a, shown->table, state->version, &key));
    row_seal_under(&key, &shown->row, state->revision, ret_seal);
    return OK;
}

Status attached_judge(Attached *a, AttachedShown *shown)
{
    if (shown->absent) return judge_absent(shown);
    const AttachedState *may[ATTACHED_MAY_BE_MAX];
    const size_t count = attached_may_be(shown->record, shown->pending, may);
    bool was_live = false;
    for (size_t i = 0; i < count; i++) {
        if (may[i]->version == 0) continue;
        was_live = true;
        uint8_t seal[WIRE_SEAL_BYTES];
        RevisionTag tag;
        if (shown->made)
            memcpy(seal, shown->seal_made, sizeof(seal));
        else
            TRY(make_seal(a, shown, may[i], seal));
        row_seal_tag(seal, &tag);
        if (!same_tag(&tag, &may[i]->tag)) continue;
        shown->is = *may[i];
        const bool has_seal = shown->seal.size == WIRE_SEAL_BYTES
                && bytes_equal_ct(seal, shown->seal.data, WIRE_SEAL_BYTES);
        return has_seal ? OK : REFUSE(REFUSED_ATTACHED_SEAL_LOST);
    }
    return judge_stranger(a, shown, was_live);
}

static Status write_entry(
        Attached *a, AttachedRecord kind, const AttachedShown *shown, const AttachedState *state)
{
    uint8_t memory[2 + ATTACHED_ENTRY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    AttachedEntry e;
    attached_entry(a->memory, shown->key, &e);
    if (state != NULL) e.state = *state;
    TRY(buffer_put_u16(&b, shown->table->number));
    TRY(attached_put_entry(&b, &e));
    return attached_write(a->memory, kind, &e.name, span_of_buffer(&b));
}

Status attached_freeze(Attached *a, const AttachedShown *shown)
{
    if (attached_is_frozen(shown)) return OK;
    a->froze++;
    return write_entry(a, ATTACHED_RECORD_FREEZE, shown, NULL);
}

Status attached_settle(Attached *a, AttachedShown *shown)
{
    if (shown->pending == NULL) return OK;
    TRY(write_entry(a, ATTACHED_RECORD_SETTLE, shown, &shown->is));
    shown->record = hash_table_find(&a->memory->rows, &shown->name);
    shown->pending = NULL;
    return OK;
}

Status attached_next(Attached *a, const AttachedShown *shown, const RowView *row,
        uint8_t ret_seal[WIRE_SEAL_BYTES], AttachedState *ret_state)
{
    uint32_t last = shown->record != NULL ? shown->record->state.revision : 0;
    for (size_t i = 0; shown->pending != NULL && i < shown->pending->count; i++) {
        if (shown->pending->states[i].revision > last) last = shown->pending->states[i].revision;
    }
    REQUIRE(last < UINT32_MAX, REFUSED_ATTACHED_FULL);
    *ret_state = (AttachedState) { .revision = last + 1 };
    memset(ret_seal, 0, WIRE_SEAL_BYTES);
    if (row == NULL) return OK;
    RowSealKey key;
    TRY(attached_key(a, shown->table, 0, &key));
    ret_state->version = key.version;
    row_seal_under(&key, row, ret_state->revision, ret_seal);
    row_seal_tag(ret_seal, &ret_state->tag);
    attached_body(a->memory, row_body(row), ret_state->body);
    return OK;
}

/* --- */

static Status handle(Attached *a, uint8_t operation, Span request, Buffer *ret_answer)
{
    switch (operation) {
    case VAULT_ATTACHED_TABLE: return attached_table_action(a, request, ret_answer);
    case VAULT_ATTACHED_STATUS: return attached_status(a, request, ret_answer);
    case VAULT_ATTACHED_SESSION: return attached_session(a, request, ret_answer);
    case VAULT_ATTACHED_ANNOUNCE: return attached_announce(a, request, ret_answer);
    case VAULT_ATTACHED_RESOLVE: return attached_resolve(a, request);
    case VAULT_ATTACHED_CHECK: return attached_check(a, request, ret_answer);
    case VAULT_ATTACHED_SCAN_BEGIN: return attached_scan_begin(a, request, ret_answer);
    case VAULT_ATTACHED_SCAN_ROWS: return attached_scan_rows(a, request, ret_answer);
    case VAULT_ATTACHED_SCAN_END: return attached_scan_end(a, request, ret_answer);
    case VAULT_ATTACHED_RELEASE: return attached_release(a, request, ret_answer);
    default: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    }
}

static void begin_message(Attached *a)
{
    ATTACHED_HOLD(a->memory);
    a->messages++;
}

Status attached_handle(
        Attached *a, uint8_t operation, Span request, Buffer *ret_answer, size_t *ret_frozen)
{
    begin_message(a);
    const Status s = handle(a, operation, request, ret_answer);
    ATTACHED_HOLD(a->memory);
    *ret_frozen = a->froze;
    a->froze = 0;
    return s;
}

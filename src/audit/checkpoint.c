#include "audit/checkpoint.h"

#include "audit/key_change.h"
#include "audit/note.h"
#include "base/encoding.h"
#include "base/money.h"

static const char pem_begin[] = "-----BEGIN ";
static const char pem_end[] = "-----END ";

/* --- keys --- */

/* Where `text` begins inside `in`, or in.size. */
static size_t find_text(Span in, const char *text)
{
    const Span wanted = span_of_text(text);
    for (size_t i = 0; i + wanted.size <= in.size; i++) {
        if (span_equal((Span) { in.data + i, wanted.size }, wanted)) return i;
    }
    return in.size;
}

/* The next PEM block, its last line included; *ret_found is false behind the last. */
static Status next_pem(Cursor *c, Span *ret_pem, bool *ret_found)
{
    Span skipped = { 0 };
    Span head = { 0 };
    Span tail = { 0 };
    const size_t begin = find_text(c->rest, pem_begin);
    *ret_found = begin < c->rest.size;
    if (!*ret_found) return OK;
    TRY(cursor_take(c, begin, &skipped));
    const Span from = c->rest;
    TRY(cursor_take(c, find_text(c->rest, pem_end), &head));
    REQUIRE(c->rest.size > 0, REFUSED_KEY_FORMAT);
    if (!status_ok(cursor_until(c, '\n', &tail))) TRY(cursor_take(c, c->rest.size, &tail));
    *ret_pem = (Span) { from.data, from.size - c->rest.size };
    return OK;
}

void audit_keys_free(AuditKeys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        public_key_free(&keys->keys[i]);
    keys->count = 0;
}

static Status add_key(Span pem, AuditKeys *keys)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_pem(pem, &key));
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    if (algorithm != KEY_ED25519 && algorithm != KEY_SM2) return OK;
    REQUIRE(keys->count < AUDIT_KEYS_MAX, REFUSED_KEY_FORMAT);
    keys->keys[keys->count++] = key;
    key = NULL; /* transferred */
    return OK;
}

static bool is_change(Span pem)
{
    const Span head = SPAN("-----BEGIN HUFU KEY CHANGE-----\n");
    return pem.size > head.size && span_equal((Span) { pem.data, head.size }, head);
}

/* The note inside such a block: base64 in lines.
 * may_be_known  the keys are of elsewhere */
static Status add_change(Span pem, bool may_be_known, AuditKeys *keys)
{
    uint8_t text_memory[2 * AUDIT_NOTE_BYTES_MAX];
    uint8_t note_memory[AUDIT_NOTE_BYTES_MAX];
    Buffer text = BUFFER_OF(text_memory);
    Buffer note = BUFFER_OF(note_memory);
    Cursor c = cursor_of(pem);
    Span line = { 0 };
    TRY(cursor_until(&c, '\n', &line));
    while (status_ok(cursor_until(&c, '\n', &line)) && line.size > 0 && line.data[0] != '-')
        REQUIRE(status_ok(buffer_put(&text, line)), REFUSED_KEY_FORMAT);
    REQUIRE(status_ok(base64_decode(span_of_buffer(&text), &note)), REFUSED_KEY_FORMAT);
    if (may_be_known && audit_key_change_is_known(span_of_buffer(&note), keys)) return OK;
    return audit_key_change(span_of_buffer(&note), keys);
}

/* keys_too  false: the changes alone */
static Status parse_keys(Span pems, bool keys_too, AuditKeys *keys)
{
    Cursor c = cursor_of(pems);
    for (;;) {
        Span pem = { 0 };
        bool found = false;
        TRY(next_pem(&c, &pem, &found));
        if (!found) return OK;
        if (is_change(pem))
            TRY(add_change(pem, !keys_too, keys));
        else if (keys_too)
            TRY(add_key(pem, keys));
    }
}

Status audit_keys_follow(Span pems, AuditKeys *keys) { return parse_keys(pems, false, keys); }

Status audit_keys_parse(Span pems, AuditKeys *ret_keys)
{
    AuditKeys keys = { 0 };
    Status s = parse_keys(pems, true, &keys);
    if (status_ok(s) && keys.count == 0) s = REFUSE(REFUSED_KEY_FORMAT);
    if (!status_ok(s)) {
        audit_keys_free(&keys);
        return s;
    }
    *ret_keys = keys;
    return OK;
}

/* --- notes --- */

static Status parse_size(Span text, uint64_t *ret_size)
{
    int64_t size = 0;
    REQUIRE(text.size > 0 && (text.data[0] != '0' || text.size == 1), REFUSED_CHECKPOINT_FORMAT);
    TRY(i64_parse(text, &size));
    REQUIRE(size >= 0 && text.data[0] != '-', REFUSED_CHECKPOINT_FORMAT);
    *ret_size = (uint64_t)size;
    return OK;
}

static Status parse_text(Span text, AuditCheckpoint *checkpoint)
{
    Span origin = { 0 };
    Span size = { 0 };
    Span root = { 0 };
    Cursor c = cursor_of(text);
    TRY(cursor_until(&c, '\n', &origin));
    TRY(cursor_until(&c, '\n', &size));
    TRY(cursor_until(&c, '\n', &root));
    REQUIRE(origin.size > 0 && origin.size <= AUDIT_ORIGIN_BYTES_MAX, REFUSED_CHECKPOINT_FORMAT);
    memcpy(checkpoint->origin, origin.data, origin.size);
    TRY(parse_size(size, &checkpoint->size));
    Buffer hash = { checkpoint->root.bytes, 0, MERKLE_HASH_BYTES };
    TRY(base64_decode(root, &hash));
    REQUIRE(hash.size == MERKLE_HASH_BYTES, REFUSED_CHECKPOINT_FORMAT);
    return OK; /* lines behind the root are extensions: signed, and nothing to us */
}

Status audit_checkpoint_parse(Span note, AuditCheckpoint *ret_checkpoint)
{
    Span text = { 0 };
    Span lines = { 0 };
    AuditCheckpoint checkpoint = { 0 };
    TRY(audit_note_split(note, &text, &lines));
    REQUIRE(status_ok(parse_text(text, &checkpoint)), REFUSED_CHECKPOINT_FORMAT);
    *ret_checkpoint = checkpoint;
    return OK;
}

bool audit_position_less(const AuditPosition *a, const AuditPosition *b)
{
    return a->epoch < b->epoch || (a->epoch == b->epoch && a->size < b->size);
}

/* "hufu/<ledger>/<epoch>"; an origin of another form is of epoch 0. */
static AuditPosition position_of(const AuditCheckpoint *checkpoint)
{
    const Span origin = span_of_text(checkpoint->origin);
    int64_t epoch = 0;
    size_t at = origin.size;
    while (at > 0 && origin.data[at - 1] != '/')
        at--;
    if (!status_ok(i64_parse((Span) { origin.data + at, origin.size - at }, &epoch)) || epoch < 0)
        epoch = 0;
    return (AuditPosition) { (uint64_t)epoch, checkpoint->size };
}

/* A key signs in its term only. */
static void judge_terms(const AuditNote *note, const AuditKeys *keys, AuditCheckpoint *checkpoint)
{
    const AuditPosition position = position_of(checkpoint);
    for (size_t i = 0; i < keys->count; i++) {
        const AuditTerm *term = &keys->terms[i];
        if (!note->signers[i] || audit_position_less(&position, &term->from)) continue;
        if (term->ended && audit_position_less(&term->until, &position)) continue;
        if (public_key_algorithm(keys->keys[i]) == KEY_SM2)
            checkpoint->by_sm2 = true;
        else
            checkpoint->by_ed25519 = true;
    }
}

Status audit_checkpoint_verify(Span note, const AuditKeys *keys, AuditCheckpoint *ret_checkpoint)
{
    AuditCheckpoint checkpoint = { 0 };
    AuditNote opened = { 0 };
    TRY(audit_note_open(note, keys, &opened));
    REQUIRE(status_ok(parse_text(opened.text, &checkpoint)), REFUSED_CHECKPOINT_FORMAT);
    judge_terms(&opened, keys, &checkpoint);
    REQUIRE(checkpoint.by_ed25519 == opened.by_ed25519 && checkpoint.by_sm2 == opened.by_sm2,
            REFUSED_CHECKPOINT_SIGNATURE);
    *ret_checkpoint = checkpoint;
    return OK;
}

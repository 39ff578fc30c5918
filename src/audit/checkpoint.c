#include "audit/checkpoint.h"

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

static Status parse_keys(Span pems, AuditKeys *keys)
{
    Cursor c = cursor_of(pems);
    for (;;) {
        Span pem = { 0 };
        bool found = false;
        TRY(next_pem(&c, &pem, &found));
        if (!found) return OK;
        CLEANUP(public_key_free) PublicKey *key = NULL;
        TRY(public_key_from_pem(pem, &key));
        const KeyAlgorithm algorithm = public_key_algorithm(key);
        if (algorithm != KEY_ED25519 && algorithm != KEY_SM2) continue;
        REQUIRE(keys->count < AUDIT_KEYS_MAX, REFUSED_KEY_FORMAT);
        keys->keys[keys->count++] = key;
        key = NULL; /* transferred */
    }
}

Status audit_keys_parse(Span pems, AuditKeys *ret_keys)
{
    AuditKeys keys = { 0 };
    Status s = parse_keys(pems, &keys);
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

Status audit_checkpoint_verify(Span note, const AuditKeys *keys, AuditCheckpoint *ret_checkpoint)
{
    AuditCheckpoint checkpoint = { 0 };
    AuditNote opened = { 0 };
    TRY(audit_note_open(note, keys, &opened));
    REQUIRE(status_ok(parse_text(opened.text, &checkpoint)), REFUSED_CHECKPOINT_FORMAT);
    checkpoint.by_ed25519 = opened.by_ed25519;
    checkpoint.by_sm2 = opened.by_sm2;
    *ret_checkpoint = checkpoint;
    return OK;
}

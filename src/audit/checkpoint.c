#include "audit/checkpoint.h"

#include "base/encoding.h"
#include "base/money.h"

enum {
    KEY_HASH_BYTES = 4,
    SPKI_ED25519_BYTES = 32,
    SPKI_SM2_BYTES = 65,
    LINE_BYTES_MAX = 1024,
};

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

/* A note cut into its text and its signature lines: the last empty line divides them. */
static Status split_note(Span note, Span *ret_text, Span *ret_lines)
{
    REQUIRE(note.size >= 2 && note.size <= AUDIT_NOTE_BYTES_MAX, REFUSED_CHECKPOINT_FORMAT);
    REQUIRE(span_is_utf8(note) && note.data[note.size - 1] == '\n', REFUSED_CHECKPOINT_FORMAT);
    for (size_t i = 0; i < note.size; i++)
        REQUIRE(note.data[i] >= 0x20 || note.data[i] == '\n', REFUSED_CHECKPOINT_FORMAT);
    for (size_t i = note.size - 1; i > 0; i--) {
        if (note.data[i] != '\n' || note.data[i - 1] != '\n') continue;
        *ret_text = (Span) { note.data, i };
        *ret_lines = (Span) { note.data + i + 1, note.size - i - 1 };
        REQUIRE(ret_lines->size > 0, REFUSED_CHECKPOINT_FORMAT);
        return OK;
    }
    return REFUSE(REFUSED_CHECKPOINT_FORMAT);
}

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
    TRY(split_note(note, &text, &lines));
    REQUIRE(status_ok(parse_text(text, &checkpoint)), REFUSED_CHECKPOINT_FORMAT);
    *ret_checkpoint = checkpoint;
    return OK;
}

/* The four bytes by which a signature line names a key. An SPKI of either algorithm ends with the
 * bare key. */
static Status key_hash(Span name, const PublicKey *key, uint8_t ret_hash[KEY_HASH_BYTES])
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(key, &spki));
    const bool sm2 = public_key_algorithm(key) == KEY_SM2;
    const size_t size = sm2 ? SPKI_SM2_BYTES : SPKI_ED25519_BYTES;
    CHECK(spki.size >= size, FAULT_CRYPTO);
    const Span parts[] = { name, SPAN("\n"), sm2 ? SPAN("\xFFsm2-with-sm3") : SPAN("\x01"),
        { spki.data + spki.size - size, size } };
    digest_parts(DIGEST_SHA256, parts, 4, digest);
    memcpy(ret_hash, digest, KEY_HASH_BYTES);
    return OK;
}

typedef struct SignatureLine {
    Span name;
    uint8_t bytes[LINE_BYTES_MAX]; /* key hash, signature */
    size_t size;
} SignatureLine;

/* "— name base64\n" */
static Status take_line(Cursor *c, SignatureLine *ret_line)
{
    Span line = { 0 };
    Span dash = { 0 };
    TRY(cursor_until(c, '\n', &line));
    Cursor inside = cursor_of(line);
    TRY(cursor_take(&inside, 4, &dash));
    REQUIRE(span_equal(dash, SPAN("\xE2\x80\x94 ")), REFUSED_CHECKPOINT_FORMAT);
    TRY(cursor_until(&inside, ' ', &ret_line->name));
    REQUIRE(ret_line->name.size > 0, REFUSED_CHECKPOINT_FORMAT);
    Buffer bytes = BUFFER_OF(ret_line->bytes);
    TRY(base64_decode(inside.rest, &bytes));
    REQUIRE(bytes.size > KEY_HASH_BYTES, REFUSED_CHECKPOINT_FORMAT);
    ret_line->size = bytes.size;
    return OK;
}

/* A line whose key hash is ours must be good. */
static Status check_line(
        const SignatureLine *line, Span text, const AuditKeys *keys, AuditCheckpoint *checkpoint)
{
    const Span signature = { line->bytes + KEY_HASH_BYTES, line->size - KEY_HASH_BYTES };
    /* The log's own name signs it: a witness's line says something else. */
    if (!span_equal(line->name, span_of_text(checkpoint->origin))) return OK;
    for (size_t i = 0; i < keys->count; i++) {
        uint8_t hash[KEY_HASH_BYTES];
        TRY(key_hash(line->name, keys->keys[i], hash));
        if (!bytes_equal_ct(hash, line->bytes, KEY_HASH_BYTES)) continue;
        REQUIRE(status_ok(sign_verify(keys->keys[i], text, signature)),
                REFUSED_CHECKPOINT_SIGNATURE);
        if (public_key_algorithm(keys->keys[i]) == KEY_SM2)
            checkpoint->by_sm2 = true;
        else
            checkpoint->by_ed25519 = true;
        return OK;
    }
    return OK;
}

Status audit_checkpoint_verify(Span note, const AuditKeys *keys, AuditCheckpoint *ret_checkpoint)
{
    Span text = { 0 };
    Span lines = { 0 };
    AuditCheckpoint checkpoint = { 0 };
    TRY(split_note(note, &text, &lines));
    REQUIRE(status_ok(parse_text(text, &checkpoint)), REFUSED_CHECKPOINT_FORMAT);
    Cursor c = cursor_of(lines);
    size_t count = 0;
    while (c.rest.size > 0) {
        SignatureLine line;
        REQUIRE(count++ < AUDIT_NOTE_LINES_MAX, REFUSED_CHECKPOINT_FORMAT);
        REQUIRE(status_ok(take_line(&c, &line)), REFUSED_CHECKPOINT_FORMAT);
        TRY(check_line(&line, text, keys, &checkpoint));
    }
    for (size_t i = 0; i < keys->count; i++) {
        const bool sm2 = public_key_algorithm(keys->keys[i]) == KEY_SM2;
        REQUIRE(sm2 ? checkpoint.by_sm2 : checkpoint.by_ed25519, REFUSED_CHECKPOINT_SIGNATURE);
    }
    REQUIRE(checkpoint.by_ed25519 || checkpoint.by_sm2, REFUSED_CHECKPOINT_SIGNATURE);
    *ret_checkpoint = checkpoint;
    return OK;
}

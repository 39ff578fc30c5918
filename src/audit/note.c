#include "audit/note.h"

#include "base/encoding.h"

enum {
    KEY_HASH_BYTES = 4,
    SPKI_ED25519_BYTES = 32,
    SPKI_SM2_BYTES = 65,
    LINE_BYTES_MAX = 1024,
};

/* A note cut into its text and its signature lines: the last empty line divides them. */
Status audit_note_split(Span note, Span *ret_text, Span *ret_lines)
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
        const SignatureLine *line, Span name, const AuditKeys *keys, AuditNote *opened)
{
    const Span signature = { line->bytes + KEY_HASH_BYTES, line->size - KEY_HASH_BYTES };
    /* Who the text speaks for signs it: a witness's line says something else. */
    if (!span_equal(line->name, name)) return OK;
    for (size_t i = 0; i < keys->count; i++) {
        uint8_t hash[KEY_HASH_BYTES];
        TRY(key_hash(line->name, keys->keys[i], hash));
        if (!bytes_equal_ct(hash, line->bytes, KEY_HASH_BYTES)) continue;
        REQUIRE(status_ok(sign_verify(keys->keys[i], opened->text, signature)),
                REFUSED_CHECKPOINT_SIGNATURE);
        opened->signers[i] = true;
        if (public_key_algorithm(keys->keys[i]) == KEY_SM2)
            opened->by_sm2 = true;
        else
            opened->by_ed25519 = true;
        return OK;
    }
    return OK;
}

Status audit_note_open(Span note, const AuditKeys *keys, AuditNote *ret_note)
{
    Span lines = { 0 };
    Span name = { 0 };
    AuditNote opened = { 0 };
    TRY(audit_note_split(note, &opened.text, &lines));
    Cursor head = cursor_of(opened.text);
    REQUIRE(status_ok(cursor_until(&head, '\n', &name)), REFUSED_CHECKPOINT_FORMAT);
    Cursor c = cursor_of(lines);
    size_t count = 0;
    while (c.rest.size > 0) {
        SignatureLine line;
        REQUIRE(count++ < AUDIT_NOTE_LINES_MAX, REFUSED_CHECKPOINT_FORMAT);
        REQUIRE(status_ok(take_line(&c, &line)), REFUSED_CHECKPOINT_FORMAT);
        TRY(check_line(&line, name, keys, &opened));
    }
    for (size_t i = 0; i < keys->count; i++) {
        const bool sm2 = public_key_algorithm(keys->keys[i]) == KEY_SM2;
        REQUIRE(sm2 ? opened.by_sm2 : opened.by_ed25519, REFUSED_CHECKPOINT_SIGNATURE);
    }
    REQUIRE(opened.by_ed25519 || opened.by_sm2, REFUSED_CHECKPOINT_SIGNATURE);
    *ret_note = opened;
    return OK;
}

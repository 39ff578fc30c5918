#include "audit/key_change.h"

#include "audit/note.h"
#include "base/encoding.h"
#include "base/money.h"

static Status take_number(Cursor *c, uint8_t end, int64_t *ret_number)
{
    Span text = { 0 };
    TRY(cursor_until(c, end, &text));
    REQUIRE(text.size > 0 && (text.data[0] != '0' || text.size == 1), REFUSED_KEY_CHANGE);
    TRY(i64_parse(text, ret_number));
    REQUIRE(*ret_number >= 0 && text.data[0] != '-', REFUSED_KEY_CHANGE);
    return OK;
}

static Status take_lines(Cursor *c, AuditKeyChange *change)
{
    Span role = { 0 };
    Span time = { 0 };
    int64_t version = 0;
    int64_t epoch = 0;
    int64_t size = 0;
    TRY(cursor_until(c, '\n', &change->name));
    TRY(cursor_until(c, ' ', &role));
    TRY(take_number(c, '\n', &version));
    TRY(take_number(c, ' ', &epoch));
    TRY(take_number(c, '\n', &size));
    TRY(cursor_until(c, '\n', &change->before));
    TRY(cursor_until(c, '\n', &change->key));
    TRY(cursor_until(c, '\n', &time));
    const bool sm2 = span_equal(role, SPAN("checkpoint-sm2"));
    REQUIRE(sm2 || span_equal(role, SPAN("checkpoint-ed25519")), REFUSED_KEY_CHANGE);
    REQUIRE(version > 1 && version <= UINT32_MAX, REFUSED_KEY_CHANGE);
    change->algorithm = sm2 ? KEY_SM2 : KEY_ED25519;
    change->version = (uint32_t)version;
    change->position = (AuditPosition) { (uint64_t)epoch, (uint64_t)size };
    return cursor_end(c);
}

/* "hufu/<ledger>/key-change": no note of another kind has such a name. */
static bool names_a_change(Span name)
{
    const Span kind = SPAN("/key-change");
    return name.size > kind.size
            && span_equal((Span) { name.data + name.size - kind.size, kind.size }, kind);
}

Status audit_key_change_parse(Span text, AuditKeyChange *ret_change)
{
    AuditKeyChange change = { 0 };
    Cursor c = cursor_of(text);
    REQUIRE(status_ok(take_lines(&c, &change)), REFUSED_KEY_CHANGE);
    REQUIRE(names_a_change(change.name), REFUSED_KEY_CHANGE);
    *ret_change = change;
    return OK;
}

static Status read_key(Span base64, PublicKey **ret_key)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    REQUIRE(base64.size <= 4 * SIGN_SPKI_BYTES_MAX / 3, REFUSED_KEY_CHANGE);
    TRY(base64_decode(base64, &spki));
    return public_key_from_spki(span_of_buffer(&spki), ret_key);
}

static bool is_same_key(const PublicKey *a, const PublicKey *b)
{
    uint8_t digests[2][DIGEST_SHA256_BYTES];
    public_key_fingerprint(a, digests[0]);
    public_key_fingerprint(b, digests[1]);
    return bytes_equal_ct(digests[0], digests[1], DIGEST_SHA256_BYTES);
}

/* keys->count: it is not there. */
static size_t find_key(const AuditKeys *keys, const PublicKey *key)
{
    size_t at = 0;
    while (at < keys->count && !is_same_key(keys->keys[at], key))
        at++;
    return at;
}

/* Both algorithms, by keys that still sign. */
static bool is_of_their_time(const AuditNote *note, const AuditKeys *keys)
{
    bool ed25519 = false;
    bool sm2 = false;
    for (size_t i = 0; i < keys->count; i++) {
        if (!note->signers[i] || keys->terms[i].ended) continue;
        const bool is_sm2 = public_key_algorithm(keys->keys[i]) == KEY_SM2;
        sm2 = sm2 || is_sm2;
        ed25519 = ed25519 || !is_sm2;
    }
    return ed25519 && sm2;
}

/* The key that is to go: known, signing, and not younger than the change. */
static Status find_before(const AuditKeys *keys, const AuditKeyChange *change, size_t *ret_index)
{
    CLEANUP(public_key_free) PublicKey *before = NULL;
    TRY(read_key(change->before, &before));
    const size_t at = find_key(keys, before);
    REQUIRE(at < keys->count, REFUSED_KEY_CHANGE);
    const AuditTerm *term = &keys->terms[at];
    REQUIRE(!term->ended, REFUSED_KEY_CHANGE);
    REQUIRE(public_key_algorithm(before) == change->algorithm, REFUSED_KEY_CHANGE);
    REQUIRE(term->version == 0 || term->version + 1 == change->version, REFUSED_KEY_CHANGE);
    REQUIRE(!audit_position_less(&change->position, &term->from), REFUSED_KEY_CHANGE);
    *ret_index = at;
    return OK;
}

static Status apply(const AuditNote *note, AuditKeys *keys)
{
    AuditKeyChange change = { 0 };
    size_t before = 0;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(audit_key_change_parse(note->text, &change));
    REQUIRE(is_of_their_time(note, keys), REFUSED_KEY_CHANGE);
    TRY(find_before(keys, &change, &before));
    TRY(read_key(change.key, &key));
    REQUIRE(public_key_algorithm(key) == change.algorithm, REFUSED_KEY_CHANGE);
    REQUIRE(find_key(keys, key) == keys->count, REFUSED_KEY_CHANGE);
    REQUIRE(keys->count < AUDIT_KEYS_MAX, REFUSED_KEY_CHANGE);
    keys->terms[before].ended = true;
    keys->terms[before].until = change.position;
    keys->terms[keys->count] = (AuditTerm) { .version = change.version, .from = change.position };
    keys->keys[keys->count++] = key;
    key = NULL; /* transferred */
    return OK;
}

Status audit_key_change(Span note, AuditKeys *keys)
{
    AuditNote opened = { 0 };
    REQUIRE(status_ok(audit_note_open(note, keys, &opened)), REFUSED_KEY_CHANGE);
    const Status s = apply(&opened, keys);
    REQUIRE(status_ok(s) || status_broken(s), REFUSED_KEY_CHANGE);
    return s;
}

static Status look_up(Span note, const AuditKeys *keys, bool *ret_known)
{
    Span text = { 0 };
    Span lines = { 0 };
    AuditKeyChange change = { 0 };
    CLEANUP(public_key_free) PublicKey *before = NULL;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(audit_note_split(note, &text, &lines));
    TRY(audit_key_change_parse(text, &change));
    TRY(read_key(change.before, &before));
    TRY(read_key(change.key, &key));
    const size_t at = find_key(keys, before);
    const bool may_sign = at < keys->count && !keys->terms[at].ended;
    *ret_known = find_key(keys, key) < keys->count && !may_sign;
    return OK;
}

bool audit_key_change_is_known(Span note, const AuditKeys *keys)
{
    bool known = false;
    return status_ok(look_up(note, keys, &known)) && known;
}

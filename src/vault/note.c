#include "vault/note.h"

#include "base/encoding.h"
#include "crypto/sign.h"

enum { KEY_HASH_BYTES = 4, TYPE_ED25519 = 0x01, TYPE_OTHER = 0xFF };

/* The raw key stands at the end of its SubjectPublicKeyInfo: 32 bytes (Ed25519), 65 (a point). */
static Status put_raw_key(const PrivateKey *key, Buffer *ret_raw)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    const size_t size = private_key_algorithm(key) == KEY_ED25519 ? 32 : 65;
    TRY(public_key_to_spki(private_key_public(key), &spki));
    CHECK(spki.size > size, FAULT_CRYPTO);
    return buffer_put(ret_raw, (Span) { spki.data + spki.size - size, size });
}

static Status put_key_hash(const PrivateKey *key, Span name, Buffer *ret)
{
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u8(&b, '\n'));
    if (private_key_algorithm(key) == KEY_ED25519) {
        TRY(buffer_put_u8(&b, TYPE_ED25519));
    } else { /* a type without a number of its own in C2SP is named */
        TRY(buffer_put_u8(&b, TYPE_OTHER));
        TRY(buffer_put(&b, SPAN("sm2-with-sm3")));
    }
    TRY(put_raw_key(key, &b));
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Span parts[] = { name, span_of_buffer(&b) };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    return buffer_put(ret, (Span) { digest, KEY_HASH_BYTES });
}

static Status put_signature(const PrivateKey *key, Span name, Span text, Buffer *ret_note)
{
    uint8_t memory[KEY_HASH_BYTES + SIGN_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(put_key_hash(key, name, &b));
    TRY(sign_make(key, text, &b));
    TRY(buffer_put(ret_note, SPAN("\u2014 ")));
    TRY(buffer_put(ret_note, name));
    TRY(buffer_put_u8(ret_note, ' '));
    TRY(base64_encode(span_of_buffer(&b), ret_note));
    return buffer_put_u8(ret_note, '\n');
}

Status note_sign(Keys *keys, Span name, Span text, Buffer *ret_note)
{
    TRY(buffer_put(ret_note, text));
    TRY(buffer_put_u8(ret_note, '\n'));
    TRY(put_signature(keys_private(keys, KEY_CHECKPOINT_ED25519), name, text, ret_note));
    return put_signature(keys_private(keys, KEY_CHECKPOINT_SM2), name, text, ret_note);
}

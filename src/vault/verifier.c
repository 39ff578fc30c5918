#include "vault/verifier.h"

#include "base/secret.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }
void verifier_wipe(Verifier *verifier) { bytes_wipe(verifier, sizeof(*verifier)); }

static PasswordAlgorithm algorithm_of(const Keys *keys)
{
    return keys_suite(keys) == KEYS_SM ? PASSWORD_PBKDF2_SM3 : PASSWORD_ARGON2ID;
}

/* --- the body --- */

static Status put_body(const Verifier *v, Buffer *b)
{
    if (v->form == VERIFIER_MODERN) return password_record_put(&v->record, b);
    TRY(buffer_put_u8(b, (uint8_t)v->form));
    if (v->form == VERIFIER_SECOND) return buffer_put_framed(b, (Span) { v->data, v->data_bytes });
    TRY(buffer_put_u8(b, (uint8_t)v->legacy.formula));
    TRY(buffer_put_u8(b, (uint8_t)v->legacy.inner));
    TRY(buffer_put_framed(b, (Span) { v->data, v->data_bytes }));
    if (v->form == VERIFIER_WRAPPED) return password_record_put(&v->record, b);
    return buffer_put_framed(b, (Span) { v->digest, legacy_digest_bytes(v->legacy.formula) });
}

static Status take_legacy(Cursor *c, Verifier *v)
{
    uint8_t formula = 0;
    uint8_t inner = 0;
    Span data;
    TRY(cursor_u8(c, &formula));
    TRY(cursor_u8(c, &inner));
    TRY(cursor_framed(c, LEGACY_DATA_BYTES_MAX, &data));
    v->legacy = (LegacyForm) { (LegacyFormula)formula, (LegacyInner)inner };
    REQUIRE(legacy_form_is_valid(v->legacy), REFUSED_PASSWORD_RECORD_FORMAT);
    if (data.size > 0) memcpy(v->data, data.data, data.size);
    v->data_bytes = data.size;
    if (v->form == VERIFIER_WRAPPED) return password_record_parse(c->rest, &v->record);
    Span digest;
    TRY(cursor_framed(c, LEGACY_DIGEST_BYTES_MAX, &digest));
    REQUIRE(digest.size == legacy_digest_bytes(v->legacy.formula), REFUSED_PASSWORD_RECORD_FORMAT);
    memcpy(v->digest, digest.data, digest.size);
    return cursor_end(c);
}

static Status take_second(Cursor *c, Verifier *v)
{
    Span secret;
    TRY(cursor_framed(c, sizeof(v->data), &secret));
    REQUIRE(secret.size > 0, REFUSED_PASSWORD_RECORD_FORMAT);
    memcpy(v->data, secret.data, secret.size);
    v->data_bytes = secret.size;
    return cursor_end(c);
}

static Status take_body(Span body, Verifier *ret)
{
    CLEANUP(verifier_wipe) Verifier v = { 0 };
    Cursor c = cursor_of(body);
    uint8_t form = 0;
    REQUIRE(status_ok(cursor_u8(&c, &form)), REFUSED_PASSWORD_RECORD_FORMAT);
    v.form = (VerifierForm)form;
    if (form == VERIFIER_MODERN) {
        TRY(password_record_parse(body, &v.record));
    } else if (form == VERIFIER_SECOND) {
        REQUIRE(status_ok(take_second(&c, &v)), REFUSED_PASSWORD_RECORD_FORMAT);
    } else {
        REQUIRE(form == VERIFIER_LEGACY || form == VERIFIER_WRAPPED,
                REFUSED_PASSWORD_RECORD_FORMAT);
        REQUIRE(status_ok(take_legacy(&c, &v)), REFUSED_PASSWORD_RECORD_FORMAT);
    }
    *ret = v;
    return OK;
}

/* --- under the pepper --- */

static Status put_place(Span place, uint32_t version, Buffer *b)
{
    TRY(buffer_put(b, place));
    return buffer_put_u32(b, version);
}

static bool has_successor(Keys *keys, uint32_t pepper_version)
{
    CLEANUP(seal_key_wipe) SealKey next = { 0 };
    return !status_is(
            keys_seal_copy(keys, KEY_PEPPER, pepper_version + 1, &next), REFUSED_KEY_UNKNOWN);
}

Status verifier_open(Keys *keys, Span place, Span bytes, uint32_t *ret_version,
        bool *ret_old_pepper, Verifier *ret_verifier)
{
    Cursor c = cursor_of(bytes);
    uint32_t version = 0;
    REQUIRE(status_ok(cursor_u32(&c, &version)), REFUSED_SEAL_FORMAT);
    uint8_t place_memory[VERIFIER_PLACE_BYTES_MAX + 4];
    uint8_t body_memory[VERIFIER_BODY_BYTES_MAX];
    Buffer full = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer body = BUFFER_OF(body_memory);
    TRY(put_place(place, version, &full));
    CLEANUP(seal_key_wipe) SealKey pepper = { 0 };
    TRY(keys_seal_copy_for(keys, KEY_PEPPER, c.rest, &pepper));
    TRY(seal_open(&pepper, span_of_buffer(&full), c.rest, &body));
    TRY(take_body(span_of_buffer(&body), ret_verifier));
    *ret_version = version;
    *ret_old_pepper = has_successor(keys, pepper.key_version);
    return OK;
}

Status verifier_close(Keys *keys, const Random *random, Span place, uint32_t version,
        const Verifier *verifier, Buffer *ret_bytes)
{
    uint8_t place_memory[VERIFIER_PLACE_BYTES_MAX + 4];
    uint8_t body_memory[VERIFIER_BODY_BYTES_MAX];
    Buffer full = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer body = BUFFER_OF(body_memory);
    Buffer out = *ret_bytes;
    TRY(put_place(place, version, &full));
    TRY(put_body(verifier, &body));
    TRY(buffer_put_u32(&out, version));
    CLEANUP(seal_key_wipe) SealKey pepper = { 0 };
    TRY(keys_seal_copy(keys, KEY_PEPPER, 0, &pepper));
    TRY(seal_close(&pepper, random, span_of_buffer(&full), span_of_buffer(&body), &out));
    ret_bytes->size = out.size;
    return OK;
}

/* --- hashing --- */

Status verifier_make(const Keys *keys, const Random *random, PasswordCost cost, Span password,
        Verifier *ret_verifier)
{
    CLEANUP(verifier_wipe) Verifier v = { .form = VERIFIER_MODERN };
    TRY(password_make(random, algorithm_of(keys), cost, password, &v.record));
    *ret_verifier = v;
    return OK;
}

Status verifier_wrap(const Keys *keys, const Random *random, PasswordCost cost, Verifier *verifier)
{
    ASSERT(verifier->form == VERIFIER_LEGACY);
    const Span digest = { verifier->digest, legacy_digest_bytes(verifier->legacy.formula) };
    TRY(password_make(random, algorithm_of(keys), cost, digest, &verifier->record));
    bytes_wipe(verifier->digest, sizeof(verifier->digest));
    verifier->form = VERIFIER_WRAPPED;
    return OK;
}

/* A slow hash whose result nobody wants: time is all that it gives. */
Status verifier_pretend(const Keys *keys, PasswordCost cost, Span password)
{
    const PasswordRecord nobody = { .algorithm = algorithm_of(keys), .cost = cost };
    bool unused = false;
    return password_check(&nobody, password, &unused);
}

static Status check_legacy(const Keys *keys, const Verifier *v, PasswordCost cost,
        const LegacyParts *tried, bool *ret_right)
{
    const LegacyParts parts = { { v->data, v->data_bytes }, tried->user, tried->key,
        tried->password };
    uint8_t digest[LEGACY_DIGEST_BYTES_MAX] = { 0 };
    const size_t size = legacy_digest_bytes(v->legacy.formula);
    legacy_password_digest(v->legacy, &parts, digest);
    Status s = OK;
    if (v->form == VERIFIER_WRAPPED) {
        s = password_check(&v->record, (Span) { digest, size }, ret_right);
    } else {
        *ret_right = bytes_equal_ct(digest, v->digest, size);
        /* A right one is hashed slowly in a moment, when it is replaced; a wrong one here. */
        if (!*ret_right) s = verifier_pretend(keys, cost, tried->password);
    }
    bytes_wipe(digest, sizeof(digest));
    return s;
}

Status verifier_check(const Keys *keys, const Verifier *verifier, PasswordCost cost,
        const LegacyParts *tried, bool *ret_right)
{
    const Span password = tried->password;
    *ret_right = false;
    REQUIRE(verifier->form != VERIFIER_SECOND, REFUSED_PASSWORD_RECORD_FORMAT);
    if (verifier->form == VERIFIER_MODERN)
        return password_check(&verifier->record, password, ret_right);
    if (password.size == 0 || password.size > PASSWORD_BYTES_MAX)
        return verifier_pretend(keys, cost, password);
    return check_legacy(keys, verifier, cost, tried, ret_right);
}

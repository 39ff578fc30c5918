#include "access/passkey.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "text/cbor.h"
#include "text/json.h"

/* --- clientDataJSON --- */

typedef struct ClientData {
    Span type;
    Span challenge; /* base64url */
    Span origin;
    Span top_origin;
    bool cross_origin;
} ClientData;

#define PLACE(field) offsetof(ClientData, field)
static const JsonField client_data_fields[] = {
    { "type", JSON_TEXT, true, 1, 64, PLACE(type) },
    { "challenge", JSON_TEXT, true, 1, 128, PLACE(challenge) },
    { "origin", JSON_TEXT, true, 1, 512, PLACE(origin) },
    { "topOrigin", JSON_TEXT, false, 0, 512, PLACE(top_origin) },
    { "crossOrigin", JSON_BOOL, false, 0, 0, PLACE(cross_origin) },
};

/* `ret` borrows from the document. */
static Status read_client_data(Span text, JsonDocument **ret_document, ClientData *ret)
{
    JsonProblem problem;
    REQUIRE(text.size <= PASSKEY_CLIENT_DATA_BYTES_MAX, REFUSED_PASSKEY_FORMAT);
    Status s = json_parse(text, ret_document, &problem);
    if (status_ok(s))
        s = json_read_some(*ret_document, json_root(*ret_document), client_data_fields,
                sizeof(client_data_fields) / sizeof(client_data_fields[0]), ret, &problem);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_PASSKEY_FORMAT);
    return OK;
}

static Status decode_challenge(Span text, uint8_t ret_challenge[PASSKEY_CHALLENGE_BYTES])
{
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    REQUIRE(status_ok(base64url_decode(text, &b)), REFUSED_PASSKEY_FORMAT);
    REQUIRE(b.size == PASSKEY_CHALLENGE_BYTES, REFUSED_PASSKEY_CHALLENGE);
    memcpy(ret_challenge, memory, PASSKEY_CHALLENGE_BYTES);
    return OK;
}

Status passkey_challenge_of(Span client_data, uint8_t ret_challenge[PASSKEY_CHALLENGE_BYTES])
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    ClientData said = { .cross_origin = false };
    TRY(read_client_data(client_data, &document, &said));
    return decode_challenge(said.challenge, ret_challenge);
}

static Status check_client_data(const PasskeySite *site, const char *type,
        const uint8_t challenge[PASSKEY_CHALLENGE_BYTES], Span client_data)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    ClientData said = { .cross_origin = false };
    uint8_t theirs[PASSKEY_CHALLENGE_BYTES];
    TRY(read_client_data(client_data, &document, &said));
    REQUIRE(span_equal(said.type, span_of_text(type)), REFUSED_PASSKEY_FORMAT);
    TRY(decode_challenge(said.challenge, theirs));
    REQUIRE(bytes_equal_ct(theirs, challenge, sizeof(theirs)), REFUSED_PASSKEY_CHALLENGE);
    REQUIRE(span_equal(said.origin, site->origin), REFUSED_PASSKEY_ORIGIN);
    REQUIRE(!said.cross_origin && said.top_origin.size == 0, REFUSED_PASSKEY_ORIGIN);
    return OK;
}

/* --- authenticator data: rpIdHash [32] | flags u8 | signCount u32 | credential | extensions --- */

enum {
    FLAG_USER_PRESENT = 1 << 0,
    FLAG_USER_VERIFIED = 1 << 2,
    FLAG_MAY_BE_COPIED = 1 << 3,
    FLAG_IS_COPIED = 1 << 4,
    FLAG_CREDENTIAL = 1 << 6,
    FLAG_EXTENSIONS = 1 << 7,
    AAGUID_BYTES = 16,
};

typedef struct AuthenticatorData {
    uint8_t flags;
    uint32_t count;
    Span id; /* of a new credential */
    Span key; /* its COSE key */
} AuthenticatorData;

/* Its model (AAGUID) proves nothing without an attestation. */
static Status take_credential(Cursor *c, AuthenticatorData *ret)
{
    Span aaguid;
    uint16_t size = 0;
    TRY(cursor_take(c, AAGUID_BYTES, &aaguid));
    TRY(cursor_u16(c, &size));
    TRY(cursor_take(c, size, &ret->id));
    const Span from = c->rest;
    TRY(cbor_skip(c));
    ret->key = (Span) { from.data, from.size - c->rest.size };
    return OK;
}

static Status take_extensions(Cursor *c)
{
    Cursor map = *c;
    uint64_t unused = 0;
    TRY(cbor_map(&map, &unused));
    return cbor_skip(c);
}

static Status parse(Cursor *c, uint8_t ret_site[DIGEST_SHA256_BYTES], AuthenticatorData *ret)
{
    TRY(cursor_copy(c, DIGEST_SHA256_BYTES, ret_site));
    TRY(cursor_u8(c, &ret->flags));
    TRY(cursor_u32(c, &ret->count));
    if ((ret->flags & FLAG_CREDENTIAL) != 0) TRY(take_credential(c, ret));
    if ((ret->flags & FLAG_EXTENSIONS) != 0) TRY(take_extensions(c));
    return cursor_end(c);
}

static Status check_data(const PasskeySite *site, Span data, AuthenticatorData *ret)
{
    uint8_t theirs[DIGEST_SHA256_BYTES];
    uint8_t ours[DIGEST_SHA256_BYTES];
    AuthenticatorData read = { .flags = 0 };
    Cursor c = cursor_of(data);
    REQUIRE(data.size <= PASSKEY_ANSWER_BYTES_MAX, REFUSED_PASSKEY_FORMAT);
    REQUIRE(status_ok(parse(&c, theirs, &read)), REFUSED_PASSKEY_FORMAT);
    sha256(site->rp_id, ours);
    REQUIRE(bytes_equal_ct(theirs, ours, sizeof(ours)), REFUSED_PASSKEY_ORIGIN);
    REQUIRE((read.flags & FLAG_USER_PRESENT) != 0, REFUSED_PASSKEY_PRESENCE);
    REQUIRE(!site->verify_user || (read.flags & FLAG_USER_VERIFIED) != 0, REFUSED_PASSKEY_PRESENCE);
    const bool is_copied = (read.flags & FLAG_IS_COPIED) != 0;
    REQUIRE(!is_copied || (read.flags & FLAG_MAY_BE_COPIED) != 0, REFUSED_PASSKEY_FORMAT);
    *ret = read;
    return OK;
}

/* --- COSE keys (RFC 9053): ES256 over P-256, EdDSA over Ed25519 --- */

enum {
    COSE_TYPE = 1,
    COSE_ALGORITHM = 3,
    COSE_CURVE = -1,
    COSE_X = -2,
    COSE_Y = -3,
    COSE_TYPE_OKP = 1,
    COSE_TYPE_EC2 = 2,
    COSE_ES256 = -7,
    COSE_EDDSA = -8,
    COSE_P256 = 1,
    COSE_ED25519 = 6,
    COORDINATE_BYTES = 32,
};

typedef struct CoseKey {
    int64_t type, algorithm, curve;
    Span x, y;
    unsigned seen; /* bit 4 + label: no label twice */
} CoseKey;

static Status take_member(Cursor *c, CoseKey *key)
{
    int64_t label = 0;
    TRY(cbor_int(c, &label));
    REQUIRE(label >= COSE_Y && label <= COSE_ALGORITHM, REFUSED_PASSKEY_KEY);
    const unsigned bit = 1u << (4 + label);
    REQUIRE((key->seen & bit) == 0, REFUSED_PASSKEY_KEY);
    key->seen |= bit;
    switch (label) {
    case COSE_TYPE: return cbor_int(c, &key->type);
    case COSE_ALGORITHM: return cbor_int(c, &key->algorithm);
    case COSE_CURVE: return cbor_int(c, &key->curve);
    case COSE_X: return cbor_bytes(c, &key->x);
    case COSE_Y: return cbor_bytes(c, &key->y);
    default: return REFUSE(REFUSED_PASSKEY_KEY);
    }
}

static Status take_cose_key(Span bytes, CoseKey *ret)
{
    CoseKey key = { .seen = 0 };
    uint64_t count = 0;
    Cursor c = cursor_of(bytes);
    TRY(cbor_map(&c, &count));
    for (uint64_t i = 0; i < count; i++)
        TRY(take_member(&c, &key));
    TRY(cursor_end(&c));
    *ret = key;
    return OK;
}

static Status p256_key(const CoseKey *cose, PublicKey **ret_key)
{
    uint8_t point[1 + 2 * COORDINATE_BYTES] = { 4 };
    const bool fits = cose->algorithm == COSE_ES256 && cose->curve == COSE_P256
            && cose->x.size == COORDINATE_BYTES && cose->y.size == COORDINATE_BYTES;
    REQUIRE(fits, REFUSED_PASSKEY_KEY);
    memcpy(point + 1, cose->x.data, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, cose->y.data, COORDINATE_BYTES);
    return public_key_from_point(KEY_P256, SPAN_OF(point), ret_key);
}

static Status ed25519_key(const CoseKey *cose, PublicKey **ret_key)
{
    uint8_t memory[12 + COORDINATE_BYTES];
    Buffer spki = BUFFER_OF(memory);
    static const uint8_t prefix[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03,
        0x21, 0x00 }; /* RFC 8410 */
    const bool fits = cose->algorithm == COSE_EDDSA && cose->curve == COSE_ED25519
            && cose->x.size == COORDINATE_BYTES && cose->y.data == NULL;
    REQUIRE(fits, REFUSED_PASSKEY_KEY);
    TRY(buffer_put(&spki, SPAN_OF(prefix)));
    TRY(buffer_put(&spki, cose->x));
    return public_key_from_spki(span_of_buffer(&spki), ret_key);
}

static Status keep_key(const AuthenticatorData *data, PasskeyKey *ret)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    CoseKey cose;
    PasskeyKey made = { .id_size = data->id.size,
        .count = data->count,
        .may_be_copied = (data->flags & FLAG_MAY_BE_COPIED) != 0 };
    Buffer spki = BUFFER_OF(made.spki);
    REQUIRE(data->id.size > 0 && data->id.size <= PASSKEY_ID_BYTES_MAX, REFUSED_PASSKEY_KEY);
    REQUIRE(status_ok(take_cose_key(data->key, &cose)), REFUSED_PASSKEY_KEY);
    const Status s = cose.type == COSE_TYPE_EC2 ? p256_key(&cose, &key)
            : cose.type == COSE_TYPE_OKP        ? ed25519_key(&cose, &key)
                                                : REFUSE(REFUSED_PASSKEY_KEY);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_PASSKEY_KEY); /* a point that is not on the curve, too */
    TRY(public_key_to_spki(key, &spki));
    memcpy(made.id, data->id.data, data->id.size);
    made.spki_size = spki.size;
    made.algorithm = public_key_algorithm(key);
    *ret = made;
    return OK;
}

/* --- attestation object: a map of "fmt", "attStmt" and "authData" --- */

static Status take_attestation(Span bytes, Span *ret_data)
{
    Cursor c = cursor_of(bytes);
    uint64_t count = 0;
    uint64_t statement = 0;
    unsigned seen = 0;
    Span format = { NULL, 0 };
    TRY(cbor_map(&c, &count));
    for (uint64_t i = 0; i < count; i++) {
        Span key;
        TRY(cbor_text(&c, &key));
        const unsigned bit = span_equal(key, SPAN("fmt")) ? 1
                : span_equal(key, SPAN("attStmt"))        ? 2
                : span_equal(key, SPAN("authData"))       ? 4
                                                          : 0;
        REQUIRE(bit != 0 && (seen & bit) == 0, REFUSED_PASSKEY_FORMAT);
        seen |= bit;
        if (bit == 1) TRY(cbor_text(&c, &format));
        if (bit == 4) TRY(cbor_bytes(&c, ret_data));
        if (bit != 2) continue;
        Cursor inside = c;
        TRY(cbor_map(&inside, &statement));
        TRY(cbor_skip(&c));
    }
    TRY(cursor_end(&c));
    REQUIRE(seen == 7, REFUSED_PASSKEY_FORMAT);
    REQUIRE(span_equal(format, SPAN("none")) && statement == 0, REFUSED_PASSKEY_ATTESTATION);
    return OK;
}

/* --- the two acts --- */

Status passkey_register(const PasskeySite *site, const uint8_t challenge[PASSKEY_CHALLENGE_BYTES],
        Span client_data, Span attestation, PasskeyKey *ret_key)
{
    Span bytes = { NULL, 0 };
    AuthenticatorData data;
    REQUIRE(attestation.size <= PASSKEY_ANSWER_BYTES_MAX, REFUSED_PASSKEY_FORMAT);
    TRY(check_client_data(site, "webauthn.create", challenge, client_data));
    TRY(take_attestation(attestation, &bytes));
    TRY(check_data(site, bytes, &data));
    REQUIRE((data.flags & FLAG_CREDENTIAL) != 0, REFUSED_PASSKEY_FORMAT);
    return keep_key(&data, ret_key);
}

/* authenticatorData | SHA-256(clientDataJSON) */
static Status check_signature(const PasskeyAnswer *answer, const PasskeyKey *key)
{
    CLEANUP(public_key_free) PublicKey *public = NULL;
    uint8_t memory[PASSKEY_ANSWER_BYTES_MAX + DIGEST_SHA256_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer message = BUFFER_OF(memory);
    sha256(answer->client_data, digest);
    TRY(buffer_put(&message, answer->authenticator_data));
    TRY(buffer_put(&message, SPAN_OF(digest)));
    TRY(public_key_from_spki((Span) { key->spki, key->spki_size }, &public));
    const Status s = sign_verify(public, span_of_buffer(&message), answer->signature);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_PASSKEY_SIGNATURE);
    return OK;
}

Status passkey_verify(const PasskeySite *site, const uint8_t challenge[PASSKEY_CHALLENGE_BYTES],
        const PasskeyAnswer *answer, const PasskeyKey *key, uint32_t *ret_count)
{
    AuthenticatorData data;
    TRY(check_client_data(site, "webauthn.get", challenge, answer->client_data));
    TRY(check_data(site, answer->authenticator_data, &data));
    const bool may_be_copied = (data.flags & FLAG_MAY_BE_COPIED) != 0;
    REQUIRE((data.flags & FLAG_CREDENTIAL) == 0, REFUSED_PASSKEY_FORMAT);
    REQUIRE(may_be_copied == key->may_be_copied, REFUSED_PASSKEY_FORMAT);
    TRY(check_signature(answer, key));
    const bool counts = data.count != 0 || key->count != 0;
    REQUIRE(!counts || data.count > key->count, REFUSED_PASSKEY_COUNT);
    *ret_count = data.count;
    return OK;
}

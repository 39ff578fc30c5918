#include "crypto/seal.h"

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/derive.h"

_Static_assert(AEAD_TAG_BYTES == 16, "SEAL_OVERHEAD_BYTES counts it");

enum { SEAL_VERSION = 1, SEAL_MAGIC_BYTES = 4 };
static const uint8_t magic[SEAL_MAGIC_BYTES] = { 'H', 'F', 'S', 'F' };

/* What one record id makes of the key. One block of HKDF is 32 bytes: two for SM4, two for AES. */
typedef struct RecordSecret {
    uint8_t key[AEAD_KEY_BYTES_MAX];
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t commitment[SEAL_COMMITMENT_BYTES];
} RecordSecret;

static void record_secret_wipe(RecordSecret *secret) { bytes_wipe(secret, sizeof(*secret)); }

static AeadSuite aead_of(SealSuite suite)
{
    switch (suite) {
    case SEAL_AES_256_GCM: return AEAD_AES_256_GCM;
    case SEAL_SM4_GCM: return AEAD_SM4_GCM;
    case SEAL_AES_128_GCM: return AEAD_AES_128_GCM;
    }
    return (AeadSuite)0;
}

static bool is_known(uint8_t suite)
{
    return suite >= SEAL_AES_256_GCM && suite <= SEAL_AES_128_GCM;
}

void seal_key_init(SealKey *ret_key, SealSuite suite, uint32_t key_id, uint32_t key_version,
        const uint8_t key[SEAL_KEY_BYTES])
{
    ASSERT(is_known((uint8_t)suite));
    ret_key->suite = suite;
    ret_key->key_id = key_id;
    ret_key->key_version = key_version;
    mac_key_init(&ret_key->derive, suite == SEAL_SM4_GCM ? MAC_HMAC_SM3 : MAC_HMAC_SHA256,
            (Span) { key, SEAL_KEY_BYTES });
}

void seal_key_wipe(SealKey *key) { bytes_wipe(key, sizeof(*key)); }

/* The header is in the derivation, so it is authenticated by the commitment as well as by the AAD.
 */
static void derive_record(const SealKey *key, Span header, RecordSecret *ret)
{
    uint8_t stream[AEAD_KEY_BYTES_MAX + AEAD_NONCE_BYTES + SEAL_COMMITMENT_BYTES];
    const Span info[] = { SPAN("hufu seal 1"), header };
    derive_expand(&key->derive, info, 2, stream, sizeof(stream));
    memcpy(ret->key, stream, AEAD_KEY_BYTES_MAX);
    memcpy(ret->nonce, stream + AEAD_KEY_BYTES_MAX, AEAD_NONCE_BYTES);
    memcpy(ret->commitment, stream + AEAD_KEY_BYTES_MAX + AEAD_NONCE_BYTES, SEAL_COMMITMENT_BYTES);
    bytes_wipe(stream, sizeof(stream));
}

static Span record_key(const RecordSecret *secret, SealSuite suite)
{
    return (Span) { secret->key, aead_key_bytes(aead_of(suite)) };
}

/* AAD = header | place. The header has a fixed size, so nothing can slide between them. */
static void put_aad(Span header, Span place, Buffer *ret_aad)
{
    ASSERT(status_ok(buffer_put(ret_aad, header)));
    ASSERT(status_ok(buffer_put(ret_aad, place)));
}

static Status put_header(const SealKey *key, const Random *random, Buffer *ret)
{
    TRY(buffer_put(ret, SPAN_OF(magic)));
    TRY(buffer_put_u8(ret, SEAL_VERSION));
    TRY(buffer_put_u8(ret, (uint8_t)key->suite));
    TRY(buffer_put_u32(ret, key->key_id));
    TRY(buffer_put_u32(ret, key->key_version));
    uint8_t *record_id = NULL;
    TRY(buffer_reserve(ret, SEAL_RECORD_ID_BYTES, &record_id));
    return random_fill(random, record_id, SEAL_RECORD_ID_BYTES);
}

static Status require_place(Span place)
{
    REQUIRE(place.size > 0 && place.size <= SEAL_PLACE_BYTES_MAX, REFUSED_SEAL_SIZE);
    return OK;
}

Status seal_close(
        const SealKey *key, const Random *random, Span place, Span plain, Buffer *ret_sealed)
{
    TRY(require_place(place));
    REQUIRE(plain.size <= SEAL_PLAIN_BYTES_MAX, REFUSED_SEAL_SIZE);
    Buffer out = *ret_sealed; /* the caller's size moves only at the end */
    TRY(put_header(key, random, &out));
    const Span header = { out.data + ret_sealed->size, SEAL_HEADER_BYTES };
    uint8_t aad_bytes[SEAL_HEADER_BYTES + SEAL_PLACE_BYTES_MAX];
    Buffer aad = BUFFER_OF(aad_bytes);
    put_aad(header, place, &aad);

    CLEANUP(record_secret_wipe) RecordSecret secret;
    derive_record(key, header, &secret);
    TRY(aead_close(aead_of(key->suite), record_key(&secret, key->suite), secret.nonce,
            span_of_buffer(&aad), plain, &out));
    TRY(buffer_put(&out, SPAN_OF(secret.commitment)));
    *ret_sealed = out;
    return OK;
}

static Status parse(Span sealed, SealHeader *ret_header)
{
    Cursor c = cursor_of(sealed);
    SealHeader header = { 0 };
    Span mark = { 0 };
    uint8_t version = 0;
    uint8_t suite = 0;
    TRY(cursor_take(&c, SEAL_MAGIC_BYTES, &mark));
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &suite));
    TRY(cursor_u32(&c, &header.key_id));
    TRY(cursor_u32(&c, &header.key_version));
    TRY(cursor_copy(&c, SEAL_RECORD_ID_BYTES, header.record_id));
    REQUIRE(span_equal(mark, SPAN_OF(magic)) && version == SEAL_VERSION, REFUSED_SEAL_FORMAT);
    REQUIRE(is_known(suite), REFUSED_SEAL_FORMAT);
    header.suite = (SealSuite)suite;
    *ret_header = header;
    return OK;
}

Status seal_parse(Span sealed, SealHeader *ret_header)
{
    REQUIRE(sealed.size >= SEAL_OVERHEAD_BYTES, REFUSED_SEAL_FORMAT);
    REQUIRE(sealed.size <= SEAL_OVERHEAD_BYTES + SEAL_PLAIN_BYTES_MAX, REFUSED_SEAL_FORMAT);
    return parse(sealed, ret_header);
}

Status seal_open(const SealKey *key, Span place, Span sealed, Buffer *ret_plain)
{
    TRY(require_place(place));
    SealHeader parsed = { 0 };
    TRY(seal_parse(sealed, &parsed));
    REQUIRE(parsed.suite == key->suite && parsed.key_id == key->key_id
                    && parsed.key_version == key->key_version,
            REFUSED_SEAL_FORMAT);
    const Span header = { sealed.data, SEAL_HEADER_BYTES };
    const uint8_t *commitment = sealed.data + sealed.size - SEAL_COMMITMENT_BYTES;
    const Span body = { sealed.data + SEAL_HEADER_BYTES,
        sealed.size - SEAL_HEADER_BYTES - SEAL_COMMITMENT_BYTES };
    uint8_t aad_bytes[SEAL_HEADER_BYTES + SEAL_PLACE_BYTES_MAX];
    Buffer aad = BUFFER_OF(aad_bytes);
    put_aad(header, place, &aad);

    CLEANUP(record_secret_wipe) RecordSecret secret;
    derive_record(key, header, &secret);
    REQUIRE(bytes_equal_ct(secret.commitment, commitment, SEAL_COMMITMENT_BYTES),
            REFUSED_SEAL_TAMPERED);
    const Status s = aead_open(aead_of(key->suite), record_key(&secret, key->suite), secret.nonce,
            span_of_buffer(&aad), body, ret_plain);
    if (status_is(s, REFUSED_AEAD_TAMPERED)) return REFUSE(REFUSED_SEAL_TAMPERED);
    return s;
}

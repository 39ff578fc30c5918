#include "crypto/hpke.h"

#include "base/secret.h"
#include "crypto/library_inside.h"

enum { KEM_SUITE_ID_BYTES = 5, HPKE_SUITE_ID_BYTES = 10, MODE_BASE = 0 };

static void number_free(BIGNUM **number) { BN_clear_free(*number); }
static void numbers_free(BN_CTX **numbers) { BN_CTX_free(*numbers); }
static void point_free(EC_POINT **point) { EC_POINT_clear_free(*point); }

void hpke_keys_wipe(HpkeKeys *keys) { bytes_wipe(keys, sizeof(*keys)); }

/* --- the curve --- */

/* 1 <= scalar < n; marked so that libcrypto takes its constant-time path. */
static Status take_scalar(
        const EC_GROUP *group, const uint8_t bytes[HPKE_SCALAR_BYTES], BIGNUM **ret_scalar)
{
    CLEANUP(number_free) BIGNUM *scalar = BN_secure_new();
    CHECK(scalar != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(BN_bin2bn(bytes, HPKE_SCALAR_BYTES, scalar) != NULL);
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    REQUIRE(!BN_is_zero(scalar), REFUSED_KEY_FORMAT);
    REQUIRE(BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0, REFUSED_KEY_FORMAT);
    *ret_scalar = scalar;
    scalar = NULL;
    return OK;
}

static Status put_point(const EC_GROUP *group, const EC_POINT *point, BN_CTX *numbers,
        uint8_t ret_bytes[HPKE_POINT_BYTES])
{
    /* Infinity has one byte: refused here. */
    LIBRARY_REQUIRE(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_bytes,
                            HPKE_POINT_BYTES, numbers)
                    == HPKE_POINT_BYTES,
            REFUSED_KEY_FORMAT);
    return OK;
}

/* scalar * point, or scalar * G when `from` is NULL. Both curves have cofactor 1, so every point on
 * the curve but infinity has full order. */
static Status multiply(KeyAlgorithm curve, const uint8_t scalar_bytes[HPKE_SCALAR_BYTES],
        const uint8_t *from, uint8_t ret_point[HPKE_POINT_BYTES])
{
    const EC_GROUP *group = library_group(curve);
    ASSERT(group != NULL);
    CLEANUP(number_free) BIGNUM *scalar = NULL;
    TRY(take_scalar(group, scalar_bytes, &scalar));
    CLEANUP(numbers_free) BN_CTX *numbers = BN_CTX_secure_new();
    CLEANUP(point_free) EC_POINT *product = EC_POINT_new(group);
    CHECK(numbers != NULL && product != NULL, FAULT_MEMORY);
    if (from == NULL) {
        LIBRARY_CHECK(EC_POINT_mul(group, product, scalar, NULL, NULL, numbers) == 1);
        return put_point(group, product, numbers, ret_point);
    }
    CLEANUP(point_free) EC_POINT *base = EC_POINT_new(group);
    CHECK(base != NULL, FAULT_MEMORY);
    REQUIRE(from[0] == 0x04, REFUSED_KEY_FORMAT);
    LIBRARY_REQUIRE(EC_POINT_oct2point(group, base, from, HPKE_POINT_BYTES, numbers) == 1,
            REFUSED_KEY_FORMAT); /* which checks that it is on the curve */
    LIBRARY_CHECK(EC_POINT_mul(group, product, NULL, base, scalar, numbers) == 1);
    return put_point(group, product, numbers, ret_point);
}

Status hpke_public(KeyAlgorithm curve, const uint8_t scalar[HPKE_SCALAR_BYTES], uint8_t *ret_point)
{
    return multiply(curve, scalar, NULL, ret_point);
}

/* --- labelled HKDF: RFC 9180 section 4 --- */

typedef struct SuiteId {
    uint8_t bytes[HPKE_SUITE_ID_BYTES];
    size_t size;
} SuiteId;

static SuiteId kem_suite_id(const HpkeSuite *suite)
{
    return (SuiteId) { { 'K', 'E', 'M', (uint8_t)(suite->kem_id >> 8), (uint8_t)suite->kem_id },
        KEM_SUITE_ID_BYTES };
}

static SuiteId hpke_suite_id(const HpkeSuite *suite)
{
    return (SuiteId) { { 'H', 'P', 'K', 'E', (uint8_t)(suite->kem_id >> 8), (uint8_t)suite->kem_id,
                               (uint8_t)(suite->kdf_id >> 8), (uint8_t)suite->kdf_id,
                               (uint8_t)(suite->aead_id >> 8), (uint8_t)suite->aead_id },
        HPKE_SUITE_ID_BYTES };
}

static void labelled_extract(MacAlgorithm kdf, const SuiteId *id, Span salt, Span label,
        Span key_material, uint8_t ret_secret[HPKE_SECRET_BYTES])
{
    ASSERT(mac_bytes(kdf) == HPKE_SECRET_BYTES);
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, kdf, salt);
    const Span parts[] = { SPAN("HPKE-v1"), { id->bytes, id->size }, label, key_material };
    mac_make(&key, parts, 4, ret_secret);
}

static void labelled_expand(MacAlgorithm kdf, const SuiteId *id, Span secret, Span label, Span info,
        uint8_t *ret_bytes, size_t size)
{
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, kdf, secret);
    const uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };
    const Span parts[] = { SPAN_OF(length), SPAN("HPKE-v1"), { id->bytes, id->size }, label, info };
    derive_expand(&key, parts, 5, ret_bytes, size);
}

/* ExtractAndExpand(dh, kem_context): section 4.1. Of the shared point only x counts. */
static void kem_secret(const HpkeSuite *suite, const uint8_t shared[HPKE_POINT_BYTES],
        const uint8_t encapsulated[HPKE_POINT_BYTES], const uint8_t recipient[HPKE_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES])
{
    const SuiteId id = kem_suite_id(suite);
    uint8_t context[2 * HPKE_POINT_BYTES];
    memcpy(context, encapsulated, HPKE_POINT_BYTES);
    memcpy(context + HPKE_POINT_BYTES, recipient, HPKE_POINT_BYTES);
    uint8_t prk[HPKE_SECRET_BYTES];
    labelled_extract(suite->kdf, &id, (Span) { 0 }, SPAN("eae_prk"),
            (Span) { shared + 1, HPKE_SCALAR_BYTES }, prk);
    labelled_expand(suite->kdf, &id, SPAN_OF(prk), SPAN("shared_secret"), SPAN_OF(context),
            ret_secret, HPKE_SECRET_BYTES);
    bytes_wipe(prk, sizeof(prk));
}

Status hpke_encapsulate(const HpkeSuite *suite, const uint8_t ephemeral[HPKE_SCALAR_BYTES],
        const uint8_t recipient[HPKE_POINT_BYTES], uint8_t ret_encapsulated[HPKE_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES])
{
    uint8_t point[HPKE_POINT_BYTES];
    uint8_t shared[HPKE_POINT_BYTES];
    TRY(multiply(suite->curve, ephemeral, NULL, point));
    TRY(multiply(suite->curve, ephemeral, recipient, shared));
    kem_secret(suite, shared, point, recipient, ret_secret);
    memcpy(ret_encapsulated, point, sizeof(point));
    bytes_wipe(shared, sizeof(shared));
    return OK;
}

Status hpke_decapsulate(const HpkeSuite *suite, const uint8_t scalar[HPKE_SCALAR_BYTES],
        const uint8_t recipient[HPKE_POINT_BYTES], const uint8_t encapsulated[HPKE_POINT_BYTES],
        uint8_t ret_secret[HPKE_SECRET_BYTES])
{
    uint8_t shared[HPKE_POINT_BYTES];
    const Status s = multiply(suite->curve, scalar, encapsulated, shared);
    if (status_refused(s)) return REFUSE(REFUSED_BOX_TAMPERED);
    TRY(s);
    kem_secret(suite, shared, encapsulated, recipient, ret_secret);
    bytes_wipe(shared, sizeof(shared));
    return OK;
}

void hpke_schedule(const HpkeSuite *suite, const uint8_t secret[HPKE_SECRET_BYTES], Span info,
        HpkeKeys *ret_keys)
{
    const SuiteId id = hpke_suite_id(suite);
    uint8_t context[1 + 2 * HPKE_SECRET_BYTES] = { MODE_BASE };
    labelled_extract(suite->kdf, &id, (Span) { 0 }, SPAN("psk_id_hash"), (Span) { 0 }, context + 1);
    labelled_extract(suite->kdf, &id, (Span) { 0 }, SPAN("info_hash"), info,
            context + 1 + HPKE_SECRET_BYTES);
    uint8_t scheduled[HPKE_SECRET_BYTES];
    labelled_extract(suite->kdf, &id, (Span) { secret, HPKE_SECRET_BYTES }, SPAN("secret"),
            (Span) { 0 }, scheduled);
    labelled_expand(suite->kdf, &id, SPAN_OF(scheduled), SPAN("key"), SPAN_OF(context),
            ret_keys->key, aead_key_bytes(suite->aead));
    labelled_expand(suite->kdf, &id, SPAN_OF(scheduled), SPAN("base_nonce"), SPAN_OF(context),
            ret_keys->nonce, AEAD_NONCE_BYTES);
    bytes_wipe(scheduled, sizeof(scheduled));
}

void hpke_message_nonce(uint64_t number, uint8_t nonce[AEAD_NONCE_BYTES])
{
    for (size_t i = 0; i < sizeof(number); i++)
        nonce[AEAD_NONCE_BYTES - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

Status hpke_derive_scalar(
        const HpkeSuite *suite, Span key_material, uint8_t ret_scalar[HPKE_SCALAR_BYTES])
{
    const SuiteId id = kem_suite_id(suite);
    uint8_t prk[HPKE_SECRET_BYTES];
    labelled_extract(suite->kdf, &id, (Span) { 0 }, SPAN("dkp_prk"), key_material, prk);
    Status s = REFUSE(REFUSED_KEY_FORMAT);
    for (unsigned counter = 0; counter <= 255 && !status_ok(s); counter++) {
        const uint8_t byte[1] = { (uint8_t)counter };
        uint8_t unused[HPKE_POINT_BYTES];
        labelled_expand(suite->kdf, &id, SPAN_OF(prk), SPAN("candidate"), SPAN_OF(byte), ret_scalar,
                HPKE_SCALAR_BYTES);
        s = hpke_public(suite->curve, ret_scalar, unused);
    }
    bytes_wipe(prk, sizeof(prk));
    return s;
}

#include "crypto/digest_set.h"

#include "base/secret.h"

static void row_value(
        const MacKey *key, const Span *parts, size_t count, uint64_t ret_value[DIGEST_SET_LIMBS])
{
    ASSERT(key->algorithm == MAC_HMAC_SHA512);
    uint8_t mac[MAC_BYTES_MAX];
    mac_make(key, parts, count, mac);
    for (size_t i = 0; i < DIGEST_SET_LIMBS; i++) {
        uint64_t limb = 0;
        memcpy(&limb, mac + 8 * (DIGEST_SET_LIMBS - 1 - i), sizeof(limb));
        ret_value[i] = __builtin_bswap64(limb);
    }
    bytes_wipe(mac, sizeof(mac));
}

static void sum_add(uint64_t sum[DIGEST_SET_LIMBS], const uint64_t value[DIGEST_SET_LIMBS])
{
    unsigned __int128 carry = 0;
    for (size_t i = 0; i < DIGEST_SET_LIMBS; i++) {
        carry += (unsigned __int128)sum[i] + value[i];
        sum[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

/* -v = ~v + 1 in two's complement, here mod 2^512. */
static void negate(uint64_t value[DIGEST_SET_LIMBS])
{
    const uint64_t one[DIGEST_SET_LIMBS] = { 1 };
    for (size_t i = 0; i < DIGEST_SET_LIMBS; i++)
        value[i] = ~value[i];
    sum_add(value, one);
}

void digest_set_add_parts(DigestSet *set, const MacKey *key, const Span *parts, size_t count)
{
    uint64_t value[DIGEST_SET_LIMBS];
    row_value(key, parts, count, value);
    sum_add(set->sum, value);
    set->count++;
    bytes_wipe(value, sizeof(value));
}

void digest_set_subtract_parts(DigestSet *set, const MacKey *key, const Span *parts, size_t count)
{
    uint64_t value[DIGEST_SET_LIMBS];
    row_value(key, parts, count, value);
    negate(value);
    sum_add(set->sum, value);
    set->count--;
    bytes_wipe(value, sizeof(value));
}

void digest_set_add(DigestSet *set, const MacKey *key, Span row)
{
    digest_set_add_parts(set, key, &row, 1);
}

void digest_set_subtract(DigestSet *set, const MacKey *key, Span row)
{
    digest_set_subtract_parts(set, key, &row, 1);
}

void digest_set_merge(DigestSet *set, const DigestSet *other)
{
    sum_add(set->sum, other->sum);
    set->count += other->count;
}

bool digest_set_equal(const DigestSet *a, const DigestSet *b)
{
    return bytes_equal_ct(a, b, sizeof(*a));
}

Status digest_set_put(const DigestSet *set, Buffer *ret_bytes)
{
    REQUIRE(ret_bytes->capacity - ret_bytes->size >= DIGEST_SET_BYTES, REFUSED_BUFFER_FULL);
    TRY(buffer_put_u64(ret_bytes, set->count));
    for (size_t i = DIGEST_SET_LIMBS; i > 0; i--)
        TRY(buffer_put_u64(ret_bytes, set->sum[i - 1]));
    return OK;
}

Status digest_set_take(Cursor *cursor, DigestSet *ret_set)
{
    Span bytes = { 0 };
    TRY(cursor_take(cursor, DIGEST_SET_BYTES, &bytes));
    Cursor inside = cursor_of(bytes);
    DigestSet set = { 0 };
    TRY(cursor_u64(&inside, &set.count));
    for (size_t i = DIGEST_SET_LIMBS; i > 0; i--)
        TRY(cursor_u64(&inside, &set.sum[i - 1]));
    *ret_set = set;
    return OK;
}

#include "crypto/password.h"

#include "base/secret.h"
#include "crypto/mac.h"

#include <argon2.h>

enum { RECORD_VERSION = 1 };

typedef struct CostRow {
    uint32_t argon2_kib;
    uint32_t argon2_passes;
    uint32_t pbkdf2_rounds;
} CostRow;

/* A row never changes: records in stores name it. */
static const CostRow costs[] = {
    [PASSWORD_COST_PIN] = { 2560, 1, 3000 },
    [PASSWORD_COST_PASSWORD] = { 19 * 1024, 2, 100000 },
};

static bool known(PasswordAlgorithm algorithm, PasswordCost cost)
{
    const bool algorithm_known = algorithm == PASSWORD_ARGON2ID || algorithm == PASSWORD_PBKDF2_SM3;
    return algorithm_known && (cost == PASSWORD_COST_PIN || cost == PASSWORD_COST_PASSWORD);
}

void password_pbkdf2_sm3(
        Span password, Span salt, uint32_t rounds, uint8_t ret_digest[PASSWORD_DIGEST_BYTES])
{
    static const uint8_t first_block[4] = { 0, 0, 0, 1 };
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, MAC_HMAC_SM3, password);
    uint8_t u[PASSWORD_DIGEST_BYTES];
    const Span seed[] = { salt, SPAN_OF(first_block) };
    mac_make(&key, seed, 2, u);
    memcpy(ret_digest, u, sizeof(u));
    for (uint32_t i = 1; i < rounds; i++) {
        const Span last = SPAN_OF(u);
        mac_make(&key, &last, 1, u);
        for (size_t k = 0; k < sizeof(u); k++)
            ret_digest[k] ^= u[k];
    }
    bytes_wipe(u, sizeof(u));
}

static Status hash(PasswordAlgorithm algorithm, PasswordCost cost, Span password,
        const uint8_t salt[PASSWORD_SALT_BYTES], uint8_t ret_digest[PASSWORD_DIGEST_BYTES])
{
    const CostRow *row = &costs[cost];
    if (algorithm == PASSWORD_PBKDF2_SM3) {
        password_pbkdf2_sm3(
                password, (Span) { salt, PASSWORD_SALT_BYTES }, row->pbkdf2_rounds, ret_digest);
        return OK;
    }
    CHECK(argon2id_hash_raw(row->argon2_passes, row->argon2_kib, 1, password.data, password.size,
                  salt, PASSWORD_SALT_BYTES, ret_digest, PASSWORD_DIGEST_BYTES)
                    == ARGON2_OK,
            FAULT_MEMORY);
    return OK;
}

Status password_make(const Random *random, PasswordAlgorithm algorithm, PasswordCost cost,
        Span password, PasswordRecord *ret_record)
{
    ASSERT(known(algorithm, cost));
    REQUIRE(password.size > 0 && password.size <= PASSWORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    CLEANUP(password_record_wipe)
    PasswordRecord record = { .algorithm = algorithm, .cost = cost };
    TRY(random_fill(random, record.salt, sizeof(record.salt)));
    TRY(hash(algorithm, cost, password, record.salt, record.digest));
    *ret_record = record;
    return OK;
}

Status password_check(const PasswordRecord *record, Span password, bool *ret_right)
{
    REQUIRE(known(record->algorithm, record->cost), REFUSED_PASSWORD_RECORD_FORMAT);
    /* A password too long to have been made is wrong, not an error the caller could tell apart. */
    const bool possible = password.size > 0 && password.size <= PASSWORD_BYTES_MAX;
    const Span tried = possible ? password : SPAN("?");
    uint8_t digest[PASSWORD_DIGEST_BYTES];
    TRY(hash(record->algorithm, record->cost, tried, record->salt, digest));
    const bool right = possible & bytes_equal_ct(digest, record->digest, sizeof(digest));
    bytes_wipe(digest, sizeof(digest));
    *ret_right = right;
    return OK;
}

Status password_record_put(const PasswordRecord *record, Buffer *ret_bytes)
{
    Buffer out = *ret_bytes;
    TRY(buffer_put_u8(&out, RECORD_VERSION));
    TRY(buffer_put_u8(&out, (uint8_t)record->algorithm));
    TRY(buffer_put_u8(&out, (uint8_t)record->cost));
    TRY(buffer_put(&out, SPAN_OF(record->salt)));
    TRY(buffer_put(&out, SPAN_OF(record->digest)));
    ret_bytes->size = out.size;
    return OK;
}

Status password_record_parse(Span bytes, PasswordRecord *ret_record)
{
    REQUIRE(bytes.size == PASSWORD_RECORD_BYTES, REFUSED_PASSWORD_RECORD_FORMAT);
    const uint8_t *at = bytes.data;
    PasswordRecord record = { .algorithm = (PasswordAlgorithm)at[1], .cost = (PasswordCost)at[2] };
    REQUIRE(at[0] == RECORD_VERSION && known(record.algorithm, record.cost),
            REFUSED_PASSWORD_RECORD_FORMAT);
    memcpy(record.salt, at + 3, sizeof(record.salt));
    memcpy(record.digest, at + 3 + sizeof(record.salt), sizeof(record.digest));
    *ret_record = record;
    password_record_wipe(&record);
    return OK;
}

void password_record_wipe(PasswordRecord *record) { bytes_wipe(record, sizeof(*record)); }

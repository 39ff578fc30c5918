/*
 * pin_cost: what all 10^6 PINs of one person cost to whom. Prints one JSON line.
 *
 *   database_alone       every try needs the pepper, a key of 256 bits: how many keys a second one
 *                        core tries on a real record, and what that comes to in years (log10).
 *                        Nothing smaller helps: records of one PIN are as far apart (hamming, in
 *                        bits of a hundred) as records of two.
 *   database_and_pepper  the slow hash at policy parameters, measured, times 10^6
 *   legacy_and_key       TP-10's sample formula over all 10^6 PINs, in this run, until found
 *
 * All times are of one core (TP-6).
 */
#define _GNU_SOURCE
#include "crypto/legacy_password.h"
#include "crypto/password.h"
#include "crypto/seal.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { HASHES = 300, PASSWORDS = 5, GUESSES = 200000, RECORDS = 200, PINS = 1000000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double hash_us(PasswordAlgorithm algorithm, PasswordCost cost, int count)
{
    const Random random = random_system();
    PasswordRecord record;
    bool right = false;
    ASSERT(status_ok(password_make(&random, algorithm, cost, SPAN("284617"), &record)));
    const double start = now_s();
    for (int i = 0; i < count; i++) {
        char pin[7];
        snprintf(pin, sizeof(pin), "%06d", i);
        ASSERT(status_ok(password_check(&record, span_of_text(pin), &right)));
    }
    return (now_s() - start) * 1e6 / count;
}

/* A record as the domain store has it. */
static Span sealed_record(const SealKey *pepper, const char *pin, uint8_t *memory, size_t size)
{
    const Random random = random_system();
    uint8_t plain_memory[PASSWORD_RECORD_BYTES];
    Buffer plain = BUFFER_OF(plain_memory);
    Buffer sealed = { memory, 0, size };
    PasswordRecord record;
    ASSERT(status_ok(password_make(
            &random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, span_of_text(pin), &record)));
    ASSERT(status_ok(password_record_put(&record, &plain)));
    ASSERT(status_ok(seal_close(pepper, &random, SPAN("pin"), span_of_buffer(&plain), &sealed)));
    return span_of_buffer(&sealed);
}

/* Keys a second that a thief tries on one record. None opens it. */
static double guesses_per_s(Span record)
{
    const Random random = random_system();
    uint8_t key[SEAL_KEY_BYTES];
    uint8_t memory[PASSWORD_RECORD_BYTES];
    ASSERT(status_ok(random_fill(&random, key, sizeof(key))));
    const double start = now_s();
    for (uint32_t i = 0; i < GUESSES; i++) {
        SealKey guess;
        Buffer plain = BUFFER_OF(memory);
        memcpy(key, &i, sizeof(i));
        seal_key_init(&guess, SEAL_AES_256_GCM, 4, 1, key);
        ASSERT(!status_ok(seal_open(&guess, SPAN("pin"), record, &plain)));
        seal_key_wipe(&guess);
    }
    return GUESSES / (now_s() - start);
}

/* How many bits of a hundred differ between what two records keep secret. */
static double distance(const SealKey *pepper, const char *one, const char *other)
{
    double bits = 0;
    size_t size = 0;
    for (int i = 0; i < RECORDS; i++) {
        uint8_t a[256];
        uint8_t b[256];
        const Span first = sealed_record(pepper, one, a, sizeof(a));
        const Span second = sealed_record(pepper, other, b, sizeof(b));
        ASSERT(first.size == second.size);
        size = first.size - SEAL_HEADER_BYTES;
        for (size_t k = SEAL_HEADER_BYTES; k < first.size; k++)
            bits += __builtin_popcount(a[k] ^ b[k]);
    }
    return 100 * bits / (8.0 * (double)size * RECORDS);
}

/* TP-10's second sample, with its key known, as a thief of table and configuration runs it. */
static double legacy_s(void)
{
    const LegacyForm form = { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_HEX_LOWER };
    LegacyParts parts = { SPAN("8f3a"), SPAN("u1001"), SPAN("Zx9QpL3mVt7Rw2Yc"), SPAN("999999") };
    uint8_t wanted[LEGACY_DIGEST_BYTES_MAX];
    uint8_t digest[LEGACY_DIGEST_BYTES_MAX];
    int found = -1;
    legacy_password_digest(form, &parts, wanted);
    const double start = now_s();
    for (int i = 0; i < PINS; i++) {
        char pin[8];
        snprintf(pin, sizeof(pin), "%06d", i);
        parts.password = span_of_text(pin);
        legacy_password_digest(form, &parts, digest);
        if (bytes_equal_ct(digest, wanted, sizeof(digest))) found = i;
    }
    ASSERT(found == 999999);
    return now_s() - start;
}

int main(void)
{
    const Random random = random_system();
    uint8_t key[SEAL_KEY_BYTES];
    uint8_t memory[256];
    SealKey pepper;
    ASSERT(status_ok(random_fill(&random, key, sizeof(key))));
    seal_key_init(&pepper, SEAL_AES_256_GCM, 4, 1, key);
    const double guesses = guesses_per_s(sealed_record(&pepper, "284617", memory, sizeof(memory)));
    const double years_log10 = 255 * log10(2) - log10(guesses) - log10(365.25 * 86400);
    const double pin_us = hash_us(PASSWORD_ARGON2ID, PASSWORD_COST_PIN, HASHES);
    const double pin_sm3_us = hash_us(PASSWORD_PBKDF2_SM3, PASSWORD_COST_PIN, HASHES);
    const double password_us = hash_us(PASSWORD_ARGON2ID, PASSWORD_COST_PASSWORD, PASSWORDS);
    const double password_sm3_us = hash_us(PASSWORD_PBKDF2_SM3, PASSWORD_COST_PASSWORD, PASSWORDS);
    const double legacy = legacy_s();
    printf("{\"bench\":\"pin_cost\",\"database_alone\":{\"guesses_per_s\":%.0f,\"key_bits\":256,"
           "\"years_log10\":%.0f,\"hamming_same_pin\":%.1f,\"hamming_other_pin\":%.1f},"
           "\"database_and_pepper\":{\"kdf_us\":%.0f,\"all_pins_s\":%.0f,\"sm3_kdf_us\":%.0f,"
           "\"sm3_all_pins_s\":%.0f},\"password\":{\"kdf_ms\":%.1f,\"sm3_kdf_ms\":%.1f},"
           "\"legacy_and_key\":{\"all_pins_s\":%.2f},\"slower_than_legacy\":%.0f}\n",
            guesses, years_log10, distance(&pepper, "284617", "284617"),
            distance(&pepper, "284617", "135790"), pin_us, pin_us, pin_sm3_us, pin_sm3_us,
            password_us / 1e3, password_sm3_us / 1e3, legacy, pin_us / legacy);
    return 0;
}

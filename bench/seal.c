/*
 * seal: what the sealing of rows costs, step by step outwards. Prints one JSON line.
 *
 *   verify_per_s, verify_sm3_per_s   rows of eight columns, parsed and verified, by one core;
 * from_columns_...: the same, and the row's bytes are made of its columns first. pgcrypto_per_s:
 * PostgreSQL's hmac() of the same columns, concatenated; of bytes that stand ready; each by one
 * core
 *   make_per_s, verify_per_s      seals of one account row, by suite (HMAC-SHA256, HMAC-SM3),
 * beside libcrypto's own HMAC over the same bytes with its key kept inside                        a
 * row of a VERIFY and of a PREPARE message, vault and journal in this process and in memory vaultd
 * the same asked of the real program over its socket, in its sandbox; PREPARE waits for its
 * journal's fsync (fsync_us: one of ours on the same disk)
 *
 * and one signature of each kind and one PIN, inside.
 */
#define _GNU_SOURCE
#include "crypto/password.h"
#include "seal_rows.h"
#include "vault/row_seal.h"
#include "vaultd.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <time.h>
#include <unistd.h>

enum { ACCOUNTS = 64, ROUNDS = 400, SEALS = 200000, SIGNATURES = 400, PINS = 300, FSYNCS = 100 };

int expect_failures;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A batch as of 32 payments: 64 accounts move, 64 postings are written. */
static void draft(House *h, int round)
{
    house_begin(h);
    for (int i = 0; i < ACCOUNTS; i++) {
        const int64_t balance = round % 2 == 0 ? 100 : 0;
        const AccountFacts facts = { i + 1, ACCOUNT_CLASS_SYSTEM, 156,
            i % 2 == 0 ? balance : -balance, 0, round + 1, "a payer of ours" };
        house_update(h, round == 0 ? -1 : i, house_account(h, &facts));
    }
    for (int i = 0; i < ACCOUNTS; i++) {
        const int64_t minor = (round % 2 == 0) == (i % 2 == 0) ? 100 : -100;
        char transaction[32];
        snprintf(transaction, sizeof(transaction), "transaction-%d", i / 2);
        house_insert(h,
                house_posting(
                        h, &(PostingFacts) { transaction, i + 1, POSTING_BALANCE, minor, 156 }));
    }
}

static double prepare_us(House *h)
{
    double spent = 0;
    for (int round = 0; round < ROUNDS; round++) {
        h->row_count = round == 0 ? 0 : ACCOUNTS; /* earlier postings are of no use here */
        draft(h, round);
        h->leaf_count = h->leaf_count % (HOUSE_LEAVES_MAX - 1);
        const double start = now_s();
        ASSERT(status_ok(house_prepare(h)));
        spent += now_s() - start;
        house_store(h);
        ASSERT(status_ok(house_confirm(h)));
        if (h->leaf_count >= HOUSE_LEAVES_MAX - 1) break;
    }
    return spent * 1e6 / (2.0 * ACCOUNTS * h->leaf_count);
}

static double verify_us(House *h)
{
    Buffer b = { h->message, 0, sizeof(h->message) };
    ASSERT(status_ok(buffer_put_u32(&b, ACCOUNTS)));
    for (int i = 0; i < ACCOUNTS; i++) {
        const WireClaim claim = { false, { h->rows[i].image, h->rows[i].image_bytes },
            SPAN_OF(h->rows[i].seal) };
        ASSERT(status_ok(wire_put_claim(&b, &claim)));
    }
    const double start = now_s();
    for (int round = 0; round < 20 * ROUNDS; round++)
        ASSERT(status_ok(house_ask(h, VAULT_VERIFY, span_of_buffer(&b))));
    return (now_s() - start) * 1e6 / (20.0 * ROUNDS * ACCOUNTS);
}

/* The same rows, as the rolling check shows them: seal and digest. */
static double roll_us(House *h)
{
    double spent = 0;
    for (int round = 0; round < 20 * ROUNDS; round++) {
        WireRoll roll;
        Buffer b = { h->message, 0, sizeof(h->message) };
        ASSERT(status_ok(buffer_put_u16(&b, TABLE_ACCOUNT)));
        ASSERT(status_ok(house_ask(h, VAULT_ROLL_BEGIN, span_of_buffer(&b))));
        Cursor c = cursor_of(span_of_buffer(&h->answer));
        ASSERT(status_ok(wire_take_roll(&c, &roll)));
        b.size = 0;
        ASSERT(status_ok(wire_put_roll_page(&b, &(WireRollPage) { roll.number, 0, true })));
        ASSERT(status_ok(buffer_put_u32(&b, ACCOUNTS)));
        for (int i = 0; i < ACCOUNTS; i++) {
            const WireClaim claim = { false, { h->rows[i].image, h->rows[i].image_bytes },
                SPAN_OF(h->rows[i].seal) };
            ASSERT(status_ok(wire_put_claim(&b, &claim)));
        }
        const double start = now_s();
        ASSERT(status_ok(house_ask(h, VAULT_ROLL_ROWS, span_of_buffer(&b))));
        spent += now_s() - start;
    }
    return spent * 1e6 / (20.0 * ROUNDS * ACCOUNTS);
}

/* --- seals alone --- */

static Keys *keys_of(KeysSuite suite)
{
    static Keys *made[2];
    if (made[suite == KEYS_SM] != NULL) return made[suite == KEYS_SM];
    static _Alignas(64) uint8_t secrets[2][KEYS_SECRET_BYTES];
    static TornPower power[2];
    const size_t which = suite == KEYS_SM ? 1 : 0;
    TornDisk *disks[2];
    Keys *keys = NULL;
    bool ceremony = false;
    Secret root = { .size = 32 };
    memset(root.bytes, 7, 32);
    power[which] = torn_power(1, 0);
    for (int i = 0; i < 2; i++)
        ASSERT(status_ok(torn_disk_open(&power[which], 1 << 20, &disks[i])));
    const KeysConfig config = { .segments = { torn_disk_seam(disks[0]), torn_disk_seam(disks[1]) },
        .root = &root,
        .suite = suite,
        .random = random_system(),
        .clock = clock_system(),
        .secrets = secrets[which] };
    ASSERT(status_ok(keys_open(&config, &keys, &ceremony)));
    made[suite == KEYS_SM] = keys;
    return keys;
}

/* libcrypto's HMAC as fast as it goes: the key is set once. */
static double libcrypto_per_s(const char *digest, Span bytes)
{
    uint8_t key[32] = { 7 };
    uint8_t mac[32];
    size_t size = 0;
    EVP_MAC *type = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(type);
    const OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(
                                              OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
        OSSL_PARAM_construct_end() };
    ASSERT(EVP_MAC_init(context, key, sizeof(key), parameters) == 1);
    const double start = now_s();
    for (int i = 0; i < SEALS; i++) {
        ASSERT(EVP_MAC_init(context, NULL, 0, NULL) == 1);
        ASSERT(EVP_MAC_update(context, bytes.data, bytes.size) == 1);
        ASSERT(EVP_MAC_final(context, mac, &size, sizeof(mac)) == 1);
    }
    const double per_s = SEALS / (now_s() - start);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(type);
    return per_s;
}

static void print_seals(const char *name, KeysSuite suite, const RowView *row, const char *digest)
{
    Keys *keys = keys_of(suite);
    uint8_t bytes[ROW_SEAL_HEADER_BYTES + HOUSE_IMAGE_BYTES_MAX] = { 0 };
    uint8_t seal[WIRE_SEAL_BYTES];
    double start = now_s();
    for (int i = 0; i < SEALS; i++)
        row_seal_make(keys, row, seal);
    const double make_per_s = SEALS / (now_s() - start);
    start = now_s();
    for (int i = 0; i < SEALS; i++)
        ASSERT(status_ok(row_seal_verify(keys, row, SPAN_OF(seal))));
    const double verify_per_s = SEALS / (now_s() - start);
    const double bare =
            libcrypto_per_s(digest, (Span) { bytes, ROW_SEAL_HEADER_BYTES + row->image.size });
    printf("\"%s\":{\"make_per_s\":%.0f,\"verify_per_s\":%.0f,\"libcrypto_hmac_per_s\":%.0f,"
           "\"make_ratio\":%.2f,\"verify_ratio\":%.2f},",
            name, make_per_s, verify_per_s, bare, make_per_s / bare, verify_per_s / bare);
}

/* --- the real vaultd --- */

static void print_vaultd(const char *name, const char *suite)
{
    Vaultd v;
    House *h = vaultd_open(&v, suite, NULL);
    const double prepare = prepare_us(h);
    const double verify = verify_us(h);
    printf("\"%s\":{\"verify_row_us\":%.2f,\"prepare_row_us\":%.2f},", name, verify, prepare);
    vaultd_close(&v, h);
}

static double fsync_us(void)
{
    char path[] = "/tmp/hufu-bench-fsync-XXXXXX";
    const int fd = mkstemp(path);
    uint8_t block[4096] = { 1 };
    ASSERT(fd >= 0 && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block) && fsync(fd) == 0);
    const double start = now_s();
    for (int i = 0; i < FSYNCS; i++)
        ASSERT(pwrite(fd, block, sizeof(block), 0) == (ssize_t)sizeof(block) && fdatasync(fd) == 0);
    const double us = (now_s() - start) * 1e6 / FSYNCS;
    close(fd);
    unlink(path);
    return us;
}

/* --- inside --- */

static double sign_us(House *h, WireSignKey key)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put_u32(&b, 1)));
    ASSERT(status_ok(wire_put_sign_item(
            &b, &(WireSignItem) { (uint8_t)key, 0, SPAN("1700000000\nnonce\n{}\n") })));
    const double start = now_s();
    for (int i = 0; i < SIGNATURES; i++)
        ASSERT(status_ok(house_ask(h, VAULT_SIGN, span_of_buffer(&b))));
    return (now_s() - start) * 1e6 / SIGNATURES;
}

static double pin_us(void)
{
    const Random random = random_system();
    PasswordRecord record;
    bool right = false;
    ASSERT(status_ok(
            password_make(&random, PASSWORD_ARGON2ID, PASSWORD_COST_PIN, SPAN("284617"), &record)));
    const double start = now_s();
    for (int i = 0; i < PINS; i++)
        ASSERT(status_ok(password_check(&record, SPAN("284617"), &right)));
    return (now_s() - start) * 1e6 / PINS;
}

int main(void)
{
    House *h = house_open();
    RowView row;
    const double prepare = prepare_us(h);
    const double verify = verify_us(h);
    const double roll = roll_us(h);
    ASSERT(status_ok(row_parse((Span) { h->rows[0].image, h->rows[0].image_bytes }, &row)));
    printf("{\"bench\":\"seal\",\"image_bytes\":%zu,", h->rows[0].image_bytes);
    seal_rows_print("verify_per_s", keys_of(KEYS_INTERNATIONAL));
    seal_rows_print("verify_sm3_per_s", keys_of(KEYS_SM));
    seal_rows_print_pgcrypto();
    print_seals("sha256", KEYS_INTERNATIONAL, &row, "SHA256");
    print_seals("sm3", KEYS_SM, &row, "SM3");
    printf("\"inside\":{\"verify_row_us\":%.2f,\"roll_row_us\":%.2f,\"prepare_row_us\":%.2f},",
            verify, roll, prepare);
    print_vaultd("vaultd", "intl");
    print_vaultd("vaultd_sm", "sm");
    printf("\"rows_a_prepare\":%d,\"fsync_us\":%.0f,\"sign_rsa_us\":%.0f,\"sign_sm2_us\":%.0f,"
           "\"pin_kdf_us\":%.0f}\n",
            2 * ACCOUNTS, fsync_us(), sign_us(h, WIRE_SIGN_RSA), sign_us(h, WIRE_SIGN_SM2),
            pin_us());
    house_close(h);
    return 0;
}

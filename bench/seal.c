/* What vaultd's own work costs, without sockets: seals, rows of a VERIFY and a PREPARE message,
 * signatures, one PIN. Prints one JSON line. The journal is in memory: its fsync is the disk's
 * figure, not ours. */
#include "crypto/password.h"
#include "vault/row_seal.h"
#include "vault/vault_test_house.h"

#include <time.h>

enum { ACCOUNTS = 64, ROUNDS = 400, SEALS = 200000, SIGNATURES = 400, PINS = 300 };

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

static void seals(House *h, double *ret_make_per_s, double *ret_verify_per_s)
{
    RowView row;
    ASSERT(status_ok(row_parse((Span) { h->rows[0].image, h->rows[0].image_bytes }, &row)));
    uint8_t seal[WIRE_SEAL_BYTES];
    double start = now_s();
    for (int i = 0; i < SEALS; i++)
        row_seal_make(house_keys(), &row, seal);
    *ret_make_per_s = SEALS / (now_s() - start);
    start = now_s();
    for (int i = 0; i < SEALS; i++)
        ASSERT(status_ok(row_seal_verify(house_keys(), &row, SPAN_OF(seal))));
    *ret_verify_per_s = SEALS / (now_s() - start);
}

static double sign_us(House *h, WireSignKey key)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put_u32(&b, 1)));
    ASSERT(status_ok(wire_put_sign_item(
            &b, &(WireSignItem) { (uint8_t)key, SPAN("1700000000\nnonce\n{}\n") })));
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
    double make_per_s = 0;
    double verify_per_s = 0;
    const double prepare = prepare_us(h);
    const double verify = verify_us(h);
    seals(h, &make_per_s, &verify_per_s);
    printf("{\"make_per_s\":%.0f,\"verify_per_s\":%.0f,\"verify_row_us\":%.2f,\"prepare_row_us\":%."
           "2f,"
           "\"image_bytes\":%zu,\"sign_rsa_us\":%.0f,\"sign_sm2_us\":%.0f,\"pin_kdf_us\":%.0f}\n",
            make_per_s, verify_per_s, verify, prepare, h->rows[0].image_bytes,
            sign_us(h, WIRE_SIGN_RSA), sign_us(h, WIRE_SIGN_SM2), pin_us());
    house_close(h);
    return 0;
}

#define _GNU_SOURCE
#include "floor.h"

#include "crypto/box.h"
#include "floor_sql.h"
#include "load.h"
#include "processor.h"

#include <argon2.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 400, KDF_ROUNDS = 100, FSYNC_ROUNDS = 200, MESSAGE_BYTES = 420 };

/* --- signatures, as libcrypto does them best: the context is made once and copied --- */

typedef struct SignFloor {
    EVP_PKEY *key;
    const EVP_MD *digest;
    bool sm2;
} SignFloor;

static EVP_MD_CTX *context_for(const SignFloor *f,
        int (*init)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *))
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = f->sm2 ? EVP_PKEY_CTX_new(f->key, NULL) : NULL;
    ASSERT(context != NULL);
    if (f->sm2) {
        ASSERT(EVP_PKEY_CTX_set1_id(key, "1234567812345678", 16) == 1);
        EVP_MD_CTX_set_pkey_ctx(context, key);
    }
    ASSERT(init(context, NULL, f->digest, NULL, f->key) == 1);
    return context;
}

static void measure_signature(const SignFloor *f, double *ret_sign_us, double *ret_verify_us)
{
    uint8_t message[MESSAGE_BYTES] = { 7 };
    uint8_t signature[512];
    size_t size = 0;
    double start_us = 1e6 * processor_thread_s();
    for (int i = 0; i < ROUNDS; i++) {
        EVP_MD_CTX *context = context_for(f, EVP_DigestSignInit);
        size = sizeof(signature);
        ASSERT(EVP_DigestSign(context, signature, &size, message, sizeof(message)) == 1);
        EVP_MD_CTX_free(context);
    }
    *ret_sign_us = (1e6 * processor_thread_s() - start_us) / ROUNDS;
    start_us = 1e6 * processor_thread_s();
    for (int i = 0; i < ROUNDS; i++) {
        EVP_MD_CTX *context = context_for(f, EVP_DigestVerifyInit);
        ASSERT(EVP_DigestVerify(context, signature, size, message, sizeof(message)) == 1);
        EVP_MD_CTX_free(context);
    }
    *ret_verify_us = (1e6 * processor_thread_s() - start_us) / ROUNDS;
}

/* --- opening a box: ECDH on P-256, two HKDF steps, AES-256-GCM over a few bytes --- */

static void hkdf(const uint8_t *secret, size_t size, uint8_t ret[48])
{
    size_t length = 48;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    ASSERT(EVP_PKEY_derive_init(context) == 1
            && EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1);
    ASSERT(EVP_PKEY_CTX_set1_hkdf_key(context, secret, (int)size) == 1);
    ASSERT(EVP_PKEY_derive(context, ret, &length) == 1);
    EVP_PKEY_CTX_free(context);
}

static void open_once(EVP_PKEY *own, const uint8_t *point, size_t point_size, EVP_PKEY *shape)
{
    uint8_t shared[32];
    uint8_t keys[48];
    uint8_t plain[32] = { 0 };
    size_t size = sizeof(shared);
    int n = 0;
    EVP_PKEY *peer = EVP_PKEY_new();
    ASSERT(EVP_PKEY_copy_parameters(peer, shape) == 1);
    ASSERT(EVP_PKEY_set1_encoded_public_key(peer, point, point_size) == 1);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    ASSERT(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1);
    ASSERT(EVP_PKEY_derive(context, shared, &size) == 1);
    hkdf(shared, size, keys);
    hkdf(keys, sizeof(keys), keys);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    ASSERT(EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, keys, keys + 32) == 1);
    ASSERT(EVP_DecryptUpdate(cipher, plain, &n, shared, 6) == 1);
    EVP_CIPHER_CTX_free(cipher);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
}

/* The same through our own room, which knows a shorter way into libcrypto; the floor is the faster
 * of the two. */
static double measure_own_box(void)
{
    uint8_t bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer sealed = BUFFER_OF(bytes);
    Box box = { 0 };
    PrivateKey *key = NULL;
    const Random random = random_system();
    const BoxContext context = { .data_class = 1, .purpose = 1 };
    ASSERT(status_ok(private_key_generate(KEY_P256, &key)));
    ASSERT(status_ok(
            box_seal(private_key_public(key), 1, &random, &context, SPAN("271828"), &sealed)));
    ASSERT(status_ok(box_parse(span_of_buffer(&sealed), &box)));
    const double start_us = 1e6 * processor_thread_s();
    for (int i = 0; i < ROUNDS; i++) {
        Buffer plain = BUFFER_OF(plain_bytes);
        ASSERT(status_ok(box_open(key, &box, &plain)));
    }
    const double each_us = (1e6 * processor_thread_s() - start_us) / ROUNDS;
    private_key_free(&key);
    return each_us;
}

static double measure_bare_box(void)
{
    EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    unsigned char *point = NULL;
    const size_t size = EVP_PKEY_get1_encoded_public_key(other, &point);
    ASSERT(size == 65);
    const double start_us = 1e6 * processor_thread_s();
    for (int i = 0; i < ROUNDS; i++)
        open_once(own, point, size, other);
    const double each_us = (1e6 * processor_thread_s() - start_us) / ROUNDS;
    OPENSSL_free(point);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
    return each_us;
}

/* The PIN cost of crypto/password.h. */
static double measure_kdf(void)
{
    uint8_t digest[32];
    const double start_us = 1e6 * processor_thread_s();
    for (int i = 0; i < KDF_ROUNDS; i++)
        ASSERT(argon2id_hash_raw(
                       1, 2560, 1, "271828", 6, "0123456789abcdef", 16, digest, sizeof(digest))
                == ARGON2_OK);
    return (1e6 * processor_thread_s() - start_us) / KDF_ROUNDS;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double floor_fsync_ms(const char *folder)
{
    char path[512];
    double taken_ms[FSYNC_ROUNDS];
    const uint8_t bytes[600] = { 1 };
    snprintf(path, sizeof(path), "%s/fsync-probe", folder);
    const int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ASSERT(fd >= 0);
    for (int i = 0; i < FSYNC_ROUNDS; i++) {
        const double start_s = load_now_s();
        ASSERT(write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && fdatasync(fd) == 0);
        taken_ms[i] = (load_now_s() - start_s) * 1e3;
    }
    close(fd);
    unlink(path);
    qsort(taken_ms, FSYNC_ROUNDS, sizeof(taken_ms[0]), by_size);
    return taken_ms[FSYNC_ROUNDS / 2];
}

void floor_signatures(Floor *ret)
{
    const SignFloor rsa = { EVP_RSA_gen(2048), EVP_sha256(), false };
    const SignFloor sm2 = { EVP_PKEY_Q_keygen(NULL, NULL, "SM2"), EVP_sm3(), true };
    ASSERT(rsa.key != NULL && sm2.key != NULL);
    measure_signature(&rsa, &ret->rsa_sign_us, &ret->rsa_verify_us);
    measure_signature(&sm2, &ret->sm2_sign_us, &ret->sm2_verify_us);
    EVP_PKEY_free(rsa.key);
    EVP_PKEY_free(sm2.key);
}

Status floor_measure(const char *folder, const char *database, Floor *ret)
{
    Floor floor = { 0 };
    floor_signatures(&floor);
    const double bare_us = measure_bare_box();
    const double own_us = measure_own_box();
    floor.box_open_us = bare_us < own_us ? bare_us : own_us;
    floor.kdf_us = measure_kdf();
    floor.fsync_ms = floor_fsync_ms(folder);
    TRY(floor_sql_measure(folder, database, &floor.sql_codepay_us, &floor.sql_pin_us));
    *ret = floor;
    return OK;
}

static double signatures_us(const Floor *f, KeyAlgorithm algorithm)
{
    return algorithm == KEY_SM2 ? f->sm2_verify_us + f->sm2_sign_us
                                : f->rsa_verify_us + f->rsa_sign_us;
}

double floor_codepay_us(const Floor *f, KeyAlgorithm algorithm)
{
    return signatures_us(f, algorithm) + f->sql_codepay_us;
}

double floor_pin_us(const Floor *f, KeyAlgorithm algorithm)
{
    return signatures_us(f, algorithm) + f->box_open_us + f->kdf_us + f->sql_pin_us;
}

void floor_print(const Floor *f)
{
    printf("\"floor_ops\":{\"rsa_verify_us\":%.1f,\"rsa_sign_us\":%.1f,\"sm2_verify_us\":%.1f,"
           "\"sm2_sign_us\":%.1f,"
           "\"box_open_us\":%.1f,\"kdf_us\":%.1f,\"sql_codepay_us\":%.1f,\"sql_pin_us\":%.1f},"
           "\"fsync_ms\":%.3f",
            f->rsa_verify_us, f->rsa_sign_us, f->sm2_verify_us, f->sm2_sign_us, f->box_open_us,
            f->kdf_us, f->sql_codepay_us, f->sql_pin_us, f->fsync_ms);
}

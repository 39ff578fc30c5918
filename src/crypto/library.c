#include "crypto/library_inside.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <time.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static Library loaded;
static bool complete;

static bool fetch_all(Library *to)
{
    to->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    to->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    to->sm3 = EVP_MD_fetch(NULL, "SM3", NULL);
    to->aes_128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    to->aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    to->sm4_ecb = EVP_CIPHER_fetch(NULL, "SM4-ECB", NULL);
    to->des_ede3_cbc = EVP_CIPHER_fetch(NULL, "DES-EDE3-CBC", NULL);
    to->des_ede3_ecb = EVP_CIPHER_fetch(NULL, "DES-EDE3-ECB", NULL);
    to->aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    to->aes_128_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    to->p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    to->sm2 = EC_GROUP_new_by_curve_name(NID_sm2);
    return to->sha1 != NULL && to->sha256 != NULL && to->sm3 != NULL && to->aes_128_gcm != NULL
            && to->aes_256_gcm != NULL && to->sm4_ecb != NULL && to->des_ede3_cbc != NULL
            && to->des_ede3_ecb != NULL && to->aes_128_cbc != NULL && to->aes_128_ecb != NULL
            && to->p256 != NULL && to->sm2 != NULL;
}

static void load(void)
{
    tzset(); /* glibc opens /etc/localtime at the first gmtime_r(): now, not inside a sandbox */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL)
            != 1)
        return;
    uint8_t seeds_the_generator[1];
    complete = fetch_all(&loaded) && RAND_bytes(seeds_the_generator, 1) == 1
            && RAND_priv_bytes(seeds_the_generator, 1) == 1;
    ERR_clear_error();
}

Status library_start(void)
{
    CHECK(pthread_once(&once, load) == 0, FAULT_CRYPTO);
    CHECK(complete, FAULT_CRYPTO);
    return OK;
}

Status library_failed(Status status)
{
    ERR_clear_error();
    return status;
}

const Library *library(void)
{
    ASSERT(status_ok(library_start()));
    return &loaded;
}

const EC_GROUP *library_group(KeyAlgorithm curve)
{
    if (curve == KEY_P256) return library()->p256;
    if (curve == KEY_SM2) return library()->sm2;
    return NULL;
}

const char *library_version(void) { return OpenSSL_version(OPENSSL_VERSION); }

#pragma once
/*
 * library_inside: the looked-up algorithms, for this room only. A look-up (EVP_*_fetch) takes locks
 * and microseconds; these are borrowed pointers, valid after library_start() and never freed.
 */
#include "crypto/library.h"
#include "crypto/sign.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

typedef struct Library {
    EVP_MD *sha1; /* RSA-OAEP of the v3 profile only */
    EVP_MD *sha256;
    EVP_MD *sm3;
    EVP_CIPHER *aes_128_gcm;
    EVP_CIPHER *aes_256_gcm;
    EVP_CIPHER *sm4_ecb;
    EVP_CIPHER *des_ede3_cbc; /* this and the next three: legacy_cipher.h, decrypt only */
    EVP_CIPHER *des_ede3_ecb;
    EVP_CIPHER *aes_128_cbc;
    EVP_CIPHER *aes_128_ecb;
    EC_GROUP *p256;
    EC_GROUP *sm2;
} Library;

/* A libcrypto call that must work. Its error queue is the thread's and would confuse the next
 * reader (SSL_get_error), so it is emptied on every way out. */
#define LIBRARY_CHECK(condition)                                       \
    do {                                                               \
        if (!(condition)) return library_failed(BROKEN(FAULT_CRYPTO)); \
    } while (0)
/* A libcrypto call that judges outside data. */
#define LIBRARY_REQUIRE(condition, refusal)                       \
    do {                                                          \
        if (!(condition)) return library_failed(REFUSE(refusal)); \
    } while (0)
/* Empties the error queue; returns `status`. */
Status library_failed(Status status);

/* Asserts that library_start() worked. */
const Library *library(void);

/* The group of KEY_P256 or KEY_SM2; NULL otherwise. */
const EC_GROUP *library_group(KeyAlgorithm curve);

#pragma once
/*
 * platform_keys: the platform's certificates as vaultd shows them now: of each algorithm the one
 * whose key signs, one that will, and those that did and have not ended (keys/pairs.h). Which one
 * signs is a matter of the clock; vaultd judges by the same. Thread-safe.
 */
#include "ipc/vault_wire.h"
#include "message/profile.h"

#include <pthread.h>

enum { PLATFORM_KEYS_MAX = 16, PLATFORM_PEM_BYTES_MAX = 8192 };

typedef struct PlatformKey {
    WireSignKey sign_key;
    uint32_t version;
    int64_t from_us; /* signs from here on, unless a later version does */
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    uint8_t certificate_pem[PLATFORM_PEM_BYTES_MAX];
    size_t certificate_pem_size;
    int64_t not_before_us;
    int64_t not_after_us;
} PlatformKey;

typedef struct PlatformKeys {
    pthread_mutex_t lock;
    size_t count;
    PlatformKey keys[PLATFORM_KEYS_MAX];
} PlatformKeys;

/* The key that signs now. */
typedef struct PlatformSigner {
    WireSignKey sign_key;
    uint32_t version;
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
} PlatformSigner;

void platform_keys_open(PlatformKeys *keys);
void platform_keys_close(PlatformKeys *keys);

/* Replace what is known. Refuses REFUSED_KEY_UNKNOWN (no certificate of one of the algorithms; all
 * stays as it was), REFUSED_CERTIFICATE_INVALID, REFUSED_BUFFER_FULL. */
MUST_USE Status platform_keys_take(PlatformKeys *keys, const WirePublicKey *shown, size_t count);
/* Refuses REFUSED_KEY_UNKNOWN. */
MUST_USE Status platform_keys_signer(
        PlatformKeys *keys, WireSignKey sign_key, int64_t now_us, PlatformSigner *ret_signer);
/* The key of this serial, whether it signs already, still or no more. Refuses REFUSED_KEY_UNKNOWN.
 */
MUST_USE Status platform_keys_named(PlatformKeys *keys, Span serial, PlatformSigner *ret_key);
/* A copy of number `index` of this algorithm: first the one that signs now, then the others, newest
 * first. False: there are not so many. */
bool platform_keys_at(PlatformKeys *keys, WireSignKey sign_key, int64_t now_us, size_t index,
        PlatformKey *ret_key);
/* A copy of the newest of this algorithm, whether it signs already or not. */
bool platform_keys_newest(PlatformKeys *keys, WireSignKey sign_key, PlatformKey *ret_key);

#pragma once
/*
 * public_keys: what hufud does when vaultd shows other public keys than before: answers name
 * another platform key, auditors find another key in their file, TLS trusts another authority.
 * Thread-safe.
 */
#include "api/house.h"

#include <pthread.h>

typedef struct PublicKeys {
    pthread_mutex_t lock;
    bool known; /* the first look is no change */
    uint8_t shown[DIGEST_SHA256_BYTES]; /* of what was shown last */
    uint8_t authorities[DIGEST_SHA256_BYTES];
    _Atomic bool ca_changed;
} PublicKeys;

void public_keys_open(PublicKeys *keys);
void public_keys_close(PublicKeys *keys);

/* Ask vaultd, and when anything changed, tell house->platform and write `path` anew. Refuses what
 * vaultclient_public_keys() and platform_keys_take() refuse; faults FAULT_DISK. */
MUST_USE Status public_keys_look(PublicKeys *keys, House *house, const char *path);
/* An authority came, began or ended since this was asked last. */
bool public_keys_ca_changed(PublicKeys *keys);

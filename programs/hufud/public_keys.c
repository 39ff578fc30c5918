#include "public_keys.h"

#include "first_files.h"

void public_keys_open(PublicKeys *keys)
{
    *keys = (PublicKeys) { 0 };
    pthread_mutex_init(&keys->lock, NULL);
}

void public_keys_close(PublicKeys *keys) { pthread_mutex_destroy(&keys->lock); }

bool public_keys_ca_changed(PublicKeys *keys) { return atomic_exchange(&keys->ca_changed, false); }

/* Of the authorities alone: which there are, and which of them certifies. */
static Status digest_authorities(
        const WirePublicKey *shown, size_t count, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    uint8_t bytes[256];
    Buffer b = BUFFER_OF(bytes);
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(shown[i].name, SPAN("tls-ca"))) continue;
        TRY(buffer_put_u32(&b, shown[i].version));
        TRY(buffer_put_u8(&b, shown[i].state));
    }
    sha256(span_of_buffer(&b), ret_digest);
    return OK;
}

/* The lock is held. */
static Status look(PublicKeys *keys, House *house, const char *path)
{
    static uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    static WirePublicKey shown[VAULTCLIENT_KEYS_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t authorities[DIGEST_SHA256_BYTES];
    size_t count = 0;
    TRY(vaultclient_public_keys(house->vault, &memory, shown, VAULTCLIENT_KEYS_MAX, &count));
    sha256(span_of_buffer(&memory), digest);
    if (bytes_equal_ct(digest, keys->shown, sizeof(digest))) return OK;
    TRY(digest_authorities(shown, count, authorities));
    TRY(platform_keys_take(&house->platform, shown, count));
    TRY(first_files_keys(path, shown, count));
    if (keys->known && !bytes_equal_ct(authorities, keys->authorities, sizeof(authorities)))
        atomic_store(&keys->ca_changed, true);
    memcpy(keys->authorities, authorities, sizeof(authorities));
    memcpy(keys->shown, digest, sizeof(digest));
    keys->known = true;
    return OK;
}

Status public_keys_look(PublicKeys *keys, House *house, const char *path)
{
    pthread_mutex_lock(&keys->lock);
    const Status s = look(keys, house, path);
    pthread_mutex_unlock(&keys->lock);
    return s;
}

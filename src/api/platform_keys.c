#include "api/platform_keys.h"

#include "crypto/certificate.h"

void platform_keys_open(PlatformKeys *keys)
{
    keys->count = 0;
    pthread_mutex_init(&keys->lock, NULL);
}

void platform_keys_close(PlatformKeys *keys) { pthread_mutex_destroy(&keys->lock); }

/* --- taking --- */

static Status read_key(const WirePublicKey *shown, WireSignKey sign_key, PlatformKey *ret_key)
{
    CLEANUP(certificate_free) Certificate *certificate = NULL;
    Buffer serial = { (uint8_t *)ret_key->serial, 0, MESSAGE_SERIAL_BYTES_MAX };
    Buffer pem = BUFFER_OF(ret_key->certificate_pem);
    TRY(certificate_from_der(shown->der, &certificate));
    TRY(certificate_serial(certificate, &serial));
    TRY(certificate_to_pem(certificate, &pem));
    ret_key->serial[serial.size] = '\0';
    ret_key->certificate_pem_size = pem.size;
    ret_key->sign_key = sign_key;
    ret_key->version = shown->version;
    ret_key->from_us = shown->from_us;
    ret_key->not_before_us = certificate_not_before_us(certificate);
    ret_key->not_after_us = certificate_not_after_us(certificate);
    return OK;
}

static bool is_of(const WirePublicKey *shown, WireSignKey sign_key)
{
    return span_equal(
            shown->name, sign_key == WIRE_SIGN_SM2 ? SPAN("platform-sm2") : SPAN("platform-rsa"));
}

static Status read_all(const WirePublicKey *shown, size_t count, WireSignKey sign_key,
        PlatformKey *ret_keys, size_t *ret_count)
{
    const size_t before = *ret_count;
    for (size_t i = 0; i < count; i++) {
        if (!is_of(&shown[i], sign_key)) continue;
        REQUIRE(*ret_count < PLATFORM_KEYS_MAX, REFUSED_BUFFER_FULL);
        TRY(read_key(&shown[i], sign_key, &ret_keys[*ret_count]));
        ++*ret_count;
    }
    REQUIRE(*ret_count > before, REFUSED_KEY_UNKNOWN);
    return OK;
}

Status platform_keys_take(PlatformKeys *keys, const WirePublicKey *shown, size_t count)
{
    PlatformKey taken[PLATFORM_KEYS_MAX];
    size_t taken_count = 0;
    TRY(read_all(shown, count, WIRE_SIGN_RSA, taken, &taken_count));
    TRY(read_all(shown, count, WIRE_SIGN_SM2, taken, &taken_count));
    pthread_mutex_lock(&keys->lock);
    memcpy(keys->keys, taken, taken_count * sizeof(taken[0]));
    keys->count = taken_count;
    pthread_mutex_unlock(&keys->lock);
    return OK;
}

/* --- telling; the lock is held --- */

/* The newest that has begun; the oldest when none has. */
static const PlatformKey *find_current(
        const PlatformKeys *keys, WireSignKey sign_key, int64_t now_us)
{
    const PlatformKey *current = NULL;
    for (size_t i = 0; i < keys->count; i++) { /* by version */
        const PlatformKey *key = &keys->keys[i];
        if (key->sign_key != sign_key) continue;
        if (current == NULL || key->from_us <= now_us) current = key;
    }
    return current;
}

static const PlatformKey *find_at(
        const PlatformKeys *keys, WireSignKey sign_key, int64_t now_us, size_t index)
{
    const PlatformKey *current = find_current(keys, sign_key, now_us);
    if (index == 0) return current;
    for (size_t i = keys->count; i-- > 0;) {
        const PlatformKey *key = &keys->keys[i];
        if (key->sign_key != sign_key || key == current) continue;
        if (--index == 0) return key;
    }
    return NULL;
}

static bool copy(const PlatformKey *key, PlatformKey *ret_key)
{
    if (key != NULL) *ret_key = *key;
    return key != NULL;
}

Status platform_keys_signer(
        PlatformKeys *keys, WireSignKey sign_key, int64_t now_us, PlatformSigner *ret_signer)
{
    pthread_mutex_lock(&keys->lock);
    const PlatformKey *key = find_current(keys, sign_key, now_us);
    if (key != NULL) {
        *ret_signer = (PlatformSigner) { .sign_key = sign_key, .version = key->version };
        memcpy(ret_signer->serial, key->serial, sizeof(key->serial));
    }
    pthread_mutex_unlock(&keys->lock);
    REQUIRE(key != NULL, REFUSED_KEY_UNKNOWN);
    return OK;
}

Status platform_keys_named(PlatformKeys *keys, Span serial, PlatformSigner *ret_key)
{
    bool found = false;
    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->count && !found; i++) {
        const PlatformKey *key = &keys->keys[i];
        found = span_equal(serial, span_of_text(key->serial));
        if (!found) continue;
        *ret_key = (PlatformSigner) { .sign_key = key->sign_key, .version = key->version };
        memcpy(ret_key->serial, key->serial, sizeof(key->serial));
    }
    pthread_mutex_unlock(&keys->lock);
    REQUIRE(found, REFUSED_KEY_UNKNOWN);
    return OK;
}

bool platform_keys_at(PlatformKeys *keys, WireSignKey sign_key, int64_t now_us, size_t index,
        PlatformKey *ret_key)
{
    pthread_mutex_lock(&keys->lock);
    const bool found = copy(find_at(keys, sign_key, now_us, index), ret_key);
    pthread_mutex_unlock(&keys->lock);
    return found;
}

bool platform_keys_newest(PlatformKeys *keys, WireSignKey sign_key, PlatformKey *ret_key)
{
    pthread_mutex_lock(&keys->lock);
    const bool found = copy(find_current(keys, sign_key, INT64_MAX), ret_key);
    pthread_mutex_unlock(&keys->lock);
    return found;
}

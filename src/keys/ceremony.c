#include "keys/keys_inside.h"

#include "base/time.h"

enum { SERIAL_BYTES = 20 };

typedef struct Pair {
    KeyRole role;
    KeyAlgorithm algorithm;
    const char *certificate_name; /* NULL: a bare key */
} Pair;

static const Pair pairs[] = {
    { KEY_PLATFORM_RSA, KEY_RSA, "Hufu platform RSA" },
    { KEY_PLATFORM_SM2, KEY_SM2, "Hufu platform SM2" },
    { KEY_TLS_CA, KEY_P256, "Hufu TLS CA" },
    { KEY_CHECKPOINT_ED25519, KEY_ED25519, NULL },
    { KEY_CHECKPOINT_SM2, KEY_SM2, NULL },
};

enum { PAIR_COUNT = sizeof(pairs) / sizeof(pairs[0]) };

static bool is_there(const Keys *keys, KeyRole role)
{
    return keys->by_role[role] != NULL || keys->current[role] != NULL;
}

static bool has_all(const Keys *keys, bool of_first_release)
{
    for (uint32_t i = 0; i < KEY_ROLE_COUNT; i++) {
        const Role *role = role_of(i);
        if (role == NULL || i == KEY_BOX) continue;
        if (of_first_release && !role->first_release) continue;
        if (!is_there(keys, (KeyRole)i)) return false;
    }
    return true;
}

bool ceremony_is_whole(const Keys *keys) { return has_all(keys, true); }
bool ceremony_is_up_to_date(const Keys *keys) { return has_all(keys, false); }

static Status certify(const Keys *keys, const PrivateKey *key, const char *name, bool authority,
        int64_t expires_us, Certificate **ret_certificate)
{
    uint8_t serial[SERIAL_BYTES];
    TRY(random_fill(&keys->random, serial, sizeof(serial)));
    serial[0] = (uint8_t)((serial[0] & 0x3F) | 0x40); /* positive, and of one length */
    const CertificateSubject subject = {
        .serial = SPAN_OF(serial),
        .common_name = span_of_text(name),
        .organization = SPAN("Hufu"),
        .not_before_us = clock_now_us(&keys->clock) - 60 * TIME_SECOND_US,
        .not_after_us = expires_us,
        .authority = authority,
    };
    return certificate_make_self_signed(key, &subject, ret_certificate);
}

Status ceremony_pair(Keys *keys, KeyRole role, KeyAlgorithm algorithm, uint32_t key_id,
        int64_t expires_us, const char *certificate_name)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *certificate = NULL;
    TRY(private_key_generate(algorithm, &key));
    if (certificate_name != NULL) {
        const bool authority = role == KEY_TLS_CA;
        TRY(certify(keys, key, certificate_name, authority, expires_us, &certificate));
    }
    uint8_t memory[SIGN_PKCS8_BYTES_MAX];
    Buffer pkcs8 = BUFFER_OF(memory);
    const KeyHead head = {
        .role = role,
        .algorithm = (uint8_t)algorithm,
        .version = 1,
        .key_id = key_id,
        .created_us = clock_now_us(&keys->clock),
        .expires_us = expires_us,
    };
    Status s = private_key_to_pkcs8(key, &pkcs8);
    if (status_ok(s)) s = key_record_add(keys, &head, certificate, span_of_buffer(&pkcs8));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

static Status make_symmetric(Keys *keys)
{
    for (uint32_t i = 0; i < KEY_ROLE_COUNT; i++) {
        const Role *role = role_of(i);
        if (role == NULL || role->form == ROLE_PAIR || is_there(keys, (KeyRole)i)) continue;
        TRY(version_make(keys, (KeyRole)i));
    }
    return OK;
}

Status ceremony_hold(Keys *keys)
{
    TRY(make_symmetric(keys));
    const int64_t five_years = KEYS_CERTIFICATE_YEARS * 365 * TIME_DAY_US;
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        const Pair *pair = &pairs[i];
        if (is_there(keys, pair->role)) continue;
        const int64_t expires_us =
                pair->certificate_name != NULL ? clock_now_us(&keys->clock) + five_years : 0;
        TRY(ceremony_pair(keys, pair->role, pair->algorithm, (uint32_t)pair->role, expires_us,
                pair->certificate_name));
    }
    TRY(keys_append(keys, KEYS_COMPLETE, (Span) { NULL, 0 }));
    TRY(keys_make_durable(keys));
    keys->complete = true;
    return OK;
}

#include "keys/keys_inside.h"

#include "base/time.h"

enum { SERIAL_BYTES = 20 };

typedef struct Pair {
    KeyRole role;
    KeyAlgorithm algorithm; /* 0: of the suite */
    const char *certificate_name; /* NULL: a bare key */
} Pair;

static const Pair pairs[] = {
    { KEY_PLATFORM_RSA, KEY_RSA, "Hufu platform RSA" },
    { KEY_PLATFORM_SM2, KEY_SM2, "Hufu platform SM2" },
    { KEY_TLS_CA, KEY_P256, "Hufu TLS CA" },
    { KEY_MERCHANT_CA, 0, "Hufu merchant CA" },
    { KEY_CHECKPOINT_ED25519, KEY_ED25519, NULL },
    { KEY_CHECKPOINT_SM2, KEY_SM2, NULL },
};

enum { PAIR_COUNT = sizeof(pairs) / sizeof(pairs[0]) };

static bool is_there(const Keys *keys, KeyRole role)
{
    return pair_current(keys, role) != NULL || keys->current[role] != NULL;
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

void fresh_pair_done(FreshPair *fresh)
{
    private_key_free(&fresh->key);
    certificate_free(&fresh->certificate);
}

static Status generate(Keys *keys, KeyRole role, KeyAlgorithm algorithm, FreshPair *ret)
{
    ret->head = (KeyHead) { .role = role,
        .algorithm = (uint8_t)algorithm,
        .version = 1,
        .key_id = (uint32_t)role,
        .created_us = clock_now_us(&keys->clock) };
    return private_key_generate(algorithm, &ret->key);
}

static const Pair *pair_of(KeyRole role)
{
    for (size_t i = 0; i < PAIR_COUNT; i++) {
        if (pairs[i].role == role) return &pairs[i];
    }
    return NULL;
}

Status ceremony_make(Keys *keys, KeyRole role, uint32_t version, FreshPair *ret_fresh)
{
    const Pair *pair = pair_of(role);
    ASSERT(pair != NULL);
    const KeyAlgorithm of_suite = keys->suite == KEYS_SM ? KEY_SM2 : KEY_P256;
    TRY(generate(keys, role, pair->algorithm != 0 ? pair->algorithm : of_suite, ret_fresh));
    KeyHead *head = &ret_fresh->head;
    head->version = version;
    if (pair->certificate_name == NULL) return OK;
    head->expires_us = head->created_us + KEYS_CERTIFICATE_YEARS * 365 * TIME_DAY_US;
    const bool authority = role == KEY_TLS_CA || role == KEY_MERCHANT_CA;
    return certify(keys, ret_fresh->key, pair->certificate_name, authority, head->expires_us,
            &ret_fresh->certificate);
}

Status ceremony_make_box(
        Keys *keys, KeyAlgorithm algorithm, uint32_t key_id, int64_t expires_us, FreshPair *ret)
{
    TRY(generate(keys, KEY_BOX, algorithm, ret));
    ret->head.key_id = key_id;
    ret->head.expires_us = expires_us;
    return OK;
}

Status ceremony_put(Keys *keys, const FreshPair *fresh)
{
    uint8_t memory[SIGN_PKCS8_BYTES_MAX];
    Buffer pkcs8 = BUFFER_OF(memory);
    Status s = private_key_to_pkcs8(fresh->key, &pkcs8);
    if (status_ok(s))
        s = key_record_add(keys, &fresh->head, fresh->certificate, span_of_buffer(&pkcs8));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

static Status make_pair(Keys *keys, KeyRole role)
{
    CLEANUP(fresh_pair_done) FreshPair fresh = { 0 };
    TRY(ceremony_make(keys, role, 1, &fresh));
    return ceremony_put(keys, &fresh);
}

/* Houses of earlier releases named payers by this signature of their platform key (PKCS#1 v1.5: the
 * same each time). The names outlive that key. */
static Status make_pseudonym(Keys *keys)
{
    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    CLEANUP(secret_wipe) Secret secret = { .size = KEYS_SYMMETRIC_BYTES };
    TRY(sign_make(pair_current(keys, KEY_PLATFORM_RSA)->private_key,
            SPAN("hufu pseudonym key of payers, never an answer"), &signature));
    mac_once(MAC_HMAC_SHA256, span_of_buffer(&signature), SPAN("pseudonym"), secret.bytes);
    bytes_wipe(memory, sizeof(memory));
    return version_add(keys, KEY_PSEUDONYM, &secret);
}

static Status make_symmetric(Keys *keys)
{
    for (uint32_t i = 0; i < KEY_ROLE_COUNT; i++) {
        const Role *role = role_of(i);
        if (role == NULL || role->form == ROLE_PAIR || is_there(keys, (KeyRole)i)) continue;
        if (i == KEY_PSEUDONYM) continue; /* made of a pair */
        TRY(version_make(keys, (KeyRole)i));
    }
    return OK;
}

Status ceremony_hold(Keys *keys)
{
    TRY(make_symmetric(keys));
    for (size_t i = 0; i < PAIR_COUNT; i++)
        if (!is_there(keys, pairs[i].role)) TRY(make_pair(keys, pairs[i].role));
    if (!is_there(keys, KEY_PSEUDONYM)) TRY(make_pseudonym(keys));
    TRY(keys_append(keys, KEYS_COMPLETE, (Span) { NULL, 0 }));
    TRY(keys_make_durable(keys));
    keys->complete = true;
    return OK;
}

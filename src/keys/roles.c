#include "keys/roles.h"

#include "base/time.h"

#define YEAR_US (365 * TIME_DAY_US)
#define WEEK_US (7 * TIME_DAY_US)
/* Each sealed field has a key of its own, so GCM's 2^32 random nonces (SP 800-38D, 8.3) are no
 * limit here. The same figure is the policy nonetheless: what leaks with one version has an end. */
#define SEALS_MAX ((uint64_t)1 << 32)
/* An HMAC with a 256-bit key wears out nowhere near this: two years of 16,000 rows a second. */
#define MACS_MAX ((uint64_t)1 << 40)

static const Role roles[KEY_ROLE_COUNT] = {
    /*                 name  form  rotation  first release  period  uses */
    [KEY_ROW_SEAL] = { "seal", ROLE_MACS, ROTATION_DUE, true, YEAR_US, MACS_MAX },
    [KEY_DIGEST] = { "digest", ROLE_MACS, ROTATION_NEVER, true, 0, 0 },
    [KEY_JOURNAL] = { "journal", ROLE_RAW, ROTATION_NEVER, true, 0, 0 },
    [KEY_PEPPER] = { "pepper", ROLE_SEALS, ROTATION_DUE, true, YEAR_US, SEALS_MAX },
    [KEY_FIELD] = { "field", ROLE_SEALS, ROTATION_DUE, true, YEAR_US, SEALS_MAX },
    [KEY_BACKUP] = { "backup", ROLE_SEALS, ROTATION_DUE, true, YEAR_US, SEALS_MAX },
    [KEY_MAP] = { "map", ROLE_RAW, ROTATION_NEVER, true, 0, 0 },
    [KEY_PLATFORM_RSA] = { "platform-rsa", ROLE_PAIR, ROTATION_ASKED, true, 0, 0 },
    [KEY_PLATFORM_SM2] = { "platform-sm2", ROLE_PAIR, ROTATION_ASKED, true, 0, 0 },
    [KEY_TLS_CA] = { "tls-ca", ROLE_PAIR, ROTATION_ASKED, true, 0, 0 },
    [KEY_CHECKPOINT_ED25519] = { "checkpoint-ed25519", ROLE_PAIR, ROTATION_ASKED, true, 0, 0 },
    [KEY_CHECKPOINT_SM2] = { "checkpoint-sm2", ROLE_PAIR, ROTATION_ASKED, true, 0, 0 },
    [KEY_BOX] = { "box", ROLE_PAIR, ROTATION_NEVER, false, 0, 0 },
    [KEY_CARD] = { "card", ROLE_SEALS, ROTATION_DUE, false, YEAR_US, SEALS_MAX },
    [KEY_BINDING] = { "binding", ROLE_SEALS, ROTATION_DUE, false, YEAR_US, SEALS_MAX },
    [KEY_IDENTITY] = { "identity", ROLE_SEALS, ROTATION_DUE, false, YEAR_US, SEALS_MAX },
    [KEY_INDEX] = { "index", ROLE_MACS, ROTATION_ASKED, false, 2 * YEAR_US, MACS_MAX },
    [KEY_SHRED] = { "shred", ROLE_SEALS, ROTATION_MONTHLY, false, 0, SEALS_MAX },
    [KEY_ONE_TIME] = { "one-time", ROLE_SEALS, ROTATION_ASKED, false, WEEK_US, SEALS_MAX },
    [KEY_BIOMETRIC] = { "biometric", ROLE_SEALS, ROTATION_ASKED, false, YEAR_US, SEALS_MAX },
    [KEY_PSEUDONYM] = { "pseudonym", ROLE_RAW, ROTATION_NEVER, false, 0, 0 },
    [KEY_MERCHANT_CA] = { "merchant-ca", ROLE_PAIR, ROTATION_ASKED, false, 0, 0 },
    [KEY_ATTACHED] = { "attached", ROLE_MACS, ROTATION_DUE, false, YEAR_US, MACS_MAX },
};

const Role *role_of(uint32_t role)
{
    if (role >= KEY_ROLE_COUNT || roles[role].name == NULL) return NULL;
    return &roles[role];
}

Status role_parse(Span name, KeyRole *ret_role)
{
    for (uint32_t i = 0; i < KEY_ROLE_COUNT; i++) {
        if (roles[i].name == NULL || !span_equal(name, span_of_text(roles[i].name))) continue;
        *ret_role = (KeyRole)i;
        return OK;
    }
    return REFUSE(REFUSED_KEY_UNKNOWN);
}

const char *role_algorithm(KeyRole role, KeysSuite suite)
{
    const bool sm = suite == KEYS_SM;
    switch (role) {
    case KEY_DIGEST: return "HMAC-SHA512";
    case KEY_JOURNAL:
    case KEY_PSEUDONYM: return "HMAC-SHA256";
    case KEY_MAP: return "SipHash-2-4-128";
    case KEY_PLATFORM_RSA: return "RSA-2048";
    case KEY_PLATFORM_SM2:
    case KEY_CHECKPOINT_SM2: return "SM2";
    case KEY_CHECKPOINT_ED25519: return "Ed25519";
    case KEY_TLS_CA: return "P-256";
    case KEY_MERCHANT_CA:
    case KEY_BOX: return sm ? "SM2" : "P-256";
    default: break;
    }
    if (role_of(role)->form == ROLE_MACS) return sm ? "HMAC-SM3" : "HMAC-SHA256";
    return sm ? "SM4-GCM" : "AES-256-GCM";
}

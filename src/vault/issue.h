#pragma once
/*
 * issue: what vaultd hands out of its keys: signatures, certificates, public keys, the box key of
 * the day, facts. Every function answers one request of ipc/vault_wire.h. Thread-safe.
 */
#include "ipc/password_wire.h"
#include "keys/keys.h"

enum { ISSUE_NAMES_MAX = 8 };
#define ISSUE_TLS_LIFE_US ((int64_t)7 * 86400 * 1000000)
#define ISSUE_CALLER_LIFE_US ((int64_t)90 * 86400 * 1000000)

typedef struct Issue {
    Keys *keys;
    Clock clock;
    Random random;
    const char
            *names[ISSUE_NAMES_MAX + 1]; /* further subject alternative names; NULL ends the list */
    int64_t tls_life_us; /* of hufud's certificate */
} Issue;

/* list of WireSignItem -> list of signature framed. Refuses REFUSED_KEY_UNKNOWN,
 * REFUSED_KEY_NOT_CURRENT, REFUSED_VAULT_FORBIDDEN (what only vaultd itself says under this
 * key). */
MUST_USE Status issue_signatures(const Issue *issue, Span request, Buffer *ret_answer);
/* SPKI DER framed -> certificate DER framed, CA certificate DER framed. For "hufud". */
MUST_USE Status issue_tls_leaf(const Issue *issue, Span request, Buffer *ret_answer);
/* SPKI DER framed, name framed -> the same, for a caller of that name: 90 days, and no server. */
MUST_USE Status issue_caller_leaf(const Issue *issue, Span request, Buffer *ret_answer);
/*
 * WireMerchantLeaf -> the same, under the merchants' authority: for the key of the request, which
 * signed it, and for the merchant's number as its only name (TP-7).
 * Refuses REFUSED_KEY_FORMAT (no request, or another algorithm than RSA and SM2), REFUSED_KEY_WEAK,
 * REFUSED_SIGNATURE_INVALID (not signed by its own key), REFUSED_CERTIFICATE_INVALID (it would end
 * before now). It ends with its authority at the latest.
 */
MUST_USE Status issue_merchant_leaf(const Issue *issue, Span request, Buffer *ret_answer);
/* -> WireBoxKey */
MUST_USE Status issue_box_key(const Issue *issue, Buffer *ret_answer);
/* key id u32, encapsulated key framed -> digits [10]. Refuses REFUSED_IPC_FORMAT,
 * REFUSED_BOX_FORMAT, REFUSED_BOX_KEY_UNKNOWN. */
MUST_USE Status issue_box_pad(const Issue *issue, Span request, Buffer *ret_answer);
/* -> list of WirePublicKey */
MUST_USE Status issue_public_keys(const Issue *issue, Buffer *ret_answer);
/* -> key [32]: what hufud names payers to merchants by; the same for ever. */
MUST_USE Status issue_pseudonym_key(const Issue *issue, Buffer *ret_answer);
/* -> list of WireKeyFacts */
MUST_USE Status issue_key_list(const Issue *issue, Buffer *ret_answer);

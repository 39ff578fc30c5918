#pragma once
/*
 * enrol: requests that bring merchants and payers in; what is secret about them travels in sealed
 * boxes.
 */
#include "payer_app.h"
#include "text/json.h"

/* Write <directory>/demo/platform.pem, the key that payers' apps ship with, from public.keys; does
 * nothing when it is there. This once, at enrolment, hufud is believed. Refuses
 * CERTIFICATE_INVALID (none there); faults FAULT_DISK. */
MUST_USE Status enrol_pin(const char *directory);

/* The box key and a challenge from hufud; the key must be signed by the pinned one. */
MUST_USE Status enrol_box_key(
        const char *directory, BoxKey *key, uint8_t ret_nonce[BOX_NONCE_BYTES]);

typedef struct EnrolMerchant {
    const char *mchid;
    const char *name;
    Span key_pem; /* a public key, or a certificate request */
    bool is_request;
    const char *serial; /* NULL: made of the key's fingerprint */
    int64_t limit_minor; /* 0: hufud's own */
    Span apiv3; /* 32 bytes, secret; empty: none */
} EnrolMerchant;
/* Appends hufud's answer. Refuses what merchant.add refuses. */
MUST_USE Status enrol_merchant(
        const char *directory, const EnrolMerchant *merchant, Buffer *ret_answer);

/* Write the certificate of an answer of merchant.add or merchant.key.add, and the one that issued
 * it, to a file (PEM). Refuses JSON_*; faults FAULT_DISK. */
MUST_USE Status enrol_keep_certificate(Span answer, const char *path);

typedef struct EnrolApiv3 {
    const char *mchid;
    Span owner_pem;
    Span apiv3; /* 32 bytes, secret */
    int64_t overlap_s; /* 0: at once; else so long beside the one that is there */
} EnrolApiv3;
/* Another APIv3 key for a merchant that is there; who has the private half of `owner_pem` may
 * obtain it again, nobody when that is empty. Refuses what merchant.apiv3 refuses, KEY_FORMAT. */
MUST_USE Status enrol_apiv3(const char *directory, const EnrolApiv3 *wish, Buffer *ret_answer);

/* `pin` is a secret: it leaves this program only inside a box. Refuses what payer.add refuses;
 * PIN_WRONG: an earlier try with another PIN ended in its middle, and that PIN is the payer's. */
MUST_USE Status enrol_payer(const char *directory, const char *payer_id, const char *pin,
        int64_t balance_minor, Buffer *ret_answer);

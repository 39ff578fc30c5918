#pragma once
/*
 * certificate: X.509 v3 (RFC 5280) with RSA, P-256, SM2 or Ed25519 keys.
 *
 * Makes the platform's self-signed certificates and small authorities, issues leaves under them,
 * and verifies one-level chains itself, because libcrypto 3.0 cannot give SM2 chains their signer
 * ID (reference/message.md section 4). A Certificate is immutable: threads may share it. Floor 1.
 */
#include "crypto/sign.h"

enum {
    CERTIFICATE_SERIAL_BYTES_MAX = 20, /* RFC 5280 section 4.1.2.2 */
    CERTIFICATE_SERIAL_TEXT_MAX = 40, /* upper-case hex */
    CERTIFICATE_NAME_BYTES_MAX = 64,
    CERTIFICATE_ALTERNATIVES_MAX = 16,
    CERTIFICATE_DER_BYTES_MAX = 8192,
    CERTIFICATE_PEM_BYTES_MAX = 16384,
};

typedef struct Certificate Certificate;

typedef struct CertificateSubject {
    Span serial; /* 1..20 bytes, the first in 0x10..0x7F, so that every client prints the same text:
                  * Java's BigInteger drops a leading zero digit. Unique per issuer. */
    Span common_name; /* UTF-8, 1..CERTIFICATE_NAME_BYTES_MAX */
    Span organization; /* UTF-8; empty for none */
    int64_t not_before_us; /* whole seconds are kept */
    int64_t not_after_us;
    const char *const *dns_names; /* subjectAltName, NULL-terminated list, or NULL */
    const char *const *ip_addresses;
    bool authority; /* may sign leaves; otherwise a leaf for signatures and TLS */
    bool client_only; /* a leaf that is no server, whatever its name */
} CertificateSubject;

/* Refuses REFUSED_CERTIFICATE_INVALID (a subject field out of range). Faults FAULT_CRYPTO. */
MUST_USE Status certificate_make_self_signed(
        const PrivateKey *key, const CertificateSubject *subject, Certificate **ret_certificate);
/* A certificate for `key`, signed by `authority` whose private key is `authority_key`. */
MUST_USE Status certificate_issue(const Certificate *authority, const PrivateKey *authority_key,
        const PublicKey *key, const CertificateSubject *subject, Certificate **ret_certificate);

/* One certificate, nothing behind it. Refuses REFUSED_CERTIFICATE_INVALID. */
MUST_USE Status certificate_from_pem(Span pem, Certificate **ret_certificate);
MUST_USE Status certificate_from_der(Span der, Certificate **ret_certificate);
MUST_USE Status certificate_to_pem(const Certificate *certificate, Buffer *ret_pem);
MUST_USE Status certificate_to_der(const Certificate *certificate, Buffer *ret_der);
/* For CLEANUP(certificate_free). */
void certificate_free(Certificate **certificate);

/* Append the serial number as upper-case hex without leading zero bytes: the v3 `serial_no`. */
MUST_USE Status certificate_serial(const Certificate *certificate, Buffer *ret_text);
/* Append the subject's common name in UTF-8. */
MUST_USE Status certificate_common_name(const Certificate *certificate, Buffer *ret_text);
/* Borrowed: lives as long as the certificate. */
const PublicKey *certificate_key(const Certificate *certificate);
int64_t certificate_not_before_us(const Certificate *certificate);
int64_t certificate_not_after_us(const Certificate *certificate);

/*
 * `certificate` was signed by `authority` (an authority; itself for self-signed), names it as
 * issuer, and both are inside their dates at `now_us`. Refuses REFUSED_CERTIFICATE_INVALID.
 */
MUST_USE Status certificate_verify(
        const Certificate *certificate, const Certificate *authority, int64_t now_us);

/* Append a PKCS#10 request (PEM) for `key`, as a merchant would make it. */
MUST_USE Status certificate_request(const PrivateKey *key, Span common_name, Buffer *ret_pem);

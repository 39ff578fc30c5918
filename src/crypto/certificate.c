#include "crypto/certificate.h"

#include "base/secret.h"
#include "crypto/key_inside.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { ALTERNATIVE_NAMES_BYTES_MAX = 2048, X509_VERSION_THREE = 2 };

struct Certificate {
    X509 *x509;
    PublicKey *key;
    int64_t not_before_us;
    int64_t not_after_us;
};

static void x509_free(X509 **x509) { X509_free(*x509); }
static void number_free(BIGNUM **number) { BN_free(*number); }
static void memory_free(uint8_t **memory) { OPENSSL_free(*memory); }
static void extension_free(X509_EXTENSION **extension) { X509_EXTENSION_free(*extension); }

/* --- reading --- */

static Status time_us(const ASN1_TIME *time, int64_t *ret_us)
{
    struct tm parts = { 0 };
    LIBRARY_REQUIRE(
            time != NULL && ASN1_TIME_to_tm(time, &parts) == 1, REFUSED_CERTIFICATE_INVALID);
    *ret_us = (int64_t)timegm(&parts) * 1000000;
    return OK;
}

static Status wrap(X509 *x509, Certificate **ret_certificate)
{
    CLEANUP(certificate_free) Certificate *made = OPENSSL_zalloc(sizeof(*made));
    CHECK(made != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(X509_up_ref(x509) == 1);
    made->x509 = x509;
    EVP_PKEY *pkey = X509_get0_pubkey(x509);
    LIBRARY_REQUIRE(pkey != NULL, REFUSED_CERTIFICATE_INVALID);
    const Status s = key_public_wrap(pkey, &made->key);
    if (status_refused(s)) return REFUSE(REFUSED_CERTIFICATE_INVALID);
    TRY(s);
    TRY(time_us(X509_get0_notBefore(x509), &made->not_before_us));
    TRY(time_us(X509_get0_notAfter(x509), &made->not_after_us));
    /* Parses the extensions into the object now, so that readers on other threads only read. */
    LIBRARY_REQUIRE(
            (X509_get_extension_flags(x509) & EXFLAG_INVALID) == 0, REFUSED_CERTIFICATE_INVALID);
    *ret_certificate = made;
    made = NULL;
    return OK;
}

Status certificate_from_der(Span der, Certificate **ret_certificate)
{
    TRY(library_start());
    REQUIRE(der.size > 0 && der.size <= CERTIFICATE_DER_BYTES_MAX, REFUSED_CERTIFICATE_INVALID);
    const uint8_t *at = der.data;
    CLEANUP(x509_free) X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
    LIBRARY_REQUIRE(x509 != NULL && at == der.data + der.size, REFUSED_CERTIFICATE_INVALID);
    return wrap(x509, ret_certificate);
}

Status certificate_from_pem(Span pem, Certificate **ret_certificate)
{
    CLEANUP(key_der_free) KeyDer der = { 0 };
    const Status s = key_der_from_pem(pem, &der);
    if (status_refused(s)) return REFUSE(REFUSED_CERTIFICATE_INVALID);
    TRY(s);
    REQUIRE(strcmp(der.label, "CERTIFICATE") == 0, REFUSED_CERTIFICATE_INVALID);
    return certificate_from_der((Span) { der.data, (size_t)der.size }, ret_certificate);
}

void certificate_free(Certificate **certificate)
{
    if (*certificate == NULL) return;
    X509_free((*certificate)->x509);
    public_key_free(&(*certificate)->key);
    OPENSSL_free(*certificate);
    *certificate = NULL;
}

Status certificate_to_der(const Certificate *certificate, Buffer *ret_der)
{
    CLEANUP(memory_free) uint8_t *der = NULL;
    const int size = i2d_X509(certificate->x509, &der);
    LIBRARY_CHECK(size > 0);
    return buffer_put(ret_der, (Span) { der, (size_t)size });
}

Status certificate_to_pem(const Certificate *certificate, Buffer *ret_pem)
{
    uint8_t bytes[CERTIFICATE_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(bytes);
    TRY(certificate_to_der(certificate, &der));
    return key_pem_put("CERTIFICATE", span_of_buffer(&der), ret_pem);
}

Status certificate_serial(const Certificate *certificate, Buffer *ret_text)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate->x509);
    /* The magnitude, big-endian without leading zeros: what v3 clients print in hex. */
    const int size = ASN1_STRING_length(serial);
    const uint8_t *bytes = ASN1_STRING_get0_data(serial);
    REQUIRE(size > 0 && size <= CERTIFICATE_SERIAL_BYTES_MAX, REFUSED_CERTIFICATE_INVALID);
    Buffer out = *ret_text;
    for (int i = 0; i < size; i++)
        TRY(buffer_print(&out, "%02X", bytes[i]));
    ret_text->size = out.size;
    return OK;
}

Status certificate_common_name(const Certificate *certificate, Buffer *ret_text)
{
    const X509_NAME *name = X509_get_subject_name(certificate->x509);
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    REQUIRE(at >= 0, REFUSED_CERTIFICATE_INVALID);
    CLEANUP(memory_free) uint8_t *text = NULL;
    const int size =
            ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    LIBRARY_REQUIRE(size >= 0, REFUSED_CERTIFICATE_INVALID);
    return buffer_put(ret_text, (Span) { text, (size_t)size });
}

const PublicKey *certificate_key(const Certificate *certificate) { return certificate->key; }
int64_t certificate_not_before_us(const Certificate *c) { return c->not_before_us; }
int64_t certificate_not_after_us(const Certificate *c) { return c->not_after_us; }

/* --- making --- */

static Status require_subject(const CertificateSubject *subject)
{
    REQUIRE(subject->serial.size > 0 && subject->serial.size <= CERTIFICATE_SERIAL_BYTES_MAX,
            REFUSED_CERTIFICATE_INVALID);
    const uint8_t first = subject->serial.data[0];
    REQUIRE(first >= 0x10 && first < 0x80, REFUSED_CERTIFICATE_INVALID);
    REQUIRE(subject->common_name.size > 0
                    && subject->common_name.size <= CERTIFICATE_NAME_BYTES_MAX,
            REFUSED_CERTIFICATE_INVALID);
    REQUIRE(subject->organization.size <= CERTIFICATE_NAME_BYTES_MAX, REFUSED_CERTIFICATE_INVALID);
    REQUIRE(span_is_utf8(subject->common_name) && span_is_utf8(subject->organization),
            REFUSED_CERTIFICATE_INVALID);
    REQUIRE(subject->not_before_us < subject->not_after_us, REFUSED_CERTIFICATE_INVALID);
    return OK;
}

static Status put_name(X509_NAME *name, const char *field, Span text)
{
    if (text.size == 0) return OK;
    LIBRARY_CHECK(
            X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, text.data, (int)text.size, -1, 0)
            == 1);
    return OK;
}

static Status put_names(X509_NAME *name, const CertificateSubject *subject)
{
    TRY(put_name(name, "O", subject->organization));
    return put_name(name, "CN", subject->common_name);
}

static Status put_serial(X509 *x509, Span serial)
{
    CLEANUP(number_free) BIGNUM *number = BN_bin2bn(serial.data, (int)serial.size, NULL);
    LIBRARY_CHECK(number != NULL);
    LIBRARY_CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL);
    return OK;
}

static Status put_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value)
{
    CLEANUP(extension_free)
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, context, nid, value);
    LIBRARY_REQUIRE(extension != NULL, REFUSED_CERTIFICATE_INVALID);
    LIBRARY_CHECK(X509_add_ext(x509, extension, -1) == 1);
    return OK;
}

/* The value goes through libcrypto's configuration syntax: only what cannot be syntax is let in. */
static Status put_alternatives(const char *const *names, const char *kind, Buffer *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  ".-:*";
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        REQUIRE(i < CERTIFICATE_ALTERNATIVES_MAX, REFUSED_CERTIFICATE_INVALID);
        const size_t size = strlen(names[i]);
        REQUIRE(size > 0 && strspn(names[i], allowed) == size, REFUSED_CERTIFICATE_INVALID);
        TRY(buffer_print(text, "%s%s:%s", text->size == 0 ? "" : ",", kind, names[i]));
    }
    return OK;
}

static Status put_extensions(X509 *x509, X509 *issuer, const CertificateSubject *subject)
{
    X509V3_CTX context = { 0 };
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    TRY(put_extension(x509, &context, NID_basic_constraints,
            subject->authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"));
    TRY(put_extension(x509, &context, NID_key_usage,
            subject->authority ? "critical,keyCertSign,cRLSign,digitalSignature"
                               : "critical,digitalSignature"));
    TRY(put_extension(x509, &context, NID_subject_key_identifier, "hash"));
    if (issuer != x509)
        TRY(put_extension(x509, &context, NID_authority_key_identifier, "keyid:always"));
    if (!subject->authority)
        TRY(put_extension(x509, &context, NID_ext_key_usage,
                subject->client_only ? "clientAuth" : "serverAuth,clientAuth"));
    char bytes[ALTERNATIVE_NAMES_BYTES_MAX];
    Buffer names = { (uint8_t *)bytes, 0, sizeof(bytes) - 1 };
    TRY(put_alternatives(subject->dns_names, "DNS", &names));
    TRY(put_alternatives(subject->ip_addresses, "IP", &names));
    if (names.size == 0) return OK;
    bytes[names.size] = '\0';
    return put_extension(x509, &context, NID_subject_alt_name, bytes);
}

/* A context that signs with `key`: the SM2 signer ID must be set before the digest begins. */
static Status signing_context(const PrivateKey *key, EVP_MD_CTX *digest, EVP_PKEY_CTX *signer)
{
    CHECK(digest != NULL && signer != NULL, FAULT_MEMORY);
    const EVP_MD *md = key->algorithm == KEY_SM2 ? library()->sm3 : library()->sha256;
    if (key->algorithm == KEY_ED25519) md = NULL;
    if (key->algorithm == KEY_SM2)
        LIBRARY_CHECK(EVP_PKEY_CTX_set1_id(signer, "1234567812345678", 16) == 1);
    EVP_MD_CTX_set_pkey_ctx(digest, signer);
    LIBRARY_CHECK(EVP_DigestSignInit(digest, NULL, md, NULL, key->pkey) == 1);
    return OK;
}

typedef struct Signing {
    EVP_PKEY_CTX *signer;
    EVP_MD_CTX *digest;
} Signing;

static void signing_free(Signing *signing)
{
    EVP_MD_CTX_free(signing->digest); /* set_pkey_ctx leaves the signer to us */
    EVP_PKEY_CTX_free(signing->signer);
}

static Status signing_begin(const PrivateKey *key, Signing *ret)
{
    ret->signer = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    ret->digest = EVP_MD_CTX_new();
    return signing_context(key, ret->digest, ret->signer);
}

/* issuer NULL: signed by its own key. */
static Status make(const PublicKey *key, const CertificateSubject *subject, X509 *issuer,
        const PrivateKey *signer, Certificate **ret_certificate)
{
    TRY(require_subject(subject));
    CLEANUP(x509_free) X509 *x509 = X509_new();
    CHECK(x509 != NULL, FAULT_MEMORY);
    LIBRARY_CHECK(X509_set_version(x509, X509_VERSION_THREE) == 1);
    TRY(put_serial(x509, subject->serial));
    TRY(put_names(X509_get_subject_name(x509), subject));
    LIBRARY_CHECK(
            X509_set_issuer_name(x509, X509_get_subject_name(issuer == NULL ? x509 : issuer)) == 1);
    LIBRARY_CHECK(
            ASN1_TIME_set(X509_getm_notBefore(x509), subject->not_before_us / 1000000) != NULL);
    LIBRARY_CHECK(ASN1_TIME_set(X509_getm_notAfter(x509), subject->not_after_us / 1000000) != NULL);
    LIBRARY_CHECK(X509_set_pubkey(x509, key->pkey) == 1);
    TRY(put_extensions(x509, issuer == NULL ? x509 : issuer, subject));
    CLEANUP(signing_free) Signing signing = { 0 };
    TRY(signing_begin(signer, &signing));
    LIBRARY_CHECK(X509_sign_ctx(x509, signing.digest) > 0);
    /* Read back from its bytes: what we return is what others will read. */
    CLEANUP(memory_free) uint8_t *der = NULL;
    const int size = i2d_X509(x509, &der);
    LIBRARY_CHECK(size > 0);
    return certificate_from_der((Span) { der, (size_t)size }, ret_certificate);
}

Status certificate_make_self_signed(
        const PrivateKey *key, const CertificateSubject *subject, Certificate **ret_certificate)
{
    return make(private_key_public(key), subject, NULL, key, ret_certificate);
}

Status certificate_issue(const Certificate *authority, const PrivateKey *authority_key,
        const PublicKey *key, const CertificateSubject *subject, Certificate **ret_certificate)
{
    REQUIRE(EVP_PKEY_eq(authority->key->pkey, authority_key->pkey) == 1,
            REFUSED_CERTIFICATE_INVALID);
    REQUIRE(X509_check_ca(authority->x509) == 1, REFUSED_CERTIFICATE_INVALID);
    return make(key, subject, authority->x509, authority_key, ret_certificate);
}

Status certificate_request(const PrivateKey *key, Span common_name, Buffer *ret_pem)
{
    X509_REQ *request = X509_REQ_new();
    CHECK(request != NULL, FAULT_MEMORY);
    CLEANUP(signing_free) Signing signing = { 0 };
    Status s = put_name(X509_REQ_get_subject_name(request), "CN", common_name);
    if (status_ok(s)) s = signing_begin(key, &signing);
    const bool made = status_ok(s) && X509_REQ_set_pubkey(request, key->pkey) == 1
            && X509_REQ_sign_ctx(request, signing.digest) > 0;
    CLEANUP(memory_free) uint8_t *der = NULL;
    const int size = made ? i2d_X509_REQ(request, &der) : -1;
    X509_REQ_free(request);
    TRY(s);
    LIBRARY_CHECK(size > 0);
    return key_pem_put("CERTIFICATE REQUEST", (Span) { der, (size_t)size }, ret_pem);
}

/* --- verifying --- */

static Status verify_signature(X509 *x509, const PublicKey *key)
{
    const ASN1_BIT_STRING *bits = NULL;
    const X509_ALGOR *outer = NULL;
    X509_get0_signature(&bits, &outer, x509);
    /* RFC 5280 section 4.1.1.2: the algorithm stands twice, and only one of them is signed. */
    REQUIRE(X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x509)) == 0, REFUSED_CERTIFICATE_INVALID);
    REQUIRE(X509_get_signature_nid(x509) == key_signature_nid(key->algorithm),
            REFUSED_CERTIFICATE_INVALID);
    CLEANUP(memory_free) uint8_t *der = NULL;
    const int size = i2d_X509(x509, &der);
    LIBRARY_CHECK(size > 0);
    Span signed_part = { 0 };
    Span signature = { 0 };
    Status s = key_signed_part((Span) { der, (size_t)size }, &signed_part);
    if (status_ok(s)) s = key_signature_bytes(bits, &signature);
    if (status_ok(s)) s = sign_verify(key, signed_part, signature);
    if (status_refused(s)) return REFUSE(REFUSED_CERTIFICATE_INVALID);
    return s;
}

static bool in_its_dates(const Certificate *certificate, int64_t now_us)
{
    return now_us >= certificate->not_before_us && now_us <= certificate->not_after_us;
}

Status certificate_verify(
        const Certificate *certificate, const Certificate *authority, int64_t now_us)
{
    REQUIRE(in_its_dates(certificate, now_us) && in_its_dates(authority, now_us),
            REFUSED_CERTIFICATE_INVALID);
    /* A self-signed leaf vouches for itself alone; for another, the issuer must be an authority. */
    REQUIRE(X509_cmp(certificate->x509, authority->x509) == 0
                    || X509_check_ca(authority->x509) == 1,
            REFUSED_CERTIFICATE_INVALID);
    REQUIRE(X509_NAME_cmp(
                    X509_get_issuer_name(certificate->x509), X509_get_subject_name(authority->x509))
                    == 0,
            REFUSED_CERTIFICATE_INVALID);
    return verify_signature(certificate->x509, authority->key);
}

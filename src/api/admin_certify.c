/* A merchant's certificate for the key of its own request (admin_inside.h, TP-7): vaultd checks the
 * request's signature and issues; the certificate's serial is the key's from here on. */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "base/time.h"
#include "crypto/certificate.h"
#include "payment/enrol.h"
#include "policy/detect.h"

#define LIFE_DEFAULT_US (365 * TIME_DAY_US)

static Status keep_pem(Span der, Certificate **ret_certificate, Buffer *ret_pem)
{
    TRY(certificate_from_der(der, ret_certificate));
    return certificate_to_pem(*ret_certificate, ret_pem);
}

static Status certify(House *house, Span mchid, Span request_pem, int64_t ends_us,
        MerchantKey *ret_key, AdminCertificate *ret)
{
    uint8_t memory_bytes[2 * CERTIFICATE_DER_BYTES_MAX + 64];
    uint8_t serial_bytes[CERTIFICATE_SERIAL_TEXT_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer serial = BUFFER_OF(serial_bytes);
    Span leaf_der = { 0 };
    Span authority_der = { 0 };
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(certificate_free) Certificate *authority = NULL;
    const int64_t now_us = clock_now_us(&house->clock);
    const WireMerchantLeaf wanted = { mchid, request_pem,
        ends_us != 0 ? ends_us : now_us + LIFE_DEFAULT_US };
    ret->leaf = BUFFER_OF(ret->leaf_pem);
    ret->authority = BUFFER_OF(ret->authority_pem);
    TRY(vaultclient_merchant_leaf(house->vault, &wanted, &memory, &leaf_der, &authority_der));
    TRY(keep_pem(leaf_der, &leaf, &ret->leaf));
    TRY(keep_pem(authority_der, &authority, &ret->authority));
    TRY(merchant_key_from_pem(span_of_buffer(&ret->leaf), ret_key));
    TRY(certificate_serial(leaf, &serial));
    ret_key->expires_us = certificate_not_after_us(leaf);
    return admin_name_key(ret_key, span_of_buffer(&serial));
}

Status admin_take_key(House *house, const AdminKeyWish *wish, MerchantKey *ret_key,
        AdminCertificate *ret_certificate)
{
    ret_certificate->leaf = (Buffer) { NULL, 0, 0 };
    REQUIRE((wish->public_key_pem.size == 0) != (wish->request_pem.size == 0), REFUSED_ORDER_FIELD);
    REQUIRE(merchant_id_is_valid(wish->mchid), REFUSED_ORDER_FIELD);
    if (wish->request_pem.size > 0) {
        REQUIRE(wish->serial.size == 0, REFUSED_ORDER_FIELD); /* the certificate has its own */
        return certify(
                house, wish->mchid, wish->request_pem, wish->ends_us, ret_key, ret_certificate);
    }
    TRY(merchant_key_from_pem(wish->public_key_pem, ret_key));
    ret_key->expires_us = wish->ends_us;
    return admin_name_key(ret_key, wish->serial);
}

Status admin_check_key(const AdminKeyWish *wish)
{
    MerchantKey key = { 0 };
    REQUIRE((wish->public_key_pem.size == 0) != (wish->request_pem.size == 0), REFUSED_ORDER_FIELD);
    REQUIRE(merchant_id_is_valid(wish->mchid), REFUSED_ORDER_FIELD);
    TRY(detect_free_text(wish->public_key_pem));
    TRY(detect_free_text(wish->request_pem));
    if (wish->request_pem.size > 0)
        return wish->serial.size == 0 ? OK : REFUSE(REFUSED_ORDER_FIELD);
    TRY(merchant_key_from_pem(wish->public_key_pem, &key));
    return admin_name_key(&key, wish->serial);
}

void admin_key_certificate(JsonWriter *w, const AdminCertificate *certificate)
{
    if (certificate->leaf.size == 0) return;
    json_key_text(w, "certificate_pem", span_of_buffer(&certificate->leaf));
    json_key_text(w, "authority_pem", span_of_buffer(&certificate->authority));
}

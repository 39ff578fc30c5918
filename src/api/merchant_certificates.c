/* GET /v3/certificates: the platform's certificates, also the next one and those that are ending
 * (a merchant chooses by Wechatpay-Serial), encrypted to the merchant's APIv3 key inside
 * the vault, which alone opens that key (TP-7; routes.h). */
#include "api/routes.h"

#include "api/admission.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/aead.h"

typedef enum Wanted { WANT_RSA = 1, WANT_SM2 = 2, WANT_ALL = 3 } Wanted;

static Status write_time(JsonWriter *w, const char *key, int64_t time_us)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    TRY(time_format(time_us, &text));
    json_key_text(w, key, span_of_buffer(&text));
    return OK;
}

/* One certificate as the profile shows it: serial, dates, and the PEM under AEAD. */
static Status write_certificate(
        JsonWriter *w, Passage *p, const PlatformKey *key, Span sealed_key, AeadSuite suite)
{
    static _Thread_local uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    static _Thread_local uint8_t text_bytes[16384];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    Span nonce = { 0 };
    Span cipher = { 0 };
    const VaultDownlink downlink = { .mchid = span_of_text(p->mchid),
        .sealed_key = sealed_key,
        .algorithm = (uint8_t)suite,
        .aad = SPAN("certificate"),
        .plain = { key->certificate_pem, key->certificate_pem_size } };
    TRY(vaultclient_encrypt_downlink(p->house->vault, &downlink, &memory, &nonce, &cipher));
    TRY(base64_encode(cipher, &text));
    json_open_object(w);
    json_key_text(w, "serial_no", span_of_text(key->serial));
    TRY(write_time(w, "effective_time", key->not_before_us));
    TRY(write_time(w, "expire_time", key->not_after_us));
    json_key_object(w, "encrypt_certificate");
    json_key_text(w, "algorithm",
            suite == AEAD_SM4_GCM ? SPAN("AEAD_SM4_GCM") : SPAN("AEAD_AES_256_GCM"));
    json_key_text(w, "nonce", nonce);
    json_key_text(w, "associated_data", SPAN("certificate"));
    json_key_text(w, "ciphertext", span_of_buffer(&text));
    json_close(w);
    json_close(w);
    return OK;
}

static Status write_those_of(
        JsonWriter *w, Passage *p, WireSignKey sign_key, Span sealed_key, AeadSuite suite)
{
    static _Thread_local PlatformKey key;
    House *house = p->house;
    const int64_t now_us = clock_now_us(&house->clock);
    for (size_t i = 0; platform_keys_at(&house->platform, sign_key, now_us, i, &key); i++)
        TRY(write_certificate(w, p, &key, sealed_key, suite));
    return OK;
}

static Status write_all(Passage *p, Wanted wanted, Buffer *ret_body)
{
    uint8_t sealed_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    const Status found = domain_get_signing_key(
            p->house->domain, span_of_text(p->mchid), clock_now_us(&p->house->clock), &sealed);
    REQUIRE(!status_is(found, (StatusCode)REFUSED_ROW_MISSING), REFUSED_MERCHANT_APIV3_KEY_MISSING);
    TRY(found);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_array(&w, "data");
    if ((wanted & WANT_RSA) != 0)
        TRY(write_those_of(&w, p, WIRE_SIGN_RSA, span_of_buffer(&sealed), AEAD_AES_256_GCM));
    if ((wanted & WANT_SM2) != 0)
        TRY(write_those_of(&w, p, WIRE_SIGN_SM2, span_of_buffer(&sealed), AEAD_SM4_GCM));
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

static int write_made(Passage *p, Buffer *ret_body)
{
    if (status_ok(p->outcome)) return 200;
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

/* Which certificates: RSA unless asked otherwise; an SM2 merchant gets SM2. False: not a query we
 * know. */
static bool read_wanted(const Passage *p, Wanted *ret_wanted)
{
    const Span query = passage_query(p);
    *ret_wanted = p->profile->algorithm == KEY_SM2 ? WANT_SM2 : WANT_RSA;
    if (query.size == 0) return true;
    if (span_equal(query, SPAN("algorithm_type=RSA")))
        *ret_wanted = WANT_RSA;
    else if (span_equal(query, SPAN("algorithm_type=SM2")))
        *ret_wanted = WANT_SM2;
    else if (span_equal(query, SPAN("algorithm_type=ALL")))
        *ret_wanted = WANT_ALL;
    else
        return false;
    return true;
}

static void make(Job *job)
{
    Passage *p = passage_of_job(job);
    Wanted wanted = WANT_RSA;
    const bool known = read_wanted(p, &wanted);
    const Status s = known ? write_all(p, wanted, &p->body) : REFUSE(REFUSED_ORDER_FIELD);
    passage_finish(p, s, write_made);
}

void merchant_certificates(Passage *p, Span rest) { admission_then(p, make, write_made); }

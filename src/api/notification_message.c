#include "api/notification_message.h"

#include "api/transaction.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "text/json.h"

enum { PLAIN_BYTES_MAX = 4096, CIPHER_TEXT_BYTES_MAX = 8192 };

/* What differs between the two kinds of events. */
typedef struct Kind {
    Span event_type;
    Span original_type; /* and what the ciphertext is bound to */
    Span summary;
} Kind;

static Kind kind_of(const NotificationRead *read)
{
    if (read->notification.out_refund_no[0] != 0)
        return (Kind) { SPAN("REFUND.SUCCESS"), SPAN("refund"), SPAN("退款成功") };
    return (Kind) { SPAN("TRANSACTION.SUCCESS"), SPAN("transaction"), SPAN("支付成功") };
}

static Status write_time(JsonWriter *w, const char *key, int64_t time_us)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(bytes);
    TRY(time_format(time_us, &text));
    json_key_text(w, key, span_of_buffer(&text));
    return OK;
}

static Status write_refund(const Refund *refund, Buffer *ret_plain)
{
    JsonWriter w = json_writer(ret_plain);
    json_open_object(&w);
    json_key_text(&w, "mchid", span_of_text(refund->mchid));
    json_key_text(&w, "transaction_id", span_of_text(refund->transaction_id));
    json_key_text(&w, "out_trade_no", span_of_text(refund->out_trade_no));
    json_key_text(&w, "refund_id", span_of_text(refund->refund_id));
    json_key_text(&w, "out_refund_no", span_of_text(refund->number));
    json_key_text(&w, "refund_status", span_of_text(refund_state_name(refund->state)));
    TRY(write_time(&w, "success_time", refund->success_time_us));
    json_key_text(&w, "user_received_account", SPAN("支付用户零钱"));
    json_key_object(&w, "amount");
    json_key_int(&w, "total", refund->total_minor);
    json_key_int(&w, "refund", refund->money.minor);
    json_key_int(&w, "payer_total", refund->total_minor);
    json_key_int(&w, "payer_refund", refund->money.minor);
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

Status notification_resource_write(
        const House *house, const NotificationRead *read, Buffer *ret_plain)
{
    if (read->notification.out_refund_no[0] != 0) return write_refund(&read->refund, ret_plain);
    Payment payment = read->payment;
    payment.state = TRADE_SUCCESS;
    return transaction_write(house, &payment, NULL, ret_plain);
}

/* Encrypt the resource under the APIv3 key that the merchant has now. */
static Status encrypt(House *house, const NotificationRead *read, AeadSuite suite, Buffer *memory,
        Span *ret_nonce, Span *ret_cipher)
{
    uint8_t sealed_bytes[DOMAIN_RECORD_BYTES_MAX];
    uint8_t plain_bytes[PLAIN_BYTES_MAX];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    const Span mchid = span_of_text(read->notification.mchid);
    const Status found =
            domain_get_signing_key(house->domain, mchid, clock_now_us(&house->clock), &sealed);
    REQUIRE(!status_is(found, (StatusCode)REFUSED_ROW_MISSING), REFUSED_MERCHANT_APIV3_KEY_MISSING);
    TRY(found);
    TRY(notification_resource_write(house, read, &plain));
    const VaultDownlink downlink = { .mchid = mchid,
        .sealed_key = span_of_buffer(&sealed),
        .algorithm = (uint8_t)suite,
        .aad = kind_of(read).original_type,
        .plain = span_of_buffer(&plain) };
    const Status s =
            vaultclient_encrypt_downlink(house->vault, &downlink, memory, ret_nonce, ret_cipher);
    bytes_wipe(plain_bytes, sizeof(plain_bytes)); /* what a payer bought stays nowhere */
    return s;
}

static void write_resource(
        JsonWriter *w, const Kind *kind, AeadSuite suite, Span nonce, Span ciphertext)
{
    json_key_object(w, "resource");
    json_key_text(w, "original_type", kind->original_type);
    json_key_text(w, "algorithm",
            suite == AEAD_SM4_GCM ? SPAN("AEAD_SM4_GCM") : SPAN("AEAD_AES_256_GCM"));
    json_key_text(w, "ciphertext", ciphertext);
    json_key_text(w, "associated_data", kind->original_type);
    json_key_text(w, "nonce", nonce);
    json_close(w);
}

static Status write_body(
        House *house, const NotificationRead *read, AeadSuite suite, NotificationMessage *m)
{
    uint8_t text_bytes[CIPHER_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer memory = BUFFER_OF(m->memory_bytes);
    const Kind kind = kind_of(read);
    Span nonce = { 0 };
    Span cipher = { 0 };
    TRY(encrypt(house, read, suite, &memory, &nonce, &cipher));
    TRY(base64_encode(cipher, &text));
    JsonWriter w = json_writer(&m->body);
    json_open_object(&w);
    json_key_text(&w, "id", span_of_text(read->notification.id));
    TRY(write_time(&w, "create_time", read->notification.created_us));
    json_key_text(&w, "resource_type", SPAN("encrypt-resource"));
    json_key_text(&w, "event_type", kind.event_type);
    json_key_text(&w, "summary", kind.summary);
    write_resource(&w, &kind, suite, nonce, span_of_buffer(&text));
    json_close(&w);
    return json_finish(&w);
}

static Status sign(House *house, const SigningProfile *profile, NotificationMessage *m)
{
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_bytes);
    Buffer canonical = BUFFER_OF(m->canonical_bytes);
    const int64_t now_us = clock_now_us(&house->clock);
    const WireSignKey sign_key = profile->algorithm == KEY_SM2 ? WIRE_SIGN_SM2 : WIRE_SIGN_RSA;
    PlatformSigner key;
    TRY(platform_keys_signer(&house->platform, sign_key, now_us, &key));
    TRY(answer_prepare(profile, span_of_text(key.serial), now_us, &house->random,
            span_of_buffer(&m->body), &canonical, &m->answer));
    const VaultSignItem item = { .key = key.sign_key,
        .version = key.version,
        .message = m->answer.canonical,
        .ret_signature = &signature };
    TRY(vaultclient_sign(house->vault, &item, 1));
    return answer_seal(&m->answer, span_of_buffer(&signature));
}

Status notification_message_make(
        House *house, const NotificationRead *read, NotificationMessage *ret)
{
    MerchantSuite suite = MERCHANT_RSA;
    TRY(directory_suite(house->directory, span_of_text(read->notification.mchid), &suite));
    const bool sm = suite == MERCHANT_SM2;
    ret->body = (Buffer)BUFFER_OF(ret->body_bytes);
    TRY(write_body(house, read, sm ? AEAD_SM4_GCM : AEAD_AES_256_GCM, ret));
    return sign(house, sm ? &profile_v3_sm2 : &profile_v3_rsa, ret);
}

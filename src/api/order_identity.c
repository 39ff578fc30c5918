#include "api/order_identity.h"

#include "vaultclient/identity.h"

Status order_identity_key(Passage *p, PlatformSigner *ret_key)
{
    const size_t count = http_request_header_count(p->http, "Wechatpay-Serial");
    REQUIRE(count == 1, REFUSED_FIELD_KEY);
    const Span serial = http_request_header(p->http, "Wechatpay-Serial");
    const Status s = platform_keys_named(&p->house->platform, serial, ret_key);
    return status_is(s, REFUSED_KEY_UNKNOWN) ? REFUSE(REFUSED_FIELD_KEY) : s;
}

/* The merchant's key that signed this order: what goes back to him is encrypted to it. */
static Status find_receiver(Passage *p, Buffer *ret_spki)
{
    DirectoryKey found = { 0 };
    TRY(directory_find(p->house->directory, span_of_text(p->mchid), span_of_text(p->serial),
            clock_now_us(&p->house->clock), &found));
    return public_key_to_spki(found.key, ret_spki);
}

Status order_identity_open(Passage *p, PaymentOrder *order)
{
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(spki_bytes);
    PlatformSigner key = { 0 };
    OrderIdentity *identity = &order->identity;
    Buffer shown = BUFFER_OF(identity->shown);
    TRY(order_identity_key(p, &key));
    TRY(find_receiver(p, &spki));
    const WireIdentity said = { .key = (uint8_t)key.sign_key,
        .version = key.version,
        .number = { p->sealed.number, p->sealed.number_size },
        .name = { p->sealed.name, p->sealed.name_size },
        .receiver = span_of_buffer(&spki) };
    TRY(identity_said(
            p->house->vault, &said, identity->prints.number, identity->prints.name, &shown));
    identity->named = true;
    identity->shown_size = shown.size;
    passage_text(identity->serial, sizeof(identity->serial), span_of_text(p->serial));
    return OK;
}

#include "api/challenge.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/mac.h"

enum { SIGNED_BYTES = 8 };

void challenge_of_order(Span prepay_id, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Span parts[] = { SPAN("hufu order nonce"), prepay_id };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    memcpy(ret_nonce, digest, BOX_NONCE_BYTES);
}

static void authenticate(const House *house, const uint8_t first[SIGNED_BYTES], uint8_t ret_mac[8])
{
    uint8_t mac[MAC_BYTES_MAX];
    mac_once(MAC_HMAC_SHA256, SPAN_OF(house->challenge_key), (Span) { first, SIGNED_BYTES }, mac);
    memcpy(ret_mac, mac, BOX_NONCE_BYTES - SIGNED_BYTES);
}

Status challenge_make(const House *house, uint8_t ret_nonce[BOX_NONCE_BYTES])
{
    uint8_t bytes[BOX_NONCE_BYTES];
    Buffer nonce = BUFFER_OF(bytes);
    const int64_t now_s = clock_now_us(&house->clock) / TIME_SECOND_US;
    uint32_t salt = 0;
    TRY(random_fill(&house->random, &salt, sizeof(salt)));
    TRY(buffer_put_u32(&nonce, (uint32_t)(now_s + HOUSE_CHALLENGE_LIFE_S)));
    TRY(buffer_put_u32(&nonce, salt));
    authenticate(house, bytes, bytes + SIGNED_BYTES);
    memcpy(ret_nonce, bytes, BOX_NONCE_BYTES);
    return OK;
}

Status challenge_check(const House *house, const uint8_t nonce[BOX_NONCE_BYTES])
{
    uint8_t mac[BOX_NONCE_BYTES - SIGNED_BYTES];
    authenticate(house, nonce, mac);
    REQUIRE(bytes_equal_ct(mac, nonce + SIGNED_BYTES, sizeof(mac)), REFUSED_BOX_CONTEXT);
    Cursor c = cursor_of((Span) { nonce, SIGNED_BYTES });
    uint32_t expires_s = 0;
    TRY(cursor_u32(&c, &expires_s));
    REQUIRE(clock_now_us(&house->clock) / TIME_SECOND_US <= expires_s, REFUSED_BOX_EXPIRED);
    return OK;
}

Status challenge_box(const House *house, Span base64, Buffer *box, Box *ret_parsed)
{
    TRY(base64_decode(base64, box));
    TRY(box_parse(span_of_buffer(box), ret_parsed));
    return challenge_check(house, ret_parsed->context.server_nonce);
}

/* ret_id: `before`, and 20 hexadecimal digits of the digest. */
static void drawn_id(const uint8_t nonce[BOX_NONCE_BYTES], Span what, Span before,
        char ret_id[CHALLENGE_PAYER_BYTES + 1])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t text_bytes[CHALLENGE_PAYER_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    const Span parts[] = { what, { nonce, BOX_NONCE_BYTES } };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    ASSERT(status_ok(buffer_put(&text, before)));
    ASSERT(status_ok(hex_encode((Span) { digest, 10 }, &text)));
    memcpy(ret_id, text_bytes, CHALLENGE_PAYER_BYTES);
    ret_id[CHALLENGE_PAYER_BYTES] = 0;
}

void challenge_payer(
        const uint8_t nonce[BOX_NONCE_BYTES], char ret_payer[CHALLENGE_PAYER_BYTES + 1])
{
    drawn_id(nonce, SPAN("hufu payer id"), SPAN("u-"), ret_payer);
}

void challenge_card(const uint8_t nonce[BOX_NONCE_BYTES], char ret_card[CHALLENGE_PAYER_BYTES + 1])
{
    drawn_id(nonce, SPAN("hufu card id"), SPAN("c-"), ret_card);
}

#include "vault/box_facts.h"

#include "base/money.h"
#include "crypto/digest.h"

static bool nonce_fits(Span nonce, const uint8_t in_context[BOX_NONCE_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    if (nonce.size == BOX_NONCE_BYTES)
        return bytes_equal_ct(nonce.data, in_context, BOX_NONCE_BYTES);
    sha256(nonce, digest);
    return bytes_equal_ct(digest, in_context, BOX_NONCE_BYTES);
}

static bool currency_fits(const BoxContext *context)
{
    static const uint8_t none[3];
    Currency currency = CURRENCY_NONE;
    if (context->amount == 0) return bytes_equal_ct(context->currency, none, sizeof(none));
    return status_ok(currency_parse(SPAN_OF(context->currency), &currency));
}

Status box_facts_check(const BoxContext *context, const BoxFacts *facts, int64_t now_us)
{
    const bool same = context->data_class == facts->data_class && context->purpose == facts->purpose
            && span_equal(context->tenant, facts->tenant)
            && span_equal(context->order, facts->order) && span_equal(context->payee, facts->payee)
            && context->amount == facts->minor && currency_fits(context)
            && nonce_fits(facts->nonce, context->server_nonce);
    REQUIRE(same, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= now_us, REFUSED_BOX_EXPIRED);
    REQUIRE(context->expiry_us - now_us <= BOX_LIFE_MAX_US, REFUSED_BOX_CONTEXT);
    return OK;
}

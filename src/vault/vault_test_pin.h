#pragma once
/*
 * vault_test_pin: boxes with a PIN as a payer's app makes them, and what vaultd says to them, for
 * tests. Only *_test.c files include it.
 */
#include "policy/purposes.h"
#include "vault/vault_test_house.h"

static const char *payer = "p1"; /* whose PIN it is */
static const char *tenant = "m1"; /* who is paid */
static uint8_t nonce[16] = { 9 };

typedef struct Wish {
    BoxPurpose purpose;
    const char *pin;
    const char *order; /* NULL: none */
    int64_t minor;
    const char *payee;
    int64_t life_us;
} Wish;

static inline Span make_box(House *h, const Wish *w)
{
    static uint8_t memory[BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    KeysBox today;
    PublicKey *key = NULL;
    const Random random = random_system();
    ASSERT(status_ok(keys_box_today(house_keys(), &today)));
    ASSERT(status_ok(public_key_from_point(KEY_P256, SPAN_OF(today.point), &key)));
    BoxContext context = { .data_class = CLASS_PIN,
        .purpose = (uint16_t)w->purpose,
        .amount = w->minor,
        .expiry_us = h->now_us + w->life_us,
        .tenant = w->order != NULL ? span_of_text(tenant) : (Span) { NULL, 0 },
        .order = w->order != NULL ? span_of_text(w->order) : (Span) { NULL, 0 },
        .payee = span_of_text(w->payee) };
    if (w->minor > 0) memcpy(context.currency, "CNY", 3);
    memcpy(context.server_nonce, nonce, sizeof(nonce));
    ASSERT(status_ok(box_seal(key, today.key_id, &random, &context, span_of_text(w->pin), &b)));
    public_key_free(&key);
    return span_of_buffer(&b);
}

static inline Wish wish_pay(const char *pin, const char *order)
{
    return (Wish) { BOX_PURPOSE_PAY, pin, order, 100, tenant, 60 * 1000000 };
}

static uint8_t verifier_memory[256];
static Span verifier;

static inline Status set_pin_box(House *h, Span box)
{
    uint8_t memory[BOX_BYTES_MAX + 512];
    Buffer b = BUFFER_OF(memory);
    const WirePinSet set = { box, span_of_text(payer), SPAN_OF(nonce), 0, verifier };
    TRY(wire_put_pin_set(&b, &set));
    TRY(house_ask(h, VAULT_SET_PIN, span_of_buffer(&b)));
    memcpy(verifier_memory, h->answer.data, h->answer.size);
    verifier = (Span) { verifier_memory, h->answer.size };
    return OK;
}

static inline Status set_pin(House *h, const char *pin)
{
    const Wish w = { BOX_PURPOSE_SET_PIN, pin, NULL, 0, payer, 60 * 1000000 };
    return set_pin_box(h, make_box(h, &w));
}

static uint8_t grant[16]; /* of the last right check */

static inline Status check_box(House *h, Span box, const char *order, int64_t minor)
{
    uint8_t memory[BOX_BYTES_MAX + 1024];
    Buffer b = BUFFER_OF(memory);
    const WirePinCheck check = { box, SPAN("pay"), span_of_text(tenant), span_of_text(order), minor,
        span_of_text(payer), SPAN_OF(nonce), verifier, 0 };
    TRY(wire_put_pin_check(&b, &check));
    TRY(house_ask(h, VAULT_CHECK_PIN, span_of_buffer(&b)));
    REQUIRE(h->answer.size == 16, REFUSED_IPC_FORMAT);
    memcpy(grant, h->answer.data, 16);
    return OK;
}

static inline Status check_pin(House *h, const char *pin, const char *order)
{
    const Wish w = wish_pay(pin, order);
    return check_box(h, make_box(h, &w), order, 100);
}

#include "vault/vault_test_deciders.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "vault/vault_test_people.h"

Signer decide_ann = { "ann", KEY_ED25519, WIRE_SIGNATURE_OWN, NULL };
Signer decide_bob = { "bob", KEY_ED25519, WIRE_SIGNATURE_OWN, NULL };
Signer decide_dan = { "dan", KEY_P256, WIRE_SIGNATURE_RAW, NULL };
Signer decide_fay = { "fay", KEY_SM2, WIRE_SIGNATURE_OWN, NULL };
static uint32_t nonces;

PrivateKey *signer_key(Signer *s)
{
    if (s->key == NULL) ASSERT(status_ok(private_key_generate(s->algorithm, &s->key)));
    return s->key;
}

Span signer_spki(Signer *s, uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX])
{
    Buffer b = { memory, 0, WIRE_OPERATOR_KEY_BYTES_MAX };
    ASSERT(status_ok(public_key_to_spki(private_key_public(signer_key(s)), &b)));
    return span_of_buffer(&b);
}

/* r | s of what is DER. */
static void make_raw(const Signer *s, Buffer *signature)
{
    uint8_t raw[SIGN_RAW_BYTES];
    ASSERT(status_ok(sign_der_parse(s->algorithm, span_of_buffer(signature), raw, raw + 32)));
    signature->size = 0;
    ASSERT(status_ok(buffer_put(signature, SPAN_OF(raw))));
}

void signer_approve(House *h, Signer *s, const char *operation, Span subject, Buffer *b)
{
    uint8_t nonce[16] = { 0 };
    uint8_t message_memory[WIRE_APPROVAL_BYTES_MAX];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    nonces++;
    memcpy(nonce, &nonces, sizeof(nonces));
    WireApproval approval = { .name = span_of_text(s->name),
        .operation = span_of_text(operation),
        .subject = subject,
        .reason = SPAN("because"),
        .expires_us = h->now_us + DECIDE_LIFE_US,
        .nonce = SPAN_OF(nonce),
        .encoding = s->encoding };
    ASSERT(status_ok(wire_approval_message(&approval, &message)));
    ASSERT(status_ok(sign_make(signer_key(s), span_of_buffer(&message), &signature)));
    if (s->encoding == WIRE_SIGNATURE_RAW) make_raw(s, &signature);
    approval.signature = span_of_buffer(&signature);
    ASSERT(status_ok(wire_put_approval(b, &approval)));
}

/* Two people's request about an operator, as it is sent. */
void decide_put(
        House *h, const char *operation, const WireOperator *wire, Signer *const two[2], Buffer *b)
{
    uint8_t body_memory[512];
    uint8_t subject_memory[256];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer body = BUFFER_OF(body_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    ASSERT(status_ok(wire_put_operator(&body, wire)));
    sha256(span_of_buffer(&body), digest);
    ASSERT(status_ok(buffer_put(&subject, wire->name)));
    ASSERT(status_ok(buffer_put_u8(&subject, '/')));
    ASSERT(status_ok(hex_encode(SPAN_OF(digest), &subject)));
    for (size_t i = 0; i < 2; i++)
        signer_approve(h, two[i], operation, span_of_buffer(&subject), b);
    ASSERT(status_ok(buffer_put(b, span_of_buffer(&body))));
}

Status decide_operator(
        House *h, uint8_t operation, const WireOperator *wire, Signer *first, Signer *second)
{
    uint8_t memory[DECIDE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Signer *const two[2] = { first, second };
    decide_put(h, operation == VAULT_OPERATOR_ADD ? OPERATOR_ACT_ADD : OPERATOR_ACT_CHANGE, wire,
            two, &b);
    return house_ask_operator(h, operation, span_of_buffer(&b));
}

Status decide_add(House *h, Signer *who, const char *person, uint32_t duties)
{
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    const WireOperator wire = { span_of_text(who->name), signer_spki(who, memory),
        span_of_text(person), duties };
    return decide_operator(h, VAULT_OPERATOR_ADD, &wire, &decide_ann, &decide_bob);
}

Status decide_change(
        House *h, const char *name, const char *person, uint32_t duties, Signer *a, Signer *b)
{
    const WireOperator wire = { span_of_text(name), { NULL, 0 }, span_of_text(person), duties };
    return decide_operator(h, VAULT_OPERATOR_CHANGE, &wire, a, b);
}

Status decide_remove(House *h, const char *name, Signer *a, Signer *b)
{
    uint8_t memory[DECIDE_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    signer_approve(h, a, OPERATOR_ACT_REMOVE, span_of_text(name), &request);
    signer_approve(h, b, OPERATOR_ACT_REMOVE, span_of_text(name), &request);
    TRY(buffer_put_framed(&request, span_of_text(name)));
    return house_ask_operator(h, VAULT_OPERATOR_REMOVE, span_of_buffer(&request));
}

Span decide_rotation(House *h, Signer *a, Signer *b, uint8_t memory[DECIDE_BYTES_MAX])
{
    Buffer request = { memory, 0, DECIDE_BYTES_MAX };
    signer_approve(h, a, "rotate-key", SPAN("card"), &request);
    signer_approve(h, b, "rotate-key", SPAN("card"), &request);
    return span_of_buffer(&request);
}

Status decide_rotate(House *h, Signer *a, Signer *b)
{
    uint8_t memory[DECIDE_BYTES_MAX];
    return house_ask_operator(h, VAULT_KEY_ROTATE, decide_rotation(h, a, b, memory));
}

WireOperatorFacts decide_listed[WIRE_OPERATORS_MAX];

uint32_t decide_list(House *h)
{
    uint32_t count = 0;
    ASSERT(status_ok(house_ask(h, VAULT_OPERATORS, SPAN(""))));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_count(&c, WIRE_OPERATORS_MAX, &count)));
    for (uint32_t i = 0; i < count; i++)
        ASSERT(status_ok(wire_take_operator_facts(&c, &decide_listed[i])));
    ASSERT(status_ok(cursor_end(&c)));
    return count;
}

/* ann and bob, of the ceremony, which is over; who they are is not stated. */
House *decide_house(void)
{
    House *h = house_open();
    decide_ann.key = people_key(0);
    decide_bob.key = people_key(1);
    people_enroll_two(h);
    ASSERT(status_ok(house_found(h)));
    return h;
}

House *decide_house_known(void)
{
    House *h = decide_house();
    ASSERT(status_ok(decide_change(h, "ann", "S-1", 0, &decide_ann, &decide_bob)));
    ASSERT(status_ok(decide_change(h, "bob", "S-2", 0, &decide_ann, &decide_bob)));
    return h;
}

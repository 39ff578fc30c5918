#include "vault/vault_test_people.h"

static PrivateKey *keys[3];
static const char *const names[] = { "ann", "bob", "eve" };

PrivateKey *people_key(int person)
{
    if (keys[person] == NULL) ASSERT(status_ok(private_key_generate(KEY_ED25519, &keys[person])));
    return keys[person];
}

Status people_enroll(House *h, const char *name, const PrivateKey *key)
{
    uint8_t memory[512];
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Buffer spki = BUFFER_OF(spki_memory);
    TRY(public_key_to_spki(private_key_public(key), &spki));
    TRY(buffer_put_framed(&b, span_of_text(name)));
    TRY(buffer_put_framed(&b, span_of_buffer(&spki)));
    return house_ask_operator(h, VAULT_ENROLL, span_of_buffer(&b));
}

void people_enroll_two(House *h)
{
    for (int i = 0; i < 2; i++)
        ASSERT(status_ok(people_enroll(h, names[i], people_key(i))));
}

static Status put_approval(House *h, const Act *act, int which, Buffer *b)
{
    uint8_t nonce[16];
    memset(nonce, act->nonce + which, sizeof(nonce));
    uint8_t message_memory[WIRE_APPROVAL_BYTES_MAX];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    WireApproval approval = { span_of_text(names[act->people[which]]), span_of_text(act->operation),
        act->subject, SPAN("because"), h->now_us + act->life_us, SPAN_OF(nonce), { NULL, 0 } };
    if (act->other_subject && which == 1) approval.subject = SPAN("another");
    TRY(wire_approval_message(&approval, &message));
    TRY(sign_make(people_key(act->people[which]), span_of_buffer(&message), &signature));
    if (act->breaks_signature && which == 1) signature.data[3] ^= 1;
    approval.signature = span_of_buffer(&signature);
    return wire_put_approval(b, &approval);
}

Status people_put_approvals(House *h, const Act *act, Buffer *b)
{
    TRY(put_approval(h, act, 0, b));
    return put_approval(h, act, 1, b);
}

/*
 * Who shall pay an order and who a payer is, as keyed fingerprints (TP-8, TP-11; the v3 profile's
 * encrypted fields).
 *
 * A merchant encrypts an identity number and a name to the platform's key; here alone they are
 * opened, judged and forgotten. What leaves is a fingerprint of each under a key that stays here,
 * equal to the payer's own if he is the one, and the name as it may be shown, for the merchant's
 * own key. Whatever is wrong with a ciphertext is one refusal (no padding oracle), and both are
 * always opened.
 *
 * Anybody can encrypt to a public key, so a captured hufud could try numbers against a payer's
 * fingerprint: each asking counts in the day's budget of values whose index is shown
 * (FIELD_PROTECTS_PER_DAY), as protecting the same guesses would.
 */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "crypto/key_transport.h"
#include "ipc/identity_wire.h"
#include "keys/pairs.h"
#include "policy/classes.h"
#include "policy/detect_number.h"
#include "policy/tables.h"

enum { IDENTITY_NUMBER_BYTES = 18, VALUES = 2 };

static const Span house = { (const uint8_t *)"hufu", 4 };

static Status platform_role(uint8_t key, KeyRole *ret_role)
{
    *ret_role = key == WIRE_SIGN_SM2 ? KEY_PLATFORM_SM2 : KEY_PLATFORM_RSA;
    REQUIRE(key == WIRE_SIGN_RSA || key == WIRE_SIGN_SM2, REFUSED_FIELD_KEY);
    return OK;
}

static Status open_one(const PrivateKey *key, Span sealed, Buffer *ret_plain)
{
    if (private_key_algorithm(key) == KEY_SM2) return key_transport_open(key, sealed, ret_plain);
    return private_key_decrypt_oaep(key, sealed, ret_plain);
}

/* Both, whatever the first one says: which of them does not open is nobody's business. */
static Status open_both(
        const PrivateKey *key, const WireIdentity *said, Buffer *number, Buffer *name)
{
    const Status first = open_one(key, said->number, number);
    const Status second = open_one(key, said->name, name);
    if (status_broken(first)) return first;
    if (status_broken(second)) return second;
    REQUIRE(status_ok(first) && status_ok(second), REFUSED_FIELD_SEALED);
    return OK;
}

static Status open_said(Field *field, const WireIdentity *said, Buffer *number, Buffer *name)
{
    KeyRole role = KEY_PLATFORM_RSA;
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    TRY(platform_role(said->key, &role));
    const Status s = keys_pair_hold_to_open(field->config.keys, role, said->version, &pair);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_FIELD_KEY);
    return open_both(pair.private_key, said, number, name);
}

/* The check character has one form. */
static void to_upper_x(Span number, uint8_t *last)
{
    if (number.size == IDENTITY_NUMBER_BYTES && *last == 'x') *last = 'X';
}

static bool is_name(Span name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] < ' ' || (name.data[i] >= '0' && name.data[i] <= '9')) return false;
    return status_ok(field_value_check(CLASS_NAME, name));
}

static Status judge(Span number, Span name)
{
    const bool fits = number.size == IDENTITY_NUMBER_BYTES && detect_identity_number(number);
    REQUIRE(fits && is_name(name), REFUSED_FIELD_IDENTITY);
    return OK;
}

static void print(
        const Field *field, uint16_t data_class, Span value, uint8_t ret_print[WIRE_PRINT_BYTES])
{
    uint8_t memory[WIRE_VALUE_BYTES_MAX + 32];
    CLEANUP(field_wipe_buffer) Buffer bytes = BUFFER_OF(memory);
    KeyedHash hash;
    const bool fits = status_ok(buffer_put_framed(&bytes, SPAN("identity")))
            && status_ok(buffer_put_u16(&bytes, data_class))
            && status_ok(buffer_put(&bytes, value));
    ASSERT(fits);
    keyed_hash(&field->secrets->names, span_of_buffer(&bytes), &hash);
    _Static_assert(sizeof(hash) == WIRE_PRINT_BYTES, "a keyed hash is a print");
    memcpy(ret_print, &hash, sizeof(hash));
}

/* The name as it may be shown to who sent it, under his own key (TP-11). */
static Status put_shown(FieldBatch *b, Span name, Span receiver, Buffer *ret_cipher)
{
    uint8_t memory[WIRE_MASK_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer mask = BUFFER_OF(memory);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    b->head = (WireBatchHead) {
        .tenant = house, .data_class = CLASS_NAME, .table = TABLE_FIELD, .column = CLASS_NAME
    };
    TRY(public_key_from_spki(receiver, &key));
    TRY(field_mask(b, name, &mask));
    if (public_key_algorithm(key) == KEY_SM2)
        return key_transport_close(key, span_of_buffer(&mask), ret_cipher);
    return public_key_encrypt_oaep(key, span_of_buffer(&mask), ret_cipher);
}

Status field_identity_said(Field *field, Span request, Buffer *ret_answer)
{
    uint8_t number_bytes[SIGN_RSA_OAEP_BYTES_MAX];
    uint8_t name_bytes[SIGN_RSA_OAEP_BYTES_MAX];
    uint8_t shown_bytes[WIRE_IDENTITY_CIPHER_MAX];
    CLEANUP(field_wipe_buffer) Buffer number = BUFFER_OF(number_bytes);
    CLEANUP(field_wipe_buffer) Buffer name = BUFFER_OF(name_bytes);
    Buffer shown = BUFFER_OF(shown_bytes);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    Cursor c = cursor_of(request);
    WireIdentity said;
    WireIdentityPrints prints = { 0 };
    TRY(wire_take_identity(&c, &said));
    TRY(cursor_end(&c));
    TRY(field_batch_take(field, &b));
    b->head = (WireBatchHead) { .tenant = SPAN("hufu/orders") }; /* what orders use up is theirs */
    TRY(field_use_protects(b, VALUES));
    TRY(open_said(field, &said, &number, &name));
    if (number.size > 0) to_upper_x(span_of_buffer(&number), number.data + number.size - 1);
    TRY(judge(span_of_buffer(&number), span_of_buffer(&name)));
    print(field, CLASS_IDENTITY_NUMBER, span_of_buffer(&number), prints.number);
    print(field, CLASS_NAME, span_of_buffer(&name), prints.name);
    TRY(put_shown(b, span_of_buffer(&name), said.receiver, &shown));
    prints.shown = span_of_buffer(&shown);
    return wire_put_identity_prints(ret_answer, &prints);
}

/* --- a payer's own --- */

static Status print_known(FieldBatch *b, const WireSubjectName *subject, const WireSealedFact *fact,
        WireIdentityPrints *prints)
{
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(memory);
    const bool is_number = fact->data_class == CLASS_IDENTITY_NUMBER;
    REQUIRE(is_number || fact->data_class == CLASS_NAME, REFUSED_FIELD_CLASS);
    TRY(field_fact_open(b, subject->subject, fact->data_class, fact->sealed, &plain));
    const Span value = { plain.data + 1, plain.size - 1 };
    if (is_number) to_upper_x(value, plain.data + plain.size - 1);
    print(b->field, fact->data_class, value, is_number ? prints->number : prints->name);
    return OK;
}

Status field_identity_known(Field *field, Span request, Buffer *ret_answer)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    Cursor c = cursor_of(request);
    WireSubjectName subject;
    WireKnown known;
    WireIdentityPrints prints = { 0 };
    TRY(wire_take_subject_name(&c, &subject));
    TRY(wire_take_known(&c, &known));
    TRY(cursor_end(&c));
    const bool two = known.count == VALUES && known.of[0].data_class != known.of[1].data_class;
    REQUIRE(two, REFUSED_IPC_FORMAT);
    TRY(field_batch_take(field, &b));
    b->head = (WireBatchHead) { .tenant = subject.tenant, .table = TABLE_FIELD };
    TRY(field_use_protects(b, VALUES));
    TRY(field_subject_find(b, subject.subject, known.wrapped));
    for (size_t i = 0; i < VALUES; i++)
        TRY(print_known(b, &subject, &known.of[i], &prints));
    return wire_put_identity_prints(ret_answer, &prints);
}

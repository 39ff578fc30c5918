#include "vault/card_bind.h"

#include "base/secret.h"
#include "ipc/password_wire.h"
#include "policy/detect_number.h"
#include "policy/purposes.h"
#include "policy/tables.h"
#include "vault/bank_box.h"
#include "vault/box_facts.h"
#include "vault/field_inside.h"
#include "vault/password_facts.h"

enum { NAME = 0, IDENTITY = 1, CARD = 2, PHONE = 3, ELEMENTS = 4, CODE_DIGITS = 6 };
static const DataClass classes[ELEMENTS] = { CLASS_NAME, CLASS_IDENTITY_NUMBER, CLASS_CARD,
    CLASS_PHONE };
static const char house[] = "hufu"; /* the tenant whose payers these are */

/* Secret: the owner wipes it. */
typedef struct Elements {
    uint8_t bytes[ELEMENTS][BOX_PLAIN_BYTES_MAX];
    Buffer of[ELEMENTS];
} Elements;

static void wipe_elements(Elements *e) { bytes_wipe(e, sizeof(*e)); }

/* --- what came --- */

static Status take(Span request, WireCardBind *ret_asked)
{
    Cursor c = cursor_of(request);
    TRY(wire_take_card_bind(&c, ret_asked));
    return cursor_end(&c);
}

/* Each box says whose it is, for which binding and which of the four. */
static Status open_one(const FieldBatch *b, const WireCardBind *asked, DataClass class, Span bytes,
        int64_t *ret_expires_us, Buffer *ret_plain)
{
    Box box;
    const BoxFacts facts = { .data_class = (uint16_t) class,
        .purpose = BOX_PURPOSE_FIELD,
        .tenant = span_of_text(house),
        .order = asked->number,
        .payee = asked->payer,
        .nonce = asked->nonce };
    TRY(box_parse(bytes, &box));
    TRY(box_facts_check(&box.context, &facts, b->now_us));
    TRY(field_allow(b->field, (uint16_t) class, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT));
    *ret_expires_us = box.context.expiry_us;
    return keys_box_open(b->field->config.keys, &box, ret_plain);
}

static Status open_all(
        const FieldBatch *b, const BankBox *bank, const WireCardBind *asked, Elements *ret)
{
    const Span boxes[ELEMENTS] = { asked->name_box, asked->identity_box, asked->card_box,
        asked->phone_box };
    int64_t expire_us[ELEMENTS];
    for (size_t i = 0; i < ELEMENTS; i++) {
        ret->of[i] = BUFFER_OF(ret->bytes[i]);
        TRY(open_one(b, asked, classes[i], boxes[i], &expire_us[i], &ret->of[i]));
    }
    return bank_box_spend(bank, boxes, expire_us, ELEMENTS);
}

/* --- what is judged --- */

static Status judge(const Elements *e)
{
    const Span name = span_of_buffer(&e->of[NAME]);
    TRY(field_value_check(CLASS_CARD, span_of_buffer(&e->of[CARD])));
    REQUIRE(status_ok(field_value_check(CLASS_NAME, name)), REFUSED_CARD_FIELD);
    REQUIRE(detect_identity_number(span_of_buffer(&e->of[IDENTITY])), REFUSED_CARD_FIELD);
    REQUIRE(detect_mobile_number(span_of_buffer(&e->of[PHONE])), REFUSED_CARD_FIELD);
    return OK;
}

/* The check character may be written small. */
static void write_large(Buffer *identity)
{
    uint8_t *last = &identity->data[identity->size - 1];
    if (*last == 'x') *last = 'X';
}

static Status is_known(FieldBatch *b, const WireCardBind *asked, DataClass class, Span sealed,
        Span said, bool *ret_same)
{
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(memory);
    TRY(field_fact_open(b, asked->payer, (uint16_t) class, sealed, &plain));
    Buffer value = { plain.data + 1, plain.size - 1, plain.size - 1 };
    if (class == CLASS_IDENTITY_NUMBER) write_large(&value);
    *ret_same = plain.data[0] == FIELD_ORDINARY && value.size == said.size
            && bytes_equal_ct(value.data, said.data, said.size);
    return OK;
}

/* Both are compared, whatever the first one says; the answer does not tell which it was. */
static Status is_his(FieldBatch *b, const WireCardBind *asked, Elements *e)
{
    bool name = false;
    bool identity = false;
    const WireOwner owner = wire_owner_of_payer(asked->payer);
    const bool known =
            asked->wrapped.size > 0 && asked->known_name.size > 0 && asked->known_identity.size > 0;
    REQUIRE(known, REFUSED_CARD_OWNER);
    TRY(password_facts_try(b->field, &owner));
    b->head = (WireBatchHead) { .tenant = span_of_text(house), .table = TABLE_FIELD };
    TRY(field_subject_find(b, asked->payer, asked->wrapped));
    write_large(&e->of[IDENTITY]);
    TRY(is_known(b, asked, CLASS_NAME, asked->known_name, span_of_buffer(&e->of[NAME]), &name));
    TRY(is_known(b, asked, CLASS_IDENTITY_NUMBER, asked->known_identity,
            span_of_buffer(&e->of[IDENTITY]), &identity));
    REQUIRE(name && identity, REFUSED_CARD_OWNER);
    return OK;
}

/* --- what is kept --- */

static Status protect_card(FieldBatch *b, Span card, Buffer *ret_answer)
{
    uint8_t bytes[sizeof(uint32_t) + WIRE_FIELD_BYTES_MAX + WIRE_MASK_BYTES_MAX + 256];
    Buffer made = BUFFER_OF(bytes);
    uint32_t status = 0;
    Keys *keys = b->field->config.keys;
    b->head.data_class = CLASS_CARD;
    b->head.table = TABLE_CARD;
    b->head.column = CLASS_CARD;
    REQUIRE(field_role(CLASS_CARD, &b->role), REFUSED_FIELD_CLASS);
    TRY(keys_seal_copy(keys, b->role, 0, &b->class_key));
    TRY(field_index_keys(b));
    TRY(field_use_protects(b, 1));
    TRY(keys_count_uses(keys, b->role, 1));
    TRY(field_put_protected(b, OK, 0, (Span) { NULL, 0 }, FIELD_ORDINARY, card, &made));
    Cursor c = cursor_of(span_of_buffer(&made));
    TRY(cursor_u32(&c, &status));
    if (status != 0) return REFUSE(status);
    return buffer_put(ret_answer, c.rest);
}

/* --- what goes to the bank --- */

static BankBox bank_of(const FieldBatch *b, Span payer, Span number, Span receiver)
{
    BankBox bank = { .memory = b->field->config.memory,
        .random = &b->field->config.random,
        .now_us = b->now_us,
        .receiver = receiver,
        .number = number };
    field_name(b->field, "subject", span_of_text(house), payer, &bank.subject);
    return bank;
}

static Status send(const BankBox *bank, const Elements *e, Buffer *ret_answer)
{
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(plain_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    for (size_t i = 0; i < ELEMENTS; i++)
        TRY(buffer_put_framed(&plain, span_of_buffer(&e->of[i])));
    TRY(bank_box_write_down(bank));
    TRY(bank_box_seal(bank, span_of_buffer(&plain), &box));
    return buffer_put_framed(ret_answer, span_of_buffer(&box));
}

Status card_bind(Field *field, Span request, Buffer *ret_answer)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    CLEANUP(wipe_elements) Elements e = { 0 };
    WireCardBind asked;
    TRY(take(request, &asked));
    TRY(field_batch_take(field, &b));
    BankBox bank = bank_of(b, asked.payer, asked.number, asked.receiver);
    bank.data_class = CLASS_CARD;
    bank.reason = SPAN("card binding");
    TRY(bank_box_begin(&bank));
    TRY(open_all(b, &bank, &asked, &e));
    TRY(judge(&e));
    TRY(is_his(b, &asked, &e));
    TRY(protect_card(b, span_of_buffer(&e.of[CARD]), ret_answer));
    return send(&bank, &e, ret_answer);
}

/* --- the code --- */

static bool is_code(Span code)
{
    bool digits = code.size == CODE_DIGITS;
    for (size_t i = 0; i < code.size; i++)
        digits = digits && code.data[i] >= '0' && code.data[i] <= '9';
    return digits;
}

static Status open_code(
        const FieldBatch *b, const BankBox *bank, const WireCardCode *asked, Buffer *ret_code)
{
    Box box;
    const BoxFacts facts = { .data_class = CLASS_SECOND_FACTOR,
        .purpose = BOX_PURPOSE_CODE,
        .tenant = span_of_text(house),
        .order = asked->number,
        .payee = asked->payer,
        .nonce = asked->nonce };
    TRY(box_parse(asked->box, &box));
    TRY(box_facts_check(&box.context, &facts, b->now_us));
    TRY(keys_box_open(b->field->config.keys, &box, ret_code));
    TRY(bank_box_spend(bank, &asked->box, &box.context.expiry_us, 1));
    REQUIRE(is_code(span_of_buffer(ret_code)), REFUSED_CARD_CODE);
    return OK;
}

Status card_code(Field *field, Span request, Buffer *ret_answer)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    uint8_t code_bytes[BOX_PLAIN_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer code = BUFFER_OF(code_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Cursor c = cursor_of(request);
    WireCardCode asked;
    TRY(wire_take_card_code(&c, &asked));
    TRY(cursor_end(&c));
    TRY(field_batch_take(field, &b));
    BankBox bank = bank_of(b, asked.payer, asked.number, asked.receiver);
    bank.data_class = CLASS_ONE_TIME_CODE;
    bank.reason = SPAN("card binding code");
    TRY(bank_box_begin(&bank));
    TRY(open_code(b, &bank, &asked, &code));
    TRY(bank_box_write_down(&bank));
    TRY(bank_box_seal(&bank, span_of_buffer(&code), &box));
    return buffer_put_framed(ret_answer, span_of_buffer(&box));
}
